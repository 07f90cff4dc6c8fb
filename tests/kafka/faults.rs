//! Brokers that are away, and two processes with one name.

use std::time::{Duration, Instant};

use tidegate::log::kafka::KafkaLog;
use tidegate::log::{Log, LogError, Polled};
use tidegate::record::Topic;

use crate::broker::Broker;
use crate::support::{Copier, deployed, deployment, expect, feed, numbers, settings, until};

#[test]
fn a_broker_away_at_the_start_is_waited_for() {
    let mut log = KafkaLog::open(settings("127.0.0.1:9")).unwrap();
    let start = Instant::now();
    for _ in 0..3 {
        assert!(matches!(log.poll(Duration::from_millis(300)).unwrap(), Polled::Idle));
    }
    let taken = start.elapsed();
    assert!(taken < Duration::from_secs(5), "polls come back in time: {taken:?}");
    assert_eq!(log.signal_partitions(), 0);
    assert_eq!(log.lag(), []);
}

#[test]
fn a_broker_that_goes_away_and_comes_back_loses_and_doubles_nothing() {
    let mut broker = Broker::start();
    let settings = deployment(&broker.servers());
    feed(&settings, 0, 100);
    let mut copier = Copier::open(&settings).settled();
    copier.take(100);
    assert!(copier.commit());
    for (round, hard) in [(1, true), (2, false)] {
        let from = round * 100;
        feed(&settings, from, from + 100);
        // Some of it is in an open transaction when the broker goes.
        copier.take(usize::try_from(from).unwrap() + 10);
        match hard {
            true => broker.kill(),
            false => broker.stop(),
        }
        let away = Instant::now();
        while away.elapsed() < Duration::from_secs(2) {
            copier.turn();
        }
        broker.restart();
        until("everything committed", || {
            copier.turn();
            copier.commit() && numbers(&settings, Topic::Takedowns).len() >= from as usize + 100
        });
        println!("round {round}: {:?} from the end to the last commit", away.elapsed());
    }
    expect(&settings, Topic::Takedowns, 0..300);
    println!("aborted {}, unknown {}, lost {}", copier.aborted, copier.unknown, copier.lost);
}

#[test]
fn a_commit_while_the_broker_is_away_ends_and_nothing_of_it_is_doubled() {
    let mut broker = Broker::start();
    let mut settings = deployment(&broker.servers());
    settings.transaction_timeout = Duration::from_secs(3);
    feed(&settings, 0, 60);
    let mut copier = Copier::open(&settings).settled();
    copier.take(60);
    broker.kill();
    let start = Instant::now();
    assert!(!copier.commit(), "no broker, no commit");
    let taken = start.elapsed();
    assert!(taken < Duration::from_secs(20), "it gives up in time: {taken:?}");
    broker.restart();
    until("everything committed", || {
        copier.turn();
        copier.commit() && numbers(&settings, Topic::Takedowns).len() >= 60
    });
    expect(&settings, Topic::Takedowns, 0..60);
    println!("aborted {}, unknown {}", copier.aborted, copier.unknown);
}

#[test]
fn one_of_two_processes_with_one_name_stops_and_says_why() {
    let settings = deployed();
    feed(&settings, 0, 20);
    let mut older = Copier::open(&settings).settled();
    older.take(20);
    let mut pair = [older, Copier::open(&settings)];
    let mut stopped = None;
    until("one of them stops", || {
        for (index, copier) in pair.iter_mut().enumerate() {
            if let Err(error) = copier.try_turn() {
                stopped = Some((index, error));
                return true;
            }
        }
        false
    });
    let (index, error) = stopped.expect("one has");
    assert!(matches!(error, LogError::Stop(_)), "{error}");
    assert!(error.to_string().contains("own instance"), "{error}");
    // The older one had read everything, and none of it may count twice.
    let [older, newer] = pair;
    let (loser, mut winner) = if index == 0 { (older, newer) } else { (newer, older) };
    drop(loser);
    until("everything committed", || {
        winner.turn();
        winner.commit() && numbers(&settings, Topic::Takedowns).len() >= 20
    });
    expect(&settings, Topic::Takedowns, 0..20);
}
