//! `@name` handles, as messengers read them in a text.
//!
//! What makes a name is the same in a text, in a list and in a link to a channel: ASCII letters,
//! digits and `_`, a letter first, 32 characters at most. A name that mixes them with look-alikes
//! (`@zоrb`) cannot be registered, so it stands for the Latin one, as in the host of a link.

use std::ops::{Range, RangeInclusive};

use unicode_normalization::char::is_combining_mark;

use super::chars::{compatible, is_invisible, look_alike};
use crate::normalise::{is_spaceless, is_word_char};

/// Characters of a handle in a text: fewer are an `@` before a word.
const LENGTH: RangeInclusive<usize> = 4..=NAME_MAX;
/// Characters of the longest name.
pub(super) const NAME_MAX: usize = 32;

/// A handle found in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundHandle {
    /// Byte range in the text as it was written, `@` included.
    pub range: Range<usize>,
    /// The name, lower case, without `@`, disguises undone.
    pub name: String,
}

/// Every handle of a text, in order, none over another.
///
/// ```
/// let handles = tidegate::extract::handles("write to ＠Zorb_Shop, not to zorb@shop.example");
/// assert_eq!(handles[0].name, "zorb_shop");
/// assert_eq!(handles[0].range, 9..21);
/// assert_eq!(handles.len(), 1);
/// ```
#[must_use]
pub fn handles(text: &str) -> Vec<FoundHandle> {
    let signs = text.char_indices().filter(|(_, c)| is_at(*c));
    signs.filter_map(|(at, _)| handle_at(text, at)).collect()
}

/// A cheap look that spares most texts the rest. Says yes too often, never too seldom.
#[must_use]
pub fn may_hold_handle(text: &str) -> bool {
    // One sign after the other: each is looked for by its rarest byte.
    text.contains('@') || text.contains('＠') || text.contains('﹫')
}

/// The handle that a line of a list means, with or without its `@`: the name as [`FoundHandle`] has
/// it. `None`: no handle is written so.
#[must_use]
pub fn handle_named(line: &str) -> Option<String> {
    let name = line.strip_prefix('@').unwrap_or(line);
    let is_plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    (is_plain && is_name(name)).then(|| name.to_ascii_lowercase())
}

fn is_name(name: &str) -> bool {
    LENGTH.contains(&name.len()) && begins_name(name)
}

/// No handle begins with a digit or `_`.
pub(super) fn begins_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic())
}

fn is_at(c: char) -> bool {
    matches!(c, '@' | '＠' | '﹫')
}

fn handle_at(text: &str, at: usize) -> Option<FoundHandle> {
    if !stands_free(text.get(..at)?) {
        return None;
    }
    let mut name = String::new();
    let mut has_latin = false;
    let mut end = at;
    for (offset, c) in text.get(at..)?.char_indices().skip(1) {
        if is_invisible(c) {
            continue;
        }
        let plain = if c.is_ascii() { c } else { compatible(c) };
        let Some(letter) = letter(plain) else { break };
        if name.len() == NAME_MAX {
            return None;
        }
        has_latin |= plain.is_ascii_alphabetic();
        name.push(letter);
        end = at + offset + c.len_utf8();
    }
    // A name wholly of look-alikes is a word of another script.
    (has_latin && is_name(&name)).then_some(FoundHandle { range: at..end, name })
}

fn letter(plain: char) -> Option<char> {
    let plain = look_alike(plain).unwrap_or(plain);
    (plain.is_ascii_alphanumeric() || plain == '_').then(|| plain.to_ascii_lowercase())
}

