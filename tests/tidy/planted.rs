//! Planted faults: every check catches what it is for, and leaves alone what is allowed.

use crate::checks::faults;
use crate::files::File;
use crate::{FILE_LINES_MAX, FOREIGN, MAIN_LINES_MAX, PACKAGES_MAX};

/// Faults in one file of the given path; a source file is listed, and opens as it should.
fn in_file(path: &str, text: &str) -> Vec<String> {
    let text = if path.ends_with(".rs") { format!("//! A file.\n{text}") } else { text.to_owned() };
    let lib = "//! The crate.\nmod decode; mod log; mod rules; mod app; mod board; mod extra;";
    let files = [
        File { path: path.to_owned(), text },
        File { path: "src/lib.rs".to_owned(), text: lib.to_owned() },
        File { path: "src/decode/mod.rs".to_owned(), text: "//! Decode.\nmod post;".to_owned() },
    ];
    faults(&files).iter().map(ToString::to_string).collect()
}

/// Path, text, and the start of the fault it must give.
type Case = (&'static str, &'static str, &'static str);

const PLANTED: &[Case] = &[
    ("src/decode/post.rs", "use crate::rules::Pack;", ":2: `decode` may not import `rules`"),
    (
        "src/decode/post.rs",
        "use crate::{record::Part,\n log::{Log}};",
        ":3: `decode` may not import `log`",
    ),
    ("src/decode/post.rs", "fn f(p: &crate::app::Config) {}", ":2: `decode` may not import `app`"),
    ("src/decode/post.rs", "use super::super::rules::Pack;", ":2: `decode` may not import `rules`"),
    (
        "src/decode/post.rs",
        "use super::{Post, super::log::Log};",
        ":2: `decode` may not import `log`",
    ),
    (
        "src/decode/post.rs",
        "use self::super::super::log as l;",
        ":2: `decode` may not import `log`",
    ),
    ("src/decode/post.rs", "use crate::*;", ":2: `decode` may not import `*`"),
    (
        "src/decode/post.rs",
        "/* use /* nested */ */ use crate::log::X;",
        ":2: `decode` may not import `log`",
    ),
    (
        "src/decode/post.rs",
        "const C: char = '\"'; use crate::log::X; // \"",
        "may not import `log`",
    ),
    ("src/main.rs", "use tidegate::worker::Worker;", ":2: `main` may not import `worker`"),
    ("src/extra.rs", "", ":1: `extra` has no line in the import table"),
    ("src/decode/post.rs", "use rdkafka::Message;", ":2: `decode` may not use `rdkafka`"),
    (
        "src/decode/post.rs",
        "use std::time::{Duration,\nInstant};",
        ":3: `decode` may not use `std::time::Instant`",
    ),
    ("src/decode/post.rs", "use std::{fmt, thread};", ":2: `decode` may not use `std::thread`"),
    ("src/decode/post.rs", "use std::time;", "may not use `std::time::Instant`"),
    ("src/decode/post.rs", "use std::time::*;", "may not use `std::time::Instant`"),
    ("src/decode/post.rs", "fn f() { tracing::info!(\"x\") }", "may not use `tracing`"),
    ("src/decode/post.rs", "fn f() { let _ = ::std::fs::read(\"x\"); }", "may not use `std::fs`"),
    ("src/log/mod.rs", "use anyhow::Result;", ":2: `log` may not use `anyhow`"),
    ("src/decode/lost.rs", "", ":1: no `mod` line leads to this file"),
    ("src/decode/post.rs", "fn f() {\n todo!() }", ":3: `todo!`"),
    ("tests/it/main.rs", "#[test]\n#[ignore = \"slow\"]\nfn t() {}", ":3: `#[ignore`"),
    ("Cargo.toml", "[dependencies]\nregex = \"1\"", ":2: a dependency needs its reason"),
    ("Cargo.toml", "[dev-dependencies]\nx = { git = \"a# b\" } #", ":2: a dependency needs"),
    ("Cargo.toml", "[dependencies.regex]\nversion = \"1\" # words", ":1: write the dependency"),
    ("README.md", "x\nSee [it](src/gone.rs).", ":2: the link leads nowhere: src/gone.rs"),
    ("README.md", "# One\n[two](#two)", ":2: the link leads nowhere: #two"),
    ("README.md", "See `src/gone/`.", ":1: there is no src/gone/"),
];

#[test]
fn planted_faults_are_caught_on_their_line() {
    for (path, text, fault) in PLANTED {
        let found = in_file(path, text);
        assert!(found.iter().any(|line| line.contains(fault)), "{path}: {text}\n{found:?}");
    }
}

#[test]
fn what_is_too_long_or_from_elsewhere_is_caught() {
    let packages = "[[package]]\n".repeat(PACKAGES_MAX + 1);
    let foreign = format!("see {}notes", FOREIGN[2]);
    let cases = [
        ("src/decode/post.rs", "\n".repeat(FILE_LINES_MAX), "without tests, at most 600"),
        ("src/main.rs", "\n".repeat(MAIN_LINES_MAX), "without tests, at most 40"),
        ("Cargo.lock", packages, ":1: 301 packages, at most 300"),
        ("README.md", foreign, "means nothing to a reader elsewhere"),
    ];
    for (path, text, fault) in cases {
        let found = in_file(path, &text);
        assert!(found.iter().any(|line| line.contains(fault)), "{path}: {fault}\n{found:?}");
    }
}

#[test]
fn a_file_that_does_not_say_what_it_is_is_caught() {
    let bare = [File { path: "tests/x.rs".to_owned(), text: "fn f() {}".to_owned() }];
    assert_eq!(faults(&bare).len(), 1);
}

/// Path and text without a fault.
const ALLOWED: &[(&str, &str)] = &[
    ("src/decode/post.rs", "use crate::record::{Part, Parts};"),
    ("src/decode/post.rs", "use super::Post; use std::time::Duration; use std::{fmt, ops::Range};"),
    ("src/decode/post.rs", "mod inner { use super::super::Post; use super::record; }"),
    (
        "src/decode/post.rs",
        "/// See [`crate::log::Log`].\n// use crate::log;\nconst A: &str = \"crate::log::X\";",
    ),
    (
        "src/decode/post.rs",
        "const A: &str = r#\"\" crate::log::X \"#; fn f<'a>(x: &'a str) -> char { '\\'' }",
    ),
    ("src/decode/post.rs", "#[cfg(test)]\nuse crate::log::{X};\n"),
    ("src/decode/post.rs", "pub(crate) fn f() { let fs = 1; fs::<u8>() }"),
    ("src/app/mod.rs", "use crate::{log::Log, worker, rules::*}; use std::fs; use anyhow::Result;"),
    ("src/log/mod.rs", "use std::time::Instant; use rdkafka::Message;"),
    ("src/main.rs", "fn main() -> std::process::ExitCode { tidegate::app::run() }"),
    (
        "Cargo.toml",
        "[dependencies]\n# -- all\nregex = { version = \"1\", features = [\"a\"] } # patterns\n[x]\ny = 1",
    ),
    ("README.md", "# One, two\n[a](#one-two) [b](src/lib.rs) [c](https://e.org/x) [d](src)"),
    ("README.md", "`[x](gone)`\n```\n[y](gone) `src/gone`\n```\n`src/{a,b}` `src/lib.rs`"),
];

#[test]
fn what_is_allowed_is_left_alone() {
    for (path, text) in ALLOWED {
        assert_eq!(in_file(path, text), Vec::<String>::new(), "{path}: {text}");
    }
}

#[test]
fn tests_inside_a_file_do_not_count() {
    let imports = "use crate::log::X;\n".repeat(FILE_LINES_MAX);
    let text = format!("#[cfg(test)]\nmod tests {{\n{imports}}}\nfn f() {{}}\n");
    assert_eq!(in_file("src/decode/post.rs", &text), Vec::<String>::new());
}
