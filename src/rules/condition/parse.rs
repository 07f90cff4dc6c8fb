//! Tokens to a condition: `not` over `and` over `or`; `within` binds tightest.

use std::ops::Range;

use super::COUNTED_MAX;
use super::lex::{Kind, Token, lex};
use crate::rules::codes::Code;
use crate::rules::model::{Comparison, Condition, Need};
use crate::rules::names::nearest;
use crate::rules::report::quoted;

/// Bytes of a condition; a page of text.
const BYTES_MAX: usize = 8 * 1024;
/// Parentheses and `not` inside each other: the parser recurses so deep and no deeper.
const DEPTH_MAX: usize = 32;
/// Words that `within` may leave between.
const WITHIN_WORDS_MAX: u32 = 1_000;

/// Words that are no names.
pub(in crate::rules) const KEYWORDS: [&str; 12] =
    ["and", "or", "not", "any", "all", "of", "within", "word", "words", "else", "true", "false"];

/// Something wrong in a condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::rules) struct Problem {
    pub(in crate::rules) code: Code,
    /// Bytes of the condition's text.
    pub(in crate::rules) range: Range<usize>,
    pub(in crate::rules) message: String,
    pub(in crate::rules) label: String,
    pub(in crate::rules) help: String,
}

/// The condition that `text` says, numbers being indexes into `names`. All unknown names are
/// reported in one run; of faults of grammar only the first, for what follows is a guess.
pub(in crate::rules) fn parse(text: &str, names: &[String]) -> Result<Condition, Vec<Problem>> {
    let mut parser = Parser { tokens: lex(text), at: 0, depth: 0, names, problems: Vec::new() };
    if text.len() > BYTES_MAX {
        let message = format!("a condition longer than {BYTES_MAX} bytes");
        parser.problem(Code::ConditionSyntax, 0..text.len(), message, "split the rule in two");
        return Err(parser.problems);
    }
    match parser.whole() {
        Some(condition) if parser.problems.is_empty() => Ok(condition),
        _ => Err(parser.problems),
    }
}

pub(super) struct Parser<'n> {
    pub(super) tokens: Vec<Token>,
    pub(super) at: usize,
    depth: usize,
    pub(super) names: &'n [String],
    problems: Vec<Problem>,
}

