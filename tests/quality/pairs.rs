//! Recall: a word that is hit as it is, is it hit disguised as well, at the very place?

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use tidegate::normalise::fold;

use crate::disguise::Tactic;
use crate::matcher::Matcher;
use crate::random::Random;
use crate::shipped;

/// Percent of the pairs of a tactic that must be recalled.
const MADE_MIN: f64 = 98.0;
const OTHERS_MIN: f64 = 95.0;
const ARABIC_MIN: f64 = 65.0;

/// Pairs of each tactic.
const MADE_PAIRS: usize = 600;

/// Pairs of others of all tactics that are undone.
const OTHERS_PAIRS_MIN: usize = 2_000;

/// Shown in a report, of each tactic.
const MISSED_SHOWN: usize = 12;

/// Bytes of benign text before and behind a word, roughly.
const CONTEXT_BYTES: usize = 30;

const SEED: u64 = 2_026;

/// Languages that the words of each tactic come from.
const LATIN: &[&str] = &["en", "de", "es", "fr", "it", "pt", "nl", "pl", "fi", "id"];
const CYRILLIC: &[&str] = &["ru", "uk"];
const ARABIC: &[&str] = &["ar", "fa"];
const OTHERS: &[&str] = &["ar", "fa", "hi", "tr", "el", "hu", "cs", "sv"];

struct Pair {
    /// What it is counted under.
    groups: Vec<String>,
    plain: String,
    disguised: String,
    /// What stands before and behind the word in the text.
    around: (String, String),
}

#[derive(Default)]
struct Count {
    pairs: usize,
    recalled: usize,
    /// The hit is the disguise, no more and no less.
    exact: usize,
    missed: Vec<String>,
}

impl Count {
    #[expect(clippy::cast_precision_loss, reason = "some thousand pairs")]
    fn percent(&self, of: usize) -> f64 {
        of as f64 * 100.0 / self.pairs as f64
    }
}

/// Scans both sides of each pair. Pairs whose plain side is not hit do not count.
fn measure(matcher: &Matcher, pairs: &[Pair]) -> BTreeMap<String, Count> {
    let mut counts = BTreeMap::<String, Count>::new();
    for pair in pairs {
        let (before, behind) = &pair.around;
        let entry = fold(&pair.plain);
        let hit = |word: &str| {
            let text = format!("{before}{word}{behind}");
            let place = before.len()..before.len() + word.len();
            let mut hits = matcher.hits(&text);
            hits.retain(|hit| {
                let touches = hit.range.start < place.end && place.start < hit.range.end;
                touches && hit.entries.contains(&entry)
            });
            (!hits.is_empty(), hits.iter().any(|hit| hit.range == place))
        };
        if !hit(&pair.plain).0 {
            continue;
        }
        let (recalled, exact) = hit(&pair.disguised);
        for group in &pair.groups {
            let count = counts.entry(group.clone()).or_default();
            count.pairs += 1;
            count.recalled += usize::from(recalled);
            count.exact += usize::from(exact);
        }
        let first = pair.groups.first().and_then(|group| counts.get_mut(group));
        if let Some(count) = first.filter(|_| !recalled) {
            count.missed.push(format!("{} ({})", pair.disguised, pair.plain));
        }
    }
    counts
}

fn report(counts: &BTreeMap<String, Count>) -> String {
    let mut out = "pairs of | pairs | recalled | exact range\n".to_owned();
    for (group, count) in counts {
        let (recalled, exact) = (count.percent(count.recalled), count.percent(count.exact));
        writeln!(out, "{group} | {} | {recalled:.1} % | {exact:.1} %", count.pairs).unwrap();
    }
    for (group, count) in counts.iter().filter(|(_, count)| !count.missed.is_empty()) {
        let shown: Vec<&str> = count.missed.iter().take(MISSED_SHOWN).map(String::as_str).collect();
        writeln!(out, "missed, {group}: {}", shown.join(", ")).unwrap();
    }
    out
}

/// What must be recalled of a tactic that the unmasking sets out to undo; nothing where it does not.
fn goal(tactic: Tactic, min: f64) -> Option<f64> {
    match tactic {
        Tactic::LeetBeyond | Tactic::ArabicSounds => None,
        Tactic::ArabicDigits | Tactic::ArabicLooks => Some(ARABIC_MIN),
        _ => Some(min),
    }
}

fn require(counts: &BTreeMap<String, Count>, min: f64) {
    for tactic in Tactic::ALL {
        let count = counts.get(tactic.name()).filter(|count| count.pairs > 0);
        let (Some(goal), Some(count)) = (goal(tactic, min), count) else { continue };
        let percent = count.percent(count.recalled);
        let name = tactic.name();
        assert!(percent >= goal, "{name}: {percent:.1} % of {goal} %\n{}", report(counts));
    }
}

