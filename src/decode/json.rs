//! JSON as a post needs it: checked whole, then read lazily, field by field, without losing a digit
//! of a number or the last of two equal keys.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::{Fault, Reason};

/// Objects and lists inside each other, the outermost counted.
pub const DEPTH_MAX: usize = 64;

/// A value that is known to be well-formed, not read yet.
#[derive(Clone, Copy)]
pub(super) struct Json<'a>(&'a RawValue);

/// The fields of an object, in order.
pub(super) struct Object<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

/// Checks that `text` is one JSON value, not too deep.
pub(super) fn parse(text: &str) -> Result<Json<'_>, Fault> {
    check_depth(text)?;
    let value = serde_json::from_str(text).map_err(|bad| {
        let place = format!("not JSON at line {} column {}", bad.line(), bad.column());
        Fault::new(Reason::NotJson, place)
    })?;
    Ok(Json(value))
}

/// Counts brackets outside strings: before any parser that might recurse sees them.
fn check_depth(text: &str) -> Result<(), Fault> {
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'[' | b'{' if !quoted => depth += 1,
            b']' | b'}' if !quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEPTH_MAX {
            let detail = format!("deeper than {DEPTH_MAX} at byte {at}");
            return Err(Fault::new(Reason::TooDeep, detail));
        }
    }
    Ok(())
}

/// Replaces each escape of half a surrogate pair by that of U+FFFD, which is as long: positions
/// stay. Borrows where there is none.
pub(super) fn mend_surrogates(text: &str) -> Cow<'_, str> {
    let mut mended: Option<String> = None;
    let mut copied = 0;
    let mut rest = text;
    while let Some(start) = rest.find('\\') {
        let escape = rest.get(start..).unwrap_or_default();
        let at = text.len() - escape.len();
        let length = match unit(escape) {
            None => 2.min(escape.len()),
            Some(0xD800..=0xDBFF) if is_low(escape.get(6..)) => 12,
            Some(0xD800..=0xDFFF) => {
                let mended = mended.get_or_insert_with(|| String::with_capacity(text.len()));
                mended.push_str(text.get(copied..at).unwrap_or_default());
                mended.push_str("\\ufffd");
                copied = at + 6;
                6
            }
            Some(_) => 6,
        };
        // An escaped character may be longer than a byte; that is not JSON, and is said later.
        rest = escape.get(length..).unwrap_or_else(|| escape.trim_start_matches('\\'));
    }
    match mended {
        None => Cow::Borrowed(text),
        Some(mut mended) => {
            mended.push_str(text.get(copied..).unwrap_or_default());
            Cow::Owned(mended)
        }
    }
}

/// The UTF-16 unit of an escape such as `\ud800` at the start of `text`.
fn unit(text: &str) -> Option<u16> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    let hex = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    hex.then(|| u16::from_str_radix(digits, 16).ok()).flatten()
}

fn is_low(text: Option<&str>) -> bool {
    matches!(text.and_then(unit), Some(0xDC00..=0xDFFF))
}

