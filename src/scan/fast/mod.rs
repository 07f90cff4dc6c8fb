//! The engine: which rules could a post concern? For nearly all posts the answer is none, and it
//! costs one look at each word. Where a rule wakes, the slow truth says what hits and where, on
//! the entries alone that could.
//!
//! ```text
//! anchors  which patterns of a rule must hit before anything else of it matters
//! asked    rules that wait for links, fields and the like, by what they list
//! words    each form of an entry under the hash of one word or two neighbours; look: up the words of a
//!          plain text; odd, spell: of odd words
//! phrases  all forms, small; table: hashes to numbers, behind a filter
//! ```
//!
//! What wakes a rule may be wrong, and costs time; what does not wake it is never wrong. So hits are
//! those of the slow truth by construction, for every rule whose anchors hit; of a rule that could
//! not fire no hit is told.

mod anchors;
mod asked;
mod phrases;
mod spell;
mod table;
mod words;

use std::cell::{OnceCell, RefCell};
use std::collections::BTreeSet;
use std::ops::Range;

use crate::decode::Post;
use crate::normalise::{self, Form, Glance, Odd};
use crate::record::{Part, Parts, View};
use crate::rules::{Entry, Match, Pattern, PatternKind, Rule};

use super::naive::{Found, Phrases, Single};
use super::{BuildError, Hits, Seen, Viewed};
use asked::{Asked, AskedBuilder};
use phrases::{JOINED, KnownUnit, Store};
use words::{SpellRoom, Words, WordsBuilder};

/// The patterns of all rules, made for looking at posts that do not concern them.
#[derive(Debug)]
pub(super) struct Engine {
    rules: Vec<Watched>,
    patterns: Vec<Info>,
    store: Store,
    words: Words,
    /// Where words are looked for, and where anything is.
    parts: Parts,
    looked_at: Parts,
    /// Rules that wait for patterns that are looked for one by one.
    asked: Asked,
    /// Rules that wait for nothing.
    always: Vec<usize>,
}

/// A rule.
#[derive(Debug, Default)]
struct Watched {
    /// Patterns other than words.
    singles: Vec<Single>,
    /// Those of them that it waits for, by their place in `singles`.
    awaited: Vec<usize>,
}

impl Watched {
    fn awaited(&self) -> impl Iterator<Item = &Single> {
        self.awaited.iter().filter_map(|at| self.singles.get(*at))
    }
}

/// A pattern.
#[derive(Clone, Copy, Debug)]
struct Info {
    rule: usize,
    parts: Parts,
    view: View,
    /// Its rule waits for it.
    awaited: bool,
}

/// Which forms a post could hold, and the rules that they wake; all in the order of the pieces.
#[derive(Default)]
struct Woken {
    rules: BTreeSet<usize>,
    /// (piece, form): a piece holds no other.
    forms: Vec<(usize, u32)>,
    /// (piece, odd words): no other odd word of the piece is what a form is looked for by. Nothing of a
    /// piece that has none.
    odd: Vec<(usize, Vec<Odd>)>,
    /// Pieces that surely have no odd word: of the first of them a bit each.
    plain: u64,
}

/// What one post after the other is looked at in.
#[derive(Default)]
struct Room {
    glance: Glance,
    hashes: Vec<u64>,
    spelling: SpellRoom,
}

thread_local! {
    /// One a thread, for a worker looks at one text at a time. Only room: nothing is read of it.
    static ROOM: RefCell<Room> = RefCell::default();
}

impl Engine {
    pub(super) fn build(rules: &[Rule]) -> Result<Self, BuildError> {
        let mut builder = Builder::new();
        for rule in rules {
            builder.add_rule(rule)?;
        }
        let mut engine = builder.engine;
        engine.words = builder.words.build();
        engine.asked = builder.asked.build();
        Ok(engine)
    }

