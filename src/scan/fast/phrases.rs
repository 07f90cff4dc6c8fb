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
    /// Patterns with the number of their first form, rising.
    patterns: Vec<(u32, u32)>,
    /// The units of all forms, one behind the other: see [`Packed`].
    units: Vec<u8>,
    /// What a form counts as for `x.different`, where that is not its own text.
    values: HashMap<u32, String>,
}

#[derive(Clone, Copy, Debug)]
struct Stored {
    entry: u32,
    /// Where its units begin; they end where those of the next form begin.
    units: u32,
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
    /// Adds a form of an entry with the words allowed before each of its units; its number. `value`: what it
    /// counts as, where that is not its own text.
    pub(super) fn add(
        &mut self,
        (pattern, entry): (u32, u32),
        value: Option<String>,
        units: &[KnownUnit<'_>],
    ) -> Result<u32, TooMany> {
        let number = u32::try_from(self.forms.len()).ok().filter(|at| *at < JOINED);
        let number = number.ok_or(TooMany)?;
        let at = u32::try_from(self.units.len()).map_err(|_| TooMany)?;
        self.forms.push(Stored { entry, units: at });
        if self.patterns.last().is_none_or(|(_, last)| *last != pattern) {
            self.patterns.push((number, pattern));
        }
        units.iter().for_each(|unit| pack(unit, &mut self.units));
        self.values.extend(value.map(|value| (number, value)));
        Ok(number)
    }

    /// The text of a form, its units apart by a space.
    fn text(&self, number: u32) -> String {
        let units: Vec<&str> = self.units(number).map(|unit| unit.text).collect();
        units.join(" ")
    }

    /// (pattern, entry) of a form.
    pub(super) fn owner(&self, number: u32) -> Option<(u32, u32)> {
        let number = number & !JOINED;
        let stored = self.forms.get(usize::try_from(number).ok()?)?;
        let after = self.patterns.partition_point(|(first, _)| *first <= number);
        let (_, pattern) = self.patterns.get(after.checked_sub(1)?)?;
        Some((*pattern, stored.entry))
    }

    /// What a form counts as for `x.different`.
    pub(super) fn value(&self, number: u32) -> String {
        let number = number & !JOINED;
        self.values.get(&number).cloned().unwrap_or_else(|| self.text(number))
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
    fn units(&self, number: u32) -> Packed<'_> {
        let at = usize::try_from(number).unwrap_or(usize::MAX);
        let begin = |at: usize| {
            let units = self.forms.get(at).and_then(|form| usize::try_from(form.units).ok());
            units.unwrap_or(self.units.len())
        };
        Packed(self.units.get(begin(at)..begin(at.saturating_add(1))).unwrap_or_default())
    }

    /// Bytes it takes.
    pub(super) fn bytes(&self) -> usize {
        self.forms.len() * size_of::<Stored>()
            + self.patterns.len() * size_of::<(u32, u32)>()
            + self.units.len()
            + self.values.values().map(|value| value.len() + 64).sum::<usize>()
    }
}

/// What a unit has besides its text, as bits of its first byte.
const OPEN_LEFT: u8 = 1;
const OPEN_RIGHT: u8 = 1 << 1;
const HAS_GAP: u8 = 1 << 2;
const HAS_WORDS: u8 = 1 << 3;

/// Writes a unit: a byte of bits, the bytes of its text, the gap and the number of words where they are not
/// 0 and 1, the text. Most take two bytes more than their text.
fn pack(unit: &KnownUnit<'_>, to: &mut Vec<u8>) {
    let bit = |is: bool, bit: u8| if is { bit } else { 0 };
    to.push(
        bit(unit.open_left, OPEN_LEFT)
            | bit(unit.open_right, OPEN_RIGHT)
            | bit(unit.gap != 0, HAS_GAP)
            | bit(unit.words != 1, HAS_WORDS),
    );
    pack_number(unit.text.len(), to);
    if unit.gap != 0 {
        pack_number(unit.gap, to);
    }
    if unit.words != 1 {
        pack_number(unit.words, to);
    }
    to.extend_from_slice(unit.text.as_bytes());
}

/// Seven bits a byte, the lowest first; the upper bit says that more follow.
fn pack_number(mut number: usize, to: &mut Vec<u8>) {
    loop {
        let low = u8::try_from(number & 0x7F).unwrap_or_default();
        number >>= 7;
        to.push(low | if number == 0 { 0 } else { 0x80 });
        if number == 0 {
            return;
        }
    }
}

/// Units that were written by [`pack`], in order.
#[derive(Clone, Copy, Debug)]
struct Packed<'s>(&'s [u8]);

impl Packed<'_> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn number(&mut self) -> Option<usize> {
        let (mut number, mut shift) = (0, 0);
        loop {
            let byte = self.byte()?;
            number |= usize::from(byte & 0x7F) << shift;
            shift += 7;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
    }
}

impl<'s> Iterator for Packed<'s> {
    type Item = KnownUnit<'s>;

    fn next(&mut self) -> Option<KnownUnit<'s>> {
        let bits = self.byte()?;
        let size = self.number()?;
        let gap = if bits & HAS_GAP == 0 { 0 } else { self.number()? };
        let words = if bits & HAS_WORDS == 0 { 1 } else { self.number()? };
        let (text, rest) = self.0.split_at_checked(size)?;
        self.0 = rest;
        Some(KnownUnit {
            text: std::str::from_utf8(text).ok()?,
            gap,
            words,
            open_left: bits & OPEN_LEFT != 0,
            open_right: bits & OPEN_RIGHT != 0,
        })
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_stored_comes_back(
            forms in prop::collection::vec((0..3_u32, prop::collection::vec((".{0,200}", 0..300_usize, 0..300_usize, any::<[bool; 2]>()), 1..4)), 0..8),
        ) {
            let mut forms = forms;
            forms.sort_by_key(|(pattern, _)| *pattern);
            let mut store = Store::default();
            let units = |form: &[(String, usize, usize, [bool; 2])]| -> Vec<(Unit, usize)> {
                form.iter().map(|(text, gap, words, [open_left, open_right])| {
                    let known = KnownUnit { text, gap: *gap, words: *words, open_left: *open_left, open_right: *open_right };
                    known.unit()
                }).collect()
            };
            for (entry, (pattern, form)) in (0..).zip(&forms) {
                let known: Vec<KnownUnit<'_>> = form.iter().map(|(text, gap, words, [open_left, open_right])| {
                    KnownUnit { text, gap: *gap, words: *words, open_left: *open_left, open_right: *open_right }
                }).collect();
                prop_assert_eq!(store.add((*pattern, entry), Some("value".to_owned()), &known).ok(), Some(entry));
            }
            for (number, (pattern, form)) in (0..).zip(&forms) {
                prop_assert_eq!(store.owner(number), Some((*pattern, number)));
                prop_assert_eq!(store.owner(number | JOINED), Some((*pattern, number)));
                prop_assert_eq!(store.row(number), units(form));
                prop_assert_eq!(store.is_single(number), form.len() == 1);
                let joined: String = form.iter().map(|(text, ..)| text.as_str()).collect();
                let row = store.row(number | JOINED);
                prop_assert_eq!(row.iter().map(|(unit, gap)| (unit.text.as_str(), *gap)).collect::<Vec<_>>(), [(joined.as_str(), 0)]);
                prop_assert_eq!(store.value(number), "value");
            }
        }
    }
}
