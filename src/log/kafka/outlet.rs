//! The writing end: one transactional producer, its life cycle, and what each of its errors means.

use std::sync::{Arc, mpsc};
use std::time::Duration;

use rdkafka::config::ClientConfig;
use rdkafka::consumer::ConsumerGroupMetadata;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::topic_partition_list::TopicPartitionList;

use super::clock::{Deadline, Stopwatch};
use super::context::{ProducerNotes, Watch};
use super::settings::Settings;
use crate::log::LogError;
use crate::record::{Outgoing, Topic};

/// Blocking calls come back this often, so that reports are served and deadlines seen.
const SLICE: Duration = Duration::from_millis(500);
/// A call that takes so much longer than it was given will never return.
const GRACE: Duration = Duration::from_secs(5);
/// So many calls that never return are left alone before the process has to start anew.
const LEFT_ALONE_MAX: u32 = 3;
/// While reports are awaited. Short: a commit waits for the last one.
const NAP: Duration = Duration::from_micros(100);
/// A commit that took longer may have been sent twice.
const SUSPECT_AFTER: Duration = Duration::from_secs(1);
/// How long an abort waits for records under way: once all are confirmed the producer can be kept.
const ABORT_DRAIN: Duration = Duration::from_secs(2);
/// Before the producer is thrown away instead: the next one aborts what this one left.
const ABORT_TIME: Duration = Duration::from_secs(5);

/// What is to be done about an error of a transactional call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cure {
    /// The same call again.
    Repeat,
    /// Abort, rewind.
    Abort,
    /// The producer is of no more use.
    Replace,
    /// Nothing helps but a person.
    Stop,
}

fn cure(error: &KafkaError) -> Cure {
    let denied = matches!(
        error.rdkafka_error_code(),
        Some(
            RDKafkaErrorCode::TransactionalIdAuthorizationFailed
                | RDKafkaErrorCode::GroupAuthorizationFailed
                | RDKafkaErrorCode::TopicAuthorizationFailed
                | RDKafkaErrorCode::ClusterAuthorizationFailed
        )
    );
    match error {
        _ if denied => Cure::Stop,
        KafkaError::Flush(_) => Cure::Repeat,
        KafkaError::Transaction(error) if error.is_fatal() => Cure::Replace,
        KafkaError::Transaction(error) if error.txn_requires_abort() => Cure::Abort,
        KafkaError::Transaction(error) if error.is_retriable() => Cure::Repeat,
        _ => Cure::Replace,
    }
}

fn denied(error: &KafkaError) -> LogError {
    LogError::Stop(format!(
        "kafka: not allowed to write: {error}; grant Write and Describe on topics and \
         transactional ids that begin with the prefix, and Read on the group"
    ))
}

/// A record the broker did not take. Some causes would only repeat themselves for ever.
pub(super) fn undelivered(topic: &str, error: &KafkaError) -> LogError {
    let text = format!("a record was not taken by {topic}: {error}");
    match error.rdkafka_error_code() {
        Some(
            RDKafkaErrorCode::MessageSizeTooLarge
            | RDKafkaErrorCode::InvalidMessageSize
            | RDKafkaErrorCode::UnknownTopic
            | RDKafkaErrorCode::UnknownPartition
            | RDKafkaErrorCode::UnknownTopicOrPartition
            | RDKafkaErrorCode::InvalidRecord,
        ) => LogError::Stop(format!("kafka: {text}; see: tidegate topics check --config FILE")),
        _ if cure(error) == Cure::Stop => denied(error),
        _ => LogError::Aborted(text),
    }
}

pub(super) struct Outlet {
    config: ClientConfig,
    watch: Arc<Watch>,
    names: [String; Topic::ALL.len()],
    time: Duration,
    producer: Option<Arc<BaseProducer<ProducerNotes>>>,
    /// Producers that a call never came back from.
    left_alone: u32,
    initialised: bool,
    open: bool,
}

