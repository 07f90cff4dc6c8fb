//! Tidegate beside other people's crates: the same patterns, the same posts, one process, in turn.
//!
//! ```sh
//! cargo run --release --manifest-path benches/peers/Cargo.toml --target-dir target/peers --locked -- matching
//! ```
//!
//! Sections: `matching`, `decoding`, `normalising`, `whole`, `rules`, `worst`, `build`; all of these
//! without an argument; and `file`, `stream`, `latency` and `soak`, which run on what is around the
//! process: a file, a broker. Each prints a table; the first line of a table is Tidegate, or the floor.
//! `soak` is Tidegate alone, for an hour. Before anything is timed, all engines that mean the same must
//! have found the same, but for `file`, which shows what each found, and the sections on a broker, which
//! look after each run.

mod building;
mod decoding;
mod file;
mod kafka;
mod latency;
mod many_rules;
mod matching;
mod normalising;
mod patterns;
mod posts;
mod race;
mod random;
mod rival;
mod soak;
mod stream;
#[cfg(feature = "vectorscan")]
mod vectorscan;
mod whole;
mod worst;
mod yara;

use std::process::ExitCode;

/// What is run without an argument.
const SECTIONS: [(&str, fn()); 7] = [
    ("matching", matching::run),
    ("decoding", decoding::run),
    ("normalising", normalising::run),
    ("whole", whole::run),
    ("rules", many_rules::run),
    ("worst", worst::run),
    ("build", building::run),
];

/// What is run only when asked for: each takes minutes, `soak` an hour, and 1 GiB of disk and more.
const ASKED_FOR: [(&str, fn()); 4] =
    [("file", file::run), ("stream", stream::run), ("latency", latency::run), ("soak", soak::run)];

fn main() -> ExitCode {
    let asked: Vec<String> = std::env::args().skip(1).collect();
    if let [first, rest @ ..] = asked.as_slice()
        && first == rival::FLAG
    {
        rival::run(rest);
        return ExitCode::SUCCESS;
    }
    let known = || SECTIONS.iter().chain(&ASKED_FOR);
    let is_known = |name: &String| known().any(|(section, _)| section == name);
    if let Some(unknown) = asked.iter().find(|name| !is_known(name)) {
        let names: Vec<&str> = known().map(|(name, _)| *name).collect();
        let names = names.join(", ");
        eprintln!("no section `{unknown}`: write {names}, or nothing for all that take no minutes");
        return ExitCode::FAILURE;
    }
    for (_, run) in SECTIONS.iter().filter(|_| asked.is_empty()) {
        run();
    }
    for (_, run) in known().filter(|(name, _)| asked.iter().any(|asked| asked == name)) {
        run();
    }
    ExitCode::SUCCESS
}
