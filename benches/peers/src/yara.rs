//! yara-x: one rule of all entries, `any of them`.
//!
//! A scanner that has matched once clears a bit for every entry before each text from then on, one
//! after the other: with 10,000 entries that is nearly all that a text costs. A new scanner does not,
//! but takes long to make. So both ways are raced.

use std::fmt::Write as _;

use yara_x::{Compiler, Rules, Scanner};

use crate::race::{Runner, runner};
use crate::whole;

/// The most strings that it takes in a rule; to compile so many takes most of a minute.
pub const ENTRIES_MAX: usize = 100_000;

/// How an entry is looked for.
#[derive(Clone, Copy)]
pub enum Entry {
    /// As these bytes.
    Bytes,
    /// With no letter or digit of ASCII before or after it: yara-x knows no others.
    Fullword,
}

pub fn rules(list: &[String], entry: Entry) -> Rules {
    let modifier = match entry {
        Entry::Bytes => "",
        Entry::Fullword => "fullword",
    };
    let mut source = String::from("rule any_entry {\nstrings:\n");
    for (number, pattern) in list.iter().enumerate() {
        writeln!(source, "$p{number} = \"{pattern}\" {modifier}").expect("a string takes all");
    }
    source += "condition:\nany of them\n}\n";
    let mut compiler = Compiler::new();
    compiler.add_source(source.as_str()).expect("made words are strings of a rule");
    compiler.build()
}

/// Of texts and patterns with a space on both sides, as the other peers have them: with one scanner,
/// and with a new one after each match.
pub fn runners<'t>(rules: &'t Rules, texts: &'t [String]) -> [Runner<'t>; 2] {
    [each("yara-x", false, rules, texts), each("yara-x, new after a match", true, rules, texts)]
}

fn each<'t>(name: &str, renews: bool, rules: &'t Rules, texts: &'t [String]) -> Runner<'t> {
    let mut scanner = Scanner::new(rules);
    let mut has_matched = false;
    let mut fires = move |text: &&String| {
        if renews && has_matched {
            scanner = Scanner::new(rules);
        }
        let results = scanner.scan(text.as_bytes()).expect("no time limit is set");
        has_matched = results.matching_rules().len() > 0;
        has_matched
    };
    runner(name, move || texts.iter().filter(&mut fires).count())
}

/// Does an entry stand in the text as a whole word? Of the matches of [`Entry::Fullword`], those with
/// letters around them that are not of ASCII are sorted out here.
pub fn has_word(scanner: &mut Scanner<'_>, text: &str) -> bool {
    let results = scanner.scan(text.as_bytes()).expect("no time limit is set");
    let patterns = results.matching_rules().flat_map(|rule| rule.patterns());
    let mut found = patterns.flat_map(|pattern| pattern.matches()).map(|found| found.range());
    found.any(|range| whole::is_word(text, range.start, range.end))
}
