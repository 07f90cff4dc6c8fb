//! The log on a real Kafka. `cargo test --test kafka`; the jars come from tests/kafka/broker/pom.xml
//! and lie in .tools/kafka/libs.
//!
//! All tests share one broker and use topic names of their own. Those that stop a broker start
//! one for themselves. Under a runner with a process for each test every test has its own; the
//! broker takes about a second.

#![expect(clippy::unwrap_used, reason = "a test may panic")]
#![expect(clippy::print_stdout, reason = "timings, and a broker's last words where a test fails")]
#![expect(clippy::disallowed_methods, reason = "waiting for a broker takes a clock")]

mod broker;
mod chaos;
mod deadletters;
#[path = "../it/desk.rs"]
mod desk;
mod endings;
mod faults;
mod figures;
mod figures_of_delivery;
#[expect(dead_code, reason = "the API of one machine is not there on Kafka")]
#[path = "../it/node.rs"]
mod node;
#[expect(dead_code, reason = "what asks for one account at a time is for the log in a file")]
#[path = "../it/plants.rs"]
mod plants;
mod process;
mod proxy;
mod published;
mod rebalance;
#[path = "../it/scenarios.rs"]
mod scenarios;
mod service;
mod setup;
mod stage;
mod support;
mod transactions;
