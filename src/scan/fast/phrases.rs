//! Every form of every entry of words, in one place, small.

use std::iter;

use std::collections::HashMap;

use crate::normalise::{Form, Unit};

/// The number of a form with this bit stands for it without the spaces between its units.
pub(super) const JOINED: u32 = 1 << 30;

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
        let number = u32::try_from(self.forms.len()).ok().filter(|at| *at < JOINED);
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
        let stored = self.forms.get(usize::try_from(number & !JOINED).ok()?)?;
        Some((stored.pattern, stored.entry))
    }

    /// What a form counts as for `x.different`.
    pub(super) fn value(&self, number: u32) -> String {
        let number = number & !JOINED;
        self.values.get(&number).cloned().unwrap_or_else(|| self.text(number).collect())
    }

    /// Is the form one unit?
    pub(super) fn is_single(&self, number: u32) -> bool {
        number & JOINED != 0 || self.units(number).nth(1).is_none()
    }

    /// The units of a form, each with the words allowed before it; of one without its spaces, that.
    pub(super) fn row(&self, number: u32) -> Vec<(Unit, usize)> {
        if number & JOINED == 0 {
            return self.units(number).map(|known| known.unit()).collect();
        }
        let text: String = self.units(number & !JOINED).map(|unit| unit.text).collect();
        let (gap, words, open_left, open_right) = (0, 1, false, false);
        let joined = KnownUnit { text: &text, gap, words, open_left, open_right };
        iter::once(joined.unit()).collect()
    }

    /// The units of a form.
    fn units(&self, number: u32) -> impl Iterator<Item = KnownUnit<'_>> + '_ {
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

impl KnownUnit<'_> {
    /// The unit as the slow truth has it, with the words allowed before it.
    fn unit(&self) -> (Unit, usize) {
        let unit = Unit {
            text: self.text.to_owned(),
            spaced: false,
            open_left: self.open_left,
            open_right: self.open_right,
            words: self.words,
            spaceless: false,
        };
        (unit, self.gap)
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
    };
    form.units.iter().map(|unit| KnownUnit { text: &unit.text, ..known(unit) }).collect()
}
