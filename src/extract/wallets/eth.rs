//! Addresses of Ethereum, with the checksum in the case of their letters (EIP-55).

use sha3::{Digest, Keccak256};

/// `0x` and 40 hexadecimal digits. In one case alone they carry no checksum and are taken.
pub(super) fn eth(word: &str) -> Option<String> {
    let digits = word.get(2..).filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()))?;
    let lower = digits.to_ascii_lowercase();
    let is_plain = digits == lower || digits == digits.to_ascii_uppercase();
    (is_plain || has_checksum(digits, &lower)).then(|| format!("0x{lower}"))
}

/// Is each letter a capital where the hash has its highest bit set, and small elsewhere?
fn has_checksum(digits: &str, lower: &str) -> bool {
    let hash = Keccak256::digest(lower.as_bytes());
    let halves = hash.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    let is_right = |(digit, half): (u8, u8)| {
        digit.is_ascii_digit() || digit.is_ascii_uppercase() == (half >= 8)
    };
    digits.bytes().zip(halves).all(is_right)
}
