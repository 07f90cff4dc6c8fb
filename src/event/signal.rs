//! Topic `signals`: from a post to the owner of a counter, a channel or an account. Internal; see
//! `schemas/signal.json`.

use serde::{Deserialize, Serialize};

use super::candidate::Candidate;
use super::json;
use super::subject::{Origin, Subject};
use crate::record::{Outgoing, Topic, partition_of};

/// Version of internal records that this program writes, and the newest it reads.
pub const VERSION: u32 = 1;

/// What is told to an owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signal {
    /// A post of a counting rule.
    Counting(Counting),
    /// A strike against a channel or an account.
    Strike(Strike),
    /// Something to be done to a channel or an account.
    Act(Act),
    /// Something that was done to one, to be undone.
    Reinstate(Reinstate),
    /// What a rule with a limit acted on.
    Did(Did),
}

/// A post of a counting rule: it counts, and it waits to be acted on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counting {
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
    /// What it gives besides, once it acts.
    pub strikes: Vec<Strike>,
}

/// A strike against a channel or an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Strike {
    /// Rule id.
    pub rule: String,
    /// Category of the rule.
    pub category: String,
    /// Whom it hits, revision 0.
    pub subject: Subject,
    /// How much it weighs, at least 1.
    pub points: u32,
    /// Keyed id of the post: however often it is edited, it is one strike of a rule.
    pub post: String,
    /// The post's record time, Unix milliseconds.
    pub time_ms: i64,
    /// Who speaks, as [`super::Issuer::deployment`].
    pub deployment: String,
    /// W3C trace context of the post, where it had a well-formed one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
    /// Where the post was read.
    pub source: Origin,
    /// Where a reviewer can see it.
    pub url: Option<String>,
}

/// Something to be done to a channel or an account, whose owner sees that it is done once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Act {
    /// The record time of the post that led to it, Unix milliseconds.
    pub time_ms: i64,
    /// The event, of revision 0.
    pub candidate: Candidate,
}

/// Something that was done to a channel or an account, to be undone because somebody says so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reinstate {
    /// When it was asked for, Unix milliseconds.
    pub time_ms: i64,
    /// Whom it is about, revision 0.
    pub subject: Subject,
    /// The action to undo.
    pub action: String,
    /// Who says so.
    pub by: String,
    /// Why.
    pub reason: String,
    /// Names the request, so that who asked finds the answer.
    pub request: String,
}

/// What a rule with a limit acted on in one transaction of a worker, or was kept from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Did {
    /// Rule id.
    pub rule: String,
    /// Newest record time, Unix milliseconds.
    pub time_ms: i64,
    /// Ids of channels, or keyed ids of posts, as the limit counts them; each once.
    pub things: Vec<String>,
}

impl Did {
    /// Owns the limit of a rule.
    #[must_use]
    pub fn key(&self) -> String {
        format!("rule/{}", self.rule)
    }
}

/// The key that a channel or an account is owned by: `channel/c1`, so that the two never meet.
#[must_use]
pub fn owner_key(subject: &Subject) -> String {
    format!("{}/{}", subject.kind, subject.id)
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
    #[error("signal: of a kind that this program does not know; update it first")]
    Kind,
}

/// The wire form of what counts, borrowed to write.
#[derive(Serialize)]
struct Out<'s> {
    rule: &'s str,
    key: &'s str,
    value: &'s str,
    time_ms: i64,
    candidates: &'s [Candidate],
    #[serde(skip_serializing_if = "<[Strike]>::is_empty")]
    strikes: &'s [Strike],
}

/// The wire form of what counts, read.
#[derive(Deserialize)]
struct In {
    rule: String,
    key: String,
    value: String,
    time_ms: i64,
    candidates: Vec<Candidate>,
    #[serde(default)]
    strikes: Vec<Strike>,
}

/// Any signal, with what all have.
#[derive(Serialize)]
struct Wire<T> {
    v: u32,
    kind: &'static str,
    #[serde(flatten)]
    signal: T,
}

/// What every version and kind has: asked first, so that a newer record is named as what it is.
#[derive(Deserialize)]
pub(super) struct Head {
    v: u32,
    #[serde(default)]
    kind: String,
}

const COUNTING: &str = "candidate";
const STRIKE: &str = "strike";
const ACT: &str = "act";
const REINSTATE: &str = "reinstate";
const DID: &str = "did";

impl Signal {
    /// The record to send; `partitions`: of the signals topic.
    #[must_use]
    pub fn to_outgoing(&self, partitions: i32) -> Outgoing {
        let (key, value) = match self {
            Self::Counting(counting) => counting.to_wire(),
            Self::Strike(strike) => (owner_key(&strike.subject), wire(STRIKE, strike)),
            Self::Act(act) => (owner_key(&act.candidate.event.basis().subject), wire(ACT, act)),
            Self::Reinstate(asked) => (owner_key(&asked.subject), wire(REINSTATE, asked)),
            Self::Did(did) => (did.key(), wire(DID, did)),
        };
        Outgoing {
            topic: Topic::Signals,
            partition: Some(partition_of(key.as_bytes(), partitions)),
            key: Some(key.into_bytes()),
            value: Some(value),
            headers: Vec::new(),
        }
    }

    /// Record time of the post that led to it, or when a person asked for it, Unix milliseconds.
    #[must_use]
    pub fn time_ms(&self) -> i64 {
        match self {
            Self::Counting(counting) => counting.time_ms,
            Self::Strike(strike) => strike.time_ms,
            Self::Act(act) => act.time_ms,
            Self::Reinstate(asked) => asked.time_ms,
            Self::Did(did) => did.time_ms,
        }
    }

    /// The rule in whose name it comes; none for what was decided already, or by a person.
    #[must_use]
    pub fn rule(&self) -> Option<&str> {
        match self {
            Self::Counting(counting) => Some(&counting.rule),
            Self::Strike(strike) => Some(&strike.rule),
            Self::Did(did) => Some(&did.rule),
            Self::Act(_) | Self::Reinstate(_) => None,
        }
    }
}

impl Counting {
    fn to_wire(&self) -> (String, Vec<u8>) {
        let Self { rule, key, value, time_ms, candidates, strikes } = self;
        let out = Out { rule, key, value, time_ms: *time_ms, candidates, strikes };
        (key.clone(), wire(COUNTING, out))
    }
}

fn wire(kind: &'static str, signal: impl Serialize) -> Vec<u8> {
    json(&Wire { v: VERSION, kind, signal })
}

/// Reads the value of a signals record.
///
/// # Errors
/// [`ReadError`]: not a signal, or one of a newer program.
pub fn read(value: &[u8]) -> Result<Signal, ReadError> {
    match head("signal", value)?.kind.as_str() {
        COUNTING => {
            let In { rule, key, value, time_ms, candidates, strikes } = checked("signal", value)?;
            let counting = Counting { rule, key, value, time_ms, candidates, strikes };
            Ok(Signal::Counting(counting))
        }
        STRIKE => checked("signal", value).map(Signal::Strike),
        ACT => checked("signal", value).map(Signal::Act),
        REINSTATE => checked("signal", value).map(Signal::Reinstate),
        DID => checked("signal", value).map(Signal::Did),
        _ => Err(ReadError::Kind),
    }
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
