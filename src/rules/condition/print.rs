//! A condition as its author would write it, for `explain`: parsing it again gives the same.

use std::fmt;

use crate::rules::compared::FieldComparison;
use crate::rules::model::{Condition, Need, Pattern};

/// A condition with the names of its patterns, to be printed.
#[derive(Clone, Copy, Debug)]
pub struct Shown<'a> {
    condition: &'a Condition,
    patterns: &'a [Pattern],
}

impl Condition {
    /// The condition in words; `patterns` are those of its rule.
    #[must_use]
    pub fn shown<'a>(&'a self, patterns: &'a [Pattern]) -> Shown<'a> {
        Shown { condition: self, patterns }
    }
}

/// How tightly a condition holds together; a looser one inside a tighter needs parentheses.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Bond {
    Or,
    And,
    Not,
    Tight,
}

fn bond(condition: &Condition) -> Bond {
    match condition {
        Condition::Or(_) => Bond::Or,
        Condition::And(_) => Bond::And,
        Condition::Not(_) => Bond::Not,
        _ => Bond::Tight,
    }
}

impl<'a> Shown<'a> {
    fn name(&self, index: usize) -> &'a str {
        self.patterns.get(index).map_or("?", |pattern| &*pattern.name)
    }

    fn names(&self, indexes: &[usize], between: &str) -> String {
        let names: Vec<&str> = indexes.iter().map(|&index| self.name(index)).collect();
        names.join(between)
    }

    /// One side of `within`.
    fn group(&self, indexes: &[usize]) -> String {
        match indexes {
            [only] => self.name(*only).to_owned(),
            _ => format!("({})", self.names(indexes, " or ")),
        }
    }

    fn inner(
        &self,
        condition: &'a Condition,
        least: Bond,
        f: &mut fmt::Formatter<'_>,
    ) -> fmt::Result {
        let shown = Shown { condition, ..*self };
        if bond(condition) < least { write!(f, "({shown})") } else { write!(f, "{shown}") }
    }

    fn chain(&self, parts: &'a [Condition], word: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, part) in parts.iter().enumerate() {
            if index > 0 {
                write!(f, " {word} ")?;
            }
            // Parts of the same kind keep their parentheses: that is how they were written.
            let least = if word == "or" { Bond::And } else { Bond::Not };
            self.inner(part, least, f)?;
        }
        Ok(())
    }
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.condition {
            Condition::Pattern(name) => f.write_str(self.name(*name)),
            Condition::Not(part) => {
                f.write_str("not ")?;
                self.inner(part, Bond::Not, f)
            }
            Condition::And(parts) => self.chain(parts, "and", f),
            Condition::Or(parts) => self.chain(parts, "or", f),
            Condition::Of(need, names) => {
                match need {
                    Need::Any => f.write_str("any")?,
                    Need::All => f.write_str("all")?,
                    Need::AtLeast(number) => write!(f, "{number}")?,
                }
                write!(f, " of ({})", self.names(names, ", "))
            }
            Condition::Within { words, left, right } => {
                write!(f, "{} within {words} words of {}", self.group(left), self.group(right))
            }
            Condition::Hits(name, comparison, number) => {
                write!(f, "{}.hits {} {number}", self.name(*name), comparison.sign())
            }
            Condition::Different(name, comparison, number) => {
                write!(f, "{}.different {} {number}", self.name(*name), comparison.sign())
            }
            Condition::Field(compared) => {
                let FieldComparison { what, default, how, with } = compared;
                match default {
                    Some(default) => write!(f, "({} else {default})", what.name())?,
                    None => f.write_str(what.name())?,
                }
                write!(f, " {} {with}", how.sign())
            }
        }
    }
}
