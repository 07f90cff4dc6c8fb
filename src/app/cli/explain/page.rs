//! Lines of styled text, for a terminal and as HTML.

use crate::normalise::is_invisible;

/// What a piece of a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    Plain,
    /// A heading, or a name in the margin.
    Name,
    /// What hit.
    Hit,
    /// What holds, what does not, and what nobody can tell.
    Yes,
    No,
    Unknown,
    /// What matters less.
    Dim,
}

impl Style {
    fn ansi(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Name => "\x1b[1m",
            Self::Hit => "\x1b[1;30;43m",
            Self::Yes => "\x1b[32m",
            Self::No => "\x1b[31m",
            Self::Unknown => "\x1b[33m",
            Self::Dim => "\x1b[2m",
        }
    }

    fn class(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Name => "name",
            Self::Hit => "hit",
            Self::Yes => "yes",
            Self::No => "no",
            Self::Unknown => "unknown",
            Self::Dim => "dim",
        }
    }
}

/// One line.
#[derive(Clone, Debug, Default)]
pub(super) struct Line(Vec<(Style, String)>);

impl Line {
    pub(super) fn new(style: Style, text: impl AsRef<str>) -> Self {
        Self::default().and(style, text)
    }

    /// With more at its end; what nobody would see, or what a terminal would obey, is spelt out.
    pub(super) fn and(mut self, style: Style, text: impl AsRef<str>) -> Self {
        self.0.push((style, visible(text.as_ref())));
        self
    }

    /// With another line behind it.
    pub(super) fn with(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    pub(super) fn plain(self, text: impl AsRef<str>) -> Self {
        self.and(Style::Plain, text)
    }
}

/// Lines from top to bottom.
#[derive(Clone, Debug, Default)]
pub(super) struct Page(Vec<Line>);

const HEAD: &str = "<!doctype html>
<html lang=\"en\">
<meta charset=\"utf-8\">
<title>Tidegate: explained</title>
<style>
  :root { color-scheme: light dark }
  body { margin: 2rem; font: 15px/1.5 ui-monospace, monospace }
  pre { white-space: pre-wrap; font: inherit }
  .name { font-weight: bold }
  .hit { background: #fd6; color: #000; font-weight: bold }
  .yes { color: #197a2f }
  .no { color: #c22 }
  .unknown { color: #a60 }
  .dim { opacity: .65 }
</style>
<pre>
";

impl Page {
    pub(super) fn push(&mut self, line: Line) {
        self.0.push(line);
    }

    /// For a terminal, or a file.
    pub(super) fn text(&self, coloured: bool) -> String {
        let mut out = String::new();
        for line in &self.0 {
            for (style, text) in &line.0 {
                let (start, end) = match style.ansi() {
                    start if coloured && !start.is_empty() => (start, "\x1b[0m"),
                    _ => ("", ""),
                };
                out.extend([start, text, end]);
            }
            out.truncate(out.trim_end_matches(' ').len());
            out.push('\n');
        }
        out
    }

    /// A page of its own.
    pub(super) fn html(&self) -> String {
        let mut out = HEAD.to_owned();
        for line in &self.0 {
            for (style, text) in &line.0 {
                let text = escaped(text);
                match style {
                    Style::Plain => out.push_str(&text),
                    _ => out.extend(["<span class=\"", style.class(), "\">", &text, "</span>"]),
                }
            }
            out.push('\n');
        }
        out.push_str("</pre>\n</html>\n");
        out
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// Characters that nobody sees by their numbers; so are those that steer a terminal.
pub(super) fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => out.push('⏎'),
            '\t' => out.push(' '),
            _ if c.is_control() || is_invisible(c) => {
                out.push_str(&format!("\\u{{{:x}}}", u32::from(c)));
            }
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page() -> Page {
        let mut page = Page::default();
        page.push(Line::new(Style::Hit, "a<b>\u{1b}[2J").plain(" & \u{202E}x\n\t"));
        page
    }

    #[test]
    fn nothing_that_steers_a_terminal_comes_through() {
        assert_eq!(page().text(false), "a<b>\\u{1b}[2J & \\u{202e}x⏎\n");
        assert_eq!(page().text(true), "\x1b[1;30;43ma<b>\\u{1b}[2J\x1b[0m & \\u{202e}x⏎\n");
    }

    #[test]
    fn nothing_that_is_written_is_html() {
        let html = page().html();
        assert!(html.contains("<span class=\"hit\">a&lt;b&gt;\\u{1b}[2J</span> &amp; "), "{html}");
    }
}
