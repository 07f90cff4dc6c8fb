//! The embedded log keeps the contract of `tidegate::log::Log`, on real files: order, whole
//! transactions or none, rewinds, restore, retention, back-pressure, one process at a time, full
//! disks, and kill -9.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use tidegate::log::embedded::{
    AppendError, Embedded, EmbeddedLog, NewRecord, Settings, Span, StoredRecord,
};
use tidegate::log::{Lag, Log, LogError, Polled};
use tidegate::record::{InputId, Outgoing, Partition, Topic};

const POSTS: InputId = InputId(0);
const SIGNALS: InputId = InputId(1);
const ALL: Span = Span { from: 0, records_max: usize::MAX, bytes_max: usize::MAX };
const SOON: Duration = Duration::from_millis(200);

/// Set for the process that a test starts to be killed, starved or refused: what it is to do.
const CHILD_TASK: &str = "TIDEGATE_TEST_CHILD_TASK";
const CHILD_FILE: &str = "TIDEGATE_TEST_CHILD_FILE";

fn settings(folder: &Path) -> Settings {
    Settings { partitions: 2, signal_partitions: 2, ..Settings::new(folder.join("log.redb")) }
}

fn open(folder: &Path) -> Arc<Embedded> {
    Embedded::open(settings(folder)).unwrap()
}

fn post(key: &str, value: &str) -> NewRecord {
    let key = (!key.is_empty()).then(|| key.as_bytes().to_vec());
    let headers = vec![("traceparent".into(), Some(b"00-1".to_vec())), ("none".into(), None)];
    NewRecord { input: POSTS, key, value: Some(value.into()), headers, time_ms: 1_000 }
}

fn outgoing(topic: Topic, partition: Option<i32>, key: &str, value: Option<&str>) -> Outgoing {
    let value = value.map(|value| value.as_bytes().to_vec());
    Outgoing { topic, partition, key: Some(key.into()), value, headers: Vec::new() }
}

/// A worker whose partitions are assigned and settled.
fn worker(log: &Arc<Embedded>, slot: usize, workers: usize) -> EmbeddedLog {
    let mut worker = log.worker(slot, workers);
    assert!(matches!(worker.poll(SOON).unwrap(), Polled::Assigned(_)));
    worker.settle().unwrap();
    worker
}

/// (partition, offset, value) of each record of the next batch; empty if idle.
fn poll(worker: &mut EmbeddedLog) -> Vec<(Partition, i64, String)> {
    match worker.poll(SOON).unwrap() {
        Polled::Records(batch) => {
            let records = (0..batch.len()).map(|index| batch.record(index).unwrap());
            let record = |record: tidegate::record::Record<'_>| {
                let value = record.value.unwrap_or_default().to_vec();
                (record.partition, record.offset, String::from_utf8(value).unwrap())
            };
            records.map(record).collect()
        }
        Polled::Idle => Vec::new(),
        _ => panic!("assigned once and never revoked"),
    }
}

/// All that comes until nothing does.
fn drain(worker: &mut EmbeddedLog) -> Vec<(Partition, i64, String)> {
    let mut all = Vec::new();
    loop {
        let batch = poll(worker);
        if batch.is_empty() {
            return all;
        }
        all.extend(batch);
    }
}

/// The offsets to read next after these records.
fn next_of(records: &[(Partition, i64, String)]) -> Vec<(Partition, i64)> {
    let next: BTreeMap<Partition, i64> =
        records.iter().map(|(partition, offset, _)| (*partition, offset + 1)).collect();
    next.into_iter().collect()
}

fn values(records: &[StoredRecord]) -> Vec<String> {
    let value = |record: &StoredRecord| String::from_utf8(record.value.clone().unwrap()).unwrap();
    records.iter().map(value).collect()
}

fn read_all(log: &Embedded, topic: &str) -> Vec<StoredRecord> {
    let partitions = 0..i32::try_from(log.ends(topic).len()).unwrap();
    partitions.flat_map(|p| log.read(topic, p, ALL).unwrap()).collect()
}

