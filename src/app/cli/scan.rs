//! `tidegate scan`: posts in, verdicts out, without a log, on all cores.

use std::path::PathBuf;

use clap::Args;

use super::blocks::{self, Block};
use super::lines::{self, Lines, WrittenFields};
use super::output::Data;
use super::{Failure, rule_set};
use crate::decode::Format;
use crate::event::{self, Issuer, Source};
use crate::screen::{Origin, RuleSet};

/// Posts in, verdicts out.
#[derive(Debug, Args)]
pub(super) struct Scan {
    /// Folder of a rule pack; may be given several times.
    #[arg(long = "pack", value_name = "DIR", required = true)]
    packs: Vec<PathBuf>,
    /// How lines are read: `text` is a post a line, the others are a post a line as JSON.
    #[arg(long, default_value = "native", value_parser = Format::NAMES)]
    format: String,
    #[command(flatten)]
    fields: WrittenFields,
    /// File of posts; `-` is standard input.
    #[arg(default_value = "-")]
    file: PathBuf,
}

impl Scan {
    pub(super) fn run(self) -> Result<(), Failure> {
        let lines = Lines::new(&self.format, &self.fields)?;
        let rules = rule_set(&self.packs)?;
        let input = lines::open(&self.file)?;
        let screening = Screening { rules: &rules, lines, issuer: Issuer::public() };
        let mut data = Data::new();
        let work = |block: &Block| screening.verdicts(block);
        blocks::each(input, work, |verdicts| data.write(&verdicts))
            .map_err(|why| Failure::stopped(format!("{}: {why}", self.file.display())))
    }
}

/// How every line is screened.
struct Screening<'r> {
    rules: &'r RuleSet,
    lines: Lines,
    issuer: Issuer,
}

impl Screening<'_> {
    fn verdicts(&self, block: &Block) -> Vec<u8> {
        let mut verdicts = Vec::with_capacity(block.lines.len());
        for (line, number) in block.lines().zip(block.first..) {
            verdicts.extend(self.verdict(number, line));
            verdicts.push(b'\n');
        }
        verdicts
    }

    /// The verdict on a line, the first of which is number 0.
    fn verdict(&self, number: u64, line: &[u8]) -> Vec<u8> {
        let offset = i64::try_from(number).unwrap_or(i64::MAX);
        // No record, no time: a scan must say the same tomorrow.
        let source = Source { topic: "scan", partition: 0, offset, time_ms: 0 };
        let issuer = &self.issuer;
        let origin =
            Origin { issuer, source, traceparent: None, decided_at_ms: 0, signal_partitions: 1 };
        match self.lines.screen(number, line, self.rules) {
            Ok(screened) => screened.verdict_json(self.rules, origin),
            Err(fault) => event::fault_json(None, &fault),
        }
    }
}
