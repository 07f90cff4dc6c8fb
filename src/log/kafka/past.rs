//! Topics read again: from a time or an offset to another, without a group and without a trace.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use super::clock::Deadline;
use super::context::{ReaderContext, Watch};
use super::feed::Kept;
use super::settings::Settings;
use crate::log::LogError;

/// Without any progress for this long, reading gives up.
const STALLED: Duration = Duration::from_secs(30);

/// Where reading begins or ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mark {
    /// At the first record of this time or later, in every partition; Unix milliseconds.
    Time(i64),
    /// At an offset of one partition; the others are not read.
    Offset {
        /// Partition number.
        partition: i32,
        /// Offset in it.
        offset: i64,
    },
}

/// What to read: from `from` on, up to `to`, or else up to what is there now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stretch {
    /// Where it begins; else at the oldest record.
    pub from: Option<Mark>,
    /// The first record that is not read any more.
    pub to: Option<Mark>,
}

/// Committed records of a topic, partition by partition as they come.
pub struct Past {
    consumer: BaseConsumer<ReaderContext>,
    topic: String,
    /// The offset behind the last record to read, of partitions that are not read to there.
    ends: BTreeMap<i32, i64>,
    total: u64,
}

impl Past {
    /// Finds the offsets, and begins.
    ///
    /// # Errors
    /// [`LogError::Stop`]: no such topic, or the broker does not answer.
    pub fn open(settings: &Settings, topic: &str, stretch: &Stretch) -> Result<Self, LogError> {
        let watch = Arc::new(Watch::new(&settings.servers));
        let mut config = settings.reader();
        config
            .set("group.id", &settings.group)
            .set("enable.partition.eof", "true")
            .set("fetch.message.max.bytes", "4194304");
        let consumer: BaseConsumer<ReaderContext> = config
            .create_with_context(ReaderContext(watch))
            .map_err(|error| super::unusable(&error))?;
        let mut past = Self { consumer, topic: topic.to_owned(), ends: BTreeMap::new(), total: 0 };
        match past.begin(stretch) {
            Ok(true) => Ok(past),
            Ok(false) => Err(super::missing(topic)),
            Err(error) => Err(past.failed(&error)),
        }
    }

    /// Finds the offsets and begins; false where there is no such topic.
    fn begin(&mut self, stretch: &Stretch) -> KafkaResult<bool> {
        let metadata = self.consumer.fetch_metadata(Some(&self.topic), STALLED)?;
        let found = metadata.topics().iter().find(|each| each.name() == self.topic);
        let numbers: Vec<i32> = found
            .map(|each| each.partitions().iter().map(|partition| partition.id()).collect())
            .unwrap_or_default();
        if numbers.is_empty() {
            return Ok(false);
        }
        let mut list = TopicPartitionList::new();
        for number in numbers {
            let (low, high) = self.consumer.fetch_watermarks(&self.topic, number, STALLED)?;
            let start = self.find(stretch.from.as_ref(), number, (low, high))?.unwrap_or(low);
            let end = self.find(stretch.to.as_ref(), number, (low, high))?.unwrap_or(high);
            let is_named = [&stretch.from, &stretch.to].into_iter().flatten().all(
                |mark| !matches!(mark, Mark::Offset { partition, .. } if *partition != number),
            );
            if is_named && start < end {
                list.add_partition_offset(&self.topic, number, Offset::Offset(start))?;
                self.ends.insert(number, end);
                self.total += u64::try_from(end - start).unwrap_or(0);
            }
        }
        self.consumer.assign(&list).map(|()| true)
    }

    /// The offset of a mark in a partition, within what is there.
    fn find(
        &self,
        mark: Option<&Mark>,
        number: i32,
        (low, high): (i64, i64),
    ) -> KafkaResult<Option<i64>> {
        let time_ms = match mark {
            None => return Ok(None),
            Some(Mark::Offset { offset, .. }) => return Ok(Some((*offset).clamp(low, high))),
            Some(Mark::Time(time_ms)) => *time_ms,
        };
        let mut list = TopicPartitionList::new();
        list.add_partition_offset(&self.topic, number, Offset::Offset(time_ms))?;
        let found = self.consumer.offsets_for_times(list, STALLED)?;
        let found = found.find_partition(&self.topic, number).map(|it| it.offset());
        // Behind the newest record the broker answers with the end.
        Ok(Some(match found {
            Some(Offset::Offset(offset)) => offset.clamp(low, high),
            _ => high,
        }))
    }

    /// Records there are to read, markers of transactions among them.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.total
    }

    /// The next record; `None` at the end.
    ///
    /// # Errors
    /// [`LogError::Stop`]: no progress for half a minute.
    pub fn read(&mut self) -> Result<Option<Kept>, LogError> {
        let deadline = Deadline::after(STALLED);
        while !self.ends.is_empty() {
            match self.consumer.poll(Duration::from_secs(1)) {
                Some(Ok(message)) => {
                    let kept = Kept::of(&message);
                    drop(message);
                    match self.is_wanted(&kept) {
                        true => return Ok(Some(kept)),
                        false => continue,
                    }
                }
                Some(Err(KafkaError::PartitionEOF(number))) => {
                    self.ends.remove(&number);
                }
                Some(Err(error)) if deadline.passed() => return Err(self.failed(&error)),
                None if deadline.passed() => {
                    let topic = &self.topic;
                    let seconds = STALLED.as_secs();
                    return Err(LogError::Stop(format!(
                        "kafka: no record of {topic} came for {seconds} s: check that the broker runs"
                    )));
                }
                Some(Err(_)) | None => {}
            }
        }
        Ok(None)
    }

    /// Is this record within what is to be read? Notes that a partition is read to its end.
    fn is_wanted(&mut self, kept: &Kept) -> bool {
        let end = self.ends.get(&kept.partition).copied();
        if end.is_some_and(|end| kept.offset + 1 >= end) {
            self.ends.remove(&kept.partition);
        }
        end.is_some_and(|end| kept.offset < end)
    }

    fn failed(&self, error: &KafkaError) -> LogError {
        LogError::Stop(format!("kafka: could not read {}: {error}", self.topic))
    }
}