impl Parser<'_> {
    fn whole(&mut self) -> Option<Condition> {
        let condition = self.either()?;
        match self.kind() {
            Kind::End => Some(condition),
            Kind::Word(word) if word == "within" => {
                let range = self.range();
                let help = "join two comparisons with `and`: a within 5 words of b and b within 5 words of c";
                self.problem(Code::ConditionSyntax, range, "`within` compares two things", help);
                None
            }
            Kind::Close => {
                self.expected("`and`, `or` or the end", "delete the `)`, or open it before")
            }
            _ => {
                self.expected("`and`, `or` or the end", "put `and` or `or` between two conditions")
            }
        }
    }

    fn either(&mut self) -> Option<Condition> {
        self.chain("or", Self::both, Condition::Or)
    }

    fn both(&mut self) -> Option<Condition> {
        self.chain("and", Self::negated, Condition::And)
    }

    fn chain(
        &mut self,
        word: &str,
        part: fn(&mut Self) -> Option<Condition>,
        join: fn(Vec<Condition>) -> Condition,
    ) -> Option<Condition> {
        let first = part(self)?;
        if !self.is_word(word) {
            return Some(first);
        }
        let mut parts = vec![first];
        while self.eat_word(word) {
            parts.push(part(self)?);
        }
        Some(join(parts))
    }

    fn negated(&mut self) -> Option<Condition> {
        if !self.is_word("not") {
            return self.near();
        }
        self.deeper(|parser| {
            parser.at += 1;
            Some(Condition::Not(Box::new(parser.negated()?)))
        })
    }

    fn near(&mut self) -> Option<Condition> {
        let start = self.range().start;
        let left = self.primary()?;
        let end = self.last_end();
        if !self.eat_word("within") {
            return Some(left);
        }
        let left = self.group(&left, start..end)?;
        let words = self.within_words()?;
        let start = self.range().start;
        let right = self.primary()?;
        let end = self.last_end();
        let right = self.group(&right, start..end)?;
        Some(Condition::Within { words, left, right })
    }

    /// `8 words of`
    fn within_words(&mut self) -> Option<usize> {
        let help = "write `within 8 words of`";
        let Kind::Number(digits) = self.kind() else {
            return self.expected("a number of words", help);
        };
        let words = self.number(&digits, WITHIN_WORDS_MAX)?;
        if !(self.eat_word("words") || self.eat_word("word")) {
            return self.expected("`words`", help);
        }
        if !self.eat_word("of") {
            return self.expected("`of`", help);
        }
        usize::try_from(words).ok()
    }

    /// The names of one side of `within`.
    fn group(&mut self, condition: &Condition, range: Range<usize>) -> Option<Vec<usize>> {
        let mut names = Vec::new();
        if alternatives(condition, &mut names) {
            return Some(names);
        }
        self.problem(
            Code::WithinOperand,
            range,
            "`within` takes a name, or names joined by `or` in parentheses",
            "write (a or b) within 8 words of c, and other conditions beside it with `and`",
        );
        None
    }

    fn primary(&mut self) -> Option<Condition> {
        match self.kind() {
            _ if self.is_turned() => {
                self.expected("a field", "write the field first: author.age < 30d")
            }
            Kind::Odd(text) if text.len() > 1 && text.starts_with(['"', '\'']) => {
                let help = "compare each text by itself: lang == \"ru\" or lang == \"uk\"";
                self.expected("the name of a pattern or a field", help)
            }
            Kind::Open if self.is_defaulted() => self.defaulted(),
            Kind::Open => self.deeper(|parser| {
                parser.at += 1;
                let inner = parser.either()?;
                if parser.kind() != Kind::Close {
                    return parser.expected("`)`", "close the parenthesis");
                }
                parser.at += 1;
                Some(inner)
            }),
            Kind::Number(digits) => self.some_of(&digits),
            Kind::Word(word) if word == "any" || word == "all" => self.every_of(&word),
            Kind::Word(word) if !KEYWORDS.contains(&&*word) => self.named(&word),
            _ => self.expected("the name of a pattern", "name one of the rule's patterns here"),
        }
    }

    /// `any of (…)`, `all of (…)`
    fn every_of(&mut self, word: &str) -> Option<Condition> {
        self.at += 1;
        let names = self.of_list()?;
        let need = if word == "any" { Need::Any } else { Need::All };
        Some(Condition::Of(need, names))
    }

    /// `2 of (…)`
    fn some_of(&mut self, digits: &str) -> Option<Condition> {
        let range = self.range();
        let known = self.problems.len();
        let wanted = usize::try_from(self.number(digits, COUNTED_MAX)?).ok()?;
        let names = self.of_list()?;
        let listed = names.len();
        if self.problems.len() == known && (wanted == 0 || wanted > listed) {
            let message = format!("asks for {wanted} of {listed} names");
            let help = format!("ask for 1 to {listed}");
            self.problem(Code::TooManyWanted, range, message, &help);
        }
        Some(Condition::Of(Need::AtLeast(wanted), names))
    }

    /// `of (a, b, c*)`: names, each once, in the order written.
    fn of_list(&mut self) -> Option<Vec<usize>> {
        let help = "write `any of (a, b, c*)`";
        if !self.eat_word("of") {
            return self.expected("`of`", help);
        }
        if self.kind() != Kind::Open {
            return self.expected("`(`", help);
        }
        self.at += 1;
        let mut names: Vec<usize> = Vec::new();
        loop {
            let Kind::Word(word) = self.kind() else {
                return self.expected("the name of a pattern", help);
            };
            let found = self.names_like(&word);
            let new: Vec<usize> = found.into_iter().filter(|name| !names.contains(name)).collect();
            names.extend(new);
            let kind = self.kind();
            self.at += 1;
            match kind {
                Kind::Comma => {}
                Kind::Close => return Some(names),
                _ => {
                    self.at -= 1;
                    return self.expected("`,` or `)`", help);
                }
            }
        }
    }

    /// `name` or `name*`
    fn names_like(&mut self, word: &str) -> Vec<usize> {
        let range = self.range();
        self.at += 1;
        if self.kind() != Kind::Star {
            return vec![self.lookup(word, range)];
        }
        let range = range.start..self.range().end;
        self.at += 1;
        let fits = |&name: &usize| self.names.get(name).is_some_and(|name| name.starts_with(word));
        let found: Vec<usize> = (0..self.names.len()).filter(fits).collect();
        if found.is_empty() {
            let message = format!("no pattern's name starts with {}", quoted(word));
            let help = self.known_names();
            self.problem(Code::GlobEmpty, range, message, &help);
        }
        found
    }

    /// `name`, `name.hits >= 3`, `name.different >= 2`, `author.age < 30d`
    fn named(&mut self, word: &str) -> Option<Condition> {
        if let Some(path) = self.field_here() {
            return self.compared(&path);
        }
        let range = self.range();
        self.at += 1;
        if let Kind::Compare(_) = self.kind() {
            let message = format!("{} has no value to compare", quoted(word));
            let help = format!("compare {word}.hits or {word}.different");
            self.problem(Code::ConditionSyntax, range, message, &help);
            return None;
        }
        if self.kind() == Kind::Star {
            return self.expected("`and`, `or` or the end", "`name*` stands in `any of (…)` only");
        }
        let name = self.lookup(word, range);
        if self.kind() != Kind::Dot {
            return Some(Condition::Pattern(name));
        }
        self.at += 1;
        self.counted(name, word)
    }

    /// `hits >= 3`, `different >= 2`
    fn counted(&mut self, name: usize, word: &str) -> Option<Condition> {
        let help = format!("write {word}.hits >= 3 or {word}.different >= 2");
        let make = match self.kind() {
            Kind::Word(what) if what == "hits" => Condition::Hits,
            Kind::Word(what) if what == "different" => Condition::Different,
            _ => return self.expected("`hits` or `different`", &help),
        };
        let start = self.range().start;
        self.at += 1;
        let Kind::Compare(comparison) = self.kind() else {
            return self.expected("a comparison", &help);
        };
        self.at += 1;
        let Kind::Number(digits) = self.kind() else { return self.expected("a number", &help) };
        let number = self.number(&digits, COUNTED_MAX)?;
        let range = start..self.last_end();
        self.check_constant(comparison, number, range);
        Some(make(name, comparison, number))
    }

    fn check_constant(&mut self, comparison: Comparison, number: u32, range: Range<usize>) {
        let holds = |count| comparison.holds(count, number);
        // All six comparisons change their answer next to the number or nowhere.
        let near = [0, number.saturating_sub(1), number, number + 1, COUNTED_MAX];
        let counts = || near.into_iter().filter(|&count| count <= COUNTED_MAX);
        let often = if counts().all(holds) {
            "always"
        } else if !counts().any(holds) {
            "never"
        } else {
            return;
        };
        let message = format!("this comparison {often} holds");
        let help = format!("counts run from 0 to {COUNTED_MAX}; compare with `>= 1` or more");
        self.problem(Code::Constant, range, message, &help);
    }

    fn lookup(&mut self, word: &str, range: Range<usize>) -> usize {
        if let Some(found) = self.names.iter().position(|name| name == word) {
            return found;
        }
        let near = nearest(word, self.names.iter().map(String::as_str));
        let help = match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => self.known_names(),
        };
        let message = format!("no pattern is called {}", quoted(word));
        self.problem(Code::UnknownPattern, range, message, &help);
        0
    }

    fn known_names(&self) -> String {
        const SHOWN: usize = 12;
        if self.names.is_empty() {
            return "add the pattern under `patterns:`".to_owned();
        }
        let shown: Vec<String> =
            self.names.iter().take(SHOWN).map(|name| format!("`{name}`")).collect();
        let more = if self.names.len() > SHOWN { ", …" } else { "" };
        format!("the patterns here are {}{more}", shown.join(", "))
    }

    fn number(&mut self, digits: &str, max: u32) -> Option<u32> {
        let range = self.range();
        self.at += 1;
        let number = digits.parse().ok().filter(|&number: &u32| number <= max);
        if number.is_none() {
            let message = format!("{} is out of range", quoted(digits));
            self.problem(
                Code::BadNumber,
                range,
                message,
                &format!("write a number from 0 to {max}"),
            );
        }
        number
    }

    fn deeper(&mut self, inner: impl FnOnce(&mut Self) -> Option<Condition>) -> Option<Condition> {
        if self.depth == DEPTH_MAX {
            let message = format!("more than {DEPTH_MAX} parentheses or `not` inside each other");
            let range = self.range();
            self.problem(Code::ConditionSyntax, range, message, "take out a level");
            return None;
        }
        self.depth += 1;
        let condition = inner(self);
        self.depth -= 1;
        condition
    }

    /// Reports what should stand here; always `None`, so that the caller can return it.
    pub(super) fn expected<T>(&mut self, what: &str, help: &str) -> Option<T> {
        let found = match self.kind() {
            Kind::End => "the condition ends".to_owned(),
            Kind::Word(word) | Kind::Odd(word) | Kind::Number(word) => {
                format!("found {}", quoted(&word))
            }
            Kind::Open => "found `(`".to_owned(),
            Kind::Close => "found `)`".to_owned(),
            Kind::Comma => "found `,`".to_owned(),
            Kind::Star => "found `*`".to_owned(),
            Kind::Dot => "found `.`".to_owned(),
            Kind::Compare(comparison) => format!("found `{}`", comparison.sign()),
        };
        let help = match self.kind() {
            Kind::Word(word)
                if KEYWORDS.contains(&&*word.to_lowercase()) && word != word.to_lowercase() =>
            {
                format!("write `{}` in lower case", word.to_lowercase())
            }
            Kind::Odd(sign) if sign == "&" => "write `and`".to_owned(),
            Kind::Odd(sign) if sign == "|" => "write `or`".to_owned(),
            Kind::Odd(sign) if sign == "!" => "write `not`".to_owned(),
            Kind::Odd(sign) if sign == "=" => "write `==`".to_owned(),
            _ => help.to_owned(),
        };
        let range = self.range();
        self.problem(Code::ConditionSyntax, range, format!("expected {what}, {found}"), &help);
        if let Some(problem) = self.problems.last_mut() {
            problem.label = format!("expected {what}");
        }
        None
    }

    pub(super) fn problem(
        &mut self,
        code: Code,
        range: Range<usize>,
        message: impl Into<String>,
        help: &str,
    ) {
        let (message, help) = (message.into(), help.to_owned());
        self.problems.push(Problem { code, range, message, label: String::new(), help });
    }

    pub(super) fn kind(&self) -> Kind {
        self.tokens.get(self.at).map_or(Kind::End, |token| token.kind.clone())
    }

    pub(super) fn range(&self) -> Range<usize> {
        let token = self.tokens.get(self.at).or_else(|| self.tokens.last());
        token.map_or(0..0, |token| token.range.clone())
    }

    /// End of the token before this one.
    pub(super) fn last_end(&self) -> usize {
        let before = self.at.checked_sub(1).and_then(|at| self.tokens.get(at));
        before.map_or(0, |token| token.range.end)
    }

    pub(super) fn is_word(&self, word: &str) -> bool {
        matches!(self.tokens.get(self.at), Some(Token { kind: Kind::Word(found), .. }) if found == word)
    }

    pub(super) fn eat_word(&mut self, word: &str) -> bool {
        let found = self.is_word(word);
        self.at += usize::from(found);
        found
    }
}

/// Collects the names of `a`, or of `a or b or c`; false for anything else.
fn alternatives(condition: &Condition, names: &mut Vec<usize>) -> bool {
    match condition {
        Condition::Pattern(name) => {
            if !names.contains(name) {
                names.push(*name);
            }
            true
        }
        Condition::Or(parts) => parts.iter().all(|part| alternatives(part, names)),
        _ => false,
    }
}
