//! Classes of letters: which letters, digits and signs may stand for each other in an odd word.
//!
//! Every class has one canonical letter. An entry is spelt in canonical letters once
//! ([`skeleton`]); a letter of an odd word has a set of readings, canonical too, and compares equal
//! to an entry's letter if one of them is it.

use std::borrow::Cow;
use std::sync::LazyLock;

use unicode_normalization::char::decompose_canonical;
use unicode_script::Script;

use super::fold::{self, Glyph, Kind};
use super::odd::Reading;
use super::{emoji, tables};

/// Signs that are letters anywhere in a word.
pub(super) fn is_sign(c: char, shown: char) -> bool {
    shown == 'µ' || "@$€£¥¢§₽₴×".contains(c)
}

/// Signs that are letters between letters only.
pub(super) fn is_inner_sign(c: char) -> bool {
    matches!(c, '!' | '|' | '+')
}

/// The canonical letter of a folded letter's class; other characters stand for themselves.
#[must_use]
pub fn canonical(c: char) -> char {
    if c.is_ascii_lowercase() {
        return if c == 'l' { 'i' } else { c };
    }
    if let Some(letter) = table(c) {
        return letter;
    }
    // Arabic and Hebrew letters look like o and l by Unicode's table; among their own kind they
    // must stay apart: see `foreign`.
    if !has_classes(tables::script(c)) {
        return c;
    }
    if tables::is_own(c) {
        return canonical(own_base(c));
    }
    let mut looks = tables::looks(c).unwrap_or_default().chars();
    match (looks.next(), looks.next()) {
        (Some('l'), None) => 'i',
        (Some(letter), None) => table(letter).unwrap_or(letter),
        _ => c,
    }
}

/// Scripts whose letters are in the classes of Latin ones.
pub(super) fn has_classes(script: Script) -> bool {
    matches!(script, Script::Latin | Script::Greek | Script::Cyrillic)
}

/// The own table of design section 7: digits, signs, and Cyrillic letters that stand for a Latin
/// one by sound or by a glyph that Unicode does not list. Greek κ, τ, π and the kra are in it because
/// Unicode files them as the glyphs of Cyrillic к, т, п.
fn table(c: char) -> Option<char> {
    Some(match c {
        '0' => 'o',
        '1' | '!' | '|' => 'i',
        '2' => 'z',
        '3' | 'з' | '€' => 'e',
        '4' | '@' | 'ч' => 'a',
        '5' | '$' | '§' | '₴' => 's',
        '6' | '8' | 'в' | 'б' => 'b',
        '7' | 'т' | 'τ' | '+' => 't',
        '9' | 'д' => 'g',
        'и' | 'й' | 'μ' => 'u',
        'п' | 'π' => 'n',
        'н' => 'h',
        'к' | 'κ' | 'ĸ' => 'k',
        'м' => 'm',
        'ш' => 'w',
        '£' => 'i',
        '¥' => 'y',
        '¢' => 'c',
        '₽' => 'p',
        '×' => 'x',
        _ => return None,
    })
}

/// What a digit stands for in an Arabic word.
fn arabic(digit: char) -> &'static [char] {
    match digit {
        '2' => &['ق', 'ا', 'ء'],
        '3' => &['ع'],
        '5' => &['خ'],
        '6' => &['ط'],
        '7' => &['ح'],
        '9' => &['ص'],
        _ => &[],
    }
}

/// The script of a word whose letters have no classes, if there is one. A Latin letter in it has the
/// letters of its look as readings: as classes would have it, ه and ا were o and l to each other.
pub(super) fn foreign(glyphs: &[Glyph]) -> Option<Script> {
    let letters = glyphs.iter().filter(|glyph| glyph.kind == Kind::Letter);
    let mut scripts = letters.map(|glyph| tables::script(glyph.ch));
    scripts.find(|script| !has_classes(*script) && *script != Script::Common)
}

/// A folded word in canonical letters. Digits of Arabic words stay: there they stand for Arabic
/// letters, and a text's digit has those as readings.
#[must_use]
pub fn skeleton(word: &str) -> String {
    skeleton_letters(word).collect()
}

