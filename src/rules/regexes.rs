//! Regular expressions: can they be compiled, within the size limit, and what must a match hold?

use std::ops::Range;

use regex::RegexBuilder;

/// Bytes of a compiled regex (design section 12).
const COMPILED_BYTES_MAX: usize = 1 << 20;

/// Why a regex is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Cannot be read; what is wrong, and the bytes of the pattern where that is known.
    Syntax(String, Option<Range<usize>>),
    /// Compiles to more than a mebibyte.
    TooBig,
    /// Matches the empty text, and so every post everywhere.
    MatchesNothing,
}

/// Compiles a regex once, to see that it can be.
pub(super) fn check(pattern: &str) -> Result<(), Refusal> {
    match RegexBuilder::new(pattern).size_limit(COMPILED_BYTES_MAX).build() {
        Ok(regex) if regex.is_match("") => Err(Refusal::MatchesNothing),
        Ok(_) => Ok(()),
        Err(regex::Error::CompiledTooBig(_)) => Err(Refusal::TooBig),
        Err(error) => Err(syntax(&error.to_string(), pattern)),
    }
}

/// The crate tells its errors as text: the pattern, indented by four, a line of carets below it,
/// and `error: what` at the end. Patterns of several lines are shown otherwise and get no place.
fn syntax(told: &str, pattern: &str) -> Refusal {
    let what = told.lines().last().unwrap_or(told).trim();
    let what = what.strip_prefix("error: ").unwrap_or(what).to_owned();
    let mut lines =
        told.lines().skip_while(|line| line.strip_prefix("    ") != Some(pattern)).skip(1);
    let carets = lines.next().and_then(|line| line.strip_prefix("    "));
    let Some(first) = carets.and_then(|carets| carets.find('^')) else {
        return Refusal::Syntax(what, None);
    };
    let length =
        carets.map_or(0, |carets| carets.chars().skip(first).take_while(|&c| c == '^').count());
    let byte = |index: usize| pattern.char_indices().nth(index).map_or(pattern.len(), |(at, _)| at);
    Refusal::Syntax(what, Some(byte(first)..byte(first + length)))
}

/// Bytes of the longest text of which every match must hold one: `(blorp|zorb)\d+` holds `blorp`
/// or `zorb`, so 4. A careful walk over a pattern that [`check`] let through: what it does not
/// know, it takes for nothing, so it may say too little and never too much.
pub(super) fn required_len(pattern: &str) -> usize {
    let mut walk = Walk { letters: pattern.chars().collect(), at: 0, is_verbose: false };
    let len = walk.either();
    if walk.is_verbose { 0 } else { len }
}

struct Walk {
    letters: Vec<char>,
    at: usize,
    /// `(?x)` somewhere: blanks and comments are no letters then, and nothing is known.
    is_verbose: bool,
}

/// What one piece of a sequence must hold.
enum Atom {
    /// A letter of so many bytes.
    Letter(usize),
    /// Something that holds so many bytes at least.
    Group(usize),
    /// No width: the run goes on over it.
    Nothing,
}

impl Walk {
    fn peek(&self) -> Option<char> {
        self.letters.get(self.at).copied()
    }

    fn take(&mut self) -> Option<char> {
        let letter = self.peek();
        self.at += 1;
        letter
    }

    fn eat(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        self.at += usize::from(found);
        found
    }

    /// Alternatives, up to the `)` that closes them: the poorest counts.
    fn either(&mut self) -> usize {
        let mut least = self.sequence();
        while self.eat('|') {
            least = least.min(self.sequence());
        }
        least
    }

    /// The richest piece of a sequence counts; letters side by side are one piece.
    fn sequence(&mut self) -> usize {
        let (mut best, mut run) = (0, 0);
        while let Some(letter) = self.peek().filter(|letter| !matches!(letter, '|' | ')')) {
            self.at += 1;
            let atom = self.atom(letter);
            let (least, is_repeated) = self.repetition();
            match atom {
                Atom::Nothing => continue,
                Atom::Letter(bytes) if least > 0 => run += bytes,
                Atom::Group(bytes) if least > 0 => best = best.max(bytes),
                Atom::Letter(_) | Atom::Group(_) => {}
            }
            best = best.max(run);
            if is_repeated || matches!(atom, Atom::Group(_)) {
                run = 0;
            }
        }
        best
    }

    fn atom(&mut self, letter: char) -> Atom {
        match letter {
            '^' | '$' => Atom::Nothing,
            '.' => Atom::Group(0),
            '[' => {
                self.skip_class();
                Atom::Group(0)
            }
            '(' => self.group(),
            '\\' => self.escape(),
            _ => Atom::Letter(letter.len_utf8()),
        }
    }

    /// Times at least, and whether there is a repetition at all.
    fn repetition(&mut self) -> (usize, bool) {
        let mut found = (1, false);
        loop {
            let least = match self.peek() {
                Some('*' | '?') => 0,
                Some('+') => 1,
                Some('{') => self.braced_least(),
                _ => return found,
            };
            self.at += 1;
            // `a+?` is lazy, not optional.
            self.eat('?');
            found = (found.0.min(least), true);
        }
    }

    /// At the `{` of `{2,5}`: leaves the walk at its `}`.
    fn braced_least(&mut self) -> usize {
        let inside: String =
            self.letters.iter().skip(self.at + 1).take_while(|&&letter| letter != '}').collect();
        self.at += inside.chars().count() + 1;
        inside.split(',').next().and_then(|least| least.trim().parse().ok()).unwrap_or(0)
    }

