//! Wall clocks of processes, which can be set.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::node;

/// The clocks of all processes of a test.
pub(super) struct Clocks {
    folder: PathBuf,
}

impl Clocks {
    /// Builds what stands between a process and its clock; all are right.
    pub(super) fn make(folder: &Path, names: &[&str]) -> Self {
        let clocks = Self { folder: folder.to_owned() };
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/kafka/chaos/clock.c");
        let built = Command::new("cc")
            .args(["-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o"])
            .arg(clocks.library())
            .arg(source)
            .arg("-ldl")
            .status();
        assert!(built.unwrap().success(), "the clock of the tests cannot be built");
        for name in names {
            fs::write(clocks.file(name), 0_i64.to_ne_bytes()).unwrap();
        }
        clocks
    }

    /// A command for the service, with the clock of this name.
    pub(super) fn command(&self, name: &str) -> Command {
        let mut command = Command::new(node::PROGRAM);
        command.env("LD_PRELOAD", self.library()).env("TIDEGATE_TEST_CLOCK", self.file(name));
        command
    }

    /// Sets a clock to so many seconds from what it should be.
    pub(super) fn set(&self, name: &str, seconds: i64) {
        // In place: the process looks at this very file.
        let mut file = fs::OpenOptions::new().write(true).open(self.file(name)).unwrap();
        file.write_all(&seconds.to_ne_bytes()).unwrap();
    }

    fn library(&self) -> PathBuf {
        self.folder.join("clock.so")
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.join(format!("clock-{name}"))
    }
}
