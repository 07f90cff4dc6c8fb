//! One worker's end of the embedded log: reads the partitions it owns, gathers what it sends, and
//! hands both over in one transaction.

use std::sync::Arc;
use std::time::Duration;

use super::Embedded;
use super::frame::{BadBlob, Fields, Frame, Frames};
use super::ledger::Slot;
use super::outbox::{Outbox, StateChange};
use super::queue::Refusal;
use super::queue::Source;
use super::store::Blob;
use crate::log::{Batch, Lag, Log, LogError, Polled, StateVisitor};
use crate::record::{InputId, Inputs, Outgoing, Partition, Record, Topic, partition_of};

/// Bytes one poll takes of one partition, unless a single blob is larger. Each partition gets its
/// share in each poll, so none waits behind another.
const POLL_BYTES: usize = 256 * 1024;

/// Bytes a transaction may gather in memory: far above where any worker commits, so reaching it
/// means that one no longer does.
const TRANSACTION_BYTES_MAX: usize = 256 << 20;

/// A partition this worker owns.
struct Owned {
    partition: Partition,
    slot: Slot,
    /// Offset of the record to hand out next.
    at: i64,
}

/// Blobs of one partition that were handed out last.
struct Held {
    partition: Partition,
    /// Offset of the first record to hand out.
    from: i64,
    blobs: Vec<Arc<Blob>>,
}

impl Held {
    fn place<'a>(&self, blob: &'a Blob, out: &mut Vec<Placed<'a>>) -> Result<(), BadBlob> {
        let skipped = usize::try_from(self.from - blob.base).unwrap_or(0);
        let frames = Frames::of(&blob.bytes)?.skip(skipped);
        for (offset, frame) in (self.from.max(blob.base)..).zip(frames) {
            out.push(Placed { partition: self.partition, offset, frame: frame? });
        }
        Ok(())
    }
}

#[derive(PartialEq, Eq)]
enum Stage {
    New,
    /// [`Polled::Assigned`] was returned and not settled yet.
    Assigned,
    Settled,
}

/// One worker's end of the embedded log. Partitions are assigned once and never revoked.
pub struct EmbeddedLog {
    log: Arc<Embedded>,
    owned: Vec<Owned>,
    /// Number in the file and partitions of each topic but state.
    outputs: Vec<(Topic, u16, i32)>,
    stage: Stage,
    outbox: Outbox,
    held: Vec<Held>,
}

impl EmbeddedLog {
    pub(super) fn new(log: Arc<Embedded>, slot: usize, workers: usize) -> Self {
        let topics = (0_u16..).zip(&log.input_topics);
        let all = topics.flat_map(|(input, &(topic, partitions))| {
            (0..partitions).map(move |number| (InputId(input), Slot { topic, partition: number }))
        });
        let mine = all.filter(|(_, place)| {
            let number = usize::try_from(place.partition).unwrap_or(0);
            number % workers.max(1) == slot
        });
        let owned = mine.map(|(input, slot)| Owned {
            partition: Partition { input, number: slot.partition },
            slot,
            at: committed(&log, slot),
        });
        let owned = owned.collect();
        let outputs = Topic::ALL.into_iter().filter_map(|topic| {
            let (number, partitions) = log.view.topic(&log.name(topic))?;
            Some((topic, number, partitions))
        });
        let outputs = outputs.collect();
        let (outbox, held) = (Outbox::default(), Vec::new());
        Self { log, owned, outputs, stage: Stage::New, outbox, held }
    }

    fn rewind(&mut self) {
        self.outbox = Outbox::default();
        for owned in &mut self.owned {
            owned.at = committed(&self.log, owned.slot);
        }
    }

    fn reading(&self) -> Vec<(Slot, i64)> {
        if self.stage != Stage::Settled {
            return Vec::new();
        }
        self.owned.iter().map(|owned| (owned.slot, owned.at)).collect()
    }

    /// Takes the next blobs of each partition into `held` and moves past them.
    fn hold(&mut self) -> Result<(), LogError> {
        self.held.clear();
        for owned in &mut self.owned {
            let blobs = self.log.view.blobs(owned.slot, owned.at, POLL_BYTES)?;
            let Some(last) = blobs.last() else { continue };
            let next = last.next;
            self.held.push(Held { partition: owned.partition, from: owned.at, blobs });
            owned.at = next;
        }
        Ok(())
    }

    /// The partition of an output that has none given: state and signals are chosen by key as
    /// everywhere, the others have only one.
    fn choose(record: &Outgoing, partitions: i32) -> i32 {
        let key = record.key.as_deref().unwrap_or_default();
        record.partition.unwrap_or_else(|| partition_of(key, partitions))
    }

    fn change_state(&mut self, record: &Outgoing) -> Result<(), LogError> {
        let partitions = self.signal_partitions();
        let partition = Self::choose(record, partitions);
        if !(0..partitions).contains(&partition) {
            return Err(no_partition(Topic::State.name(), partition, partitions));
        }
        let Some(key) = record.key.clone() else {
            return Err(LogError::Stop("a state record has no key".to_owned()));
        };
        self.outbox.change(StateChange { partition, key, value: record.value.clone() });
        Ok(())
    }

