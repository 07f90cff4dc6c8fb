//! The parts of a link around its host: scheme, port and path, and where the text goes on.

use std::ops::Range;

use super::chars::{Unit, Units, Writing, Written, look_alike, writing};

/// Characters of the longest scheme.
pub(super) const SCHEME_MAX: usize = 16;
/// Units that are looked at to tell whether another link begins, or whether an e-mail goes on.
pub(super) const AHEAD_MAX: usize = 48;
/// Schemes that are known where a text is glued to them.
const SCHEMES: [&str; 9] =
    ["https", "http", "hxxps", "hxxp", "ftps", "ftp", "wss", "tg", "whatsapp"];

impl Units {
    /// Where in a label the scheme begins that ends with it: a known one, else all letters.
    pub(super) fn scheme_start(&self, label: Range<usize>) -> Option<usize> {
        let from = label.start.max(label.end.saturating_sub(SCHEME_MAX));
        let units = self.get(from..label.end)?;
        let letters = units.iter().rev().map_while(|unit| ascii_letter(unit.c)).count();
        let start = label.end - letters;
        let word = self.scheme(start..label.end);
        let known = SCHEMES.iter().filter(|known| word.ends_with(**known)).map(|known| known.len());
        let length = known.max().unwrap_or(letters);
        (length >= 2).then_some(label.end - length)
    }

    pub(super) fn scheme(&self, range: Range<usize>) -> String {
        let units = self.get(range).unwrap_or_default();
        units.iter().filter_map(|unit| ascii_letter(unit.c)).collect()
    }

    /// Behind `:8080`, if that stands here.
    pub(super) fn port_end(&self, at: usize) -> usize {
        let digits = self.iter().skip(at + 1).take(6);
        let count = digits.take_while(|unit| unit.c.is_ascii_digit()).count();
        let is_port = self.char(at) == Some(':')
            && (1..=5).contains(&count)
            && !self.is_label(at + 1 + count);
        if is_port { at + 1 + count } else { at }
    }

    /// Where the path that begins at `from` ends: at a space, a quote or a bracket that was not
    /// opened in it, before text of another script and before the next link; trailing punctuation
    /// is not of it.
    pub(super) fn path_end(&self, from: usize) -> usize {
        let mut open = Brackets::default();
        let mut end = from;
        let mut at = from;
        while let Some(&unit) = self.get(at) {
            if !open.takes(unit.c) || !is_of_path(unit) || self.is_glued(from, at) {
                break;
            }
            if let Some(scheme) = self.next_scheme(from, at) {
                end = end.min(scheme);
                break;
            }
            if matches!(unit.c, ',' | ';') && self.begins_link(at + 1) {
                break;
            }
            at += 1;
            if !is_trailing(unit) {
                end = at;
            }
        }
        end
    }

    /// Does a letter of a script without spaces stand right behind a Latin letter or digit here?
    fn is_glued(&self, from: usize, at: usize) -> bool {
        let before = at.checked_sub(1).filter(|&before| before >= from);
        let before = before.and_then(|before| self.get(before));
        let plain_before = before.is_some_and(|unit| unit.c.is_ascii_alphanumeric());
        plain_before
            && self.get(at).is_some_and(|unit| {
                unit.written != Written::Escaped
                    && matches!(writing(unit.c), Some(Writing::Glued(_)))
            })
    }

    /// Where a scheme begins that ends at the colon `at` and is glued to a letter of the path.
    fn next_scheme(&self, from: usize, at: usize) -> Option<usize> {
        if !self.reads(at, "://") {
            return None;
        }
        let start = self.scheme_start(from..at)?;
        let word = self.scheme(start..at);
        let before = start.checked_sub(1).filter(|&before| before > from)?;
        (SCHEMES.contains(&&*word) && self.is_label(before)).then_some(start)
    }

    /// Does `host/` or `scheme://` stand here?
    fn begins_link(&self, at: usize) -> bool {
        let rest = self.iter().skip(at).take(AHEAD_MAX);
        let rest = rest.take_while(|unit| unit.is_label() || unit.is_dot());
        let (length, dots) =
            rest.fold((0, 0), |(all, dots), unit| (all + 1, dots + usize::from(unit.is_dot())));
        length > 0 && ((dots > 0 && self.reads(at + length, "/")) || self.reads(at + length, "://"))
    }

    /// The canonical path of these units.
    pub(super) fn path(&self, range: Range<usize>) -> String {
        let mut path = self.text(range);
        if path.contains('%') {
            path = upper_escapes(&path);
        }
        path
    }
}

/// A Latin letter, or one that looks like it, lower case.
fn ascii_letter(c: char) -> Option<char> {
    let c = c.to_ascii_lowercase();
    if c.is_ascii_lowercase() { Some(c) } else { look_alike(c) }
}

/// May this stand in a path that goes on in a text?
fn is_of_path(unit: Unit) -> bool {
    let c = unit.c;
    match unit.written {
        Written::Plain if c.is_ascii() => {
            c.is_ascii_graphic()
                && !matches!(c, '<' | '>' | '"' | '`' | '|' | '^' | '{' | '}' | '\\')
        }
        // Full-width signs are the text's, not the link's.
        Written::Disguised => unit.is_label() || matches!(c, '.' | '/'),
        Written::Plain => unit.is_label(),
        Written::Escaped => true,
    }
}

/// Punctuation of the sentence around a link, if nothing of the link follows it.
fn is_trailing(unit: Unit) -> bool {
    unit.written != Written::Escaped
        && matches!(unit.c, '.' | ',' | ':' | ';' | '!' | '?' | '\'' | '*' | '~' | '(' | '[')
}

/// Round and square brackets open so far.
#[derive(Default)]
struct Brackets {
    round: usize,
    square: usize,
}

impl Brackets {
    /// Counts; false for one that closes what was not opened.
    fn takes(&mut self, c: char) -> bool {
        let open = match c {
            '(' | ')' => &mut self.round,
            '[' | ']' => &mut self.square,
            _ => return true,
        };
        if matches!(c, '(' | '[') {
            *open += 1;
            return true;
        }
        let opened = *open > 0;
        *open = open.saturating_sub(1);
        opened
    }
}

/// `%2f` and `%2F` are the same escape.
fn upper_escapes(path: &str) -> String {
    let mut digits = 0;
    let upper = path.chars().map(|c| {
        let in_escape = digits > 0;
        digits = if c == '%' { 2 } else { usize::saturating_sub(digits, 1) };
        if in_escape && c.is_ascii_hexdigit() { c.to_ascii_uppercase() } else { c }
    });
    upper.collect()
}
