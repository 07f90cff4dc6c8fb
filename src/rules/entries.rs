//! Entries as they are looked for: what would be found nowhere, as less than is written, or twice.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};

use super::asked::{HashKind, PostField};
use super::codes::Code;
use super::lists::Placed;
use super::model::Match;
use super::report::{Faults, quoted};
use super::unwise::common;
use crate::extract::{canonical_domain, handle_named};
use crate::normalise::{Form, fold, unmask_entry};

/// What an entry is looked for as; equal for entries that find the same.
#[derive(PartialEq, Hash)]
pub(super) enum Sought {
    /// A stretch of text.
    Text(String),
    /// Words in order.
    Words(Form),
}

/// Why an entry cannot stand.
pub(super) struct Refusal {
    code: Code,
    message: String,
    label: String,
    help: &'static str,
}

/// Reports the entries that `sought` refuses, and those that come to the same as one before; of
/// words, also those that every post holds.
pub(super) fn check<T: Hash + PartialEq>(
    entries: &[Placed],
    sought: impl Fn(&str) -> Result<T, Refusal>,
    of_words: bool,
    faults: &mut Faults,
) {
    // Hashes only: a second copy of two million entries would be too much. Two entries with one
    // hash are compared in full.
    let state = RandomState::new();
    let mut known: HashMap<u64, &Placed> = HashMap::with_capacity(entries.len());
    for one in entries {
        let text = &one.entry.text;
        let found = match sought(text) {
            Ok(found) => found,
            Err(Refusal { code, message, label, help }) => {
                // Where a note is taken for a part of the entry, this says what to do about it.
                if code == Code::EntryLoses {
                    faults.withdraw(Code::ListComment, one.span);
                }
                faults.error(code, one.span, message).label(label).help(help);
                continue;
            }
        };
        if let Some(why) = of_words.then(|| common(text)).flatten() {
            faults
                .warn(Code::EntryCommon, one.span, why)
                .label("most posts hold such words")
                .help("make it a phrase, or ask for something else with it: `within 5 words of`");
        }
        let first = *known.entry(state.hash_one(&found)).or_insert(one);
        let is_same = || sought(&first.entry.text).is_ok_and(|other| other == found);
        if !std::ptr::eq(first, one) && is_same() {
            faults
                .warn(Code::DuplicateEntry, one.span, twice(text, &first.entry.text))
                .label("finds nothing more")
                .help("keep one of the two");
        }
    }
}

fn twice(text: &str, first: &str) -> String {
    if text == first {
        format!("{} stands twice in one list", quoted(text))
    } else {
        format!("{} is looked for as {} is", quoted(text), quoted(first))
    }
}

/// An entry of `any:` or of a list of texts.
pub(super) fn text(text: &str, matching: Match) -> Result<Sought, Refusal> {
    if matching == Match::Exact {
        return Ok(Sought::Text(text.to_owned()));
    }
    let unmasked = unmask_entry(text);
    let is_too_short = unmasked.forms.iter().all(Form::is_too_short);
    let of_words = matches!(matching, Match::Word | Match::Phrase);
    let Some(mut form) = unmasked.forms.into_iter().next() else { return Err(empty()) };
    if of_words && text.contains('*') && text.split_whitespace().any(has_odd_star) {
        return Err(odd_star());
    }
    if unmasked.loses {
        return Err(loses(text, &form));
    }
    if !of_words {
        return Ok(Sought::Text(form.text()));
    }
    if is_too_short {
        return Err(too_short());
    }
    if matching == Match::Word {
        // Without a gap it is the same what stands between the words.
        form.units.iter_mut().for_each(|unit| unit.spaced = false);
    }
    Ok(Sought::Words(form))
}

/// A `*` that is neither before a word nor behind it, or is there twice.
fn has_odd_star(word: &str) -> bool {
    let inner = word.trim_matches('*');
    let stars = word.len() - inner.len();
    inner.contains('*') || stars > 1 || (stars == 1 && fold(inner).is_empty())
}

