//! Addresses of TON: the form that people see, in base64 with a checksum, and the raw one.

/// Characters of the form that people see.
const FRIENDLY: usize = 48;
/// The bytes these stand for: a tag, a workchain, 32 of a hash, 2 of the checksum.
const BYTES: usize = 36;
/// Tags, without the bit of the test network.
const BOUNCEABLE: u8 = 0x11;
const NOT_BOUNCEABLE: u8 = 0x51;
const TEST_ONLY: u8 = 0x80;

/// The address that a text begins with: its length, and its raw form.
pub(super) fn ton(text: &str) -> Option<(usize, String)> {
    raw(text).or_else(|| friendly(text))
}

/// `0:` and 64 hexadecimal digits.
fn raw(text: &str) -> Option<(usize, String)> {
    const LENGTH: usize = 66;
    let hash = text.strip_prefix("0:")?.get(..LENGTH - 2)?;
    let is_hash = hash.bytes().all(|byte| byte.is_ascii_hexdigit()) && is_whole(text, LENGTH);
    is_hash.then(|| (LENGTH, format!("0:{}", hash.to_ascii_lowercase())))
}

fn friendly(text: &str) -> Option<(usize, String)> {
    let word = text.get(..FRIENDLY).filter(|_| is_whole(text, FRIENDLY))?;
    let bytes = decode(word.as_bytes())?;
    let (body, checksum) = bytes.split_last_chunk::<2>()?;
    let [tag, workchain, hash @ ..] = body else { return None };
    let is_tag = matches!(tag & !TEST_ONLY, BOUNCEABLE | NOT_BOUNCEABLE);
    let workchain = match workchain {
        0x00 => "0",
        0xFF => "-1",
        _ => return None,
    };
    let hash: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    let holds = is_tag && crc16(body) == u16::from_be_bytes(*checksum);
    holds.then(|| (FRIENDLY, format!("{workchain}:{hash}")))
}

/// Does no letter or digit follow?
fn is_whole(text: &str, length: usize) -> bool {
    text.as_bytes().get(length).is_none_or(|byte| !byte.is_ascii_alphanumeric())
}

/// Base64 of either alphabet, but not of both.
fn decode(word: &[u8]) -> Option<[u8; BYTES]> {
    let of_url = word.iter().any(|byte| b"-_".contains(byte));
    let mut bytes = [0; BYTES];
    for (four, three) in word.chunks_exact(4).zip(bytes.chunks_exact_mut(3)) {
        let mut bits = 0;
        for digit in four {
            bits = bits << 6 | u32::from(value(*digit, of_url)?);
        }
        let [_, high, middle, low] = bits.to_be_bytes();
        three.copy_from_slice(&[high, middle, low]);
    }
    Some(bytes)
}

fn value(digit: u8, of_url: bool) -> Option<u8> {
    match digit {
        b'A'..=b'Z' => Some(digit - b'A'),
        b'a'..=b'z' => Some(digit - b'a' + 26),
        b'0'..=b'9' => Some(digit - b'0' + 52),
        b'-' | b'+' if of_url == (digit == b'-') => Some(62),
        b'_' | b'/' if of_url == (digit == b'_') => Some(63),
        _ => None,
    }
}

/// CRC-16/XMODEM.
fn crc16(bytes: &[u8]) -> u16 {
    const POLYNOMIAL: u16 = 0x1021;
    bytes.iter().fold(0, |crc, byte| {
        (0..8).fold(crc ^ u16::from(*byte) << 8, |crc, _| {
            let carried = crc & 0x8000 != 0;
            crc << 1 ^ if carried { POLYNOMIAL } else { 0 }
        })
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_checksum_is_the_one_of_the_catalogue() {
        assert_eq!(super::crc16(b"123456789"), 0x31C3);
    }
}
