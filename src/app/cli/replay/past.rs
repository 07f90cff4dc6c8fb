//! Past posts, and what was done about them: from a file, from Kafka, from the log of this machine.

use std::io::{self, Read};
use std::path::Path;
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Mutex, PoisonError};

use super::compare::Side;
use crate::app::cli::blocks::{self, Block};
use crate::app::cli::{Failure, lines};
use crate::app::config::Config;
use crate::app::past::{self, Log};
use crate::event::{Origin, read_event};
use crate::log::LogError;
use crate::log::kafka::past::{Mark, Stretch};
use crate::record::Topic;

/// Records of one batch: enough that dealing costs nothing, few enough that all cores have some.
const BATCH: usize = 2_000;

/// A past record.
pub(super) struct Record {
    pub(super) topic: Arc<str>,
    pub(super) partition: i32,
    pub(super) offset: i64,
    /// `None`: the post's own time, or one second after the other.
    pub(super) time_ms: Option<i64>,
    pub(super) value: Option<Vec<u8>>,
}

impl From<past::Record> for Record {
    fn from(past::Record { topic, kept }: past::Record) -> Self {
        let (partition, offset, time_ms) = (kept.partition, kept.offset, Some(kept.time_ms));
        Self { topic, partition, offset, time_ms, value: kept.value }
    }
}

/// Where posts come from.
pub(super) enum Posts {
    /// Lines, which are read once.
    File(Mutex<Option<Box<dyn Read + Send>>>),
    Log {
        log: Log,
        stretch: Stretch,
    },
}

/// A file of posts; `-` is standard input.
pub(super) fn of_file(path: &Path) -> Result<Posts, Failure> {
    Ok(Posts::File(Mutex::new(Some(lines::open(path)?))))
}

/// The log of a configuration.
pub(super) fn of_log(config: &Config, stretch: Stretch) -> Result<Posts, Failure> {
    let log = Log::open(config).map_err(Failure::stopped)?;
    Ok(Posts::Log { log, stretch })
}

impl Posts {
    /// How many records there are at most; `None` where nobody knows.
    pub(super) fn total(&self) -> Option<u64> {
        match self {
            Self::File(_) => None,
            Self::Log { log, stretch } => {
                Some(log.posts().iter().map(|topic| log.total(topic, stretch)).sum())
            }
        }
    }

    /// Deals all posts in batches to the workers in turn.
    pub(super) fn deal(&self, workers: &[SyncSender<Vec<Record>>]) -> io::Result<()> {
        let mut dealer = Dealer { workers, next: 0, batch: Vec::new(), is_over: false };
        match self {
            Self::File(input) => {
                let input = input.lock().unwrap_or_else(PoisonError::into_inner).take();
                let Some(input) = input else { return Ok(()) };
                blocks::each_block(input, &mut |block| {
                    block_records(&block).all(|record| dealer.add(record))
                })?;
            }
            Self::Log { log, stretch } => {
                let mut take = |record: past::Record| dealer.add(record.into());
                let topics = log.posts();
                let mut topics = topics.iter();
                topics
                    .try_for_each(|topic| log.each(topic, stretch, &mut take))
                    .map_err(io::Error::other)?;
            }
        }
        dealer.flush();
        Ok(())
    }

    /// Every takedown and referral about posts that `is_replayed`, as it was issued in its time.
    pub(super) fn done(
        &self,
        pack: Option<&str>,
        is_replayed: &dyn Fn(&Origin) -> bool,
        side: &mut Side,
    ) -> Result<(), LogError> {
        let Self::Log { log, stretch } = self else { return Ok(()) };
        let mut take = |record: past::Record| {
            let event = record.kept.value.as_deref().and_then(|value| read_event(value).ok());
            if let Some(event) = event.filter(|event| is_replayed(&event.basis().source)) {
                side.take(&event, pack);
            }
            true
        };
        // What followed from a post comes after it; until when, nobody knows.
        let from = match (log, &stretch.from) {
            (Log::Kafka(_), Some(Mark::Time(time_ms))) => Some(Mark::Time(*time_ms)),
            _ => None,
        };
        let later = Stretch { from, to: None };
        [Topic::Takedowns, Topic::Reviews]
            .into_iter()
            .try_for_each(|topic| log.each(&log.name(topic), &later, &mut take))
    }
}

/// The lines of a block.
fn block_records(block: &Block) -> impl Iterator<Item = Record> {
    let topic: Arc<str> = "file".into();
    block.lines().zip(block.first..).map(move |(line, number)| Record {
        topic: Arc::clone(&topic),
        partition: 0,
        offset: i64::try_from(number).unwrap_or(i64::MAX),
        time_ms: None,
        value: Some(line.to_vec()),
    })
}

/// Puts records into batches, and batches to workers in turn.
struct Dealer<'w> {
    workers: &'w [SyncSender<Vec<Record>>],
    next: usize,
    batch: Vec<Record>,
    /// Nobody takes any more.
    is_over: bool,
}

impl Dealer<'_> {
    /// False once nobody takes any more.
    fn add(&mut self, record: Record) -> bool {
        self.batch.push(record);
        if self.batch.len() >= BATCH {
            self.flush();
        }
        !self.is_over
    }

    fn flush(&mut self) {
        if self.batch.is_empty() {
            return;
        }
        let batch = std::mem::take(&mut self.batch);
        let worker = self.workers.get(self.next % self.workers.len().max(1));
        self.next += 1;
        self.is_over |= worker.is_none_or(|worker| worker.send(batch).is_err());
    }
}
