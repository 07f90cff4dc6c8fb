//! Sixty-four bytes at a time: which of them are in a set, as a mask with the lowest bit for the
//! first byte. Three twins of one meaning; [`run`] takes the best that this processor has.
#![deny(clippy::expect_used, clippy::panic)]

use std::sync::LazyLock;

#[cfg(test)]
mod tests;

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

    /// So many spaces, then the first bytes of some, then spaces.
    #[inline(always)]
    fn load_behind(self, lead: usize, bytes: &[u8]) -> Self::Block {
        let mut padded = [b' '; BLOCK];
        for (to, byte) in padded.iter_mut().skip(lead).zip(bytes) {
            *to = *byte;
        }
        self.load(&padded)
    }

    /// Those that are this byte.
    fn is(self, block: Self::Block, byte: u8) -> u64;

    /// Those in a set.
    fn has(self, block: Self::Block, set: &Set) -> u64;

    /// Those beyond ASCII.
    fn beyond(self, block: Self::Block) -> u64;

    /// Those that are the same letter in both, whatever its case; of other characters anything.
    fn same(self, left: Self::Block, right: Self::Block) -> u64;

    /// Writes the place of each bit of a mask, the first byte of which stands at `at`. What it writes
    /// behind them means nothing.
    #[inline(always)]
    fn places(self, at: u32, mut mask: u64, to: &mut [u32; BLOCK]) {
        for slot in to {
            if mask == 0 {
                return;
            }
            *slot = at.wrapping_add(mask.trailing_zeros());
            mask &= mask - 1;
        }
    }

    /// ASCII characters of the set in lower case, those beyond ASCII as they are, a space for
    /// everything else.
    fn words(self, block: Self::Block, set: &Set) -> Bytes;
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
        let wide = Avx512::of_this_processor().map(Best::Avx512);
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
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi2,bmi1,bmi2,popcnt")]
fn run_avx512<W: Work>(lanes: Avx512, work: W) -> W::Out {
    work.run(lanes)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,bmi1,bmi2")]
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

#[cfg(target_arch = "x86_64")]
#[expect(
    unsafe_code,
    reason = "the processor does with 32 or 64 bytes at once what it does with one"
)]
mod x86 {
    use std::arch::x86_64::{
        __m256i, __m512i, _mm_loadu_si128, _mm256_and_si256, _mm256_blendv_epi8,
        _mm256_broadcastsi128_si256, _mm256_cmpeq_epi8, _mm256_loadu_si256, _mm256_movemask_epi8,
        _mm256_or_si256, _mm256_set1_epi8, _mm256_setzero_si256, _mm256_shuffle_epi8,
        _mm256_srli_epi16, _mm256_storeu_si256, _mm512_add_epi32, _mm512_and_si512,
        _mm512_broadcast_i32x4, _mm512_castsi512_si128, _mm512_cmpeq_epi8_mask,
        _mm512_cvtepu8_epi32, _mm512_extracti32x4_epi32, _mm512_loadu_si512,
        _mm512_mask_blend_epi8, _mm512_mask_loadu_epi8, _mm512_maskz_compress_epi8,
        _mm512_movepi8_mask, _mm512_or_si512, _mm512_set1_epi8, _mm512_set1_epi32,
        _mm512_shuffle_epi8, _mm512_srli_epi16, _mm512_storeu_si512, _mm512_test_epi8_mask,
    };

    use super::{BLOCK, Bytes, Lanes, SMALL, Set, UPPER};

    /// Two times 32 bytes.
    #[derive(Clone, Copy, Debug)]
    pub(super) struct Avx2(());

    impl Avx2 {
        pub(super) fn of_this_processor() -> Option<Self> {
            let has = is_x86_feature_detected!("avx2")
                && is_x86_feature_detected!("bmi1")
                && is_x86_feature_detected!("bmi2");
            has.then_some(Self(()))
        }
    }

    /// A row of 16 in both halves.
    #[inline(always)]
    fn twice(row: &[u8; 16]) -> __m256i {
        // SAFETY: the row has the 16 bytes that are read; callers have an `Avx2`.
        unsafe { _mm256_broadcastsi128_si256(_mm_loadu_si128(row.as_ptr().cast())) }
    }

