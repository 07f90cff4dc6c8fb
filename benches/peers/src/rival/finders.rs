//! Two ways to find the entries of a list in a text: what comes to mind first, and what is faster
//! where all entries are words.

use ahash::AHashMap;
use aho_corasick::AhoCorasick;

use crate::normalising::Icu;
use crate::whole::is_word;

/// Finds entries of a list, each by its number.
pub trait Finder {
    /// The first one in this text.
    fn first(&mut self, text: &str) -> Option<usize>;
}

/// An automaton over the normal text, which asks of each match whether it is a whole word.
pub struct Automaton {
    normal: Icu,
    automaton: AhoCorasick,
}

impl Automaton {
    pub fn new(entries: &[String]) -> Self {
        let normal = Icu::new();
        let entries = entries.iter().map(|entry| normal.of(entry));
        let automaton = AhoCorasick::new(entries).expect("within its limits");
        Self { normal, automaton }
    }
}

impl Finder for Automaton {
    fn first(&mut self, text: &str) -> Option<usize> {
        let text = self.normal.of(text);
        let mut matches = self.automaton.find_overlapping_iter(&text);
        let found = matches.find(|found| is_word(&text, found.start(), found.end()))?;
        Some(found.pattern().as_usize())
    }
}

/// Every run of one, two … words of the normal text, looked up in a table.
pub struct WordTable {
    normal: Icu,
    entries: AHashMap<String, usize>,
    words_max: usize,
    /// The words of a text with one space between them, and where each starts and ends.
    joined: String,
    words: Vec<(usize, usize)>,
}

impl WordTable {
    pub fn new(entries: &[String]) -> Self {
        let normal = Icu::new();
        let words_max = entries.iter().map(|entry| entry.split(' ').count()).max().unwrap_or(0);
        let entries = entries.iter().enumerate();
        let entries = entries.map(|(number, entry)| (normal.of(entry), number)).collect();
        Self { normal, entries, words_max, joined: String::new(), words: Vec::new() }
    }

    fn cut(&mut self, text: &str) {
        self.joined.clear();
        self.words.clear();
        let mut start = None;
        for c in text.chars() {
            let at = self.joined.len();
            if c.is_alphanumeric() {
                start = start.or(Some(at));
                self.joined.push(c);
            } else if let Some(from) = start.take() {
                self.words.push((from, at));
                self.joined.push(' ');
            }
        }
        self.words.extend(start.map(|from| (from, self.joined.len())));
    }
}

impl Finder for WordTable {
    fn first(&mut self, text: &str) -> Option<usize> {
        let text = self.normal.of(text);
        self.cut(&text);
        let mut runs = self.words.iter().enumerate().flat_map(|(first, (start, _))| {
            let ends = self.words[first..].iter().take(self.words_max);
            ends.map(|(_, end)| &self.joined[*start..*end])
        });
        runs.find_map(|run| self.entries.get(run).copied())
    }
}
