//! `tidegate pack`: from a folder to a signed file, and who believes it. Where `minisign` is
//! installed, it reads what Tidegate writes and the other way round; what it wrote once is in
//! `tests/data/minisign`, and tested everywhere.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::cli::{assert_says, pack_with, said, tidegate};
use crate::scenarios;

const EDITION: [&str; 4] = ["--sequence", "5", "--expires", "2027-01-01T00:00:00Z"];
const BEFORE: [&str; 2] = ["--at", "2026-12-31T00:00:00Z"];

fn path(folder: &Path, name: &str) -> String {
    folder.join(name).to_str().unwrap().to_owned()
}

/// Runs `tidegate pack` with the exit code and words that are expected; what it printed as data.
fn pack(arguments: &[&str], code: i32, texts: &[&str]) -> String {
    let output = tidegate(&[&["pack"], arguments].concat(), "");
    assert_says(&said(&output), code, texts);
    String::from_utf8(output.stdout).unwrap()
}

fn build(folder: &str, out: &str) {
    pack(
        &[&["build", folder, "--out", out], &EDITION[..]].concat(),
        0,
        &["sequence 5", "not signed"],
    );
}

/// A key of Tidegate's: secret and public file.
fn keygen(folder: &Path, name: &str) -> [String; 2] {
    let [secret, public] = ["key", "pub"].map(|ending| path(folder, &format!("{name}.{ending}")));
    pack(&["keygen", "--secret", &secret, "--public", &public], 0, &["key ", &secret, &public]);
    [secret, public]
}

/// Every file of a folder with its bytes.
fn bytes(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .chain(fs::read_dir(folder.join("blobs")).unwrap())
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file())
        .map(|path| {
            (path.file_name().unwrap().to_str().unwrap().to_owned(), fs::read(path).unwrap())
        })
        .collect();
    files.sort();
    files
}

#[test]
fn a_pack_is_built_signed_by_two_and_believed() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let [a, b, c] = ["a", "b", "c"].map(|name| keygen(at, name));
    assert_eq!(fs::metadata(&a[0]).unwrap().permissions().mode() & 0o777, 0o600);
    pack(&["keygen", "--secret", &a[0], "--public", &a[1]], 2, &["is there already"]);
    for built in ["file.pack", "folder/"] {
        let built = path(at, built);
        build(scenarios::PACK, &built);
        let keys = ["--key", &a[1], "--key", &b[1]];
        let verify = |more: &[&str], code: i32, texts: &[&str]| {
            pack(&[&["verify", &built], &BEFORE[..], &keys, more].concat(), code, texts)
        };
        verify(&[], 1, &["is refused: it is not signed"]);
        pack(&["sign", &built, "--secret", &a[0]], 0, &["sequence 5: signed by "]);
        verify(&[], 0, &["sequence 5: good until 2027-01-01T00:00:00Z", "pack:scenario"]);
        verify(&["--at-least", "2"], 1, &["1 good signatures of accepted keys, and 2 are needed"]);
        pack(&["sign", &built, "--secret", &b[0], "--comment", "second pair of eyes"], 0, &[]);
        verify(&["--at-least", "2", "--last-sequence", "5"], 0, &["second pair of eyes"]);
        verify(&["--at-least", "3"], 2, &["with 2 different keys, ask for 1 to 2"]);
        verify(&["--last-sequence", "6"], 1, &["its sequence 5 is lower than 6"]);
        verify(&["--pack", "other"], 1, &["and `other` is wanted"]);
        let stranger = [&["verify", &built, "--key", &c[1]], &BEFORE[..]].concat();
        pack(&stranger, 1, &["which is no accepted key"]);
        let late = ["verify", &built, "--key", &a[1], "--at", "2027-01-01T00:00:00Z"];
        pack(&late, 1, &["it expired at 2027-01-01T00:00:00Z"]);
        let line: Value = serde_json::from_str(&verify(&["--json"], 0, &[])).unwrap();
        assert_eq!((line["pack"].as_str(), line["sequence"].as_u64()), (Some("scenario"), Some(5)));
        assert_eq!(line["signers"].as_array().map(Vec::len), Some(2));
    }
}