    /// Nothing but zeros where a byte is in the set: 255 where it is not.
    #[inline(always)]
    fn lacks(bytes: __m256i, set: &Set) -> __m256i {
        // SAFETY: callers have an `Avx2`. A shuffle gives zero for bytes beyond ASCII.
        unsafe {
            let rows = _mm256_shuffle_epi8(twice(&set.rows), bytes);
            let upper = _mm256_and_si256(_mm256_srli_epi16::<4>(bytes), _mm256_set1_epi8(15));
            let bit = _mm256_shuffle_epi8(twice(&UPPER), upper);
            _mm256_cmpeq_epi8(_mm256_and_si256(rows, bit), _mm256_setzero_si256())
        }
    }

    #[inline(always)]
    fn gathered(halves: [__m256i; 2]) -> u64 {
        // SAFETY: callers have an `Avx2`.
        let [low, high] = halves.map(|half| unsafe { _mm256_movemask_epi8(half) }.cast_unsigned());
        u64::from(low) | u64::from(high) << 32
    }

    impl Lanes for Avx2 {
        type Block = [__m256i; 2];

        #[inline(always)]
        fn load(self, bytes: &Bytes) -> Self::Block {
            let (halves, _) = bytes.as_chunks::<{ BLOCK / 2 }>();
            // SAFETY: each half has the 32 bytes that are read; `self` proves AVX2.
            let load = |half: &[u8; 32]| unsafe { _mm256_loadu_si256(half.as_ptr().cast()) };
            match halves {
                [low, high] => [load(low), load(high)],
                _ => [load(&[0; 32]); 2],
            }
        }

        #[inline(always)]
        fn has(self, block: Self::Block, set: &Set) -> u64 {
            !gathered(block.map(|half| lacks(half, set)))
        }

        #[inline(always)]
        fn is(self, block: Self::Block, byte: u8) -> u64 {
            // SAFETY: `self` proves AVX2.
            gathered(block.map(|half| unsafe {
                _mm256_cmpeq_epi8(half, _mm256_set1_epi8(byte.cast_signed()))
            }))
        }

        #[inline(always)]
        fn beyond(self, block: Self::Block) -> u64 {
            gathered(block)
        }

        #[inline(always)]
        fn same(self, left: Self::Block, right: Self::Block) -> u64 {
            // SAFETY: `self` proves AVX2.
            let small =
                |half| unsafe { _mm256_or_si256(half, _mm256_set1_epi8(SMALL.cast_signed())) };
            let ([a, b], [c, d]) = (left.map(small), right.map(small));
            // SAFETY: `self` proves AVX2.
            gathered(unsafe { [_mm256_cmpeq_epi8(a, c), _mm256_cmpeq_epi8(b, d)] })
        }

        #[inline(always)]
        fn words(self, block: Self::Block, set: &Set) -> Bytes {
            let mut out = [0; BLOCK];
            let (halves, _) = out.as_chunks_mut::<{ BLOCK / 2 }>();
            for (to, half) in halves.iter_mut().zip(block) {
                // SAFETY: `self` proves AVX2; `to` has the 32 bytes that are written. A blend takes
                // the second where the highest bit of the third is set.
                unsafe {
                    let small = _mm256_or_si256(half, _mm256_set1_epi8(SMALL.cast_signed()));
                    let space = _mm256_set1_epi8(SMALL.cast_signed());
                    let ascii = _mm256_blendv_epi8(small, space, lacks(half, set));
                    _mm256_storeu_si256(
                        to.as_mut_ptr().cast(),
                        _mm256_blendv_epi8(ascii, half, half),
                    );
                }
            }
            out
        }
    }

    /// The places of a block in order.
    const ORDER: Bytes = {
        let mut order = [0; BLOCK];
        let mut at: u8 = 0;
        while (at as usize) < BLOCK {
            order[at as usize] = at;
            at += 1;
        }
        order
    };

    /// 64 bytes; processors of 2019 and later.
    #[derive(Clone, Copy, Debug)]
    pub(super) struct Avx512(());

    impl Avx512 {
        pub(super) fn of_this_processor() -> Option<Self> {
            let has = is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512vbmi2")
                && is_x86_feature_detected!("popcnt")
                && is_x86_feature_detected!("bmi1")
                && is_x86_feature_detected!("bmi2");
            has.then_some(Self(()))
        }
    }

    #[inline(always)]
    fn four_times(row: &[u8; 16]) -> __m512i {
        // SAFETY: the row has the 16 bytes that are read; callers have an `Avx512`.
        unsafe { _mm512_broadcast_i32x4(_mm_loadu_si128(row.as_ptr().cast())) }
    }

    impl Lanes for Avx512 {
        type Block = __m512i;

        #[inline(always)]
        fn load(self, bytes: &Bytes) -> __m512i {
            // SAFETY: there are the 64 bytes that are read; `self` proves AVX-512.
            unsafe { _mm512_loadu_si512(bytes.as_ptr().cast()) }
        }

