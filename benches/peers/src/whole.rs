//! JSON bytes to a verdict with 100,000 patterns, one core, no log.
//!
//! Tidegate reads all fields, looks for links in every piece of text, and scans all of them in three
//! views, so that disguised words count too; then it scores. The stacks read six fields, take the
//! text alone through NFKC and case, look for the patterns with an automaton, and ask of each match
//! whether it is a whole word. The ordinary stack is what comes to mind first: serde_json,
//! unicode-normalization, aho-corasick. The other has the fastest peer of each section: sonic-rs,
//! ICU4X, daachorse.

use aho_corasick::AhoCorasick;
use daachorse::CharwiseDoubleArrayAhoCorasick;
use tidegate::screen::{Reading, RuleSet, Screened, screen_into};

use crate::normalising::Icu;
use crate::patterns::{self, View};
use crate::posts::{self, Six};
use crate::race::{Load, Runner, race, runner};
use crate::{decoding, normalising};

const SIZE: usize = 100_000;

pub fn run() {
    println!("\n## whole");
    println!(
        "\n{SIZE} patterns; JSON to verdict. The stack: serde_json into a struct of six fields,"
    );
    println!("NFKC, lower case, aho-corasick, is it a whole word?");
    let list = patterns::make(SIZE, &posts::words());
    let (made, planted) = posts::planted(&list);
    let load = Load { posts: made.len(), bytes: posts::bytes(&made) };
    let rules = rules(&list);
    let runners = vec![
        tidegate(&rules, &made),
        ordinary(&list, &made),
        chosen(&list, &made),
        decoding::floor(&made),
    ];
    race("JSON to a verdict", load, Some(planted), runners);
}

/// One rule with this list, in all views.
pub fn rules(list: &[String]) -> RuleSet {
    let compiled = patterns::compile(&patterns::source(list, View::Unmasked));
    RuleSet::build(vec![compiled.pack]).expect("one list fits")
}

/// Counts the posts where the rule fires.
pub fn fired(rules: &RuleSet, reading: &Reading, made: &[Vec<u8>]) -> usize {
    let fires = |json: &&Vec<u8>| {
        let mut screened = Screened::default();
        let read = screen_into(&mut screened, Some(json), rules, reading);
        read.expect("made posts can be read");
        !screened.verdict.fired.is_empty()
    };
    made.iter().filter(fires).count()
}

fn tidegate<'m>(rules: &'m RuleSet, made: &'m [Vec<u8>]) -> Runner<'m> {
    let reading = Reading::default();
    runner("Tidegate, screen", move || fired(rules, &reading, made))
}

fn ordinary<'m>(list: &[String], made: &'m [Vec<u8>]) -> Runner<'m> {
    let automaton = AhoCorasick::new(list).expect("within its limits");
    let fires = move |json: &&Vec<u8>| {
        let six: Six<'_> = serde_json::from_slice(json).expect("made posts can be read");
        let text = normalising::nfkc_lower(&six.text);
        let mut matches = automaton.find_overlapping_iter(&text);
        matches.any(|found| is_word(&text, found.start(), found.end()))
    };
    runner("ordinary stack", move || made.iter().filter(&fires).count())
}

fn chosen<'m>(list: &[String], made: &'m [Vec<u8>]) -> Runner<'m> {
    let automaton = CharwiseDoubleArrayAhoCorasick::<u32>::new(list).expect("within its limits");
    let normal = Icu::new();
    let fires = move |json: &&Vec<u8>| {
        let six: Six<'_> = sonic_rs::from_slice(json).expect("made posts can be read");
        let text = normal.of(&six.text);
        let mut matches = automaton.find_overlapping_iter(&text);
        matches.any(|found| is_word(&text, found.start(), found.end()))
    };
    runner("fastest stack", move || made.iter().filter(&fires).count())
}

/// No letter or digit before or after it.
pub fn is_word(text: &str, start: usize, end: usize) -> bool {
    let before = text[..start].chars().next_back();
    let after = text[end..].chars().next();
    !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric)
}
