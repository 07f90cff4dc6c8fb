//! The last good edition of each pack, on the disk of this machine: what is in force if the topic
//! holds something worse when the process starts. Verified again when it is read.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::{fs, thread};

use crate::sealed::{Members, read_archive, write_archive};

/// A folder with a file a pack.
#[derive(Clone, Debug)]
pub struct Store {
    folder: PathBuf,
}

impl Store {
    /// The store in this folder, which is made if it is not there.
    ///
    /// # Errors
    /// If it cannot be made.
    pub fn open(folder: &Path) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        Ok(Self { folder: folder.to_owned() })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.pack"))
    }

    /// The stored edition of a pack, not verified; `None` where there is none or it is damaged,
    /// which is as good: the topic has it.
    #[must_use]
    pub fn read(&self, name: &str) -> Option<Members> {
        let path = self.path(name);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(why) if why.kind() == io::ErrorKind::NotFound => return None,
            Err(why) => {
                tracing::warn!(pack = name, %why, "cannot read the stored pack");
                return None;
            }
        };
        match read_archive(&bytes) {
            Ok(members) => Some(members),
            Err(why) => {
                tracing::warn!(pack = name, %why, "the stored pack is passed over: it");
                None
            }
        }
    }

    /// Keeps an edition: whole, or what was there before.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(&self, name: &str, members: &Members) -> io::Result<()> {
        let path = self.path(name);
        // Processes that share a folder do not write into each other's file.
        let part =
            path.with_extension(format!("{}-{:?}", std::process::id(), thread::current().id()));
        let mut file = fs::File::create(&part)?;
        file.write_all(&write_archive(members))?;
        file.sync_all()?;
        fs::rename(&part, &path)
    }
}
