//! The process: configuration, HTTP, logs, shutdown, and what wires the stages together.

pub mod config;
pub mod http;
pub mod shutdown;
pub mod telemetry;
