//! From the start of a process to the next takedown, where the one before was killed in a transaction.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

use tidegate::control::read_folder;
use tidegate::rules::Source;

use super::reader::{Reader, is_one_held_back};
use super::{LOAD, entries, fill, middle_and_worst};
use crate::figures::{MEASURED, words};
use crate::node::{Node, until};
use crate::plants::{self, Moments};
use crate::published::Hot;
use crate::service::{reconcile, under_load};

/// From the start to what anybody can see, at most.
const GOAL: Duration = Duration::from_secs(2);
/// Whoever looks sooner could take an end that is on its way for one that nobody asks for.
const ON_ITS_WAY: Duration = Duration::from_millis(300);

/// The starter pack, and a rule with so many words that no post has.
fn pack(patterns: usize) -> Source {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(plants::PACK);
    let mut source = read_folder(&folder).unwrap();
    let manifest = source.files.get_mut("pack.yaml").unwrap();
    let text = String::from_utf8(std::mem::take(manifest)).unwrap();
    *manifest = text.replace("name: starter", "name: hot").into_bytes();
    let list = words(0..patterns);
    let rule = format!(
        "id: spam.many\ntitle: Many words\npatterns:\n  a: {{list: lists/many.txt}}\ncondition: a\n\
         actions: [remove_post]\ntests:\n  - fires: {}\n  - quiet: bread\n",
        list.lines().next().unwrap()
    );
    source.files.insert("rules/many.yaml".to_owned(), rule.into_bytes());
    source.files.insert("lists/many.txt".to_owned(), list.into_bytes());
    source
}

/// Kills the process until that was in a transaction with a takedown; how often it took.
fn kill_in_transaction(hot: &Hot, mut node: Node, moments: &mut Moments) -> usize {
    for time in 1.. {
        std::thread::sleep(Duration::from_secs(1) + moments.next(5, 900));
        drop(node.kill());
        std::thread::sleep(ON_ITS_WAY);
        if is_one_held_back(&hot.deployment.settings) {
            return time;
        }
        assert!(time < 20, "no kill was in a transaction");
        node = hot.spawn("node");
        node.wait_until_ready();
    }
    unreachable!("the loop has no end")
}

/// From the start to the first takedown, and to one of every partition of posts.
fn start_again(hot: &Hot, reader: &Reader) -> (Node, [Duration; 2]) {
    let started = Instant::now();
    let node = hot.spawn("node");
    let took = until("takedowns of every partition", || {
        let seen = reader.since(started);
        let mut partitions = BTreeSet::new();
        let last =
            seen.iter().find(|each| partitions.insert(each.partition) && partitions.len() == 4)?;
        Some([seen[0].at - started, last.at - started])
    });
    (node, took)
}

#[test]
fn figures_of_a_kill() {
    let (patterns, rows, times) = if MEASURED { (100_000, 10_000, 5) } else { (2_000, 300, 1) };
    let mut hot = Hot::make();
    hot.deployment.settings.consumer.clear();
    hot.publish(1, &hot.signed(&pack(patterns), 1));
    let mut node = hot.spawn("node");
    node.wait_until_ready();
    fill(&hot.deployment, &node, rows);
    let reader = Reader::start(&hot.deployment.settings);
    let mut moments = Moments::new(0x6669_6775);
    let mut took = [const { Vec::new() }; 2];
    let mut last = None;
    let account = under_load(&hot.deployment, 51, &LOAD, || {
        for _ in 0..times {
            let kills = kill_in_transaction(&hot, node, &mut moments);
            let killed = Instant::now() - ON_ITS_WAY;
            let both;
            (node, both) = start_again(&hot, &reader);
            // Else it might have been ended by the broker, for want of a word.
            let since = killed.elapsed();
            assert!(
                since < hot.deployment.settings.transaction_timeout,
                "{since:?} after the kill"
            );
            node.wait_until_ready();
            let restored = entries(&[&node]);
            println!("killed in a transaction (kill {kills}), {restored} rows restored: {both:?}");
            assert!(restored >= f64::from(rows), "{restored} rows");
            took.iter_mut().zip(both).for_each(|(all, one)| all.push(one));
        }
        last = Some(node);
    });
    let [first, all] = took.each_ref().map(|times| middle_and_worst(times));
    println!(
        "killed in a transaction, {patterns} patterns, {rows} rows of state: next takedown {:?} after \
         the start (worst {:?}); of every partition {:?} ({:?})",
        first.0, first.1, all.0, all.1
    );
    reconcile(&hot.deployment, &account);
    if MEASURED {
        assert!(first.1 <= GOAL, "{took:?}");
    }
    drop(last.expect("it runs").stop());
}
