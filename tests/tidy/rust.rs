//! Reading Rust without a parser: enough to find paths, modules and lines, and no more.

use crate::files::File;

/// The text with comments, strings and characters blanked byte for byte; lines stay.
pub(crate) fn mask(text: &str) -> Vec<u8> {
    let mut code = text.as_bytes().to_vec();
    let mut at = 0;
    while at < code.len() {
        match opaque_end(text.as_bytes(), at) {
            Some(end) => {
                blank(&mut code, at, end);
                at = end;
            }
            None => at += 1,
        }
    }
    code
}

fn blank(code: &mut [u8], from: usize, to: usize) {
    let to = to.min(code.len());
    code[from..to].iter_mut().filter(|byte| **byte != b'\n').for_each(|byte| *byte = b' ');
}

/// Where the comment or literal that starts at `at` ends, if one does.
fn opaque_end(text: &[u8], at: usize) -> Option<usize> {
    match text.get(at..)? {
        [b'/', b'/', ..] => Some(find(text, at, b"\n").unwrap_or(text.len())),
        [b'/', b'*', ..] => Some(block_comment_end(text, at)),
        [b'"', ..] => Some(string_end(text, at + 1)),
        [b'r', ..] => raw_string_end(text, at),
        [b'\'', ..] => character_end(text, at),
        _ => None,
    }
}

pub(crate) fn find(text: &[u8], from: usize, what: &[u8]) -> Option<usize> {
    text.get(from..)?.windows(what.len()).position(|window| window == what).map(|at| from + at)
}