fn takedowns(log: &Embedded) -> Vec<String> {
    values(&read_all(log, "tidegate.takedowns"))
}

fn state(worker: &mut EmbeddedLog, number: i32) -> BTreeMap<String, String> {
    let mut state = BTreeMap::new();
    let mut each = |key: &[u8], value: Option<&[u8]>| {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        state.insert(text(key), text(value.unwrap()));
    };
    worker.restore(Partition { input: SIGNALS, number }, &mut each).unwrap();
    state
}

fn stop_text<T>(result: Result<T, LogError>) -> String {
    match result {
        Err(LogError::Stop(why)) => why,
        Err(other) => panic!("another error: {other}"),
        Ok(_) => panic!("no error"),
    }
}

#[test]
fn records_come_in_order_none_skipped_with_all_they_carry() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path());
    let mut worker = worker(&log, 0, 1);
    for batch in 0..20 {
        let posts = (0..50).map(|at| post(&format!("c{}", at % 7), &format!("{batch}/{at}")));
        let appended = log.append(posts.collect()).unwrap();
        assert_eq!(appended.records, 50);
        let ends = log.ends("tidegate.posts");
        for (partition, end) in appended.ends {
            assert_eq!(Some(&end), ends.get(usize::try_from(partition.number).unwrap()));
        }
    }
    let all = drain(&mut worker);
    assert_eq!(all.len(), 1000);
    for number in 0..2 {
        let mine = all.iter().filter(|(partition, ..)| partition.number == number);
        let offsets: Vec<i64> = mine.map(|(_, offset, _)| *offset).collect();
        let count = i64::try_from(offsets.len()).unwrap();
        assert_eq!(offsets, (0..count).collect::<Vec<_>>());
        assert!(count > 0, "seven channels over two partitions");
    }
    let stored = log.read("tidegate.posts", 0, Span { from: 3, records_max: 2, ..ALL }).unwrap();
    assert_eq!(stored.iter().map(|record| record.offset).collect::<Vec<_>>(), [3, 4]);
    assert_eq!(stored[0].time_ms, 1_000);
    let headers =
        vec![("traceparent".to_owned(), Some(b"00-1".to_vec())), ("none".to_owned(), None)];
    assert_eq!(stored[0].headers, headers);
}

#[test]
fn null_keys_and_values_stay_null() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path());
    let mut null = post("", "");
    null.value = None;
    log.append(vec![null, post("", "x")]).unwrap();
    let stored = read_all(&log, "tidegate.posts");
    assert_eq!(stored.iter().filter(|record| record.key.is_none()).count(), 2);
    assert_eq!(stored.iter().filter(|record| record.value.is_none()).count(), 1);
    assert_eq!(log.append(Vec::new()).unwrap().records, 0);
}

#[test]
fn nothing_comes_before_the_assignment_is_settled() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path());
    log.append(vec![post("c", "x")]).unwrap();
    let mut worker = log.worker(0, 1);
    let Polled::Assigned(partitions) = worker.poll(SOON).unwrap() else { panic!("assigned first") };
    assert_eq!(partitions.len(), 4);
    assert!(poll(&mut worker).is_empty());
    worker.settle().unwrap();
    assert_eq!(poll(&mut worker).len(), 1);
}

#[test]
fn each_partition_belongs_to_one_worker() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path());
    let mut seen = Vec::new();
    for slot in 0..3 {
        let mut worker = log.worker(slot, 3);
        let Polled::Assigned(partitions) = worker.poll(SOON).unwrap() else { panic!("assigned") };
        assert!(partitions.iter().all(|p| usize::try_from(p.number).unwrap() % 3 == slot));
        seen.extend(partitions);
    }
    seen.sort();
    let want = [POSTS, SIGNALS]
        .into_iter()
        .flat_map(|input| (0..2).map(move |number| Partition { input, number }));
    assert_eq!(seen, want.collect::<Vec<_>>());
}

