//! The words of all entries, and where they occur in a text.

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;

use crate::normalise::{self, Letter, Odd, Reading, Shape, Unit, Views, Word};
use crate::record::View;

use super::trie::Trie;

/// Letters that a run is cut to, so that a long run of decoys stays cheap; the next window begins
/// half of it later, so that no entry of half its length is missed.
const WINDOW: usize = 64;
const WINDOW_STEP: usize = WINDOW / 2;

/// A stretch of a run needs so many letters, else it must be the whole run but for one.
const STRETCH_MIN: usize = 4;

/// A span inside a dotted stretch of a script without spaces ends after so many letters: twice the
/// longest entry. Without it, one letter repeated through a whole text would cost its square.
const DOTTED_MAX: usize = 512;

/// A place where a unit occurs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Occurrence {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) view: View,
}

/// Occurrences by unit, sorted, without doubles.
pub(super) type Occurrences = HashMap<usize, Vec<Occurrence>>;

/// Every unit of every entry, once.
#[derive(Debug)]
pub(super) struct Dictionary {
    /// Which text units are of: the raw one, or the folded one and odd words.
    raw: bool,
    units: Vec<Known>,
    ids: HashMap<Key, usize>,
    whole: Lookup,
    starts: Lookup,
    ends: Lookup,
    middles: Lookup,
    /// Of how many words units are made.
    sizes: BTreeSet<usize>,
    /// By classes, and by folded letters.
    classes: Tries,
    folded: Tries,
}

#[derive(Debug)]
struct Known {
    /// Letters in canonical spelling: odd words of fewer than two are no variants.
    letters: usize,
    /// A phrase without its spaces: only runs are compared with it.
    joined: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key {
    text: String,
    open_left: bool,
    open_right: bool,
    joined: bool,
}

/// Units by text, and the longest text in bytes.
#[derive(Debug, Default)]
struct Lookup {
    units: HashMap<String, usize>,
    longest: usize,
}

impl Lookup {
    fn insert(&mut self, text: &str, unit: usize) {
        self.longest = self.longest.max(text.len());
        self.units.insert(text.to_owned(), unit);
    }

    fn get(&self, text: &str) -> Option<usize> {
        if text.len() > self.longest { None } else { self.units.get(text).copied() }
    }
}

#[derive(Debug, Default)]
struct Tries {
    whole: Trie,
    starts: Trie,
    /// Reversed.
    ends: Trie,
    middles: Trie,
}

impl Dictionary {
    pub(super) fn new(raw: bool) -> Self {
        Self {
            raw,
            units: Vec::new(),
            ids: HashMap::new(),
            whole: Lookup::default(),
            starts: Lookup::default(),
            ends: Lookup::default(),
            middles: Lookup::default(),
            sizes: BTreeSet::new(),
            classes: Tries::default(),
            folded: Tries::default(),
        }
    }

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
        let skeleton = normalise::skeleton(&key.text);
        let mark = unicode_normalization::char::is_combining_mark;
        let letters = skeleton.chars().filter(|c| c.is_alphabetic() && !mark(*c)).count();
        self.units.push(Known { letters, joined: key.joined });
        let lookup = match (key.open_left, key.open_right) {
            (false, false) => &mut self.whole,
            (false, true) => &mut self.starts,
            (true, false) => &mut self.ends,
            (true, true) => &mut self.middles,
        };
        if !key.joined {
            lookup.insert(&key.text, unit);
        }
        self.classes.insert(&key, &skeleton, unit);
        self.folded.insert(&key, &key.text, unit);
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
        if !self.raw {
            for odd in views.odd() {
                self.odd(odd, &mut out);
            }
        }
        for places in out.values_mut() {
            places.sort_unstable();
            places.dedup_by_key(|place| (place.start, place.end));
        }
        out
    }

    fn view(&self) -> View {
        if self.raw { View::Raw } else { View::Folded }
    }

