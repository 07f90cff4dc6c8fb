//! JSON as posts need it: the known fields of an object, each read by the type it must have, with
//! the path of the field in every fault.
//!
//! serde's own structs would not do: they refuse a key that stands twice and an escape of half a
//! surrogate pair, read a number beyond 64 bits as a float, and their errors quote the input. So
//! serde_json checks the structure and cuts the record into raw values ([`RawValue`]), and each is
//! read here; of most strings nothing is left to do but to borrow them.

use std::borrow::Cow;
use std::fmt;

use serde::Deserializer as _;
use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::{Fault, MAX_DEPTH, Reason};

/// Where a value stands, for faults only: known names and indexes, never a key that was read.
#[derive(Clone, Copy, Debug)]
pub(super) enum Place<'p> {
    /// The record as a whole.
    Record,
    /// A field of an object.
    Field(&'p Place<'p>, &'static str),
    /// A field of a post, and the pointer of the configuration that leads to it.
    Pointed(&'p Place<'p>, &'static str, &'p str),
    /// An element of an array.
    Element(&'p Place<'p>, usize),
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Record => f.write_str("the record"),
            Self::Field(Self::Record, name) => f.write_str(name),
            Self::Field(parent, name) => write!(f, "{parent}.{name}"),
            Self::Element(Self::Pointed(_, name, _), _) | Self::Pointed(_, name, _) => {
                write!(f, "{name} (")?;
                self.write_pointer(f)?;
                f.write_str(")")
            }
            Self::Element(parent, index) => write!(f, "{parent}[{index}]"),
        }
    }
}

impl Place<'_> {
    /// The pointer from the record on, where pointers led here.
    fn write_pointer(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pointed(parent, _, pointer) => {
                parent.write_pointer(f)?;
                f.write_str(pointer)
            }
            Self::Element(parent, index) => {
                parent.write_pointer(f)?;
                write!(f, "/{index}")
            }
            Self::Record | Self::Field(..) => Ok(()),
        }
    }
}

/// The known fields of an object, as raw JSON. `null` is as good as absent; of a key that stands
/// twice the last holds.
pub(super) struct Object<'a, 'p, const N: usize> {
    names: &'static [&'static str; N],
    values: [Option<&'a str>; N],
    place: &'p Place<'p>,
}

impl<'a, 'p, const N: usize> Object<'a, 'p, N> {
    /// The object that a whole text is.
    pub(super) fn of(
        text: &'a str,
        names: &'static [&'static str; N],
        place: &'p Place<'p>,
    ) -> Result<Self, Fault> {
        let values = whole(text, place, |text| values(text, names))?;
        Ok(Self { names, values, place })
    }

    /// The field of this name, which must be one of those the object was read with.
    pub(super) fn field(&self, name: &'static str) -> Field<'a, '_> {
        let index = self.names.iter().position(|known| *known == name);
        let raw = index.and_then(|index| *self.values.get(index)?);
        Field { raw, place: Place::Field(self.place, name) }
    }
}

/// One value, or none.
#[derive(Clone, Copy)]
pub(super) struct Field<'a, 'p> {
    raw: Option<&'a str>,
    place: Place<'p>,
}

impl<'a, 'p> Field<'a, 'p> {
    /// A value that was found by other ways than those of [`Object`].
    pub(super) fn new(raw: Option<&'a str>, place: Place<'p>) -> Self {
        Self { raw, place }
    }

    /// Is there a value?
    pub(super) fn is_there(&self) -> bool {
        self.raw.is_some()
    }

