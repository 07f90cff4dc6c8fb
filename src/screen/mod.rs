//! A post through stages 1 to 5: what the worker, `scan`, `check` and `/screen` all call.
//!
//! [`RuleSet`] is the run side of the packs: immutable, shared by all workers, swapped whole.

mod explain;
mod ruleset;

use smallvec::SmallVec;

use crate::decode::{self, Fault, Format, Limits, Post};
use crate::event::{self, Decision, Issued, Issuer, Source};
use crate::extract;
use crate::record::Outgoing;
use crate::scan::{Hits, Seen};
use crate::score::{self, Verdict};

pub use explain::{Explainer, Explanation, Place, ShownHit, ShownOdd, ShownPiece};
pub use ruleset::{RuleSet, RuleSetError};

/// How records are to be read.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    /// The format of their values.
    pub format: Format,
    /// What is too large.
    pub limits: Limits,
}

/// A post that was screened, with everything that led to its verdict.
#[derive(Debug, Default)]
pub struct Screened<'a> {
    /// The post.
    pub post: Post<'a>,
    /// What was found in it.
    pub hits: Hits,
    /// What the rules say about it.
    pub verdict: Verdict,
    /// Registrable domains of its links, sorted, each once; empty where no rule fired.
    pub link_domains: Vec<String>,
}

/// Screens the value of one record.
///
/// # Errors
/// The fault that keeps it from being screened.
pub fn screen<'a>(
    value: Option<&'a [u8]>,
    rules: &RuleSet,
    reading: &Reading,
) -> Result<Screened<'a>, Fault> {
    let mut screened = Screened::default();
    screen_into(&mut screened, value, rules, reading)?;
    Ok(screened)
}

/// As [`screen`], into one of its [`Default`]: it is large, and each move is a copy of it.
///
/// # Errors
/// As [`screen`]. What was screened then is nothing to go by.
pub fn screen_into<'a>(
    screened: &mut Screened<'a>,
    value: Option<&'a [u8]>,
    rules: &RuleSet,
    reading: &Reading,
) -> Result<(), Fault> {
    decode::read_into(&mut screened.post, &reading.format, value, &reading.limits)?;
    screened.look(rules);
    Ok(())
}

/// Screens a decoded post.
#[must_use]
pub fn screen_post<'a>(post: Post<'a>, rules: &RuleSet) -> Screened<'a> {
    let mut screened = Screened { post, ..Screened::default() };
    screened.look(rules);
    screened
}

/// A post in many scripts, with a link, a handle and disguises.
const OF_ALL_KINDS: &[u8] =
    "{\"id\":\"0\",\"channel\":{\"id\":\"0\"},\"text\":\"Zür b l o r p a$аp bl0rp ёж نص \
    हिन्दी 中文 かな 한글 😀 https://t.me/zorb @zorb +49 30 901820 t . me\"}"
        .as_bytes();

/// One in Latin without a link, which is levelled in a way of its own.
const OF_LATIN: &[u8] =
    "{\"id\":\"0\",\"channel\":{\"id\":\"0\"},\"text\":\"Zür b l o r p\"}".as_bytes();

/// Makes all tables that are made when they are first asked for, so that no post waits for them.
pub fn warm_up(rules: &RuleSet) {
    // Whatever it says of it.
    for post in [OF_ALL_KINDS, OF_LATIN] {
        drop(screen(Some(post), rules, &Reading::default()));
    }
}

/// Pieces that most posts have at most, a text, a name, a file or two: for them no memory is asked for.
const FEW_PIECES: usize = 4;

impl Screened<'_> {
    /// Looks at the post.
    fn look(&mut self, rules: &RuleSet) {
        let post = &self.post;
        let mut seen = SmallVec::<[Seen<'_>; FEW_PIECES]>::new();
        let tables = rules.tables();
        post.each_piece(|piece| match tables.looks_at(piece.part) {
            true => seen.push(Seen::of(piece)),
            false => seen.push(Seen { piece, links: Vec::new() }),
        });
        self.hits = tables.scan(post, &seen);
        self.verdict = score::score(rules.rules(), rules.first_patterns(), post, &self.hits);
        if !self.verdict.fired.is_empty() {
            // Links of pieces that no pattern looks at are of use to nobody before.
            let unseen = seen.iter_mut().filter(|seen| !tables.looks_at(seen.piece.part));
            unseen.for_each(|seen| *seen = Seen::of(seen.piece));
            self.link_domains = link_domains(post, &seen);
        }
    }
}

fn link_domains(post: &Post<'_>, seen: &[Seen<'_>]) -> Vec<String> {
    let carried = post.links.iter().filter_map(|link| extract::parse(&link.url));
    let found = seen.iter().flat_map(|seen| seen.links.iter().cloned());
    let hosts = carried.chain(found).map(|link| link.host);
    let mut domains: Vec<String> =
        hosts.filter_map(|host| extract::registrable(&host).map(str::to_owned)).collect();
    domains.sort_unstable();
    domains.dedup();
    domains
}

/// Where a screened record came from and in whose name events are issued.
pub struct Origin<'a> {
    /// Names and keys the events' ids.
    pub issuer: &'a Issuer,
    /// Where the record stands.
    pub source: Source<'a>,
    /// `traceparent` header of the record, if it had one.
    pub traceparent: Option<Vec<u8>>,
    /// The worker's clock at the batch's start, Unix milliseconds.
    pub decided_at_ms: i64,
    /// Partitions of the signals topic.
    pub signal_partitions: i32,
}

impl Screened<'_> {
    /// Writes the events of the verdict to `out`; what they count as.
    pub fn emit(
        &self,
        rules: &RuleSet,
        origin: Origin<'_>,
        out: &mut Vec<Outgoing>,
    ) -> Vec<Issued> {
        if self.verdict.fired.is_empty() {
            return Vec::new();
        }
        let partitions = origin.signal_partitions;
        let issuer = origin.issuer;
        let pieces = self.post.pieces();
        let decision = self.decision(rules, &pieces, origin);
        event::emit(&decision, issuer, partitions, &self.link_domains, out)
    }

    fn decision<'d>(
        &'d self,
        rules: &'d RuleSet,
        pieces: &'d [decode::Piece<'d>],
        origin: Origin<'d>,
    ) -> Decision<'d> {
        Decision {
            rules: rules.rules(),
            first: rules.first_patterns(),
            post: &self.post,
            pieces,
            hits: &self.hits,
            verdict: &self.verdict,
            source: origin.source,
            traceparent: origin.traceparent,
            decided_at_ms: origin.decided_at_ms,
        }
    }

    /// The verdict as `scan` and `/screen` answer it: one line of JSON.
    #[must_use]
    pub fn verdict_json(&self, rules: &RuleSet, origin: Origin<'_>) -> Vec<u8> {
        let issuer = origin.issuer;
        let pieces = self.post.pieces();
        event::verdict_json(&self.decision(rules, &pieces, origin), issuer)
    }
}
