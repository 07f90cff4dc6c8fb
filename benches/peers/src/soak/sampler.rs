//! Looks at the service from outside, and what a look gives.

use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

use super::Course;
use crate::kafka::broker::Broker;
use crate::kafka::metrics::Metrics;
use crate::kafka::process::Process;
use crate::kafka::watch::Group;

/// What was seen at a moment.
#[derive(Clone, Copy)]
pub struct Sample {
    /// Since the first post.
    pub minutes: f64,
    pub resident_mib: f64,
    pub descriptors: f64,
    /// Posts that were sent and are not consumed for good, those in the producer of the bench included.
    pub lag: f64,
    /// Rows of state, over all workers.
    pub state: f64,
    /// Since the last look, % of a core.
    pub cpu: f64,
    /// From when a post was due to when its takedown was seen, of those seen since the last look, ms.
    pub p99_ms: f64,
    /// What all topics take of the disk.
    pub disk_mib: f64,
    /// Editions that came into force since the start.
    pub changes: f64,
    /// Transactions that were not committed, since the start.
    pub rolled_back: f64,
}

pub struct Sampler<'a> {
    course: &'a Course<'a>,
    process: &'a Process,
    broker: &'a Broker,
    group: Group,
    port: u16,
    /// At the last look: since the first post, and processor time.
    last: (Duration, Duration),
}

impl<'a> Sampler<'a> {
    /// `port`: of the metrics.
    pub fn new(
        course: &'a Course<'a>,
        process: &'a Process,
        broker: &'a Broker,
        group: Group,
        port: u16,
    ) -> Self {
        Self { course, process, broker, group, port, last: (Duration::ZERO, process.cpu()) }
    }

    pub fn process(&self) -> &Process {
        self.process
    }

    /// Until so long after the first post.
    pub fn sleep_until(&self, after: Duration) {
        thread::sleep(after.saturating_sub(self.course.start.elapsed()));
    }

    pub fn sample(&mut self, changes: usize) -> Sample {
        let said = || self.process.said();
        let resident_mib = self.process.resident_mib();
        let resident_mib = resident_mib.unwrap_or_else(|| panic!("it ended:\n{}", said()));
        let now = (self.course.start.elapsed(), self.process.cpu());
        let last = std::mem::replace(&mut self.last, now);
        let metrics = Metrics::read(self.port);
        let metrics = metrics.unwrap_or_else(|| panic!("it says no metrics:\n{}", said()));
        let not_committed = |result| metrics.sum("tidegate_transactions_total", result);
        Sample {
            minutes: now.0.as_secs_f64() / 60.0,
            resident_mib,
            descriptors: self.process.descriptors() as f64,
            lag: self.lag(),
            state: metrics.sum("tidegate_state_entries", ""),
            cpu: (now.1 - last.1).as_secs_f64() / (now.0 - last.0).as_secs_f64() * 100.0,
            p99_ms: self.p99_ms(),
            disk_mib: self.broker.disk_mib(),
            changes: changes as f64,
            rolled_back: not_committed("\"aborted\"") + not_committed("\"unknown\""),
        }
    }

    fn lag(&self) -> f64 {
        let committed = self.group.ask().expect("the broker says what is committed");
        let sent = self.course.sent.load(Ordering::Relaxed) as u64;
        sent.saturating_sub(committed) as f64
    }

    /// Takes what was gathered since the last look.
    fn p99_ms(&self) -> f64 {
        let mut late =
            std::mem::take(&mut *self.course.late.lock().expect("nobody panics with it"));
        late.sort_by(f64::total_cmp);
        late.get(late.len() * 99 / 100).copied().unwrap_or(f64::NAN)
    }
}