#[test]
fn events_state_and_offsets_become_visible_together_and_outlive_the_process() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path());
    let mut first = worker(&log, 0, 1);
    log.append(vec![post("c", "one"), post("c", "two")]).unwrap();
    let records = drain(&mut first);
    first.send(&outgoing(Topic::Takedowns, None, "t", Some("down"))).unwrap();
    first.send(&outgoing(Topic::Signals, Some(1), "s", Some("signal"))).unwrap();
    first.send(&outgoing(Topic::State, Some(1), "n", Some("2"))).unwrap();
    assert_eq!(takedowns(&log), Vec::<String>::new(), "nothing is seen before the commit");
    assert_eq!(state(&mut first, 1), BTreeMap::new());
    assert_eq!(first.lag().iter().map(|lag| lag.records).sum::<u64>(), 2);
    first.commit(&next_of(&records)).unwrap();

    assert_eq!(takedowns(&log), ["down"]);
    assert_eq!(state(&mut first, 1), BTreeMap::from([("n".to_owned(), "2".to_owned())]));
    assert_eq!(state(&mut first, 0), BTreeMap::new(), "state of another partition");
    let signal = Partition { input: SIGNALS, number: 1 };
    assert!(first.lag().contains(&Lag { partition: signal, records: 1 }));
    assert_eq!(poll(&mut first), [(signal, 0, "signal".to_owned())]);
    drop(first);
    log.close().unwrap();

    let log = open(folder.path());
    let mut again = worker(&log, 0, 1);
    assert_eq!(takedowns(&log), ["down"]);
    assert_eq!(state(&mut again, 1), BTreeMap::from([("n".to_owned(), "2".to_owned())]));
    let appended = log.append(vec![post("c", "three")]).unwrap();
    assert_eq!(appended.ends.iter().map(|(_, end)| *end).collect::<Vec<_>>(), [3]);
    let values: Vec<String> = drain(&mut again).into_iter().map(|(.., value)| value).collect();
    assert_eq!(values.len(), 2, "the signal that was not committed, and the new post");
    assert!(values.contains(&"signal".to_owned()) && values.contains(&"three".to_owned()));
}

#[test]
fn what_workers_write_carries_the_newest_time_appended() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path());
    let mut worker = worker(&log, 0, 1);
    let times = [5_000, 4_000];
    log.append(times.map(|time_ms| NewRecord { time_ms, ..post("c", "x") }).to_vec()).unwrap();
    worker.send(&outgoing(Topic::Takedowns, None, "t", Some("down"))).unwrap();
    worker.commit(&[]).unwrap();
    assert_eq!(read_all(&log, "tidegate.takedowns")[0].time_ms, 5_000);
}

#[test]
fn an_abort_drops_what_was_sent_and_rewinds_to_the_last_commit() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path());
    let mut worker = worker(&log, 0, 1);
    log.append((0..10).map(|at| post("c", &at.to_string())).collect()).unwrap();
    let records = drain(&mut worker);
    // The commit ends inside the batch: the rewind must find its way into the middle.
    worker.commit(&next_of(&records[..4])).unwrap();
    worker.send(&outgoing(Topic::Takedowns, None, "t", Some("never"))).unwrap();
    worker.send(&outgoing(Topic::State, Some(0), "n", Some("never"))).unwrap();
    worker.abort().unwrap();
    assert_eq!(drain(&mut worker), records[4..]);
    worker.commit(&next_of(&records)).unwrap();
    assert_eq!(takedowns(&log), Vec::<String>::new());
    assert_eq!(state(&mut worker, 0), BTreeMap::new());
    worker.abort().unwrap();
    assert_eq!(drain(&mut worker), []);
}

#[test]
fn the_last_state_of_a_key_wins_and_null_deletes() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path());
    let mut worker = worker(&log, 0, 1);
    let changes =
        [("a", Some("1")), ("b", Some("1")), ("a", Some("2")), ("b", None), ("", Some("e"))];
    for (key, value) in changes {
        worker.send(&outgoing(Topic::State, Some(0), key, value)).unwrap();
    }
    worker.commit(&[]).unwrap();
    let pairs = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
        pairs.iter().map(|&(key, value)| (key.to_owned(), value.to_owned())).collect()
    };
    assert_eq!(state(&mut worker, 0), pairs(&[("a", "2"), ("", "e")]));
    worker.send(&outgoing(Topic::State, Some(0), "a", None)).unwrap();
    worker.send(&outgoing(Topic::State, Some(0), "unknown", None)).unwrap();
    worker.commit(&[]).unwrap();
    assert_eq!(state(&mut worker, 0), pairs(&[("", "e")]));
}

