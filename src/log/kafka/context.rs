//! What librdkafka tells on its own: errors, log lines, rebalances, delivery reports. The
//! callbacks only take notes; the worker reads them in `poll`, `send` and `commit`.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::Message;
use rdkafka::producer::{DeliveryResult, ProducerContext};
use rdkafka::topic_partition_list::TopicPartitionList;
use rdkafka_sys::types::RDKafkaRespErr;

use super::clock::Deadline;

/// Between two lines of the same kind: while a broker is away librdkafka reports 40 times a second.
const QUIET: Duration = Duration::from_secs(30);

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Notes are plain values: a panic elsewhere cannot leave them half written.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Lets one line of a kind through per [`QUIET`].
#[derive(Debug, Default)]
struct Sluice {
    until: Mutex<Option<Deadline>>,
    hidden: AtomicU64,
}

impl Sluice {
    /// How many lines were hidden since the last, where this one may pass.
    fn pass(&self) -> Option<u64> {
        let mut until = lock(&self.until);
        if until.is_some_and(|deadline| !deadline.passed()) {
            self.hidden.fetch_add(1, Ordering::Relaxed);
            return None;
        }
        *until = Some(Deadline::after(QUIET));
        Some(self.hidden.swap(0, Ordering::Relaxed))
    }
}

/// Notes on the connection of one worker; its clients share them.
#[derive(Debug, Default)]
pub(super) struct Watch {
    servers: String,
    away: AtomicBool,
    refused: Mutex<Option<String>>,
    away_lines: Sluice,
    refused_lines: Sluice,
    other_lines: Sluice,
    waiting_lines: Sluice,
}

impl Watch {
    pub(super) fn new(servers: &str) -> Self {
        Self { servers: servers.to_owned(), ..Self::default() }
    }

    /// Why the broker turned this process away, if it did since this was last asked.
    pub(super) fn refusal(&self) -> Option<String> {
        lock(&self.refused).take()
    }

    /// The broker answered.
    pub(super) fn reached(&self) {
        if self.away.swap(false, Ordering::Relaxed) {
            tracing::info!(servers = %self.servers, "kafka answers again");
        }
        *lock(&self.refused) = None;
    }

    /// One line, now and then, on something that goes on without help.
    pub(super) fn waiting(&self, what: &str) {
        if let Some(hidden) = self.waiting_lines.pass() {
            tracing::warn!(hidden, "kafka: waiting: {what}");
        }
    }

    fn note_error(&self, error: &KafkaError, reason: &str) {
        match error.rdkafka_error_code() {
            Some(
                RDKafkaErrorCode::AllBrokersDown
                | RDKafkaErrorCode::BrokerTransportFailure
                | RDKafkaErrorCode::Resolve
                | RDKafkaErrorCode::OperationTimedOut,
            ) => self.note_away(reason, "check that it runs and can be reached from here"),
            Some(RDKafkaErrorCode::SSL) => {
                self.note_refused(reason, "check ssl.ca.location and the certificates");
            }
            Some(RDKafkaErrorCode::Authentication) => {
                self.note_refused(reason, "check sasl.mechanism, sasl.username and the password");
            }
            _ => {
                if let Some(hidden) = self.other_lines.pass() {
                    tracing::warn!(hidden, "kafka: {error}: {reason}");
                }
            }
        }
    }

    fn note_away(&self, reason: &str, advice: &str) {
        self.away.store(true, Ordering::Relaxed);
        if let Some(hidden) = self.away_lines.pass() {
            let servers = &self.servers;
            tracing::warn!(hidden, "cannot reach kafka at {servers}: {reason}; {advice}");
        }
    }

    fn note_refused(&self, reason: &str, advice: &str) {
        self.away.store(true, Ordering::Relaxed);
        let text = format!("kafka at {} refuses us: {reason}; {advice}", self.servers);
        if let Some(hidden) = self.refused_lines.pass() {
            tracing::error!(hidden, "{text}");
        }
        *lock(&self.refused) = Some(text);
    }
}

/// Keeps librdkafka's own lines for those who ask for them, and shows those that matter.
fn note_line(level: RDKafkaLogLevel, facility: &str, line: &str) {
    match level {
        // Failing connections come through the error callback too, with less noise.
        _ if matches!(facility, "FAIL" | "ERROR") => {
            tracing::debug!(target: "librdkafka", facility, "{line}");
        }
        RDKafkaLogLevel::Notice | RDKafkaLogLevel::Info | RDKafkaLogLevel::Debug => {
            tracing::debug!(target: "librdkafka", facility, "{line}");
        }
        _ => tracing::warn!(target: "librdkafka", facility, "{line}"),
    }
}

/// Partitions by topic name, as the group coordinator gives and takes them.
pub(super) type Names = Vec<(String, i32)>;

/// A rebalance that waits for the worker.
#[derive(Clone, Debug)]
pub(super) enum Change {
    Given(Names),
    Taken { names: Names, lost: bool },
}

/// Context of the consumer that is a member of the group.
#[derive(Debug)]
pub(super) struct MemberContext {
    pub(super) watch: std::sync::Arc<Watch>,
    changes: Mutex<VecDeque<Change>>,
    closing: AtomicBool,
}

impl MemberContext {
    pub(super) fn new(watch: std::sync::Arc<Watch>) -> Self {
        Self { watch, changes: Mutex::default(), closing: AtomicBool::new(false) }
    }

