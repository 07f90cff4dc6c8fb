//! How people hide a word from filters and leave it readable. Each takes a word and gives it back
//! changed, or `None` where it does not suit the word: a disguise that a reader could not undo
//! either would prove nothing.

use super::random::Random;

/// One way to hide a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Disguise {
    /// Digits and signs for letters: `bl0rp`.
    Leet,
    /// Letters of another script with the same look.
    LookAlikes,
    /// Invisible characters within the word.
    ZeroWidth,
    /// Single letters apart: `b l o r p`.
    Spaced,
    /// Forms of East Asian width: `ｂｌｏｒｐ`.
    FullWidth,
}

/// Letters that a digit or sign stands for; only between two letters, where all may stand.
const LEET: [(char, char); 9] = [
    ('o', '0'),
    ('i', '1'),
    ('l', '1'),
    ('e', '3'),
    ('a', '4'),
    ('s', '$'),
    ('t', '7'),
    ('о', '0'),
    ('з', '3'),
];

/// Latin and Cyrillic letters of one look, either way.
const LOOK_ALIKES: [(char, char); 7] =
    [('a', 'а'), ('c', 'с'), ('e', 'е'), ('o', 'о'), ('p', 'р'), ('x', 'х'), ('y', 'у')];

/// Zero width space, word joiner, soft hyphen. Not the joiners, which mean something in Arabic and
/// Devanagari.
const INVISIBLE: [char; 3] = ['\u{200b}', '\u{2060}', '\u{ad}'];

/// What stands between spaced letters.
const APART: [char; 3] = [' ', '-', '.'];

/// Fewer letters than this apart are read as list points.
const SPACED_LETTERS_MIN: usize = 4;

impl Disguise {
    /// Every disguise.
    pub const ALL: [Self; 5] =
        [Self::Leet, Self::LookAlikes, Self::ZeroWidth, Self::Spaced, Self::FullWidth];

    /// Name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Leet => "leet",
            Self::LookAlikes => "look_alikes",
            Self::ZeroWidth => "zero_width",
            Self::Spaced => "spaced",
            Self::FullWidth => "full_width",
        }
    }

    /// The word, hidden; `None` where this disguise does not suit it.
    pub(super) fn hide(self, word: &str, random: &mut Random) -> Option<String> {
        let letters: Vec<char> = word.chars().collect();
        if letters.len() < 2 || !letters.iter().all(|letter| letter.is_alphabetic()) {
            return None;
        }
        match self {
            Self::Leet => swap_one(&letters, random, true, leet),
            Self::LookAlikes => swap_one(&letters, random, false, look_alike),
            Self::ZeroWidth => zero_width(&letters, random),
            Self::Spaced => spaced(&letters, random),
            Self::FullWidth => full_width(&letters),
        }
    }
}

/// Swaps one letter that has a twin, so that the others still show the script of the word.
fn swap_one(
    letters: &[char],
    random: &mut Random,
    inner_only: bool,
    twin: fn(char) -> Option<char>,
) -> Option<String> {
    let last = letters.len() - 1;
    let inner = |index: usize| !inner_only || (index > 0 && index < last);
    let places = letters.iter().enumerate().filter(|(index, _)| inner(*index));
    let twins: Vec<_> =
        places.filter_map(|(index, letter)| Some((index, twin(*letter)?))).collect();
    let (chosen, twin) = random.pick(&twins)?;
    let swapped = letters.iter().enumerate();
    Some(swapped.map(|(index, letter)| if index == *chosen { *twin } else { *letter }).collect())
}

fn leet(letter: char) -> Option<char> {
    LEET.iter().find(|(plain, _)| *plain == letter).map(|(_, sign)| *sign)
}

fn look_alike(letter: char) -> Option<char> {
    LOOK_ALIKES.iter().find_map(|(latin, cyrillic)| {
        if letter == *latin {
            return Some(*cyrillic);
        }
        (letter == *cyrillic).then_some(*latin)
    })
}

fn zero_width(letters: &[char], random: &mut Random) -> Option<String> {
    let place = 1 + random.below(letters.len() - 1);
    let invisible = random.pick(&INVISIBLE)?;
    let (left, right) = letters.split_at_checked(place)?;
    Some(left.iter().chain([invisible]).chain(right).collect())
}

/// Latin and Cyrillic only: elsewhere single letters are words, or change their form.
fn spaced(letters: &[char], random: &mut Random) -> Option<String> {
    let suits = |letter: &char| letter.is_ascii_alphabetic() || ('а'..='я').contains(letter);
    if letters.len() < SPACED_LETTERS_MIN || !letters.iter().all(suits) {
        return None;
    }
    let apart = *random.pick(&APART)?;
    let letters: Vec<String> = letters.iter().map(char::to_string).collect();
    Some(letters.join(apart.encode_utf8(&mut [0; 4])))
}

fn full_width(letters: &[char]) -> Option<String> {
    letters.iter().map(|letter| wide(*letter)).collect()
}

fn wide(letter: char) -> Option<char> {
    let offset = u32::from('Ａ') - u32::from('A');
    letter.is_ascii_alphabetic().then(|| char::from_u32(u32::from(letter) + offset)).flatten()
}
