//! Words of a text of which a glance was enough: all plain, looked up as they stand.

use crate::normalise::Glance;

use super::{Words, place};

impl Words {
    /// Calls `found` with every form that a text could hold of which a glance is enough. `hashes`:
    /// room for those of its words. `joined`: so many words at most are joined to others by links that
    /// the glance does not know.
    pub(in crate::scan::fast) fn look(
        &self,
        (glance, joined): (&Glance, usize),
        hashes: &mut Vec<u64>,
        found: &mut impl FnMut(u32),
    ) {
        let text = glance.text();
        let hash = |&[start, end]: &[u32; 2]| {
            let (start, end) = (place(start), place(end));
            self.keyed.of_first(end - start, text.get(start..).unwrap_or_default())
        };
        hashes.clear();
        hashes.extend(glance.words().iter().map(hash));
        for hash in hashes.iter().filter(|hash| self.whole.may_hold(**hash)) {
            self.whole.get(*hash).for_each(&mut *found);
        }
        if self.has_pairs() {
            self.look_for_pairs(hashes, found);
            if glance.has_joint() || joined > 0 || !glance.links().is_empty() {
                self.look_over_joined((glance, joined), hashes, found);
            }
        }
        if self.has_ends() {
            for &[start, end] in glance.words() {
                let (start, end) = (place(start), place(end));
                self.ends(end - start, text.get(start..).unwrap_or_default(), found);
            }
        }
        if !self.glued.is_empty() && !glance.glued().is_empty() {
            self.look_for_glued(glance, hashes, found);
        }
        if glance.is_korean() {
            self.look_for_stems((glance, joined), hashes, found);
        }
    }

    fn look_for_pairs(&self, hashes: &[u64], found: &mut impl FnMut(u32)) {
        for pair in hashes.array_windows().map(|[first, second]| self.keyed.pair(*first, *second)) {
            if self.pairs.may_hold(pair) {
                self.pairs.get(pair).for_each(&mut *found);
            }
        }
    }

    /// Two words with one between that counts as one with what it is joined to: a part of a number,
    /// or of a link.
    fn look_over_joined(
        &self,
        (glance, joined): (&Glance, usize),
        hashes: &[u64],
        found: &mut impl FnMut(u32),
    ) {
        for_each_near((glance, joined), |first, second| {
            // Neighbours were looked for before.
            let apart = second > first + 1;
            let both = hashes.get(first).zip(hashes.get(second)).filter(|_| apart);
            let pair = both.map(|(first, second)| self.keyed.pair(*first, *second));
            if let Some(pair) = pair.filter(|pair| self.pairs.may_hold(*pair)) {
                self.pairs.get(pair).for_each(&mut *found);
            }
        });
    }

    fn look_for_glued(&self, glance: &Glance, hashes: &[u64], found: &mut impl FnMut(u32)) {
        let mut glued = glance.glued().iter().peekable();
        let mut is_glued = |[_, end]: &[u32; 2]| {
            while glued.next_if(|place| *place < end).is_some() {}
            glued.next_if_eq(&end).is_some()
        };
        let glued: Vec<bool> = glance.words().iter().map(&mut is_glued).collect();
        self.find_glued(hashes, |at| glued.get(at) == Some(&true), found);
    }

    /// Words with particles written to them.
    fn look_for_stems(
        &self,
        (glance, joined): (&Glance, usize),
        hashes: &[u64],
        found: &mut impl FnMut(u32),
    ) {
        let words = glance.words().iter().zip(hashes);
        let stems: Vec<Vec<u64>> =
            words.map(|(word, hash)| self.stems(glance.word(word), *hash)).collect();
        for stem in stems.iter().flatten() {
            self.whole.get(*stem).for_each(&mut *found);
        }
        if self.has_pairs() {
            for_each_near((glance, joined), |first, second| {
                let both = stems.get(first).zip(stems.get(second));
                both.into_iter().for_each(|(first, second)| self.stem_pairs(first, second, found));
            });
        }
    }
}

/// Calls `pair` with the numbers of two words between which no counted word may be. Words of links
/// that the glance does not know, `joined` at most, may be any.
fn for_each_near((glance, joined): (&Glance, usize), mut pair: impl FnMut(usize, usize)) {
    let is_number = |&[start, end]: &[u32; 2]| {
        let word = glance.text().get(place(start)..place(end)).unwrap_or_default();
        word.iter().all(u8::is_ascii_digit)
    };
    let mut links = glance.links().iter().enumerate().peekable();
    let mut link_of = |&[start, end]: &[u32; 2]| {
        while links.next_if(|(_, [_, link_end])| *link_end <= start).is_some() {}
        links.peek().filter(|(_, [link_start, _])| *link_start < end).map(|(number, _)| *number)
    };
    let mut last = (false, None);
    // Is a word one with the word before it?
    let is_joined = glance.words().iter().map(|word| {
        let before = std::mem::replace(&mut last, (is_number(word), link_of(word)));
        before.0 && last.0 || before.1.is_some() && before.1 == last.1
    });
    let is_joined: Vec<bool> = is_joined.collect();
    for first in 0..is_joined.len() {
        let mut counted = 0;
        let behind = is_joined.iter().enumerate().skip(first + 1);
        let near = behind.take_while(|(_, is_joined)| {
            counted += usize::from(!**is_joined);
            counted <= joined + 1
        });
        near.for_each(|(second, _)| pair(first, second));
    }
}
