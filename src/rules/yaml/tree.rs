//! Events to nodes, on a stack of our own: depth is bounded and nothing recurses.

use std::collections::HashSet;

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError};

use super::{Node, Style, Value};
use crate::rules::codes::Code;
use crate::rules::report::{Faults, Span, quoted};

/// Mappings and lists inside each other; a rule needs six.
const DEPTH_MAX: usize = 32;

/// The documents of a file. What cannot be read is reported; documents before it are kept.
pub(in crate::rules) fn parse(text: &str, file: usize, faults: &mut Faults) -> Vec<Node> {
    let bom = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let body = text.get(bom..).unwrap_or("");
    if !is_printable(text, file, faults) {
        return Vec::new();
    }
    let mut builder = Builder { places: Places::new(body, bom, file), ..Builder::default() };
    for event in Parser::new_from_str(body) {
        let going = match event {
            Ok((event, span)) => {
                let span = builder.places.span(span.start.index(), span.end.index());
                builder.take(event, span, faults)
            }
            Err(error) => builder.refuse(&error, faults),
        };
        if !going {
            break;
        }
    }
    builder.documents
}

/// No control characters (a NUL would end the parser's input in silence), no tab that indents.
fn is_printable(text: &str, file: usize, faults: &mut Faults) -> bool {
    let whole = Span { file, start: 0, end: 0 };
    let odd =
        |letter: char| letter.is_control() && !matches!(letter, '\t' | '\n' | '\r' | '\u{85}');
    if let Some((at, letter)) = text.char_indices().find(|&(_, letter)| odd(letter)) {
        let span = whole.at(at, at + letter.len_utf8());
        let code = u32::from(letter);
        faults
            .error(Code::ControlCharacter, span, format!("control character U+{code:04X}"))
            .help(format!("delete it, or write \"\\x{code:02X}\" in double quotes"));
        return false;
    }
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let indent = line.len() - line.trim_start_matches([' ', '\t']).len();
        if let Some(tab) = line.get(..indent).and_then(|indent| indent.find('\t')) {
            faults
                .error(Code::Tab, whole.at(at + tab, at + tab + 1), "a tab indents this line")
                .label("YAML counts spaces only")
                .help("use two spaces in place of the tab");
            return false;
        }
        at += line.len();
    }
    true
}

/// The parser counts characters; files and carets count bytes.
#[derive(Default)]
struct Places {
    /// Byte offset in the file of every character, and of the end.
    bytes: Vec<usize>,
    file: usize,
}

impl Places {
    fn new(body: &str, bom: usize, file: usize) -> Self {
        let starts = body.char_indices().map(|(at, _)| at + bom);
        Self { bytes: starts.chain([body.len() + bom]).collect(), file }
    }

    fn span(&self, start: usize, end: usize) -> Span {
        let last = self.bytes.last().copied().unwrap_or(0);
        let byte = |index: usize| self.bytes.get(index).copied().unwrap_or(last);
        Span { file: self.file, start: byte(start), end: byte(end).max(byte(start)) }
    }
}

#[derive(Default)]
struct Builder {
    places: Places,
    open: Vec<Frame>,
    documents: Vec<Node>,
}

/// A mapping or list that is not closed yet.
struct Frame {
    start: Span,
    is_map: bool,
    /// Of a mapping: key, value, key, value.
    items: Vec<Node>,
}

