//! Published addresses, and what is near to one and is none.

use proptest::prelude::*;

use super::{FoundWallet, Wallet, may_hold_wallet, wallets};

/// (address, kind, canonical form; empty: as it stands). Sources: Bitcoin's developer guide and
/// wiki, BIP 173, BIP 350, BIP 86, EIP-55, TON's and TRON's documentation.
const VALID: &[(&str, Wallet, &str)] = &[
    ("1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2", Wallet::Btc, ""),
    ("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", Wallet::Btc, ""),
    ("1111111111111111111114oLvT2", Wallet::Btc, ""),
    ("3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy", Wallet::Btc, ""),
    (
        "BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4",
        Wallet::Btc,
        "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
    ),
    ("bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", Wallet::Btc, ""),
    ("bc1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3qccfmv3", Wallet::Btc, ""),
    ("bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0", Wallet::Btc, ""),
    ("bc1p5cyxnuxmeuwuvkwfem96lqzszd02n6xdcjrs20cac6yqjjwudpxqkedrcr", Wallet::Btc, ""),
    (
        "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
        Wallet::Eth,
        "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed",
    ),
    (
        "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
        Wallet::Eth,
        "0xfb6916095ca1df60bb79ce92ce3ea74c37c5d359",
    ),
    (
        "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
        Wallet::Eth,
        "0xdbf03b407c01e7cd3cbea99509d93f8dddc8c6fb",
    ),
    (
        "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
        Wallet::Eth,
        "0xd1220a0cf47c7b9be7a2e6ba89f429762e7b9adb",
    ),
    (
        "0x52908400098527886E0F7030069857D2E4169EE7",
        Wallet::Eth,
        "0x52908400098527886e0f7030069857d2e4169ee7",
    ),
    ("0xde709f2102306220921060314715629080e2fb77", Wallet::Eth, ""),
    ("TJRabPrwbZy45sbavfcjinPJC18kjpRTv8", Wallet::Tron, ""),
    ("TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t", Wallet::Tron, ""),
    (
        "EQDKbjIcfM6ezt8KjKJJLshZJJSqX7XOA4ff-W72r5gqPrHF",
        Wallet::Ton,
        "0:ca6e321c7cce9ecedf0a8ca2492ec8592494aa5fb5ce0387dff96ef6af982a3e",
    ),
    (
        "UQDKbjIcfM6ezt8KjKJJLshZJJSqX7XOA4ff-W72r5gqPuwA",
        Wallet::Ton,
        "0:ca6e321c7cce9ecedf0a8ca2492ec8592494aa5fb5ce0387dff96ef6af982a3e",
    ),
    (
        "EQDKbjIcfM6ezt8KjKJJLshZJJSqX7XOA4ff+W72r5gqPrHF",
        Wallet::Ton,
        "0:ca6e321c7cce9ecedf0a8ca2492ec8592494aa5fb5ce0387dff96ef6af982a3e",
    ),
    (
        "Ef8zMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzM0vF",
        Wallet::Ton,
        "-1:3333333333333333333333333333333333333333333333333333333333333333",
    ),
    (
        "0:CA6E321C7CCE9ECEDF0A8CA2492EC8592494AA5FB5CE0387DFF96EF6AF982A3E",
        Wallet::Ton,
        "0:ca6e321c7cce9ecedf0a8ca2492ec8592494aa5fb5ce0387dff96ef6af982a3e",
    ),
];

