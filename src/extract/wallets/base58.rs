//! Base58 with a checksum: the older addresses of Bitcoin, and those of TRON.

use sha2::{Digest, Sha256};

/// Version byte, 20 bytes of a hash, 4 of the checksum.
const BYTES: usize = 25;

/// To a key (`1…`) or to a script (`3…`).
pub(super) fn btc(word: &str) -> Option<String> {
    matches!(version(word)?, 0x00 | 0x05).then(|| word.to_owned())
}

/// `T…`
pub(super) fn tron(word: &str) -> Option<String> {
    (version(word)? == 0x41).then(|| word.to_owned())
}

/// The version byte of an address whose checksum holds.
fn version(word: &str) -> Option<u8> {
    let mut bytes = [0; BYTES];
    let length = bs58::decode(word).onto(&mut bytes[..]).ok()?;
    let (body, checksum) = bytes.split_last_chunk::<4>()?;
    let hash = Sha256::digest(Sha256::digest(body));
    (length == BYTES && hash.first_chunk() == Some(checksum)).then_some(bytes[0])
}
