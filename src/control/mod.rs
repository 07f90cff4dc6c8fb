//! Packs from where they stand to rules in force.
//!
//! ```text
//! folder ──────────────► load ─────────────────────────┐
//! topic packs ─► Shelf ─► Rulebook: verified, compiled ─┼─► RuleSet, swapped between batches
//!        Store ◄── last good ──┘                        │
//! topic controls ─► Controls: held back ────────────────┘
//! ```
//!
//! Which way it fails: closed. Without a valid rule set nothing is consumed, a pack with one error
//! is refused whole, and one that is refused leaves the last good one in force.

mod controls;
mod folder;
mod rulebook;
mod shelf;
mod store;

#[cfg(test)]
mod tests;

use crate::rules::{self, Compiled, Report, Source};

pub use controls::{ControlFault, Controls};
pub use folder::{FolderError, Look, look, read_folder};
pub use rulebook::{InForce, Rulebook, Unfit, Wanted};
pub use shelf::{EDITIONS_KEPT, Edition, Inventory, Shelf, edition_key, fill, fill_from, lacking};
pub use store::Store;

/// Why packs did not load.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The folder cannot be read.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The pack has errors; `report` is what to print.
    #[error("the pack has errors:\n{}", report.render(source_text, false))]
    Pack {
        /// All errors and warnings.
        report: Report,
        /// What they point into.
        source_text: Source,
    },
}

/// A pack that compiled, with the text its warnings point into.
#[derive(Debug)]
pub struct Loaded {
    /// The pack and its warnings.
    pub compiled: Compiled,
    /// Its files.
    pub source: Source,
}

/// Reads and compiles the pack in a folder.
///
/// # Errors
/// If it cannot be read or has errors.
pub fn load(folder: &std::path::Path) -> Result<Loaded, LoadError> {
    let source = read_folder(folder)?;
    match rules::compile(&source) {
        Ok(compiled) => Ok(Loaded { compiled, source }),
        Err(report) => Err(LoadError::Pack { report, source_text: source }),
    }
}
