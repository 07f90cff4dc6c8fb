//! `tidegate check`: a pack through the compiler and its own tests.

use std::path::PathBuf;

use clap::Args;

use super::output::{say, watched};
use super::{Failure, pack};
use crate::control::Loaded;
use crate::trial;

/// Compiles a pack and runs its tests.
#[derive(Debug, Args)]
pub(super) struct Check {
    /// Folder of the pack.
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

impl Check {
    pub(super) fn run(self) -> Result<(), Failure> {
        let loaded = pack(&self.folder)?;
        test(&loaded)
    }
}

fn test(Loaded { compiled, source }: &Loaded) -> Result<(), Failure> {
    if !compiled.warnings.diagnostics.is_empty() {
        say(&compiled.warnings.render(source, watched()));
    }
    let outcome = trial::run(&compiled.pack).map_err(Failure::wrong)?;
    for failure in &outcome.failures {
        let (file, line) = &failure.place;
        say(&format!("error: test of `{}` {}\n --> {file}:{line}", failure.rule, failure.what));
    }
    let (rules, tests) = (compiled.pack.rules.len(), outcome.run);
    if outcome.failures.is_empty() {
        say(&format!("{}: {rules} rules, {tests} tests pass", compiled.pack.name));
        return Ok(());
    }
    let failed = outcome.failures.len();
    say(&format!("{}: {rules} rules, {failed} of {tests} tests fail", compiled.pack.name));
    Err(Failure::No)
}
