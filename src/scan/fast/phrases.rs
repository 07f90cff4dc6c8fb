//! Every form of every entry of words, in one place, small.

use std::collections::HashMap;

use crate::normalise::{Form, Unit};

/// All forms, numbered in the order they were added.
#[derive(Debug, Default)]
pub(super) struct Store {
    forms: Vec<Stored>,
    units: Vec<StoredUnit>,
    /// The texts of all units, one behind the other.
    texts: String,
    /// What a form counts as for `x.different`, where that is not its own text.
    values: HashMap<u32, String>,
}

#[derive(Clone, Copy, Debug)]
struct Stored {
    pattern: u32,
    entry: u32,
    /// Its first unit; the next form's is behind its last.
    first: u32,
}

#[derive(Clone, Copy, Debug)]
struct StoredUnit {
    text: u32,
    gap: u16,
    words: u16,
    open_left: bool,
    open_right: bool,
    joined: bool,
}

/// A unit of a stored form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::scan) struct KnownUnit<'s> {
    /// Folded.
    pub(in crate::scan) text: &'s str,
    /// Words allowed before it.
    pub(in crate::scan) gap: usize,
    /// Words it is made of.
    pub(in crate::scan) words: usize,
    /// May begin with anything.
    pub(in crate::scan) open_left: bool,
    /// May end with anything.
    pub(in crate::scan) open_right: bool,
    /// A phrase without its spaces.
    pub(in crate::scan) joined: bool,
}

/// There are more forms than numbers for them.
#[derive(Debug)]
pub(super) struct TooMany;

impl Store {
    /// Adds a form of an entry with the words allowed before each of its units; its number.
    pub(super) fn add(
        &mut self,
        (pattern, entry): (u32, u32),
        value: &str,
        units: &[KnownUnit<'_>],
    ) -> Result<u32, TooMany> {
        // The upper bit is the table's.
        let number = u32::try_from(self.forms.len()).ok().filter(|at| *at < 1 << 31);
        let number = number.ok_or(TooMany)?;
        let first = u32::try_from(self.units.len()).map_err(|_| TooMany)?;
        self.forms.push(Stored { pattern, entry, first });
        for unit in units {
            self.units.push(StoredUnit {
                text: u32::try_from(self.texts.len()).map_err(|_| TooMany)?,
                gap: u16::try_from(unit.gap).unwrap_or(u16::MAX),
                words: u16::try_from(unit.words).unwrap_or(u16::MAX),
                open_left: unit.open_left,
                open_right: unit.open_right,
                joined: unit.joined,
            });
            self.texts.push_str(unit.text);
        }
        if !self.text(number).eq(value.chars()) {
            self.values.insert(number, value.to_owned());
        }
        Ok(number)
    }

    /// The text of a form, its units apart by a space, letter by letter.
    fn text(&self, number: u32) -> impl Iterator<Item = char> + '_ {
        let space = |at: usize| (at > 0).then_some(' ');
        self.units(number)
            .enumerate()
            .flat_map(move |(at, unit)| space(at).into_iter().chain(unit.text.chars()))
    }

    /// (pattern, entry) of a form.
    pub(super) fn owner(&self, number: u32) -> Option<(u32, u32)> {
        let stored = self.forms.get(usize::try_from(number).ok()?)?;
        Some((stored.pattern, stored.entry))
    }

    /// What a form counts as for `x.different`.
    pub(super) fn value(&self, number: u32) -> String {
        self.values.get(&number).cloned().unwrap_or_else(|| self.text(number).collect())
    }

    /// The units of a form.
    pub(super) fn units(&self, number: u32) -> impl Iterator<Item = KnownUnit<'_>> + '_ {
        let at = usize::try_from(number).unwrap_or(usize::MAX);
        let first = |at: usize| {
            let first = self.forms.get(at).and_then(|form| usize::try_from(form.first).ok());
            first.unwrap_or(self.units.len())
        };
        let range = first(at)..first(at.saturating_add(1));
        range.filter_map(|at| {
            let unit = self.units.get(at)?;
            let start = usize::try_from(unit.text).ok()?;
            let end = self
                .units
                .get(at + 1)
                .map_or(Some(self.texts.len()), |next| usize::try_from(next.text).ok())?;
            Some(KnownUnit {
                text: self.texts.get(start..end)?,
                gap: unit.gap.into(),
                words: unit.words.into(),
                open_left: unit.open_left,
                open_right: unit.open_right,
                joined: unit.joined,
            })
        })
    }

    /// Bytes it takes.
    pub(super) fn bytes(&self) -> usize {
        self.forms.len() * size_of::<Stored>()
            + self.units.len() * size_of::<StoredUnit>()
            + self.texts.len()
            + self.values.values().map(|value| value.len() + 64).sum::<usize>()
    }
}

/// The units of a form as they are stored; a phrase of entries with a gap allows it where a space
/// stands.
pub(super) fn known(form: &Form, gap: usize) -> Vec<KnownUnit<'_>> {
    let known = |unit: &'_ Unit| KnownUnit {
        text: "",
        gap: if unit.spaced { gap } else { 0 },
        words: unit.words,
        open_left: unit.open_left,
        open_right: unit.open_right,
        joined: false,
    };
    form.units.iter().map(|unit| KnownUnit { text: &unit.text, ..known(unit) }).collect()
}