impl Builder {
    /// False: stop reading this file.
    fn take(&mut self, event: Event<'_>, span: Span, faults: &mut Faults) -> bool {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                self.check(anchor, tag.is_some(), span, faults);
                let style = match style {
                    ScalarStyle::Plain => Style::Plain,
                    ScalarStyle::SingleQuoted => Style::Single,
                    ScalarStyle::DoubleQuoted => Style::Double,
                    ScalarStyle::Literal | ScalarStyle::Folded => Style::Block,
                };
                let value = Value::Scalar { text: text.into_owned(), style };
                self.push(Node { span, value });
                true
            }
            Event::Alias(_) => {
                faults.error(Code::Alias, span, "aliases are not read in packs").help(
                    "write the value out, or put it under `defaults:` or `patterns:` of pack.yaml",
                );
                // What it stands for is unknown, and with it the rest of the document.
                false
            }
            Event::SequenceStart(anchor, tag) => {
                self.check(anchor, tag.is_some(), span, faults);
                self.open(false, span, faults)
            }
            Event::MappingStart(anchor, tag) => {
                self.check(anchor, tag.is_some(), span, faults);
                self.open(true, span, faults)
            }
            Event::SequenceEnd | Event::MappingEnd => {
                self.close(span, faults);
                true
            }
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd => true,
        }
    }

    fn check(&self, anchor: usize, tag: bool, span: Span, faults: &mut Faults) {
        let here = span.at(span.start, span.end.max(span.start + 1));
        if anchor != 0 {
            faults
                .error(Code::Alias, here, "anchors are not read in packs")
                .label("this value carries a `&name`")
                .help("delete the `&name` and write the value out where it is needed");
        }
        if tag {
            faults
                .error(Code::Tag, here, "tags are not read in packs")
                .label("this value carries a `!tag`")
                .help("delete the tag; quote the value where it is a text");
        }
    }

    fn open(&mut self, is_map: bool, span: Span, faults: &mut Faults) -> bool {
        if self.open.len() == DEPTH_MAX {
            return too_deep(span, faults);
        }
        self.open.push(Frame { start: span, is_map, items: Vec::new() });
        true
    }

    fn close(&mut self, end: Span, faults: &mut Faults) {
        let Some(frame) = self.open.pop() else { return };
        let span = frame.start.at(frame.start.start, end.end.max(frame.start.start));
        let value = if frame.is_map {
            Value::Map(pairs(frame.items, faults))
        } else {
            Value::List(frame.items)
        };
        self.push(Node { span, value });
    }

    fn push(&mut self, node: Node) {
        match self.open.last_mut() {
            Some(frame) => frame.items.push(node),
            None => self.documents.push(node),
        }
    }

    fn refuse(&self, error: &ScanError, faults: &mut Faults) -> bool {
        let at = error.marker().index();
        let span = self.places.span(at, at + 1);
        // The scanner looks ahead over brackets, and gives up before the tree has opened them.
        if error.info().contains("recursion limit") {
            return too_deep(span, faults);
        }
        let help = match error.info() {
            info if info.contains("simple key") || info.contains("mapping values") => {
                "a text with `: ` in it, or one that goes on in the next line, stands in quotes"
            }
            info if info.contains("escape") => {
                "in double quotes `\\` begins an escape of YAML; in single quotes it is itself, as a regex needs it: '\\d{2}'"
            }
            _ => {
                "texts that start with one of `* & ! % @ [ { ' \" > |`, a backtick, or that hold `: ` stand in quotes"
            }
        };
        faults.error(Code::Syntax, span, format!("not YAML: {}", error.info())).help(help);
        false
    }
}

fn too_deep(span: Span, faults: &mut Faults) -> bool {
    faults
        .error(Code::TooDeep, span, format!("nested deeper than {DEPTH_MAX} levels"))
        .help("close a bracket or take out a level");
    false
}

/// Keys with their values; a key that is no scalar or stands twice is reported and left out.
fn pairs(items: Vec<Node>, faults: &mut Faults) -> Vec<(Node, Node)> {
    let mut seen = HashSet::new();
    let mut kept = Vec::new();
    let mut items = items.into_iter();
    while let (Some(key), Some(value)) = (items.next(), items.next()) {
        let Value::Scalar { text, .. } = &key.value else {
            faults
                .error(Code::WrongType, key.span, format!("{} cannot be a key", key.describe()))
                .help("put the name of the key before the colon");
            continue;
        };
        if !seen.insert(text.clone()) {
            faults
                .error(
                    Code::DuplicateKey,
                    key.span,
                    format!("the key {} stands twice", quoted(text)),
                )
                .label("the second one")
                .help("keep one of the two");
            continue;
        }
        kept.push((key, value));
    }
    kept
}
