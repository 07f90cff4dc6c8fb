//! The native format in one pass over the bytes: the fast way, taken by nearly every record.
//!
//! It gives the very post that `native` gives, or nothing: whatever is not plain (a key that is
//! escaped or stands twice, half a surrogate pair, any fault) is left to that slower reader, which
//! also finds the words for it. So this file need not be complete, only right in what it takes, and
//! the tests hold the two against each other.
//!
//! The structure is checked all the same, in what nobody reads too: a record that is not JSON is
//! not taken here.
//!
//! What is called for every member is inlined by force: else the place in the text goes through
//! memory with each call. What is rare stands aside for it.

use std::borrow::Cow;
use std::cell::RefCell;

use super::json::{Field, Place};
use super::native::holds_anything;
use super::quotes::Quotes;
use super::{Author, Button, Channel, Forward, Kind, Link, MAX_DEPTH, Medium, Post};

/// Reads an object: of each known key, which may stand there once, its value; the rest is skipped. The
/// depth is that of the members.
/// A macro, as a closure for the members would be called through memory.
macro_rules! object {
    ($it:ident, $depth:ident, { $($number:literal $key:literal => $read:expr,)* }) => {{
        let mut seen = 0_u32;
        let mut more = $it.begin(b'{', b'}')?;
        while more {
            match $it.key()? {
                $($key => {
                    first(&mut seen, $number)?;
                    $read;
                })*
                _ => $it.aside(|it| it.skip($depth))?,
            }
            more = $it.goes_on(b'}')?;
        }
    }};
}

/// `None` if the key of this number was seen.
#[inline(always)]
fn first(seen: &mut u32, key: u32) -> Option<()> {
    let bit = 1 << key;
    let first = *seen & bit == 0;
    *seen |= bit;
    first.then_some(())
}

/// Objects and arrays that are open in the record itself, and at most in one of its fields.
const IN_RECORD: usize = 1;
const IN_FIELD: usize = 3;

thread_local! {
    /// One a thread, for a record is read at once. Only room: nothing is read of it.
    static QUOTES: RefCell<Quotes> = RefCell::default();
}

/// Reads into an empty post; `None` where the full reader has to look, and what is in the post then
/// is nothing to go by.
pub(super) fn post<'a>(text: &'a str, post: &mut Post<'a>) -> Option<()> {
    QUOTES.with_borrow_mut(|quotes| {
        quotes.find(text.as_bytes())?;
        read(Reader::new(text, quotes), post)
    })
}

fn read<'a>(mut it: Reader<'a, '_>, post: &mut Post<'a>) -> Option<()> {
    object!(it, IN_RECORD, {
        0 b"id" => post.id = it.id()??,
        1 b"channel" => it.channel(&mut post.channel)?,
        2 b"author" => it.author(&mut post.author)?,
        3 b"text" => post.text = it.string()?.unwrap_or_default(),
        4 b"lang" => post.lang = it.string()?,
        5 b"sent_at" => post.sent_at_ms = it.time("sent_at")?,
        6 b"edited_at" => post.edited_at_ms = it.time("edited_at")?,
        7 b"reply_to" => post.reply_to = it.id()?,
        8 b"url" => post.url = it.string()?,
        9 b"kind" => post.kind = it.kind()?,
        10 b"forward" => it.aside(|it| it.forward(&mut post.forward))?,
        11 b"links" => post.links = it.aside(|it| it.list(Reader::link))?,
        12 b"buttons" => post.buttons = it.aside(|it| it.list(Reader::button))?,
        13 b"poll" => post.poll = it.aside(|it| it.list(|it| it.string()?))?,
        14 b"media" => post.media = it.aside(|it| it.list(Reader::medium))?,
    });
    let whole = it.token().is_none() && it.at == it.bytes.len();
    let required = !post.id.is_empty() && !post.channel.id.is_empty();
    (whole && required && holds_anything(post)).then_some(())
}

