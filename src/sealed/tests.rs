//! Built packs as they should be, and every way of tampering with one.
#![expect(clippy::indexing_slicing, reason = "a wrong index fails the test, as it should")]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use proptest::prelude::*;

use super::*;
use crate::rules::{Code, Source, compile};

const TEXT: &[u8] = include_bytes!("../../tests/data/minisign/text.txt");
const BY_A: &str = include_str!("../../tests/data/minisign/text.txt.minisig");
const LEGACY: &str = include_str!("../../tests/data/minisign/text.txt.legacy.minisig");
const ENCRYPTED: &str = include_str!("../../tests/data/minisign/encrypted.key");
/// Secret and public files of three keys, as minisign made them.
const FILES: [(&str, &str); 3] = [
    (
        include_str!("../../tests/data/minisign/a.key"),
        include_str!("../../tests/data/minisign/a.pub"),
    ),
    (
        include_str!("../../tests/data/minisign/b.key"),
        include_str!("../../tests/data/minisign/b.pub"),
    ),
    (
        include_str!("../../tests/data/minisign/c.key"),
        include_str!("../../tests/data/minisign/c.pub"),
    ),
];

fn secret(key: usize) -> SecretKey {
    SecretKey::read(FILES[key].0).unwrap()
}

fn public(key: usize) -> PublicKey {
    PublicKey::read(FILES[key].1).unwrap()
}

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

const RULE: &str = include_str!("../../tests/data/packs/rule.yaml");

fn source(rule: &str, list: &str) -> Source {
    let files = [
        ("pack.yaml", "name: small\nversion: \"7\"\nowner: tests@example.org\n"),
        ("rules/test.yaml", rule),
        ("lists/words.txt", list),
    ];
    let files = files.map(|(path, text)| (path.to_owned(), text.as_bytes().to_vec()));
    Source { files: files.into() }
}

fn good_source() -> Source {
    // More than a blob's length, and two pieces of it equal.
    let list: String = (0..300_000).map(|number| format!("word{}\n", number % 1_000)).collect();
    source(&RULE.replace("[zorb]", "[zorb, flim]"), &list)
}

fn edition() -> Edition {
    Edition { sequence: 5, expires: time("2027-01-01T00:00:00Z") }
}

/// A pack, built, without signatures. It need not compile to be built here.
fn built_of(source: &Source) -> Members {
    let pack = compile(&self::source(RULE, "")).unwrap().pack;
    seal(&pack, source, edition()).unwrap()
}

fn sign(members: &mut Members, key: usize) {
    let key = secret(key);
    let signature = key.sign(&members[MANIFEST], "a comment");
    members.insert(signature_name(key.id()), signature.into_bytes());
}

/// Signed by the first two keys.
fn signed() -> Members {
    let mut members = built_of(&good_source());
    sign(&mut members, 0);
    sign(&mut members, 1);
    members
}

fn trust() -> Trust {
    Trust {
        keys: vec![public(0), public(1)],
        at_least: 2,
        pack: Some("small".to_owned()),
        last_sequence: Some(5),
        now: time("2026-12-31T23:59:59Z"),
    }
}

#[test]
fn what_was_built_and_signed_opens_to_the_same_files() {
    let members = signed();
    let opened = open(&members, &trust()).unwrap();
    assert_eq!(opened.source, good_source());
    let signers: Vec<KeyId> = opened.signers.keys().copied().collect();
    let mut expected = vec![public(0).id(), public(1).id()];
    expected.sort_unstable();
    assert_eq!(signers, expected);
    assert!(opened.signers.values().all(|comment| comment == "a comment"));
    assert_eq!(read_archive(&write_archive(&members)).unwrap(), members);
}

#[test]
fn the_same_files_give_the_same_bytes() {
    let members = built_of(&source(RULE, "blorp\n"));
    assert_eq!(members, built_of(&source(RULE, "blorp\n")));
    // These bytes are a promise: another version that builds others breaks it.
    assert_eq!(
        hash(&members[MANIFEST]),
        "ad0a17bc5eddb6c5cb73d8557f219005eb6009a1c06dc6198de52f47e01b288f"
    );
    assert_eq!(
        hash(&write_archive(&members)),
        "e04dd102f933670762a0984dce3ea1342f52c53e28cd7715b9c36c1e677c93a3"
    );
    for (name, blob) in members.iter().filter(|(name, _)| *name != MANIFEST) {
        assert_eq!(*name, blob_name(&hash(blob)));
    }
    assert!(signed().values().all(|member| member.len() <= BLOB_BYTES_MAX));
}

