//! Entries of lists through the same views: the forms that an entry matches in.

use std::ops::Range;

use super::fold;
use super::glance;
use super::odd::{Letter, Odd, Reading};
use super::quick;
use super::sketch::Token;
use super::views::{Chunk, Views, What, views};

/// Spellings of one entry without its disguise; where signs can be read in more ways, the likeliest.
const SPELLINGS_MAX: usize = 8;

const NON_JOINER: char = '\u{200C}';

/// What an entry of words becomes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unmasked {
    /// Every form it matches in, the one that stands for it first, without doubles. Empty: the
    /// entry holds nothing to look for.
    pub forms: Vec<Form>,
    /// It is odd itself (`a$$`, `bl0rp`) and has forms without the disguise.
    pub odd: bool,
    /// A letter or symbol of it is in no form (`c++`): it would match a shorter word than written.
    pub loses: bool,
}

/// Words in order.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Form {
    /// Never empty.
    pub units: Vec<Unit>,
}

/// A word of a form, with what is glued to it: a whole stretch in a script without spaces.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Unit {
    /// Folded.
    pub text: String,
    /// White space stands before it in the entry, so that a gap may.
    pub spaced: bool,
    /// `*` before it: the word may begin with anything.
    pub open_left: bool,
    /// `*` after it: the word may end with anything.
    pub open_right: bool,
    /// Words it is made of: 1, or more where they are glued.
    pub words: usize,
    /// All of them clusters of a script without spaces.
    pub spaceless: bool,
}

impl Form {
    /// The words, apart by one space.
    #[must_use]
    pub fn text(&self) -> String {
        let words: Vec<&str> = self.units.iter().map(|unit| unit.text.as_str()).collect();
        words.join(" ")
    }

    /// In scripts without spaces a single cluster is too little to look for: it is a part of every
    /// other word.
    #[must_use]
    pub fn is_too_short(&self) -> bool {
        let words: usize = self.units.iter().map(|unit| unit.words).sum();
        words < 2 && self.units.iter().all(|unit| unit.spaceless)
    }
}

/// The folded words of any string.
#[must_use]
pub fn fold_words(text: &str) -> Vec<String> {
    let views = views(text, &[]);
    let words = views.words().iter();
    words
        .map(|word| views.folded().get(word.folded.clone()).unwrap_or_default().to_owned())
        .collect()
}

/// The forms of an entry of words, `*` at the ends of its words understood.
#[must_use]
pub fn unmask_entry(text: &str) -> Unmasked {
    let mut out = unmask_one(text);
    if text.contains(NON_JOINER) {
        let apart = unmask_one(&text.replace(NON_JOINER, " "));
        for form in apart.forms {
            push_new(&mut out.forms, form);
        }
    }
    out
}

fn unmask_one(text: &str) -> Unmasked {
    unmask_letters(text).or_else(|| unmask_plain(text)).unwrap_or_else(|| unmask_slowly(text))
}

/// Words of small ASCII letters, apart by one space, as most entries of most long lists are. `None` where
/// one of them could be odd: for its repeats, as a single letter, or as all look-alikes.
fn unmask_letters(text: &str) -> Option<Unmasked> {
    let unit = |(at, word): (usize, &str)| {
        let letters = word.as_bytes();
        let repeats =
            || letters.array_windows().any(|[one, two, three]| one == two && two == three);
        let alike = || letters.iter().all(|letter| glance::is_alike(*letter));
        let small = letters.iter().all(u8::is_ascii_lowercase);
        (small && letters.len() > 1 && !repeats() && !alike()).then(|| Unit {
            text: word.to_owned(),
            spaced: at > 0,
            open_left: false,
            open_right: false,
            words: 1,
            spaceless: false,
        })
    };
    let units = text.split(' ').enumerate().map(unit).collect::<Option<Vec<Unit>>>()?;
    Some(Unmasked { forms: vec![Form { units }], odd: false, loses: false })
}

/// An entry without an odd word, as nearly all of long lists are: its one form, from the sketch.
fn unmask_plain(text: &str) -> Option<Unmasked> {
    let sketch = quick::sketch(text, &[]);
    if !sketch.suspects.is_empty() {
        return None;
    }
    let mut form = Spelling::default();
    for token in &sketch.tokens {
        form.add(text, sketch.text(token), &token.raw(), (token.glued, token.spaceless));
    }
    let forms = if form.units.is_empty() { vec![] } else { vec![Form { units: form.units }] };
    let loses = loses(text, sketch.tokens.iter().map(Token::raw));
    quick::reuse(sketch);
    Some(Unmasked { forms, odd: false, loses })
}

