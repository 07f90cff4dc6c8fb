//! How far a rival has come, by the offsets that its group has committed, and what that cost.

use std::thread;
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use super::broker::Broker;
use super::clock;
use super::process::Process;
use super::topics::{PARTITIONS, client};

const LOOK_EVERY: Duration = Duration::from_millis(20);

/// A rival that commits nothing for so long is stuck.
const STUCK: Duration = Duration::from_secs(60);

const ANSWER: Duration = Duration::from_secs(5);

/// What is measured lies between these shares of the posts: what comes before holds the start, and
/// what comes after the end of some partitions.
const FROM: f64 = 1.0 / 3.0;
const TO: f64 = 0.9;

/// The offsets of one group.
pub struct Group {
    asks: BaseConsumer,
    partitions: TopicPartitionList,
}

impl Group {
    pub fn of(servers: &str, group: &str, topic: &str) -> Self {
        let mut config = client(servers);
        config
            .set("group.id", group)
            .set("enable.auto.commit", "false")
            // Else it is not told what an open transaction is about to change.
            .set("isolation.level", "read_uncommitted");
        let mut partitions = TopicPartitionList::new();
        for partition in 0..PARTITIONS {
            partitions.add_partition(topic, i32::try_from(partition).expect("few"));
        }
        Self { asks: config.create().expect("these settings are known"), partitions }
    }

    /// Posts that are done; 0 where the broker does not say.
    pub fn committed(&self) -> u64 {
        self.ask().unwrap_or_default()
    }

    /// The same; nothing where the broker does not say.
    pub fn ask(&self) -> Option<u64> {
        let list = self.asks.committed_offsets(self.partitions.clone(), ANSWER).ok()?;
        let offset = |offset: Offset| match offset {
            Offset::Offset(offset) => u64::try_from(offset).unwrap_or_default(),
            _ => 0,
        };
        Some(list.elements().iter().map(|element| offset(element.offset())).sum())
    }
}

/// What was seen at a moment.
#[derive(Clone, Copy)]
struct Look {
    at: Instant,
    committed: u64,
    rival: Duration,
    broker: Duration,
}

/// What a stretch of posts took.
#[derive(Clone, Copy)]
pub struct Cost {
    /// Processor time of the rival, µs a post.
    pub rival_us: f64,
    /// The same of the broker.
    pub broker_us: f64,
    pub posts_a_second: f64,
}

/// Follows a rival until its group has committed all posts; no cost where they were too few to see a
/// stretch of them.
pub fn follow(group: &Group, rival: &Process, broker: &Broker, posts: usize) -> Option<Cost> {
    let total = posts as u64;
    let mut looks: Vec<Look> = Vec::new();
    let mut last_step = clock::now();
    loop {
        thread::sleep(LOOK_EVERY);
        let committed = group.committed();
        let look = Look { at: clock::now(), committed, rival: rival.cpu(), broker: broker.cpu() };
        assert!(rival.is_running(), "it ended:\n{}", rival.said());
        // Only looks that show a step are kept: so each is as far behind a commit as the others.
        if committed > looks.last().map_or(0, |last| last.committed) {
            last_step = look.at;
            looks.push(look);
        }
        if committed >= total {
            return cost(&looks, total);
        }
        let since = look.at - last_step;
        assert!(since < STUCK, "stuck at {committed} of {total} posts:\n{}", rival.said());
    }
}

fn cost(looks: &[Look], total: u64) -> Option<Cost> {
    let share = |look: &&Look| look.committed as f64 / total as f64;
    let first = looks.iter().find(|look| share(look) >= FROM)?;
    let last = looks.iter().rev().find(|look| share(look) <= TO)?;
    let posts = last.committed.checked_sub(first.committed).filter(|posts| *posts > 0)? as f64;
    let a_post = |from: Duration, to: Duration| (to - from).as_secs_f64() * 1e6 / posts;
    Some(Cost {
        rival_us: a_post(first.rival, last.rival),
        broker_us: a_post(first.broker, last.broker),
        posts_a_second: posts / (last.at - first.at).as_secs_f64(),
    })
}
