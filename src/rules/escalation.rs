//! Escalations: what follows once a channel or an account has gathered strikes.

use std::sync::Arc;

use super::actions::{PlacedAction, actions};
use super::codes::Code;
use super::fields::{Fields, Keys, key_text};
use super::guards::About;
use super::model::{Escalation, Rule};
use super::names::nearest;
use super::pack::Manifest;
use super::patterns::Reader;
use super::report::{Faults, quoted};
use super::rule::bare;
use super::scope::reason;
use super::trials::{Guard, Repeated, Trial};
use super::values::{DAY_MS, choice, duration, is_slug, number, text};
use super::yaml::{Node, Value};
use crate::record::SubjectKind;

pub(super) const ESCALATION: Keys = Keys {
    of: "an escalation",
    known: &[
        "id", "title", "status", "share", "severity", "strikes", "actions", "scope", "reason",
        "tests",
    ],
    later: &[],
};
pub(super) const STRIKES: Keys =
    Keys { of: "`strikes`", known: &["of", "category", "at_least", "within"], later: &[] };

const OF: [(&str, SubjectKind); 2] =
    [("channel", SubjectKind::Channel), ("author", SubjectKind::Account)];

/// Points that can be asked for: what the strikes that are kept can come to.
const AT_LEAST_MAX: usize = 10_000;
/// Longest window of strikes.
const WITHIN_MS_MAX: i64 = 90 * DAY_MS;

/// Is this document an escalation, and not a rule?
pub(super) fn is_escalation(node: &Node) -> bool {
    find(node, "strikes").is_some()
}

/// The id that a document says.
pub(super) fn id_of(node: &Node) -> Option<&str> {
    match &find(node, "id")?.1.value {
        Value::Scalar { text, .. } => Some(text),
        _ => None,
    }
}

pub(super) fn find<'n>(node: &'n Node, wanted: &str) -> Option<&'n (Node, Node)> {
    let Value::Map(map) = &node.value else { return None };
    map.iter().find(|(key, _)| key_text(key) == wanted)
}

impl Reader<'_> {
    /// An escalation out of one document; `None` where it has faults, all of which are reported.
    pub(super) fn escalation(
        &mut self,
        node: &Node,
        manifest: &mut Manifest<'_>,
    ) -> Option<Escalation> {
        let before = self.faults.errors();
        let mut fields = Fields::read(node, &ESCALATION, &mut self.faults)?.or(manifest.defaults);
        fields.is_partial |= !self.has_manifest;
        let id = self.id(&fields, manifest);
        let title = self.title(&fields);
        let status = self.status(&fields);
        let severity = self.severity(&fields);
        let strikes = fields.get("strikes").and_then(|node| self.strikes(node));
        let of = strikes.as_ref().map_or(SubjectKind::Channel, |strikes| strikes.of);
        let queue = strikes.as_ref().map_or("", |strikes| strikes.category.as_str());
        let actions = self.escalated(&fields, of, queue);
        let scope = self.scope(&fields);
        let reason = fields.get("reason").map(|node| reason(node, &mut self.faults));
        let help = "add a series that fires and one that is quiet";
        let tests = fields.need("tests", help, &mut self.faults);
        let tests = tests.and_then(|node| self.guards(node, &About::Escalation { of }));
        let tests = tests.map(|tests| self.bare_guards(tests));
        if self.faults.errors() > before {
            return None;
        }
        let Struck { of, category, at_least, within_ms } = strikes?;
        Some(Escalation {
            id: id?,
            title: title?,
            pack: Arc::clone(&manifest.name),
            version: Arc::clone(&manifest.version),
            status: status?,
            severity: severity?,
            of,
            category,
            at_least,
            within_ms,
            actions: bare(actions?),
            scope: scope?,
            reason: reason.flatten(),
            tests: tests?,
        })
    }

    /// An escalation reads no lists.
    fn bare_guards(&mut self, guards: Vec<(Guard, Vec<super::guards::StandIn>)>) -> Vec<Guard> {
        let mut tests = Vec::new();
        for (guard, with) in guards {
            for one in with {
                self.faults
                    .error(Code::StandIn, one.span, "an escalation reads no lists")
                    .help("take `with` out");
            }
            tests.push(guard);
        }
        tests
    }

    fn strikes(&mut self, node: &Node) -> Option<Struck> {
        let faults = &mut self.faults;
        let fields = Fields::read(node, &STRIKES, faults)?;
        let of = fields.need("of", "say whose strikes: `of: channel`", faults);
        let of = of.and_then(|node| choice(node, "`of`", &OF, faults));
        let category = fields.need("category", "say of which rules: `category: drugs`", faults);
        let category = category.and_then(|node| category_of(node, faults));
        let at_least = fields.need("at_least", "say how many points: `at_least: 3`", faults);
        let at_least = at_least.and_then(|node| number(node, &(1..=AT_LEAST_MAX), faults));
        let within = fields.need("within", "say how soon: `within: 30d`", faults);
        let within_ms = within.and_then(|node| duration(node, WITHIN_MS_MAX, faults));
        Some(Struck {
            of: of?,
            category: category?,
            at_least: u32::try_from(at_least?).ok()?,
            within_ms: within_ms?,
        })
    }

    fn escalated(
        &mut self,
        fields: &Fields<'_>,
        of: SubjectKind,
        queue: &str,
    ) -> Option<Vec<PlacedAction>> {
        let help = "add `actions: [{restrict_channel: {for: 7d}}]`";
        let node = fields.need("actions", help, &mut self.faults)?;
        let actions = actions(node, "an escalation", queue, &mut self.faults)?;
        for placed in &actions {
            let (kind, subject) = (&placed.action.kind, placed.action.kind.subject());
            if subject == of {
                continue;
            }
            let (name, subject, of) = (kind.name(), subject.name(), of.name());
            let message = format!("`{name}` is about the {subject}, the strikes about the {of}");
            self.faults.error(Code::OtherSubject, placed.span, message).help(match name {
                "refer" => format!("write `subject: {of}` in it"),
                _ => format!("act on the {of}"),
            });
        }
        Some(actions)
    }
}

