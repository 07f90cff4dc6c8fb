//! HTTP: the operations port and the API port, and the few things they ask of the process.
//!
//! | port | route | answer |
//! |---|---|---|
//! | operations | `GET /livez` | 200 while all threads make progress, else 503 |
//! | operations | `GET /readyz` | 200 once partitions are assigned and rules loaded, else 503 |
//! | operations | `GET /metrics` | Prometheus text format 0.0.4 |
//! | API | `GET /` | a page that names the rest |
//! | API | `POST /api/v1/posts` | one JSON post a line; 202 once all are durable, or none is taken |
//! | API | `GET /api/v1/takedowns` | a page of events, from a cursor |
//! | API | `GET /api/v1/takedowns/stream` | the same as they come, as server-sent events |
//! | API | `GET /api/v1/controls` | which rules are held back, by whom and why |
//! | API | `POST /api/v1/controls` | holds a rule back, or lets it go again |
//! | API | `POST /api/v1/reinstatements` | undoes what was done to a channel or an account; the event |
//! | API | `POST /api/v1/screen` | one JSON post; its verdict |
//! | API | `POST /api/v1/explain` | one JSON post and a rule; why it fires, or what it lacks |
//! | API | `GET /api/v1/openapi.json` | all of these, described |
//!
//! Nothing here decides about posts: the traits below are implemented where the process is wired.

mod api;
mod guard;
mod listener;
mod operations;
mod problem;
mod stream;

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

pub use api::{Api, serve_api};
pub use listener::{BindError, bind};
pub use operations::{Operations, serve_operations};
pub use problem::Problem;

/// Time for a request, body and answer, before it is a 503 or 408: longer than any commit, shorter
/// than the patience of a proxy.
const REQUEST_TIME: Duration = Duration::from_secs(30);

/// Takes posts in.
pub trait Ingest: Send + Sync {
    /// Takes all posts or none; comes back when they are durable. May block. Each is one line of
    /// a request, never empty, with its number from 1; not checked to be JSON. Of requests that
    /// are the same by `once`, only the first is taken; the others are answered like it.
    ///
    /// # Errors
    /// Why none was taken.
    fn ingest(&self, posts: &[Line<'_>], once: Option<Once>) -> Result<(), Refusal>;
}

/// What a client calls itself and numbers its requests with, so that it can send one again whose
/// answer was lost: headers `tidegate-producer` and `tidegate-sequence`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Once {
    /// Name of a run of the client, unlike any other: 1 to 64 printable characters.
    pub producer: String,
    /// Rises with each request.
    pub sequence: u64,
}

/// One line of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line<'l> {
    /// From 1.
    pub number: usize,
    /// The line without its end.
    pub json: &'l [u8],
}

/// Gives takedowns out.
pub trait Takedowns: Send + Sync {
    /// The events behind a cursor, oldest first, at most `limit` (≥ 1). May block. `None` starts
    /// at the oldest that is kept.
    ///
    /// # Errors
    /// Why there is no page; [`Refusal::Invalid`] for a cursor that was never given out.
    fn page(&self, from: Option<&str>, limit: usize) -> Result<Page, Refusal>;
}

/// Some takedowns.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// Each one JSON object, as it was written to the log.
    pub events: Vec<Vec<u8>>,
    /// Where the next page starts; asked again later it gives what came since.
    pub next: String,
}

/// Undoes what was done to channels and accounts.
pub trait Reinstates: Send + Sync {
    /// Takes a request, a JSON object, and gives the event that answers it; `None` where nobody has
    /// decided in time, but will. Blocks until then.
    ///
    /// # Errors
    /// [`Refusal::Nothing`] where there is nothing to undo.
    fn reinstate(&self, request: &[u8]) -> Result<Option<Vec<u8>>, Refusal>;
}

/// Holds rules back.
pub trait Holds: Send + Sync {
    /// Every rule that is held back, as JSON.
    ///
    /// # Errors
    /// Why nobody knows.
    fn controls(&self) -> Result<Vec<u8>, Refusal>;

    /// Takes a request, a JSON object; what it says is durable when this returns. May block.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] for one that makes no sense.
    fn hold(&self, request: &[u8]) -> Result<(), Refusal>;
}

/// Screens one post and writes nothing.
pub trait Screener: Send + Sync {
    /// The verdict on one post as a JSON object, a fault of the post included. May take a while.
    ///
    /// # Errors
    /// [`Refusal::Busy`] while there are no rules.
    fn screen(&self, post: &[u8]) -> Result<Vec<u8>, Refusal>;

    /// Why a rule in force fires on a post, or what it lacks, as a JSON object. May take a while.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] for a post that cannot be read or a rule that is not there.
    fn explain(&self, rule: &str, post: &[u8]) -> Result<Vec<u8>, Refusal>;
}

