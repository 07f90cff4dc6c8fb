//! The topics of one partition that every process follows by itself: packs and controls. Reading
//! them from their beginning, and writing to them in one transaction.

use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::Message;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use super::MISSING_FOR;
use super::clock::{Deadline, Stopwatch};
use super::context::{ReaderContext, Watch};
use super::outlet::Outlet;
use super::settings::Settings;
use crate::log::LogError;
use crate::record::{Outgoing, Topic};

/// How soon the end of a topic is told: it comes with an answer to a fetch, and ten empty answers a
/// second are no load.
const FETCH_WAIT_MS: &str = "100";
/// Without any progress for this long, reading to the end or publishing gives up.
const STALLED: Duration = Duration::from_secs(30);
/// Between two looks for a topic that is not there.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
const SLICE: Duration = Duration::from_millis(500);
/// Instead of the instance in the ids of who publishes. No instance can be called so: the next one
/// that publishes to this deployment ends what the last one left open, and no worker is meant.
const PUBLISHER: &str = "+publish";

/// What comes next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Followed {
    /// A committed record.
    Record {
        /// Its key.
        key: Vec<u8>,
        /// Its value; `None` deletes the key.
        value: Option<Vec<u8>>,
    },
    /// Nothing is left of what was there. Said anew after each such moment.
    Reached,
}

/// Reads one topic of one partition, from its beginning and then on.
pub struct Follower {
    consumer: BaseConsumer<ReaderContext>,
    watch: Arc<Watch>,
    topic: String,
    /// Until the topic is seen: when it was first and last looked for.
    unseen: Cell<Option<(Stopwatch, Stopwatch)>>,
}

impl Follower {
    /// Opens the reader. No broker is asked yet.
    ///
    /// # Errors
    /// [`LogError::Stop`] where the settings cannot work.
    pub fn open(settings: &Settings, topic: Topic) -> Result<Self, LogError> {
        let watch = Arc::new(Watch::new(&settings.servers));
        let mut config = settings.reader();
        // Assignment needs a group for librdkafka's own book-keeping; nothing joins or commits it.
        config
            .set("group.id", &settings.group)
            .set("enable.partition.eof", "true")
            .set("fetch.wait.max.ms", FETCH_WAIT_MS);
        let consumer: BaseConsumer<ReaderContext> = config
            .create_with_context(ReaderContext(Arc::clone(&watch)))
            .map_err(|error| super::unusable(&error))?;
        let topic = settings.topic(topic);
        let mut list = TopicPartitionList::new();
        list.add_partition_offset(&topic, 0, Offset::Beginning)
            .and_then(|()| consumer.assign(&list))
            .map_err(|error| super::unusable(&error))?;
        let begun = (Stopwatch::start(), Stopwatch::start());
        Ok(Self { consumer, watch, topic, unseen: Cell::new(Some(begun)) })
    }

    /// What comes within this time. A broker that is away is waited for.
    ///
    /// # Errors
    /// [`LogError::Stop`]: there is no such topic, or the broker turns this client away.
    pub fn next(&self, wait: Duration) -> Result<Option<Followed>, LogError> {
        let deadline = Deadline::after(wait);
        loop {
            match self.consumer.poll(deadline.left()) {
                Some(Ok(message)) => {
                    // A compacted topic takes no record without a key.
                    let key = message.key().unwrap_or_default().to_vec();
                    let value = message.payload().map(<[u8]>::to_vec);
                    return Ok(Some(Followed::Record { key, value }));
                }
                Some(Err(KafkaError::PartitionEOF(_))) => {
                    self.watch.reached();
                    self.unseen.set(None);
                    return Ok(Some(Followed::Reached));
                }
                Some(Err(error)) => self.watch.waiting(&format!("{}: {error}", self.topic)),
                None => self.look()?,
            }
            if deadline.passed() {
                return Ok(None);
            }
        }
    }

    /// The client says nothing of a topic that is not there, and waits for it. One just made is not
    /// known to every broker at once; one that is missing for longer will not come by itself.
    fn look(&self) -> Result<(), LogError> {
        let Some((first, last)) = self.unseen.get() else { return Ok(()) };
        if let Some(refusal) = self.watch.refusal() {
            return Err(LogError::Stop(refusal));
        }
        if last.taken() < LOOK_AGAIN {
            return Ok(());
        }
        let metadata = match self.consumer.fetch_metadata(Some(&self.topic), SLICE) {
            Ok(metadata) => metadata,
            Err(error) => {
                self.watch.waiting(&format!("for topic {}: {error}", self.topic));
                self.unseen.set(Some((Stopwatch::start(), Stopwatch::start())));
                return Ok(());
            }
        };
        let found = metadata.topics().iter().find(|topic| topic.name() == self.topic);
        if found.is_some_and(|topic| !topic.partitions().is_empty()) {
            self.unseen.set(None);
            return Ok(());
        }
        self.unseen.set(Some((first, Stopwatch::start())));
        match first.taken() > MISSING_FOR {
            true => Err(super::missing(&self.topic)),
            false => Ok(()),
        }
    }

    /// Everything that is in the topic now, in order.
    ///
    /// # Errors
    /// [`LogError::Stop`]: the topic is missing or cannot be read.
    pub fn read_all(&self, each: &mut dyn FnMut(Vec<u8>, Option<Vec<u8>>)) -> Result<(), LogError> {
        let mut deadline = Deadline::after(STALLED);
        loop {
            match self.next(SLICE)? {
                Some(Followed::Reached) => return Ok(()),
                Some(Followed::Record { key, value }) => {
                    each(key, value);
                    deadline = Deadline::after(STALLED);
                }
                None if deadline.passed() => {
                    let (topic, seconds) = (&self.topic, STALLED.as_secs());
                    return Err(LogError::Stop(format!(
                        "kafka: could not read {topic} to the end for {seconds} s: check that the \
                         broker runs and has it: tidegate topics check --config FILE"
                    )));
                }
                None => {}
            }
        }
    }
}

/// Writes to these topics: all of it or nothing. Whoever publishes at the same time is fenced.
pub struct Publisher {
    outlet: Outlet,
}

impl Publisher {
    /// Opens the writer, and ends what another publisher has open.
    ///
    /// # Errors
    /// [`LogError::Stop`]: no broker within half a minute, or it refuses.
    pub fn open(settings: &Settings) -> Result<Self, LogError> {
        let settings = Settings { instance: PUBLISHER.to_owned(), slot: 0, ..settings.clone() };
        let watch = Arc::new(Watch::new(&settings.servers));
        let mut outlet = Outlet::new(&settings, &watch)?;
        let deadline = Deadline::after(STALLED);
        while !outlet.ready(SLICE)? {
            if let Some(refusal) = watch.refusal() {
                return Err(LogError::Stop(refusal));
            }
            if deadline.passed() {
                let (servers, seconds) = (&settings.servers, STALLED.as_secs());
                return Err(LogError::Stop(format!(
                    "kafka: no answer for {seconds} s: check that {servers} runs"
                )));
            }
        }
        Ok(Self { outlet })
    }

    /// Writes these records in one transaction.
    ///
    /// # Errors
    /// Any; after [`LogError::Unknown`] it may be there all the same: look, then publish again.
    pub fn publish(&mut self, records: &[Outgoing]) -> Result<(), LogError> {
        for record in records {
            self.outlet.send(record)?;
        }
        self.outlet.commit(&TopicPartitionList::new(), || None)
    }
}
