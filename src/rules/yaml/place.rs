//! From a byte of a scalar's text back to the file: escapes, quotes and folded lines make the two
//! differ, and a caret must stand right.

use std::ops::Range;

/// Where bytes `wanted` of `text` (a scalar's value) stand in `raw` (the scalar as written, with
/// its quotes or block header). Whole `raw` where the two cannot be laid beside each other.
pub(in crate::rules) fn place_in_source(
    raw: &str,
    text: &str,
    wanted: Range<usize>,
) -> Range<usize> {
    let mut walk = Walk { raw, at: start(raw) };
    let mut place = 0..raw.len();
    for (index, letter) in text.char_indices() {
        let Some(range) = walk.find(letter) else { return 0..raw.len() };
        if index <= wanted.start {
            place = range.clone();
        }
        if index < wanted.end.max(wanted.start + 1) {
            place.end = range.end;
        }
    }
    if wanted.start >= text.len() && !text.is_empty() {
        // Behind the last letter: there something is missing.
        place.start = place.end;
    }
    place
}

/// The first byte behind the opening quote or the header of a block.
fn start(raw: &str) -> usize {
    match raw.chars().next() {
        Some('\'' | '"') => 1,
        Some('|' | '>') => raw.find('\n').map_or(0, |newline| newline + 1),
        _ => 0,
    }
}

struct Walk<'a> {
    raw: &'a str,
    at: usize,
}

impl Walk<'_> {
    /// The bytes that gave the next letter of the value.
    fn find(&mut self, letter: char) -> Option<Range<usize>> {
        loop {
            let rest = self.raw.get(self.at..)?;
            let next = rest.chars().next()?;
            let from = self.at;
            if self.raw.starts_with('\'') && rest.starts_with("''") && letter == '\'' {
                self.at += 2;
            } else if next == '\\' && self.raw.starts_with('"') {
                self.at += escape_len(rest);
            } else if next == letter {
                self.at += next.len_utf8();
            } else if letter.is_whitespace() && next.is_whitespace() {
                self.at += rest.len() - rest.trim_start().len();
            } else if next.is_whitespace() {
                self.at += next.len_utf8();
                continue;
            } else {
                return None;
            }
            return Some(from..self.at);
        }
    }
}

/// Length of the escape of a double-quoted scalar that `rest` starts with.
fn escape_len(rest: &str) -> usize {
    let letters = match rest.chars().nth(1) {
        Some('x') => 4,
        Some('u') => 6,
        Some('U') => 10,
        _ => 2,
    };
    rest.chars().take(letters).map(char::len_utf8).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_of_the_text_is_found_in_what_was_written() {
        let cases = [
            ("a and b", "a and b", 6..7, "b"),
            ("'a and b'", "a and b", 6..7, "b"),
            ("'it''s b'", "it's b", 2..3, "''"),
            ("'it''s b'", "it's b", 5..6, "b"),
            (r#""\u00e4 and b""#, "ä and b", 0..2, r"\u00e4"),
            (r#""\u00e4 and b""#, "ä and b", 7..8, "b"),
            ("a and\n    b", "a and b", 6..7, "b"),
            (">-\n  a and\n  not b", "a and not b", 10..11, "b"),
            ("|\n  a\n  b\n", "a\nb\n", 2..3, "b"),
            ("блорп and b", "блорп and b", 15..16, "b"),
            ("'a and'", "a and", 5..5, ""),
        ];
        for (raw, text, wanted, expected) in cases {
            let got = place_in_source(raw, text, wanted);
            assert_eq!(raw.get(got.clone()), Some(expected), "{raw} {got:?}");
        }
    }
}