    /// Where it stands.
    pub(super) fn place(&self) -> &Place<'p> {
        &self.place
    }

    /// The value as it is written.
    pub(super) fn raw(&self) -> Option<&'a str> {
        self.raw
    }

    /// A fault of this field.
    pub(super) fn fault(&self, reason: Reason, what: &str) -> Fault {
        Fault::new(reason, format!("{}: {what}", self.place))
    }

    /// Reads the value with `read`, if there is one.
    pub(super) fn map<T>(
        self,
        read: impl FnOnce(Self) -> Result<T, Fault>,
    ) -> Result<Option<T>, Fault> {
        self.raw.map(|_| read(self)).transpose()
    }

    /// A string.
    pub(super) fn text(self) -> Result<Option<Cow<'a, str>>, Fault> {
        let Some(raw) = self.raw else { return Ok(None) };
        string(raw).map(Some).ok_or_else(|| wrong_type(&self.place, "a string", raw))
    }

    /// A string, or an integer of any size, taken as it is written. Empty is as good as absent.
    pub(super) fn id(self) -> Result<Option<Cow<'a, str>>, Fault> {
        let Some(raw) = self.raw else { return Ok(None) };
        let id = if is_integer(raw) { Some(Cow::Borrowed(raw)) } else { string(raw) };
        let id = id.ok_or_else(|| wrong_type(&self.place, "a string or an integer", raw))?;
        Ok(Some(id).filter(|id| !id.is_empty()))
    }

    /// An integer from 0 to `most`.
    pub(super) fn count(self, most: u64) -> Result<Option<u64>, Fault> {
        let Some(raw) = self.raw else { return Ok(None) };
        if !is_integer(raw) {
            return Err(wrong_type(&self.place, "an integer", raw));
        }
        let count = raw.parse().ok().filter(|count| *count <= most);
        let fault = || self.fault(Reason::BadValue, &format!("must be from 0 to {most}"));
        count.map(Some).ok_or_else(fault)
    }

    /// True or false.
    pub(super) fn flag(self) -> Result<Option<bool>, Fault> {
        match self.raw {
            None => Ok(None),
            Some("true") => Ok(Some(true)),
            Some("false") => Ok(Some(false)),
            Some(raw) => Err(wrong_type(&self.place, "true or false", raw)),
        }
    }

    /// RFC 3339 as a string, or Unix seconds as a number; in Unix milliseconds, what is finer cut
    /// off.
    pub(super) fn time_ms(self) -> Result<Option<i64>, Fault> {
        let Some(raw) = self.raw else { return Ok(None) };
        let ms = match string(raw) {
            Some(text) => text.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_millisecond),
            None if is_number(raw) => unix_ms(raw),
            None => return Err(wrong_type(&self.place, "a time", raw)),
        };
        // The range of a calendar: milliseconds sent as seconds fall out of it.
        let ms = ms.filter(|ms| jiff::Timestamp::from_millisecond(*ms).is_ok());
        let fault = || self.fault(Reason::BadValue, "must be RFC 3339 or Unix seconds");
        ms.map(Some).ok_or_else(fault)
    }

    /// The text of an object, or of what a string holds, for [`Object::of`] and [`whole`].
    pub(super) fn document(self) -> Result<Cow<'a, str>, Fault> {
        let raw = self.raw.ok_or_else(|| self.missing())?;
        if raw.starts_with('{') {
            return Ok(Cow::Borrowed(raw));
        }
        let wanted = "an object, or a string that holds one as JSON";
        string(raw).ok_or_else(|| wrong_type(&self.place, wanted, raw))
    }

    /// The fault of a field that must be there and is not.
    pub(super) fn missing(&self) -> Fault {
        self.fault(Reason::MissingField, "absent, null or empty")
    }

    /// The fields of an object; no fields where there is no value.
    pub(super) fn object<const N: usize>(
        &self,
        names: &'static [&'static str; N],
    ) -> Result<Object<'a, '_, N>, Fault> {
        let fault = |raw| wrong_type(&self.place, "an object", raw);
        let values = match self.raw {
            None => [None; N],
            Some(raw) if raw.starts_with('{') => values(raw, names).map_err(|_| fault(raw))?,
            Some(raw) => return Err(fault(raw)),
        };
        Ok(Object { names, values, place: &self.place })
    }

    /// An array, each element read with `read`; none where there is no value. `null` is no element.
    pub(super) fn list<T>(
        self,
        read: impl Fn(Field<'a, '_>) -> Result<T, Fault>,
    ) -> Result<Vec<T>, Fault> {
        let Some(raw) = self.raw else { return Ok(Vec::new()) };
        let elements: Vec<&'a RawValue> =
            serde_json::from_str(raw).map_err(|_| wrong_type(&self.place, "an array", raw))?;
        let elements = elements.into_iter().map(RawValue::get).enumerate();
        let read_one = |(index, raw): (usize, &'a str)| {
            let place = Place::Element(&self.place, index);
            if raw == "null" {
                return Err(wrong_type(&place, "a value", raw));
            }
            read(Field { raw: Some(raw), place })
        };
        elements.map(read_one).collect()
    }
}