/// The same, letter by letter.
pub(crate) fn skeleton_letters(word: &str) -> impl DoubleEndedIterator<Item = char> {
    let arabic = !word.is_ascii() && word.chars().any(is_arabic);
    word.chars().map(move |c| if arabic && c.is_ascii_digit() { c } else { canonical(c) })
}

pub(crate) fn is_arabic(c: char) -> bool {
    tables::script(c) == Script::Arabic
}

/// The glyph of a letter: as written, without marks that the fold takes off, with those it keeps;
/// what has a compatibility form by that form.
pub(super) fn face(glyph: &Glyph) -> char {
    if glyph.compat {
        return glyph.ch;
    }
    let mut base = None;
    decompose_canonical(glyph.shown, |part| {
        base.get_or_insert(part);
    });
    if tables::is_own(glyph.ch) { glyph.shown } else { base.unwrap_or(glyph.shown) }
}

/// Every reading of a letter, digit or sign by its class; `foreign`: see [`foreign`].
pub(super) fn readings(
    glyph: &Glyph,
    home: Home,
    foreign: Option<Script>,
) -> Cow<'static, [Reading]> {
    let known = usize::try_from(u32::from(glyph.shown)).ok().and_then(|at| ASCII.get(at));
    let alone = !glyph.compat && glyph.ch == glyph.shown.to_ascii_lowercase();
    match known.filter(|_| alone && home != Home::Arabic && foreign.is_none()) {
        Some(known) => Cow::Borrowed(known),
        None => Cow::Owned(readings_anew(glyph, home, foreign)),
    }
}

/// Readings of ASCII characters that stand for themselves: most letters of most odd words.
static ASCII: LazyLock<Vec<Vec<Reading>>> = LazyLock::new(|| {
    let glyphs = ('\0'..='\x7F').map(|c| fold::glyphs(c.encode_utf8(&mut [0; 4])));
    let readings = |glyph: &Glyph| readings_anew(glyph, Home::Other, None);
    glyphs.map(|glyphs| glyphs.first().map(readings).unwrap_or_default()).collect()
});

fn readings_anew(glyph: &Glyph, home: Home, foreign: Option<Script>) -> Vec<Reading> {
    let mut out = Vec::new();
    if let Some(letters) = emoji::letters(glyph.ch) {
        return vec![Reading::Text(letters)];
    }
    if home == Home::Arabic && glyph.kind == Kind::Digit {
        out.push(Reading::Char(glyph.ch));
        out.extend(arabic(glyph.ch).iter().map(|&letter| Reading::Char(letter)));
        return out;
    }
    let mut add = |reading: Reading| {
        if !out.contains(&reading) {
            out.push(reading);
        }
    };
    add(Reading::Char(canonical(glyph.ch)));
    if glyph.kind != Kind::Letter {
        return out;
    }
    // The glyph as written first, then the folded letter where it differs.
    let face = face(glyph);
    for letter in [glyph.shown, face, glyph.ch] {
        for target in [tables::looks(letter), tables::named(letter)].into_iter().flatten() {
            add(canonical_reading(target));
        }
    }
    let like = foreign.map_or(&[][..], |script| tables::letters_like(script, glyph.shown));
    like.iter().for_each(|&letter| add(Reading::Char(letter)));
    out
}

fn canonical_reading(target: &'static str) -> Reading {
    let mut letters = target.chars();
    match (letters.next(), letters.next()) {
        (Some(letter), None) => Reading::Char(canonical(letter)),
        _ => Reading::Text(target),
    }
}

fn own_base(own: char) -> char {
    let mut base = None;
    decompose_canonical(own, |part| {
        base.get_or_insert(part);
    });
    base.unwrap_or(own)
}

/// The script that a disguised word is at home in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Home {
    Latin,
    Cyrillic,
    Arabic,
    Other,
}

