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

// Stand-ins until the real module is merged.

/// Does a domain entry cover a host: itself and all below it?
#[must_use]
pub fn domain_covers(entry: &str, host: &str) -> bool {
    let rest = host.strip_suffix(entry);
    rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// Does the shown text contain a domain whose registrable domain is not that of the address?
#[must_use]
pub fn shown_differs(shown: &str, url: &str) -> bool {
    shown.contains('.') && !url.contains(shown)
}