fn block_comment_end(text: &[u8], start: usize) -> usize {
    let (mut depth, mut at) = (0, start);
    while at < text.len() {
        match text.get(at..at + 2) {
            Some(b"/*") => (depth, at) = (depth + 1, at + 2),
            Some(b"*/") => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at
}

fn string_end(text: &[u8], mut at: usize) -> usize {
    while let Some(byte) = text.get(at) {
        match byte {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    text.len()
}

fn raw_string_end(text: &[u8], at: usize) -> Option<usize> {
    let before = text[..at].iter().rev().take_while(|byte| is_word(**byte)).count();
    if before > 1 || (before == 1 && !matches!(text[at - 1], b'b' | b'c')) {
        return None;
    }
    let hashes = text[at + 1..].iter().take_while(|byte| **byte == b'#').count();
    let open = at + 1 + hashes;
    if text.get(open) != Some(&b'"') {
        return None;
    }
    let close = [b"\"".as_slice(), &vec![b'#'; hashes]].concat();
    Some(find(text, open + 1, &close).map_or(text.len(), |end| end + close.len()))
}

/// The end of a character literal; none for a lifetime.
fn character_end(text: &[u8], at: usize) -> Option<usize> {
    if text.get(at + 1) == Some(&b'\\') {
        return find(text, at + 3, b"'").map(|end| end + 1);
    }
    let width = text[at + 1..].iter().skip(1).take_while(|byte| **byte & 0xC0 == 0x80).count();
    (text.get(at + 2 + width) == Some(&b'\'')).then_some(at + 3 + width)
}

pub(crate) fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

/// Blanks the items that exist in tests only; returns the bytes it blanked.
pub(crate) fn blank_tests(code: &mut [u8]) -> Vec<(usize, usize)> {
    let mut blanked = Vec::new();
    let mut from = 0;
    while let Some(start) = next_test(code, from) {
        let end = item_end(code, start);
        blank(code, start, end);
        blanked.push((start, end));
        from = end;
    }
    blanked
}

fn next_test(code: &[u8], from: usize) -> Option<usize> {
    let plain = find(code, from, b"#[cfg(test)]");
    let all = find(code, from, b"#[cfg(all(test");
    plain.into_iter().chain(all).min()
}

/// Where the item ends whose attributes start at `at`.
fn item_end(code: &[u8], mut at: usize) -> usize {
    let mut depth = 0_usize;
    let mut in_body = false;
    while let Some(byte) = code.get(at) {
        at += 1;
        match byte {
            b'(' | b'[' | b'{' => {
                in_body |= *byte == b'{' && depth == 0;
                depth += 1;
            }
            b')' | b']' | b'}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 && in_body {
                    return at;
                }
            }
            b';' if depth == 0 => return at,
            _ => {}
        }
    }
    at
}

#[derive(Clone)]
pub(crate) struct Token {
    pub(crate) text: String,
    pub(crate) line: usize,
}

pub(crate) fn tokens(code: &[u8]) -> Vec<Token> {
    let mut tokens = Vec::new();
    let (mut at, mut line) = (0, 1);
    while let Some(&byte) = code.get(at) {
        let rest = &code[at..];
        let length = match rest {
            [b':', b':', ..] => 2,
            [first, ..] if is_word(*first) => rest.iter().take_while(|b| is_word(**b)).count(),
            _ => 1,
        };
        if !byte.is_ascii_whitespace() {
            let text = String::from_utf8_lossy(&code[at..at + length]).into_owned();
            tokens.push(Token { text, line });
        }
        line += usize::from(byte == b'\n');
        at += length;
    }
    tokens
}

/// A path that a file names, in full: `crate::…` for this crate, else as written.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Named {
    pub(crate) segments: Vec<String>,
    pub(crate) line: usize,
    /// True for what a `use` brings in.
    pub(crate) imported: bool,
}

/// Collects every path of a file: the leaves of its `use` trees, and those written in place.
pub(crate) struct Reader {
    tokens: Vec<Token>,
    at: usize,
    module: Vec<String>,
    /// For each open brace, the module it opens, if any.
    scopes: Vec<Option<String>>,
    named: Vec<Named>,
}

impl Reader {
    pub(crate) fn read(file: &File) -> Vec<Named> {
        let mut code = mask(&file.text);
        blank_tests(&mut code);
        let mut reader = Self {
            tokens: tokens(&code),
            at: 0,
            module: file.module(),
            scopes: Vec::new(),
            named: Vec::new(),
        };
        while reader.at < reader.tokens.len() {
            reader.step();
        }
        reader.named
    }

    fn text(&self, offset: usize) -> &str {
        self.tokens.get(self.at + offset).map_or("", |token| &token.text)
    }

    fn line(&self) -> usize {
        self.tokens.get(self.at).map_or(0, |token| token.line)
    }

    fn step(&mut self) {
        match self.text(0) {
            "use" => {
                self.at += 1;
                self.tree(Vec::new(), true);
            }
            "mod" if self.text(2) == "{" => {
                self.scopes.push(Some(self.text(1).to_owned()));
                self.at += 3;
            }
            "{" => {
                self.scopes.push(None);
                self.at += 1;
            }
            "}" => {
                self.scopes.pop();
                self.at += 1;
            }
            word if word.bytes().all(is_word) && self.text(1) == "::" => {
                self.tree(Vec::new(), false);
            }
            _ => self.at += 1,
        }
    }

    /// One branch of a path: `a::b::{c, d as e, *}`.
    fn tree(&mut self, mut prefix: Vec<String>, imported: bool) {
        let line = self.line();
        while let Some(word) = self.segment() {
            prefix.push(word);
            if self.text(0) != "::" {
                break;
            }
            self.at += 1;
            if imported && self.text(0) == "{" {
                return self.group(&prefix);
            }
        }
        self.leaf(prefix, line, imported);
    }

    /// The next word of a path, past a leading `::`.
    fn segment(&mut self) -> Option<String> {
        self.at += usize::from(self.text(0) == "::");
        let word = self.text(0);
        let fits = word == "*" || (!word.is_empty() && word.bytes().all(is_word));
        let word = fits.then(|| word.to_owned())?;
        self.at += 1;
        Some(word)
    }

    fn group(&mut self, prefix: &[String]) {
        self.at += 1;
        while !matches!(self.text(0), "}" | "") {
            self.tree(prefix.to_vec(), true);
            while !matches!(self.text(0), "," | "}" | "") {
                self.at += 1;
            }
            self.at += usize::from(self.text(0) == ",");
        }
        self.at += 1;
    }

    fn leaf(&mut self, mut segments: Vec<String>, line: usize, imported: bool) {
        if segments.len() > 1 && segments.last().is_some_and(|last| last == "self") {
            segments.pop();
        }
        if let Some(segments) = self.resolve(segments) {
            self.named.push(Named { segments, line, imported });
        }
    }

    fn resolve(&self, segments: Vec<String>) -> Option<Vec<String>> {
        let mut here = self.module.clone();
        here.extend(self.scopes.iter().flatten().cloned());
        let mut rest = segments.into_iter().peekable();
        match rest.peek()?.as_str() {
            "crate" | "tidegate" => {
                rest.next();
                here.clear();
            }
            "self" | "super" => {}
            _ => return Some(rest.collect()),
        }
        while let Some(word) = rest.next_if(|word| word == "self" || word == "super") {
            if word == "super" {
                here.pop();
            }
        }
        Some(std::iter::once("crate".to_owned()).chain(here).chain(rest).collect())
    }
}
