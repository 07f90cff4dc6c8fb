//! `exempt`: channels that a rule spares for a time.

use jiff::Timestamp;

use super::asked::PostField;
use super::codes::Code;
use super::entries;
use super::fields::{Fields, Keys};
use super::model::Exempt;
use super::patterns::Reader;
use super::report::quoted;
use super::values::text;
use super::yaml::Node;

const EXEMPT: Keys = Keys { of: "`exempt`", known: &["channels", "until"], later: &[] };

impl Reader<'_> {
    /// `exempt: {channels: lists/press.txt, until: "2027-03-01"}`
    pub(super) fn exempt(&mut self, node: &Node) -> Option<Exempt> {
        let fields = Fields::read(node, &EXEMPT, &mut self.faults)?;
        let help = "say which: `channels: lists/press.txt`, an id a line";
        let channels = fields.need("channels", help, &mut self.faults);
        let channels = channels.and_then(|node| {
            self.names(node, |text| entries::value(text, Some(PostField::ChannelId)))
        });
        let help = "say for how long: `until: \"2027-03-01\"`";
        let until = fields.need("until", help, &mut self.faults);
        let until = until.and_then(|node| self.date(node));
        let mut channels: Vec<String> = channels?.into_iter().map(|entry| entry.text).collect();
        channels.sort_unstable();
        let (until, until_ms) = until?;
        Some(Exempt { channels, until, until_ms })
    }

    /// A day, and when it begins in UTC, Unix milliseconds.
    fn date(&mut self, node: &Node) -> Option<(String, i64)> {
        let written = text(node, "`until`", &mut self.faults)?;
        let begins = begins_ms(written);
        if begins.is_none() {
            self.faults
                .error(Code::BadDate, node.span, format!("{} is no date", quoted(written)))
                .help("write year, month and day, in quotes: \"2027-03-01\"");
        }
        Some((written.to_owned(), begins?))
    }
}

fn begins_ms(date: &str) -> Option<i64> {
    let is_shaped = date.len() == 10
        && date.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    let time: Timestamp = is_shaped.then(|| format!("{date}T00:00:00Z"))?.parse().ok()?;
    Some(time.as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::begins_ms;

    #[test]
    fn a_date_is_a_day_that_there_is() {
        let table = [
            ("1970-01-01", Some(0)),
            ("2026-11-24", Some(1_795_478_400_000)),
            ("2028-02-29", Some(1_835_395_200_000)),
            ("2027-02-29", None),
            ("2027-13-01", None),
            ("2027-3-1", None),
            ("27-03-01", None),
            ("2027/03/01", None),
            ("01.03.2027", None),
            ("2027-03-01Z", None),
            ("2027-03-0é", None),
            ("", None),
        ];
        for (written, want) in table {
            assert_eq!(begins_ms(written), want, "{written}");
        }
    }
}
