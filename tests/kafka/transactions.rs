//! What is committed, what is not, and what comes back.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use rdkafka::config::ClientConfig;
use rdkafka::message::OwnedHeaders;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use tidegate::log::kafka::{KafkaLog, Settings};
use tidegate::log::{Log, Polled};
use tidegate::record::{Outgoing, Record, Topic};

use crate::support::{Copier, POLL, deployed, expect, feed, outgoing, partition, until};

#[test]
fn a_transaction_is_visible_whole_or_not_at_all() {
    let settings = deployed();
    let mut copier = Copier::open(&settings).settled();
    for round in 0..6_u32 {
        for number in 0..50 {
            let value = (round * 100 + number).to_string();
            copier.log.send(&outgoing(Topic::Takedowns, &value, &value)).unwrap();
            copier.log.send(&outgoing(Topic::Reviews, &value, &value)).unwrap();
        }
        if round % 2 == 0 {
            copier.log.commit(&[]).unwrap();
        } else {
            copier.log.abort().unwrap();
        }
    }
    copier.log.send(&outgoing(Topic::Takedowns, "open", "9999")).unwrap();
    let expected: Vec<u32> =
        [0, 2, 4].iter().flat_map(|round| (0..50).map(move |n| round * 100 + n)).collect();
    expect(&settings, Topic::Takedowns, expected.clone());
    expect(&settings, Topic::Reviews, expected);
}

#[test]
fn offsets_are_committed_with_the_records_or_not_at_all() {
    let settings = deployed();
    feed(&settings, 0, 200);
    let mut first = Copier::open(&settings).settled();
    first.take(200);
    assert!(first.commit());
    assert!(first.log.lag().iter().all(|lag| lag.records == 0), "{:?}", first.log.lag());
    feed(&settings, 200, 300);
    first.take(300);
    // Ends with a transaction open: neither its records nor its offsets may count.
    drop(first);
    let mut second = Copier::open(&settings).settled();
    second.take(100);
    assert!(second.commit());
    expect(&settings, Topic::Takedowns, 0..300);
    assert_eq!(second.seen.len(), 100, "the first 200 were committed and do not come again");
}

#[test]
fn offsets_alone_are_committed_too() {
    let settings = deployed();
    feed(&settings, 0, 40);
    let mut first = KafkaLog::open(settings.clone()).unwrap();
    let mut next = BTreeMap::new();
    let mut count = 0;
    until("40 posts", || {
        let assigned = match first.poll(POLL).unwrap() {
            Polled::Assigned(_) => true,
            Polled::Records(batch) => {
                for record in (0..batch.len()).filter_map(|index| batch.record(index)) {
                    next.insert(record.partition, record.offset + 1);
                    count += 1;
                }
                false
            }
            _ => false,
        };
        if assigned {
            first.settle().unwrap();
        }
        count == 40
    });
    first.commit(&next.into_iter().collect::<Vec<_>>()).unwrap();
    drop(first);
    feed(&settings, 40, 41);
    let mut second = Copier::open(&settings).settled();
    second.take(1);
    assert!(second.commit());
    expect(&settings, Topic::Takedowns, [40]);
}

#[test]
fn an_abort_rewinds_and_everything_since_the_last_commit_comes_again() {
    let settings = deployed();
    feed(&settings, 0, 100);
    let mut copier = Copier::open(&settings).settled();
    copier.take(100);
    assert!(copier.commit());
    feed(&settings, 100, 250);
    copier.take(250);
    for round in 1..4 {
        copier.log.abort().unwrap();
        copier.next.clear();
        copier.take(250 + round * 150);
    }
    assert!(copier.commit());
    let again = &copier.seen[100..];
    let (first, last) = (&again[..150], &again[again.len() - 150..]);
    let sorted = |part: &[_]| {
        let mut part = part.to_vec();
        part.sort_unstable();
        part
    };
    assert_eq!(sorted(first), sorted(last), "the same records, each time");
    expect(&settings, Topic::Takedowns, 0..250);
}

