//! The `controls` topic: what makes a rule milder for a while, without a new pack. Nobody signs
//! these records, so milder is all they can do.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::record::{Outgoing, Topic};
use crate::rules::{Pack, Status};

/// Version of the records that this program writes, and the newest it reads.
const VERSION: u32 = 1;

/// Why and how far a rule is held back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Control {
    v: u32,
    /// The rule.
    pub rule: String,
    /// It has no higher status than this.
    pub status: Held,
    /// Who says so.
    pub by: String,
    /// Why.
    pub reason: String,
    /// Until when; `None`: until it is lifted.
    pub until: Option<Timestamp>,
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

/// Why a record of the topic is passed over.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ControlFault {
    /// Not the JSON that was expected.
    #[error("it is not the JSON of this version, at line {line} column {column}")]
    Json {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
    },
    /// Written by a newer program.
    #[error("it has version {0}, this program reads up to {VERSION}")]
    Version(u32),
    /// Its key names another rule than its value.
    #[error("its key names another rule")]
    Key,
}

impl Control {
    /// A control as it is to be written.
    #[must_use]
    pub fn new(
        rule: String,
        status: Held,
        by: String,
        reason: String,
        until: Option<Timestamp>,
    ) -> Self {
        Self { v: VERSION, rule, status, by, reason, until }
    }

    /// The record that puts it in force.
    ///
    /// # Errors
    /// None in practice: these fields can all be written.
    pub fn to_outgoing(&self) -> Result<Outgoing, serde_json::Error> {
        Ok(record(&self.rule, Some(serde_json::to_vec(self)?)))
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

/// All controls, by rule.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Controls {
    by_rule: BTreeMap<String, Control>,
}

impl Controls {
    /// Takes a record of the topic. One that cannot be read leaves what was said before.
    ///
    /// # Errors
    /// Why it was passed over.
    pub fn take(&mut self, key: &[u8], value: Option<&[u8]>) -> Result<(), ControlFault> {
        /// What every version has.
        #[derive(Deserialize)]
        struct Head {
            v: u32,
        }
        let json = |fault: serde_json::Error| ControlFault::Json {
            line: fault.line(),
            column: fault.column(),
        };
        let rule = std::str::from_utf8(key).map_err(|_| ControlFault::Key)?;
        let Some(value) = value else {
            self.by_rule.remove(rule);
            return Ok(());
        };
        let Head { v } = serde_json::from_slice(value).map_err(json)?;
        if v > VERSION {
            return Err(ControlFault::Version(v));
        }
        let control: Control = serde_json::from_slice(value).map_err(json)?;
        if control.rule != rule {
            return Err(ControlFault::Key);
        }
        self.by_rule.insert(rule.to_owned(), control);
        Ok(())
    }

    /// Every control, whether it still holds or not.
    pub fn all(&self) -> impl Iterator<Item = &Control> {
        self.by_rule.values()
    }

    /// Those that hold at this time.
    #[must_use]
    pub fn at(&self, now: Timestamp) -> Self {
        let holds = |control: &Control| control.until.is_none_or(|until| now < until);
        let by_rule = self.by_rule.iter().filter(|(_, control)| holds(control));
        Self { by_rule: by_rule.map(|(rule, control)| (rule.clone(), control.clone())).collect() }
    }

    /// Holds these rules back.
    pub fn apply(&self, packs: &mut [Pack]) {
        let held = |id: &str, own: Status| {
            self.by_rule.get(id).map_or(own, |control| own.min(control.status.status()))
        };
        for pack in packs {
            for rule in &mut pack.rules {
                rule.status = held(&rule.id, rule.status);
            }
            for escalation in &mut pack.escalations {
                escalation.status = held(&escalation.id, escalation.status);
            }
        }
    }
}