    fn add_record(&mut self, record: &Outgoing) -> Result<(), LogError> {
        let name = record.topic.name();
        let output = self.outputs.iter().find(|(topic, ..)| *topic == record.topic);
        let &(_, topic, partitions) =
            output.ok_or_else(|| LogError::Stop(format!("the log has no topic for {name}")))?;
        let partition = Self::choose(record, partitions);
        if !(0..partitions).contains(&partition) {
            return Err(no_partition(name, partition, partitions));
        }
        let fields = Fields {
            time_ms: self.log.view.newest_ms(),
            key: record.key.as_deref(),
            value: record.value.as_deref(),
            headers: &record.headers,
        };
        let added = self.outbox.add(Slot { topic, partition }, &fields);
        added.map_err(|error| LogError::Stop(format!("{name}: {error}")))
    }

    fn slots(&self, next: &[(Partition, i64)]) -> Result<Vec<(Slot, i64)>, LogError> {
        let find = |&(partition, offset): &(Partition, i64)| {
            let owned = self.owned.iter().find(|owned| owned.partition == partition);
            let owned = owned.ok_or_else(|| {
                LogError::Stop(format!(
                    "{}/{} is not this worker's to commit",
                    self.log.inputs.name(partition.input),
                    partition.number
                ))
            })?;
            Ok((owned.slot, offset))
        };
        next.iter().map(find).collect()
    }
}

fn committed(log: &Embedded, slot: Slot) -> i64 {
    log.view.row(slot).map_or(0, |row| row.committed)
}

fn no_partition(topic: &str, partition: i32, partitions: i32) -> LogError {
    LogError::Stop(format!(
        "{topic} has partitions 0 to {}, a record was sent to {partition}",
        partitions - 1
    ))
}

impl Log for EmbeddedLog {
    fn inputs(&self) -> &Inputs {
        &self.log.inputs
    }

    fn signal_partitions(&self) -> i32 {
        self.log.settings.signal_partitions
    }

    fn poll(&mut self, wait: Duration) -> Result<Polled<'_>, LogError> {
        if self.stage == Stage::New {
            self.stage = Stage::Assigned;
            return Ok(Polled::Assigned(self.owned.iter().map(|owned| owned.partition).collect()));
        }
        self.held.clear();
        if !self.log.view.wait(&self.reading(), wait)? {
            return Ok(Polled::Idle);
        }
        self.hold()?;
        let records = Records::of(&self.held).map_err(|bad| self.log.damaged(&bad))?;
        if records.is_empty() {
            return Ok(Polled::Idle);
        }
        Ok(Polled::Records(Box::new(records)))
    }

    fn settle(&mut self) -> Result<(), LogError> {
        self.stage = Stage::Settled;
        Ok(())
    }

    fn send(&mut self, record: &Outgoing) -> Result<(), LogError> {
        if self.outbox.bytes() + record.size() > TRANSACTION_BYTES_MAX {
            return Err(LogError::Stop(format!(
                "a transaction holds more than {TRANSACTION_BYTES_MAX} bytes: the worker has \
                 stopped committing; restart the process"
            )));
        }
        match record.topic {
            Topic::State => self.change_state(record),
            Topic::Controls => {
                self.outbox.change(super::control_change(record));
                Ok(())
            }
            _ => self.add_record(record),
        }
    }

    fn commit(&mut self, next: &[(Partition, i64)]) -> Result<(), LogError> {
        let next = self.slots(next)?;
        let outbox = std::mem::take(&mut self.outbox);
        if outbox.is_empty() && next.is_empty() {
            return Ok(());
        }
        match self.log.submit(outbox, next, Source::Worker) {
            Ok(_) => Ok(()),
            Err(Refusal::Full(why) | Refusal::Stop(why)) => Err(LogError::Stop(why)),
        }
    }

    fn abort(&mut self) -> Result<(), LogError> {
        self.rewind();
        Ok(())
    }

    fn restore(&mut self, signals: Partition, each: StateVisitor<'_>) -> Result<(), LogError> {
        self.log.view.restore(signals.number, each)
    }

    fn lag(&self) -> Vec<Lag> {
        let lag = |owned: &Owned| {
            let row = self.log.view.row(owned.slot)?;
            let records = u64::try_from(row.end - row.committed).unwrap_or(0);
            Some(Lag { partition: owned.partition, records })
        };
        self.owned.iter().filter_map(lag).collect()
    }
}

/// A record of a batch and where it stands.
struct Placed<'a> {
    partition: Partition,
    offset: i64,
    frame: Frame<'a>,
}

/// Records that borrow from the blobs the worker's end holds.
struct Records<'a>(Vec<Placed<'a>>);

impl<'a> Records<'a> {
    fn of(held: &'a [Held]) -> Result<Self, BadBlob> {
        let mut records = Vec::new();
        for held in held {
            held.blobs.iter().try_for_each(|blob| held.place(blob, &mut records))?;
        }
        Ok(Self(records))
    }
}

impl Batch for Records<'_> {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn record(&self, index: usize) -> Option<Record<'_>> {
        let Placed { partition, offset, frame } = self.0.get(index)?;
        Some(Record {
            partition: *partition,
            offset: *offset,
            time_ms: frame.time_ms,
            key: frame.key,
            value: frame.value,
            headers: &frame.headers,
        })
    }
}
