//! A file of 1 GiB of posts, a line of JSON each, to the number of posts that hit: what somebody
//! would see who gave the same job to each of these. Only run when asked for by name: it takes
//! minutes, and the file stays on the disk.
//!
//! A time holds all of it: lists read and compiled, the file read, posts counted. What an engine
//! takes for an empty file is shown as set-up. The file has just been written, so it comes from
//! the system's cache of files: disks are not measured.
//!
//! They do not mean the same. Tidegate looks at all parts of a post in three views, sees through
//! disguises, and writes a verdict for every post, which goes to /dev/null here. The ordinary stack
//! is serde_json, lower case, aho-corasick, and asks of each match whether it is a whole word.
//! yara-x is handed the same lower case, and its matches are asked the same. ripgrep sees lines, not
//! posts: also names and keys, and escapes as they stand there.

mod engines;
mod made;

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::patterns;
use crate::race::timed;
use engines::{Engine, Pass};
use made::Made;

/// Patterns; the posts are planted with those that all of these lists have.
const SIZES: [usize; 2] = [1_000, 100_000];

const ROUNDS: usize = 3;

pub fn run() {
    println!("\n## file");
    let folder = folder();
    let longest = patterns::make(SIZES[SIZES.len() - 1], &made::known());
    let made = made::write(&folder, &longest[..SIZES[0]]);
    println!("\n{}: {} posts, {} bytes,", made.path.display(), made.posts, made.bytes);
    println!(
        "{} of the posts planted. From lists and file to the number of posts hit;",
        made.planted
    );
    println!("{ROUNDS} rounds, medians. What each of them means: see the head of file/mod.rs.");
    for size in SIZES {
        of_size(&folder, &longest[..size], &made);
    }
}

/// Beside the program, so that it goes when the build goes.
fn folder() -> PathBuf {
    let program = std::env::current_exe().expect("a program knows where it is");
    let folder = program.with_file_name("posts-of-file");
    std::fs::create_dir_all(&folder).expect("the folder of the build can be written");
    folder
}

fn of_size(folder: &Path, list: &[String], made: &Made) {
    println!("\n### {} patterns\n", list.len());
    let pack = made::pack(folder, list);
    let entries = made::entries(folder, list);
    let empty = made::empty(folder);
    let (engines, left_out): (Vec<_>, Vec<_>) =
        engines::all(&pack, &entries, list, &made.path).into_iter().partition(Result::is_ok);
    for why in left_out.into_iter().filter_map(Result::err) {
        println!("{why}\n");
    }
    let mut timed: Vec<Timed<'_>> =
        engines.into_iter().flatten().map(|engine| Timed::new(engine, &empty)).collect();
    for _ in 0..ROUNDS {
        timed.iter_mut().for_each(|timed| timed.round(&made.path));
    }
    println!("| what | s | of it set-up | posts/s | MiB/s | posts hit | threads |");
    println!("|---|--:|--:|--:|--:|--:|--:|");
    timed.iter_mut().for_each(|timed| timed.print(made));
}

/// An engine and how long it took.
struct Timed<'e> {
    engine: Engine<'e>,
    set_up: Duration,
    times: Vec<Duration>,
    /// What it found; nothing once it took too long, and then it is not run again.
    last: Option<Pass>,
}

impl<'e> Timed<'e> {
    fn new(engine: Engine<'e>, empty: &Path) -> Self {
        let (set_up, last) = timed(|| (engine.pass)(empty));
        Self { engine, set_up, times: Vec::new(), last }
    }

    fn round(&mut self, posts: &Path) {
        if self.last.is_none() {
            return;
        }
        let (time, found) = timed(|| (self.engine.pass)(posts));
        self.times.push(time);
        self.last = found;
    }

    fn print(&mut self, made: &Made) {
        let name = &self.engine.name;
        let Some(last) = &self.last else {
            println!("| {name} | more than {} | | | | | |", engines::CAP.as_secs());
            return;
        };
        self.times.sort();
        let seconds = self.times[self.times.len() / 2].as_secs_f64();
        println!(
            "| {name} | {seconds:.2} | {:.2} | {:.0} | {:.0} | {} | {} |",
            self.set_up.as_secs_f64(),
            made.posts as f64 / seconds,
            made.bytes as f64 / seconds / 1_048_576.0,
            last.hits,
            last.threads,
        );
    }
}