impl Outlet {
    pub(super) fn new(settings: &Settings, watch: &Arc<Watch>) -> Result<Self, LogError> {
        let mut outlet = Self {
            config: settings.worker_producer(),
            watch: Arc::clone(watch),
            names: Topic::ALL.map(|topic| settings.topic(topic)),
            time: settings.transaction_timeout,
            producer: None,
            left_alone: 0,
            initialised: false,
            open: false,
        };
        outlet.create()?;
        Ok(outlet)
    }

    fn create(&mut self) -> Result<(), LogError> {
        let notes = ProducerNotes::new(Arc::clone(&self.watch));
        let producer = self.config.create_with_context(notes);
        self.producer = Some(Arc::new(producer.map_err(|error| super::unusable(&error))?));
        self.initialised = false;
        Ok(())
    }

    /// True once a transaction can begin. Replaces a producer that must not be used again, and
    /// so ends whatever it, or a killed process with the same id, left open.
    pub(super) fn ready(&mut self, wait: Duration) -> Result<bool, LogError> {
        self.serve();
        let suspect = self.producer.as_ref().is_some_and(|each| each.context().suspect());
        if suspect && !self.open && self.initialised {
            tracing::info!("kafka: connection to the transaction coordinator failed: new producer");
            self.replace();
        }
        if self.producer.is_none() {
            self.create()?;
        }
        let Some(producer) = &self.producer else { return Ok(false) };
        if self.initialised {
            return Ok(true);
        }
        match producer.init_transactions(wait) {
            Ok(()) => {
                self.initialised = true;
                self.watch.reached();
                Ok(true)
            }
            Err(error) => match cure(&error) {
                Cure::Stop => Err(denied(&error)),
                Cure::Replace => {
                    self.watch.waiting(&format!("for a new producer: {error}"));
                    self.replace();
                    std::thread::sleep(wait.min(SLICE));
                    Ok(false)
                }
                Cure::Repeat | Cure::Abort => {
                    self.serve();
                    Ok(false)
                }
            },
        }
    }

    /// Serves delivery reports, errors and log lines; each call of rdkafka takes one event.
    pub(super) fn serve(&self) {
        if let Some(producer) = &self.producer {
            for _ in 0..32 {
                producer.poll(Duration::ZERO);
            }
        }
    }

    fn replace(&mut self) {
        self.producer = None;
        self.initialised = false;
        self.open = false;
    }

    fn begin(&mut self) -> Result<(), LogError> {
        if self.open {
            return Ok(());
        }
        let deadline = Deadline::after(self.time);
        while !self.ready(deadline.slice(SLICE))? {
            if deadline.passed() {
                let text = "no producer could be made ready; nothing was sent";
                return Err(LogError::Aborted(text.to_owned()));
            }
        }
        let Some(producer) = &self.producer else {
            return Err(LogError::Aborted("no producer".to_owned()));
        };
        match producer.begin_transaction() {
            Ok(()) => {
                self.open = true;
                Ok(())
            }
            Err(error) => {
                self.replace();
                Err(LogError::Aborted(format!("could not begin: {error}")))
            }
        }
    }

    pub(super) fn send(&mut self, outgoing: &Outgoing) -> Result<(), LogError> {
        self.begin()?;
        let index = Topic::ALL.iter().position(|&topic| topic == outgoing.topic);
        let name = index.and_then(|index| self.names.get(index)).map_or("", String::as_str);
        let deadline = Deadline::after(self.time);
        let mut record = record(name, outgoing);
        let error = loop {
            let Some(producer) = &self.producer else {
                return Err(LogError::Aborted("no producer".to_owned()));
            };
            let Err((error, back)) = producer.send(record) else { return Ok(()) };
            let full = error.rdkafka_error_code() == Some(RDKafkaErrorCode::QueueFull);
            if !full || deadline.passed() {
                break error;
            }
            producer.poll(Duration::from_millis(1));
            record = back;
        };
        let size = outgoing.size();
        if error.rdkafka_error_code() == Some(RDKafkaErrorCode::MessageSizeTooLarge) {
            let text = format!("kafka: a record of {size} bytes is too large for {name}");
            return Err(LogError::Stop(format!("{text}: raise message.max.bytes")));
        }
        let reason = format!("a record for {name} was not taken: {error}");
        self.abort();
        Err(LogError::Aborted(reason))
    }

