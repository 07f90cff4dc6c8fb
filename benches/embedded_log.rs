//! What the embedded log takes in and hands out, on the disk of this machine.
//!
//! - `append`: one caller, 500 posts of 300 bytes an append, each append durable before the next:
//!   what `ingest` does. The number is bound by fsync, two a commit.
//! - `append/4 callers`: the same from four at once. Their appends share commits.
//! - `through`: append, poll and commit in turn, each durable: the slowest way through.

#![expect(clippy::unwrap_used, reason = "a bench that cannot go on should say where")]

use std::sync::Arc;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use tidegate::log::embedded::{Embedded, EmbeddedLog, NewRecord, Settings};
use tidegate::log::{Log, Polled};
use tidegate::record::{InputId, Partition};

const POSTS: usize = 500;
const POST_BYTES: usize = 300;

fn posts() -> Vec<NewRecord> {
    let post = |at: usize| NewRecord {
        input: InputId(0),
        key: Some(format!("channel-{}", at % 97).into_bytes()),
        value: Some(vec![b'x'; POST_BYTES]),
        headers: Vec::new(),
        time_ms: 1_000,
    };
    (0..POSTS).map(post).collect()
}

/// A log whose retention is never full, because nothing it holds is old enough to matter.
fn open(folder: &tempfile::TempDir) -> Arc<Embedded> {
    let path = folder.path().join("log.redb");
    Embedded::open(Settings { retention_bytes: 64 << 30, ..Settings::new(path) }).unwrap()
}

fn consume(worker: &mut EmbeddedLog) -> usize {
    let mut seen = 0;
    while seen < POSTS {
        let mut next: Vec<(Partition, i64)> = Vec::new();
        if let Polled::Records(batch) = worker.poll(Duration::from_secs(1)).unwrap() {
            for record in (0..batch.len()).filter_map(|index| batch.record(index)) {
                next.retain(|(partition, _)| *partition != record.partition);
                next.push((record.partition, record.offset + 1));
            }
            seen += batch.len();
        }
        worker.commit(&next).unwrap();
    }
    seen
}

fn append_from(log: &Arc<Embedded>, callers: usize) {
    std::thread::scope(|scope| {
        for _ in 0..callers {
            scope.spawn(|| log.append(posts()).unwrap());
        }
    });
}

fn embedded_log(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("embedded_log");
    group.sample_size(20);

    let folder = tempfile::tempdir().unwrap();
    let log = open(&folder);
    group.throughput(Throughput::Elements(500));
    group.bench_function("append", |bencher| bencher.iter(|| log.append(posts()).unwrap()));
    group.throughput(Throughput::Elements(2_000));
    group.bench_function("append/4 callers", |bencher| bencher.iter(|| append_from(&log, 4)));
    log.close().unwrap();

    let folder = tempfile::tempdir().unwrap();
    let log = open(&folder);
    let mut worker = log.worker(0, 1);
    assert!(matches!(worker.poll(Duration::ZERO).unwrap(), Polled::Assigned(_)));
    worker.settle().unwrap();
    group.throughput(Throughput::Elements(500));
    group.bench_function("through", |bencher| {
        bencher.iter(|| {
            log.append(posts()).unwrap();
            consume(&mut worker)
        });
    });
    group.finish();
}

criterion_group!(benches, embedded_log);
criterion_main!(benches);
