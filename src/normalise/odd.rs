//! Which words are odd, and the readings of their letters. One function a clause of design
//! section 7; runs of single letters are in `runs`.

use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::Range;

use unicode_script::Script;

use super::fold::{Glyph, Kind, is_kept_mark};
use super::letters::{self, Home};
use super::{emoji, runs, tables};

/// One thing a letter of an odd word may stand for, in canonical letters where the word compares by
/// classes, else in folded ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reading {
    /// Nothing: a dot between letters.
    Nothing,
    /// One letter.
    Char(char),
    /// Several, not yet canonical.
    Text(&'static str),
}

/// One written letter, digit, sign or dot of an odd word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// Byte range in the original.
    pub range: Range<usize>,
    /// What it may stand for; never empty. Those of ASCII characters are made once.
    pub readings: Cow<'static, [Reading]>,
    /// A mark that goes with the letter before it: nothing starts at it.
    pub mark: bool,
    /// A dot to be left out: a span of [`Shape::Dots`] must hold one.
    pub joint: bool,
    /// A word may start at it (and end before it): the first letter, and around a cluster of a
    /// script without spaces.
    pub edge: bool,
    undone: Undone,
}

/// How a letter is written without the disguise.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Undone {
    /// In any of its readings.
    AsRead,
    /// Left out: a dot.
    LeftOut,
    /// As a letter of the script that the word is at home in.
    AtHome(Glyph, Home),
}

impl Letter {
    /// What a person would write without the disguise, the likeliest first. Made when it is asked for:
    /// most odd words spell nothing that anybody looks for.
    #[must_use]
    pub fn plain(&self) -> Cow<'_, [Reading]> {
        match &self.undone {
            Undone::AsRead => Cow::Borrowed(&self.readings),
            Undone::LeftOut => Cow::Borrowed(&[Reading::Nothing]),
            Undone::AtHome(glyph, home) => Cow::Owned(letters::plain(glyph, *home)),
        }
    }
}

/// What of an odd word an entry has to match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    /// The whole word.
    Word,
    /// From edge to edge, over a joint at least.
    Dots,
    /// A run of single letters: any stretch of four letters or more, or one of these runs (ranges
    /// of letters) whole or but for one letter at an end.
    Run(Vec<Range<usize>>),
}

/// An odd word or run: what it may be read as, letter by letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Odd {
    /// Its letters, in order; never empty.
    pub letters: Vec<Letter>,
    /// What has to match.
    pub shape: Shape,
    /// Compares by classes; otherwise by folded letters.
    pub classes: bool,
    /// Of signs or a letter emoji, which the fold leaves out: an entry like it must not be folded.
    pub signs: bool,
}

/// Finds every odd word of a text. `links`: byte ranges, sorted.
pub(crate) fn odd(glyphs: &[Glyph], links: &[Range<usize>]) -> Vec<Odd> {
    odd_in(glyphs, links, &strange_scripts(glyphs))
}

/// The same in a part of a text, white space around it, of which scripts are known to be strange.
pub(super) fn odd_in(
    glyphs: &[Glyph],
    links: &[Range<usize>],
    strange: &HashSet<Script>,
) -> Vec<Odd> {
    let roles = Roles::of(glyphs, links);
    let mut out = Vec::new();
    for word in stretches(&roles.plain) {
        out.extend(plain_word(glyphs, word, strange));
    }
    for word in stretches(&roles.signed) {
        out.extend(signed_word(glyphs, word));
    }
    for word in stretches(&roles.dotted) {
        out.extend(dotted_word(glyphs, word, &roles));
    }
    out.extend(runs::runs(glyphs, &roles));
    out
}

/// What each glyph may be part of.
pub(super) struct Roles {
    /// Letters, marks and digits of scripts with spaces: the words of the fold.
    plain: Vec<bool>,
    /// These, signs and letter emoji.
    signed: Vec<bool>,
    /// These, clusters of scripts without spaces, and dots between letters.
    dotted: Vec<bool>,
    /// A dot between letters.
    dot: Vec<bool>,
    /// Letters of any script, marks, digits, signs that hold anywhere, letter emoji: what a single
    /// letter must not touch.
    pub(super) solid: Vec<bool>,
}

