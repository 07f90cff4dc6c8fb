//! The checks of the fuzz targets, over the corpus and over what a few thousand changes make of it.
//! Long runs, led by coverage, are `./dev fuzz`; what they find becomes a file of the corpus.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails where it stands")]

mod checks;
mod mutate;
#[expect(dead_code, reason = "the quality tests use the rest of it")]
#[path = "../quality/random.rs"]
mod random;

use std::fs;
use std::path::Path;

use mutate::Mutator;

/// Runs `check` over each file of a target's corpus, over `more`, and over `rounds` changes of them.
fn run(target: &str, more: Vec<Vec<u8>>, rounds: usize, check: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus").join(target);
    let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let mut paths: Vec<_> = files.collect();
    paths.sort();
    let mut seeds: Vec<Vec<u8>> = paths.into_iter().map(|path| fs::read(path).unwrap()).collect();
    assert!(!seeds.is_empty(), "no corpus for {target}");
    seeds.extend(more);
    seeds.iter().for_each(|seed| check(seed));
    let mut mutator = Mutator::new(seeds);
    for _ in 0..rounds {
        let input = mutator.next();
        let shown = String::from_utf8_lossy(&input).into_owned();
        let done = std::panic::catch_unwind(|| check(&input));
        assert!(done.is_ok(), "put this into tests/fuzz/corpus/{target}: {shown:?}");
    }
}

/// Lines of the unmasking cases as (entry, text).
fn cases() -> impl Iterator<Item = (&'static str, &'static str)> {
    let cases = include_str!("../data/unmask.tsv").lines();
    cases.filter(|line| !line.starts_with('#')).filter_map(|line| {
        let mut columns = line.split('\t').skip(1);
        Some((columns.next()?, columns.next()?))
    })
}

#[test]
fn records_are_read_one_way() {
    run("decode", Vec::new(), 20_000, checks::decode);
}

#[test]
fn texts_keep_their_places() {
    let texts = cases().map(|(_, text)| text.as_bytes().to_vec()).collect();
    run("normalise", texts, 4_000, checks::normalise);
}

#[test]
fn packs_compile_or_say_why_not() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/packs/broken");
    let paths = fs::read_dir(folder).unwrap().map(|pack| pack.unwrap().path());
    let mut paths: Vec<_> =
        paths.filter(|path| path.extension().is_some_and(|end| end == "yaml")).collect();
    paths.sort();
    let head = b"name: broken\nversion: \"1\"\nowner: tests@example.org\n#>> rules/test.yaml\n";
    let packs = paths.into_iter().map(|path| [&head[..], &fs::read(path).unwrap()].concat());
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/packs");
    let mended = fs::read_dir(data.join("mended")).unwrap().map(|pack| pack.unwrap().path());
    let mended = mended.filter(|path| path.is_dir());
    let mut whole: Vec<_> =
        mended.flat_map(|pack| [pack.join("broken"), pack.join("mended")]).collect();
    whole.sort();
    whole.push(data.join("placeholder"));
    let packs = packs.chain(whole.iter().map(|folder| in_one(folder))).collect();
    run("rules", packs, 3_000, checks::rules);
}

/// A pack as one text, each file behind its name.
fn in_one(folder: &Path) -> Vec<u8> {
    let mut out = Vec::new();
    for part in ["", "rules/", "lists/"] {
        let Ok(files) = fs::read_dir(folder.join(part)) else { continue };
        let mut files: Vec<_> = files.map(|file| file.unwrap().path()).collect();
        files.sort();
        for file in files.iter().filter(|file| file.is_file()) {
            let name = file.file_name().unwrap().to_str().unwrap();
            out.extend_from_slice(format!("\n#>> {part}{name}\n").as_bytes());
            out.extend(fs::read(file).unwrap());
        }
    }
    out
}

#[test]
fn the_engine_and_the_slow_truth_agree() {
    let both = cases().map(|(entry, text)| format!("{entry}\n{text}").into_bytes()).collect();
    run("scan", both, 4_000, checks::scan);
}
