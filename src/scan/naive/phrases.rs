//! Entries of words: which units in a row, how far apart.

use std::collections::HashMap;

use crate::normalise::{self, Form, Unit};
use crate::record::{Parts, View};
use crate::rules::{Entry, Pattern};
use crate::scan::Seen;

use super::dictionary::{Dictionary, Occurrence, Occurrences};
use super::found::Found;
use super::texts::value_of;

/// Word and phrase patterns that share a dictionary.
#[derive(Debug)]
pub(super) struct Phrases {
    raw: bool,
    dictionary: Dictionary,
    phrases: Vec<Phrase>,
    /// Phrases by their first unit.
    by_first: HashMap<usize, Vec<usize>>,
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
    pub(super) fn folded() -> Self {
        Self::new(false)
    }

    pub(super) fn raw() -> Self {
        Self::new(true)
    }

    fn new(raw: bool) -> Self {
        let dictionary = Dictionary::new(raw);
        Self { raw, dictionary, phrases: Vec::new(), by_first: HashMap::new() }
    }

    /// Adds the entries of a pattern.
    pub(super) fn add(&mut self, number: usize, pattern: &Pattern, entries: &[Entry], gap: usize) {
        for (at, entry) in entries.iter().enumerate() {
            let value = value_of(entry);
            let forms = if self.raw {
                raw_forms(entry)
            } else {
                normalise::unmask_entry(&entry.text).forms
            };
            for form in forms.iter().filter(|form| !form.is_too_short()) {
                let units: Vec<_> = form
                    .units
                    .iter()
                    .map(|unit| (self.dictionary.add(unit), if unit.spaced { gap } else { 0 }))
                    .collect();
                let joined = self.joined(form).map(|unit| vec![(unit, 0)]);
                for units in [Some(units), joined].into_iter().flatten() {
                    self.push(Phrase {
                        pattern: number,
                        parts: pattern.parts,
                        view: pattern.view,
                        entry: at,
                        value: value.clone(),
                        units,
                    });
                }
            }
        }
    }

    /// A phrase without its spaces, for runs.
    fn joined(&mut self, form: &Form) -> Option<usize> {
        let several = form.units.len() > 1 && !self.raw;
        let text = || form.units.iter().map(|unit| unit.text.as_str()).collect();
        several.then(text).map(|text| self.dictionary.add_joined(text))
    }

    fn push(&mut self, phrase: Phrase) {
        let Some(&(first, _)) = phrase.units.first() else { return };
        self.by_first.entry(first).or_default().push(self.phrases.len());
        self.phrases.push(phrase);
    }

    pub(super) fn scan(&self, seen: &Seen<'_>, found: &mut Found) {
        if self.phrases.is_empty() {
            return;
        }
        let occurrences = self.dictionary.occurrences(&seen.views);
        for (unit, places) in &occurrences {
            let phrases = self.by_first.get(unit).into_iter().flatten();
            for phrase in phrases.filter_map(|at| self.phrases.get(*at)) {
                if phrase.parts.has(seen.piece.part) {
                    phrase.scan(seen, places, &occurrences, found);
                }
            }
        }
    }
}

impl Phrase {
    /// From each place of the first unit, the nearest end. Where the first unit has several ends
    /// from one start, the widest counts: it covers the disguise.
    fn scan(
        &self,
        seen: &Seen<'_>,
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
        seen: &Seen<'_>,
        first: Occurrence,
        occurrences: &Occurrences,
    ) -> Option<Occurrence> {
        let mut ends = vec![first];
        for (unit, gap) in self.units.iter().skip(1) {
            let places = occurrences.get(unit)?;
            let mut next = Vec::new();
            for from in &ends {
                let after = places.partition_point(|place| place.start < from.end);
                let near = places
                    .iter()
                    .skip(after)
                    .take_while(|place| seen.views.words_between(from.end, place.start) <= *gap);
                let near = near.filter(|place| place.view <= self.view);
                next.extend(
                    near.map(|place| Occurrence { view: place.view.max(from.view), ..*place }),
                );
            }
            next.sort_unstable_by_key(|place| (place.end, place.view));
            next.dedup_by_key(|place| place.end);
            ends = next;
        }
        ends.into_iter().next()
    }
}

/// An entry on raw text: the same words, as they are written.
fn raw_forms(entry: &Entry) -> Vec<Form> {
    let views = normalise::views(&entry.text, &[]);
    let mut units: Vec<Unit> = Vec::new();
    let mut end = 0;
    for word in views.words() {
        let text = entry.text.get(word.range.clone()).unwrap_or_default();
        let between = entry.text.get(end..word.range.start).unwrap_or_default();
        let before = entry.text.get(..word.range.start).unwrap_or_default();
        let after = entry.text.get(word.range.end..).unwrap_or_default();
        let open_right = after.starts_with('*');
        let open_left = before.ends_with('*');
        end = word.range.end;
        if let Some(last) = units.last_mut().filter(|_| word.glued) {
            last.text.push_str(text);
            last.words += 1;
            last.spaceless &= word.spaceless;
            last.open_right = open_right;
            continue;
        }
        let spaced = between.chars().any(char::is_whitespace);
        let (text, spaceless) = (text.to_owned(), word.spaceless);
        units.push(Unit { text, spaced, open_left, open_right, words: 1, spaceless });
    }
    if units.is_empty() { Vec::new() } else { vec![Form { units }] }
}
