//! Hosts: one canonical form, public suffixes, what covers what.

use std::borrow::Cow;

use super::chars::{Writing, look_alike, writing};
use super::{find, services};

/// Bytes of the longest host that DNS can hold.
pub(super) const HOST_MAX: usize = 253;
/// Bytes of the longest label that DNS can hold.
pub(super) const LABEL_MAX: usize = 63;

/// Names that no registry gives out (RFC 2606, 6761): domains in shown texts, so that rules can be
/// tried without naming anyone.
const RESERVED: [&str; 4] = ["example", "invalid", "localhost", "test"];

/// The canonical form of a host as written: lower case, look-alikes undone, ASCII. `None`: no
/// browser would ask for it.
pub(super) fn canonical(written: &str) -> Option<String> {
    let host = ascii(&undone(&decoded(written)))?;
    let bounded = host.len() <= HOST_MAX && host.split('.').all(is_label_of_a_host);
    (bounded || host.starts_with('[')).then_some(host)
}

/// Punycode and case undone; as written where it is no valid punycode.
fn decoded(written: &str) -> Cow<'_, str> {
    if is_plain(written) {
        return Cow::Borrowed(written);
    }
    match idna::domain_to_unicode(written) {
        (host, Ok(())) => Cow::Owned(host),
        (_, Err(_)) => Cow::Owned(written.to_lowercase()),
    }
}

/// Look-alikes undone, as the module's page says it.
fn undone(host: &str) -> Cow<'_, str> {
    if host.is_ascii() {
        return Cow::Borrowed(host);
    }
    let all = host.split('.').map(|label| latin(label).map_or(Cow::Borrowed(label), Cow::Owned));
    let all: Vec<_> = all.collect();
    let all = all.join(".");
    if services::of_host(&all).is_some() {
        return Cow::Owned(all);
    }
    let mixed = host.split('.').map(|label| match latin(label) {
        Some(plain) if holds_latin(label) => Cow::Owned(plain),
        _ => Cow::Borrowed(label),
    });
    Cow::Owned(mixed.collect::<Vec<_>>().join("."))
}

/// The label in Latin letters, if each other letter of it looks like one and none is left over.
pub(super) fn latin(label: &str) -> Option<String> {
    let folded = label.chars().map(|c| match look_alike(c) {
        Some(plain) => Some(plain),
        None => (writing(c).is_none_or(|script| script == Writing::Latin)).then_some(c),
    });
    folded.collect()
}

fn holds_latin(label: &str) -> bool {
    label.chars().any(|c| c.is_ascii_alphabetic())
}

/// The form a browser asks for: IDNA, and numbers of any base as an IPv4 address.
fn ascii(host: &str) -> Option<String> {
    let host = host.strip_suffix('.').unwrap_or(host);
    if is_plain(host) {
        return Some(host.to_ascii_lowercase());
    }
    let parsed = url::Host::parse(host).ok()?;
    let text = parsed.to_string();
    (!text.is_empty()).then_some(text)
}

/// True for a host that the full way would only put in lower case: most are, and it is slow.
fn is_plain(host: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    // A last label that begins with a digit may make the host a number, an empty one hides it.
    let numeric = |label: &str| label.bytes().next().is_none_or(|byte| byte.is_ascii_digit());
    let punycode = |label: &str| label.get(..4).is_some_and(|it| it.eq_ignore_ascii_case("xn--"));
    host.bytes().all(plain)
        && !host.split('.').any(punycode)
        && !host.rsplit('.').next().is_none_or(numeric)
}

fn is_label_of_a_host(label: &str) -> bool {
    (1..=LABEL_MAX).contains(&label.len())
}

/// Does the host end in a suffix of the public list, with a name before it? A private suffix
/// (`zorb.github.io`) needs none: it is somebody's host itself.
pub(super) fn is_public(host: &str) -> bool {
    let Some(suffix) = psl::suffix(host.as_bytes()) else { return false };
    match suffix.typ() {
        Some(psl::Type::Icann) => suffix.as_bytes().len() < host.len(),
        Some(psl::Type::Private) => true,
        None => false,
    }
}

