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
use crate::posts::{self, PLANTED_EVERY, Six, Text};
use crate::race::{Load, Runner, race, runner};
use crate::{decoding, normalising};

const SIZE: usize = 100_000;

pub fn run() {
    println!("\n## whole");
    println!(
        "\n{SIZE} patterns; JSON to verdict. The stack: serde_json into a struct of six fields,"
    );
    println!("NFKC, lower case, aho-corasick, is it a whole word?");
    Text::ALL.into_iter().for_each(of_text);
}

/// Does it find an entry in this post?
type Fires<'a> = Box<dyn Fn(&[u8]) -> bool + 'a>;

fn of_text(text: Text) {
    let list = patterns::make(SIZE, &text.words());
    let rules = rules(&list);
    let engines = [
        ("Tidegate, screen", tidegate(&rules)),
        ("ordinary stack", ordinary(&list)),
        ("fastest stack", chosen(&list)),
    ];
    let mut made = text.posts();
    let all = made.len();
    made.retain(|json| !engines.iter().any(|(_, fires)| fires(json)));
    println!(
        "\nLeft out: {} of {all} posts, in which one of them finds an entry before any is",
        all - made.len()
    );
    println!("planted: the stacks undo no disguise, and cut words otherwise.");
    let planted = posts::plant(&mut made, &list, PLANTED_EVERY);
    let load = Load { posts: made.len(), bytes: posts::bytes(&made) };
    let posts = &made;
    let runners = engines.iter().map(|(name, fires)| {
        runner(*name, move || posts.iter().filter(|json| fires(json)).count())
    });
    let mut runners: Vec<Runner<'_>> = runners.collect();
    runners.push(decoding::floor(&made));
    race(&format!("JSON to a verdict, {}", text.name()), load, Some(planted), runners);
}

/// One rule with this list, in all views.
pub fn rules(list: &[String]) -> RuleSet {
    let compiled = patterns::compile(&patterns::source(list, View::Unmasked));
    RuleSet::build(vec![compiled.pack]).expect("one list fits")
}

/// Counts the posts where the rule fires.
pub fn fired(rules: &RuleSet, reading: &Reading, made: &[Vec<u8>]) -> usize {
    made.iter().filter(|json| fires(rules, reading, json)).count()
}

fn fires(rules: &RuleSet, reading: &Reading, json: &[u8]) -> bool {
    let mut screened = Screened::default();
    let read = screen_into(&mut screened, Some(json), rules, reading);
    read.expect("made posts can be read");
    !screened.verdict.fired.is_empty()
}

fn tidegate(rules: &RuleSet) -> Fires<'_> {
    let reading = Reading::default();
    Box::new(move |json| fires(rules, &reading, json))
}

fn ordinary(list: &[String]) -> Fires<'_> {
    let automaton = AhoCorasick::new(list).expect("within its limits");
    Box::new(move |json| {
        let six: Six<'_> = serde_json::from_slice(json).expect("made posts can be read");
        let text = normalising::nfkc_lower(&six.text);
        let mut matches = automaton.find_overlapping_iter(&text);
        matches.any(|found| is_word(&text, found.start(), found.end()))
    })
}

fn chosen(list: &[String]) -> Fires<'_> {
    let automaton = CharwiseDoubleArrayAhoCorasick::<u32>::new(list).expect("within its limits");
    let normal = Icu::new();
    Box::new(move |json| {
        let six: Six<'_> = sonic_rs::from_slice(json).expect("made posts can be read");
        let text = normal.of(&six.text);
        let mut matches = automaton.find_overlapping_iter(&text);
        matches.any(|found| is_word(&text, found.start(), found.end()))
    })
}

/// No letter or digit before or after it.
pub fn is_word(text: &str, start: usize, end: usize) -> bool {
    let before = text[..start].chars().next_back();
    let after = text[end..].chars().next();
    !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric)
}