#[test]
fn commits_that_cannot_be_right_are_refused_and_change_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path());
    let (mut first, mut second) = (worker(&log, 0, 1), worker(&log, 0, 1));
    log.append((0..5).map(|at| post("c", &at.to_string())).collect()).unwrap();
    let records = drain(&mut first);
    first.commit(&next_of(&records)).unwrap();
    let partition = records[0].0;
    let foreign = Partition { input: InputId(9), number: 0 };
    let table = [
        ("behind", partition, 3, "is behind 5, which is committed: two workers"),
        ("past the end", partition, 6, "is past its end 5"),
        ("not its own", foreign, 0, "is not this worker's"),
    ];
    for (case, partition, offset, want) in table {
        second.send(&outgoing(Topic::Takedowns, None, "t", Some("twice"))).unwrap();
        let why = stop_text(second.commit(&[(partition, offset)]));
        assert!(why.contains(want), "{case}: {why}");
        second.abort().unwrap();
    }
    assert_eq!(takedowns(&log), Vec::<String>::new());
    let unplaced = outgoing(Topic::Signals, Some(2), "s", Some("x"));
    assert!(stop_text(first.send(&unplaced)).contains("has partitions 0 to 1"));
    let refused = log.append(vec![NewRecord { input: InputId(7), ..post("c", "x") }]);
    assert!(matches!(refused, Err(AppendError::Refused(_))));
}

#[test]
fn what_waits_is_written_before_the_log_closes_and_nothing_after() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path());
    let mut worker = worker(&log, 0, 1);
    let threads: Vec<_> = (0..8)
        .map(|thread| {
            let log = Arc::clone(&log);
            std::thread::spawn(move || {
                (0..)
                    .take_while(|at| log.append(vec![post("c", &format!("{thread}/{at}"))]).is_ok())
                    .count()
            })
        })
        .collect();
    let mut seen = 0;
    while seen < 50 {
        seen += poll(&mut worker).len();
    }
    log.close().unwrap();
    let acknowledged: usize = threads.into_iter().map(|thread| thread.join().unwrap()).sum();
    assert!(stop_text(worker.poll(SOON)).contains("is closed"));
    assert!(matches!(log.append(vec![post("c", "x")]), Err(AppendError::Stop(_))));
    let log = open(folder.path());
    assert_eq!(read_all(&log, "tidegate.posts").len(), acknowledged);
}

#[test]
fn a_worker_that_falls_behind_memory_reads_the_file_and_misses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let small = Settings { tail_bytes: 64 * 1024, ..settings(folder.path()) };
    let log = Embedded::open(small).unwrap();
    let mut worker = worker(&log, 0, 1);
    let text = "x".repeat(2_000);
    let mut seen = Vec::new();
    for batch in 0..40 {
        log.append((0..20).map(|at| post("c", &format!("{batch}/{at} {text}"))).collect()).unwrap();
        // Sometimes close behind, sometimes far.
        if batch % 9 == 0 {
            seen.extend(poll(&mut worker));
        }
    }
    seen.extend(drain(&mut worker));
    let offsets: Vec<i64> = seen.iter().map(|(_, offset, _)| *offset).collect();
    assert_eq!(offsets, (0..800).collect::<Vec<_>>());
    assert!(seen.last().unwrap().2.starts_with("39/19 "));
}

