//! `tidegate pack`: packs as files that can be trusted. Keys, building, signing, verifying.

mod build;
mod keygen;
mod sign;
mod store;
mod topic;
mod verify;

use clap::Subcommand;

use super::Failure;
pub(super) use topic::inventory;

/// Packs as files that can be trusted.
#[derive(Debug, Subcommand)]
pub(super) enum PackVerb {
    /// Makes a key to sign packs with, as `minisign -G -W` does.
    Keygen(keygen::Keygen),
    /// Builds a pack that compiles and passes its tests: the same folder gives the same bytes.
    Build(build::Build),
    /// Adds a signature to a built pack.
    Sign(sign::Sign),
    /// Says whether a built pack may be believed, and by whom it is signed.
    Verify(verify::Verify),
    /// Publishes a signed pack to a deployment: every process takes it while it runs.
    Publish(topic::Publish),
    /// Goes back to an older edition, under a new sequence.
    Rollback(topic::Rollback),
    /// Shows the packs of a deployment, and the editions that can be gone back to.
    List(topic::List),
}

impl PackVerb {
    pub(super) fn run(self) -> Result<(), Failure> {
        match self {
            Self::Keygen(keygen) => keygen.run(),
            Self::Build(build) => build.run(),
            Self::Sign(sign) => sign.run(),
            Self::Verify(verify) => verify.run(),
            Self::Publish(publish) => publish.run(),
            Self::Rollback(rollback) => rollback.run(),
            Self::List(list) => list.run(),
        }
    }
}
