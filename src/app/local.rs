//! What the API of one machine does: posts into the embedded log, takedowns out of it, one post
//! screened at once; and how the process is.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::explained;
use super::feed::new_record;
use super::hold::Hold;
use super::http::{
    Health, Holds, Ingest, Line, Metrics, Once, Page, Refusal, Reinstates, Screener, Takedowns,
};
use super::reinstate::{Answer, Request, ask_here};
use crate::control::Controls;
use crate::decode::{self, Format};
use crate::event::{self, Source};
use crate::log::embedded::{self, AppendError, Embedded, Span, StoredRecord};
use crate::record::Topic;
use crate::screen::{Explainer, Origin, screen};
use crate::worker::{Shared, clock};

/// A worker that has not gone round its loop for so long is taken for dead: longer than the slowest good
/// restore (some 20 s) or a broker's failover, shorter than the watchdog waits.
const HEARTBEAT_MAX: Duration = Duration::from_secs(30);

/// When to try again while the log is full: the workers free it within a commit or two.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Bytes of takedowns read from one partition for a page.
const PAGE_BYTES_MAX: usize = 4 << 20;

/// The embedded log, as the API sees it.
pub(super) struct Desk {
    pub(super) log: Arc<Embedded>,
    /// What posts are written in.
    pub(super) format: Format,
    /// The rules in force.
    pub(super) shared: Arc<Shared>,
}

impl Desk {
    fn controls(&self) -> Result<Controls, Refusal> {
        let mut controls = Controls::default();
        // One that cannot be read holds nothing back; whoever reads them to hold rules back says so.
        let each = &mut |key: &[u8], value: Option<&[u8]>| drop(controls.take(key, value));
        self.log.controls(each).map_err(|why| Refusal::Failed(why.to_string()))?;
        Ok(controls)
    }
}

impl Holds for Desk {
    fn controls(&self) -> Result<Vec<u8>, Refusal> {
        let controls = Desk::controls(self)?;
        let all: Vec<_> = controls.all().collect();
        serde_json::to_vec(&serde_json::json!({ "controls": all }))
            .map_err(|why| Refusal::Failed(why.to_string()))
    }

    fn hold(&self, request: &[u8]) -> Result<(), Refusal> {
        let invalid = |detail| Refusal::Invalid { line: None, detail };
        let hold = serde_json::from_slice::<Hold>(request).map_err(|fault| {
            let column = fault.column();
            invalid(format!(
                "not the JSON of a request, at column {column}: it has `rule`, `status`, `by`, `reason` and \
                 may have `until`"
            ))
        })?;
        let (rules, before) = (self.shared.rules.load(), Desk::controls(self)?);
        let known = || {
            let escalations = rules.escalations().iter().map(|one| one.id.as_str());
            let held = before.all().map(|control| control.rule.as_str());
            rules.rules().iter().map(|rule| rule.id.as_str()).chain(escalations).chain(held)
        };
        if !known().any(|id| id == hold.rule) {
            return Err(invalid(hold.unknown(known())));
        }
        let now = Timestamp::from_millisecond(clock::now_ms()).unwrap_or_default();
        let record = hold.record(&before, now).map_err(invalid)?;
        self.log.control(&[record]).map_err(refused)
    }
}

