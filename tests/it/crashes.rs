//! The service on the log in a file, killed again and again under load.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::Value;
use tidegate::log::embedded::{Embedded, Span};
use tidegate::record::Topic;

use crate::embedded;
use crate::node::{self, Node, until};
use crate::plants::{self, Account, Moments};
use crate::scenarios;

/// How often it is killed.
const KILLS: u32 = 10;

/// Posts of one request.
const BATCH: usize = 100;

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

/// Planted posts that lie in the log more than once: they tell where doubles came in.
fn planted_twice(log: &Arc<Embedded>, account: &Account) -> usize {
    let mut seen = BTreeSet::new();
    let name = &log.inputs().names()[0];
    let all = Span { from: 0, records_max: usize::MAX, bytes_max: usize::MAX };
    let partitions = 0..i32::try_from(log.ends(name).len()).unwrap();
    let posts = partitions.flat_map(|partition| log.read(name, partition, all).unwrap());
    posts
        .map(|record| serde_json::from_slice(&record.value.unwrap()).unwrap())
        .filter(|post: &Value| account.holds(post["id"].as_str().unwrap()))
        .filter(|post| !seen.insert(post["id"].to_string()))
        .count()
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
    let twice = planted_twice(&log, &account);
    assert!(
        faults.is_empty(),
        "{} faults in {counted} + {direct} planted, of which {twice} are in the log twice: {:#?}",
        faults.len(),
        &faults[..faults.len().min(20)]
    );
    assert!(embedded::rows(&log, Topic::Deadletters).is_empty());
}

/// A client whose answer was lost in a crash sends its request again: it must be taken once.
#[test]
fn a_request_sent_again_after_a_crash_is_taken_once() {
    let folder = scenarios::folder();
    let config = embedded::config(scenarios::PACK);
    let ports = node::free_ports();
    let lines: Vec<_> =
        (1..=3).map(|n| scenarios::post(&format!("p{n}"), "c1", "a1", "blorp")).collect();
    for _ in 0..2 {
        let mut node = Node::spawn_at(folder.path(), &config, ports);
        node.wait_until_ready();
        append(ports.0, &lines.join(&b'\n'), 1);
        drop(node.kill());
    }
    let mut node = Node::spawn_at(folder.path(), &config, ports);
    node.wait_until_ready();
    append(ports.0, &scenarios::post("p4", "c1", "a1", "blorp"), 2);
    until("the last one", || (node.takedowns().len() >= 4).then_some(()));
    drop(node.stop());
    let rows = embedded::rows(&embedded::open(folder.path()), Topic::Takedowns);
    let posts: Vec<_> = scenarios::acted_on(&rows).into_iter().map(|(post, _)| post).collect();
    assert_eq!(posts, ["p1", "p2", "p3", "p4"]);
}