/// A place in the text. Every method leaves it behind what it has read, or gives up.
#[derive(Clone, Copy)]
struct Reader<'a, 'q> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    /// Those from here on. Both ends of a string are taken at once, and no quote stands elsewhere.
    quotes: &'q [u32],
    /// Where the first backslash is.
    escape: usize,
}

impl<'a, 'q> Reader<'a, 'q> {
    fn new(text: &'a str, quotes: &'q Quotes) -> Self {
        let (bytes, escape) = (text.as_bytes(), quotes.first_escape());
        Self { text, bytes, at: 0, quotes: quotes.places(), escape }
    }

    /// Reads what is rare with a reader of its own, so that this one can stay in registers.
    #[inline(always)]
    fn aside<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        let mut reader = *self;
        let read = read(&mut reader)?;
        *self = reader;
        Some(read)
    }

    /// The next byte that is no white space, without taking it; `None` at the end.
    #[inline(always)]
    fn token(&mut self) -> Option<u8> {
        let byte = *self.bytes.get(self.at)?;
        if byte > b' ' {
            return Some(byte);
        }
        self.at = behind_space(self.bytes, self.at);
        self.bytes.get(self.at).copied()
    }

    /// Takes the next byte that is no white space, which must be this one.
    #[inline(always)]
    fn expect(&mut self, wanted: u8) -> Option<()> {
        (self.token()? == wanted).then(|| self.at += 1)
    }

    /// Takes the byte that begins an object or array; is there anything in it?
    #[inline(always)]
    fn begin(&mut self, begin: u8, end: u8) -> Option<bool> {
        self.expect(begin)?;
        let empty = self.token()? == end;
        self.at += usize::from(empty);
        Some(!empty)
    }

    /// Takes the comma before the next member or element, or the end; is there a next?
    #[inline(always)]
    fn goes_on(&mut self, end: u8) -> Option<bool> {
        let byte = self.token()?;
        self.at += 1;
        if byte == b',' {
            return Some(true);
        }
        (byte == end).then_some(false)
    }

    /// A key without escapes, and the colon behind it.
    #[inline(always)]
    fn key(&mut self) -> Option<&'a [u8]> {
        if self.token()? != b'"' {
            return None;
        }
        let (start, end) = self.quoted()?;
        self.expect(b':')?;
        let key = self.bytes.get(start..end)?;
        (end <= self.escape || !key.contains(&b'\\')).then_some(key)
    }

    /// Takes a string that begins here: what is between its quotes.
    #[inline(always)]
    fn quoted(&mut self) -> Option<(usize, usize)> {
        let [_, last, rest @ ..] = self.quotes else { return None };
        let (start, end) = (self.at + 1, place(*last));
        self.quotes = rest;
        self.at = end + 1;
        Some((start, end))
    }

    /// True where a `null` was taken.
    #[inline(always)]
    fn null(&mut self) -> Option<bool> {
        if self.token()? != b'n' {
            return Some(false);
        }
        self.literal(b"null").map(|()| true)
    }

    #[inline(always)]
    fn literal(&mut self, literal: &[u8]) -> Option<()> {
        let rest = self.bytes.get(self.at..)?;
        rest.starts_with(literal).then(|| self.at += literal.len())
    }

    /// A string or `null`.
    #[inline(always)]
    fn string(&mut self) -> Option<Option<Cow<'a, str>>> {
        if self.token()? != b'"' {
            return self.literal(b"null").map(|()| None);
        }
        let (start, end) = self.quoted()?;
        if end > self.escape {
            return unescaped(self.text.get(start - 1..=end)?).map(Some);
        }
        self.text.get(start..end).map(|text| Some(Cow::Borrowed(text)))
    }

    /// A string, an integer or `null`. Empty is as good as absent.
    #[inline(always)]
    fn id(&mut self) -> Option<Option<Cow<'a, str>>> {
        if matches!(self.token()?, b'-' | b'0'..=b'9') {
            let start = self.at;
            let integer = self.aside(Self::number)?;
            return if integer {
                self.text.get(start..self.at).map(|id| Some(id.into()))
            } else {
                None
            };
        }
        let id = self.string()?;
        if matches!(&id, Some(id) if id.is_empty()) { Some(None) } else { Some(id) }
    }

    /// A whole number of at most 18 digits; `None`, and nothing taken, for any other.
    #[inline(always)]
    fn whole(&mut self) -> Option<u64> {
        let (start, mut value) = (self.at, 0_u64);
        let mut at = start;
        let behind = self.bytes.get(at..).and_then(|rest| rest.first_chunk());
        if let Some((digits, first)) = behind.map(|bytes| digits_of(u64::from_le_bytes(*bytes))) {
            (at, value) = (at + digits, first);
        }
        while let Some(digit @ b'0'..=b'9') = self.bytes.get(at) {
            value = value.wrapping_mul(10).wrapping_add(u64::from(digit - b'0'));
            at += 1;
        }
        let zero = self.bytes.get(start) == Some(&b'0') && at > start + 1;
        let more = matches!(self.bytes.get(at), Some(b'.' | b'e' | b'E'));
        let good = (1..=18).contains(&(at - start)) && !zero && !more;
        good.then(|| {
            self.at = at;
            value
        })
    }

    /// Takes a number; true if it is an integer.
    fn number(&mut self) -> Option<bool> {
        self.optional(b"-");
        match self.bytes.get(self.at)? {
            b'0' => self.at += 1,
            _ => self.digits()?,
        }
        let fraction = self.optional(b".");
        if fraction {
            self.digits()?;
        }
        let exponent = self.optional(b"eE");
        if exponent {
            self.optional(b"+-");
            self.digits()?;
        }
        Some(!fraction && !exponent)
    }

    /// Takes one of these bytes if it is next.
    fn optional(&mut self, bytes: &[u8]) -> bool {
        let next = self.bytes.get(self.at).is_some_and(|byte| bytes.contains(byte));
        self.at += usize::from(next);
        next
    }

    /// Takes one digit or more.
    fn digits(&mut self) -> Option<()> {
        let rest = self.bytes.get(self.at..)?;
        let count = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.at += count;
        (count > 0).then_some(())
    }

    /// Takes any value.
    #[inline(never)]
    fn skip(&mut self, depth: usize) -> Option<()> {
        match self.token()? {
            b'"' => {
                let (start, end) = self.quoted()?;
                has_good_escapes(self.bytes.get(start..end)?).then_some(())
            }
            b'{' => self.skip_object(depth + 1),
            b'[' => self.skip_array(depth + 1),
            b't' => self.literal(b"true"),
            b'f' => self.literal(b"false"),
            b'n' => self.literal(b"null"),
            _ => self.number().map(|_| ()),
        }
    }

    fn skip_object(&mut self, depth: usize) -> Option<()> {
        (depth <= MAX_DEPTH).then_some(())?;
        let mut more = self.begin(b'{', b'}')?;
        while more {
            self.key()?;
            self.skip(depth)?;
            more = self.goes_on(b'}')?;
        }
        Some(())
    }

    fn skip_array(&mut self, depth: usize) -> Option<()> {
        (depth <= MAX_DEPTH).then_some(())?;
        let mut more = self.begin(b'[', b']')?;
        while more {
            self.skip(depth)?;
            more = self.goes_on(b']')?;
        }
        Some(())
    }

    /// Any value as it is written, for the readers of single fields.
    fn raw(&mut self) -> Option<Option<&'a str>> {
        if self.null()? {
            return Some(None);
        }
        let start = self.at;
        self.skip(IN_FIELD)?;
        self.text.get(start..self.at).map(Some)
    }
}

