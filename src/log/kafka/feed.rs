//! Plain ways in and out, for commands and tests: posts into a topic, and whatever is committed
//! out of one.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, Header, Message, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use super::clock::Deadline;
use super::context::{ProducerNotes, ReaderContext, Watch};
use super::native;
use super::settings::Settings;
use crate::log::LogError;

/// Without any progress for this long, feeding or reading gives up.
const STALLED: Duration = Duration::from_secs(30);

/// Writes records that survive retries once each, in order, without a transaction.
pub struct Feed {
    producer: BaseProducer<ProducerNotes>,
    topic: String,
}

impl Feed {
    /// Opens a feed into one topic, by its full name.
    ///
    /// # Errors
    /// [`LogError::Stop`] where the settings cannot work.
    pub fn open(settings: &Settings, topic: &str) -> Result<Self, LogError> {
        let watch = Arc::new(Watch::new(&settings.servers));
        let config = settings.plain_producer();
        let producer = config.create_with_context(ProducerNotes::new(watch));
        let producer = producer.map_err(|error| super::unusable(&error))?;
        Ok(Self { producer, topic: topic.to_owned() })
    }

    /// Queues one record, stamped with the time it is sent; waits while the queue is full.
    ///
    /// # Errors
    /// [`LogError::Stop`]: the record is too large, or the broker takes nothing any more.
    pub fn send(&self, key: &[u8], value: &[u8]) -> Result<(), LogError> {
        self.queue(BaseRecord::to(&self.topic).key(key).payload(value))
    }

    /// Queues one record as it once came; waits while the queue is full.
    ///
    /// # Errors
    /// [`LogError::Stop`]: the record is too large, the topic has no such partition, or the broker takes
    /// nothing any more.
    pub fn send_again(&self, again: &Again<'_>) -> Result<(), LogError> {
        let mut headers = OwnedHeaders::new_with_capacity(again.headers.len());
        for (key, value) in again.headers {
            headers = headers.insert(Header { key, value: value.as_ref() });
        }
        let mut record = BaseRecord::<[u8], [u8]>::to(&self.topic)
            .partition(again.partition)
            .timestamp(again.time_ms)
            .headers(headers);
        (record.key, record.payload) = (again.key, again.value);
        self.queue(record)
    }

    fn queue(&self, mut record: BaseRecord<'_, [u8], [u8]>) -> Result<(), LogError> {
        let deadline = Deadline::after(STALLED);
        loop {
            let Err((error, back)) = self.producer.send(record) else {
                self.producer.poll(Duration::ZERO);
                return Ok(());
            };
            let full = error.rdkafka_error_code() == Some(RDKafkaErrorCode::QueueFull);
            if !full || deadline.passed() {
                return Err(self.failed(&error.to_string()));
            }
            self.producer.poll(Duration::from_millis(1));
            record = back;
        }
    }

    /// Waits until the broker has everything; tells how many records it has taken so far.
    ///
    /// # Errors
    /// [`LogError::Stop`]: a record could not be delivered.
    pub fn flush(&self) -> Result<u64, LogError> {
        let notes = self.producer.context();
        let mut deadline = Deadline::after(STALLED);
        let mut before = notes.delivered();
        while self.producer.in_flight_count() > 0 {
            self.producer.poll(Duration::from_millis(1));
            if notes.delivered() != before {
                before = notes.delivered();
                deadline = Deadline::after(STALLED);
            }
            if deadline.passed() {
                return Err(self.failed("the broker does not answer"));
            }
        }
        match notes.take_failure() {
            Some((_, error)) => Err(self.failed(&error.to_string())),
            None => Ok(notes.delivered()),
        }
    }

    fn failed(&self, reason: &str) -> LogError {
        LogError::Stop(format!("kafka: could not write to {}: {reason}", self.topic))
    }
}

/// A record that was somewhere before.
#[derive(Clone, Copy, Debug)]
pub struct Again<'r> {
    /// Its partition.
    pub partition: i32,
    /// Its time, Unix milliseconds.
    pub time_ms: i64,
    /// Key, if it has one.
    pub key: Option<&'r [u8]>,
    /// Value; `None` is a null value.
    pub value: Option<&'r [u8]>,
    /// Headers, in order.
    pub headers: &'r [(String, Option<Vec<u8>>)],
}

