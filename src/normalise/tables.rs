//! Facts about characters that no crate carries: look-alikes, letters by name, emoji, digits.

use std::collections::HashMap;
use std::sync::LazyLock;

use unicode_script::{Script, UnicodeScript};

/// Zeros of all decimal digits outside ASCII that have no compatibility form; the nine others
/// follow each. Unicode 14, general category Nd.
const ZEROS: [u32; 58] = [
    0x660, 0x6F0, 0x7C0, 0x966, 0x9E6, 0xA66, 0xAE6, 0xB66, 0xBE6, 0xC66, 0xCE6, 0xD66, 0xDE6,
    0xE50, 0xED0, 0xF20, 0x1040, 0x1090, 0x17E0, 0x1810, 0x1946, 0x19D0, 0x1A80, 0x1A90, 0x1B50,
    0x1BB0, 0x1C40, 0x1C50, 0xA620, 0xA8D0, 0xA900, 0xA9D0, 0xA9F0, 0xAA50, 0xABF0, 0x104A0,
    0x10D30, 0x11066, 0x110F0, 0x11136, 0x111D0, 0x112F0, 0x11450, 0x114D0, 0x11650, 0x116C0,
    0x11730, 0x118E0, 0x11950, 0x11C50, 0x11D50, 0x11DA0, 0x16A60, 0x16AC0, 0x16B50, 0x1E140,
    0x1E2F0, 0x1E950,
];

/// Letters with a mark that stand for themselves in an alphabet, so that taking the mark off makes
/// another word (`año`, `мой`). Spanish, the Nordic and German umlauts, Turkish, Russian, Ukrainian,
/// Belarusian, Macedonian. Not here: alphabets whose writers drop the marks themselves when they
/// type (Polish, Czech, Vietnamese, …), and ё, which Russian itself writes е.
const OWN: &str = "ñåäöüçğşйїўѓќ";

/// Letters of the everyday Cyrillic alphabets: Russian, Ukrainian, Belarusian, Serbian, Macedonian.
const CYRILLIC: &str = "абвгдежзийклмнопрстуфхцчшщъыьэюяіїєґўјљњћђџѕѓќ";

fn rows(data: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    data.lines().filter(|line| !line.starts_with('#')).map(|line| line.split('\t').collect())
}

static LOOKS: LazyLock<HashMap<char, &'static str>> = LazyLock::new(|| {
    let rows = rows(include_str!("data/confusables.tsv"));
    let pairs = rows.filter_map(|row| match row.as_slice() {
        &[target, letters] => Some(letters.chars().map(move |letter| (letter, target))),
        _ => None,
    });
    pairs.flatten().collect()
});

static NAMED: LazyLock<HashMap<char, (bool, &'static str)>> = LazyLock::new(|| {
    let rows = rows(include_str!("data/named.tsv"));
    let pairs = rows.filter_map(|row| match row.as_slice() {
        &[kind, base, letters] => {
            let small = kind == "small capital";
            Some(letters.chars().map(move |letter| (letter, (small, base))))
        }
        _ => None,
    });
    pairs.flatten().collect()
});

static EMOJI: LazyLock<Vec<(u32, u32)>> = LazyLock::new(|| {
    let number = |hex: &str| u32::from_str_radix(hex, 16).ok();
    let rows = rows(include_str!("data/emoji.tsv"));
    let pairs = rows.filter_map(|row| match row.as_slice() {
        [first, last] => Some((number(first)?, number(last)?)),
        _ => None,
    });
    pairs.collect()
});

/// What a Latin letter turns into where it is read as a Cyrillic one of the same glyph, by the
/// glyph as written; lower case on the right.
static CYRILLIC_TWINS: LazyLock<HashMap<char, char>> = LazyLock::new(|| {
    let letters = CYRILLIC.chars().flat_map(|small| small.to_uppercase().chain([small]));
    // Ь has the glyph of a small b, which has no other case here.
    let letters = letters.filter(|letter| *letter != 'Ь');
    let twins = letters.filter_map(|letter| {
        let ascii = twin(letter)?;
        let written = if letter.is_uppercase() { ascii.to_ascii_uppercase() } else { ascii };
        Some((written, letter.to_lowercase().next()?))
    });
    twins.collect()
});

