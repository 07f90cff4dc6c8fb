//! The share of a canary: where a rule acts that is let out a little at a time.

use std::fmt;

/// Parts of all: a share is told to a hundredth of a percent.
const PARTS: u16 = 10_000;

/// A share of all keys, from 0.01% to 100%.
///
/// A key is in it by its hash with the rule's id, and by nothing else: on any machine, after any
/// restart, in any version of the pack. A larger share holds all keys of a smaller one, and two rules
/// choose different keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Share(u16);

impl Share {
    /// So many hundredths of a percent; `None` out of range.
    #[must_use]
    pub fn new(parts: u16) -> Option<Self> {
        (1..=PARTS).contains(&parts).then_some(Self(parts))
    }

    /// Out of `5%` or `0.25%`.
    pub(super) fn read(written: &str) -> Option<Result<Self, OutOfRange>> {
        let (whole, fraction) = match written.strip_suffix('%')?.split_once('.') {
            Some((whole, fraction)) => (whole, fraction),
            None => (written.strip_suffix('%')?, "0"),
        };
        let is_number = |digits: &str| {
            !digits.is_empty() && digits.len() <= 9 && digits.bytes().all(|it| it.is_ascii_digit())
        };
        if !is_number(whole) || !is_number(fraction) {
            return None;
        }
        Some(Self::of(whole, fraction).ok_or(OutOfRange))
    }

    fn of(whole: &str, fraction: &str) -> Option<Self> {
        let hundredths = fraction.trim_end_matches('0');
        if hundredths.len() > 2 {
            return None;
        }
        let whole: u64 = whole.parse().ok()?;
        let hundredths: u64 = format!("{hundredths:0<2}").parse().ok()?;
        Self::new(u16::try_from(whole * 100 + hundredths).ok()?)
    }

    /// Is a key of this rule in the share?
    #[must_use]
    pub fn holds(self, rule: &str, key: &str) -> bool {
        slot(rule, key) < u64::from(self.0)
    }
}

/// A percentage that is no share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct OutOfRange;

/// Which of the parts a key of a rule falls into. Not keyed by the deployment: a rule set that is tried
/// elsewhere chooses the same.
fn slot(rule: &str, key: &str) -> u64 {
    let mut hasher = blake3::Hasher::new_derive_key("tidegate canary share v1");
    hasher.update(&(rule.len() as u64).to_le_bytes());
    hasher.update(rule.as_bytes());
    hasher.update(key.as_bytes());
    let mut bytes = [0; 8];
    hasher.finalize_xof().fill(&mut bytes);
    u64::from_le_bytes(bytes) % u64::from(PARTS)
}

/// As it is written.
impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, hundredths) = (self.0 / 100, self.0 % 100);
        match hundredths {
            0 => write!(f, "{whole}%"),
            _ if hundredths % 10 == 0 => write!(f, "{whole}.{}%", hundredths / 10),
            _ => write!(f, "{whole}.{hundredths:02}%"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_share_is_a_percentage_with_two_digits_behind_the_point_at_most() {
        let table = [
            ("5%", Some(Ok("5%"))),
            ("0.5%", Some(Ok("0.5%"))),
            ("0.25%", Some(Ok("0.25%"))),
            ("12.050%", Some(Ok("12.05%"))),
            ("100%", Some(Ok("100%"))),
            ("0.01%", Some(Ok("0.01%"))),
            ("0%", Some(Err(OutOfRange))),
            ("0.001%", Some(Err(OutOfRange))),
            ("100.01%", Some(Err(OutOfRange))),
            ("999999999%", Some(Err(OutOfRange))),
            ("5", None),
            ("5 %", None),
            ("-5%", None),
            ("%", None),
            (".5%", None),
            ("5.%", None),
            ("1.2.3%", None),
            ("9999999999%", None),
        ];
        for (written, want) in table {
            let read = Share::read(written).map(|read| read.map(|share| share.to_string()));
            assert_eq!(read, want.map(|want| want.map(str::to_owned)), "{written}");
        }
    }

    #[test]
    fn which_keys_are_in_a_share_never_changes() {
        // Whoever changes these changes which channels a running canary acts on.
        let slots =
            ["c1", "c2", "c3", "-1001234567890", "", "канал"].map(|key| slot("drugs.menu", key));
        assert_eq!(slots, [3385, 7181, 8985, 6688, 7737, 4860]);
        assert_ne!(slot("drugs.menus", "c1"), slots[0]);
        // The id and the key are told apart.
        assert_ne!(slot("ab", "c"), slot("a", "bc"));
    }

    #[test]
    fn a_share_holds_so_many_of_all_keys() {
        for (parts, about) in [(1, 2), (100, 200), (500, 1_000), (5_000, 10_000), (10_000, 20_000)]
        {
            let share = Share::new(parts).unwrap();
            let held =
                (0..20_000).filter(|key| share.holds("drugs.menu", &key.to_string())).count();
            assert!(held.abs_diff(about) <= about / 10 + 6, "{share}: {held}");
        }
    }

    proptest! {
        #[test]
        fn a_growing_share_only_adds(
            rule in "[a-z.]{1,12}",
            key in "\\PC{0,12}",
            one in 1..=PARTS,
            other in 1..=PARTS,
        ) {
            let (small, large) = (one.min(other), one.max(other));
            let holds = |parts| Share::new(parts).unwrap().holds(&rule, &key);
            prop_assert!(!holds(small) || holds(large));
            prop_assert!(holds(PARTS));
        }

        #[test]
        fn a_printed_share_reads_as_the_same(parts in 1..=PARTS) {
            let share = Share::new(parts).unwrap();
            prop_assert_eq!(Share::read(&share.to_string()), Some(Ok(share)));
        }
    }
}
