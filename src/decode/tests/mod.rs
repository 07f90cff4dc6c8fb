//! Every format, by tables of documents as their senders write them, and by chance.
#![expect(clippy::panic, clippy::indexing_slicing, reason = "a test that panics has failed")]

mod fast;
mod mapped;
mod native;
mod osprey;
mod telegram;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

const LIMITS: Limits = Limits { max_bytes: 1 << 20 };

fn some(text: &str) -> Option<Cow<'_, str>> {
    Some(Cow::Borrowed(text))
}

fn fields(pointers: &[(&str, &str)]) -> Fields {
    let mut fields = Fields::default();
    for (name, pointer) in pointers {
        fields.add(name, pointer).unwrap_or_else(|fault| panic!("{name}: {fault}"));
    }
    fields
}

fn format(name: &str, pointers: &[(&str, &str)]) -> Format {
    let format = Format::new(name, fields(pointers));
    format.unwrap_or_else(|faults| panic!("{name}: {faults:?}"))
}

/// One of every format, in the order of their names.
fn formats() -> [Format; 5] {
    let pointers = [("id", "/id"), ("channel.id", "/c/id"), ("text", "/text"), ("media", "/m")];
    [
        Format::Native,
        Format::Text,
        Format::Telegram,
        format("osprey", &[("text", "/post/text"), ("media", "/m"), ("media.name", "/0/n")]),
        format("json", &pointers),
    ]
}

#[track_caller]
fn check(format: &Format, json: &str, reason: Reason, detail: &str) {
    let fault = read(format, Some(json.as_bytes()), &LIMITS).expect_err(json);
    assert_eq!((fault.reason, fault.detail.as_str()), (reason, detail), "{json}");
}

/// A document, and a few of its bytes changed.
fn mutated(documents: &'static [&'static str]) -> impl Strategy<Value = Vec<u8>> {
    let changes = proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4);
    (proptest::sample::select(documents), changes, any::<prop::sample::Index>()).prop_map(
        |(document, changes, cut)| {
            let mut bytes = document.as_bytes().to_vec();
            for (index, byte) in changes {
                let index = index.index(bytes.len());
                bytes[index] = byte;
            }
            // One in eight is cut short.
            let cut = cut.index(8 * bytes.len());
            bytes.truncate(if cut < bytes.len() { cut } else { bytes.len() });
            bytes
        },
    )
}

/// Whatever the bytes, a post has what every post has, or there is a fault.
fn hold(format: &Format, bytes: &[u8]) -> Result<(), TestCaseError> {
    match read(format, Some(bytes), &LIMITS) {
        Ok(post) => {
            prop_assert!(!post.id.is_empty() && !post.channel.id.is_empty());
            prop_assert!(serde_json::from_slice::<serde::de::IgnoredAny>(bytes).is_ok());
        }
        Err(fault) => prop_assert!(!fault.detail.is_empty()),
    }
    Ok(())
}
