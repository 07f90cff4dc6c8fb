//! `count` and `limit` of a rule.

use super::codes::Code;
use super::fields::{Fields, Keys};
use super::model::{Count, CountBy, Limit, Severity, Tripped};
use super::patterns::Reader;
use super::report::{Faults, Span};
use super::values::{DAY_MS, choice, duration, number};
use super::yaml::Node;
use crate::record::SubjectKind;

pub(super) const COUNT: Keys =
    Keys { of: "`count`", known: &["by", "different", "at_least", "within", "act_on"], later: &[] };
pub(super) const LIMIT: Keys =
    Keys { of: "`limit`", known: &["channels", "posts", "within", "then"], later: &[] };

/// Distinct values a counter keeps (design section 7).
const COUNT_MAX: usize = 1_000;
/// Largest number of a limit.
const LIMIT_MAX: usize = 1_000_000_000;

const TRIPPED: [(&str, Tripped); 4] = [
    ("restrict", Tripped::Restrict),
    ("refer", Tripped::Refer),
    ("shadow", Tripped::Shadow),
    ("alert", Tripped::Alert),
];

impl Reader<'_> {
    pub(super) fn count(&mut self, node: &Node) -> Option<Count> {
        const BY: [(&str, CountBy); 4] = [
            ("post.id", CountBy::Post),
            ("author.id", CountBy::Author),
            ("channel.id", CountBy::Channel),
            ("links.domain", CountBy::LinksDomain),
        ];
        let faults = &mut self.faults;
        let fields = Fields::read(node, &COUNT, faults)?;
        let by = fields.need("by", "say whose counter it is: `by: author.id`", faults);
        let by = by.and_then(|node| choice(node, "`by`", &BY[1..], faults));
        let different = match fields.get("different") {
            Some(node) => choice(node, "`different`", &BY, faults),
            None => Some(CountBy::Post),
        };
        let at_least = fields.need("at_least", "say how many: `at_least: 3`", faults);
        let at_least = at_least.and_then(|node| number(node, &(2..=COUNT_MAX), faults));
        let within = fields.need("within", "say how soon: `within: 10m`", faults);
        let within_ms = within.and_then(|node| duration(node, DAY_MS, faults));
        let act_on_all = match fields.get("act_on") {
            Some(node) => choice(node, "`act_on`", &[("all", true), ("later", false)], faults),
            None => Some(true),
        };
        if by.is_some() && by == different {
            let name = by.map_or("", CountBy::name);
            let message = format!("`{name}` is counted once for each `{name}`");
            faults
                .error(Code::CountsItself, fields.place("different"), message)
                .help("count something else, such as post.id");
            return None;
        }
        let (by, different) = (by?, different?);
        Some(Count {
            by,
            different,
            at_least: at_least?,
            within_ms: within_ms?,
            act_on_all: act_on_all?,
        })
    }

    /// Kept and checked; nothing limits a rule in this version, which is said aloud.
    pub(super) fn limit(
        &mut self,
        node: &Node,
        of: &Fields<'_>,
        severity: Option<Severity>,
    ) -> Option<Limit> {
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
        faults
            .warn(Code::NotEnforced, of.place("limit"), "`limit` is not enforced in this version")
            .help(
                "watch tidegate_takedowns_total of this rule, and set the rule to shadow by hand",
            );
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
