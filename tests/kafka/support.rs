//! What every test needs: the shared broker, a deployment of its own, and a small worker.

use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use tidegate::log::kafka::feed::{self, Feed, Kept};
use tidegate::log::kafka::topics::{self, Sizes};
use tidegate::log::kafka::{KafkaLog, Settings};
use tidegate::log::{Log, LogError, Polled};
use tidegate::record::{InputId, Outgoing, Partition, Topic};

use crate::broker::Broker;

/// For whatever should happen soon.
pub(crate) const SOON: Duration = Duration::from_secs(30);
/// One poll.
pub(crate) const POLL: Duration = Duration::from_millis(100);

/// The broker all tests share, started by whoever comes first. It is killed by its watcher when
/// this process ends: statics are never dropped.
pub(crate) fn shared() -> &'static Broker {
    static BROKER: OnceLock<Broker> = OnceLock::new();
    BROKER.get_or_init(Broker::start)
}

/// A deployment nobody else uses: prefix, group and posts topic are its own.
pub(crate) fn settings(servers: &str) -> Settings {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let name = format!("t{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    let fast = [("session.timeout.ms", "6000"), ("heartbeat.interval.ms", "300")];
    let fast = fast.map(|(key, value)| (key.to_owned(), value.to_owned()));
    Settings {
        servers: servers.to_owned(),
        group: name.clone(),
        prefix: format!("{name}."),
        posts: vec![format!("{name}-posts")],
        instance: "node".to_owned(),
        consumer: BTreeMap::from(fast),
        ..Settings::default()
    }
}

/// Partitions of the posts topic, and of signals and state.
pub(crate) const SIZES: Sizes =
    Sizes { signals: 4, outputs: 2, posts: Some(4), replication: Some(1) };

/// A deployment with its topics.
pub(crate) fn deployment(servers: &str) -> Settings {
    let settings = settings(servers);
    let rows = topics::create(&settings, &SIZES).unwrap();
    assert!(rows.iter().all(topics::Row::is_fine), "{rows:?}");
    settings
}

pub(crate) fn deployed() -> Settings {
    deployment(&shared().servers())
}

/// Writes posts `from..to`, each with its number as key and value.
pub(crate) fn feed(settings: &Settings, from: u32, to: u32) {
    let feed = Feed::open(settings, &settings.posts[0]).unwrap();
    for number in from..to {
        let text = number.to_string();
        feed.send(text.as_bytes(), text.as_bytes()).unwrap();
    }
    assert_eq!(feed.flush().unwrap(), u64::from(to - from));
}

pub(crate) fn committed(settings: &Settings, topic: Topic) -> Vec<Kept> {
    feed::read_committed(settings, &settings.topic(topic), &[]).unwrap()
}

/// Values of a topic as the numbers they are, sorted.
pub(crate) fn numbers(settings: &Settings, topic: Topic) -> Vec<u32> {
    let number = |kept: Kept| {
        String::from_utf8(kept.value.expect("a value")).unwrap().parse::<u32>().unwrap()
    };
    let mut numbers: Vec<u32> = committed(settings, topic).into_iter().map(number).collect();
    numbers.sort_unstable();
    numbers
}

/// Waits until a topic has this many numbers, then asserts that it has these. A commit returns
/// before the broker has marked every partition of it, so a single look may come too early.
pub(crate) fn expect(settings: &Settings, topic: Topic, expected: impl IntoIterator<Item = u32>) {
    let expected: Vec<u32> = expected.into_iter().collect();
    until("everything visible", || numbers(settings, topic).len() >= expected.len());
    assert_eq!(numbers(settings, topic), expected);
}

pub(crate) fn outgoing(topic: Topic, key: &str, value: &str) -> Outgoing {
    Outgoing {
        topic,
        partition: None,
        key: Some(key.as_bytes().to_vec()),
        value: Some(value.as_bytes().to_vec()),
        headers: Vec::new(),
    }
}

pub(crate) fn until(what: &str, mut done: impl FnMut() -> bool) {
    let deadline = Instant::now() + SOON;
    while !done() {
        assert!(Instant::now() < deadline, "not in time: {what}");
    }
}

/// The smallest honest worker: copies each post to the takedowns topic, and knows how many it
/// took back.
pub(crate) struct Copier {
    pub(crate) log: KafkaLog,
    pub(crate) next: BTreeMap<Partition, i64>,
    pub(crate) owned: Vec<Partition>,
    /// Values in the order they were handed out, redelivered ones again.
    pub(crate) seen: Vec<(Partition, i64)>,
    pub(crate) revoked: usize,
    pub(crate) lost: usize,
    pub(crate) aborted: usize,
    pub(crate) unknown: usize,
}

impl Copier {
    pub(crate) fn open(settings: &Settings) -> Self {
        Self::on(KafkaLog::open(settings.clone()).unwrap())
    }

    pub(crate) fn on(log: KafkaLog) -> Self {
        Self {
            log,
            next: BTreeMap::new(),
            owned: Vec::new(),
            seen: Vec::new(),
            revoked: 0,
            lost: 0,
            aborted: 0,
            unknown: 0,
        }
    }

    /// One turn of the loop: what came is sent on, nothing is committed but where it must be.
    /// True if records came.
    pub(crate) fn turn(&mut self) -> bool {
        self.try_turn().unwrap()
    }

    /// As [`Copier::turn`], with the error of a poll.
    pub(crate) fn try_turn(&mut self) -> Result<bool, LogError> {
        let mut out = Vec::new();
        let (assigned, revoked) = match self.log.poll(POLL)? {
            Polled::Idle => return Ok(false),
            Polled::Assigned(partitions) => (partitions, None),
            Polled::Revoked { partitions, lost } => (Vec::new(), Some((partitions, lost))),
            Polled::Records(batch) => {
                for index in 0..batch.len() {
                    let record = batch.record(index).unwrap();
                    let value = String::from_utf8(record.value.unwrap().to_vec()).unwrap();
                    out.push(outgoing(Topic::Takedowns, &value, &value));
                    let next = self.next.entry(record.partition).or_insert(record.offset);
                    assert!(record.offset >= *next, "in order, none twice: {record:?}");
                    *next = record.offset + 1;
                    self.seen.push((record.partition, record.offset));
                }
                (Vec::new(), None)
            }
        };
        if let Some((partitions, lost)) = revoked {
            self.give_up(&partitions, lost);
        } else if !assigned.is_empty() {
            self.owned.retain(|partition| !assigned.contains(partition));
            self.owned.extend(assigned);
            self.log.settle().unwrap();
        }
        for each in &out {
            let sent = self.log.send(each);
            if !self.went_well(sent) {
                return Ok(true);
            }
        }
        Ok(!out.is_empty())
    }

    fn give_up(&mut self, partitions: &[Partition], lost: bool) {
        if lost {
            self.lost += 1;
            self.log.abort().unwrap();
            self.next.clear();
        } else {
            self.commit();
        }
        self.revoked += partitions.len();
        self.owned.retain(|partition| !partitions.contains(partition));
        self.next.retain(|partition, _| !partitions.contains(partition));
        self.log.settle().unwrap();
    }

    pub(crate) fn commit(&mut self) -> bool {
        let next: Vec<(Partition, i64)> =
            self.next.iter().map(|(&key, &value)| (key, value)).collect();
        let committed = self.log.commit(&next);
        self.went_well(committed)
    }

    fn went_well(&mut self, result: Result<(), LogError>) -> bool {
        match result {
            Ok(()) => return true,
            Err(LogError::Aborted(_)) => self.aborted += 1,
            Err(LogError::Unknown(_)) => {
                self.unknown += 1;
                self.owned.clear();
            }
            Err(LogError::Stop(text)) => panic!("{text}"),
        }
        // Everything since the last commit comes again.
        self.next.clear();
        false
    }

    /// Turns until all partitions of posts and signals are owned.
    pub(crate) fn settled(mut self) -> Self {
        let all = usize::try_from(SIZES.posts.unwrap() + SIZES.signals).unwrap();
        until("all partitions assigned", || {
            self.turn();
            self.owned.len() == all
        });
        self
    }

    /// Turns until so many records were handed out in all.
    pub(crate) fn take(&mut self, count: usize) {
        until("records", || {
            self.turn();
            self.seen.len() >= count
        });
    }
}

/// The partition of the first posts topic, or of signals behind it.
pub(crate) fn partition(input: u16, number: i32) -> Partition {
    Partition { input: InputId(input), number }
}
