//! Words, phrases, prefixes and suffixes: where each form waits to be found, and which forms a text
//! could hold. Says too much now and then, never too little.

mod look;
mod odd;

use std::collections::BTreeSet;
use std::ops::Range;

use crate::normalise::{self, Odd, Sketch, Suspects, Token};

use super::phrases::KnownUnit;
use super::spell::{self, Reach, SpellingsBuilder, Way};
use super::table::{Filter, Keyed, Lookup};
pub(super) use odd::SpellRoom;
use odd::{OddWords, Spells, again};

/// Bytes of a word's beginning or end that prefixes and suffixes are looked up by: the most that the
/// entry has.
const ENDS: [usize; 4] = [12, 8, 4, 1];

/// Words of a glued entry that are told apart by number; more are one.
const GLUED_MAX: usize = 63;

/// Forms by what of them is looked up. A form waits in one place of each half: one word, or two
/// neighbours, as plain words in the first and as odd words in the second.
#[derive(Debug)]
pub(super) struct Words {
    keyed: Keyed,
    /// By a whole word.
    whole: Lookup,
    /// By two neighbours.
    pairs: Lookup,
    /// By the first two of several glued words: how many they are.
    glued_sizes: Lookup,
    /// By all of them.
    glued: Lookup,
    /// By the beginning, or the end, of a word.
    heads: Ends,
    tails: Ends,
    odd: OddWords,
}

/// Beginnings or ends of words, and how long they are.
#[derive(Debug, Default)]
struct Ends {
    lookup: Lookup,
    /// Those of [`ENDS`] that some entry has.
    sizes: Vec<usize>,
}

impl Ends {
    fn build(pairs: Vec<(u64, u32)>, sizes: BTreeSet<usize>) -> Self {
        Self { lookup: Lookup::build(pairs), sizes: sizes.into_iter().collect() }
    }
}

/// Forms on their way to the tables.
#[derive(Debug)]
pub(super) struct WordsBuilder {
    keyed: Keyed,
    whole: Vec<(u64, u32)>,
    pairs: Vec<(u64, u32)>,
    glued_sizes: Vec<(u64, u32)>,
    glued: Vec<(u64, u32)>,
    heads: Vec<(u64, u32)>,
    tails: Vec<(u64, u32)>,
    head_sizes: BTreeSet<usize>,
    tail_sizes: BTreeSet<usize>,
    forwards: SpellingsBuilder,
    backwards: SpellingsBuilder,
    odd_whole: Vec<(u64, u32)>,
    odd_heads: Vec<(u64, u32)>,
    odd_tails: Vec<(u64, u32)>,
    odd_paired: Vec<u64>,
    odd_pairs: Vec<(u64, u32)>,
}

impl WordsBuilder {
    pub(super) fn new() -> Self {
        Self {
            keyed: Keyed::new(),
            whole: Vec::new(),
            pairs: Vec::new(),
            glued_sizes: Vec::new(),
            glued: Vec::new(),
            heads: Vec::new(),
            tails: Vec::new(),
            head_sizes: BTreeSet::new(),
            tail_sizes: BTreeSet::new(),
            forwards: SpellingsBuilder::default(),
            backwards: SpellingsBuilder::default(),
            odd_whole: Vec::new(),
            odd_heads: Vec::new(),
            odd_tails: Vec::new(),
            odd_paired: Vec::new(),
            odd_pairs: Vec::new(),
        }
    }

