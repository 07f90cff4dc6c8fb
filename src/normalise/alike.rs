//! One letter for each class of letters that readings mix: equal spellings have equal keys, so a
//! look-up by key misses nothing. The other way it may be wrong, and whoever looks up compares again.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::fold;
use super::letters::{self, Home};
use super::odd::Reading;
use super::tables;

static CLASSES: LazyLock<HashMap<char, char>> = LazyLock::new(classes);

/// The keys of the first plane, where nearly all letters are: every letter of every odd word and of
/// every entry is asked.
static KEYS: LazyLock<Vec<char>> = LazyLock::new(|| {
    let key = |c| CLASSES.get(&c).copied().unwrap_or(c);
    (0..0x1_0000).map(|code| char::from_u32(code).map_or('\0', key)).collect()
});

/// The key of a letter of a reading or of a skeleton.
#[must_use]
pub(crate) fn key(c: char) -> char {
    let known = usize::try_from(u32::from(c)).ok().and_then(|at| KEYS.get(at));
    known.copied().unwrap_or_else(|| CLASSES.get(&c).copied().unwrap_or(c))
}

/// Joins the letters that one written letter can be read as. A letter that can be read as two Latin
/// letters (a Greek Υ, as u and y) joins nothing: it would make one class of half the alphabet, and
/// is rare enough to be tried both ways.
fn classes() -> HashMap<char, char> {
    let mut parents = HashMap::new();
    let glyphs = tables::with_readings().flat_map(|c| fold::glyphs(c.encode_utf8(&mut [0; 4])));
    for glyph in glyphs {
        for home in [Home::Latin, Home::Arabic] {
            let readings = letters::readings(&glyph, home, None);
            let chars: Vec<char> = readings.iter().filter_map(single).collect();
            let latin = chars.iter().filter(|c| c.is_ascii_alphabetic()).count();
            join(&mut parents, if latin < 2 { &chars } else { &[] });
        }
    }
    let joined: Vec<char> = parents.keys().copied().collect();
    joined.into_iter().map(|c| (c, root(&parents, c))).collect()
}

fn single(reading: &Reading) -> Option<char> {
    if let Reading::Char(c) = reading { Some(*c) } else { None }
}

fn join(parents: &mut HashMap<char, char>, chars: &[char]) {
    let mut roots: Vec<char> = chars.iter().map(|c| root(parents, *c)).collect();
    roots.sort_unstable();
    let Some((&first, others)) = roots.split_first() else { return };
    for &other in others.iter().filter(|other| **other != first) {
        parents.insert(other, first);
    }
}

fn root(parents: &HashMap<char, char>, mut c: char) -> char {
    while let Some(&parent) = parents.get(&c) {
        c = parent;
    }
    c
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn nearly_every_letter_has_one_key_whatever_it_is_read_as() {
        let has_several = |written: &char| {
            let glyphs = fold::glyphs(written.encode_utf8(&mut [0; 4]));
            glyphs.iter().any(|glyph| {
                let readings = letters::readings(glyph, Home::Latin, None);
                let keys = readings.iter().filter_map(single).map(key);
                keys.collect::<BTreeSet<char>>().len() > 1
            })
        };
        let several: BTreeSet<char> = tables::with_readings().filter(has_several).collect();
        let several: String = several.into_iter().collect();
        assert_eq!(several, "ƲʋΜΝΥϒϲϹᶌ𑢤𑢦𑢵𑢼𝚳𝚴𝚼𝛭𝛮𝛶𝜧𝜨𝜰𝝡𝝢𝝪𝞛𝞜𝞤");
    }

    #[test]
    fn no_two_plain_letters_share_a_key_but_i_and_l() {
        for (first, second) in ('a'..='z').flat_map(|a| ('a'..='z').map(move |b| (a, b))) {
            let same = letters::canonical(first) == letters::canonical(second);
            assert_eq!(
                key(letters::canonical(first)) == key(letters::canonical(second)),
                same,
                "{first} {second}"
            );
        }
    }
}
