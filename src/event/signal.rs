//! Topic `signals`: from a post to the owner of a counter. Internal; see `schemas/signal.json`.

use serde::{Deserialize, Serialize};

use super::candidate::Candidate;
use super::json;
use crate::record::{Outgoing, Topic, partition_of};

/// Version of internal records that this program writes, and the newest it reads.
pub const VERSION: u32 = 1;

/// A post of a counting rule: it counts, and it waits to be acted on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signal {
    /// Rule id.
    pub rule: String,
    /// Whose counter: an author or channel id, or the keyed id of a domain. Owns the partition.
    pub key: String,
    /// The distinct value that counts, as an id.
    pub value: String,
    /// The post's record time, Unix milliseconds: the only time of counters.
    pub time_ms: i64,
    /// What the rule asks for, one for each action.
    pub candidates: Vec<Candidate>,
}

/// Why an internal record could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// Not the JSON that was expected. The place, not the content.
    #[error("{what}: not the JSON of this version, at line {line} column {column}")]
    Json {
        /// `signal`, `state key` or `state value`.
        what: &'static str,
        /// Line, from 1.
        line: usize,
        /// Column, from 1; 0 at the very start.
        column: usize,
    },
    /// Written by a newer program.
    #[error("{what}: version {found}, this program reads up to {VERSION}; update it first")]
    Version {
        /// `signal` or `state value`.
        what: &'static str,
        /// What it says.
        found: u32,
    },
    /// A signal of a kind that is not known here.
    #[error("signal: kind is not `candidate`; update this program first")]
    Kind,
}

/// The wire form, borrowed to write.
#[derive(Serialize)]
struct Out<'s> {
    v: u32,
    kind: &'static str,
    rule: &'s str,
    key: &'s str,
    value: &'s str,
    time_ms: i64,
    candidates: &'s [Candidate],
}

/// The wire form, read.
#[derive(Deserialize)]
struct In {
    rule: String,
    key: String,
    value: String,
    time_ms: i64,
    candidates: Vec<Candidate>,
}

/// What every version and kind has: asked first, so that a newer record is named as what it is.
#[derive(Deserialize)]
pub(super) struct Head {
    v: u32,
    #[serde(default)]
    kind: String,
}

const KIND: &str = "candidate";

impl Signal {
    /// The record to send; `partitions`: of the signals topic.
    #[must_use]
    pub fn to_outgoing(&self, partitions: i32) -> Outgoing {
        let Self { rule, key, value, time_ms, candidates } = self;
        let out = Out { v: VERSION, kind: KIND, rule, key, value, time_ms: *time_ms, candidates };
        Outgoing {
            topic: Topic::Signals,
            partition: Some(partition_of(key.as_bytes(), partitions)),
            key: Some(key.clone().into_bytes()),
            value: Some(json(&out)),
            headers: Vec::new(),
        }
    }
}

/// Reads the value of a signals record.
///
/// # Errors
/// [`ReadError`]: not a signal, or one of a newer program.
pub fn read(value: &[u8]) -> Result<Signal, ReadError> {
    if head("signal", value)?.kind != KIND {
        return Err(ReadError::Kind);
    }
    let In { rule, key, value, time_ms, candidates } = checked("signal", value)?;
    Ok(Signal { rule, key, value, time_ms, candidates })
}

/// Parses JSON; the fault names the place only.
pub(super) fn checked<'b, T: Deserialize<'b>>(
    what: &'static str,
    bytes: &'b [u8],
) -> Result<T, ReadError> {
    let place = |fault: serde_json::Error| ReadError::Json {
        what,
        line: fault.line(),
        column: fault.column(),
    };
    serde_json::from_slice(bytes).map_err(place)
}

/// Version and kind of a record, where this program reads that version.
pub(super) fn head(what: &'static str, value: &[u8]) -> Result<Head, ReadError> {
    let head: Head = checked(what, value)?;
    if head.v > VERSION {
        return Err(ReadError::Version { what, found: head.v });
    }
    Ok(head)
}