#[test]
fn retention_by_bytes_never_deletes_what_is_not_consumed() {
    let folder = tempfile::tempdir().unwrap();
    let limit = 300_000;
    let log =
        Embedded::open(Settings { retention_bytes: limit, ..settings(folder.path()) }).unwrap();
    let mut worker = worker(&log, 0, 1);
    let text = "x".repeat(1_000);
    let fill = || (0..10).map(|at| post("c", &format!("{at} {text}"))).collect::<Vec<_>>();

    let mut appended = 0;
    let why = loop {
        match log.append(fill()) {
            Ok(_) => appended += 10,
            Err(AppendError::Full(why)) => break why,
            Err(other) => panic!("{other}"),
        }
    };
    assert!(why.contains("embedded.retention_bytes is 300000; try again later, or start"), "{why}");
    assert!((250..350).contains(&appended), "{appended} records of 1,000 bytes");
    assert_eq!(log.starts("tidegate.posts"), [0, 0], "nothing is consumed, nothing goes");
    worker.send(&outgoing(Topic::Takedowns, None, "t", Some("not held back"))).unwrap();
    worker.commit(&[]).unwrap();

    let records = drain(&mut worker);
    assert_eq!(records.len(), appended);
    worker.commit(&next_of(&records[..100])).unwrap();
    log.append(fill()).unwrap();
    let start = log.starts("tidegate.posts").into_iter().max().unwrap();
    assert!(start > 0 && start <= 100, "only what is over the limit and consumed: {start}");

    worker.commit(&next_of(&records)).unwrap();
    for _ in 0..100 {
        log.append(fill()).unwrap();
        let records = drain_now(&mut worker);
        worker.commit(&next_of(&records)).unwrap();
    }
    let kept = read_all(&log, "tidegate.posts");
    let bytes: usize = kept.iter().map(|record| record.value.as_ref().map_or(0, Vec::len)).sum();
    assert!(u64::try_from(bytes).unwrap() <= limit + 20_000, "{bytes}");
    let (first, last) = (kept.first().unwrap().offset, kept.last().unwrap().offset);
    assert_eq!(usize::try_from(last - first).unwrap() + 1, kept.len(), "no gap");
    assert_eq!(usize::try_from(last).unwrap() + 1, appended + 10 + 1_000, "offsets go on");
    let size = std::fs::metadata(folder.path().join("log.redb")).unwrap().len();
    assert!(size < 4_000_000, "pages are used again: {size}");
}

/// One batch, which is there already.
fn drain_now(worker: &mut EmbeddedLog) -> Vec<(Partition, i64, String)> {
    let records = poll(worker);
    assert!(!records.is_empty());
    records
}

#[test]
fn retention_by_age_counts_from_the_newest_record() {
    let folder = tempfile::tempdir().unwrap();
    let age = Duration::from_millis(100);
    let log = Embedded::open(Settings { retention_age: age, ..settings(folder.path()) }).unwrap();
    let mut worker = worker(&log, 0, 1);
    for time_ms in [1_000, 1_050, 1_101] {
        let old = NewRecord { time_ms, ..post("c", "x") };
        log.append(vec![old]).unwrap();
        worker.send(&outgoing(Topic::Takedowns, None, "t", Some("down"))).unwrap();
        worker.commit(&[]).unwrap();
    }
    assert_eq!(log.starts("tidegate.takedowns"), [1], "the one of 1,000 is too old at 1,101");
    assert_eq!(log.starts("tidegate.posts"), [0, 0], "the post of 1,000 is not consumed");
    let records = drain(&mut worker);
    worker.commit(&next_of(&records)).unwrap();
    assert_eq!(log.starts("tidegate.posts").into_iter().max(), Some(1));
    drop(worker);
    log.close().unwrap();

    let log = open(folder.path());
    assert_eq!(log.starts("tidegate.posts").into_iter().max(), Some(1));
    let stored = log.read("tidegate.takedowns", 0, ALL).unwrap();
    assert_eq!(stored.iter().map(|record| record.offset).collect::<Vec<_>>(), [1, 2]);
}

