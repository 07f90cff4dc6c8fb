//! Headers of public events: CloudEvents 1.0, Kafka binding, binary mode; W3C trace context.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::subject::Subject;
use super::time::Time;

/// Headers of a record, as [`crate::record::Outgoing::headers`] takes them.
pub(super) type List = Vec<(Cow<'static, str>, Option<Vec<u8>>)>;

/// What the headers of an event are made of.
pub(super) struct Headers<'e> {
    /// `ce_type`.
    pub(super) kind: &'static str,
    pub(super) id: &'e str,
    pub(super) subject: &'e Subject,
    /// When it was decided.
    pub(super) time: Option<Time>,
    pub(super) deployment: &'e str,
    pub(super) traceparent: Option<&'e str>,
}

impl Headers<'_> {
    /// The headers, in order.
    pub(super) fn list(&self) -> List {
        let subject = format!("{}/{}", self.subject.kind, self.subject.id);
        let time = self.time.map(|time| time.to_string());
        let known = [
            ("ce_specversion", Some("1.0".to_owned())),
            ("ce_id", Some(self.id.to_owned())),
            ("ce_type", Some(self.kind.to_owned())),
            ("ce_source", Some(encoded(self.deployment))),
            ("ce_subject", Some(encoded(&subject))),
            ("ce_time", time),
            ("content-type", Some("application/json".to_owned())),
            ("traceparent", self.traceparent.map(str::to_owned)),
        ];
        let set = known.into_iter().filter_map(|(name, value)| Some((name, value?)));
        set.map(|(name, value)| (Cow::Borrowed(name), Some(value.into_bytes()))).collect()
    }
}

/// Percent-encodes everything that a URI reference or a plain header may not hold, and `%`.
pub(super) fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~:/@!$&'()*+,;=".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            write!(out, "%{byte:02X}").ok();
        }
    }
    out
}

/// A `traceparent` header, if it is one: whatever else a sender puts there stays there.
pub(super) fn traceparent(value: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(value).ok()?;
    let lengths = text.split('-').map(str::len);
    let hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f' | b'-');
    (lengths.eq([2, 32, 16, 2]) && text.bytes().all(hex)).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_header_may_not_hold_is_percent_encoded() {
        let table = [
            ("post/a-1._~:@!$&'()*+,;=", "post/a-1._~:@!$&'()*+,;="),
            ("100%", "100%25"),
            ("a b\n\"", "a%20b%0A%22"),
            ("ю", "%D1%8E"),
            ("<#?>", "%3C%23%3F%3E"),
            ("", ""),
        ];
        for (text, want) in table {
            assert_eq!(encoded(text), want);
        }
    }

    #[test]
    fn only_a_trace_context_is_passed_on() {
        let good = format!("00-{}-{}-01", "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331");
        assert_eq!(traceparent(good.as_bytes()), Some(good.clone()));
        let (upper, other) = (good.to_uppercase(), good.replace('f', "g"));
        let (long, short) = (format!("{good}-00"), good.replace("-01", "-1"));
        for bad in ["", "hello", upper.as_str(), &other, &long, &short, "00-é"] {
            assert_eq!(traceparent(bad.as_bytes()), None, "{bad}");
        }
        assert_eq!(traceparent(&[0xFF]), None);
    }
}
