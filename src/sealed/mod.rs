//! Packs as files that can be trusted: a signed manifest, and blobs under the hash of their bytes.
//!
//! ```text
//! Source ─► seal ─► manifest.json, blobs/HASH ─► SecretKey::sign ─► manifest.json.KEY.minisig
//!                                └─► archive: the same as one file          │
//! Source ◄──────────────── open: signatures, then names, then hashes ◄──────┘
//! ```
//!
//! Pure: bytes come in, time and the last known sequence come as arguments. It fails closed: what
//! is not named by a manifest with enough good signatures is not read, and one wrong byte anywhere
//! refuses the whole. Nothing a manifest says is believed before its signatures hold.
#![deny(clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod archive;
mod manifest;
mod minisign;
mod open;
mod seal;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

pub use archive::{ArchiveFault, read_archive, write_archive};
pub use manifest::{Listed, Manifest};
pub use minisign::{KeyFault, KeyId, PublicKey, SecretKey, SignatureFault};
pub use open::{Opened, Refused, Trust, check_content, listed_blobs, open, stated};
pub use seal::{Edition, SealError, seal};

/// What a built pack consists of, by name: [`MANIFEST`], its signatures, `blobs/HASH`.
pub type Members = BTreeMap<String, Vec<u8>>;

/// Name of the manifest.
pub const MANIFEST: &str = "manifest.json";
/// Folder of the blobs.
const BLOBS: &str = "blobs/";
/// Bytes of a blob and of a manifest: each fits one record of the `packs` topic.
pub const BLOB_BYTES_MAX: usize = 900 << 10;
/// Bytes of all files of a pack; what a folder may hold, too.
pub const PACK_BYTES_MAX: u64 = 1 << 30;
/// Signatures beside a manifest: more than any pack has signers.
const SIGNATURES_MAX: usize = 64;

/// The hash in the name of a blob.
#[must_use]
pub fn blob_hash(name: &str) -> Option<&str> {
    name.strip_prefix(BLOBS)
}

/// Name of the blob with this content.
#[must_use]
pub fn blob_name(hash: &str) -> String {
    format!("{BLOBS}{hash}")
}

/// The hash that names a content: BLAKE3, in hexadecimal.
#[must_use]
pub fn hash(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex().to_string()
}

/// Is this the name of a signature of the manifest? Debian's `minisign -S` makes
/// `manifest.json.minisig`; where several sign, the key stands between.
#[must_use]
pub fn is_signature(name: &str) -> bool {
    let rest = name.strip_prefix(MANIFEST).and_then(|rest| rest.strip_suffix(".minisig"));
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    rest.is_some_and(|key| match key.strip_prefix('.') {
        Some(key) => !key.is_empty() && key.bytes().all(is_plain),
        None => key.is_empty(),
    })
}

/// Name of the signature by this key.
#[must_use]
pub fn signature_name(key: KeyId) -> String {
    format!("{MANIFEST}.{key}.minisig")
}
