//! Shelf, rulebook and controls without a broker.
#![expect(clippy::indexing_slicing, reason = "a wrong index fails the test, as it should")]

use jiff::Timestamp;

use super::*;
use crate::event::control::{Cap, Control, Held, lifted};
use crate::record::Outgoing;
use crate::rules::{Pack, Source, Status, Tripped, compile};
use crate::sealed::{Edition as Dated, MANIFEST, Members, SecretKey, seal, signature_name};

const RULE: &str = include_str!("../../tests/data/packs/rule.yaml");

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn now() -> Timestamp {
    time("2026-12-01T00:00:00Z")
}

fn pack(name: &str, id: &str, status: &str) -> (Pack, Source) {
    let rule = RULE.replace("fraud.test", id).replace("status: live", &format!("status: {status}"));
    let files = [
        ("pack.yaml", format!("name: {name}\nversion: \"1\"\nowner: tests@example.org\n")),
        ("rules/test.yaml", rule),
    ];
    let files = files.map(|(path, text)| (path.to_owned(), text.into_bytes()));
    let source = Source { files: files.into() };
    (compile(&source).unwrap().pack, source)
}

fn key() -> SecretKey {
    SecretKey::new([7; 8], [7; 32])
}

/// A signed edition of a pack with one rule.
fn edition(name: &str, id: &str, sequence: u64) -> Members {
    let (pack, source) = pack(name, id, "live");
    let dated = Dated { sequence, expires: time("2027-01-01T00:00:00Z") };
    let mut members = seal(&pack, &source, dated).unwrap();
    let signature = key().sign(&members[MANIFEST], "a test");
    members.insert(signature_name(key().id()), signature.into_bytes());
    members
}

fn book(names: &[&str]) -> Rulebook {
    let keys = vec![crate::sealed::PublicKey::read(&key().public_file()).unwrap()];
    let names = names.iter().map(|&name| name.to_owned()).collect();
    Rulebook::new(Wanted { names, keys, signatures: 1 })
}

#[test]
fn rules_are_there_once_every_wanted_pack_is() {
    let mut book = book(&["a", "b"]);
    assert!(book.offer("a", &edition("a", "fraud.a", 1), now()).unwrap());
    assert_eq!(book.missing(), ["b"]);
    assert!(book.rules(&Controls::default()).is_none());
    // A rule of the same id in both: the second pack is refused, the first stays.
    let clash = book.offer("b", &edition("b", "fraud.a", 1), now()).unwrap_err();
    assert_eq!(clash.name(), "conflict");
    assert!(book.offer("b", &edition("b", "fraud.b", 1), now()).unwrap());
    let rules = book.rules(&Controls::default()).unwrap().unwrap();
    assert_eq!(rules.rules().len(), 2);
    assert_eq!(rules.describe(), "a 1, b 1");
    // The same edition again is no news; another of its sequence is refused; a later one is taken.
    assert!(!book.offer("a", &edition("a", "fraud.a", 1), now()).unwrap());
    let other = book.offer("a", &edition("a", "fraud.x", 1), now()).unwrap_err();
    assert!(matches!(other, Unfit::SameSequence { sequence: 1 }));
    assert!(book.offer("a", &edition("a", "fraud.x", 2), now()).unwrap());
    assert_eq!(
        book.offer("b", &edition("a", "fraud.y", 9), now()).unwrap_err().name(),
        "other_pack"
    );
}

#[test]
fn a_revoked_key_is_told_and_what_it_signed_stays() {
    let mut book = book(&["a"]);
    book.offer("a", &edition("a", "fraud.a", 1), now()).unwrap();
    assert!(book.in_force()[0].is_trusted);
    let stranger = SecretKey::new([8; 8], [8; 32]);
    let keys = vec![crate::sealed::PublicKey::read(&stranger.public_file()).unwrap()];
    book.want(Wanted { names: vec!["a".to_owned()], keys, signatures: 1 });
    assert!(!book.in_force()[0].is_trusted);
    assert!(book.rules(&Controls::default()).is_some());
    assert_eq!(
        book.offer("a", &edition("a", "fraud.a", 2), now()).unwrap_err().name(),
        "foreign_key"
    );
}

/// Takes records into an inventory and a shelf, as they come from the topic.
fn take(records: &[Outgoing], inventory: &mut Inventory, shelf: &mut Shelf) {
    for record in records {
        let key = record.key.as_deref().unwrap();
        inventory.take(key, record.value.clone());
        shelf.take(key, record.value.clone());
    }
}

#[test]
fn what_is_published_is_found_again_and_old_editions_go() {
    let (mut inventory, mut shelf) = (Inventory::default(), Shelf::default());
    shelf.reached();
    for sequence in 1..=12 {
        let members = edition("a", &format!("fraud.a{sequence}"), sequence);
        let records = inventory.publication("a", sequence, &members);
        assert_eq!(
            records.iter().filter(|it| it.value.is_none()).count(),
            match sequence {
                // The edition beyond the ten, and the one blob that is only its own.
                11.. => 2,
                _ => 0,
            }
        );
        // The edition comes behind its blobs.
        let newest = records.iter().position(|it| it.key.as_deref() == Some(b"a")).unwrap();
        assert!(records[..newest].iter().all(|it| it.value.is_some()));
        take(&records, &mut inventory, &mut shelf);
        assert_eq!(shelf.members("a").unwrap().unwrap(), members);
        assert_eq!(inventory.whole(&inventory.newest("a").unwrap()), members);
    }
    let kept: Vec<u64> = inventory.editions("a").iter().map(|it| it.sequence).collect();
    assert_eq!(kept, (3..=12).collect::<Vec<_>>());
    assert_eq!(inventory.names(), ["a"]);
    let oldest = &inventory.editions("a")[0].sealed;
    assert_eq!(inventory.whole(oldest), edition("a", "fraud.a3", 3));
    // Blobs that were dropped are filled in from the disk, or from the topic.
    shelf.clear();
    let whole = edition("a", "fraud.a12", 12);
    let mut members = shelf.members("a").unwrap().unwrap();
    assert!(members.len() < whole.len() && !lacking(&members).is_empty());
    let mut filled = members.clone();
    fill_from(&mut filled, &whole);
    assert_eq!(filled, whole);
    let mut missing = lacking(&members);
    for record in Inventory::default().publication("a", 12, &whole) {
        fill(&mut members, &mut missing, record.key.as_deref().unwrap(), record.value);
    }
    assert_eq!(members, whole);
}

