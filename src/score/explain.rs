//! Why a rule fires, or what it lacks: its condition step by step.

use super::condition::holds;
use super::facts::Facts;
use super::reach::Reach;
use super::seen::{self, Seen};
use super::{Hits, PatternId, Truth, fire};
use crate::decode::Post;
use crate::rules::{Action, Condition, FieldComparison, Literal, Rule, Value};

/// What a rule says about one post, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explained {
    /// Index into the rules.
    pub rule: usize,
    /// Does it look at posts of this kind?
    pub looks: bool,
    /// Its condition.
    pub condition: Step,
    /// The condition of `soften`, where it has one.
    pub soften: Option<Step>,
    /// What it asks for, if it fires.
    pub actions: Vec<Action>,
    /// Does its `exempt` name the post's channel? The record's time then decides.
    pub exempt: bool,
    /// Indexes of its hits in all hits that `except` hides.
    pub hidden: Vec<usize>,
}

/// One part of a condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The part as it is written.
    pub written: String,
    /// Does it hold?
    pub holds: Truth,
    /// What that follows from.
    pub from: From,
    /// Its parts: those of `and`, `or` and `not`.
    pub parts: Vec<Step>,
}

/// What the truth of a part follows from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum From {
    /// All of its parts.
    All,
    /// Any of its parts.
    Any,
    /// That its part does not hold.
    Not,
    /// What was seen in the post.
    Seen(Seeing),
}

/// What was seen of the names of a part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seeing {
    /// So many hits of a name.
    Hits(u32),
    /// So many names of these hit.
    Names {
        /// Names with a hit.
        hit: usize,
        /// All names.
        all: usize,
    },
    /// So many words lie between the nearest two; `None`: one side has no hit in any part where the
    /// other has one.
    Apart(Option<usize>),
    /// So many different values.
    Different(u32),
    /// A field has this value.
    Value(Literal),
    /// The post lacks this field.
    Missing(&'static str),
}

/// Explains every rule with a hit, drafts too. `first`: as for [`super::score`].
#[must_use]
pub fn explain(
    rules: &[Rule],
    first: &[PatternId],
    post: &Post<'_>,
    hits: &Hits,
) -> Vec<Explained> {
    let facts = Facts::new(post);
    let mut values: Vec<&seen::Value> = hits.values.iter().collect();
    values.sort_by_key(|(pattern, _, _)| *pattern);
    let mut out = Vec::new();
    for (index, (rule, &start)) in rules.iter().zip(first).enumerate() {
        let end = first.get(index + 1).copied().unwrap_or(PatternId(u32::MAX));
        let from = hits.all.partition_point(|hit| hit.pattern < start);
        let own = from..hits.all.partition_point(|hit| hit.pattern < end);
        if own.is_empty() {
            continue;
        }
        let seen = Seen::new(rule, start, (own.clone(), &hits.all), &values, &facts);
        let step = |condition: &Condition| step(condition, rule, &seen);
        let looks = rule.looks_at(post.kind);
        let condition = step(&rule.condition);
        let fires = looks && condition.holds.is_yes();
        let actions = if fires { fire(rule, index, &seen).actions } else { Vec::new() };
        out.push(Explained {
            rule: index,
            looks,
            condition,
            soften: rule.soften.as_ref().map(|soften| step(&soften.when)),
            actions,
            exempt: rule.exempt.as_ref().is_some_and(|exempt| exempt.names(&post.channel.id)),
            hidden: own.filter(|hit| !seen.has(*hit)).collect(),
        });
    }
    out
}

impl Explained {
    /// Does it fire?
    #[must_use]
    pub fn fires(&self) -> bool {
        self.looks && self.condition.holds.is_yes()
    }

    /// Does that depend on something that the post does not have?
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        self.looks && self.condition.holds == Truth::Unknown
    }
}

fn step(condition: &Condition, rule: &Rule, seen: &Seen<'_>) -> Step {
    let (from, parts) = match condition {
        Condition::And(parts) => (From::All, parts.as_slice()),
        Condition::Or(parts) => (From::Any, parts.as_slice()),
        Condition::Not(part) => (From::Not, std::slice::from_ref(&**part)),
        Condition::Pattern(name) | Condition::Hits(name, ..) => {
            (From::Seen(Seeing::Hits(seen.count(*name))), &[][..])
        }
        Condition::Different(name, ..) => {
            (From::Seen(Seeing::Different(seen.different(*name))), &[][..])
        }
        Condition::Of(_, names) => {
            let hit = names.iter().filter(|name| !seen.of(**name).is_empty()).count();
            (From::Seen(Seeing::Names { hit, all: names.len() }), &[][..])
        }
        Condition::Within { left, right, .. } => {
            (From::Seen(Seeing::Apart(apart(seen, left, right))), &[][..])
        }
        Condition::Field(compared) => (From::Seen(field(compared, seen.facts())), &[][..]),
    };
    Step {
        written: condition.shown(&rule.patterns).to_string(),
        holds: holds(condition, seen),
        from,
        parts: parts.iter().map(|part| step(part, rule, seen)).collect(),
    }
}

fn field(compared: &FieldComparison, facts: &Facts<'_>) -> Seeing {
    match facts.value(compared.what) {
        None => Seeing::Missing(facts.needs(compared.what)),
        Some(Value::Number(number)) => Seeing::Value(Value::Number(number)),
        Some(Value::Duration(ms)) => Seeing::Value(Value::Duration(ms)),
        Some(Value::Text(text)) => Seeing::Value(Value::Text(text.to_owned())),
        Some(Value::Boolean(truth)) => Seeing::Value(Value::Boolean(truth)),
    }
}

/// Words between the nearest hits of two sides.
fn apart(seen: &Seen<'_>, left: &[usize], right: &[usize]) -> Option<usize> {
    let (left, right) = (seen.of_all(left), seen.of_all(right));
    let most = left.iter().chain(&right).map(|(_, hit)| hit.words.end).max()?;
    let reach = Reach::new(right);
    let near = |words: usize| left.iter().any(|found| reach.has_near(*found, words));
    // Who is near within some words is near within more.
    let (mut low, mut high) = (0, most);
    while low < high {
        let middle = low.midpoint(high);
        if near(middle) { high = middle } else { low = middle + 1 }
    }
    near(high).then_some(high)
}
