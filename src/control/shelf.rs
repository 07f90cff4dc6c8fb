//! What lies on the `packs` topic, as far as it is needed: the newest edition of each pack, and
//! blobs that came since they were last asked for.
//!
//! | key | value |
//! |---|---|
//! | hash | a blob |
//! | name of a pack | its newest edition: manifest and signatures, as an archive |
//! | `name@sequence` | the same edition again, so that it can be gone back to |
//!
//! Blobs are not kept: those of old editions would fill the memory. Where one is missing, the
//! stored copy of the pack in force has it, or the topic is read again.

use std::collections::{BTreeMap, BTreeSet};

use crate::record::{Outgoing, Topic};
use crate::sealed::{
    ArchiveFault, MANIFEST, Members, PACK_BYTES_MAX, blob_hash, blob_name, hash, is_signature,
    listed_blobs, read_archive, write_archive,
};

/// Between the name of a pack and the sequence of an older edition; no name holds it.
const AT: char = '@';

/// Editions that can be gone back to, the newest among them.
pub const EDITIONS_KEPT: usize = 10;

/// The newest editions, and fresh blobs.
#[derive(Debug, Default)]
pub struct Shelf {
    editions: BTreeMap<String, Vec<u8>>,
    blobs: BTreeMap<String, Vec<u8>>,
    bytes: u64,
    keeps_blobs: bool,
}

/// What a key of the topic names.
enum Key<'k> {
    Blob(&'k str),
    Newest(&'k str),
    Older,
}

fn key(bytes: &[u8]) -> Option<Key<'_>> {
    let text = std::str::from_utf8(bytes).ok()?;
    let is_hash = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    Some(match is_hash {
        true => Key::Blob(text),
        false if text.contains(AT) => Key::Older,
        false => Key::Newest(text),
    })
}

/// Key of an edition that can be gone back to.
#[must_use]
pub fn edition_key(name: &str, sequence: u64) -> String {
    format!("{name}{AT}{sequence}")
}

impl Shelf {
    /// Takes a record of the topic; names the pack of which there is another edition now.
    pub fn take(&mut self, bytes: &[u8], value: Option<Vec<u8>>) -> Option<String> {
        match (key(bytes)?, value) {
            (Key::Blob(hash), Some(blob)) => self.keep(hash, blob),
            (Key::Newest(name), Some(edition)) => {
                self.editions.insert(name.to_owned(), edition);
                return Some(name.to_owned());
            }
            // Nobody signed that a pack be taken out of force: a tombstone changes nothing.
            (Key::Newest(name), None) => {
                self.editions.remove(name);
                return Some(name.to_owned());
            }
            (Key::Blob(_), None) | (Key::Older, _) => {}
        }
        None
    }

    fn keep(&mut self, hash: &str, blob: Vec<u8>) {
        let bytes = self.bytes + blob.len() as u64;
        // Whoever floods the topic makes this read it again, and no more.
        if self.keeps_blobs && bytes <= PACK_BYTES_MAX {
            self.bytes = bytes;
            self.blobs.insert(blob_name(hash), blob);
        }
    }

    /// The end of the topic was reached: from now on what comes is most likely wanted.
    pub fn reached(&mut self) {
        self.keeps_blobs = true;
    }

    /// The newest edition of a pack, with those of its blobs that are here; `None` where the topic
    /// has none.
    ///
    /// # Errors
    /// If what lies there is no edition.
    pub fn members(&self, name: &str) -> Option<Result<Members, ArchiveFault>> {
        let edition = self.editions.get(name)?;
        Some(read_archive(edition).map(|mut members| {
            fill_from(&mut members, &self.blobs);
            members
        }))
    }

    /// Drops the blobs: what was wanted of them has been taken.
    pub fn clear(&mut self) {
        self.blobs.clear();
        self.bytes = 0;
    }
}

/// Names of the blobs that `members` list and lack.
#[must_use]
pub fn lacking(members: &Members) -> BTreeSet<String> {
    let listed = listed_blobs(members).into_iter();
    listed.filter(|blob| !members.contains_key(blob)).collect()
}

/// Adds the blobs that `members` list and lack, out of others.
pub fn fill_from(members: &mut Members, others: &Members) {
    for blob in lacking(members) {
        if let Some(content) = others.get(&blob) {
            members.insert(blob, content.clone());
        }
    }
}

/// Adds a blob that `members` lack, out of one record of the topic.
pub fn fill(
    members: &mut Members,
    missing: &mut BTreeSet<String>,
    bytes: &[u8],
    value: Option<Vec<u8>>,
) {
    let (Some(Key::Blob(hash)), Some(blob)) = (key(bytes), value) else { return };
    let name = blob_name(hash);
    if missing.remove(&name) {
        members.insert(name, blob);
    }
}