#[test]
fn a_partition_emptied_by_retention_goes_on_at_its_old_end() {
    let folder = tempfile::tempdir().unwrap();
    let tiny = || Settings { retention_bytes: 1, ..settings(folder.path()) };
    let log = Embedded::open(tiny()).unwrap();
    let mut first = worker(&log, 0, 1);
    log.append(vec![post("c", "x"), post("c", "y")]).unwrap();
    let records = drain(&mut first);
    first.commit(&next_of(&records)).unwrap();
    assert_eq!(read_all(&log, "tidegate.posts"), []);
    drop(first);
    log.close().unwrap();
    let log = Embedded::open(tiny()).unwrap();
    log.append(vec![post("c", "z")]).unwrap();
    assert_eq!(drain(&mut worker(&log, 0, 1)), [(records[0].0, 2, "z".to_owned())]);
}

#[test]
fn what_was_fixed_when_the_file_was_made_is_checked() {
    let folder = tempfile::tempdir().unwrap();
    open(folder.path()).close().unwrap();
    let base = || settings(folder.path());
    let posts = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
    let table = [
        ("posts", Settings { partitions: 3, ..base() }, "embedded.partitions says 3"),
        (
            "signals",
            Settings { signal_partitions: 8, ..base() },
            "embedded.signal_partitions says 8",
        ),
        ("prefix", Settings { prefix: "other.".to_owned(), ..base() }, "set the prefix back"),
        ("none", Settings { partitions: 0, ..base() }, "from 1 to 1024"),
        ("no topic", Settings { posts_topics: Vec::new(), ..base() }, "name one at least"),
        (
            "a name twice",
            Settings { posts_topics: posts(&["p", "tidegate.takedowns"]), ..base() },
            "tidegate.takedowns is named twice",
        ),
    ];
    for (case, settings, want) in table {
        let why = stop_text(Embedded::open(settings));
        assert!(why.contains(want), "{case}: {why}");
    }
    let more = Settings { posts_topics: posts(&["more", "tidegate.posts"]), ..base() };
    let log = Embedded::open(more).unwrap();
    assert_eq!(log.ends("more"), [0, 0], "another posts topic can be added, in any order");
    assert_eq!(log.inputs().name(InputId(1)), "tidegate.posts");
}

#[test]
fn a_file_of_a_newer_version_or_of_another_kind_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    open(folder.path()).close().unwrap();
    let path = folder.path().join("log.redb");
    let db = redb::Database::open(&path).unwrap();
    let transaction = db.begin_write().unwrap();
    let meta = redb::TableDefinition::<&str, &str>::new("meta");
    transaction.open_table(meta).unwrap().insert("v", "2").unwrap();
    transaction.commit().unwrap();
    drop(db);
    let why = stop_text(Embedded::open(settings(folder.path())));
    assert!(why.contains("its format is 2, this version reads 1; run the version"), "{why}");

    std::fs::write(&path, "not a log".repeat(10_000)).unwrap();
    let why = stop_text(Embedded::open(settings(folder.path())));
    assert!(why.contains("it is some other file"), "{why}");

    let nowhere = Settings::new(folder.path().join("missing").join("log.redb"));
    let why = stop_text(Embedded::open(nowhere));
    assert!(why.contains("make its folder writable or set embedded.path"), "{why}");
}

#[test]
#[cfg(unix)]
fn the_file_is_for_this_user_only() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path());
    let mode = std::fs::metadata(folder.path().join("log.redb")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    log.close().unwrap();
}

#[test]
fn a_second_open_is_refused_here_and_in_another_process() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.redb");
    let log = open(folder.path());
    let why = stop_text(Embedded::open(settings(folder.path())));
    let want = format!(
        "cannot open the log {}: another process has it open; stop it or set embedded.path",
        path.display()
    );
    assert_eq!(why, want);
    let output = child("open", folder.path()).stdout(Stdio::piped()).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains(&want), "{said}");
    log.append(vec![post("c", "still fine")]).unwrap();
}

