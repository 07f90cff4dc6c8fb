//! Abuse to plant: texts with the words that matter marked, and who writes it.

use super::disguise::Disguise;
use super::random::Random;

/// What is planted for one rule.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plant {
    /// Id of the rule that has to find it.
    pub rule: String,
    /// Texts to choose from, at least one. `{word}` marks a word or phrase that the rule looks
    /// for: it may be disguised, and stands in no harmless text. `{*}` is a harmless word or two.
    pub texts: Vec<String>,
    /// Disguises to choose from; empty: planted as it is.
    pub disguises: Vec<Disguise>,
    /// For a rule with `count`: planted in series, each by one author in this many different
    /// channels, at least 1. `None`: each plant stands for itself.
    pub channels: Option<usize>,
}

/// How a post was planted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlantedAs {
    /// Id of the rule that has to find it.
    pub rule: String,
    /// How its words are hidden; `None` where they are not.
    pub disguise: Option<Disguise>,
    /// Its place in a series, for a rule with `count`.
    pub series: Option<Series>,
}

/// The place of a post in a series of one author.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Series {
    /// Id of the author: one series, one author.
    pub author: String,
    /// Place, from 1.
    pub number: usize,
    /// Length of the series. A rule that needs so many acts only once the last one is there.
    pub of: usize,
}

/// Why a plan cannot be carried out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// A text has an open or a stray brace, or nothing between two.
    #[error("a text of {0} has unbalanced or empty braces; mark words as {{word}}")]
    Braces(String),
    /// A text marks no word, so harmless text might hold what the rule looks for.
    #[error("a text of {0} marks no word; mark what the rule looks for as {{word}}")]
    Unmarked(String),
    /// There is nothing to plant.
    #[error("{0} has no texts; give one at least")]
    NoTexts(String),
    /// A series of nothing.
    #[error("{0} is planted in 0 channels; leave it out or say 1 or more")]
    NoChannels(String),
    /// Not a share.
    #[error("the planted share is not between 0 and 1, or there is nothing to plant")]
    Share,
    /// What is planted leaves no harmless words.
    #[error("the planted words leave fewer than {least} harmless words in every language")]
    NoWords {
        /// So many would be enough.
        least: usize,
    },
}

/// A piece of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Bit {
    /// As it stands.
    Plain(String),
    /// A word or phrase that the rule looks for.
    Marked(String),
    /// A harmless word or two.
    Filler,
}

/// Takes a text apart.
pub(super) fn bits(rule: &str, text: &str) -> Result<Vec<Bit>, PlanError> {
    let mut bits = Vec::new();
    let mut rest = text;
    while let Some((plain, behind)) = rest.split_once('{') {
        let (inside, after) =
            behind.split_once('}').ok_or_else(|| PlanError::Braces(rule.to_owned()))?;
        let stray = plain.contains('}') || inside.contains('{') || inside.trim().is_empty();
        if stray {
            return Err(PlanError::Braces(rule.to_owned()));
        }
        bits.push(Bit::Plain(plain.to_owned()));
        bits.push(if inside == "*" { Bit::Filler } else { Bit::Marked(inside.to_owned()) });
        rest = after;
    }
    if rest.contains('}') {
        return Err(PlanError::Braces(rule.to_owned()));
    }
    bits.push(Bit::Plain(rest.to_owned()));
    Ok(bits)
}

/// A phrase with one of its words hidden, and whether one was.
pub(super) fn hide(phrase: &str, disguise: Disguise, random: &mut Random) -> (String, bool) {
    let mut words: Vec<String> = phrase.split(' ').map(str::to_owned).collect();
    let start = random.below(words.len());
    // The first word from a random one on that the disguise suits.
    let order = (start..words.len()).chain(0..start);
    for index in order {
        let Some(word) = words.get_mut(index) else { continue };
        if let Some(hidden) = disguise.hide(word, random) {
            *word = hidden;
            return (words.join(" "), true);
        }
    }
    (words.join(" "), false)
}
