//! The pass over a text against the slow truth.

use proptest::prelude::*;

use unicode_script::Script;

use crate::normalise::sketch::Suspects;
use crate::normalise::{
    Odd, Sketch, Views, any_text, odd_words, quick_views, sketch, tables, views,
};

/// With the odd words known, in one order, each once.
fn sorted(mut sketch: Sketch, text: &str) -> Sketch {
    let key =
        |odd: &Odd| (odd.range().start, odd.range().end, odd.letters.len(), format!("{odd:?}"));
    let mut odd = odd_words(&sketch.suspects, text, &[]);
    odd.sort_by_cached_key(key);
    odd.dedup();
    sketch.suspects = Suspects::Known(odd);
    sketch
}

fn check(text: &str) -> Result<(), String> {
    check_views(text)?;
    check_sketch(text)
}

fn check_sketch(text: &str) -> Result<(), String> {
    let quick = sorted(sketch(text, &[]), text);
    let slow = sorted(Sketch::of(&views(text, &[])), text);
    if quick == slow { Ok(()) } else { Err(format!("{text:?}\n{quick:#?}\n{slow:#?}")) }
}

fn check_views(text: &str) -> Result<(), String> {
    let shown = |views: &Views<'_>| {
        let unmasked = views.unmasked();
        let mut odd: Vec<String> = views.odd().iter().map(|odd| format!("{odd:?}")).collect();
        odd.sort();
        odd.dedup();
        let words = (views.words().to_vec(), views.counted());
        (views.folded().to_owned(), unmasked.text, words, odd)
    };
    let (quick, slow) = (shown(&quick_views(text, &[], None)), shown(&views(text, &[])));
    if quick == slow { Ok(()) } else { Err(format!("{text:?}\n{quick:#?}\n{slow:#?}")) }
}

/// What went wrong with the first few of many texts.
fn check_all(texts: impl Iterator<Item = String>) {
    let wrong: Vec<String> = texts.filter_map(|text| check_sketch(&text).err()).take(3).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_code_point_is_folded_as_the_slow_truth_folds_it() {
    let all: Vec<char> = ('\0'..=char::MAX).collect();
    check_all(all.chunks(32).map(|some| some.iter().map(|c| format!("{c} ")).collect()));
}

#[test]
fn every_code_point_is_folded_beside_others_as_the_slow_truth_folds_it() {
    // Ideographs and syllables are all alike: one in a hundred.
    let many = |c: &char| matches!(c, '\u{3400}'..='\u{9FFF}' | '\u{AC00}'..='\u{D7A3}' | '\u{17000}'..='\u{18CFF}' | '\u{20000}'..);
    let chosen = ('\0'..=char::MAX).filter(|c| !many(c) || u32::from(*c) % 101 == 0);
    let chosen = chosen.filter(|c| tables::script(*c) != Script::Unknown);
    // Letters of scripts with marks taken off and kept, digits, signs, emoji.
    check_all(
        chosen.map(|c| format!("a{c}b B{c}5 {c}{c}{c} क{c}् й{c} \u{1F44D}{c} ${c}x 7.{c} ก{c}า")),
    );
}

#[test]
fn the_words_of_one_link_are_not_counted_apart() {
    let text = "so zot.example/a/b-c is 6.000 or";
    let link = 3..20;
    let quick = sketch(text, std::slice::from_ref(&link));
    let counted: Vec<u32> = quick.tokens.iter().map(|token| token.counted).collect();
    assert_eq!(counted, [0, 1, 1, 1, 1, 1, 2, 3, 3, 4]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 5_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_sketched_as_the_slow_truth_sees_it(text in any_text()) {
        prop_assert_eq!(check(&text), Ok(()));
    }

    #[test]
    fn runs_and_short_words_are_sketched_as_the_slow_truth_sees_them(
        words in prop::collection::vec(prop::sample::select(vec![
            "a", "b", "c", "ab", "abc", "abcd", "!", "|", "5", "$", "@", "@abc", "@abcd", "a.", "(b", "c)", "\u{1F171}",
            "a-b", "a-b-c", "п", "ор", "오", "布", "é", "a\u{301}", "", "\n", "x!y", "so", "oo", "@a_b_", "µ", "কা", "ে", "া", "ড\u{9BC}", "\u{9DC}", "\u{9BC}", "\u{9CD}",
            "கொ", "ெ", "ா", "क्", "़", "か", "\u{3099}",
        ]), 0..14),
    ) {
        prop_assert_eq!(check(&words.join(" ")), Ok(()));
        prop_assert_eq!(check(&words.concat()), Ok(()));
    }
}