/// Valid elsewhere, or nowhere.
const INVALID: &[&str] = &[
    "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN3",
    "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLz",
    "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN",
    // Of the test network, a private key, and letters that base58 does not have.
    "mipcBbFg9gMiCh81Kj8tqqdgoZub1ZJRfn",
    "5Hwgr3u458GLafKBgxtssHSPqJnYoGrSzgQsPwLFhLNYskDPyyA",
    "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN0",
    // BIP 173 and BIP 350: wrong checksum, wrong kind of it, mixed case, wrong length, test network.
    "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5",
    "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqh2y7hd",
    "BC1S0XLXVLHEMJA6C4DQV22UAPCTQUPFHLXM9H8Z3K2E72Q4K9HCZ7VQ54WELL",
    "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kemeawh",
    "bc1qW508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
    "bc1pw508d6qejxtdg4y5r3zarvary0c5xw7kw508d6qejxtdg4y5r3zarvary0c5xw7kt5nd6y",
    "tb1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3q0sl5k7",
    // EIP-55 with one letter in the other case, a hash of a transaction, 39 digits.
    "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1Beaed",
    "0x88df016429689c079f3b2f6ad39fa052532c56795b733da78a91ebe6a713944b",
    "0xde709f2102306220921060314715629080e2fb7",
    "TJRabPrwbZy45sbavfcjinPJC18kjpRTv9",
    "TJRabPrwbZy45sbavfcjinPJC18kjpRTv",
    // TON: wrong checksum, both alphabets, a workchain that is none, no hash.
    "EQDKbjIcfM6ezt8KjKJJLshZJJSqX7XOA4ff-W72r5gqPrHG",
    "EQDKbjIcfM6ezt8KjKJJLshZJJSqX7XOA4ff-W72r5gq/rHF",
    "1:ca6e321c7cce9ecedf0a8ca2492ec8592494aa5fb5ce0387dff96ef6af982a3e",
    "0:ca6e321c7cce9ecedf0a8ca2492ec8592494aa5fb5ce0387dff96ef6af982a3",
    "ca6e321c7cce9ecedf0a8ca2492ec8592494aa5fb5ce0387dff96ef6af982a3e",
];

#[test]
fn published_addresses_are_found_wherever_they_stand() {
    for (address, wallet, canonical) in VALID {
        let canonical = if canonical.is_empty() { address } else { canonical };
        let around = [
            "",
            " ",
            "bitcoin:",
            "(",
            "https://scan.example/address/",
            "на",
            "钱包",
            "wallet=",
            "_",
            ".",
        ];
        for before in around {
            for after in ["", " ", ",", ")", "?amount=1", "и", "吧", "\n", "-", "/"] {
                let text = format!("{before}{address}{after}");
                let range = before.len()..before.len() + address.len();
                let want = FoundWallet { range, wallet: *wallet, address: (*canonical).to_owned() };
                assert_eq!(wallets(&text), [want], "{text}");
                assert!(may_hold_wallet(&text), "{text}");
            }
        }
        for text in [format!("a{address}"), format!("{address}a"), format!("7{address}7")] {
            assert_eq!(wallets(&text), [], "{text}");
        }
    }
}

#[test]
fn what_only_looks_like_an_address_is_none() {
    for text in INVALID {
        assert_eq!(wallets(text), [], "{text}");
    }
}

#[test]
fn several_addresses_are_told_apart() {
    let text: Vec<&str> = VALID.iter().map(|(address, ..)| *address).collect();
    let found = wallets(&text.join(", "));
    let kinds: Vec<Wallet> = found.iter().map(|one| one.wallet).collect();
    let want: Vec<Wallet> = VALID.iter().map(|(_, wallet, _)| *wallet).collect();
    assert_eq!(kinds, want);
}

#[test]
fn a_mebibyte_of_anything_is_looked_through_once() {
    for unit in
        ["1", "E", "EQ-", "a-", "0:", "0x", "T ", "bc1", "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN3 "]
    {
        let text = unit.repeat((1 << 20) / unit.len());
        assert_eq!(wallets(&text), [], "{unit}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn one_wrong_character_is_seen_where_there_is_a_checksum(
        which in 0..VALID.len(), at in 1usize..48, to in "[1-9A-HJ-NP-Za-km-z]",
    ) {
        let (address, _, _) = VALID[which];
        // An address in one case has no checksum, nor has a raw one.
        let is_mixed = address.chars().skip(2).any(|c| c.is_ascii_lowercase())
            && address.chars().skip(2).any(|c| c.is_ascii_uppercase());
        let has_one = !address.contains(':') && (!address.starts_with("0x") || is_mixed);
        if !has_one || at >= address.len() {
            return Ok(());
        }
        let (before, behind) = address.split_at(at);
        let changed = format!("{before}{to}{}", behind.get(1..).unwrap_or_default());
        if changed.eq_ignore_ascii_case(address) {
            return Ok(());
        }
        // Base64 of 48 characters and 16 bits of checksum: single changes are always seen.
        prop_assert_eq!(wallets(&changed), vec![], "{}", changed);
    }

    #[test]
    fn no_text_with_an_address_is_passed_over(
        before in "[a-z -]{0,60}", which in 0..VALID.len(), after in "[ -]{0,3}[a-z ]{0,60}",
    ) {
        let text = format!("{before} {}{after}", VALID[which].0);
        let found = wallets(&text);
        prop_assert!(found.is_empty() || may_hold_wallet(&text), "{:?}", text);
    }
}
