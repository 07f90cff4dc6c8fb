//! The twins of processors that do with 32 or 64 bytes at once what others do with one.

use std::arch::x86_64::{
    __m256i, __m512i, _mm_loadu_si128, _mm256_and_si256, _mm256_blendv_epi8,
    _mm256_broadcastsi128_si256, _mm256_cmpeq_epi8, _mm256_cmpgt_epi8, _mm256_loadu_si256,
    _mm256_movemask_epi8, _mm256_or_si256, _mm256_set1_epi8, _mm256_set1_epi32, _mm256_set1_epi64x,
    _mm256_setr_epi8, _mm256_setzero_si256, _mm256_shuffle_epi8, _mm256_srli_epi16,
    _mm256_storeu_si256, _mm512_add_epi32, _mm512_and_si512, _mm512_broadcast_i32x4,
    _mm512_castsi512_si128, _mm512_cmpeq_epi8_mask, _mm512_cmpge_epu8_mask, _mm512_cvtepu8_epi32,
    _mm512_extracti32x4_epi32, _mm512_loadu_si512, _mm512_mask_blend_epi8, _mm512_mask_loadu_epi8,
    _mm512_maskz_compress_epi8, _mm512_movepi8_mask, _mm512_or_si512, _mm512_permutexvar_epi8,
    _mm512_set1_epi8, _mm512_set1_epi32, _mm512_shuffle_epi8, _mm512_srli_epi16,
    _mm512_storeu_si512, _mm512_test_epi8_mask,
};

use super::{BLOCK, Bytes, FIRST_LEAD, LOW, Lanes, SMALL, Set, UPPER};

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

/// Bytes of another where the lower half of a mask is.
#[inline(always)]
fn blend(half: __m256i, mask: u64, other: __m256i) -> __m256i {
    let [a, b, c, d, ..] = mask.to_le_bytes();
    let mask = i32::from_le_bytes([a, b, c, d]);
    // SAFETY: callers have an `Avx2`. Each byte gets the eight bits that its own is among, and
    // asks for its own.
    unsafe {
        let spread = _mm256_setr_epi8(
            0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3,
            3, 3, 3,
        );
        let bits = _mm256_set1_epi64x(u64::from_le_bytes(EIGHT).cast_signed());
        let eights = _mm256_shuffle_epi8(_mm256_set1_epi32(mask), spread);
        let is_set = _mm256_cmpeq_epi8(_mm256_and_si256(eights, bits), bits);
        _mm256_blendv_epi8(half, other, is_set)
    }
}

/// The bytes of a table of 64 that the lower six bits of each say.
#[inline(always)]
fn lookup(half: __m256i, table: &Bytes) -> __m256i {
    let (rows, _) = table.as_chunks::<16>();
    // SAFETY: callers have an `Avx2`.
    let (low, row_of) = unsafe {
        let fifteen = _mm256_set1_epi8(15);
        let upper = _mm256_and_si256(_mm256_srli_epi16::<4>(half), _mm256_set1_epi8(3));
        (_mm256_and_si256(half, fifteen), upper)
    };
    // SAFETY: callers have an `Avx2`.
    rows.iter().zip(0_i8..).fold(unsafe { _mm256_setzero_si256() }, |all, (row, number)| unsafe {
        let is_row = _mm256_cmpeq_epi8(row_of, _mm256_set1_epi8(number));
        _mm256_blendv_epi8(all, _mm256_shuffle_epi8(twice(row), low), is_row)
    })
}

