//! The slow truth: every pattern on its view, one kind after the other, with well-known crates.
//!
//! ```text
//! words, phrases   dictionary: which units (words of entries) occur where → phrases: units to hits
//! substring, exact texts: one Aho-Corasick a pattern
//! regex            texts: the regex crate
//! links            links: what `extract` found
//! handles, phones, wallets
//!                  things: what `extract` finds in the text as it came
//! fields, hashes   fields: what stands in the post beside its texts
//! ```

mod dictionary;
mod fields;
mod found;
mod links;
mod phrases;
mod texts;
mod things;
mod trie;

use crate::decode::Post;
use crate::normalise::Sketch;
use crate::record::{Part, Parts, View};
use crate::rules::{HashKind, Match, Pattern, PatternKind, PostField, Rule};

use super::{BuildError, Hits, Seen, Viewed};
use fields::FieldMatcher;
pub(super) use found::Found;
use links::LinkMatcher;
pub(super) use links::domains_of;
pub(super) use phrases::Phrases;
use texts::TextMatcher;
use things::ThingMatcher;

/// All patterns, compiled: what the engine is tested against.
#[derive(Debug, Default)]
pub struct Naive {
    /// Patterns that are looked for one by one.
    single: Vec<Single>,
    /// Word and phrase patterns.
    phrases: Phrases,
}

/// A pattern that is looked for by itself.
#[derive(Debug)]
pub(super) struct Single {
    pattern: usize,
    parts: Parts,
    matcher: Matcher,
}

/// A list of a pattern: what its values are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Listing {
    Field(PostField),
    Hash(HashKind),
    /// Covers the domains below it, too.
    Domain,
    Channel,
    Handle,
}

/// What a post must have for a pattern to hit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Thing {
    /// A value of this list.
    Listed(Listing),
    /// One of the kind.
    Link,
    Handle,
    Phone,
    Wallet,
    /// Who knows what.
    Text,
}

#[derive(Debug)]
enum Matcher {
    Text(TextMatcher),
    Links(LinkMatcher),
    Things(ThingMatcher),
    Fields(FieldMatcher),
}

impl Naive {
    /// Compiles the patterns of all rules; they are numbered rule by rule.
    ///
    /// # Errors
    ///
    /// A regex is not valid or larger than 1 MiB compiled; a list is too large for one automaton.
    pub fn build(rules: &[Rule]) -> Result<Self, BuildError> {
        let mut out = Self::default();
        let mut number = 0;
        for rule in rules {
            for pattern in rule.patterns.iter() {
                out.add(number, &rule.id, pattern)?;
                number += 1;
            }
        }
        Ok(out)
    }

    fn add(&mut self, number: usize, rule: &str, pattern: &Pattern) -> Result<(), BuildError> {
        match &pattern.kind {
            PatternKind::Entries { entries, matching: Match::Word, .. } => {
                self.phrases.add(number, pattern, entries, 0);
            }
            PatternKind::Entries { entries, matching: Match::Phrase, gap } => {
                self.phrases.add(number, pattern, entries, *gap);
            }
            _ => self.single.push(Single::build(number, rule, pattern)?),
        }
        Ok(())
    }

    /// Every hit of every pattern on one post. `seen`: its pieces, in the order of
    /// [`Post::pieces`].
    #[must_use]
    pub fn scan(&self, post: &Post<'_>, seen: &[Seen<'_>]) -> Hits {
        let viewed: Vec<Viewed<'_>> = seen.iter().map(Seen::view).collect();
        let mut found = Found::default();
        for (piece, viewed) in viewed.iter().enumerate() {
            found.enter(piece);
            self.phrases.scan(viewed, &mut found);
            for single in &self.single {
                single.scan(post, viewed, &mut found);
            }
        }
        self.single.iter().for_each(|single| single.scan_fields(post, &mut found));
        found.into_hits(|piece| viewed.get(piece))
    }
}