#[test]
fn what_minisign_made_is_read_and_holds() {
    assert_eq!(public(0).verify(TEXT, BY_A), Ok("a comment, signed too".to_owned()));
    assert_eq!(public(0).verify(b"Another text.\n", BY_A), Err(SignatureFault::Wrong));
    let forged = BY_A.replace("signed too", "forged too");
    assert_eq!(public(0).verify(TEXT, &forged), Err(SignatureFault::Wrong));
    for (key, (secret_file, public_file)) in FILES.into_iter().enumerate() {
        assert_eq!(secret(key).id(), public(key).id());
        assert_eq!(secret(key).secret_file(), secret_file);
        let line = |text: &str| text.lines().nth(1).map(str::to_owned);
        assert_eq!(line(&secret(key).public_file()), line(public_file));
        let alone = PublicKey::read(public_file.lines().nth(1).unwrap()).unwrap();
        assert_eq!(alone.id(), public(key).id());
        let signature = secret(key).sign(TEXT, "line\nbreak");
        assert_eq!(public(key).verify(TEXT, &signature), Ok("line break".to_owned()));
    }
    // Ed25519 has one signature for a key and a message, so that the bytes are those of minisign.
    let ours = secret(0).sign(TEXT, "a comment, signed too");
    assert!(ours.lines().skip(1).eq(BY_A.lines().skip(1)), "{ours}");
}

#[test]
fn files_that_are_no_keys_are_refused() {
    let damaged = reencoded(FILES[0].0, |bytes| bytes[70] ^= 1);
    for (text, fault) in [
        (&*damaged, KeyFault::Damaged),
        (ENCRYPTED, KeyFault::Encrypted),
        (FILES[0].1, KeyFault::NotSecret),
        ("", KeyFault::NotSecret),
        ("untrusted comment: x\n", KeyFault::NotSecret),
        ("untrusted comment: x\n????\n", KeyFault::NotSecret),
    ] {
        assert_eq!(SecretKey::read(text).unwrap_err(), fault, "{text}");
    }
    for text in [FILES[0].0, BY_A, "", "untrusted comment: x", "RWQ=", "é"] {
        assert_eq!(PublicKey::read(text).unwrap_err(), KeyFault::NotPublic, "{text}");
    }
    assert!(!format!("{:?}", secret(0)).contains("sk"), "a secret never shows");
}

/// The manifest, changed and signed again by both keys: what a signer could be brought to sign.
fn resigned(change: impl Fn(&mut serde_json::Value)) -> Members {
    let mut members = signed();
    let mut manifest = serde_json::from_slice(&members[MANIFEST]).unwrap();
    change(&mut manifest);
    members.insert(MANIFEST.to_owned(), serde_json::to_vec(&manifest).unwrap());
    sign(&mut members, 0);
    sign(&mut members, 1);
    members
}

fn changed(change: impl Fn(&mut Members)) -> Members {
    let mut members = signed();
    change(&mut members);
    members
}

/// The first signature's name.
fn first_signature() -> String {
    signature_name(public(0).id())
}

/// The first signature with its text changed.
fn signature(change: impl Fn(&str) -> String) -> Members {
    changed(|members| {
        let signature = members.get_mut(&first_signature()).unwrap();
        *signature = change(std::str::from_utf8(signature).unwrap()).into_bytes();
    })
}

/// A file of minisign with the bytes of its second line changed.
fn reencoded(text: &str, change: impl Fn(&mut Vec<u8>)) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let mut bytes = STANDARD.decode(&lines[1]).unwrap();
    change(&mut bytes);
    lines[1] = STANDARD.encode(bytes);
    lines.join("\n")
}

/// The first signature with its bytes changed.
fn signature_bytes(change: impl Fn(&mut Vec<u8>)) -> Members {
    signature(|text| reencoded(text, &change))
}

fn blob() -> String {
    signed().keys().find(|name| name.starts_with(BLOBS)).unwrap().clone()
}

fn of_signature(fault: SignatureFault) -> Refused {
    Refused::Signature { name: first_signature(), fault }
}

fn of_blob(refused: impl Fn(String) -> Refused) -> Refused {
    refused(blob().strip_prefix(BLOBS).unwrap().to_owned())
}

