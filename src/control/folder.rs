//! The files of a pack's folder, into memory.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use std::{fs, io};

use crate::rules::Source;

/// Bytes of one pack, all files together: two million entries of the longest kind fit.
const PACK_BYTES_MAX: u64 = 1 << 30;

/// Why a folder is no pack.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// A file or folder cannot be read.
    #[error("cannot read {}: {why}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// What the system said.
        why: io::Error,
    },
    /// There is no pack here.
    #[error("{} has no pack.yaml: a pack is a folder with pack.yaml, rules/*.yaml and lists/*.txt",
        path.display())]
    NoPack {
        /// The folder.
        path: PathBuf,
    },
    /// More than any pack needs.
    #[error("the pack in {} is larger than {PACK_BYTES_MAX} bytes", path.display())]
    TooLarge {
        /// The folder.
        path: PathBuf,
    },
}

/// Reads `pack.yaml`, `rules/*.yaml` and `lists/*.txt` of a folder. Other files are not the pack's.
///
/// # Errors
/// If there is no `pack.yaml`, or a file cannot be read.
pub fn read_folder(folder: &Path) -> Result<Source, FolderError> {
    let manifest = folder.join("pack.yaml");
    if !manifest.is_file() {
        return Err(FolderError::NoPack { path: folder.to_owned() });
    }
    let mut paths = vec![("pack.yaml".to_owned(), manifest)];
    for (part, ending) in [("rules", "yaml"), ("lists", "txt")] {
        list(folder, part, ending, &mut paths)?;
    }
    let mut files = BTreeMap::new();
    let mut room = PACK_BYTES_MAX;
    for (name, path) in paths {
        let size = fs::metadata(&path).map_err(|why| cannot_read(&path, why))?.len();
        room = room
            .checked_sub(size)
            .ok_or_else(|| FolderError::TooLarge { path: folder.to_owned() })?;
        files.insert(name, fs::read(&path).map_err(|why| cannot_read(&path, why))?);
    }
    Ok(Source { files })
}

fn list(
    folder: &Path,
    part: &str,
    ending: &str,
    paths: &mut Vec<(String, PathBuf)>,
) -> Result<(), FolderError> {
    let inside = folder.join(part);
    if !inside.is_dir() {
        return Ok(());
    }
    for entry in fs::read_dir(&inside).map_err(|why| cannot_read(&inside, why))? {
        let path = entry.map_err(|why| cannot_read(&inside, why))?.path();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
        if let Some(name) = name.filter(|_| path.extension().is_some_and(|found| found == ending)) {
            paths.push((format!("{part}/{name}"), path));
        }
    }
    Ok(())
}

fn cannot_read(path: &Path, why: io::Error) -> FolderError {
    FolderError::Read { path: path.to_owned(), why }
}

/// How the files of a pack's folder look from outside, to see that one has changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Look(Vec<(PathBuf, u64, Option<SystemTime>)>);

/// Paths, sizes and times of what [`read_folder`] would read. Where something cannot be seen it is
/// left out, which is a change too.
#[must_use]
pub fn look(folder: &Path) -> Look {
    let mut paths = vec![("pack.yaml".to_owned(), folder.join("pack.yaml"))];
    for (part, ending) in [("rules", "yaml"), ("lists", "txt")] {
        drop(list(folder, part, ending, &mut paths));
    }
    let seen = paths.into_iter().filter_map(|(_, path)| {
        let found = fs::metadata(&path).ok()?;
        Some((path, found.len(), found.modified().ok()))
    });
    let mut seen: Vec<_> = seen.collect();
    seen.sort();
    Look(seen)
}