/// Reads the object that a whole text is: checks its depth, then `read` checks all of its structure.
pub(super) fn whole<'a, T>(
    text: &'a str,
    place: &Place<'_>,
    read: impl FnOnce(&'a str) -> Result<T, serde_json::Error>,
) -> Result<T, Fault> {
    check_depth(text, place)?;
    let bare = text.trim_start_matches([' ', '\t', '\n', '\r']);
    if bare.starts_with('{') {
        return read(text).map_err(|error| not_json(place, &error));
    }
    serde_json::from_str::<IgnoredAny>(text).map_err(|error| not_json(place, &error))?;
    if bare.starts_with('n') && matches!(place, Place::Record) {
        return Err(Fault::new(Reason::Empty, "the record is null"));
    }
    Err(wrong_type(place, "an object", bare))
}

/// The values of these keys of the object that `text` is and nothing else.
fn values<'a, const N: usize>(
    text: &'a str,
    names: &[&str; N],
) -> Result<[Option<&'a str>; N], serde_json::Error> {
    let mut values = [None; N];
    let find = |key: &[u8]| names.iter().position(|name| name.as_bytes() == key);
    each_value(text, find, |index, raw| {
        if let Some(slot) = values.get_mut(index) {
            *slot = Some(raw).filter(|raw| *raw != "null");
        }
    })?;
    Ok(values)
}

/// Hands those values of the object that `text` is, and nothing else, to `take`, for whose keys
/// `find` has a number. All of the text is checked.
pub(super) fn each_value<'a>(
    text: &'a str,
    find: impl Fn(&[u8]) -> Option<usize>,
    take: impl FnMut(usize, &'a str),
) -> Result<(), serde_json::Error> {
    let mut reader = serde_json::Deserializer::from_str(text);
    let mut doubtful = false;
    reader.deserialize_map(Values { find, take, doubtful: &mut doubtful })?;
    reader.end()?;
    if doubtful {
        serde_json::from_str::<IgnoredAny>(text)?;
    }
    Ok(())
}

struct Values<'n, F, T> {
    find: F,
    take: T,
    doubtful: &'n mut bool,
}

impl<'de, F, T> Visitor<'de> for Values<'_, F, T>
where
    F: Fn(&[u8]) -> Option<usize>,
    T: FnMut(usize, &'de str),
{
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        loop {
            let key = Key { find: &self.find, doubtful: &mut *self.doubtful };
            match map.next_key_seed(key)? {
                None => return Ok(()),
                Some(Some(index)) => (self.take)(index, map.next_value::<&'de RawValue>()?.get()),
                Some(None) => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
    }
}

/// The number of a key, if it has one. Read as bytes, for a key that nobody asks for may hold half
/// a surrogate pair. Read so, serde_json lets control characters pass that are not escaped; after
/// a key with any, escaped or not, there is doubt whether the object is JSON.
struct Key<'n, F> {
    find: &'n F,
    doubtful: &'n mut bool,
}

impl<'de, F: Fn(&[u8]) -> Option<usize>> DeserializeSeed<'de> for Key<'_, F> {
    type Value = Option<usize>;

    fn deserialize<D: serde::Deserializer<'de>>(self, key: D) -> Result<Self::Value, D::Error> {
        key.deserialize_bytes(self)
    }
}

impl<F: Fn(&[u8]) -> Option<usize>> Visitor<'_> for Key<'_, F> {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_bytes<E>(self, key: &[u8]) -> Result<Self::Value, E> {
        *self.doubtful |= key.iter().any(u8::is_ascii_control);
        Ok((self.find)(key))
    }
}

