//! Wallet addresses whose checksum holds, as they are copied from one place to the next: nobody
//! pays to an address that was written in other letters, so no disguise is undone.

mod base58;
mod eth;
mod segwit;
#[cfg(test)]
mod tests;
mod ton;

use std::ops::Range;

/// A kind of wallet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Wallet {
    /// Bitcoin: base58 with a checksum, or segwit.
    Btc,
    /// Ethereum and what shares its addresses.
    Eth,
    /// TON.
    Ton,
    /// TRON.
    Tron,
}

impl Wallet {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Btc, Self::Eth, Self::Ton, Self::Tron];

    /// Name in rules.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Btc => "btc",
            Self::Eth => "eth",
            Self::Ton => "ton",
            Self::Tron => "tron",
        }
    }
}

/// An address found in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundWallet {
    /// Byte range in the text.
    pub range: Range<usize>,
    /// Whose address it is.
    pub wallet: Wallet,
    /// The address in one spelling: segwit and Ethereum in lower case, TON raw (`0:` and 64
    /// hexadecimal digits), the others as they are written.
    pub address: String,
}

/// Characters that are in a row in every address, at least: the shortest of base58.
const LENGTH_MIN: usize = 26;

/// Every address of a text, in order, none over another.
///
/// ```
/// let wallets = tidegate::extract::wallets("to 1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2!");
/// assert_eq!(wallets[0].address, "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2");
/// assert_eq!(wallets[0].range, 3..37);
/// ```
#[must_use]
pub fn wallets(text: &str) -> Vec<FoundWallet> {
    let bytes = text.as_bytes();
    let mut found: Vec<FoundWallet> = Vec::new();
    let mut at = 0;
    while let Some(run) = next_run(bytes, at) {
        at = run.end;
        if let Some(one) = wallet_at(text, run) {
            at = one.range.end.max(at);
            found.push(one);
        }
    }
    found
}

/// A cheap look that spares most texts the rest. Says yes too often, never too seldom.
#[must_use]
pub fn may_hold_wallet(text: &str) -> bool {
    let bytes = text.as_bytes();
    let is_of_wallet = |byte: &&u8| byte.is_ascii_alphanumeric() || b"-_+/".contains(byte);
    let mut at = LENGTH_MIN - 1;
    // One byte is looked at of so many, where a run is as long as it must be.
    while let Some(byte) = bytes.get(at) {
        if !is_of_wallet(&byte) {
            at += LENGTH_MIN;
            continue;
        }
        let before = bytes.get(at + 1 - LENGTH_MIN..at).unwrap_or_default();
        let run = before.iter().rev().take_while(is_of_wallet).count();
        if run == before.len() {
            return true;
        }
        at += before.len() - run;
    }
    false
}

/// The next letters and digits from `from` on, as many as there are.
fn next_run(bytes: &[u8], from: usize) -> Option<Range<usize>> {
    let rest = bytes.get(from..)?;
    let start = from + rest.iter().position(u8::is_ascii_alphanumeric)?;
    let length = bytes.get(start..)?.iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
    Some(start..start + length)
}

/// The address that begins with this run of letters and digits, or is all of it.
fn wallet_at(text: &str, run: Range<usize>) -> Option<FoundWallet> {
    let word = text.get(run.clone())?;
    let known = match (word.as_bytes(), word.len()) {
        ([b'1' | b'3', ..], 26..=35) => base58::btc(word).map(|it| (Wallet::Btc, it)),
        ([b'T', ..], 34) => base58::tron(word).map(|it| (Wallet::Tron, it)),
        ([b'b' | b'B', ..], 42 | 62) => segwit::btc(word).map(|it| (Wallet::Btc, it)),
        ([b'0', b'x' | b'X', ..], 42) => eth::eth(word).map(|it| (Wallet::Eth, it)),
        _ => None,
    };
    if let Some((wallet, address)) = known {
        return Some(FoundWallet { range: run, wallet, address });
    }
    let (end, address) = ton::ton(text.get(run.start..)?)?;
    Some(FoundWallet { range: run.start..run.start + end, wallet: Wallet::Ton, address })
}
