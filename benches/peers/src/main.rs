//! Tidegate beside other people's crates: the same patterns, the same posts, one process, in turn.
//!
//! ```sh
//! cargo run --release --manifest-path benches/peers/Cargo.toml --target-dir target/peers --locked -- matching
//! ```
//!
//! Sections: `matching`, `decoding`, `normalising`, `whole`, `rules`, `worst`, `build`; all without an
//! argument. Each prints a table; the first line of a table is Tidegate. Before anything is timed,
//! all engines that mean the same must have found the same.

mod building;
mod decoding;
mod many_rules;
mod matching;
mod normalising;
mod patterns;
mod posts;
mod race;
mod random;
#[cfg(feature = "vectorscan")]
mod vectorscan;
mod whole;
mod worst;
mod yara;

use std::process::ExitCode;

const SECTIONS: [(&str, fn()); 7] = [
    ("matching", matching::run),
    ("decoding", decoding::run),
    ("normalising", normalising::run),
    ("whole", whole::run),
    ("rules", many_rules::run),
    ("worst", worst::run),
    ("build", building::run),
];

fn main() -> ExitCode {
    let asked: Vec<String> = std::env::args().skip(1).collect();
    let is_known = |name: &String| SECTIONS.iter().any(|(section, _)| section == name);
    if let Some(unknown) = asked.iter().find(|name| !is_known(name)) {
        let names = SECTIONS.map(|(name, _)| name).join(", ");
        eprintln!("no section `{unknown}`: write {names}, or nothing for all of them");
        return ExitCode::FAILURE;
    }
    for (name, run) in SECTIONS {
        if asked.is_empty() || asked.iter().any(|asked| asked == name) {
            run();
        }
    }
    ExitCode::SUCCESS
}