impl Roles {
    fn of(glyphs: &[Glyph], links: &[Range<usize>]) -> Self {
        let size = glyphs.len();
        let (mut plain, mut signed, mut dotted) =
            (Vec::with_capacity(size), Vec::with_capacity(size), Vec::with_capacity(size));
        let (mut dot, mut solid) = (Vec::<bool>::with_capacity(size), Vec::<bool>::new());
        let mut in_spaceless = false;
        for (at, glyph) in glyphs.iter().enumerate() {
            in_spaceless = glyph.spaceless() || in_spaceless && glyph.kind == Kind::Mark;
            let word = glyph.in_word();
            let emoji_letter = glyph.kind == Kind::EmojiLetter;
            let touches = solid.last().is_some_and(|solid| *solid);
            let handle = glyph.ch == '@' && !touches && is_handle(glyphs.get(at + 1..));
            let sign = letters::is_sign(glyph.ch, glyph.shown) && !handle;
            let inner = letters::is_inner_sign(glyph.ch) && between(glyphs, at, false);
            let is_dot =
                is_dot(glyph.ch) && between(glyphs, at, true) && !inside(links, &glyph.range);
            let in_plain = word && !in_spaceless;
            plain.push(in_plain);
            signed.push(in_plain || sign || inner || emoji_letter);
            dotted.push(word || sign || inner || emoji_letter || is_dot);
            dot.push(is_dot);
            solid.push(word || sign || emoji_letter);
        }
        Self { plain, signed, dotted, dot, solid }
    }
}

/// `@` and four characters or more of a handle: the name of somebody, not an a.
fn is_handle(after: Option<&[Glyph]>) -> bool {
    let part = |glyph: &&Glyph| glyph.shown.is_ascii_alphanumeric() || glyph.shown == '_';
    after.unwrap_or_default().iter().take(4).filter(part).count() == 4
}

pub(super) fn is_dot(c: char) -> bool {
    matches!(c, '.' | '_' | '*' | '~' | '·' | '•' | '|' | '/' | '\\')
}

/// Stands the glyph between two letters? A digit is none here, so that `6.000` and `v2.0` stay.
fn between(glyphs: &[Glyph], at: usize, spaceless: bool) -> bool {
    let letter = |glyph: &Glyph| {
        matches!(glyph.kind, Kind::Letter | Kind::EmojiLetter) && (spaceless || !glyph.spaceless())
    };
    let before = at.checked_sub(1).and_then(|at| glyphs.get(at));
    let before = before.is_some_and(|glyph| letter(glyph) || glyph.kind == Kind::Mark);
    before && glyphs.get(at + 1).is_some_and(letter)
}

fn inside(links: &[Range<usize>], range: &Range<usize>) -> bool {
    let after = links.partition_point(|link| link.start < range.end);
    let before = after.checked_sub(1).and_then(|at| links.get(at));
    before.is_some_and(|link| range.start < link.end)
}

/// Maximal ranges of `true`.
fn stretches(flags: &[bool]) -> Vec<Range<usize>> {
    let mut out = Vec::new();
    let mut at = 0;
    for same in flags.chunk_by(|left, right| left == right) {
        if same.first().is_some_and(|flag| *flag) {
            out.push(at..at + same.len());
        }
        at += same.len();
    }
    out
}

/// A word of letters, marks and digits: *mixed*, *digits*, *wholly look-alikes*, *repeats*.
fn plain_word(glyphs: &[Glyph], word: Range<usize>, strange: &HashSet<Script>) -> Vec<Odd> {
    let word = glyphs.get(word).unwrap_or_default();
    // One of ASCII is none of these.
    if matches!(word, [only] if only.shown.is_ascii()) {
        return Vec::new();
    }
    if is_mixed(word) || has_odd_digits(word) {
        return vec![by_classes(word, Shape::Word)];
    }
    let twins = if is_wholly_alike(word, strange) { twins(word) } else { None };
    let repeats = has_repeats(word).then(|| folded_letters(word, |glyph| vec![folded(glyph)]));
    twins.into_iter().chain(repeats).collect()
}

/// A word with signs or letter emoji. Without any letter it is a price; with one reading of one
/// letter it is no variant.
fn signed_word(glyphs: &[Glyph], word: Range<usize>) -> Option<Odd> {
    let word = glyphs.get(word)?;
    let letters = word.iter().filter(|glyph| is_letter(glyph)).count();
    let plain = word.iter().all(|glyph| glyph.in_word() && glyph.shown != 'µ');
    let spelt: usize = word.iter().map(|g| emoji::letters(g.ch).map_or(1, str::len)).sum();
    let odd = letters > 0 && !plain && spelt > 1;
    odd.then(|| Odd { signs: has_signs(word), ..by_classes(word, Shape::Word) })
}

