//! The walk against its slow twin.

use proptest::prelude::*;

use super::block::{Before, Notes};
use super::*;
use crate::lanes::{self, BLOCK, Lanes, Spaced, Work};
use crate::normalise::any_text;

/// What is known of each block of a text.
struct Blocks<'t>(&'t [u8]);

impl Work for Blocks<'_> {
    type Out = Vec<(u64, u64, [u8; BLOCK], u64)>;

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) -> Self::Out {
        let (mut before, mut notes) = (Before::default(), Notes::default());
        let mut spaced = Spaced::default();
        spaced.fill(self.0);
        let blocks = (0..self.0.len()).step_by(BLOCK).map(|at| {
            let own = u64::MAX >> BLOCK.saturating_sub(self.0.len() - at);
            let (bytes, known) = ((&spaced, at, own), (&mut before, &mut notes));
            let block = block::look(lanes, bytes, steps::steps(), known).unwrap();
            (block.others, block.chars, block.kinds, u64::from(notes.notes))
        });
        blocks.collect()
    }
}

/// What a level says of a text: its bytes, where it is glued, its links, and its flags.
type Said = (Vec<u8>, Vec<u32>, Vec<[u32; 2]>, bool);

fn said(level: &Level) -> Said {
    (level.text().to_vec(), level.glued().to_vec(), level.links.clone(), level.korean)
}

/// Where the walk takes a text, it says what the slow twin says.
fn check(text: &str, links: &[Range<usize>]) -> Result<bool, TestCaseError> {
    let taken = check_way(Level::walk, text, links)?;
    Ok(taken | check_way(Level::latin, text, links)?)
}

type Way = fn(&mut Level, &str, &[Range<usize>]) -> Option<()>;

fn check_way(way: Way, text: &str, links: &[Range<usize>]) -> Result<bool, TestCaseError> {
    let mut quick = Level::default();
    quick.make_room(text);
    if way(&mut quick, text, links).is_none() {
        return Ok(false);
    }
    let mut slow = Level::default();
    slow.make_room(text);
    prop_assert!(slow.fill_slowly(text, links).is_ok(), "{:?}", text);
    prop_assert_eq!(said(&quick), said(&slow), "{:?}", text);
    Ok(true)
}

#[test]
fn latin_with_accents_and_punctuation_is_levelled_by_masks() {
    for text in [
        "¿Cómo está, señor? «Él» dijo: 5 €",
        "Zażółty gęślą jaźń",
        "Ž",
        "“naïve” — café\u{A0}à la crème",
    ] {
        let taken = |before: &usize| {
            let text = "x".repeat(*before) + text;
            matches!(check_way(Level::latin, &text, &[]), Ok(true))
        };
        // But where a letter that stays beyond ASCII lies over the end of a block.
        let refused = (0..70).filter(|before| !taken(before)).count();
        assert!(refused <= text.matches(['ñ', 'ł']).count(), "{refused} {text}");
    }
}

#[test]
fn letters_that_move_or_go_are_taken_as_the_slow_twin_takes_them() {
    for text in [
        "Привет, ёлка — это 5 € 😀👍🏽!",
        "क़लम ज़ा में है के और\u{951}\u{94D}",
        "مُحَمَّد في ٢٠٢٤",
        "我们A我 5我 ไทย ｶﾞ！",
        "Straße déjà vu… œuvre",
        "안녕하세요 오늘",
        "で\u{E31}\u{17D2}а で\u{E31}а",
    ] {
        assert!(check(text, &[]).is_ok(), "{text}: {:?}", check(text, &[]));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_walked_as_the_slow_twin_goes(text in any_text(), link in any::<bool>()) {
        let with_link = format!("{text} t.me/a_b.c {text}");
        let range = text.len() + 1..text.len() + 11;
        let links = if link { vec![range] } else { Vec::new() };
        check(if link { &with_link } else { &text }, &links)?;
    }

    #[test]
    fn all_processors_know_the_same_of_a_block(text in "[а-яёА-Яक-ह\u{93C}-\u{94D}한글我é ,—😀]{0,120}") {
        let all = lanes::run_on_each(|| Blocks(text.as_bytes()));
        prop_assert!(all.iter().all(|one| Some(one) == all.first()), "{:?}", text);
    }

    #[test]
    fn long_texts_are_walked_as_the_slow_twin_goes(
        text in "[a-zà-žÀ-Ž’…— @]{0,120}|[a-e ñüÑøé]{0,120}|[а-яёА-Я ]{0,90}[ا-ي\u{64B}-\u{652} ]{0,40}|[\u{915}-\u{939}\u{93C}-\u{94D}\u{951}\u{900}-\u{903}\u{958}-\u{95F} ]{0,120}|[α-ωΑ-Ωé ,—😀]{0,120}",
    ) {
        check(&text, &[])?;
    }
}