impl Single {
    /// A pattern that is not of words or phrases.
    pub(super) fn build(number: usize, rule: &str, pattern: &Pattern) -> Result<Self, BuildError> {
        let names = || (rule.to_owned(), pattern.name.clone());
        let matcher = match &pattern.kind {
            PatternKind::Entries { entries, matching, .. } => {
                let list = TextMatcher::list(entries, *matching, pattern.view);
                Matcher::Text(list.ok_or_else(names).map_err(BuildError::list)?)
            }
            PatternKind::Regex(regex) => {
                let regex = TextMatcher::regex(regex, pattern.view);
                Matcher::Text(regex.ok_or_else(names).map_err(BuildError::regex)?)
            }
            PatternKind::Links(links) => Matcher::Links(LinkMatcher::new(links)),
            PatternKind::Handles(list) => Matcher::Things(ThingMatcher::handles(list.as_deref())),
            PatternKind::Phones(countries) => {
                Matcher::Things(ThingMatcher::Phones(countries.clone()))
            }
            PatternKind::Wallets(kinds) => Matcher::Things(ThingMatcher::Wallets(kinds.clone())),
            PatternKind::Media(hash, entries) => {
                Matcher::Fields(FieldMatcher::media(*hash, entries))
            }
            PatternKind::Field(field, entries) => {
                Matcher::Fields(FieldMatcher::field(*field, entries))
            }
        };
        Ok(Self { pattern: number, parts: pattern.parts, matcher })
    }

    /// What must be there for it to hit; `each` is called with the values of its list.
    pub(super) fn lists(&self, each: &mut impl FnMut(Listing, &str)) -> Thing {
        let mut listed = |listing: Listing, values: &mut dyn Iterator<Item = &str>| {
            values.for_each(|value| each(listing, value));
            Thing::Listed(listing)
        };
        match &self.matcher {
            Matcher::Text(_) => Thing::Text,
            Matcher::Links(links) => match (links.domains(), links.channels()) {
                (Some(domains), _) => listed(Listing::Domain, &mut domains.values()),
                (None, Some(channels)) => listed(Listing::Channel, &mut channels.values()),
                (None, None) => Thing::Link,
            },
            Matcher::Things(ThingMatcher::Handles(Some(list))) => {
                listed(Listing::Handle, &mut list.values())
            }
            Matcher::Things(ThingMatcher::Handles(None)) => Thing::Handle,
            Matcher::Things(ThingMatcher::Phones(_)) => Thing::Phone,
            Matcher::Things(ThingMatcher::Wallets(_)) => Thing::Wallet,
            Matcher::Fields(fields) => listed(fields.listing(), &mut fields.values()),
        }
    }

    /// What of it stands in the post beside the texts.
    pub(super) fn scan_fields(&self, post: &Post<'_>, found: &mut Found) {
        if let Matcher::Fields(fields) = &self.matcher {
            fields.scan(self.pattern, post, found);
        }
    }

    /// Does it hit a field?
    pub(super) fn hits_field(&self, post: &Post<'_>) -> bool {
        let mut found = Found::default();
        self.scan_fields(post, &mut found);
        !found.is_empty()
    }

    /// Is it looked for in this part?
    pub(super) fn looks_in(&self, part: Part) -> bool {
        self.parts.has(part)
    }

    /// Does it run on a text of this part in which all odd words are undone?
    pub(super) fn reads_odd_words(&self, part: Part) -> bool {
        let unmasked =
            matches!(&self.matcher, Matcher::Text(text) if text.view() == View::Unmasked);
        unmasked && self.looks_in(part)
    }

    pub(super) fn scan(&self, post: &Post<'_>, viewed: &Viewed<'_>, found: &mut Found) {
        if !self.parts.has(viewed.piece.part) {
            return;
        }
        match &self.matcher {
            Matcher::Text(text) => text.scan(self.pattern, viewed, found),
            Matcher::Links(links) => links.scan(self.pattern, (post, viewed.seen()), found),
            Matcher::Things(things) => things.scan(self.pattern, viewed.piece.text, found),
            Matcher::Fields(_) => {}
        }
    }

    /// Could it hit this piece? Never no where it does. Asked before there are views; `plain`:
    /// nothing in the piece is odd; `sketch` is made where it is needed.
    pub(super) fn could_hit<'s>(
        &self,
        (post, seen): (&Post<'_>, &Seen<'_>),
        plain: bool,
        sketch: &impl Fn() -> &'s Sketch,
    ) -> bool {
        if !self.parts.has(seen.piece.part) {
            return false;
        }
        match &self.matcher {
            Matcher::Text(text) => match text.view() {
                View::Raw => text.is_in(seen.piece.text),
                View::Folded => text.is_in(&sketch().folded),
                // Without odd words the unmasked text is the folded one.
                View::Unmasked => {
                    !plain && !sketch().suspects.is_empty() || text.is_in(&sketch().folded)
                }
            },
            Matcher::Links(links) => {
                let mut found = Found::default();
                links.scan(self.pattern, (post, seen), &mut found);
                !found.is_empty()
            }
            Matcher::Things(things) => things.is_in(seen.piece.text),
            Matcher::Fields(_) => false,
        }
    }
}
