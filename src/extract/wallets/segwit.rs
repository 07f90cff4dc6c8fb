//! Segwit addresses of Bitcoin (BIP 173, BIP 350): version 0, and taproot's version 1.

/// `bc1…`, in one case.
pub(super) fn btc(word: &str) -> Option<String> {
    let (hrp, version, program) = bech32::segwit::decode(word).ok()?;
    // Version 1 of another length is valid and pays to nobody.
    let is_paid = match version.to_u8() {
        0 => true,
        1 => program.len() == 32,
        _ => false,
    };
    (hrp == bech32::hrp::BC && is_paid).then(|| word.to_ascii_lowercase())
}
