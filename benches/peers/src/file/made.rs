//! What the engines are given: the file of posts, and the list as a pack and as a file of lines.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use crate::patterns::{self, View};
use crate::posts::{self, Planting, Text};

const BYTES: usize = 1 << 30;

/// Posts that are asked for their words: made posts take theirs from lists, so that these have all.
const ASKED: usize = 100_000;

/// The file of posts.
pub struct Made {
    pub path: PathBuf,
    pub posts: usize,
    pub bytes: usize,
    pub planted: usize,
}

/// The words of the posts, and what else in a line is a word to who does not read JSON.
pub fn known() -> HashSet<String> {
    let mut known = Text::Made.words();
    for json in posts::stream(None).take(ASKED) {
        let line = str::from_utf8(&json).expect("made JSON is UTF-8").to_lowercase();
        known.extend(line.split(|c: char| !c.is_alphanumeric()).map(str::to_owned));
    }
    known
}

/// Made posts, until there are [`BYTES`] of them, one in a hundred with one of these planted.
pub fn write(folder: &Path, planted: &[String]) -> Made {
    let mut made = Made { path: folder.join("posts.jsonl"), posts: 0, bytes: 0, planted: 0 };
    let mut file = BufWriter::new(File::create(&made.path).expect("the file can be made"));
    let mut planting = Planting::new(planted, posts::PLANTED_EVERY);
    for mut json in posts::stream(None) {
        if made.bytes >= BYTES {
            break;
        }
        made.planted += usize::from(planting.next(&mut json));
        json.push(b'\n');
        file.write_all(&json).expect("there is room for 1 GiB");
        made.posts += 1;
        made.bytes += json.len();
    }
    file.flush().expect("there is room for 1 GiB");
    made
}

/// The folder of a pack with this list.
pub fn pack(folder: &Path, list: &[String]) -> PathBuf {
    let pack = folder.join(format!("pack-{}", list.len()));
    for (name, bytes) in patterns::source(list, View::Unmasked).files {
        let path = pack.join(name);
        let parent = path.parent().expect("a file of a pack is in its folder");
        fs::create_dir_all(parent).expect("a folder can be made");
        fs::write(path, bytes).expect("there is room for a pack");
    }
    pack
}

/// The file of this list, an entry a line.
pub fn entries(folder: &Path, list: &[String]) -> PathBuf {
    let path = folder.join(format!("entries-{}.txt", list.len()));
    fs::write(&path, list.join("\n") + "\n").expect("there is room for a list");
    path
}

/// A file with no posts.
pub fn empty(folder: &Path) -> PathBuf {
    let path = folder.join("empty.jsonl");
    fs::write(&path, "").expect("there is room for nothing");
    path
}
