//! The files of a pack as bytes, read by others: from a folder, from an archive, from a topic.

use std::collections::BTreeMap;

/// The manifest of a pack.
pub(super) const PACK_FILE: &str = "pack.yaml";

/// A pack as it lies on disk.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Source {
    /// Bytes by path relative to the pack's folder, with `/` between folders: `pack.yaml`,
    /// `rules/*.yaml`, `lists/*.txt`. Anything else is a warning.
    pub files: BTreeMap<String, Vec<u8>>,
}

impl Source {
    /// Is this the path of a file that a pack reads? None of them leaves its folder.
    #[must_use]
    pub fn holds(path: &str) -> bool {
        role(path) != Role::Stray
    }
}

/// What a file of a pack is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// `pack.yaml`
    Manifest,
    /// `rules/*.yaml`
    Rules,
    /// `lists/*.txt`
    List,
    /// Nothing reads it.
    Stray,
}

/// What a path is for; folders do not nest.
pub(super) fn role(path: &str) -> Role {
    let plain = |name: &str| !name.contains('/') && !name.starts_with('.');
    let inside = |folder: &str, ending: &str| {
        let name = path.strip_prefix(folder).and_then(|name| name.strip_suffix(ending));
        name.is_some_and(|name| !name.is_empty() && plain(name))
    };
    match path {
        PACK_FILE => Role::Manifest,
        _ if inside("rules/", ".yaml") => Role::Rules,
        _ if inside("lists/", ".txt") => Role::List,
        _ => Role::Stray,
    }
}
