//! The command line: a file a verb. Data goes to stdout, words for people to stderr.
//!
//! Exit codes: 0 done; 1 the answer is no; 2 wrong use, config or pack; 3 could not go on.

mod blocks;
mod check;
mod config;
mod control;
mod deadletters;
mod demo;
mod explain;
mod import;
mod ingest;
mod lines;
mod load;
mod output;
mod packs;
mod reconciled;
mod reinstate;
mod replay;
mod run;
mod scan;
mod topics;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use jiff::Timestamp;

use crate::control::{LoadError, Loaded, load};
use crate::log::kafka::past::{Mark, Stretch};
use crate::screen::RuleSet;
use crate::worker::clock;

/// Reads the public posts of a messenger, screens them with rule packs, and writes takedowns.
#[derive(Debug, Parser)]
#[command(name = "tidegate", version, about, max_term_width = 100)]
pub struct Command {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// The whole system on this machine: made traffic with abuse planted, and whether it was found.
    Demo(demo::Demo),
    /// The service.
    Run(run::Run),
    /// Posts in, verdicts out, as JSON lines, one for each post; no log.
    Scan(scan::Scan),
    /// Compiles a pack and runs its tests; reports like a compiler.
    Check(check::Check),
    /// What a pack would have done on past posts, beside what was done.
    Replay(replay::Replay),
    /// Other people's keyword rules as a pack.
    Import(import::Import),
    /// Why a post hits, or what it lacks: its views, its hits, each rule step by step.
    Explain(explain::Explain),
    /// Packs as files that can be trusted: keys, building, signing, verifying.
    #[command(subcommand)]
    Pack(packs::PackVerb),
    /// Makes a rule milder at once; without a rule, shows what is held back.
    Control(control::ControlVerb),
    /// Undoes what was done to a channel or an account.
    Reinstate(reinstate::ReinstateVerb),
    /// Creates or checks the Kafka topics.
    #[command(subcommand)]
    Topics(topics::Topics),
    /// Appends posts to the log of this machine or to Kafka.
    Ingest(ingest::Ingest),
    /// Posts that could not be screened: which, why, and back to where they came from.
    #[command(subcommand)]
    Deadletters(deadletters::Deadletters),
    /// Looks at the configuration.
    #[command(subcommand)]
    Config(config::ConfigVerb),
    /// Sends made posts into the log, abuse planted, and reconciles what comes out.
    Load(load::Load),
}

/// Where the configuration is.
#[derive(Debug, Args)]
struct ConfigFile {
    /// Configuration file (TOML).
    #[arg(long = "config", value_name = "FILE")]
    path: PathBuf,
}

/// Why a verb did not end with 0.
#[derive(Debug)]
enum Failure {
    /// The answer is no: exit 1. What there is to say has been said.
    No,
    /// Wrong use, config or pack: exit 2.
    Wrong(String),
    /// Could not go on: exit 3.
    Stopped(String),
}

impl Failure {
    #[expect(clippy::needless_pass_by_value, reason = "stands in `map_err`")]
    fn wrong(why: impl ToString) -> Self {
        Self::Wrong(why.to_string())
    }

    #[expect(clippy::needless_pass_by_value, reason = "stands in `map_err`")]
    fn stopped(why: impl ToString) -> Self {
        Self::Stopped(why.to_string())
    }
}

/// Where to begin or end in past records: a time, a time ago, or a partition and an offset.
fn mark(text: &str) -> Result<Mark, Failure> {
    if let Some((partition, offset)) = text.split_once('@') {
        let partition = partition.parse().ok();
        if let (Some(partition), Ok(offset)) = (partition, offset.parse()) {
            return Ok(Mark::Offset { partition, offset });
        }
    } else if let Ok(time) = text.parse::<Timestamp>() {
        return Ok(Mark::Time(time.as_millisecond()));
    } else if let Ok(ago) = super::config::time(text) {
        let ago = i64::try_from(ago.as_millis()).unwrap_or(i64::MAX);
        return Ok(Mark::Time(clock::now_ms().saturating_sub(ago)));
    }
    Err(Failure::Wrong(format!(
        "`{text}` is no time: write 2026-11-01T00:00:00Z, 7d (ago), or PARTITION@OFFSET"
    )))
}

/// From one mark to another.
fn stretch(from: Option<&str>, to: Option<&str>) -> Result<Stretch, Failure> {
    Ok(Stretch { from: from.map(mark).transpose()?, to: to.map(mark).transpose()? })
}

/// The rules of these packs; errors and warnings in them are printed as the compiler says them.
fn rule_set(folders: &[PathBuf]) -> Result<RuleSet, Failure> {
    let mut packs = Vec::new();
    for folder in folders {
        packs.push(pack(folder)?.compiled.pack);
    }
    RuleSet::build(packs).map_err(Failure::wrong)
}

/// The pack in a folder, compiled.
fn pack(folder: &Path) -> Result<Loaded, Failure> {
    match load(folder) {
        Ok(loaded) => Ok(loaded),
        Err(LoadError::Pack { report, source_text }) => {
            output::say(&report.render(&source_text, output::watched()));
            Err(Failure::Wrong(format!("the pack {} has errors", folder.display())))
        }
        Err(error) => Err(Failure::wrong(error)),
    }
}

/// Runs a command to its end.
#[must_use]
pub fn run(command: Command) -> ExitCode {
    let done = match command.verb {
        Verb::Demo(demo) => demo.run(),
        Verb::Run(run) => run.run(),
        Verb::Scan(scan) => scan.run(),
        Verb::Check(check) => check.run(),
        Verb::Replay(replay) => replay.run(),
        Verb::Import(import) => import.run(),
        Verb::Explain(explain) => explain.run(),
        Verb::Pack(pack) => pack.run(),
        Verb::Control(control) => control.run(),
        Verb::Reinstate(reinstate) => reinstate.run(),
        Verb::Topics(topics) => topics.run(),
        Verb::Ingest(ingest) => ingest.run(),
        Verb::Deadletters(deadletters) => deadletters.run(),
        Verb::Config(config) => config.run(),
        Verb::Load(load) => load.run(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::No) => ExitCode::from(1),
        Err(Failure::Wrong(why)) => {
            output::complain(&why);
            ExitCode::from(2)
        }
        Err(Failure::Stopped(why)) => {
            output::complain(&why);
            ExitCode::from(3)
        }
    }
}
