//! The built service, run as a process: the scenarios of the pipeline on the log in a file, the
//! service killed under load, and the command line. The same scenarios on Kafka are in tests/kafka.

#![expect(clippy::print_stdout, reason = "the last words of a service where a test fails")]
#![expect(clippy::unwrap_used, reason = "a test may panic")]
#![expect(clippy::disallowed_methods, reason = "waiting for a service takes a clock")]

mod check;
mod cli;
mod crashes;
mod deadletters;
mod desk;
mod embedded;
mod explain;
mod import;
#[expect(dead_code, reason = "what breaks processes is for the tests on brokers")]
mod node;
mod packs;
mod pages;
mod plants;
mod replay;
mod scenarios;
