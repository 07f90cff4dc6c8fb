//! Why an event stands: rules and what they saw, without a word of it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Decision;
use super::issuer::Issuer;
use super::scope::Scope;
use super::time::Time;
use crate::rules::{Escalation, Ground, Pattern, PatternKind, Rule};
use crate::score::{Fired, Hit};

/// What kind of decision stands behind a cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CauseKind {
    /// One post was enough.
    Rule,
    /// A counter was reached.
    Count,
    /// A channel or an account has gathered strikes.
    Strikes,
}

/// One rule's reason for an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cause {
    /// What kind of decision.
    pub kind: CauseKind,
    /// Rule id.
    pub rule: String,
    /// Its pack.
    pub pack: String,
    /// Version of the pack.
    pub version: String,
    /// `live`, `canary` or `shadow`: how the rule stood when it was decided.
    pub status: String,
    /// Category of the rule.
    pub category: String,
    /// Severity of the rule.
    pub severity: String,
    /// True where `soften` chose milder actions.
    pub softened: bool,
    /// True where the rule is above its limit, so that less is done than it says.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub limited: bool,
    /// Where the rule holds.
    pub scope: Scope,
    /// Until when this rule asks for the action; null: until undone.
    pub until: Option<Time>,
    /// What the rule says to people and authorities.
    pub reason: Option<Reason>,
    /// The counter, where `kind` is `count`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<Counted>,
    /// The strikes, where `kind` is `strikes`; `rule` is then the escalation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strikes: Option<Struck>,
    /// What was seen.
    pub evidence: Vec<Evidence>,
}

/// A counter that was reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counted {
    /// Whose counter: `author.id`, `channel.id`, `links.domain`.
    pub by: String,
    /// That author or channel; of a domain its keyed id.
    pub key: String,
    /// What was counted.
    pub different: String,
    /// Distinct values that were needed.
    pub at_least: u64,
    /// Within so many milliseconds of record time.
    pub within_ms: i64,
}

/// Strikes that were enough.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Struck {
    /// Points they come to.
    pub points: u64,
    /// Points that were needed.
    pub at_least: u64,
    /// Within so many milliseconds of record time.
    pub within_ms: i64,
    /// The rules that gave them, sorted, each once.
    pub rules: Vec<String>,
}

/// One hit: where, by which pattern and line, never what it says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Flat")]
pub struct Evidence {
    /// Name of the pattern in the rule.
    pub pattern: String,
    /// Keyed id of the list line, for patterns with lists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry: Option<String>,
    /// Where.
    #[serde(flatten)]
    pub place: Place,
}

/// Where a hit is, as its JSON tells it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Place {
    /// In a text.
    Text {
        /// Part of the post.
        part: String,
        /// Which one, of a part that repeats.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        index: Option<u16>,
        /// The mildest form of the text that gave it.
        view: String,
        /// First byte in the original part.
        start: u64,
        /// Byte after the last.
        end: u64,
    },
    /// A field, or a hash of a medium.
    Field {
        /// JSON pointer into the post as the native format has it.
        field: String,
    },
}

/// A hit to be read: as with events, nothing has to be kept aside.
#[derive(Deserialize)]
struct Flat {
    pattern: String,
    entry: Option<String>,
    part: Option<String>,
    index: Option<u16>,
    view: Option<String>,
    start: Option<u64>,
    end: Option<u64>,
    field: Option<String>,
}

impl TryFrom<Flat> for Evidence {
    type Error = &'static str;

    fn try_from(flat: Flat) -> Result<Self, Self::Error> {
        let Flat { pattern, entry, index, field, .. } = flat;
        let place = match (flat.part, flat.view, flat.start, flat.end) {
            (Some(part), Some(view), Some(start), Some(end)) => {
                Place::Text { part, index, view, start, end }
            }
            _ => Place::Field { field: field.ok_or("a hit is in a text or a field")? },
        };
        Ok(Self { pattern, entry, place })
    }
}

/// What a decision rests on, in words of the rule's authors.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ground", rename_all = "snake_case")]
pub enum Reason {
    /// The platform's terms.
    Terms {
        /// Clause of the terms.
        clause: String,
        /// Explanation by language code.
        explanation: BTreeMap<String, String>,
    },
    /// Law.
    Illegal {
        /// Law by country or group.
        law: BTreeMap<String, String>,
        /// Explanation by language code.
        explanation: BTreeMap<String, String>,
    },
}

impl From<&crate::rules::Reason> for Reason {
    fn from(reason: &crate::rules::Reason) -> Self {
        let map = |pairs: &[(String, String)]| pairs.iter().cloned().collect();
        let explanation = map(&reason.explanation);
        match &reason.ground {
            Ground::Terms { clause } => Self::Terms { clause: clause.clone(), explanation },
            Ground::Illegal { law } => Self::Illegal { law: map(law), explanation },
        }
    }
}