    /// Adds a form. `unmasked`: odd words count too.
    pub(super) fn add(&mut self, number: u32, units: &[KnownUnit<'_>], unmasked: bool) {
        let next = units.iter().skip(1);
        let pairs = units
            .iter()
            .zip(next)
            .filter(|(first, second)| is_plain(first) && is_plain(second) && second.gap == 0);
        let longest = pairs.max_by_key(|(first, second)| first.text.len() + second.text.len());
        if let Some((first, second)) = longest {
            self.add_pair(number, (first, second), unmasked);
            return;
        }
        let best = units.iter().max_by_key(|unit| {
            let open = unit.open_left || unit.open_right;
            (!open, unit.text.chars().count())
        });
        if let Some(unit) = best {
            self.add_one(number, unit, unmasked);
        }
    }

    fn add_pair(&mut self, number: u32, pair: (&KnownUnit<'_>, &KnownUnit<'_>), unmasked: bool) {
        let hash = |unit: &KnownUnit<'_>| self.keyed.of(unit.text.as_bytes());
        self.pairs.push((self.keyed.pair(hash(pair.0), hash(pair.1)), number));
        if unmasked {
            let (first, second) = (self.spell(pair.0.text), self.spell(pair.1.text));
            self.odd_paired.extend([first, second]);
            self.odd_pairs.push((self.keyed.pair(first, second), number));
        }
    }

    /// Adds a form without its spaces: only runs are compared with it.
    pub(super) fn add_joined(&mut self, number: u32, text: &str) {
        let spelt = self.spell(text);
        self.odd_whole.push((spelt, number));
    }

    fn spell(&mut self, text: &str) -> u64 {
        self.forwards.add(&self.keyed, normalise::skeleton_letters(text))
    }

    fn add_one(&mut self, number: u32, unit: &KnownUnit<'_>, unmasked: bool) {
        if unmasked {
            let spelt = self.spell(unit.text);
            self.odd_whole.push((spelt, number));
            if unit.open_right {
                self.odd_heads.push((spelt, number));
            }
            if unit.open_left {
                let skeleton = normalise::skeleton_letters(unit.text);
                let spelt = self.backwards.add(&self.keyed, skeleton.rev());
                self.odd_tails.push((spelt, number));
            }
        }
        let bytes = unit.text.as_bytes();
        if unit.open_left {
            let tail = last_of(bytes);
            self.tail_sizes.extend(tail.map(<[u8]>::len));
            self.tails.extend(tail.map(|tail| (self.keyed.of(tail), number)));
        } else if unit.open_right {
            let head = first_of(bytes);
            self.head_sizes.extend(head.map(<[u8]>::len));
            self.heads.extend(head.map(|head| (self.keyed.of(head), number)));
        } else if unit.words == 1 {
            self.whole.push((self.keyed.of(bytes), number));
        } else {
            self.add_glued(number, unit);
        }
    }

    fn add_glued(&mut self, number: u32, unit: &KnownUnit<'_>) {
        let words = normalise::fold_words(unit.text);
        let hashes: Vec<u64> = words.iter().map(|word| self.keyed.of(word.as_bytes())).collect();
        let start = self.keyed.row(hashes.get(..2).unwrap_or(&hashes));
        let size = u32::try_from(words.len().min(GLUED_MAX)).unwrap_or_default();
        self.glued_sizes.push((start, size));
        let whole = if words.len() < GLUED_MAX { self.keyed.row(&hashes) } else { start };
        self.glued.push((whole, number));
    }

    pub(super) fn build(mut self) -> Words {
        // Common words are halves of many.
        self.odd_paired.sort_unstable();
        self.odd_paired.dedup();
        let more: Vec<u64> = self.odd_paired.iter().copied().map(again).collect();
        let halves = [Filter::build(&self.odd_paired), Filter::build_second(&more)];
        Words {
            keyed: self.keyed,
            whole: Lookup::build(self.whole),
            pairs: Lookup::build(self.pairs),
            glued_sizes: Lookup::build(self.glued_sizes),
            glued: Lookup::build(self.glued),
            heads: Ends::build(self.heads, self.head_sizes),
            tails: Ends::build(self.tails, self.tail_sizes),
            odd: OddWords {
                forwards: self.forwards.build(),
                backwards: self.backwards.build(),
                whole: Lookup::build(self.odd_whole),
                heads: Lookup::build(self.odd_heads),
                tails: Lookup::build(self.odd_tails),
                paired: halves,
                pairs: Lookup::build(self.odd_pairs),
            },
        }
    }
}

fn place(at: u32) -> usize {
    usize::try_from(at).unwrap_or(usize::MAX)
}

/// One whole word of a script with spaces.
fn is_plain(unit: &KnownUnit<'_>) -> bool {
    let spaceless = || unit.text.chars().next().is_some_and(normalise::is_spaceless);
    !unit.open_left && !unit.open_right && unit.words == 1 && !spaceless()
}

fn first_of(bytes: &[u8]) -> Option<&[u8]> {
    ENDS.iter().find_map(|size| bytes.get(..*size))
}

fn last_of(bytes: &[u8]) -> Option<&[u8]> {
    ENDS.iter().find_map(|size| bytes.get(bytes.len().checked_sub(*size)?..))
}

/// Letters of an odd word that spell one of two neighbours.
struct HalfPair {
    spelt: u64,
    /// Byte range in the original.
    range: Range<usize>,
    /// The words of the text that the range touches.
    touched: Range<usize>,
}

impl HalfPair {
    fn of(spelt: u64, sketch: &Sketch, odd: &Odd, letters: Range<usize>) -> Self {
        let letters = odd.letters.get(letters).unwrap_or_default();
        let start = letters.first().map_or(0, |letter| letter.range.start);
        let range = start..letters.last().map_or(start, |letter| letter.range.end);
        let touched = sketch.touching(&range);
        Self { spelt, range, touched }
    }

