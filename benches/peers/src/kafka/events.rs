//! The events of a rival, as any consumer would see them: committed ones only.

use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::message::Message as _;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use serde::Deserialize;

use super::clock;
use super::made::Place;
use super::topics::{OUTPUTS, client};

/// For events that are committed and do not show yet.
const PATIENCE: Duration = Duration::from_secs(10);

/// When all that should be there are: for those that should not.
const QUIET: Duration = Duration::from_millis(300);

/// What every event says, Tidegate's and the peers'.
#[derive(Deserialize)]
struct Event {
    source: Source,
}

#[derive(Deserialize)]
struct Source {
    partition: i32,
    offset: i64,
}

/// Reads a topic of events from its beginning on.
pub struct Events(BaseConsumer);

impl Events {
    pub fn of(servers: &str, topic: &str) -> Self {
        let mut config = client(servers);
        config
            .set("group.id", "reader")
            .set("enable.auto.commit", "false")
            .set("isolation.level", "read_committed")
            .set("fetch.wait.max.ms", "20");
        let consumer: BaseConsumer = config.create().expect("these settings are known");
        let mut all = TopicPartitionList::new();
        for partition in 0..OUTPUTS {
            let from = all.add_partition_offset(topic, partition, Offset::Beginning);
            from.expect("a beginning is an offset");
        }
        consumer.assign(&all).expect("the topic is there");
        Self(consumer)
    }

    /// The next event: which post it is about, and when it was seen here.
    pub fn next(&self, patience: Duration) -> Option<(Place, Instant)> {
        let message = self.0.poll(patience)?.expect("the broker answers");
        let seen = clock::now();
        let json = message.payload().expect("an event has a value");
        let Source { partition, offset } =
            serde_json::from_slice::<Event>(json).expect("an event says its source").source;
        Some((Place { partition, offset }, seen))
    }

    /// All there are, in the order of their posts.
    fn all(&self, expected: usize) -> Vec<Place> {
        let mut places = Vec::with_capacity(expected);
        loop {
            let patience = if places.len() < expected { PATIENCE } else { QUIET };
            let Some((place, _)) = self.next(patience) else { break };
            places.push(place);
        }
        places.sort_unstable();
        places
    }

    /// Fails the bench unless there is one event for each of these posts and no other.
    pub fn must_be(&self, planted: &[Place], who: &str) {
        let seen = self.all(planted.len());
        let count = seen.len();
        let is_planted = |place: &&Place| planted.binary_search(place).is_ok();
        let right = seen.iter().filter(is_planted).count();
        assert!(
            seen == planted,
            "{who}: {count} events, {right} of them about planted posts, which are {}",
            planted.len()
        );
    }
}
