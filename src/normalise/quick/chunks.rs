//! Stretches without white space: which of them could hold an odd word, or a letter of a run.

use std::ops::Range;

use crate::normalise::sketch::{offset, place};

/// A stretch without white space.
#[derive(Clone, Copy, Debug, Default)]
struct Chunk {
    start: u32,
    end: u32,
    /// Could hold an odd word.
    odd: bool,
    /// Begins, or ends, with a letter that touches no other.
    starts_single: bool,
    ends_single: bool,
    /// Is such a letter, or a sign between letters, and nothing else.
    single: bool,
    /// Is three letters at most, and nothing else.
    short: bool,
}

/// What was seen of a chunk so far.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Open {
    is_open: bool,
    start: usize,
    pub(super) odd: bool,
    pub(super) has_sign: bool,
    has_letter: bool,
    /// Single letters.
    singles: u32,
    /// Letters, digits and signs in a row up to here.
    pub(super) solid: u32,
    /// The last of them is a letter.
    solid_letter: bool,
    /// Characters that are none, and inner signs among them.
    others: u32,
    pub(super) inner: u32,
    /// Rows of solid characters that have ended, and the length of the first.
    rows: u32,
    first_row: u32,
    /// Nothing stands before the first row.
    bare_start: bool,
}

/// The stretches of a text.
#[derive(Debug, Default)]
pub(super) struct Chunks {
    all: Vec<Chunk>,
    /// The one that is being read.
    pub(super) open: Open,
}

impl Chunks {
    /// Forgets all of them.
    pub(super) fn clear(&mut self) {
        self.all.clear();
        self.open = Open::default();
    }

    /// The number of the open one.
    pub(super) fn number(&self) -> usize {
        self.all.len()
    }

    /// That one could hold an odd word.
    pub(super) fn set_odd(&mut self, number: usize) {
        if let Some(chunk) = self.all.get_mut(number) {
            chunk.odd = true;
        }
    }

    /// A letter, digit, sign or letter emoji.
    pub(super) fn solid(&mut self, at: usize, letter: bool) {
        let open = &mut self.open;
        if !open.is_open {
            (open.is_open, open.start) = (true, at);
        }
        if open.rows == 0 && open.solid == 0 {
            open.bare_start = open.others == 0;
        }
        open.solid += 1;
        open.solid_letter = letter;
        open.has_letter |= letter;
    }

    /// Anything else that is no white space.
    pub(super) fn loose(&mut self, at: usize) {
        self.close_row();
        let open = &mut self.open;
        if !open.is_open {
            (open.is_open, open.start) = (true, at);
        }
        open.others += 1;
    }

    /// The row of solid characters ends here.
    fn close_row(&mut self) {
        let open = &mut self.open;
        if open.solid == 0 {
            return;
        }
        open.singles += u32::from(open.solid == 1 && open.solid_letter);
        if open.rows == 0 {
            open.first_row = open.solid;
        }
        open.rows += 1;
        open.solid = 0;
    }

    /// The open one ends here, if there is one.
    pub(super) fn close(&mut self, end: usize) {
        if !self.open.is_open {
            return;
        }
        let ends_single = self.open.solid == 1;
        self.close_row();
        let open = std::mem::take(&mut self.open);
        let only_row = open.rows == 1 && open.others == 0;
        let lone_sign = open.rows == 0 && open.others == 1 && open.inner == 1;
        self.all.push(Chunk {
            start: offset(open.start),
            end: offset(end),
            odd: open.odd || open.has_sign && open.has_letter || open.singles >= 3,
            starts_single: open.bare_start && open.first_row == 1 || lone_sign,
            ends_single: ends_single || lone_sign,
            single: only_row && open.first_row == 1 || lone_sign,
            short: only_row && open.first_row <= 3 || lone_sign,
        });
    }

    /// Ranges of the text that could hold odd words, none over another.
    pub(super) fn regions(&self) -> Vec<Range<usize>> {
        let mut out: Vec<Range<usize>> = Vec::new();
        // Chunks before this one are in a run already: to look around from each letter of it would
        // cost the square of its length.
        let mut behind_run = 0;
        for (at, chunk) in self.all.iter().enumerate() {
            if at < behind_run {
                continue;
            }
            let range = if chunk.single && self.is_run(at) {
                let run = self.run_around(at);
                behind_run = run.end + 1;
                self.place_of(run)
            } else if chunk.odd {
                place(chunk.start)..place(chunk.end)
            } else {
                continue;
            };
            match out.last_mut().filter(|last| range.start <= last.end) {
                Some(last) => {
                    last.start = last.start.min(range.start);
                    last.end = last.end.max(range.end);
                }
                None => out.push(range),
            }
        }
        out
    }

    /// Could this single letter be the middle of a run with spaces?
    fn is_run(&self, at: usize) -> bool {
        let chunk = |at: Option<usize>| at.and_then(|at| self.all.get(at));
        chunk(at.checked_sub(1)).is_some_and(|chunk| chunk.ends_single)
            && chunk(at.checked_add(1)).is_some_and(|chunk| chunk.starts_single)
    }

    /// The run, what may be joined to it, and one chunk more on either side: the first and the last
    /// of these chunks.
    fn run_around(&self, at: usize) -> Range<usize> {
        let short = |at: usize| self.all.get(at).is_some_and(|chunk| chunk.short);
        let mut first = at.saturating_sub(1);
        while first > 0 && short(first) {
            first -= 1;
        }
        let mut last = (at + 1).min(self.all.len().saturating_sub(1));
        while last + 1 < self.all.len() && short(last) {
            last += 1;
        }
        first..last
    }

    /// The bytes from one chunk to another.
    fn place_of(&self, chunks: Range<usize>) -> Range<usize> {
        let start = self.all.get(chunks.start).map_or(0, |chunk| place(chunk.start));
        start..self.all.get(chunks.end).map_or(0, |chunk| place(chunk.end))
    }
}