    /// The number of the counted word at its start, or of one that may be.
    fn first_counted(&self, sketch: &Sketch) -> u32 {
        let at = |at: usize| sketch.tokens.get(at).map(|token| token.counted);
        let before = || self.touched.start.checked_sub(1).and_then(at).map(|number| number + 1);
        let touched = if self.touched.is_empty() { None } else { at(self.touched.start) };
        touched.or_else(before).unwrap_or(0)
    }

    fn last_counted(&self, sketch: &Sketch) -> u32 {
        let at = |at: usize| sketch.tokens.get(at).map(|token| token.counted);
        let last = self.touched.end.checked_sub(1).and_then(at);
        last.unwrap_or(0).max(self.first_counted(sketch))
    }

    /// Plain words with no counted word between them and this, the next one first; and the word it
    /// begins in.
    fn words_before<'s>(&self, sketch: &'s Sketch) -> impl Iterator<Item = &'s Token> + use<'s> {
        let near = self.first_counted(sketch).saturating_sub(1);
        let begun = sketch.tokens.get(self.touched.start).map_or(0, |token| {
            usize::from(usize::try_from(token.raw_start).is_ok_and(|at| at < self.range.start))
        });
        let tokens = sketch.tokens.get(..self.touched.start + begun).unwrap_or(&sketch.tokens);
        tokens.iter().rev().take_while(move |token| token.counted >= near)
    }

    /// The same behind it.
    fn words_behind<'s>(&self, sketch: &'s Sketch) -> impl Iterator<Item = &'s Token> + use<'s> {
        let near = self.last_counted(sketch) + 1;
        let from = self.touched.end.saturating_sub(1).max(self.touched.start);
        let tokens = sketch.tokens.get(from..).unwrap_or_default();
        tokens.iter().take_while(move |token| token.counted <= near)
    }

    /// May there be no counted word between this and another behind it?
    fn is_near(&self, other: &Self, sketch: &Sketch) -> bool {
        other.first_counted(sketch) <= self.last_counted(sketch) + 1
    }
}

impl Words {
    /// Bytes it takes.
    pub(super) fn bytes(&self) -> usize {
        let plain = [
            &self.whole,
            &self.pairs,
            &self.glued_sizes,
            &self.glued,
            &self.heads.lookup,
            &self.tails.lookup,
            &self.odd.whole,
            &self.odd.heads,
            &self.odd.tails,
            &self.odd.pairs,
        ];
        plain.iter().map(|lookup| lookup.bytes()).sum::<usize>()
            + self.odd.paired.iter().map(Filter::bytes).sum::<usize>()
            + self.odd.forwards.bytes()
            + self.odd.backwards.bytes()
    }

    /// Is there a form of two neighbours?
    pub(super) fn has_pairs(&self) -> bool {
        !self.pairs.is_empty()
    }

    /// Calls `found` with every form that the plain words of a text could hold.
    pub(super) fn find(&self, sketch: &Sketch, found: &mut impl FnMut(u32)) {
        let hashes: Vec<u64> =
            sketch.tokens.iter().map(|token| self.hash(sketch.text(token))).collect();
        for (token, hash) in sketch.tokens.iter().zip(&hashes) {
            self.whole.get(*hash).for_each(&mut *found);
            if self.has_ends() && !token.spaceless {
                self.ends(token.folded().len(), sketch.from(token), found);
            }
            if token.korean {
                let stems = normalise::stems(sketch.text(token)).map(|stem| self.hash(stem));
                stems.for_each(|stem| self.whole.get(stem).for_each(&mut *found));
            }
        }
        if !self.glued.is_empty() {
            let glued = |at: usize| sketch.tokens.get(at + 1).is_some_and(|token| token.glued);
            self.find_glued(&hashes, glued, found);
        }
        if self.has_pairs() {
            self.find_pairs(sketch, &hashes, found);
        }
    }

