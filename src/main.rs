//! Parse, run, exit code.

use std::process::ExitCode;

use clap::Parser;
use tidegate::app::cli::{Command, run};

fn main() -> ExitCode {
    tidegate::memory::give_back_at_once();
    tidegate::app::telemetry::hide_panic_messages();
    run(Command::parse())
}
