//! Each stage alone, then all of them, on one core and in process: no log, no clock, no threads.
//!
//! All run over the same 2,000 made posts in six languages, one in a hundred of them planted, with
//! the rules of `packs/starter`. What a stage needs from the stages before it is made beforehand.
//! Posts a second are whole posts, bytes a second are bytes of their JSON, whatever the stage looks
//! at: so the times of the stages add up to that of the whole, and the slowest is the one to work
//! on.
//!
//! - `decode`: JSON to a post, as nearly all records take it: one pass over plain native JSON.
//! - `decode_full`: the same posts without that pass, as records that are not plain, and the other
//!   formats, are read.
//! - `links`: the links of every piece of text. Most posts have none, and leave after one look over
//!   their bytes: this is the price of that look, and of the full search for the others.
//! - `views`: the folded text, its words and the odd words, of every piece, the slow way: what a
//!   post costs that hits. It pays by character.
//! - `scan`: which rules of the starter pack could a post concern; views and hits of those it could.
//! - `scan_slowly`: views, and every pattern on them: the slow truth that `scan` is tested against.
//!   Their ratio is what the engine is worth.
//! - `score`: which rules fire. Nearly all posts have no hit and nothing to score, so the number
//!   says what asking costs, not what a verdict costs.
//! - `event`: the events of those posts whose rules fire, written as JSON. Posts a second are posts
//!   that fire here: one in a hundred of those that come in.
//! - `screen`: everything that the worker does for a post in hop 1 but the log: bytes in, events
//!   out. **Posts a second that one core screens.**
//! - `scan_lists`: `scan` of one list of words, 12, 1,000 and 10,000 of them, on the same posts. A
//!   flat line says that a longer list costs nothing while nothing of it occurs.
//! - `scan_languages`: the same with 10,000 words, by language; bytes a second are bytes of text here.
//!   English is read 64 bytes at a time, other scripts letter by letter.

#![expect(clippy::unwrap_used, reason = "a bench that cannot go on should say where")]

mod support;

use std::hint::black_box;
use std::time::Duration;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};
use tidegate::decode::{self, Format, Limits, Post};
use tidegate::event::{Issuer, Source};
use tidegate::record::Outgoing;
use tidegate::rules::{self, Source as PackText};
use tidegate::scan::{Hits, Naive, Seen};
use tidegate::screen::{Origin, Reading, RuleSet, Screened, screen, screen_into};
use tidegate::traffic::MadePost;
use tidegate::{extract, normalise, score};

const POSTS: usize = 2_000;

/// Partitions of signals, as the service has by default.
const SIGNAL_PARTITIONS: i32 = 8;

fn decoded(made: &[MadePost]) -> Vec<Post<'_>> {
    let limits = Limits::default();
    let posts = made.iter().map(|made| decode::read(&Format::Native, Some(&made.json), &limits));
    posts.collect::<Result<_, _>>().unwrap()
}

/// A post's pieces with their links, as `screen` makes them.
fn looked_at<'p>(post: &'p Post<'_>) -> Vec<Seen<'p>> {
    post.pieces().into_iter().map(Seen::of).collect()
}

/// Events as the worker would send them; `out` is emptied before.
fn emit(screened: &Screened<'_>, rules: &RuleSet, issuer: &Issuer, out: &mut Vec<Outgoing>) {
    out.clear();
    let source = Source { topic: "tidegate.posts", partition: 0, offset: 1, time_ms: 1_000 };
    let origin = Origin {
        issuer,
        source,
        traceparent: None,
        decided_at_ms: 1_000,
        signal_partitions: SIGNAL_PARTITIONS,
    };
    black_box(screened.emit(rules, origin, out));
    black_box(out);
}

fn both(posts: usize, bytes: u64) -> Throughput {
    Throughput::ElementsAndBytes { elements: posts as u64, bytes }
}

fn group<'c>(criterion: &'c mut Criterion, name: &str) -> BenchmarkGroup<'c, WallTime> {
    let mut group = criterion.benchmark_group(name);
    group.sample_size(20);
    group.warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(3));
    group
}

/// Runs `stage` over all of `items`, which come from so many posts of so many bytes.
fn each<T>(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    items: &[T],
    mut stage: impl FnMut(&T),
) {
    group.bench_function(name, |bencher| bencher.iter(|| items.iter().for_each(&mut stage)));
}

fn before_rules(criterion: &mut Criterion) {
    let made = support::posts(POSTS);
    let mut group = group(criterion, "stages");
    group.throughput(both(POSTS, support::bytes(&made)));
    let limits = Limits::default();
    each(&mut group, "decode", &made, |made| {
        black_box(&decode::read(&Format::Native, Some(&made.json), &limits));
    });
    each(&mut group, "decode_full", &made, |made| {
        black_box(&decode::read_full(&Format::Native, Some(&made.json), &limits));
    });
    let posts = decoded(&made);
    let seen: Vec<_> = posts.iter().map(looked_at).collect();
    each(&mut group, "links", &seen, |seen| {
        for seen in seen {
            black_box(extract::links(seen.piece.text));
        }
    });
    each(&mut group, "views", &seen, |seen| {
        for seen in seen {
            let links: Vec<_> = seen.links.iter().map(|link| link.range.clone()).collect();
            black_box(normalise::views(seen.piece.text, &links));
        }
    });
    group.finish();
}

