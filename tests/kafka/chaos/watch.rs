//! Looks all the time whether something can be seen whose input is not consumed for good: that would
//! come twice if its worker died now.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use serde_json::Value;
use tidegate::log::kafka::Settings;
use tidegate::log::kafka::feed::read_committed;
use tidegate::record::Topic;

const ANSWER: Duration = Duration::from_secs(10);

/// A reader of takedowns, and of the offsets that the group has committed.
pub(super) struct Watch {
    settings: Settings,
    group: BaseConsumer,
}

impl Watch {
    pub(super) fn new(settings: &Settings) -> Self {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", &settings.servers);
        config.set("group.id", &settings.group);
        // Offsets of open transactions are waited for.
        config.set("isolation.level", "read_committed");
        Self { settings: settings.clone(), group: config.create().unwrap() }
    }

    /// Looks until it is over; how often it could.
    pub(super) fn look(&self, over: &AtomicBool) -> usize {
        let topic = self.settings.topic(Topic::Takedowns);
        let mut next: Vec<(i32, i64)> = Vec::new();
        let mut newest: BTreeMap<i32, i64> = BTreeMap::new();
        let mut looks = 0;
        while !over.load(Ordering::Relaxed) {
            std::thread::sleep(Duration::from_millis(300));
            // While brokers are away there is nothing to see.
            let Ok(records) = read_committed(&self.settings, &topic, &next) else { continue };
            for record in records {
                next.retain(|(partition, _)| *partition != record.partition);
                next.push((record.partition, record.offset + 1));
                note(&mut newest, &serde_json::from_slice(&record.value.unwrap()).unwrap());
            }
            looks += usize::from(self.compare(&newest).is_some());
        }
        looks
    }

    /// Is every input that led to something seen consumed for good? None while nobody answers.
    fn compare(&self, newest: &BTreeMap<i32, i64>) -> Option<()> {
        let posts = &self.settings.posts[0];
        let mut list = TopicPartitionList::new();
        for partition in newest.keys() {
            list.add_partition(posts, *partition);
        }
        let committed = self.group.committed_offsets(list, ANSWER).ok()?;
        for (partition, offset) in newest {
            let found = committed.find_partition(posts, *partition)?;
            let Offset::Offset(committed) = found.offset() else { return None };
            assert!(
                *offset < committed,
                "posts/{partition}@{offset} led to an event that can be seen, and {committed} is read next"
            );
        }
        (!newest.is_empty()).then_some(())
    }
}

/// Notes the input of an event. What hop 2 decided rests on signals, not on posts.
fn note(newest: &mut BTreeMap<i32, i64>, event: &Value) {
    if event["causes"][0]["kind"] != "rule" {
        return;
    }
    let source = &event["source"];
    let partition = i32::try_from(source["partition"].as_i64().unwrap()).unwrap();
    let offset = source["offset"].as_i64().unwrap();
    let kept = newest.entry(partition).or_insert(offset);
    *kept = offset.max(*kept);
}
