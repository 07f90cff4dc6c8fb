//! What must hold whatever comes in. The fuzz targets call these, and so do the tests, over the
//! corpus and what they make of it.

use std::collections::BTreeMap;
use std::ops::Range;

use tidegate::decode::{self, Fields, Format, Limits, Post};
use tidegate::extract;
use tidegate::normalise;
use tidegate::rules::{self, Source};
use tidegate::scan::{Naive, Seen, Tables};

/// The fast way of reading a record, which only native ones have, gives what the full one gives: the same post, the
/// same fault. What any format gives has what every post has.
pub(crate) fn decode(bytes: &[u8]) {
    let limits = Limits::default();
    let mapped = |name| Format::new(name, fields()).expect("it has all fields");
    for format in [Format::Native, Format::Telegram, mapped("osprey"), mapped("json")] {
        let fast = decode::read(&format, Some(bytes), &limits);
        assert_eq!(fast, decode::read_full(&format, Some(bytes), &limits), "{format:?}");
        if let Ok(post) = &fast {
            assert!(!post.id.is_empty() && !post.channel.id.is_empty());
        }
    }
}

/// Pointers as a platform may give them, for records of its own.
fn fields() -> Fields {
    let mut fields = Fields::default();
    for (name, pointer) in [
        ("id", "/id"),
        ("channel.id", "/channel_id"),
        ("author.id", "/user/0"),
        ("text", "/text"),
        ("sent_at", "/at"),
        ("links", "/links"),
        ("links.url", "/to"),
        ("buttons", "/buttons"),
        ("poll", "/poll"),
        ("media", "/files"),
        ("media.name", "/a~1b"),
        ("media.ocr", ""),
    ] {
        fields.add(name, pointer).expect("a field and a pointer");
    }
    fields
}

/// Ranges lie in the text and on its characters, and what is folded stays as it is.
pub(crate) fn normalise(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let links = extract::links(&text);
    assert_in_order(&text, links.iter().map(|link| link.range.clone()));
    assert_in_order(&text, extract::handles(&text).into_iter().map(|found| found.range));
    assert_in_order(&text, extract::phones(&text).into_iter().map(|found| found.range));
    assert_in_order(&text, extract::wallets(&text).into_iter().map(|found| found.range));
    let ranges: Vec<Range<usize>> = links.into_iter().map(|link| link.range).collect();
    let views = normalise::views(&text, &ranges);
    assert_in_order(&text, views.words().iter().map(|word| word.range.clone()));
    assert_in_order(views.folded(), views.words().iter().map(|word| word.folded.clone()));
    // Without their joiners emoji stand apart when they are folded again.
    if !text.contains('\u{200D}') {
        let once = normalise::fold(&text);
        assert_eq!(normalise::fold(&once), once);
    }
    for form in normalise::unmask_entry(&text).forms {
        assert!(!form.units.is_empty() && form.units.iter().all(|unit| !unit.text.is_empty()));
    }
}

/// One character may be several words (`½`, `ﷺ`), so that two may share it.
fn assert_in_order(text: &str, ranges: impl Iterator<Item = Range<usize>>) {
    let mut last = 0..0;
    for range in ranges {
        let behind = last.start <= range.start && last.end <= range.end;
        assert!(behind && range.start < range.end, "{range:?} behind {last:?} in {text:?}");
        assert!(text.get(range.clone()).is_some(), "{range:?} cuts a character of {text:?}");
        last = range;
    }
}

/// A pack compiles or is refused with at least one error that can be shown. Files stand behind
/// lines of `#>> NAME`.
pub(crate) fn rules(bytes: &[u8]) {
    let mut files: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    let mut name = "pack.yaml".to_owned();
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        match line.strip_prefix(b"#>> ") {
            Some(next) => name = String::from_utf8_lossy(next).trim().to_owned(),
            None => files.entry(name.clone()).or_default().extend(line),
        }
    }
    let source = Source { files };
    if let Err(report) = rules::compile(&source) {
        assert!(report.errors() > 0);
        let shown = report.render(&source, false);
        assert!(shown.lines().any(|line| line.starts_with("error[")), "{shown}");
    }
}

const MANIFEST: &str = "\
name: fuzz
version: \"1\"
owner: tests@example.org
defaults:
  severity: low
  scope: worldwide
  reason: {ground: terms, clause: \"1\", explanation: {en: A word of the list.}}
";

const RULE: &str = "\
id: fuzz.any
title: Any entry of the list
status: live
patterns:
  word: {list: lists/entries.txt, match: word}
  near: {list: lists/entries.txt, match: phrase, gap: 1}
  folded: {list: lists/entries.txt, match: word, view: folded}
  inside: {list: lists/entries.txt, match: substring}
  same: {list: lists/entries.txt, match: exact}
  handle: {handles: any}
  phone: {phones: any}
  wallet: {wallets: [btc, eth, ton, tron]}
condition: any of (word, near, folded, inside, same, handle, phone, wallet)
actions: [remove_post]
tests:
  - fires: \"x\"
  - quiet: \"…\"
";

/// The engine hits what the slow truth hits. The first line holds the entries, apart by tabs; the
/// others are the text.
pub(crate) fn scan(bytes: &[u8]) {
    let input = String::from_utf8_lossy(bytes);
    let (entries, text) = input.split_once('\n').unwrap_or((&input, ""));
    let list = entries.replace('\t', "\n");
    let files = [
        ("pack.yaml", MANIFEST.to_owned()),
        ("rules/any.yaml", RULE.to_owned()),
        ("lists/entries.txt", list),
    ];
    let files = files.map(|(name, text)| (name.to_owned(), text.into_bytes()));
    let Ok(compiled) = rules::compile(&Source { files: files.into() }) else { return };
    let tables = Tables::build(&compiled.pack.rules).expect("what was checked compiles");
    let naive = Naive::build(&compiled.pack.rules).expect("what was checked compiles");
    let post = Post { text: text.into(), ..Post::default() };
    let seen: Vec<Seen<'_>> = post.pieces().into_iter().map(Seen::of).collect();
    assert_eq!(tables.scan(&post, &seen), naive.scan(&post, &seen));
}