/// Is there a boundary of words behind this? In scripts without spaces there always is.
fn stands_free(before: &str) -> bool {
    let last = before.chars().rev().find(|&c| !is_invisible(c) && !is_combining_mark(c));
    last.is_none_or(|c| c != '_' && (!is_word_char(c) || is_spaceless(c)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn handles_are_found_with_their_places() {
        let cases: [(&str, &[(&str, &str)]); 24] = [
            ("@zorb", &[("@zorb", "zorb")]),
            ("write @Zorb_Shop1, now", &[("@Zorb_Shop1", "zorb_shop1")]),
            ("(@zorb)/@blorp", &[("@zorb", "zorb"), ("@blorp", "blorp")]),
            ("@zor @zorbbb", &[("@zorbbb", "zorbbb")]),
            (
                "@aaaaaaaaaabbbbbbbbbbccccccccccdd",
                &[("@aaaaaaaaaabbbbbbbbbbccccccccccdd", "aaaaaaaaaabbbbbbbbbbccccccccccdd")],
            ),
            ("@aaaaaaaaaabbbbbbbbbbccccccccccddd", &[]),
            ("@1zorb @_zorb @12345", &[]),
            ("mail zorb@shop.example, é@zorb e\u{301}@zorb", &[]),
            ("zorb\u{200B}@shop", &[]),
            ("_@zorb", &[]),
            ("联系@zorb看看", &[("@zorb", "zorb")]),
            ("ดูที่@zorb", &[("@zorb", "zorb")]),
            ("пиши:@zorb", &[("@zorb", "zorb")]),
            ("пиши@zorb", &[]),
            ("＠ｚｏｒｂ", &[("＠ｚｏｒｂ", "zorb")]),
            ("@z\u{200B}o\u{AD}rb\u{200B}", &[("@z\u{200B}o\u{AD}rb", "zorb")]),
            ("@\u{2060}zorb", &[("@\u{2060}zorb", "zorb")]),
            ("@𝐳𝐨𝐫𝐛 @🅩🅞🅡🅑", &[("@𝐳𝐨𝐫𝐛", "zorb"), ("@🅩🅞🅡🅑", "zorb")]),
            ("@zоrb", &[("@zоrb", "zorb")]),
            ("@тост @вася", &[]),
            ("https://t.me/@zorb", &[("@zorb", "zorb")]),
            ("@@zorb", &[("@zorb", "zorb")]),
            ("@zorb@place.example", &[("@zorb", "zorb")]),
            ("@ zorb", &[]),
        ];
        for (text, want) in cases {
            let found = handles(text);
            let got: Vec<(&str, &str)> = found
                .iter()
                .map(|one| (text.get(one.range.clone()).unwrap(), &*one.name))
                .collect();
            assert_eq!(got, want, "in {text:?}");
        }
    }

    #[test]
    fn lines_of_lists_are_names_with_or_without_their_sign() {
        for line in ["zorb", "@zorb", "ZORB", "@Zorb"] {
            assert_eq!(handle_named(line).as_deref(), Some("zorb"));
        }
        for line in ["", "@", "zor", "1zorb", "zo rb", "zorb.shop", "zоrb", "@@zorb"] {
            assert_eq!(handle_named(line), None, "{line}");
        }
    }

    #[test]
    fn a_mebibyte_of_anything_is_looked_through_once() {
        for unit in
            ["@", "@a", "@\u{200B}", "\u{200B}", "a\u{301}", "@zorb", "\u{301}@", "@aaaaaaaaa"]
        {
            let text = unit.repeat((1 << 20) / unit.len());
            assert!(handles(&text).iter().all(|one| text.get(one.range.clone()).is_some()));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 5_000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn no_text_with_a_handle_is_passed_over(
            parts in prop::collection::vec(prop::sample::select(vec![
                "@", "＠", "﹫", "zorb", "blorp1", "_", " ", ".", "ｚ", "о", "\u{200B}", "\u{301}", "系", "я",
            ]), 0..12),
        ) {
            let text = parts.concat();
            let found = handles(&text);
            prop_assert!(found.is_empty() || may_hold_handle(&text), "{:?}", text);
            for one in found {
                prop_assert!(text.get(one.range.clone()).is_some());
                prop_assert_eq!(handle_named(&one.name), Some(one.name.clone()));
            }
        }
    }
}