/// Everything on the topic that publishing must know of: which keys there are, and old editions.
#[derive(Debug, Default)]
pub struct Inventory {
    records: BTreeMap<String, Vec<u8>>,
}

/// An edition on the topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edition {
    /// Name of the pack, as the key says.
    pub name: String,
    /// Its sequence, as the key says.
    pub sequence: u64,
    /// Manifest and signatures.
    pub sealed: Members,
}

impl Inventory {
    /// Takes a record of the topic.
    pub fn take(&mut self, bytes: &[u8], value: Option<Vec<u8>>) {
        let Ok(key) = std::str::from_utf8(bytes) else { return };
        match value {
            Some(value) => _ = self.records.insert(key.to_owned(), value),
            None => _ = self.records.remove(key),
        }
    }

    /// Editions of a pack that can be gone back to, oldest first.
    #[must_use]
    pub fn editions(&self, name: &str) -> Vec<Edition> {
        let mut found: Vec<Edition> = self
            .records
            .iter()
            .filter_map(|(key, value)| {
                let (of, sequence) = key.split_once(AT)?;
                let sequence = sequence.parse().ok()?;
                let sealed = read_archive(value).ok().filter(|_| of == name)?;
                Some(Edition { name: of.to_owned(), sequence, sealed })
            })
            .collect();
        found.sort_by_key(|edition| edition.sequence);
        found
    }

    /// Names of the packs of which there is an edition.
    #[must_use]
    pub fn names(&self) -> Vec<&str> {
        let newest = |key: &&String| matches!(self::key(key.as_bytes()), Some(Key::Newest(_)));
        self.records.keys().filter(newest).map(String::as_str).collect()
    }

    /// The newest edition of a pack: manifest and signatures.
    #[must_use]
    pub fn newest(&self, name: &str) -> Option<Members> {
        self.records.get(name).and_then(|edition| read_archive(edition).ok())
    }

    /// An edition with its blobs.
    #[must_use]
    pub fn whole(&self, edition: &Members) -> Members {
        let mut members = edition.clone();
        for name in listed_blobs(edition) {
            let blob = blob_hash(&name).and_then(|hash| self.records.get(hash));
            if let Some(blob) = blob {
                members.insert(name, blob.clone());
            }
        }
        members
    }

    /// The records that publish these members as `sequence` of pack `name`: blobs that are not
    /// there yet, then the edition under both keys, then tombstones of editions beyond
    /// [`EDITIONS_KEPT`] and of blobs that no edition lists any more.
    #[must_use]
    pub fn publication(&self, name: &str, sequence: u64, members: &Members) -> Vec<Outgoing> {
        let sealed: Members = members
            .iter()
            .filter(|(name, _)| *name == MANIFEST || is_signature(name))
            .map(|(name, content)| (name.clone(), content.clone()))
            .collect();
        let edition = write_archive(&sealed);
        let new = members.iter().filter_map(|(name, content)| Some((blob_hash(name)?, content)));
        let new = new.filter(|(hash, content)| {
            // One that is there under its name with other bytes is mended.
            self.records.get(*hash).is_none_or(|there| self::hash(there) != self::hash(content))
        });
        let mut records: Vec<Outgoing> =
            new.map(|(hash, content)| record(hash, Some(content.clone()))).collect();
        records.push(record(&edition_key(name, sequence), Some(edition.clone())));
        records.push(record(name, Some(edition)));
        records.extend(self.outdated(name, sequence, &sealed).iter().map(|key| record(key, None)));
        records
    }

    fn outdated(&self, name: &str, sequence: u64, sealed: &Members) -> Vec<String> {
        let mut kept: Vec<Edition> = self.editions(name);
        kept.retain(|edition| edition.sequence != sequence);
        let dropped: Vec<Edition> =
            kept.drain(..(kept.len() + 1).saturating_sub(EDITIONS_KEPT)).collect();
        let mut listed = listed_blobs(sealed);
        listed.extend(kept.iter().flat_map(|edition| listed_blobs(&edition.sealed)));
        for other in self.names().into_iter().filter(|other| *other != name) {
            listed.extend(self.newest(other).iter().flat_map(listed_blobs));
            let older = self.editions(other);
            listed.extend(older.iter().flat_map(|edition| listed_blobs(&edition.sealed)));
        }
        let keys = dropped.iter().map(|edition| edition_key(name, edition.sequence));
        let blobs = self.records.keys().filter(|key| {
            matches!(self::key(key.as_bytes()), Some(Key::Blob(hash))
                if !listed.contains(&blob_name(hash)))
        });
        keys.chain(blobs.cloned()).collect()
    }
}

fn record(key: &str, value: Option<Vec<u8>>) -> Outgoing {
    Outgoing {
        topic: Topic::Packs,
        partition: Some(0),
        key: Some(key.as_bytes().to_vec()),
        value,
        headers: Vec::new(),
    }
}
