//! Stage 1: bytes to [`Post`]. Trusts nothing, panics never; what it cannot read is a [`Fault`]
//! that the worker sets aside with its reason.
//!
//! A record is checked whole before any field is read: UTF-8, depth, structure. Of a key that is
//! given twice the last counts; unknown keys are passed over; null is absent.
#![deny(clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod fault;
mod json;
mod native;
mod post;

#[cfg(test)]
mod tests;

use std::borrow::Cow;

pub use fault::{Fault, Reason};
pub use json::DEPTH_MAX;
pub use post::{Author, Button, Channel, Forward, Kind, Link, Medium, Piece, Post};

/// How the value of a record is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// Tidegate's own JSON: design section 5.
    #[default]
    Native,
    /// A line is the text of a post; on the command line only.
    Text,
}

impl std::str::FromStr for Format {
    type Err = &'static str;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        match name {
            "native" => Ok(Self::Native),
            "text" => Ok(Self::Text),
            _ => Err("there are `native` and `text`"),
        }
    }
}

/// What is too large.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a record's value.
    pub max_bytes: usize,
}

impl Default for Limits {
    /// 1 MiB, the broker's own default for a record.
    fn default() -> Self {
        Self { max_bytes: 1 << 20 }
    }
}

/// Reads the value of a record.
///
/// # Errors
/// Why it cannot be screened.
pub fn read<'a>(
    format: Format,
    value: Option<&'a [u8]>,
    limits: &Limits,
) -> Result<Post<'a>, Fault> {
    let value = value.filter(|value| !value.is_empty());
    let value = value.ok_or_else(|| Fault::new(Reason::Empty, "the record has no value"))?;
    if value.len() > limits.max_bytes {
        let detail = format!("{} bytes, {} are allowed", value.len(), limits.max_bytes);
        return Err(Fault::new(Reason::TooLarge, detail));
    }
    let text = str::from_utf8(value).map_err(|bad| {
        Fault::new(Reason::NotUtf8, format!("not UTF-8 at byte {}", bad.valid_up_to()))
    })?;
    let post = match format {
        Format::Text => text_post(1, text),
        Format::Native => match json::mend_surrogates(text) {
            Cow::Borrowed(text) => native::read(text)?,
            Cow::Owned(text) => native::read(&text)?.into_owned(),
        },
    };
    if post.pieces().is_empty() && post.media.is_empty() && post.forward.is_none() {
        let detail = "no text, link, medium or forward to look at";
        return Err(Fault::new(Reason::NothingToSee, detail));
    }
    Ok(post)
}

/// A line of text as a post; `line` counts from 1 and becomes its id.
#[must_use]
pub fn text_post(line: u64, text: &str) -> Post<'_> {
    Post {
        id: Cow::Owned(line.to_string()),
        channel: Channel { id: Cow::Borrowed("text"), ..Channel::default() },
        text: Cow::Borrowed(text),
        ..Post::default()
    }
}
