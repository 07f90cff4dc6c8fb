//! The example packs on labelled text that is not theirs: what they catch of spam, how often they are
//! right, how often they alarm on benign lines and on honest posts that come close. The tables of `packs/README.md` are made here:
//! `TIDEGATE_RENEW=1 cargo test --test quality packs`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use tidegate::decode::text_post;
use tidegate::rules::{ActionKind, compile};
use tidegate::screen::{RuleSet, screen_post};
use tidegate::trial;

use crate::shipped;

const PACKS: [&str; 5] = ["jobs", "investment", "phishing", "drugs", "spam"];

/// Benign lines in 1,000 that a pack may fire on.
const ALARMS_MAX: f64 = 0.5;
/// A language with fewer benign lines is counted among the others.
const LANGUAGE_LINES_MIN: usize = 400;
/// Of the posts that any pack fires on, so many must be spam, percent.
const PRECISION_MIN: f64 = 95.0;

const BEGIN: &str = "<!-- made by tests/quality/packs.rs -->\n";
const END: &str = "<!-- end -->\n";

fn root(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// A pack with all its rules live.
fn pack(name: &str) -> RuleSet {
    let source = tidegate::control::read_folder(&root("packs").join(name)).unwrap();
    let compiled = compile(&source).map_err(|report| report.render(&source, false)).unwrap();
    let outcome = trial::run(&compiled.pack).unwrap();
    assert_eq!(outcome.failures, [], "{name}");
    assert!(
        compiled.warnings.diagnostics.is_empty(),
        "{}",
        compiled.warnings.render(&source, false)
    );
    trial::live(&compiled.pack).unwrap()
}

/// What one post is enough for; rules that count need several.
#[derive(Clone, Copy, Default)]
struct Said {
    fires: bool,
    /// Fires, and does more than hand the post to people.
    acts: bool,
}

fn said(packs: &[&RuleSet], text: &str) -> Said {
    let mut said = Said::default();
    for rules in packs {
        let verdict = screen_post(text_post(1, text), rules).verdict;
        for fired in verdict.fired.iter().filter(|one| rules.rules()[one.rule].count.is_none()) {
            let asks = fired.actions.iter().all(|one| matches!(one.kind, ActionKind::Refer { .. }));
            said.fires = true;
            said.acts |= !fired.softened && !asks;
        }
    }
    said
}

/// So many of so many.
#[derive(Clone, Copy, Default)]
struct Share {
    some: usize,
    all: usize,
}

impl Share {
    fn of(hits: impl Iterator<Item = bool>) -> Self {
        hits.fold(Self::default(), |sum, hit| Self {
            some: sum.some + usize::from(hit),
            all: sum.all + 1,
        })
    }

    #[expect(clippy::cast_precision_loss, reason = "some thousand lines")]
    fn times(self, scale: f64) -> f64 {
        self.some as f64 * scale / self.all.max(1) as f64
    }
}

/// The texts that packs are held against.
struct Texts {
    labelled: Vec<[String; 4]>,
    near: Vec<[String; 4]>,
    benign: Vec<[String; 3]>,
}

impl Texts {
    fn shipped() -> Self {
        let labelled = shipped::rows::<4>("labelled.tsv");
        let near = shipped::rows::<4>("near.tsv");
        Self {
            labelled: labelled.into_iter().filter(|[_, half, ..]| half == "unread").collect(),
            near: near.into_iter().filter(|[half, ..]| half == "unread").collect(),
            benign: shipped::benign(),
        }
    }

    fn caught(&self, packs: &[&RuleSet], set: &str, label: &str) -> Share {
        let of = self.labelled.iter().filter(|[from, _, is, _]| from == set && is == label);
        Share::of(of.map(|[.., text]| said(packs, text).fires))
    }

    /// One line of the table, and how far what fires is spam.
    fn row(&self, name: &str, packs: &[&RuleSet]) -> (String, Share) {
        let sets = ["telegram-ru", "sms-en"];
        let [ru, en] = sets.map(|set| self.caught(packs, set, "spam"));
        let ham: usize = sets.map(|set| self.caught(packs, set, "ham").some).iter().sum();
        let right = Share { some: ru.some + en.some, all: ru.some + en.some + ham };
        let precision = match right.all {
            0 => "–".to_owned(),
            all => format!("{:.1} % of {all}", right.times(100.0)),
        };
        let near = Share::of(self.near.iter().map(|[.., text]| said(packs, text).acts));
        let alarms = Share::of(self.benign.iter().map(|[.., text]| said(packs, text).fires));
        assert!(alarms.times(1_000.0) <= ALARMS_MAX, "{name}: {} benign lines", alarms.some);
        let rules: usize = packs.iter().map(|rules| rules.rules().len()).sum();
        let patterns: usize = packs.iter().map(|rules| rules.patterns()).sum();
        let row = format!(
            "| {name} | {rules} | {patterns} | {:.0} % of {} | {:.0} % of {} | {precision} | {:.2} | {} of {} |\n",
            ru.times(100.0),
            ru.all,
            en.times(100.0),
            en.all,
            alarms.times(1_000.0),
            near.some,
            near.all
        );
        (row, right)
    }

    /// Benign lines that any of the packs fires on, by language.
    fn by_language(&self, packs: &[&RuleSet]) -> String {
        let mut lines: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for [language, _, text] in &self.benign {
            lines.entry(language).or_default().push(text);
        }
        let mut shares: BTreeMap<&str, Share> = BTreeMap::new();
        for (language, texts) in lines {
            let few = texts.len() < LANGUAGE_LINES_MIN;
            let share = shares.entry(if few { "others" } else { language }).or_default();
            let more = Share::of(texts.iter().map(|text| said(packs, text).fires));
            *share = Share { some: share.some + more.some, all: share.all + more.all };
        }
        let mut table =
            "| language | benign lines | fired on | in 1,000 |\n|---|--:|--:|--:|\n".to_owned();
        for (language, share) in shares {
            let Share { some, all } = share;
            writeln!(table, "| {language} | {all} | {some} | {:.2} |", share.times(1_000.0))
                .unwrap();
        }
        table
    }
}

#[test]
fn the_tables_of_the_packs_say_what_they_do() {
    let packs = PACKS.map(|name| (name, pack(name)));
    let texts = Texts::shipped();
    let mut table = String::from(
        "| pack | rules | patterns | caught, `telegram-ru` | caught, `sms-en` | precision | benign lines in 1,000 | close and honest, acted on |\n\
         |---|--:|--:|--:|--:|--:|--:|--:|\n",
    );
    for (name, rules) in &packs {
        table += &texts.row(&format!("`{name}`"), &[rules]).0;
    }
    let every = packs.each_ref().map(|(_, rules)| rules);
    let (row, right) = texts.row("all five", &every);
    assert!(right.times(100.0) >= PRECISION_MIN, "{} of {} are spam", right.some, right.all);
    let tables = format!("{table}{row}\n{}", texts.by_language(&every));
    println!("{tables}");
    let path = root("packs/README.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once(BEGIN).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    let renewed = format!("{before}{BEGIN}{tables}{END}{after}");
    if std::env::var_os("TIDEGATE_RENEW").is_some() {
        std::fs::write(&path, renewed).unwrap();
    } else {
        assert_eq!(page, renewed, "renew it: TIDEGATE_RENEW=1 cargo test --test quality packs");
    }
}
