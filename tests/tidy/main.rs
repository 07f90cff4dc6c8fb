//! The code's own rules, read from its files: who may import whom, what the pure stages may not
//! touch, how long a file may be, what every dependency must say for itself. Standard library
//! only; one run reports every fault. Each rule has planted faults that it must catch.

mod checks;
mod files;
mod planted;
mod rust;

use checks::faults;
use files::repository;

/// Who may import whom: module, kind, and what it may import. A module may name only modules that
/// stand above it, so there is no cycle; a new folder gets its line here before it gets code.
/// `pure` stages do no I/O and know no clock, thread or environment: see [`IMPURE`].
const TABLE: &str = "
lanes      leaf
record     leaf
metrics    leaf
decode     pure  lanes record
normalise  pure  lanes record
extract    pure  lanes record normalise
rules      pure  record decode normalise extract
sealed     pure  rules
scan       pure  record decode normalise extract rules
score      pure  record decode normalise rules scan
event      pure  record decode rules score
tally      pure  record rules event
screen     pure  record decode normalise extract rules scan score event tally
trial      pure  record decode normalise extract rules scan score event tally screen
traffic    pure  record decode
log        edge  record metrics
board      edge  record metrics
worker     edge  record metrics decode normalise extract rules scan score event tally screen log board
control    edge  record rules sealed screen event log metrics
app        edge  record metrics decode normalise extract rules sealed scan score event tally screen trial traffic log board worker control
memory     edge
main       edge  app memory
";

/// One line of [`TABLE`].
struct Row {
    module: &'static str,
    pure: bool,
    may_import: Vec<&'static str>,
}

fn table() -> Vec<Row> {
    let words = |line: &'static str| {
        let mut words = line.split_whitespace();
        let module = words.next()?;
        Some(Row { module, pure: words.next()? == "pure", may_import: words.collect() })
    };
    TABLE.lines().filter_map(words).collect()
}

/// What a pure stage may not name. `std::time::Duration` is a number and may stay.
const IMPURE: &[&str] = &[
    "anyhow",
    "arc_swap",
    "axum",
    "clap",
    "dashmap",
    "indicatif",
    "prometheus",
    "rdkafka",
    "rdkafka_sys",
    "redb",
    "std::env",
    "std::fs",
    "std::net",
    "std::process",
    "std::thread",
    "std::time::Instant",
    "std::time::SystemTime",
    "tokio",
    "tower_http",
    "tracing",
    "tracing_subscriber",
];

/// What only `app` and `main` may name of crates for errors: stages have types for theirs.
const ERRORS_OF_THE_EDGE: &[&str] = &["anyhow"];

/// What no Rust file may contain, tests included, and why.
const BANNED: &[(&str, &str)] = &[
    ("#[ignore", "a test that is not run tests nothing"),
    ("#[should_panic", "assert on the error instead"),
    ("todo!", "no stubs"),
    ("unimplemented!", "no stubs"),
];

/// Words of one person's machine, and of papers that do not come with this repository.
const FOREIGN: &[&str] = &[
    concat!("/ro", "ot/"),
    concat!("/ho", "me/"),
    concat!("/wo", "rk/"),
    concat!("../sha", "red"),
    concat!("design", ".md"),
    concat!("style", ".md"),
    concat!("operations", ".md"),
    concat!("kafka-broker", ".md"),
    concat!("work", "place"),
    concat!("sub", "agent"),
];

const FILE_LINES_MAX: usize = 600;
const MAIN_LINES_MAX: usize = 40;
const PACKAGES_MAX: usize = 300;

#[test]
fn the_repository_keeps_its_own_rules() {
    let files = repository();
    assert!(files.iter().any(|file| file.path == "src/lib.rs"), "no source was found");
    let list: Vec<String> = faults(&files).iter().map(ToString::to_string).collect();
    assert!(list.is_empty(), "{} faults:\n{}\n", list.len(), list.join("\n"));
}

#[test]
fn the_import_table_has_no_cycle() {
    let mut above = Vec::new();
    for row in table() {
        for other in &row.may_import {
            assert!(above.contains(other), "`{}` imports `{other}` from below", row.module);
        }
        above.push(row.module);
    }
}
