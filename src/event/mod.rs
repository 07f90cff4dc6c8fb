//! Stage 5: what goes on the wire, one file a topic; the only place that knows the wire form.
//!
//! - [`emit`] turns a [`Verdict`] into takedowns, referrals, shadow events and signals.
//! - [`Candidate::into_outgoing`] does it for hop 2, once a count is reached.
//! - [`dead_letter()`] keeps what could not be screened, [`verdict_json`] answers one post at once.
//!
//! The JSON of every topic is described by a schema in `schemas/`, and tested against it. But for
//! dead letters, nothing here holds what people wrote: ids, keyed hashes, byte ranges, and the
//! words of the rules' own authors.

mod acted;
mod basis;
mod candidate;
mod cause;
mod cloud;
pub mod control;
mod dead_letter;
mod draft;
mod escalated;
mod issuer;
mod referral;
mod reinstatement;
mod scope;
mod shadow;
pub mod signal;
pub mod state;
mod subject;
mod takedown;
#[cfg(test)]
mod tests;
mod time;
mod verdict;
mod waiting;

pub use acted::acted_on;
pub use basis::{Basis, Event};
pub use candidate::{Candidate, Issued};
pub use cause::{Cause, CauseKind, Counted, Evidence, Place, Reason, Struck};
pub use dead_letter::{DeadLetter, dead_letter};
pub use escalated::escalated;
pub use issuer::Issuer;
pub use referral::{Referral, TYPE as REFERRAL_TYPE};
pub use reinstatement::Reinstatement;
pub use scope::Scope;
pub use shadow::TYPE as SHADOW_TYPE;
pub use subject::{Origin, Source, Subject};
pub use takedown::{TYPE as TAKEDOWN_TYPE, Takedown};
pub use time::Time;
pub use verdict::{fault_json, verdict_json};
pub use waiting::Waiting;

use serde::Serialize;

use crate::decode::{Piece, Post};
use crate::record::Outgoing;
use crate::rules::{Rule, Status, Tripped};
use crate::score::{Fired, Hits, PatternId, Verdict};
use draft::Draft;
use signal::{Act, Signal};

/// A post, what the rules say about it, and all an event tells of both.
#[derive(Clone, Debug)]
pub struct Decision<'a> {
    /// All rules of the rule set.
    pub rules: &'a [Rule],
    /// By rule, the id of its pattern 0.
    pub first: &'a [PatternId],
    /// The post.
    pub post: &'a Post<'a>,
    /// Its [`Post::pieces`].
    pub pieces: &'a [Piece<'a>],
    /// What was found in it.
    pub hits: &'a Hits,
    /// What follows from that.
    pub verdict: &'a Verdict,
    /// Where it was read.
    pub source: Source<'a>,
    /// Its `traceparent` header, as it came.
    pub traceparent: Option<Vec<u8>>,
    /// The worker's clock at the start of the batch, Unix milliseconds.
    pub decided_at_ms: i64,
}

/// Appends all records that follow from a decision, in this order: what rules ask for that act on
/// this post, most severe first; what rules would have that are in shadow or outside their share; the
/// signals: what is to be done to channels and accounts, strikes, what counts.
///
/// `signal_partitions`: of the signals topic. `link_domains`: registrable domains of the post's
/// links, in the order they stand; doubles do no harm. Returns what the events count as, signals
/// apart.
pub fn emit(
    decision: &Decision<'_>,
    issuer: &Issuer,
    signal_partitions: i32,
    link_domains: &[String],
    out: &mut Vec<Outgoing>,
) -> Vec<Issued> {
    let mut issued = Vec::new();
    let draft = Draft { decision, issuer };
    let mut signals = Vec::new();
    for live in [true, false] {
        for candidate in draft.candidates(decision.direct(live)) {
            if live && candidate.has_owner() {
                let time_ms = decision.source.time_ms;
                signals.push(Signal::Act(Act { time_ms, candidate }));
                continue;
            }
            issued.push(candidate.issued(live));
            out.push(candidate.into_outgoing(decision.decided_at_ms, live));
        }
    }
    let struck = decision.direct(true).flat_map(|(fired, rule)| draft.strikes(fired, rule));
    signals.extend(struck.map(Signal::Strike));
    let counting = decision.unspared().filter(|(_, rule)| rule.count.is_some());
    for (fired, rule) in counting {
        let counted = draft.signals(fired, rule, link_domains);
        signals.extend(counted.into_iter().map(Signal::Counting));
    }
    out.extend(signals.iter().map(|signal| signal.to_outgoing(signal_partitions)));
    issued
}

impl<'a> Decision<'a> {
    /// What fired, with its rule. Drafts never act, whoever lets one through.
    fn fired(&self) -> impl Iterator<Item = (&'a Fired, &'a Rule)> {
        let rules = self.rules;
        let fired = self.verdict.fired.iter();
        let fired = fired.filter_map(move |fired| Some((fired, rules.get(fired.rule)?)));
        fired.filter(|(_, rule)| rule.status != Status::Draft)
    }

    /// What fired and does not spare the post's channel. What is spared is not counted either.
    fn unspared(&self) -> impl Iterator<Item = (&'a Fired, &'a Rule)> {
        let (channel, time_ms) = (&*self.post.channel.id, self.source.time_ms);
        self.fired().filter(move |(_, rule)| !rule.spares(channel, time_ms))
    }

    /// What fired and needs no counter: the rules that act on this post, or those that would.
    fn direct(&self, acts: bool) -> impl Iterator<Item = (&'a Fired, &'a Rule)> {
        let key = &*self.post.channel.id;
        let direct = self.unspared().filter(|(_, rule)| rule.count.is_none());
        let acts_here = move |fired: &Fired, rule: &Rule| {
            rule.acts_on(key) && fired.limited != Some(Tripped::Shadow)
        };
        direct.filter(move |(fired, rule)| acts_here(fired, rule) == acts)
    }
}

/// Reads a takedown or a referral back, by whatever version it was written.
///
/// # Errors
/// [`signal::ReadError::Json`]: something else.
pub fn read_event(value: &[u8]) -> Result<Event, signal::ReadError> {
    signal::checked("event", value)
}

/// The bytes of a wire type.
fn json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).expect("wire types are plain data with text keys")
}
