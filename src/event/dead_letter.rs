//! Topic `deadletters`: what could not be screened, as it came, with the reason. The one topic
//! that holds what people wrote. See `schemas/deadletter.json`.

use std::borrow::Cow;

use jiff::Timestamp;

use super::cloud::List;
use super::time::Time;
use crate::decode::Fault;
use crate::record::{Outgoing, Record, Topic};

/// What is left of a value that is larger than posts may be: enough to see what it is.
pub(super) const CUT_TO: usize = 64 * 1024;

/// Longest detail, bytes. Details are ours and short; this keeps the promise of the topic's size.
const DETAIL_MAX: usize = 1024;

/// What is kept of the key and of the headers together, names and all: with the longest headers of ours they
/// fit into the 64 KiB that a dead letter may be larger than a post.
const ASIDE_MAX: usize = 48 * 1024;

/// Bytes that a header takes besides its name and its value, at most.
const HEADER_SIZE: usize = 10;

/// Names of the headers added here. A record that was a dead letter before loses its old ones.
const NAMES: [&str; 8] = [
    "tidegate_reason",
    "tidegate_detail",
    "tidegate_topic",
    "tidegate_partition",
    "tidegate_offset",
    "tidegate_time",
    "tidegate_truncated",
    "tidegate_left_out",
];

/// The record that keeps `record` for its fault: key, value and headers as they came, and where
/// it was read, why it was set aside. `max_bytes` is `decode.max_bytes`: a larger value is cut to
/// 64 KiB and marked with its size. What of key and headers is more than 48 KiB is left out, and their
/// bytes are told.
#[must_use]
pub fn dead_letter(record: &Record<'_>, topic: &str, fault: &Fault, max_bytes: usize) -> Outgoing {
    let value = record.value.unwrap_or_default();
    let kept = if value.len() > max_bytes { CUT_TO.min(value.len()) } else { value.len() };
    let cut = (kept < value.len()).then(|| value.len().to_string());
    let mut aside = Aside::default();
    let key = record.key.filter(|key| aside.takes(key.len()));
    let mut headers = List::new();
    record.headers.each(&mut |name, value| {
        let size = name.len() + value.map_or(0, <[u8]>::len) + HEADER_SIZE;
        if !NAMES.contains(&name) && aside.takes(size) {
            headers.push((Cow::Owned(name.to_owned()), value.map(<[u8]>::to_vec)));
        }
    });
    let own = [
        Some(fault.reason.name().to_owned()),
        Some(fault.detail.get(..boundary(&fault.detail)).unwrap_or_default().to_owned()),
        Some(topic.to_owned()),
        Some(record.partition.number.to_string()),
        Some(record.offset.to_string()),
        Some(Time::from_ms(record.time_ms).to_string()),
        cut,
        (aside.left_out > 0).then(|| aside.left_out.to_string()),
    ];
    let own = NAMES.into_iter().zip(own).filter_map(|(name, value)| Some((name, value?)));
    headers.extend(own.map(|(name, value)| (Cow::Borrowed(name), Some(value.into_bytes()))));
    Outgoing {
        topic: Topic::Deadletters,
        partition: None,
        key: key.map(<[u8]>::to_vec),
        value: record.value.map(|value| value.iter().take(kept).copied().collect()),
        headers,
    }
}

/// Key and headers as they came, as many as fit: brokers bound a record, but not these.
#[derive(Default)]
struct Aside {
    kept: usize,
    left_out: usize,
}

impl Aside {
    fn takes(&mut self, size: usize) -> bool {
        let fits = self.kept + size <= ASIDE_MAX;
        let sum = if fits { &mut self.kept } else { &mut self.left_out };
        *sum += size;
        fits
    }
}

/// What the headers of a dead letter say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetter {
    /// Name of the [`crate::decode::Reason`], or of one that a later version knows.
    pub reason: String,
    /// What was wrong, in our words.
    pub detail: String,
    /// Full name of the topic it was read from.
    pub topic: String,
    /// Partition it was read from.
    pub partition: i32,
    /// Offset it was read at.
    pub offset: i64,
    /// Time of the record, Unix milliseconds.
    pub time_ms: i64,
    /// Bytes of the value where it was cut: what is left is no post.
    pub cut_from: Option<u64>,
}

impl DeadLetter {
    /// Takes them off the headers of a record, which are those it came with then; `None`, and nothing
    /// taken, where it is no dead letter.
    #[must_use]
    pub fn take(headers: &mut Vec<(String, Option<Vec<u8>>)>) -> Option<Self> {
        let text = |wanted: &str| {
            let found = headers.iter().rev().find(|(name, _)| name == wanted);
            found.and_then(|(_, value)| String::from_utf8(value.clone()?).ok())
        };
        let [reason, detail, topic, partition, offset, time, cut, _] = NAMES.map(text);
        let letter = Self {
            reason: reason?,
            detail: detail?,
            topic: topic?,
            partition: partition?.parse().ok()?,
            offset: offset?.parse().ok()?,
            time_ms: time?.parse::<Timestamp>().ok()?.as_millisecond(),
            cut_from: cut.map(|size| size.parse()).transpose().ok()?,
        };
        headers.retain(|(name, _)| !NAMES.contains(&name.as_str()));
        Some(letter)
    }
}

/// Where a detail ends that fits.
fn boundary(detail: &str) -> usize {
    detail.floor_char_boundary(DETAIL_MAX)
}
