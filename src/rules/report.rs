//! What is wrong with a pack, printed as a compiler prints it.

use std::collections::HashSet;
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level as Title, Origin, Renderer, Snippet};

use super::codes::Code;
use super::source::{PACK_FILE, Source};

/// Errors, and warnings, kept of one pack: a list of a million broken lines must not print a million times.
const DIAGNOSTICS_MAX: usize = 1_000;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// The pack does not compile.
    Error,
    /// It compiles, and somebody should look.
    Warning,
}

/// One thing that is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Error or warning.
    pub severity: Level,
    /// Which kind of fault.
    pub code: Code,
    /// What is wrong: lower case, no full stop.
    pub message: String,
    /// Path within the pack.
    pub file: String,
    /// Bytes of the file that it is about; may be empty.
    pub span: Range<usize>,
    /// What stands at the caret; may be empty.
    pub label: String,
    /// How to mend it.
    pub help: Option<String>,
}

/// Where a diagnostic stands, for editors and the like: lines and columns from 1, columns counted in
/// characters, the end behind the last one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Line of the first character.
    pub line: usize,
    /// Column of the first character.
    pub column: usize,
    /// Column behind the last one on that line; equal to `column` where the place has no length.
    pub end_column: usize,
}

/// All that is wrong with a pack, sorted by file and position.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// The diagnostics.
    pub diagnostics: Vec<Diagnostic>,
    /// How many more there were than are kept.
    pub omitted: usize,
}

impl Report {
    /// How many errors it holds.
    #[must_use]
    pub fn errors(&self) -> usize {
        self.diagnostics.iter().filter(|one| one.severity == Level::Error).count()
    }

    /// How many warnings it holds.
    #[must_use]
    pub fn warnings(&self) -> usize {
        self.diagnostics.len() - self.errors()
    }

    /// The report for people: every diagnostic with its line and a caret, then a line that counts
    /// them; empty where there is nothing to say. `source` is what was compiled.
    #[must_use]
    pub fn render(&self, source: &Source, colour: bool) -> String {
        if self.diagnostics.is_empty() {
            return String::new();
        }
        let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
        let mut text = String::new();
        for diagnostic in &self.diagnostics {
            text.push_str(&diagnostic.render(source, &renderer));
            text.push_str("\n\n");
        }
        text.push_str(&self.count());
        text.push('\n');
        text
    }

    fn count(&self) -> String {
        let of = |number: usize, noun: &str| match number {
            0 => None,
            1 => Some(format!("1 {noun}")),
            _ => Some(format!("{number} {noun}s")),
        };
        let parts: Vec<String> = [of(self.errors(), "error"), of(self.warnings(), "warning")]
            .into_iter()
            .flatten()
            .collect();
        let more = if self.omitted > 0 {
            format!(", and {} more not shown", self.omitted)
        } else {
            String::new()
        };
        format!("{}{more}", parts.join(", "))
    }
}

impl Diagnostic {
    fn render(&self, source: &Source, renderer: &Renderer) -> String {
        let level = match self.severity {
            Level::Error => Title::ERROR,
            Level::Warning => Title::WARNING,
        };
        let mut group = Group::with_title(level.primary_title(&*self.message).id(self.code.id()));
        let text = source.files.get(&self.file).and_then(|bytes| std::str::from_utf8(bytes).ok());
        group = match text.filter(|text| !text.is_empty()) {
            Some(text) => group.element(self.snippet(text)),
            None => group.element(Origin::path(&*self.file)),
        };
        if let Some(help) = &self.help {
            group = group.element(Title::HELP.message(&**help));
        }
        renderer.render(&[group])
    }

    fn snippet<'a>(&'a self, text: &'a str) -> Snippet<'a, annotate_snippets::Annotation<'a>> {
        let (number, line, span) = self.line(text);
        let caret = AnnotationKind::Primary.span(span).label(&*self.label);
        Snippet::source(line).line_start(number).path(&*self.file).annotation(caret)
    }

    /// Where it stands in its file; `None` where it is about a file that is none or is no text.
    #[must_use]
    pub fn place(&self, source: &Source) -> Option<Place> {
        let bytes = source.files.get(&self.file)?;
        let (number, line, span) = self.line(std::str::from_utf8(bytes).ok()?);
        let column = |to: usize| line.get(..to).unwrap_or("").chars().count() + 1;
        Some(Place { line: number, column: column(span.start), end_column: column(span.end) })
    }

    /// The one line that the span starts on, its number, and the span cut to it.
    fn line<'t>(&self, text: &'t str) -> (usize, &'t str, Range<usize>) {
        let at = floor(text, self.span.start);
        let before = text.get(..at).unwrap_or("");
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let rest = text.get(line_start..).unwrap_or("");
        let line = rest.split('\n').next().unwrap_or("").trim_end_matches('\r');
        let start = (at - line_start).min(line.len());
        let end = floor(line, self.span.end.saturating_sub(line_start).min(line.len())).max(start);
        (before.matches('\n').count() + 1, line, start..end)
    }
}

