//! Links, domains and channel names out of text, in one canonical form.

use std::ops::Range;

/// A link found in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundLink {
    /// Byte range in the text as it was written, disguise included.
    pub range: Range<usize>,
    /// Host in lower case, look-alikes and disguises undone, international names as punycode, no
    /// trailing dot, no port.
    pub host: String,
    /// Path, query and fragment with percent escapes of unreserved characters undone; may be empty.
    pub path: String,
    /// The messenger or shop it belongs to, by name, if known.
    pub service: Option<&'static str>,
    /// Name of the channel, group or account it leads to on a messenger, lower case, without `@`.
    pub channel: Option<String>,
}
