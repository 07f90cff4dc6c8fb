//! Packs as people write them: every error code against its golden text, and the packs that ship.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use tidegate::rules::{
    Code, CountBy, Level, PatternKind, Report, Scope, Severity, Source, Status, Trial, compile,
};

/// pack.yaml of a broken pack that is about something else.
const PACK: &str = "name: broken\nversion: \"1\"\nowner: tests@example.org\n\
                    defaults: {limit: {channels: 500, within: 1m}}\n";

fn data(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The files of a golden case: divided by `#>> path` lines, or one rules file.
fn case(text: &str) -> Source {
    let mut files = BTreeMap::new();
    let (mut path, mut body) = ("rules/test.yaml", String::new());
    let mut put = |path: &str, body: &str| {
        if !body.is_empty() {
            files.insert(path.to_owned(), body.as_bytes().to_vec());
        }
    };
    for line in text.split_inclusive('\n') {
        if let Some(next) = line.strip_prefix("#>> ") {
            put(path, &body);
            (path, body) = (next.trim(), String::new());
        } else {
            body.push_str(line);
        }
    }
    put(path, &body);
    if !text.starts_with("#>> ") {
        files.insert("pack.yaml".to_owned(), PACK.as_bytes().to_vec());
    }
    Source { files }
}

fn folder(path: &Path) -> Source {
    let mut files = BTreeMap::new();
    let mut open = vec![path.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap().path();
            if entry.is_dir() {
                open.push(entry);
            } else {
                let name = entry.strip_prefix(path).unwrap().to_str().unwrap().to_owned();
                files.insert(name, fs::read(&entry).unwrap());
            }
        }
    }
    Source { files }
}

fn broken() -> Vec<(String, Source)> {
    let paths = fs::read_dir(data("tests/data/packs/broken")).unwrap();
    let paths = paths.map(|entry| entry.unwrap().path());
    let mut cases: Vec<(String, Source)> = paths
        .filter(|path| path.extension().is_some_and(|ending| ending == "yaml"))
        .map(|path| {
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            (name, case(&fs::read_to_string(path).unwrap()))
        })
        .collect();
    cases.sort_by(|a, b| a.0.cmp(&b.0));
    cases
}

/// Errors and warnings, or the warnings alone of a pack that compiles.
fn report(source: &Source) -> Report {
    match compile(source) {
        Ok(compiled) => {
            assert_eq!(compiled.warnings.errors(), 0);
            compiled.warnings
        }
        Err(report) => {
            assert!(report.errors() > 0);
            report
        }
    }
}

/// What must hold of every report, whatever it is about.
fn check(report: &Report, source: &Source) {
    for one in &report.diagnostics {
        assert!(one.help.is_some(), "no help: {one:?}");
        assert!(!one.message.ends_with('.'), "a full stop: {one:?}");
        let bytes = source.files.get(&one.file).map_or(&[][..], Vec::as_slice);
        let text = std::str::from_utf8(bytes).unwrap_or("");
        assert!(one.span.start <= one.span.end, "{one:?}");
        assert!(text.is_empty() || text.get(one.span.clone()).is_some(), "{one:?}");
    }
    let errors = report.diagnostics.iter().filter(|one| one.severity == Level::Error).count();
    assert_eq!(report.errors(), errors);
}

#[test]
fn every_broken_pack_is_reported_as_its_golden_text_says() {
    for (name, source) in broken() {
        let report = report(&source);
        check(&report, &source);
        let code = name.split('_').next().unwrap();
        assert!(report.diagnostics.iter().any(|one| one.code.id() == code), "{name}");
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path(data("tests/data/packs/broken"));
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.bind(|| insta::assert_snapshot!(name, report.render(&source, false)));
    }
}

