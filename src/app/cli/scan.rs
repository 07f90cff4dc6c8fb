//! `tidegate scan`: posts in, verdicts out, without a log.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::PathBuf;

use clap::Args;

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
        let input: Box<dyn BufRead> = if name == "-" {
            Box::new(io::stdin().lock())
        } else {
            let file = File::open(&self.file)
                .map_err(|why| Failure::wrong(format!("cannot read {name}: {why}")))?;
            Box::new(BufReader::new(file))
        };
        let reading = Reading { format, limits: Limits::default() };
        lines(input, &rules, &reading).map_err(|why| Failure::stopped(format!("{name}: {why}")))
    }
}

fn lines(mut input: Box<dyn BufRead>, rules: &RuleSet, reading: &Reading) -> io::Result<()> {
    let issuer = Issuer::public();
    let mut data = Data::new();
    let mut line = Vec::new();
    let mut number: u64 = 0;
    loop {
        line.clear();
        if input.read_until(b'\n', &mut line)? == 0 {
            break;
        }
        let text = line.strip_suffix(b"\n").unwrap_or(&line);
        let text = text.strip_suffix(b"\r").unwrap_or(text);
        number += 1;
        let screened = screen_line(number, text, rules, reading);
        let verdict = verdict(number, &screened, rules, &issuer);
        if !data.line(verdict.to_string().as_bytes())? {
            return Ok(());
        }
    }
    data.flush().map(|_| ())
}

fn screen_line<'a>(
    number: u64,
    line: &'a [u8],
    rules: &RuleSet,
    reading: &Reading,
) -> Result<Screened<'a>, Fault> {
    if reading.format == Format::Text {
        let text = str::from_utf8(line).map_err(|bad| {
            let at = bad.valid_up_to();
            Fault::new(Reason::NotUtf8, format!("the line is not UTF-8 at byte {at}"))
        })?;
        return Ok(screen_post(decode::text_post(number, text), rules));
    }
    screen(Some(line), rules, reading)
}

fn verdict(
    number: u64,
    screened: &Result<Screened<'_>, Fault>,
    rules: &RuleSet,
    issuer: &Issuer,
) -> serde_json::Value {
    let offset = i64::try_from(number).unwrap_or(i64::MAX) - 1;
    // No record, no time: a scan must say the same tomorrow.
    let source = Source { topic: "scan", partition: 0, offset, time_ms: 0 };
    let origin =
        Origin { issuer, source, traceparent: None, decided_at_ms: 0, signal_partitions: 1 };
    match screened {
        Ok(screened) => screened.verdict_json(rules, origin),
        Err(fault) => event::fault_json(None, fault),
    }
}
