//! What a disguise is, in words: for whoever asks why a text hit.

use std::fmt;
use std::ops::Range;

use super::fold::{self, Glyph, Kind};
use super::odd::{Letter, Reading, Shape};
use super::tables;
use super::views::Views;

/// One way in which a stretch of a text hides what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trick {
    /// Which way.
    pub kind: TrickKind,
    /// What is written, and what it stands for; nothing where the kind says it all.
    pub pairs: Vec<(String, String)>,
}

/// The ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TrickKind {
    /// Characters that nobody sees.
    Invisible,
    /// Full width, mathematical letters, ligatures, circled letters.
    Forms,
    /// Marks on letters that have none.
    Marks,
    /// Letters of another script that look or sound alike.
    Scripts,
    /// Digits for letters.
    Digits,
    /// Signs for letters.
    Signs,
    /// Letter emoji.
    Emoji,
    /// Letters apart.
    Apart,
    /// Dots between letters.
    Dots,
    /// Letters written more often than the word has them.
    Repeats,
}

impl fmt::Display for TrickKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Invisible => "characters that nobody sees",
            Self::Forms => "other forms of letters",
            Self::Marks => "marks on letters",
            Self::Scripts => "letters of another script",
            Self::Digits => "digits for letters",
            Self::Signs => "signs for letters",
            Self::Emoji => "emoji for letters",
            Self::Apart => "letters set apart",
            Self::Dots => "dots between letters",
            Self::Repeats => "repeated letters",
        })
    }
}

/// What hides in a byte range of the original, in the order of [`TrickKind`]; empty where it stands as
/// it is meant, but for upper case.
#[must_use]
pub fn disguise(views: &Views<'_>, range: &Range<usize>) -> Vec<Trick> {
    let mut tricks = Tricks::default();
    let raw = views.raw.get(range.clone()).unwrap_or_default();
    for c in raw.chars().filter(|c| fold::is_invisible(*c)) {
        tricks.add(TrickKind::Invisible, format!("U+{:04X}", u32::from(c)), "nothing");
    }
    let inside = |of: &Range<usize>| range.start <= of.start && of.end <= range.end;
    let odd = views.odd().iter().filter(|odd| {
        let all = odd.range();
        all.start <= range.start && range.end <= all.end || inside(&all)
    });
    // Of several readings of one place the one that compares by classes says most.
    let odd = odd.max_by_key(|odd| (odd.classes, odd.letters.len()));
    let letters = odd.map(|odd| odd.letters.as_slice()).unwrap_or_default();
    let letters: Vec<&Letter> = letters.iter().filter(|letter| inside(&letter.range)).collect();
    let glyphs = fold::glyphs(views.raw);
    for glyph in glyphs.iter().filter(|glyph| inside(&glyph.range)) {
        let letter = letters.iter().find(|letter| letter.range == glyph.range);
        tricks.of_glyph(views.raw, glyph, letter.copied());
    }
    if odd.is_some_and(|odd| matches!(odd.shape, Shape::Run(_))) {
        for pair in
            letters.array_windows::<2>().map(|[left, right]| left.range.end..right.range.start)
        {
            let between = views.raw.get(pair).filter(|between| !between.is_empty());
            between
                .iter()
                .for_each(|between| tricks.add(TrickKind::Apart, between.to_string(), ""));
        }
    }
    tricks.repeats(&glyphs.iter().filter(|glyph| inside(&glyph.range)).collect::<Vec<_>>());
    tricks.0.sort_by_key(|trick| trick.kind);
    tricks.0
}

#[derive(Default)]
struct Tricks(Vec<Trick>);

impl Tricks {
    fn add(&mut self, kind: TrickKind, written: String, meant: &str) {
        let pair = (written, meant.to_owned());
        match self.0.iter_mut().find(|trick| trick.kind == kind) {
            Some(trick) if trick.pairs.contains(&pair) => {}
            Some(trick) => trick.pairs.push(pair),
            None => self.0.push(Trick { kind, pairs: vec![pair] }),
        }
    }

