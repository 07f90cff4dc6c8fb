//! Spellings of odd words: every way to read one, as hashes of keys of letters, without ever keeping
//! a list of spellings.

use std::ops::Range;

use crate::normalise::{self, Bound, Key, Letter, Odd, Reading, Shape};

use super::table::{Filter, Keyed};

/// Letters after which a spelling must begin as a known one does, or is given up; the first [`FIRST`] are
/// asked one by one. Between two such places it branches freely.
const CHECKED: usize = 4;

/// Letters that a stretch of a run has at most: a window of the slow truth and a half.
const STRETCH_MAX: usize = 96;

/// Letters and dots of a span inside a dotted stretch, as in the slow truth.
const DOTTED_MAX: usize = 128;

/// Spellings of one stretch that are kept side by side before it is looked at closely.
const WAYS_MAX: usize = 16;

/// Letters of a beginning that is asked for in the nearest cache before anything is hashed with care.
const FIRST: usize = 3;

/// How known words begin.
#[derive(Debug, Default)]
pub(super) struct Spellings {
    first: FirstLetters,
    /// The same of beginnings that are shorter, whatever follows.
    begun: FirstLetters,
    /// Beginnings of four letters, eight, twelve and so on.
    starts: Filter,
}

/// The same, while words are gathered.
#[derive(Debug, Default)]
pub(super) struct SpellingsBuilder {
    first: FirstLetters,
    begun: FirstLetters,
    starts: Vec<u64>,
}

/// The first [`FIRST`] letters of known words, or all of shorter ones: a bit for each, in 8 KiB. Most
/// stretches of single letters begin as no known word does, and most of their letters are asked.
#[derive(Debug)]
struct FirstLetters {
    bits: Vec<u64>,
}

impl Default for FirstLetters {
    fn default() -> Self {
        Self { bits: vec![0; 1 << (Self::PLACE_BITS - 6)] }
    }
}

impl FirstLetters {
    const PLACE_BITS: u32 = 16;

    /// The place of the letters before, of which this was made, with one more. Who chooses texts to
    /// share places pays what all paid without it.
    fn on(place: u32, letter: char) -> u32 {
        (place.rotate_left(7) ^ u32::from(letter)).wrapping_mul(0x9E37_79B1)
    }

    fn bit(place: u32) -> (usize, u64) {
        let at = place >> (u32::BITS - Self::PLACE_BITS);
        (usize::try_from(at / 64).unwrap_or_default(), 1 << (at % 64))
    }

    fn insert(&mut self, place: u32) {
        let (word, bit) = Self::bit(place);
        self.bits.get_mut(word).into_iter().for_each(|word| *word |= bit);
    }

    fn has(&self, place: u32) -> bool {
        let (word, bit) = Self::bit(place);
        self.bits.get(word).is_some_and(|word| word & bit != 0)
    }

    /// May a known word begin as these keys do?
    fn may_begin<'k>(&self, keys: impl Iterator<Item = &'k Key>) -> bool {
        let (mut place, mut letters, mut last) = (0, 0, None);
        for (passed, key) in keys.enumerate() {
            // A letter over and over is one, and further on there may be others.
            if key.optional || passed > DOTTED_MAX {
                return true;
            }
            if last == Some(key.key) {
                continue;
            }
            last = Some(key.key);
            place = Self::on(place, key.key);
            letters += 1;
            if self.has(place) {
                return true;
            }
            if letters == FIRST {
                return false;
            }
        }
        false
    }
}

impl SpellingsBuilder {
    /// Notes a word of skeleton letters; the hash of its spelling.
    pub(super) fn add(&mut self, keyed: &Keyed, skeleton: impl Iterator<Item = char>) -> u64 {
        let mut spelt = Spelt::default();
        for letter in skeleton {
            if !spelt.push(keyed, letter) {
                continue;
            }
            if spelt.letters <= FIRST {
                self.begun.insert(spelt.first);
            }
            if spelt.letters.is_multiple_of(CHECKED) {
                self.starts.push(spelt.hash);
            }
        }
        self.first.insert(spelt.first);
        spelt.hash
    }

    pub(super) fn build(self) -> Spellings {
        let starts = Filter::build(&self.starts);
        Spellings { first: self.first, begun: self.begun, starts }
    }
}

/// The hash of the spelling of skeleton letters, as [`SpellingsBuilder::add`] gives it.
pub(super) fn spelling(keyed: &Keyed, skeleton: impl Iterator<Item = char>) -> u64 {
    let mut spelt = Spelt::default();
    skeleton.for_each(|letter| {
        spelt.push(keyed, letter);
    });
    spelt.hash
}

/// What of an odd word was spelt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// All of it, or a stretch of it that an entry may match.
    Whole,
    /// The beginning of it; the end where it is read backwards.
    Part,
}

/// Which way words are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Forwards,
    Backwards,
}

/// A spelling so far.
#[derive(Clone, Copy, Debug, Default)]
struct Spelt {
    hash: u64,
    /// Letters of which no two neighbours are equal.
    letters: usize,
    last: Option<char>,
    /// The place of the first of them.
    first: u32,
}