/// Something that the fold leaves out.
pub(super) fn has_signs(glyphs: &[Glyph]) -> bool {
    glyphs.iter().any(|glyph| !glyph.in_word() && glyph.kind != Kind::EmojiLetter)
}

/// *dots*: letters apart by dots, more letters than digits.
fn dotted_word(glyphs: &[Glyph], word: Range<usize>, roles: &Roles) -> Option<Odd> {
    let dots = roles.dot.get(word.clone())?;
    let glyphs = glyphs.get(word)?;
    let count = |kind: fn(&Glyph) -> bool| glyphs.iter().filter(|glyph| kind(glyph)).count();
    let more = count(is_letter) > count(|glyph| glyph.kind == Kind::Digit);
    if !more || !dots.contains(&true) {
        return None;
    }
    let mut odd = by_classes(glyphs, Shape::Dots);
    for (letter, _) in odd.letters.iter_mut().zip(dots).filter(|(_, dot)| **dot) {
        // `|` between letters is a sign as well as a dot: both readings stay open.
        letter.readings = Cow::Borrowed(match *letter.readings {
            [Reading::Char('i')] => &[Reading::Char('i'), Reading::Nothing],
            _ => &[Reading::Nothing],
        });
        letter.undone = Undone::LeftOut;
        letter.joint = true;
    }
    odd.signs = glyphs
        .iter()
        .zip(dots)
        .any(|(glyph, dot)| !dot && !glyph.in_word() && glyph.kind != Kind::EmojiLetter);
    Some(odd)
}

pub(super) fn is_letter(glyph: &Glyph) -> bool {
    matches!(glyph.kind, Kind::Letter | Kind::EmojiLetter)
}

/// *mixed*. A small capital is odd wherever it stands: no language writes words in them, and
/// nothing else would undo a word that is all of them.
fn is_mixed(word: &[Glyph]) -> bool {
    let letters = || word.iter().filter(|glyph| glyph.kind == Kind::Letter);
    let mut scripts = letters()
        .map(|glyph| tables::script(glyph.ch))
        .filter(|script| !matches!(script, Script::Common | Script::Inherited | Script::Unknown));
    let first = scripts.next();
    let two_scripts = scripts.any(|script| Some(script) != first);
    let small = letters().any(|glyph| tables::is_small_capital(glyph.shown));
    let compat = letters().any(|glyph| glyph.compat);
    let own = letters().any(|glyph| tables::is_own(glyph.ch));
    two_scripts || small || compat && own
}

/// *digits*: with two letters or more, but not as times (`10am`), models (`12pro`) and names with
/// a year or number (`covid19`) are written.
fn has_odd_digits(word: &[Glyph]) -> bool {
    let is_digit = |glyph: &&Glyph| glyph.kind == Kind::Digit;
    if !word.iter().any(|glyph| is_digit(&glyph)) {
        return false;
    }
    let bare: Vec<_> = word.iter().filter(|glyph| glyph.kind != Kind::Mark).collect();
    let digits = bare.iter().filter(|glyph| is_digit(glyph)).count();
    let letters = bare.len() - digits;
    let leading = bare.iter().take_while(|glyph| is_digit(glyph)).count();
    let trailing = bare.iter().rev().take_while(|glyph| is_digit(glyph)).count();
    let then_letters = leading == digits && (letters <= 2 || digits >= 2);
    let then_digits = trailing == digits && digits >= 2;
    digits > 0 && letters >= 2 && !then_letters && !then_digits
}

/// The same of a folded word.
pub(super) fn is_odd_digits(word: &str) -> bool {
    let bare = || word.chars().filter(|c| !is_kept_mark(*c));
    let digits = bare().filter(char::is_ascii_digit).count();
    let letters = bare().count() - digits;
    let leading = bare().take_while(char::is_ascii_digit).count();
    let trailing = word.chars().rev().filter(|c| !is_kept_mark(*c));
    let trailing = trailing.take_while(char::is_ascii_digit).count();
    let then_letters = leading == digits && (letters <= 2 || digits >= 2);
    let then_digits = trailing == digits && digits >= 2;
    digits > 0 && letters >= 2 && !then_letters && !then_digits
}

