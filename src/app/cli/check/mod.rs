//! `tidegate check`: a pack through the compiler, its own tests, and text that nobody should act on.
//!
//! What people read goes to stderr, always. `--report` adds the same for a program, on stdout.

mod benign;
mod finding;
mod github;
mod json;
mod sarif;
mod text;

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::Failure;
use super::lines::{self, Lines, WrittenFields};
use super::output::{Data, say, watched};
use crate::control::{self, LoadError, Loaded};
use crate::decode::Format;
use crate::rules::{Pack, Report, Source};
use crate::trial::{self, Outcome};
use benign::{AtMost, Benign};

/// Compiles a pack and runs its tests.
#[derive(Debug, Args)]
pub(super) struct Check {
    /// Folder of the pack.
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// A file of ordinary posts, one a line, on which no rule should fire; `-` is standard input.
    #[arg(long, value_name = "FILE")]
    benign: Option<PathBuf>,
    /// How many of those lines may hit all the same: a share such as 1/1000, or a number.
    #[arg(long, value_name = "N/M", default_value = "0", requires = "benign")]
    at_most: AtMost,
    /// How those lines are read: `text` is a post a line, the others are a post a line as JSON.
    #[arg(long, default_value = "text", value_parser = Format::NAMES, requires = "benign")]
    format: String,
    #[command(flatten)]
    fields: WrittenFields,
    /// What a program is to read on standard output besides.
    #[arg(long, value_enum, value_name = "FORM")]
    report: Option<Form>,
    /// The same as `--report json`.
    #[arg(long, conflicts_with = "report")]
    json: bool,
}

/// Forms of the report for a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Form {
    /// One document of Tidegate's own.
    Json,
    /// Workflow commands, which GitHub shows beside the lines of a change.
    Github,
    /// SARIF 2.1.0, as code scanning takes it.
    Sarif,
}

/// Everything that was found out about a pack.
struct Checked {
    folder: PathBuf,
    source: Source,
    /// Errors, or the warnings of a pack that compiles.
    report: Report,
    /// `None` where it does not compile; nothing else is then known.
    tried: Option<Tried>,
}

/// What became of a pack that compiles.
struct Tried {
    pack: Pack,
    tests: Outcome,
    benign: Option<Benign>,
}

impl Checked {
    /// A file of the pack, as seen from where the command was given.
    fn path(&self, file: &str) -> String {
        self.folder.join(file).display().to_string()
    }

    fn benign(&self) -> Option<&Benign> {
        self.tried.as_ref()?.benign.as_ref()
    }

    fn is_good(&self) -> bool {
        let is_allowed = self.benign().is_none_or(Benign::is_allowed);
        self.tried.as_ref().is_some_and(|tried| tried.tests.failures.is_empty()) && is_allowed
    }
}

impl Check {
    pub(super) fn run(self) -> Result<(), Failure> {
        let form = if self.json { Some(Form::Json) } else { self.report };
        let checked = self.check()?;
        say(&text::page(&checked, watched()));
        let document = form.map(|form| match form {
            Form::Json => json::document(&checked),
            Form::Github => github::commands(&checked),
            Form::Sarif => sarif::document(&checked),
        });
        if let Some(document) = document {
            Data::new().write(document.as_bytes()).map_err(Failure::stopped)?;
        }
        let Some(tried) = &checked.tried else {
            return Err(Failure::Wrong(format!(
                "the pack {} has errors",
                checked.folder.display()
            )));
        };
        if let Some(why) = tried.benign.as_ref().and_then(Benign::unread) {
            return Err(Failure::Wrong(why));
        }
        if checked.is_good() { Ok(()) } else { Err(Failure::No) }
    }

    fn check(self) -> Result<Checked, Failure> {
        let lines = Lines::new(&self.format, &self.fields)?;
        let folder = self.folder;
        let Loaded { compiled, source } = match control::load(&folder) {
            Ok(loaded) => loaded,
            Err(LoadError::Pack { report, source_text: source }) => {
                return Ok(Checked { folder, source, report, tried: None });
            }
            Err(error) => return Err(Failure::wrong(error)),
        };
        let rules = trial::live(&compiled.pack).map_err(Failure::wrong)?;
        let tests = trial::test(&rules).map_err(Failure::wrong)?;
        let benign = match &self.benign {
            Some(file) => {
                let input = lines::open(file)?;
                let mut benign = Benign::new(file.display().to_string(), self.at_most);
                benign
                    .read(input, &rules, &lines)
                    .map_err(|why| Failure::stopped(format!("{}: {why}", file.display())))?;
                Some(benign)
            }
            None => None,
        };
        let tried = Some(Tried { pack: compiled.pack, tests, benign });
        Ok(Checked { folder, source, report: compiled.warnings, tried })
    }
}
