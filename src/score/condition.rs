//! Whether a condition holds.

use super::reach::Reach;
use super::seen::Seen;
use crate::rules::{Comparison, Condition, Need};

/// Does it hold for what the rule sees?
pub(super) fn holds(condition: &Condition, seen: &Seen<'_>) -> bool {
    let hit = |pattern: usize| !seen.of(pattern).is_empty();
    match condition {
        Condition::Pattern(pattern) => hit(*pattern),
        Condition::Not(inner) => !holds(inner, seen),
        Condition::And(all) => all.iter().all(|inner| holds(inner, seen)),
        Condition::Or(any) => any.iter().any(|inner| holds(inner, seen)),
        Condition::Of(need, patterns) => {
            enough(*need, patterns.len(), patterns.iter().filter(|&&pattern| hit(pattern)).count())
        }
        Condition::Within { words, left, right } => {
            let reach = Reach::new(seen.of_all(right));
            seen.of_all(left).into_iter().any(|found| reach.has_near(found, *words))
        }
        Condition::Hits(pattern, how, than) => compare(seen.count(*pattern), *how, *than),
        Condition::Different(pattern, how, than) => compare(seen.different(*pattern), *how, *than),
    }
}

fn enough(need: Need, names: usize, hit: usize) -> bool {
    match need {
        Need::Any => hit > 0,
        Need::All => hit == names,
        Need::AtLeast(least) => hit >= least,
    }
}

fn compare(number: u32, how: Comparison, than: u32) -> bool {
    match how {
        Comparison::Less => number < than,
        Comparison::AtMost => number <= than,
        Comparison::Equal => number == than,
        Comparison::NotEqual => number != than,
        Comparison::AtLeast => number >= than,
        Comparison::More => number > than,
    }
}
