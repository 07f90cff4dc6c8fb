//! What is legal and seldom meant: warnings, never errors.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use super::codes::Code;
use super::escalation::{find, id_of};
use super::model::{Match, Pattern, PatternKind, Rule, Status};
use super::patterns::Named;
use super::report::{Faults, Span, quoted};
use super::yaml::Node;
use crate::normalise::fold;

/// Letters that a word has at least, in scripts that write words with letters.
const LETTERS_MIN: usize = 3;

/// Entries of one rule that exceptions are held against: more are a list whose words nobody knows.
const ENTRIES_MAX: usize = 10_000;

/// Characters of the longest of [`COMMON`].
const LONGEST: usize = 5;

/// Words that are in nearly every post of a language, in the languages that most posts are in; ours.
const COMMON: &str = include_str!("data/common.txt");

/// Why an entry that is one word is in too many posts, if it is.
pub(super) fn common(text: &str) -> Option<String> {
    // Nearly all entries are longer, and a pack can have a million of them.
    if text.chars().nth(LONGEST).is_some() || text.contains('*') {
        return None;
    }
    let word = fold(text);
    if word.contains(' ') || word.is_empty() {
        return None;
    }
    static FOLDED: LazyLock<HashSet<String>> =
        LazyLock::new(|| COMMON.split_whitespace().map(fold).collect());
    if FOLDED.contains(&word) {
        return Some(format!("{} is among the commonest words", quoted(text)));
    }
    let letters = word.chars().count();
    let is_short = letters < LETTERS_MIN && word.chars().all(is_letter_of_words);
    is_short.then(|| format!("{} has less than {LETTERS_MIN} letters", quoted(text)))
}

/// A letter of a script whose words are written apart and have several letters.
fn is_letter_of_words(letter: char) -> bool {
    letter.is_alphabetic() && !is_spaceless(letter)
}

/// Thai, Lao, Myanmar, Khmer, and all that lies from the radicals of Han on.
fn is_spaceless(letter: char) -> bool {
    matches!(letter, '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}')
        || letter >= '\u{2e80}'
}

/// A regex that is a text: does nothing that an entry does not.
pub(super) fn is_plain(regex: &str) -> bool {
    regex.chars().all(|letter| letter.is_alphanumeric() || letter == ' ')
}

/// Warns of exceptions that share no word with anything they could hide.
pub(super) fn warn_idle(except: &[Named], used: &[&Pattern], faults: &mut Faults) {
    let mut words = HashSet::new();
    for pattern in used {
        // What is no list of whole words can stand anywhere.
        let Some(own) = words_of(pattern) else { return };
        words.extend(own);
    }
    for named in except {
        let own = named.pattern.as_ref().and_then(words_of);
        if own.is_some_and(|own| own.is_disjoint(&words)) {
            faults
                .warn(
                    Code::ExceptIdle,
                    named.span,
                    format!("the exception {} shares no word with any pattern", quoted(&named.name)),
                )
                .label("it can hide nothing")
                .help("write the whole phrase that is harmless, the word that hits among it: \"Blorp Street\"");
        }
    }
}

/// The words of its entries, as they are compared; `None` where it looks for more than whole words.
fn words_of(pattern: &Pattern) -> Option<HashSet<String>> {
    let PatternKind::Entries { entries, matching, .. } = &pattern.kind else { return None };
    if !matches!(matching, Match::Word | Match::Phrase) || entries.len() > ENTRIES_MAX {
        return None;
    }
    let mut words = HashSet::new();
    for entry in entries {
        let is_clear = |letter: char| {
            (letter.is_alphanumeric() && !is_spaceless(letter)) || letter.is_whitespace()
        };
        if !entry.text.chars().all(is_clear) {
            return None;
        }
        words.extend(fold(&entry.text).split(' ').map(str::to_owned));
    }
    Some(words)
}

/// Warns of rules that look at the same posts for the same thing.
pub(super) fn warn_alike(nodes: &[&Node], rules: &[Rule], faults: &mut Faults) {
    let mut alike: HashMap<String, Vec<&Rule>> = HashMap::new();
    for rule in rules {
        let known = alike.entry(outline(rule)).or_default();
        if let Some(first) = known.iter().find(|other| is_alike(other, rule)) {
            let node = nodes.iter().find(|node| id_of(node) == Some(&rule.id));
            let place = node.and_then(|node| find(node, "condition"));
            let at = place.map_or(Span { file: 0, start: 0, end: 0 }, |(key, _)| key.span);
            faults
                .warn(
                    Code::SameRule,
                    at,
                    format!("{} fires where {} fires", quoted(&rule.id), quoted(&first.id)),
                )
                .label("the same patterns and the same condition")
                .help("keep one of the two, with the actions of both");
        }
        known.push(rule);
    }
}

/// Warns of rules that act by themselves, however often: once for all of them, at the first.
pub(super) fn warn_unlimited(nodes: &[&Node], rules: &[Rule], faults: &mut Faults) {
    let acts = |rule: &&Rule| rule.status > Status::Shadow && rule.is_harsh();
    let mut unlimited = rules.iter().filter(acts).filter(|rule| rule.limit.is_none());
    let Some(first) = unlimited.next() else { return };
    let (id, more) = (quoted(&first.id), unlimited.count());
    let message = match more {
        0 => format!("{id} acts without a limit"),
        1 => format!("{id} and one more rule act without a limit"),
        _ => format!("{id} and {more} more rules act without a limit"),
    };
    let node = nodes.iter().find(|node| id_of(node) == Some(&first.id));
    let place = node.and_then(|node| find(node, "actions").or_else(|| find(node, "id")));
    let at = place.map_or(Span { file: 0, start: 0, end: 0 }, |(key, _)| key.span);
    faults.warn(Code::NoLimit, at, message).label("a mistake would be stopped by nobody").help(
        "add `limit: {channels: 500, within: 1m}` to the rule, or to `defaults:` of pack.yaml",
    );
}

/// Equal for rules that could be alike; short, whatever lists they have.
fn outline(rule: &Rule) -> String {
    let ends = rule.patterns.iter().map(|pattern| match &pattern.kind {
        PatternKind::Entries { entries, .. } => {
            let text = |entry: Option<&super::model::Entry>| entry.map(|it| it.text.clone());
            format!("{:?} {:?} {}", text(entries.first()), text(entries.last()), entries.len())
        }
        _ => String::new(),
    });
    let ends: Vec<String> = ends.collect();
    format!("{:?} {:?} {:?}", rule.kinds, rule.condition, ends)
}

fn is_alike(one: &Rule, other: &Rule) -> bool {
    let body = |rule: &Rule| -> Vec<(PatternKind, crate::record::View, crate::record::Parts)> {
        rule.patterns.iter().map(|it| (it.kind.clone(), it.view, it.parts)).collect()
    };
    one.except == other.except
        && one.count == other.count
        && one.scope == other.scope
        && one.exempt == other.exempt
        && body(one) == body(other)
}
