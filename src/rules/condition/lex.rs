//! A condition as tokens with their places.

use std::ops::Range;

use crate::rules::model::Comparison;

/// One token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    /// Bytes of the condition.
    pub(super) range: Range<usize>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A name or a word of the language.
    Word(String),
    /// Digits only.
    Number(String),
    Open,
    Close,
    Comma,
    Star,
    Dot,
    Compare(Comparison),
    /// Anything else; one character, or a text in quotes.
    Odd(String),
    /// Behind the last token.
    End,
}

/// The tokens of a condition, ended by [`Kind::End`].
pub(super) fn lex(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let blank = rest.len() - rest.trim_start().len();
        if blank > 0 {
            at += blank;
            continue;
        }
        let (kind, len) = token(rest);
        tokens.push(Token { kind, range: at..at + len });
        at += len;
    }
    let end = text.trim_end().len();
    tokens.push(Token { kind: Kind::End, range: end..end });
    tokens
}

fn token(rest: &str) -> (Kind, usize) {
    const SIGNS: [(&str, Kind); 11] = [
        (">=", Kind::Compare(Comparison::AtLeast)),
        ("<=", Kind::Compare(Comparison::AtMost)),
        ("==", Kind::Compare(Comparison::Equal)),
        ("!=", Kind::Compare(Comparison::NotEqual)),
        (">", Kind::Compare(Comparison::More)),
        ("<", Kind::Compare(Comparison::Less)),
        ("(", Kind::Open),
        (")", Kind::Close),
        (",", Kind::Comma),
        ("*", Kind::Star),
        (".", Kind::Dot),
    ];
    if let Some((sign, kind)) = SIGNS.iter().find(|(sign, _)| rest.starts_with(sign)) {
        return (kind.clone(), sign.len());
    }
    let word = |letter: char| letter.is_alphanumeric() || letter == '_';
    let len = rest.find(|letter| !word(letter)).unwrap_or(rest.len());
    let (text, _) = rest.split_at(len);
    if len == 0 {
        let first = rest.chars().next().unwrap_or(' ');
        let quoted = matches!(first, '"' | '\'').then(|| rest.get(1..)?.find(first)).flatten();
        let len = quoted.map_or(first.len_utf8(), |inside| inside + 2);
        return (Kind::Odd(rest.get(..len).unwrap_or(rest).to_owned()), len);
    }
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return (Kind::Number(text.to_owned()), len);
    }
    (Kind::Word(text.to_owned()), len)
}
