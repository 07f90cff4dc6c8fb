//! Built packs and keys on disk: one file, or a folder with a file a member.

use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::app::cli::Failure;
use crate::sealed::{
    BLOB_BYTES_MAX, Members, PACK_BYTES_MAX, is_signature, read_archive, write_archive,
};

/// Bytes of a built pack as one file: its files, and as much as a manifest and signatures take.
const ARCHIVE_BYTES_MAX: u64 = PACK_BYTES_MAX + (64 << 20);
/// Files of a built pack in a folder: blobs of a whole pack, each file with a short one of its own.
const MEMBERS_MAX: usize = 20_000;
/// Bytes of a key file that are read; what is longer is no key.
const KEY_BYTES_MAX: u64 = 16 << 10;

/// Is something there already?
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Onto {
    /// It is made anew.
    New,
    /// It is the pack that the members were read from.
    Old,
}

/// The members of a built pack.
pub(super) fn read(path: &Path) -> Result<Members, Failure> {
    if path.is_dir() {
        return read_folder(path);
    }
    let bytes = read_file(path, ARCHIVE_BYTES_MAX)?;
    read_archive(&bytes).map_err(|fault| Failure::Wrong(format!("{} {fault}", path.display())))
}

/// The text of a key file.
pub(super) fn read_key(path: &Path) -> Result<String, Failure> {
    // What is no text is no key, which is what its reader says.
    Ok(String::from_utf8(read_file(path, KEY_BYTES_MAX)?).unwrap_or_default())
}

/// Writes a built pack.
pub(super) fn write(path: &Path, members: &Members, onto: Onto) -> Result<(), Failure> {
    let is_folder = path.is_dir() || path.to_string_lossy().ends_with('/');
    if !is_folder {
        return write_file(path, &write_archive(members));
    }
    if onto == Onto::New {
        let is_empty = fs::read_dir(path).map_or(true, |mut entries| entries.next().is_none());
        if !is_empty {
            let path = path.display();
            return Err(Failure::Wrong(format!(
                "{path} is not empty: give --out another folder, or a file"
            )));
        }
    }
    for (name, content) in members {
        let file = path.join(name);
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder).map_err(|why| cannot("make", folder, &why))?;
        }
        if onto == Onto::New || !file.exists() || is_signature(name) {
            write_file(&file, content)?;
        }
    }
    Ok(())
}

/// Writes a file that must not be there yet.
pub(super) fn write_new(path: &Path, content: &[u8], mode: u32) -> Result<(), Failure> {
    let file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path);
    match file.and_then(|mut file| file.write_all(content)) {
        Ok(()) => Ok(()),
        Err(why) if why.kind() == ErrorKind::AlreadyExists => Err(Failure::Wrong(format!(
            "{} is there already: name another file, or move it away",
            path.display()
        ))),
        Err(why) => Err(cannot("write", path, &why)),
    }
}

/// Writes a file whole, or leaves what was there.
fn write_file(path: &Path, content: &[u8]) -> Result<(), Failure> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".part");
    let part = path.with_file_name(name);
    fs::write(&part, content)
        .and_then(|()| fs::rename(&part, path))
        .map_err(|why| cannot("write", path, &why))
}

fn read_file(path: &Path, max: u64) -> Result<Vec<u8>, Failure> {
    let file = fs::File::open(path).map_err(|why| cannot("read", path, &why))?;
    let mut bytes = Vec::new();
    file.take(max + 1).read_to_end(&mut bytes).map_err(|why| cannot("read", path, &why))?;
    if bytes.len() as u64 > max {
        let path = path.display();
        return Err(Failure::Wrong(format!(
            "{path} has more than {max} bytes: that is no such file"
        )));
    }
    Ok(bytes)
}

/// Every file of a folder and of its folders, whatever it is called: what does not belong there is
/// refused by name, not passed over.
fn read_folder(path: &Path) -> Result<Members, Failure> {
    let mut members = Members::new();
    let mut room = ARCHIVE_BYTES_MAX;
    for (name, file) in files(path)? {
        let bytes = read_file(&file, room.min(BLOB_BYTES_MAX as u64))?;
        room -= bytes.len() as u64;
        members.insert(name, bytes);
    }
    Ok(members)
}

/// Names within a folder, and paths.
fn files(path: &Path) -> Result<Vec<(String, PathBuf)>, Failure> {
    let mut found = Vec::new();
    let mut open = vec![(String::new(), path.to_owned())];
    while let Some((prefix, folder)) = open.pop() {
        let read = |why: io::Error| cannot("read", &folder, &why);
        for entry in fs::read_dir(&folder).map_err(read)? {
            let entry = entry.map_err(read)?;
            let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
            let kind = entry.file_type().map_err(read)?;
            if kind.is_dir() {
                open.push((format!("{name}/"), entry.path()));
            } else if kind.is_file() {
                found.push((name, entry.path()));
            } else {
                // A link could point anywhere, and a pipe never ends.
                let path = entry.path();
                let path = path.display();
                return Err(Failure::Wrong(format!(
                    "{path} is no plain file: a built pack has nothing else"
                )));
            }
            if found.len() + open.len() > MEMBERS_MAX {
                return Err(Failure::Wrong(format!(
                    "{} holds more than {MEMBERS_MAX} files: that is no built pack",
                    path.display()
                )));
            }
        }
    }
    Ok(found)
}

fn cannot(what: &str, path: &Path, why: &io::Error) -> Failure {
    Failure::wrong(format!("cannot {what} {}: {why}", path.display()))
}