    /// Units that begin with word `at` and end with a word.
    fn whole_words(&self, views: &Views<'_>, at: usize, out: &mut Occurrences) {
        let words = views.words();
        let mut reach = at + 1;
        for size in &self.sizes {
            while reach < at + size {
                if !words.get(reach).is_some_and(|word| word.glued) {
                    return;
                }
                reach += 1;
            }
            let (Some(first), Some(last)) = (words.get(at), words.get(reach - 1)) else { return };
            let range = first.range.start..last.range.end;
            let text = if self.raw {
                views.raw.get(range.clone())
            } else {
                views.folded().get(first.folded.start..last.folded.end)
            };
            if let Some(unit) = text.and_then(|text| self.whole.get(text)) {
                self.push(out, unit, range, self.view());
            }
        }
    }

    /// Units that a word begins with, ends with or holds: `*`, and words in Hangul, whose particles
    /// are written to them.
    fn parts_of_word(&self, views: &Views<'_>, word: &Word, out: &mut Occurrences) {
        let text = if self.raw {
            views.raw.get(word.range.clone())
        } else {
            views.folded().get(word.folded.clone())
        };
        let text = text.unwrap_or_default();
        let places = || text.char_indices().map(|(at, _)| at).chain([text.len()]);
        for at in places().skip(1) {
            let (head, tail) = text.split_at_checked(at).unwrap_or_default();
            if let Some(unit) = self.starts.get(head) {
                self.push(out, unit, word.range.clone(), self.view());
            }
            if let Some(unit) = self.whole.get(head).filter(|_| before_particle(head, tail)) {
                self.push(out, unit, self.head_range(views, word, at), self.view());
            }
        }
        for at in places() {
            let tail = text.get(at..).unwrap_or_default();
            if let Some(unit) = self.ends.get(tail) {
                self.push(out, unit, word.range.clone(), self.view());
            }
            let ends = places().filter(|end| *end > at && *end - at <= self.middles.longest);
            let ends = if self.middles.units.is_empty() { None } else { Some(ends) };
            for end in ends.into_iter().flatten() {
                if let Some(unit) = text.get(at..end).and_then(|part| self.middles.get(part)) {
                    self.push(out, unit, word.range.clone(), self.view());
                }
            }
        }
    }

    fn head_range(&self, views: &Views<'_>, word: &Word, size: usize) -> Range<usize> {
        if self.raw {
            return word.range.start..word.range.start + size;
        }
        views.original(&(word.folded.start..word.folded.start + size))
    }

    fn push(&self, out: &mut Occurrences, unit: usize, range: Range<usize>, view: View) {
        let (start, end) = (range.start, range.end);
        out.entry(unit).or_default().push(Occurrence { start, end, view });
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
        spans.retain(|(unit, _, _)| self.units.get(*unit).is_some_and(|known| known.letters >= 2));
        spans.sort_unstable_by_key(|&(unit, start, end)| (unit, start, std::cmp::Reverse(end)));
        let mut widest = (usize::MAX, 0);
        for (unit, start, end) in spans {
            if widest.0 == unit && end <= widest.1 {
                continue;
            }
            widest = (unit, end);
            let letters = odd.letters.get(start..end).unwrap_or_default();
            if let [first, .., last] | [first @ last] = letters {
                self.push(out, unit, first.range.start..last.range.end, View::Unmasked);
            }
        }
    }

    fn tries(&self, odd: &Odd) -> &Tries {
        if odd.classes { &self.classes } else { &self.folded }
    }

    fn odd_word(&self, odd: &Odd, spans: &mut Vec<Span>) {
        let tries = self.tries(odd);
        let size = odd.letters.len();
        let mut whole = tries.whole.walk();
        let mut starts = tries.starts.walk();
        let mut ends = tries.ends.walk();
        let mut middles = tries.middles.walk();
        for (at, letter) in odd.letters.iter().enumerate() {
            whole.step(letter, odd.classes, false);
            starts.step(letter, odd.classes, false);
            middles.step(letter, odd.classes, false);
            let end = at + 1;
            let open = starts.units().chain(middles.units());
            spans.extend(open.map(|unit| (unit, 0, size)));
            if end == size || is_hangul(letter) {
                let units = whole.units().filter(|unit| self.is_plain(*unit));
                spans.extend(units.map(|unit| (unit, 0, end)));
            }
            middles.begin();
        }
        for letter in odd.letters.iter().rev() {
            ends.step(letter, odd.classes, true);
            spans.extend(ends.units().map(|unit| (unit, 0, size)));
        }
    }

