//! False alarms: benign lines that only undoing disguises hits.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use tidegate::record::View;

use crate::matcher::Matcher;
use crate::shipped;

/// False alarms in 1,000 lines that are too many, over all lines and in one language.
const OVER_ALL_MAX: f64 = 0.5;
const LANGUAGE_MAX: f64 = 2.5;

/// A language with fewer lines is counted together with the others like it: one line of it would be
/// more than the limit allows.
const LANGUAGE_LINES_MIN: usize = 400;

/// Entries that the lines are held against.
const ENTRIES: usize = 10_000;

#[derive(Default)]
struct Count {
    lines: usize,
    plain: usize,
    alarms: usize,
}

impl Count {
    #[expect(clippy::cast_precision_loss, reason = "some thousand lines")]
    fn in_thousand(&self) -> f64 {
        self.alarms as f64 * 1_000.0 / self.lines as f64
    }
}

#[test]
fn undoing_disguises_raises_few_false_alarms_on_benign_lines() {
    let entries = shipped::rows::<3>("entries.tsv");
    assert_eq!(entries.len(), ENTRIES);
    let matcher = Matcher::of(entries.iter().map(|[_, entry, _]| entry.as_str()));
    let lines = shipped::benign();
    let mut of_language: BTreeMap<&str, usize> = BTreeMap::new();
    for [language, _, _] in &lines {
        *of_language.entry(language).or_default() += 1;
    }
    let (mut counts, mut all) = (BTreeMap::<&str, Count>::new(), Count::default());
    let mut report = String::new();
    for [language, file, text] in &lines {
        let enough = of_language[language.as_str()] >= LANGUAGE_LINES_MIN;
        let count = counts.entry(if enough { language } else { "others" }).or_default();
        let hits = matcher.hits(text);
        let (plain, undone): (Vec<_>, Vec<_>) =
            hits.iter().partition(|hit| hit.view != View::Unmasked);
        for count in [count, &mut all] {
            count.lines += 1;
            count.plain += usize::from(!plain.is_empty());
            count.alarms += usize::from(!undone.is_empty());
        }
        for hit in undone {
            let slice = &text.get(hit.range.clone()).unwrap();
            writeln!(report, "{language} {file}: {slice:?} as {:?} in {text}", hit.entries)
                .unwrap();
        }
    }
    writeln!(report, "language | lines | hit in folded | hit by undoing alone | in 1,000").unwrap();
    for (language, count) in counts.iter().chain([(&"all", &all)]) {
        let Count { lines, plain, alarms } = count;
        let rate = count.in_thousand();
        writeln!(report, "{language} | {lines} | {plain} | {alarms} | {rate:.2}").unwrap();
    }
    println!("{} languages\n{report}", of_language.len());
    assert!(all.in_thousand() <= OVER_ALL_MAX, "{:.2} in 1,000\n{report}", all.in_thousand());
    let worst = counts.values().map(Count::in_thousand).fold(0.0, f64::max);
    assert!(worst <= LANGUAGE_MAX, "{worst:.2} in 1,000 of one language\n{report}");
}