    /// Ends the open transaction with these offsets in it; with none open, one for them alone.
    pub(super) fn commit(
        &mut self,
        offsets: &TopicPartitionList,
        group: impl Fn() -> Option<ConsumerGroupMetadata>,
    ) -> Result<(), LogError> {
        if !self.open && offsets.count() == 0 {
            return Ok(());
        }
        self.begin()?;
        let watch = Stopwatch::start();
        let deadline = Deadline::after(self.time);
        if offsets.count() > 0 {
            self.hand_over(offsets, deadline, &group)?;
        }
        self.drain(deadline)?;
        self.finish(deadline)?;
        self.open = false;
        if watch.taken() > SUSPECT_AFTER
            && let Some(producer) = &self.producer
        {
            producer.context().suspect_from_now();
        }
        Ok(())
    }

    /// Makes the offsets part of the transaction. Whatever fails here, nothing was committed.
    fn hand_over(
        &mut self,
        offsets: &TopicPartitionList,
        deadline: Deadline,
        group: &impl Fn() -> Option<ConsumerGroupMetadata>,
    ) -> Result<(), LogError> {
        loop {
            let Some(producer) = &self.producer else {
                return Err(LogError::Aborted("no producer".to_owned()));
            };
            let error = match group() {
                // Fresh at each try: the generation is what fences a member that was replaced.
                Some(group) => match send_offsets(producer, offsets, group) {
                    Some(Ok(())) => return Ok(()),
                    Some(Err(error)) => error,
                    None => return Err(self.leave_alone()),
                },
                None => KafkaError::Canceled,
            };
            match cure(&error) {
                Cure::Repeat if !deadline.passed() => self.serve(),
                Cure::Stop => {
                    self.abort();
                    return Err(denied(&error));
                }
                Cure::Replace => {
                    self.replace();
                    return Err(LogError::Aborted(error.to_string()));
                }
                Cure::Repeat | Cure::Abort => {
                    self.abort();
                    return Err(LogError::Aborted(error.to_string()));
                }
            }
        }
    }

    /// A call of this producer does not return, and nothing ends it: the next producer fences it.
    fn leave_alone(&mut self) -> LogError {
        self.left_alone += 1;
        let text = "kafka: offsets were handed over and no answer came";
        if self.left_alone > LEFT_ALONE_MAX {
            return LogError::Stop(format!(
                "{text}, {} times: restart the process",
                self.left_alone
            ));
        }
        tracing::warn!("{text}: new producer");
        self.replace();
        LogError::Aborted(text.to_owned())
    }

    /// Waits until every record is confirmed. rdkafka's own flush in `commit_transaction` sleeps
    /// 100 ms where anything is still under way; after this it finds nothing and returns at once.
    fn drain(&mut self, deadline: Deadline) -> Result<(), LogError> {
        let Some(producer) = &self.producer else { return Ok(()) };
        while producer.in_flight_count() > 0 && !deadline.passed() {
            let before = producer.in_flight_count();
            producer.poll(Duration::ZERO);
            if producer.in_flight_count() == before {
                std::thread::sleep(NAP);
            }
        }
        let failure = producer.context().take_failure();
        let left = producer.in_flight_count();
        let fault = match failure {
            Some((topic, error)) => undelivered(&topic, &error),
            None if left > 0 => LogError::Aborted(format!("{left} records not confirmed in time")),
            None => return Ok(()),
        };
        // Not aborted: a broker may have what was not confirmed, see `abort`.
        self.replace();
        Err(fault)
    }

