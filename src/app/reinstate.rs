//! A person undoes what was done to a channel or an account: what is asked, and the answer of
//! whoever owns it.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::event::signal::{Reinstate, Signal};
use crate::event::{Reinstatement, Subject};
use crate::log::LogError;
use crate::log::embedded::{AppendError, Embedded, NewRecord, Span};
use crate::log::kafka::Settings;
use crate::log::kafka::feed::read_committed;
use crate::log::kafka::tell::Inquiry;
use crate::record::{SubjectKind, Topic};
use crate::rules::ActionKind;
use crate::worker::clock::{self, Stopwatch};

/// Longest name of who says so, and longest reason: lines, not letters.
pub(super) const TEXT_CHARS_MAX: usize = 300;

/// An owner that runs answers within two commits; a little less than what a request may take.
const PATIENCE: Duration = Duration::from_secs(25);

/// Between two looks at the log.
const PAUSE: Duration = Duration::from_millis(20);
/// The same at a cluster, where each look opens a connection.
const PAUSE_ON_KAFKA: Duration = Duration::from_millis(300);

/// Events and offsets of one transaction do not show in the same moment on a cluster.
const SHOWN_WITHIN: Duration = Duration::from_secs(2);

/// Records read at once, and their bytes.
const READ: (usize, usize) = (1_000, 4 << 20);

/// What is asked for.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Request {
    /// `channel/ID` or `account/ID`.
    pub(super) subject: String,
    /// What was done to it.
    pub(super) action: String,
    /// Who says that it is to be undone.
    pub(super) by: String,
    /// Why.
    pub(super) reason: String,
}

/// What came of it.
#[derive(Debug)]
pub(super) enum Answer {
    /// It is undone, and this tells so.
    Undone(Box<Reinstatement>),
    /// It does not hold: it was never done, has run out, or was undone before.
    Nothing,
    /// Nobody has taken it yet; whoever owns the subject will, once it runs.
    NotHeard,
}

impl Request {
    /// What is told to the owner.
    ///
    /// # Errors
    /// What is wrong with it, and how to write it.
    pub(super) fn signal(&self) -> Result<Reinstate, String> {
        let actions =
            [ActionKind::RestrictChannel, ActionKind::RemoveChannel, ActionKind::SuspendAccount];
        let action = actions.iter().find(|known| known.name() == self.action);
        let names = actions.each_ref().map(ActionKind::name).join(", ");
        let action = action.ok_or_else(|| {
            format!("the action is none that is undone here: name one of {names}")
        })?;
        let wants = "the subject is written channel/ID or account/ID";
        let (kind, id) = self.subject.split_once('/').ok_or(wants)?;
        let kinds = [SubjectKind::Channel, SubjectKind::Account];
        let kind = kinds.into_iter().find(|known| known.name() == kind).ok_or(wants)?;
        if id.is_empty() {
            return Err(wants.to_owned());
        }
        if action.subject() != kind {
            let (action, of) = (action.name(), action.subject().name());
            return Err(format!("`{action}` is done to a subject {of}/ID"));
        }
        let now_ms = clock::now_ms();
        Ok(Reinstate {
            time_ms: now_ms,
            subject: Subject {
                kind: kind.name().to_owned(),
                id: id.to_owned(),
                revision: 0,
                channel: None,
                author: None,
            },
            action: action.name().to_owned(),
            by: line("who says so", &self.by)?,
            reason: line("the reason", &self.reason)?,
            request: format!("rq_{:016x}", RandomState::new().hash_one(now_ms)),
        })
    }
}

/// One line of people's words.
pub(super) fn line(what: &str, text: &str) -> Result<String, String> {
    let text = text.trim();
    let fits = (1..=TEXT_CHARS_MAX).contains(&text.chars().count());
    if !fits || text.chars().any(char::is_control) {
        return Err(format!("{what} must be one line of 1 to {TEXT_CHARS_MAX} characters"));
    }
    Ok(text.to_owned())
}

/// The answer to a request among records of takedowns.
fn answer(values: impl IntoIterator<Item = Option<Vec<u8>>>, request: &str) -> Option<Answer> {
    let read = |value: Vec<u8>| serde_json::from_slice::<Reinstatement>(&value).ok();
    let mut events = values.into_iter().flatten().filter_map(read);
    let found = events.find(|event| event.request == request);
    found.map(|event| Answer::Undone(Box::new(event)))
}