/// Of Latin and Cyrillic it is the one whose letters the others could stand in for; where that
/// decides nothing, the one with more letters.
pub(super) fn home(glyphs: &[Glyph]) -> Home {
    let letters = || glyphs.iter().filter(|glyph| glyph.kind == Kind::Letter);
    let of = |script: Script| letters().filter(move |glyph| tables::script(glyph.ch) == script);
    let (latin, cyrillic, arabic) =
        (of(Script::Latin).count(), of(Script::Cyrillic).count(), of(Script::Arabic).count());
    let rather_cyrillic = || {
        let as_cyrillic = of(Script::Latin).all(|glyph| {
            tables::cyrillic_twin(face(glyph)).is_some() || !in_cyrillic(glyph).is_empty()
        });
        let as_latin = of(Script::Cyrillic).all(|glyph| tables::twin(face(glyph)).is_some());
        if as_cyrillic == as_latin { cyrillic > latin } else { as_cyrillic }
    };
    match () {
        () if arabic > 0 && arabic >= latin.max(cyrillic) => Home::Arabic,
        () if cyrillic > 0 && (latin == 0 || rather_cyrillic()) => Home::Cyrillic,
        () if latin > 0 => Home::Latin,
        () => Home::Other,
    }
}

/// How a person would write this letter without the disguise, the likeliest first.
pub(super) fn plain(glyph: &Glyph, home: Home) -> Vec<Reading> {
    if let Some(letters) = emoji::letters(glyph.ch) {
        return vec![Reading::Text(letters)];
    }
    let chars = |letters: &str| letters.chars().map(Reading::Char).collect::<Vec<_>>();
    if home == Home::Arabic && glyph.kind == Kind::Digit {
        let letters = arabic(glyph.ch).iter().map(|&letter| Reading::Char(letter));
        let letters: Vec<_> = letters.collect();
        return if letters.is_empty() { vec![Reading::Char(glyph.ch)] } else { letters };
    }
    if let (Home::Arabic, [first, ..]) = (home, tables::letters_like(Script::Arabic, glyph.shown)) {
        return vec![Reading::Char(*first)];
    }
    let twin = if home == Home::Cyrillic { tables::cyrillic_twin(face(glyph)) } else { None };
    if let Some(twin) = twin.filter(|_| glyph.ch.is_ascii_lowercase()) {
        return vec![Reading::Char(twin)];
    }
    let cyrillic = if home == Home::Cyrillic { in_cyrillic(glyph) } else { "" };
    if !cyrillic.is_empty() {
        return chars(cyrillic);
    }
    match glyph.ch {
        '1' | '!' | '|' => chars("il"),
        '£' => chars("l"),
        c if c.is_ascii_lowercase() => vec![Reading::Char(c)],
        c if glyph.kind != Kind::Letter || glyph.shown == 'µ' => vec![Reading::Char(canonical(c))],
        c if home == Home::Latin => vec![latin(glyph).unwrap_or(Reading::Char(c))],
        c => vec![Reading::Char(c)],
    }
}

/// Digits, signs and Latin letters in a Cyrillic word, where they have no twin: the own table read
/// backwards.
fn in_cyrillic(glyph: &Glyph) -> &'static str {
    match glyph.ch {
        '0' => "о",
        '3' => "зе",
        '4' => "ча",
        '6' => "б",
        '8' => "вб",
        '@' => "а",
        '€' => "е",
        '₽' => "р",
        '¢' => "с",
        '×' => "х",
        'u' => "и",
        'n' => "п",
        'w' => "ш",
        'r' => "г",
        'k' => "к",
        'm' => "м",
        't' => "т",
        'h' => "н",
        'b' => "вб",
        _ => "",
    }
}

/// A letter as a Latin one: by its glyph, by its name, by its base.
fn latin(glyph: &Glyph) -> Option<Reading> {
    let face = face(glyph);
    let target = [glyph.shown, face, glyph.ch].into_iter();
    let target = target.filter_map(|c| tables::named(c).or_else(|| tables::looks(c)));
    let target = target.map(|target| {
        let mut letters = target.chars();
        match (letters.next(), letters.next()) {
            (Some('l'), None) if glyph.shown.is_uppercase() => Reading::Char('i'),
            (Some(letter), None) if letter.is_ascii_digit() => Reading::Char(canonical(letter)),
            (Some(letter), None) => Reading::Char(letter),
            _ => Reading::Text(target),
        }
    });
    let own = || tables::is_own(glyph.ch).then(|| Reading::Char(canonical(own_base(glyph.ch))));
    target.into_iter().next().or_else(own).or_else(|| {
        let letter = canonical(glyph.ch);
        letter.is_ascii_lowercase().then_some(Reading::Char(letter))
    })
}
