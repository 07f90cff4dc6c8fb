//! A pack's files to a manifest and blobs. The same files and edition give the same bytes anywhere.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::manifest::{FORM, Listed, Manifest};
use super::{BLOB_BYTES_MAX, MANIFEST, Members, PACK_BYTES_MAX, blob_name, hash};
use crate::rules::{Pack, Source};

/// Which edition of a pack it is; not in its files, since the same files may be published again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edition {
    /// Higher than that of every edition before.
    pub sequence: u64,
    /// From when on it must not be taken any more.
    pub expires: Timestamp,
}

/// Why a pack cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// More than readers take.
    #[error("the pack has {bytes} bytes, at most {PACK_BYTES_MAX}: shorten its lists")]
    TooLarge {
        /// Its size.
        bytes: u64,
    },
    /// More files than one manifest can name.
    #[error(
        "the manifest has {bytes} bytes, at most {BLOB_BYTES_MAX}: join small files into larger ones"
    )]
    ManifestTooLarge {
        /// Its size.
        bytes: usize,
    },
    /// The manifest cannot be written.
    #[error("the manifest cannot be written: {0}")]
    Manifest(#[from] serde_json::Error),
}

/// Builds a pack that compiled; `source` is what it was compiled from.
///
/// # Errors
/// If it is larger than readers take.
pub fn seal(pack: &Pack, source: &Source, edition: Edition) -> Result<Members, SealError> {
    let bytes = source.files.values().map(|file| file.len() as u64).sum();
    if bytes > PACK_BYTES_MAX {
        return Err(SealError::TooLarge { bytes });
    }
    let mut blobs = Blobs::default();
    let files = source.files.iter().map(|(path, content)| Listed {
        path: path.clone(),
        bytes: content.len() as u64,
        blobs: content.chunks(BLOB_BYTES_MAX).map(|chunk| blobs.add(chunk)).collect(),
    });
    let files = files.collect();
    let manifest = Manifest {
        v: FORM,
        pack: pack.name.clone(),
        version: pack.version.clone(),
        sequence: edition.sequence,
        expires: edition.expires,
        files,
        hashes: blobs.hashes,
    };
    let manifest = manifest.write()?;
    if manifest.len() > BLOB_BYTES_MAX {
        return Err(SealError::ManifestTooLarge { bytes: manifest.len() });
    }
    blobs.members.insert(MANIFEST.to_owned(), manifest);
    Ok(blobs.members)
}

/// Blobs so far, equal ones once.
#[derive(Default)]
struct Blobs {
    members: Members,
    hashes: Vec<String>,
    indexes: BTreeMap<String, usize>,
}

impl Blobs {
    /// The index of a content.
    fn add(&mut self, content: &[u8]) -> usize {
        let hash = hash(content);
        if let Some(index) = self.indexes.get(&hash) {
            return *index;
        }
        let index = self.hashes.len();
        self.members.insert(blob_name(&hash), content.to_vec());
        self.indexes.insert(hash.clone(), index);
        self.hashes.push(hash);
        index
    }
}