/// Letters of scripts other than Latin by script and by the ASCII letter whose glyph they have; small
/// letters, and those of scripts without case.
static LIKE: LazyLock<HashMap<(Script, char), Vec<char>>> = LazyLock::new(|| {
    let mut like: HashMap<(Script, char), Vec<char>> = HashMap::new();
    let mut letters: Vec<char> = LOOKS.keys().copied().collect();
    letters.sort_unstable();
    for letter in letters.into_iter().filter(|letter| letter.to_lowercase().eq([*letter])) {
        let mut target = looks(letter).unwrap_or_default().chars();
        if let (Some(ascii), None) = (target.next(), target.next()) {
            like.entry((script(letter), ascii)).or_default().push(letter);
        }
    }
    like
});

/// Scripts of the first plane, where nearly all letters are: the crate searches ranges each time,
/// and every letter is asked several times.
static SCRIPTS: LazyLock<Vec<Script>> = LazyLock::new(|| {
    let script = |code| char::from_u32(code).map_or(Script::Unknown, |c| c.script());
    (0..0x1_0000).map(script).collect()
});

/// The script of a character.
pub(super) fn script(c: char) -> Script {
    let known = usize::try_from(u32::from(c)).ok().and_then(|at| SCRIPTS.get(at));
    known.copied().unwrap_or_else(|| c.script())
}

/// What a letter, in the case as written, looks like: ASCII letters or digits in lower case.
pub(super) fn looks(shown: char) -> Option<&'static str> {
    LOOKS.get(&shown).copied()
}

/// The letters of a script whose glyph a Latin letter has, in the case as written: I is the glyph
/// of l.
pub(super) fn letters_like(script: Script, shown: char) -> &'static [char] {
    let ascii = if shown == 'I' { 'l' } else { shown.to_ascii_lowercase() };
    let like = if ascii.is_ascii_alphabetic() { LIKE.get(&(script, ascii)) } else { None };
    like.map(Vec::as_slice).unwrap_or_default()
}

/// The base of a Latin letter by its name: stroked, hooked, dotless, small capital.
pub(super) fn named(shown: char) -> Option<&'static str> {
    NAMED.get(&shown).map(|(_, base)| *base)
}

/// Every character that may be read as another one, by its glyph, its name, its base or as a digit.
pub(super) fn with_readings() -> impl Iterator<Item = char> {
    let listed = LOOKS.keys().chain(NAMED.keys()).copied();
    listed.chain(OWN.chars()).chain('0'..='9')
}

pub(super) fn is_small_capital(shown: char) -> bool {
    NAMED.get(&shown).is_some_and(|(small, _)| *small)
}

pub(super) fn is_emoji(c: char) -> bool {
    let code = u32::from(c);
    let after = EMOJI.partition_point(|&(first, _)| first <= code);
    after.checked_sub(1).and_then(|at| EMOJI.get(at)).is_some_and(|&(_, last)| code <= last)
}

/// The value of a decimal digit of any script.
pub(super) fn digit(c: char) -> Option<char> {
    if c.is_ascii_digit() {
        return Some(c);
    }
    let code = u32::from(c);
    let after = ZEROS.partition_point(|&zero| zero <= code);
    let zero = after.checked_sub(1).and_then(|at| ZEROS.get(at))?;
    char::from_digit(code - zero, 10)
}

pub(super) fn is_own(c: char) -> bool {
    OWN.contains(c)
}

/// The ASCII letter (lower case) whose glyph a letter of another script has, exactly and in the
/// case as written. Lower-case г is left out: Unicode lists it as r, but nobody takes it for one,
/// and `горе` would be `rope`. A capital І looks like I, which Unicode files under l.
pub(super) fn twin(shown: char) -> Option<char> {
    if shown == 'г' {
        return None;
    }
    let mut target = looks(shown)?.chars();
    let (first, rest) = (target.next()?, target.next());
    if rest.is_some() || !first.is_ascii_lowercase() {
        return None;
    }
    Some(if first == 'l' && shown.is_uppercase() { 'i' } else { first })
}

/// The everyday Cyrillic letter (lower case) whose glyph an ASCII letter has, in the case as
/// written.
pub(super) fn cyrillic_twin(shown: char) -> Option<char> {
    CYRILLIC_TWINS.get(&shown).copied()
}
