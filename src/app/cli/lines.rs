//! A post a line: where the lines come from and how each is read and screened.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use clap::Args;

use super::Failure;
use crate::app::config;
use crate::decode::{self, Fault, Fields, Format, FormatFault, Limits, Reason};
use crate::screen::{Reading, RuleSet, Screened, screen, screen_post};

/// Where fields of a post stand.
#[derive(Debug, Args)]
pub(super) struct WrittenFields {
    /// Where a field of the post stands, for `osprey` and `json`: such as `text=/message/body`; may
    /// be given several times.
    #[arg(long = "field", value_name = "NAME=POINTER")]
    fields: Vec<String>,
}

/// How every line is read.
pub(super) struct Lines {
    reading: Reading,
}

impl Lines {
    /// As the command line has it.
    pub(super) fn new(format: &str, written: &WrittenFields) -> Result<Self, Failure> {
        let format = self::format(format, &written.fields).map_err(Failure::Wrong)?;
        Ok(Self { reading: Reading { format, limits: Limits::default() } })
    }

    /// Screens a line, the first of which is number 0.
    pub(super) fn screen<'l>(
        &self,
        number: u64,
        line: &'l [u8],
        rules: &RuleSet,
    ) -> Result<Screened<'l>, Fault> {
        if self.reading.format != Format::Text {
            return screen(Some(line), rules, &self.reading);
        }
        let text = str::from_utf8(line).map_err(|bad| {
            let at = bad.valid_up_to();
            Fault::new(Reason::NotUtf8, format!("the line is not UTF-8 at byte {at}"))
        })?;
        Ok(screen_post(decode::text_post(number + 1, text), rules))
    }
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

/// A file of lines; `-` is standard input.
pub(super) fn open(path: &Path) -> Result<Box<dyn Read + Send>, Failure> {
    if path == Path::new("-") {
        return Ok(Box::new(io::stdin()));
    }
    let name = path.display();
    let file =
        File::open(path).map_err(|why| Failure::wrong(format!("cannot read {name}: {why}")))?;
    Ok(Box::new(file))
}
