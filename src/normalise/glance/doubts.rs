//! From places where something could be odd to stretches that no odd word reaches out of.

use std::ops::Range;

use crate::normalise::table::{self, Class};

/// Letters of a piece that may be joined to a run of single letters: longer ones end it.
const PIECE_MAX: usize = 3;

/// Adds the stretches around places of a levelled text, in order, none over another. The places may
/// also be right behind what they are about: words, which have no white space in them, and runs, to
/// which short pieces in a row belong, with one more on either side. Of both there are two lists, each
/// in order.
pub(super) fn around(
    text: &[u8],
    words: (&[usize], &[usize]),
    runs: (&[usize], &[usize]),
    stretches: &mut Vec<Range<usize>>,
) {
    for runs in [runs.0, runs.1] {
        add(runs, |place| run(text, place), stretches);
    }
    for words in [words.0, words.1] {
        add(words, |place| word(text, place), stretches);
    }
    stretches.sort_unstable_by_key(|stretch| stretch.start);
    stretches.dedup_by(|next, last| {
        let touches = next.start <= last.end;
        last.end = if touches { last.end.max(next.end) } else { last.end };
        touches
    });
}

/// Adds what is around places in order. A long word or run has many, and is looked at once.
fn add(places: &[usize], around: impl Fn(usize) -> Range<usize>, to: &mut Vec<Range<usize>>) {
    let mut done = 0;
    for place in places {
        if *place >= done {
            let stretch = around(*place);
            done = stretch.end;
            to.push(stretch);
        }
    }
}

/// Makes of stretches of the levelled text those of the text itself. They begin and end beside white
/// space, or where the text does, and of that there is as much in both.
pub(super) fn trace(levelled: &[u8], text: &str, stretches: &mut [Range<usize>]) {
    let mut spaces = Spaces { text, before: 0, number: 0 };
    let (mut at, mut number) = (0, 0);
    for stretch in stretches {
        let mut count_to = |to: usize| {
            let passed = levelled.get(at..to).unwrap_or_default();
            number += passed.iter().filter(|byte| is_space(**byte)).count();
            at = to;
            number
        };
        let first = count_to(stretch.start);
        let start = spaces.behind(first);
        let after = count_to(stretch.end);
        *stretch = start..spaces.until(after);
    }
}

/// White space of a text, one character after the other.
struct Spaces<'t> {
    text: &'t str,
    /// Bytes up to and with the last one passed, and how many they are.
    before: usize,
    number: usize,
}

impl Spaces<'_> {
    /// The place behind so many of them.
    fn behind(&mut self, number: usize) -> usize {
        while self.number < number {
            let (_, end) = self.next();
            (self.before, self.number) = (end, self.number + 1);
        }
        self.before
    }

    /// The place of the next behind so many, or of the end.
    fn until(&mut self, number: usize) -> usize {
        self.behind(number);
        self.next().0
    }

    fn next(&self) -> (usize, usize) {
        let rest = self.text.get(self.before..).unwrap_or_default();
        let space = rest
            .char_indices()
            .find(|(_, c)| matches!(table::table().get(*c).class, Class::Space | Class::Line));
        let end = self.text.len();
        space.map_or((end, end), |(at, c)| {
            let at = self.before + at;
            (at, at + c.len_utf8())
        })
    }
}

fn is_space(byte: u8) -> bool {
    byte.is_ascii() && matches!(table::table().ascii(byte).class, Class::Space | Class::Line)
}

/// What stands without white space around a place, or before it.
fn word(text: &[u8], place: usize) -> Range<usize> {
    let (before, behind) = text.split_at_checked(place).unwrap_or((text, &[]));
    let is_in = |byte: &&u8| !is_space(**byte);
    let start = place - before.iter().rev().take_while(is_in).count();
    start..place + behind.iter().take_while(is_in).count()
}

fn run(text: &[u8], place: usize) -> Range<usize> {
    let Range { mut start, mut end } = word(text, place);
    loop {
        let (size, letters) = piece(text.iter().take(start).rev());
        start -= size;
        if letters > PIECE_MAX || size == 0 {
            break;
        }
    }
    loop {
        let (size, letters) = piece(text.iter().skip(end));
        end += size;
        if letters > PIECE_MAX || size == 0 {
            break;
        }
    }
    start..end
}

/// Bytes to the far end of the next piece, and how many of them are no white space.
fn piece<'t>(bytes: impl Iterator<Item = &'t u8>) -> (usize, usize) {
    let (mut size, mut letters) = (0, 0);
    for byte in bytes {
        let is_space = is_space(*byte);
        if is_space && letters > 0 {
            break;
        }
        size += 1;
        letters += usize::from(!is_space);
    }
    (size, letters)
}
