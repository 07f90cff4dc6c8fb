//! Tests of the views: folding, counting, the ways back, entries.
#![expect(clippy::indexing_slicing, reason = "a wrong index fails the test, as it should")]

use proptest::prelude::*;

use unicode_script::{Script, UnicodeScript};

use super::{Form, Odd, Shape, canonical, fold, fold_words, skeleton, unmask_entry, views};

/// Text from every script and trick that the views know.
pub(crate) fn any_text() -> impl Strategy<Value = String> {
    const PIECES: &str = "abglorpABLORPéñäÑÅ0159 \t\n.,!|+-_*~·•/\\'’@$€£¥¢§₽₴×µ¡°©®™([{<#^\
        абвгдеёзийклмнопрстухьчшїўіАВЕКМНОРСТУХЙЬαβγορςΣΑΒΟ\
        אבשׁלוֹםابتثيىیكکأإآٱئءـَُِّ٠١٢७नुक़क़ज़िでガがｶﾞー々布洛普マ마켓각ㅋㅏกัญชาน้ำລຢາថ្នាំဆေး\
        ﬁﬀ½㏂№ﷺ①②ⓑⓛ⒝𝗯𝗹ʙʟøđłıßẞſŉǆœæꝏ🅱🅰🆗Ⓜ🄰👍🏽🏿❤👩💻🇩🇪🇧🌀\u{300}\u{301}\u{303}\u{308}\u{327}\u{20E3}\u{3099}\
        \u{93C}\u{200B}\u{200C}\u{AD}\u{FE0F}\u{FEFF}\u{3164}\u{2800}\u{1160}\u{1161}\u{11A8}\u{2028}\u{85}\u{1}";
    let known = prop::sample::select(PIECES.chars().collect::<Vec<char>>());
    let piece = prop_oneof![9 => known, 1 => any::<char>()];
    // Folding drops joiners, so that joined emoji stand apart when folded again.
    let piece = piece.prop_filter("no joiner", |c| *c != '\u{200D}');
    prop::collection::vec(piece, 0..24).prop_map(|chars| chars.into_iter().collect())
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 2_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn folding_twice_is_folding_once(text in any_text()) {
        let once = fold(&text);
        prop_assert_eq!(fold(&once), once);
    }

    #[test]
    fn every_word_and_letter_lies_on_boundaries_in_order(text in any_text()) {
        let views = views(&text, &[]);
        let mut last = 0..0;
        for word in views.words() {
            prop_assert!(text.get(word.range.clone()).is_some_and(|slice| !slice.is_empty()));
            prop_assert!(last.start <= word.range.start && last.end <= word.range.end);
            prop_assert_eq!(views.original(&word.folded), word.range.clone());
            last = word.range.clone();
        }
        for odd in views.odd() {
            prop_assert!(!odd.letters.is_empty());
            for pair in odd.letters.windows(2) {
                prop_assert!(pair[0].range.start <= pair[1].range.start);
            }
            for letter in &odd.letters {
                prop_assert!(text.get(letter.range.clone()).is_some() && !letter.readings.is_empty());
            }
        }
        let unmasked = views.unmasked();
        for (at, c) in unmasked.text.char_indices() {
            prop_assert!(text.get(unmasked.original(&(at..at + c.len_utf8()))).is_some());
        }
    }

    #[test]
    fn counted_words_between_and_touched_agree(text in any_text(), a in 0usize..80, b in 0usize..80) {
        let views = views(&text, &[]);
        let all = views.words_touching(&(0..text.len()));
        prop_assert_eq!(all, 0..views.counted());
        let (from, to) = (a.min(b), a.max(b));
        let between = views.words_between(from, to);
        prop_assert!(between <= views.words_touching(&(from..to)).len());
    }
}

#[test]
fn folded_forms_are_these() {
    let cases = [
        ("", ""),
        ("  Hello,   World!\n", "hello world"),
        ("Straße STRASSE ẞ", "strasse strasse ss"),
        ("e\u{301}\u{200B}\u{301}x", "ex"),
        ("n\u{302}\u{303}", "n"),
        ("n\u{303}\u{302}", "ñ"),
        ("a\u{323}\u{30A}", "å"),
        ("\u{301}\u{302}", ""),
        ("5\u{336}0\u{20E3}", "50"),
        ("¼ cup", "1 4 cup"),
        ("№5 ㎏", "no5 kg"),
        ("ﷺ", "صلي الله عليه وسلم"),
        ("ⅣⅫ", "ivxii"),
        ("か\u{3099}ｶﾞ", "がガ"),
        ("ㄱㅏ", "가"),
        ("क़ख़ि", "कखि"),
        ("ก\u{301}", "ก\u{301}"),
        ("ٱلأزهر", "الازهر"),
        ("⒝🄛🄾Ⓡⓟ", "blorp"),
        ("ـ", ""),
        ("👍🏽👍", "👍 👍"),
        ("👍 🏽", "👍 🏽"),
        ("👩🏽\u{200D}💻!", "👩💻"),
        ("a\u{200D}👍", "a 👍"),
        ("🇩🇪🇫🇷", "🇩🇪 🇫🇷"),
        ("🇧🇱🇴", "🇧 🇱 🇴"),
        ("🇽🇽", "🇽 🇽"),
        ("🅱lob", "🅱 lob"),
        ("买blorp吗2", "买blorp吗2"),
        ("x\u{3164}y\u{2800}z\u{FFA0}w", "x y z w"),
        ("a\u{34F}b\u{E0041}c\u{180E}d\u{7F}e", "abcde"),
    ];
    for (text, want) in cases {
        assert_eq!(fold(text), want, "{text:?}");
    }
}

