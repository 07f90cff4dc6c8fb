//! Where the strings of a record begin and end: found for all of them in one pass, 64 bytes at a
//! time, so that nothing in reading them hangs on how long they are.

use crate::lanes::{self, BLOCK, Lanes, Set, Work};

/// Backslashes and control characters: most records hold none.
const ODD: Set = Set::of(
    b"\\\x00\x01\x02\x03\x04\x05\x06\x07\x08\t\n\x0B\x0C\r\x0E\x0F\
    \x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1A\x1B\x1C\x1D\x1E\x1F",
);

/// The quotes of one record after the other. Room is kept for the next one.
#[derive(Debug, Default)]
pub(super) struct Quotes {
    /// Where each is that no backslash stands before, and behind them room.
    places: Vec<u32>,
    count: usize,
    first_escape: usize,
}

impl Quotes {
    /// Finds those of a record; `None` where a control character stands in a string, which must be
    /// escaped there. What that says of bytes that are not JSON means nothing.
    pub(super) fn find(&mut self, record: &[u8]) -> Option<()> {
        u32::try_from(record.len()).ok()?;
        lanes::run(Finding { quotes: self, record })
    }

    /// Their places in order.
    pub(super) fn places(&self) -> &[u32] {
        self.places.get(..self.count).unwrap_or_default()
    }

    /// Where the first backslash is; behind all bytes if there is none.
    pub(super) fn first_escape(&self) -> usize {
        self.first_escape
    }
}

struct Finding<'q, 'r> {
    quotes: &'q mut Quotes,
    record: &'r [u8],
}

impl Work for Finding<'_, '_> {
    type Out = Option<()>;

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) -> Option<()> {
        let Self { quotes: Quotes { places, count: found, first_escape }, record } = self;
        *first_escape = usize::MAX;
        let mut count = 0;
        // Is the next byte behind a backslash that is itself behind none?
        let mut escaped = false;
        for at in (0..record.len()).step_by(BLOCK) {
            let block = lanes.load_first(record.get(at..).unwrap_or_default());
            let mut quotes = lanes.is(block, b'"');
            let odd = lanes.has(block, &ODD);
            if odd != 0 || escaped {
                let backslashes = lanes.is(block, b'\\');
                quotes &= !behind_backslashes(backslashes, &mut escaped);
                *first_escape = first_place(at, backslashes).min(*first_escape);
                let controls = odd & !backslashes;
                (controls & inside(quotes, count) == 0).then_some(())?;
            }
            if places.len() < count + BLOCK {
                places.resize(2 * places.len() + BLOCK, 0);
            }
            let room = places.get_mut(count..)?.first_chunk_mut()?;
            lanes.places(u32::try_from(at).ok()?, quotes, room);
            count += quotes.count_ones() as usize;
        }
        *found = count;
        Some(())
    }
}

/// The first place of a mask, the first byte of which stands at `at`; behind all others if there is
/// none.
fn first_place(at: usize, mask: u64) -> usize {
    if mask == 0 { usize::MAX } else { at + mask.trailing_zeros() as usize }
}

/// Characters behind a backslash that is behind none itself. `escaped`: is the first one, and then is
/// the one behind the block?
fn behind_backslashes(backslashes: u64, escaped: &mut bool) -> u64 {
    let mut behind = u64::from(*escaped);
    *escaped = false;
    for place in lanes::places(0, backslashes) {
        let bit = 1 << place;
        if behind & bit == 0 {
            behind |= bit << 1;
            *escaped = place == BLOCK - 1;
        }
    }
    behind
}

/// What of a block is in strings, their first quotes too. `before`: quotes before it.
fn inside(quotes: u64, before: usize) -> u64 {
    let whole = if before.is_multiple_of(2) { 0 } else { u64::MAX };
    [1, 2, 4, 8, 16, 32].iter().fold(quotes, |inside, by| inside ^ inside << by) ^ whole
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The same, byte by byte.
    fn slowly(record: &[u8]) -> Option<(Vec<u32>, usize)> {
        let (mut places, mut escape, mut escaped) = (Vec::new(), usize::MAX, false);
        for (at, byte) in record.iter().enumerate() {
            match byte {
                b'"' if !escaped => places.push(u32::try_from(at).unwrap()),
                b'\\' => escape = escape.min(at),
                0..b' ' if places.len() % 2 == 1 => return None,
                _ => {}
            }
            escaped = *byte == b'\\' && !escaped;
        }
        Some((places, escape))
    }

    struct Whole<'r>(&'r [u8]);

    impl Work for Whole<'_> {
        type Out = Option<(Vec<u32>, usize)>;

        fn run<L: Lanes>(self, lanes: L) -> Self::Out {
            // What an earlier record left behind must not matter.
            let mut quotes = Quotes { places: vec![7; 3], count: 3, first_escape: 0 };
            let found = Finding { quotes: &mut quotes, record: self.0 }.run(lanes);
            found.map(|()| (quotes.places().to_vec(), quotes.first_escape()))
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_096))]

        #[test]
        fn quotes_are_found_as_byte_by_byte_on_any_processor(
            parts in prop::collection::vec(prop::sample::select(vec![
                "\"", "\\", "\\\\", "\\\"", "\n", "a", "é", "a stretch of plain text that is about half a block",
                "\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"", "\"k\":",
            ]), 0..30),
        ) {
            let record = parts.concat();
            let wanted = slowly(record.as_bytes());
            for found in lanes::run_on_each(|| Whole(record.as_bytes())) {
                prop_assert_eq!(found, wanted.clone(), "{:?}", record);
            }
        }
    }
}
