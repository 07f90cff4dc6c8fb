//! `tidegate scan`: posts in, verdicts out, without a log, on all cores.

mod blocks;

use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use clap::Args;

use blocks::Block;

use super::output::Data;
use super::{Failure, rule_set};
use crate::app::config;
use crate::decode::{self, Fault, Fields, Format, FormatFault, Limits, Reason};
use crate::event::{self, Issuer, Source};
use crate::screen::{Origin, Reading, RuleSet, Screened, screen, screen_post};

/// Posts in, verdicts out.
#[derive(Debug, Args)]
pub(super) struct Scan {
    /// Folder of a rule pack; may be given several times.
    #[arg(long = "pack", value_name = "DIR", required = true)]
    packs: Vec<PathBuf>,
    /// How lines are read: `text` is a post a line, the others are a post a line as JSON.
    #[arg(long, default_value = "native", value_parser = Format::NAMES)]
    format: String,
    /// Where a field of the post stands, for `osprey` and `json`: such as `text=/message/body`; may
    /// be given several times.
    #[arg(long = "field", value_name = "NAME=POINTER")]
    fields: Vec<String>,
    /// File of posts; `-` is standard input.
    #[arg(default_value = "-")]
    file: PathBuf,
}

/// The format as the command line has it.
fn format(name: &str, written: &[String]) -> Result<Format, String> {
    let mut fields = Fields::default();
    for written in written {
        let (name, pointer) = written
            .split_once('=')
            .ok_or_else(|| format!("--field {written}: write it as in text=/message/body"))?;
        config::field(&mut fields, name, pointer)
            .map_err(|what| format!("--field {name}: {what}"))?;
    }
    Format::new(name, fields).map_err(|faults| {
        let faults: Vec<_> = faults.iter().map(FormatFault::to_string).collect();
        format!("{} (--field NAME=POINTER)", faults.join("; "))
    })
}

impl Scan {
    pub(super) fn run(self) -> Result<(), Failure> {
        let format = format(&self.format, &self.fields).map_err(Failure::Wrong)?;
        let rules = rule_set(&self.packs)?;
        let name = self.file.display().to_string();
        let input: Box<dyn Read + Send> = if name == "-" {
            Box::new(io::stdin())
        } else {
            let file = File::open(&self.file)
                .map_err(|why| Failure::wrong(format!("cannot read {name}: {why}")))?;
            Box::new(file)
        };
        let screening = Screening {
            rules: &rules,
            reading: Reading { format, limits: Limits::default() },
            issuer: Issuer::public(),
        };
        screening.all(input).map_err(|why| Failure::stopped(format!("{name}: {why}")))
    }
}

/// How every line is screened.
struct Screening<'r> {
    rules: &'r RuleSet,
    reading: Reading,
    issuer: Issuer,
}

/// Blocks that wait before each worker, and answers behind it: enough that nobody waits for a short
/// while, few enough that what is read from a pipe is answered soon.
const WAITING: usize = 2;

impl Screening<'_> {
    /// Blocks of lines go round the workers, and their answers are taken in the same round, so that
    /// verdicts stand in the order of the posts.
    fn all(&self, input: impl Read + Send) -> io::Result<()> {
        let workers = thread::available_parallelism().map_or(1, usize::from);
        thread::scope(|scope| {
            let mut to_workers = Vec::new();
            let mut answers = Vec::new();
            for _ in 0..workers {
                let (to_worker, blocks) = sync_channel(WAITING);
                let (to_writer, answer) = sync_channel(WAITING);
                scope.spawn(move || self.work(&blocks, &to_writer));
                to_workers.push(to_worker);
                answers.push(answer);
            }
            let reader = scope.spawn(move || blocks::deal(input, &to_workers));
            write(answers)?;
            reader.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    }

    fn work(&self, blocks: &Receiver<Block>, to_writer: &SyncSender<Vec<u8>>) {
        for block in blocks {
            let mut verdicts = Vec::with_capacity(block.lines.len());
            for (line, number) in block.lines().zip(block.first..) {
                verdicts.extend(self.verdict(number, line));
                verdicts.push(b'\n');
            }
            if to_writer.send(verdicts).is_err() {
                return;
            }
        }
    }

    /// The verdict on a line, the first of which is number 0.
    fn verdict(&self, number: u64, line: &[u8]) -> Vec<u8> {
        let offset = i64::try_from(number).unwrap_or(i64::MAX);
        // No record, no time: a scan must say the same tomorrow.
        let source = Source { topic: "scan", partition: 0, offset, time_ms: 0 };
        let issuer = &self.issuer;
        let origin =
            Origin { issuer, source, traceparent: None, decided_at_ms: 0, signal_partitions: 1 };
        match self.screen(number, line) {
            Ok(screened) => screened.verdict_json(self.rules, origin),
            Err(fault) => event::fault_json(None, &fault),
        }
    }

    fn screen<'l>(&self, number: u64, line: &'l [u8]) -> Result<Screened<'l>, Fault> {
        if self.reading.format != Format::Text {
            return screen(Some(line), self.rules, &self.reading);
        }
        let text = str::from_utf8(line).map_err(|bad| {
            let at = bad.valid_up_to();
            Fault::new(Reason::NotUtf8, format!("the line is not UTF-8 at byte {at}"))
        })?;
        Ok(screen_post(decode::text_post(number + 1, text), self.rules))
    }
}

/// Writes what the workers answer, in turn, until there is no more, or nobody reads it.
fn write(answers: Vec<Receiver<Vec<u8>>>) -> io::Result<()> {
    let mut data = Data::new();
    for answer in answers.iter().cycle() {
        let Ok(verdicts) = answer.recv() else { break };
        if !data.write(&verdicts)? {
            break;
        }
    }
    // Where nobody reads any more this ends the workers, and they the reader.
    drop(answers);
    Ok(())
}
