//! `tidegate ingest`: posts of a file into the log.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::output::say;
use super::{ConfigFile, Failure};
use crate::app::config::Config;
use crate::app::feed::Feed;

/// Lines appended at once: enough that one disk write serves many, few enough to wait for.
const LINES_PER_APPEND: usize = 500;

/// Posts of a file into the log.
#[derive(Debug, Args)]
pub(super) struct Ingest {
    #[command(flatten)]
    config: ConfigFile,
    /// File of posts, one JSON a line; `-` is standard input.
    file: PathBuf,
    /// Seconds to go on trying while the service is away or its log is full.
    #[arg(long, default_value_t = 60, value_name = "SECONDS")]
    patience: u64,
}

impl Ingest {
    pub(super) fn run(self) -> Result<(), Failure> {
        let config = Config::load(&self.config.path).map_err(Failure::wrong)?;
        let name = self.file.display().to_string();
        let mut input: Box<dyn BufRead> = if name == "-" {
            Box::new(io::stdin().lock())
        } else {
            let file = File::open(&self.file)
                .map_err(|why| Failure::wrong(format!("cannot read {name}: {why}")))?;
            Box::new(BufReader::new(file))
        };
        let patience = Duration::from_secs(self.patience);
        let mut feed =
            Feed::open(&config, patience).map_err(|why| Failure::stopped(format!("{why:#}")))?;
        let sent = pump(&mut *input, &mut feed).and_then(|sent| feed.finish().map(|()| sent));
        let sent = sent.map_err(|why| Failure::stopped(format!("{name}: {why:#}")))?;
        say(&format!("{sent} posts are in the log"));
        Ok(())
    }
}

/// Sends every line that is not empty; how many.
fn pump(input: &mut dyn BufRead, feed: &mut Feed) -> anyhow::Result<u64> {
    let mut sent = 0;
    let mut lines = Vec::new();
    loop {
        let mut line = Vec::new();
        let more = input.read_until(b'\n', &mut line)? > 0;
        line.truncate(line.trim_ascii_end().len());
        if !line.is_empty() {
            lines.push(line);
        }
        if lines.len() == LINES_PER_APPEND || (!more && !lines.is_empty()) {
            feed.send(&lines)?;
            sent += lines.len() as u64;
            lines.clear();
        }
        if !more {
            return Ok(sent);
        }
    }
}
