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
use crate::record::{Parts, View};
use crate::rules::{Pattern, PatternKind, Rule};

use super::{BuildError, Hits, Seen};
use found::Found;
use links::LinkMatcher;
use phrases::Phrases;
use texts::TextMatcher;

/// All patterns, compiled.
#[derive(Debug)]
pub(super) struct Naive {
    /// Patterns by number that are looked for one by one.
    single: Vec<Single>,
    /// Word and phrase patterns of views `folded` and `unmasked`.
    phrases: Phrases,
    /// Word and phrase patterns of view `raw`.
    raw: Phrases,
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
        let mut out = Self { single: Vec::new(), phrases: Phrases::folded(), raw: Phrases::raw() };
        let patterns = rules
            .iter()
            .flat_map(|rule| rule.patterns.iter().map(move |pattern| (rule.id.as_str(), pattern)));
        for (number, (rule, pattern)) in patterns.enumerate() {
            out.add(number, rule, pattern)?;
        }
        Ok(out)
    }

    fn add(&mut self, number: usize, rule: &str, pattern: &Pattern) -> Result<(), BuildError> {
        let matcher = match &pattern.kind {
            PatternKind::Entries { entries, matching, gap } => {
                let gap = match matching {
                    crate::rules::Match::Word => 0,
                    crate::rules::Match::Phrase => *gap,
                    _ => {
                        let matcher = TextMatcher::list(entries, *matching, pattern.view);
                        let matcher = matcher.ok_or_else(|| BuildError::List {
                            rule: rule.to_owned(),
                            pattern: pattern.name.clone(),
                        })?;
                        self.single(number, pattern, Matcher::Text(matcher));
                        return Ok(());
                    }
                };
                let phrases =
                    if pattern.view == View::Raw { &mut self.raw } else { &mut self.phrases };
                phrases.add(number, pattern, entries, gap);
                return Ok(());
            }
            PatternKind::Regex(regex) => {
                let matcher = TextMatcher::regex(regex, pattern.view);
                Matcher::Text(matcher.ok_or_else(|| BuildError::Regex {
                    rule: rule.to_owned(),
                    pattern: pattern.name.clone(),
                })?)
            }
            PatternKind::Links(links) => Matcher::Links(LinkMatcher::new(links)),
        };
        self.single(number, pattern, matcher);
        Ok(())
    }

    fn single(&mut self, number: usize, pattern: &Pattern, matcher: Matcher) {
        self.single.push(Single { pattern: number, parts: pattern.parts, matcher });
    }

    pub(super) fn scan(&self, post: &Post<'_>, seen: &[Seen<'_>]) -> Hits {
        let mut found = Found::default();
        for (piece, seen) in seen.iter().enumerate() {
            found.enter(piece);
            self.phrases.scan(seen, &mut found);
            self.raw.scan(seen, &mut found);
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
