//! The writing end without transactions, for delivery at least once: a record shows as soon as the
//! broker has it. What was sent and not consumed for good before a fault comes again, under the same ids.
//!
//! Rows of the state go last: a counter that knew of an event that nobody has seen would keep it from coming
//! again.

use std::sync::Arc;
use std::time::Duration;

use rdkafka::config::ClientConfig;
use rdkafka::error::RDKafkaErrorCode;
use rdkafka::producer::{BaseProducer, Producer, PurgeConfig};

use super::clock::Deadline;
use super::context::{ProducerNotes, Watch};
use super::outlet::{record, undelivered};
use super::settings::Settings;
use crate::log::LogError;
use crate::record::{Outgoing, Topic};

/// While reports are awaited.
const NAP: Duration = Duration::from_micros(100);

pub(super) struct Plain {
    config: ClientConfig,
    watch: Arc<Watch>,
    names: [String; Topic::ALL.len()],
    time: Duration,
    producer: BaseProducer<ProducerNotes>,
    /// Rows of the state, until everything before them is there.
    rows: Vec<Outgoing>,
}

impl Plain {
    pub(super) fn new(settings: &Settings, watch: &Arc<Watch>) -> Result<Self, LogError> {
        let config = settings.worker_producer();
        let producer = create(&config, watch)?;
        Ok(Self {
            config,
            watch: Arc::clone(watch),
            names: Topic::ALL.map(|topic| settings.topic(topic)),
            time: settings.transaction_timeout,
            producer,
            rows: Vec::new(),
        })
    }

    /// Serves delivery reports, errors and log lines; each call of rdkafka takes one event.
    pub(super) fn serve(&self) {
        for _ in 0..32 {
            self.producer.poll(Duration::ZERO);
        }
    }

    pub(super) fn send(&mut self, outgoing: &Outgoing) -> Result<(), LogError> {
        if outgoing.topic == Topic::State {
            self.rows.push(outgoing.clone());
            return Ok(());
        }
        self.queue(outgoing)
    }

    fn queue(&mut self, outgoing: &Outgoing) -> Result<(), LogError> {
        let index = Topic::ALL.iter().position(|&topic| topic == outgoing.topic);
        let name = index.and_then(|index| self.names.get(index)).map_or("", String::as_str);
        let deadline = Deadline::after(self.time);
        let mut record = record(name, outgoing);
        let error = loop {
            let Err((error, back)) = self.producer.send(record) else { return Ok(()) };
            let full = error.rdkafka_error_code() == Some(RDKafkaErrorCode::QueueFull);
            if !full || deadline.passed() {
                break error;
            }
            self.producer.poll(Duration::from_millis(1));
            record = back;
        };
        let fault = undelivered(name, &error);
        self.abort()?;
        Err(fault)
    }

    /// Waits until everything is there, the state last. The offsets may be committed then.
    pub(super) fn flush(&mut self) -> Result<(), LogError> {
        let deadline = Deadline::after(self.time);
        self.drain(deadline)?;
        for row in std::mem::take(&mut self.rows) {
            self.queue(&row)?;
        }
        self.drain(deadline)
    }

    fn drain(&mut self, deadline: Deadline) -> Result<(), LogError> {
        while self.producer.in_flight_count() > 0 && !deadline.passed() {
            let before = self.producer.in_flight_count();
            self.producer.poll(Duration::ZERO);
            if self.producer.in_flight_count() == before {
                std::thread::sleep(NAP);
            }
        }
        let left = self.producer.in_flight_count();
        let fault = match self.producer.context().take_failure() {
            Some((topic, error)) => undelivered(&topic, &error),
            None if left > 0 => LogError::Aborted(format!("{left} records not confirmed in time")),
            None => return Ok(()),
        };
        self.abort()?;
        Err(fault)
    }

    /// Drops what is not sent yet. What the broker has is there.
    pub(super) fn abort(&mut self) -> Result<(), LogError> {
        self.rows.clear();
        self.producer.purge(PurgeConfig::default().queue().inflight());
        self.serve();
        drop(self.producer.context().take_failure());
        // A producer that has given up a sequence takes no record any more.
        self.producer = create(&self.config, &self.watch)?;
        Ok(())
    }
}

fn create(
    config: &ClientConfig,
    watch: &Arc<Watch>,
) -> Result<BaseProducer<ProducerNotes>, LogError> {
    let notes = ProducerNotes::new(Arc::clone(watch));
    config.create_with_context(notes).map_err(|error| super::unusable(&error))
}
