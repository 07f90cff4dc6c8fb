//! The one thread that writes. It takes whatever waits, checks each job against the ledger, writes
//! all of them in one durable transaction, lets readers see it, and answers. While it waits for
//! the disk the next group gathers by itself, so no time is spent gathering on purpose.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::mpsc::SyncSender;

use super::frame::{BlobHeader, HEADER_BYTES};
use super::ledger::{Ledger, Role, Row, Slot};
use super::outbox::{BLOB_BYTES, Chunk, StateChange};
use super::queue::{Answer, Job, Queue, Refusal, Source};
use super::store::{Blob, StoreError, Tables};
use super::view::View;
use crate::log::LogError;

/// Blobs one commit deletes at most, so that a large excess does not stop the writers: at 64 KiB
/// that is 16 MiB a commit, more than is written between two.
const DELETES_MAX: usize = 256;

/// Runs until the queue is closed and empty, or the file fails.
pub(super) fn run(mut ledger: Ledger, queue: &Queue, view: &View) {
    let _ended = Ended { queue, view };
    while let Some(jobs) = queue.take() {
        let mut group = Group::default();
        for job in jobs {
            group.take(job, &mut ledger, view);
        }
        if group.commit(&mut ledger, view).is_err() {
            return;
        }
    }
}

/// However the thread ends, nobody waits for it any longer.
struct Ended<'a> {
    queue: &'a Queue,
    view: &'a View,
}

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        let why = if std::thread::panicking() {
            "the commit thread of the log panicked; start the process again".to_owned()
        } else {
            self.view.closed()
        };
        self.view.stop(why);
        self.queue.close();
        // Jobs that came in between are dropped, which their senders see.
        drop(self.queue.take());
    }
}

/// A blob that is being filled.
struct Building {
    base: i64,
    header: BlobHeader,
    /// Room for the header, then frames.
    bytes: Vec<u8>,
}

impl Building {
    fn at(row: &Row) -> Self {
        let header = BlobHeader { records: 0, newest_ms: i64::MIN, position: row.end_bytes };
        let mut bytes = Vec::with_capacity(HEADER_BYTES);
        header.write(&mut bytes);
        Self { base: row.end, header, bytes }
    }

    fn has_room(&self, chunk: &Chunk) -> bool {
        self.bytes.len() + chunk.frames.len() <= HEADER_BYTES + BLOB_BYTES
    }

    fn add(&mut self, chunk: &Chunk) {
        self.header.records += chunk.records;
        self.header.newest_ms = self.header.newest_ms.max(chunk.newest_ms);
        self.bytes.extend_from_slice(&chunk.frames);
    }

    fn seal(mut self) -> Blob {
        let mut header = Vec::with_capacity(HEADER_BYTES);
        self.header.write(&mut header);
        if let Some(place) = self.bytes.get_mut(..HEADER_BYTES) {
            place.copy_from_slice(&header);
        }
        let next = self.base + i64::from(self.header.records);
        Blob { base: self.base, next, bytes: self.bytes }
    }
}

/// Who waits for the group, and what to say once it is durable.
type Waiter = (SyncSender<Answer>, Vec<(Slot, i64)>);

/// Jobs that share a transaction of the file.
#[derive(Default)]
struct Group {
    building: BTreeMap<Slot, Vec<Building>>,
    state: Vec<StateChange>,
    /// Partitions whose row changed.
    touched: BTreeSet<Slot>,
    /// Partitions whose consumer moved.
    moved: BTreeSet<Slot>,
    answers: Vec<Waiter>,
}

impl Group {
    /// Takes a job into the group, or refuses it and leaves everything as it was.
    fn take(&mut self, job: Job, ledger: &mut Ledger, view: &View) {
        if let Err(refusal) = check(&job, ledger, view) {
            answer(&job.answer, Err(refusal));
            return;
        }
        if let Source::Outside(Some(once)) = job.source {
            if ledger.producers.has(&once) {
                // The first may be in this very group: answered when that is durable.
                self.answers.push((job.answer, Vec::new()));
                return;
            }
            ledger.producers.note(once);
        }
        for (slot, offset) in job.next {
            if let Some(row) = ledger.row_mut(slot) {
                row.committed = offset;
                self.moved.insert(slot);
            }
        }
        let mut ends = Vec::new();
        for (slot, chunks) in job.outbox.chunks {
            let Some(row) = ledger.row_mut(slot) else { continue };
            self.place(slot, row, chunks);
            ends.push((slot, row.end));
        }
        self.state.extend(job.outbox.state);
        self.answers.push((job.answer, ends));
    }

    fn place(&mut self, slot: Slot, row: &mut Row, chunks: Vec<Chunk>) {
        let blobs = self.building.entry(slot).or_default();
        for chunk in chunks {
            if blobs.last().is_none_or(|open| !open.has_room(&chunk)) {
                let open = Building::at(row);
                row.end_bytes += size(open.bytes.len());
                blobs.push(open);
            }
            row.end += i64::from(chunk.records);
            row.end_bytes += size(chunk.frames.len());
            row.newest_ms = row.newest_ms.max(chunk.newest_ms);
            if let Some(open) = blobs.last_mut() {
                open.add(&chunk);
            }
        }
    }

