//! `tidegate pack build`: a folder of rules to a manifest and blobs.

use std::path::PathBuf;

use clap::Args;
use jiff::Timestamp;

use super::store;
use crate::app::cli::output::say;
use crate::app::cli::{Failure, pack};
use crate::sealed::{Edition, seal};
use crate::trial;

/// Builds a pack.
#[derive(Debug, Args)]
pub(in crate::app::cli) struct Build {
    /// Folder of the pack.
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Where the built pack goes: a new or empty folder if the name ends with `/` or is one, else a
    /// file.
    #[arg(long, value_name = "PATH")]
    out: PathBuf,
    /// Number of this edition: higher than that of every edition before.
    #[arg(long, value_name = "N")]
    sequence: u64,
    /// From when on this edition must not be taken any more, such as 2027-06-30T00:00:00Z.
    #[arg(long, value_name = "TIME")]
    expires: Timestamp,
}

impl Build {
    pub(super) fn run(self) -> Result<(), Failure> {
        let loaded = pack(&self.folder)?;
        let (pack, source) = (&loaded.compiled.pack, &loaded.source);
        let tests = trial::run(pack).map_err(Failure::wrong)?;
        if !tests.failures.is_empty() {
            let (failed, run) = (tests.failures.len(), tests.run);
            let folder = self.folder.display();
            say(&format!(
                "{}: {failed} of {run} tests fail: see `tidegate check {folder}`",
                pack.name
            ));
            return Err(Failure::No);
        }
        let edition = Edition { sequence: self.sequence, expires: self.expires };
        let members = seal(pack, source, edition).map_err(Failure::wrong)?;
        store::write(&self.out, &members, store::Onto::New)?;
        let (name, version, blobs) = (&pack.name, &pack.version, members.len() - 1);
        let (sequence, out) = (self.sequence, self.out.display());
        say(&format!("{name} {version}, sequence {sequence}: {blobs} blobs in {out}, not signed"));
        Ok(())
    }
}
