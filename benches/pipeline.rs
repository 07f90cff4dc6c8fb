//! The whole pipeline on the embedded log, as the service runs it with one worker, on the disk of
//! this machine.
//!
//! - `ingest`: posts into the log and nothing else: one caller, 500 made posts an append, each
//!   durable before the next, what `tidegate ingest` does. The number is bound by fsync: it says
//!   how fast one patient sender can be, not how much the log can take.
//! - `through`: 10,000 posts stand in the log; the time is that of one worker thread until the
//!   offsets of all of them *and* of all signals that they led to are committed, takedowns with
//!   them: consume, screen, both hops, exactly once, durable. Set beside `stages/screen` it says
//!   what all that costs: the log's blobs, transactions, fsync and the counters. **The baseline
//!   that a faster engine has to beat.**
//!
//! The backlog is the fair case for throughput: transactions are full, and the wait for an interval
//! between commits counts only at the end. It says nothing of latency, which `tidegate load`
//! measures.

#![expect(clippy::unwrap_used, reason = "a bench that cannot go on should say where")]

mod support;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use criterion::{BatchSize, Criterion, SamplingMode, Throughput, criterion_group, criterion_main};
use tempfile::TempDir;
use tidegate::board::Board;
use tidegate::event::Issuer;
use tidegate::log::embedded::{Embedded, EmbeddedLog, NewRecord, Settings};
use tidegate::log::{Lag, Log, LogError, Polled, StateVisitor};
use tidegate::metrics::Metrics;
use tidegate::record::{InputId, Inputs, Outgoing, Partition, Topic};
use tidegate::screen::{Reading, RuleSet};
use tidegate::traffic::MadePost;
use tidegate::worker::{Delivery, Shared, Slot, Worker};

const POSTS: usize = 10_000;

/// Posts in one append.
const APPEND: usize = 500;

/// As the service has both by default.
const PARTITIONS: i32 = 8;
const DELIVERY: Delivery = Delivery {
    interval: Duration::from_millis(25),
    bytes_max: 4 << 20,
    rows_max: tidegate::tally::ROWS_MAX,
};

/// A log whose retention is never full.
fn open(folder: &TempDir) -> Arc<Embedded> {
    let path = folder.path().join("log.redb");
    Embedded::open(Settings {
        partitions: PARTITIONS,
        signal_partitions: PARTITIONS,
        retention_bytes: 64 << 30,
        ..Settings::new(path)
    })
    .unwrap()
}

fn record(post: &MadePost) -> NewRecord {
    NewRecord {
        input: InputId(0),
        key: Some(post.channel.clone().into_bytes()),
        value: Some(post.json.clone()),
        headers: Vec::new(),
        time_ms: 1_767_225_600_000,
    }
}

fn append(log: &Embedded, posts: &[MadePost]) {
    for posts in posts.chunks(APPEND) {
        log.append(posts.iter().map(record).collect()).unwrap();
    }
}

/// What is committed: by partition, the offset to read next.
type Progress = Rc<RefCell<BTreeMap<Partition, i64>>>;

/// The log, and a note of each commit beside it: so that the bench knows when everything is done.
struct Watched {
    log: EmbeddedLog,
    progress: Progress,
}

impl Log for Watched {
    fn inputs(&self) -> &Inputs {
        self.log.inputs()
    }

    fn signal_partitions(&self) -> i32 {
        self.log.signal_partitions()
    }

    fn poll(&mut self, wait: Duration) -> Result<Polled<'_>, LogError> {
        self.log.poll(wait)
    }

    fn settle(&mut self) -> Result<(), LogError> {
        self.log.settle()
    }

    fn send(&mut self, record: &Outgoing) -> Result<(), LogError> {
        self.log.send(record)
    }

    fn commit(&mut self, next: &[(Partition, i64)]) -> Result<(), LogError> {
        self.log.commit(next)?;
        self.progress.borrow_mut().extend(next.iter().copied());
        Ok(())
    }

    fn abort(&mut self) -> Result<(), LogError> {
        self.log.abort()
    }

    fn restore(&mut self, signals: Partition, each: StateVisitor<'_>) -> Result<(), LogError> {
        self.log.restore(signals, each)
    }

    fn lag(&self) -> Vec<Lag> {
        self.log.lag()
    }
}

/// A log that holds the posts, and a worker that has not begun.
struct Backlog {
    log: Arc<Embedded>,
    worker: Worker<Watched>,
    progress: Progress,
    /// Deleted last.
    _folder: TempDir,
}

impl Backlog {
    fn new(posts: &[MadePost], rules: &Arc<RuleSet>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let log = open(&folder);
        append(&log, posts);
        let shared = Arc::new(Shared {
            rules: Arc::clone(rules).into(),
            board: Board::default(),
            metrics: Metrics::new(),
            issuer: Issuer::public(),
            reading: Reading::default(),
        });
        let progress = Progress::default();
        let watched = Watched { log: log.worker(0, 1), progress: Rc::clone(&progress) };
        let worker = Worker::new(0, watched, shared, DELIVERY, Slot::none());
        Self { log, worker, progress, _folder: folder }
    }

    /// Works until all posts, and all signals they led to, are committed.
    fn drain(mut self) -> Self {
        let (log, progress) = (Arc::clone(&self.log), Rc::clone(&self.progress));
        self.worker.run(|| is_done(&log, &progress)).unwrap();
        self
    }
}

fn is_done(log: &Embedded, progress: &Progress) -> bool {
    let progress = progress.borrow();
    let done = |input: u16| -> i64 {
        let of = progress.iter().filter(|(partition, _)| partition.input == InputId(input));
        of.map(|(_, next)| next).sum()
    };
    let signals = || log.ends(&log.name(Topic::Signals)).into_iter().sum::<i64>();
    usize::try_from(done(0)) == Ok(POSTS) && done(1) == signals()
}

fn pipeline(criterion: &mut Criterion) {
    let posts = support::posts(POSTS);
    let rules = Arc::new(support::rules());
    let mut group = criterion.benchmark_group("pipeline");
    group.sample_size(10).sampling_mode(SamplingMode::Flat);
    group.warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(3));

    let folder = tempfile::tempdir().unwrap();
    let log = open(&folder);
    let few = posts.get(..APPEND).unwrap();
    group.throughput(throughput(few));
    group.bench_function("ingest", |bencher| bencher.iter(|| append(&log, few)));
    log.close().unwrap();

    group.throughput(throughput(&posts));
    group.bench_function("through", |bencher| {
        let backlog = || Backlog::new(&posts, &rules);
        bencher.iter_batched(backlog, Backlog::drain, BatchSize::PerIteration);
    });
    let drained = Backlog::new(&posts, &rules).drain();
    let records = |topic| -> i64 { drained.log.ends(&drained.log.name(topic)).into_iter().sum() };
    let (takedowns, signals) = (records(Topic::Takedowns), records(Topic::Signals));
    assert!(takedowns > 0 && signals > 0, "{takedowns} takedowns, {signals} signals");
    group.finish();
}

fn throughput(posts: &[MadePost]) -> Throughput {
    Throughput::ElementsAndBytes { elements: posts.len() as u64, bytes: support::bytes(posts) }
}

criterion_group!(benches, pipeline);
criterion_main!(benches);
