//! What `demo` and `load` share: takedowns read back, and the account printed.

use std::sync::Arc;

use anyhow::Result;
use serde_json::Value;

use super::output::say;
use crate::app::reconcile::Account;
use crate::log::embedded::{Embedded, Span};
use crate::record::Topic;

/// Records and bytes of one read.
const READ_MAX: (usize, usize) = (10_000, 8 << 20);

/// Reads the takedowns of an embedded log as they come.
pub(super) struct Reader {
    log: Arc<Embedded>,
    topic: String,
    next: Vec<i64>,
}

impl Reader {
    pub(super) fn new(log: &Arc<Embedded>) -> Self {
        let topic = log.name(Topic::Takedowns);
        Self { next: log.starts(&topic), topic, log: Arc::clone(log) }
    }

    /// The events since the last call.
    ///
    /// # Errors
    /// If the log cannot be read.
    pub(super) fn read(&mut self) -> Result<Vec<Value>> {
        let mut events = Vec::new();
        for (partition, next) in (0..).zip(&mut self.next) {
            let records = self.log.read(
                &self.topic,
                partition,
                Span { from: *next, records_max: READ_MAX.0, bytes_max: READ_MAX.1 },
            )?;
            for record in records {
                *next = record.offset + 1;
                events.push(serde_json::from_slice(&record.value.unwrap_or_default())?);
            }
        }
        Ok(events)
    }
}

/// Prints the balance of an account; is it even?
pub(super) fn print(account: &Account, planted: &str) -> bool {
    let balance = account.balance();
    for (rule, (number, found)) in &balance.rules {
        say(&format!("  {rule:<20} {planted} {number:>7}   found {found:>7}"));
    }
    if let (Some(half), Some(most)) = (account.delay_ms(50), account.delay_ms(99)) {
        say(&format!(
            "  from sending a post to seeing its takedown: half within {half} ms, 99 % within {most} ms"
        ));
    }
    let verdict = if balance.even() { "planted = found" } else { "planted and found DIFFER" };
    say(&format!(
        "{verdict}: {} planted, {} found, {} doubled, {} unexpected",
        balance.planted, balance.found, balance.doubled, balance.unexpected
    ));
    balance.even()
}
