//! Topic `deadletters`: what could not be screened, as it came, with the reason. The one topic
//! that holds what people wrote. See `schemas/deadletter.json`.

use std::borrow::Cow;

use super::cloud::List;
use super::time::Time;
use crate::decode::Fault;
use crate::record::{Outgoing, Record, Topic};

/// What is left of a value that is larger than posts may be: enough to see what it is.
pub(super) const CUT_TO: usize = 64 * 1024;

/// Longest detail, bytes. Details are ours and short; this keeps the promise of the topic's size.
const DETAIL_MAX: usize = 1024;

/// Names of the headers added here. A record that was a dead letter before loses its old ones.
const NAMES: [&str; 7] = [
    "tidegate_reason",
    "tidegate_detail",
    "tidegate_topic",
    "tidegate_partition",
    "tidegate_offset",
    "tidegate_time",
    "tidegate_truncated",
];

/// The record that keeps `record` for its fault: key, value and headers as they came, and where
/// it was read, why it was set aside. `max_bytes` is `decode.max_bytes`: a larger value is cut to
/// 64 KiB and marked with its size.
#[must_use]
pub fn dead_letter(record: &Record<'_>, topic: &str, fault: &Fault, max_bytes: usize) -> Outgoing {
    let value = record.value.unwrap_or_default();
    let kept = if value.len() > max_bytes { CUT_TO.min(value.len()) } else { value.len() };
    let cut = (kept < value.len()).then(|| value.len().to_string());
    let own = [
        Some(fault.reason.name().to_owned()),
        Some(fault.detail.get(..boundary(&fault.detail)).unwrap_or_default().to_owned()),
        Some(topic.to_owned()),
        Some(record.partition.number.to_string()),
        Some(record.offset.to_string()),
        Some(Time::from_ms(record.time_ms).to_string()),
        cut,
    ];
    let mut headers = List::new();
    record.headers.each(&mut |name, value| {
        if !NAMES.contains(&name) {
            headers.push((Cow::Owned(name.to_owned()), value.map(<[u8]>::to_vec)));
        }
    });
    let own = NAMES.into_iter().zip(own).filter_map(|(name, value)| Some((name, value?)));
    headers.extend(own.map(|(name, value)| (Cow::Borrowed(name), Some(value.into_bytes()))));
    Outgoing {
        topic: Topic::Deadletters,
        partition: None,
        key: record.key.map(<[u8]>::to_vec),
        value: record.value.map(|value| value.iter().take(kept).copied().collect()),
        headers,
    }
}

/// Where a detail ends that fits.
fn boundary(detail: &str) -> usize {
    detail.floor_char_boundary(DETAIL_MAX)
}
