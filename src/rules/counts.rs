//! `count` of a rule.

use super::codes::Code;
use super::fields::{Fields, Keys};
use super::model::{Count, CountBy};
use super::patterns::Reader;
use super::values::{DAY_MS, choice, duration, number};
use super::yaml::Node;

pub(super) const COUNT: Keys =
    Keys { of: "`count`", known: &["by", "different", "at_least", "within", "act_on"], later: &[] };
/// Distinct values a counter keeps (design section 7).
const COUNT_MAX: usize = 1_000;
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
}
