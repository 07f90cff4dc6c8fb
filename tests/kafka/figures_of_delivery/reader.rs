//! A consumer of takedowns like any other, who notes when each came.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::Message;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use serde_json::Value;
use tidegate::log::kafka::Settings;
use tidegate::record::Topic;

use crate::support::{POLL, SOON};

/// When a takedown came, and of which post of which partition. Only those that one post alone decides: others
/// wait for posts of other partitions, too.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) at: Instant,
    pub(super) partition: i32,
    pub(crate) post: String,
}

/// Reads what is committed, from when it starts.
pub(crate) struct Reader {
    over: Arc<AtomicBool>,
    seen: Arc<Mutex<Vec<Seen>>>,
    thread: Option<JoinHandle<()>>,
}

/// A client with librdkafka's defaults, which joins no group.
fn consumer(settings: &Settings, isolation: &str) -> BaseConsumer {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", &settings.servers);
    config.set("group.id", format!("{}-reader", settings.group));
    config.set("enable.auto.commit", "false");
    config.set("isolation.level", isolation);
    config.create().unwrap()
}

fn partitions(consumer: &BaseConsumer, topic: &str) -> Vec<i32> {
    let metadata = consumer.fetch_metadata(Some(topic), SOON).unwrap();
    metadata.topics()[0].partitions().iter().map(|partition| partition.id()).collect()
}

impl Reader {
    pub(crate) fn start(settings: &Settings) -> Self {
        let topic = settings.topic(Topic::Takedowns);
        let consumer = consumer(settings, "read_committed");
        let mut list = TopicPartitionList::new();
        for number in partitions(&consumer, &topic) {
            list.add_partition_offset(&topic, number, Offset::Beginning).unwrap();
        }
        consumer.assign(&list).unwrap();
        let (over, seen) = (Arc::new(AtomicBool::new(false)), Arc::default());
        let (ends, notes) = (Arc::clone(&over), Arc::clone(&seen));
        let thread = std::thread::spawn(move || read(&consumer, &ends, &notes));
        Self { over, seen, thread: Some(thread) }
    }

    /// What came since then.
    pub(crate) fn since(&self, from: Instant) -> Vec<Seen> {
        let seen = self.seen.lock().unwrap();
        let first = seen.partition_point(|each| each.at < from);
        seen[first..].to_vec()
    }

    /// The longest time within these moments in which nothing came of one of the partitions.
    pub(super) fn longest_gap(&self, partitions: &[i32], from: Instant, to: Instant) -> Duration {
        let gap = |&partition: &i32| {
            let seen = self.since(from).into_iter();
            let came = seen.filter(|each| each.partition == partition && each.at < to);
            let mut moments = vec![from];
            moments.extend(came.map(|each| each.at));
            moments.push(to);
            moments.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap()
        };
        partitions.iter().map(gap).max().unwrap_or_default()
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        self.thread.take().into_iter().for_each(|thread| drop(thread.join()));
    }
}

fn read(consumer: &BaseConsumer, over: &AtomicBool, seen: &Mutex<Vec<Seen>>) {
    while !over.load(Ordering::Relaxed) {
        let Some(Ok(message)) = consumer.poll(POLL) else { continue };
        let at = Instant::now();
        seen.lock().unwrap().extend(takedown(message.payload().unwrap(), at));
    }
}

/// A takedown that one post alone led to.
fn takedown(event: &[u8], at: Instant) -> Option<Seen> {
    let event: Value = serde_json::from_slice(event).unwrap();
    let alone = event["causes"][0]["count"].is_null();
    let partition = event["source"]["partition"].as_i64().filter(|_| alone)?;
    let post = event["subject"]["id"].as_str()?.to_owned();
    Some(Seen { at, partition: i32::try_from(partition).ok()?, post })
}

/// Where each partition of a topic ends, as such a consumer is told it.
fn ends(settings: &Settings, topic: &str, isolation: &str) -> Vec<i64> {
    let consumer = consumer(settings, isolation);
    let end = |number| consumer.fetch_watermarks(topic, number, SOON).unwrap().1;
    partitions(&consumer, topic).into_iter().map(end).collect()
}

/// Posts so far.
pub(super) fn posts(settings: &Settings) -> i64 {
    ends(settings, &settings.posts[0], "read_uncommitted").into_iter().sum()
}

/// Is there a takedown that a transaction nobody has ended yet holds back? Then what is committed ends
/// before the newest record.
pub(super) fn is_one_held_back(settings: &Settings) -> bool {
    let topic = settings.topic(Topic::Takedowns);
    let committed = ends(settings, &topic, "read_committed");
    let all = ends(settings, &topic, "read_uncommitted");
    committed.iter().zip(all).any(|(committed, all)| *committed < all)
}
