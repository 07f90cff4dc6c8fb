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

use super::json::{Field, Place};
use super::marks::{BLOCK, marks_at};
use super::native::holds_anything;
use super::{Author, Button, Channel, Forward, Kind, Link, MAX_DEPTH, Medium, Post};

/// Reads an object: of each known key, which may stand there once, its value; the rest is skipped.
/// A macro, as a closure for the members would be called through memory.
macro_rules! object {
    ($it:ident, { $($number:literal $key:literal => $read:expr,)* }) => {{
        let mut seen = 0_u32;
        let mut more = $it.begin(b'{', b'}')?;
        while more {
            match $it.key()? {
                $($key => {
                    first(&mut seen, $number)?;
                    $read;
                })*
                _ => $it.aside(Reader::skip)?,
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

/// Reads into an empty post; `None` where the full reader has to look, and what is in the post then
/// is nothing to go by.
pub(super) fn post<'a>(text: &'a str, post: &mut Post<'a>) -> Option<()> {
    let mut it = Reader::new(text);
    object!(it, {
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
    let whole = it.token().is_none() && it.at == text.len();
    let required = !post.id.is_empty() && !post.channel.id.is_empty();
    (whole && required && holds_anything(post)).then_some(())
}

/// A place in the text. Every method leaves it behind what it has read, or gives up.
#[derive(Clone, Copy)]
struct Reader<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    depth: usize,
    /// Where the bytes begin that `marks` is about; behind the end, as long as there are none.
    block: usize,
    marks: u64,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str) -> Self {
        let block = 0_usize.wrapping_sub(BLOCK);
        Self { text, bytes: text.as_bytes(), at: 0, depth: 0, block, marks: 0 }
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
        loop {
            let byte = *self.bytes.get(self.at)?;
            if !matches!(byte, b' ' | b'\t' | b'\n' | b'\r') {
                return Some(byte);
            }
            self.at += 1;
        }
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
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return None;
        }
        let empty = self.token()? == end;
        if empty { self.goes_on(end) } else { Some(true) }
    }

    /// Takes the comma before the next member or element, or the end; is there a next?
    #[inline(always)]
    fn goes_on(&mut self, end: u8) -> Option<bool> {
        let byte = self.token()?;
        self.at += 1;
        if byte == b',' {
            return Some(true);
        }
        self.depth -= 1;
        (byte == end).then_some(false)
    }

    /// A key without escapes, and the colon behind it.
    #[inline(always)]
    fn key(&mut self) -> Option<&'a [u8]> {
        self.expect(b'"')?;
        let start = self.at;
        if self.special()? != b'"' {
            return None;
        }
        let key = self.bytes.get(start..self.at - 1);
        self.expect(b':')?;
        key
    }

    /// Takes the rest of a string, from behind the first quote, backslash or control character.
    fn finish_string(&mut self, mut special: u8) -> Option<()> {
        loop {
            match special {
                b'"' => return Some(()),
                b'\\' => self.escape()?,
                // Control characters must be escaped.
                _ => return None,
            }
            special = self.special()?;
        }
    }

    /// Takes bytes up to and with the next quote, backslash or control character.
    #[inline(always)]
    fn special(&mut self) -> Option<u8> {
        loop {
            let ahead = self.at.wrapping_sub(self.block);
            let marks = if ahead < BLOCK { self.marks >> ahead } else { 0 };
            if marks != 0 {
                self.at += marks.trailing_zeros() as usize;
                let byte = *self.bytes.get(self.at)?;
                self.at += 1;
                return Some(byte);
            }
            self.block = self.at.max(self.block.wrapping_add(BLOCK));
            self.marks = marks_at(self.bytes, self.block)?;
            self.at = self.at.max(self.block);
        }
    }

    /// Takes the rest of an escape.
    fn escape(&mut self) -> Option<()> {
        let byte = *self.bytes.get(self.at)?;
        self.at += 1;
        match byte {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some(()),
            b'u' => {
                let digits = self.bytes.get(self.at..self.at + 4)?;
                self.at += 4;
                digits.iter().all(u8::is_ascii_hexdigit).then_some(())
            }
            _ => None,
        }
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
        self.at += 1;
        let start = self.at;
        let special = self.special()?;
        if special == b'"' {
            return self.text.get(start..self.at - 1).map(|text| Some(Cow::Borrowed(text)));
        }
        self.aside(|reader| reader.escaped(start, special)).map(Some)
    }

    /// The rest of a string with escapes, but for halves of surrogate pairs.
    #[inline(never)]
    fn escaped(&mut self, start: usize, special: u8) -> Option<Cow<'a, str>> {
        self.finish_string(special)?;
        let raw = self.text.get(start - 1..self.at)?;
        serde_json::from_str(raw).ok().map(|text: String| Cow::Owned(text))
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
    fn skip(&mut self) -> Option<()> {
        match self.token()? {
            b'"' => {
                self.at += 1;
                let special = self.special()?;
                self.finish_string(special)
            }
            b'{' => self.skip_object(),
            b'[' => self.skip_array(),
            b't' => self.literal(b"true"),
            b'f' => self.literal(b"false"),
            b'n' => self.literal(b"null"),
            _ => self.number().map(|_| ()),
        }
    }

    fn skip_object(&mut self) -> Option<()> {
        let mut more = self.begin(b'{', b'}')?;
        while more {
            self.key()?;
            self.skip()?;
            more = self.goes_on(b'}')?;
        }
        Some(())
    }

    fn skip_array(&mut self) -> Option<()> {
        let mut more = self.begin(b'[', b']')?;
        while more {
            self.skip()?;
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
        self.skip()?;
        self.text.get(start..self.at).map(Some)
    }
}

/// An id and a name.
type Named<'a> = (Option<Cow<'a, str>>, Option<Cow<'a, str>>);

/// The fields that are not plain strings.
impl<'a> Reader<'a> {
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
        object!(self, {
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
        object!(self, {
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
        object!(self, {
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
                self.skip()?;
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
        object!(self, {
            0 b"shown" => link.shown = self.string()?,
            1 b"url" => link.url = self.string()?.unwrap_or_default(),
        });
        Some(link)
    }

    fn button(&mut self) -> Option<Button<'a>> {
        let mut button = Button::default();
        object!(self, {
            0 b"text" => button.text = self.string()?.unwrap_or_default(),
            1 b"url" => button.url = self.string()?,
        });
        Some(button)
    }

    fn medium(&mut self) -> Option<Medium<'a>> {
        let mut medium = Medium::default();
        object!(self, {
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