    /// Writes the group, then lets readers see it, then answers. After an error the log stands
    /// still for good: the ledger is ahead of the file.
    fn commit(self, ledger: &mut Ledger, view: &View) -> Result<(), LogError> {
        let Self { building, state, mut touched, moved, answers } = self;
        let blobs = building
            .into_iter()
            .flat_map(|(slot, blobs)| blobs.into_iter().map(move |blob| (slot, blob.seal())));
        let blobs: Vec<(Slot, Blob)> = blobs.collect();
        touched.extend(blobs.iter().map(|&(slot, _)| slot));
        touched.extend(&moved);
        if touched.is_empty() && state.is_empty() {
            answer_all(answers, &Ok(()));
            return Ok(());
        }
        let written = view.with_store(|store| {
            store.write(|tables| {
                write(tables, &blobs, &state)?;
                follow_consumers(tables, ledger, &moved)?;
                note_fronts(tables, ledger, &blobs)?;
                tables.put_producers(&ledger.producers.changes())?;
                touched.append(&mut retain(tables, ledger)?);
                put_rows(tables, ledger, &touched)
            })
        });
        // Before anybody is answered, so that whoever was finds it so.
        match &written {
            Ok(()) => {
                let rows = touched.iter().filter_map(|&slot| Some((slot, *ledger.row(slot)?)));
                view.publish(&rows.collect::<Vec<_>>(), blobs);
            }
            Err(error) => view.stop(error.to_string()),
        }
        answer_all(answers, &written);
        written
    }
}

fn size(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}

/// May this job be written, as the ledger stands with the jobs of the group before it?
fn check(job: &Job, ledger: &Ledger, view: &View) -> Result<(), Refusal> {
    for &(slot, offset) in &job.next {
        check_offset(slot, offset, ledger, view)?;
    }
    match &job.source {
        Source::Worker => return Ok(()),
        Source::Outside(Some(once)) if ledger.producers.has(once) => return Ok(()),
        Source::Outside(_) => {}
    }
    let limit = ledger.retention.bytes;
    for topic in job.outbox.chunks.keys().filter_map(|&slot| ledger.topic(slot)) {
        let waiting = topic.unconsumed();
        if topic.role == Role::Posts && waiting >= limit {
            return Err(Refusal::Full(format!(
                "{waiting} bytes of {} wait for the workers and embedded.retention_bytes is {limit}; \
                 try again later, or start the workers, or raise embedded.retention_bytes",
                topic.name
            )));
        }
    }
    Ok(())
}

fn check_offset(slot: Slot, offset: i64, ledger: &Ledger, view: &View) -> Result<(), Refusal> {
    let row = ledger.row(slot).copied().unwrap_or_default();
    if offset < row.committed {
        return Err(Refusal::Stop(format!(
            "offset {offset} of {} is behind {}, which is committed: two workers read this \
             partition, so this one must not write; restart the process",
            view.label(slot),
            row.committed
        )));
    }
    if offset > row.end {
        return Err(Refusal::Stop(format!(
            "offset {offset} of {} is past its end {}: a worker committed what it cannot have \
             read; restart the process",
            view.label(slot),
            row.end
        )));
    }
    Ok(())
}

fn write(
    tables: &mut Tables<'_>,
    blobs: &[(Slot, Blob)],
    state: &[StateChange],
) -> Result<(), StoreError> {
    for (slot, blob) in blobs {
        tables.put_blob(*slot, blob)?;
    }
    state.iter().try_for_each(|change| tables.change_state(change))
}

/// Finds out how many bytes lie before where the consumers stand now.
fn follow_consumers(
    tables: &Tables<'_>,
    ledger: &mut Ledger,
    moved: &BTreeSet<Slot>,
) -> Result<(), StoreError> {
    for &slot in moved {
        let Some(row) = ledger.row_mut(slot) else { continue };
        row.consumed_bytes = if row.committed == row.end {
            row.end_bytes
        } else {
            tables.position(slot, row.committed)?.unwrap_or(row.consumed_bytes)
        };
    }
    Ok(())
}

/// A partition that was empty has an oldest blob now.
fn note_fronts(
    tables: &Tables<'_>,
    ledger: &mut Ledger,
    blobs: &[(Slot, Blob)],
) -> Result<(), StoreError> {
    for &(slot, _) in blobs {
        if let Some(front @ None) = ledger.front_mut(slot) {
            *front = tables.front(slot)?;
        }
    }
    Ok(())
}

/// Deletes what retention wants gone; says which partitions lost something.
fn retain(tables: &mut Tables<'_>, ledger: &mut Ledger) -> Result<BTreeSet<Slot>, StoreError> {
    let mut shortened = BTreeSet::new();
    for _ in 0..DELETES_MAX {
        let Some((slot, front)) = ledger.excess() else { break };
        tables.delete_blob(slot, front.base)?;
        if let Some(row) = ledger.row_mut(slot) {
            row.start = front.next;
            row.start_bytes += front.bytes;
        }
        let next = tables.front(slot)?;
        if let Some(front) = ledger.front_mut(slot) {
            *front = next;
        }
        shortened.insert(slot);
    }
    Ok(shortened)
}

fn put_rows(
    tables: &mut Tables<'_>,
    ledger: &Ledger,
    touched: &BTreeSet<Slot>,
) -> Result<(), StoreError> {
    for &slot in touched {
        if let Some(row) = ledger.row(slot) {
            tables.put_row(slot, row)?;
        }
    }
    Ok(())
}

fn answer_all(answers: Vec<Waiter>, written: &Result<(), LogError>) {
    for (sender, ends) in answers {
        let result = match written {
            Ok(()) => Ok(ends),
            Err(error) => Err(Refusal::Stop(error.to_string())),
        };
        answer(&sender, result);
    }
}

fn answer(sender: &SyncSender<Answer>, result: Answer) {
    // A sender that has gone does not need the answer; what it asked for is done all the same.
    drop(sender.send(result));
}

/// Starts the thread.
pub(super) fn start(
    ledger: Ledger,
    queue: Arc<Queue>,
    view: Arc<View>,
) -> std::io::Result<std::thread::JoinHandle<()>> {
    let thread = std::thread::Builder::new().name("tidegate-commit".to_owned());
    thread.spawn(move || run(ledger, &queue, &view))
}