/// The string that a raw value is; `None` for any other value.
fn string(raw: &str) -> Option<Cow<'_, str>> {
    let inner = raw.strip_prefix('"')?.strip_suffix('"')?;
    if !inner.contains('\\') {
        return Some(Cow::Borrowed(inner));
    }
    let read = |raw: &str| serde_json::from_str(raw).ok().map(Cow::Owned);
    read(raw).or_else(|| read(&mended(raw)))
}

/// A raw string with each half of a surrogate pair that lacks the other replaced by U+FFFD, which
/// is what every other reader shows for it.
fn mended(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((before, _)) = rest.split_once('\\') {
        let (before, escape) = rest.split_at(before.len());
        out.push_str(before);
        let next = escape.get(ESCAPE_LENGTH..).and_then(surrogate);
        let taken = match (surrogate(escape), next) {
            (None, _) => 2,
            (Some(Half::High), Some(Half::Low)) => 2 * ESCAPE_LENGTH,
            (Some(_), _) => {
                out.push_str("\\uFFFD");
                rest = escape.get(ESCAPE_LENGTH..).unwrap_or_default();
                continue;
            }
        };
        let (kept, behind) = escape.split_at_checked(taken).unwrap_or((escape, ""));
        out.push_str(kept);
        rest = behind;
    }
    out.push_str(rest);
    out
}

/// Bytes of `\uD800`.
const ESCAPE_LENGTH: usize = 6;

/// Half of a surrogate pair.
enum Half {
    High,
    Low,
}

/// The half of a surrogate pair whose escape `text` begins with.
fn surrogate(text: &str) -> Option<Half> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    match u16::from_str_radix(digits, 16).ok()? {
        0xD800..=0xDBFF => Some(Half::High),
        0xDC00..=0xDFFF => Some(Half::Low),
        _ => None,
    }
}

fn is_number(raw: &str) -> bool {
    raw.starts_with(|c: char| c == '-' || c.is_ascii_digit())
}

fn is_integer(raw: &str) -> bool {
    is_number(raw) && !raw.contains(['.', 'e', 'E'])
}

/// Milliseconds of a number of seconds as JSON writes it, without a detour through a float.
fn unix_ms(raw: &str) -> Option<i64> {
    if raw.contains(['e', 'E']) {
        // Rare, and near enough: three places of a float that holds a date are exact.
        return unix_ms(&format!("{:.3}", raw.parse::<f64>().ok()?));
    }
    let (whole, places) = raw.split_once('.').unwrap_or((raw, ""));
    let places: String = places.chars().chain("000".chars()).take(3).collect();
    format!("{whole}{places}").parse().ok()
}

/// Refuses a text in which more than [`MAX_DEPTH`] objects and arrays are open at once.
fn check_depth(text: &str, place: &Place<'_>) -> Result<(), Fault> {
    let opens = text.bytes().filter(|byte| matches!(byte, b'{' | b'[')).count();
    if opens <= MAX_DEPTH {
        return Ok(());
    }
    let mut depth = 0_usize;
    let mut in_string = false;
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => depth += 1,
            b'}' | b']' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_DEPTH {
            let detail = format!("more than {MAX_DEPTH} objects and arrays are open at byte {at}");
            return Err(Fault::new(Reason::TooDeep, within(place, detail)));
        }
    }
    Ok(())
}

pub(super) fn not_json(place: &Place<'_>, error: &serde_json::Error) -> Fault {
    let (line, column) = (error.line(), error.column());
    let detail = format!("not one JSON value: see line {line}, column {column}");
    Fault::new(Reason::NotJson, within(place, detail))
}

/// What is wrong with a text, and which text it is, if it is not all of the record.
fn within(place: &Place<'_>, what: String) -> String {
    if matches!(place, Place::Record) { what } else { format!("{place}: {what}") }
}

/// `raw` is only looked at for its type.
fn wrong_type(place: &Place<'_>, wanted: &str, raw: &str) -> Fault {
    let found = match raw.bytes().next() {
        Some(b'{') => "an object",
        Some(b'[') => "an array",
        Some(b'"') => "a string",
        Some(b't' | b'f') => "true or false",
        Some(b'n') => "null",
        _ if is_integer(raw) => "an integer",
        _ => "a number with a fraction or exponent",
    };
    Fault::new(Reason::WrongType, format!("{place}: must be {wanted}, is {found}"))
}
