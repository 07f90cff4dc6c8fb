//! Sizes and times as people write them: a whole number and its unit.

use std::ops::RangeInclusive;
use std::time::Duration;

/// Unit and bytes, smallest first. Binary ones only: a limit in `MB` is read in two ways.
const SIZES: [(&str, u64); 5] =
    [("B", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("TiB", 1 << 40)];

/// Unit and milliseconds, smallest first.
const SPANS: [(&str, u64); 5] =
    [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

/// Bytes of a size such as `1MiB`, within `allowed`.
///
/// # Errors
/// What is wrong and how to write it.
pub(super) fn size(text: &str, allowed: &RangeInclusive<u64>) -> Result<u64, String> {
    within(number(text, &SIZES)?, allowed, &SIZES)
}

/// [`size`] as a length in memory.
///
/// # Errors
/// As [`size`].
pub(super) fn length(text: &str, allowed: &RangeInclusive<u64>) -> Result<usize, String> {
    let bytes = size(text, allowed)?;
    usize::try_from(bytes).map_err(|_| "more than this machine can address".to_owned())
}

/// A time such as `25ms` or `14d`, within `allowed` milliseconds.
///
/// # Errors
/// What is wrong and how to write it.
pub(super) fn span(text: &str, allowed: &RangeInclusive<u64>) -> Result<Duration, String> {
    within(number(text, &SPANS)?, allowed, &SPANS).map(Duration::from_millis)
}

fn number(text: &str, units: &[(&str, u64)]) -> Result<u64, String> {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = text.split_at(digits);
    let known = units.iter().find(|(name, _)| *name == unit.trim());
    let Some((_, factor)) = known.filter(|_| digits > 0) else {
        let names: Vec<_> = units.iter().map(|(name, _)| *name).collect();
        return Err(format!("`{text}` is not a whole number with a unit of {}", names.join(", ")));
    };
    let number: Option<u64> = number.parse().ok();
    number.and_then(|number| number.checked_mul(*factor)).ok_or(format!("`{text}` is too large"))
}

fn within(value: u64, allowed: &RangeInclusive<u64>, units: &[(&str, u64)]) -> Result<u64, String> {
    if allowed.contains(&value) {
        return Ok(value);
    }
    let (low, high) = (written(*allowed.start(), units), written(*allowed.end(), units));
    Err(format!("{} is not between {low} and {high}", written(value, units)))
}

/// The value in the largest unit that leaves no rest.
fn written(value: u64, units: &[(&str, u64)]) -> String {
    let fits =
        units.iter().rev().find(|(_, factor)| value >= *factor && value.is_multiple_of(*factor));
    fits.map_or_else(|| value.to_string(), |(name, factor)| format!("{}{name}", value / factor))
}
