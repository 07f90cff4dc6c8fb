//! Past posts, and what was done about them: from a file, from Kafka, from the log of this machine.

use std::io::{self, Read};
use std::path::Path;
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Mutex, PoisonError};

use super::compare::Side;
use crate::app::cli::blocks::{self, Block};
use crate::app::cli::{Failure, lines};
use crate::app::config::{Backend, Config};
use crate::app::service::{embedded_settings, kafka_settings};
use crate::event::{Origin, read_event};
use crate::log::LogError;
use crate::log::embedded::{Embedded, Span};
use crate::log::kafka::Settings;
use crate::log::kafka::past::{Mark, Past, Stretch};
use crate::record::Topic;

/// Records of one batch: enough that dealing costs nothing, few enough that all cores have some.
const BATCH: usize = 2_000;
/// Bytes read from one partition of the log in a file at once.
const READ_BYTES: usize = 4 << 20;

/// A past record.
pub(super) struct Record {
    pub(super) topic: Arc<str>,
    pub(super) partition: i32,
    pub(super) offset: i64,
    /// `None`: the post's own time, or one second after the other.
    pub(super) time_ms: Option<i64>,
    pub(super) value: Option<Vec<u8>>,
}

/// Where posts come from.
pub(super) enum Posts {
    /// Lines, which are read once.
    File(Mutex<Option<Box<dyn Read + Send>>>),
    Kafka {
        settings: Box<Settings>,
        stretch: Stretch,
    },
    Embedded {
        log: Arc<Embedded>,
        topics: Vec<String>,
        stretch: Stretch,
    },
}

/// A file of posts; `-` is standard input.
pub(super) fn of_file(path: &Path) -> Result<Posts, Failure> {
    Ok(Posts::File(Mutex::new(Some(lines::open(path)?))))
}

/// The log of a configuration.
pub(super) fn of_log(config: &Config, stretch: Stretch) -> Result<Posts, Failure> {
    match &config.log {
        Backend::Kafka(cluster) => {
            let settings = Box::new(kafka_settings(cluster, config.decode.max_bytes));
            Ok(Posts::Kafka { settings, stretch })
        }
        Backend::Embedded(file) => {
            let log = Embedded::open(embedded_settings(file)).map_err(Failure::stopped)?;
            let inputs = log.inputs();
            let signals = log.name(Topic::Signals);
            let topics = inputs.names().iter().filter(|name| **name != signals).cloned().collect();
            Ok(Posts::Embedded { log, topics, stretch })
        }
    }
}

impl Posts {
    /// How many records there are at most; `None` where nobody knows.
    pub(super) fn total(&self) -> Option<u64> {
        match self {
            Self::File(_) => None,
            Self::Kafka { settings, stretch } => {
                let open = |topic: &String| Past::open(settings, topic, stretch).ok();
                Some(settings.posts.iter().filter_map(open).map(|past| past.total()).sum())
            }
            Self::Embedded { log, topics, .. } => {
                let rows = topics.iter().flat_map(|topic| {
                    log.ends(topic)
                        .into_iter()
                        .zip(log.starts(topic))
                        .map(|(end, start)| end - start)
                });
                Some(rows.map(|records| u64::try_from(records).unwrap_or(0)).sum())
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
            Self::Kafka { settings, stretch } => {
                let mut take = |record| dealer.add(record);
                let mut topics = settings.posts.iter();
                topics
                    .try_for_each(|topic| each_kafka(settings, topic, stretch, &mut take))
                    .map_err(io::Error::other)?;
            }
            Self::Embedded { log, topics, stretch } => {
                let mut take = |record| dealer.add(record);
                let mut topics = topics.iter();
                topics
                    .try_for_each(|topic| each_embedded(log, topic, stretch, &mut take))
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
        let mut take = |record: Record| {
            let event = record.value.as_deref().and_then(|value| read_event(value).ok());
            if let Some(event) = event.filter(|event| is_replayed(&event.basis().source)) {
                side.take(&event, pack);
            }
            true
        };
        for topic in [Topic::Takedowns, Topic::Reviews] {
            match self {
                Self::File(_) => {}
                Self::Kafka { settings, stretch } => {
                    // What followed from a post comes after it; until when, nobody knows.
                    let from = match &stretch.from {
                        Some(Mark::Time(time_ms)) => Some(Mark::Time(*time_ms)),
                        _ => None,
                    };
                    let later = Stretch { from, to: None };
                    each_kafka(settings, &settings.topic(topic), &later, &mut take)?;
                }
                Self::Embedded { log, .. } => {
                    each_embedded(log, &log.name(topic), &Stretch::default(), &mut take)?;
                }
            }
        }
        Ok(())
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

/// Until there is no more, or `take` wants no more.
fn each_kafka(
    settings: &Settings,
    topic: &str,
    stretch: &Stretch,
    take: &mut dyn FnMut(Record) -> bool,
) -> Result<(), LogError> {
    let mut past = Past::open(settings, topic, stretch)?;
    let shared: Arc<str> = topic.into();
    while let Some(kept) = past.read()? {
        let record = Record {
            topic: Arc::clone(&shared),
            partition: kept.partition,
            offset: kept.offset,
            time_ms: Some(kept.time_ms),
            value: kept.value,
        };
        if !take(record) {
            break;
        }
    }
    Ok(())
}

fn each_embedded(
    log: &Embedded,
    topic: &str,
    stretch: &Stretch,
    take: &mut dyn FnMut(Record) -> bool,
) -> Result<(), LogError> {
    let shared: Arc<str> = topic.into();
    let rows = log.starts(topic).into_iter().zip(log.ends(topic));
    for ((start, end), partition) in rows.zip(0..) {
        let (mut at, end) = bounds(stretch, partition, (start, end));
        while at < end {
            let span = Span { from: at, records_max: BATCH, bytes_max: READ_BYTES };
            let records = log.read(topic, partition, span)?;
            let Some(last) = records.last() else { break };
            at = last.offset + 1;
            let wanted =
                records.into_iter().filter(|it| it.offset < end && is_within(stretch, it.time_ms));
            let mut wanted = wanted.map(|record| Record {
                topic: Arc::clone(&shared),
                partition,
                offset: record.offset,
                time_ms: Some(record.time_ms),
                value: record.value,
            });
            if !wanted.all(&mut *take) {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// Offsets to read of a partition of the log in a file; times are looked at record by record.
fn bounds(stretch: &Stretch, number: i32, (start, end): (i64, i64)) -> (i64, i64) {
    let named = |mark: &Option<Mark>, otherwise: i64| match mark {
        Some(Mark::Offset { partition, offset }) if *partition == number => Some(*offset),
        Some(Mark::Offset { .. }) => None,
        Some(Mark::Time(_)) | None => Some(otherwise),
    };
    match (named(&stretch.from, start), named(&stretch.to, end)) {
        (Some(from), Some(to)) => (from.max(start), to.min(end)),
        _ => (end, end),
    }
}

fn is_within(stretch: &Stretch, time_ms: i64) -> bool {
    let from = !matches!(stretch.from, Some(Mark::Time(from)) if time_ms < from);
    from && !matches!(stretch.to, Some(Mark::Time(to)) if time_ms >= to)
}
