//! Conditions: text to [`Condition`] and back, and what a condition implies.

mod compare;
mod lex;
mod parse;
mod print;
#[cfg(test)]
mod tests;

pub use print::Shown;

pub(super) use parse::{KEYWORDS, parse};

use super::model::{Comparison, Condition, Need};

/// `x.hits` and `x.different` go no higher: what a post holds more is not counted.
pub(super) const COUNTED_MAX: u32 = 65_535;

impl Comparison {
    /// Does it hold between what a post has and what the condition says?
    #[must_use]
    pub fn holds<T: Copy + Ord>(self, found: T, said: T) -> bool {
        match self {
            Self::Less => found < said,
            Self::AtMost => found <= said,
            Self::Equal => found == said,
            Self::NotEqual => found != said,
            Self::AtLeast => found >= said,
            Self::More => found > said,
        }
    }

    /// As it is written.
    #[must_use]
    pub fn sign(self) -> &'static str {
        match self {
            Self::Less => "<",
            Self::AtMost => "<=",
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::AtLeast => ">=",
            Self::More => ">",
        }
    }
}

/// Can the condition hold only where one pattern hits that `is_anchor` says yes to?
pub(super) fn is_anchored(condition: &Condition, is_anchor: &dyn Fn(usize) -> bool) -> bool {
    let all = |names: &[usize]| !names.is_empty() && names.iter().all(|&name| is_anchor(name));
    match condition {
        Condition::Pattern(name) => is_anchor(*name),
        // What a field is compared with is true of many posts: it is never looked for by itself.
        Condition::Not(_) | Condition::Field(_) => false,
        Condition::And(parts) => parts.iter().any(|part| is_anchored(part, is_anchor)),
        Condition::Or(parts) => parts.iter().all(|part| is_anchored(part, is_anchor)),
        Condition::Of(need, names) => {
            let wanted = match need {
                Need::Any => 1,
                Need::All => names.len(),
                Need::AtLeast(number) => *number,
            };
            // With fewer names that are no anchors than are wanted, one that hits is an anchor.
            names.iter().filter(|&&name| !is_anchor(name)).count() < wanted
        }
        Condition::Within { left, right, .. } => all(left) || all(right),
        Condition::Hits(name, comparison, number)
        | Condition::Different(name, comparison, number) => {
            !comparison.holds(0, *number) && is_anchor(*name)
        }
    }
}

/// The condition with every pattern index replaced.
pub(super) fn renumber(condition: Condition, to: &dyn Fn(usize) -> usize) -> Condition {
    let each = |names: Vec<usize>| names.into_iter().map(to).collect();
    let inner = |parts: Vec<Condition>| parts.into_iter().map(|part| renumber(part, to)).collect();
    match condition {
        Condition::Pattern(name) => Condition::Pattern(to(name)),
        Condition::Not(part) => Condition::Not(Box::new(renumber(*part, to))),
        Condition::And(parts) => Condition::And(inner(parts)),
        Condition::Or(parts) => Condition::Or(inner(parts)),
        Condition::Of(need, names) => Condition::Of(need, each(names)),
        Condition::Within { words, left, right } => {
            Condition::Within { words, left: each(left), right: each(right) }
        }
        Condition::Hits(name, comparison, number) => Condition::Hits(to(name), comparison, number),
        Condition::Different(name, comparison, number) => {
            Condition::Different(to(name), comparison, number)
        }
        Condition::Field(compared) => Condition::Field(compared),
    }
}

/// Calls `each` with every pattern index on a side of a `within`.
pub(super) fn visit_within(condition: &Condition, each: &mut dyn FnMut(usize)) {
    match condition {
        Condition::Within { .. } => visit(condition, each),
        Condition::Not(part) => visit_within(part, each),
        Condition::And(parts) | Condition::Or(parts) => {
            parts.iter().for_each(|part| visit_within(part, each));
        }
        _ => {}
    }
}

/// Calls `each` with every pattern index of the condition.
pub(super) fn visit(condition: &Condition, each: &mut dyn FnMut(usize)) {
    match condition {
        Condition::Pattern(name) | Condition::Hits(name, ..) | Condition::Different(name, ..) => {
            each(*name)
        }
        Condition::Not(part) => visit(part, each),
        Condition::And(parts) | Condition::Or(parts) => {
            parts.iter().for_each(|part| visit(part, each));
        }
        Condition::Of(_, names) => names.iter().copied().for_each(each),
        Condition::Within { left, right, .. } => {
            left.iter().chain(right).copied().for_each(each);
        }
        Condition::Field(_) => {}
    }
}