    /// Bytes that the tables take, those of regexes and automata apart.
    pub(super) fn bytes(&self) -> usize {
        self.words.bytes()
            + self.store.bytes()
            + self.asked.bytes()
            + self.patterns.len() * size_of::<Info>()
    }

    /// Does any pattern look at such pieces?
    pub(super) fn looks_at(&self, part: Part) -> bool {
        self.looked_at.has(part)
    }

    pub(super) fn scan(&self, post: &Post<'_>, seen: &[Seen<'_>]) -> Hits {
        let mut woken = Woken::default();
        woken.rules.extend(&self.always);
        self.wake_by_fields(post, &mut woken);
        ROOM.with_borrow_mut(|room| {
            for piece in seen.iter().enumerate() {
                self.wake(post, piece, room, &mut woken);
            }
        });
        if woken.rules.is_empty() { Hits::default() } else { self.hits(post, seen, woken) }
    }

    /// Which rules the fields of a post concern.
    fn wake_by_fields(&self, post: &Post<'_>, woken: &mut Woken) {
        self.asked.by_fields(post, &mut |number| {
            self.ask(number, woken, |single| single.hits_field(post));
        });
    }

    /// What of a piece could hit.
    fn wake(
        &self,
        post: &Post<'_>,
        (number, seen): (usize, &Seen<'_>),
        room: &mut Room,
        woken: &mut Woken,
    ) {
        let (part, text) = (seen.piece.part, seen.piece.text);
        if !self.looks_at(part) {
            return;
        }
        let links = seen.link_ranges();
        let looks_for_words = self.parts.has(part);
        let seen_words = looks_for_words && room.glance.look(text, &links);
        let plain = seen_words && room.glance.doubts().is_empty();
        woken.plain |= if plain { bit_of(number) } else { 0 };
        let mut sketch = OnceCell::new();
        let mut found = |form| self.wake_by((number, form), part, woken);
        if seen_words {
            let known = room.glance.links().len() == links.len();
            let joined = || links.iter().map(|link| words_at_most(text, link)).sum();
            let joined = if known { 0 } else { joined() };
            self.words.look((&room.glance, joined), &mut room.hashes, &mut found);
        }
        let doubts = room.glance.doubts();
        let closer = if seen_words {
            self.words.could_spell(text, doubts, &mut room.spelling)
        } else {
            looks_for_words
        };
        if closer {
            let made = normalise::sketch(text, &links);
            if !seen_words {
                self.words.find(&made, &mut found);
            }
            let suspects = self.words.suspects(text, &made.suspects, &mut room.spelling);
            let odd = normalise::odd_words(&suspects, text, &links);
            self.words.find_odd(&made, &odd, &mut found);
            woken.odd.push((number, odd));
            sketch = OnceCell::from(made);
        }
        let sketched = || sketch.get_or_init(|| normalise::sketch(text, &links));
        self.asked.by_piece(seen, &mut |number| {
            self.ask(number, woken, |single| single.could_hit((post, seen), plain, &sketched));
        });
        if let Some(sketch) = sketch.into_inner() {
            normalise::reuse(sketch);
        }
    }

    /// Wakes a rule where one of the patterns that it waits for hits.
    fn ask(&self, number: u32, woken: &mut Woken, hits: impl Fn(&Single) -> bool) {
        let Ok(number) = usize::try_from(number) else { return };
        let Some(rule) = self.rules.get(number) else { return };
        if !woken.rules.contains(&number) && rule.awaited().any(hits) {
            woken.rules.insert(number);
        }
    }

    fn wake_by(&self, (piece, form): (usize, u32), part: Part, woken: &mut Woken) {
        let Some(info) = self.info(form).filter(|info| info.parts.has(part)) else { return };
        woken.forms.push((piece, form));
        if info.awaited {
            woken.rules.insert(info.rule);
        }
    }

    fn info(&self, form: u32) -> Option<Info> {
        let (pattern, _) = self.store.owner(form)?;
        self.patterns.get(usize::try_from(pattern).ok()?).copied()
    }

    /// The hits of the rules that are awake.
    fn hits(&self, post: &Post<'_>, seen: &[Seen<'_>], woken: Woken) -> Hits {
        let Woken { rules, mut forms, mut odd, plain } = woken;
        forms.retain(|(_, form)| self.info(*form).is_some_and(|info| rules.contains(&info.rule)));
        let mut known: Vec<u32> = forms.iter().map(|(_, form)| *form).collect();
        known.sort_unstable();
        known.dedup();
        let mut phrases = Phrases::default();
        known.into_iter().for_each(|form| self.add_form(&mut phrases, form));
        let singles = || {
            let rules = rules.iter().filter_map(|rule| self.rules.get(*rule));
            rules.flat_map(|rule| &rule.singles)
        };
        let mut known = |piece: usize| {
            let at = odd.binary_search_by_key(&piece, |(number, _)| *number).ok();
            let odd = at.and_then(|at| odd.get_mut(at));
            odd.map(|(_, odd)| std::mem::take(odd)).unwrap_or_default()
        };
        let mut viewed: Vec<Option<Viewed<'_>>> = Vec::with_capacity(seen.len());
        for (piece, seen) in seen.iter().enumerate() {
            let part = seen.piece.part;
            let held = forms_of(&forms, piece);
            // Where none of the forms could be nothing has to be viewed.
            if held.is_empty() && !singles().any(|single| single.looks_in(part)) {
                viewed.push(None);
                continue;
            }
            // Of a form of several words one or two were looked for: the others may be odd as well.
            let all = held.iter().any(|(_, form)| !self.store.is_single(*form))
                || singles().any(|single| single.reads_odd_words(part));
            let odd = if all && plain & bit_of(piece) == 0 { None } else { Some(known(piece)) };
            viewed.push(Some(seen.view_quickly(odd)));
        }
        let mut found = Found::default();
        for (piece, viewed) in viewed.iter().enumerate() {
            let Some(viewed) = viewed else { continue };
            found.enter(piece);
            phrases.scan(viewed, &mut found);
            singles().for_each(|single| single.scan(post, viewed, &mut found));
        }
        singles().for_each(|single| single.scan_fields(post, &mut found));
        found.into_hits(|piece| viewed.get(piece)?.as_ref())
    }

    fn add_form(&self, phrases: &mut Phrases, form: u32) {
        let Some((pattern, entry)) = self.store.owner(form) else { return };
        let (Ok(pattern), Ok(entry)) = (usize::try_from(pattern), usize::try_from(entry)) else {
            return;
        };
        let Some(info) = self.patterns.get(pattern) else { return };
        let joined = form & JOINED != 0;
        let units = self.store.row(form);
        let value = self.store.value(form);
        phrases.add_form((pattern, info.parts, info.view), (entry, value), &units, joined);
    }
}

