//! All twins see alike.

use proptest::prelude::*;

use super::*;

const SETS: [Set; 3] = [Set::of(b"aZ09@"), Set::of(b" !~\x01\x7F"), Set::of(b"")];

/// Says where two ways differ on a block beside the next.
fn differs<L: Lanes>(lanes: L, left: &Bytes, right: &Bytes) -> Option<&'static str> {
    let (block, next) = (lanes.load(left), lanes.load(right));
    let sets = SETS.iter().all(|set| {
        lanes.has(block, set) == Anywhere.has(*left, set)
            && lanes.words(block, set) == Anywhere.words(*left, set)
    });
    let faults = [
        (sets, "sets"),
        (lanes.beyond(block) == Anywhere.beyond(*left), "beyond"),
        (lanes.leads(block) == Anywhere.leads(*left), "leads"),
        (lanes.bytes(lanes.low(block)) == Anywhere.low(*left), "low"),
        (
            lanes.bytes(lanes.put(block, mask_of(right), 7))
                == Anywhere.put(*left, mask_of(right), 7),
            "put",
        ),
        (
            lanes.bytes(lanes.blend(block, mask_of(left), next))
                == Anywhere.blend(*left, mask_of(left), *right),
            "blend",
        ),
        (lanes.bytes(lanes.lookup(block, right)) == Anywhere.lookup(*left, right), "lookup"),
        (kept(lanes, left, mask_of(right)) == kept(Anywhere, left, mask_of(right)), "keep"),
        (of_mask(lanes, left) == of_mask(Anywhere, left), "places"),
        (lanes.is(block, right[0]) == Anywhere.is(*left, right[0]), "is"),
        (
            lanes.same(lanes.load_first(&left[..40]), block)
                == Anywhere.same(padded(&left[..40]), *left),
            "first",
        ),
        (lanes.same(block, next) == Anywhere.same(*left, *right), "same"),
    ];
    faults.into_iter().find(|(right, _)| !right).map(|(_, name)| name)
}

fn padded(bytes: &[u8]) -> Bytes {
    let mut padded = [b' '; BLOCK];
    padded[..bytes.len()].copy_from_slice(bytes);
    padded
}

fn mask_of(bytes: &Bytes) -> u64 {
    u64::from_le_bytes(*bytes.last_chunk().unwrap())
}

fn kept<L: Lanes>(lanes: L, bytes: &Bytes, mask: u64) -> Vec<u8> {
    let mut kept = [7; BLOCK];
    lanes.keep(lanes.load(bytes), mask, &mut kept);
    kept[..mask.count_ones() as usize].to_vec()
}

/// The places of a mask that is made of the bytes.
fn of_mask<L: Lanes>(lanes: L, bytes: &Bytes) -> Vec<u32> {
    let mask = mask_of(bytes);
    let mut places = [0; BLOCK];
    lanes.places(100, mask, &mut places);
    places[..mask.count_ones() as usize].to_vec()
}

fn check(left: &Bytes, right: &Bytes) {
    #[cfg(target_arch = "x86_64")]
    {
        let narrow = Avx2::of_this_processor().and_then(|lanes| differs(lanes, left, right));
        assert_eq!(narrow, None, "{left:?}");
        let wide = Avx512::of_this_processor().and_then(|lanes| differs(lanes, left, right));
        assert_eq!(wide, None, "{left:?}");
    }
    assert_eq!(differs(Anywhere, left, right), None);
}

#[test]
fn a_set_holds_what_it_was_made_of() {
    let set = SETS[0];
    let held: Vec<u8> = (0..=u8::MAX).filter(|byte| set.has(*byte)).collect();
    assert_eq!(held, b"09@Za");
    assert_eq!(Anywhere.has([b'Z'; BLOCK], &set), u64::MAX);
    assert_eq!(&Anywhere.words([b'Z'; BLOCK], &set), &[b'z'; BLOCK]);
}

#[test]
fn blocks_around_a_text_are_filled_with_spaces() {
    let mut spaced = Spaced::default();
    let long = "x".repeat(200);
    for text in [&*long, "abc", ""] {
        spaced.fill(text.as_bytes());
        for at in 0..=text.len() + Spaced::LEAD {
            for before in 0..=Spaced::LEAD {
                let around = format!("{}{text}{}", " ".repeat(before), " ".repeat(100));
                let wanted = &around.as_bytes()[at..at + BLOCK];
                assert_eq!(spaced.load(Anywhere, at, before), wanted, "{text:?} {at} {before}");
            }
        }
    }
}

#[test]
fn masks_move_over_the_edges_of_blocks() {
    assert_eq!(later(1 << 63 | 1, 1 << 62, 3), 1 << 3 | 1 << 1);
    assert_eq!(places(64, 1 << 63 | 2).collect::<Vec<usize>>(), [65, 127]);
    assert_eq!(places(0, 0).next(), None);
}

#[test]
fn every_byte_in_every_place_is_seen_alike_by_all_twins() {
    for byte in 0..=u8::MAX {
        for at in 0..BLOCK {
            let mut block = [b'a'; BLOCK];
            block[at] = byte;
            check(&block, &[byte; BLOCK]);
        }
    }
}

proptest! {
    #[test]
    fn any_block_is_seen_alike_by_all_twins(
        left in prop::array::uniform32(any::<u8>()),
        right in prop::array::uniform32(any::<u8>()),
    ) {
        let block = |low: [u8; 32], high: [u8; 32]| {
            let mut block = [0; BLOCK];
            block[..32].copy_from_slice(&low);
            block[32..].copy_from_slice(&high);
            block
        };
        check(&block(left, right), &block(right, left));
    }
}
