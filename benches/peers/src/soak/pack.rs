//! The two editions of the pack, which are in force in turn.

use std::path::PathBuf;

use tidegate::rules::Source;

use crate::kafka::made::{Made, SIZES};
use crate::kafka::metrics::{self, Metrics};
use crate::kafka::process::Process;
use crate::kafka::tidegate::write_pack;
use crate::patterns::{self, View};

/// Entries that the second edition lacks; none of them is planted.
const LEFT_OUT: usize = 1_000;

/// Posts of one author that make the second rule act. Each author keeps so many rows of state, so that it
/// stops growing once the planted posts have come round so often: after some forty seconds.
pub const AT_LEAST: usize = 10;

pub struct Editions<'a> {
    made: &'a Made,
    folder: PathBuf,
    port: u16,
    changes: usize,
}

impl<'a> Editions<'a> {
    /// Of a service whose metrics are at this port.
    pub fn new(made: &'a Made, folder: PathBuf, port: u16) -> Self {
        Self { made, folder, port, changes: 0 }
    }

    /// How often the rules have changed and were in force.
    pub fn changes(&self) -> usize {
        self.changes
    }

    /// What the service starts with.
    pub fn first(&self) -> Source {
        source(self.made, 1)
    }

    fn version(&self) -> usize {
        1 + self.changes % 2
    }

    /// Puts the other edition on the disk, and waits until it is in force.
    pub fn change(&mut self, process: &Process) {
        self.changes += 1;
        write_pack(&self.folder, source(self.made, self.version()));
        self.wait(process);
    }

    /// Waits until the metrics say that this edition is in force.
    pub fn wait(&self, process: &Process) {
        let label = format!("version=\"{}\"", self.version());
        let is_in_force = |seen: &Metrics| seen.sum("tidegate_ruleset_info", &label) == 1.0;
        metrics::wait_until(self.port, process, is_in_force);
    }
}

/// The pack of the peers, and a rule that counts.
fn source(made: &Made, version: usize) -> Source {
    let all = made.list(SIZES[2]);
    let planted = made.list(SIZES[0]);
    let list = if version == 1 { all } else { &all[..all.len() - LEFT_OUT] };
    let mut source = patterns::source(list, View::Unmasked);
    let manifest = source.files.get_mut("pack.yaml").expect("a pack has a manifest");
    let text = str::from_utf8(manifest).expect("it is written as text");
    let other = text.replace("version: \"1\"", &format!("version: \"{version}\""));
    *manifest = other.into_bytes();
    patterns::add_counting(&mut source, planted, AT_LEAST);
    source
}
