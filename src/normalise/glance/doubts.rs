//! From places where something could be odd to stretches that no odd word reaches out of.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::LazyLock;

use crate::lanes::{self, BLOCK, Lanes, Set, Work};
use crate::normalise::sketch::{offset, place};
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

/// Where the white space of a text and of its level stands. Room is kept for the next one.
#[derive(Debug, Default)]
pub(super) struct Spaces {
    of_level: Vec<u32>,
    of_text: Vec<u32>,
}

impl Spaces {
    /// Makes of stretches of the levelled text those of the text itself. They begin and end beside white
    /// space, or where the text does, and of that there is as much in both.
    pub(super) fn trace(&mut self, levelled: &[u8], text: &str, stretches: &mut [Range<usize>]) {
        lanes::run(Finding { text: levelled, leads: &LEADS, places: &mut self.of_level });
        lanes::run(Finding { text: text.as_bytes(), leads: &LEADS, places: &mut self.of_text });
        let mut number = 0;
        for stretch in stretches {
            let mut count_to = |end: usize| {
                let left = self.of_level.get(number..).unwrap_or_default();
                number += left.iter().take_while(|at| place(**at) < end).count();
                number
            };
            let first = count_to(stretch.start).checked_sub(1);
            let start = first.and_then(|first| self.of_text.get(first)).map_or(0, |at| {
                let space = text.get(place(*at)..).and_then(|rest| rest.chars().next());
                place(*at) + space.map_or(0, char::len_utf8)
            });
            let end = self.of_text.get(count_to(stretch.end));
            *stretch = start..end.map_or(text.len(), |at| place(*at));
        }
    }
}

/// Looks for white space.
struct Finding<'t> {
    text: &'t [u8],
    leads: &'static Set,
    places: &'t mut Vec<u32>,
}

impl Work for Finding<'_> {
    type Out = ();

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        self.places.clear();
        for at in (0..self.text.len()).step_by(BLOCK) {
            let block = lanes.load_first(self.text.get(at..).unwrap_or_default());
            // Spaces that a load puts behind the text are none of it.
            let own = u64::MAX >> BLOCK.saturating_sub(self.text.len() - at);
            let beyond = lanes.leads(block) & lanes.has(lanes.low(block), self.leads);
            let wide = lanes::places(at, beyond & own).filter(|place| is_wide(self.text, *place));
            let spaces =
                wide.fold(lanes.has(block, &SPACE) & own, |all, wide| all | 1 << (wide - at));
            self.places.extend(lanes::places(at, spaces).map(offset));
        }
    }
}

const SPACE: Set = Set::of(b" \t\n\x0B\x0C\r");

/// What white space beyond ASCII begins with, without the highest bit. Accents that stand alone are among it.
static LEADS: LazyLock<Set> = LazyLock::new(|| {
    let spaces =
        ('\u{80}'..=char::MAX).filter(|c| is_wide(c.encode_utf8(&mut [0; 4]).as_bytes(), 0));
    let leads: BTreeSet<u8> =
        spaces.filter_map(|c| Some(c.encode_utf8(&mut [0; 4]).bytes().next()? & 0x7F)).collect();
    Set::of(&leads.into_iter().collect::<Vec<u8>>())
});

/// Does white space beyond ASCII stand at a place?
fn is_wide(text: &[u8], at: usize) -> bool {
    let found = table::table().beyond(text, at);
    found.is_some_and(|(_, fold, _)| matches!(fold.class, Class::Space | Class::Line))
}

fn is_space(byte: u8) -> bool {
    SPACE.has(byte)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_is_what_the_table_says() {
        for c in '\0'..=char::MAX {
            let fold = table::table().get(c);
            let is_space = matches!(fold.class, Class::Space | Class::Line);
            let wanted = if is_space { vec![1] } else { Vec::new() };
            let text = format!("a{c}b");
            let found = lanes::run_on_each(|| Whole(text.as_bytes()));
            assert!(found.iter().all(|places| *places == wanted), "{c:?}: {found:?}");
        }
    }

    struct Whole<'t>(&'t [u8]);

    impl Work for Whole<'_> {
        type Out = Vec<u32>;

        #[inline(always)]
        fn run<L: Lanes>(self, lanes: L) -> Vec<u32> {
            let mut places = Vec::new();
            Finding { text: self.0, leads: &LEADS, places: &mut places }.run(lanes);
            places
        }
    }
}
