//! Words for people, on stderr; data, on stdout. The only place that writes to either.

use std::io::{self, IsTerminal, Write};

/// Prints an error for the person at the terminal. A text that stands on its own, such as a
/// report of many errors, is printed as it is.
pub(super) fn complain(why: &str) {
    if why.starts_with("error") {
        say(why);
    } else {
        say(&format!("error: {why}"));
    }
}

/// Prints words for people to stderr. A closed stderr is nobody's fault.
pub(super) fn say(text: &str) {
    drop(writeln!(io::stderr().lock(), "{}", text.trim_end()));
}

/// How many of what: `1 rule`, `2 rules`.
pub(super) fn how_many(count: usize, of: &str) -> String {
    if count == 1 { format!("1 {of}") } else { format!("{count} {of}s") }
}

/// Is somebody watching stderr?
pub(super) fn watched() -> bool {
    io::stderr().is_terminal()
}

/// Data for stdout. A reader that has gone away (`| head`) ends the output, not as an error.
pub(super) struct Data(io::StdoutLock<'static>);

impl Data {
    pub(super) fn new() -> Self {
        Self(io::stdout().lock())
    }

    /// Writes lines with their ends, all of them at once; `false` when nobody reads any more.
    ///
    /// # Errors
    /// Anything but a closed pipe.
    pub(super) fn write(&mut self, lines: &[u8]) -> io::Result<bool> {
        match self.0.write_all(lines).and_then(|()| self.0.flush()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
            done => done.map(|()| true),
        }
    }
}
