//! A glance against the slow truth: where it does not refuse, nothing is odd, and its words are the
//! folded ones.
#![expect(clippy::indexing_slicing, reason = "a wrong index fails the test, as it should")]

use proptest::prelude::*;
use unicode_script::Script;

use super::*;
use crate::normalise::table::{self, Class};
use crate::normalise::{Odd, any_text, tables, views};

/// The folded text that a glance saw.
fn folded(glance: &Glance) -> String {
    let mut out = Vec::new();
    let mut last = 0;
    for &[start, end] in glance.words() {
        let word = &glance.text()[start as usize..end as usize];
        if !out.is_empty() && !glance.glued().contains(&last) {
            out.push(b' ');
        }
        out.extend_from_slice(word);
        last = end;
    }
    String::from_utf8(out).unwrap()
}

/// Whether a text got no more than a glance: its words were seen, and nothing of it could be odd.
fn check_with(glance: &mut Glance, text: &str, links: &[Range<usize>]) -> Result<bool, String> {
    if !glance.look(text, links) {
        return Ok(false);
    }
    let views = views(text, links);
    let (seen, korean) = (folded(glance), views.folded().chars().any(crate::normalise::is_hangul));
    let is_doubted = |odd: &Odd| {
        let (first, last) = (odd.letters.first().unwrap(), odd.letters.last().unwrap());
        let held =
            |doubt: &Range<usize>| doubt.start <= first.range.start && doubt.end >= last.range.end;
        glance.doubts().iter().any(held)
    };
    let odd = views.odd().iter().all(is_doubted);
    if seen != views.folded() || !odd || glance.is_korean() != korean {
        let doubts = glance.doubts();
        return Err(format!(
            "{text:?}\n{seen:?}\n{:?}\n{:?}\n{doubts:?}",
            views.folded(),
            views.odd()
        ));
    }
    let in_order = glance.doubts().windows(2).all(|two| two[0].end < two[1].start);
    let whole = glance.doubts().iter().all(|doubt| text.get(doubt.clone()).is_some());
    assert!(in_order && whole, "{text:?}: {:?}", glance.doubts());
    Ok(glance.doubts().is_empty())
}

fn check(text: &str) -> Result<bool, String> {
    check_with(&mut Glance::default(), text, &[])
}

#[test]
fn the_sets_of_ascii_are_those_of_the_table() {
    let class = |byte: u8| table::table().ascii(byte).class;
    for byte in 0..128 {
        let of = |classes: &[Class]| classes.contains(&class(byte));
        let c = char::from(byte);
        assert_eq!(pass::WORD.has(byte), of(&[Class::Letter, Class::Digit]), "{c:?}");
        assert_eq!(pass::LETTER.has(byte), of(&[Class::Letter]), "{c:?}");
        assert_eq!(pass::SIGN.has(byte), of(&[Class::Sign]), "{c:?}");
        assert_eq!(pass::INNER.has(byte), of(&[Class::InnerSign, Class::Pipe]), "{c:?}");
        assert_eq!(pass::DOT.has(byte), of(&[Class::Dot, Class::Pipe]), "{c:?}");
        assert_eq!(pass::UNSEEN.has(byte), of(&[Class::Invisible]), "{c:?}");
        let alike = of(&[Class::Letter]) && table::table().ascii(byte).bits & table::ALIKE != 0;
        assert_eq!(pass::ALIKE.has(byte), alike, "{c:?}");
    }
}

#[test]
fn plain_texts_of_many_languages_get_no_more_than_a_glance() {
    for text in [
        "",
        "Meet me at the station, please: 12:30!",
        "Tickets are $50 (€45) @stationhall",
        "Mañana vamos al café, señor Núñez",
        "Über die Straße gehen wir später nach Köln",
        "Привет, как твои дела? Мы идём в кино и потом домой",
        "مرحبا كيف حالك اليوم يا صديقي",
        "नमस्ते, आप कैसे हैं? मैं घर जा रहा हूँ",
        "আমি আগামীকাল বাজারে যাব এবং বাড়ি ফিরব",
        "நான் நாளை சந்தைக்குப் போகிறேன்",
        "我们明天去北京！",
        "我们明天去北京,你来吗? 5月20日见",
        "สวัสดีครับ วันนี้อากาศดีมาก",
        "안녕하세요 오늘 날씨가 좋네요",
        "good morning 😀 friends 👍🏽👨‍👩‍👧 all",
    ] {
        assert_eq!(check(text), Ok(true), "{text}");
    }
}