#[test]
fn a_pack_that_was_changed_on_disk_is_refused_and_not_signed() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let [secret, public] = keygen(at, "a");
    let (file, built) = (path(at, "x.pack"), path(at, "built/"));
    build(scenarios::PACK, &file);
    build(scenarios::PACK, &built);
    pack(
        &[&["build", scenarios::PACK, "--out", &built], &EDITION[..]].concat(),
        2,
        &["is not empty"],
    );
    for built in [&file, &built] {
        pack(&["sign", built, "--secret", &secret], 0, &[]);
    }
    let verify = |built: &str, code: i32, texts: &[&str]| {
        pack(&[&["verify", built, "--key", &public], &BEFORE[..]].concat(), code, texts);
    };
    let whole = fs::read(&file).unwrap();
    fs::write(&file, &whole[..whole.len() - 1]).unwrap();
    verify(&file, 2, &["is cut short"]);
    let stray = path(Path::new(&built), "rules.yaml");
    fs::write(&stray, "id: x").unwrap();
    verify(&built, 1, &["`rules.yaml` is not in the manifest"]);
    fs::remove_file(&stray).unwrap();
    std::os::unix::fs::symlink(&secret, &stray).unwrap();
    verify(&built, 2, &["is no plain file"]);
    fs::remove_file(&stray).unwrap();
    let blob =
        fs::read_dir(Path::new(&built).join("blobs")).unwrap().next().unwrap().unwrap().path();
    fs::write(&blob, "id: other").unwrap();
    verify(&built, 1, &["was altered: its content has another hash"]);
    pack(&["sign", &built, "--secret", &secret], 2, &["is not signed: blob"]);
    verify(&path(at, "none"), 2, &["cannot read"]);
    pack(&["sign", &built, "--secret", &public], 2, &["is no secret key of minisign"]);
    pack(&["verify", &built, "--key", &secret], 2, &["is no public key of minisign"]);
}

#[test]
fn only_a_pack_that_compiles_and_passes_its_tests_is_built() {
    let folder = tempfile::tempdir().unwrap();
    let out = path(folder.path(), "out.pack");
    for (old, new, code, text) in [
        ("condition: item", "condition: itm", 2, "error[R061]"),
        ("fires: \"flimwort\"", "fires: \"flimwurt\"", 1, "1 of 17 tests fail"),
    ] {
        let bad = pack_with(folder.path(), old, new);
        let bad = bad.to_str().unwrap();
        pack(&[&["build", bad, "--out", &out], &EDITION[..]].concat(), code, &[text]);
        assert!(!Path::new(&out).exists());
    }
}

#[test]
fn the_same_folder_gives_the_same_bytes_and_signatures() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let [secret, _] = keygen(at, "a");
    let copy = pack_with(at, "condition: item", "condition: item");
    let built: Vec<_> = [scenarios::PACK, copy.to_str().unwrap()]
        .iter()
        .enumerate()
        .map(|(number, source)| {
            let out = path(at, &format!("{number}/"));
            build(source, &out);
            pack(&["sign", &out, "--secret", &secret], 0, &[]);
            bytes(Path::new(&out))
        })
        .collect();
    assert_eq!(built[0], built[1]);
}

/// Runs Debian's minisign; `None` where it is not installed.
fn minisign(folder: &Path, arguments: &[&str]) -> Option<String> {
    match Command::new("minisign").args(arguments).current_dir(folder).output() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        output => {
            let output = output.unwrap();
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{arguments:?}: {text}{said}");
            Some(text)
        }
    }
}

#[test]
fn minisign_and_tidegate_take_each_others_keys_and_signatures() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    keygen(at, "ours");
    if minisign(at, &["-G", "-W", "-p", "theirs.pub", "-s", "theirs.key"]).is_none() {
        // Not installed: the fixed files in tests/data/minisign say the same.
        return;
    }
    let built = path(at, "built/");
    build(scenarios::PACK, &built);
    let manifest = "built/manifest.json";
    // Their signature with our key, which stands where minisign puts it.
    minisign(at, &["-S", "-s", "ours.key", "-m", manifest, "-t", "by minisign"]).unwrap();
    // Our signature with their key.
    let theirs = path(at, "theirs.key");
    pack(&["sign", &built, "--secret", &theirs, "--comment", "by tidegate"], 0, &[]);
    let (ours, theirs) = (path(at, "ours.pub"), path(at, "theirs.pub"));
    let verify = ["verify", &built, "--key", &ours, "--key", &theirs, "--at-least", "2"];
    pack(&[&verify, &BEFORE[..]].concat(), 0, &["by minisign", "by tidegate"]);
    let name = bytes(Path::new(&built)).into_iter().map(|(name, _)| name);
    let ours = name.filter(|name| name.ends_with(".minisig") && name.matches('.').count() == 3);
    let ours: Vec<String> = ours.map(|name| format!("built/{name}")).collect();
    assert_eq!(ours.len(), 1);
    let said = minisign(at, &["-V", "-p", "theirs.pub", "-m", manifest, "-x", &ours[0]]).unwrap();
    assert!(said.contains("Trusted comment: by tidegate"), "{said}");
}
