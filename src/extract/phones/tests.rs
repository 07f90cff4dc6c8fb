//! Numbers of many countries as people write them, and what is none.

use proptest::prelude::*;

use super::*;

/// A text, and in it the places, numbers and countries.
type Case = (&'static str, &'static [(&'static str, &'static str, &'static str)]);

#[rustfmt::skip]
const FOUND: &[Case] = &[
    ("+493023125017", &[("+493023125017", "+493023125017", "DE")]),
    ("5 Zorb St, +49 30 23125 017", &[("+49 30 23125 017", "+493023125017", "DE")]),
    ("tel:0049 30/23125017", &[("0049 30/23125017", "+493023125017", "DE")]),
    ("Tel:0049 30 23125-017.", &[("0049 30 23125-017", "+493023125017", "DE")]),
    ("+49 (0) 30 23125017", &[("+49 (0) 30 23125017", "+493023125017", "DE")]),
    ("(+49) 030.2312.5017!", &[("+49) 030.2312.5017", "+493023125017", "DE")]),
    (
        "+49\u{A0}30\u{2009}23125\u{2011}017",
        &[("+49\u{A0}30\u{2009}23125\u{2011}017", "+493023125017", "DE")],
    ),
    ("+ 49 30 23125017", &[("+ 49 30 23125017", "+493023125017", "DE")]),
    (
        "＋４９ ３０ ２３１２５０１７",
        &[("＋４９ ３０ ２３１２５０１７", "+493023125017", "DE")],
    ),
    ("+٤٩ ٣٠ ٢٣١٢٥٠١٧", &[("+٤٩ ٣٠ ٢٣١٢٥٠١٧", "+493023125017", "DE")]),
    ("००४९ ३० २३१२५०१७", &[("००४९ ३० २३१२५०१७", "+493023125017", "DE")]),
    (
        "+4\u{FE0F}\u{20E3}9\u{FE0F}\u{20E3} 30 23125017",
        &[("+4\u{FE0F}\u{20E3}9\u{FE0F}\u{20E3} 30 23125017", "+493023125017", "DE")],
    ),
    ("➕𝟒𝟗 30 23125017", &[("➕𝟒𝟗 30 23125017", "+493023125017", "DE")]),
    ("+49 3\u{200B}0 23125017", &[("+49 3\u{200B}0 23125017", "+493023125017", "DE")]),
    ("电话+49 30 23125017联系", &[("+49 30 23125017", "+493023125017", "DE")]),
    // Where one number ends and something else begins.
    ("+49 30 23125 017 50 €", &[("+49 30 23125 017", "+493023125017", "DE")]),
    ("+49 30 23125017. 50 €", &[("+49 30 23125017", "+493023125017", "DE")]),
    (
        "+49 30 23125017, +33 1 23 45 67 89",
        &[
            ("+49 30 23125017", "+493023125017", "DE"),
            ("+33 1 23 45 67 89", "+33123456789", "FR"),
        ],
    ),
    ("+49 30 23125017\n50", &[("+49 30 23125017", "+493023125017", "DE")]),
    ("+1 (212) 555-0123 ext 5", &[("+1 (212) 555-0123", "+12125550123", "US CA")]),
    ("+12125550123x", &[]),
    ("+1 212 555 0123x", &[]),
    // Shared codes.
    ("+1 876 555 0123", &[("+1 876 555 0123", "+18765550123", "JM")]),
    ("+7 916 123-45-67", &[("+7 916 123-45-67", "+79161234567", "RU")]),
    ("+7 701 123 45 67", &[("+7 701 123 45 67", "+77011234567", "KZ")]),
    ("+7 (6172) 12 34 56", &[("+7 (6172) 12 34 56", "+76172123456", "KZ")]),
    ("+44 1481 712345", &[("+44 1481 712345", "+441481712345", "GG")]),
    ("+44 20 7946 0958", &[("+44 20 7946 0958", "+442079460958", "GB")]),
    ("+39 06 698 12345", &[("+39 06 698 12345", "+390669812345", "VA")]),
    ("+39 06 1234567", &[("+39 06 1234567", "+39061234567", "IT")]),
    ("+47 79 02 12 34", &[("+47 79 02 12 34", "+4779021234", "SJ")]),
    ("+800 1234 5678", &[("+800 1234 5678", "+80012345678", "")]),
    ("+86 138 0013 8000", &[("+86 138 0013 8000", "+8613800138000", "CN")]),
    ("+380 44 123 45 67", &[("+380 44 123 45 67", "+380441234567", "UA")]),
    ("+971 50 123 4567", &[("+971 50 123 4567", "+971501234567", "AE")]),
    ("+599 9 123 4567", &[("+599 9 123 4567", "+59991234567", "CW")]),
    // What is no number.
    ("030 23125017", &[]),
    ("+49", &[]),
    ("+49 30", &[]),
    ("+7 916 123 45", &[]),
    ("+7 000 000 00 00", &[]),
    ("+0123456789", &[]),
    ("+999 1234567890", &[]),
    ("+1 112 555 0123", &[]),
    ("18+493023125017", &[]),
    ("C+493023125017", &[]),
    ("12:00 493023125017, 5.00 493023125017, 1000493023125017, #00493023125017", &[]),
];

#[test]
fn numbers_are_found_with_their_places_and_countries() {
    for (text, want) in FOUND {
        let found = phones(text);
        let got: Vec<(&str, &str, String)> = found
            .iter()
            .map(|one| {
                (text.get(one.range.clone()).unwrap(), &*one.number, one.countries.join(" "))
            })
            .collect();
        let want: Vec<(&str, &str, String)> =
            want.iter().map(|(range, number, of)| (*range, *number, (*of).to_owned())).collect();
        assert_eq!(got, want, "in {text:?}");
        assert!(found.is_empty() || may_hold_phone(text), "{text}");
    }
}

#[test]
fn the_table_is_read_whole() {
    let lines = include_str!("calling.tsv").lines().filter(|line| !line.starts_with('#'));
    assert_eq!(lines.count(), CODES.len());
    for (code, plan) in CODES.iter() {
        assert!((1..=CODE_MAX).contains(&code.len()), "{code}");
        assert!(code.len() + plan.digits.end() <= *DIGITS.end(), "{code}");
        // No code begins with another, else it would never be found.
        let shorter = (1..code.len()).filter_map(|length| code.get(..length));
        assert_eq!(shorter.filter(|code| CODES.contains_key(code)).count(), 0, "{code}");
        let of = |place: &Place| place.countries.iter().all(|code| code.len() == 2);
        assert!(plan.places.iter().all(of), "{code}");
    }
    assert!(has_phones("DE") && has_phones("KZ") && !has_phones("BV") && !has_phones("de"));
}

#[test]
fn only_characters_that_are_passed_over_quickly_are_no_digits() {
    for c in ('\u{80}'..=char::MAX).filter(|c| ODD_DIGITS.contains_key(c)) {
        assert_eq!(digit(c), ODD_DIGITS.get(&c).copied(), "{c}");
    }
    for (text, want) in [("٣", '3'), ("९", '9'), ("７", '7'), ("𝟎", '0'), ("๕", '5'), ("²", '2')]
    {
        assert_eq!(text.chars().next().and_then(digit), Some(want), "{text}");
    }
}

#[test]
fn a_mebibyte_of_anything_is_looked_through_once() {
    for unit in ["+", "0", "00", "+1", "+1 ", "00 ", "\u{200B}+", "+\u{200B}", "+49 30 2312 ", "1"]
    {
        let text = unit.repeat((1 << 20) / unit.len());
        assert!(phones(&text).iter().all(|one| text.get(one.range.clone()).is_some()));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 5_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_with_a_number_is_passed_over(
        parts in prop::collection::vec(prop::sample::select(vec![
            "+", "＋", "00", "0", "０", "49", "7", "30", "2312", "5017", "４", "٤", " ", "-", ".", "(", ")", "\u{200B}",
            "\u{A0}", "a", "я", "系", "①", ",", "\n",
        ]), 0..16),
    ) {
        let text = parts.concat();
        let mut end = 0;
        let found = phones(&text);
        prop_assert!(found.is_empty() || may_hold_phone(&text), "{:?}", text);
        for one in found {
            prop_assert!(one.range.start >= end && text.get(one.range.clone()).is_some());
            end = one.range.end;
        }
    }
}
