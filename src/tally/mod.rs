//! Stage 6, hop 2: signals and state to takedowns. The owner of a signals partition is the only
//! writer of its counters.
//!
//! A [`Tally`] holds one partition's counters as they were committed, and an overlay of what the
//! open transaction changed. The overlay is written to the state topic in that transaction, merged
//! when it commits and dropped when it aborts.

mod brake;
mod counter;
mod limits;
mod subjects;
mod table;

pub use brake::Brake;

use table::{Of, Table};

use crate::event::control::Control;
use crate::event::signal::{Act, Counting, Did, ReadError, Reinstate, Signal, Strike, owner_key};
use crate::event::state::{self, ActedValue, ActsValue, Done, StateKey, StateValue, StruckValue};
use crate::event::{Candidate, Issued, Issuer, Reinstatement, Waiting, escalated};
use crate::record::Outgoing;
use crate::rules::{Escalation, Rule, Status, Tripped};

/// Rows of each kind kept for one partition of signals, where nothing else is said; beyond it the key that has been
/// quiet the longest is dropped. A candidate takes some 2 KB with the event it stands for: 400 MB at the worst.
pub const ROWS_MAX: usize = 200_000;

/// The longest window of a count: design section 12. A counter without a candidate for so long can
/// not be reached any more.
const WINDOW_MAX_MS: i64 = 24 * 60 * 60 * 1000;

/// The longest window of strikes: design section 12.
const STRIKES_MAX_MS: i64 = 90 * WINDOW_MAX_MS;

/// Keys of a kind dropped for age with each signal: enough to keep up, and few enough that one record
/// from the far future cannot wipe the state.
const EXPIRED_PER_SIGNAL: usize = 2;

/// What decides about a signal, and who speaks.
#[derive(Clone, Copy, Debug)]
pub struct Ruling<'r> {
    /// The rule in whose name the signal comes, as it is now; `None` where it is gone.
    pub rule: Option<&'r Rule>,
    /// What strikes lead to.
    pub escalations: &'r [Escalation],
    /// Names and keys events.
    pub issuer: &'r Issuer,
    /// The worker's clock at the start of the batch, Unix milliseconds.
    pub decided_at_ms: i64,
}

/// What one signal led to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// The events that were issued.
    pub issued: Vec<Issued>,
    /// Keys dropped because of [`ROWS_MAX`].
    pub evicted: usize,
    /// Of a request to undo something: whether there was anything to undo.
    pub reinstated: Option<bool>,
}

/// What one signals partition owns: counters, strikes, and what was done to channels and accounts.
#[derive(Debug)]
pub struct Tally {
    partitions: i32,
    rows_max: usize,
    counters: Table<StateValue>,
    strikes: Table<StruckValue>,
    acts: Table<ActsValue>,
    limits: Table<ActedValue>,
}

impl Tally {
    /// An empty tally of one of so many signals partitions, before its state is restored.
    #[must_use]
    pub fn new(partitions: i32, rows_max: usize) -> Self {
        Self {
            partitions,
            rows_max,
            counters: Table::new(),
            strikes: Table::new(),
            acts: Table::new(),
            limits: Table::new(),
        }
    }

    /// Rows of committed state.
    #[must_use]
    pub fn entries(&self) -> usize {
        self.counters.rows() + self.strikes.rows() + self.acts.rows() + self.limits.rows()
    }

    /// Takes one row of the state topic while a partition is restored; `None` deletes.
    ///
    /// # Errors
    /// If the row cannot be read: the state is not this program's, or of a newer version.
    pub fn restore(&mut self, key: &[u8], value: Option<&[u8]>) -> Result<(), ReadError> {
        let StateKey { rule, key, slot } = state::read_key(key)?;
        let of = Of { rule, key };
        match of.rule.as_str() {
            state::STRIKES => {
                self.strikes.restore(of, slot, value.map(state::read_strike).transpose()?);
            }
            state::ACTS => self.acts.restore(of, slot, value.map(state::read_acts).transpose()?),
            state::LIMITS => {
                self.limits.restore(of, slot, value.map(state::read_acted).transpose()?);
            }
            _ => self.counters.restore(of, slot, value.map(state::read_value).transpose()?),
        }
        Ok(())
    }

