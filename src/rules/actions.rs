//! Actions, and the milder answer of `soften`.

use super::codes::Code;
use super::fields::{Fields, Keys, key_text};
use super::model::{Action, ActionKind, Strike};
use super::names::nearest;
use super::report::{Faults, Span, quoted};
use super::values::{DAY_MS, boolean, choice, duration, is_slug, list, number, text};
use super::yaml::{Node, Value};
use crate::record::SubjectKind;

/// Longest `for:`; what is meant for longer is meant for ever.
const FOR_MS_MAX: i64 = 3_650 * DAY_MS;
/// Longest `due:`.
const DUE_MS_MAX: i64 = 365 * DAY_MS;

/// What a rule can ask for.
pub(super) const NAMES: [&str; 8] = [
    "label",
    "refer",
    "restrict_post",
    "remove_post",
    "restrict_channel",
    "remove_channel",
    "suspend_account",
    "strike",
];

const LABEL: Keys = Keys { of: "`label`", known: &["label", "for"], later: &[] };
const REFER: Keys =
    Keys { of: "`refer`", known: &["queue", "subject", "due"], later: &["purpose"] };
const PLAIN: Keys = Keys { of: "this action", known: &["for"], later: &[] };
const HARSH: Keys = Keys { of: "this action", known: &["for", "automatic"], later: &[] };
const STRIKE: Keys = Keys { of: "`strike`", known: &["channel", "author"], later: &[] };

/// Points of one strike: a hundred is more than any ladder has steps.
const POINTS_MAX: usize = 100;

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

/// What is asked for: actions, mildest first, and strikes besides.
#[derive(Clone, Debug, Default)]
pub(super) struct Asked {
    pub(super) actions: Vec<PlacedAction>,
    pub(super) strike: Option<(Strike, Span)>,
}

/// One item of a list of actions.
enum Item {
    Action(PlacedAction),
    Strike(Strike, Span),
}

/// A list of actions, or one alone. `None` where one of them has faults. `category`: the queue of
/// what nobody has allowed to happen by itself.
pub(super) fn asked(node: &Node, category: &str, faults: &mut Faults) -> Option<Asked> {
    let nodes = match &node.value {
        Value::List(_) => list(node, "`actions`", faults)?,
        _ => std::slice::from_ref(node),
    };
    let read: Vec<_> = nodes.iter().map(|node| item(node, category, faults)).collect();
    let mut asked = Asked::default();
    for item in read {
        let (name, span, is_twice) = match item? {
            Item::Action(placed) => {
                let is_same = |other: &PlacedAction| other.action.kind == placed.action.kind;
                let told = (placed.action.kind.name(), placed.span);
                let is_twice = asked.actions.iter().any(is_same);
                asked.actions.push(placed);
                (told.0, told.1, is_twice)
            }
            Item::Strike(strike, span) => {
                ("strike", span, asked.strike.replace((strike, span)).is_some())
            }
        };
        if is_twice {
            faults
                .error(Code::DuplicateAction, span, format!("`{name}` stands twice"))
                .help("keep one of the two");
            return None;
        }
    }
    asked.actions.sort_by(|a, b| a.action.kind.cmp(&b.action.kind));
    Some(asked)
}

/// Actions without strikes: what `soften` and escalations answer with.
pub(super) fn actions(
    node: &Node,
    of: &str,
    category: &str,
    faults: &mut Faults,
) -> Option<Vec<PlacedAction>> {
    let asked = asked(node, category, faults)?;
    if let Some((_, span)) = asked.strike {
        faults
            .error(Code::BadAction, span, format!("{of} gives no strikes"))
            .help("take `strike` out; the rule's own `actions` may have it");
        return None;
    }
    Some(asked.actions)
}

