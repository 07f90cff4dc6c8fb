//! Links, domains, channels, handles, phone numbers and wallets out of text, in one canonical form.
//!
//! A link is found however it is written: `hxxps://zorb[.]example`, `t me/name`, percent escapes,
//! full-width or mathematical letters, invisible characters, look-alikes. Its range is that of the
//! disguise in the original; its host is what a browser would ask for, with these exceptions:
//!
//! * A label that mixes Latin with look-alikes of Latin letters (`zоrb`) cannot be registered, so
//!   it stands for the Latin one. A label wholly of look-alikes under a Latin ending *can* be
//!   registered by somebody else, so it stays itself, unless the whole host then reads as one of
//!   [`SERVICES`] (`т.me`): nobody else is meant by that.
//! * The domain of an e-mail address is no link: nothing opens, and lists of domains are about
//!   what opens. With a path behind it (`x@t.me/name`) it is one, for browsers drop the `x@`.
//!
//! A domain without a scheme needs a public suffix, else every full stop with a forgotten space
//! were a link. All work is linear in the text: every look around is bounded by the length of a
//! host.

use std::ops::Range;

mod chars;
mod find;
mod handles;
mod host;
mod path;
mod phones;
mod services;
mod wallets;

pub use find::{links, parse};
pub use handles::{FoundHandle, handle_named, handles, may_hold_handle};
pub use host::{canonical_domain, domain_covers, registrable, shown_differs};
pub use phones::{FoundPhone, has_phones, may_hold_phone, phones};
pub use services::{SERVICES, Service, service_named};
pub use wallets::{FoundWallet, Wallet, may_hold_wallet, wallets};

/// A link found in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundLink {
    /// Byte range in the text as it was written, disguise included.
    pub range: Range<usize>,
    /// Host in lower case, look-alikes and disguises undone, international names as punycode, no
    /// trailing dot, no port.
    pub host: String,
    /// Path, query and fragment with percent escapes of unreserved characters undone; may be empty.
    /// A lone `/` is the empty path.
    pub path: String,
    /// The messenger or shop it belongs to, by name, if known.
    pub service: Option<&'static str>,
    /// Name of the channel, group or account it leads to on a messenger, lower case, without `@`.
    pub channel: Option<String>,
}

#[cfg(test)]
mod tests;
