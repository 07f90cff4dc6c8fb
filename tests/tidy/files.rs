//! The files of this repository, and what their paths say about them.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

/// Folders of the repository that are made, not written.
const MADE: &[&str] = &[".git", ".tools", "target", "mutants.out", "mutants.out.old"];

/// One file, with its path from the root of the repository, `/` between its parts.
pub(crate) struct File {
    pub(crate) path: String,
    pub(crate) text: String,
}

/// One broken rule.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) path: String,
    pub(crate) line: usize,
    pub(crate) what: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.what)
    }
}

impl File {
    pub(crate) fn fault(&self, line: usize, what: impl Into<String>) -> Fault {
        Fault { path: self.path.clone(), line, what: what.into() }
    }

    pub(crate) fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    pub(crate) fn is_source(&self) -> bool {
        self.is_rust() && self.path.starts_with("src/")
    }

    /// True for a file that holds nothing but tests.
    pub(crate) fn is_test(&self) -> bool {
        let name = self.path.rsplit('/').next().unwrap_or_default();
        !self.is_source()
            || name == "tests.rs"
            || name.ends_with("_tests.rs")
            || self.path.contains("/tests/")
            || self.text.contains("#![cfg(test)]")
    }

    /// The file's module path: `src/decode/post.rs` is `decode`, `post`.
    pub(crate) fn module(&self) -> Vec<String> {
        let inner = self.path.trim_start_matches("src/").trim_end_matches(".rs");
        let mut parts: Vec<String> = inner.split('/').map(str::to_owned).collect();
        if parts.last().is_some_and(|last| last == "mod") || parts == ["lib"] || parts == ["main"] {
            parts.pop();
        }
        parts
    }

    /// The line of [`TABLE`] that rules this file.
    pub(crate) fn owner(&self) -> String {
        let inner = self.path.trim_start_matches("src/");
        inner.split('/').next().unwrap_or_default().trim_end_matches(".rs").to_owned()
    }
}

/// Every text file of the repository.
pub(crate) fn repository() -> Vec<File> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    collect(&root, &root, &mut files);
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}

pub(crate) fn collect(root: &Path, folder: &Path, files: &mut Vec<File>) {
    for entry in fs::read_dir(folder).expect("a folder that can be read").flatten() {
        let path = entry.path();
        let name = entry.file_name();
        if MADE.iter().any(|made| name == *made) {
            continue;
        }
        if path.is_dir() {
            collect(root, &path, files);
        } else if let Ok(text) = fs::read_to_string(&path) {
            let inner = path.strip_prefix(root).expect("a path under the root");
            files.push(File { path: inner.to_string_lossy().replace('\\', "/"), text });
        }
    }
}
