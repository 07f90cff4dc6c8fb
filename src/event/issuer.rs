//! Who speaks in events, and the ids it gives: keyed hashes, so that nobody without the key can
//! try words or posts against them, and the same everywhere and at any time.

use std::fmt;

use super::subject::Subject;

/// A deployment and the key of its ids.
#[derive(Clone, PartialEq, Eq)]
pub struct Issuer {
    /// Name of the deployment, never empty: `ce_source`, and part of every id.
    pub deployment: String,
    /// Key of all ids. Whoever has it can find out list lines by trying words.
    pub id_key: [u8; 32],
}

impl fmt::Debug for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Issuer").field("deployment", &self.deployment).finish_non_exhaustive()
    }
}

/// What makes an event the same event.
pub(super) struct Identity<'a> {
    /// `takedown` or `referral`, for what would have been one too.
    pub(super) kind: &'static str,
    pub(super) subject: &'a Subject,
    pub(super) action: &'a str,
    /// Queue or label; empty for actions without.
    pub(super) detail: &'a str,
}

impl Issuer {
    /// The one that `scan`, `check` and `demo` use where no key is configured: no secret at all.
    #[must_use]
    pub fn public() -> Self {
        Self { deployment: "local".to_owned(), id_key: *b"tidegate public identity key v01" }
    }

    /// The id of an event, without its prefix.
    pub(super) fn event(&self, identity: &Identity<'_>) -> String {
        let subject = identity.subject;
        self.id(&[
            "event",
            &self.deployment,
            identity.kind,
            &subject.kind,
            subject.channel.as_deref().unwrap_or_default(),
            &subject.id,
            &subject.revision.to_string(),
            identity.action,
            identity.detail,
        ])
    }

    /// The id of a line of a list, by its text.
    #[must_use]
    pub fn entry(&self, line: &str) -> String {
        format!("e_{}", self.id(&["entry", line]))
    }

    /// A post as a counted value: its id alone may repeat in another channel.
    pub(super) fn post(&self, channel: &str, id: &str) -> String {
        format!("p_{}", self.id(&["post", channel, id]))
    }

    /// A domain as a counted key or value: its name is text that people wrote.
    #[must_use]
    pub fn domain(&self, domain: &str) -> String {
        format!("d_{}", self.id(&["domain", domain]))
    }

    /// Keyed hash of several fields, each behind its length, so that no two lists are the same
    /// bytes.
    fn id(&self, fields: &[&str]) -> String {
        let mut hasher = blake3::Hasher::new_keyed(&self.id_key);
        for field in fields {
            hasher.update(&(field.len() as u64).to_le_bytes());
            hasher.update(field.as_bytes());
        }
        base32(hasher.finalize().as_bytes())
    }
}

/// Characters of an id: 130 bits, past any collision that could happen.
const ID_CHARS: usize = 26;

/// The first 130 bits as RFC 4648 base32, lower case.
fn base32(hash: &[u8; 32]) -> String {
    const DIGITS: [char; 32] = [
        'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o', 'p', 'q', 'r',
        's', 't', 'u', 'v', 'w', 'x', 'y', 'z', '2', '3', '4', '5', '6', '7',
    ];
    let bit = |at: usize| (hash[at / 8] >> (7 - at % 8)) & 1;
    let digit = |at: usize| (at * 5..at * 5 + 5).fold(0, |sum, at| sum << 1 | bit(at));
    (0..ID_CHARS).map(|at| DIGITS[usize::from(digit(at))]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base32_is_that_of_rfc_4648() {
        let mut hash = [0; 32];
        hash[..6].copy_from_slice(b"foobar");
        assert_eq!(base32(&hash), "mzxw6ytboiaaaaaaaaaaaaaaaa");
        assert_eq!(base32(&[0xFF; 32]), "7".repeat(26));
    }
}
