//! Plain scalars that are no text to one YAML or another, and so must be quoted where text is
//! wanted.

use std::sync::LazyLock;

use regex::RegexSet;

/// What YAML makes of a plain scalar that was meant as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::rules) enum Trouble {
    /// Nothing: `~`, `null`, an empty value.
    Null,
    /// A boolean, for YAML 1.1 at least: `no`, `on`, `y`.
    Boolean,
    /// A number that is not simply written: `012`, `1_000`, `0x1F`, `1.10`.
    Number,
    /// A number of base sixty in YAML 1.1: `1:30`.
    Sexagesimal,
    /// A date in YAML 1.1.
    Date,
    /// A sign of YAML 1.1: `=`, `<<`.
    Sign,
}

impl Trouble {
    /// For a message: "YAML may read … as".
    pub(in crate::rules) fn name(self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Boolean => "a boolean",
            Self::Number => "a number",
            Self::Sexagesimal => "a number of base sixty",
            Self::Date => "a date",
            Self::Sign => "a sign of YAML itself",
        }
    }
}

/// The types of YAML 1.1 and of the 1.2 core schema, in the order of `KINDS`.
static TYPES: LazyLock<Option<RegexSet>> = LazyLock::new(|| {
    RegexSet::new([
        r"^(~|null|Null|NULL)?$",
        r"^(y|Y|yes|Yes|YES|n|N|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)$",
        r"^[-+]?(0b[01_]+|0o?[0-7_]+|0x[0-9a-fA-F_]+|[0-9][0-9_]*)$",
        r"^[-+]?(([0-9][0-9_]*)?\.[0-9_]*([eE][-+]?[0-9]+)?|[0-9][0-9_]*[eE][-+]?[0-9]+)$",
        r"^[-+]?\.(inf|Inf|INF)$|^\.(nan|NaN|NAN)$",
        r"^[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?$",
        r"^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt \t].*)?$",
        r"^(=|<<)$",
    ])
    .ok()
});

const KINDS: [Trouble; 8] = [
    Trouble::Null,
    Trouble::Boolean,
    Trouble::Number,
    Trouble::Number,
    Trouble::Number,
    Trouble::Sexagesimal,
    Trouble::Date,
    Trouble::Sign,
];

/// Why a plain scalar must be quoted where text is wanted; `None`: every YAML reads this text, or
/// a whole number that is written in one way only.
pub(in crate::rules) fn trouble(text: &str) -> Option<Trouble> {
    let simple = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    if (simple && !text.is_empty()) || text == "0" {
        return None;
    }
    let found = TYPES.as_ref()?.matches(text).into_iter().next()?;
    KINDS.get(found).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scalars_that_yaml_reads_in_two_ways_are_told_from_text() {
        use Trouble::*;
        let cases = [
            ("", Some(Null)),
            ("~", Some(Null)),
            ("null", Some(Null)),
            ("NO", Some(Boolean)),
            ("no", Some(Boolean)),
            ("off", Some(Boolean)),
            ("y", Some(Boolean)),
            ("true", Some(Boolean)),
            ("012", Some(Number)),
            ("0o7", Some(Number)),
            ("0x1F", Some(Number)),
            ("1_000", Some(Number)),
            ("-5", Some(Number)),
            ("1.10", Some(Number)),
            ("1e3", Some(Number)),
            (".5", Some(Number)),
            (".", Some(Number)),
            (".inf", Some(Number)),
            ("1:30", Some(Sexagesimal)),
            ("2026-11-24", Some(Date)),
            ("<<", Some(Sign)),
            ("0", None),
            ("419", None),
            ("c5", None),
            ("noo", None),
            ("10m", None),
            ("1.2.3", None),
            ("2026.11.24-1", None),
            ("нет", None),
        ];
        for (text, expected) in cases {
            assert_eq!(trouble(text), expected, "{text}");
        }
    }
}
