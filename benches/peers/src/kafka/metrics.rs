//! The metrics of a service, as whoever watches it reads them.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use super::clock;
use super::process::Process;

/// A service that does not answer for so long is stuck.
const ANSWER: Duration = Duration::from_secs(5);

/// What is waited for shows within some seconds.
const PATIENCE: Duration = Duration::from_secs(30);

const LOOK_EVERY: Duration = Duration::from_millis(100);

/// What `/metrics` said at a moment, a number a line.
pub struct Metrics(String);

impl Metrics {
    /// Of a service on this machine; nothing where it does not answer.
    pub fn read(port: u16) -> Option<Self> {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
        stream.set_read_timeout(Some(ANSWER)).ok()?;
        // Of version 1.0: then the answer ends with the connection.
        let ask = format!("GET /metrics HTTP/1.0\r\nHost: 127.0.0.1:{port}\r\n\r\n");
        stream.write_all(ask.as_bytes()).ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        answer.split_once(' ')?.1.starts_with("200").then_some(Self(answer))
    }

    /// The sum over all labels of which one is this text; 0 where there is none.
    pub fn sum(&self, name: &str, label: &str) -> f64 {
        let lines = self.0.lines().filter_map(|line| line.strip_prefix(name));
        let own = lines.filter(|rest| rest.starts_with(['{', ' ']) && rest.contains(label));
        own.filter_map(|rest| rest.rsplit(' ').next()?.parse::<f64>().ok()).sum()
    }
}

/// Waits until the metrics of a service say that something is so.
pub fn wait_until(port: u16, process: &Process, is_so: impl Fn(&Metrics) -> bool) {
    let start = clock::now();
    while !Metrics::read(port).is_some_and(|metrics| is_so(&metrics)) {
        assert!(process.is_running(), "it ended:\n{}", process.said());
        assert!(start.elapsed() < PATIENCE, "it is not so yet:\n{}", process.said());
        thread::sleep(LOOK_EVERY);
    }
}
