//! Sixty-four bytes at a time: which of them are in a set, as a mask with the lowest bit for the
//! first byte. Three twins of one meaning; [`run`] takes the best that this processor has.
#![deny(clippy::expect_used, clippy::panic)]

#[cfg(test)]
mod tests;
#[cfg(target_arch = "x86_64")]
#[expect(
    unsafe_code,
    reason = "the processor does with 32 or 64 bytes at once what it does with one"
)]
mod x86;

use std::sync::LazyLock;

/// Bytes looked at together: as many as a mask has bits.
pub(crate) const BLOCK: usize = 64;

pub(crate) type Bytes = [u8; BLOCK];

/// A set of ASCII characters.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Set {
    /// By the lower half of a character; a bit for each upper half.
    rows: [u8; 16],
}

impl Set {
    pub(crate) const fn of(chars: &[u8]) -> Self {
        let mut rows = [0; 16];
        let mut at = 0;
        while at < chars.len() {
            assert!(chars[at].is_ascii(), "only ASCII has a place");
            rows[(chars[at] & 15) as usize] |= 1 << (chars[at] >> 4);
            at += 1;
        }
        Self { rows }
    }

    pub(crate) const fn has(self, byte: u8) -> bool {
        byte.is_ascii() && self.rows[(byte & 15) as usize] >> (byte >> 4) & 1 == 1
    }
}

/// The bit of each upper half of an ASCII character.
const UPPER: [u8; 16] = [1, 2, 4, 8, 16, 32, 64, 128, 0, 0, 0, 0, 0, 0, 0, 0];

/// Has it in all ASCII letters that are small, and in all digits.
const SMALL: u8 = 0x20;

/// All bits but the highest.
const LOW: u8 = 0x7F;

/// The first byte that characters beyond ASCII begin with.
const FIRST_LEAD: u8 = 0xC0;

/// What a processor does with a block. A value of it proves that this processor can.
pub(crate) trait Lanes: Copy {
    type Block: Copy;

    fn load(self, bytes: &Bytes) -> Self::Block;

    /// The first bytes of some, with spaces behind the last.
    #[inline(always)]
    fn load_first(self, bytes: &[u8]) -> Self::Block {
        if let Some(block) = bytes.first_chunk() {
            return self.load(block);
        }
        let mut padded = [b' '; BLOCK];
        if let Some(to) = padded.get_mut(..bytes.len()) {
            to.copy_from_slice(bytes);
        }
        self.load(&padded)
    }

    /// Those that are this byte.
    fn is(self, block: Self::Block, byte: u8) -> u64;

    /// Those in a set.
    fn has(self, block: Self::Block, set: &Set) -> u64;

    /// Those beyond ASCII.
    fn beyond(self, block: Self::Block) -> u64;

    /// Those that a character beyond ASCII begins with.
    fn leads(self, block: Self::Block) -> u64;

    /// All of them without the highest bit, so that a [`Set`] can tell bytes beyond ASCII.
    fn low(self, block: Self::Block) -> Self::Block;

    /// Another byte where the mask is.
    fn put(self, block: Self::Block, mask: u64, byte: u8) -> Self::Block;

    /// Bytes of another block where the mask is.
    fn blend(self, block: Self::Block, mask: u64, other: Self::Block) -> Self::Block;

    /// The bytes of a table at the places that the lower six bits of each say.
    fn lookup(self, block: Self::Block, table: &Bytes) -> Self::Block;

    /// The bytes themselves.
    fn bytes(self, block: Self::Block) -> Bytes;

    /// Writes those of a mask in a row. What it writes behind them means nothing.
    #[inline(always)]
    fn keep(self, block: Self::Block, mask: u64, to: &mut Bytes) {
        let bytes = self.bytes(block);
        for (to, at) in to.iter_mut().zip(places(0, mask)) {
            *to = bytes.get(at).copied().unwrap_or_default();
        }
    }

    /// Those that are the same letter in both, whatever its case; of other characters anything.
    fn same(self, left: Self::Block, right: Self::Block) -> u64;