    fn hash(&self, text: &str) -> u64 {
        self.keyed.of(text.as_bytes())
    }

    fn has_ends(&self) -> bool {
        !self.heads.lookup.is_empty() || !self.tails.lookup.is_empty()
    }

    /// Forms that a word of so many bytes begins or ends with. `from`: the text from it on.
    fn ends(&self, size: usize, from: &[u8], found: &mut impl FnMut(u32)) {
        for head in self.heads.sizes.iter().filter(|head| **head <= size) {
            let hash = self.keyed.of_first(*head, from);
            if self.heads.lookup.may_hold(hash) {
                self.heads.lookup.get(hash).for_each(&mut *found);
            }
        }
        for tail in self.tails.sizes.iter().filter(|tail| **tail <= size) {
            let tail = from.get(size - tail..).map(|from| self.keyed.of_first(*tail, from));
            if let Some(hash) = tail.filter(|hash| self.tails.lookup.may_hold(*hash)) {
                self.tails.lookup.get(hash).for_each(&mut *found);
            }
        }
    }

    /// Several words without anything between them. `glued`: is a word glued to the next?
    fn find_glued(
        &self,
        hashes: &[u64],
        glued: impl Fn(usize) -> bool,
        found: &mut impl FnMut(u32),
    ) {
        for (at, pair) in hashes.windows(2).enumerate().filter(|(at, _)| glued(*at)) {
            let start = self.keyed.row(pair);
            let whole = |size: u32| match usize::try_from(size).unwrap_or(GLUED_MAX) {
                // The longest are told apart by the slow truth.
                GLUED_MAX => Some(start),
                size => {
                    let is_whole = (at..at + size.saturating_sub(1)).all(&glued);
                    hashes.get(at..at + size).filter(|_| is_whole).map(|row| self.keyed.row(row))
                }
            };
            let whole = self.glued_sizes.get(start).filter_map(whole);
            whole.for_each(|hash| self.glued.get(hash).for_each(&mut *found));
        }
    }

    /// Two words without a counted word between them.
    fn find_pairs(&self, sketch: &Sketch, hashes: &[u64], found: &mut impl FnMut(u32)) {
        let words = || sketch.tokens.iter().zip(hashes);
        for (at, (first, hash)) in words().enumerate().filter(|(_, (word, _))| !word.spaceless) {
            let near =
                words().skip(at + 1).take_while(|(next, _)| next.counted <= first.counted + 1);
            for (second, next) in near.filter(|(word, _)| !word.spaceless) {
                self.pairs.get(self.keyed.pair(*hash, *next)).for_each(&mut *found);
                self.pair_of_stems(sketch, (first, *hash), (second, *next), found);
            }
        }
    }

    /// A pair with particles written to its words.
    fn pair_of_stems(
        &self,
        sketch: &Sketch,
        first: (&Token, u64),
        second: (&Token, u64),
        found: &mut impl FnMut(u32),
    ) {
        if first.0.korean || second.0.korean {
            let stems = |(token, hash)| self.stems(sketch.text(token), hash);
            self.stem_pairs(&stems(first), &stems(second), found);
        }
    }

    /// The hashes of a word and of what is left of it without particles.
    fn stems(&self, word: &str, hash: u64) -> Vec<u64> {
        normalise::stems(word).map(|stem| self.hash(stem)).chain([hash]).collect()
    }

    /// Pairs of words with particles written to them, by the stems of both.
    fn stem_pairs(&self, firsts: &[u64], seconds: &[u64], found: &mut impl FnMut(u32)) {
        let pairs = firsts
            .iter()
            .flat_map(|first| seconds.iter().map(move |second| self.keyed.pair(*first, *second)));
        pairs.for_each(|pair| self.pairs.get(pair).for_each(&mut *found));
    }

