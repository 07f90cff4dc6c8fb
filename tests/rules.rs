//! Packs as people write them: every error code against its golden text, and the packs that ship.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests fail by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use tidegate::rules::{Code, Level, Report, Source, compile};

/// pack.yaml of a broken pack that is about something else.
const PACK: &str = "name: broken\nversion: \"1\"\nowner: tests@example.org\n";

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
        let report = compile(&source).expect_err(&name);
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
        seen.extend(compile(&source).unwrap_err().diagnostics.iter().map(|one| one.code));
    }
    let unseen: Vec<&Code> = Code::ALL.iter().filter(|code| !seen.contains(code)).collect();
    assert!(unseen.is_empty(), "{unseen:?}");
}
