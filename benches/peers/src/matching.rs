//! Which posts hold a pattern of a list? All engines stop at the first one they find in a post.
//!
//! The peers are handed text that is folded already, with a space before and after it, and look for
//! each pattern with a space on both sides: a whole word to them is a stretch of bytes. Tidegate gets
//! the same text and has no way to be told so: in its figure it folds it once more, cuts it into
//! words and looks for odd words, as it does with every text. Where a post hits, it names every hit
//! with its range in the original; to the peers a yes is enough. Vectorscan gets its posts in two
//! ways: one a call, as they come, and joined to blocks, where it goes on after a match. yara-x
//! cannot be stopped.

use aho_corasick::AhoCorasick;
use daachorse::CharwiseDoubleArrayAhoCorasick;
use regex::{RegexSet, RegexSetBuilder};
use tidegate::decode::{Piece, Post};
use tidegate::normalise;
use tidegate::record::Part;
use tidegate::scan::{Seen, Tables};

use crate::patterns::{self, View};
use crate::posts::{self, Text};
use crate::race::{Load, Runner, race, runner};
use crate::yara::{self, Entry};

const SIZES: [usize; 4] = [1_000, 10_000, 100_000, 1_000_000];

/// A larger set of regexes takes minutes to build.
const REGEXES_MAX: usize = 10_000;

pub fn run() {
    println!("\n## matching");
    println!(
        "\nTidegate folds the text again, cuts words, looks for odd words, and names each hit of"
    );
    println!(
        "a post that hits; the peers are handed folded text and stop at the first pattern that"
    );
    println!("they find in a post.");
    if !cfg!(feature = "vectorscan") {
        println!("Vectorscan is not among them: this was built without it.");
    }
    for text in Text::ALL {
        let known = text.words();
        println!("\n{} different words in the {}.", known.len(), text.name());
        for size in SIZES {
            of_size(text, &patterns::make(size, &known));
        }
    }
}

fn of_size(text: Text, list: &[String]) {
    patterns::assert_folded(list);
    let (made, planted) = text.planted(list);
    let texts: Vec<String> =
        posts::texts(&made).iter().map(|text| format!(" {} ", normalise::fold(text))).collect();
    let load = Load { posts: texts.len(), bytes: posts::bytes(&texts) };
    let size = list.len();
    let spaced = patterns::spaced(list);
    let yara_rules = (size <= yara::ENTRIES_MAX).then(|| yara::rules(&spaced, Entry::Bytes));

    let mut runners = vec![tidegate(list, &texts), aho_corasick(&spaced, &texts)];
    runners.push(daachorse(&spaced, &texts));
    if size <= REGEXES_MAX {
        runners.push(regex_set(&spaced, &texts));
    }
    #[cfg(feature = "vectorscan")]
    runners.extend(crate::vectorscan::runners(list, &texts));
    if let Some(rules) = &yara_rules {
        runners.extend(yara::runners(rules, &texts));
    }
    race(&format!("{size} patterns, {}", text.name()), load, Some(planted), runners);
}

fn tidegate<'t>(list: &[String], texts: &'t [String]) -> Runner<'t> {
    let compiled = patterns::compile(&patterns::source(list, View::Folded));
    let tables = Tables::build(&compiled.pack.rules).expect("one list fits");
    let post = |text: &'t String| Post { text: text.trim().into(), ..Post::default() };
    let posts: Vec<Post<'t>> = texts.iter().map(post).collect();
    runner("Tidegate, fold and all", move || {
        let hits = posts.iter().filter(|post| {
            let piece = Piece { part: Part::Text, index: 0, text: &post.text };
            !tables.scan(post, &[Seen { piece, links: Vec::new() }]).all.is_empty()
        });
        hits.count()
    })
}

fn aho_corasick<'t>(spaced: &[String], texts: &'t [String]) -> Runner<'t> {
    let automaton = AhoCorasick::new(spaced).expect("within its limits");
    let name = format!("aho-corasick ({:?})", automaton.kind());
    runner(name, move || texts.iter().filter(|text| automaton.is_match(text.as_str())).count())
}

fn daachorse<'t>(spaced: &[String], texts: &'t [String]) -> Runner<'t> {
    let automaton = CharwiseDoubleArrayAhoCorasick::<u32>::new(spaced).expect("within its limits");
    let is_match = move |text: &&String| automaton.find_iter(text).next().is_some();
    runner("daachorse, by character", move || texts.iter().filter(&is_match).count())
}

fn regex_set<'t>(spaced: &[String], texts: &'t [String]) -> Runner<'t> {
    // Its own limits are for regexes of strangers; with them it would not build, or run slower.
    let built: Result<RegexSet, _> =
        RegexSetBuilder::new(spaced.iter().map(|it| regex::escape(it)))
            .size_limit(1 << 30)
            .dfa_size_limit(1 << 28)
            .build();
    let set = built.expect("within these limits");
    runner("regex, RegexSet", move || texts.iter().filter(|text| set.is_match(text)).count())
}