/// The bit of a piece; none of those that stand too far behind for one.
fn bit_of(piece: usize) -> u64 {
    u32::try_from(piece).ok().and_then(|piece| 1_u64.checked_shl(piece)).unwrap_or_default()
}

/// The forms of a piece among those of all, which are in the order of the pieces: there may be a hundred
/// thousand of both.
fn forms_of(forms: &[(usize, u32)], piece: usize) -> &[(usize, u32)] {
    let from = forms.partition_point(|(held_by, _)| *held_by < piece);
    let to = forms.partition_point(|(held_by, _)| *held_by <= piece);
    forms.get(from..to).unwrap_or_default()
}

/// Words that a stretch of a text has at most: each has a character, and another one between.
fn words_at_most(text: &str, stretch: &Range<usize>) -> usize {
    let stretch = text.get(stretch.clone()).unwrap_or_default();
    let is_word = |c: char| !c.is_ascii() || c.is_ascii_alphanumeric();
    let ascii = stretch.split(|c| !is_word(c)).filter(|word| !word.is_empty());
    // Letters of scripts without spaces are words of their own.
    ascii.map(|word| 1 + word.chars().filter(|c| !c.is_ascii()).count()).sum()
}

/// The entries of a pattern of words or phrases, and the gap it allows.
fn words_of(pattern: &Pattern) -> Option<(&[Entry], usize)> {
    match &pattern.kind {
        PatternKind::Entries { entries, matching: Match::Word, .. } => Some((entries, 0)),
        PatternKind::Entries { entries, matching: Match::Phrase, gap } => Some((entries, *gap)),
        _ => None,
    }
}