    /// Behind a `(`.
    fn group(&mut self) -> Atom {
        if self.eat('?') && !self.is_named() {
            let flags: String = self
                .letters
                .iter()
                .skip(self.at)
                .copied()
                .take_while(|&letter| letter != ':' && letter != ')')
                .collect();
            self.at += flags.chars().count();
            self.is_verbose |= flags.split('-').next().is_some_and(|on| on.contains('x'));
            if self.eat(')') {
                return Atom::Nothing;
            }
            self.at += 1;
        }
        let least = self.either();
        self.at += 1;
        Atom::Group(least)
    }

    /// Behind `(?`: skips `P<name>` or `<name>`.
    fn is_named(&mut self) -> bool {
        if !matches!(self.peek(), Some('P' | '<')) {
            return false;
        }
        while self.take().is_some_and(|letter| letter != '>') {}
        true
    }

    /// Behind a backslash.
    fn escape(&mut self) -> Atom {
        match self.take() {
            Some('b' | 'B') => {
                if self.peek() == Some('{') {
                    self.braced_least();
                    self.at += 1;
                }
                Atom::Nothing
            }
            Some('A' | 'z' | '<' | '>') => Atom::Nothing,
            Some(kind @ ('p' | 'P' | 'x' | 'u' | 'U')) => {
                self.skip_code(kind);
                Atom::Group(0)
            }
            Some('n' | 't' | 'r' | 'a' | 'f' | 'v') => Atom::Letter(1),
            Some(letter) if letter.is_alphanumeric() => Atom::Group(0),
            Some(letter) => Atom::Letter(letter.len_utf8()),
            None => Atom::Nothing,
        }
    }

    /// What stands behind `\p`, `\x`, `\u`, `\U`: a code in braces, or of so many digits.
    fn skip_code(&mut self, kind: char) {
        if self.peek() == Some('{') {
            self.braced_least();
            self.at += 1;
            return;
        }
        self.at += match kind {
            'x' => 2,
            'u' => 4,
            'U' => 8,
            _ => 1,
        };
    }

    /// Behind a `[`: to behind its `]`.
    fn skip_class(&mut self) {
        let mut depth = 1;
        self.eat('^');
        self.eat(']');
        while let Some(letter) = self.take() {
            match letter {
                '\\' => self.at += 1,
                '[' => {
                    depth += 1;
                    self.eat('^');
                    self.eat(']');
                }
                ']' => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_match_must_hold_what_is_neither_optional_nor_one_of_many() {
        let cases = [
            (r"blorp", 5),
            (r"\bblorp\b", 5),
            (r"blorps?", 5),
            (r"blorp*", 4),
            (r"blorp+s", 5),
            (r"blo{2}rp", 3),
            (r"blo{0,2}rp", 2),
            (r"(blorp|zorb)\d+", 4),
            (r"(blorp|\d+)", 0),
            (r"(?:blorp)?zor", 3),
            (r"(?P<name>blorp)x", 5),
            (r"(?<name>blorp)x", 5),
            (r"(?i)blorp", 5),
            (r"(?i:blorp)", 5),
            (r"(?x) b l o r p", 0),
            (r"a|blorp", 1),
            (r"\d{2,5}\s?(€|\$|₽|руб)", 1),
            (r"\d+ usdt", 5),
            (r"[abc]def", 3),
            (r"[]abc]def", 3),
            (r"[^]abc]def", 3),
            (r"[[:alpha:]]xyz", 3),
            (r"[a[b-c]\]]xy", 2),
            (r"\x41bc", 2),
            (r"\x{41}bc", 2),
            (r"\u0041bc", 2),
            (r"\pLbc", 2),
            (r"\p{Greek}bc", 2),
            (r"\b{start}abc", 3),
            (r"a\.b\.c", 5),
            (r"a.b.c", 1),
            (r"^блорп$", 10),
            (r"ab??cd", 2),
            (r"(ab(cde|fgh)i)+", 3),
            (r"t\.me/joinchat", 13),
        ];
        for (pattern, expected) in cases {
            assert_eq!(check(pattern), Ok(()), "{pattern}");
            assert_eq!(required_len(pattern), expected, "{pattern}");
        }
    }

    #[test]
    fn a_broken_regex_says_what_is_wrong_and_where() {
        let cases = [
            ("(a", "unclosed group", Some(0..1)),
            ("блорп(", "unclosed group", Some(10..11)),
            (
                r"\d+[z-a]",
                "invalid character class range, the start must be <= the end",
                Some(4..7),
            ),
            (
                r"a(?=b)",
                "look-around, including look-ahead and look-behind, is not supported",
                Some(1..4),
            ),
            ("a\nb(", "unclosed group", None),
        ];
        for (pattern, what, place) in cases {
            assert_eq!(check(pattern), Err(Refusal::Syntax(what.to_owned(), place)), "{pattern}");
        }
    }

    #[test]
    fn a_regex_that_is_too_much_or_too_little_is_refused() {
        assert_eq!(check(r"(\w{50}){50}"), Err(Refusal::TooBig));
        assert_eq!(check("(blorp)?"), Err(Refusal::MatchesNothing));
    }
}
