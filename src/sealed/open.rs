//! Members of a built pack back to its files, if everything about them is as signed.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::manifest::{FORM, Listed, Manifest};
use super::minisign::signer;
use super::{
    BLOB_BYTES_MAX, KeyId, MANIFEST, Members, PACK_BYTES_MAX, PublicKey, SIGNATURES_MAX,
    SignatureFault, blob_name, hash, is_signature,
};
use crate::rules::Source;

/// Whom to believe, and what is known already.
#[derive(Clone, Debug)]
pub struct Trust {
    /// The keys that count.
    pub keys: Vec<PublicKey>,
    /// How many of them must have signed; at least one must, whatever stands here.
    pub at_least: usize,
    /// The pack that is wanted, where only one is.
    pub pack: Option<String>,
    /// The highest sequence that was seen of it. The same edition may come again.
    pub last_sequence: Option<u64>,
    /// The time.
    pub now: Timestamp,
}

/// A pack that may be believed. Whether it compiles is another question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// What was signed.
    pub manifest: Manifest,
    /// Keys with a good signature, and the comments they signed.
    pub signers: BTreeMap<KeyId, String>,
    /// The pack's files.
    pub source: Source,
}

/// Why a built pack is not believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// There is nothing to begin with.
    #[error("there is no {MANIFEST}: build the pack with `tidegate pack build`")]
    NoManifest,
    /// A manifest that no record could hold.
    #[error("{MANIFEST} has {bytes} bytes, at most {BLOB_BYTES_MAX}")]
    ManifestTooLarge {
        /// Its size.
        bytes: usize,
    },
    /// Nobody signed.
    #[error("it is not signed: sign it with `tidegate pack sign`")]
    Unsigned,
    /// More signatures than anybody needs.
    #[error("it has {count} signatures, at most {SIGNATURES_MAX}")]
    TooManySignatures {
        /// How many.
        count: usize,
    },
    /// A signature that cannot be read or does not hold.
    #[error("{name} {fault}")]
    Signature {
        /// Name of the member.
        name: String,
        /// What is wrong.
        fault: SignatureFault,
    },
    /// Signed, by strangers.
    #[error(
        "it is signed by {} only, which is no accepted key: give the key with --key",
        list(signers)
    )]
    Foreign {
        /// The keys that signed.
        signers: Vec<KeyId>,
    },
    /// Fewer accepted keys signed than must.
    #[error(
        "it has {have} good signatures of accepted keys, and {need} are needed: let others sign it"
    )]
    TooFew {
        /// Good ones.
        have: usize,
        /// What is asked for.
        need: usize,
    },
    /// A manifest that says nothing, or what this version cannot read.
    #[error("{MANIFEST} cannot be read: {why}")]
    Manifest {
        /// Why.
        why: String,
    },
    /// Another pack.
    #[error("it is the pack `{found}`, and `{wanted}` is wanted")]
    OtherPack {
        /// Which it is.
        found: String,
        /// Which it should be.
        wanted: String,
    },
    /// An old edition.
    #[error(
        "its sequence {found} is lower than {last}, which was seen: publish old content under a new sequence"
    )]
    Sequence {
        /// That of the manifest.
        found: u64,
        /// The highest one seen.
        last: u64,
    },
    /// Too old.
    #[error("it expired at {at}: build and sign it again")]
    Expired {
        /// When.
        at: Timestamp,
    },
    /// A path that no pack has, such as one that leaves its folder.
    #[error(
        "{} is no path of a pack: those are pack.yaml, rules/*.yaml and lists/*.txt",
        shown(path)
    )]
    Path {
        /// The path.
        path: String,
    },
    /// A file twice.
    #[error("{} is listed twice", shown(path))]
    Twice {
        /// Its path.
        path: String,
    },
    /// A hash twice, none at all, or an index beyond them.
    #[error("{MANIFEST} counts its hashes wrongly: build the pack anew")]
    Hashes,
    /// Larger than any pack may be.
    #[error("its files have more than {PACK_BYTES_MAX} bytes")]
    TooLarge,
    /// A member that the manifest does not list.
    #[error("{} is not in the manifest: take it out", shown(name))]
    Unlisted {
        /// Its name.
        name: String,
    },
    /// A blob that is listed and not there.
    #[error("blob {hash} is missing: copy the pack again")]
    Missing {
        /// Its hash.
        hash: String,
    },
    /// A blob whose content is another.
    #[error("blob {hash} was altered: its content has another hash")]
    Altered {
        /// The hash it should have.
        hash: String,
    },
    /// A blob that no record could hold.
    #[error("blob {hash} has more than {BLOB_BYTES_MAX} bytes")]
    BlobTooLarge {
        /// Its hash.
        hash: String,
    },
    /// A file of another size than listed.
    #[error("{} has not the size that is listed", shown(path))]
    Size {
        /// Its path.
        path: String,
    },
}