/// `strikes` of an escalation.
struct Struck {
    of: SubjectKind,
    category: String,
    at_least: u32,
    within_ms: i64,
}

fn category_of(node: &Node, faults: &mut Faults) -> Option<String> {
    let category = text(node, "`category`", faults)?;
    if is_slug(category, "_") {
        return Some(category.to_owned());
    }
    faults
        .error(Code::BadId, node.span, format!("{} cannot name a category", quoted(category)))
        .help("write the part of a rule's id before its first dot");
    None
}

/// Reports strikes that no rule gives: those the escalation waits for, and those of its tests.
pub(super) fn check_given(
    node: &Node,
    escalation: &Escalation,
    rules: &[Rule],
    faults: &mut Faults,
) {
    let gives = |rule: &&Rule| rule.strike.is_some_and(|strike| strike.points(escalation.of) > 0);
    let givers: Vec<&Rule> =
        rules.iter().filter(gives).filter(|rule| rule.category == escalation.category).collect();
    let of = escalation.of.name();
    let at = |key: &str| find(node, key).map_or(node.span, |(key, _)| key.span);
    if givers.is_empty() {
        let category = &escalation.category;
        let categories = rules.iter().filter(gives).map(|rule| rule.category.as_str());
        let help = match nearest(category, categories) {
            Some(near) => format!("did you mean `{near}`?"),
            None => {
                let key = if escalation.of == SubjectKind::Channel { "channel" } else { "author" };
                format!("add {{strike: {{{key}: 1}}}} to the actions of a rule of `{category}`")
            }
        };
        let message = format!("no rule of category {} gives the {of} strikes", quoted(category));
        faults.error(Code::NoStrikes, at("strikes"), message).help(help);
        return;
    }
    for guard in &escalation.tests {
        let Trial::Series(series) = &guard.trial else { continue };
        let Repeated::Strike { rule, .. } = &series.of else { continue };
        if givers.iter().any(|giver| giver.id == *rule) {
            continue;
        }
        let help = match nearest(rule, givers.iter().map(|giver| giver.id.as_str())) {
            Some(near) => format!("did you mean `{near}`?"),
            None => {
                format!("name one that does, such as `{}`", givers.first().map_or("", |it| &it.id))
            }
        };
        let message = format!("the rule {} gives this escalation no strikes", quoted(rule));
        faults.error(Code::NoStrikes, at("tests"), message).help(help);
    }
}