fn item(node: &Node, category: &str, faults: &mut Faults) -> Option<Item> {
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
        "strike" => return Some(Item::Strike(strike(details, at, faults)?, at)),
        "label" => label(details, at, faults)?,
        "refer" => refer(details, at, faults)?,
        "restrict_post" => plain(ActionKind::RestrictPost, details, faults)?,
        "remove_post" => plain(ActionKind::RemovePost, details, faults)?,
        "restrict_channel" => plain(ActionKind::RestrictChannel, details, faults)?,
        "remove_channel" => harsh(ActionKind::RemoveChannel, details, category, at, faults)?,
        "suspend_account" => harsh(ActionKind::SuspendAccount, details, category, at, faults)?,
        _ => {
            let help = match nearest(name, NAMES) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("write one of {}", NAMES.join(", ")),
            };
            faults
                .error(Code::UnknownValue, at, format!("no action is called {}", quoted(name)))
                .help(help);
            return None;
        }
    };
    Some(Item::Action(PlacedAction { action, span: at }))
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
        Some(node) => choice(node, "`subject`", &SUBJECTS, faults)?,
        None => SubjectKind::Post,
    };
    let due_ms = match fields.get("due") {
        Some(node) => Some(duration(node, DUE_MS_MAX, faults)?),
        None => None,
    };
    Some(Action { kind: ActionKind::Refer { queue, subject, due_ms }, for_ms: None })
}

fn plain(kind: ActionKind, details: Option<&Node>, faults: &mut Faults) -> Option<Action> {
    let for_ms = match details.filter(|details| !details.is_blank()) {
        Some(details) => how_long(&Fields::read(details, &PLAIN, faults)?, faults)?,
        None => None,
    };
    Some(Action { kind, for_ms })
}

/// What cannot be undone by waiting is only done by a machine where somebody has said so.
fn harsh(
    kind: ActionKind,
    details: Option<&Node>,
    category: &str,
    at: Span,
    faults: &mut Faults,
) -> Option<Action> {
    let (mut for_ms, mut automatic) = (None, false);
    if let Some(details) = details.filter(|details| !details.is_blank()) {
        let fields = Fields::read(details, &HARSH, faults)?;
        for_ms = how_long(&fields, faults)?;
        automatic = match fields.get("automatic") {
            Some(node) => boolean(node, faults)?,
            None => false,
        };
    }
    if automatic || for_ms.is_some() {
        return Some(Action { kind, for_ms });
    }
    let (name, subject) = (kind.name(), kind.subject());
    faults
        .warn(
            Code::NotAutomatic,
            at,
            format!("`{name}` for ever goes to people, to the queue `{category}`"),
        )
        .help(format!(
            "give it a time, {{{name}: {{for: 30d}}}}, or say {{{name}: {{automatic: true}}}}"
        ));
    let kind = ActionKind::Refer { queue: category.to_owned(), subject, due_ms: None };
    Some(Action { kind, for_ms: None })
}

fn strike(details: Option<&Node>, at: Span, faults: &mut Faults) -> Option<Strike> {
    let details = needed(details, "{strike: {channel: 1}}", at, faults)?;
    let fields = Fields::read(details, &STRIKE, faults)?;
    let mut points = |key: &str| match fields.get(key) {
        Some(node) => number(node, &(1..=POINTS_MAX), faults).and_then(|it| u32::try_from(it).ok()),
        None => Some(0),
    };
    let (channel, author) = (points("channel"), points("author"));
    let strike = Strike { channel: channel?, author: author? };
    if strike.channel == 0 && strike.author == 0 && !fields.is_partial {
        faults
            .error(Code::BadAction, at, "a strike hits somebody")
            .help("write {strike: {channel: 1}}, {strike: {author: 1}}, or both");
        return None;
    }
    Some(strike)
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
                    "answer with that action, or a milder one; mildest first: label, refer, restrict_post, remove_post",
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
        ActionKind::RestrictChannel => 4,
        ActionKind::RemoveChannel => 5,
        ActionKind::SuspendAccount => 6,
    };
    (what, action.for_ms.unwrap_or(i64::MAX))
}