impl Refused {
    /// One word for metrics.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::NoManifest => "no_manifest",
            Self::ManifestTooLarge { .. } | Self::TooLarge | Self::BlobTooLarge { .. } => {
                "too_large"
            }
            Self::Unsigned => "unsigned",
            Self::TooManySignatures { .. } | Self::Signature { .. } => "signature",
            Self::Foreign { .. } => "foreign_key",
            Self::TooFew { .. } => "too_few_signatures",
            Self::Manifest { .. } | Self::Hashes => "manifest",
            Self::OtherPack { .. } => "other_pack",
            Self::Sequence { .. } => "sequence",
            Self::Expired { .. } => "expired",
            Self::Path { .. } | Self::Twice { .. } => "path",
            Self::Unlisted { .. } => "unlisted",
            Self::Missing { .. } => "missing",
            Self::Altered { .. } => "altered",
            Self::Size { .. } => "size",
        }
    }
}

/// Names of the blobs that a manifest lists, so that they can be fetched before it is known
/// whether it may be believed; none where it cannot be read, which [`open`] says then.
#[must_use]
pub fn listed_blobs(members: &Members) -> Vec<String> {
    let manifest = manifest_bytes(members).and_then(read);
    manifest.map_or_else(|_| Vec::new(), |manifest| manifest.blobs())
}

/// What a manifest says of itself, before it is known whether it may be believed: for who shows it.
#[must_use]
pub fn stated(members: &Members) -> Option<Manifest> {
    manifest_bytes(members).and_then(read).ok()
}

fn list(keys: &[KeyId]) -> String {
    let keys: Vec<String> = keys.iter().map(KeyId::to_string).collect();
    keys.join(", ")
}

/// A name somebody else chose, on one line.
fn shown(name: &str) -> String {
    const SHOWN_CHARS: usize = 80;
    let cut: String = name.chars().take(SHOWN_CHARS).collect();
    let dots = if cut.len() < name.len() { "…" } else { "" };
    format!("`{}{dots}`", cut.escape_debug())
}

/// The files of a built pack.
///
/// # Errors
/// The first reason not to believe it.
pub fn open(members: &Members, trust: &Trust) -> Result<Opened, Refused> {
    let bytes = manifest_bytes(members)?;
    let signers = signers(members, bytes, trust)?;
    let (manifest, source) = content(members, bytes)?;
    if let Some(wanted) = trust.pack.as_ref().filter(|wanted| **wanted != manifest.pack) {
        return Err(Refused::OtherPack { found: manifest.pack, wanted: wanted.clone() });
    }
    if let Some(last) = trust.last_sequence.filter(|last| manifest.sequence < *last) {
        return Err(Refused::Sequence { found: manifest.sequence, last });
    }
    if manifest.expires <= trust.now {
        return Err(Refused::Expired { at: manifest.expires });
    }
    Ok(Opened { manifest, signers, source })
}

/// Reads a built pack without asking who signed it: what a signer looks at before signing.
///
/// # Errors
/// If manifest and blobs do not belong together.
pub fn check_content(members: &Members) -> Result<(Manifest, Source), Refused> {
    content(members, manifest_bytes(members)?)
}

fn manifest_bytes(members: &Members) -> Result<&[u8], Refused> {
    let bytes = members.get(MANIFEST).ok_or(Refused::NoManifest)?;
    match bytes.len() {
        0..=BLOB_BYTES_MAX => Ok(bytes),
        bytes => Err(Refused::ManifestTooLarge { bytes }),
    }
}

/// The accepted keys that signed. A signature of an accepted key that does not hold refuses all,
/// however many others are good: somebody has changed something.
fn signers(
    members: &Members,
    manifest: &[u8],
    trust: &Trust,
) -> Result<BTreeMap<KeyId, String>, Refused> {
    let signatures: Vec<_> = members.iter().filter(|(name, _)| is_signature(name)).collect();
    match signatures.len() {
        0 => return Err(Refused::Unsigned),
        1..=SIGNATURES_MAX => {}
        count => return Err(Refused::TooManySignatures { count }),
    }
    let (mut good, mut foreign) = (BTreeMap::new(), Vec::new());
    for (name, bytes) in signatures {
        let refused = |fault| Refused::Signature { name: name.clone(), fault };
        let (id, text) = signer(bytes).map_err(refused)?;
        // Two keys may share an id, which anybody can choose; one of them must hold.
        let mut keys = trust.keys.iter().filter(|key| key.id() == id).peekable();
        if keys.peek().is_none() {
            foreign.push(id);
            continue;
        }
        let verified: Vec<_> = keys.map(|key| key.verify(manifest, text)).collect();
        match verified.iter().find_map(|it| it.as_ref().ok()) {
            Some(comment) => _ = good.insert(id, comment.clone()),
            None => {
                let fault = verified.into_iter().find_map(Result::err);
                return Err(refused(fault.unwrap_or(SignatureFault::Wrong)));
            }
        }
    }
    let (have, need) = (good.len(), trust.at_least.max(1));
    match have {
        0 => Err(Refused::Foreign { signers: foreign }),
        _ if have < need => Err(Refused::TooFew { have, need }),
        _ => Ok(good),
    }
}

