//! What a pack does on past posts, beside what was done: by rule, and by what became of each post,
//! channel or account.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::Serialize;

use crate::event::{Event, Origin};

/// Samples kept of one rule and kind of difference.
pub(super) const SAMPLES: usize = 5;

/// Steps of the time axis.
pub(super) const STEPS: usize = 48;

/// What is acted on.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub(super) struct Whom {
    /// `post`, `channel` or `account`.
    pub(super) kind: String,
    /// Channel of a post.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) channel: Option<String>,
    /// Its id.
    pub(super) id: String,
}

/// What rules ask for: names, with label or queue.
type Asked = BTreeSet<String>;

/// What one side does to one subject.
#[derive(Clone, Debug, Default)]
struct Done {
    by_rule: BTreeMap<String, Asked>,
    /// Where it was first asked for.
    source: Option<Origin>,
}

/// What one side does.
#[derive(Debug, Default)]
pub(super) struct Side {
    done: HashMap<Whom, Done>,
}

impl Side {
    /// Takes an event, as far as it is this pack's. `None` of `pack`: all of it.
    pub(super) fn take(&mut self, event: &Event, pack: Option<&str>) {
        let basis = event.basis();
        let whom = Whom {
            kind: basis.subject.kind.clone(),
            channel: basis.subject.channel.clone(),
            id: basis.subject.id.clone(),
        };
        let asked = asked(event);
        let causes = basis.causes.iter().filter(|it| pack.is_none_or(|pack| pack == it.pack));
        for cause in causes {
            let done = self.done.entry(whom.clone()).or_default();
            done.by_rule.entry(cause.rule.clone()).or_default().insert(asked.clone());
            done.source.get_or_insert_with(|| basis.source.clone());
        }
    }
}

/// An action with its label or queue.
fn asked(event: &Event) -> String {
    match event {
        Event::Takedown(takedown) => match &takedown.label {
            Some(label) => format!("{} {label}", takedown.action),
            None => takedown.action.clone(),
        },
        Event::Referral(referral) => format!("{} {}", referral.action, referral.queue),
    }
}

/// How the two sides differ about one subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Difference {
    /// Both ask for the same.
    Same,
    /// Only the replayed pack acts.
    New,
    /// Only what was done acts.
    Gone,
    /// Both act, and ask for something else.
    Changed,
}

impl Difference {
    pub(super) const ALL: [Self; 4] = [Self::Same, Self::New, Self::Gone, Self::Changed];

    fn of(now: Option<&Asked>, before: Option<&Asked>) -> Self {
        match (now, before) {
            (Some(now), Some(before)) if now == before => Self::Same,
            (Some(_), Some(_)) => Self::Changed,
            (Some(_), None) => Self::New,
            (None, _) => Self::Gone,
        }
    }
}

/// One subject that the sides differ about.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Sample {
    /// How.
    pub(super) difference: Difference,
    /// Whom it is about.
    pub(super) subject: Whom,
    /// Where the post stands: `topic/partition@offset`.
    pub(super) source: String,
    /// What the replayed pack asks for.
    pub(super) now: Vec<String>,
    /// What was done.
    pub(super) before: Vec<String>,
}

/// A rule, and how the sides differ about it.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Row {
    /// Rule, or escalation.
    pub(super) rule: String,
    /// Subjects that both act on alike.
    pub(super) same: usize,
    /// Only the replayed pack.
    pub(super) new: usize,
    /// Only what was done.
    pub(super) gone: usize,
    /// Both, otherwise.
    pub(super) changed: usize,
    /// Some of those that differ.
    pub(super) samples: Vec<Sample>,
}

impl Row {
    fn note(&mut self, difference: Difference) {
        *match difference {
            Difference::Same => &mut self.same,
            Difference::New => &mut self.new,
            Difference::Gone => &mut self.gone,
            Difference::Changed => &mut self.changed,
        } += 1;
    }
}

/// So many subjects in a step of time, by difference in the order of [`Difference::ALL`].
pub(super) type Step = [usize; 4];