    /// Writes the place of each bit of a mask, the first byte of which stands at `at`. What it writes
    /// behind them means nothing.
    #[inline(always)]
    fn places(self, at: u32, mut mask: u64, to: &mut [u32; BLOCK]) {
        // Eight without a question between them.
        let (eights, _) = to.as_chunks_mut::<8>();
        for eight in eights {
            for slot in eight {
                *slot = at.wrapping_add(mask.trailing_zeros());
                mask &= mask.wrapping_sub(1);
            }
            if mask == 0 {
                return;
            }
        }
    }

    /// ASCII characters of the set in lower case, those beyond ASCII as they are, a space for
    /// everything else.
    fn words(self, block: Self::Block, set: &Set) -> Bytes;
}

/// A copy of a text with spaces around it, so that a block stands wherever one is asked for and none has to
/// be put together at an end of the text. Room is kept for the next one.
#[derive(Debug, Default)]
pub(crate) struct Spaced {
    bytes: Vec<u8>,
}

impl Spaced {
    /// Spaces before the text.
    pub(crate) const LEAD: usize = 8;
    /// Behind it there are as many after a whole block.
    const TAIL: usize = BLOCK + Self::LEAD;

    pub(crate) fn fill(&mut self, text: &[u8]) {
        let (start, end) = (Self::LEAD, Self::LEAD + text.len());
        if self.bytes.len() < end + Self::TAIL {
            self.bytes.resize(end + Self::TAIL, b' ');
        }
        if let Some(to) = self.bytes.get_mut(start..end) {
            to.copy_from_slice(text);
        }
        if let Some(to) = self.bytes.get_mut(end..).and_then(<[u8]>::first_chunk_mut) {
            *to = [b' '; Self::TAIL];
        }
    }

    /// The block that begins so many bytes before a place. Those are [`Spaced::LEAD`] at most, and so many at
    /// most is the place behind the end of the text.
    #[inline(always)]
    pub(crate) fn load<L: Lanes>(&self, lanes: L, at: usize, before: usize) -> L::Block {
        lanes.load_first(self.bytes.get(at + Self::LEAD - before..).unwrap_or_default())
    }

    /// The text from a place on, and more than that.
    #[inline(always)]
    pub(crate) fn from(&self, at: usize) -> &[u8] {
        self.bytes.get(at + Self::LEAD..).unwrap_or_default()
    }
}

/// Work on blocks, compiled once for each twin. Whatever it calls on the way to [`Lanes`] must be
/// inlined, or it is compiled for any processor.
pub(crate) trait Work {
    type Out;

    fn run<L: Lanes>(self, lanes: L) -> Self::Out;
}

/// Which of the twins this processor runs best.
#[derive(Clone, Copy, Debug)]
enum Best {
    #[cfg(target_arch = "x86_64")]
    Avx512(Avx512),
    #[cfg(target_arch = "x86_64")]
    Avx2(Avx2),
    Anywhere,
}

static BEST: LazyLock<Best> = LazyLock::new(|| {
    #[cfg(target_arch = "x86_64")]
    {
        let is_asked_for = !cfg!(feature = "at-most-avx2");
        let wide = Avx512::of_this_processor().filter(|_| is_asked_for).map(Best::Avx512);
        if let Some(best) = wide.or_else(|| Avx2::of_this_processor().map(Best::Avx2)) {
            return best;
        }
    }
    Best::Anywhere
});

/// Does the work on the best twin.
#[cfg_attr(
    target_arch = "x86_64",
    expect(unsafe_code, reason = "a function for one kind of processor is called on it")
)]
pub(crate) fn run<W: Work>(work: W) -> W::Out {
    match *BEST {
        // SAFETY: an `Avx512` is only made where the processor has it.
        #[cfg(target_arch = "x86_64")]
        Best::Avx512(lanes) => unsafe { run_avx512(lanes, work) },
        // SAFETY: an `Avx2` is only made where the processor has it.
        #[cfg(target_arch = "x86_64")]
        Best::Avx2(lanes) => unsafe { run_avx2(lanes, work) },
        Best::Anywhere => work.run(Anywhere),
    }
}

