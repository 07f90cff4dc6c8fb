//! Posts through the stages in process, without a log: the tests that stand in rules.

mod hops;
mod series;

pub use hops::Hops;
pub use series::START_MS;

use crate::decode::{Format, Limits};
use crate::rules::{Action, ActionKind, Expected, Guard, Pack, Rule, Status, Strike, Trial};
use crate::score::{Fired, From, Seeing, Step, explain};
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
    for escalation in &mut pack.escalations {
        escalation.status = Status::Live;
    }
    RuleSet::build(vec![pack])
}

/// Runs every test of a pack.
///
/// # Errors
/// If the pack's tables cannot be built.
pub fn run(pack: &Pack) -> Result<Outcome, RuleSetError> {
    test(&live(pack)?)
}

/// Runs every test of rules and escalations as [`live`] makes them.
///
/// # Errors
/// If the tables of a rule with stand-ins cannot be built.
pub fn test(rules: &RuleSet) -> Result<Outcome, RuleSetError> {
    let mut outcome = Outcome::default();
    let mut note = |rule: &str, guard: &Guard, held: Result<(), String>| {
        outcome.run += 1;
        if let Err(what) = held {
            let (rule, place) = (rule.to_owned(), guard.place.clone());
            outcome.failures.push(Failure { rule, place, what });
        }
    };
    for (index, rule) in rules.rules().iter().enumerate() {
        for guard in &rule.tests {
            let held = match &guard.stand_in {
                None => hold(&guard.trial, index, rules),
                Some(rule) => hold(&guard.trial, 0, &alone(rule)?),
            };
            note(&rule.id, guard, held);
        }
    }
    for escalation in rules.escalations() {
        for guard in &escalation.tests {
            let Trial::Series(series) = &guard.trial else { continue };
            note(&escalation.id, guard, series::hold(series, &escalation.id, rules));
        }
    }
    Ok(outcome)
}

/// A rule with stand-ins for its lists, and nothing else.
fn alone(rule: &Rule) -> Result<RuleSet, RuleSetError> {
    let rule = Rule { status: Status::Live, tests: Vec::new(), ..rule.clone() };
    RuleSet::build(vec![Pack {
        name: rule.pack.as_ref().to_owned(),
        version: rule.version.as_ref().to_owned(),
        owner: String::new(),
        description: String::new(),
        rules: vec![rule],
        escalations: Vec::new(),
    }])
}

fn hold(trial: &Trial, rule: usize, rules: &RuleSet) -> Result<(), String> {
    let (fires, post, expected) = match trial {
        Trial::Post { fires, post, actions } => (*fires, post, actions.as_deref()),
        Trial::Series(series) => {
            let id = rules.rules().get(rule).map_or("", |rule| rule.id.as_str());
            return series::hold(series, id, rules);
        }
    };
    let reading = Reading { format: Format::Native, limits: Limits::default() };
    let screened = screen(Some(post.as_bytes()), rules, &reading)
        .map_err(|fault| format!("the test's post cannot be read: {fault}"))?;
    let fired = screened.verdict.fired.iter().find(|fired| fired.rule == rule);
    match (fires, fired) {
        (true, None) if screened.verdict.unknown.contains(&rule) => Err(format!(
            "should fire, but the condition compares what the test's post lacks: give it {}{}",
            lacking(rule, rules, &screened),
            found(rule, rules, &screened)
        )),
        (true, None) => Err(format!("should fire, but does not{}", found(rule, rules, &screened))),
        (false, Some(_)) => {
            Err(format!("should be quiet, but fires{}", found(rule, rules, &screened)))
        }
        (true, Some(fired)) => {
            let strike = rules.rules().get(rule).and_then(|rule| rule.strike);
            asks_for(expected, fired, strike.filter(|_| !fired.softened))
        }
        (false, None) => Ok(()),
    }
}

/// Does the rule ask for all that is expected, and for nothing else?
fn asks_for(
    expected: Option<&[Expected]>,
    fired: &Fired,
    strike: Option<Strike>,
) -> Result<(), String> {
    let Some(expected) = expected else { return Ok(()) };
    let actions = fired.actions.iter().cloned().map(Expected::Action);
    let came: Vec<Expected> = actions.chain(strike.map(Expected::Strike)).collect();
    let meets = |wanted: &Expected, one: &Expected| match wanted {
        Expected::Named(name) => name_of(one) == name,
        whole => whole == one,
    };
    let all_came = expected.iter().all(|wanted| came.iter().any(|one| meets(wanted, one)));
    let all_wanted = came.iter().all(|one| expected.iter().any(|wanted| meets(wanted, one)));
    if all_came && all_wanted {
        return Ok(());
    }
    let has_details = expected.iter().any(|wanted| !matches!(wanted, Expected::Named(_)));
    let list = |asked: &[Expected]| {
        let mut told: Vec<String> = asked
            .iter()
            .map(|one| if has_details { details_of(one) } else { name_of(one).to_owned() })
            .collect();
        told.sort();
        told.join(", ")
    };
    Err(format!("should ask for {}, but asks for {}", list(expected), list(&came)))
}

fn name_of(asked: &Expected) -> &str {
    match asked {
        Expected::Named(name) => name,
        Expected::Action(action) => action.kind.name(),
        Expected::Strike(_) => "strike",
    }
}

/// As it would be written in a rule.
fn details_of(asked: &Expected) -> String {
    let for_ms = |action: &Action| action.for_ms.map(|ms| format!("for: {}s", ms / 1000));
    let details: Vec<String> = match asked {
        Expected::Named(_) => Vec::new(),
        Expected::Strike(Strike { channel, author }) => {
            let points = [("channel", channel), ("author", author)].into_iter();
            let points = points.filter(|(_, points)| **points > 0);
            points.map(|(whom, points)| format!("{whom}: {points}")).collect()
        }
        Expected::Action(action) => match &action.kind {
            ActionKind::Refer { queue, subject, due_ms } => {
                let due = due_ms.map(|ms| format!("due: {}s", ms / 1000));
                let subject = format!("subject: {}", subject.name());
                [Some(format!("queue: {queue}")), Some(subject), due]
                    .into_iter()
                    .flatten()
                    .collect()
            }
            ActionKind::Label(label) => vec![format!("label: {label}")],
            _ => for_ms(action).into_iter().collect(),
        },
    };
    let name = name_of(asked);
    if details.is_empty() {
        name.to_owned()
    } else {
        format!("{{{name}: {{{}}}}}", details.join(", "))
    }
}

/// Which of the rule's patterns hit, for the person who mends it.
/// The fields that the condition of a rule compares and the post does not have, each once.
fn lacking(rule: usize, rules: &RuleSet, screened: &Screened<'_>) -> String {
    fn collect(step: &Step, fields: &mut Vec<String>) {
        if let From::Seen(Seeing::Missing(field)) = step.from {
            let field = format!("`{field}`");
            if !fields.contains(&field) {
                fields.push(field);
            }
        }
        step.parts.iter().for_each(|part| collect(part, fields));
    }
    let all = explain(rules.rules(), rules.first_patterns(), &screened.post, &screened.hits);
    let mut fields = Vec::new();
    for explained in all.iter().filter(|explained| explained.rule == rule) {
        collect(&explained.condition, &mut fields);
    }
    fields.join(" and ")
}

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