/// Entries of these languages that are one word of three letters or more.
fn words<'e>(entries: &'e [[String; 3]], languages: &[&str]) -> Vec<(&'e str, &'e str)> {
    let whole = |word: &str| {
        let letters = word.chars().filter(|c| c.is_alphabetic()).count();
        let mark = unicode_normalization::char::is_combining_mark;
        letters >= 3 && word.chars().all(|c| c.is_alphabetic() || mark(c))
    };
    let of = entries.iter().filter(|[language, word, _]| {
        languages.contains(&language.as_str()) && whole(word) && *word == word.to_lowercase()
    });
    of.map(|[language, word, _]| (language.as_str(), word.as_str())).collect()
}

fn languages(tactic: Tactic) -> Vec<&'static str> {
    match tactic {
        Tactic::Fonts | Tactic::FullWidth => LATIN.to_vec(),
        Tactic::Leet | Tactic::LeetBeyond | Tactic::LookAlikes | Tactic::Mixed => {
            [LATIN, CYRILLIC].concat()
        }
        Tactic::ArabicDigits | Tactic::ArabicLooks | Tactic::ArabicSounds => ARABIC.to_vec(),
        _ => [LATIN, CYRILLIC, OTHERS].concat(),
    }
}

/// A few words of a benign line of the language, before and behind.
fn around(lines: &[&str], random: &mut Random) -> (String, String) {
    let line = random.pick(lines).copied().unwrap_or_default();
    let words: Vec<&str> = line.split_whitespace().collect();
    let (left, right) = words.split_at(random.below(words.len() + 1));
    let (mut before, mut behind) = (String::new(), String::new());
    for word in left.iter().rev().take_while(|_| random.percent(90)) {
        if before.len() < CONTEXT_BYTES {
            before = format!("{word} {before}");
        }
    }
    for word in right {
        if behind.len() < CONTEXT_BYTES {
            write!(behind, " {word}").unwrap();
        }
    }
    (before, behind)
}

fn made(tactic: Tactic, entries: &[[String; 3]], benign: &BTreeMap<&str, Vec<&str>>) -> Vec<Pair> {
    let mut random = Random::new(SEED + tactic as u64);
    let languages = languages(tactic);
    let by_language: Vec<_> = languages.iter().map(|one| words(entries, &[*one])).collect();
    let mut pairs = Vec::new();
    while pairs.len() < MADE_PAIRS {
        let words = random.pick(&by_language).unwrap();
        let Some(&(language, word)) = random.pick(words) else { continue };
        let Some(disguised) = tactic.hide(word, &mut random) else { continue };
        let lines = benign.get(language).map(Vec::as_slice).unwrap_or_default();
        let around = around(lines, &mut random);
        let mut groups = vec![tactic.name().to_owned()];
        if goal(tactic, MADE_MIN) == Some(MADE_MIN) {
            groups.push(format!("language {language}"));
        }
        pairs.push(Pair { groups, plain: word.to_owned(), disguised, around });
    }
    pairs
}

#[test]
fn pairs_made_by_seeded_generators_are_recalled() {
    let entries = shipped::rows::<3>("entries.tsv");
    let matcher = Matcher::of(entries.iter().map(|[_, entry, _]| entry.as_str()));
    let lines = shipped::benign();
    let mut benign = BTreeMap::<&str, Vec<&str>>::new();
    for [language, _, text] in &lines {
        benign.entry(language).or_default().push(text);
    }
    let pairs = Tactic::ALL.iter().flat_map(|tactic| made(*tactic, &entries, &benign));
    let counts = measure(&matcher, &pairs.collect::<Vec<_>>());
    println!("{}", report(&counts));
    assert!(Tactic::ALL.iter().all(|tactic| counts[tactic.name()].pairs > MADE_PAIRS * 9 / 10));
    require(&counts, MADE_MIN);
}

#[test]
fn pairs_that_others_made_are_recalled() {
    let rows = shipped::rows::<4>("pairs.tsv");
    let entries: BTreeSet<&str> = rows.iter().map(|[_, plain, _, _]| plain.as_str()).collect();
    let matcher = Matcher::of(entries.into_iter());
    let pairs = rows.iter().map(|[tactic, plain, disguised, source]| {
        let source = source.split(':').next().unwrap_or_default();
        Pair {
            groups: vec![tactic.clone(), format!("{tactic}: {source}")],
            plain: plain.clone(),
            disguised: disguised.clone(),
            around: (String::new(), String::new()),
        }
    });
    let pairs: Vec<Pair> = pairs.collect();
    let counts = measure(&matcher, &pairs);
    println!("{}", report(&counts));
    let counted: usize = Tactic::ALL
        .iter()
        .filter_map(|tactic| counts.get(tactic.name()))
        .map(|count| count.pairs)
        .sum();
    assert!(counted > OTHERS_PAIRS_MIN, "{counted} pairs");
    require(&counts, OTHERS_MIN);
}
