//! The slow truth: every pattern on its view, one kind after the other, with well-known crates.
//!
//! ```text
//! words, phrases   dictionary: which units (words of entries) occur where → phrases: units to hits
//! substring, exact texts: one Aho-Corasick a pattern
//! regex            texts: the regex crate
//! links            links: what `extract` found
//! ```

mod dictionary;
mod found;
mod links;
mod phrases;
mod texts;
mod trie;

use crate::decode::Post;
use crate::record::Parts;
use crate::rules::{Match, Pattern, PatternKind, Rule};

use super::{BuildError, Hits, Seen};
use found::Found;
use links::LinkMatcher;
use phrases::Phrases;
use texts::TextMatcher;

/// All patterns, compiled.
#[derive(Debug, Default)]
pub(super) struct Naive {
    /// Patterns that are looked for one by one.
    single: Vec<Single>,
    /// Word and phrase patterns.
    phrases: Phrases,
}

#[derive(Debug)]
struct Single {
    pattern: usize,
    parts: Parts,
    matcher: Matcher,
}

#[derive(Debug)]
enum Matcher {
    Text(TextMatcher),
    Links(LinkMatcher),
}

impl Naive {
    pub(super) fn build(rules: &[Rule]) -> Result<Self, BuildError> {
        let mut out = Self::default();
        let mut number = 0;
        for rule in rules {
            for pattern in &rule.patterns {
                out.add(number, &rule.id, pattern)?;
                number += 1;
            }
        }
        Ok(out)
    }

    fn add(&mut self, number: usize, rule: &str, pattern: &Pattern) -> Result<(), BuildError> {
        let names = || (rule.to_owned(), pattern.name.clone());
        let matcher = match &pattern.kind {
            PatternKind::Entries { entries, matching: Match::Word, .. } => {
                self.phrases.add(number, pattern, entries, 0);
                return Ok(());
            }
            PatternKind::Entries { entries, matching: Match::Phrase, gap } => {
                self.phrases.add(number, pattern, entries, *gap);
                return Ok(());
            }
            PatternKind::Entries { entries, matching, .. } => {
                let list = TextMatcher::list(entries, *matching, pattern.view);
                Matcher::Text(list.ok_or_else(names).map_err(BuildError::list)?)
            }
            PatternKind::Regex(regex) => {
                let regex = TextMatcher::regex(regex, pattern.view);
                Matcher::Text(regex.ok_or_else(names).map_err(BuildError::regex)?)
            }
            PatternKind::Links(links) => Matcher::Links(LinkMatcher::new(links)),
        };
        self.single.push(Single { pattern: number, parts: pattern.parts, matcher });
        Ok(())
    }

    pub(super) fn scan(&self, post: &Post<'_>, seen: &[Seen<'_>]) -> Hits {
        let mut found = Found::default();
        for (piece, seen) in seen.iter().enumerate() {
            found.enter(piece);
            self.phrases.scan(seen, &mut found);
            for single in self.single.iter().filter(|single| single.parts.has(seen.piece.part)) {
                match &single.matcher {
                    Matcher::Text(text) => text.scan(single.pattern, seen, &mut found),
                    Matcher::Links(links) => links.scan(single.pattern, (post, seen), &mut found),
                }
            }
        }
        found.into_hits(seen)
    }
}