#[test]
fn an_abort_before_anything_was_committed_goes_back_to_the_beginning() {
    let settings = deployed();
    feed(&settings, 0, 30);
    let mut copier = Copier::open(&settings).settled();
    copier.take(30);
    copier.log.abort().unwrap();
    copier.next.clear();
    copier.take(60);
    assert!(copier.commit());
    expect(&settings, Topic::Takedowns, 0..30);
}

type Copied = (Option<Vec<u8>>, Option<Vec<u8>>, Vec<(String, Option<Vec<u8>>)>);

fn copied(record: &Record<'_>) -> Copied {
    assert!(record.time_ms > 1_700_000_000_000, "the broker's clock: {record:?}");
    let copy = |bytes: Option<&[u8]>| bytes.map(<[u8]>::to_vec);
    let mut headers = Vec::new();
    record.headers.each(&mut |name, value| headers.push((name.to_owned(), copy(value))));
    (copy(record.key), copy(record.value), headers)
}

#[test]
fn keys_values_headers_and_partitions_arrive_as_they_were_sent() {
    let settings = deployed();
    let mut copier = Copier::open(&settings).settled();
    let headers: Vec<(Cow<'static, str>, Option<Vec<u8>>)> = vec![
        ("ce_id".into(), Some(b"tk_1".to_vec())),
        ("twice".into(), Some(b"a".to_vec())),
        ("twice".into(), Some(Vec::new())),
        ("null".into(), None),
        ("bytes".into(), Some(vec![0, 255, 10])),
    ];
    let sent = [
        Outgoing {
            topic: Topic::Signals,
            partition: Some(3),
            key: Some(b"k".to_vec()),
            value: Some(b"v".to_vec()),
            headers: headers.clone(),
        },
        Outgoing {
            topic: Topic::Signals,
            partition: Some(0),
            key: None,
            value: None,
            headers: vec![],
        },
        Outgoing {
            topic: Topic::Signals,
            partition: Some(1),
            key: Some(Vec::new()),
            value: Some(Vec::new()),
            headers: vec![],
        },
    ];
    for each in &sent {
        copier.log.send(each).unwrap();
    }
    copier.log.commit(&[]).unwrap();
    let mut back = BTreeMap::new();
    until("three signals", || {
        if let Polled::Records(batch) = copier.log.poll(POLL).unwrap() {
            let records = (0..batch.len()).filter_map(|index| batch.record(index));
            back.extend(records.map(|record| (record.partition, copied(&record))));
        }
        back.len() == 3
    });
    for each in &sent {
        let (key, value, headers) = &back[&partition(1, each.partition.unwrap())];
        assert_eq!((key, value), (&each.key, &each.value));
        let expected: Vec<_> =
            each.headers.iter().map(|(name, value)| (name.to_string(), value.clone())).collect();
        assert_eq!(headers, &expected);
    }
}

#[test]
#[expect(unsafe_code, reason = "no safe way leads to a header name that is not UTF-8")]
fn a_header_name_that_is_not_utf8_harms_nobody() {
    let settings = deployed();
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", &settings.servers);
    let producer: BaseProducer = config.create().unwrap();
    let headers = OwnedHeaders::new();
    let native = std::ptr::from_ref(headers.as_borrowed()).cast_mut();
    let (name, value) = ([b'x', 0xff, b'y'], b"v");
    // SAFETY: `BorrowedHeaders` is rdkafka's name for the native list it points to, which this
    // frame owns; the call copies name and value, whose sizes are given.
    let error = unsafe {
        rdkafka_sys::rd_kafka_header_add(
            native.cast(),
            name.as_ptr().cast(),
            3,
            value.as_ptr().cast(),
            1,
        )
    };
    assert_eq!(error, rdkafka_sys::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR);
    let record = BaseRecord::to(&settings.posts[0]).key("k").payload("7").headers(headers);
    producer.send(record).unwrap();
    producer.flush(Duration::from_secs(10)).unwrap();
    let mut copier = Copier::open(&settings).settled();
    let mut names = Vec::new();
    until("the post", || {
        if let Polled::Records(batch) = copier.log.poll(POLL).unwrap() {
            let (_, _, headers) = copied(&batch.record(0).unwrap());
            names = headers.into_iter().map(|(name, _)| name).collect();
        }
        !names.is_empty()
    });
    assert_eq!(names, ["x\u{fffd}y"]);
}