/// The manifest, and the files that it lists.
fn content(members: &Members, manifest: &[u8]) -> Result<(Manifest, Source), Refused> {
    let manifest = read(manifest)?;
    check_names(&manifest)?;
    check_blobs(members, &manifest)?;
    let mut source = Source::default();
    for file in &manifest.files {
        source.files.insert(file.path.clone(), assemble(members, &manifest, file)?);
    }
    Ok((manifest, source))
}

fn read(bytes: &[u8]) -> Result<Manifest, Refused> {
    /// What is read first: a form that this version does not know may have any other fields.
    #[derive(serde::Deserialize)]
    struct Form {
        v: u32,
    }
    let unreadable = |why: serde_json::Error| Refused::Manifest { why: why.to_string() };
    let form: Form = serde_json::from_slice(bytes).map_err(unreadable)?;
    if form.v != FORM {
        let why = format!("it has form {}, this version knows {FORM}: update Tidegate", form.v);
        return Err(Refused::Manifest { why });
    }
    serde_json::from_slice(bytes).map_err(unreadable)
}

/// Paths that a pack has, each once; no more bytes than a pack may have, before any is copied.
fn check_names(manifest: &Manifest) -> Result<(), Refused> {
    let mut paths = BTreeSet::new();
    let mut room = PACK_BYTES_MAX;
    for Listed { path, bytes, blobs } in &manifest.files {
        if !Source::holds(path) {
            return Err(Refused::Path { path: path.clone() });
        }
        if !paths.insert(path) {
            return Err(Refused::Twice { path: path.clone() });
        }
        room = room.checked_sub(*bytes).ok_or(Refused::TooLarge)?;
        if bytes.div_ceil(BLOB_BYTES_MAX as u64) != blobs.len() as u64 {
            return Err(Refused::Size { path: path.clone() });
        }
    }
    Ok(())
}

/// Every blob is listed, used, there, and what its name says; nothing else is there.
fn check_blobs(members: &Members, manifest: &Manifest) -> Result<(), Refused> {
    let used: BTreeSet<usize> =
        manifest.files.iter().flat_map(|file| file.blobs.iter().copied()).collect();
    let names: BTreeSet<String> = manifest.hashes.iter().map(|hash| blob_name(hash)).collect();
    let is_hash = |hash: &String| {
        hash.len() == 64 && hash.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    if !manifest.hashes.iter().all(is_hash) {
        return Err(Refused::Hashes);
    }
    if !used.iter().copied().eq(0..manifest.hashes.len()) || names.len() != manifest.hashes.len() {
        return Err(Refused::Hashes);
    }
    let is_known = |name: &str| name == MANIFEST || is_signature(name) || names.contains(name);
    if let Some(name) = members.keys().find(|name| !is_known(name)) {
        return Err(Refused::Unlisted { name: name.clone() });
    }
    for listed in &manifest.hashes {
        let missing = || Refused::Missing { hash: listed.clone() };
        let blob = members.get(&blob_name(listed)).ok_or_else(missing)?;
        if blob.len() > BLOB_BYTES_MAX {
            return Err(Refused::BlobTooLarge { hash: listed.clone() });
        }
        if hash(blob) != *listed {
            return Err(Refused::Altered { hash: listed.clone() });
        }
    }
    Ok(())
}

fn assemble(members: &Members, manifest: &Manifest, file: &Listed) -> Result<Vec<u8>, Refused> {
    let mut content = Vec::new();
    for index in &file.blobs {
        let hash = manifest.hashes.get(*index).ok_or(Refused::Hashes)?;
        let blob = members.get(&blob_name(hash));
        content.extend_from_slice(blob.map(Vec::as_slice).unwrap_or_default());
        if content.len() as u64 > file.bytes {
            break;
        }
    }
    if content.len() as u64 != file.bytes {
        return Err(Refused::Size { path: file.path.clone() });
    }
    Ok(content)
}