/// Hits shown of one cause: with [`CAUSES_PER_EVENT`] causes some 400 KB, safely below the 1 MB
/// that brokers take, whatever a post and a rule set hold.
pub(super) const EVIDENCE_PER_CAUSE: usize = 64;

/// Causes of one event; further ones go out under the same id.
pub(super) const CAUSES_PER_EVENT: usize = 32;

impl Cause {
    /// Of a rule that fired, not yet bound to an action's duration.
    pub(super) fn of(decision: &Decision<'_>, issuer: &Issuer, fired: &Fired, rule: &Rule) -> Self {
        Self {
            kind: CauseKind::Rule,
            rule: rule.id.clone(),
            pack: rule.pack.as_ref().to_owned(),
            version: rule.version.as_ref().to_owned(),
            status: rule.status.name().to_owned(),
            category: rule.category.clone(),
            severity: rule.severity.name().to_owned(),
            softened: fired.softened,
            limited: fired.limited.is_some(),
            scope: Scope::from(&rule.scope),
            until: None,
            reason: rule.reason.as_ref().map(Reason::from),
            count: None,
            strikes: None,
            evidence: evidence(decision, issuer, fired, rule),
        }
    }
}

impl Cause {
    /// Of an escalation, not yet bound to an action's duration.
    pub(super) fn escalated(escalation: &Escalation, strikes: Struck) -> Self {
        Self {
            kind: CauseKind::Strikes,
            rule: escalation.id.clone(),
            pack: escalation.pack.as_ref().to_owned(),
            version: escalation.version.as_ref().to_owned(),
            status: escalation.status.name().to_owned(),
            category: escalation.category.clone(),
            severity: escalation.severity.name().to_owned(),
            softened: false,
            limited: false,
            scope: Scope::from(&escalation.scope),
            until: None,
            reason: escalation.reason.as_ref().map(Reason::from),
            count: None,
            strikes: Some(strikes),
            evidence: Vec::new(),
        }
    }
}

fn evidence(decision: &Decision<'_>, issuer: &Issuer, fired: &Fired, rule: &Rule) -> Vec<Evidence> {
    let first = decision.first.get(fired.rule).map_or(0, |first| first.0);
    let named = |hit: &Hit| {
        let index = usize::try_from(hit.pattern.0.checked_sub(first)?).ok()?;
        rule.patterns.get(index)
    };
    let hits = fired.evidence.iter().filter_map(|&index| decision.hits.all.get(index));
    let hits: Vec<&Hit> = hits.collect();
    fair(&hits).into_iter().filter_map(|hit| show(decision, issuer, named(hit)?, hit)).collect()
}

/// At most [`EVIDENCE_PER_CAUSE`], the same number of every pattern, so that none goes unseen
/// before there are more patterns than that.
fn fair<'h>(hits: &[&'h Hit]) -> Vec<&'h Hit> {
    let patterns = hits.chunk_by(|a, b| a.pattern == b.pattern).count().max(1);
    let each = (EVIDENCE_PER_CAUSE / patterns).max(1);
    let shown = hits.chunk_by(|a, b| a.pattern == b.pattern).flat_map(|own| own.iter().take(each));
    shown.take(EVIDENCE_PER_CAUSE).copied().collect()
}

fn show(
    decision: &Decision<'_>,
    issuer: &Issuer,
    pattern: &Pattern,
    hit: &Hit,
) -> Option<Evidence> {
    Some(Evidence {
        pattern: pattern.name.clone(),
        entry: line(&pattern.kind, hit.entry).map(|line| issuer.entry(line)),
        place: match hit.field {
            Some(spot) => Place::Field { field: spot.pointer() },
            None => place(decision, hit)?,
        },
    })
}

fn place(decision: &Decision<'_>, hit: &Hit) -> Option<Place> {
    let piece = decision.pieces.get(hit.piece)?;
    Some(Place::Text {
        part: piece.part.name().to_owned(),
        index: piece.part.repeats().then_some(piece.index),
        view: hit.view.name().to_owned(),
        start: hit.range.start as u64,
        end: hit.range.end as u64,
    })
}

/// The line of a pattern's list; for links that of `domains`, else of `channels`.
fn line(kind: &PatternKind, entry: usize) -> Option<&str> {
    let list = match kind {
        PatternKind::Entries { entries, .. } => entries,
        PatternKind::Links(links) => links.domains.as_ref().or(links.channels.as_ref())?,
        PatternKind::Handles(list) => list.as_ref()?,
        PatternKind::Media(_, entries) | PatternKind::Field(_, entries) => entries,
        PatternKind::Regex(_) | PatternKind::Phones(_) | PatternKind::Wallets(_) => return None,
    };
    list.get(entry).map(|entry| entry.text.as_str())
}
