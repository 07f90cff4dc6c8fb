//! Actions, and the milder answer of `soften`.

use super::codes::Code;
use super::fields::{Fields, Keys, key_text, later};
use super::model::{Action, ActionKind};
use super::names::nearest;
use super::report::{Faults, Span, quoted};
use super::values::{DAY_MS, choice, duration, is_slug, list, text};
use super::yaml::{Node, Value};
use crate::record::SubjectKind;

/// Longest `for:`; what is meant for longer is meant for ever.
const FOR_MS_MAX: i64 = 3_650 * DAY_MS;
/// Longest `due:`.
const DUE_MS_MAX: i64 = 365 * DAY_MS;

const NAMES: [&str; 4] = ["label", "refer", "restrict_post", "remove_post"];
const LATER: [&str; 4] = ["restrict_channel", "remove_channel", "suspend_account", "strike"];

const LABEL: Keys = Keys { of: "`label`", known: &["label", "for"], later: &[] };
const REFER: Keys =
    Keys { of: "`refer`", known: &["queue", "subject", "due"], later: &["purpose"] };
const POST: Keys = Keys { of: "this action", known: &["for"], later: &[] };

const SUBJECTS: [(&str, SubjectKind); 3] = [
    ("post", SubjectKind::Post),
    ("channel", SubjectKind::Channel),
    ("account", SubjectKind::Account),
];

/// An action and where it stands.
#[derive(Clone, Debug)]
pub(super) struct PlacedAction {
    pub(super) action: Action,
    pub(super) span: Span,
}

/// A list of actions, or one alone; mildest first. `None` where one of them has faults.
pub(super) fn actions(node: &Node, faults: &mut Faults) -> Option<Vec<PlacedAction>> {
    let nodes = match &node.value {
        Value::List(_) => list(node, "`actions`", faults)?,
        _ => std::slice::from_ref(node),
    };
    let read: Vec<_> = nodes.iter().map(|node| action(node, faults)).collect();
    let mut actions = Vec::new();
    for placed in read {
        let placed = placed?;
        let is_same = |other: &PlacedAction| other.action.kind == placed.action.kind;
        if actions.iter().any(is_same) {
            let name = placed.action.kind.name();
            faults
                .error(Code::DuplicateAction, placed.span, format!("`{name}` stands twice"))
                .help("keep one of the two");
            return None;
        }
        actions.push(placed);
    }
    actions.sort_by(|a, b| a.action.kind.cmp(&b.action.kind));
    Some(actions)
}

fn action(node: &Node, faults: &mut Faults) -> Option<PlacedAction> {
    let (name, details, at) = match &node.value {
        Value::Scalar { .. } => (text(node, "an action", faults)?, None, node.span),
        Value::Map(map) if map.len() == 1 => {
            let (key, details) = map.first()?;
            (key_text(key), Some(details), key.span)
        }
        _ => {
            faults
                .error(
                    Code::BadAction,
                    node.span,
                    "an action is a name, or a name with its details",
                )
                .help("write `remove_post`, or {restrict_post: {for: 7d}}");
            return None;
        }
    };
    let action = match name {
        "label" => label(details, at, faults)?,
        "refer" => refer(details, at, faults)?,
        "restrict_post" => on_post(ActionKind::RestrictPost, details, faults)?,
        "remove_post" => on_post(ActionKind::RemovePost, details, faults)?,
        _ if LATER.contains(&name) => {
            later(&format!("the action `{name}`"), at, faults);
            return None;
        }
        _ => {
            let help = match nearest(name, NAMES.into_iter().chain(LATER)) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("write one of {}", NAMES.join(", ")),
            };
            faults
                .error(Code::UnknownValue, at, format!("no action is called {}", quoted(name)))
                .help(help);
            return None;
        }
    };
    Some(PlacedAction { action, span: at })
}

/// Details that an action cannot do without.
fn needed<'n>(
    details: Option<&'n Node>,
    example: &str,
    at: Span,
    faults: &mut Faults,
) -> Option<&'n Node> {
    if details.is_none_or(Node::is_blank) {
        faults
            .error(Code::BadAction, at, "this action needs its details")
            .help(format!("write {example}"));
        return None;
    }
    details
}

fn label(details: Option<&Node>, at: Span, faults: &mut Faults) -> Option<Action> {
    let details = needed(details, "{label: spam}", at, faults)?;
    let (name, for_ms) = match &details.value {
        Value::Map(_) => {
            let fields = Fields::read(details, &LABEL, faults)?;
            let for_ms = how_long(&fields, faults)?;
            (fields.need("label", "name the label: {label: {label: spam}}", faults)?, for_ms)
        }
        _ => (details, None),
    };
    let slug = slug(name, "a label", faults)?;
    Some(Action { kind: ActionKind::Label(slug), for_ms })
}