/// What the work gives on each twin that this processor has.
#[cfg(test)]
#[cfg_attr(
    target_arch = "x86_64",
    expect(unsafe_code, reason = "a function for one kind of processor is called on it")
)]
pub(crate) fn run_on_each<W: Work>(work: impl Fn() -> W) -> Vec<W::Out> {
    let mut out = vec![work().run(Anywhere)];
    #[cfg(target_arch = "x86_64")]
    {
        // SAFETY: an `Avx2` is only made where the processor has it.
        out.extend(Avx2::of_this_processor().map(|lanes| unsafe { run_avx2(lanes, work()) }));
        // SAFETY: an `Avx512` is only made where the processor has it.
        out.extend(Avx512::of_this_processor().map(|lanes| unsafe { run_avx512(lanes, work()) }));
    }
    out
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi,avx512vbmi2,bmi1,bmi2,popcnt")]
fn run_avx512<W: Work>(lanes: Avx512, work: W) -> W::Out {
    work.run(lanes)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,bmi1,bmi2,popcnt")]
fn run_avx2<W: Work>(lanes: Avx2, work: W) -> W::Out {
    work.run(lanes)
}

/// The mask `by` places later, with what comes over from the block before; `by` is 1 to 63.
#[inline(always)]
pub(crate) fn later(mask: u64, before: u64, by: u32) -> u64 {
    mask << by | before >> (u64::BITS - by)
}

/// The places of a mask, the first byte of which stands at `at`.
pub(crate) fn places(at: usize, mut mask: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let place = mask.trailing_zeros();
        mask &= mask.checked_sub(1)?;
        Some(at + usize::try_from(place).unwrap_or_default())
    })
}

/// Any processor: the truth of the twins.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Anywhere;

impl Lanes for Anywhere {
    type Block = Bytes;

    fn load(self, bytes: &Bytes) -> Bytes {
        *bytes
    }

    fn has(self, block: Bytes, set: &Set) -> u64 {
        mask(block.map(|byte| set.has(byte)))
    }

    fn is(self, block: Bytes, byte: u8) -> u64 {
        mask(block.map(|other| other == byte))
    }

    fn beyond(self, block: Bytes) -> u64 {
        mask(block.map(|byte| !byte.is_ascii()))
    }

    fn leads(self, block: Bytes) -> u64 {
        mask(block.map(|byte| byte >= FIRST_LEAD))
    }

    fn low(self, block: Bytes) -> Bytes {
        block.map(|byte| byte & LOW)
    }

    fn put(self, block: Bytes, mask: u64, byte: u8) -> Bytes {
        let mut out = block;
        places(0, mask).for_each(|at| out[at] = byte);
        out
    }

    fn blend(self, block: Bytes, mask: u64, other: Bytes) -> Bytes {
        let mut out = block;
        places(0, mask).for_each(|at| out[at] = other[at]);
        out
    }

    fn lookup(self, block: Bytes, table: &Bytes) -> Bytes {
        block.map(|byte| table[usize::from(byte) % BLOCK])
    }

    fn bytes(self, block: Bytes) -> Bytes {
        block
    }

    fn same(self, left: Bytes, right: Bytes) -> u64 {
        let pairs = left.iter().zip(&right).enumerate();
        pairs.fold(0, |mask, (at, (left, right))| {
            mask | u64::from(left | SMALL == right | SMALL) << at
        })
    }

    fn words(self, block: Bytes, set: &Set) -> Bytes {
        block.map(|byte| match byte {
            _ if !byte.is_ascii() => byte,
            _ if set.has(byte) => byte | SMALL,
            _ => b' ',
        })
    }
}

fn mask(bits: [bool; BLOCK]) -> u64 {
    bits.iter().enumerate().fold(0, |mask, (at, bit)| mask | u64::from(*bit) << at)
}

#[cfg(target_arch = "x86_64")]
use x86::{Avx2, Avx512};
