//! Ordinary posts through a pack, on all cores: which lines hit, by which rule.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::ops::Range;
use std::str::FromStr;

use crate::app::cli::blocks::{self, Block};
use crate::app::cli::lines::Lines;
use crate::score::Fired;
use crate::screen::{RuleSet, Screened};

/// Alarms, and lines that cannot be read, kept of one file; all are counted. Enough to mend a pack
/// by, few enough to hold.
const KEPT_MAX: usize = 1_000;
/// Bytes of text kept of an alarm: nearly all posts whole.
const TEXT_BYTES_MAX: usize = 16 << 10;

/// How many lines may hit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::app::cli) enum AtMost {
    /// So many, however long the file is.
    Lines(u64),
    /// So many of so many.
    Share(u64, u64),
}

impl FromStr for AtMost {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let help = || "write a share such as 1/1000, or a number of lines".to_owned();
        let number = |text: &str| text.parse::<u64>().map_err(|_| help());
        match text.split_once('/') {
            None => Ok(Self::Lines(number(text)?)),
            Some((part, of)) => match (number(part)?, number(of)?) {
                (part, of) if 0 < of && part <= of => Ok(Self::Share(part, of)),
                _ => Err(help()),
            },
        }
    }
}

impl std::fmt::Display for AtMost {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Lines(lines) => write!(f, "{lines}"),
            Self::Share(part, of) => write!(f, "{part}/{of}"),
        }
    }
}

impl AtMost {
    /// Lines that may hit of so many.
    pub(super) fn allowed(self, lines: u64) -> u64 {
        match self {
            Self::Lines(allowed) => allowed,
            Self::Share(part, of) => {
                let allowed = u128::from(lines) * u128::from(part) / u128::from(of);
                u64::try_from(allowed).unwrap_or(u64::MAX)
            }
        }
    }
}

/// A rule that fires on an ordinary line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Alarm {
    /// Number of the line, from 1.
    pub(super) line: u64,
    /// Id of the rule.
    pub(super) rule: String,
    /// The part of the post where the first hit is.
    pub(super) part: &'static str,
    /// What that part says; cut where it is very long.
    pub(super) text: String,
    /// Where the rule's patterns are in it, and their names, in the order of the text.
    pub(super) marks: Vec<(Range<usize>, String)>,
}

/// What a file of ordinary posts said about a pack.
#[derive(Debug)]
pub(super) struct Benign {
    /// Name of the file.
    pub(super) file: String,
    /// What was asked.
    pub(super) at_most: AtMost,
    /// Lines with something in them.
    pub(super) lines: u64,
    /// Those on which a rule fires.
    pub(super) hit: u64,
    /// Those that cannot be read.
    pub(super) unreadable: u64,
    /// Lines by rule that fires there.
    pub(super) rules: BTreeMap<String, u64>,
    /// The first alarms, in the order of the lines.
    pub(super) alarms: Vec<Alarm>,
    /// The first lines that cannot be read: number and why.
    pub(super) faults: Vec<(u64, String)>,
}

impl Benign {
    pub(super) fn new(file: String, at_most: AtMost) -> Self {
        Self {
            file,
            at_most,
            lines: 0,
            hit: 0,
            unreadable: 0,
            rules: BTreeMap::new(),
            alarms: Vec::new(),
            faults: Vec::new(),
        }
    }

    /// Screens all of the input.
    pub(super) fn read(
        &mut self,
        input: impl Read + Send,
        rules: &RuleSet,
        lines: &Lines,
    ) -> io::Result<()> {
        let work = |block: &Block| Self::block(block, rules, lines);
        blocks::each(input, work, |of_block| {
            self.add(of_block);
            Ok(true)
        })
    }

    /// Do as few lines hit as may?
    pub(super) fn is_allowed(&self) -> bool {
        self.hit <= self.at_most.allowed(self.lines)
    }

    /// Alarms that were counted and not kept.
    pub(super) fn omitted(&self) -> u64 {
        let kept = u64::try_from(self.alarms.len()).unwrap_or(u64::MAX);
        self.rules.values().sum::<u64>().saturating_sub(kept)
    }

    /// Why the file proves nothing: a share of lines that were not read would be a lie.
    pub(super) fn unread(&self) -> Option<String> {
        let file = &self.file;
        if self.lines == 0 {
            return Some(format!("{file} holds no lines: give it a post a line"));
        }
        let (line, why) = self.faults.first()?;
        let (count, lines) = (self.unreadable, self.lines);
        Some(format!(
            "{count} of {lines} lines of {file} cannot be read, the first is line {line}: {why}; \
             mend them, or say with --format how they are written"
        ))
    }

