//! Scalars of the format: texts, numbers, booleans, durations, choices.

use std::ops::RangeInclusive;

use super::codes::Code;
use super::names::nearest;
use super::report::{Faults, Span, quoted};
use super::yaml::{Node, Style, Value, trouble};

/// Milliseconds of a day.
pub(super) const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

/// A text: anything in quotes, or a plain scalar that every YAML reads as text or as one and the
/// same whole number. Never empty.
pub(super) fn text<'n>(node: &'n Node, what: &str, faults: &mut Faults) -> Option<&'n str> {
    let found = text_or_empty(node, what, faults)?;
    if found.trim().is_empty() {
        faults
            .error(Code::Empty, node.span, format!("{what} is empty"))
            .help("write something, or take the key out");
        return None;
    }
    Some(found)
}

/// The same, where an empty text in quotes is allowed.
pub(super) fn text_or_empty<'n>(
    node: &'n Node,
    what: &str,
    faults: &mut Faults,
) -> Option<&'n str> {
    let (found, style) = scalar(node, what, faults)?;
    if style == Style::Plain && !is_clear(found, node.span, faults) {
        return None;
    }
    Some(found)
}

/// Is a plain scalar text in every YAML? If not, that is reported.
pub(super) fn is_clear(found: &str, at: Span, faults: &mut Faults) -> bool {
    let Some(trouble) = trouble(found) else { return true };
    let (message, help) = if found.is_empty() {
        ("nothing stands here".to_owned(), "write the value, or take the key out".to_owned())
    } else {
        (
            format!("{} must be quoted: YAML may read it as {}", quoted(found), trouble.name()),
            format!("write \"{found}\""),
        )
    };
    let code = if found.is_empty() { Code::Empty } else { Code::Ambiguous };
    faults.error(code, at, message).help(help);
    false
}

/// The text of a scalar and how it was written; lists and mappings are reported.
pub(super) fn scalar<'n>(
    node: &'n Node,
    what: &str,
    faults: &mut Faults,
) -> Option<(&'n str, Style)> {
    if let Value::Scalar { text, style } = &node.value {
        return Some((text, *style));
    }
    faults
        .error(
            Code::WrongType,
            node.span,
            format!("{what} is a single value, found {}", node.describe()),
        )
        .help("write one value; quote a text that starts with `[` or `{`");
    None
}

/// A list of texts, not empty; each with its node.
pub(super) fn texts<'n>(
    node: &'n Node,
    what: &str,
    faults: &mut Faults,
) -> Option<Vec<(&'n str, &'n Node)>> {
    let items = list(node, what, faults)?;
    let read: Vec<_> = items.iter().map(|item| Some((text(item, what, faults)?, item))).collect();
    read.into_iter().collect()
}

/// The items of a list that is not empty.
pub(super) fn list<'n>(node: &'n Node, what: &str, faults: &mut Faults) -> Option<&'n [Node]> {
    match &node.value {
        Value::List(items) if items.is_empty() => {
            faults
                .error(Code::Empty, node.span, format!("{what} is an empty list"))
                .help("add an item, or take the key out");
            None
        }
        Value::List(items) => Some(items),
        _ => {
            faults
                .error(
                    Code::WrongType,
                    node.span,
                    format!("{what} is a list, found {}", node.describe()),
                )
                .help("write [a, b], or one item a line after `- `");
            None
        }
    }
}

/// A whole number in a range.
pub(super) fn number(
    node: &Node,
    range: &RangeInclusive<usize>,
    faults: &mut Faults,
) -> Option<usize> {
    let (found, style) = scalar(node, "a number", faults)?;
    let digits = found.bytes().all(|byte| byte.is_ascii_digit());
    let simple = digits && (found == "0" || !found.starts_with('0')) && style == Style::Plain;
    let number = if simple { found.parse().ok() } else { None };
    let number = number.filter(|number| range.contains(number));
    if number.is_none() {
        let (least, most) = (range.start(), range.end());
        let message = format!("{} is no number from {least} to {most}", quoted(found));
        let help = if simple {
            format!("write one from {least} to {most}")
        } else {
            format!("write digits only, without quotes: {least} to {most}")
        };
        faults.error(Code::BadNumber, node.span, message).help(help);
    }
    number
}

/// `true` or `false`, nothing else.
pub(super) fn boolean(node: &Node, faults: &mut Faults) -> Option<bool> {
    match scalar(node, "a boolean", faults)? {
        ("true", Style::Plain) => Some(true),
        ("false", Style::Plain) => Some(false),
        (found, _) => {
            faults
                .error(Code::WrongType, node.span, format!("{} is no boolean", quoted(found)))
                .help("write true or false, in lower case and without quotes");
            None
        }
    }
}

/// A duration in milliseconds, from one second to `max_ms`: `90s`, `10m`, `24h`, `7d`.
pub(super) fn duration(node: &Node, max_ms: i64, faults: &mut Faults) -> Option<i64> {
    let (found, _) = scalar(node, "a duration", faults)?;
    let duration = milliseconds(found);
    if duration.is_some_and(|duration| (1_000..=max_ms).contains(&duration)) {
        return duration;
    }
    let longest = if max_ms % DAY_MS == 0 && max_ms > DAY_MS {
        format!("{}d", max_ms / DAY_MS)
    } else {
        format!("{}h", max_ms / (60 * 60 * 1_000))
    };
    let (message, help) = match duration {
        Some(_) => (
            format!("{} is not from 1s to {longest}", quoted(found)),
            format!("write 1s at least, {longest} at most"),
        ),
        None => (
            format!("{} is no duration", quoted(found)),
            format!("write a number and one of s, m, h, d: from 1s to {longest}"),
        ),
    };
    faults.error(Code::BadDuration, node.span, message).help(help);
    None
}

/// Milliseconds of a number and a unit.
pub(super) fn milliseconds(found: &str) -> Option<i64> {
    let (digits, unit) = found.split_at_checked(found.len().checked_sub(1)?)?;
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let unit_ms = match unit {
        "s" => 1_000,
        "m" => 60 * 1_000,
        "h" => 60 * 60 * 1_000,
        "d" => DAY_MS,
        _ => return None,
    };
    digits.parse::<i64>().ok()?.checked_mul(unit_ms)
}

/// One of some values by name.
pub(super) fn choice<T: Copy>(
    node: &Node,
    what: &str,
    options: &[(&'static str, T)],
    faults: &mut Faults,
) -> Option<T> {
    let found = text(node, what, faults)?;
    let option = options.iter().find(|(name, _)| *name == found);
    if option.is_none() {
        let names: Vec<&str> = options.iter().map(|(name, _)| *name).collect();
        unknown(found, what, node.span, &names, faults);
    }
    option.map(|(_, value)| *value)
}

/// Reports a value that is not among those known.
pub(super) fn unknown(found: &str, what: &str, at: Span, names: &[&str], faults: &mut Faults) {
    let help = match nearest(found, names.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("write one of {}", names.join(", ")),
    };
    faults.error(Code::UnknownValue, at, format!("{what} cannot be {}", quoted(found))).help(help);
}

/// Does a word consist of lower-case ASCII letters, digits and `extra`, and start with a letter?
pub(super) fn is_slug(word: &str, extra: &str) -> bool {
    const LONGEST_BYTES: usize = 64;
    let letter = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit();
    word.len() <= LONGEST_BYTES
        && word.starts_with(|first: char| first.is_ascii_lowercase())
        && word.chars().all(|one| letter(one) || extra.contains(one))
}
