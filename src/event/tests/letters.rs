//! Dead letters: everything as it came, and why.

use std::borrow::Cow;

use serde_json::{Value, json};

use super::{PLANTED, TIME_MS, Topic, check, header};
use crate::decode::{Fault, Reason};
use crate::event::{DeadLetter, dead_letter, fault_json};
use crate::record::{Headers, InputId, NoHeaders, Outgoing, Partition, Record};

struct Came(Vec<(&'static str, Option<&'static [u8]>)>);

impl Headers for Came {
    fn each(&self, visit: &mut dyn FnMut(&str, Option<&[u8]>)) {
        self.0.iter().for_each(|(name, value)| visit(name, *value));
    }
}

fn letter(key: Option<&[u8]>, value: Option<&[u8]>, headers: &dyn Headers, max: usize) -> Outgoing {
    let partition = Partition { input: InputId(0), number: 3 };
    let record = Record { partition, offset: 77, time_ms: TIME_MS, key, value, headers };
    let fault = Fault::new(Reason::BadValue, format!("kind: {}", "é".repeat(600)));
    dead_letter(&record, "posts", &fault, max)
}

/// The headers added to a letter, as the schema sees them.
pub(super) fn added(out: &Outgoing) -> Value {
    let own = out.headers.iter().filter(|(name, _)| name.starts_with("tidegate_"));
    own.map(|(name, value)| {
        let text = String::from_utf8(value.clone().unwrap()).unwrap();
        (name.to_string(), Value::String(text))
    })
    .collect::<serde_json::Map<_, _>>()
    .into()
}

#[test]
fn a_letter_keeps_key_value_and_headers_and_says_why() {
    let came = Came(vec![("h", Some(b"1")), ("h", None), ("tidegate_reason", Some(b"old"))]);
    let out = letter(Some(b"k\xFF"), Some(PLANTED.as_bytes()), &came, 1_000);
    assert_eq!((out.topic, out.partition), (Topic::Deadletters, None));
    assert_eq!(out.key.as_deref(), Some(&b"k\xFF"[..]));
    assert_eq!(out.value.as_deref(), Some(PLANTED.as_bytes()));
    assert_eq!(out.headers[0], (Cow::Borrowed("h"), Some(b"1".to_vec())));
    assert_eq!(out.headers[1], (Cow::Borrowed("h"), None));
    let names: Vec<&str> = out.headers[2..].iter().map(|(name, _)| name.as_ref()).collect();
    let want = ["reason", "detail", "topic", "partition", "offset", "time"];
    assert_eq!(names, want.map(|name| format!("tidegate_{name}")));
    let mut got = added(&out);
    check("deadletter", &got);
    // Whole characters, up to 1,024 bytes.
    let detail = got.as_object_mut().unwrap().remove("tidegate_detail").unwrap();
    assert_eq!(detail, format!("kind: {}", "é".repeat(509)));
    let want = json!({"tidegate_reason": "bad_value", "tidegate_topic": "posts",
        "tidegate_partition": "3", "tidegate_offset": "77",
        "tidegate_time": "2026-11-24T10:00:00.250Z"});
    assert_eq!(got, want);
}

#[test]
fn nothing_stays_nothing() {
    let out = letter(None, None, &NoHeaders, 10);
    assert_eq!((out.key, out.value), (None, None));
    let out = letter(Some(b""), Some(b""), &NoHeaders, 10);
    assert_eq!((out.key.as_deref(), out.value.as_deref()), (Some(&b""[..]), Some(&b""[..])));
}

#[test]
fn a_value_too_large_is_cut_and_marked() {
    const CUT: usize = 65_536;
    // Bytes, limit, bytes kept, mark.
    let table = [
        (CUT + 5, CUT + 5, CUT + 5, None),
        (CUT + 6, CUT + 5, CUT, Some("65542")),
        (CUT, 10, CUT, None),
        (11, 10, 11, None),
    ];
    for (bytes, limit, kept, mark) in table {
        let value: Vec<u8> = (0..=250).cycle().take(bytes).collect();
        let out = letter(None, Some(&value), &NoHeaders, limit);
        assert_eq!(out.value.as_deref(), Some(&value[..kept]));
        assert_eq!(header(&out, "tidegate_truncated"), mark, "{bytes} {limit}");
        check("deadletter", &added(&out));
    }
}

#[test]
fn headers_and_a_key_that_do_not_fit_are_left_out_and_told() {
    const LARGE: &[u8] = &[b'x'; 40_000];
    const ROOM: usize = 64 * 1024;
    let came = Came(vec![("a", Some(b"1")), ("b", Some(LARGE)), ("c", Some(LARGE)), ("d", None)]);
    let value = vec![b'v'; 1_000];
    // Names, values, and ten bytes for each.
    let out = letter(Some(b"k"), Some(&value), &came, 1_000);
    let names: Vec<&str> = out.headers.iter().map(|(name, _)| &**name).collect();
    assert_eq!(names[..3], ["a", "b", "d"]);
    assert_eq!(header(&out, "tidegate_left_out"), Some("40011"));
    assert_eq!(header(&out, "tidegate_truncated"), None, "the value is whole");
    assert!(out.size() < value.len() + ROOM - 2_000, "{}", out.size());
    check("deadletter", &added(&out));
    let out = letter(Some(&[7; 60_000]), Some(&value), &NoHeaders, 1_000);
    assert_eq!(out.key, None);
    assert_eq!(header(&out, "tidegate_left_out"), Some("60000"));
    let many: Vec<(&str, Option<&[u8]>)> = vec![("n", None); 100_000];
    let out = letter(Some(b"k"), Some(&value), &Came(many), 1_000);
    assert!(out.headers.len() < 5_000);
    assert!(out.size() < value.len() + ROOM - 2_000, "{}", out.size());
    let mut headers: Vec<_> =
        out.headers.into_iter().map(|(name, value)| (name.into_owned(), value)).collect();
    assert!(DeadLetter::take(&mut headers).is_some());
    assert!(headers.iter().all(|(name, _)| name == "n"));
}

#[test]
fn a_fault_is_a_verdict_too() {
    for reason in Reason::ALL {
        let fault = Fault::new(reason, "where and what");
        for post in [None, Some("p1")] {
            let verdict: Value = serde_json::from_slice(&fault_json(post, &fault)).unwrap();
            check("verdict", &verdict);
            let fault = json!({"reason": reason.name(), "detail": "where and what"});
            assert_eq!(verdict, json!({"post": post, "fault": fault}));
        }
    }
}

#[test]
fn what_a_letter_says_is_read_back_and_its_headers_are_those_it_came_with() {
    let came = Came(vec![("h", Some(b"1")), ("tidegate_reason", Some(b"old"))]);
    let large = vec![b'x'; 100_000];
    for (value, cut_from) in [(PLANTED.as_bytes(), None), (&large, Some(100_000))] {
        let out = letter(Some(b"k"), Some(value), &came, 90_000);
        let mut headers: Vec<_> =
            out.headers.into_iter().map(|(name, value)| (name.into_owned(), value)).collect();
        let said = DeadLetter::take(&mut headers).unwrap();
        assert_eq!((said.reason.as_str(), said.topic.as_str()), ("bad_value", "posts"));
        assert_eq!((said.partition, said.offset, said.time_ms), (3, 77, TIME_MS));
        assert_eq!(said.cut_from, cut_from);
        assert_eq!(headers, [("h".to_owned(), Some(b"1".to_vec()))]);
        assert_eq!(DeadLetter::take(&mut headers), None);
        assert_eq!(headers.len(), 1, "nothing is taken off what is no dead letter");
    }
}
