//! Lines of many scripts with every hit marked by hand; every entry is looked for in every line.

use std::collections::BTreeSet;
use std::ops::Range;

use unicode_script::UnicodeScript;

use crate::matcher::Matcher;
use crate::shipped;

const LINES_MIN: usize = 200;
const SCRIPTS_MIN: usize = 12;

/// `\n` and `\u{…}` as what they stand for.
fn unescaped(line: &str) -> String {
    let mut parts = line.split("\\u{");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (code, rest) = part.split_once('}').unwrap();
        out.push(char::from_u32(u32::from_str_radix(code, 16).unwrap()).unwrap());
        out.push_str(rest);
    }
    out.replace("\\n", "\n")
}

/// The text of a marked line, and the ranges between the marks.
fn unmarked(line: &str) -> (String, Vec<Range<usize>>) {
    let (mut text, mut ranges, mut open) = (String::new(), Vec::new(), None);
    for c in line.chars() {
        match c {
            '⟦' => assert!(open.replace(text.len()).is_none(), "two marks open: {line}"),
            '⟧' => ranges.push(open.take().unwrap()..text.len()),
            _ => text.push(c),
        }
    }
    assert!(open.is_none(), "a mark stays open: {line}");
    (text, ranges)
}

fn marked(text: &str, ranges: &[Range<usize>]) -> String {
    let mut out = text.to_owned();
    for range in ranges.iter().rev() {
        out.insert(range.end, '⟧');
        out.insert(range.start, '⟦');
    }
    out
}

#[test]
fn every_marked_line_is_hit_as_marked() {
    let entries = shipped::rows::<2>("marked_entries.tsv");
    let matcher = Matcher::of(entries.iter().map(|[_, entry]| entry.as_str()));
    let lines = shipped::rows::<2>("marked.tsv");
    let mut wrong = Vec::new();
    let mut scripts = BTreeSet::new();
    for [script, line] in &lines {
        let (text, want) = unmarked(&unescaped(line));
        let letters = text.chars().any(|c| c.script().full_name() == script);
        assert!(letters, "no letter of {script}: {line}");
        scripts.insert(script);
        let mut got: Vec<_> = matcher.hits(&text).into_iter().map(|hit| hit.range).collect();
        got.sort_by_key(|range| (range.start, range.end));
        if got != want {
            wrong.push(format!("{line}\n    got {}", marked(&text, &got)));
        }
    }
    assert!(lines.len() >= LINES_MIN && scripts.len() >= SCRIPTS_MIN);
    println!("{} lines in {} scripts", lines.len(), scripts.len());
    assert!(wrong.is_empty(), "{}\n{} of {} wrong", wrong.join("\n"), wrong.len(), lines.len());
}
