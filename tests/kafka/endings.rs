//! A transaction whose end gets lost on the way, comes late, or is never answered.

use std::time::{Duration, Instant};

use tidegate::log::Log;
use tidegate::record::{Outgoing, Topic};

use crate::proxy::{END_TXN, LATE, PRODUCE, Rule};
use crate::support::{Copier, deployment, expect, feed, numbers, outgoing, shared, until};

/// A deployment that reaches the broker through the proxy, and has committed 50 posts.
fn settled() -> (tidegate::log::kafka::Settings, Copier) {
    let broker = shared();
    let mut settings = deployment(&broker.servers());
    settings.servers = broker.proxied_servers();
    settings.transaction_timeout = Duration::from_secs(3);
    feed(&settings, 0, 50);
    let mut copier = Copier::open(&settings).settled();
    copier.take(50);
    assert!(copier.commit());
    (settings, copier)
}

/// After an unknown outcome: every partition is given anew, then everything is committed once.
fn catch_up(copier: &mut Copier, settings: &tidegate::log::kafka::Settings, count: u32) {
    until("all partitions given anew", || {
        copier.turn();
        copier.owned.len() == 8
    });
    until("everything committed", || {
        copier.turn();
        copier.commit() && numbers(settings, Topic::Takedowns).len() >= count as usize
    });
    expect(settings, Topic::Takedowns, 0..count);
}

#[test]
fn an_end_nobody_heard_is_unknown_and_everything_comes_again() {
    let _alone = shared().proxy_for_me();
    let (settings, mut copier) = settled();
    feed(&settings, 50, 100);
    copier.take(100);
    shared().proxy.set(Rule::Cut);
    let before = shared().proxy.ends();
    assert!(!copier.commit());
    shared().proxy.set(Rule::Pass);
    assert!(shared().proxy.ends() > before, "the end was tried");
    assert_eq!(copier.unknown, 1, "aborted: {}", copier.aborted);
    catch_up(&mut copier, &settings, 100);
    assert_eq!(copier.seen.len(), 150, "the last 50 came twice");
}

#[test]
fn an_end_that_was_heard_but_not_answered_is_unknown_and_nothing_comes_again() {
    let _alone = shared().proxy_for_me();
    let (settings, mut copier) = settled();
    feed(&settings, 50, 100);
    copier.take(100);
    shared().proxy.set(Rule::Mute);
    assert!(!copier.commit());
    shared().proxy.set(Rule::Pass);
    assert_eq!(copier.unknown, 1, "aborted: {}", copier.aborted);
    catch_up(&mut copier, &settings, 100);
    assert_eq!(copier.seen.len(), 100, "it had been committed");
}

#[test]
fn an_end_that_comes_late_does_not_end_the_next_transaction() {
    let _alone = shared().proxy_for_me();
    let (settings, mut copier) = settled();
    copier.log.send(&outgoing(Topic::Takedowns, "first", "50")).unwrap();
    shared().proxy.set(Rule::Late);
    let start = Instant::now();
    copier.log.commit(&[]).unwrap();
    assert!(start.elapsed() < LATE, "the client tried again and was heard");
    copier.log.send(&outgoing(Topic::Takedowns, "second", "9999")).unwrap();
    std::thread::sleep(LATE * 4 / 3);
    copier.log.abort().unwrap();
    expect(&settings, Topic::Takedowns, 0..51);
}

/// The broker has records whose confirmation never came, and their transaction is rolled back: what the next one
/// writes must not be taken for them sent again.
#[test]
fn what_was_rolled_back_unconfirmed_does_not_swallow_what_is_written_next() {
    let _alone = shared().proxy_for_me();
    let (settings, mut copier) = settled();
    let write = |copier: &mut Copier, from: u32| {
        for number in from..from + 5 {
            let record = outgoing(Topic::Takedowns, "one", &number.to_string());
            copier.log.send(&Outgoing { partition: Some(0), ..record }).unwrap();
        }
    };
    shared().proxy.set_for(PRODUCE, Rule::Mute);
    write(&mut copier, 900);
    until("the broker has them", || shared().proxy.ends() > 0);
    copier.log.abort().unwrap();
    shared().proxy.set_for(END_TXN, Rule::Pass);
    write(&mut copier, 50);
    assert!(copier.commit());
    expect(&settings, Topic::Takedowns, 0..55);
}
