//! Phone numbers in international form: `+` or `00`, the calling code of a country, its number.
//!
//! What follows the code is cut where people cut it, by spaces, hyphens, dots, slashes and
//! brackets, so that nothing says where a number ends and the next begins: the longest run of whole
//! groups is taken that the country could have given out. Digits of any script count, full-width
//! ones and those of emoji too.

mod look;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::ops::{Range, RangeInclusive};
use std::sync::LazyLock;

use super::chars::is_invisible;
use crate::normalise;

pub use look::may_hold_phone;

/// Digits of a number, its calling code included (E.164 has the upper limit).
const DIGITS: RangeInclusive<usize> = 7..=15;
/// Digits that are read: the zero dialled inside a country is none of the number.
const DIGITS_READ: usize = *DIGITS.end() + 1;
/// Separators between two digits: `) - ` is as much as anybody writes.
const SEPARATORS_MAX: usize = 3;
/// Digits of the longest calling code.
const CODE_MAX: usize = 3;

/// A phone number found in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundPhone {
    /// Byte range in the text as it was written, from `+` or `00` to the last digit.
    pub range: Range<usize>,
    /// `+` and the digits, without the zero that is dialled inside a country.
    pub number: String,
    /// Countries that it may be of, by ISO 3166-1; none where the code belongs to no country.
    pub countries: &'static [String],
}

/// Every phone number of a text, in order, none over another.
///
/// ```
/// let phones = tidegate::extract::phones("call +49 (0)30 23125-017 now");
/// assert_eq!(phones[0].number, "+493023125017");
/// assert_eq!(phones[0].range, 5..24);
/// assert_eq!(phones[0].countries, ["DE"]);
/// ```
#[must_use]
pub fn phones(text: &str) -> Vec<FoundPhone> {
    let mut found: Vec<FoundPhone> = Vec::new();
    for (at, c) in text.char_indices() {
        let done = found.last().map_or(0, |last| last.range.end);
        if at >= done
            && let Some(prefix) = prefix(text, at, c)
        {
            found.extend(phone_behind(text, at..at + prefix));
        }
    }
    found
}

/// Has this country, by ISO 3166-1, phone numbers of its own?
#[must_use]
pub fn has_phones(country: &str) -> bool {
    let of = |code: &Code| {
        code.places.iter().any(|place| place.countries.iter().any(|own| own == country))
    };
    CODES.values().any(of)
}

fn is_plus(c: char) -> bool {
    matches!(c, '+' | '＋' | '﹢' | '⁺' | '₊' | '➕')
}

fn is_separator(c: char) -> bool {
    matches!(c,
        ' ' | '\u{A0}' | '\u{2000}'..='\u{200A}' | '\u{202F}' | '\u{205F}' | '\u{3000}'
        | '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '－'
        | '.' | '．' | '/' | '(' | ')' | '（' | '）')
}

/// The digit that this is, whatever its script or form.
fn digit(c: char) -> Option<char> {
    if c.is_ascii() {
        return c.is_ascii_digit().then_some(c);
    }
    let is_none =
        matches!(c, '\u{BF}'..='\u{65F}' | '\u{3400}'..='\u{A61F}' | '\u{AC00}'..='\u{F8FF}');
    if is_none || !c.is_numeric() { None } else { ODD_DIGITS.get(&c).copied() }
}

/// Digits beyond ASCII, as the fold has them.
static ODD_DIGITS: LazyLock<HashMap<char, char>> = LazyLock::new(|| {
    let numeric = ('\u{80}'..=char::MAX).filter(|c| c.is_numeric());
    let folded = numeric.filter_map(|c| {
        let folded = normalise::fold(c.encode_utf8(&mut [0; 4]));
        let mut digits = folded.chars();
        digits
            .next()
            .filter(|one| one.is_ascii_digit() && digits.next().is_none())
            .map(|one| (c, one))
    });
    folded.collect()
});

/// The length of `+` or `00` where a number could follow.
fn prefix(text: &str, at: usize, c: char) -> Option<usize> {
    if is_plus(c) {
        return stands_free(text.get(..at)?).then_some(c.len_utf8());
    }
    let second = text.get(at + c.len_utf8()..)?.chars().next()?;
    let is_prefix = digit(c) == Some('0') && digit(second) == Some('0');
    let before = text.get(..at)?;
    (is_prefix && stands_free(before) && !is_fraction(before))
        .then(|| c.len_utf8() + second.len_utf8())
}

/// Does neither a number nor a word of Latin letters go on here?
fn stands_free(before: &str) -> bool {
    let last = before.chars().rev().find(|c| !is_invisible(*c));
    last.is_none_or(|c| !c.is_ascii_alphabetic() && digit(c).is_none())
}