impl Ingest for Desk {
    fn ingest(&self, posts: &[Line<'_>], once: Option<Once>) -> Result<(), Refusal> {
        let now = clock::now_ms();
        let records = posts.iter().map(|line| new_record(line.json, &self.format, now)).collect();
        let appended = match once {
            None => self.log.append(records),
            Some(Once { producer, sequence }) => {
                self.log.append_once(records, embedded::Once { producer, sequence })
            }
        };
        appended.map(|_| ()).map_err(refused)
    }
}

impl Reinstates for Desk {
    fn reinstate(&self, request: &[u8]) -> Result<Option<Vec<u8>>, Refusal> {
        let invalid = |detail| Refusal::Invalid { line: None, detail };
        let read = serde_json::from_slice::<Request>(request);
        let request = read.map_err(|fault| {
            invalid(format!(
                "not the JSON of a request, at column {}: it has `subject`, `action`, `by` and `reason`",
                fault.column()
            ))
        })?;
        let asked = request.signal().map_err(invalid)?;
        match ask_here(&self.log, asked).map_err(refused)? {
            Answer::Undone(event) => {
                let event = serde_json::to_vec(&event);
                event.map(Some).map_err(|why| Refusal::Failed(why.to_string()))
            }
            Answer::Nothing => Err(Refusal::Nothing(
                "the action does not hold: it was never done, has run out, or was undone before",
            )),
            Answer::NotHeard => Ok(None),
        }
    }
}

/// An append that was not taken, as a request is answered.
fn refused(why: AppendError) -> Refusal {
    match why {
        AppendError::Full(_) => Refusal::Full { retry_after: RETRY_AFTER },
        AppendError::Refused(detail) => Refusal::Invalid { line: None, detail },
        AppendError::Stop(why) => Refusal::Failed(why),
    }
}

impl Takedowns for Desk {
    fn page(&self, from: Option<&str>, limit: usize) -> Result<Page, Refusal> {
        let topic = self.log.name(Topic::Takedowns);
        let starts = self.log.starts(&topic);
        let mut next = match from {
            None => starts.clone(),
            Some(cursor) => read_cursor(cursor, starts.len())?,
        };
        let mut found: Vec<(usize, StoredRecord)> = Vec::new();
        for (partition, from) in next.iter_mut().enumerate() {
            // What retention has taken is not there to be read.
            *from = (*from).max(starts.get(partition).copied().unwrap_or(0));
            let number = i32::try_from(partition).unwrap_or(i32::MAX);
            let records = self.log.read(
                &topic,
                number,
                Span { from: *from, records_max: limit, bytes_max: PAGE_BYTES_MAX },
            );
            let records = records.map_err(|why| Refusal::Failed(why.to_string()))?;
            found.extend(records.into_iter().map(|record| (partition, record)));
        }
        found.sort_by_key(|(partition, record)| (record.time_ms, *partition, record.offset));
        found.truncate(limit);
        let mut events = Vec::new();
        for (partition, record) in found {
            if let Some(next) = next.get_mut(partition) {
                *next = (*next).max(record.offset + 1);
            }
            events.extend(record.value);
        }
        Ok(Page { events, next: write_cursor(&next) })
    }
}

/// A cursor is the offset to read next of each partition, apart by dots.
fn write_cursor(next: &[i64]) -> String {
    let next: Vec<_> = next.iter().map(i64::to_string).collect();
    next.join(".")
}

fn read_cursor(cursor: &str, partitions: usize) -> Result<Vec<i64>, Refusal> {
    let next: Result<Vec<i64>, _> = cursor.split('.').map(str::parse).collect();
    let next = next.ok().filter(|next| next.len() == partitions && next.iter().all(|&at| at >= 0));
    next.ok_or_else(|| Refusal::Invalid {
        line: None,
        detail: "`from` is not a cursor of this log: leave it out, or take the `next` of a page"
            .to_owned(),
    })
}

/// Screens one post with the rules in force.
pub(super) struct AtOnce(pub(super) Arc<Shared>);

impl Screener for AtOnce {
    fn screen(&self, post: &[u8]) -> Result<Vec<u8>, Refusal> {
        let rules = self.0.rules.load();
        if rules.packs().is_empty() {
            let detail = "no rules are in force yet".to_owned();
            return Err(Refusal::Busy { detail, retry_after: RETRY_AFTER });
        }
        let reading = crate::screen::Reading { format: Format::Native, ..self.0.reading.clone() };
        let now = clock::now_ms();
        let origin = Origin {
            issuer: &self.0.issuer,
            source: Source { topic: "screen", partition: 0, offset: 0, time_ms: now },
            traceparent: None,
            decided_at_ms: now,
            signal_partitions: 1,
        };
        Ok(match screen(Some(post), &rules, &reading) {
            Ok(screened) => screened.verdict_json(&rules, origin),
            Err(fault) => event::fault_json(None, &fault),
        })
    }

    fn explain(&self, rule: &str, post: &[u8]) -> Result<Vec<u8>, Refusal> {
        let invalid = |detail: String| Refusal::Invalid { line: None, detail };
        let rules = self.0.rules.load();
        let found = rules.rule(rule).cloned();
        let found = found.ok_or_else(|| invalid("no rule in force has this id".to_owned()))?;
        let limits = &self.0.reading.limits;
        let post = decode::read(&Format::Native, Some(post), limits)
            .map_err(|fault| invalid(fault.to_string()))?;
        let failed = |why: crate::scan::BuildError| Refusal::Failed(why.to_string());
        let explainer = Explainer::new(vec![found]).map_err(failed)?;
        Ok(explained::json(&explainer, &explainer.explain(&post)).into_bytes())
    }
}

/// How the process is, from the board.
pub(super) struct Probe {
    pub(super) shared: Arc<Shared>,
    pub(super) workers: usize,
}

impl Health for Probe {
    fn live(&self) -> Result<(), String> {
        let age = i64::try_from(HEARTBEAT_MAX.as_millis()).unwrap_or(i64::MAX);
        if self.shared.board.alive(clock::now_ms() - age) {
            return Ok(());
        }
        Err(format!("a worker has made no progress for {} s", HEARTBEAT_MAX.as_secs()))
    }

    fn ready(&self) -> Result<(), String> {
        if self.shared.board.ready(self.workers) {
            return Ok(());
        }
        let workers = self.shared.board.workers();
        let ready = workers.iter().filter(|(_, state)| state.ready).count();
        Err(format!("{ready} of {} workers have their partitions", self.workers))
    }
}

impl Metrics for Probe {
    fn text(&self) -> Result<String, String> {
        self.shared.metrics.render().map_err(|why| why.to_string())
    }
}
