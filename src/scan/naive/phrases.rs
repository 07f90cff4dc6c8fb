//! Entries of words: which units in a row, how far apart.

use std::collections::BTreeMap;

use crate::normalise::{self, Form, Unit};
use crate::record::{Parts, View};
use crate::rules::{Entry, Pattern};
use crate::scan::Viewed;

use super::dictionary::{Dictionary, Occurrence, Occurrences};
use super::found::Found;
use super::texts::value_of;

/// Word and phrase patterns, which share a dictionary. They have no raw view (`rules` refuses it).
#[derive(Debug, Default)]
pub(in crate::scan) struct Phrases {
    dictionary: Dictionary,
    phrases: Vec<Phrase>,
    /// Phrases by their first unit.
    by_first: BTreeMap<usize, Vec<usize>>,
}

/// One form of one entry of one pattern.
#[derive(Debug)]
struct Phrase {
    pattern: usize,
    parts: Parts,
    view: View,
    entry: usize,
    value: String,
    /// Units and the words allowed before each; never empty.
    units: Vec<(usize, usize)>,
}

impl Phrases {
    /// Adds the entries of a pattern.
    pub(super) fn add(&mut self, number: usize, pattern: &Pattern, entries: &[Entry], gap: usize) {
        for (at, entry) in entries.iter().enumerate() {
            let value = value_of(entry);
            let forms = normalise::unmask_entry(&entry.text).forms;
            let forms = forms.iter().filter(|form| !form.is_too_short());
            let rows: Vec<_> = forms.flat_map(|form| self.units(form, gap)).collect();
            for units in rows {
                let (parts, view, value) = (pattern.parts, pattern.view, value.clone());
                self.push(Phrase { pattern: number, parts, view, entry: at, value, units });
            }
        }
    }

    /// The units of a form with the words allowed before each, and for runs the form without its
    /// spaces.
    fn units(&mut self, form: &Form, gap: usize) -> Vec<Vec<(usize, usize)>> {
        let mut units = Vec::new();
        for unit in &form.units {
            units.push((self.dictionary.add(unit), if unit.spaced { gap } else { 0 }));
        }
        let joined = self.joined(form).map(|unit| vec![(unit, 0)]);
        [Some(units), joined].into_iter().flatten().collect()
    }

    /// A phrase without its spaces, for runs.
    fn joined(&mut self, form: &Form) -> Option<usize> {
        let several = form.units.len() > 1;
        let text = || form.units.iter().map(|unit| unit.text.as_str()).collect();
        several.then(text).map(|text| self.dictionary.add_joined(text))
    }

    /// Adds one form alone, by its units and the words allowed before each.
    pub(in crate::scan) fn add_form(
        &mut self,
        (pattern, parts, view): (usize, Parts, View),
        (entry, value): (usize, String),
        units: &[(Unit, usize)],
        joined: bool,
    ) {
        let add = |dictionary: &mut Dictionary, unit: &Unit| {
            if joined { dictionary.add_joined(unit.text.clone()) } else { dictionary.add(unit) }
        };
        let units =
            units.iter().map(|(unit, gap)| (add(&mut self.dictionary, unit), *gap)).collect();
        self.push(Phrase { pattern, parts, view, entry, value, units });
    }

    fn push(&mut self, phrase: Phrase) {
        let Some(&(first, _)) = phrase.units.first() else { return };
        self.by_first.entry(first).or_default().push(self.phrases.len());
        self.phrases.push(phrase);
    }

    pub(in crate::scan) fn scan(&self, seen: &Viewed<'_>, found: &mut Found) {
        if self.phrases.is_empty() {
            return;
        }
        let occurrences = self.dictionary.occurrences(&seen.views);
        let part = seen.piece.part;
        for (unit, places) in &occurrences {
            let phrases = self.by_first.get(unit).into_iter().flatten();
            let phrases = phrases.filter_map(|at| self.phrases.get(*at));
            for phrase in phrases.filter(|phrase| phrase.parts.has(part)) {
                phrase.scan(seen, places, &occurrences, found);
            }
        }
    }
}

impl Phrase {
    /// From each place of the first unit, the nearest end. Where the first unit has several ends
    /// from one start, the widest counts: it covers the disguise.
    fn scan(
        &self,
        seen: &Viewed<'_>,
        places: &[Occurrence],
        occurrences: &Occurrences,
        found: &mut Found,
    ) {
        let places: Vec<_> = places.iter().filter(|place| place.view <= self.view).collect();
        for same_start in places.chunk_by(|left, right| left.start == right.start) {
            let Some(first) = same_start.last() else { continue };
            if let Some(last) = self.nearest_end(seen, **first, occurrences) {
                let value = (self.entry, self.value.as_str());
                found.add(self.pattern, &(first.start..last.end), last.view, value);
            }
        }
    }

    /// Follows the units one by one, keeping every place that the phrase so far can end at.
    fn nearest_end(
        &self,
        seen: &Viewed<'_>,
        first: Occurrence,
        occurrences: &Occurrences,
    ) -> Option<Occurrence> {
        let mut ends = vec![first];
        for (unit, gap) in self.units.iter().skip(1) {
            let places = occurrences.get(unit)?;
            let next = ends.iter().flat_map(|from| self.near(seen, *from, places, *gap));
            let mut next: Vec<Occurrence> = next.collect();
            next.sort_unstable_by_key(|place| (place.end, place.view));
            next.dedup_by_key(|place| place.end);
            ends = next;
        }
        ends.into_iter().next()
    }

    /// The places of the next unit that lie near enough behind `from`.
    fn near<'o>(
        &self,
        seen: &'o Viewed<'_>,
        from: Occurrence,
        places: &'o [Occurrence],
        gap: usize,
    ) -> impl Iterator<Item = Occurrence> + use<'o> {
        let allowed = self.view;
        let after = places.partition_point(|place| place.start < from.end);
        let behind = places.iter().skip(after);
        let near = behind
            .take_while(move |next| seen.views.words_between(from.end, next.start) <= gap)
            .filter(move |next| next.view <= allowed);
        near.map(move |next| Occurrence { view: next.view.max(from.view), ..*next })
    }
}
