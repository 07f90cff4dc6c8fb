//! The patterns all engines look for: whole words and phrases of two and three words, 4 to 24 bytes.
//!
//! Words are made of syllables, most of them Latin, some Cyrillic, a few Arabic, and none stands in
//! an unplanted post. Half of the phrases hold one word that posts do use, as phrases of real lists
//! do: so an engine may not stop at the first word that it does not know.

use std::collections::HashSet;

use tidegate::normalise;
use tidegate::rules::{self, Compiled, Source};

use crate::random::Random;

const SEED: u64 = 11;

const BYTES_MIN: usize = 4;
const BYTES_MAX: usize = 24;

/// Consonants, vowels, and how many of 100 patterns are written in them.
const SCRIPTS: [(&str, &str, usize); 3] =
    [("bdfgklmnprstvz", "aeiou", 70), ("бвгдзклмнпрст", "аеиоу", 25), ("بتدرسشفقكلمن", "اوي", 5)];

/// So many patterns, all different and folded already. `known`: the words of the posts.
pub fn make(count: usize, known: &HashSet<String>) -> Vec<String> {
    let mut random = Random::new(SEED);
    let common = SCRIPTS.map(|(consonants, vowels, _)| common(known, consonants, vowels));
    let mut taken = HashSet::with_capacity(count);
    let mut patterns = Vec::with_capacity(count);
    while patterns.len() < count {
        let pattern = pattern(&mut random, known, &common);
        let fits = (BYTES_MIN..=BYTES_MAX).contains(&pattern.len());
        if fits && taken.insert(pattern.clone()) {
            patterns.push(pattern);
        }
    }
    patterns
}

/// The words of posts that are written in the letters of a script, sorted so that each run has the
/// same.
fn common(known: &HashSet<String>, consonants: &str, vowels: &str) -> Vec<String> {
    let in_script =
        |word: &String| word.chars().all(|c| consonants.contains(c) || vowels.contains(c));
    let mut words: Vec<String> = known.iter().filter(|word| in_script(word)).cloned().collect();
    words.sort();
    words
}

fn pattern(random: &mut Random, known: &HashSet<String>, common: &[Vec<String>; 3]) -> String {
    let script = match random.below(100) {
        point if point < SCRIPTS[0].2 => 0,
        point if point < SCRIPTS[0].2 + SCRIPTS[1].2 => 1,
        _ => 2,
    };
    let count = match random.below(100) {
        0..50 => 1,
        50..85 => 2,
        _ => 3,
    };
    let mut words: Vec<String> = (0..count).map(|_| word(random, script, known)).collect();
    if count > 1 && random.percent(50) {
        let place = random.below(count);
        words[place].clone_from(random.pick(&common[script]));
    }
    words.join(" ")
}

/// A made word that stands in no post.
fn word(random: &mut Random, script: usize, known: &HashSet<String>) -> String {
    let consonants: Vec<char> = SCRIPTS[script].0.chars().collect();
    let vowels: Vec<char> = SCRIPTS[script].1.chars().collect();
    loop {
        let mut word = String::new();
        for _ in 0..2 + random.below(3) {
            word.push(*random.pick(&consonants));
            word.push(*random.pick(&vowels));
        }
        if random.percent(40) {
            word.push(*random.pick(&consonants));
        }
        if !known.contains(&word) {
            return word;
        }
    }
}

/// The pattern as a search for bytes sees a whole word: with the spaces around it.
pub fn spaced(patterns: &[String]) -> Vec<String> {
    patterns.iter().map(|pattern| format!(" {pattern} ")).collect()
}

/// The view of a rule.
#[derive(Clone, Copy)]
pub enum View {
    Folded,
    Unmasked,
}

/// A pack of one rule that looks for these in the text of posts.
pub fn source(patterns: &[String], view: View) -> Source {
    const MANIFEST: &str = "\
name: peers
version: \"1\"
owner: bench@example.org
defaults:
  severity: high
  scope: worldwide
  reason: {ground: terms, clause: \"1\", explanation: {en: An entry of the list.}}
";
    let view = match view {
        View::Folded => "folded",
        View::Unmasked => "unmasked",
    };
    let first = &patterns[0];
    let rule = format!(
        "\
id: peers.any
title: Any entry of a long list
status: live
patterns:
  listed: {{list: lists/entries.txt, match: phrase, view: {view}, in: [text]}}
condition: listed
actions: [remove_post]
tests:
  - fires: \"{first}\"
  - quiet: \"harmless\"
"
    );
    let files = [
        ("pack.yaml", MANIFEST.to_owned()),
        ("rules/any.yaml", rule),
        ("lists/entries.txt", patterns.join("\n")),
    ];
    let files = files.map(|(name, text)| (name.to_owned(), text.into_bytes()));
    Source { files: files.into() }
}

/// Adds a rule that counts the posts of an author which hold one of these, and refers from so many on.
pub fn add_counting(source: &mut Source, entries: &[String], at_least: usize) {
    let first = &entries[0];
    let rule = format!(
        "\
id: peers.often
title: An author writes entries again and again
status: live
patterns:
  planted: {{list: lists/planted.txt, match: phrase, view: unmasked, in: [text]}}
condition: planted
count: {{by: author.id, different: post.id, at_least: {at_least}, within: 10m}}
actions: [{{refer: {{queue: often}}}}]
tests:
  - series: {{repeat: {at_least}, every: 1s, post: {{author: {{id: a}}, text: \"{first}\"}}}}
    fires_at: [{at_least}]
  - quiet: \"harmless\"
"
    );
    source.files.insert("rules/often.yaml".to_owned(), rule.into_bytes());
    source.files.insert("lists/planted.txt".to_owned(), entries.join("\n").into_bytes());
}

/// The same, compiled. Nothing of these lists may draw an error.
pub fn compile(source: &Source) -> Compiled {
    match rules::compile(source) {
        Ok(compiled) => compiled,
        Err(report) => {
            let shown = report.render(source, false);
            let start: Vec<&str> = shown.lines().take(20).collect();
            panic!("the made pack does not compile:\n{}", start.join("\n"))
        }
    }
}

/// All peers are handed folded text, so their patterns must be folded as well.
pub fn assert_folded(patterns: &[String]) {
    for pattern in patterns {
        assert_eq!(&normalise::fold(pattern), pattern, "a made pattern is not its own folded form");
    }
}