fn unmask_slowly(text: &str) -> Unmasked {
    let views = views(text, &[]);
    let chunks = views.chunks();
    let folded = Spelling::of_words(&views);
    let odd = chunks.iter().any(|chunk| matches!(chunk.what, What::Odd(_)));
    let signs = chunks.iter().any(|chunk| matches!(chunk.what, What::Odd(Odd { signs: true, .. })));
    let mut forms = Vec::new();
    // Folded, `a$$` is `a`: such an entry has only the forms without its disguise.
    if !signs {
        push_new(&mut forms, folded);
    }
    if odd {
        for spelling in spellings(&views, &chunks) {
            push_new(&mut forms, spelling);
        }
    }
    let forms = forms.into_iter().filter(|form| !form.units.is_empty()).collect();
    let ranges = chunks.iter().map(|chunk| chunk.range.clone());
    Unmasked { forms, odd, loses: loses(text, ranges) }
}

fn push_new(forms: &mut Vec<Form>, form: Form) {
    if !forms.contains(&form) {
        forms.push(form);
    }
}

/// A form in the making.
#[derive(Clone, Default)]
struct Spelling {
    units: Vec<Unit>,
    end: usize,
}

impl Spelling {
    fn of_words(views: &Views<'_>) -> Form {
        let mut out = Self::default();
        for word in views.words() {
            let text = views.folded().get(word.folded.clone()).unwrap_or_default();
            out.add(views.raw, text, &word.range, (word.glued, word.spaceless));
        }
        Form { units: out.units }
    }

    fn add(
        &mut self,
        raw: &str,
        text: &str,
        range: &Range<usize>,
        (glued, spaceless): (bool, bool),
    ) {
        let between = raw.get(self.end..range.start).unwrap_or_default();
        let before = raw.get(..range.start).unwrap_or_default();
        let after = raw.get(range.end..).unwrap_or_default();
        self.end = range.end;
        let open_right = opens(after.chars());
        if let Some(last) = self.units.last_mut().filter(|_| glued) {
            last.text.push_str(text);
            last.words += 1;
            last.spaceless &= spaceless;
            last.open_right = open_right;
            return;
        }
        self.units.push(Unit {
            text: text.to_owned(),
            spaced: between.chars().any(char::is_whitespace),
            open_left: opens(before.chars().rev()),
            open_right,
            words: 1,
            spaceless,
        });
    }
}

/// A star, then the end of the written word.
fn opens(mut outwards: impl Iterator<Item = char>) -> bool {
    outwards.next() == Some('*') && outwards.next().is_none_or(char::is_whitespace)
}

/// The forms without the disguise, the likeliest first.
fn spellings(views: &Views<'_>, chunks: &[Chunk<'_>]) -> Vec<Form> {
    let mut out = vec![Spelling::default()];
    for chunk in chunks {
        match chunk.what {
            What::Word(word) => {
                let text = views.folded().get(word.folded.clone()).unwrap_or_default();
                for spelling in &mut out {
                    spelling.add(views.raw, text, &word.range, (chunk.glued, word.spaceless));
                }
            }
            What::Odd(odd) => out = with_odd(views.raw, &out, odd),
        }
    }
    out.into_iter().map(|spelling| Form { units: spelling.units }).collect()
}

fn with_odd(raw: &str, before: &[Spelling], odd: &Odd) -> Vec<Spelling> {
    let texts = texts(&odd.letters);
    let words = |text: &str| {
        let mut spelt = Vec::new();
        let inner = views(text, &[]);
        for word in inner.words() {
            let text = inner.folded().get(word.folded.clone()).unwrap_or_default().to_owned();
            spelt.push((text, word.glued, word.spaceless));
        }
        spelt
    };
    let mut out = Vec::new();
    for spelling in before {
        for text in &texts {
            let mut next = spelling.clone();
            for (text, glued, spaceless) in words(text) {
                next.add(raw, &text, &odd.range(), (glued, spaceless));
            }
            if out.len() < SPELLINGS_MAX {
                out.push(next);
            }
        }
    }
    out
}

