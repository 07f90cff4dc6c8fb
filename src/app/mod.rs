//! The process: configuration, HTTP, logs, shutdown, and what wires the stages together.

pub mod cli;
mod client;
pub mod config;
mod explained;
mod feed;
mod hold;
pub mod http;
mod keeper;
mod local;
mod past;
mod plants;
mod reconcile;
mod reinstate;
mod service;
pub mod shutdown;
pub mod telemetry;
mod watchdog;