impl Spelt {
    /// Adds a letter; false where it only repeats the one before it.
    fn push(&mut self, keyed: &Keyed, letter: char) -> bool {
        self.push_key(keyed, normalise::key(letter))
    }

    /// The same of its key.
    fn push_key(&mut self, keyed: &Keyed, letter: char) -> bool {
        if self.last == Some(letter) {
            return false;
        }
        if self.letters < FIRST {
            self.first = FirstLetters::on(self.first, letter);
        }
        self.hash = keyed.letter(self.hash, letter);
        self.letters += 1;
        self.last = Some(letter);
        true
    }
}

impl Spellings {
    pub(super) fn bytes(&self) -> usize {
        self.starts.bytes() + (self.first.bits.len() + self.begun.bits.len()) * 8
    }

    /// May a known word begin as this spelling does, to which a letter was just added?
    fn begins(&self, spelt: &Spelt) -> bool {
        if spelt.letters <= FIRST { self.begun.has(spelt.first) } else { self.goes_on(spelt) }
    }

    /// The same where the first letters were asked for before.
    fn goes_on(&self, spelt: &Spelt) -> bool {
        !spelt.letters.is_multiple_of(CHECKED) || self.starts.may_hold(spelt.hash)
    }

    /// Calls `found` with the hash of everything that an odd word may spell as a whole, and of the
    /// parts of it that an entry may match; with the letters it is spelt by, counted from where the
    /// word is read.
    pub(super) fn each(
        &self,
        keyed: &Keyed,
        way: Way,
        odd: &Odd,
        mut found: impl FnMut(u64, Reach, Range<usize>),
    ) {
        let starts = starts(odd);
        let several = starts.len() > 1;
        let inside = match odd.shape {
            Shape::Word => holds_hangul(odd),
            Shape::Dots => several || holds_hangul(odd),
            Shape::Run(_) => true,
        };
        let inside = if inside { Reach::Whole } else { Reach::Part };
        let arabic = odd.letters.iter().any(is_arabic);
        let mut room = (Vec::new(), Vec::new());
        for start in starts {
            let letters = odd.letters.get(start..).unwrap_or_default();
            let letters = letters.get(..most(letters, odd, several)).unwrap_or(letters);
            let walk =
                Walk { keyed, spellings: self, letters, way, classes: odd.classes, arabic, inside };
            walk.go(&mut room, &mut |spelt, reach, size| found(spelt, reach, start..start + size));
        }
    }
}

impl Spellings {
    /// Is there a spelling of these keys that `is_one` says yes to? It is asked of every spelling from
    /// a place where a word may begin, and told what begins there, and what ends where it ends.
    pub(super) fn any(
        &self,
        keyed: &Keyed,
        way: Way,
        keys: &[Key],
        mut is_one: impl FnMut(u64, [Bound; 2]) -> bool,
    ) -> bool {
        let mut walk = KeyWalk { keyed, spellings: self, spelt: Vec::new(), next: Vec::new() };
        (0..keys.len()).any(|at| match way {
            Way::Forwards => {
                let from = keys.get(at..).unwrap_or_default();
                let begins = from.first().map_or(Bound::Nothing, |key| key.begins);
                begins != Bound::Nothing
                    && self.first.may_begin(from.iter())
                    && walk.any(from.iter().map(|key| (key, [begins, key.ends])), &mut is_one)
            }
            Way::Backwards => {
                let from = keys.get(..=at).unwrap_or_default();
                let begins = from.last().map_or(Bound::Nothing, |key| key.ends);
                let keys = || from.iter().rev();
                begins != Bound::Nothing
                    && self.first.may_begin(keys())
                    && walk.any(keys().map(|key| (key, [begins, key.begins])), &mut is_one)
            }
        })
    }
}

/// A walk over keys.
struct KeyWalk<'w> {
    keyed: &'w Keyed,
    spellings: &'w Spellings,
    /// All spellings so far: one, but for signs that may separate.
    spelt: Vec<Spelt>,
    next: Vec<Spelt>,
}

impl KeyWalk<'_> {
    /// All spellings with one key more, but for those that no known word begins with.
    fn step(&mut self, key: &Key) {
        self.next.clear();
        for spelt in &self.spelt {
            let mut on = *spelt;
            let grown = on.push_key(self.keyed, key.key);
            let known = !grown || self.spellings.goes_on(&on);
            let without = key.optional.then_some(*spelt);
            self.next.extend(known.then_some(on).into_iter().chain(without));
        }
    }

    /// From one place on, as far as runs and dotted stretches go.
    fn any<'k>(
        &mut self,
        keys: impl Iterator<Item = (&'k Key, [Bound; 2])>,
        is_one: &mut impl FnMut(u64, [Bound; 2]) -> bool,
    ) -> bool {
        self.spelt.clear();
        self.spelt.push(Spelt::default());
        let mut split = 0;
        for (key, bounds) in keys {
            split += usize::from(key.begins.min(key.ends) == Bound::Word);
            // A word of repeats may go on to its end, which a closer look finds.
            if split > DOTTED_MAX {
                return true;
            }
            self.step(key);
            // Signs in a row: all ways to read them are too many.
            if self.next.len() > WAYS_MAX {
                return true;
            }
            std::mem::swap(&mut self.spelt, &mut self.next);
            if self.spelt.is_empty() {
                return false;
            }
            if self.spelt.iter().any(|spelt| is_one(spelt.hash, bounds)) {
                return true;
            }
        }
        false
    }
}