    fn of_glyph(&mut self, raw: &str, glyph: &Glyph, letter: Option<&Letter>) {
        let written = raw.get(glyph.range.clone()).unwrap_or_default();
        let written: String = written.chars().filter(|c| !fold::is_invisible(*c)).collect();
        if letter.is_some_and(|letter| letter.joint) {
            return self.add(TrickKind::Dots, written, "");
        }
        let plain = letter.map(Letter::plain).unwrap_or_default();
        let plain = plain.iter().filter_map(|reading| match reading {
            Reading::Char(c) => Some(c.to_string()),
            Reading::Text(text) => Some((*text).to_owned()),
            Reading::Nothing => None,
        });
        let mut meant: Vec<String> = plain.collect();
        if meant.is_empty() {
            meant.push(glyph.ch.to_string());
        }
        if glyph.kind == Kind::Mark || meant.contains(&written.to_lowercase()) {
            return;
        }
        let meant = meant.join(" or ");
        let meant_char = meant.chars().next().unwrap_or(glyph.ch);
        let kind = match glyph.kind {
            Kind::EmojiLetter => TrickKind::Emoji,
            Kind::Digit if glyph.ch.to_string() != meant => TrickKind::Digits,
            Kind::Digit => TrickKind::Forms,
            Kind::Letter
                if tables::script(glyph.shown) != tables::script(meant_char) && !glyph.compat =>
            {
                TrickKind::Scripts
            }
            Kind::Letter if written.chars().nth(1).is_some() || has_marks(glyph) => {
                TrickKind::Marks
            }
            Kind::Letter => TrickKind::Forms,
            _ if letter.is_some() => TrickKind::Signs,
            _ => return,
        };
        self.add(kind, written, &meant);
    }

    /// A letter three times or more in a row.
    fn repeats(&mut self, glyphs: &[&Glyph]) {
        for same in glyphs.chunk_by(|left, right| left.ch == right.ch) {
            let first = same.first().filter(|glyph| glyph.kind == Kind::Letter && same.len() > 2);
            if let Some(first) = first {
                self.add(
                    TrickKind::Repeats,
                    first.ch.to_string().repeat(same.len()),
                    &first.ch.to_string(),
                );
            }
        }
    }
}

/// The name of the script that a character is of, as Unicode has it.
#[must_use]
pub fn script_name(c: char) -> &'static str {
    tables::script(c).full_name()
}

/// Is it a letter written in one with a mark that the fold takes off?
fn has_marks(glyph: &Glyph) -> bool {
    let mut parts = 0;
    unicode_normalization::char::decompose_canonical(glyph.shown, |_| parts += 1);
    parts > 1 && !glyph.compat
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, want: &[(TrickKind, &[(&str, &str)])]) {
        let views = super::super::views(text, &[]);
        let got = disguise(&views, &(0..text.len()));
        let pairs = |trick: &Trick| -> Vec<(String, String)> { trick.pairs.clone() };
        let got: Vec<_> = got.iter().map(|trick| (trick.kind, pairs(trick))).collect();
        let own = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
            pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
        };
        let want: Vec<_> = want.iter().map(|(kind, pairs)| (*kind, own(pairs))).collect();
        assert_eq!(got, want, "{text:?}");
    }

    #[test]
    fn each_way_to_hide_is_named_with_what_it_stands_for() {
        use TrickKind::{
            Apart, Digits, Dots, Emoji, Forms, Invisible, Marks, Repeats, Scripts, Signs,
        };
        check("BLORP", &[]);
        check("bl0rp", &[(Digits, &[("0", "o")])]);
        check("z1oг5", &[(Scripts, &[("г", "r")]), (Digits, &[("1", "i or l"), ("5", "s")])]);
        check("p@$$", &[(Signs, &[("@", "a"), ("$", "s")])]);
        check("blоrр", &[(Scripts, &[("о", "o"), ("р", "p")])]);
        check("ｂlorp", &[(Forms, &[("ｂ", "b")])]);
        check("blórp", &[(Marks, &[("ó", "o")])]);
        check("blo\u{301}rp", &[(Marks, &[("o\u{301}", "o")])]);
        check("bl\u{200B}orp", &[(Invisible, &[("U+200B", "nothing")])]);
        check("b l o r p", &[(Apart, &[(" ", "")])]);
        check("b-l-o-r-p", &[(Apart, &[("-", "")])]);
        check("bl.orp", &[(Dots, &[(".", "")])]);
        check("bloooorp", &[(Repeats, &[("oooo", "o")])]);
        check("🅱lorp", &[(Emoji, &[("🅱", "b")])]);
    }
}
