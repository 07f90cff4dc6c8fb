//! Text to the form that patterns are compared in. No two of these give the same: the peers keep
//! signs and most marks, so the numbers say what each costs, not that one could stand for another.
//!
//! `normalise::fold` and `normalise::views` are the slow truth, which posts meet only where they hit.
//! What all other posts meet has no name outside the crate, so it is measured as a scan of a list of
//! one word: folded text, its words, its odd words, and a look at each of them.

use icu_casemap::{CaseMapper, CaseMapperBorrowed};
use icu_normalizer::{ComposingNormalizer, ComposingNormalizerBorrowed};
use tidegate::decode::{Piece, Post};
use tidegate::normalise;
use tidegate::record::Part;
use tidegate::scan::{Seen, Tables};
use unicode_normalization::UnicodeNormalization;

use crate::patterns::{self, View};
use crate::posts::{self, Text};
use crate::race::{Load, Runner, apart, race};

pub fn run() {
    println!("\n## normalising");
    println!("\nEach gives something else: see the head of normalising.rs.");
    Text::ALL.into_iter().for_each(of_text);
}

fn of_text(text: Text) {
    let texts = posts::texts(&text.posts());
    let load = Load { posts: texts.len(), bytes: posts::bytes(&texts) };
    let icu = Icu::new();
    let runners = vec![
        scan_of_one(&texts),
        each("Tidegate, normalise::fold (slow truth)", &texts, |text| normalise::fold(text).len()),
        each("Tidegate, normalise::views (slow truth)", &texts, |text| {
            normalise::views(text, &[]).folded().len()
        }),
        each("ICU4X, NFKC and case fold", &texts, move |text| icu.of(text).len()),
        each("unicode-normalization, NFKC and lower case", &texts, |text| nfkc_lower(text).len()),
        each("decancer", &texts, |text| decancer::cure!(text).map_or(0, |cured| cured.len())),
        each("std to_lowercase, a floor", &texts, |text| text.to_lowercase().len()),
    ];
    race(&format!("text to its normal form, {}", text.name()), load, None, runners);
}

/// NFKC and case folding of ICU4X.
pub struct Icu {
    nfkc: ComposingNormalizerBorrowed<'static>,
    case: CaseMapperBorrowed<'static>,
}

impl Icu {
    pub fn new() -> Self {
        Self { nfkc: ComposingNormalizer::new_nfkc(), case: CaseMapper::new() }
    }

    pub fn of(&self, text: &str) -> String {
        self.case.fold_string(&self.nfkc.normalize(text)).into_owned()
    }
}

/// What an ordinary service does to a text.
pub fn nfkc_lower(text: &str) -> String {
    text.nfkc().collect::<String>().to_lowercase()
}

fn each<'t>(name: &str, texts: &'t [String], normal: impl Fn(&str) -> usize + 't) -> Runner<'t> {
    apart(name, move || texts.iter().map(|text| normal(text)).sum())
}

fn scan_of_one(texts: &[String]) -> Runner<'_> {
    let list = ["bababababa".to_owned()];
    let compiled = patterns::compile(&patterns::source(&list, View::Unmasked));
    let tables = Tables::build(&compiled.pack.rules).expect("one word fits");
    let post = |text| Post { text: String::as_str(text).into(), ..Post::default() };
    let posts: Vec<Post<'_>> = texts.iter().map(post).collect();
    apart("Tidegate, scan of one word: fold, words, odd words", move || {
        let hits = posts.iter().map(|post| {
            let piece = Piece { part: Part::Text, index: 0, text: &post.text };
            tables.scan(post, &[Seen { piece, links: Vec::new() }]).all.len()
        });
        hits.sum()
    })
}
