//! A process of its own: a broker, or a rival whose processor time is to be read by itself. A watcher
//! shell kills it as soon as the bench is gone, however that ended.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::clock;

/// Lines of what it wrote that are shown where it fails.
const SHOWN: usize = 30;

/// Reads until the bench is gone, then kills.
const WATCH: &str = r#""$@" >&2 & pid=$!; echo $pid; read -r never; kill -9 $pid 2>/dev/null"#;

pub struct Process {
    watcher: Child,
    pid: i32,
    log: PathBuf,
}

impl Process {
    /// Starts a program; all that it writes goes to a file.
    pub fn start(line: &[OsString], log: &Path) -> Self {
        let output = File::create(log).expect("the folder of the run can be written");
        let mut watcher = Command::new("sh")
            .args(["-c", WATCH, "watcher"])
            .args(line)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(output)
            // Ctrl-C goes to the bench alone, whose end the watcher then sees.
            .process_group(0)
            .spawn()
            .expect("sh can be started");
        let mut pid = String::new();
        let stdout = watcher.stdout.take().expect("it is piped");
        BufReader::new(stdout).read_line(&mut pid).expect("the watcher tells the pid");
        let pid = pid.trim().parse().expect("a pid is a number");
        Self { watcher, pid, log: log.to_owned() }
    }

    /// So far.
    pub fn cpu(&self) -> Duration {
        clock::cpu(self.pid).unwrap_or_default()
    }

    /// The most memory that it ever had resident, MiB; nothing once it has ended.
    pub fn peak_mib(&self) -> Option<u64> {
        Some(self.status_kib("VmHWM:")? / 1_024)
    }

    /// Memory that is resident now, MiB; nothing once it has ended.
    pub fn resident_mib(&self) -> Option<f64> {
        Some(self.status_kib("VmRSS:")? as f64 / 1_024.0)
    }

    fn status_kib(&self, name: &str) -> Option<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid)).ok()?;
        let line = status.lines().find(|line| line.starts_with(name))?;
        line.split_whitespace().nth(1)?.parse().ok()
    }

    /// Open descriptors: files, sockets, pipes.
    pub fn descriptors(&self) -> usize {
        fs::read_dir(format!("/proc/{}/fd", self.pid)).map_or(0, Iterator::count)
    }

    /// One that has ended stays as a zombie until the watcher goes; that has no memory any more.
    pub fn is_running(&self) -> bool {
        self.peak_mib().is_some()
    }

    /// The last lines that it wrote.
    pub fn said(&self) -> String {
        let log = fs::read(&self.log).unwrap_or_default();
        let log = String::from_utf8_lossy(&log);
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(SHOWN)..].join("\n")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.watcher.stdin.take());
        drop(self.watcher.wait());
        // The shell has sent the signal, and the system may still be at taking the process down.
        while self.is_running() {
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// A line of a program.
pub fn line<S: Into<OsString>>(words: impl IntoIterator<Item = S>) -> Vec<OsString> {
    words.into_iter().map(Into::into).collect()
}
