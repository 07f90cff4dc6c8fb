//! Takedowns as they come, as server-sent events. A reader that comes back says by `Last-Event-ID`
//! where it was.
#![expect(unused_qualifications, reason = "what the macro of the description writes")]

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::body::{Body, Bytes};
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde::Deserialize;
use tokio::sync::{Semaphore, SemaphorePermit};
use utoipa::IntoParams;

use super::{Api, Page, Problem, Takedowns, blocking};
use crate::app::shutdown::Shutdown;

/// Readers at once: each asks the log a few times a second.
const STREAMS_MAX: usize = 8;
/// Events in one piece of the answer.
const PAGE: usize = 100;
/// How soon a new event is seen.
const LOOK: Duration = Duration::from_millis(200);
/// Looks without an event after which something is sent all the same, so that nobody on the way
/// takes the connection for dead: 15 s.
const QUIET: u32 = 75;

static STREAMS: Semaphore = Semaphore::const_new(STREAMS_MAX);

/// Where a stream begins.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Start {
    /// A cursor of a page; left out, the oldest event that is kept.
    from: Option<String>,
}

/// What a stream goes on from.
struct Reader {
    takedowns: Arc<dyn Takedowns>,
    from: Option<String>,
    quiet: u32,
    shutdown: Shutdown,
    _slot: SemaphorePermit<'static>,
}

/// Takedowns as they come, for ever.
#[utoipa::path(
    get,
    path = "/api/v1/takedowns/stream",
    params(Start, ("last-event-id" = Option<String>, Header, description = "Where the reader was")),
    responses(
        (status = 200, description = "Events: `data` is a takedown, `id` the cursor behind it",
            content_type = "text/event-stream"),
        (status = 400, description = "The cursor is none of this log"),
        (status = 503, description = "Too many readers"),
        (status = 501, description = "On Kafka: consume the topic"),
    )
)]
pub(super) async fn takedowns(
    State(api): State<Api>,
    Extension(shutdown): Extension<Shutdown>,
    headers: HeaderMap,
    start: Result<Query<Start>, QueryRejection>,
) -> Result<Response, Response> {
    let wrong = || Problem::new(StatusCode::BAD_REQUEST, "takes `from`, a cursor").into_response();
    let Query(Start { from }) = start.map_err(|_| wrong())?;
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok()).map(str::to_owned);
    let _slot = STREAMS.try_acquire().map_err(|_| {
        let why = format!("{STREAMS_MAX} readers follow already");
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, why).into_response()
    })?;
    let from = last.or(from);
    // What is wrong with the cursor is said before the stream begins.
    let (asked, takedowns) = (from.clone(), Arc::clone(&api.takedowns));
    blocking(&takedowns, move |takedowns| Ok(takedowns.page(asked.as_deref(), 1)?)).await?;
    let reader = Reader { takedowns, from, quiet: 0, shutdown, _slot };
    let body = Body::from_stream(stream::unfold(reader, next));
    Ok(([(CONTENT_TYPE, "text/event-stream")], body).into_response())
}

/// The next piece of the answer; `None` once the process stops or the log fails.
async fn next(mut reader: Reader) -> Option<(Result<Bytes, Infallible>, Reader)> {
    loop {
        if reader.shutdown.is_stopping() {
            return None;
        }
        let from = reader.from.clone();
        let page =
            blocking(
                &reader.takedowns,
                move |takedowns| Ok(takedowns.page(from.as_deref(), PAGE)?),
            );
        let page = page.await.ok()?;
        let is_quiet = page.events.is_empty();
        reader.from = Some(page.next.clone());
        if !is_quiet {
            reader.quiet = 0;
            return Some((Ok(written(&page)), reader));
        }
        reader.quiet += 1;
        if reader.quiet >= QUIET {
            reader.quiet = 0;
            return Some((Ok(Bytes::from_static(b": nothing new\n\n")), reader));
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            () = reader.shutdown.stopping() => return None,
        }
    }
}

/// Events are one line each; the last one of a page says where the next begins.
fn written(page: &Page) -> Bytes {
    let mut body = Vec::new();
    let last = page.events.len().saturating_sub(1);
    for (index, event) in page.events.iter().enumerate() {
        if index == last {
            body.extend_from_slice(format!("id: {}\n", page.next).as_bytes());
        }
        body.extend_from_slice(b"data: ");
        body.extend_from_slice(event);
        body.extend_from_slice(b"\n\n");
    }
    Bytes::from(body)
}