/// Ten packs were broken on purpose, and mended by someone who had nothing but the messages. What
/// they saw stays as it was, or better, and what they wrote stays right.
#[test]
fn ten_packs_that_were_mended_from_their_messages_alone_stay_mended() {
    let all = data("tests/data/packs/mended");
    let mut names: Vec<_> = fs::read_dir(&all).unwrap().map(|entry| entry.unwrap()).collect();
    names.retain(|entry| entry.path().is_dir());
    assert_eq!(names.len(), 10);
    for name in names {
        let broken = folder(&name.path().join("broken"));
        let report = report(&broken);
        assert!(report.errors() > 0, "{name:?}");
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path(&all);
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        let text = report.render(&broken, false);
        let name = name.file_name().into_string().unwrap();
        settings.bind(|| insta::assert_snapshot!(name.clone(), text));
        let mended = compile(&folder(&all.join(&name).join("mended"))).unwrap();
        assert!(mended.warnings.diagnostics.is_empty(), "{name}");
        let outcome = tidegate::trial::run(&mended.pack).unwrap();
        assert!(outcome.run > 1 && outcome.failures.is_empty(), "{name}: {outcome:?}");
    }
}

/// Faults that do not fit a golden file: bytes no editor shows, and sizes.
fn built() -> Vec<(Code, &'static str, Source)> {
    let rule = include_str!("data/packs/rule.yaml");
    let with = |path: &str, bytes: Vec<u8>| {
        let mut source = case(rule);
        source.files.insert(path.to_owned(), bytes);
        source
    };
    let long: Vec<u8> = "# a comment\n".repeat(80_000).into_bytes();
    let many: Vec<u8> =
        (0..2_000_001).flat_map(|number| format!("w{number}\n").into_bytes()).collect();
    let listed = rule.replace("{any: [blorp]}", "{list: lists/words.txt}");
    let mut huge = case(&listed);
    huge.files.insert("lists/words.txt".to_owned(), many);
    vec![
        (
            Code::NotUtf8,
            "line 2 is not UTF-8",
            with("rules/b.yaml", b"id: a\ntitle: \xff\n".to_vec()),
        ),
        (Code::FileTooLarge, "at most 921600", with("rules/b.yaml", long)),
        (
            Code::ControlCharacter,
            "control character U+0000",
            with("rules/b.yaml", b"id: a\0b\n".to_vec()),
        ),
        (Code::TooManyPatterns, "more than 2000000 entries", huge),
    ]
}

#[test]
fn bytes_and_sizes_that_no_pack_may_have_are_reported() {
    for (code, message, source) in built() {
        let report = compile(&source).unwrap_err();
        check(&report, &source);
        let found = report.diagnostics.iter().find(|one| one.code == code);
        assert!(
            found.is_some_and(|one| one.message.contains(message)),
            "{}",
            report.render(&source, false)
        );
    }
}

#[test]
fn every_code_has_a_case() {
    let mut seen: BTreeSet<Code> = built().into_iter().map(|(code, ..)| code).collect();
    for (_, source) in broken() {
        seen.extend(report(&source).diagnostics.iter().map(|one| one.code));
    }
    let unseen: Vec<&Code> = Code::ALL.iter().filter(|code| !seen.contains(code)).collect();
    assert!(unseen.is_empty(), "{unseen:?}");
}

#[test]
fn the_starter_pack_compiles_without_a_warning() {
    let source = folder(&data("packs/starter"));
    let compiled = compile(&source).map_err(|report| report.render(&source, false)).unwrap();
    assert_eq!(compiled.warnings.render(&source, false), "");
    let ids: Vec<&str> = compiled.pack.rules.iter().map(|rule| &*rule.id).collect();
    let expected = [
        "fraud.giveaway",
        "fraud.jobs",
        "goods.menu",
        "goods.talk",
        "phishing.link",
        "phishing.support",
    ];
    assert_eq!(ids, expected);
}