fn refusal(members: &Members) -> Refused {
    open(members, &trust()).unwrap_err()
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn signatures_that_were_tampered_with_are_refused_each_for_its_reason() {
    let (first, second) = (first_signature(), signature_name(public(1).id()));
    let cases = [
        ("unsigned", built_of(&good_source()), Refused::Unsigned),
        ("stripped", changed(|it| it.retain(|name, _| !is_signature(name))), Refused::Unsigned),
        ("N-1 of N", changed(|it| drop(it.remove(&second))), Refused::TooFew { have: 1, need: 2 }),
        (
            "N-1 of N, and a stranger",
            changed(|it| {
                it.remove(&second);
                sign(it, 2);
            }),
            Refused::TooFew { have: 1, need: 2 },
        ),
        (
            "one signature twice",
            changed(|it| {
                it.remove(&second);
                let again = it[&first].clone();
                it.insert(format!("{MANIFEST}.again.minisig"), again);
            }),
            Refused::TooFew { have: 1, need: 2 },
        ),
        (
            "a stranger's",
            changed(|it| {
                it.retain(|name, _| !is_signature(name));
                sign(it, 2);
            }),
            Refused::Foreign { signers: vec![public(2).id()] },
        ),
        (
            "of another text",
            changed(|it| drop(it.insert(first.clone(), BY_A.as_bytes().to_vec()))),
            of_signature(SignatureFault::Wrong),
        ),
        (
            "under another's id",
            signature_bytes(|it| it[2..10].copy_from_slice(&[7; 8])),
            Refused::TooFew { have: 1, need: 2 },
        ),
        (
            "id of zeros",
            signature_bytes(|it| it[2..10].fill(0)),
            of_signature(SignatureFault::NoKeyId),
        ),
        (
            "without an id",
            signature_bytes(|it| drop(it.drain(2..10))),
            of_signature(SignatureFault::NoKeyId),
        ),
        ("one bit", signature_bytes(|it| it[40] ^= 1), of_signature(SignatureFault::Wrong)),
        ("cut", signature_bytes(|it| it.truncate(70)), of_signature(SignatureFault::Malformed)),
        (
            "no comment",
            signature(|it| it.lines().take(2).collect::<Vec<_>>().join("\n")),
            of_signature(SignatureFault::Malformed),
        ),
        (
            "other comment",
            signature(|it| it.replace("a comment", "b comment")),
            of_signature(SignatureFault::Wrong),
        ),
        (
            "more lines",
            signature(|it| format!("{it}more\n")),
            of_signature(SignatureFault::Malformed),
        ),
        ("empty", signature(|_| String::new()), of_signature(SignatureFault::Malformed)),
        ("the older form", signature(|_| LEGACY.to_owned()), of_signature(SignatureFault::Legacy)),
        (
            "too many",
            changed(|it| {
                for number in 0..SIGNATURES_MAX {
                    it.insert(format!("{MANIFEST}.{number}.minisig"), BY_A.as_bytes().to_vec());
                }
            }),
            Refused::TooManySignatures { count: SIGNATURES_MAX + 2 },
        ),
        (
            "manifest altered",
            changed(|it| it.get_mut(MANIFEST).unwrap().push(b' ')),
            of_signature(SignatureFault::Wrong),
        ),
    ];
    for (name, members, expected) in cases {
        let refused = refusal(&members);
        match (&refused, &expected) {
            // Whichever of the two comes first.
            (Refused::Signature { fault, .. }, Refused::Signature { fault: expected, .. }) => {
                assert_eq!(fault, expected, "{name}");
            }
            _ => assert_eq!(refused, expected, "{name}"),
        }
        assert!(!refused.to_string().is_empty() && !refused.to_string().ends_with('.'));
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn contents_that_were_tampered_with_are_refused_each_for_its_reason() {
    let blob = blob();
    let cases = [
        ("no manifest", changed(|it| drop(it.remove(MANIFEST))), Refused::NoManifest),
        (
            "a manifest of megabytes",
            changed(|it| it.get_mut(MANIFEST).unwrap().resize(BLOB_BYTES_MAX + 1, b' ')),
            Refused::ManifestTooLarge { bytes: BLOB_BYTES_MAX + 1 },
        ),
        (
            "blob altered",
            changed(|it| it.get_mut(&blob).unwrap()[0] ^= 1),
            of_blob(|hash| Refused::Altered { hash }),
        ),
        (
            "blob cut",
            changed(|it| _ = it.get_mut(&blob).unwrap().pop()),
            of_blob(|hash| Refused::Altered { hash }),
        ),
        (
            "blob gone",
            changed(|it| drop(it.remove(&blob))),
            of_blob(|hash| Refused::Missing { hash }),
        ),
        (
            "blob inflated",
            changed(|it| it.get_mut(&blob).unwrap().resize(BLOB_BYTES_MAX + 1, b' ')),
            of_blob(|hash| Refused::BlobTooLarge { hash }),
        ),
        (
            "blob renamed",
            changed(|it| {
                let content = it.remove(&blob).unwrap();
                it.insert(blob_name(&"0".repeat(64)), content);
            }),
            Refused::Unlisted { name: blob_name(&"0".repeat(64)) },
        ),
        (
            "a file that is not listed",
            changed(|it| drop(it.insert("rules/more.yaml".to_owned(), b"id: x".to_vec()))),
            Refused::Unlisted { name: "rules/more.yaml".to_owned() },
        ),
        (
            "a path that leaves",
            changed(|it| drop(it.insert("../../etc/x".to_owned(), Vec::new()))),
            Refused::Unlisted { name: "../../etc/x".to_owned() },
        ),
        (
            "a listed path that leaves",
            resigned(|it| it["files"][0]["path"] = "rules/../../x.yaml".into()),
            Refused::Path { path: "rules/../../x.yaml".to_owned() },
        ),
        (
            "a listed path from the root",
            resigned(|it| it["files"][0]["path"] = "/etc/x.yaml".into()),
            Refused::Path { path: "/etc/x.yaml".to_owned() },
        ),
        (
            "a listed file twice",
            resigned(|it| it["files"][1] = it["files"][0].clone()),
            Refused::Twice { path: "lists/words.txt".to_owned() },
        ),
        (
            "a listed file of another size",
            resigned(|it| it["files"][1]["bytes"] = 7.into()),
            Refused::Size { path: "pack.yaml".to_owned() },
        ),
        (
            "files of terabytes",
            resigned(|it| it["files"][0]["bytes"] = u64::MAX.into()),
            Refused::TooLarge,
        ),
        (
            "one blob for a file of many",
            resigned(|it| it["files"][0]["blobs"] = vec![0; 3_000].into()),
            Refused::Size { path: "lists/words.txt".to_owned() },
        ),
        (
            "an index beyond the hashes",
            resigned(|it| it["files"][1]["blobs"][0] = 99.into()),
            Refused::Hashes,
        ),
        ("a hash that is a path", resigned(|it| it["hashes"][0] = "../x".into()), Refused::Hashes),
        ("a hash twice", resigned(|it| it["hashes"][1] = it["hashes"][0].clone()), Refused::Hashes),
        (
            "another pack",
            resigned(|it| it["pack"] = "other".into()),
            Refused::OtherPack { found: "other".to_owned(), wanted: "small".to_owned() },
        ),
        (
            "a lower sequence",
            resigned(|it| it["sequence"] = 4.into()),
            Refused::Sequence { found: 4, last: 5 },
        ),
        (
            "expired",
            resigned(|it| it["expires"] = "2026-12-31T23:59:59Z".into()),
            Refused::Expired { at: time("2026-12-31T23:59:59Z") },
        ),
    ];
    for (name, members, expected) in cases {
        assert_eq!(refusal(&members).to_string(), expected.to_string(), "{name}");
    }
}

#[test]
fn manifests_that_cannot_be_read_say_why() {
    for (members, why) in [
        (resigned(|it| it["v"] = 2.into()), "it has form 2, this version knows 1"),
        (resigned(|it| it["sequence"] = (-1).into()), "-1"),
        (resigned(|it| it["expires"] = "soon".into()), "digit"),
        (resigned(|it| drop(it.as_object_mut().unwrap().remove("hashes"))), "`hashes`"),
        (resigned(|it| *it = serde_json::Value::Null), "null"),
    ] {
        let Refused::Manifest { why: said } = refusal(&members) else {
            unreachable!("{:?}", refusal(&members))
        };
        assert!(said.contains(why), "{said}");
    }
    let newer = resigned(|it| it["colour"] = "blue".into());
    assert!(open(&newer, &trust()).is_ok(), "a field of a later version is passed over");
}

#[test]
fn what_trust_does_not_ask_for_is_not_asked() {
    let mut trust = trust();
    (trust.pack, trust.last_sequence, trust.at_least) = (None, None, 0);
    assert!(open(&signed(), &trust).is_ok());
    trust.keys.clear();
    assert!(matches!(open(&signed(), &trust), Err(Refused::Foreign { .. })), "nobody is trusted");
    trust.keys = vec![public(2)];
    assert!(matches!(open(&signed(), &trust), Err(Refused::Foreign { .. })));
}

#[test]
fn bombs_that_were_signed_open_and_do_not_compile() {
    let deep = RULE.replace("[blorp]", &format!("{}{}", "[".repeat(90_000), "]".repeat(90_000)));
    let flow = RULE.replace("[blorp]", &"{a: ".repeat(90_000));
    let aliases =
        RULE.replace("a: {any: [blorp]}", "a: &a [x, x]\n  c: &c [*a, *a]\n  d: [*c, *c]");
    let regex = |regex: &str| RULE.replace("{any: [blorp]}", &format!("{{regex: '{regex}'}}"));
    for (rule, code) in [
        (deep, Code::TooDeep),
        (flow, Code::TooDeep),
        (aliases, Code::Alias),
        (regex(r"blorp(((\w{100}){100}){100}){100}"), Code::RegexSize),
        (regex(r"blorp(?:a{4000}){4000}"), Code::RegexSize),
    ] {
        let mut members = built_of(&source(&rule, ""));
        sign(&mut members, 0);
        sign(&mut members, 1);
        let opened = open(&members, &trust()).unwrap();
        let report = compile(&opened.source).unwrap_err();
        let codes: Vec<Code> = report.diagnostics.iter().map(|one| one.code).collect();
        assert!(codes.contains(&code), "{codes:?}");
    }
}

#[test]
fn an_archive_that_is_cut_anywhere_is_refused() {
    let mut members = built_of(&source(RULE, "blorp\n"));
    sign(&mut members, 0);
    let bytes = write_archive(&members);
    assert_eq!(read_archive(b"").unwrap_err(), ArchiveFault::Foreign);
    for end in 1..bytes.len() {
        assert_eq!(read_archive(&bytes[..end]).unwrap_err(), ArchiveFault::Truncated, "at {end}");
    }
    let more = [&bytes[..], b"\n\n"].concat();
    assert_eq!(read_archive(&more).unwrap_err(), ArchiveFault::Trailing { bytes: 2 });
}

#[test]
fn an_archive_that_is_none_is_refused() {
    let order = |name: &str| ArchiveFault::Order { name: name.to_owned() };
    for (text, fault) in [
        ("PK\u{3}\u{4}", ArchiveFault::Foreign),
        ("tidegate-pack 2 0\n", ArchiveFault::Foreign),
        ("tidegate-pack 1 x\n", ArchiveFault::Damaged { at: 0 }),
        ("tidegate-pack 1 01\n", ArchiveFault::Damaged { at: 0 }),
        ("tidegate-pack 1 2\na 0\n\na 0\n\n", order("a")),
        ("tidegate-pack 1 2\nb 0\n\na 0\n\n", order("a")),
        ("tidegate-pack 1 1\na 2\nxyz\n", ArchiveFault::Damaged { at: 24 }),
        ("tidegate-pack 1 1\na 18446744073709551615\nxyz\n", ArchiveFault::Truncated),
        ("tidegate-pack 1 18446744073709551615\n", ArchiveFault::Truncated),
        ("tidegate-pack 1 1\nname\n", ArchiveFault::Damaged { at: 18 }),
    ] {
        assert_eq!(read_archive(text.as_bytes()).unwrap_err(), fault, "{text}");
    }
    let long = format!("tidegate-pack 1 1\n{} 0\n\n", "a".repeat(300));
    assert_eq!(read_archive(long.as_bytes()).unwrap_err(), ArchiveFault::Damaged { at: 18 });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// One byte anywhere in the file: it is refused, or says what was signed all the same.
    #[test]
    fn no_changed_byte_changes_what_is_believed(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut members = built_of(&source(RULE, "blorp\n"));
        sign(&mut members, 0);
        let before = open(&members, &Trust { at_least: 1, ..trust() }).unwrap();
        let mut bytes = write_archive(&members);
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let opened = read_archive(&bytes).ok().map(|it| open(&it, &Trust { at_least: 1, ..trust() }));
        if let Some(Ok(opened)) = opened {
            prop_assert_eq!(opened, before);
        }
    }

    #[test]
    fn no_bytes_make_the_readers_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        drop(read_archive(&[b"tidegate-pack 1 1\n", &bytes[..]].concat()));
        let text = String::from_utf8_lossy(&bytes);
        drop((SecretKey::read(&text), PublicKey::read(&text)));
        let mut members = signed_once();
        members.insert(first_signature(), bytes);
        prop_assert!(open(&members, &trust()).is_err());
    }
}

/// Small, and signed by the second key.
fn signed_once() -> Members {
    let mut members = built_of(&source(RULE, ""));
    sign(&mut members, 1);
    members
}
