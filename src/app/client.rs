//! Speaks to a running service over HTTP: how `ingest` and `load` reach the log of one machine,
//! which only one process can open.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde::Serialize;
use serde_json::Value;

use super::hold::Hold;
use super::reinstate::{Answer, Request};
use crate::event::control::Control;

/// An answer takes no longer: a durable append is one disk write.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Between two tries while the service is away or full.
const PAUSE: Duration = Duration::from_millis(200);

/// A client of one service's API.
pub(super) struct Client {
    agent: ureq::Agent,
    base: String,
    token: Option<String>,
    producer: String,
    sequence: u64,
}

impl Client {
    /// `address`: host:port of the API. `producer`: a name of this run; appends under it are
    /// numbered, so that a repeated one is taken once.
    pub(super) fn new(address: &str, token: Option<String>, producer: String) -> Self {
        let config = ureq::Agent::config_builder().timeout_global(Some(TIMEOUT));
        Self {
            agent: config.http_status_as_error(false).build().into(),
            base: format!("http://{address}/api/v1"),
            token,
            producer,
            sequence: 0,
        }
    }

    /// Appends lines, each a post, and returns when they are durable. While the service is away
    /// or its log is full, tries again for at most `patience`.
    ///
    /// # Errors
    /// When patience has run out, or the service refuses the request itself.
    pub(super) fn append(&mut self, lines: &[u8], patience: Duration) -> Result<()> {
        self.sequence += 1;
        let tries = (patience.as_millis() / PAUSE.as_millis()).max(1);
        let mut last = String::new();
        for _ in 0..tries {
            match self.post(lines) {
                Ok((202, _)) => return Ok(()),
                Ok((status, body)) if matches!(status, 429 | 500..) => {
                    last = format!("the service answers {status}: {body}");
                }
                Ok((status, body)) => bail!("the service answers {status}: {body}"),
                Err(why) => last = why.to_string(),
            }
            std::thread::sleep(PAUSE);
        }
        bail!("{}/posts: {last}; is `tidegate run` running?", self.base)
    }

    fn post(&self, lines: &[u8]) -> Result<(u16, String)> {
        let request = self
            .admitted(self.agent.post(format!("{}/posts", self.base)))
            .header("content-type", "application/x-ndjson")
            .header("tidegate-producer", &self.producer)
            .header("tidegate-sequence", self.sequence.to_string());
        let mut answer = request.send(lines)?;
        let body = answer.body_mut().read_to_string()?;
        Ok((answer.status().as_u16(), body))
    }

    /// A request with the token, where there is one.
    fn admitted<B>(&self, request: ureq::RequestBuilder<B>) -> ureq::RequestBuilder<B> {
        match &self.token {
            Some(token) => request.header("authorization", format!("Bearer {token}")),
            None => request,
        }
    }

    /// Sends a request of JSON; status and body of the answer.
    fn ask(&self, path: &str, request: &impl Serialize) -> Result<(u16, String)> {
        let url = format!("{}/{path}", self.base);
        let post = self.admitted(self.agent.post(&url)).header("content-type", "application/json");
        let answer = post.send(&*serde_json::to_vec(request)?);
        let mut answer = answer.with_context(|| format!("{url}: is `tidegate run` running?"))?;
        let body = answer.body_mut().read_to_string()?;
        Ok((answer.status().as_u16(), body))
    }

    /// Asks for a rule to be held back.
    ///
    /// # Errors
    /// When the service refuses, or is not there.
    pub(super) fn hold(&self, hold: &Hold) -> Result<()> {
        match self.ask("controls", hold)? {
            (204, _) => Ok(()),
            (status, body) => bail!("the service answers {status}: {body}"),
        }
    }

    /// Every control of the service.
    ///
    /// # Errors
    /// When the service does not answer with them.
    pub(super) fn controls(&self) -> Result<Vec<Control>> {
        let url = format!("{}/controls", self.base);
        let answer = self.admitted(self.agent.get(&url)).call();
        let mut answer = answer.with_context(|| format!("{url}: is `tidegate run` running?"))?;
        let body: Value = serde_json::from_str(&answer.body_mut().read_to_string()?)?;
        Ok(serde_json::from_value(body["controls"].clone())?)
    }

    /// Asks for something to be undone, and waits for the answer.
    ///
    /// # Errors
    /// When the service refuses, or is not there.
    pub(super) fn reinstate(&self, request: &Request) -> Result<Answer> {
        match self.ask("reinstatements", request)? {
            (200, body) => Ok(Answer::Undone(serde_json::from_str(&body)?)),
            (409, _) => Ok(Answer::Nothing),
            (202, _) => Ok(Answer::NotHeard),
            (status, body) => bail!("the service answers {status}: {body}"),
        }
    }

    /// One page of takedowns after `from` (the start where `None`), and where the next one starts.
    ///
    /// # Errors
    /// When the service does not answer with a page.
    pub(super) fn takedowns(&self, from: Option<&str>) -> Result<(Vec<Value>, String)> {
        let from = from.map_or_else(String::new, |from| format!("&from={from}"));
        let url = format!("{}/takedowns?limit=1000{from}", self.base);
        let request = self.admitted(self.agent.get(&url));
        let mut answer = request.call().with_context(|| url.clone())?;
        let page: Value = serde_json::from_str(&answer.body_mut().read_to_string()?)
            .with_context(|| url.clone())?;
        let events = page["takedowns"].as_array().cloned();
        let next = page["next"].as_str().map(str::to_owned);
        match (events, next) {
            (Some(events), Some(next)) => Ok((events, next)),
            _ => bail!("{url}: {page}"),
        }
    }
}