#[inline(always)]
fn place(at: u32) -> usize {
    usize::try_from(at).unwrap_or(usize::MAX)
}

/// How many of eight bytes are digits before any other, and the number that they write.
#[inline(always)]
fn digits_of(bytes: u64) -> (usize, u64) {
    const ONES: u64 = u64::MAX / 255;
    let values = bytes ^ (ONES * u64::from(b'0'));
    // Sixteen and more, and what six more make sixteen.
    let others = (values | values.wrapping_add(ONES * 6)) & (ONES * 0xF0);
    let digits = others.trailing_zeros() / 8;
    // As if zeros stood before them. Each step makes one number of two neighbours, the first the higher.
    let eight = values.checked_shl(u64::BITS - 8 * digits).unwrap_or(0);
    let pairs = (eight * 10 + (eight >> 8)) & 0x00FF_00FF_00FF_00FF;
    let fours = (pairs * 100 + (pairs >> 16)) & 0x0000_FFFF_0000_FFFF;
    let number = (fours * 10_000 + (fours >> 32)) & 0xFFFF_FFFF;
    (digits as usize, number)
}

/// Where the next byte is that is no white space.
#[cold]
fn behind_space(bytes: &[u8], at: usize) -> usize {
    let rest = bytes.get(at..).unwrap_or_default();
    let space = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r'));
    at + space.count()
}