/// *repeats*: a letter three times or more.
fn has_repeats(word: &[Glyph]) -> bool {
    let mut rest = word;
    while let [first, second, third, ..] = rest {
        if first.kind == Kind::Letter && first.ch == second.ch && first.ch == third.ch {
            return true;
        }
        rest = rest.get(1..).unwrap_or_default();
    }
    false
}

/// Has the letter, in the case as written, the glyph of a letter of another script? Latin letters
/// are compared with everyday Cyrillic. Of right-to-left scripts and those whose round letters
/// Unicode all files under o, none is taken for Latin by a reader of whole words.
pub(super) fn is_alike(glyph: &Glyph) -> bool {
    let face = letters::face(glyph);
    match tables::script(glyph.ch) {
        Script::Latin => tables::cyrillic_twin(face).is_some(),
        Script::Arabic
        | Script::Hebrew
        | Script::Nko
        | Script::Oriya
        | Script::Malayalam
        | Script::Myanmar
        | Script::Ethiopic => false,
        _ => tables::twin(face).is_some(),
    }
}

/// Scripts of which the part holds a letter that is no look-alike: words of them are what they
/// seem.
fn strange_scripts(glyphs: &[Glyph]) -> HashSet<Script> {
    let letters = glyphs.iter().filter(|glyph| glyph.kind == Kind::Letter && !is_alike(glyph));
    letters.map(|glyph| tables::script(glyph.ch)).collect()
}

/// *wholly look-alikes*, two letters or more.
fn is_wholly_alike(word: &[Glyph], strange: &HashSet<Script>) -> bool {
    let letters = || word.iter().filter(|glyph| glyph.kind == Kind::Letter);
    let count = letters().count();
    let script = || letters().next().map(|glyph| tables::script(glyph.ch));
    let alone = || script().is_some_and(|script| !strange.contains(&script));
    count >= 2 && letters().all(is_alike) && (count >= 5 || alone())
}

/// A wholly look-alike word in the letters it looks like. Only the glyphs count: by classes too,
/// `ВОРОВ` would be `боров`.
fn twins(word: &[Glyph]) -> Option<Odd> {
    let latin = word.iter().any(|glyph| tables::script(glyph.ch) == Script::Latin);
    let odd = folded_letters(word, |glyph| {
        let face = letters::face(glyph);
        let twin = if latin { tables::cyrillic_twin(face) } else { tables::twin(face) };
        // A capital І is the glyph of I and of l.
        let either = twin == Some('i') && face.is_uppercase();
        let twin = if glyph.kind == Kind::Letter { twin } else { None };
        let first = twin.map_or(folded(glyph), Reading::Char);
        if either { vec![first, Reading::Char('l')] } else { vec![first] }
    });
    Some(odd)
}

fn folded(glyph: &Glyph) -> Reading {
    Reading::Char(glyph.ch)
}

/// A word that compares by folded letters.
fn folded_letters(word: &[Glyph], readings: impl Fn(&Glyph) -> Vec<Reading>) -> Odd {
    let letters = word
        .iter()
        .enumerate()
        .map(|(at, glyph)| letter(glyph, at == 0, Cow::Owned(readings(glyph)), Undone::AsRead));
    Odd { letters: letters.collect(), shape: Shape::Word, classes: false, signs: false }
}

fn letter(glyph: &Glyph, edge: bool, readings: Cow<'static, [Reading]>, undone: Undone) -> Letter {
    let mark = glyph.kind == Kind::Mark;
    Letter { range: glyph.range.clone(), readings, mark, joint: false, edge, undone }
}

/// A word that compares by classes.
pub(super) fn by_classes(word: &[Glyph], shape: Shape) -> Odd {
    let (home, foreign) = (letters::home(word), letters::foreign(word));
    let mut after_spaceless = true;
    let mut letters = Vec::with_capacity(word.len());
    for glyph in word {
        let edge = glyph.kind != Kind::Mark && (after_spaceless || glyph.spaceless());
        let readings = letters::readings(glyph, home, foreign);
        letters.push(letter(glyph, edge, readings, Undone::AtHome(glyph.clone(), home)));
        after_spaceless = glyph.spaceless() || after_spaceless && glyph.kind == Kind::Mark;
    }
    Odd { letters, shape, classes: true, signs: false }
}
