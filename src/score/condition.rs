//! Whether a condition holds.

use super::Truth;
use super::reach::Reach;
use super::seen::Seen;
use crate::rules::{Condition, Need};

/// Does it hold for what the rule sees?
pub(super) fn holds(condition: &Condition, seen: &Seen<'_>) -> Truth {
    let hit = |pattern: usize| !seen.of(pattern).is_empty();
    match condition {
        Condition::Pattern(pattern) => hit(*pattern).into(),
        Condition::Not(inner) => !holds(inner, seen),
        Condition::And(parts) => Truth::all(parts.iter().map(|part| holds(part, seen))),
        Condition::Or(parts) => Truth::any(parts.iter().map(|part| holds(part, seen))),
        Condition::Of(need, patterns) => {
            let hits = patterns.iter().filter(|&&pattern| hit(pattern)).count();
            enough(*need, patterns.len(), hits).into()
        }
        Condition::Within { words, left, right } => {
            let reach = Reach::new(seen.of_all(right));
            seen.of_all(left).into_iter().any(|found| reach.has_near(found, *words)).into()
        }
        Condition::Hits(pattern, how, than) => how.holds(seen.count(*pattern), *than).into(),
        Condition::Different(pattern, how, than) => {
            how.holds(seen.different(*pattern), *than).into()
        }
        Condition::Field(compared) => compared.holds(seen.facts().value(compared.what)).into(),
    }
}

fn enough(need: Need, names: usize, hit: usize) -> bool {
    match need {
        Need::Any => hit > 0,
        Need::All => hit == names,
        Need::AtLeast(least) => hit >= least,
    }
}
