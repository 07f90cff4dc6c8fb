//! What reloading and replaying cost on a real broker. A debug build runs the same with less, to see
//! that it works; the figures of `benches/README.md` are those of
//! `cargo test --release --test kafka -- --nocapture figures`, and are held to there.

use std::collections::BTreeMap;
use std::fs;
use std::ops::{Range, RangeFrom};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;
use tidegate::log::kafka::feed::Feed;
use tidegate::rules::Source;

use crate::figures_of_delivery::reader::Reader;
use crate::node::{Node, until};
use crate::published::{Hot, has_sequence};
use crate::scenarios;

/// Is this the build whose figures count?
pub(crate) const MEASURED: bool = !cfg!(debug_assertions);

/// Words of a list, a line each. Numbers spelt in letters: no two alike, none a word of the posts.
pub(crate) fn words(numbers: Range<usize>) -> String {
    let spell = |number: usize| -> String {
        let digits = number.to_string();
        digits.bytes().flat_map(|digit| [char::from(b'k' + digit - b'0'), 'u']).collect()
    };
    numbers.map(|number| format!("{}q\n", spell(number))).collect()
}

/// A pack that looks for so many words, and for `blorp`.
fn large(version: u64, patterns: usize) -> Source {
    let rule = "id: spam.many\ntitle: Many words\nstatus: live\npatterns:\n  a: {list: \
                lists/words.txt}\n  b: {any: [blorp]}\ncondition: a or b\nactions: [remove_post]\n\
                tests:\n  - fires: blorp\n  - quiet: bread\n";
    // Every version differs in a few words, as lists do from day to day.
    let first = usize::try_from(version).unwrap() * 10;
    let files = [
        ("pack.yaml", format!("name: hot\nversion: \"{version}\"\nowner: tests@example.org\n")),
        ("rules/many.yaml", rule.to_owned()),
        ("lists/words.txt", words(first..first + patterns)),
    ];
    let files = files.map(|(path, text)| (path.to_owned(), text.into_bytes()));
    Source { files: files.into() }
}

/// How long after each of these posts was sent a reader of committed records saw its takedown, sorted.
fn latencies(reader: &Reader, sent: &BTreeMap<String, Instant>) -> Vec<Duration> {
    let first = *sent.values().min().unwrap();
    let mut took = until("every takedown", || {
        let seen = reader.since(first).into_iter();
        let took = seen.filter_map(|seen| Some(seen.at - *sent.get(&seen.post)?));
        let took: Vec<Duration> = took.collect();
        (took.len() == sent.len()).then_some(took)
    });
    took.sort_unstable();
    took
}

fn percentile(sorted: &[Duration], share: usize) -> Duration {
    sorted[(sorted.len() * share / 100).min(sorted.len() - 1)]
}

/// Sends posts of these numbers, one in ten of them a hit, while `act` goes on; when each of those was sent.
fn under_load(hot: &Hot, numbers: RangeFrom<u64>, act: impl FnOnce()) -> BTreeMap<String, Instant> {
    let over = AtomicBool::new(false);
    let feed = || {
        let (feed, mut numbers, mut sent) = (hot.deployment.feed(), numbers, BTreeMap::new());
        while !over.load(Ordering::Relaxed) {
            for number in numbers.by_ref().take(20) {
                let at = Instant::now();
                send(&feed, number);
                sent.extend(is_hit(number).then(|| (id(number), at)));
            }
            feed.flush().unwrap();
            std::thread::sleep(Duration::from_millis(10));
        }
        sent
    };
    std::thread::scope(|scope| {
        let feed = scope.spawn(feed);
        act();
        over.store(true, Ordering::Relaxed);
        feed.join().unwrap()
    })
}

fn id(number: u64) -> String {
    format!("p{number}")
}

fn is_hit(number: u64) -> bool {
    number.is_multiple_of(10)
}

fn send(feed: &Feed, number: u64) {
    let id = id(number);
    let text = if is_hit(number) { "a blorp" } else { "bread and butter" };
    feed.send(id.as_bytes(), &scenarios::post(&id, &id, "a1", text)).unwrap();
}

/// Publishes editions one after the other; how long each takes to be in force at both processes.
fn reload(hot: &Hot, nodes: &[&Node], sequences: Range<u64>, patterns: usize) -> Vec<Duration> {
    sequences
        .map(|sequence| {
            let members = hot.signed(&large(sequence, patterns), sequence);
            let records = hot.records(sequence, &members);
            let mut publisher = hot.publisher();
            let started = Instant::now();
            publisher.publish(&records).unwrap();
            has_sequence(nodes, sequence as f64);
            started.elapsed()
        })
        .collect()
}