    fn is_plain(&self, unit: usize) -> bool {
        self.units.get(unit).is_some_and(|known| !known.joined)
    }

    /// From edge to edge over a joint.
    fn dotted(&self, odd: &Odd, spans: &mut Vec<Span>) {
        let size = odd.letters.len();
        if !odd.letters.iter().skip(1).any(|letter| letter.edge) {
            return self.odd_word(odd, spans);
        }
        let mut joint = 0;
        for (start, _) in odd.letters.iter().enumerate().filter(|(_, letter)| letter.edge) {
            let joints = odd.letters.iter().enumerate().skip(joint.max(start));
            let Some(next) = joints.into_iter().find(|(_, letter)| letter.joint) else { return };
            joint = next.0;
            let limit = size.min(start + DOTTED_MAX);
            let mut walk = self.tries(odd).whole.walk();
            let letters = odd.letters.iter().enumerate().take(limit).skip(start);
            for (at, letter) in letters {
                walk.step(letter, odd.classes, false);
                if walk.is_dead() {
                    break;
                }
                let end = at + 1;
                let edge = odd.letters.get(end).is_none_or(|letter| letter.edge);
                if edge && end > joint {
                    let units = walk.units().filter(|unit| self.is_plain(*unit));
                    spans.extend(units.map(|unit| (unit, start, end)));
                }
            }
        }
    }

    /// Stretches of four letters or more, whole short runs, and all but one letter of those.
    fn run(&self, odd: &Odd, runs: &[Range<usize>], spans: &mut Vec<Span>) {
        let counts = counts(&odd.letters);
        let count = |at: usize| counts.get(at).copied().unwrap_or_default();
        let mut runs = runs.iter().peekable();
        for (start, _) in odd.letters.iter().enumerate().filter(|(_, letter)| !letter.mark) {
            while runs.next_if(|run| run.end <= start).is_some() {}
            let window_end = count(start) / WINDOW_STEP * WINDOW_STEP + WINDOW;
            let mut walk = self.tries(odd).whole.walk();
            for (at, letter) in odd.letters.iter().enumerate().skip(start) {
                walk.step(letter, odd.classes, false);
                let end = at + 1;
                if walk.is_dead() || count(end) > window_end {
                    break;
                }
                let inside = odd.letters.get(end).is_some_and(|letter| letter.mark);
                let long = count(end) - count(start) >= STRETCH_MIN;
                let short = runs.peek().is_some_and(|run| is_most_of(run, start..end, &count));
                if !inside && (long || short) {
                    spans.extend(walk.units().map(|unit| (unit, start, end)));
                }
            }
        }
    }
}

/// Unit, first letter, end.
type Span = (usize, usize, usize);

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

/// Is it the run, or the run but for one letter at an end?
fn is_most_of(run: &Range<usize>, span: Range<usize>, count: &impl Fn(usize) -> usize) -> bool {
    let inside = run.start <= span.start && span.end <= run.end;
    let missing = || count(span.start) - count(run.start) + count(run.end) - count(span.end);
    inside && missing() <= 1
}

/// Is what follows a word its particle? Words of Hangul are anchored at their start; a word of
/// letters may have a particle too, as foreign names do in Korean.
fn before_particle(head: &str, tail: &str) -> bool {
    let (Some(last), Some(next)) = (head.chars().next_back(), tail.chars().next()) else {
        return false;
    };
    let foreign = normalise::is_hangul(next) && head.chars().all(char::is_alphabetic);
    normalise::is_hangul(last) || foreign
}

fn is_hangul(letter: &Letter) -> bool {
    letter
        .readings
        .iter()
        .any(|reading| matches!(reading, Reading::Char(c) if normalise::is_hangul(*c)))
}

impl Tries {
    fn insert(&mut self, key: &Key, spelling: &str, unit: usize) {
        // An open unit also is the word itself: so runs and dotted words find it.
        self.whole.insert(spelling.chars(), unit);
        match (key.open_left, key.open_right) {
            (false, false) => {}
            (false, true) => self.starts.insert(spelling.chars(), unit),
            (true, false) => self.ends.insert(spelling.chars().rev(), unit),
            (true, true) => self.middles.insert(spelling.chars(), unit),
        }
    }
}