fn state(copier: &mut Copier, partition: i32, key: &str, value: Option<&str>) {
    let value = value.map(|text| text.as_bytes().to_vec());
    let key = Some(key.as_bytes().to_vec());
    let record =
        Outgoing { topic: Topic::State, partition: Some(partition), key, value, headers: vec![] };
    copier.log.send(&record).unwrap();
}

fn restored(copier: &mut Copier, number: i32) -> BTreeMap<String, String> {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let mut live = BTreeMap::new();
    copier
        .log
        .restore(partition(1, number), &mut |key, value| {
            match value {
                Some(value) => live.insert(text(key), text(value)),
                None => live.remove(&text(key)),
            };
        })
        .unwrap();
    live
}

#[test]
fn a_restore_reads_exactly_what_was_committed() {
    let settings = deployed();
    let mut copier = Copier::open(&settings).settled();
    assert_eq!(restored(&mut copier, 2), BTreeMap::new(), "an empty partition");
    for (key, value) in [("a", "1"), ("b", "1"), ("c", "1")] {
        state(&mut copier, 2, key, Some(value));
    }
    state(&mut copier, 3, "other", Some("1"));
    copier.log.commit(&[]).unwrap();
    state(&mut copier, 2, "a", Some("2"));
    state(&mut copier, 2, "b", None);
    copier.log.commit(&[]).unwrap();
    state(&mut copier, 2, "a", Some("aborted"));
    state(&mut copier, 2, "c", None);
    copier.log.abort().unwrap();
    let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    assert_eq!(restored(&mut copier, 2), BTreeMap::from([pair("a", "2"), pair("c", "1")]));
    assert_eq!(restored(&mut copier, 3), BTreeMap::from([pair("other", "1")]));
    // The end of what was just committed is a marker nobody is given: it must not be waited for.
    state(&mut copier, 2, "d", Some("4"));
    copier.log.commit(&[]).unwrap();
    assert_eq!(restored(&mut copier, 2).len(), 3);
}

#[test]
fn a_restore_waits_for_what_the_last_owner_has_not_ended_yet() {
    let settings = deployed();
    let mut copier = Copier::open(&settings).settled();
    state(&mut copier, 2, "early", Some("1"));
    copier.log.commit(&[]).unwrap();
    // It writes and does not read: nobody waits for it.
    let mut other = Copier::open(&Settings { slot: 1, ..settings.clone() });
    state(&mut other, 2, "late", Some("1"));
    // Long enough for the row to lie on the broker, undecided.
    std::thread::sleep(Duration::from_millis(300));
    let rows = std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(Duration::from_secs(1));
            other.log.commit(&[]).unwrap();
        });
        restored(&mut copier, 2)
    });
    let pair = |key: &str| (key.to_owned(), "1".to_owned());
    assert_eq!(rows, BTreeMap::from([pair("early"), pair("late")]));
}

#[test]
fn hundreds_of_commits_in_a_row_take_milliseconds_each() {
    let settings = deployed();
    let mut copier = Copier::open(&settings).settled();
    let mut times = Vec::new();
    for number in 0..300 {
        let start = Instant::now();
        copier.log.send(&outgoing(Topic::Takedowns, "k", &number.to_string())).unwrap();
        copier.log.commit(&[(partition(0, 0), 0)]).unwrap();
        times.push(start.elapsed());
    }
    times.sort_unstable();
    let (median, most) = (times[150], times[297]);
    println!("commit: median {median:?}, 99th percentile {most:?}");
    // The two traps (rdkafka's flush, retry.backoff.ms) cost 100 ms each, every time.
    assert!(median < Duration::from_millis(60), "{median:?}");
    expect(&settings, Topic::Takedowns, 0..300);
}