fn with_rules(criterion: &mut Criterion) {
    let (rules, reading, issuer) = (support::rules(), Reading::default(), Issuer::public());
    let made = support::posts(POSTS);
    let posts = decoded(&made);
    let seen: Vec<_> = posts.iter().map(|post| (post, looked_at(post))).collect();
    let mut group = group(criterion, "stages");
    group.throughput(both(POSTS, support::bytes(&made)));

    each(&mut group, "scan", &seen, |(post, seen)| {
        black_box(rules.tables().scan(post, seen));
    });
    let naive = Naive::build(rules.rules()).unwrap();
    each(&mut group, "scan_slowly", &seen, |(post, seen)| {
        black_box(naive.scan(post, seen));
    });
    let scanned = seen.iter().map(|(post, seen)| (*post, rules.tables().scan(post, seen)));
    let scanned: Vec<(&Post<'_>, Hits)> = scanned.collect();
    each(&mut group, "score", &scanned, |(post, hits)| {
        black_box(score::score(rules.rules(), rules.first_patterns(), post, hits));
    });
    let mut out = Vec::new();
    each(&mut group, "screen", &made, |made| {
        let mut screened = Screened::default();
        screen_into(&mut screened, Some(&made.json), &rules, &reading).unwrap();
        emit(&screened, &rules, &issuer, &mut out);
    });

    let screened = made.iter().map(|made| (made, screen(Some(&made.json), &rules, &reading)));
    let screened = screened.map(|(made, screened)| (made.json.len() as u64, screened.unwrap()));
    let fired: Vec<_> =
        screened.filter(|(_, screened)| !screened.verdict.fired.is_empty()).collect();
    assert!(!fired.is_empty(), "nothing of what was planted is found");
    group.throughput(both(fired.len(), fired.iter().map(|(bytes, _)| bytes).sum()));
    each(&mut group, "event", &fired, |(_, screened)| emit(screened, &rules, &issuer, &mut out));
    group.finish();
}

fn lists(criterion: &mut Criterion) {
    let made = support::posts(POSTS);
    let posts = decoded(&made);
    let seen: Vec<_> = posts.iter().map(|post| (post, looked_at(post))).collect();
    let mut group = group(criterion, "scan_lists");
    group.throughput(both(POSTS, support::bytes(&made)));
    for size in [12, 1_000, 10_000] {
        let rules = rules_of_words(size);
        each(&mut group, &format!("{size} words"), &seen, |(post, seen)| {
            black_box(rules.tables().scan(post, seen));
        });
    }
    group.finish();
}

fn languages(criterion: &mut Criterion) {
    let made = support::posts(2 * POSTS);
    let rules = rules_of_words(10_000);
    let mut group = group(criterion, "scan_languages");
    for lang in ["en", "es", "ru", "ar", "hi", "zh"] {
        let of_lang = decoded(&made).into_iter().filter(|post| post.lang.as_deref() == Some(lang));
        let posts: Vec<Post<'_>> = of_lang.collect();
        let seen: Vec<_> = posts.iter().map(|post| (post, looked_at(post))).collect();
        let pieces = seen.iter().flat_map(|(_, seen)| seen);
        let bytes = pieces.map(|seen| seen.piece.text.len() as u64).sum();
        group.throughput(both(posts.len(), bytes));
        each(&mut group, lang, &seen, |(post, seen)| {
            black_box(rules.tables().scan(post, seen));
        });
    }
    group.finish();
}

/// A pack of one rule with one list of so many made words.
fn rules_of_words(size: usize) -> RuleSet {
    const MANIFEST: &str = "\
name: words
version: \"1\"
owner: bench@example.org
defaults:
  severity: high
  scope: worldwide
  reason: {ground: terms, clause: \"1\", explanation: {en: A word of the list.}}
";
    const RULE: &str = "\
id: words.any
title: Any word of a long list
status: live
patterns:
  listed: {list: lists/words.txt}
condition: listed
actions: [remove_post]
tests:
  - fires: \"bababab\"
  - quiet: \"harmless\"
";
    let words: Vec<String> = (0..size).map(word).collect();
    let files = [
        ("pack.yaml", MANIFEST.to_owned()),
        ("rules/words.yaml", RULE.to_owned()),
        ("lists/words.txt", words.join("\n")),
    ];
    let files = files.map(|(name, text)| (name.to_owned(), text.into_bytes()));
    let pack = rules::compile(&PackText { files: files.into() }).unwrap().pack;
    RuleSet::build(vec![pack]).unwrap()
}

/// The word of a number: three syllables and an end, so that no two are the same and few, if any,
/// stand in a post.
fn word(mut number: usize) -> String {
    const CONSONANTS: &str = "bdfgklmnprstvz";
    const VOWELS: &str = "aeiou";
    let mut word = String::new();
    for _ in 0..3 {
        word.extend(CONSONANTS.chars().nth(number % CONSONANTS.len()));
        number /= CONSONANTS.len();
        word.extend(VOWELS.chars().nth(number % VOWELS.len()));
        number /= VOWELS.len();
    }
    word + "b"
}

criterion_group!(benches, before_rules, with_rules, lists, languages);
criterion_main!(benches);