        #[inline(always)]
        fn has(self, block: __m512i, set: &Set) -> u64 {
            // SAFETY: `self` proves AVX-512. A shuffle gives zero for bytes beyond ASCII.
            unsafe {
                let rows = _mm512_shuffle_epi8(four_times(&set.rows), block);
                let upper = _mm512_and_si512(_mm512_srli_epi16::<4>(block), _mm512_set1_epi8(15));
                _mm512_test_epi8_mask(rows, _mm512_shuffle_epi8(four_times(&UPPER), upper))
            }
        }

        #[inline(always)]
        fn load_first(self, bytes: &[u8]) -> __m512i {
            let left = BLOCK.saturating_sub(bytes.len());
            let mask = u64::MAX.checked_shr(u32::try_from(left).unwrap_or_default());
            // SAFETY: bytes behind the last are masked out and not touched; `self` proves AVX-512.
            unsafe {
                let spaces = _mm512_set1_epi8(SMALL.cast_signed());
                _mm512_mask_loadu_epi8(spaces, mask.unwrap_or_default(), bytes.as_ptr().cast())
            }
        }

        #[inline(always)]
        fn load_behind(self, lead: usize, bytes: &[u8]) -> __m512i {
            let (lead, left) = (lead.min(BLOCK - 1), BLOCK.saturating_sub(lead + bytes.len()));
            let mask = u64::MAX.checked_shr(u32::try_from(left).unwrap_or_default());
            let mask = mask.unwrap_or_default() >> lead << lead;
            // SAFETY: bytes before the first and behind the last are masked out and not touched;
            // `self` proves AVX-512.
            unsafe {
                let spaces = _mm512_set1_epi8(SMALL.cast_signed());
                let start = bytes.as_ptr().wrapping_sub(lead);
                _mm512_mask_loadu_epi8(spaces, mask, start.cast())
            }
        }

        #[inline(always)]
        fn is(self, block: __m512i, byte: u8) -> u64 {
            // SAFETY: `self` proves AVX-512.
            unsafe { _mm512_cmpeq_epi8_mask(block, _mm512_set1_epi8(byte.cast_signed())) }
        }

        #[inline(always)]
        fn beyond(self, block: __m512i) -> u64 {
            // SAFETY: `self` proves AVX-512.
            unsafe { _mm512_movepi8_mask(block) }
        }

        #[inline(always)]
        fn same(self, left: __m512i, right: __m512i) -> u64 {
            // SAFETY: `self` proves AVX-512.
            unsafe {
                let small = _mm512_set1_epi8(SMALL.cast_signed());
                _mm512_cmpeq_epi8_mask(_mm512_or_si512(left, small), _mm512_or_si512(right, small))
            }
        }

        #[inline(always)]
        fn places(self, at: u32, mask: u64, to: &mut [u32; BLOCK]) {
            let (quarters, _) = to.as_chunks_mut::<16>();
            // SAFETY: `self` proves AVX-512; each quarter has the 64 bytes that are written.
            unsafe {
                let all = _mm512_loadu_si512(ORDER.as_ptr().cast());
                let set = _mm512_maskz_compress_epi8(mask, all);
                let at = _mm512_set1_epi32(at.cast_signed());
                let four = [
                    _mm512_castsi512_si128(set),
                    _mm512_extracti32x4_epi32::<1>(set),
                    _mm512_extracti32x4_epi32::<2>(set),
                    _mm512_extracti32x4_epi32::<3>(set),
                ];
                let count = mask.count_ones().div_ceil(16);
                for ((to, sixteen), _) in quarters.iter_mut().zip(four).zip(0..count) {
                    let wide = _mm512_add_epi32(_mm512_cvtepu8_epi32(sixteen), at);
                    _mm512_storeu_si512(to.as_mut_ptr().cast(), wide);
                }
            }
        }

        #[inline(always)]
        fn words(self, block: __m512i, set: &Set) -> Bytes {
            let mut out = [0; BLOCK];
            // SAFETY: `self` proves AVX-512; `out` has the 64 bytes that are written.
            unsafe {
                let space = _mm512_set1_epi8(SMALL.cast_signed());
                let small = _mm512_or_si512(block, space);
                let ascii = _mm512_mask_blend_epi8(self.has(block, set), space, small);
                let all = _mm512_mask_blend_epi8(self.beyond(block), ascii, block);
                _mm512_storeu_si512(out.as_mut_ptr().cast(), all);
            }
            out
        }
    }
}
