//! Runs of single letters with one beyond ASCII in it, which masks of bytes do not see.

use super::Level;
use crate::normalise::glance::checks;

impl Level {
    /// Notes chains of three single letters with one beyond ASCII in it.
    pub(super) fn note_runs(&mut self) {
        for at in 0..self.singles.len() {
            if self.before(at) + self.behind(at) >= 2 {
                self.runs.extend(self.singles.get(at).map(|single| single.end));
            }
        }
    }

    /// Single letters before one, one character apart, up to two.
    fn before(&self, mut at: usize) -> usize {
        let Some(mut start) = self.singles.get(at).map(|single| single.start) else { return 0 };
        for found in 0..2 {
            let other = at.checked_sub(1).and_then(|at| self.singles.get(at));
            if let Some(other) = other.filter(|other| other.end + 1 == start) {
                (start, at) = (other.start, at - 1);
                continue;
            }
            let ascii = start.checked_sub(2).filter(|at| checks::is_single(self.text(), *at));
            let Some(ascii) = ascii else { return found };
            start = ascii;
        }
        2
    }

    /// The same behind it.
    fn behind(&self, mut at: usize) -> usize {
        let Some(mut end) = self.singles.get(at).map(|single| single.end) else { return 0 };
        for found in 0..2 {
            if let Some(other) = self.singles.get(at + 1).filter(|other| end + 1 == other.start) {
                (end, at) = (other.end, at + 1);
                continue;
            }
            if !checks::is_single(self.text(), end + 1) {
                return found;
            }
            end += 2;
        }
        2
    }
}
