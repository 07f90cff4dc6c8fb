//! What is wrong with a configuration: every fault, with its place, in one error.

use std::fmt;

/// One fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Path of the key, such as `delivery.interval`; empty where the file as a whole is meant.
    pub key: String,
    /// Line in the file, from 1; `None` for a key that is missing.
    pub line: Option<usize>,
    /// What is wrong and how to mend it; never a secret.
    pub message: String,
}

/// A configuration that cannot be used, with all its faults in the order of their lines.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct ConfigError {
    /// The file, as it was named; a stand-in where the text came without one.
    pub file: String,
    /// At least one.
    pub faults: Vec<Fault>,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.faults.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            write!(f, "{}", self.file)?;
            if let Some(line) = fault.line {
                write!(f, ":{line}")?;
            }
            if !fault.key.is_empty() {
                write!(f, ": {}", fault.key)?;
            }
            write!(f, ": {}", fault.message)?;
        }
        Ok(())
    }
}

/// Collects faults while the work goes on.
#[derive(Default)]
pub(super) struct Faults(Vec<Fault>);

impl Faults {
    pub(super) fn add(&mut self, key: &str, line: Option<usize>, message: impl Into<String>) {
        self.0.push(Fault { key: key.to_owned(), line, message: message.into() });
    }

    /// True where the text is not TOML: its faults belong to no key.
    pub(super) fn syntax(&self) -> bool {
        self.0.iter().any(|fault| fault.key.is_empty())
    }

    /// The error, if there is one.
    pub(super) fn finish(mut self, file: &str) -> Option<ConfigError> {
        // Missing keys last: their cause is often a misspelt line above.
        self.0.sort_by_key(|fault| fault.line.unwrap_or(usize::MAX));
        (!self.0.is_empty()).then(|| ConfigError { file: file.to_owned(), faults: self.0 })
    }
}
