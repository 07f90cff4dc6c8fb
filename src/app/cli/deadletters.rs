//! `tidegate deadletters`: posts that could not be screened: which, why, and back to where they came
//! from. What people wrote is never shown.

use std::collections::BTreeMap;

use clap::{Args, Subcommand};
use jiff::Timestamp;
use serde::Serialize;

use super::output::{Data, how_many, say};
use super::{ConfigFile, Failure, stretch};
use crate::app::config::Config;
use crate::app::past::{Back, Log, Record};
use crate::decode::Reason;
use crate::event::DeadLetter;
use crate::log::kafka::feed::Kept;
use crate::record::Topic;

/// Posts that could not be screened.
#[derive(Debug, Subcommand)]
pub(super) enum Deadletters {
    /// Where they are and why; never what people wrote.
    List(List),
    /// Puts them back into the topic they came from, as they came and with their time.
    Replay(Replay),
}

#[derive(Debug, Args)]
pub(super) struct List {
    #[command(flatten)]
    which: Which,
    /// One JSON object a line.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(super) struct Replay {
    #[command(flatten)]
    which: Which,
}

/// Which of them.
#[derive(Debug, Args)]
struct Which {
    #[command(flatten)]
    config: ConfigFile,
    /// Only those of this reason; may be given more than once.
    #[arg(long, value_name = "REASON", value_parser = Reason::ALL.map(Reason::name))]
    reason: Vec<String>,
    /// Where to begin in the topic of dead letters: a time (2026-11-01T00:00:00Z), a time ago (7d), or
    /// PARTITION@OFFSET.
    #[arg(long, value_name = "WHEN")]
    from: Option<String>,
    /// The first that is left out again, written alike.
    #[arg(long, value_name = "WHEN")]
    to: Option<String>,
}

impl Deadletters {
    pub(super) fn run(self) -> Result<(), Failure> {
        match self {
            Self::List(list) => list.run(),
            Self::Replay(replay) => replay.run(),
        }
    }
}

impl Which {
    fn log(&self) -> Result<Log, Failure> {
        let config = Config::load(&self.config.path).map_err(Failure::wrong)?;
        Log::open(&config).map_err(Failure::stopped)
    }

    /// Calls `take` with each of them, which says whether to go on.
    fn each(
        &self,
        log: &Log,
        mut take: impl FnMut(DeadLetter, Kept) -> Result<bool, Failure>,
    ) -> Result<(), Failure> {
        let stretch = stretch(self.from.as_deref(), self.to.as_deref())?;
        let (mut foreign, mut done) = (0, Ok(()));
        let mut each = |Record { mut kept, .. }: Record| {
            let Some(letter) = DeadLetter::take(&mut kept.headers) else {
                foreign += 1;
                return true;
            };
            if !self.reason.is_empty() && !self.reason.contains(&letter.reason) {
                return true;
            }
            take(letter, kept).unwrap_or_else(|failure| {
                done = Err(failure);
                false
            })
        };
        log.each(&log.name(Topic::Deadletters), &stretch, &mut each).map_err(Failure::stopped)?;
        if foreign > 0 {
            say(&format!(
                "{} that Tidegate did not write: passed over",
                how_many(foreign, "record")
            ));
        }
        done
    }
}

/// A dead letter as `--json` shows it.
#[derive(Serialize)]
struct Shown<'l> {
    partition: i32,
    offset: i64,
    time: Timestamp,
    reason: &'l str,
    detail: &'l str,
    source: Source<'l>,
    /// Bytes of the value, and before it was cut.
    bytes: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    cut_from: Option<u64>,
}

/// Where its record was read.
#[derive(Serialize)]
struct Source<'l> {
    topic: &'l str,
    partition: i32,
    offset: i64,
}

impl<'l> Shown<'l> {
    fn of(letter: &'l DeadLetter, kept: &Kept) -> Self {
        let DeadLetter { reason, detail, topic, partition, offset, time_ms, cut_from } = letter;
        Self {
            partition: kept.partition,
            offset: kept.offset,
            time: Timestamp::from_millisecond(*time_ms).unwrap_or_default(),
            reason,
            detail,
            source: Source { topic, partition: *partition, offset: *offset },
            bytes: kept.value.as_ref().map_or(0, Vec::len),
            cut_from: *cut_from,
        }
    }

    fn line(&self, json: bool) -> Result<String, serde_json::Error> {
        if json {
            return serde_json::to_string(self);
        }
        let Self { partition, offset, time, reason, detail, source, .. } = self;
        let Source { topic, partition: from, offset: at } = source;
        Ok(format!("{partition}@{offset}  {time:.3}  {reason}  {topic}/{from}@{at}  {detail}"))
    }
}

impl List {
    fn run(self) -> Result<(), Failure> {
        let log = self.which.log()?;
        let mut data = Data::new();
        let mut by_reason: BTreeMap<String, u64> = BTreeMap::new();
        self.which.each(&log, |letter, kept| {
            let line = Shown::of(&letter, &kept).line(self.json).map_err(Failure::stopped)?;
            *by_reason.entry(letter.reason).or_default() += 1;
            data.write(format!("{line}\n").as_bytes()).map_err(Failure::stopped)
        })?;
        let all: u64 = by_reason.values().sum();
        let reasons: Vec<String> =
            by_reason.iter().map(|(reason, count)| format!("{reason} {count}")).collect();
        say(&match all {
            0 => "no dead letters".to_owned(),
            1 => format!("1 dead letter: {}", reasons.join(", ")),
            _ => format!("{all} dead letters: {}", reasons.join(", ")),
        });
        Ok(())
    }
}

impl Replay {
    fn run(self) -> Result<(), Failure> {
        let log = self.which.log()?;
        let posts = log.posts();
        let mut back = Back::new(&log);
        let (mut written, mut cut, mut elsewhere) = (0, 0, 0);
        self.which.each(&log, |letter, kept| {
            if letter.cut_from.is_some() {
                cut += 1;
            } else if posts.contains(&letter.topic) {
                let (partition, time_ms) = (letter.partition, letter.time_ms);
                let record = Kept { partition, time_ms, ..kept };
                back.write(&letter.topic, record).map_err(half_done)?;
                written += 1;
            } else {
                elsewhere += 1;
            }
            Ok(true)
        })?;
        back.finish().map_err(half_done)?;
        say(&format!("{} back in {}", how_many(written, "post"), posts.join(", ")));
        if cut > 0 {
            say(&format!(
                "{} left: only a part was kept; raise decode.max_bytes, and send the whole again",
                how_many(cut, "post")
            ));
        }
        if elsewhere > 0 {
            say(&format!(
                "{} left: of a topic that the configuration does not read",
                how_many(elsewhere, "post")
            ));
        }
        if cut + elsewhere > 0 { Err(Failure::No) } else { Ok(()) }
    }
}

/// Some were written before it failed, who knows how many.
#[expect(clippy::needless_pass_by_value, reason = "stands in `map_err`")]
fn half_done(why: anyhow::Error) -> Failure {
    Failure::stopped(format!("{why:#}; some may be back already"))
}