/// What a string with its quotes says, but for halves of surrogate pairs.
#[inline(never)]
fn unescaped(raw: &str) -> Option<Cow<'_, str>> {
    if raw.contains('\\') {
        return serde_json::from_str(raw).ok().map(|text: String| Cow::Owned(text));
    }
    raw.get(1..raw.len() - 1).map(Cow::Borrowed)
}

/// Are these all escapes of JSON? Halves of surrogate pairs are.
fn has_good_escapes(mut rest: &[u8]) -> bool {
    while let Some(at) = rest.iter().position(|byte| *byte == b'\\') {
        rest = match rest.get(at + 1..) {
            Some([b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't', behind @ ..]) => behind,
            Some([b'u', a, b, c, d, behind @ ..]) if is_hex([a, b, c, d]) => behind,
            _ => return false,
        };
    }
    true
}

fn is_hex(digits: [&u8; 4]) -> bool {
    digits.iter().all(|digit| digit.is_ascii_hexdigit())
}

/// An id and a name.
type Named<'a> = (Option<Cow<'a, str>>, Option<Cow<'a, str>>);

/// The fields that are not plain strings.
impl<'a> Reader<'a, '_> {
    #[inline(always)]
    fn kind(&mut self) -> Option<Kind> {
        let Some(name) = self.string()? else { return Some(Kind::default()) };
        [Kind::Post, Kind::Edit, Kind::Profile].into_iter().find(|kind| kind.name() == name)
    }

    /// Whole seconds are read here; what else a time may be is rare.
    #[inline(always)]
    fn time(&mut self, name: &'static str) -> Option<Option<i64>> {
        self.token()?;
        match self.whole() {
            Some(seconds) => {
                let ms = i64::try_from(seconds).ok()?.checked_mul(1_000)?;
                jiff::Timestamp::from_millisecond(ms).is_ok().then_some(Some(ms))
            }
            None => self.aside(|it| it.odd_time(name)),
        }
    }

    #[inline(never)]
    fn odd_time(&mut self, name: &'static str) -> Option<Option<i64>> {
        let raw = self.raw()?;
        Field::new(raw, Place::Field(&Place::Record, name)).time_ms().ok()
    }

    #[inline(always)]
    fn count(&mut self) -> Option<Option<u64>> {
        if self.null()? { Some(None) } else { self.whole().map(Some) }
    }

    #[inline(always)]
    fn flag(&mut self) -> Option<Option<bool>> {
        match self.token()? {
            b't' => self.literal(b"true").map(|()| Some(true)),
            b'f' => self.literal(b"false").map(|()| Some(false)),
            _ => self.literal(b"null").map(|()| None),
        }
    }

    #[inline(always)]
    fn channel(&mut self, channel: &mut Channel<'a>) -> Option<()> {
        object!(self, IN_FIELD, {
            0 b"id" => channel.id = self.id()??,
            1 b"title" => channel.title = self.string()?,
            2 b"username" => channel.username = self.string()?,
            3 b"about" => channel.about = self.string()?,
            4 b"members" => channel.members = self.count()?,
            5 b"country" => channel.country = self.string()?,
            6 b"verified" => channel.verified = self.flag()?,
        });
        Some(())
    }

    #[inline(always)]
    fn author(&mut self, author: &mut Option<Author<'a>>) -> Option<()> {
        if self.null()? {
            return Some(());
        }
        let author = author.get_or_insert_default();
        object!(self, IN_FIELD, {
            0 b"id" => author.id = self.id()?,
            1 b"name" => author.name = self.string()?,
            2 b"created_at" => author.created_at_ms = self.time("created_at")?,
        });
        Some(())
    }

    #[inline(never)]
    fn forward(&mut self, forward: &mut Option<Forward<'a>>) -> Option<()> {
        if self.null()? {
            return Some(());
        }
        let forward = forward.get_or_insert_default();
        object!(self, IN_FIELD, {
            0 b"channel" => (forward.channel_id, forward.channel_title) = self.origin(b"title")?,
            1 b"author" => (forward.author_id, forward.author_name) = self.origin(b"name")?,
        });
        Some(())
    }

    /// A channel or an author as a forward has it: its id and its name.
    fn origin(&mut self, name_key: &[u8]) -> Option<Named<'a>> {
        let (mut id, mut name) = (None, None);
        if self.null()? {
            return Some((id, name));
        }
        let mut seen = 0;
        let mut more = self.begin(b'{', b'}')?;
        while more {
            let key = self.key()?;
            if key == b"id" {
                first(&mut seen, 0)?;
                id = self.id()?;
            } else if key == name_key {
                first(&mut seen, 1)?;
                name = self.string()?;
            } else {
                self.skip(IN_FIELD)?;
            }
            more = self.goes_on(b'}')?;
        }
        Some((id, name))
    }

    /// An array or `null`, each element read with `element`, which gives up on `null`.
    fn list<T>(&mut self, mut element: impl FnMut(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let mut list = Vec::new();
        if self.null()? {
            return Some(list);
        }
        let mut more = self.begin(b'[', b']')?;
        while more {
            list.push(element(self)?);
            more = self.goes_on(b']')?;
        }
        Some(list)
    }

    fn link(&mut self) -> Option<Link<'a>> {
        let mut link = Link::default();
        object!(self, IN_FIELD, {
            0 b"shown" => link.shown = self.string()?,
            1 b"url" => link.url = self.string()?.unwrap_or_default(),
        });
        Some(link)
    }

    fn button(&mut self) -> Option<Button<'a>> {
        let mut button = Button::default();
        object!(self, IN_FIELD, {
            0 b"text" => button.text = self.string()?.unwrap_or_default(),
            1 b"url" => button.url = self.string()?,
        });
        Some(button)
    }

    fn medium(&mut self) -> Option<Medium<'a>> {
        let mut medium = Medium::default();
        object!(self, IN_FIELD, {
            0 b"name" => medium.name = self.string()?,
            1 b"md5" => medium.md5 = self.string()?,
            2 b"sha1" => medium.sha1 = self.string()?,
            3 b"sha256" => medium.sha256 = self.string()?,
            4 b"pdq" => medium.pdq = self.string()?,
            5 b"pdq_quality" => medium.pdq_quality = self.count()?,
            6 b"ocr" => medium.ocr = self.string()?,
        });
        medium.pdq_quality.is_none_or(|quality| quality <= 100).then_some(medium)
    }
}
