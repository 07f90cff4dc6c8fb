//! Stage 1: bytes to [`Post`]. Trusts nothing, panics never; what it cannot read is a [`Fault`]
//! that the worker sets aside with its reason.
#![deny(clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::borrow::Cow;

mod fault;
mod fields;
mod format;
mod json;
mod lazy;
mod mapped;
mod native;
mod osprey;
mod pointer;
mod post;
mod quotes;
mod telegram;

pub use fault::{Fault, Reason};
pub use fields::{FieldFault, Fields};
pub use format::{Format, FormatFault};
pub use post::{Author, Button, Channel, Forward, Kind, Link, Medium, Piece, Post};

/// Objects and arrays that may be open at once in a record: far more than any post needs, and few
/// enough that no later reader runs out of stack.
pub const MAX_DEPTH: usize = 64;

/// Channel id of posts that come as plain lines.
pub const TEXT_CHANNEL: &str = "stdin";

/// What a record may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the largest value that is read.
    pub max_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        // What a broker takes by default.
        Self { max_bytes: 1 << 20 }
    }
}

/// Longest id, bytes: ids are in every event and signal, in keys and in rows of state.
const ID_MAX: usize = 1_024;

/// Reads one record's value. Strings of the post borrow from it where they hold no escape.
///
/// # Errors
/// The first [`Fault`] found: the value as a whole first (empty, too large, not UTF-8, too deep, not
/// JSON), then the fields in the order they are documented in, then what is missing.
pub fn read<'a>(
    format: &Format,
    value: Option<&'a [u8]>,
    limits: &Limits,
) -> Result<Post<'a>, Fault> {
    let mut read = Ok(Post::default());
    if let Ok(post) = &mut read
        && let Err(fault) = read_into(post, format, value, limits)
    {
        read = Err(fault);
    }
    read
}

/// As [`read`], into a post of its [`Default`]: a post is large, and to move it costs a tenth of
/// reading it.
///
/// # Errors
/// As [`read`]. What is in the post then is nothing to go by.
pub fn read_into<'a>(
    post: &mut Post<'a>,
    format: &Format,
    value: Option<&'a [u8]>,
    limits: &Limits,
) -> Result<(), Fault> {
    let text = text(value, limits)?;
    if !matches!(format, Format::Native) || lazy::post(text, post).is_none() {
        *post = read_text(format, text)?;
    }
    bound(post)
}

/// [`read`] without the fast way for ordinary records: what that must agree with.
///
/// # Errors
/// As [`read`].
pub fn read_full<'a>(
    format: &Format,
    value: Option<&'a [u8]>,
    limits: &Limits,
) -> Result<Post<'a>, Fault> {
    let post = read_text(format, text(value, limits)?)?;
    bound(&post)?;
    Ok(post)
}

/// Holds to their bound the ids that go into each event.
fn bound(post: &Post<'_>) -> Result<(), Fault> {
    let author = post.author.as_ref().and_then(|author| author.id.as_deref());
    let ids =
        [("id", &*post.id), ("channel.id", &*post.channel.id), ("author.id", author.unwrap_or(""))];
    if let Some((name, id)) = ids.into_iter().find(|(_, id)| id.len() > ID_MAX) {
        let detail = format!("{name}: {} bytes are more than {ID_MAX}", id.len());
        return Err(Fault::new(Reason::BadValue, detail));
    }
    Ok(())
}

/// A value as text.
fn text<'a>(value: Option<&'a [u8]>, limits: &Limits) -> Result<&'a str, Fault> {
    let bytes = value.unwrap_or_default();
    if bytes.is_empty() {
        return Err(Fault::new(Reason::Empty, "the record has no value"));
    }
    if bytes.len() > limits.max_bytes {
        let (size, limit) = (bytes.len(), limits.max_bytes);
        let detail =
            format!("{size} bytes are more than {limit}; send less, or raise decode.max_bytes");
        return Err(Fault::new(Reason::TooLarge, detail));
    }
    simdutf8::basic::from_utf8(bytes).map_err(|_| not_utf8(bytes))
}

/// Says where: which the fast check does not know.
fn not_utf8(bytes: &[u8]) -> Fault {
    let at = str::from_utf8(bytes).map_or_else(|error| error.valid_up_to(), str::len);
    Fault::new(Reason::NotUtf8, format!("byte {at} is not UTF-8; records are UTF-8 only"))
}

fn read_text<'a>(format: &Format, text: &'a str) -> Result<Post<'a>, Fault> {
    match format {
        Format::Native => native::post(text),
        Format::Text => Ok(text_post(1, text)),
        Format::Telegram => telegram::post(text),
        Format::Osprey(fields) => osprey::post(text, fields),
        Format::Json(fields) => mapped::post(text, fields),
    }
}

/// A post of a text alone. `line` is where it stands in its file, from 1, and becomes its id.
#[must_use]
pub fn text_post(line: u64, text: &str) -> Post<'_> {
    Post {
        id: Cow::Owned(line.to_string()),
        channel: Channel { id: Cow::Borrowed(TEXT_CHANNEL), ..Channel::default() },
        text: Cow::Borrowed(text),
        ..Post::default()
    }
}

#[cfg(test)]
mod tests;
