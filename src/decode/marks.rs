//! Where strings end or are not plain: 64 bytes at a time.

/// Bytes looked at together: as many as a mask has bits.
pub(super) const BLOCK: usize = 64;

/// A bit for each quote, backslash and control character of the block that begins at `at`, the
/// lowest for the first byte; `None` at the end.
#[inline(never)]
pub(super) fn marks_at(bytes: &[u8], at: usize) -> Option<u64> {
    let rest = bytes.get(at..).filter(|rest| !rest.is_empty())?;
    if let Some(block) = rest.first_chunk() {
        return Some(marks(block));
    }
    if let Some(block) = bytes.last_chunk() {
        return Some(marks(block) >> (BLOCK - rest.len()));
    }
    let mut block = [b' '; BLOCK];
    block.get_mut(..rest.len())?.copy_from_slice(rest);
    Some(marks(&block))
}

#[cfg(target_arch = "x86_64")]
#[expect(
    unsafe_code,
    reason = "SSE2 finds the marks of 16 bytes at once; the portable twin asks each byte"
)]
fn marks(block: &[u8; BLOCK]) -> u64 {
    // SAFETY: SSE2 is part of every x86-64 processor.
    unsafe { marks_sse2(block) }
}

#[cfg(not(target_arch = "x86_64"))]
use marks_anywhere as marks;

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "sse2")]
fn marks_sse2(block: &[u8; BLOCK]) -> u64 {
    use std::arch::x86_64::{
        _mm_cmpeq_epi8, _mm_min_epu8, _mm_movemask_epi8, _mm_or_si128, _mm_set_epi64x,
        _mm_set1_epi8, _mm_xor_si128,
    };
    let (words, _) = block.as_chunks::<8>();
    let (pairs, _) = words.as_chunks::<2>();
    pairs.iter().enumerate().fold(0, |all, (index, [low, high])| {
        let bytes = _mm_set_epi64x(i64::from_le_bytes(*high), i64::from_le_bytes(*low));
        // To swap 0x20 and 0x22 puts the quote beside the control characters.
        let swapped = _mm_xor_si128(bytes, _mm_set1_epi8(2));
        let least = _mm_min_epu8(swapped, _mm_set1_epi8(0x20));
        let quote_or_control = _mm_cmpeq_epi8(least, swapped);
        let backslash = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x5C));
        let marks = _mm_movemask_epi8(_mm_or_si128(quote_or_control, backslash));
        all | u64::from(marks.cast_unsigned()) << (16 * index)
    })
}

/// The same on any processor.
#[cfg(any(not(target_arch = "x86_64"), test))]
fn marks_anywhere(block: &[u8; BLOCK]) -> u64 {
    let (words, _) = block.as_chunks::<8>();
    let marks = words.iter().map(|word| u64::from(marks_of_word(u64::from_le_bytes(*word))));
    marks.enumerate().fold(0, |all, (index, marks)| all | marks << (8 * index))
}

/// The marks of eight bytes. No byte borrows from the next, as each has its high bit set before
/// something smaller is taken from it; where the bit is gone then, the byte was smaller.
#[cfg(any(not(target_arch = "x86_64"), test))]
fn marks_of_word(bytes: u64) -> u8 {
    const ONES: u64 = u64::MAX / 255;
    const HIGH: u64 = ONES << 7;
    let reaches = |bytes: u64, least: u64| ((bytes | HIGH) - ONES * least) | bytes;
    let quote_or_control = reaches(bytes ^ (ONES * 2), 0x21);
    let backslash = reaches(bytes ^ (ONES * u64::from(b'\\')), 1);
    let found = !(quote_or_control & backslash) & HIGH;
    // Gathers the high bits in the last byte.
    let [.., gathered] = (found >> 7).wrapping_mul(0x0102_0408_1020_4080).to_le_bytes();
    gathered
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn one_by_one(bytes: &[u8]) -> u64 {
        let marked = |byte: u8| byte < b' ' || byte == b'"' || byte == b'\\';
        let bytes = bytes.iter().take(BLOCK).enumerate();
        bytes.fold(0, |all, (index, byte)| all | u64::from(marked(*byte)) << index)
    }

    #[test]
    fn every_byte_is_marked_or_not_wherever_it_stands() {
        let places = (0..=u8::MAX).flat_map(|byte| (0..BLOCK).map(move |at| (byte, at)));
        for (byte, at) in places {
            let among = |around: u8| {
                let mut block = [around; BLOCK];
                block.iter_mut().skip(at).take(1).for_each(|it| *it = byte);
                block
            };
            for block in [b'a', b'"', 0, 0xFF].map(among) {
                assert_eq!(marks(&block), one_by_one(&block), "{byte} at {at}");
                assert_eq!(marks_anywhere(&block), one_by_one(&block), "{byte} at {at}");
            }
        }
    }

    proptest! {
        #[test]
        fn blocks_anywhere_in_any_bytes_are_marked_alike(
            bytes in proptest::collection::vec(any::<u8>(), 0..200), at in 0..220_usize,
        ) {
            let rest = bytes.get(at..).filter(|rest| !rest.is_empty());
            prop_assert_eq!(marks_at(&bytes, at), rest.map(one_by_one));
            if let Some(block) = rest.and_then(|rest| rest.first_chunk()) {
                prop_assert_eq!(marks_anywhere(block), one_by_one(block));
            }
        }
    }
}