    fn block(block: &Block, rules: &RuleSet, lines: &Lines) -> Self {
        let mut said = Self::new(String::new(), AtMost::Lines(0));
        for (line, number) in block.lines().zip(block.first..) {
            if !line.trim_ascii().is_empty() {
                said.lines += 1;
                said.line(number, line, (rules, lines));
            }
        }
        said
    }

    fn line(&mut self, number: u64, line: &[u8], (rules, lines): (&RuleSet, &Lines)) {
        let screened = match lines.screen(number, line, rules) {
            Ok(screened) => screened,
            Err(fault) => {
                self.unreadable += 1;
                if self.faults.len() < KEPT_MAX {
                    self.faults.push((number + 1, fault.to_string()));
                }
                return;
            }
        };
        self.hit += u64::from(!screened.verdict.fired.is_empty());
        for fired in &screened.verdict.fired {
            let Some(rule) = rules.rules().get(fired.rule) else { continue };
            *self.rules.entry(rule.id.clone()).or_default() += 1;
            if self.alarms.len() < KEPT_MAX {
                let (part, text, marks) = seen(&screened, fired, rules);
                let (line, rule) = (number + 1, rule.id.clone());
                self.alarms.push(Alarm { line, rule, part, text, marks });
            }
        }
    }

    /// Adds what the lines behind these said.
    fn add(&mut self, next: Self) {
        self.lines += next.lines;
        self.hit += next.hit;
        self.unreadable += next.unreadable;
        for (rule, lines) in next.rules {
            *self.rules.entry(rule).or_default() += lines;
        }
        let room = |kept: usize| KEPT_MAX.saturating_sub(kept);
        self.alarms.extend(next.alarms.into_iter().take(room(self.alarms.len())));
        self.faults.extend(next.faults.into_iter().take(room(self.faults.len())));
    }
}

/// The piece of a post where a rule's first hit is: its part, its text, the hits in it.
fn seen(
    screened: &Screened<'_>,
    fired: &Fired,
    rules: &RuleSet,
) -> (&'static str, String, Vec<(Range<usize>, String)>) {
    let hits: Vec<_> =
        fired.evidence.iter().filter_map(|&index| screened.hits.all.get(index)).collect();
    let pieces = screened.post.pieces();
    let in_text = hits.iter().filter(|hit| hit.field.is_none()).map(|hit| hit.piece);
    let number = in_text.min().unwrap_or(0);
    let Some(piece) = pieces.get(number) else { return ("", String::new(), Vec::new()) };
    let text = cut(piece.text);
    let marks = hits.iter().filter(|hit| hit.field.is_none() && hit.piece == number);
    let marks = marks.filter(|hit| hit.range.end <= text.len()).filter_map(|hit| {
        let (index, rule) = rules.rule_of(hit.pattern)?;
        let first = rules.first_patterns().get(index)?;
        let pattern = usize::try_from(hit.pattern.0.checked_sub(first.0)?).ok()?;
        Some((hit.range.clone(), rule.patterns.get(pattern)?.name.to_string()))
    });
    let mut marks: Vec<_> = marks.collect();
    marks.sort_by_key(|(range, _)| (range.start, range.end));
    (piece.part.name(), text.to_owned(), marks)
}

/// The first bytes of a text, whole characters.
fn cut(text: &str) -> &str {
    let mut end = TEXT_BYTES_MAX.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_a_part_of_the_lines_and_a_number_is_itself() {
        for (written, lines, allowed) in [
            ("0", 1_000_000, 0),
            ("3", 10, 3),
            ("1/1000", 999, 0),
            ("1/1000", 1_000, 1),
            ("1/1000", 1_999, 1),
            ("2/3", 10, 6),
            ("18446744073709551615/18446744073709551615", u64::MAX, u64::MAX),
        ] {
            let at_most: AtMost = written.parse().unwrap();
            assert_eq!(at_most.allowed(lines), allowed, "{written} of {lines}");
            assert_eq!(at_most.to_string(), written);
        }
        for bad in ["", "-1", "1/0", "2/1", "1/x", "0.1", "1 / 2", "1/2/3"] {
            assert!(bad.parse::<AtMost>().is_err(), "{bad}");
        }
    }
}