#[test]
#[cfg(unix)]
fn a_full_disk_stops_the_log_and_a_restart_with_room_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let exe = std::env::current_exe().unwrap();
    // A limit on the file's size stands for a full disk; the trap turns its signal into an error.
    let script = "trap '' XFSZ; ulimit -f 4096; exec \"$0\" --exact child_task --nocapture";
    let mut limited = Command::new("sh");
    limited.args(["-c", script]).arg(exe).env(CHILD_TASK, "fill").env(CHILD_FILE, folder.path());
    let output = limited.output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("free space or mend the disk, then start again"), "{said}");
    assert!(said.contains("log.redb failed: "), "{said}");
    assert!(said.contains("poll stopped too"), "{said}");

    let log = open(folder.path());
    let acknowledged = said.lines().filter(|line| line.starts_with("ok ")).count();
    assert!(acknowledged > 5, "{said}");
    let stored = read_all(&log, "tidegate.posts").len();
    // The one that failed may be there, but then all of it.
    assert!([acknowledged * 100, (acknowledged + 1) * 100].contains(&stored), "{stored}");
    log.append(vec![post("c", "on we go")]).unwrap();
}

#[test]
fn kill_9_loses_nothing_acknowledged_and_tears_no_transaction() {
    let folder = tempfile::tempdir().unwrap();
    let mut acknowledged = Vec::new();
    for run in 0..12_u64 {
        let mut process = child(&format!("write {run}"), folder.path());
        let mut process = process.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        // The first are killed while they make or open the file.
        std::thread::sleep(Duration::from_millis(if run < 3 {
            5 + run * 10
        } else {
            run * 61 % 400
        }));
        process.kill().unwrap();
        acknowledged.extend(said_by(&mut process));
        check_after_kill(folder.path(), &acknowledged);
    }
    assert!(acknowledged.len() > 20, "too few appends to prove anything: {}", acknowledged.len());
}

/// The batches a killed process acknowledged.
fn said_by(process: &mut Child) -> Vec<String> {
    let lines = BufReader::new(process.stdout.take().unwrap()).lines();
    let batches = lines.map_while(Result::ok).filter_map(|line| {
        // A line cut by the kill has no end mark.
        line.strip_prefix("ok ").and_then(|rest| rest.strip_suffix(" .")).map(ToOwned::to_owned)
    });
    let batches = batches.collect();
    process.wait().unwrap();
    batches
}

/// Values are `batch size index`, a takedown has the value of its post, state counts posts.
fn check_after_kill(folder: &Path, acknowledged: &[String]) {
    let log = open(folder);
    let mut worker = worker(&log, 0, 1);
    let mut batches: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    let mut screened = Vec::new();
    for number in 0..2 {
        let posts = log.read("tidegate.posts", number, ALL).unwrap();
        let behind = lag_of(&worker, Partition { input: POSTS, number });
        let done = posts.len() - behind;
        let counted = state(&mut worker, number).get("posts").map_or(0, |n| n.parse().unwrap());
        assert_eq!(counted, done, "state and offset agree");
        screened.extend(values(&posts[..done]));
        for value in values(&posts) {
            let mut words = value.split(' ');
            let batch = format!("{} {}", words.next().unwrap(), words.next().unwrap());
            batches.entry(batch).or_default().push(words.next().unwrap().parse().unwrap());
        }
    }
    let mut taken = takedowns(&log);
    taken.sort();
    screened.sort();
    assert_eq!(taken, screened, "events and offsets agree, each once");
    for (batch, mut indices) in batches.clone() {
        let size: usize = batch.split_once(' ').unwrap().1.parse().unwrap();
        indices.sort_unstable();
        assert_eq!(indices, (0..size).collect::<Vec<_>>(), "batch {batch} is whole and there once");
    }
    for batch in acknowledged {
        assert!(batches.contains_key(batch), "batch {batch} was acknowledged");
    }
    drop(worker);
    log.close().unwrap();
}

fn lag_of(worker: &EmbeddedLog, partition: Partition) -> usize {
    let lag = worker.lag().into_iter().find(|lag| lag.partition == partition).unwrap();
    usize::try_from(lag.records).unwrap()
}

/// This test binary again, to run only [`child_task`].
fn child(task: &str, folder: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "child_task", "--nocapture"]);
    command.env(CHILD_TASK, task).env(CHILD_FILE, folder);
    command
}

