//! The built service under load on Kafka: killed again and again, joined and left by a second
//! process, and without its broker. Each planted post is acted on exactly once.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tidegate::record::Topic;
use tidegate::traffic::MadePost;

use crate::broker::Broker;
use crate::node::{Node, until};
use crate::plants::{self, Account, Moments};
use crate::scenarios::{self, Row};
use crate::stage::{Deployment, PARTITIONS};
use crate::support::shared;

/// How often the process is killed.
const KILLS: u32 = 20;

/// Posts that come together, and how often that is.
pub(crate) struct Rate {
    pub(crate) posts: usize,
    pub(crate) every: Duration,
}

/// Some 300 a second: enough to have something open whenever a process is killed.
const SOME: Rate = Rate { posts: 30, every: Duration::from_millis(100) };

/// Sends made posts while `act` goes on; what was planted.
pub(crate) fn under_load(
    deployment: &Deployment,
    seed: u64,
    rate: &Rate,
    act: impl FnOnce(),
) -> Account {
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let feeder = scope.spawn(|| {
            let mut account = Account::default();
            let mut traffic = plants::traffic(seed);
            let feed = deployment.feed();
            let mut next = Instant::now();
            while !over.load(Ordering::Relaxed) || traffic.is_within_series() {
                let posts: Vec<_> = (0..rate.posts).map(|_| traffic.make()).collect();
                account.note(&posts);
                let send = |post: &MadePost| feed.send(post.channel.as_bytes(), &post.json);
                posts.iter().try_for_each(send).and_then(|()| feed.flush()).unwrap();
                // By the clock, whatever a send takes.
                next = Instant::now().max(next + rate.every);
                std::thread::sleep(next.saturating_duration_since(Instant::now()));
            }
            account
        });
        // Else a failure in `act` would wait for a feeder that never ends.
        let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(act));
        over.store(true, Ordering::Relaxed);
        let account = feeder.join().unwrap();
        done.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        account
    })
}

/// Waits until all is consumed and holds takedowns against what was planted.
pub(crate) fn reconcile(deployment: &Deployment, account: &Account) {
    deployment.settle();
    let takedowns: Vec<_> = deployment.rows(Topic::Takedowns).iter().map(Row::json).collect();
    let (counted, direct) = account.planted();
    assert!(counted > 50 && direct > 50, "{counted} and {direct} planted: too few to tell");
    let faults = account.faults(&takedowns);
    assert!(
        faults.is_empty(),
        "{} faults in {counted} + {direct} planted: {:#?}",
        faults.len(),
        &faults[..faults.len().min(20)]
    );
    assert!(deployment.rows(Topic::Deadletters).is_empty());
}

#[test]
fn twenty_kills_under_load_lose_and_double_nothing() {
    let deployment = Deployment::make(&shared().servers(), plants::PACK);
    let mut last = None;
    let account = under_load(&deployment, 21, &SOME, || {
        let mut moments = Moments::new(0x6b61_666b);
        let mut node = deployment.spawn("node");
        for kill in 0..KILLS {
            // Some come before it is ready, while it joins or reads its state back.
            if kill % 3 != 2 {
                node.wait_until_ready();
            }
            std::thread::sleep(moments.next(5, 900));
            drop(node.kill());
            node = deployment.spawn("node");
        }
        node.wait_until_ready();
        last = Some(node);
    });
    reconcile(&deployment, &account);
    drop(last.expect("it runs").stop());
}

/// Partitions a process says it has.
fn assigned(node: &Node) -> f64 {
    node.metric("tidegate_assigned_partitions")
}

fn owns_all(node: &Node) {
    until("all partitions are one process's", || {
        ((assigned(node) - PARTITIONS).abs() < 0.1).then_some(())
    });
}

pub(crate) fn share(one: &mut Node, other: &mut Node) {
    one.wait_until_ready();
    other.wait_until_ready();
    until("both have partitions", || {
        let (one, other) = (assigned(one), assigned(other));
        (one > 0.5 && other > 0.5 && (one + other - PARTITIONS).abs() < 0.1).then_some(())
    });
    std::thread::sleep(Duration::from_millis(500));
}

#[test]
fn processes_that_join_leave_and_crash_under_load_lose_and_double_nothing() {
    let deployment = Deployment::make(&shared().servers(), plants::PACK);
    let mut left = None;
    let account = under_load(&deployment, 31, &SOME, || {
        let mut one = deployment.start("one");
        let mut other = deployment.start("other");
        share(&mut one, &mut other);
        drop(other.stop());
        owns_all(&one);
        other = deployment.start("other");
        share(&mut one, &mut other);
        drop(one.kill());
        owns_all(&other);
        one = deployment.start("one");
        share(&mut one, &mut other);
        left = Some((one, other));
    });
    reconcile(&deployment, &account);
    let (one, other) = left.expect("both run");
    drop((one.stop(), other.stop()));
}

fn post(deployment: &Deployment, id: &str) {
    let feed = deployment.feed();
    feed.send(b"c1", &scenarios::post(id, "c1", "a1", "blorp")).unwrap();
    assert_eq!(feed.flush().unwrap(), 1);
}

#[test]
fn a_broker_that_is_away_is_waited_for_at_the_start_and_later() {
    let mut broker = Broker::start();
    let deployment = Deployment::make(&broker.servers(), scenarios::PACK);
    post(&deployment, "p1");
    broker.stop();
    let mut node = deployment.spawn("node");
    until("it answers", || node.watch("/livez"));
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!((node.watch("/livez"), node.watch("/readyz")), (Some(200), Some(503)));
    broker.restart();
    node.wait_until_ready();
    deployment.settle();
    for (kill, id) in [(false, "p2"), (true, "p3")] {
        if kill {
            broker.kill();
        } else {
            broker.stop();
        }
        std::thread::sleep(Duration::from_secs(2));
        assert_eq!(node.watch("/livez"), Some(200));
        broker.restart();
        post(&deployment, id);
        deployment.settle();
    }
    let acted = scenarios::acted_on(&deployment.rows(Topic::Takedowns));
    let posts: Vec<_> = acted.iter().map(|(post, _)| post.as_str()).collect();
    assert_eq!(posts, ["p1", "p2", "p3"]);
    drop(node.stop());
}