#[test]
fn a_rule_becomes_what_it_says() {
    let text = r##"#>> pack.yaml
name: small
version: "7"
owner: somebody
defaults: {status: live, severity: high, actions: [{label: {label: x}}]}
patterns:
  lesson: {any: ["harm reduction"], match: phrase}
  far: {links: {domains: lists/far.txt}}
#>> lists/far.txt
# comment
zorb.example	a note
#>> rules/menu.yaml
id: drugs.menu
title: Menu
status: shadow
patterns:
  item: {any: [blorp, "блорп*"]}
  idle: {any: [idle]}
  price: {regex: '\d+ usdt', view: folded, in: [text, ocr]}
condition: item and any of (far, price)
except: {street: {any: ["Blorp Street"], match: phrase, gap: 1}}
soften: {when: lesson, to: {refer: {queue: low}}}
count: {by: author.id, at_least: 3, within: 10m, act_on: later}
actions: [remove_post, {restrict_post: {for: 7d}}]
scope: {only: [DE, EEA, "NO"]}
tests:
  - fires: {id: 7, text: blorp, sent_at: 5, channel: {title: x}}
    actions: [remove_post, restrict_post]
  - quiet: "nothing"
"##;
    let source = case(text);
    let compiled = compile(&source).map_err(|report| report.render(&source, false)).unwrap();
    assert_eq!((compiled.warnings.warnings(), compiled.warnings.errors()), (1, 0));
    let rule = &compiled.pack.rules[0];
    let names: Vec<&str> = rule.patterns.iter().map(|pattern| &*pattern.name).collect();
    assert_eq!(names, ["item", "price", "lesson", "far", "street"]);
    assert_eq!(rule.condition.shown(&rule.patterns).to_string(), "item and any of (far, price)");
    let soften = rule.soften.as_ref().unwrap();
    assert_eq!(soften.when.shown(&rule.patterns).to_string(), "lesson");
    assert_eq!(rule.except, [4]);
    assert_eq!((rule.status, rule.severity), (Status::Shadow, Severity::High));
    assert_eq!(rule.category, "drugs");
    assert_eq!(rule.patterns[1].kind, PatternKind::Regex(r"\d+ usdt".to_owned()));
    let PatternKind::Links(far) = &rule.patterns[3].kind else { unreachable!("far is links") };
    assert_eq!(far.domains.as_ref().unwrap()[0].text, "zorb.example");
    let count = rule.count.unwrap();
    assert_eq!(
        (count.different, count.within_ms, count.act_on_all),
        (CountBy::Post, 600_000, false)
    );
    let actions: Vec<(&str, Option<i64>)> =
        rule.actions.iter().map(|action| (action.kind.name(), action.for_ms)).collect();
    assert_eq!(actions, [("restrict_post", Some(604_800_000)), ("remove_post", None)]);
    let Scope::Only(countries) = &rule.scope else { unreachable!("the scope says only") };
    assert_eq!(countries.len(), 30);
    let fires = &rule.tests[0];
    let post: serde_json::Value = {
        let Trial::Post { post, .. } = &fires.trial else { unreachable!("it is one post") };
        serde_json::from_str(post).unwrap()
    };
    let expected = serde_json::json!({
        "id": "7", "kind": "post", "text": "blorp", "sent_at": 5, "channel": {"id": "c", "title": "x"},
    });
    assert_eq!(post, expected);
    assert_eq!(fires.place, ("rules/menu.yaml".to_owned(), 15));
}

#[test]
fn a_caret_stands_right_behind_any_bytes() {
    let rule = include_str!("data/packs/rule.yaml").replace("A test", "Меню 布洛普 🌀 é");
    let rule = rule.replace("[blorp]", "[блорп, '🌀']");
    let conditions = [
        "a and zeta",
        "'a and zeta'",
        "\"\\x61 and zeta\"",
        ">-\n  a\n  and zeta",
        "|\n  a and zeta",
    ];
    for condition in conditions {
        let rule = rule.replace("a and b", condition);
        for text in [rule.clone(), rule.replace('\n', "\r\n"), format!("\u{feff}{rule}")] {
            let source = case(&text);
            let report = compile(&source).unwrap_err();
            check(&report, &source);
            let found = &report.diagnostics[0];
            assert_eq!(found.code, Code::UnknownPattern, "{}", report.render(&source, false));
            assert_eq!(
                text.get(found.span.clone()),
                Some("zeta"),
                "{}",
                report.render(&source, false)
            );
        }
    }
}

#[test]
fn colour_changes_nothing_but_colour() {
    let source = case("id: x");
    let report = compile(&source).unwrap_err();
    let coloured = report.render(&source, true);
    assert!(coloured.contains('\u{1b}'));
    let mut plain = String::new();
    for part in coloured.split('\u{1b}') {
        plain.push_str(
            part.split_once('m').filter(|_| part.starts_with('[')).map_or(part, |it| it.1),
        );
    }
    assert_eq!(plain, report.render(&source, false));
}