/// Asks the owner in this process, and waits for the answer.
///
/// # Errors
/// If the log does not take it.
pub(super) fn ask_here(log: &Embedded, asked: Reinstate) -> Result<Answer, AppendError> {
    let stopped = |why: LogError| AppendError::Stop(why.to_string());
    let (signals, takedowns) = (log.name(Topic::Signals), log.name(Topic::Takedowns));
    let input = log.inputs().find(&signals);
    let input = input.ok_or_else(|| AppendError::Refused("the log has no signals".to_owned()))?;
    let before = log.ends(&takedowns);
    let (request, time_ms) = (asked.request.clone(), asked.time_ms);
    let signal = Signal::Reinstate(asked).to_outgoing(1);
    let (key, value) = (signal.key, signal.value);
    let record = NewRecord { input, key, value, headers: Vec::new(), time_ms };
    let appended = log.append(vec![record])?;
    let is_heard = || {
        let committed = log.committed(&signals);
        appended.ends.iter().all(|(partition, end)| {
            let at = usize::try_from(partition.number).ok().and_then(|at| committed.get(at));
            at.is_some_and(|at| at >= end)
        })
    };
    let began = Stopwatch::start();
    while !is_heard() {
        if began.elapsed() > PATIENCE {
            return Ok(Answer::NotHeard);
        }
        std::thread::sleep(PAUSE);
    }
    for (mut from, partition) in before.into_iter().zip(0..) {
        loop {
            let span = Span { from, records_max: READ.0, bytes_max: READ.1 };
            let records = log.read(&takedowns, partition, span).map_err(stopped)?;
            let Some(last) = records.last() else { break };
            from = last.offset + 1;
            if let Some(answer) = answer(records.into_iter().map(|it| it.value), &request) {
                return Ok(answer);
            }
        }
    }
    Ok(Answer::Nothing)
}

/// Asks the owner in whatever process of the deployment it is, and waits for the answer.
///
/// # Errors
/// [`LogError::Stop`]: no broker answers.
pub(super) fn ask_on_kafka(settings: &Settings, asked: Reinstate) -> Result<Answer, LogError> {
    let inquiry = Inquiry::open(settings)?;
    let takedowns = settings.topic(Topic::Takedowns);
    let before = inquiry.ends(&takedowns)?;
    let (request, time_ms) = (asked.request.clone(), asked.time_ms);
    let told = inquiry.tell(
        settings,
        |partitions| Signal::Reinstate(asked).to_outgoing(partitions),
        time_ms,
    )?;
    let began = Stopwatch::start();
    let mut heard: Option<Stopwatch> = None;
    loop {
        let records = read_committed(settings, &takedowns, &before)?;
        if let Some(answer) = answer(records.into_iter().map(|it| it.value), &request) {
            return Ok(answer);
        }
        if heard.is_some_and(|heard| heard.elapsed() > SHOWN_WITHIN) {
            return Ok(Answer::Nothing);
        }
        if heard.is_none() && inquiry.is_heard(&told)? {
            heard = Some(Stopwatch::start());
        }
        if heard.is_none() && began.elapsed() > PATIENCE {
            return Ok(Answer::NotHeard);
        }
        std::thread::sleep(PAUSE_ON_KAFKA);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(subject: &str, action: &str) -> Request {
        let (subject, action) = (subject.to_owned(), action.to_owned());
        Request { subject, action, by: "ann".to_owned(), reason: " an appeal ".to_owned() }
    }

    #[test]
    fn a_request_names_whom_and_what_by_whom_and_why() {
        let asked = request("channel/c/1", "remove_channel").signal().unwrap();
        assert_eq!((&*asked.subject.kind, &*asked.subject.id), ("channel", "c/1"));
        assert_eq!((&*asked.by, &*asked.reason), ("ann", "an appeal"));
        let wrong = [
            (request("channel", "remove_channel"), "channel/ID or account/ID"),
            (request("channel/", "remove_channel"), "channel/ID or account/ID"),
            (request("post/p1", "remove_channel"), "channel/ID or account/ID"),
            (request("channel/c1", "remove_post"), "remove_channel, suspend_account"),
            (request("channel/c1", "suspend_account"), "account/ID"),
            (Request { by: "\u{7}".to_owned(), ..request("account/a", "suspend_account") }, "who"),
            (
                Request { reason: String::new(), ..request("account/a", "suspend_account") },
                "the reason must be one line",
            ),
        ];
        for (wrong, says) in wrong {
            let why = wrong.signal().unwrap_err();
            assert!(why.contains(says), "{why}");
        }
    }
}