/// Are two zeros behind this those of a price or a time of day?
fn is_fraction(before: &str) -> bool {
    let mut last = before.chars().rev();
    let sign = last.next();
    sign.is_some_and(|sign| is_plus(sign) || sign == '#')
        || sign.is_some_and(|sign| ".,:/-'".contains(sign)) && last.next().and_then(digit).is_some()
}

/// Digits that follow each other, and where each group of them ends.
#[derive(Default)]
struct Groups {
    digits: String,
    /// Digits up to the end of a group, and the byte behind it.
    ends: Vec<(usize, usize)>,
    /// The byte behind the last digit.
    end: usize,
    /// Separators since.
    separators: usize,
}

impl Groups {
    fn read(text: &str, from: usize) -> Self {
        let mut out = Self::default();
        let rest = text.get(from..).unwrap_or_default();
        for (offset, c) in rest.char_indices().filter(|(_, c)| !is_invisible(*c)) {
            if !out.take(c, text, from + offset + c.len_utf8()) {
                return out;
            }
        }
        out.end_group();
        out
    }

    /// Takes a character with the byte behind it; false where it is none of a number.
    fn take(&mut self, c: char, text: &str, behind: usize) -> bool {
        if let Some(digit) = digit(c) {
            if self.separators > 0 {
                self.end_group();
            }
            if self.digits.len() == DIGITS_READ {
                return false;
            }
            self.digits.push(digit);
            (self.end, self.separators) = (behind, 0);
            return true;
        }
        if is_separator(c) && self.separators < SEPARATORS_MAX && !ends_sentence(c, text, behind) {
            self.separators += 1;
            return true;
        }
        // Else a word goes on from the digits.
        if self.separators > 0 || !(c.is_ascii_alphanumeric() || c == '_') {
            self.end_group();
        }
        false
    }

    fn end_group(&mut self) {
        if !self.digits.is_empty() {
            self.ends.push((self.digits.len(), self.end));
        }
    }
}

/// A dot with something other than a digit behind it.
fn ends_sentence(c: char, text: &str, behind: usize) -> bool {
    let next = || text.get(behind..).and_then(|rest| rest.chars().next());
    matches!(c, '.' | '．') && next().and_then(digit).is_none()
}

fn phone_behind(text: &str, prefix: Range<usize>) -> Option<FoundPhone> {
    let groups = Groups::read(text, prefix.end);
    groups.ends.iter().rev().find_map(|&(count, end)| {
        let (number, countries) = number(groups.digits.get(..count)?)?;
        Some(FoundPhone { range: prefix.start..end, number, countries })
    })
}

/// The number that these digits are, and its countries.
fn number(digits: &str) -> Option<(String, &'static [String])> {
    let mut codes = (1..=CODE_MAX).filter_map(|length| digits.split_at_checked(length));
    let (code, rest, plan) = codes.find_map(|(code, rest)| Some((code, rest, CODES.get(code)?)))?;
    let rest = if plan.keeps_zero { rest } else { rest.strip_prefix('0').unwrap_or(rest) };
    let first = rest.chars().next()?;
    let is_number = plan.digits.contains(&rest.len())
        && DIGITS.contains(&(code.len() + rest.len()))
        && (plan.keeps_zero || first != '0')
        && rest.chars().any(|digit| digit != first)
        // Areas of North America begin with 2 to 9.
        && !(code == "1" && first == '1');
    let places = plan.places.iter().filter(|place| rest.starts_with(&place.prefix));
    let countries =
        places.max_by_key(|place| place.prefix.len()).map_or(&[][..], |it| &it.countries);
    is_number.then(|| (format!("+{code}{rest}"), countries))
}

/// What is known of a calling code.
struct Code {
    digits: RangeInclusive<usize>,
    keeps_zero: bool,
    places: Vec<Place>,
}

/// The countries whose numbers begin with the same digits.
struct Place {
    prefix: String,
    countries: Vec<String>,
}

static CODES: LazyLock<HashMap<&'static str, Code>> = LazyLock::new(|| {
    let lines = include_str!("calling.tsv").lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(code).collect()
});

/// A line of the table.
fn code(line: &'static str) -> Option<(&'static str, Code)> {
    let mut columns = line.split('\t');
    let (code, digits, zero) = (columns.next()?, columns.next()?, columns.next()?);
    let (least, most) = digits.split_once('-')?;
    let digits = least.parse().ok()?..=most.parse().ok()?;
    let mut places: Vec<Place> = Vec::new();
    for country in columns.next().unwrap_or_default().split_whitespace() {
        let (country, prefixes) = country.split_once(':').unwrap_or((country, ""));
        for prefix in prefixes.split(',') {
            match places.iter_mut().find(|place| place.prefix == prefix) {
                Some(place) => place.countries.push(country.to_owned()),
                None => {
                    let countries = vec![country.to_owned()];
                    places.push(Place { prefix: prefix.to_owned(), countries });
                }
            }
        }
    }
    Some((code, Code { digits, keeps_zero: zero == "0", places }))
}
