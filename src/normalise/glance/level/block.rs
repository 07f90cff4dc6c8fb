//! Which of 64 bytes of a text begin letters and marks that stand in it as they fold: nearly all, and
//! there is nothing to do for them.

use crate::lanes::{self, BLOCK, Bytes, Lanes, Spaced};

use super::steps::{KEEPS, Steps, kind};

/// What is known of the blocks before.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Before {
    /// Where what plain marks stay on begins, and all bytes of it.
    holds: u64,
    held: u64,
}

/// What is known of a block.
pub(super) struct Block {
    /// What is not plain begins here.
    pub(super) others: u64,
    /// Letters by their kind, all else as it is.
    pub(super) kinds: Bytes,
    /// Where characters begin, marks apart.
    pub(super) chars: u64,
}

/// What plain letters say: about.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Notes {
    pub(super) notes: u32,
    pub(super) scripts: [u32; 2],
}

/// Looks at the bytes of a text that are in `own`, from a place on; there may be more behind them.
#[inline(always)]
pub(super) fn look<L: Lanes>(
    lanes: L,
    (spaced, at, own): (&Spaced, usize, u64),
    steps: &Steps,
    (before, notes): (&mut Before, &mut Notes),
) -> Option<Block> {
    let (block, next) = (spaced.load(lanes, at, 0), spaced.load(lanes, at + 1, 0));
    let (second, third) = (lanes.low(next), lanes.low(spaced.load(lanes, at + 2, 0)));
    let leads = lanes.leads(block);
    let mut rest = leads & own & lanes.has(lanes.low(block), &steps.begins);
    let mut out = Block {
        others: leads & own,
        kinds: [0; BLOCK],
        chars: (leads | !lanes.beyond(block)) & own,
    };
    let (mut latin, mut twins, mut strange, mut marks, mut holds) = (0, 0, 0, 0, 0);
    while rest != 0 {
        let place = usize::try_from(rest.trailing_zeros()).unwrap_or_default();
        let [one, two] = *spaced.from(at + place).first_chunk()?;
        let same = rest & lanes.is(block, one);
        let (plain, tails) = steps.plain(one, two)?;
        let (same, last) =
            if tails == 1 { (same, second) } else { (same & lanes.is(next, two), third) };
        rest &= !same;
        let letters = same & lanes.has(last, &plain.letters);
        let hung = if tails == 1 { 0 } else { same & lanes.has(last, &plain.marks) };
        let alike = letters & lanes.has(last, &plain.twins);
        let [had, lacked] = plain.info.of_script();
        let is_foreign = had != 0;
        if is_foreign {
            (twins, strange) = (twins | alike, strange | letters & !alike);
        } else {
            latin |= letters;
        }
        if letters != 0 {
            notes.notes |= plain.info.0;
            notes.scripts = [notes.scripts[0] | had, notes.scripts[1] | lacked];
        }
        holds |= hung | if tails == 2 && plain.info.has(KEEPS) { letters } else { 0 };
        marks |= hung;
    }
    let held = holds | lanes::later(holds, before.holds, 1) | lanes::later(holds, before.holds, 2);
    marks &= lanes::later(held, before.held, 1);
    *before = Before { holds, held };
    out.others &= !(latin | twins | strange | marks);
    out.chars &= !marks;
    let kinds = lanes.put(block, latin, kind::LATIN);
    let kinds = lanes.put(kinds, twins, kind::TWIN);
    out.kinds = lanes.bytes(lanes.put(kinds, strange, kind::STRANGE));
    Some(out)
}