#[test]
fn blobs_of_other_packs_are_kept() {
    let (mut inventory, mut shelf) = (Inventory::default(), Shelf::default());
    take(&inventory.publication("b", 1, &edition("b", "fraud.b", 1)), &mut inventory, &mut shelf);
    for sequence in 1..=12 {
        let members = edition("a", &format!("fraud.a{sequence}"), sequence);
        let records = inventory.publication("a", sequence, &members);
        take(&records, &mut inventory, &mut shelf);
    }
    assert_eq!(inventory.whole(&inventory.newest("b").unwrap()), edition("b", "fraud.b", 1));
}

#[test]
fn a_control_makes_milder_for_its_time_and_nothing_else() {
    let said = |status, until: Option<&str>| {
        let until = until.map(time);
        let (by, reason) = ("x".to_owned(), "y".to_owned());
        let rule = "fraud.test".to_owned();
        Control::by_person(rule, (Some(status), None), (by, reason), until).to_outgoing()
    };
    let mut controls = Controls::default();
    let mut take = |record: &Outgoing| {
        controls.take(record.key.as_deref().unwrap(), record.value.as_deref()).unwrap();
        controls.clone()
    };
    let status = |controls: &Controls, own: &str, at: &str| {
        let mut packs = [pack("a", "fraud.test", own).0, pack("b", "fraud.other", own).0];
        controls.at(time(at)).apply(&mut packs);
        assert_ne!(packs[1].rules[0].status, Status::Draft, "the other rule is let alone");
        packs[0].rules[0].status
    };
    let until = said(Held::Shadow, Some("2026-12-02T00:00:00Z"));
    let held = take(&until);
    assert_eq!(status(&held, "live", "2026-12-01T23:59:59Z"), Status::Shadow);
    assert_eq!(status(&held, "live", "2026-12-02T00:00:00Z"), Status::Live);
    let held = take(&said(Held::Draft, None));
    assert_eq!(status(&held, "shadow", "2030-01-01T00:00:00Z"), Status::Draft);
    let rule = "fraud.test".to_owned();
    let by = ("x".to_owned(), "y".to_owned());
    let capped = Control::by_person(rule, (None, Some(Cap::Refer)), by, None);
    let held = take(&capped.to_outgoing());
    let mut packs = [pack("a", "fraud.test", "live").0];
    held.apply(&mut packs);
    let rule = &packs[0].rules[0];
    assert_eq!((rule.status, rule.held, rule.tripped), (Status::Live, Some(Tripped::Refer), false));
    let held = take(&lifted("fraud.test"));
    assert_eq!(held, Controls::default());
    held.apply(&mut packs);
    assert_eq!(packs[0].rules[0].held, None);
}

#[test]
fn a_control_that_cannot_be_read_leaves_what_was_said() {
    let mut controls = Controls::default();
    let good = r#"{"v":1,"rule":"fraud.test","status":"shadow","by":"x","reason":"y","until":null,"later":1}"#;
    controls.take(b"fraud.test", Some(good.as_bytes())).unwrap();
    let before = controls.clone();
    for (key, value, fault) in [
        ("fraud.test", "{", "line 1 column 1"),
        ("fraud.test", &good.replace("shadow", "live"), "not the JSON of this version"),
        ("fraud.test", &good.replace("\"v\":1", "\"v\":2"), "version 2"),
        ("fraud.other", good, "another rule"),
    ] {
        let said = controls.take(key.as_bytes(), Some(value.as_bytes())).unwrap_err().to_string();
        assert!(said.contains(fault), "{said}");
        assert_eq!(controls, before);
    }
}

#[test]
fn the_store_keeps_editions_and_passes_over_damage() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("deep/store")).unwrap();
    assert_eq!(store.read("a"), None);
    let members = edition("a", "fraud.a", 1);
    store.write("a", &members).unwrap();
    assert_eq!(store.read("a"), Some(members.clone()));
    let path = folder.path().join("deep/store/a.pack");
    let whole = std::fs::read(&path).unwrap();
    std::fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    assert_eq!(store.read("a"), None);
    store.write("a", &members).unwrap();
    assert_eq!(store.read("a"), Some(members));
}

#[test]
fn a_changed_file_looks_different() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    std::fs::create_dir(at("rules")).unwrap();
    std::fs::write(at("pack.yaml"), "name: a").unwrap();
    std::fs::write(at("rules/a.yaml"), "id: a").unwrap();
    let before = look(folder.path());
    assert_eq!(look(folder.path()), before);
    std::fs::write(at("notes.txt"), "not the pack's").unwrap();
    assert_eq!(look(folder.path()), before);
    std::fs::write(at("rules/a.yaml"), "id: abc").unwrap();
    assert_ne!(look(folder.path()), before);
}
