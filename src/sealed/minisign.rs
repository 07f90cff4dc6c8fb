//! Keys and signatures as minisign writes them: ed25519 over a BLAKE2b hash (`ED`), with a comment
//! that is signed too.
//!
//! Signatures are verified by the crate of minisign's own author; what is read here is only which
//! key made one. The older form, which signs the bytes themselves (`Ed`), is refused.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use blake2::{Blake2b512, Digest};
use ed25519_compact::{KeyPair, Seed};
use minisign_verify::Signature;

/// How long a key or signature file may be: four lines of comments and base64.
const FILE_BYTES_MAX: usize = 8 << 10;

const OF_PUBLIC_KEY: &str = "untrusted comment: minisign public key";
const OF_SECRET_KEY: &str = "untrusted comment: minisign encrypted secret key";
const OF_SIGNATURE: &str = "untrusted comment: signature from tidegate pack sign";
const TRUSTED: &str = "trusted comment: ";

/// `Ed`, no encryption, and the hash that a checksum would have.
const SECRET_HEAD: [u8; 6] = *b"Ed\0\0B2";
/// Salt and two limits of the encryption that is not there.
const SECRET_UNUSED: usize = 32 + 8 + 8;

/// Names a key, as minisign prints it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId([u8; 8]);

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016X}", u64::from_le_bytes(self.0))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What is wrong with a key file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyFault {
    /// Something else.
    #[error("is no public key of minisign: give it the .pub file of a signer")]
    NotPublic,
    /// Something else.
    #[error("is no secret key of minisign: make one with `tidegate pack keygen`")]
    NotSecret,
    /// It wants a password.
    #[error(
        "is encrypted: nobody is there to be asked for a password, make one with \
         `tidegate pack keygen` or `minisign -G -W`"
    )]
    Encrypted,
    /// Its two halves are not of one key.
    #[error("is damaged: its public half is not that of its secret half")]
    Damaged,
}

/// What is wrong with a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureFault {
    /// Not four lines as minisign writes them.
    #[error("is no signature of minisign, or not all of one")]
    Malformed,
    /// It does not say by which key.
    #[error("does not say by which key it is")]
    NoKeyId,
    /// The older form.
    #[error(
        "is of minisign's older form, which is not taken: sign again with minisign 0.10 or newer"
    )]
    Legacy,
    /// It does not belong to this manifest, or not to this comment.
    #[error("does not hold: the manifest or the comment is not what was signed")]
    Wrong,
}

/// A key that signatures are accepted of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    id: KeyId,
    key: minisign_verify::PublicKey,
}

impl PublicKey {
    /// Reads a `.pub` file, or its second line alone.
    ///
    /// # Errors
    /// If it is no public key.
    pub fn read(text: &str) -> Result<Self, KeyFault> {
        let line = key_line(text).ok_or(KeyFault::NotPublic)?;
        let bytes = STANDARD.decode(line).map_err(|_| KeyFault::NotPublic)?;
        let (form, rest) = bytes.split_first_chunk::<2>().ok_or(KeyFault::NotPublic)?;
        let id = *rest.first_chunk::<8>().ok_or(KeyFault::NotPublic)?;
        if form != b"Ed" || bytes.len() != 2 + 8 + 32 {
            return Err(KeyFault::NotPublic);
        }
        let key = minisign_verify::PublicKey::from_base64(line).map_err(|_| KeyFault::NotPublic)?;
        Ok(Self { id: KeyId(id), key })
    }

    /// Which key it is.
    #[must_use]
    pub fn id(&self) -> KeyId {
        self.id
    }

    /// Is this a good signature by this key? Gives the signed comment.
    pub(super) fn verify(&self, message: &[u8], signature: &str) -> Result<String, SignatureFault> {
        let signature = Signature::decode(signature).map_err(|_| SignatureFault::Malformed)?;
        self.key.verify(message, &signature, false).map_err(|_| SignatureFault::Wrong)?;
        Ok(signature.trusted_comment().to_owned())
    }
}

/// The line with the key: the second of a file with a comment, or the only one.
fn key_line(text: &str) -> Option<&str> {
    let mut lines = Some(text).filter(|text| text.len() <= FILE_BYTES_MAX)?.lines();
    let first = lines.next()?;
    if first.starts_with("untrusted comment:") { lines.next() } else { Some(first) }
}

