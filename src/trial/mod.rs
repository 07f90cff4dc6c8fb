//! Posts through the stages in process, without a log: the tests that stand in rules.

use std::collections::BTreeSet;

use crate::decode::{Format, Limits};
use crate::rules::{Guard, Pack, Rule, Status};
use crate::screen::{Reading, RuleSet, RuleSetError, Screened, screen};

/// A rule's own test that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The rule.
    pub rule: String,
    /// File of the test, and its line from 1.
    pub place: (String, usize),
    /// What was expected and what came.
    pub what: String,
}

/// What the tests of a pack said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Tests run.
    pub run: usize,
    /// Those that do not hold.
    pub failures: Vec<Failure>,
}

/// The rules of a pack, all of them live: what is tried is the condition, whatever the status, so
/// that a draft is tried like a live rule.
///
/// # Errors
/// If the pack's tables cannot be built.
pub fn live(pack: &Pack) -> Result<RuleSet, RuleSetError> {
    let mut pack = pack.clone();
    for rule in &mut pack.rules {
        rule.status = Status::Live;
    }
    RuleSet::build(vec![pack])
}

/// Runs every test of a pack.
///
/// # Errors
/// If the pack's tables cannot be built.
pub fn run(pack: &Pack) -> Result<Outcome, RuleSetError> {
    Ok(test(&live(pack)?))
}

/// Runs every test of rules as [`live`] makes them.
#[must_use]
pub fn test(rules: &RuleSet) -> Outcome {
    let mut outcome = Outcome::default();
    for (index, rule) in rules.rules().iter().enumerate() {
        for test in &rule.tests {
            outcome.run += 1;
            if let Err(what) = hold(index, test, rules) {
                let (rule, place) = (rule.id.clone(), test.place.clone());
                outcome.failures.push(Failure { rule, place, what });
            }
        }
    }
    outcome
}

fn hold(rule: usize, test: &Guard, rules: &RuleSet) -> Result<(), String> {
    let reading = Reading { format: Format::Native, limits: Limits::default() };
    let screened = screen(Some(test.post.as_bytes()), rules, &reading)
        .map_err(|fault| format!("the test's post cannot be read: {fault}"))?;
    let fired = screened.verdict.fired.iter().find(|fired| fired.rule == rule);
    match (test.fires, fired) {
        (true, None) if screened.verdict.unknown.contains(&rule) => Err(format!(
            "should fire, but the post lacks a field that the condition compares{}",
            found(rule, rules, &screened)
        )),
        (true, None) => Err(format!("should fire, but does not{}", found(rule, rules, &screened))),
        (false, Some(_)) => {
            Err(format!("should be quiet, but fires{}", found(rule, rules, &screened)))
        }
        (true, Some(fired)) => {
            let came = fired.actions.iter().map(|action| action.kind.name().to_owned());
            actions(test, &came.collect())
        }
        (false, None) => Ok(()),
    }
}

fn actions(test: &Guard, came: &BTreeSet<String>) -> Result<(), String> {
    let Some(expected) = &test.actions else { return Ok(()) };
    let expected: BTreeSet<String> = expected.iter().cloned().collect();
    if expected == *came {
        return Ok(());
    }
    let list = |names: &BTreeSet<String>| names.iter().cloned().collect::<Vec<_>>().join(", ");
    Err(format!("should ask for {}, but asks for {}", list(&expected), list(came)))
}

/// Which of the rule's patterns hit, for the person who mends it.
fn found(index: usize, rules: &RuleSet, screened: &Screened<'_>) -> String {
    let (Some(rule), Some(first)) =
        (rules.rules().get(index), rules.first_patterns().get(index).copied())
    else {
        return String::new();
    };
    let hit = |pattern: usize| {
        screened.hits.all.iter().any(|hit| hit.pattern.0 as usize == first.0 as usize + pattern)
    };
    let names = |rule: &Rule, wanted: bool| -> Vec<String> {
        let patterns = rule.patterns.iter().enumerate();
        patterns
            .filter(|(pattern, _)| hit(*pattern) == wanted)
            .map(|(_, pattern)| format!("`{}`", pattern.name))
            .collect()
    };
    let (yes, no) = (names(rule, true), names(rule, false));
    let say = |names: Vec<String>| {
        if names.is_empty() { "none".to_owned() } else { names.join(", ") }
    };
    format!(": patterns that hit: {}; that do not: {}", say(yes), say(no))
}
