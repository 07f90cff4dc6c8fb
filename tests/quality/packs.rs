//! The example packs on labelled text that is not theirs: what they catch of spam, how often they are
//! right, how often they alarm on benign lines. The table of `packs/README.md` is made here:
//! `TIDEGATE_RENEW=1 cargo test --test quality packs`.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use tidegate::decode::text_post;
use tidegate::rules::compile;
use tidegate::screen::{RuleSet, screen_post};
use tidegate::trial;

use crate::shipped;

const PACKS: [&str; 5] = ["jobs", "investment", "phishing", "drugs", "spam"];

/// Benign lines in 1,000 that a pack may fire on.
const ALARMS_MAX: f64 = 0.5;
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

fn fires(rules: &RuleSet, text: &str) -> bool {
    !screen_post(text_post(1, text), rules).verdict.fired.is_empty()
}

#[derive(Default)]
struct Caught {
    spam: usize,
    of_spam: usize,
    ham: usize,
    of_ham: usize,
}

impl Caught {
    fn note(&mut self, is_spam: bool, fires: bool) {
        let (caught, all) = match is_spam {
            true => (&mut self.spam, &mut self.of_spam),
            false => (&mut self.ham, &mut self.of_ham),
        };
        *caught += usize::from(fires);
        *all += 1;
    }

    #[expect(clippy::cast_precision_loss, reason = "some thousand lines")]
    fn recall(&self) -> f64 {
        self.spam as f64 * 100.0 / self.of_spam.max(1) as f64
    }

    #[expect(clippy::cast_precision_loss, reason = "some thousand lines")]
    fn precision(&self) -> f64 {
        self.spam as f64 * 100.0 / (self.spam + self.ham).max(1) as f64
    }
}

#[test]
#[expect(clippy::cast_precision_loss, reason = "some thousand lines")]
fn the_table_of_the_packs_says_what_they_do() {
    let packs = PACKS.map(|name| (name, pack(name)));
    let benign = shipped::benign();
    let labelled = shipped::rows::<4>("labelled.tsv");
    let unread: Vec<_> = labelled.iter().filter(|[_, half, ..]| half == "unread").collect();
    let mut table = String::from(
        "| pack | rules | patterns | caught, `telegram-ru` | caught, `sms-en` | precision | benign lines in 1,000 |\n\
         |---|--:|--:|--:|--:|--:|--:|\n",
    );
    let mut all = [Caught::default(), Caught::default()];
    let mut row = |name: &str, rules: &[&RuleSet]| {
        let fires = |text: &str| rules.iter().any(|rules| fires(rules, text));
        let mut caught = [Caught::default(), Caught::default()];
        for [set, _, label, text] in &unread {
            let of = usize::from(set == "sms-en");
            caught[of].note(label == "spam", fires(text));
        }
        let alarms = benign.iter().filter(|[.., text]| fires(text)).collect::<Vec<_>>();
        for [language, file, text] in &alarms {
            println!("{name}: {language} {file}: {text}");
        }
        let in_thousand = alarms.len() as f64 * 1_000.0 / benign.len() as f64;
        let [ru, en] = &caught;
        let both = Caught { spam: ru.spam + en.spam, ham: ru.ham + en.ham, ..Caught::default() };
        let precision = match both.spam + both.ham {
            0 => "–".to_owned(),
            _ => format!("{:.1} %", both.precision()),
        };
        let count: usize = rules.iter().map(|rules| rules.rules().len()).sum();
        let patterns: usize = rules.iter().map(|rules| rules.patterns()).sum();
        _ = writeln!(
            table,
            "| {name} | {count} | {patterns} | {:.0} % of {} | {:.0} % of {} | {precision} | {in_thousand:.2} |",
            ru.recall(),
            ru.of_spam,
            en.recall(),
            en.of_spam
        );
        assert!(in_thousand <= ALARMS_MAX, "{name}: {in_thousand}");
        all = caught;
    };
    for (name, rules) in &packs {
        row(&format!("`{name}`"), &[rules]);
    }
    row("all five", &packs.each_ref().map(|(_, rules)| rules));
    let ham: usize = all.iter().map(|caught| caught.ham).sum();
    let spam: usize = all.iter().map(|caught| caught.spam).sum();
    println!("{table}");
    assert!(spam as f64 * 100.0 / (spam + ham).max(1) as f64 >= PRECISION_MIN, "{ham} of ham");
    let path = root("packs/README.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once(BEGIN).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    let renewed = format!("{before}{BEGIN}{table}{END}{after}");
    if std::env::var_os("TIDEGATE_RENEW").is_some() {
        std::fs::write(&path, renewed).unwrap();
    } else {
        assert_eq!(page, renewed, "renew it: TIDEGATE_RENEW=1 cargo test --test quality packs");
    }
}