impl<'a> Json<'a> {
    fn literal(self) -> &'a str {
        self.0.get()
    }

    fn is_null(self) -> bool {
        self.literal() == "null"
    }

    pub(super) fn object(self, path: &Path<'_>) -> Result<Object<'a>, Fault> {
        serde_json::from_str(self.literal()).map_err(|_| path.wrong_type("an object"))
    }

    pub(super) fn list(self, path: &Path<'_>) -> Result<Vec<Self>, Fault> {
        let list: Result<Vec<&RawValue>, _> = serde_json::from_str(self.literal());
        Ok(list.map_err(|_| path.wrong_type("a list"))?.into_iter().map(Self).collect())
    }

    pub(super) fn text(self, path: &Path<'_>) -> Result<Cow<'a, str>, Fault> {
        let text: Result<Text<'a>, _> = serde_json::from_str(self.literal());
        text.map(|text| text.0).map_err(|_| path.wrong_type("a string"))
    }

    /// A string, or a whole number as it is written.
    pub(super) fn id(self, path: &Path<'_>) -> Result<Cow<'a, str>, Fault> {
        let digits = self.literal().strip_prefix('-').unwrap_or(self.literal());
        if digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Ok(Cow::Borrowed(self.literal()));
        }
        self.text(path).map_err(|_| path.wrong_type("a string or a whole number"))
    }

    pub(super) fn flag(self, path: &Path<'_>) -> Result<bool, Fault> {
        serde_json::from_str(self.literal()).map_err(|_| path.wrong_type("true or false"))
    }

    pub(super) fn number(self, path: &Path<'_>) -> Result<u64, Fault> {
        let number = serde_json::from_str(self.literal());
        number.map_err(|_| path.wrong_type("a whole number from 0"))
    }

    /// RFC 3339 or Unix seconds, as Unix milliseconds.
    pub(super) fn time(self, path: &Path<'_>) -> Result<i64, Fault> {
        if self.literal().starts_with('"') {
            let text = self.text(path)?;
            let time: Result<jiff::Timestamp, _> = text.parse();
            return time
                .map(jiff::Timestamp::as_millisecond)
                .map_err(|_| path.bad_value("a time of RFC 3339"));
        }
        let seconds: Result<f64, _> = serde_json::from_str(self.literal());
        let seconds = seconds.map_err(|_| path.wrong_type("a time"))?;
        millis(seconds).ok_or_else(|| path.bad_value("Unix seconds of this era"))
    }
}

/// Whole milliseconds, within the years that RFC 3339 can write.
fn millis(seconds: f64) -> Option<i64> {
    const YEAR_9999: f64 = 253_402_300_799_000.0;
    let millis = (seconds * 1000.0).round();
    #[expect(clippy::cast_possible_truncation, reason = "within the range just asked for")]
    (-62_135_596_800_000.0..=YEAR_9999).contains(&millis).then_some(millis as i64)
}

impl<'a> Object<'a> {
    /// The last value of a key; `None` where it is absent or null.
    pub(super) fn get(&self, key: &str) -> Option<Json<'a>> {
        let last = self.0.iter().rev().find(|(name, _)| name == key);
        last.map(|(_, value)| Json(value)).filter(|value| !value.is_null())
    }
}

/// Where a value stands, in words that are ours.
pub(super) struct Path<'p> {
    pub(super) within: Option<&'p Path<'p>>,
    pub(super) step: Step,
}

/// One step of a path.
pub(super) enum Step {
    Field(&'static str),
    Index(usize),
}

impl Path<'_> {
    fn wrong_type(&self, wanted: &str) -> Fault {
        Fault::new(Reason::WrongType, format!("`{self}` is not {wanted}"))
    }

    fn bad_value(&self, wanted: &str) -> Fault {
        Fault::new(Reason::BadValue, format!("`{self}` is not {wanted}"))
    }

    pub(super) fn missing(&self) -> Fault {
        Fault::new(Reason::MissingField, format!("`{self}` is missing or empty"))
    }

    pub(super) fn unknown(&self, known: &str) -> Fault {
        Fault::new(Reason::BadValue, format!("`{self}` is none of {known}"))
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.step, self.within) {
            (Step::Field(name), None) => f.write_str(name),
            (Step::Field(name), Some(within)) => write!(f, "{within}.{name}"),
            (Step::Index(index), Some(within)) => write!(f, "{within}[{index}]"),
            (Step::Index(index), None) => write!(f, "[{index}]"),
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Object<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Fields)
    }
}

/// Keeps every field, equal keys too: serde's own maps refuse or merge them.
struct Fields;

impl<'de> Visitor<'de> for Fields {
    type Value = Object<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
        let mut fields = Vec::new();
        while let Some((Text(key), value)) = map.next_entry()? {
            fields.push((key, value));
        }
        Ok(Object(fields))
    }
}

/// A string that borrows where it needs no unescaping; `Cow` alone never borrows in serde.
struct Text<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Characters)
    }
}

struct Characters;

impl<'de> Visitor<'de> for Characters {
    type Value = Text<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Text(Cow::Owned(text.to_owned())))
    }
}
