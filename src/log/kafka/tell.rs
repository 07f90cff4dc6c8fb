//! A word to the owner of a key from outside the stream, and whether it was heard.

use std::sync::Arc;
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use super::context::{ReaderContext, Watch};
use super::feed::{Again, Feed};
use super::settings::Settings;
use crate::log::LogError;
use crate::record::{Outgoing, Topic};

/// Without an answer for this long, asking gives up.
const STALLED: Duration = Duration::from_secs(30);

/// Asks brokers what they know of topics and of the group.
pub struct Inquiry {
    consumer: BaseConsumer<ReaderContext>,
}

/// A signal that is in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    topic: String,
    partition: i32,
    /// An offset behind it.
    behind: i64,
}

impl Inquiry {
    /// Opens it. No broker is asked yet.
    ///
    /// # Errors
    /// [`LogError::Stop`] where the settings cannot work.
    pub fn open(settings: &Settings) -> Result<Self, LogError> {
        let watch = Arc::new(Watch::new(&settings.servers));
        let mut config = settings.reader();
        config.set("group.id", &settings.group);
        let consumer = config.create_with_context(ReaderContext(watch));
        Ok(Self { consumer: consumer.map_err(|error| super::unusable(&error))? })
    }

    /// The offset behind the newest record of each partition.
    ///
    /// # Errors
    /// [`LogError::Stop`]: no such topic, or no answer.
    pub fn ends(&self, topic: &str) -> Result<Vec<(i32, i64)>, LogError> {
        let failed = |error: KafkaError| failed(topic, &error);
        let metadata = self.consumer.fetch_metadata(Some(topic), STALLED).map_err(failed)?;
        let found = metadata.topics().iter().find(|each| each.name() == topic);
        let partitions = found.map(|each| each.partitions()).unwrap_or_default();
        if partitions.is_empty() {
            return Err(super::missing(topic));
        }
        let end = |number: i32| {
            let (_, end) = self.consumer.fetch_watermarks(topic, number, STALLED)?;
            Ok((number, end))
        };
        partitions
            .iter()
            .map(|partition| end(partition.id()))
            .collect::<Result<_, _>>()
            .map_err(failed)
    }

    /// Has the group committed past a signal?
    ///
    /// # Errors
    /// [`LogError::Stop`]: no answer.
    pub fn is_heard(&self, told: &Told) -> Result<bool, LogError> {
        let failed = |error: KafkaError| failed(&told.topic, &error);
        let mut list = TopicPartitionList::new();
        list.add_partition(&told.topic, told.partition);
        let committed = self.consumer.committed_offsets(list, STALLED).map_err(failed)?;
        let at = committed.find_partition(&told.topic, told.partition).map(|it| it.offset());
        Ok(matches!(at, Some(Offset::Offset(at)) if at >= told.behind))
    }

    /// Puts a signal into the log, made for the number of partitions that there are. `now_ms`: Unix
    /// milliseconds.
    ///
    /// # Errors
    /// [`LogError::Stop`]: it could not be delivered, or nobody knows whether it was.
    pub fn tell(
        &self,
        settings: &Settings,
        signal: impl FnOnce(i32) -> Outgoing,
        now_ms: i64,
    ) -> Result<Told, LogError> {
        let topic = settings.topic(Topic::Signals);
        let partitions = i32::try_from(self.ends(&topic)?.len()).unwrap_or(i32::MAX);
        let record = signal(partitions);
        let partition = record.partition.unwrap_or_default();
        let feed = Feed::open(settings, &topic)?;
        feed.send_again(&Again {
            partition,
            time_ms: now_ms,
            key: record.key.as_deref(),
            value: record.value.as_deref(),
            headers: &[],
        })?;
        feed.flush()?;
        let ends = self.ends(&topic)?;
        let behind = ends.into_iter().find(|(number, _)| *number == partition);
        let (_, behind) = behind.ok_or_else(|| super::missing(&topic))?;
        Ok(Told { topic, partition, behind })
    }
}

fn failed(topic: &str, error: &KafkaError) -> LogError {
    LogError::Stop(format!("kafka: no answer about {topic}: {error}"))
}