#[test]
fn figures_of_reload() {
    let sizes: &[(usize, u64, u64)] =
        if MEASURED { &[(100_000, 300, 150), (1_000_000, 2_000, 256)] } else { &[(2_000, 0, 0)] };
    for &(patterns, at_most_ms, at_most_mib) in sizes {
        let hot = Hot::make();
        hot.publish(1, &hot.signed(&large(1, patterns), 1));
        let (mut one, mut other) = (hot.spawn("one"), hot.spawn("other"));
        one.wait_until_ready();
        other.wait_until_ready();
        let mut quiet = reload(&hot, &[&one, &other], 2..7, patterns);
        quiet.sort();
        println!("{patterns} patterns, in force at two processes after {quiet:?}");
        let rest = if MEASURED { Duration::from_secs(10) } else { Duration::from_millis(500) };
        let reader = Reader::start(&hot.deployment.settings);
        // The first posts after a start wait for more than those behind them.
        drop(latencies(&reader, &under_load(&hot, 1.., || std::thread::sleep(rest / 10))));
        let sent = under_load(&hot, 1_000_000.., || std::thread::sleep(rest));
        let before = latencies(&reader, &sent);
        let sent = under_load(&hot, 2_000_000.., || {
            let started = Instant::now();
            let mut sequence = 7;
            while started.elapsed() < rest {
                drop(reload(&hot, &[&one, &other], sequence..sequence + 1, patterns));
                sequence += 1;
                std::thread::sleep(Duration::from_secs(2).min(rest));
            }
        });
        let during = latencies(&reader, &sent);
        let both = [&before, &during].map(|it| (percentile(it, 50), percentile(it, 99)));
        println!(
            "{patterns} patterns, from post to takedown (p50, p99): {:?} at rest, {:?} while reloading",
            both[0], both[1]
        );
        let resident = rss_mib(&one);
        println!("resident: {resident} MiB");
        assert!(!MEASURED || resident <= at_most_mib, "{resident} MiB");
        let in_force = quiet[quiet.len() / 2];
        assert!(!MEASURED || in_force <= Duration::from_millis(at_most_ms), "{quiet:?}");
        drop((one.stop(), other.stop()));
    }
}

/// Resident memory of a process.
pub(crate) fn rss_mib(node: &Node) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", node.pid())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
}

#[test]
fn figures_of_replay() {
    let count = if MEASURED { 500_000 } else { 2_000 };
    let hot = Hot::make();
    let feed = hot.deployment.feed();
    for number in 0..count {
        let id = format!("p{number}");
        let text = match number % 100 {
            0 => "bl0rp for 50 €, write me",
            1 => "zorbly work, write @someone",
            _ => "Good morning! The library opens at nine, see https://books.example/today",
        };
        let channel = format!("c{}", number % 1_000);
        feed.send(channel.as_bytes(), &scenarios::post(&id, &channel, &channel, text)).unwrap();
    }
    feed.flush().unwrap();
    let config = hot.folder().join("replay.toml");
    fs::write(&config, hot.deployment.config("replay")).unwrap();
    let replay = |more: &[&str]| -> Value {
        let output = Command::new(env!("CARGO_BIN_EXE_tidegate"))
            .args(["replay", "--json", "--pack", scenarios::PACK, "--config"])
            .arg(&config)
            .args(more)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
        serde_json::from_slice(&output.stdout).unwrap()
    };
    let all = replay(&[]);
    let (posts, seconds) = (all["posts"].as_u64().unwrap(), all["seconds"].as_f64().unwrap());
    println!("replay: {posts} posts in {seconds:.2} s, {:.0} a second", posts as f64 / seconds);
    assert_eq!(posts, count);
    assert_eq!(all["total"]["new"].as_u64(), Some(count / 100), "nothing was done yet");
    // Now it is done: the same posts, beside what was done, while the service runs.
    let mut node = Node::spawn(hot.folder(), &hot.deployment.config("node"));
    node.wait_until_ready();
    hot.deployment.settle();
    until("all was done", || {
        let total = &replay(&[])["total"];
        (total["same"].as_u64() == Some(count / 100)).then_some(())
    });
    let none = replay(&["--to", "1h"]);
    assert_eq!(none["posts"], 0);
    let part = replay(&["--from", "0@10", "--to", "0@20"]);
    assert_eq!(part["posts"], 10);
    drop(node.stop());
}