/// The comparison.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Compared {
    /// All rules together: a subject counts once.
    pub(super) total: Row,
    /// By rule, those with most differences first.
    pub(super) rules: Vec<Row>,
    /// Begin of the first step, Unix milliseconds.
    pub(super) from_ms: i64,
    /// Length of a step, milliseconds.
    pub(super) step_ms: i64,
    /// Subjects over time.
    pub(super) steps: Vec<Step>,
}

/// Compares two sides; `span`: first and last record time, Unix milliseconds.
pub(super) fn compare(now: &Side, before: &Side, span: (i64, i64)) -> Compared {
    let whole: BTreeSet<&Whom> = now.done.keys().chain(before.done.keys()).collect();
    let (from_ms, to_ms) = span;
    let steps = i64::try_from(STEPS).unwrap_or(1);
    let step_ms = ((to_ms - from_ms).max(0) / steps + 1).max(1);
    let mut compared =
        Compared { from_ms, step_ms, steps: vec![[0; 4]; STEPS], ..Compared::default() };
    compared.total.rule = "all rules".to_owned();
    let mut rows: BTreeMap<String, Row> = BTreeMap::new();
    let nothing = Done::default();
    for whom in whole {
        let pair =
            (now.done.get(whom).unwrap_or(&nothing), before.done.get(whom).unwrap_or(&nothing));
        let difference = difference_of_all(pair);
        compared.total.note(difference);
        compared.step(difference, pair);
        let rules: BTreeSet<&String> = pair.0.by_rule.keys().chain(pair.1.by_rule.keys()).collect();
        for rule in rules {
            let row = rows.entry(rule.clone()).or_default();
            let (now, before) = (pair.0.by_rule.get(rule), pair.1.by_rule.get(rule));
            let difference = Difference::of(now, before);
            row.note(difference);
            let of_kind = row.samples.iter().filter(|it| it.difference == difference).count();
            if difference != Difference::Same && of_kind < SAMPLES {
                row.samples.push(sample(whom, difference, (now, before), pair));
            }
        }
    }
    compared.rules = rows.into_iter().map(|(rule, row)| Row { rule, ..row }).collect();
    compared.rules.sort_by_key(|row| std::cmp::Reverse(row.new + row.gone + row.changed));
    compared
}

fn difference_of_all((now, before): (&Done, &Done)) -> Difference {
    let all = |done: &Done| -> Option<Asked> {
        let asked: Asked = done.by_rule.values().flatten().cloned().collect();
        Some(asked).filter(|asked| !asked.is_empty())
    };
    Difference::of(all(now).as_ref(), all(before).as_ref())
}

fn sample(
    whom: &Whom,
    difference: Difference,
    (now, before): (Option<&Asked>, Option<&Asked>),
    pair: (&Done, &Done),
) -> Sample {
    let list = |asked: Option<&Asked>| asked.into_iter().flatten().cloned().collect();
    let source = pair.0.source.as_ref().or(pair.1.source.as_ref());
    Sample {
        difference,
        subject: whom.clone(),
        source: source.map_or_else(String::new, place),
        now: list(now),
        before: list(before),
    }
}

/// `topic/partition@offset`.
fn place(source: &Origin) -> String {
    format!("{}/{}@{}", source.topic, source.partition, source.offset)
}

impl Compared {
    fn step(&mut self, difference: Difference, (now, before): (&Done, &Done)) {
        let Some(source) = now.source.as_ref().or(before.source.as_ref()) else { return };
        let at = (source.time.ms() - self.from_ms).max(0) / self.step_ms;
        let last = self.steps.len().saturating_sub(1);
        let index = usize::try_from(at).unwrap_or(0).min(last);
        let of = Difference::ALL.iter().position(|it| *it == difference).unwrap_or(0);
        if let Some(count) = self.steps.get_mut(index).and_then(|step| step.get_mut(of)) {
            *count += 1;
        }
    }
}
