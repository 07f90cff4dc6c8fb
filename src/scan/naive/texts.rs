//! Patterns that run on a whole text: substrings, exact strings, regexes.

use std::ops::Range;

use aho_corasick::AhoCorasick;
use regex::{Regex, RegexBuilder};

use crate::normalise;
use crate::record::View;
use crate::rules::{Entry, Match};
use crate::scan::Viewed;

use super::found::Found;

/// Compiled size of one regex, bytes (design section 12).
const REGEX_BYTES_MAX: usize = 1 << 20;

/// A pattern on a whole text.
#[derive(Debug)]
pub(super) struct TextMatcher {
    view: View,
    what: What,
}

#[derive(Debug)]
enum What {
    Regex(Regex),
    List { automaton: AhoCorasick, needles: Vec<Needle>, on_boundaries: bool },
}

/// One string of the automaton and the entry it came from.
#[derive(Debug)]
struct Needle {
    text: String,
    entry: usize,
    value: String,
}

impl TextMatcher {
    /// `None`: it does not compile within the limit.
    pub(super) fn regex(regex: &str, view: View) -> Option<Self> {
        let regex = RegexBuilder::new(regex).size_limit(REGEX_BYTES_MAX).build().ok()?;
        Some(Self { view, what: What::Regex(regex) })
    }

    /// `None`: the list is too large for one automaton.
    pub(super) fn list(entries: &[Entry], matching: Match, view: View) -> Option<Self> {
        let needles = entries.iter().enumerate().flat_map(|(entry, listed)| {
            let value = value_of(listed);
            let texts = if view == View::Raw { vec![listed.text.clone()] } else { made(listed) };
            // An empty needle would match everywhere.
            let texts = texts.into_iter().filter(|text| !text.is_empty());
            texts.map(move |text| Needle { text, entry, value: value.clone() })
        });
        let needles: Vec<Needle> = needles.collect();
        let automaton = AhoCorasick::new(needles.iter().map(|needle| &needle.text)).ok()?;
        let on_boundaries = matching == Match::Exact;
        Some(Self { view, what: What::List { automaton, needles, on_boundaries } })
    }

    pub(super) fn view(&self) -> View {
        self.view
    }

    /// Is there anything of it in this text, word boundaries not asked?
    pub(super) fn is_in(&self, text: &str) -> bool {
        match &self.what {
            What::Regex(regex) => regex.is_match(text),
            What::List { automaton, .. } => automaton.is_match(text),
        }
    }

    pub(super) fn scan(&self, pattern: usize, seen: &Viewed<'_>, found: &mut Found) {
        let views = &seen.views;
        let mut run = |text: &str, view: View, original: &dyn Fn(Range<usize>) -> Range<usize>| {
            self.matches(text, |range, entry, value| {
                found.add(pattern, &original(range), view, (entry, value));
            });
        };
        if self.view == View::Raw {
            run(views.raw, View::Raw, &|range| range);
            return;
        }
        run(views.folded(), View::Folded, &|range| views.original(&range));
        if self.view == View::Unmasked {
            let unmasked = views.unmasked();
            run(&unmasked.text, View::Unmasked, &|range| unmasked.original(&range));
        }
    }

    fn matches(&self, text: &str, mut add: impl FnMut(Range<usize>, usize, &str)) {
        match &self.what {
            What::Regex(regex) => {
                for found in regex.find_iter(text) {
                    add(found.range(), 0, &normalise::fold(found.as_str()));
                }
            }
            What::List { automaton, needles, on_boundaries } => {
                let places = automaton.find_overlapping_iter(text).filter(|found| {
                    !on_boundaries || boundary(text, found.start()) && boundary(text, found.end())
                });
                for found in places {
                    let needle = needles.get(found.pattern().as_usize());
                    needle.into_iter().for_each(|n| add(found.range(), n.entry, &n.value));
                }
            }
        }
    }
}

/// What an entry counts as for `x.different`.
pub(super) fn value_of(entry: &Entry) -> String {
    let unmasked = normalise::unmask_entry(&entry.text);
    let first = unmasked.forms.first().map(normalise::Form::text);
    first.unwrap_or_else(|| entry.text.clone())
}

/// The strings of an entry on folded text; never cut, `a$$` is `ass`.
fn made(entry: &Entry) -> Vec<String> {
    let forms = normalise::unmask_entry(&entry.text).forms;
    forms.iter().map(normalise::Form::text).collect()
}

/// Does no word go on over this place? Between clusters of scripts without spaces there always is
/// a boundary.
fn boundary(text: &str, at: usize) -> bool {
    let before = text.get(..at).and_then(|text| text.chars().next_back());
    let after = text.get(at..).and_then(|text| text.chars().next());
    let (Some(before), Some(after)) = (before, after) else { return true };
    if !normalise::is_word_char(before) || !normalise::is_word_char(after) {
        return true;
    }
    let marked = unicode_normalization::char::is_combining_mark(after);
    let spaceless = normalise::is_spaceless(before) || normalise::is_spaceless(after);
    spaceless && !marked
}
