//! A cheap look over the bytes that spares most texts the rest.

use super::{DIGITS, digit, is_plus};
use crate::lanes::{self, BLOCK, Lanes, Set, Work, later};

/// Could a number be in this text: `+` or two zeros, and digits enough, or one beyond ASCII? Says
/// yes too often, never too seldom.
#[must_use]
pub fn may_hold_phone(text: &str) -> bool {
    lanes::run(Marks(text))
}

/// The look, by masks.
struct Marks<'t>(&'t str);

const ASCII_DIGITS: Set = Set::of(b"0123456789");
/// The first bytes of digits beyond ASCII, and of the forms of `+`.
const LEADS: [u8; 10] = [0xC2, 0xD9, 0xDB, 0xDF, 0xE0, 0xE1, 0xE2, 0xEA, 0xEF, 0xF0];

impl Work for Marks<'_> {
    type Out = bool;

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) -> bool {
        let text = self.0.as_bytes();
        let (mut begins, mut digits, mut zeros) = (0, 0, 0);
        for at in (0..text.len()).step_by(BLOCK) {
            let block = lanes.load_first(text.get(at..).unwrap_or_default());
            let zero = lanes.is(block, b'0');
            begins |= lanes.is(block, b'+') | zero & later(zero, zeros, 1);
            digits += lanes.has(block, &ASCII_DIGITS).count_ones() as usize;
            if begins != 0 && digits >= *DIGITS.start() {
                return true;
            }
            zeros = zero;
            let leads = || LEADS.iter().fold(0, |all, lead| all | lanes.is(block, *lead));
            let leads = if lanes.beyond(block) == 0 { 0 } else { leads() };
            if leads != 0 && is_any_of_phone(self.0, at, leads) {
                return true;
            }
        }
        false
    }
}

#[inline(never)]
fn is_any_of_phone(text: &str, at: usize, leads: u64) -> bool {
    let char_at = |place| text.get(place..).and_then(|rest| rest.chars().next());
    let mut chars = lanes::places(at, leads).filter_map(char_at);
    chars.any(|c| is_plus(c) || digit(c).is_some())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn no_digit_and_no_plus_is_passed_over() {
        let signs = ('\u{80}'..=char::MAX).filter(|c| is_plus(*c) || digit(*c).is_some());
        for c in signs {
            assert!(may_hold_phone(&format!("a {c}")), "U+{:04X}", u32::from(c));
        }
    }

    #[test]
    fn ordinary_texts_are_passed_over() {
        for text in
            ["", "in 2026, 10", "1 + 1", "я – «она», 5 ₽", "我去北京，你来吗。", "00:00", "👍"]
        {
            assert!(!may_hold_phone(text), "{text}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 5_000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_look_by_masks_says_what_one_byte_by_byte_says(text in "[a ]{0,70}[+0 я]{0,3}[0-9 a]{0,70}[+0]{0,2}") {
            let bytes = text.as_bytes();
            let begins = bytes.contains(&b'+') || bytes.windows(2).any(|two| two == b"00");
            let digits = bytes.iter().filter(|byte| byte.is_ascii_digit()).count();
            prop_assert_eq!(may_hold_phone(&text), begins && digits >= 7, "{:?}", text);
        }
    }
}
