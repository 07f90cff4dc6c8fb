//! Which patterns a rule waits for: without a hit of one of them its condition cannot hold, so that
//! nothing else of the rule is looked for.

use crate::rules::{Condition, Match, Need, Pattern, PatternKind, Rule};

/// Patterns of a rule, by index, and what it costs that they hit without need.
type Wait = (u32, Vec<usize>);

/// The patterns that a rule waits for, the cheapest choice that its condition allows; `None`: it
/// waits for nothing and is asked on every post.
pub(super) fn of(rule: &Rule) -> Option<Vec<usize>> {
    best(&rule.condition, rule).map(|(_, names)| names)
}

fn best(condition: &Condition, rule: &Rule) -> Option<Wait> {
    match condition {
        Condition::Pattern(name) => one(*name, rule),
        // A field that is missing makes a rule unknown, not false: but where what is waited for does
        // not hit, the whole is false whatever its fields are, so that nothing unknown is slept through.
        Condition::Not(_) | Condition::Field(_) => None,
        Condition::And(parts) => cheapest(parts.iter().map(|part| best(part, rule))),
        Condition::Or(parts) => together(parts.iter().map(|part| best(part, rule))),
        Condition::Of(need, names) => of_names(*need, names, rule),
        Condition::Within { left, right, .. } => {
            let side = |names: &[usize]| together(names.iter().map(|name| one(*name, rule)));
            cheapest([side(left), side(right)].into_iter())
        }
        Condition::Hits(name, comparison, number)
        | Condition::Different(name, comparison, number) => {
            if comparison.holds(0, *number) {
                None
            } else {
                one(*name, rule)
            }
        }
    }
}

fn of_names(need: Need, names: &[usize], rule: &Rule) -> Option<Wait> {
    let needed = match need {
        Need::Any => 1,
        Need::All => names.len(),
        Need::AtLeast(number) => number,
    };
    // All but `needed - 1` of them hold one that hits: leave out the dearest.
    let mut waits: Vec<Option<Wait>> = names.iter().map(|name| one(*name, rule)).collect();
    waits.sort_by_key(|wait| wait.as_ref().map_or(u32::MAX, |(cost, _)| *cost));
    let kept = names.len().checked_sub(needed.checked_sub(1)?)?;
    together(waits.into_iter().take(kept))
}

fn one(name: usize, rule: &Rule) -> Option<Wait> {
    rule.patterns.get(name).map(|pattern| (cost(pattern), vec![name]))
}

fn cheapest(waits: impl Iterator<Item = Option<Wait>>) -> Option<Wait> {
    waits.flatten().min_by_key(|(cost, _)| *cost)
}

fn together(mut waits: impl Iterator<Item = Option<Wait>>) -> Option<Wait> {
    let first = waits.next()??;
    waits.try_fold(first, |(cost, mut names), wait| {
        let (more, others) = wait?;
        names.extend(others);
        Some((cost.saturating_add(more), names))
    })
}

/// How often a pattern hits in ordinary posts, roughly: words seldom, any link in one of ten.
fn cost(pattern: &Pattern) -> u32 {
    match &pattern.kind {
        PatternKind::Entries { matching: Match::Word | Match::Phrase, .. } => 1,
        PatternKind::Entries { .. } => 2,
        PatternKind::Regex(_) => 20,
        PatternKind::Links(links) if links.domains.is_some() || links.channels.is_some() => 3,
        PatternKind::Links(links) if !links.services.is_empty() || links.shown_differs => 50,
        PatternKind::Links(_) => 100,
        PatternKind::Handles(Some(_)) => 3,
        PatternKind::Handles(None) => 50,
        PatternKind::Phones(_) => 10,
        PatternKind::Wallets(_) => 4,
        PatternKind::Media(..) => 1,
        PatternKind::Field(field, _) if field.tells() => 1,
        PatternKind::Field(..) => 200,
    }
}
