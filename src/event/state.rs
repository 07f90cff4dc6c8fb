//! Topic `state`: what hop 2 remembers. A record for each distinct value that a counter holds, for
//! each strike that still counts, for each channel or account that was acted on, and for what rules with
//! limits acted on lately. Internal and
//! compacted; see `schemas/state.json`.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::json;
use super::signal::{ReadError, VERSION, checked, head};
use super::waiting::Waiting;
use crate::record::{Outgoing, Topic, partition_of};

/// Where a distinct value of a counter is kept. On the wire the JSON array `[rule, key, slot]`:
/// it must never change, or records would no longer replace each other.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "(String, String, u32)", from = "(String, String, u32)")]
pub struct StateKey {
    /// Rule id; [`STRIKES`], [`ACTS`] or [`LIMITS`], which no rule is called.
    pub rule: String,
    /// [`super::signal::Counting::key`], [`super::signal::owner_key`] or [`super::signal::Did::key`]. Owns
    /// the partition.
    pub key: String,
    /// Which of the places under this key, from 0.
    pub slot: u32,
}

/// In place of a rule's id: strikes against a channel or an account.
pub const STRIKES: &str = "strikes";
/// In place of a rule's id: what was done to a channel or an account.
pub const ACTS: &str = "acts";
/// In place of a rule's id: what a rule acted on.
pub const LIMITS: &str = "limits";

impl From<(String, String, u32)> for StateKey {
    fn from((rule, key, slot): (String, String, u32)) -> Self {
        Self { rule, key, slot }
    }
}

impl From<StateKey> for (String, String, u32) {
    fn from(key: StateKey) -> Self {
        (key.rule, key.key, key.slot)
    }
}

/// One distinct value of a counter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateValue {
    /// [`super::signal::Counting::value`].
    pub value: String,
    /// Newest record time of a post with this value, Unix milliseconds.
    pub time_ms: i64,
    /// What waits for the count to be reached.
    pub waiting: Waiting,
    /// True once the candidates were acted on.
    pub acted: bool,
}

/// A strike that still counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StruckValue {
    /// Rule id.
    pub rule: String,
    /// Category of the rule.
    pub category: String,
    /// How much it weighs.
    pub points: u32,
    /// Keyed id of the post.
    pub post: String,
    /// Record time, Unix milliseconds.
    pub time_ms: i64,
}

/// What was done to a channel or an account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActsValue {
    /// How often it was reinstated, or something done to it for a time ran out.
    pub revision: i64,
    /// What was done, each action with each label or queue once.
    pub acts: Vec<Done>,
}

/// Something that was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    /// The action.
    pub action: String,
    /// Queue; empty for all but referrals.
    pub detail: String,
    /// Record time of the post that led to it, Unix milliseconds.
    pub time_ms: i64,
    /// Until when, Unix milliseconds; `None`: until it is undone.
    pub until_ms: Option<i64>,
    /// The revision of the subject that it was done to: part of the takedown's id.
    #[serde(default)]
    pub revision: i64,
}

/// What a rule with a limit acted on in one transaction of a worker.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActedValue {
    /// Newest record time, Unix milliseconds.
    pub time_ms: i64,
    /// [`super::signal::Did::things`].
    pub things: Vec<String>,
}

/// A record with its version.
#[derive(Serialize)]
struct Wire<'s, T> {
    v: u32,
    #[serde(flatten)]
    value: &'s T,
}

/// The wire form, borrowed to write.
#[derive(Serialize)]
struct Out<'s> {
    v: u32,
    value: &'s str,
    time_ms: i64,
    candidates: &'s RawValue,
    #[serde(skip_serializing_if = "Option::is_none")]
    strikes: Option<&'s RawValue>,
    acted: bool,
}

/// The wire form, read.
#[derive(Deserialize)]
struct In {
    value: String,
    time_ms: i64,
    candidates: Box<RawValue>,
    #[serde(default)]
    strikes: Option<Box<RawValue>>,
    acted: bool,
}

impl StateKey {
    /// The key of the record.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        json(self)
    }

    /// The record that sets this place to these bytes, or with `None` clears it; `partitions`: of the
    /// state topic, the same number as of signals.
    #[must_use]
    pub fn to_outgoing(&self, value: Option<Vec<u8>>, partitions: i32) -> Outgoing {
        Outgoing {
            topic: Topic::State,
            partition: Some(partition_of(self.key.as_bytes(), partitions)),
            key: Some(self.to_bytes()),
            value,
            headers: Vec::new(),
        }
    }
}

impl StateValue {
    /// The value of the record.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let Self { value, time_ms, waiting, acted } = self;
        let (candidates, strikes) = waiting.lists();
        json(&Out { v: VERSION, value, time_ms: *time_ms, candidates, strikes, acted: *acted })
    }
}

impl StruckValue {
    /// The value of the record.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        json(&Wire { v: VERSION, value: self })
    }
}

impl ActsValue {
    /// The value of the record.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        json(&Wire { v: VERSION, value: self })
    }
}

impl ActedValue {
    /// The value of the record.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        json(&Wire { v: VERSION, value: self })
    }
}

/// Reads the key of a state record.
///
/// # Errors
/// [`ReadError::Json`].
pub fn read_key(key: &[u8]) -> Result<StateKey, ReadError> {
    checked("state key", key)
}

/// Reads the value of a state record.
///
/// # Errors
/// [`ReadError`]: not a counter's value, or one of a newer program.
pub fn read_value(value: &[u8]) -> Result<StateValue, ReadError> {
    head("state value", value)?;
    let In { value, time_ms, candidates, strikes, acted } = checked("state value", value)?;
    let waiting = Waiting::read(candidates, strikes)?;
    Ok(StateValue { value, time_ms, waiting, acted })
}

/// Reads the value of a strike.
///
/// # Errors
/// [`ReadError`]: no strike, or one of a newer program.
pub fn read_strike(value: &[u8]) -> Result<StruckValue, ReadError> {
    head("strike", value)?;
    checked("strike", value)
}

/// Reads what was done to a channel or an account.
///
/// # Errors
/// [`ReadError`]: none of that, or of a newer program.
pub fn read_acts(value: &[u8]) -> Result<ActsValue, ReadError> {
    head("acts", value)?;
    checked("acts", value)
}

/// Reads what a rule acted on.
///
/// # Errors
/// [`ReadError`]: none of that, or of a newer program.
pub fn read_acted(value: &[u8]) -> Result<ActedValue, ReadError> {
    head("acted", value)?;
    checked("acted", value)
}
