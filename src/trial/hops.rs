//! Hop 2 in process: signals to whoever owns them, which is always the same one here.

use std::collections::VecDeque;

use crate::event::signal::{self, ReadError};
use crate::event::{Event, Issuer, read_event};
use crate::record::{Outgoing, Topic};
use crate::screen::RuleSet;
use crate::tally::{Brake, ROWS_MAX, Ruling, Tally};

/// What there are by default, each with rows of its own.
const PARTITIONS: usize = 12;

/// The one owner of all counters, channels and accounts.
#[derive(Debug)]
pub struct Hops<'r> {
    rules: &'r RuleSet,
    issuer: &'r Issuer,
    tally: Tally,
}

impl<'r> Hops<'r> {
    /// Nothing counted yet.
    #[must_use]
    pub fn new(rules: &'r RuleSet, issuer: &'r Issuer) -> Self {
        Self { rules, issuer, tally: Tally::new(1, PARTITIONS * ROWS_MAX) }
    }

    /// Takes what hop 1 sent for one post, hands every signal to hop 2 until none is left, and gives
    /// the takedowns and referrals, in order; not what would only have been.
    ///
    /// # Errors
    /// None in practice: these records were written a moment ago.
    pub fn settle(&mut self, out: Vec<Outgoing>) -> Result<Vec<Event>, ReadError> {
        let mut open = VecDeque::from(out);
        let mut done = Vec::new();
        while let Some(record) = open.pop_front() {
            let value = record.value.as_deref().unwrap_or_default();
            match record.topic {
                Topic::Signals => {
                    let signal = signal::read(value)?;
                    let ruling = Ruling {
                        rule: signal.rule().and_then(|id| self.rules.rule(id)),
                        escalations: self.rules.escalations(),
                        issuer: self.issuer,
                        decided_at_ms: signal.time_ms(),
                    };
                    let mut more = Vec::new();
                    // What a rule would have done is asked, however often: no limit holds here.
                    self.tally.apply(signal, &ruling, &mut Brake::default(), &mut more);
                    self.tally.merge();
                    open.extend(more);
                }
                Topic::Takedowns | Topic::Reviews => done.push(read_event(value)?),
                _ => {}
            }
        }
        Ok(done)
    }
}
