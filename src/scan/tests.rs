//! Tests of the scan: the cases of tests/data, and what they do not say.

use std::sync::Arc;

use super::{Seen, Tables};
use crate::decode::{Kind, Post};
use crate::extract::FoundLink;
use crate::normalise;
use crate::record::{Parts, View};
use crate::rules::{
    Action, ActionKind, Condition, Entry, Match, Pattern, PatternKind, Rule, Scope, Severity,
    Status,
};

pub(crate) fn rule(patterns: Vec<Pattern>) -> Rule {
    Rule {
        id: "t.rule".to_owned(),
        title: String::new(),
        pack: Arc::from("t"),
        version: Arc::from("1"),
        category: "t".to_owned(),
        status: Status::Live,
        severity: Severity::Medium,
        kinds: vec![Kind::Post],
        patterns,
        condition: Condition::Pattern(0),
        except: Vec::new(),
        soften: None,
        count: None,
        actions: vec![Action { kind: ActionKind::RemovePost, for_ms: None }],
        scope: Scope::Worldwide,
        reason: None,
        tests: Vec::new(),
    }
}

pub(crate) fn entries(view: View, matching: Match, gap: usize, list: &[&str]) -> Pattern {
    let entries = list.iter().map(|&text| Entry { text: text.to_owned() }).collect();
    let kind = PatternKind::Entries { entries, matching, gap };
    Pattern { name: "p".to_owned(), kind, view, parts: Parts::ALL }
}

/// Links of a test text: words with a scheme, or with a dot and a slash after it.
fn links(text: &str) -> Vec<FoundLink> {
    let mut out = Vec::new();
    for word in text.split_whitespace() {
        let start = word.as_ptr() as usize - text.as_ptr() as usize;
        let (host, path) =
            word.trim_start_matches("https://").split_once('/').unwrap_or((word, ""));
        if host.contains('.') && (word.contains('/')) {
            out.push(FoundLink {
                range: start..start + word.len(),
                host: host.to_owned(),
                path: path.to_owned(),
                service: None,
                channel: None,
            });
        }
    }
    out
}

fn found(pattern: Pattern, text: &str) -> Vec<String> {
    let post = Post { text: text.into(), ..Post::default() };
    let pieces = post.pieces();
    let seen: Vec<Seen<'_>> = pieces
        .iter()
        .map(|piece| {
            let links = links(piece.text);
            let ranges: Vec<_> = links.iter().map(|link| link.range.clone()).collect();
            Seen { piece: *piece, links, views: normalise::views(piece.text, &ranges) }
        })
        .collect();
    let tables = Tables::build(&[rule(vec![pattern])]).unwrap();
    let hits = tables.scan(&post, &seen);
    hits.all.iter().map(|hit| text[hit.range.clone()].to_owned()).collect()
}

#[test]
fn every_line_of_the_cases_is_hit_as_it_says() {
    let mut wrong = Vec::new();
    let cases = include_str!("../../tests/data/unmask.tsv");
    for line in cases.lines().filter(|line| !line.starts_with('#')) {
        let [clause, entry, text, want] = line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("four columns: {line}");
        };
        let text = &text.replace("\\n", "\n");
        let got = found(entries(View::Unmasked, Match::Phrase, 0, &[entry]), text);
        let want: Vec<String> =
            Some(want.to_owned()).filter(|want| !want.is_empty()).into_iter().collect();
        if got != want {
            wrong.push(format!("{clause}: {entry} in {text}: got {got:?}, want {want:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}\n{} wrong", wrong.join("\n"), wrong.len());
}