#[test]
fn words_are_what_gap_and_within_count() {
    let cases = [
        ("one two  three", 3),
        ("price 6.000,50 at 12:30", 4),
        ("1.2.3 4,5", 2),
        ("1 000", 2),
        ("1. 2", 2),
        ("1-2", 2),
        ("½ of", 2),
        ("v1.0", 2),
        ("今天来了", 4),
        ("กัญชา", 4),
        ("买blorp吗", 3),
        ("👩\u{200D}💻👍🏽🇩🇪", 3),
        ("it's", 2),
        ("...", 0),
    ];
    for (text, want) in cases {
        assert_eq!(views(text, &[]).counted(), want, "{text}");
    }
}

#[test]
fn a_link_is_one_word_whatever_stands_in_it() {
    let text = "see https://zorb.me/a-b, now";
    let views = views(text, std::slice::from_ref(&(4..24)));
    assert_eq!(views.counted(), 3);
    assert_eq!(views.words_touching(&(12..16)), 1..2);
    assert_eq!(views.words_touching(&(0..text.len())), 0..3);
    assert_eq!(views.words_between(3, 25), 1);
    // The words of it are still there to be found.
    assert_eq!(views.words().len(), 7);
}

#[test]
fn a_link_swallows_the_words_it_cuts_and_links_it_overlaps() {
    let text = "наt.me/x и y";
    let half = views(text, std::slice::from_ref(&(4..10)));
    assert_eq!(half.words_touching(&(0..1)), 0..1);
    assert_eq!(half.words_touching(&(5..6)), 0..1);
    assert_eq!(half.counted(), 3);
    let twice = views(text, &[6..10, 4..8, 3..3]);
    assert_eq!(twice.counted(), 3);
}

#[test]
fn a_range_that_touches_no_word_stands_before_the_next() {
    let views = views("one ... two", &[]);
    assert_eq!(views.words_touching(&(4..7)), 1..1);
    assert_eq!(views.words_touching(&(0..0)), 0..0);
    assert_eq!(views.words_touching(&(11..11)), 2..2);
    assert_eq!(views.words_touching(&(2..9)), 0..2);
}

#[test]
fn a_range_of_the_folded_text_leads_back_to_what_was_written() {
    let text = "Ｂl\u{200B}o, ﬁx";
    let views = views(text, &[]);
    assert_eq!(views.folded(), "blo fix");
    assert_eq!(text.get(views.original(&(0..3))), Some("Ｂl\u{200B}o"));
    assert_eq!(text.get(views.original(&(1..2))), Some("l"));
    assert_eq!(text.get(views.original(&(4..5))), Some("ﬁ"));
    assert_eq!(text.get(views.original(&(3..4))), Some(", "));
    assert_eq!(text.get(views.original(&(2..6))), Some("o, ﬁ"));
}

#[test]
fn glued_words_are_those_with_nothing_between() {
    let views = views("买blorp吗 x👍", &[]);
    assert_eq!(views.glued(0, 3), Some("买blorp吗"));
    assert_eq!(views.glued(1, 2), Some("blorp"));
    assert_eq!(views.glued(2, 4), None);
    assert_eq!(views.glued(3, 5), None);
}

fn forms(entry: &str) -> Vec<String> {
    unmask_entry(entry).forms.iter().map(Form::text).collect()
}

