//! Topic `controls`: what makes a rule milder for a while, without a new pack. People write it, and
//! limits that were tripped. Nobody signs these records, so milder is all they can do. See
//! `schemas/control.json`.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::json;
use super::signal::{ReadError, checked, head};
use crate::record::{Outgoing, Topic};
use crate::rules::{Limit, Status, Tripped};

/// Version of the records that this program writes.
const VERSION: u32 = super::signal::VERSION;

/// In place of a person: a limit wrote it.
const BY_LIMIT: &str = "tidegate";

/// Why and how far a rule is held back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Control {
    v: u32,
    /// The rule.
    pub rule: String,
    /// It has no higher status than this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<Held>,
    /// It acts, and no harsher than so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cap: Option<Cap>,
    /// Who says so.
    pub by: String,
    /// Why.
    pub reason: String,
    /// Until when; `None`: until it is lifted.
    pub until: Option<Timestamp>,
    /// When a limit was tripped; `None`: a person says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tripped: Option<Timestamp>,
}

/// The statuses that a control can give.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Held {
    /// As if the rule were not there.
    Draft,
    /// It counts and acts on nothing.
    Shadow,
}

/// What a control leaves of the actions of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Cap {
    /// It restricts and removes nothing.
    Restrict,
    /// It only refers.
    Refer,
}

impl Held {
    /// As the status of a rule.
    #[must_use]
    pub fn status(self) -> Status {
        match self {
            Self::Draft => Status::Draft,
            Self::Shadow => Status::Shadow,
        }
    }
}

impl Cap {
    /// As it is written.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Restrict => "restrict",
            Self::Refer => "refer",
        }
    }

    /// As what a limit leaves.
    #[must_use]
    pub fn leaves(self) -> Tripped {
        match self {
            Self::Restrict => Tripped::Restrict,
            Self::Refer => Tripped::Refer,
        }
    }
}

impl Control {
    /// What a person says. At least one of the two holds it back.
    #[must_use]
    pub fn by_person(
        rule: String,
        (status, cap): (Option<Held>, Option<Cap>),
        (by, reason): (String, String),
        until: Option<Timestamp>,
    ) -> Self {
        Self { v: VERSION, rule, status, cap, by, reason, until, tripped: None }
    }

    /// What is said of a rule that has tripped its limit. `now_ms`: Unix milliseconds.
    #[must_use]
    pub fn by_limit(rule: String, limit: &Limit, now_ms: i64) -> Self {
        let (status, cap) = match limit.then {
            Tripped::Restrict => (None, Some(Cap::Restrict)),
            Tripped::Refer => (None, Some(Cap::Refer)),
            Tripped::Shadow => (Some(Held::Shadow), None),
            Tripped::Alert => (None, None),
        };
        let (most, of, seconds) = (limit.at_most, limit.of.name(), limit.within_ms / 1000);
        Self {
            v: VERSION,
            rule,
            status,
            cap,
            by: BY_LIMIT.to_owned(),
            reason: format!("acted on more than {most} {of}s within {seconds} s"),
            until: None,
            tripped: Some(Timestamp::from_millisecond(now_ms).unwrap_or_default()),
        }
    }

    /// What a person says after what is said already: what a limit has said of the rule stays until somebody
    /// lifts it.
    #[must_use]
    pub fn after(mut self, before: Option<&Self>) -> Self {
        if let Some(limit) = before.filter(|before| before.tripped.is_some()) {
            self.tripped = limit.tripped;
            // The milder of two.
            let refers = [self.cap, limit.cap].contains(&Some(Cap::Refer));
            self.cap = if refers { Some(Cap::Refer) } else { self.cap.or(limit.cap) };
            if limit.status == Some(Held::Shadow) && self.status.is_none() {
                self.status = limit.status;
            }
        }
        self
    }

    /// What of it holds at this time. What a person says may end; what a limit says does not.
    #[must_use]
    pub fn at(&self, now: Timestamp) -> Option<Self> {
        if self.until.is_none_or(|until| now < until) {
            return Some(self.clone());
        }
        self.tripped.map(|_| Self { status: None, until: None, ..self.clone() })
    }

    /// The record that puts it in force.
    #[must_use]
    pub fn to_outgoing(&self) -> Outgoing {
        record(&self.rule, Some(json(self)))
    }
}

/// The record that lifts a control, and lets a limit trip anew.
#[must_use]
pub fn lifted(rule: &str) -> Outgoing {
    record(rule, None)
}

fn record(rule: &str, value: Option<Vec<u8>>) -> Outgoing {
    Outgoing {
        topic: Topic::Controls,
        partition: Some(0),
        key: Some(rule.as_bytes().to_vec()),
        value,
        headers: Vec::new(),
    }
}

/// Reads the value of a record of the topic.
///
/// # Errors
/// [`ReadError`]: not a control, or one of a newer program.
pub fn read(value: &[u8]) -> Result<Control, ReadError> {
    head("control", value)?;
    checked("control", value)
}