/// The key that a signature says it is by.
pub(super) fn signer(signature: &[u8]) -> Result<(KeyId, &str), SignatureFault> {
    let text = std::str::from_utf8(signature).map_err(|_| SignatureFault::Malformed)?;
    if text.len() > FILE_BYTES_MAX || text.lines().count() != 4 {
        return Err(SignatureFault::Malformed);
    }
    let line = text.lines().nth(1).ok_or(SignatureFault::Malformed)?;
    let bytes = STANDARD.decode(line).map_err(|_| SignatureFault::Malformed)?;
    let (form, rest) = bytes.split_first_chunk::<2>().ok_or(SignatureFault::Malformed)?;
    let id = rest.first_chunk::<8>().copied().filter(|_| rest.len() == 8 + 64);
    match (form, id) {
        // Without an id the signature alone is left, at the place where the id should be.
        (b"ED", None) if rest.len() == 64 => Err(SignatureFault::NoKeyId),
        (b"ED", Some([0, 0, 0, 0, 0, 0, 0, 0])) => Err(SignatureFault::NoKeyId),
        (b"ED", Some(id)) => Ok((KeyId(id), text)),
        (b"Ed", Some(_)) => Err(SignatureFault::Legacy),
        _ => Err(SignatureFault::Malformed),
    }
}

/// A key to sign with.
pub struct SecretKey {
    id: KeyId,
    pair: KeyPair,
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecretKey").field("id", &self.id).finish_non_exhaustive()
    }
}

impl SecretKey {
    /// The key that these random bytes are; an id of zeros, which is no id, is not left so.
    #[must_use]
    pub fn new(id: [u8; 8], seed: [u8; 32]) -> Self {
        let id = if id == [0; 8] { [1; 8] } else { id };
        Self { id: KeyId(id), pair: KeyPair::from_seed(Seed::new(seed)) }
    }

    /// Reads a secret key file that is not encrypted.
    ///
    /// # Errors
    /// If it is none, encrypted, or damaged.
    pub fn read(text: &str) -> Result<Self, KeyFault> {
        let line = key_line(text).ok_or(KeyFault::NotSecret)?;
        let bytes = STANDARD.decode(line).map_err(|_| KeyFault::NotSecret)?;
        let bytes: [u8; 158] = bytes.try_into().map_err(|_| KeyFault::NotSecret)?;
        let (head, rest) = bytes.split_at(SECRET_HEAD.len());
        match head {
            [b'E', b'd', b'S', b'c', b'B', b'2'] => return Err(KeyFault::Encrypted),
            _ if head != SECRET_HEAD => return Err(KeyFault::NotSecret),
            _ => {}
        }
        let rest = rest.get(SECRET_UNUSED..).unwrap_or_default();
        let (id, rest) = rest.split_first_chunk::<8>().ok_or(KeyFault::NotSecret)?;
        let (seed, rest) = rest.split_first_chunk::<32>().ok_or(KeyFault::NotSecret)?;
        let public = rest.first_chunk::<32>().ok_or(KeyFault::NotSecret)?;
        let key = Self { id: KeyId(*id), pair: KeyPair::from_seed(Seed::new(*seed)) };
        if *key.pair.pk != *public {
            return Err(KeyFault::Damaged);
        }
        Ok(key)
    }

    /// Which key it is.
    #[must_use]
    pub fn id(&self) -> KeyId {
        self.id
    }

    /// The secret key file, as `minisign -G -W` writes it.
    #[must_use]
    pub fn secret_file(&self) -> String {
        let mut bytes = SECRET_HEAD.to_vec();
        bytes.extend([0; SECRET_UNUSED]);
        bytes.extend(self.id.0);
        bytes.extend(*self.pair.sk);
        // Where a key is encrypted a checksum stands here.
        bytes.extend([0; 32]);
        format!("{OF_SECRET_KEY}\n{}\n", STANDARD.encode(bytes))
    }

    /// The public key file.
    #[must_use]
    pub fn public_file(&self) -> String {
        let bytes = [&b"Ed"[..], &self.id.0, &*self.pair.pk].concat();
        format!("{OF_PUBLIC_KEY} {}\n{}\n", self.id, STANDARD.encode(bytes))
    }

    /// Signs bytes, and a comment of one line.
    #[must_use]
    pub fn sign(&self, message: &[u8], comment: &str) -> String {
        let comment: String =
            comment.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
        let signature = self.pair.sk.sign(Blake2b512::digest(message), None);
        let whole = [&b"ED"[..], &self.id.0, &*signature].concat();
        let global = self.pair.sk.sign([&*signature, comment.as_bytes()].concat(), None);
        let (whole, global) = (STANDARD.encode(whole), STANDARD.encode(*global));
        format!("{OF_SIGNATURE}\n{whole}\n{TRUSTED}{comment}\n{global}\n")
    }
}