    fn finish(&mut self, deadline: Deadline) -> Result<(), LogError> {
        loop {
            let Some(producer) = &self.producer else {
                return Err(LogError::Unknown("no producer".to_owned()));
            };
            let Err(error) = producer.commit_transaction(SLICE) else { return Ok(()) };
            match cure(&error) {
                Cure::Repeat if !deadline.passed() => self.serve(),
                Cure::Abort => {
                    self.abort();
                    return Err(LogError::Aborted(error.to_string()));
                }
                // The end was asked for, and nobody can say whether it was heard.
                Cure::Repeat | Cure::Replace | Cure::Stop => {
                    self.replace();
                    return Err(LogError::Unknown(error.to_string()));
                }
            }
        }
    }

    /// Drops the open transaction. Cannot fail: where the producer does not manage, it is
    /// replaced, and its successor makes the broker abort what was left before it begins anything.
    ///
    /// A producer that has sent what nobody confirmed is replaced too. librdkafka would number the next records as
    /// it has numbered those it threw away, and a broker that has those takes the next ones for
    /// them, sent again: it would confirm them and not write them.
    pub(super) fn abort(&mut self) {
        let Some(producer) = self.producer.as_ref().filter(|_| self.open) else {
            self.open = false;
            return;
        };
        let drain = Deadline::after(ABORT_DRAIN);
        while producer.in_flight_count() > 0 && !drain.passed() {
            producer.poll(Duration::ZERO);
            std::thread::sleep(NAP);
        }
        let unconfirmed = producer.in_flight_count() > 0;
        if unconfirmed || producer.context().take_failure().is_some() {
            self.replace();
            return;
        }
        let deadline = Deadline::after(ABORT_TIME);
        let aborted = loop {
            match producer.abort_transaction(Duration::from_millis(50)) {
                Ok(()) => break true,
                // An unserved report holds an abort up: librdkafka wants the queue empty.
                Err(error) if cure(&error) == Cure::Repeat && !deadline.passed() => self.serve(),
                Err(error) => {
                    self.watch.waiting(&format!("for a new producer after an abort: {error}"));
                    break false;
                }
            }
        };
        self.open = false;
        if !aborted {
            self.replace();
        }
    }
}

/// Offsets into the open transaction; `None` where the call does not come back. librdkafka 2.12 can wait for ever
/// for a coordinator that it has once dropped because a broker that was starting did not name it.
#[expect(clippy::disallowed_methods, reason = "a call that does not return cannot be waited for")]
fn send_offsets(
    producer: &Arc<BaseProducer<ProducerNotes>>,
    offsets: &TopicPartitionList,
    group: ConsumerGroupMetadata,
) -> Option<Result<(), KafkaError>> {
    let (sender, answer) = mpsc::channel();
    let (caller, offsets) = (Arc::clone(producer), offsets.clone());
    let call = move || {
        let sent = caller.send_offsets_to_transaction(&offsets, &group, SLICE);
        // First: who waits for the answer may drop the producer next, and should be the last to.
        drop(caller);
        drop(sender.send(sent));
    };
    match std::thread::Builder::new().name("offsets".to_owned()).spawn(call) {
        Ok(_) => answer.recv_timeout(SLICE + GRACE).ok(),
        Err(_) => Some(Err(KafkaError::Canceled)),
    }
}

pub(super) fn record<'a>(name: &'a str, outgoing: &'a Outgoing) -> BaseRecord<'a, [u8], [u8]> {
    let mut headers = OwnedHeaders::new_with_capacity(outgoing.headers.len());
    for (key, value) in &outgoing.headers {
        headers = headers.insert(Header { key, value: value.as_ref() });
    }
    BaseRecord {
        topic: name,
        partition: outgoing.partition,
        payload: outgoing.value.as_deref(),
        key: outgoing.key.as_deref(),
        timestamp: None,
        headers: (!outgoing.headers.is_empty()).then_some(headers),
        delivery_opaque: (),
    }
}

impl Drop for Outlet {
    // A courtesy: without it the broker holds readers back until the transaction times out.
    fn drop(&mut self) {
        self.abort();
    }
}
