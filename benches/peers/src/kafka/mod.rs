//! What the sections on a real broker share: the broker, topics and posts, the rivals as processes,
//! and how they are watched.

pub mod broker;
pub mod clock;
pub mod events;
pub mod feed;
pub mod made;
pub mod metrics;
pub mod process;
pub mod rivals;
pub mod tidegate;
pub mod topics;
pub mod watch;

use std::fs;
use std::path::PathBuf;

/// Rounds, unless [`number`] finds another number in `PEERS_ROUNDS`.
pub const ROUNDS: usize = 3;

/// A number out of the environment.
pub fn number(name: &str, or: usize) -> usize {
    let Some(text) = std::env::var_os(name) else { return or };
    let number = text.to_str().and_then(|text| text.parse().ok());
    number.unwrap_or_else(|| panic!("{name} is not a number"))
}

/// Those whose name has this text, where `PEERS_ONLY` gives one.
pub fn is_asked_for(name: &str) -> bool {
    let only = std::env::var_os("PEERS_ONLY").unwrap_or_default();
    name.contains(&*only.to_string_lossy())
}

/// A new folder beside the program, so that it goes when the build goes.
pub fn folder(name: &str) -> PathBuf {
    let program = std::env::current_exe().expect("a program knows where it is");
    let folder = program.with_file_name(name);
    // What a run left that was killed.
    drop(fs::remove_dir_all(&folder));
    fs::create_dir_all(&folder).expect("the folder of the build can be written");
    folder
}

/// The middle one, and the least and the most around it.
pub fn spread(mut values: Vec<f64>, places: usize) -> String {
    values.sort_by(f64::total_cmp);
    let (Some(least), Some(most)) = (values.first(), values.last()) else {
        return "–".to_owned();
    };
    let median = values[values.len() / 2];
    if values.len() == 1 {
        return format!("{median:.places$}");
    }
    format!("{median:.places$} ({least:.places$}–{most:.places$})")
}
