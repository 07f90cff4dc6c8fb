//! The words of all entries, and where they occur in a text.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::OnceLock;

use crate::normalise::{self, Letter, Odd, Reading, Shape, Unit, Views, Word};
use crate::record::View;

use super::trie::{Trie, Walk};

/// Letters that a run is cut to, so that a long run of decoys stays cheap; the next window begins
/// half of it later, so that no entry of half its length is missed.
const WINDOW: usize = 64;
const WINDOW_STEP: usize = WINDOW / 2;

/// A stretch of a run needs so many letters, else it must be the whole run but for one.
const STRETCH_MIN: usize = 4;

/// A span inside a dotted stretch of a script without spaces ends after so many letters and dots, two
/// windows. Without it, one letter repeated through a whole text would cost its square.
const DOTTED_MAX: usize = 2 * WINDOW;

/// A place where a unit occurs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Occurrence {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) view: View,
}

/// Occurrences by unit, sorted, without doubles.
pub(super) type Occurrences = BTreeMap<usize, Vec<Occurrence>>;

/// Every unit of every entry, once.
#[derive(Debug, Default)]
pub(super) struct Dictionary {
    units: Vec<Known>,
    ids: BTreeMap<Key, usize>,
    whole: Lookup,
    starts: Lookup,
    ends: Lookup,
    /// Of how many words units are made.
    sizes: BTreeSet<usize>,
    /// By classes, and by folded letters; made for the first odd word, as most texts have none.
    classes: OnceLock<Tries>,
    folded: OnceLock<Tries>,
}

#[derive(Debug)]
struct Known {
    /// Two letters or more, digits apart: a unit of fewer has no variants. A number is never odd, or
    /// `00000` were `o o o o o`.
    has_variants: bool,
    /// A phrase without its spaces: only runs are compared with it.
    joined: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    text: String,
    open_left: bool,
    open_right: bool,
    joined: bool,
}

/// Units by text.
#[derive(Debug, Default)]
struct Lookup {
    units: BTreeMap<String, usize>,
    /// A bit for each length of a text, in bytes; the highest for all that are longer.
    lengths: u64,
}

impl Lookup {
    fn insert(&mut self, text: &str, unit: usize) {
        self.lengths |= bit_of(text.len());
        self.units.insert(text.to_owned(), unit);
    }

    fn get(&self, text: &str) -> Option<usize> {
        // Few words of a post are as long as one of the few entries that it could hold.
        if self.lengths & bit_of(text.len()) == 0 { None } else { self.units.get(text).copied() }
    }

    fn is_empty(&self) -> bool {
        self.units.is_empty()
    }
}

fn bit_of(length: usize) -> u64 {
    1 << length.min(63)
}

#[derive(Debug, Default)]
struct Tries {
    whole: Trie,
    starts: Trie,
    /// Reversed.
    ends: Trie,
}

impl Dictionary {
    /// The number of a unit.
    pub(super) fn add(&mut self, unit: &Unit) -> usize {
        self.sizes.insert(unit.words);
        self.insert(Key {
            text: unit.text.clone(),
            open_left: unit.open_left,
            open_right: unit.open_right,
            joined: false,
        })
    }

    /// The number of a phrase without its spaces.
    pub(super) fn add_joined(&mut self, text: String) -> usize {
        self.insert(Key { text, open_left: false, open_right: false, joined: true })
    }

    fn insert(&mut self, key: Key) -> usize {
        if let Some(&unit) = self.ids.get(&key) {
            return unit;
        }
        let unit = self.units.len();
        let mark = unicode_normalization::char::is_combining_mark;
        let mut letters = key.text.chars().filter(|c| c.is_alphabetic() && !mark(*c));
        self.units.push(Known { has_variants: letters.nth(1).is_some(), joined: key.joined });
        let lookup = match (key.open_left, key.open_right) {
            (false, false) => &mut self.whole,
            (false, true) => &mut self.starts,
            // A star stands at one end only; `rules` refuses both.
            (true, _) => &mut self.ends,
        };
        if !key.joined {
            lookup.insert(&key.text, unit);
        }
        (self.classes, self.folded) = (OnceLock::new(), OnceLock::new());
        self.ids.insert(key, unit);
        unit
    }

    /// Every occurrence of every unit.
    pub(super) fn occurrences(&self, views: &Views<'_>) -> Occurrences {
        let mut out = Occurrences::new();
        for (at, word) in views.words().iter().enumerate() {
            self.whole_words(views, at, &mut out);
            if !word.spaceless {
                self.parts_of_word(views, word, &mut out);
            }
        }
        for odd in views.odd() {
            self.odd(odd, &mut out);
        }
        for places in out.values_mut() {
            places.sort_unstable();
            places.dedup_by_key(|place| (place.start, place.end));
        }
        out
    }