#[test]
fn letters_of_no_script_make_no_script_strange() {
    for text in ["осˮ сор", "осʹ сор", "ˮос сор wer", "сор осˮ"] {
        assert!(!views(text, &[]).odd().is_empty(), "{text}");
        assert_eq!(check(text), Ok(false), "{text}");
    }
}

#[test]
fn dots_of_links_are_none() {
    let text = "see zot.example/a_b and so on";
    let link = 4..19;
    let links = std::slice::from_ref(&link);
    assert_eq!(check_with(&mut Glance::default(), text, links), Ok(true));
    assert_eq!(check(text), Ok(false));
}

#[test]
fn a_glance_keeps_nothing_of_the_last_text() {
    let mut glance = Glance::default();
    for text in [
        "我们明天去北京",
        "안녕하세요 오늘 날씨가 좋네요 안녕하세요 오늘 날씨가 좋네요",
        "Meet me",
        "привет",
        "",
    ] {
        assert_eq!(check_with(&mut glance, text, &[]), Ok(true), "{text}");
    }
}

/// What went wrong with the first few of many texts.
fn check_all(texts: impl Iterator<Item = String>) {
    let mut glance = Glance::default();
    let wrong = texts.filter_map(|text| check_with(&mut glance, &text, &[]).err());
    let wrong: Vec<String> = wrong.take(3).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_code_point_is_seen_as_the_slow_truth_sees_it() {
    check_all(('\0'..=char::MAX).map(|c| format!("zu {c} wer")));
}

#[test]
fn every_code_point_is_seen_beside_others_as_the_slow_truth_sees_it() {
    // Ideographs and syllables are all alike: one in a hundred.
    let many = |c: &char| matches!(c, '\u{3400}'..='\u{9FFF}' | '\u{AC00}'..='\u{D7A3}' | '\u{17000}'..='\u{18CFF}' | '\u{20000}'..);
    let chosen = ('\0'..=char::MAX).filter(|c| !many(c) || u32::from(*c) % 101 == 0);
    let chosen = chosen.filter(|c| tables::script(*c) != Script::Unknown);
    let around: [fn(char) -> String; 12] = [
        |c| format!("a{c}b wer"),
        |c| format!("wer {c}{c}{c}"),
        |c| format!("wer B{c}5"),
        |c| format!("жд й{c}"),
        |c| format!("क{c}् wer"),
        |c| format!("\u{1F44D}{c} wer"),
        |c| format!("${c}x wer"),
        |c| format!("wer 7.{c}"),
        |c| format!("ก{c}า"),
        |c| format!("x {c} y wer"),
        |c| format!("ж {c} ы жд"),
        |c| format!("wer @ab{c}d pe{c}ce"),
    ];
    check_all(chosen.flat_map(|c| around.map(|around| around(c))));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_seen_as_the_slow_truth_sees_it(text in any_text()) {
        prop_assert!(check(&text).is_ok(), "{:?}", check(&text));
    }

    #[test]
    fn ascii_is_seen_as_the_slow_truth_sees_it(text in "[a-c1x! .@$|,A-E\n]{0,150}") {
        prop_assert!(check(&text).is_ok(), "{:?}", check(&text));
    }

    #[test]
    fn runs_and_short_words_are_seen_as_the_slow_truth_sees_them(
        words in prop::collection::vec(prop::sample::select(vec![
            "a", "b", "c", "ab", "wer", "abcd", "!", "|", "5", "$", "@", "@abc", "@abcd", "a.", "(b", "c)", "\u{1F171}",
            "a-b", "a-b-c", "п", "жд", "ор", "오", "布", "é", "a\u{301}", "", "\n", "x!y", "so", "oo", "@a_b_", "µ", "ß", "\u{1F44D}", "কা", "ে", "া", "ড\u{9BC}", "\u{9DC}", "\u{9BC}", "\u{9CD}", "கொ", "ெ", "ா", "क्", "़", "！", "ก", "่", "か", "\u{3099}",
        ]), 0..24),
    ) {
        let (apart, together) = (words.join(" "), words.concat());
        prop_assert!(check(&apart).is_ok(), "{:?}", check(&apart));
        prop_assert!(check(&together).is_ok(), "{:?}", check(&together));
    }
}
