//! Lists and their entries: an entry a line, `# ` comments, a tab and a note.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use super::codes::Code;
use super::model::{Entry, Match};
use super::names::nearest;
use super::report::{Faults, Span, quoted};
use super::source::{Role, role};

/// Characters of an entry (design section 12).
const ENTRY_CHARS_MAX: usize = 256;
/// Entries of a pack, a list counted once for each pattern that uses it.
const ENTRIES_MAX: usize = 2_000_000;

/// An entry and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Placed {
    pub(super) entry: Entry,
    pub(super) span: Span,
}

/// Entries in the place of a list, for one test.
#[derive(Clone, Debug)]
pub(super) struct StandIn {
    /// Path of the list.
    pub(super) path: String,
    /// Where that stands.
    pub(super) span: Span,
    /// The entries.
    pub(super) entries: Vec<Placed>,
}

/// What [`Lists::stand_in`] has put aside.
#[derive(Debug)]
pub(super) struct Kept {
    read: BTreeMap<String, Arc<[Placed]>>,
    used: BTreeSet<String>,
    checked: HashSet<(String, Match)>,
    entries: usize,
}

/// The list files of a pack, each read once.
#[derive(Debug)]
pub(super) struct Lists<'s> {
    /// Text and file index by path; `None`: not UTF-8, which is reported already.
    files: BTreeMap<String, (usize, Option<&'s str>)>,
    read: BTreeMap<String, Arc<[Placed]>>,
    used: BTreeSet<String>,
    checked: HashSet<(String, Match)>,
    entries: usize,
}

impl<'s> Lists<'s> {
    /// `files`: path, index for [`Span::file`], text.
    pub(super) fn new(files: impl Iterator<Item = (String, usize, Option<&'s str>)>) -> Self {
        let files = files.filter(|(path, ..)| role(path) == Role::List);
        Self {
            files: files.map(|(path, index, text)| (path, (index, text))).collect(),
            read: BTreeMap::new(),
            used: BTreeSet::new(),
            checked: HashSet::new(),
            entries: 0,
        }
    }

    /// The entries of the list at `path`, named at `at`.
    pub(super) fn get(
        &mut self,
        path: &str,
        at: Span,
        faults: &mut Faults,
    ) -> Option<Arc<[Placed]>> {
        self.used.insert(path.to_owned());
        if let Some(entries) = self.read.get(path) {
            return Some(Arc::clone(entries));
        }
        let Some((index, text)) = self.files.get(path) else {
            let help = match nearest(path, self.files.keys().map(String::as_str)) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "lists are files of the pack: `lists/name.txt`".to_owned(),
            };
            faults
                .error(Code::NoSuchList, at, format!("the pack has no list {}", quoted(path)))
                .help(help);
            return None;
        };
        let entries: Arc<[Placed]> = read((*text)?, *index, faults).into();
        self.read.insert(path.to_owned(), Arc::clone(&entries));
        Some(entries)
    }

    /// Puts these entries in the place of lists, until [`Lists::take_back`].
    pub(super) fn stand_in(&mut self, with: &[StandIn]) -> Kept {
        let kept = Kept {
            read: self.read.clone(),
            used: std::mem::take(&mut self.used),
            checked: self.checked.clone(),
            entries: self.entries,
        };
        self.checked.retain(|(path, _)| !with.iter().any(|one| one.path == *path));
        for one in with {
            self.read.insert(one.path.clone(), one.entries.clone().into());
        }
        kept
    }

    /// Puts the lists back; the paths of those that were read meanwhile.
    pub(super) fn take_back(&mut self, kept: Kept) -> BTreeSet<String> {
        (self.read, self.checked, self.entries) = (kept.read, kept.checked, kept.entries);
        std::mem::replace(&mut self.used, kept.used)
    }

    /// True once for each list and each way to look for its entries.
    pub(super) fn is_first_use(&mut self, path: &str, matching: Match) -> bool {
        self.checked.insert((path.to_owned(), matching))
    }

    /// Counts what a pattern takes up; reported once, at the pattern that is too much. False where
    /// there is no room for it.
    pub(super) fn count(&mut self, entries: usize, at: Span, faults: &mut Faults) -> bool {
        let before = self.entries;
        self.entries += entries;
        if before <= ENTRIES_MAX && self.entries > ENTRIES_MAX {
            faults
                .error(
                    Code::TooManyPatterns,
                    at,
                    format!("more than {ENTRIES_MAX} entries in one pack"),
                )
                .help("shorten the lists, or share a pattern under `patterns:` of pack.yaml");
        }
        self.entries <= ENTRIES_MAX
    }

    /// Warns of lists that nothing reads.
    pub(super) fn warn_unused(&self, faults: &mut Faults) {
        for (path, (index, _)) in &self.files {
            if !self.used.contains(path) {
                let span = Span { file: *index, start: 0, end: 0 };
                faults
                    .warn(Code::Unused, span, format!("no pattern uses the list {}", quoted(path)))
                    .help("name it in a pattern, or delete the file");
            }
        }
    }
}

fn read(text: &str, file: usize, faults: &mut Faults) -> Vec<Placed> {
    let mut entries = Vec::new();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let line = line.trim_end_matches(['\n', '\r']).trim_start_matches('\u{feff}');
        if line.trim() == "#" || line.trim_start().starts_with("# ") || line.trim().is_empty() {
            continue;
        }
        let text = line.split('\t').map(str::trim).find(|part| !part.is_empty()).unwrap_or("");
        let from = start + line.find(text).unwrap_or(0);
        let span = Span { file, start: from, end: from + text.len() };
        if text.contains(" # ") {
            faults
                .warn(Code::ListComment, span, "`# ` starts a comment only where the line starts")
                .label("all of this is the entry")
                .help("put a tab before a note, or the comment on a line of its own");
        }
        if let Some(entry) = entry(text, span, faults) {
            entries.push(Placed { entry, span });
        }
    }
    if entries.is_empty() {
        let span = Span { file, start: 0, end: 0 };
        faults
            .warn(Code::EmptyList, span, "the list has no entries")
            .help("patterns over it never hit; add an entry a line");
    }
    entries
}

/// An entry of the right length.
pub(super) fn entry(text: &str, at: Span, faults: &mut Faults) -> Option<Entry> {
    let text = text.trim();
    let letters = text.chars().count();
    if letters > ENTRY_CHARS_MAX {
        faults
            .error(Code::EntryLength, at, format!("an entry of {letters} characters"))
            .label(format!("at most {ENTRY_CHARS_MAX}"))
            .help("keep the words that are always there");
        return None;
    }
    Some(Entry { text: text.to_owned() })
}