fn refer(details: Option<&Node>, at: Span, faults: &mut Faults) -> Option<Action> {
    let details = needed(details, "{refer: {queue: fraud}}", at, faults)?;
    let fields = Fields::read(details, &REFER, faults)?;
    let queue = fields.need("queue", "name the queue: {refer: {queue: fraud}}", faults);
    let queue = slug(queue?, "a queue", faults)?;
    let subject = match fields.get("subject") {
        Some(node) => subject(node, faults)?,
        None => SubjectKind::Post,
    };
    let due_ms = match fields.get("due") {
        Some(node) => Some(duration(node, DUE_MS_MAX, faults)?),
        None => None,
    };
    Some(Action { kind: ActionKind::Refer { queue, subject, due_ms }, for_ms: None })
}

/// Channels and accounts are handed over by the owner of the subject, once until reinstated; that
/// owner does not exist yet, so only posts are.
fn subject(node: &Node, faults: &mut Faults) -> Option<SubjectKind> {
    let subject = choice(node, "`subject`", &SUBJECTS, faults)?;
    if subject == SubjectKind::Post {
        return Some(subject);
    }
    let name = subject.name();
    later(&format!("a referral with `subject: {name}`"), node.span, faults);
    None
}

fn on_post(kind: ActionKind, details: Option<&Node>, faults: &mut Faults) -> Option<Action> {
    let for_ms = match details.filter(|details| !details.is_blank()) {
        Some(details) => how_long(&Fields::read(details, &POST, faults)?, faults)?,
        None => None,
    };
    Some(Action { kind, for_ms })
}

/// `for:`; the outer `None` where it has faults.
fn how_long(fields: &Fields<'_>, faults: &mut Faults) -> Option<Option<i64>> {
    match fields.get("for") {
        Some(node) => Some(Some(duration(node, FOR_MS_MAX, faults)?)),
        None => Some(None),
    }
}

fn slug(node: &Node, what: &str, faults: &mut Faults) -> Option<String> {
    let found = text(node, what, faults)?;
    if is_slug(found, "_-.") {
        return Some(found.to_owned());
    }
    faults
        .error(Code::BadId, node.span, format!("{} cannot name {what}", quoted(found)))
        .help("use lower-case letters, digits, `_`, `-` and `.`, and start with a letter");
    None
}

/// An action on the post itself: there is none in a profile.
pub(super) fn is_on_post(action: &Action) -> bool {
    match &action.kind {
        ActionKind::Refer { subject, .. } => *subject == SubjectKind::Post,
        ActionKind::Label(_) | ActionKind::RestrictPost | ActionKind::RemovePost => true,
    }
}

/// Reports what of `to` is harsher than the mildest non-referral among `actions`.
pub(super) fn check_softer(to: &[PlacedAction], actions: &[PlacedAction], faults: &mut Faults) {
    let is_act = |placed: &&PlacedAction| !is_referral(&placed.action);
    let mildest =
        actions.iter().filter(is_act).map(|one| (rank(&one.action), one)).min_by_key(|one| one.0);
    for one in to.iter().filter(is_act) {
        if mildest.is_some_and(|(least, _)| rank(&one.action) <= least) {
            continue;
        }
        let name = one.action.kind.name();
        let (than, help) = match mildest {
            Some((_, act)) if act.action.kind == one.action.kind => (
                "for less long".to_owned(),
                "give it the same `for:` as in `actions`, or a shorter one",
            ),
            Some((_, act)) => {
                let name = act.action.kind.name();
                (
                    format!("with `{name}`"),
                    "answer with that action, with a milder one, or with `refer`",
                )
            }
            None => ("with `refer` only".to_owned(), "answer with `refer` to another queue"),
        };
        faults
            .error(
                Code::Harsher,
                one.span,
                format!("`soften` answers with `{name}`, the rule {than}"),
            )
            .label("harsher than the rule itself")
            .help(help);
    }
}

fn is_referral(action: &Action) -> bool {
    matches!(action.kind, ActionKind::Refer { .. })
}

/// Harshness: what it does, then for how long.
fn rank(action: &Action) -> (usize, i64) {
    let what = match action.kind {
        ActionKind::Label(_) => 0,
        ActionKind::Refer { .. } => 1,
        ActionKind::RestrictPost => 2,
        ActionKind::RemovePost => 3,
    };
    (what, action.for_ms.unwrap_or(i64::MAX))
}