/// Can a host of the public list end in this label, as written or with its look-alikes undone?
pub(super) fn may_end_host(label: &str) -> bool {
    let label = label.to_lowercase();
    is_ending(&label) || (!label.is_ascii() && latin(&label).is_some_and(|plain| is_ending(&plain)))
}

/// The same as written, which is all there is to a label of ideographs and kana: they have no case and
/// look like no Latin letter.
pub(super) fn is_ending(label: &str) -> bool {
    // The name before it is there for endings of which only the second level is listed (`*.ck`).
    let mut host = [0; 2 + 4 * LABEL_MAX];
    host[..2].copy_from_slice(b"x.");
    let Some(to) = host.get_mut(2..2 + label.len()) else { return false };
    to.copy_from_slice(label.as_bytes());
    let host = host.get(..2 + label.len()).unwrap_or_default();
    psl::suffix(host).is_some_and(|suffix| suffix.is_known())
}

pub(super) fn is_reserved(host: &str) -> bool {
    let ending = host.rsplit_once('.');
    ending.is_some_and(|(_, ending)| RESERVED.contains(&ending))
}

/// The domain that somebody registered for a canonical host: the public suffix and one label more,
/// private suffixes taken as public (`zorb.github.io` of `a.zorb.github.io`). `None` for addresses,
/// for a suffix itself and for a host without a dot.
///
/// ```
/// use tidegate::extract::registrable;
/// assert_eq!(registrable("a.b.zorb.co.uk"), Some("zorb.co.uk"));
/// assert_eq!(registrable("co.uk"), None);
/// assert_eq!(registrable("192.0.2.1"), None);
/// ```
#[must_use]
pub fn registrable(host: &str) -> Option<&str> {
    let last = host.rsplit('.').next()?;
    let is_address = host.starts_with('[') || last.bytes().all(|byte| byte.is_ascii_digit());
    if is_address { None } else { psl::domain_str(host) }
}

/// A line of a list of domains in the form of [`super::FoundLink::host`]; it may be written with a
/// scheme, a path, `*.` or a dot before it, in any case, in Unicode or punycode. `None` if there is
/// no host in it.
#[must_use]
pub fn canonical_domain(entry: &str) -> Option<String> {
    let entry = entry.trim();
    let bare = entry.strip_prefix("*.").or_else(|| entry.strip_prefix('.')).unwrap_or(entry);
    find::address(bare).map(|link| link.host)
}

/// Does a line of a list of domains cover a canonical host: the same, or anything below it?
///
/// Who asks for many hosts takes [`canonical_domain`] of the entry once and compares by itself.
#[must_use]
pub fn domain_covers(entry: &str, host: &str) -> bool {
    canonical_domain(entry).is_some_and(|domain| is_at_or_below(host, &domain))
}

/// Is the canonical `host` the canonical `domain`, or below it?
pub(super) fn is_at_or_below(host: &str, domain: &str) -> bool {
    let Some(above) = host.len().checked_sub(domain.len()) else { return false };
    // First what tells most apart: each link is held against all hosts of the services.
    let is_apart = above == 0 || host.as_bytes().get(above - 1) == Some(&b'.');
    is_apart && host.ends_with(domain)
}

/// Does what the reader sees of a link name a domain that another registrant holds than the one it
/// leads to? False where the address leads to no host.
#[must_use]
pub fn shown_differs(shown: &str, url: &str) -> bool {
    let Some(target) = find::parse(url) else { return false };
    let holder = |host: &str| registrable(host).unwrap_or(host).to_owned();
    let target = holder(&target.host);
    find::shown_links(shown).iter().any(|link| holder(&link.host) != target)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_plain_host_is_what_a_browser_makes_of_it(host in "[a-zA-Z0-9x_.n-]{1,12}") {
            if is_plain(&host) && !host.is_empty() {
                let slow = url::Host::parse(&host).map(|host| host.to_string());
                prop_assert_eq!(slow, Ok(host.to_ascii_lowercase()));
            }
        }
    }
}
