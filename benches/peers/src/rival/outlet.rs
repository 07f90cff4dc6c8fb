//! Where a peer's events go, and its offsets with them: in one transaction, or each for itself.

use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer as _};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use super::Asked;
use crate::kafka::topics::{self, PARTITIONS};
use crate::kafka::{clock, made::Place};

const PATIENCE: Duration = Duration::from_secs(30);

/// Posts between two looks at the clock.
const LOOK_EVERY: u32 = 16;

pub struct Outlet {
    producer: BaseProducer,
    exactly_once: bool,
    posts: String,
    events: String,
    interval: Duration,
    committed: Instant,
    /// The offset to read next, by partition, where posts were taken since the last commit.
    next: [Option<i64>; PARTITIONS],
    since_look: u32,
}

impl Outlet {
    pub fn open(asked: &Asked) -> Self {
        let exactly_once = asked.text("guarantee") == "exactly-once";
        let mut config = topics::client(asked.text("servers"));
        config
            .set("enable.idempotence", "true")
            .set("linger.ms", asked.text("linger_ms"))
            // The broker answers "concurrent transactions" for a moment after each commit; with
            // the default every commit in a row costs 100 ms.
            .set("retry.backoff.ms", "1");
        if exactly_once {
            config.set("transactional.id", asked.text("group"));
        }
        let producer: BaseProducer = config.create().expect("these settings are known");
        if exactly_once {
            producer.init_transactions(PATIENCE).expect("the broker gives transactions");
        }
        Self {
            producer,
            exactly_once,
            posts: asked.text("posts").to_owned(),
            events: asked.text("events").to_owned(),
            interval: Duration::from_millis(asked.number("interval_ms")),
            committed: clock::now(),
            next: [None; PARTITIONS],
            since_look: 0,
        }
    }

    /// To be called with each post before its event is sent.
    pub fn take(&mut self, place: Place) {
        let is_first = self.next.iter().all(Option::is_none);
        if is_first && self.exactly_once {
            self.producer.begin_transaction().expect("none is open");
        }
        let partition = usize::try_from(place.partition).expect("not negative");
        self.next[partition] = Some(place.offset + 1);
    }

    pub fn send(&self, key: &str, event: &[u8]) {
        let record = BaseRecord::to(&self.events).key(key).payload(event);
        topics::send(&self.producer, record);
    }

    /// How long to wait for a post.
    pub fn patience(&self) -> Duration {
        self.interval.saturating_sub(self.committed.elapsed()).max(Duration::from_millis(1))
    }

    /// Commits where the interval is over. `busy`: a post was taken just now, and more may wait.
    pub fn commit_if_due(&mut self, consumer: &BaseConsumer, busy: bool) {
        self.since_look += 1;
        if busy && self.since_look < LOOK_EVERY {
            return;
        }
        self.since_look = 0;
        self.producer.poll(Duration::ZERO);
        if self.committed.elapsed() >= self.interval {
            self.commit(consumer);
            self.committed = clock::now();
        }
    }

    fn commit(&mut self, consumer: &BaseConsumer) {
        let mut offsets = TopicPartitionList::new();
        for (partition, next) in (0..).zip(&mut self.next) {
            let Some(next) = next.take() else { continue };
            let added = offsets.add_partition_offset(&self.posts, partition, Offset::Offset(next));
            added.expect("it is an offset");
        }
        if offsets.count() == 0 {
            return;
        }
        // The client's own flush would wait 100 ms.
        while self.producer.in_flight_count() > 0 {
            self.producer.poll(Duration::from_millis(1));
        }
        if !self.exactly_once {
            return consumer.commit(&offsets, CommitMode::Async).expect("a commit can be queued");
        }
        let group = consumer.group_metadata().expect("it is a member");
        let sent = self.producer.send_offsets_to_transaction(&offsets, &group, PATIENCE);
        sent.expect("nobody else has the partitions");
        self.producer.commit_transaction(PATIENCE).expect("nothing else is at fault");
    }
}
