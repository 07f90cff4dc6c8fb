//! Records that stand in a log already, read again by commands: without a group and without a trace.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

use anyhow::Context;

use super::config::{Backend, Config};
use super::service::{embedded_settings, kafka_settings};
use crate::log::LogError;
use crate::log::embedded::{Embedded, NewRecord, Span, StoredRecord};
use crate::log::kafka::Settings;
use crate::log::kafka::feed::{Again, Feed, Kept};
use crate::log::kafka::past::{Mark, Past, Stretch};
use crate::record::Topic;

/// Records appended to the log in a file at once: each append waits for the disk.
const APPENDED: usize = 500;

/// Records, and bytes, read from one partition of the log in a file at once.
const RECORDS: usize = 2_000;
const READ_BYTES: usize = 4 << 20;

/// The log of a configuration.
pub(super) enum Log {
    /// A cluster.
    Kafka(Box<Settings>),
    /// A file, which nobody else may have open.
    Embedded(Arc<Embedded>),
}

/// A record of it, with the topic it stands in.
pub(super) struct Record {
    pub(super) topic: Arc<str>,
    pub(super) kept: Kept,
}

impl Log {
    /// # Errors
    /// The file cannot be opened, or a service has it.
    pub(super) fn open(config: &Config) -> Result<Self, LogError> {
        Ok(match &config.log {
            Backend::Kafka(cluster) => {
                Self::Kafka(Box::new(kafka_settings(cluster, config.decode.max_bytes)))
            }
            Backend::Embedded(file) => Self::Embedded(Embedded::open(embedded_settings(file))?),
        })
    }

    /// Full names of the topics of posts.
    pub(super) fn posts(&self) -> Vec<String> {
        match self {
            Self::Kafka(settings) => settings.posts.clone(),
            Self::Embedded(log) => {
                let (inputs, signals) = (log.inputs(), log.name(Topic::Signals));
                inputs.names().iter().filter(|name| **name != signals).cloned().collect()
            }
        }
    }

    /// Full name of an own topic.
    pub(super) fn name(&self, topic: Topic) -> String {
        match self {
            Self::Kafka(settings) => settings.topic(topic),
            Self::Embedded(log) => log.name(topic),
        }
    }

    /// How many records there are at most.
    pub(super) fn total(&self, topic: &str, stretch: &Stretch) -> u64 {
        match self {
            Self::Kafka(settings) => {
                Past::open(settings, topic, stretch).map_or(0, |past| past.total())
            }
            Self::Embedded(log) => {
                let rows = log.ends(topic).into_iter().zip(log.starts(topic));
                rows.map(|(end, start)| u64::try_from(end - start).unwrap_or(0)).sum()
            }
        }
    }

    /// Calls `take` with every committed record of a stretch, up to what is there now, partition by
    /// partition; it says whether it wants more.
    ///
    /// # Errors
    /// No such topic, or the log cannot be read.
    pub(super) fn each(
        &self,
        topic: &str,
        stretch: &Stretch,
        take: &mut dyn FnMut(Record) -> bool,
    ) -> Result<(), LogError> {
        let shared: Arc<str> = topic.into();
        let mut take = |kept: Kept| take(Record { topic: Arc::clone(&shared), kept });
        match self {
            Self::Kafka(settings) => each_kafka(settings, topic, stretch, &mut take),
            Self::Embedded(log) => each_embedded(log, topic, stretch, &mut take),
        }
    }
}

fn each_kafka(
    settings: &Settings,
    topic: &str,
    stretch: &Stretch,
    take: &mut dyn FnMut(Kept) -> bool,
) -> Result<(), LogError> {
    let mut past = Past::open(settings, topic, stretch)?;
    while let Some(kept) = past.read()? {
        if !take(kept) {
            break;
        }
    }
    Ok(())
}

fn each_embedded(
    log: &Embedded,
    topic: &str,
    stretch: &Stretch,
    take: &mut dyn FnMut(Kept) -> bool,
) -> Result<(), LogError> {
    let rows = log.starts(topic).into_iter().zip(log.ends(topic));
    for ((start, end), partition) in rows.zip(0..) {
        let (mut at, end) = bounds(stretch, partition, (start, end));
        while at < end {
            let span = Span { from: at, records_max: RECORDS, bytes_max: READ_BYTES };
            let records = log.read(topic, partition, span)?;
            let Some(last) = records.last() else { break };
            at = last.offset + 1;
            let wanted =
                records.into_iter().filter(|it| it.offset < end && is_within(stretch, it.time_ms));
            if !wanted.map(|record| kept(partition, record)).all(&mut *take) {
                return Ok(());
            }
        }
    }
    Ok(())
}

fn kept(partition: i32, record: StoredRecord) -> Kept {
    let StoredRecord { offset, time_ms, key, value, headers } = record;
    Kept { partition, offset, time_ms, key, value, headers }
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

/// Writes records into topics of posts, as they once came.
pub(super) struct Back<'l> {
    log: &'l Log,
    /// Of Kafka, by topic.
    feeds: BTreeMap<String, Feed>,
    /// For the log in a file.
    waiting: Vec<NewRecord>,
}

impl<'l> Back<'l> {
    pub(super) fn new(log: &'l Log) -> Self {
        Self { log, feeds: BTreeMap::new(), waiting: Vec::new() }
    }

    /// A record into a topic of posts, with the time it once had: on Kafka into the partition it was in,
    /// in the log of a file into that of its key. Durable once [`Back::finish`] says so.
    ///
    /// # Errors
    /// It cannot be written.
    pub(super) fn write(&mut self, topic: &str, record: Kept) -> anyhow::Result<()> {
        match self.log {
            Log::Kafka(settings) => {
                let feed = match self.feeds.entry(topic.to_owned()) {
                    Entry::Occupied(open) => open.into_mut(),
                    Entry::Vacant(none) => none.insert(Feed::open(settings, topic)?),
                };
                feed.send_again(&Again {
                    partition: record.partition,
                    time_ms: record.time_ms,
                    key: record.key.as_deref(),
                    value: record.value.as_deref(),
                    headers: &record.headers,
                })?;
            }
            Log::Embedded(log) => {
                let input = log.inputs().find(topic).context("a topic of posts")?;
                let headers = record.headers.into_iter();
                let headers = headers.map(|(name, value)| (name.into(), value)).collect();
                let Kept { key, value, time_ms, .. } = record;
                self.waiting.push(NewRecord { input, key, value, headers, time_ms });
                if self.waiting.len() >= APPENDED {
                    log.append(std::mem::take(&mut self.waiting))?;
                }
            }
        }
        Ok(())
    }

    /// Waits until all of it is durable.
    ///
    /// # Errors
    /// If some of it is not.
    pub(super) fn finish(self) -> anyhow::Result<()> {
        if let Log::Embedded(log) = self.log {
            log.append(self.waiting)?;
        }
        Ok(self.feeds.values().try_for_each(|feed| feed.flush().map(|_| ()))?)
    }
}
