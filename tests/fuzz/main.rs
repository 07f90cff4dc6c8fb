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
    let packs = packs.collect();
    run("rules", packs, 2_000, checks::rules);
}

#[test]
fn the_engine_and_the_slow_truth_agree() {
    let both = cases().map(|(entry, text)| format!("{entry}\n{text}").into_bytes()).collect();
    run("scan", both, 4_000, checks::scan);
}