struct Builder {
    engine: Engine,
    words: WordsBuilder,
    asked: AskedBuilder,
}

impl Builder {
    fn new() -> Self {
        let engine = Engine {
            rules: Vec::new(),
            patterns: Vec::new(),
            store: Store::default(),
            words: WordsBuilder::new().build(),
            parts: Parts::NONE,
            looked_at: Parts::NONE,
            asked: AskedBuilder::new().build(),
            always: Vec::new(),
        };
        Self { engine, words: WordsBuilder::new(), asked: AskedBuilder::new() }
    }

    fn add_rule(&mut self, rule: &Rule) -> Result<(), BuildError> {
        let number = self.engine.rules.len();
        let awaited = anchors::of(rule);
        if awaited.is_none() {
            self.engine.always.push(number);
        }
        let awaited = awaited.unwrap_or_default();
        let mut watched = Watched::default();
        for (at, pattern) in rule.patterns.iter().enumerate() {
            let pattern_number = self.engine.patterns.len();
            let is_awaited = awaited.contains(&at);
            self.engine.looked_at = self.engine.looked_at.or(pattern.parts);
            self.engine.patterns.push(Info {
                rule: number,
                parts: pattern.parts,
                view: pattern.view,
                awaited: is_awaited,
            });
            if let Some((entries, gap)) = words_of(pattern) {
                self.add_words(pattern_number, pattern, entries, gap)?;
                continue;
            }
            watched.awaited.extend(is_awaited.then_some(watched.singles.len()));
            watched.singles.push(Single::build(pattern_number, &rule.id, pattern)?);
        }
        let number = u32::try_from(number).map_err(|_| BuildError::TooMany)?;
        watched.awaited().for_each(|single| self.asked.add(number, single));
        self.engine.rules.push(watched);
        Ok(())
    }

    fn add_words(
        &mut self,
        pattern_number: usize,
        pattern: &Pattern,
        entries: &[Entry],
        gap: usize,
    ) -> Result<(), BuildError> {
        let owner = u32::try_from(pattern_number).map_err(|_| BuildError::TooMany)?;
        self.engine.parts = self.engine.parts.or(pattern.parts);
        let unmasked = pattern.view == View::Unmasked;
        for (entry, number) in entries.iter().zip(0..) {
            let forms = normalise::unmask_entry(&entry.text).forms;
            for (at, form) in forms.iter().enumerate().filter(|(_, form)| !form.is_too_short()) {
                // The first stands for all of them.
                let value = forms.first().filter(|_| at > 0).map(Form::text);
                self.add_units((owner, number), value, &phrases::known(form, gap), unmasked)?;
            }
        }
        Ok(())
    }

    /// A form, and without its spaces for runs.
    fn add_units(
        &mut self,
        owner: (u32, u32),
        value: Option<String>,
        units: &[KnownUnit<'_>],
        unmasked: bool,
    ) -> Result<(), BuildError> {
        let form = self.engine.store.add(owner, value, units);
        let form = form.map_err(|_| BuildError::TooMany)?;
        self.words.add(form, units, unmasked);
        if units.len() > 1 && unmasked {
            let text: String = units.iter().map(|unit| unit.text).collect();
            self.words.add_joined(form | JOINED, &text);
        }
        Ok(())
    }
}
