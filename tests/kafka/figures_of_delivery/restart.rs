//! One of two processes is stopped and started again, as a rolling update does it: how long the
//! partitions of the other one pause.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use super::reader::{self, Reader};
use super::{LOAD, middle_and_worst};
use crate::figures::MEASURED;
use crate::node::{Node, until};
use crate::plants;
use crate::service::{reconcile, share, under_load};
use crate::stage::Deployment;
use crate::support::shared;

/// The longest pause of the partitions of the process that stays.
const GOAL: Duration = Duration::from_secs(1);
/// So long before and after a restart takedowns are looked at.
const AROUND: Duration = Duration::from_secs(2);

/// Partitions of posts that a process has.
fn posts_of(node: &Node, deployment: &Deployment) -> Vec<i32> {
    let begins = format!(
        "tidegate_consumer_lag_records{{topic=\"{}\",partition=\"",
        deployment.settings.posts[0]
    );
    let text = node.metrics();
    let numbers = text.lines().filter_map(|line| line.strip_prefix(&begins));
    numbers.filter_map(|rest| rest.split('"').next()?.parse().ok()).collect()
}

/// What one restart did.
struct Restart {
    /// Longest gap of partitions of the other process, while all is quiet and around the restart.
    others: [Duration; 2],
    /// Of those of the restarted one.
    own: Duration,
    /// From the signal to when both say that they have hardly anything left.
    caught_up: Duration,
}

/// Restarts the first of two processes, which has this name.
fn restart(
    deployment: &Deployment,
    reader: &Reader,
    [going, other]: [Node; 2],
    name: &str,
) -> ([Node; 2], Restart) {
    let before = Instant::now();
    std::thread::sleep(AROUND * 2);
    let (own, others) = (posts_of(&going, deployment), posts_of(&other, deployment));
    let began = Instant::now();
    let quiet = reader.longest_gap(&others, before, began);
    drop(going.stop());
    let mut back = deployment.spawn(name);
    back.wait_until_ready();
    // Of what comes in half a second, and told once a second.
    let few = LOAD.posts as f64 / LOAD.every.as_secs_f64() / 2.0;
    until("it has caught up", || {
        let left = [other.lag(), back.lag()].into_iter().sum::<Option<f64>>()?;
        (left < few && posts_of(&back, deployment).len() == own.len()).then_some(())
    });
    let caught_up = began.elapsed();
    std::thread::sleep(AROUND);
    let after = Instant::now();
    let kept: BTreeSet<i32> = posts_of(&other, deployment).into_iter().collect();
    assert_eq!(kept, others.iter().copied().collect(), "the other one keeps its partitions");
    let [others, own] = [&others, &own].map(|all| reader.longest_gap(all, began - AROUND, after));
    ([back, other], Restart { others: [quiet, others], own, caught_up })
}

#[test]
fn figures_of_a_restart() {
    let times = if MEASURED { 3 } else { 1 };
    let mut deployment = Deployment::make(&shared().servers(), plants::PACK);
    deployment.settings.consumer.clear();
    // At once: who joins later may be left without any posts, or have them all.
    let mut nodes = ["one", "other"].map(|name| deployment.spawn(name));
    let [one, other] = &mut nodes;
    share(one, other);
    let reader = Reader::start(&deployment.settings);
    let mut restarts = Vec::new();
    let mut last = None;
    let account = under_load(&deployment, 61, &LOAD, || {
        std::thread::sleep(AROUND);
        let posts = nodes.each_ref().map(|node| posts_of(node, &deployment));
        println!("partitions of posts: {posts:?}");
        // The one that stays must have some.
        let name = if posts[1].is_empty() { "other" } else { "one" };
        if name == "other" {
            nodes.reverse();
        }
        let (began, before) = (Instant::now(), reader::posts(&deployment.settings));
        for _ in 0..times {
            let done;
            (nodes, done) = restart(&deployment, &reader, nodes, name);
            println!(
                "restarted: the other one's partitions pause for {:?} ({:?} before), its own for {:?}; \
                 caught up {:?} after the signal",
                done.others[1], done.others[0], done.own, done.caught_up
            );
            restarts.push(done);
        }
        let posts = (reader::posts(&deployment.settings) - before) as f64;
        println!("{:.0} posts a second", posts / began.elapsed().as_secs_f64());
        last = Some(nodes);
    });
    let pause = report(&restarts);
    reconcile(&deployment, &account);
    if MEASURED {
        assert!(pause < GOAL, "{pause:?}");
    }
    last.into_iter().flatten().for_each(|node| drop(node.stop()));
}

/// Says what the restarts did; the longest pause of partitions of the process that stayed.
fn report(restarts: &[Restart]) -> Duration {
    let of = |each: fn(&Restart) -> Duration| {
        middle_and_worst(&restarts.iter().map(each).collect::<Vec<_>>())
    };
    let (others, own, caught_up) =
        (of(|each| each.others[1]), of(|each| each.own), of(|each| each.caught_up));
    println!(
        "one of two restarted: the other one's partitions pause for {:?} (worst {:?}), its own for {:?} \
         ({:?}); caught up after {:?} ({:?})",
        others.0, others.1, own.0, own.1, caught_up.0, caught_up.1
    );
    others.1
}
