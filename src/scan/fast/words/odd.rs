//! Where each form waits for odd words, and what stretches of a text could spell.

use crate::normalise::{Bound, Key};

use super::super::spell::{Spellings, Way};
use super::super::table::{Filter, Keyed, Lookup};

/// Words that are one of two neighbours in a text of which any two are tried: of more one is taken for
/// granted.
const HALVES_MAX: usize = 32;

/// Forms by how odd words spell what of them is looked up.
#[derive(Debug, Default)]
pub(super) struct OddWords {
    pub(super) forwards: Spellings,
    pub(super) backwards: Spellings,
    pub(super) whole: Lookup,
    pub(super) heads: Lookup,
    pub(super) tails: Lookup,
    /// Spellings that are one of two neighbours, and now and then another: less often than one filter
    /// says so, for long stretches are asked for many times.
    pub(super) paired: [Filter; 2],
    pub(super) pairs: Lookup,
}

impl OddWords {
    /// What stretches of these keys could be. Fills `halves` with those that are one of two neighbours, in
    /// the order of the text, and a few at most.
    pub(super) fn spells(&self, keyed: &Keyed, keys: &[Key], halves: &mut Vec<u64>) -> Spells {
        let is_one = |of: &Lookup, spelt: u64| of.get(spelt).next().is_some();
        halves.clear();
        let mut has_odd = false;
        let forwards = |spelt: u64, [begins, ends]: [Bound; 2]| {
            let word = begins.min(ends);
            let asked = halves.len() <= HALVES_MAX || !has_odd;
            if word != Bound::Nothing && asked && self.is_half(spelt) {
                halves.extend((halves.len() <= HALVES_MAX).then_some(spelt));
                has_odd |= word == Bound::Word;
            }
            begins == Bound::Word
                && (ends == Bound::Word && is_one(&self.whole, spelt) || is_one(&self.heads, spelt))
        };
        let backwards =
            |spelt: u64, [ends, _]: [Bound; 2]| ends == Bound::Word && is_one(&self.tails, spelt);
        let entry = self.forwards.any(keyed, Way::Forwards, keys, forwards)
            || !self.tails.is_empty() && self.backwards.any(keyed, Way::Backwards, keys, backwards);
        match (entry, has_odd) {
            (true, _) => Spells::Entry,
            (false, true) => Spells::Halves,
            (false, false) => Spells::Nothing,
        }
    }

    /// Is the spelling one of two neighbours? Wrong in one of thousands.
    pub(super) fn is_half(&self, spelt: u64) -> bool {
        self.paired.iter().zip([spelt, again(spelt)]).all(|(filter, spelt)| filter.may_hold(spelt))
    }

    /// Are two of these spellings, which are in the order of a text, neighbours of a form?
    pub(super) fn has_pair(&self, keyed: &Keyed, halves: &[u64]) -> bool {
        if halves.len() > HALVES_MAX {
            return true;
        }
        let is_pair = |first: u64, second: u64| self.pairs.may_hold(keyed.pair(first, second));
        halves.iter().enumerate().any(|(at, first)| {
            let behind = halves.get(at + 1..).unwrap_or_default();
            behind.iter().any(|second| is_pair(*first, *second))
        })
    }
}

/// What could be spelt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spells {
    /// No word of any form.
    Nothing,
    /// Words that only stand beside another one, one of which may be odd.
    Halves,
    /// A form, or the beginning or end of one.
    Entry,
}

/// Other bits of a spelling's hash, for a second filter.
pub(super) fn again(spelt: u64) -> u64 {
    spelt.rotate_left(32)
}

/// What one stretch after the other is spelt in. Room: nothing of the last stretch is read.
#[derive(Debug, Default)]
pub(in crate::scan::fast) struct SpellRoom {
    pub(super) keys: Vec<Key>,
    pub(super) halves: Vec<u64>,
    /// Emoji may be halves too.
    pub(super) has_emoji: bool,
}