#[test]
fn an_entry_has_these_forms() {
    let cases: &[(&str, &[&str])] = &[
        ("Blorp", &["blorp"]),
        ("blorp  now", &["blorp now"]),
        ("a$$", &["ass"]),
        ("$lut me", &["slut me"]),
        ("bl0rp", &["bl0rp", "blorp"]),
        ("k1ll", &["k1ll", "kill", "klll"]),
        ("sh!t", &["shit", "shlt"]),
        ("зaпpeт", &["зaпpeт", "запрет"]),
        ("blоrр", &["blоrр", "blorp"]),
        ("bl.orp", &["bl orp", "blorp"]),
        ("b l o r p", &["b l o r p", "blorp"]),
        ("مر7با", &["مر7با", "مرحبا"]),
        ("3ак0н", &["3ак0н", "закон", "еакон"]),
        ("🅱lob", &["🅱 lob", "blob"]),
        ("🅱", &["🅱"]),
        ("ʙʟᴏʀᴘ", &["ʙʟᴏʀᴘ", "blorp"]),
        ("xxx", &["xxx"]),
        ("сасао", &["сасао"]),
        ("می\u{200C}خواهم", &["ميخواهم", "مي خواهم"]),
        ("...", &[]),
    ];
    for (entry, want) in cases {
        assert_eq!(forms(entry), *want, "{entry}");
    }
    assert_eq!(fold_words("Well-Known 布洛!"), ["well", "known", "布", "洛"]);
}

#[test]
fn an_odd_cyrillic_entry_is_spelt_in_cyrillic() {
    let cases: &[(&str, &[&str])] = &[
        ("ж4ж", &["ж4ж", "жчж", "жаж"]),
        ("ж6ж", &["ж6ж", "жбж"]),
        ("ж8ж", &["ж8ж", "жвж", "жбж"]),
        ("ж@ж", &["жаж"]),
        ("ж€ж", &["жеж"]),
        ("ж₽ж", &["жрж"]),
        ("ж¢ж", &["жсж"]),
        ("ж×ж", &["жхж"]),
        ("жuж", &["жuж", "жиж"]),
        ("жnж", &["жnж", "жпж"]),
        ("жwж", &["жwж", "жшж"]),
        ("жrж", &["жrж", "жгж"]),
        ("жkж", &["жkж", "жкж"]),
        ("жmж", &["жmж", "жмж"]),
        ("жtж", &["жtж", "жтж"]),
        ("жhж", &["жhж", "жнж"]),
        ("жbж", &["жbж", "жвж", "жбж"]),
    ];
    for (entry, want) in cases {
        assert_eq!(forms(entry), *want, "{entry}");
    }
}

#[test]
fn an_odd_entry_is_spelt_in_the_script_it_is_at_home_in() {
    let cases: &[(&str, &[&str])] = &[
        // No letter of either can stand in for the other: the one with more letters.
        ("жд4f", &["жд4f", "ждчf", "ждаf"]),
        ("fz4ж", &["fz4ж", "fzaж"]),
        // One Arabic letter makes no Arabic word, and Hebrew has no digits for letters.
        ("zor7بlk", &["zor7بlk", "zortبlk"]),
        ("של7ום", &["של7ום", "שלtום"]),
        // Capitals that look like I, or like a digit that is a letter.
        ("kΙlf", &["kιlf", "kilf"]),
        ("glЗd", &["glзd", "gled"]),
    ];
    for (entry, want) in cases {
        assert_eq!(forms(entry), *want, "{entry}");
    }
}

#[test]
fn the_forms_of_an_entry_are_limited_and_the_likeliest_come_first() {
    assert_eq!(forms("1t1s1t1s1t").len(), 9, "as written, and eight spellings");
    assert_eq!(forms("k1l1 s1t1").len(), 9, "of two words too");
    assert_eq!(forms("م2م2م"), ["م2م2م", "مقمقم", "مامقم", "مءمقم"]);
}

#[test]
fn an_emoji_of_letters_is_these_letters() {
    let cases = [
        ("🅐", "a"),
        ("🅩", "z"),
        ("🅰", "a"),
        ("🆉", "z"),
        ("🇦", "a"),
        ("🇿", "z"),
        ("🆎", "ab"),
        ("🆑", "cl"),
        ("🆒", "cool"),
        ("🆓", "free"),
        ("🆔", "id"),
        ("🆕", "new"),
        ("🆖", "ng"),
        ("🆗", "ok"),
        ("🆘", "sos"),
        ("🆙", "up"),
        ("🆚", "vs"),
    ];
    for (emoji, letters) in cases {
        assert_eq!(forms(&format!("x{emoji}"))[1..], [format!("x{letters}")], "{emoji}");
    }
}

#[test]
fn letters_digits_and_signs_stand_for_the_letter_of_their_class() {
    let classes = [
        ("0oо", 'o'),
        ("1!|ilı£ǀ", 'i'),
        ("2z", 'z'),
        ("3eз€", 'e'),
        ("4@aч", 'a'),
        ("5$s§₴", 's'),
        ("68bвб", 'b'),
        ("7t+т", 't'),
        ("9gд", 'g'),
        ("uийμ", 'u'),
        ("nп", 'n'),
        ("hн", 'h'),
        ("kк", 'k'),
        ("mм", 'm'),
        ("rг", 'r'),
        ("wш", 'w'),
        ("y¥", 'y'),
        ("c¢", 'c'),
        ("p₽", 'p'),
        ("x×", 'x'),
    ];
    for (letters, class) in classes {
        for letter in letters.chars() {
            assert_eq!(canonical(letter), class, "{letter}");
        }
    }
    // Of other scripts a letter is what it is, however round.
    for letter in "هסოж".chars() {
        assert_eq!(canonical(letter), letter);
    }
}

