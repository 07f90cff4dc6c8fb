//! What goes over the file: two programs and two stacks of crates.

use std::fs::File;
use std::io::{BufRead, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use aho_corasick::AhoCorasick;
use yara_x::Scanner;

use crate::posts::Six;
use crate::{whole, yara};

/// A pass that takes longer is ended.
pub const CAP: Duration = Duration::from_secs(300);

/// How often a program is asked whether it is done.
const ASK_EVERY: Duration = Duration::from_millis(2);

/// Lines after which a pass in this process looks at the clock.
const LOOK_EVERY: usize = 1_024;

/// What one pass saw.
#[derive(Clone, Copy)]
pub struct Pass {
    pub hits: usize,
    pub threads: usize,
}

/// Goes over a file of posts; gives nothing if that took longer than [`CAP`].
type Over<'e> = Box<dyn Fn(&Path) -> Option<Pass> + 'e>;

/// Something that goes over a file of posts.
pub struct Engine<'e> {
    pub name: String,
    pub pass: Over<'e>,
}

/// All of them, or why one is left out.
pub fn all<'e>(
    pack: &Path,
    entries: &Path,
    list: &'e [String],
    posts: &Path,
) -> Vec<Result<Engine<'e>, String>> {
    vec![
        tidegate(pack, posts),
        ripgrep(entries),
        Ok(in_process("serde_json, lower case, aho-corasick", move |file| ordinary(list, file))),
        Ok(in_process("serde_json, lower case, yara-x", move |file| with_yara(list, file))),
    ]
}

/// The program that was built, or the one that `TIDEGATE` names.
fn tidegate<'e>(pack: &Path, posts: &Path) -> Result<Engine<'e>, String> {
    let built = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/release/tidegate");
    let program = std::env::var_os("TIDEGATE").map_or(built, PathBuf::from);
    if !program.is_file() {
        let program = program.display();
        return Err(format!("No tidegate: {program} is not there (TIDEGATE names another)."));
    }
    let pack = pack.to_owned();
    let scan = move |file: &Path| {
        let mut command = Command::new(&program);
        command.args(["scan", "--pack"]).arg(&pack).arg(file);
        command
    };
    // Not among the timed passes: who counts reads all that is written.
    let hits = fired(&mut scan(posts));
    let pass = move |file: &Path| {
        let mut child = scan(file).stdout(Stdio::null()).spawn().expect("tidegate can be run");
        let ended = wait(&mut child)?;
        assert!(ended.status.success(), "tidegate scan fails");
        Some(Pass { hits, threads: ended.threads })
    };
    Ok(Engine { name: "tidegate scan".to_owned(), pass: Box::new(pass) })
}

/// The verdicts that say that a rule fires.
fn fired(scan: &mut Command) -> usize {
    let mut child = scan.stdout(Stdio::piped()).spawn().expect("tidegate can be run");
    let verdicts = BufReader::new(child.stdout.take().expect("its output is piped"));
    let fires = |verdict: &String| verdict.contains("\"fires\":true");
    let lines = verdicts.lines().map(|line| line.expect("verdicts are UTF-8"));
    let hits = lines.filter(fires).count();
    assert!(child.wait().expect("it was started").success(), "tidegate scan fails");
    hits
}

fn ripgrep<'e>(entries: &Path) -> Result<Engine<'e>, String> {
    let output = Command::new("rg").arg("--version").output();
    let version = output.map_err(|why| format!("No ripgrep: `rg` cannot be run ({why})."))?;
    let version = String::from_utf8_lossy(&version.stdout).into_owned();
    let entries = entries.to_owned();
    let pass = move |file: &Path| {
        let mut command = Command::new("rg");
        // Without the limits it compiles no list of 100,000, and does its work more slowly.
        command.args(["--regex-size-limit", "4G", "--dfa-size-limit", "1G", "--count"]);
        command.args(["--fixed-strings", "--word-regexp", "--ignore-case", "--file"]);
        command.arg(&entries).arg(file).stdout(Stdio::piped());
        count(&mut command)
    };
    let name = version.lines().next().unwrap_or("ripgrep").to_owned();
    Ok(Engine { name: format!("{name}, lines"), pass: Box::new(pass) })
}

/// The number that ripgrep prints. It prints none, and ends with 1, where no line hits.
fn count(command: &mut Command) -> Option<Pass> {
    let mut child = command.spawn().expect("rg was there a moment ago");
    let ended = wait(&mut child)?;
    assert!(matches!(ended.status.code(), Some(0 | 1)), "rg fails");
    let mut printed = String::new();
    let mut output = child.stdout.take().expect("its output is piped");
    output.read_to_string(&mut printed).expect("a number is UTF-8");
    Some(Pass { hits: printed.trim().parse().unwrap_or(0), threads: ended.threads })
}

/// How a program ended.
struct Ended {
    status: ExitStatus,
    /// The most that were seen.
    threads: usize,
}

/// Until it is done; nothing if it took too long and was ended here.
fn wait(child: &mut Child) -> Option<Ended> {
    let deadline = Deadline::new();
    let mut most = 1;
    loop {
        most = most.max(threads(child.id()));
        if let Some(status) = child.try_wait().expect("it was started here") {
            return Some(Ended { status, threads: most });
        }
        if deadline.is_over() {
            child.kill().expect("it was started here");
            child.wait().expect("it was started here");
            return None;
        }
        thread::sleep(ASK_EVERY);
    }
}

/// Threads of a process, where the system says so in a file.
fn threads(process: u32) -> usize {
    let tasks = std::fs::read_dir(format!("/proc/{process}/task"));
    tasks.map_or(0, Iterator::count)
}

fn in_process<'e>(name: &str, hits: impl Fn(&Path) -> Option<usize> + 'e) -> Engine<'e> {
    let pass = move |file: &Path| hits(file).map(|hits| Pass { hits, threads: 1 });
    Engine { name: name.to_owned(), pass: Box::new(pass) }
}

fn ordinary(list: &[String], file: &Path) -> Option<usize> {
    let automaton = AhoCorasick::new(list).expect("within its limits");
    posts_where(file, |text| {
        let mut matches = automaton.find_overlapping_iter(text);
        matches.any(|found| whole::is_word(text, found.start(), found.end()))
    })
}

fn with_yara(list: &[String], file: &Path) -> Option<usize> {
    let rules = yara::rules(list, yara::Entry::Fullword);
    let mut scanner = Scanner::new(&rules);
    posts_where(file, |text| yara::has_word(&mut scanner, text))
}

/// How many posts have a lower-case text that hits.
fn posts_where(file: &Path, mut hits: impl FnMut(&str) -> bool) -> Option<usize> {
    let deadline = Deadline::new();
    let mut input = BufReader::new(File::open(file).expect("the file was made here"));
    let (mut line, mut lines, mut count) = (Vec::new(), 0, 0);
    while input.read_until(b'\n', &mut line).expect("the file can be read") > 0 {
        let six: Six<'_> = serde_json::from_slice(&line).expect("made posts can be read");
        count += usize::from(hits(&six.text.to_lowercase()));
        line.clear();
        lines += 1;
        if lines % LOOK_EVERY == 0 && deadline.is_over() {
            return None;
        }
    }
    Some(count)
}

/// When [`CAP`] is over.
struct Deadline(Instant);

impl Deadline {
    #[expect(clippy::disallowed_methods, reason = "a bench reads the clock")]
    fn new() -> Self {
        Self(Instant::now() + CAP)
    }

    #[expect(clippy::disallowed_methods, reason = "a bench reads the clock")]
    fn is_over(&self) -> bool {
        Instant::now() >= self.0
    }
}
