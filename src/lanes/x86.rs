//! The twins of processors that do with 32 or 64 bytes at once what others do with one.

use std::arch::x86_64::{
    __m256i, __m512i, _mm_cvtsi64_si128, _mm_cvtsi128_si64, _mm_loadu_si128, _mm_shuffle_epi8,
    _mm256_and_si256, _mm256_blendv_epi8, _mm256_broadcastsi128_si256, _mm256_cmpeq_epi8,
    _mm256_cmpgt_epi8, _mm256_loadu_si256, _mm256_movemask_epi8, _mm256_or_si256, _mm256_set1_epi8,
    _mm256_set1_epi32, _mm256_set1_epi64x, _mm256_setr_epi8, _mm256_setzero_si256,
    _mm256_shuffle_epi8, _mm256_srli_epi16, _mm256_storeu_si256, _mm512_add_epi32,
    _mm512_and_si512, _mm512_broadcast_i32x4, _mm512_castsi512_si128, _mm512_cmpeq_epi8_mask,
    _mm512_cmpge_epu8_mask, _mm512_cvtepu8_epi32, _mm512_extracti32x4_epi32, _mm512_loadu_si512,
    _mm512_mask_blend_epi8, _mm512_mask_loadu_epi8, _mm512_maskz_compress_epi8,
    _mm512_movepi8_mask, _mm512_or_si512, _mm512_permutexvar_epi8, _mm512_set1_epi8,
    _mm512_set1_epi32, _mm512_shuffle_epi8, _mm512_srli_epi16, _mm512_storeu_si512,
    _mm512_test_epi8_mask,
};

use super::{BLOCK, Bytes, FIRST_LEAD, LOW, Lanes, SMALL, Set, UPPER};

/// Two times 32 bytes. No closures here, and none in a call of the standard library: what they call that only
/// this processor has stays a call, as the compiler does not know of them where they run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Avx2(());