    /// Units that begin with word `at` and end with a word.
    fn whole_words(&self, views: &Views<'_>, at: usize, out: &mut Occurrences) {
        let words = views.words();
        let mut reach = at + 1;
        for size in &self.sizes {
            let glued = words.get(reach..at + size).unwrap_or_default();
            if at + size > words.len() || !glued.iter().all(|word| word.glued) {
                return;
            }
            reach = at + size;
            let (Some(first), Some(last)) = (words.get(at), words.get(reach - 1)) else { return };
            let text = views.folded().get(first.folded.start..last.folded.end);
            if let Some(unit) = text.and_then(|text| self.whole.get(text)) {
                push(out, unit, first.range.start..last.range.end, View::Folded);
            }
        }
    }

    /// Units that a word begins with or ends with: `*`, and words in Hangul, whose particles are
    /// written to them.
    fn parts_of_word(&self, views: &Views<'_>, word: &Word, out: &mut Occurrences) {
        let text = views.folded().get(word.folded.clone()).unwrap_or_default();
        let has_open = !self.starts.is_empty() || !self.ends.is_empty();
        if !has_open && !text.chars().any(normalise::is_hangul) {
            return;
        }
        let mut letters = Letters::default();
        for at in text.char_indices().map(|(at, c)| at + c.len_utf8()) {
            let (head, tail) = text.split_at_checked(at).unwrap_or_default();
            letters.take(head);
            if let Some(unit) = self.starts.get(head) {
                push(out, unit, word.range.clone(), View::Folded);
            }
            if let Some(unit) = self.whole.get(head).filter(|_| letters.before_particle(tail)) {
                let head = word.folded.start..word.folded.start + at;
                push(out, unit, views.original(&head), View::Folded);
            }
        }
        for (at, _) in text.char_indices() {
            if let Some(unit) = text.get(at..).and_then(|tail| self.ends.get(tail)) {
                push(out, unit, word.range.clone(), View::Folded);
            }
        }
    }

    /// Units that an odd word may be read as. Of nested spans of one unit only the widest counts:
    /// it is the one that covers the disguise, repeats at its ends included.
    fn odd(&self, odd: &Odd, out: &mut Occurrences) {
        let mut spans = Vec::new();
        match &odd.shape {
            Shape::Word => self.odd_word(odd, &mut spans),
            Shape::Dots => self.dotted(odd, &mut spans),
            Shape::Run(runs) => self.run(odd, runs, &mut spans),
        }
        spans.retain(|(unit, _, _)| self.units.get(*unit).is_some_and(|known| known.has_variants));
        spans.sort_unstable_by_key(|&(unit, start, end)| (unit, start, std::cmp::Reverse(end)));
        let mut widest = (usize::MAX, 0);
        for (unit, start, end) in spans {
            if widest.0 == unit && end <= widest.1 {
                continue;
            }
            widest = (unit, end);
            let letters = odd.letters.get(start..end).unwrap_or_default();
            if let [first, .., last] | [first @ last] = letters {
                push(out, unit, first.range.start..last.range.end, View::Unmasked);
            }
        }
    }

    fn tries(&self, odd: &Odd) -> &Tries {
        if odd.classes {
            self.classes.get_or_init(|| Tries::of(&self.ids, normalise::skeleton))
        } else {
            self.folded.get_or_init(|| Tries::of(&self.ids, str::to_owned))
        }
    }

    fn odd_word(&self, odd: &Odd, spans: &mut Vec<Span>) {
        let tries = self.tries(odd);
        let size = odd.letters.len();
        let (mut whole, mut starts) = (tries.whole.walk(), tries.starts.walk());
        for (end, letter) in (1..).zip(&odd.letters) {
            whole.step(letter, odd.classes, false);
            starts.step(letter, odd.classes, false);
            spans.extend(starts.units().map(|unit| (unit, 0, size)));
            if end == size || is_hangul(letter) {
                spans.extend(self.plain_units(&whole).map(|unit| (unit, 0, end)));
            }
        }
        let mut ends = tries.ends.walk();
        for letter in odd.letters.iter().rev() {
            ends.step(letter, odd.classes, true);
            spans.extend(ends.units().map(|unit| (unit, 0, size)));
        }
    }

