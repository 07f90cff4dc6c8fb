//! Words that masks alone cannot judge, one by one.

use crate::normalise::odd::is_odd_digits;

use super::pass::{ALIKE, INNER, Judged, LETTER, SOLID, WORD};

/// Judges the word that holds a place.
fn judge(
    text: &[u8],
    at: usize,
    holds: impl Fn(u8) -> bool,
    is_odd: impl Fn(&[u8]) -> bool,
) -> Judged {
    let (before, after) = text.split_at_checked(at).unwrap_or_default();
    let start = at - before.iter().rev().take_while(|byte| holds(**byte)).count();
    let end = at + after.iter().take_while(|byte| holds(**byte)).count();
    Judged { end, is_odd: is_odd(text.get(start..end).unwrap_or_default()) }
}

fn in_word(byte: u8) -> bool {
    !byte.is_ascii() || WORD.has(byte)
}

fn is_solid(byte: u8) -> bool {
    !byte.is_ascii() || SOLID.has(byte)
}

/// Touches no other, as a single letter does?
pub(super) fn is_single(text: &[u8], at: usize) -> bool {
    let solid =
        |at: Option<usize>| at.and_then(|at| text.get(at)).is_some_and(|byte| is_solid(*byte));
    let itself = text.get(at).is_some_and(|byte| is_solid(*byte) || INNER.has(*byte));
    itself && !solid(at.checked_sub(1)) && !solid(at.checked_add(1))
}

/// *digits*, of the word at a place.
pub(super) fn odd_digits(text: &[u8], at: usize) -> Judged {
    judge(text, at, in_word, |word| std::str::from_utf8(word).is_ok_and(is_odd_digits))
}

/// *wholly look-alikes*, with five letters or more.
pub(super) fn wholly_alike(text: &[u8], at: usize) -> Judged {
    let alike = |byte: &u8| ALIKE.has(*byte) || byte.is_ascii_digit();
    judge(text, at, in_word, |word| word.iter().all(alike))
}

/// A sign that stands for a letter: there is one in the same row.
pub(super) fn signed(text: &[u8], at: usize) -> Judged {
    let is_letter = |byte: &u8| !byte.is_ascii() || LETTER.has(*byte);
    judge(text, at, is_solid, |row| row.iter().any(is_letter))
}

/// `@` and four characters of a handle behind it, and nothing solid before it.
pub(super) fn is_handle(text: &[u8], at: usize) -> bool {
    let before = at.checked_sub(1).and_then(|at| text.get(at));
    let name = text.get(at + 1..at + 5).unwrap_or_default();
    let part = |byte: &u8| WORD.has(*byte) || *byte == b'_';
    text.get(at) == Some(&b'@')
        && !before.is_some_and(|byte| is_solid(*byte))
        && name.len() == 4
        && name.iter().all(part)
}