    /// Takes one signal. What acts now goes to `out`, and so does what another owner has to decide.
    /// `brake`: of the worker that this is in.
    pub fn apply(
        &mut self,
        signal: Signal,
        ruling: &Ruling<'_>,
        brake: &mut Brake,
        out: &mut Vec<Outgoing>,
    ) -> Applied {
        let evicted = self.make_room(signal.time_ms());
        let mut reinstated = None;
        let issued = match signal {
            Signal::Counting(counting) => self.count(counting, ruling, brake, out),
            Signal::Strike(strike) => self.strike(&strike, ruling, out),
            Signal::Act(Act { time_ms, candidate }) => {
                self.act(candidate, time_ms, ruling, out).into_iter().collect()
            }
            Signal::Reinstate(asked) => {
                reinstated = Some(self.reinstate(asked, ruling, out));
                Vec::new()
            }
            Signal::Did(did) => {
                self.limit(did, ruling, out);
                Vec::new()
            }
        };
        Applied { issued, evicted, reinstated }
    }

    fn count(
        &mut self,
        counting: Counting,
        ruling: &Ruling<'_>,
        brake: &mut Brake,
        out: &mut Vec<Outgoing>,
    ) -> Vec<Issued> {
        // The rule is gone, counts no more or is a draft: nothing can act in its name.
        let counts = |rule: &Rule| rule.count.filter(|_| rule.status != Status::Draft);
        let Some((rule, count)) = ruling.rule.and_then(|rule| Some((rule, counts(rule)?))) else {
            return Vec::new();
        };
        let acts_here = rule.acts_on(&counting.key);
        let times = (counting.time_ms, ruling.decided_at_ms);
        let of = Of { rule: counting.rule, key: counting.key };
        let value = StateValue {
            value: counting.value,
            time_ms: counting.time_ms,
            acted: false,
            waiting: Waiting::of(&counting.candidates, &counting.strikes),
        };
        let acting = self.counters.open(of).take(value, &count);
        let mut issued = Vec::new();
        for StateValue { time_ms, waiting, .. } in acting {
            let (candidates, strikes) = waiting.open();
            let things = if acts_here { candidates.first() } else { None };
            let limited = things.and_then(|of| limited(rule, of, times, (ruling, brake)));
            let live = acts_here && limited != Some(Tripped::Shadow);
            let candidates = candidates.into_iter().map(|candidate| {
                let candidate = candidate.as_of(rule.status);
                match limited {
                    Some(to) => candidate.limited(to, &rule.category, ruling.issuer),
                    None => candidate,
                }
            });
            let (owned, own): (Vec<_>, Vec<_>) =
                candidates.partition(|candidate| live && candidate.has_owner());
            issued.extend(own.into_iter().map(|candidate| issue(candidate, live, ruling, out)));
            let acts = owned.into_iter().map(|candidate| Signal::Act(Act { time_ms, candidate }));
            // Strikes of what would only have acted are none, nor are those of a flood.
            let strikes = strikes.into_iter().filter(|_| live && limited.is_none());
            let strikes = strikes.map(Signal::Strike);
            out.extend(acts.chain(strikes).map(|signal| signal.to_outgoing(self.partitions)));
        }
        issued
    }

    fn strike(
        &mut self,
        strike: &Strike,
        ruling: &Ruling<'_>,
        out: &mut Vec<Outgoing>,
    ) -> Vec<Issued> {
        // Held back since the post was screened: it strikes nobody any more.
        if ruling.rule.is_none_or(|rule| rule.status <= Status::Shadow) {
            return Vec::new();
        }
        let concerned = ruling.escalations.iter().filter(|escalation| {
            escalation.of.name() == strike.subject.kind
                && escalation.category == strike.category
                && escalation.status != Status::Draft
        });
        let key = owner_key(&strike.subject);
        let strikes = self.strikes.open(Of { rule: state::STRIKES.to_owned(), key });
        // What acts is done once; of what would only have acted nothing is kept, but that it was reached.
        let acts = |escalation: &Escalation| escalation.acts_on(&strike.subject.id);
        let told = |escalation: &&Escalation| {
            !acts(escalation) && strikes.was_enough(escalation, strike.time_ms)
        };
        let concerned: Vec<&Escalation> = concerned.filter(|each| !told(each)).collect();
        if !strikes.strike(strike) {
            return Vec::new();
        }
        let mut reached = Vec::new();
        for escalation in concerned {
            if let Some(struck) = strikes.enough(escalation, strike.time_ms) {
                let candidates = escalated(escalation, strike, &struck, ruling.issuer);
                reached.push((acts(escalation), candidates));
            }
        }
        let mut issued = Vec::new();
        for (live, candidates) in reached {
            for candidate in candidates {
                match live {
                    true => issued.extend(self.act(candidate, strike.time_ms, ruling, out)),
                    false => issued.push(issue(candidate, false, ruling, out)),
                }
            }
        }
        issued
    }