    /// Units that end here and are words, no joined phrases.
    fn plain_units<'d>(&'d self, walk: &'d Walk<'_>) -> impl Iterator<Item = usize> + 'd {
        walk.units().filter(|unit| self.units.get(*unit).is_some_and(|known| !known.joined))
    }

    /// From edge to edge over a joint.
    fn dotted(&self, odd: &Odd, spans: &mut Vec<Span>) {
        if !odd.letters.iter().skip(1).any(|letter| letter.edge) {
            return self.odd_word(odd, spans);
        }
        let joints = odd.letters.iter().enumerate().filter(|(_, letter)| letter.joint);
        let mut joints = joints.map(|(at, _)| at).peekable();
        let starts = odd.letters.iter().enumerate();
        for (start, _) in starts.filter(|(_, letter)| letter.edge && !letter.joint) {
            while joints.next_if(|joint| *joint < start).is_some() {}
            let Some(&joint) = joints.peek() else { return };
            self.dotted_from(odd, start, joint, spans);
        }
    }

    fn dotted_from(&self, odd: &Odd, start: usize, joint: usize, spans: &mut Vec<Span>) {
        let mut walk = self.tries(odd).whole.walk();
        let letters = odd.letters.iter().skip(start).take(DOTTED_MAX);
        for (end, letter) in (start + 1..).zip(letters) {
            walk.step(letter, odd.classes, false);
            if walk.is_dead() {
                return;
            }
            let edge = odd.letters.get(end).is_none_or(|letter| letter.edge);
            if edge && end > joint && !letter.joint {
                spans.extend(self.plain_units(&walk).map(|unit| (unit, start, end)));
            }
        }
    }

    /// Stretches of four letters or more, whole short runs, and all but one letter of those.
    fn run(&self, odd: &Odd, runs: &[Range<usize>], spans: &mut Vec<Span>) {
        let counts = counts(&odd.letters);
        let mut runs = runs.iter().peekable();
        for (start, _) in odd.letters.iter().enumerate().filter(|(_, letter)| !letter.mark) {
            while runs.next_if(|run| run.end <= start).is_some() {}
            let run = runs.peek().copied().cloned().unwrap_or_default();
            self.stretches(odd, start, &Counted { counts: &counts, run }, spans);
        }
    }

    /// Stretches of a run that begin here. A stretch lies in one window; of the windows that hold
    /// its start, the last one reaches farthest.
    fn stretches(&self, odd: &Odd, start: usize, run: &Counted<'_>, spans: &mut Vec<Span>) {
        let window_end = run.before(start) / WINDOW_STEP * WINDOW_STEP + WINDOW;
        let mut walk = self.tries(odd).whole.walk();
        for (end, letter) in (start + 1..).zip(odd.letters.iter().skip(start)) {
            walk.step(letter, odd.classes, false);
            if walk.is_dead() || run.before(end) > window_end {
                return;
            }
            let inside = odd.letters.get(end).is_some_and(|letter| letter.mark);
            if !inside && run.allows(start..end) {
                spans.extend(walk.units().map(|unit| (unit, start, end)));
            }
        }
    }
}

/// Unit, first letter, end.
type Span = (usize, usize, usize);

fn push(out: &mut Occurrences, unit: usize, range: Range<usize>, view: View) {
    let (start, end) = (range.start, range.end);
    out.entry(unit).or_default().push(Occurrence { start, end, view });
}

/// How many letters, marks apart, stand before each.
fn counts(letters: &[Letter]) -> Vec<usize> {
    let mut count = 0;
    let mut out = vec![0];
    for letter in letters {
        count += usize::from(!letter.mark);
        out.push(count);
    }
    out
}

/// The letters of joined runs, counted, and the run that holds the place looked at.
struct Counted<'c> {
    counts: &'c [usize],
    run: Range<usize>,
}

impl Counted<'_> {
    fn before(&self, at: usize) -> usize {
        self.counts.get(at).copied().unwrap_or_default()
    }

    /// Four letters or more, or the run, or the run but for one letter at an end.
    fn allows(&self, span: Range<usize>) -> bool {
        if self.before(span.end) - self.before(span.start) >= STRETCH_MIN {
            return true;
        }
        let inside = self.run.start <= span.start && span.end <= self.run.end;
        let left = || self.before(span.start) - self.before(self.run.start);
        let right = || self.before(self.run.end) - self.before(span.end);
        inside && left() + right() <= 1
    }
}

/// Is what follows a word its particle? Words of Hangul are anchored at their start; a word of
/// letters may have a particle too, as foreign names do in Korean.
#[derive(Default)]
struct Letters {
    last: Option<char>,
    other: bool,
}

impl Letters {
    /// The word goes on by one character.
    fn take(&mut self, head: &str) {
        self.last = head.chars().next_back();
        self.other |= !self.last.is_some_and(char::is_alphabetic);
    }

    fn before_particle(&self, tail: &str) -> bool {
        let Some(next) = tail.chars().next() else { return false };
        let hangul = self.last.is_some_and(normalise::is_hangul);
        hangul || normalise::is_hangul(next) && !self.other
    }
}

fn is_hangul(letter: &Letter) -> bool {
    let hangul =
        |reading: &Reading| matches!(reading, Reading::Char(c) if normalise::is_hangul(*c));
    letter.readings.iter().any(hangul)
}

impl Tries {
    fn of(units: &BTreeMap<Key, usize>, spelt: impl Fn(&str) -> String) -> Self {
        let mut tries = Self::default();
        units.iter().for_each(|(key, unit)| tries.insert(key, &spelt(&key.text), *unit));
        tries
    }

    fn insert(&mut self, key: &Key, spelling: &str, unit: usize) {
        // An open unit also is the word itself: so runs and dotted words find it.
        self.whole.insert(spelling.chars(), unit);
        match (key.open_left, key.open_right) {
            (false, false) => {}
            (false, true) => self.starts.insert(spelling.chars(), unit),
            (true, _) => self.ends.insert(spelling.chars().rev(), unit),
        }
    }
}