/// A record read back, in a form that keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Partition number.
    pub partition: i32,
    /// Offset in the partition.
    pub offset: i64,
    /// The broker's timestamp, Unix milliseconds.
    pub time_ms: i64,
    /// Key, if it has one.
    pub key: Option<Vec<u8>>,
    /// Value; `None` is a tombstone.
    pub value: Option<Vec<u8>>,
    /// Headers, in order.
    pub headers: Vec<(String, Option<Vec<u8>>)>,
}

impl Kept {
    pub(super) fn of(message: &BorrowedMessage<'_>) -> Self {
        let mut headers = Vec::new();
        if let Some(list) = message.headers() {
            native::each_header(list, &mut |name, value| {
                headers.push((name.to_owned(), value.map(<[u8]>::to_vec)));
            });
        }
        Self {
            partition: message.partition(),
            offset: message.offset(),
            time_ms: message.timestamp().to_millis().unwrap_or(-1),
            key: message.key().map(<[u8]>::to_vec),
            value: message.payload().map(<[u8]>::to_vec),
            headers,
        }
    }
}

/// Everything committed in a topic, by partition and offset. `from` are the offsets to begin at;
/// partitions it does not name are read from their beginning.
///
/// A commit returns before the broker has marked every partition of it: for some milliseconds
/// after, the records of one partition may show and those of another not yet.
///
/// # Errors
/// [`LogError::Stop`]: no such topic, or no progress for half a minute.
pub fn read_committed(
    settings: &Settings,
    topic: &str,
    from: &[(i32, i64)],
) -> Result<Vec<Kept>, LogError> {
    let failed =
        |error: KafkaError| LogError::Stop(format!("kafka: could not read {topic}: {error}"));
    let watch = Arc::new(Watch::new(&settings.servers));
    let mut config = settings.reader();
    config.set("group.id", &settings.group).set("enable.partition.eof", "true");
    let reader: BaseConsumer<ReaderContext> = config
        .create_with_context(ReaderContext(watch))
        .map_err(|error| super::unusable(&error))?;
    let metadata = reader.fetch_metadata(Some(topic), STALLED).map_err(failed)?;
    let found = metadata.topics().iter().find(|each| each.name() == topic);
    let numbers: BTreeSet<i32> = found
        .map(|each| each.partitions().iter().map(|partition| partition.id()).collect())
        .unwrap_or_default();
    if numbers.is_empty() {
        return Err(super::missing(topic));
    }
    let mut kept = read_to_the_end(&reader, topic, numbers, from).map_err(failed)?;
    kept.sort_by_key(|each| (each.partition, each.offset));
    Ok(kept)
}

fn read_to_the_end(
    reader: &BaseConsumer<ReaderContext>,
    topic: &str,
    mut open: BTreeSet<i32>,
    from: &[(i32, i64)],
) -> KafkaResult<Vec<Kept>> {
    let mut list = TopicPartitionList::new();
    for &number in &open {
        let start = from.iter().find(|(partition, _)| *partition == number);
        let start = start.map_or(Offset::Beginning, |(_, offset)| Offset::Offset(*offset));
        list.add_partition_offset(topic, number, start)?;
    }
    reader.assign(&list)?;
    let mut kept = Vec::new();
    let mut deadline = Deadline::after(STALLED);
    while !open.is_empty() {
        match reader.poll(Duration::from_secs(1)) {
            Some(Ok(message)) => kept.push(Kept::of(&message)),
            Some(Err(KafkaError::PartitionEOF(number))) => {
                open.remove(&number);
            }
            Some(Err(error)) if deadline.passed() => return Err(error),
            None if deadline.passed() => {
                return Err(KafkaError::MessageConsumption(RDKafkaErrorCode::OperationTimedOut));
            }
            Some(Err(_)) | None => continue,
        }
        deadline = Deadline::after(STALLED);
    }
    Ok(kept)
}
