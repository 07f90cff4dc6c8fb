//! Reads back one partition of the state topic, as it was committed.
//!
//! The caller has taken the stable committed offsets before, so every transaction they stem from
//! has ended, and its state records lie below the high watermark taken here. That watermark is a
//! read-uncommitted one, since a read-committed reader does not see how far it has to read. Then
//! the stable offset of the partition must have passed it, and only then does reading begin: the
//! end of the partition, as this reader is told it, cannot lie before the watermark.

use std::sync::Arc;
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::message::Message;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use super::clock::Deadline;
use super::context::{ReaderContext, Watch};
use super::settings::Settings;
use crate::log::{LogError, StateVisitor};

/// Without any progress for this long a restore gives up; the slowest good case is a transaction
/// that must time out and be swept up, some 20 s. Less than a worker may stand still.
const STALLED: Duration = Duration::from_secs(45);
const ASK: Duration = Duration::from_secs(5);
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// The two handles a restore needs, opened when a worker first restores.
pub(super) struct Restorer {
    topic: String,
    committed: BaseConsumer<ReaderContext>,
    uncommitted: BaseConsumer<ReaderContext>,
    watch: Arc<Watch>,
}

impl Restorer {
    pub(super) fn new(settings: &Settings, topic: String, watch: &Arc<Watch>) -> KafkaResult<Self> {
        let context = || ReaderContext(Arc::clone(watch));
        let mut committed = settings.reader();
        // Assignment needs a group for librdkafka's own book-keeping; nothing joins or commits it.
        committed.set("group.id", &settings.group).set("enable.partition.eof", "true");
        let mut uncommitted = settings.reader();
        uncommitted.set("isolation.level", "read_uncommitted");
        Ok(Self {
            topic,
            committed: committed.create_with_context(context())?,
            uncommitted: uncommitted.create_with_context(context())?,
            watch: Arc::clone(watch),
        })
    }

    pub(super) fn restore(&self, number: i32, each: StateVisitor<'_>) -> Result<(), LogError> {
        let (low, high) = self.patiently(number, || {
            self.uncommitted.fetch_watermarks(&self.topic, number, ASK).map(Some)
        })?;
        if low >= high {
            return Ok(());
        }
        self.patiently(number, || {
            let (_, stable) = self.committed.fetch_watermarks(&self.topic, number, ASK)?;
            Ok((stable >= high).then_some(()))
        })?;
        let read = self.read(number, each);
        if let Err(error) = self.committed.unassign() {
            tracing::debug!("kafka: after a restore: {error}");
        }
        read
    }

    fn read(&self, number: i32, each: StateVisitor<'_>) -> Result<(), LogError> {
        let mut list = TopicPartitionList::new();
        list.add_partition_offset(&self.topic, number, Offset::Beginning)
            .and_then(|()| self.committed.assign(&list))
            .map_err(|error| self.stalled(number, &error.to_string()))?;
        let mut deadline = Deadline::after(STALLED);
        loop {
            match self.committed.poll(Duration::from_secs(1)) {
                Some(Ok(message)) => {
                    // A compacted topic takes no record without a key.
                    message.key().into_iter().for_each(|key| each(key, message.payload()));
                    deadline = Deadline::after(STALLED);
                }
                // Of the one partition that is assigned: events of an earlier one do not outlive
                // its assignment.
                Some(Err(KafkaError::PartitionEOF(_))) => return Ok(()),
                Some(Err(error)) => self.watch.waiting(&error.to_string()),
                None => {}
            }
            if deadline.passed() {
                return Err(self.stalled(number, "no record comes"));
            }
        }
    }

    /// Asks until there is an answer: a broker may be away for a moment, or a transaction open.
    fn patiently<T>(
        &self,
        number: i32,
        ask: impl Fn() -> KafkaResult<Option<T>>,
    ) -> Result<T, LogError> {
        let deadline = Deadline::after(STALLED);
        loop {
            // Errors and log lines wait in a queue that somebody must empty.
            drop(self.uncommitted.poll(Duration::ZERO));
            let reason = match ask() {
                Ok(Some(answer)) => return Ok(answer),
                Ok(None) => "a transaction is still open there".to_owned(),
                Err(error) => {
                    self.forget_where_it_was();
                    error.to_string()
                }
            };
            if deadline.passed() {
                return Err(self.stalled(number, &reason));
            }
            self.watch.waiting(&format!("to restore {} {number}: {reason}", self.topic));
            std::thread::sleep(LOOK_AGAIN);
        }
    }

    /// A broker that has just come back may have left the partition out of its answer, and these clients
    /// would believe that for a quarter of an hour.
    fn forget_where_it_was(&self) {
        for client in [&self.uncommitted, &self.committed] {
            if let Err(error) = client.fetch_metadata(Some(&self.topic), ASK) {
                tracing::debug!("kafka: where {} is: {error}", self.topic);
            }
        }
    }

    fn stalled(&self, number: i32, reason: &str) -> LogError {
        LogError::Stop(format!(
            "kafka: restore of {} partition {number} made no progress for {} s: {reason}; \
             a transaction that hangs is found by `kafka-transactions.sh find-hanging`",
            self.topic,
            STALLED.as_secs()
        ))
    }
}