/// Pieces that make or break YAML and conditions.
const PIECES: [&str; 40] = [
    "\n",
    "\n  ",
    "- ",
    ": ",
    "{",
    "}",
    "[",
    "]",
    ",",
    "'",
    "\"",
    "|",
    ">",
    "&a ",
    "*a",
    "!!str ",
    " #",
    "---\n",
    "...\n",
    "\t",
    "\0",
    "\u{feff}",
    "\u{85}",
    "é",
    "布",
    "🌀",
    "%YAML 1.1\n",
    "?",
    "a and (",
    "within 3 words of ",
    "regex: '(a|'",
    "\\",
    "x.hits >= ",
    "any of (a*)",
    "\r",
    "key: value\n",
    "~",
    "yes",
    "0x1",
    "<<: ",
];

/// One change of a file: where (in parts of its length), what goes in, how many bytes go out.
type Edit = (prop::sample::Index, usize, usize);

fn edited(bytes: &[u8], edits: &[Edit]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for (place, piece, out) in edits {
        let at = place.index(bytes.len() + 1);
        let end = (at + out).min(bytes.len());
        bytes.splice(at..end, PIECES[*piece].bytes());
    }
    bytes
}

fn edits() -> impl Strategy<Value = Vec<Edit>> {
    prop::collection::vec((any::<prop::sample::Index>(), 0..PIECES.len(), 0usize..12), 1..5)
}