    /// The oldest rebalance that nobody has taken yet.
    pub(super) fn take_change(&self) -> Option<Change> {
        lock(&self.changes).pop_front()
    }

    pub(super) fn has_change(&self) -> bool {
        !lock(&self.changes).is_empty()
    }

    /// From now on rebalances are answered at once: nobody will settle them any more.
    pub(super) fn close(&self) {
        self.closing.store(true, Ordering::Relaxed);
    }
}

pub(super) fn names_of(list: &TopicPartitionList) -> Names {
    list.elements().iter().map(|each| (each.topic().to_owned(), each.partition())).collect()
}

impl ClientContext for MemberContext {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, line: &str) {
        note_line(level, facility, line);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.watch.note_error(&error, reason);
    }
}

impl ConsumerContext for MemberContext {
    // Replaces the default, which answers at once: the worker must first commit, or restore.
    // librdkafka waits for the answer as long as polls go on.
    fn rebalance(
        &self,
        consumer: &BaseConsumer<Self>,
        kind: RDKafkaRespErr,
        list: &mut TopicPartitionList,
    ) {
        let given = kind == RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS;
        if list.count() == 0 || self.closing.load(Ordering::Relaxed) {
            let answered = match given {
                true => consumer.incremental_assign(list),
                false => consumer.incremental_unassign(list),
            };
            if let Err(error) = answered {
                tracing::warn!("kafka: rebalance could not be answered: {error}");
            }
            return;
        }
        let names = names_of(list);
        let change = match given {
            true => Change::Given(names),
            false => Change::Taken { names, lost: consumer.assignment_lost() },
        };
        lock(&self.changes).push_back(change);
    }
}

/// Context of a client that only reads by assignment, or only asks.
#[derive(Debug)]
pub(super) struct ReaderContext(pub(super) std::sync::Arc<Watch>);

impl ClientContext for ReaderContext {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, line: &str) {
        note_line(level, facility, line);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.0.note_error(&error, reason);
    }
}

impl ConsumerContext for ReaderContext {}

/// Context of a producer, one for each: a new producer starts without the notes of the last.
#[derive(Debug)]
pub(super) struct ProducerNotes {
    watch: std::sync::Arc<Watch>,
    suspect: AtomicBool,
    delivered: AtomicU64,
    failed: Mutex<Option<(String, KafkaError)>>,
}

impl ProducerNotes {
    pub(super) fn new(watch: std::sync::Arc<Watch>) -> Self {
        Self {
            watch,
            suspect: AtomicBool::new(false),
            delivered: AtomicU64::new(0),
            failed: Mutex::default(),
        }
    }

    /// True where an end of a transaction may still be under way to the coordinator: it could end
    /// the next transaction instead, so this producer must not begin one.
    pub(super) fn suspect(&self) -> bool {
        self.suspect.load(Ordering::Relaxed)
    }

    pub(super) fn suspect_from_now(&self) {
        self.suspect.store(true, Ordering::Relaxed);
    }

    /// Records the broker has confirmed so far.
    pub(super) fn delivered(&self) -> u64 {
        self.delivered.load(Ordering::Relaxed)
    }

    /// The topic of a record that could not be delivered since this was last asked, and why.
    pub(super) fn take_failure(&self) -> Option<(String, KafkaError)> {
        lock(&self.failed).take()
    }
}

impl ClientContext for ProducerNotes {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, line: &str) {
        // No error callback tells of this; the line is the only sign there is.
        if facility == "FAIL" && line.contains("TxnCoordinator") {
            self.suspect_from_now();
        }
        note_line(level, facility, line);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.watch.note_error(&error, reason);
    }
}

impl ProducerContext for ProducerNotes {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        match result {
            Ok(_) => {
                self.delivered.fetch_add(1, Ordering::Relaxed);
            }
            Err((error, message)) => {
                // The first one: what follows is mostly its consequence.
                let mut failed = lock(&self.failed);
                failed.get_or_insert_with(|| (message.topic().to_owned(), error.clone()));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_lines_passes_once_and_is_counted() {
        let sluice = Sluice::default();
        assert_eq!(sluice.pass(), Some(0));
        for _ in 0..100 {
            assert_eq!(sluice.pass(), None);
        }
        *lock(&sluice.until) = None;
        assert_eq!(sluice.pass(), Some(100));
    }

    #[test]
    fn only_a_failed_coordinator_connection_makes_a_producer_suspect() {
        let notes = ProducerNotes::new(std::sync::Arc::new(Watch::new("b:1")));
        let info = RDKafkaLogLevel::Info;
        notes.log(info, "FAIL", "[thrd:b:1/1]: b:1/1: Disconnected (after 9ms in state UP)");
        assert!(!notes.suspect());
        let line = "[thrd:TxnCoordinator]: TxnCoordinator: b:1: Disconnected (after 9ms)";
        notes.log(info, "FAIL", line);
        assert!(notes.suspect());
    }

    #[test]
    fn a_refusal_is_told_once_and_forgotten_when_the_broker_answers() {
        let watch = Watch::new("b:1");
        let error = KafkaError::Global(RDKafkaErrorCode::Authentication);
        watch.note_error(&error, "b:1: invalid credentials");
        let told = watch.refusal().unwrap_or_default();
        assert!(told.contains("b:1") && told.contains("sasl.username"), "{told}");
        assert_eq!(watch.refusal(), None);
        watch.note_error(&error, "b:1: invalid credentials");
        watch.reached();
        assert_eq!(watch.refusal(), None);
    }
}