/// Letters that an entry may begin at.
fn starts(odd: &Odd) -> Vec<usize> {
    let several = odd.letters.iter().skip(1).any(|letter| letter.edge);
    let begins = |letter: &Letter| match odd.shape {
        Shape::Word => false,
        Shape::Dots => several && letter.edge && !letter.joint,
        Shape::Run(_) => !letter.mark,
    };
    let later = odd.letters.iter().enumerate().skip(1).filter(|(_, letter)| begins(letter));
    std::iter::once(0).chain(later.map(|(at, _)| at)).collect()
}

/// Letters that a spelling from here on may have at most.
fn most(letters: &[Letter], odd: &Odd, several: bool) -> usize {
    match odd.shape {
        Shape::Dots if several => DOTTED_MAX,
        Shape::Word | Shape::Dots => letters.len(),
        Shape::Run(_) if letters.len() <= STRETCH_MAX => letters.len(),
        Shape::Run(_) => {
            let mut begins = letters.iter().enumerate().filter(|(_, letter)| !letter.mark);
            begins.nth(STRETCH_MAX).map_or(letters.len(), |(at, _)| at)
        }
    }
}

fn holds_hangul(odd: &Odd) -> bool {
    let readings = odd.letters.iter().flat_map(|letter| &*letter.readings);
    chars(readings).any(normalise::is_hangul)
}

fn is_arabic(letter: &Letter) -> bool {
    chars(&*letter.readings).any(normalise::is_arabic)
}

fn chars<'r>(readings: impl IntoIterator<Item = &'r Reading>) -> impl Iterator<Item = char> {
    readings.into_iter().filter_map(|reading| match reading {
        Reading::Char(c) => Some(*c),
        _ => None,
    })
}

/// A walk over the letters of one odd word.
struct Walk<'w> {
    keyed: &'w Keyed,
    spellings: &'w Spellings,
    letters: &'w [Letter],
    way: Way,
    classes: bool,
    /// An entry of Arabic letters keeps its digits.
    arabic: bool,
    /// What a place on the way is.
    inside: Reach,
}

impl Walk<'_> {
    fn letter(&self, at: usize) -> Option<&Letter> {
        match self.way {
            Way::Forwards => self.letters.get(at),
            Way::Backwards => self.letters.iter().rev().nth(at),
        }
    }

    /// Letter by letter, with all spellings so far side by side: their number is bounded by what
    /// known words begin with, and equal ones are one.
    fn go(
        &self,
        (so_far, next): &mut (Vec<Spelt>, Vec<Spelt>),
        found: &mut impl FnMut(u64, Reach, usize),
    ) {
        so_far.clear();
        so_far.push(Spelt::default());
        for at in 0..self.letters.len() {
            let Some(letter) = self.letter(at) else { return };
            if at > 0 {
                so_far.iter().for_each(|spelt| found(spelt.hash, self.inside, at));
            }
            for spelt in &*so_far {
                next.extend(
                    letter.readings.iter().filter_map(|reading| self.read(*spelt, reading)),
                );
            }
            next.dedup_by_key(|spelt| spelt.hash);
            if next.len() > 1 {
                next.sort_unstable_by_key(|spelt| spelt.hash);
                next.dedup_by_key(|spelt| spelt.hash);
            }
            so_far.clear();
            std::mem::swap(so_far, next);
            if so_far.is_empty() {
                return;
            }
        }
        let size = self.letters.len();
        so_far.iter().for_each(|spelt| found(spelt.hash, Reach::Whole, size));
    }

    /// The spelling with one reading more, unless nothing known begins so.
    fn read(&self, mut spelt: Spelt, reading: &Reading) -> Option<Spelt> {
        let known = match (reading, self.way) {
            (Reading::Nothing, _) => true,
            (Reading::Char(c), _) if self.classes || self.arabic && c.is_ascii_digit() => {
                self.push(&mut spelt, *c)
            }
            (Reading::Char(c), _) => self.push(&mut spelt, normalise::canonical(*c)),
            (Reading::Text(text), Way::Forwards) => {
                text.chars().all(|c| self.push(&mut spelt, normalise::canonical(c)))
            }
            (Reading::Text(text), Way::Backwards) => {
                text.chars().rev().all(|c| self.push(&mut spelt, normalise::canonical(c)))
            }
        };
        known.then_some(spelt)
    }

    fn push(&self, spelt: &mut Spelt, c: char) -> bool {
        !spelt.push(self.keyed, c) || self.spellings.begins(spelt)
    }
}
