//! The service on the log in a file, killed again and again under load.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tidegate::record::Topic;

use crate::embedded;
use crate::node::{self, Node, until};
use crate::plants::{self, Account};
use crate::scenarios;

/// How often it is killed.
const KILLS: u32 = 10;

/// Posts of one request.
const BATCH: usize = 100;

/// A fixed sequence of numbers that look random: the moments of the kills.
pub(crate) struct Moments(u64);

impl Moments {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next, in milliseconds from `from` to `to`.
    pub(crate) fn next(&mut self, from: u64, to: u64) -> Duration {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        Duration::from_millis(from + self.0 % (to - from))
    }
}

/// Appends lines until it is acknowledged; a lost acknowledgement must not double them, so each
/// request is numbered.
fn append(api: u16, lines: &[u8], sequence: u64) {
    let url = format!("http://127.0.0.1:{api}/api/v1/posts");
    until("appended", || {
        let request = node::agent()
            .post(&url)
            .header("tidegate-producer", "crashes")
            .header("tidegate-sequence", sequence.to_string());
        match node::answer(request.send(lines)) {
            Some((202, _)) => Some(()),
            Some((429 | 503, _)) | None => None,
            Some(other) => panic!("{other:?}"),
        }
    });
}

#[test]
fn ten_kills_under_load_lose_and_double_nothing() {
    let folder = scenarios::folder();
    let config = embedded::config(plants::PACK);
    let ports = node::free_ports();
    let over = AtomicBool::new(false);
    let mut account = Account::default();
    let node = std::thread::scope(|scope| {
        let mut node = Node::spawn_at(folder.path(), &config, ports);
        let feeder = scope.spawn(|| {
            let mut traffic = plants::traffic(11);
            let mut sequence = 0;
            while !over.load(Ordering::Relaxed) || traffic.is_within_series() {
                let posts: Vec<_> = (0..BATCH).map(|_| traffic.make()).collect();
                account.note(&posts);
                let lines: Vec<_> = posts.into_iter().map(|post| post.json).collect();
                sequence += 1;
                append(ports.0, &lines.join(&b'\n'), sequence);
            }
        });
        let mut moments = Moments::new(0x7469_6465);
        for kill in 0..KILLS {
            // Some come before it is ready, while it reads its state back.
            if kill % 3 != 2 {
                node.wait_until_ready();
            }
            std::thread::sleep(moments.next(5, 900));
            drop(node.kill());
            node = Node::spawn_at(folder.path(), &config, ports);
        }
        node.wait_until_ready();
        over.store(true, Ordering::Relaxed);
        feeder.join().unwrap();
        node
    });
    until("all is acted on", || account.complete(&node.takedowns()).then_some(()));
    drop(node.stop());
    let log = embedded::open(folder.path());
    let takedowns: Vec<_> =
        embedded::rows(&log, Topic::Takedowns).iter().map(scenarios::Row::json).collect();
    let (counted, direct) = account.planted();
    assert!(counted > 50 && direct > 50, "{counted} and {direct} planted: too few to tell");
    let faults = account.faults(&takedowns);
    assert!(
        faults.is_empty(),
        "{} faults of {counted} + {direct}: {:#?}",
        faults.len(),
        faults.iter().take(20).collect::<Vec<_>>()
    );
    assert!(embedded::rows(&log, Topic::Deadletters).is_empty());
}