#[test]
fn digits_are_letters_of_a_class_but_in_arabic_words() {
    for (word, want) in [("bl0r7", "biort"), ("مر7با", "مر7با"), ("سl7", "سi7")] {
        assert_eq!(skeleton(word), want);
    }
}

#[test]
fn an_entry_says_whether_it_is_odd_and_what_it_loses() {
    let cases = [
        ("blorp", false, false),
        ("don't stop!", false, false),
        ("«Blorp» — now…", false, false),
        ("布洛，普。", false, false),
        ("blorp*", false, false),
        ("*blorp", false, false),
        ("a$$", true, false),
        ("sl!m", true, false),
        ("bl.orp", true, false),
        ("c++", false, true),
        ("c#", false, true),
        ("$100", false, true),
        ("100 €", false, true),
        ("@blorp", false, true),
        ("blorp & co", false, true),
        ("blorp ★", false, true),
        ("ـ", false, true),
        ("🌀 now", false, false),
    ];
    for (entry, odd, loses) in cases {
        let unmasked = unmask_entry(entry);
        assert_eq!((unmasked.odd, unmasked.loses), (odd, loses), "{entry}");
    }
}

#[test]
fn one_cluster_of_a_spaceless_script_is_too_short() {
    for (entry, short) in [("药", true), ("布洛", false), ("药 blorp", false), ("b", false)] {
        let unmasked = unmask_entry(entry);
        assert!(unmasked.forms.iter().all(|form| form.is_too_short() == short), "{entry}");
    }
}

#[test]
fn a_unit_is_spaceless_where_all_of_it_is() {
    for (entry, spaceless) in [("布洛", true), ("布blorp", false), ("blorp布", false)] {
        let unmasked = unmask_entry(entry);
        let units = unmasked.forms.iter().flat_map(|form| &form.units);
        assert!(units.map(|unit| unit.spaceless).eq([spaceless]), "{entry}");
    }
}

#[test]
fn no_script_without_spaces_stands_before_thai() {
    use Script::{Han, Hiragana, Katakana, Khmer, Lao, Myanmar, Thai};
    let spaceless = [Han, Hiragana, Katakana, Thai, Lao, Khmer, Myanmar];
    let mut before = '\0'..fold::FIRST_SPACELESS;
    assert!(!before.any(|c| spaceless.contains(&c.script()) || "ー〆".contains(c)));
    assert!(super::is_spaceless(fold::FIRST_SPACELESS));
}

fn shapes(text: &str) -> Vec<&'static str> {
    let name = |odd: &Odd| match (&odd.shape, odd.classes) {
        (Shape::Word, true) => "classes",
        (Shape::Word, false) => "letters",
        (Shape::Dots, _) => "dots",
        (Shape::Run(_), _) => "run",
    };
    views(text, &[]).odd().iter().map(name).collect()
}

#[test]
fn ordinary_writing_is_not_odd() {
    let quiet = [
        "The quick brown fox, 2024: 50 % off!",
        "Meet at 10am or 7 pm, iphone 12pro, covid19, 4k",
        "Москва и область, 5 лет",
        "price $100, 20€, 3 000 ₽",
        "año schön değil",
        "1.5 2.0 3,14",
        "@somebody wrote",
        "なるほど、ガールです。今天好",
        "안녕하세요 여러분",
        "यह किताब है",
        "C'est l'été à l'eau",
        "a b",
    ];
    for text in quiet {
        assert_eq!(shapes(text), Vec::<&str>::new(), "{text}");
    }
    assert_eq!(
        shapes("bl0rp p@ss looool a.bc d e f"),
        ["classes", "letters", "classes", "dots", "run"]
    );
}

#[test]
fn an_odd_word_beside_a_script_without_spaces_is_odd() {
    for (text, slice) in [("布bl0rp", "bl0rp"), ("กัbl0rp", "bl0rp"), ("布 布bl0rp布", "bl0rp")]
    {
        assert_eq!(shapes(text), ["classes"], "{text}");
        assert_eq!(text.get(views(text, &[]).odd()[0].range()), Some(slice));
    }
}

#[test]
fn a_word_with_dots_goes_on_over_signs_and_letter_emoji() {
    for text in ["b.l@rp", "b.lo!rp", "b.l🅾rp", "b.lorp"] {
        let views = views(text, &[]);
        let dots = views.odd().iter().find(|odd| odd.shape == Shape::Dots);
        assert_eq!(dots.map(Odd::range), Some(0..text.len()), "{text}");
    }
}