    /// Does something to a channel or an account, once until it is undone or has run out.
    fn act(
        &mut self,
        candidate: Candidate,
        time_ms: i64,
        ruling: &Ruling<'_>,
        out: &mut Vec<Outgoing>,
    ) -> Option<Issued> {
        let key = owner_key(&candidate.event.basis().subject);
        let acts = self.acts.open(Of { rule: state::ACTS.to_owned(), key });
        let (action, detail) = candidate.asks_for();
        let done = Done {
            action: action.to_owned(),
            detail: detail.to_owned(),
            time_ms,
            until_ms: candidate.until_ms(),
            revision: 0,
        };
        let revision = acts.act(done)?;
        Some(issue(candidate.revised(revision, ruling.issuer), true, ruling, out))
    }

    /// Counts what a rule acted on, and holds the rule back everywhere once that is above its limit.
    fn limit(&mut self, did: Did, ruling: &Ruling<'_>, out: &mut Vec<Outgoing>) {
        let acts = |rule: &&Rule| rule.status > Status::Shadow && rule.held.is_none();
        let rule = ruling.rule.filter(acts).filter(|rule| !rule.tripped);
        let Some((rule, limit)) = rule.and_then(|rule| Some((rule, rule.limit?))) else { return };
        let of = Of { rule: state::LIMITS.to_owned(), key: did.key() };
        if self.limits.open(of).take(did, &limit, ruling.decided_at_ms) {
            let control = Control::by_limit(rule.id.clone(), &limit, ruling.decided_at_ms);
            out.push(control.to_outgoing());
        }
    }

    /// Undoes what holds, and forgets the strikes of whom it was done to: who was wronged does not stand
    /// one strike before the next removal. False where there is nothing to undo.
    fn reinstate(
        &mut self,
        asked: Reinstate,
        ruling: &Ruling<'_>,
        out: &mut Vec<Outgoing>,
    ) -> bool {
        let key = owner_key(&asked.subject);
        let of = |rule: &str| Of { rule: rule.to_owned(), key: key.clone() };
        let undone = self.acts.open(of(state::ACTS)).undo(&asked.action, asked.time_ms);
        let Some(revision) = undone else { return false };
        self.strikes.open(of(state::STRIKES)).forget();
        let Ruling { issuer, decided_at_ms, .. } = *ruling;
        out.push(Reinstatement::of(asked, revision, issuer, decided_at_ms).to_outgoing(issuer));
        true
    }

    /// Writes the overlay's changes to the state topic; to be called once, before the commit.
    pub fn flush(&self, out: &mut Vec<Outgoing>) {
        self.counters.flush(self.partitions, out);
        self.strikes.flush(self.partitions, out);
        self.acts.flush(self.partitions, out);
        self.limits.flush(self.partitions, out);
    }

    /// The transaction committed: its changes are the state now.
    pub fn merge(&mut self) {
        self.counters.merge();
        self.strikes.merge();
        self.acts.merge();
        self.limits.merge();
    }

    /// The transaction did not happen.
    pub fn discard(&mut self) {
        self.counters.discard();
        self.strikes.discard();
        self.acts.discard();
        self.limits.discard();
    }

    /// Drops what is too old to matter, a little at a time, and the oldest while there is too much.
    /// Returns how many keys were dropped for want of room.
    fn make_room(&mut self, now_ms: i64) -> usize {
        let (max, few) = (self.rows_max, EXPIRED_PER_SIGNAL);
        let counters = now_ms.saturating_sub(WINDOW_MAX_MS);
        let strikes = now_ms.saturating_sub(STRIKES_MAX_MS);
        self.counters.make_room(counters, max, few)
            + self.strikes.make_room(strikes, max, few)
            // What was done holds until it is undone, however long that takes.
            + self.acts.make_room(i64::MIN, max, few)
            + self.limits.make_room(counters, max, few)
    }
}

/// What is left of what a rule asks for on reaching its count. `times`: of the record, and by the clock.
fn limited(
    rule: &Rule,
    candidate: &Candidate,
    times: (i64, i64),
    (ruling, brake): (&Ruling<'_>, &mut Brake),
) -> Option<Tripped> {
    let of = rule.limit.filter(|_| rule.is_harsh());
    let thing = of.map(|limit| candidate.acted_on(limit.of, ruling.issuer));
    let braked = thing.and_then(|thing| brake.admit(rule, &thing, times));
    rule.held.or(braked)
}

fn issue(candidate: Candidate, live: bool, ruling: &Ruling<'_>, out: &mut Vec<Outgoing>) -> Issued {
    let issued = candidate.issued(live);
    out.push(candidate.into_outgoing(ruling.decided_at_ms, live));
    issued
}

#[cfg(test)]
mod tests;
