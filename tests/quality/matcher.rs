//! A list of entries, compiled as a pack compiles it, and what it hits in a text.

use std::collections::BTreeMap;
use std::ops::Range;

use tidegate::decode::Post;
use tidegate::record::View;
use tidegate::rules::{self, Source};
use tidegate::scan::{Seen, Tables};

const MANIFEST: &str = "\
name: quality
version: \"1\"
owner: tests@example.org
defaults:
  severity: low
  scope: worldwide
  reason: {ground: terms, clause: \"1\", explanation: {en: A word of the list.}}
";

const RULE: &str = "\
id: quality.any
title: Any entry of the list
status: live
patterns:
  entry: {list: lists/entries.txt, match: word}
condition: entry
actions: [remove_post]
tests:
  - fires: \"FIRES\"
  - quiet: \"…\"
";

/// One hit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) range: Range<usize>,
    pub(crate) view: View,
    /// The entries that gave it, folded.
    pub(crate) entries: Vec<String>,
}

/// A compiled list.
pub(crate) struct Matcher {
    tables: Tables,
}

impl Matcher {
    /// One rule with one list of words.
    pub(crate) fn of<'e>(entries: impl Iterator<Item = &'e str>) -> Self {
        let list: Vec<&str> = entries.collect();
        let fires = list.first().unwrap();
        let files = [
            ("pack.yaml", MANIFEST.to_owned()),
            ("rules/any.yaml", RULE.replace("FIRES", fires)),
            ("lists/entries.txt", list.join("\n")),
        ];
        let files: BTreeMap<_, _> =
            files.into_iter().map(|(name, text)| (name.to_owned(), text.into_bytes())).collect();
        let source = Source { files };
        let compiled = rules::compile(&source);
        let pack = compiled.unwrap_or_else(|report| panic!("{}", report.render(&source, false)));
        Self { tables: Tables::build(&pack.pack.rules).unwrap() }
    }

    /// Everything that is hit in a text. Every range is checked: not empty, within the text, and on
    /// character boundaries.
    pub(crate) fn hits(&self, text: &str) -> Vec<Found> {
        let post = Post { text: text.into(), ..Post::default() };
        let pieces = post.pieces().into_iter();
        let seen = pieces.map(Seen::of);
        let hits = self.tables.scan(&post, &seen.collect::<Vec<_>>());
        let found = hits.all.iter().enumerate().map(|(at, hit)| {
            let slice = text.get(hit.range.clone());
            assert!(slice.is_some_and(|slice| !slice.is_empty()), "{:?} in {text:?}", hit.range);
            let values = hits.values.iter().filter(|(_, of, _)| *of == at);
            let entries = values.map(|(_, _, value)| value.clone()).collect();
            Found { range: hit.range.clone(), view: hit.view, entries }
        });
        found.collect()
    }
}
