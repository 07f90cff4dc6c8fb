//! Packs from where they stand to checked rules: reads folders, compiles.
//!
//! Which way it fails: closed. Without a valid rule set nothing is consumed, and a pack with one
//! error is refused whole.

mod folder;

use crate::rules::{self, Compiled, Report, Source};

pub use folder::{FolderError, read_folder};

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