/// How the process is. Must not block: the answer is due even when all else stands.
pub trait Health: Send + Sync {
    /// Do all threads make progress?
    ///
    /// # Errors
    /// Which one does not.
    fn live(&self) -> Result<(), String>;

    /// Are partitions assigned, their state restored, rules loaded?
    ///
    /// # Errors
    /// What is missing.
    fn ready(&self) -> Result<(), String>;
}

/// Numbers of the process.
pub trait Metrics: Send + Sync {
    /// All of them in Prometheus text format 0.0.4.
    ///
    /// # Errors
    /// Why they cannot be written.
    fn text(&self) -> Result<String, String>;
}

/// Why a request was not done. Texts say what to do and quote nothing that people wrote.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The request makes no sense: 400.
    #[error("{detail}")]
    Invalid {
        /// The line it is about, from 1.
        line: Option<usize>,
        /// What is wrong.
        detail: String,
    },
    /// There is nothing that it could be done to: 409.
    #[error("{0}")]
    Nothing(&'static str),
    /// This deployment does it another way: 501.
    #[error("{0}")]
    Elsewhere(&'static str),
    /// The log is full: 507.
    #[error("the log is full; takes more once old records are dropped or its limit is raised")]
    Full {
        /// When to try again.
        retry_after: Duration,
    },
    /// Not now: 503.
    #[error("{detail}")]
    Busy {
        /// What it waits for.
        detail: String,
        /// When to try again.
        retry_after: Duration,
    },
    /// It should have worked: 500.
    #[error("{0}")]
    Failed(String),
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let detail = refusal.to_string();
        match refusal {
            Refusal::Invalid { line, .. } => {
                let problem = Self::new(StatusCode::BAD_REQUEST, detail);
                line.into_iter().fold(problem, Self::at_line)
            }
            Refusal::Nothing(_) => Self::new(StatusCode::CONFLICT, detail),
            Refusal::Elsewhere(_) => Self::new(StatusCode::NOT_IMPLEMENTED, detail),
            Refusal::Full { retry_after } => {
                Self::new(StatusCode::INSUFFICIENT_STORAGE, detail).retry_after(retry_after)
            }
            Refusal::Busy { retry_after, .. } => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, detail).retry_after(retry_after)
            }
            Refusal::Failed(_) => Self::new(StatusCode::INTERNAL_SERVER_ERROR, detail),
        }
    }
}

/// Posts and takedowns where the log is a cluster: Kafka's own clients do that better.
#[derive(Clone, Copy, Debug, Default)]
pub struct OnKafka;

impl Ingest for OnKafka {
    fn ingest(&self, _: &[Line<'_>], _: Option<Once>) -> Result<(), Refusal> {
        Err(Refusal::Elsewhere(
            "this deployment reads posts from Kafka; produce them to a topic of `kafka.posts`, \
             with the channel id as key",
        ))
    }
}

impl Takedowns for OnKafka {
    fn page(&self, _: Option<&str>, _: usize) -> Result<Page, Refusal> {
        Err(Refusal::Elsewhere(
            "this deployment writes takedowns to Kafka; consume the topic `takedowns` under \
             `kafka.prefix`, with isolation.level=read_committed",
        ))
    }
}

impl Reinstates for OnKafka {
    fn reinstate(&self, _: &[u8]) -> Result<Option<Vec<u8>>, Refusal> {
        Err(Refusal::Elsewhere("on Kafka this is done by `tidegate reinstate`, from any machine"))
    }
}

impl Holds for OnKafka {
    fn controls(&self) -> Result<Vec<u8>, Refusal> {
        Err(Refusal::Elsewhere("on Kafka `tidegate control` shows them, from any machine"))
    }

    fn hold(&self, _: &[u8]) -> Result<(), Refusal> {
        Err(Refusal::Elsewhere("on Kafka this is done by `tidegate control`, from any machine"))
    }
}

/// Runs `work`, which may block, off the threads that answer. A panic in it is a 500.
async fn blocking<S, T, W>(service: &Arc<S>, work: W) -> Result<T, Response>
where
    S: ?Sized + Send + Sync + 'static,
    T: Send + 'static,
    W: FnOnce(&S) -> Result<T, Problem> + Send + 'static,
{
    let service = Arc::clone(service);
    let done = tokio::task::spawn_blocking(move || work(&service)).await;
    let failed = Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "failed inside; see the log");
    done.unwrap_or(Err(failed)).map_err(IntoResponse::into_response)
}

async fn not_found() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "there is nothing here; `/` on the API port names what is")
}

async fn wrong_method() -> Problem {
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "use the method that the allow header names")
}
