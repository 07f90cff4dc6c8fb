//! Workers come and go; nothing is lost and nothing doubled.

use std::time::{Duration, Instant};

use tidegate::log::kafka::{KafkaLog, Settings};
use tidegate::log::{Log, Polled};
use tidegate::record::Topic;

use crate::support::{Copier, POLL, deployed, expect, feed, numbers, until};

fn slot(settings: &Settings, slot: u16) -> Settings {
    Settings { slot, ..settings.clone() }
}

#[test]
fn two_workers_share_and_hand_over_without_loss_or_double() {
    let settings = deployed();
    feed(&settings, 0, 1000);
    let mut first = Copier::open(&slot(&settings, 0)).settled();
    first.take(200);
    let mut second = Copier::open(&slot(&settings, 1));
    let mut fed = 1000;
    until("both own half", || {
        first.turn();
        second.turn();
        if fed < 3000 {
            feed(&settings, fed, fed + 100);
            fed += 100;
        }
        first.owned.len() == 4 && second.owned.len() == 4
    });
    assert_eq!(first.revoked, 4, "what was given was taken first");
    until("everything read by both", || {
        let came = first.turn() | second.turn();
        // A rebalance may abort a transaction; what it held comes again.
        first.commit();
        second.commit();
        let done = || numbers(&settings, Topic::Takedowns).len() >= fed as usize;
        !came && done()
    });
    expect(&settings, Topic::Takedowns, 0..fed);
    assert_eq!((first.lost, second.lost), (0, 0));
    assert_eq!((first.unknown, second.unknown), (0, 0));
    println!("aborted: {} and {}", first.aborted, second.aborted);
}

#[test]
fn nothing_moves_until_the_worker_settles() {
    let settings = deployed();
    feed(&settings, 0, 100);
    let mut first = KafkaLog::open(slot(&settings, 0)).unwrap();
    let mut assigned = Vec::new();
    until("the first assignment", || {
        if let Polled::Assigned(partitions) = first.poll(POLL).unwrap() {
            assigned = partitions;
        }
        !assigned.is_empty()
    });
    // Until it is settled no record comes, and poll says the same again.
    for _ in 0..10 {
        match first.poll(POLL).unwrap() {
            Polled::Assigned(again) => assert_eq!(again, assigned),
            _ => panic!("something else came before the settle"),
        }
    }
    first.settle().unwrap();
    let mut first = Copier::on(first);
    first.owned = assigned;
    first.take(100);
    let mut second = Copier::open(&slot(&settings, 1));
    until("a revocation", || {
        second.turn();
        matches!(first.log.poll(POLL).unwrap(), Polled::Revoked { lost: false, .. })
    });
    // The other one gets none of them while this one has not let go.
    let wait = Instant::now() + Duration::from_secs(2);
    while Instant::now() < wait {
        second.turn();
        assert!(matches!(first.log.poll(POLL).unwrap(), Polled::Revoked { .. }));
        assert!(second.seen.is_empty());
    }
    // The next turn commits inside the rebalance, and settles.
    until("handed over", || {
        first.turn();
        second.turn();
        second.owned.len() == 4
    });
    assert_eq!(first.aborted, 0, "a commit inside the rebalance works");
    second.turn();
    assert!(second.seen.is_empty(), "all of it was committed before it was handed over");
    expect(&settings, Topic::Takedowns, 0..100);
}

#[test]
fn a_worker_that_comes_back_under_its_name_gets_its_partitions_at_once() {
    let settings = deployed();
    feed(&settings, 0, 50);
    let mut other = Copier::open(&slot(&settings, 0)).settled();
    let mut leaving = Copier::open(&slot(&settings, 1));
    until("both own half", || {
        other.turn();
        leaving.turn();
        leaving.owned.len() == 4 && other.owned.len() == 4
    });
    let before = other.revoked;
    drop(leaving);
    let start = Instant::now();
    let mut back = Copier::open(&slot(&settings, 1));
    until("its partitions", || {
        back.turn();
        back.owned.len() == 4
    });
    println!("back after {:?}", start.elapsed());
    other.turn();
    assert_eq!(other.revoked, before, "the other one was not disturbed");
}

/// A broker takes offsets without a generation for those of a tool, once nobody is in the group.
#[test]
fn a_member_that_the_group_has_forgotten_consumes_nothing_for_good() {
    let mut settings = deployed();
    settings.consumer.insert("max.poll.interval.ms".to_owned(), "6000".to_owned());
    feed(&settings, 0, 10);
    let mut first = Copier::open(&settings).settled();
    first.take(10);
    // Only offsets are left of them, and nothing is open that could time out.
    first.log.abort().unwrap();
    // The member gives up its generation for want of polls, and then the group the member.
    std::thread::sleep(Duration::from_secs(15));
    assert!(!first.commit(), "taken from a member that is no more");
    drop(first);
    let mut second = Copier::open(&settings).settled();
    second.take(10);
    assert!(second.commit());
    expect(&settings, Topic::Takedowns, 0..10);
}
