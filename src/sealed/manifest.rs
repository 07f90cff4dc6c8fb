//! What a pack consists of, in which edition, until when: the one thing that is signed.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The form of manifests that this version writes and reads.
pub(super) const FORM: u32 = 1;

/// A file of a pack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    /// Path within the pack.
    pub path: String,
    /// Its size.
    pub bytes: u64,
    /// Its content: indexes into [`Manifest::hashes`], in order.
    pub blobs: Vec<usize>,
}

/// The manifest of a built pack. Readers ignore fields they do not know; what they must not ignore
/// comes with another `v`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The form of this manifest.
    pub v: u32,
    /// Name of the pack.
    pub pack: String,
    /// Its version, as its people write it.
    pub version: String,
    /// Counts editions: it only rises, so that an old one cannot come back.
    pub sequence: u64,
    /// From when on it must not be taken any more.
    pub expires: Timestamp,
    /// Its files, by path.
    pub files: Vec<Listed>,
    /// Hashes of its blobs, each once.
    pub hashes: Vec<String>,
}

impl Manifest {
    /// Names of its blobs among the members.
    #[must_use]
    pub fn blobs(&self) -> Vec<String> {
        self.hashes.iter().map(|hash| super::blob_name(hash)).collect()
    }

    /// The bytes that are signed: the same for the same manifest, with a line end for people.
    pub(super) fn write(&self) -> Result<Vec<u8>, serde_json::Error> {
        let mut bytes = serde_json::to_vec_pretty(self)?;
        bytes.push(b'\n');
        Ok(bytes)
    }
}
