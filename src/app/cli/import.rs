//! `tidegate import`: other people's keyword rules as a pack.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::Failure;
use super::output::{how_many, say, watched};
use crate::rules::{Dialect, Source, compile, import};

/// Other people's keyword rules as a pack, and a list of what does not carry over.
#[derive(Debug, Args)]
pub(super) struct Import {
    /// Whose rules they are.
    #[arg(value_name = "FROM")]
    from: From,
    /// File of the rules.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Folder of the new pack; it must not be there yet.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

/// Whose rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum From {
    /// Reddit's AutoModerator.
    #[value(name = "automoderator")]
    AutoModerator,
    /// Sigma rules with keywords.
    Sigma,
}

impl Import {
    pub(super) fn run(self) -> Result<(), Failure> {
        let file = self.file.display();
        let text = std::fs::read_to_string(&self.file)
            .map_err(|why| Failure::wrong(format!("cannot read {file}: {why}")))?;
        let (dialect, name) = match self.from {
            From::AutoModerator => (Dialect::AutoModerator, "automoderator"),
            From::Sigma => (Dialect::Sigma, "sigma"),
        };
        let imported = import(&text, dialect, name).map_err(|report| {
            let files = [("input".to_owned(), text.clone().into_bytes())];
            say(&report.render(&Source { files: files.into() }, watched()));
            Failure::Wrong(format!("{file} is not the YAML that is imported"))
        })?;
        for left in &imported.left {
            say(&format!("{file}:{}: left out: {}", left.line, left.what));
        }
        write(&self.out, &imported.source)?;
        let (rules, left, out) = (imported.rules, imported.left.len(), self.out.display());
        say(&format!("{} in {out}, {left} left out; all in shadow", how_many(rules, "rule")));
        if compile(&imported.source).is_err() {
            say(&format!("next: tidegate check {out}"));
        }
        Ok(())
    }
}

fn write(folder: &Path, source: &Source) -> Result<(), Failure> {
    let shown = folder.display();
    if folder.exists() {
        return Err(Failure::Wrong(format!("{shown} is there already: give --out another folder")));
    }
    for (path, content) in &source.files {
        let file = folder.join(path);
        let parent = file.parent().unwrap_or(folder);
        std::fs::create_dir_all(parent)
            .and_then(|()| std::fs::write(&file, content))
            .map_err(|why| Failure::wrong(format!("cannot write {}: {why}", file.display())))?;
    }
    Ok(())
}
