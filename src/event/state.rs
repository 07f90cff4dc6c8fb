//! Topic `state`: the counters of hop 2, a record for each distinct value that a counter holds.
//! Internal and compacted; see `schemas/state.json`.

use serde::{Deserialize, Serialize};

use super::candidate::Candidate;
use super::json;
use super::signal::{ReadError, VERSION, checked, head};
use crate::record::{Outgoing, Topic, partition_of};

/// Where a distinct value of a counter is kept. On the wire the JSON array `[rule, key, slot]`:
/// it must never change, or records would no longer replace each other.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "(String, String, u32)", from = "(String, String, u32)")]
pub struct StateKey {
    /// Rule id.
    pub rule: String,
    /// [`super::signal::Signal::key`]. Owns the partition.
    pub key: String,
    /// Which of the counter's places, from 0.
    pub slot: u32,
}

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
    /// [`super::signal::Signal::value`].
    pub value: String,
    /// Newest record time of a post with this value, Unix milliseconds.
    pub time_ms: i64,
    /// Candidates that wait for the count to be reached.
    pub candidates: Vec<Candidate>,
    /// True once the candidates were acted on.
    pub acted: bool,
}

/// The wire form, borrowed to write.
#[derive(Serialize)]
struct Out<'s> {
    v: u32,
    value: &'s str,
    time_ms: i64,
    candidates: &'s [Candidate],
    acted: bool,
}

/// The wire form, read.
#[derive(Deserialize)]
struct In {
    value: String,
    time_ms: i64,
    candidates: Vec<Candidate>,
    acted: bool,
}

impl StateKey {
    /// The key of the record.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        json(self)
    }

    /// The record that sets this place, or with `None` clears it; `partitions`: of the state
    /// topic, the same number as of signals.
    #[must_use]
    pub fn to_outgoing(&self, value: Option<&StateValue>, partitions: i32) -> Outgoing {
        Outgoing {
            topic: Topic::State,
            partition: Some(partition_of(self.key.as_bytes(), partitions)),
            key: Some(self.to_bytes()),
            value: value.map(StateValue::to_bytes),
            headers: Vec::new(),
        }
    }
}

impl StateValue {
    /// The value of the record.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let Self { value, time_ms, candidates, acted } = self;
        json(&Out { v: VERSION, value, time_ms: *time_ms, candidates, acted: *acted })
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
    let In { value, time_ms, candidates, acted } = checked("state value", value)?;
    Ok(StateValue { value, time_ms, candidates, acted })
}
