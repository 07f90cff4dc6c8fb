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

/// Is somebody watching stderr?
pub(super) fn watched() -> bool {
    io::stderr().is_terminal()
}

/// Data for stdout, buffered. A reader that has gone away (`| head`) ends the output, not as an
/// error.
pub(super) struct Data(io::BufWriter<io::StdoutLock<'static>>);

impl Data {
    pub(super) fn new() -> Self {
        Self(io::BufWriter::new(io::stdout().lock()))
    }

    /// Writes one line; `false` when nobody reads any more.
    ///
    /// # Errors
    /// Anything but a closed pipe.
    pub(super) fn line(&mut self, line: &[u8]) -> io::Result<bool> {
        still_read(self.0.write_all(line).and_then(|()| self.0.write_all(b"\n")))
    }

    /// Writes out what is buffered; `false` when nobody reads any more.
    ///
    /// # Errors
    /// Anything but a closed pipe.
    pub(super) fn flush(&mut self) -> io::Result<bool> {
        still_read(self.0.flush())
    }
}

fn still_read(done: io::Result<()>) -> io::Result<bool> {
    match done {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(error),
    }
}
