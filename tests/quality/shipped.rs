//! The files of tests/data/quality: rows of tab-separated columns; `# ` starts a comment.

use std::fs;
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/quality")
}

/// The rows of a file, each of exactly `N` columns.
pub(crate) fn rows<const N: usize>(file: &str) -> Vec<[String; N]> {
    let text = fs::read_to_string(folder().join(file)).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with("# ") && !line.is_empty());
    let columns = lines.map(|line| {
        let columns: Vec<String> = line.split('\t').map(str::to_owned).collect();
        columns.try_into().unwrap_or_else(|_| panic!("{file}: not {N} columns: {line}"))
    });
    columns.collect()
}

/// Every file of `benign/`, sorted by name.
pub(crate) fn benign_files() -> Vec<String> {
    let files = fs::read_dir(folder().join("benign")).unwrap();
    let name = |file: fs::DirEntry| file.file_name().into_string().unwrap();
    let mut files: Vec<String> = files.map(|file| name(file.unwrap())).collect();
    files.sort();
    files
}

/// Lines of the benign files: language, file, text.
pub(crate) fn benign() -> Vec<[String; 3]> {
    let mut lines = Vec::new();
    for file in benign_files() {
        let of_file = rows::<2>(&format!("benign/{file}")).into_iter();
        lines.extend(of_file.map(|[language, text]| [language, file.clone(), text]));
    }
    lines
}