/// The nearest character boundary at or before `at`.
fn floor(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// A place in one of the pack's files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    /// Index into the names that [`Faults`] was made with.
    pub(super) file: usize,
    /// First byte.
    pub(super) start: usize,
    /// Byte behind the last.
    pub(super) end: usize,
}

impl Span {
    /// A part of this span, `start` and `end` counted in bytes of the file.
    pub(super) fn at(self, start: usize, end: usize) -> Self {
        Self { start, end, ..self }
    }
}

/// Where the compile side drops what it finds, so that one run reports everything.
#[derive(Debug)]
pub(super) struct Faults {
    files: Vec<String>,
    found: Vec<Diagnostic>,
    /// What was said already: a fault of `defaults:` is found again by every rule that takes it.
    said: HashSet<(Code, usize, usize, String)>,
    /// Of errors, then of warnings: so many kept.
    kept: [usize; 2],
    errors: usize,
    omitted: usize,
}

impl Faults {
    /// `files`: the paths that [`Span::file`] counts.
    pub(super) fn new(files: Vec<String>) -> Self {
        let (found, said) = (Vec::new(), HashSet::new());
        Self { files, found, said, kept: [0; 2], errors: 0, omitted: 0 }
    }

    /// The index of a file, which may be one that is missing.
    pub(super) fn add_file(&mut self, path: &str) -> usize {
        let known = self.files.iter().position(|file| file == path);
        known.unwrap_or_else(|| {
            self.files.push(path.to_owned());
            self.files.len() - 1
        })
    }

    /// Path of a file.
    pub(super) fn path(&self, file: usize) -> &str {
        self.files.get(file).map_or("", String::as_str)
    }

    /// Errors so far, the omitted ones too.
    pub(super) fn errors(&self) -> usize {
        self.errors
    }

    /// An error; the pack will not compile.
    pub(super) fn error(&mut self, code: Code, at: Span, message: impl Into<String>) -> Note<'_> {
        self.errors += 1;
        self.add(Level::Error, code, at, message.into())
    }

    /// A warning.
    pub(super) fn warn(&mut self, code: Code, at: Span, message: impl Into<String>) -> Note<'_> {
        self.add(Level::Warning, code, at, message.into())
    }

    fn add(&mut self, severity: Level, code: Code, at: Span, message: String) -> Note<'_> {
        // Each level has a share of its own, so that warnings never crowd out an error.
        let kept = &mut self.kept[severity as usize];
        if *kept >= DIAGNOSTICS_MAX {
            self.omitted += 1;
            return Note(None);
        }
        if !self.said.insert((code, at.file, at.start, message.clone())) {
            return Note(None);
        }
        *kept += 1;
        let file = self.path(at.file).to_owned();
        let span = at.start..at.end;
        let label = String::new();
        self.found.push(Diagnostic { severity, code, message, file, span, label, help: None });
        Note(self.found.last_mut())
    }

    /// Takes back a warning of this code there: something else says it better.
    pub(super) fn withdraw(&mut self, code: Code, at: Span) {
        let path = self.path(at.file).to_owned();
        let is_it =
            |one: &Diagnostic| one.code == code && one.span.start == at.start && one.file == path;
        let before = self.found.len();
        self.found.retain(|one| !is_it(one));
        self.kept[Level::Warning as usize] -= before - self.found.len();
    }

    /// How much was said so far.
    pub(super) fn mark(&self) -> usize {
        self.found.len()
    }

    /// Takes back the warnings since then.
    pub(super) fn drop_warnings_since(&mut self, mark: usize) {
        let later = self.found.split_off(mark.min(self.found.len()));
        let (errors, warnings): (Vec<_>, Vec<_>) =
            later.into_iter().partition(|one| one.severity == Level::Error);
        self.kept[Level::Warning as usize] -= warnings.len();
        self.found.extend(errors);
    }

    /// The report, sorted; pack.yaml first, for what is wrong there explains what follows.
    pub(super) fn report(self) -> Report {
        let mut diagnostics = self.found;
        diagnostics.sort_by_cached_key(|one| {
            (one.file != PACK_FILE, one.file.clone(), one.span.start, one.code)
        });
        Report { diagnostics, omitted: self.omitted }
    }
}

/// The diagnostic just made, to say more about it.
#[derive(Debug)]
pub(super) struct Note<'f>(Option<&'f mut Diagnostic>);

impl Note<'_> {
    /// What stands at the caret.
    pub(super) fn label(mut self, label: impl Into<String>) -> Self {
        if let Some(diagnostic) = &mut self.0 {
            diagnostic.label = label.into();
        }
        self
    }

    /// How to mend it.
    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        if let Some(diagnostic) = &mut self.0 {
            diagnostic.help = Some(help.into());
        }
        self
    }
}

/// A text of the pack as it stands in a message: short, on one line.
pub(super) fn quoted(text: &str) -> String {
    const SHOWN_CHARS: usize = 40;
    let mut shown: String = text.chars().take(SHOWN_CHARS).flat_map(visible).collect();
    if text.chars().nth(SHOWN_CHARS).is_some() {
        shown.push('…');
    }
    format!("`{shown}`")
}

fn visible(letter: char) -> Vec<char> {
    if letter.is_control() { letter.escape_default().collect() } else { vec![letter] }
}