/// Every plain reading of a word, up to the limit.
fn texts(letters: &[Letter]) -> Vec<String> {
    let mut out = vec![String::new()];
    for letter in letters {
        let readings = letter.plain();
        let room = if out.len() * readings.len() > SPELLINGS_MAX { 1 } else { readings.len() };
        let mut next = Vec::new();
        for text in &out {
            for reading in readings.iter().take(room) {
                next.push(match reading {
                    Reading::Nothing => text.clone(),
                    Reading::Char(c) => format!("{text}{c}"),
                    Reading::Text(more) => format!("{text}{more}"),
                });
            }
        }
        out = next;
    }
    out
}

/// Is a letter or symbol of the entry outside all words, which stand at these places? Punctuation,
/// white space and what nobody sees may go.
fn loses(raw: &str, words: impl Iterator<Item = Range<usize>>) -> bool {
    let mut words = words.peekable();
    let mut end = 0;
    let open = |at: usize, c: char| {
        let after = raw.get(at + c.len_utf8()..).unwrap_or_default().chars().next();
        let before = raw.get(..at).unwrap_or_default().chars().next_back();
        c == '*'
            && (after.is_none_or(char::is_whitespace) || before.is_none_or(char::is_whitespace))
    };
    raw.char_indices().any(|(at, c)| {
        while let Some(word) = words.next_if(|word| word.start <= at) {
            end = word.end.max(end);
        }
        at >= end && !open(at, c) && is_missed(c)
    })
}

fn is_missed(c: char) -> bool {
    if c == ' ' {
        return false;
    }
    let ascii = c.is_ascii_punctuation() && !"#$%&*+<=>@^`|~".contains(c);
    let other = matches!(c,
        '¡' | '¿' | '«' | '»' | '·' | '\u{2010}'..='\u{2027}' | '\u{2030}'..='\u{205E}'
        | '\u{3001}'..='\u{3003}' | '\u{3008}'..='\u{3011}' | '\u{3014}'..='\u{301F}' | '・'
        | '،' | '؛' | '؟' | '٪' | '٫' | '٬' | '۔' | '।' | '॥' | '՝' | '։' | '־' | '׳' | '״'
        | '၊' | '။' | '។' | '៕' | '\u{2BC}' | '！' | '？' | '，' | '．' | '：' | '；' | '（' | '）');
    let unseen = fold::glyphs(c.encode_utf8(&mut [0; 4]));
    let unseen =
        unseen.iter().all(|glyph| matches!(glyph.kind, fold::Kind::Space | fold::Kind::Line));
    // A tatweel alone folds to nothing and yet is a letter.
    !ascii && !other && (!unseen || c == 'ـ')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::any_text;
    use super::*;

    fn same(text: &str) -> Result<(), TestCaseError> {
        for quick in [unmask_letters(text), unmask_plain(text)].into_iter().flatten() {
            prop_assert_eq!(quick, unmask_slowly(text), "{:?}", text);
        }
        Ok(())
    }

    #[test]
    fn plain_entries_are_read_as_the_slow_way_reads_them() {
        let cases = include_str!("../../tests/data/unmask.tsv");
        let entries = cases.lines().filter_map(|line| line.split('\t').nth(1));
        let more =
            ["", " ", "*", "a*", "*a b*", "a * b", "c++", "ـ", "a-b", "布洛 芬*", "강남 오피"];
        entries.chain(more).for_each(|text| same(text).unwrap());
        assert!(unmask_plain("blorp street").is_some());
        assert!(unmask_plain("bl0rp").is_none());
        assert!(unmask_letters("blorp street").is_some());
        for odd in ["b l o", "copy", "blooorp", "a b", "Blorp", "blorp  street", "blorp ", ""] {
            assert!(unmask_letters(odd).is_none(), "{odd}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_entry_is_read_as_the_slow_way_reads_it(text in any_text(), star in "[*]?", word in "[a-zа-я0-9 *]{0,12}") {
            same(&text)?;
            same(&format!("{word}{star}"))?;
            same(&format!("{star}{text}{word}"))?;
        }

        #[test]
        fn any_entry_of_small_letters_is_read_as_the_slow_way_reads_it(text in "[a-e ]{0,9}|[aceijopsxyl ]{0,9}") {
            same(&text)?;
        }
    }
}