fn empty() -> Refusal {
    Refusal {
        code: Code::EntryEmpty,
        message: "an entry without a letter, a digit or an emoji".to_owned(),
        label: "nothing of this is left to look for".to_owned(),
        help: "take it out; if this very sign is meant, give it a pattern of its own with `match: exact`",
    }
}

fn odd_star() -> Refusal {
    Refusal {
        code: Code::Wildcard,
        message: "a `*` stands at one end of a word, once".to_owned(),
        label: String::new(),
        help: "write `word*` or `*word`; for a word with anything around it, use `match: substring`",
    }
}

fn loses(text: &str, form: &Form) -> Refusal {
    Refusal {
        code: Code::EntryLoses,
        message: format!("a letter or sign of {} would not be looked for", quoted(text)),
        label: format!("all that is left is {}", quoted(&form.text())),
        help: if text.contains(" # ") {
            "put a tab before the `#` if a note starts there, or the note on a line of its own"
        } else {
            "take the sign out, or move the entry to a pattern with `match: exact` or a regex"
        },
    }
}

fn too_short() -> Refusal {
    Refusal {
        code: Code::EntryShort,
        message: "one character alone in a script without spaces".to_owned(),
        label: "a part of too many words".to_owned(),
        help: "write two characters or more, or move the entry to a pattern with `match: substring`",
    }
}

/// A line of a list of domains, as the hosts of links are written.
pub(super) fn domain(text: &str) -> Result<String, Refusal> {
    let host = text.split_once("://").map_or(text, |(_, host)| host).trim_end_matches('/');
    // The host alone would cover more than the line says.
    let is_bare = !host.contains(['/', '?', '#', '@']);
    let found = canonical_domain(text).filter(|host| host.contains('.') || host.starts_with('['));
    found.filter(|_| is_bare).ok_or_else(|| no_name(text, "a domain"))
}

/// A line of a list of channels, as the names in links are written.
pub(super) fn channel(text: &str) -> Result<String, Refusal> {
    let name = text.strip_prefix('@').unwrap_or(text);
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"_.".contains(&byte);
    if name.is_empty() || !name.bytes().all(is_part) {
        return Err(no_name(text, "a channel name"));
    }
    Ok(name.to_ascii_lowercase())
}

/// A line of a list of handles.
pub(super) fn handle(text: &str) -> Result<String, Refusal> {
    handle_named(text).ok_or_else(|| Refusal {
        code: Code::BadDomain,
        message: format!("{} is not a handle", quoted(text)),
        label: String::new(),
        help: "write @name or name: 4 to 32 of a-z, 0-9 and `_`, a letter first",
    })
}

/// A line of a list of hashes, of so many hexadecimal digits.
pub(super) fn hash(text: &str, kind: HashKind) -> Result<String, Refusal> {
    let is_hex = text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_hex && text.len() == kind.digits() {
        return Ok(text.to_ascii_lowercase());
    }
    let is_of = |known: &HashKind| is_hex && known.digits() == text.len();
    let other = HashKind::ALL.into_iter().find(is_of);
    Err(Refusal {
        code: Code::BadHash,
        message: format!("{} is no {}", quoted(text), kind.name()),
        label: match other {
            Some(other) => format!("this is as long as a {}", other.name()),
            None => format!("{} hexadecimal digits are one", kind.digits()),
        },
        help: "write a hash a line in hexadecimal, and each kind of hash in a list of its own",
    })
}

/// A value of a field; `None`: of one that is not known.
pub(super) fn value(text: &str, field: Option<PostField>) -> Result<String, Refusal> {
    match field.and_then(PostField::values) {
        Some(values) if !values.contains(&text) => Err(Refusal {
            code: Code::UnknownValue,
            message: format!("this field is never {}", quoted(text)),
            label: format!("it is one of {}", values.join(", ")),
            help: "take it out, or write one of its values",
        }),
        _ => Ok(text.to_owned()),
    }
}

fn no_name(text: &str, what: &str) -> Refusal {
    Refusal {
        code: Code::BadDomain,
        message: format!("{} is not {what}", quoted(text)),
        label: String::new(),
        help: "write the bare name, without path: example.org, or channel_name",
    }
}