/// The bits of a byte, each in one of its own.
const EIGHT: [u8; 8] = [1, 2, 4, 8, 16, 32, 64, 128];

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
        gathered(
            block.map(|half| unsafe {
                _mm256_cmpeq_epi8(half, _mm256_set1_epi8(byte.cast_signed()))
            }),
        )
    }

    #[inline(always)]
    fn beyond(self, block: Self::Block) -> u64 {
        gathered(block)
    }

    #[inline(always)]
    fn leads(self, block: Self::Block) -> u64 {
        // As signed bytes those behind a lead are the lowest, then leads, then ASCII.
        let behind = FIRST_LEAD.cast_signed() - 1;
        // SAFETY: `self` proves AVX2.
        let from_lead = gathered(
            block.map(|half| unsafe { _mm256_cmpgt_epi8(half, _mm256_set1_epi8(behind)) }),
        );
        from_lead & self.beyond(block)
    }

    #[inline(always)]
    fn low(self, block: Self::Block) -> Self::Block {
        // SAFETY: `self` proves AVX2.
        block.map(|half| unsafe { _mm256_and_si256(half, _mm256_set1_epi8(LOW.cast_signed())) })
    }

    #[inline(always)]
    fn put(self, block: Self::Block, mask: u64, byte: u8) -> Self::Block {
        // SAFETY: `self` proves AVX2.
        let other = unsafe { _mm256_set1_epi8(byte.cast_signed()) };
        self.blend(block, mask, [other; 2])
    }

    #[inline(always)]
    fn blend(
        self,
        [low, high]: Self::Block,
        mask: u64,
        [first, second]: Self::Block,
    ) -> Self::Block {
        [blend(low, mask, first), blend(high, mask >> 32, second)]
    }

    #[inline(always)]
    fn lookup(self, block: Self::Block, table: &Bytes) -> Self::Block {
        block.map(|half| lookup(half, table))
    }

    #[inline(always)]
    fn bytes(self, block: Self::Block) -> Bytes {
        let mut out = [0; BLOCK];
        let (halves, _) = out.as_chunks_mut::<{ BLOCK / 2 }>();
        for (to, half) in halves.iter_mut().zip(block) {
            // SAFETY: `self` proves AVX2; `to` has the 32 bytes that are written.
            unsafe { _mm256_storeu_si256(to.as_mut_ptr().cast(), half) };
        }
        out
    }

    #[inline(always)]
    fn same(self, left: Self::Block, right: Self::Block) -> u64 {
        // SAFETY: `self` proves AVX2.
        let small = |half| unsafe { _mm256_or_si256(half, _mm256_set1_epi8(SMALL.cast_signed())) };
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
                _mm256_storeu_si256(to.as_mut_ptr().cast(), _mm256_blendv_epi8(ascii, half, half));
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
            && is_x86_feature_detected!("avx512vbmi")
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
    fn leads(self, block: __m512i) -> u64 {
        // SAFETY: `self` proves AVX-512.
        unsafe { _mm512_cmpge_epu8_mask(block, _mm512_set1_epi8(FIRST_LEAD.cast_signed())) }
    }

    #[inline(always)]
    fn low(self, block: __m512i) -> __m512i {
        // SAFETY: `self` proves AVX-512.
        unsafe { _mm512_and_si512(block, _mm512_set1_epi8(LOW.cast_signed())) }
    }

    #[inline(always)]
    fn put(self, block: __m512i, mask: u64, byte: u8) -> __m512i {
        // SAFETY: `self` proves AVX-512.
        unsafe { _mm512_mask_blend_epi8(mask, block, _mm512_set1_epi8(byte.cast_signed())) }
    }

    #[inline(always)]
    fn blend(self, block: __m512i, mask: u64, other: __m512i) -> __m512i {
        // SAFETY: `self` proves AVX-512.
        unsafe { _mm512_mask_blend_epi8(mask, block, other) }
    }

    #[inline(always)]
    fn lookup(self, block: __m512i, table: &Bytes) -> __m512i {
        // SAFETY: `self` proves AVX-512. Only the lower six bits of a place are read.
        unsafe { _mm512_permutexvar_epi8(block, _mm512_loadu_si512(table.as_ptr().cast())) }
    }

    #[inline(always)]
    fn bytes(self, block: __m512i) -> Bytes {
        let mut out = [0; BLOCK];
        // SAFETY: `self` proves AVX-512; `out` has the 64 bytes that are written.
        unsafe { _mm512_storeu_si512(out.as_mut_ptr().cast(), block) };
        out
    }

    #[inline(always)]
    fn keep(self, block: __m512i, mask: u64) -> Bytes {
        // SAFETY: `self` proves AVX-512.
        self.bytes(unsafe { _mm512_maskz_compress_epi8(mask, block) })
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