impl Avx2 {
    pub(super) fn of_this_processor() -> Option<Self> {
        let has = is_x86_feature_detected!("avx2")
            && is_x86_feature_detected!("popcnt")
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

#[inline(always)]
fn all(byte: u8) -> __m256i {
    // SAFETY: callers have an `Avx2`.
    unsafe { _mm256_set1_epi8(byte.cast_signed()) }
}

/// Nothing but zeros where a byte is in the set: 255 where it is not.
#[inline(always)]
fn lacks(bytes: __m256i, set: &Set) -> __m256i {
    // SAFETY: callers have an `Avx2`. A shuffle gives zero for bytes beyond ASCII.
    unsafe {
        let rows = _mm256_shuffle_epi8(twice(&set.rows), bytes);
        let upper = _mm256_and_si256(_mm256_srli_epi16::<4>(bytes), all(15));
        let bit = _mm256_shuffle_epi8(twice(&UPPER), upper);
        _mm256_cmpeq_epi8(_mm256_and_si256(rows, bit), _mm256_setzero_si256())
    }
}

#[inline(always)]
fn equal(left: __m256i, right: __m256i) -> __m256i {
    // SAFETY: callers have an `Avx2`.
    unsafe { _mm256_cmpeq_epi8(left, right) }
}

#[inline(always)]
fn small(half: __m256i) -> __m256i {
    // SAFETY: callers have an `Avx2`.
    unsafe { _mm256_or_si256(half, all(SMALL)) }
}

/// The highest bit of each byte.
#[inline(always)]
fn gathered(low: __m256i, high: __m256i) -> u64 {
    // SAFETY: callers have an `Avx2`.
    let (low, high) = unsafe { (_mm256_movemask_epi8(low), _mm256_movemask_epi8(high)) };
    u64::from(low.cast_unsigned()) | u64::from(high.cast_unsigned()) << 32
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
    let [first, second, third, fourth] = rows else { return half };
    // SAFETY: callers have an `Avx2`.
    unsafe {
        let low = _mm256_and_si256(half, all(15));
        let row = _mm256_and_si256(_mm256_srli_epi16::<4>(half), all(3));
        let of_first = _mm256_shuffle_epi8(twice(first), low);
        let of_second = _mm256_shuffle_epi8(twice(second), low);
        let of_third = _mm256_shuffle_epi8(twice(third), low);
        let of_fourth = _mm256_shuffle_epi8(twice(fourth), low);
        let lower = _mm256_blendv_epi8(of_first, of_second, equal(row, all(1)));
        let upper = _mm256_blendv_epi8(of_third, of_fourth, equal(row, all(3)));
        _mm256_blendv_epi8(lower, upper, _mm256_cmpgt_epi8(row, all(1)))
    }
}

#[inline(always)]
fn load(half: &[u8; BLOCK / 2]) -> __m256i {
    // SAFETY: there are the 32 bytes that are read; callers have an `Avx2`.
    unsafe { _mm256_loadu_si256(half.as_ptr().cast()) }
}

#[inline(always)]
fn store(half: __m256i, to: &mut [u8; BLOCK / 2]) {
    // SAFETY: there are the 32 bytes that are written; callers have an `Avx2`.
    unsafe { _mm256_storeu_si256(to.as_mut_ptr().cast(), half) }
}

/// ASCII characters of a set in lower case, those beyond ASCII as they are, a space for all else.
#[inline(always)]
fn words(half: __m256i, set: &Set) -> __m256i {
    // SAFETY: callers have an `Avx2`. A blend takes the second where the highest bit of the third is set.
    unsafe {
        let ascii = _mm256_blendv_epi8(small(half), all(b' '), lacks(half, set));
        _mm256_blendv_epi8(ascii, half, half)
    }
}

/// The bits of a byte, each in one of its own.
const EIGHT: [u8; 8] = [1, 2, 4, 8, 16, 32, 64, 128];

/// For each mask of eight bytes the places of those that it has, in a row.
static KEPT: [[u8; 8]; 256] = {
    let mut kept = [[0; 8]; 256];
    let mut mask = 0;
    while mask < 256 {
        let (mut to, mut at) = (0, 0);
        while at < 8 {
            if mask >> at & 1 == 1 {
                kept[mask][to] = at;
                to += 1;
            }
            at += 1;
        }
        mask += 1;
    }
    kept
};

/// Those of eight bytes that a mask has, in a row.
#[inline(always)]
fn kept(eight: u64, mask: u8) -> u64 {
    let Some(places) = KEPT.get(usize::from(mask)) else { return eight };
    let places = u64::from_le_bytes(*places).cast_signed();
    // SAFETY: callers have an `Avx2`, which comes with these.
    let kept = unsafe {
        let bytes = _mm_cvtsi64_si128(eight.cast_signed());
        _mm_cvtsi128_si64(_mm_shuffle_epi8(bytes, _mm_cvtsi64_si128(places)))
    };
    kept.cast_unsigned()
}

impl Lanes for Avx2 {
    type Block = (__m256i, __m256i);

    #[inline(always)]
    fn load(self, bytes: &Bytes) -> Self::Block {
        let (halves, _) = bytes.as_chunks::<{ BLOCK / 2 }>();
        let [low, high] = halves else { return (all(0), all(0)) };
        (load(low), load(high))
    }

    #[inline(always)]
    fn has(self, (low, high): Self::Block, set: &Set) -> u64 {
        !gathered(lacks(low, set), lacks(high, set))
    }

    #[inline(always)]
    fn is(self, (low, high): Self::Block, byte: u8) -> u64 {
        gathered(equal(low, all(byte)), equal(high, all(byte)))
    }

    #[inline(always)]
    fn beyond(self, (low, high): Self::Block) -> u64 {
        gathered(low, high)
    }

    #[inline(always)]
    fn leads(self, (low, high): Self::Block) -> u64 {
        // As signed bytes those behind a lead are the lowest, then leads, then ASCII.
        let behind = all(FIRST_LEAD - 1);
        // SAFETY: `self` proves AVX2.
        let from_lead =
            unsafe { gathered(_mm256_cmpgt_epi8(low, behind), _mm256_cmpgt_epi8(high, behind)) };
        from_lead & self.beyond((low, high))
    }

    #[inline(always)]
    fn low(self, (low, high): Self::Block) -> Self::Block {
        // SAFETY: `self` proves AVX2.
        unsafe { (_mm256_and_si256(low, all(LOW)), _mm256_and_si256(high, all(LOW))) }
    }

    #[inline(always)]
    fn put(self, block: Self::Block, mask: u64, byte: u8) -> Self::Block {
        self.blend(block, mask, (all(byte), all(byte)))
    }

    #[inline(always)]
    fn blend(
        self,
        (low, high): Self::Block,
        mask: u64,
        (first, second): Self::Block,
    ) -> Self::Block {
        (blend(low, mask, first), blend(high, mask >> 32, second))
    }

    #[inline(always)]
    fn lookup(self, (low, high): Self::Block, table: &Bytes) -> Self::Block {
        (lookup(low, table), lookup(high, table))
    }

    #[inline(always)]
    fn bytes(self, (low, high): Self::Block) -> Bytes {
        let mut out = [0; BLOCK];
        if let ([first, second], _) = out.as_chunks_mut() {
            store(low, first);
            store(high, second);
        }
        out
    }

    #[inline(always)]
    fn keep(self, block: Self::Block, mask: u64, to: &mut Bytes) {
        let bytes = self.bytes(block);
        if mask == u64::MAX {
            *to = bytes;
            return;
        }
        let (mut at, masks) = (0, mask.to_le_bytes());
        let (eights, _) = bytes.as_chunks();
        for (eight, mask) in eights.iter().zip(masks) {
            let eight = kept(u64::from_le_bytes(*eight), mask);
            if let Some(room) = to.get_mut(at..).and_then(<[u8]>::first_chunk_mut) {
                *room = eight.to_le_bytes();
            }
            at += mask.count_ones() as usize;
        }
    }

    #[inline(always)]
    fn same(self, (a, b): Self::Block, (c, d): Self::Block) -> u64 {
        gathered(equal(small(a), small(c)), equal(small(b), small(d)))
    }

    #[inline(always)]
    fn words(self, (low, high): Self::Block, set: &Set) -> Bytes {
        self.bytes((words(low, set), words(high, set)))
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
        if let Some(block) = bytes.first_chunk() {
            return self.load(block);
        }
        let left = BLOCK.saturating_sub(bytes.len());
        let mask = u64::MAX.checked_shr(u32::try_from(left).unwrap_or_default());
        // SAFETY: bytes behind the last are masked out and not touched; `self` proves AVX-512.
        unsafe {
            let spaces = _mm512_set1_epi8(SMALL.cast_signed());
            _mm512_mask_loadu_epi8(spaces, mask.unwrap_or_default(), bytes.as_ptr().cast())
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
    fn keep(self, block: __m512i, mask: u64, to: &mut Bytes) {
        // SAFETY: `self` proves AVX-512.
        *to = self.bytes(unsafe { _mm512_maskz_compress_epi8(mask, block) });
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