    /// Of what could be odd what could be a word of a form, and now and then more.
    pub(super) fn suspects(&self, text: &str, odd: &Suspects, room: &mut SpellRoom) -> Suspects {
        let Suspects::Within(stretches, strange) = odd else { return odd.clone() };
        let could_spell =
            stretches.iter().filter(|stretch| self.spells(text, stretch, room) != Spells::Nothing);
        Suspects::Within(could_spell.cloned().collect(), *strange)
    }

    /// Could anything odd in one of these stretches be a word of a form, with the words beside it?
    pub(super) fn could_spell(
        &self,
        text: &str,
        stretches: &[Range<usize>],
        room: &mut SpellRoom,
    ) -> bool {
        // Where one is all of the text, what is said of that is enough.
        let is_all = matches!(stretches, [only] if only.len() >= text.trim_ascii().len());
        let mut has_half = is_all;
        for stretch in stretches.iter().filter(|_| !is_all) {
            match self.spells(text, stretch, room) {
                Spells::Entry => return true,
                Spells::Halves => has_half = true,
                Spells::Nothing => {}
            }
        }
        // The other half may be any word of the text.
        has_half
            && match self.spells(text, &(0..text.len()), room) {
                Spells::Entry => true,
                Spells::Halves => room.has_emoji || self.odd.has_pair(&self.keyed, &room.halves),
                Spells::Nothing => false,
            }
    }

    fn spells(&self, text: &str, stretch: &Range<usize>, room: &mut SpellRoom) -> Spells {
        let stretch = text.get(stretch.clone()).unwrap_or_default();
        match normalise::keys(stretch, &mut room.keys) {
            Some(has_emoji) => {
                room.has_emoji = has_emoji;
                self.odd.spells(&self.keyed, &room.keys, &mut room.halves)
            }
            None => Spells::Entry,
        }
    }

    /// Calls `found` with every form that odd words of a text could hold.
    pub(super) fn find_odd(&self, sketch: &Sketch, odd: &[Odd], found: &mut impl FnMut(u32)) {
        let mut halves = Vec::new();
        for odd in odd {
            self.odd.forwards.each(&self.keyed, Way::Forwards, odd, |spelt, reach, letters| {
                self.odd.heads.get(spelt).for_each(&mut *found);
                let whole = reach == Reach::Whole;
                self.odd.whole.get(spelt).filter(|_| whole).for_each(&mut *found);
                let half = whole && self.odd.is_half(spelt);
                halves.extend(half.then(|| HalfPair::of(spelt, sketch, odd, letters)));
            });
            self.find_tails(odd, found);
        }
        halves.sort_unstable_by_key(|half| (half.range.start, half.range.end, half.spelt));
        self.odd_pairs(sketch, &halves, found);
    }

    fn find_tails(&self, odd: &Odd, found: &mut impl FnMut(u32)) {
        if self.odd.tails.is_empty() {
            return;
        }
        self.odd.backwards.each(&self.keyed, Way::Backwards, odd, |spelt, _, _| {
            self.odd.tails.get(spelt).for_each(&mut *found);
        });
    }

    /// Odd words beside plain ones, and beside each other. Only next neighbours are tried, or a long
    /// run of single letters, each of which may begin a word, would cost its square.
    fn odd_pairs(&self, sketch: &Sketch, halves: &[HalfPair], found: &mut impl FnMut(u32)) {
        for half in halves {
            let before = half.words_before(sketch).map(|token| sketch.text(token));
            for word in before.flat_map(|text| normalise::stems(text).chain([text])) {
                self.odd_pair(self.spelling(word), half.spelt, found);
            }
            let behind = half.words_behind(sketch).map(|token| sketch.text(token));
            for word in behind.flat_map(|text| normalise::stems(text).chain([text])) {
                self.odd_pair(half.spelt, self.spelling(word), found);
            }
            let next = halves.partition_point(|other| other.range.start < half.range.end);
            let others = halves.get(next..).unwrap_or_default().iter();
            for other in others.take_while(|other| half.is_near(other, sketch)) {
                self.odd_pair(half.spelt, other.spelt, found);
            }
        }
    }

    fn odd_pair(&self, first: u64, second: u64, found: &mut impl FnMut(u32)) {
        self.odd.pairs.get(self.keyed.pair(first, second)).for_each(&mut *found);
    }

    /// The spelling of a plain word.
    fn spelling(&self, word: &str) -> u64 {
        spell::spelling(&self.keyed, normalise::skeleton_letters(word))
    }
}
