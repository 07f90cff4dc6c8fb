//! `limit` of a rule: how often it may act, and what is left of it above that.

use super::codes::Code;
use super::fields::{Fields, Keys};
use super::model::{Action, ActionKind, Severity};
use super::patterns::Reader;
use super::report::{Faults, Span};
use super::values::{DAY_MS, choice, duration, number};
use super::yaml::Node;
use crate::record::SubjectKind;

pub(super) const LIMIT: Keys =
    Keys { of: "`limit`", known: &["channels", "posts", "within", "then"], later: &[] };

/// Largest number of a limit: each of so many ids takes some hundred bytes in the memory of a worker.
const LIMIT_MAX: usize = 1_000_000;

const TRIPPED: [(&str, Tripped); 4] = [
    ("restrict", Tripped::Restrict),
    ("refer", Tripped::Refer),
    ("shadow", Tripped::Shadow),
    ("alert", Tripped::Alert),
];

/// How often a rule may act before it is held back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// What is counted: channels, or posts.
    pub of: SubjectKind,
    /// So many different ones.
    pub at_most: usize,
    /// Within so many milliseconds of record time.
    pub within_ms: i64,
    /// What the rule does above it.
    pub then: Tripped,
}

/// What a rule does above its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tripped {
    /// It restricts and removes nothing.
    Restrict,
    /// It only refers.
    Refer,
    /// It acts on nothing.
    Shadow,
    /// It goes on, and somebody is told.
    Alert,
}

impl Tripped {
    /// What is left of these actions, mildest first. Where there is nothing mild to do to a subject people
    /// are asked about it, in the queue of this category. Of [`Tripped::Shadow`] the actions stay: they are
    /// what would have been done.
    #[must_use]
    pub fn leaves(self, actions: &[Action], category: &str) -> Vec<Action> {
        let mut left: Vec<Action> = Vec::new();
        for action in actions {
            let action = self.leaves_of(action, category);
            match left.iter_mut().find(|known| known.kind == action.kind) {
                // For ever where one of them is.
                Some(known) => {
                    known.for_ms = known.for_ms.zip(action.for_ms).map(|(a, b)| a.max(b))
                }
                None => left.push(action),
            }
        }
        left.sort_by(|a, b| a.kind.cmp(&b.kind));
        left
    }

    fn leaves_of(self, action: &Action, category: &str) -> Action {
        let restricted = match &action.kind {
            _ if matches!(self, Self::Shadow | Self::Alert) => return action.clone(),
            ActionKind::Label(_) | ActionKind::Refer { .. } => return action.clone(),
            ActionKind::RestrictPost | ActionKind::RemovePost => Some(ActionKind::RestrictPost),
            ActionKind::RestrictChannel | ActionKind::RemoveChannel => {
                Some(ActionKind::RestrictChannel)
            }
            ActionKind::SuspendAccount => None,
        };
        match restricted.filter(|_| self == Self::Restrict) {
            Some(kind) => Action { kind, for_ms: action.for_ms },
            None => {
                let (queue, subject) = (category.to_owned(), action.kind.subject());
                Action { kind: ActionKind::Refer { queue, subject, due_ms: None }, for_ms: None }
            }
        }
    }
}

impl Reader<'_> {
    /// How often a rule may act.
    pub(super) fn limit(&mut self, node: &Node, severity: Option<Severity>) -> Option<Limit> {
        let faults = &mut self.faults;
        let limit = Fields::read(node, &LIMIT, faults)?;
        let counted = match (limit.get("channels"), limit.get("posts")) {
            (Some(node), None) => Some((SubjectKind::Channel, node)),
            (None, Some(node)) => Some((SubjectKind::Post, node)),
            _ => {
                faults
                    .error(Code::OneOf, node.span, "`limit` counts one of `channels` and `posts`")
                    .help("write {channels: 500, within: 1m, then: restrict}");
                None
            }
        };
        let counted =
            counted.and_then(|(of, node)| Some((of, number(node, &(1..=LIMIT_MAX), faults)?)));
        let within = limit.need("within", "say how soon: `within: 1m`", faults);
        let within_ms = within.and_then(|within| duration(within, DAY_MS, faults));
        let then = match limit.get("then") {
            Some(node) => choice(node, "`then`", &TRIPPED, faults).map(|then| (then, node.span)),
            None => Some((Tripped::Restrict, node.span)),
        };
        let then = then.map(|then| armed(then, severity, faults));
        let (of, at_most) = counted?;
        Some(Limit { of, at_most, within_ms: within_ms?, then: then? })
    }
}

/// What is left of a rule above its limit: a flood must not disarm a critical one, or it would be
/// the way past it.
fn armed((then, at): (Tripped, Span), severity: Option<Severity>, faults: &mut Faults) -> Tripped {
    let is_weak = matches!(then, Tripped::Refer | Tripped::Shadow);
    if severity != Some(Severity::Critical) || !is_weak {
        return then;
    }
    faults
        .warn(Code::Disarmed, at, "a critical rule restricts above its limit, whatever this says")
        .help("write `then: restrict`, or `then: alert` if it is to go on as before");
    Tripped::Restrict
}