/// Compiles and prints, whatever comes of it.
fn survives(source: &Source) {
    let report = report(source);
    check(&report, source);
    assert_eq!(report.render(source, true).is_empty(), report.diagnostics.is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_bytes_make_the_compiler_panic(
        pack in prop::collection::vec(any::<u8>(), 0..200),
        rule in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let files = [("pack.yaml", pack), ("rules/a.yaml", rule)];
        let files = files.into_iter().map(|(path, bytes)| (path.to_owned(), bytes));
        survives(&Source { files: files.collect() });
    }

    #[test]
    fn no_heap_of_yaml_makes_the_compiler_panic(
        pieces in prop::collection::vec(prop::sample::select(PIECES.to_vec()), 0..60)
    ) {
        survives(&case(&format!("id: x\n{}", pieces.concat())));
    }

    #[test]
    fn no_change_of_a_good_pack_makes_the_compiler_panic(edits in edits(), which in 0usize..8) {
        let mut source = folder(&data("packs/starter"));
        let paths: Vec<String> = source.files.keys().cloned().collect();
        let path = &paths[which % paths.len()];
        let bytes = edited(&source.files[path], &edits);
        source.files.insert(path.clone(), bytes);
        survives(&source);
    }
}

/// Runs the tests of a pack; its warnings.
fn passes(path: &str) -> Vec<Code> {
    let source = folder(&data(path));
    let compiled = compile(&source).map_err(|report| report.render(&source, false)).unwrap();
    let outcome = tidegate::trial::run(&compiled.pack).unwrap();
    let failures: Vec<String> = outcome
        .failures
        .iter()
        .map(|it| format!("{} {:?} {}", it.rule, it.place, it.what))
        .collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    compiled.warnings.diagnostics.iter().map(|one| one.code).collect()
}

#[test]
fn the_pack_of_all_kinds_compiles_and_passes_its_own_tests() {
    assert_eq!(passes("tests/data/packs/kinds"), []);
}

/// Twelve rules over made-up words; each shows one thing that the format must say.
#[test]
fn the_pack_that_shows_the_format_compiles_and_passes_its_own_tests() {
    let warnings = passes("tests/data/packs/placeholder");
    // Its lists are empty, since its tests bring their own.
    assert!(warnings.iter().all(|code| *code == Code::EmptyList));
}

#[test]
fn a_test_whose_post_lacks_a_compared_field_says_which() {
    let lacks = |post: &str| {
        let text = format!(
            "id: t.t\ntitle: t\nstatus: live\npatterns:\n  a: {{any: [blorp]}}\ncondition: a and author.age < 7d and \
             lang == \"ru\"\nactions: remove_post\ntests:\n  - fires: {post}\n  - quiet: bread\n"
        );
        let source = case(&text);
        let compiled = compile(&source).map_err(|report| report.render(&source, false)).unwrap();
        let mut failures = tidegate::trial::run(&compiled.pack).unwrap().failures;
        let what = failures.pop().unwrap().what;
        let (_, named) = what.split_once("give it ").unwrap();
        named.split_once(':').unwrap().0.to_owned()
    };
    assert_eq!(lacks("blorp"), "`author.created_at` and `lang`");
    let author = "{text: blorp, lang: ru, author: {id: a, created_at: \"2026-11-23T10:00:00Z\"}}";
    assert_eq!(lacks(author), "`sent_at`");
}

#[test]
fn a_series_that_does_not_hold_says_when_it_acts() {
    let source = folder(&data("tests/data/packs/placeholder"));
    let failures = |old: &str, new: &str| {
        let mut source = source.clone();
        for text in source.files.values_mut() {
            *text = String::from_utf8(text.clone()).unwrap().replacen(old, new, 1).into_bytes();
        }
        let compiled = compile(&source).map_err(|report| report.render(&source, false)).unwrap();
        let outcome = tidegate::trial::run(&compiled.pack).unwrap();
        outcome.failures.into_iter().map(|it| it.what).collect::<Vec<_>>()
    };
    for (old, new, what) in [
        ("fires_at: [20]", "fires_at: [19]", "should act at repeats [19], but acts at [20]"),
        ("acts_on: 20", "acts_on: 19", "should act on 19 posts, but acts on 20"),
        (
            "at_least: 3, within: 30d",
            "at_least: 4, within: 30d",
            "should act at repeats [3], but acts at []",
        ),
        (
            "actions: [{refer: {queue: minors_low}}]\n  - quiet",
            "actions: [{refer: {queue: minors}}]\n  - quiet",
            "should ask for {refer: {queue: minors, subject: post}}, but asks for {refer: {queue: minors_low, subject: post}}",
        ),
    ] {
        assert_eq!(failures(old, new), [what], "{old}");
    }
}

/// The cells of the tables of `docs/errors.md`: code, meaning, example, how to mend it.
fn documented() -> Vec<[String; 4]> {
    let page = include_str!("../docs/errors.md");
    let rows = page.lines().filter(|line| line.starts_with("| R"));
    rows.map(|row| {
        let cells: Vec<String> =
            row.trim_matches('|').split(" | ").map(str::trim).map(str::to_owned).collect();
        cells.try_into().unwrap()
    })
    .collect()
}

#[test]
fn the_page_of_errors_has_every_code_with_its_meaning_and_an_example() {
    let rows = documented();
    let ids: Vec<&str> = rows.iter().map(|row| &*row[0]).collect();
    let all: Vec<&str> = Code::ALL.iter().map(|code| code.id()).collect();
    assert_eq!(ids, all);
    let cases = broken();
    for ([id, meaning, example, mend], code) in rows.iter().zip(Code::ALL) {
        assert_eq!(meaning, code.meaning());
        assert!(!mend.is_empty(), "{id}");
        let Some(example) = example.strip_prefix('`').and_then(|it| it.strip_suffix('`')) else {
            assert!(!example.is_empty(), "{id}");
            continue;
        };
        let of_code = cases.iter().filter(|(name, _)| name.starts_with(&**id));
        let mut files = of_code.flat_map(|(_, source)| &source.files);
        let stands = |(path, bytes): (&String, &Vec<u8>)| {
            path == example || std::str::from_utf8(bytes).is_ok_and(|text| text.contains(example))
        };
        assert!(files.any(stands), "{id}: no broken pack of this code holds `{example}`");
    }
}

#[test]
fn the_page_of_errors_shows_what_fails_and_what_mends_it() {
    let page = include_str!("../docs/errors.md");
    let (_, examples) = page.split_once("## Five of them").unwrap();
    let sections: Vec<&str> = examples.split("\n### ").skip(1).collect();
    assert_eq!(sections.len(), 5);
    for section in sections {
        let (id, _) = section.split_once(':').unwrap();
        let blocks: Vec<&str> = section.split("```yaml\n").skip(1).collect();
        let [before, after] = blocks.try_into().unwrap();
        let source = |block: &str| case(block.split_once("```").unwrap().0);
        let report = compile(&source(before)).unwrap_err();
        let ids: Vec<&str> = report.diagnostics.iter().map(|one| one.code.id()).collect();
        assert_eq!(ids, [id], "{}", report.render(&source(before), false));
        let after = source(after);
        let compiled = compile(&after).map_err(|report| report.render(&after, false)).unwrap();
        assert_eq!(compiled.warnings.render(&after, false), "");
        assert_eq!(tidegate::trial::run(&compiled.pack).unwrap().failures, []);
    }
}
