//! Fields compared with values: `author.age < 30d`, `(channel.members else 0) > 1000`.

use std::ops::Range;

use super::lex::Kind;
use super::parse::{KEYWORDS, Parser};
use crate::rules::codes::Code;
use crate::rules::compared::{Compared, FieldComparison, Literal, Type, Value};
use crate::rules::model::{Comparison, Condition};
use crate::rules::names::nearest;
use crate::rules::report::quoted;
use crate::rules::values::{DAY_MS, milliseconds};

/// The longest duration that is compared: no account is older than a hundred years.
const DURATION_MAX_MS: i64 = 36_500 * DAY_MS;

const DURATION_HELP: &str = "write a number and a unit: 90s, 45m, 12h, 30d";

/// Times of a post: what is compared of them is how long ago they were.
const TIMES: [&str; 3] = ["author.created_at", "sent_at", "edited_at"];

/// A name with its dots, and how many tokens it is.
pub(super) struct Path {
    name: String,
    tokens: usize,
}

impl Parser<'_> {
    /// The field that is named here, or what was meant as one; `None`: a pattern.
    pub(super) fn field_here(&self) -> Option<Path> {
        let path = self.path(self.at)?;
        let (first, last) = path.ends();
        let is_dotted = path.tokens > 1;
        if is_dotted && matches!(last, "hits" | "different") {
            return None;
        }
        let is_pattern = self.names.iter().any(|name| name == first);
        let is_compared = matches!(self.kind_at(self.at + path.tokens), Kind::Compare(_));
        let is_field = Compared::all().any(|known| known.name() == path.name);
        let is_meant = match (is_field, is_dotted) {
            (true, true) => true,
            (true, false) => is_compared || !is_pattern,
            (false, true) => !is_pattern,
            (false, false) => is_compared && !is_pattern,
        };
        is_meant.then_some(path)
    }

    /// Does a parenthesis open here that gives a field a value for where it is missing?
    pub(super) fn is_defaulted(&self) -> bool {
        let path = self.path(self.at + 1);
        path.is_some_and(|path| self.word_at(self.at + 1 + path.tokens) == Some("else"))
    }

    /// Does a value stand here that is compared with something behind it?
    pub(super) fn is_turned(&self) -> bool {
        let is_value = match self.kind_at(self.at) {
            Kind::Number(_) => true,
            Kind::Odd(text) => is_quoted(&text),
            Kind::Word(word) => is_truth(&word) || starts_with_digit(&word),
            _ => false,
        };
        is_value && matches!(self.kind_at(self.at + 1), Kind::Compare(_))
    }

    /// `author.age < 30d`
    pub(super) fn compared(&mut self, path: &Path) -> Option<Condition> {
        let what = self.what(path)?;
        self.comparison(what, None)
    }

    /// `(channel.members else 0) > 1000`
    pub(super) fn defaulted(&mut self) -> Option<Condition> {
        self.at += 1;
        let path = self.path(self.at)?;
        let what = self.what(&path)?;
        // `else` was seen from the parenthesis.
        self.at += 1;
        let (default, _) = self.literal(what)?;
        if self.kind() != Kind::Close {
            return self.expected("`)`", &format!("write ({} else …)", what.name()));
        }
        self.at += 1;
        self.comparison(what, Some(default))
    }

    /// What a path names.
    fn what(&mut self, path: &Path) -> Option<Compared> {
        let start = self.range().start;
        self.at += path.tokens;
        let range = start..self.last_end();
        let found = Compared::all().find(|known| known.name() == path.name);
        if found.is_none() {
            let help = self.unknown_field(&path.name);
            let message = format!("no field is called {}", quoted(&path.name));
            self.problem(Code::UnknownField, range, message, &help);
        }
        found
    }

    fn unknown_field(&self, name: &str) -> String {
        if self.names.iter().any(|pattern| pattern == name) {
            return format!("{} is a pattern, which hits or does not", quoted(name));
        }
        if TIMES.contains(&name) {
            return "a time is compared by how long ago it was: author.age < 30d".to_owned();
        }
        let names = || Compared::all().map(Compared::name);
        if let Some(near) = nearest(name, names()) {
            return format!("did you mean `{near}`?");
        }
        // `age` for `author.age`, `user.id` for one of those that end so.
        let last = name.rsplit('.').next().unwrap_or(name);
        let end = format!(".{last}");
        let alike: Vec<&str> = names().filter(|known| known.ends_with(&end)).collect();
        match alike[..] {
            [] => "the fields are those of the input, channel.members and text.words; of a \
                   pattern compare .hits or .different"
                .to_owned(),
            _ => format!("there is {}", alike.join(", ")),
        }
    }

    /// The comparison and the value, behind what is compared.
    fn comparison(&mut self, what: Compared, default: Option<Literal>) -> Option<Condition> {
        let help = if self.is_word("else") {
            let name = what.name();
            format!("put it in parentheses: ({name} else …) {}", example(what.of_type()))
        } else {
            format!("write {} {}", what.name(), example(what.of_type()))
        };
        let Kind::Compare(how) = self.kind() else {
            return self.expected("a comparison", &help);
        };
        let sign = self.range();
        if !what.of_type().is_ordered() && !matches!(how, Comparison::Equal | Comparison::NotEqual)
        {
            let (name, of_type) = (what.name(), said(what.of_type()));
            let message = format!("`{name}` is {of_type}: no value is less than another");
            self.problem(Code::FieldType, sign, message, "compare with `==` or `!=`");
            return None;
        }
        self.at += 1;
        let (with, place) = self.literal(what)?;
        if default.is_none() || with.of_type() != Type::Text {
            self.check_field(how, &with, sign.start..place.end);
        }
        Some(Condition::Field(FieldComparison { what, default, how, with }))
    }

    /// Reports a comparison that holds for every value or for none.
    fn check_field(&mut self, how: Comparison, with: &Literal, range: Range<usize>) {
        let (often, help) = match with {
            Value::Number(0) | Value::Duration(0) => match how {
                Comparison::Less => ("never", "no value is below zero"),
                Comparison::AtLeast => ("always", "no value is below zero"),
                _ => return,
            },
            Value::Text(text) if text.is_empty() => {
                let often = if how == Comparison::Equal { "never" } else { "always" };
                (often, "an empty field counts as missing: compare (author.name else \"\") == \"\"")
            }
            _ => return,
        };
        self.problem(Code::Constant, range, format!("this comparison {often} holds"), help);
    }

    /// The value that stands here, of the type of what it is compared with, and its place.
    fn literal(&mut self, what: Compared) -> Option<(Literal, Range<usize>)> {
        let range = self.range();
        let expected = what.of_type();
        let found: Literal = match (self.kind(), expected) {
            (Kind::Number(digits), Type::Duration) => return self.no_unit(&digits),
            (Kind::Number(digits), _) => self.whole_number(&digits)?,
            (Kind::Word(word), _) if is_truth(&word) => Value::Boolean(word == "true"),
            (Kind::Word(word), Type::Number) if starts_with_digit(&word) && !is_duration(&word) => {
                self.whole_number(&word)?
            }
            (Kind::Word(word), _) if starts_with_digit(&word) => self.duration(&word)?,
            (Kind::Odd(text), _) if is_quoted(&text) => {
                Value::Text(text.get(1..text.len() - 1).unwrap_or_default().to_owned())
            }
            (Kind::Odd(text), _) if text == "\"" || text == "'" => {
                let help = "close the text with the same quotes";
                self.problem(Code::ConditionSyntax, range, "a text without its end", help);
                return None;
            }
            (Kind::Word(word), _) if !KEYWORDS.contains(&&*word) => {
                return self.bare_word(&word, what);
            }
            _ => {
                let help = format!("write {} {}", what.name(), example(expected));
                let wanted =
                    if expected == Type::Text { "a text in quotes" } else { said(expected) };
                return self.expected(wanted, &help);
            }
        };
        if found.of_type() != expected {
            let (name, is, other) = (what.name(), said(expected), said(found.of_type()));
            let message = format!("`{name}` is {is}, compared with {other}");
            let help = format!("write {name} {}", example(expected));
            self.problem(Code::FieldType, range, message, &help);
            return None;
        }
        self.check_known(what, &found, range.clone())?;
        self.at += 1;
        Some((found, range))
    }

    /// Reports a text that the field never is, where it has few values.
    fn check_known(&mut self, what: Compared, found: &Literal, range: Range<usize>) -> Option<()> {
        let (Compared::Field(field), Value::Text(text)) = (what, found) else { return Some(()) };
        let Some(values) = field.values() else { return Some(()) };
        if values.contains(&&**text) {
            return Some(());
        }
        let help = match nearest(text, values.iter().copied()) {
            Some(near) => format!("did you mean \"{near}\"?"),
            None => format!("write one of {}", values.join(", ")),
        };
        let message = format!("`{}` cannot be {}", what.name(), quoted(text));
        self.problem(Code::UnknownValue, range, message, &help);
        None
    }

    /// Reports a number where a duration must stand.
    fn no_unit<T>(&mut self, digits: &str) -> Option<T> {
        let range = self.range();
        let help = match self.word_at(self.at + 1) {
            Some(unit @ ("s" | "m" | "h" | "d")) => format!("write {digits}{unit} without a space"),
            _ => DURATION_HELP.to_owned(),
        };
        let message = format!("{} has no unit", quoted(digits));
        self.problem(Code::BadDuration, range, message, &help);
        None
    }

    fn duration(&mut self, word: &str) -> Option<Literal> {
        let range = self.range();
        let Some(found) = milliseconds(word) else {
            let message = format!("{} is no duration", quoted(word));
            self.problem(Code::BadDuration, range, message, DURATION_HELP);
            return None;
        };
        if found > DURATION_MAX_MS {
            let message = format!("{} is out of range", quoted(word));
            let help = format!("write 0s to {}d", DURATION_MAX_MS / DAY_MS);
            self.problem(Code::BadDuration, range, message, &help);
            return None;
        }
        Some(Value::Duration(found))
    }

    fn whole_number(&mut self, digits: &str) -> Option<Literal> {
        let found = digits.parse().ok().map(Value::Number);
        if found.is_none() {
            let range = self.range();
            let message = format!("{} is no whole number, or out of range", quoted(digits));
            let help = "write digits only: 1000, not 1k or 1_000";
            self.problem(Code::BadNumber, range, message, help);
        }
        found
    }

    /// Reports a word that is no value: a text without quotes, or another field.
    fn bare_word<T>(&mut self, word: &str, what: Compared) -> Option<T> {
        let range = self.range();
        let name = what.name();
        let is_path = self.kind_at(self.at + 1) == Kind::Dot;
        let (message, help) = match what.of_type() {
            Type::Text if !is_path => {
                (format!("{} is no text", quoted(word)), format!("quote it: {name} == \"{word}\""))
            }
            of_type => (
                format!("{} is no value to compare with", quoted(word)),
                format!("write {name} {}; two fields are not compared", example(of_type)),
            ),
        };
        self.problem(Code::FieldType, range, message, &help);
        None
    }

    /// The name with dots that begins at a token.
    fn path(&self, at: usize) -> Option<Path> {
        let first = self.word_at(at).filter(|word| !KEYWORDS.contains(word))?;
        if starts_with_digit(first) {
            return None;
        }
        let mut path = Path { name: first.to_owned(), tokens: 1 };
        while self.kind_at(at + path.tokens) == Kind::Dot
            && let Some(next) = self.word_at(at + path.tokens + 1)
        {
            path.name = format!("{}.{next}", path.name);
            path.tokens += 2;
        }
        Some(path)
    }

    fn kind_at(&self, at: usize) -> Kind {
        self.tokens.get(at).map_or(Kind::End, |token| token.kind.clone())
    }

    fn word_at(&self, at: usize) -> Option<&str> {
        match self.tokens.get(at).map(|token| &token.kind) {
            Some(Kind::Word(word)) => Some(word),
            _ => None,
        }
    }
}

impl Path {
    /// Its first and its last word.
    fn ends(&self) -> (&str, &str) {
        let mut words = self.name.split('.');
        let first = words.next().unwrap_or_default();
        (first, words.next_back().unwrap_or(first))
    }
}

/// A type as a message names it.
fn said(of_type: Type) -> &'static str {
    match of_type {
        Type::Number => "a number",
        Type::Duration => "a duration",
        Type::Text => "a text",
        Type::Boolean => "`true` or `false`",
    }
}

/// What may stand behind a field of a type.
fn example(of_type: Type) -> &'static str {
    match of_type {
        Type::Number => ">= 1000",
        Type::Duration => "< 30d",
        Type::Text => "== \"…\"",
        Type::Boolean => "== true",
    }
}

fn is_truth(word: &str) -> bool {
    matches!(word, "true" | "false")
}

fn starts_with_digit(word: &str) -> bool {
    word.starts_with(|first: char| first.is_ascii_digit())
}

/// A number with one of the units, however large.
fn is_duration(word: &str) -> bool {
    milliseconds(word).is_some()
}

fn is_quoted(text: &str) -> bool {
    text.len() > 1 && text.starts_with(['"', '\''])
}