/// Not a test: what the processes do that the tests above start. Nothing without a task.
#[test]
#[expect(clippy::disallowed_methods, reason = "a test binary has no settings but these")]
fn child_task() {
    let (Ok(task), Ok(folder)) = (std::env::var(CHILD_TASK), std::env::var(CHILD_FILE)) else {
        return;
    };
    let folder = Path::new(&folder);
    match task.split_once(' ') {
        Some((_, run)) => write_until_killed(folder, run),
        None if task == "open" => println!("{}", stop_text(Embedded::open(settings(folder)))),
        None => fill_the_disk(folder),
    }
}

#[expect(clippy::print_stdout, reason = "what it says is what the test reads")]
fn fill_the_disk(folder: &Path) {
    let log = open(folder);
    let mut worker = worker(&log, 0, 1);
    let text = "x".repeat(300);
    for batch in 0..1_000 {
        match log.append((0..100).map(|at| post("c", &format!("{batch} {at} {text}"))).collect()) {
            Ok(_) => println!("ok {batch}"),
            Err(error) => {
                println!("{error}");
                break;
            }
        }
    }
    if matches!(worker.poll(SOON), Err(LogError::Stop(_))) {
        println!("poll stopped too");
    }
}

fn write_until_killed(folder: &Path, run: &str) {
    let log = open(folder);
    let screening = Arc::clone(&log);
    std::thread::spawn(move || screen_for_ever(&screening));
    let threads = (0..2).map(|thread| {
        let (log, name) = (Arc::clone(&log), format!("{run}-{thread}"));
        std::thread::spawn(move || append_for_ever(&log, &name))
    });
    let threads: Vec<_> = threads.collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
}

#[expect(clippy::print_stdout, reason = "what it says is what the test reads")]
fn append_for_ever(log: &Embedded, name: &str) {
    for batch in 0.. {
        let size = 1 + batch % 30;
        let value = |at| format!("{name}-{batch} {size} {at}");
        log.append((0..size).map(|at| post(&format!("c{at}"), &value(at))).collect()).unwrap();
        println!("ok {name}-{batch} {size} .");
    }
}

/// Takes every post down and counts it, sometimes aborting on the way.
fn screen_for_ever(log: &Arc<Embedded>) {
    let mut worker = worker(log, 0, 1);
    for round in 1_u64.. {
        let records = poll(&mut worker);
        for (_, _, value) in &records {
            worker.send(&outgoing(Topic::Takedowns, None, "t", Some(value))).unwrap();
        }
        for (partition, next) in next_of(&records) {
            let count = next.to_string();
            let number = Some(partition.number);
            worker.send(&outgoing(Topic::State, number, "posts", Some(&count))).unwrap();
        }
        if round.is_multiple_of(7) {
            worker.abort().unwrap();
        } else {
            worker.commit(&next_of(&records)).unwrap();
        }
    }
}

#[test]
fn an_append_sent_again_is_taken_once_even_after_a_restart() {
    use tidegate::log::embedded::{NewRecord, Once};
    use tidegate::record::InputId;
    let folder = tempfile::tempdir().unwrap();
    let settings = Settings::new(folder.path().join("log"));
    let record = |text: &str| NewRecord {
        input: InputId(0),
        key: Some(b"c1".to_vec()),
        value: Some(text.as_bytes().to_vec()),
        headers: Vec::new(),
        time_ms: 1,
    };
    let once = |sequence| Once { producer: "run-1".to_owned(), sequence };
    let log = Embedded::open(settings.clone()).unwrap();
    assert_eq!(log.append_once(vec![record("a")], once(1)).unwrap().ends.len(), 1);
    assert_eq!(log.append_once(vec![record("a")], once(1)).unwrap().ends, []);
    log.close().unwrap();
    let log = Embedded::open(settings).unwrap();
    assert_eq!(log.append_once(vec![record("a")], once(1)).unwrap().ends, []);
    assert_eq!(log.append_once(vec![record("b")], once(2)).unwrap().ends.len(), 1);
    assert_eq!(log.ends("tidegate.posts").iter().sum::<i64>(), 2);
}
