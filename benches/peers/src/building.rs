//! How long the tables of a list take to build and how many bytes they are, beside those of
//! automata of the same patterns. Once each for a million and for yara-x, the median of three else.

use std::time::Duration;

use aho_corasick::AhoCorasick;
use daachorse::CharwiseDoubleArrayAhoCorasick;
use tidegate::scan::Tables;

use crate::patterns::{self, View};
use crate::posts::Text;
use crate::race::timed;
#[cfg(feature = "vectorscan")]
use crate::vectorscan::Search;
use crate::yara::{self, Entry};

const SIZES: [usize; 2] = [100_000, 1_000_000];

pub fn run() {
    println!("\n## build");
    println!(
        "\nTidegate checks a pack once (rules::compile) and builds tables from it wherever it is"
    );
    println!("loaded; view unmasked holds each entry as odd words spell it, too.");
    if !cfg!(feature = "vectorscan") {
        println!("Vectorscan is not among them: this was built without it.");
    }
    let known = Text::Made.words();
    for size in SIZES {
        of_size(size, &patterns::make(size, &known));
    }
}

fn of_size(size: usize, list: &[String]) {
    println!("\n### {size} patterns\n");
    println!("| what | s | MiB |\n|---|--:|--:|");
    let rounds = if size > 100_000 { 1 } else { 3 };
    for (view, name) in [(View::Folded, "folded"), (View::Unmasked, "unmasked")] {
        let source = patterns::source(list, view);
        let compile = || patterns::compile(&source);
        row(&format!("Tidegate, rules::compile, {name}"), rounds, compile, |_| None);
        let rules = patterns::compile(&source).pack.rules;
        let build = || Tables::build(&rules).expect("one list fits");
        let tables = format!("Tidegate, Tables::build, {name}");
        row(&tables, rounds, build, |tables| Some(tables.bytes()));
    }
    let spaced = patterns::spaced(list);
    let build = || AhoCorasick::new(&spaced).expect("within its limits");
    row("aho-corasick", rounds, build, |automaton| Some(automaton.memory_usage()));
    let build = || CharwiseDoubleArrayAhoCorasick::<u32>::new(&spaced).expect("within its limits");
    row("daachorse, by character", rounds, build, |automaton| Some(automaton.heap_bytes()));
    #[cfg(feature = "vectorscan")]
    {
        let build = || Search::of(list);
        row("Vectorscan, with its scratch", rounds, build, |search| Some(search.bytes()));
    }
    if size <= yara::ENTRIES_MAX {
        let build = || yara::rules(&spaced, Entry::Bytes);
        row("yara-x, as serialised", 1, build, |rules| rules.serialize().ok().map(|it| it.len()));
    }
}

fn row<T>(name: &str, rounds: usize, make: impl Fn() -> T, bytes: impl Fn(&T) -> Option<usize>) {
    let mut took: Vec<(Duration, Option<usize>)> = Vec::new();
    for _ in 0..rounds {
        let (time, made) = timed(&make);
        took.push((time, bytes(&made)));
    }
    took.sort();
    let (time, bytes) = took[rounds / 2];
    let bytes = bytes.map_or_else(String::new, |it| format!("{:.1}", it as f64 / 1_048_576.0));
    println!("| {name} | {:.2} | {bytes} |", time.as_secs_f64());
}
