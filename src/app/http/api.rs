//! The API port: posts in, takedowns out, one post screened at once.

use std::io;
use std::sync::Arc;

use axum::extract::rejection::{BytesRejection, QueryRejection};
use axum::extract::{DefaultBodyLimit, Query, State};
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Json, Router, body::Bytes};
use serde::Deserialize;
use tokio::net::TcpListener;

use super::guard::{self, Gate, Slot};
use super::listener::Guarded;
use super::{
    Ingest, Line, Once, Page, Problem, Screener, Takedowns, blocking, not_found, wrong_method,
};
use crate::app::config::Http;
use crate::app::shutdown::Shutdown;

/// Takedowns of a page where the request does not say: some 100 KiB.
const PAGE: usize = 100;
/// Most takedowns of a page: some 1 MiB.
const PAGE_MAX: usize = 1_000;

/// What the port answers from.
#[derive(Clone)]
pub struct Api {
    /// Takes posts in.
    pub ingest: Arc<dyn Ingest>,
    /// Gives takedowns out.
    pub takedowns: Arc<dyn Takedowns>,
    /// Screens one post.
    pub screener: Arc<dyn Screener>,
}

/// Answers until the process is to stop; requests that are being worked on are finished first,
/// unless it hurries.
///
/// # Errors
/// The listener broke.
pub async fn serve_api(
    listener: TcpListener,
    api: Api,
    http: &Http,
    shutdown: Shutdown,
) -> io::Result<()> {
    let routes = routes(api, http);
    let stopping = shutdown.clone();
    let serve = axum::serve(Guarded::new(listener), routes)
        .with_graceful_shutdown(async move { stopping.stopping().await });
    tokio::select! {
        done = serve.into_future() => done,
        () = shutdown.hurrying() => Ok(()),
    }
}

fn routes(api: Api, http: &Http) -> Router {
    let gate = Gate::new(http.token.as_ref());
    let admitted = Router::new()
        .route("/api/v1/posts", post(posts))
        .route("/api/v1/takedowns", get(takedowns))
        .route("/api/v1/screen", post(screen))
        .method_not_allowed_fallback(wrong_method)
        .layer(from_fn_with_state(gate, guard::admit));
    Router::new()
        .route("/", get(start))
        .merge(admitted)
        .fallback(not_found)
        .method_not_allowed_fallback(wrong_method)
        .layer(DefaultBodyLimit::max(http.body_max_bytes))
        .layer(from_fn(guard::in_time))
        .with_state(api)
}

async fn start() -> Response {
    let policy = [(CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'")];
    (policy, Html(include_str!("start.html"))).into_response()
}

async fn posts(
    State(api): State<Api>,
    Extension(slot): Extension<Slot>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Response> {
    let once = once(&headers).map_err(IntoResponse::into_response)?;
    let body = body.map_err(|rejection| too_much(&rejection))?;
    let accepted = blocking(&api.ingest, move |ingest| {
        let _slot = slot;
        let lines = lines(&body);
        if lines.is_empty() {
            return Err(Problem::new(StatusCode::BAD_REQUEST, "no posts; send one JSON a line"));
        }
        ingest.ingest(&lines, once)?;
        Ok(lines.len())
    });
    let accepted = serde_json::json!({ "accepted": accepted.await? });
    Ok((StatusCode::ACCEPTED, Json(accepted)).into_response())
}

/// What the client numbers this request with, if it does.
fn once(headers: &HeaderMap) -> Result<Option<Once>, Problem> {
    let header = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let (producer, sequence) = (header("tidegate-producer"), header("tidegate-sequence"));
    let (None, None) = (producer, sequence) else {
        let producer = producer.filter(|name| (1..=64).contains(&name.len()));
        let sequence = sequence.and_then(|number| number.parse().ok());
        let why = "a numbered request has `tidegate-producer`, 1 to 64 characters, and \
                   `tidegate-sequence`, a whole number that rises; send both or neither";
        let once = producer.zip(sequence);
        let once = once.ok_or_else(|| Problem::new(StatusCode::BAD_REQUEST, why))?;
        return Ok(Some(Once { producer: once.0.to_owned(), sequence: once.1 }));
    };
    Ok(None)
}

/// The lines that hold something, with their numbers.
fn lines(body: &[u8]) -> Vec<Line<'_>> {
    let lines = body.split(|byte| *byte == b'\n').zip(1..);
    let lines = lines.map(|(line, number)| Line { number, json: line.trim_ascii() });
    lines.filter(|line| !line.json.is_empty()).collect()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    from: Option<String>,
    limit: Option<usize>,
}

async fn takedowns(
    State(api): State<Api>,
    Extension(slot): Extension<Slot>,
    wanted: Result<Query<Wanted>, QueryRejection>,
) -> Result<Response, Response> {
    let why = format!("takes `from`, a cursor, and `limit`, 1 to {PAGE_MAX}");
    let wrong = Problem::new(StatusCode::BAD_REQUEST, why);
    let good = |wanted: &Wanted| (1..=PAGE_MAX).contains(&wanted.limit.unwrap_or(PAGE));
    let wanted = wanted.ok().map(|Query(wanted)| wanted).filter(good);
    let wanted = wanted.ok_or_else(|| wrong.into_response())?;
    let page = blocking(&api.takedowns, move |takedowns| {
        let _slot = slot;
        Ok(takedowns.page(wanted.from.as_deref(), wanted.limit.unwrap_or(PAGE))?)
    });
    Ok(json(written(&page.await?)))
}

/// Events are JSON as they lie in the log: they are joined, not read again.
fn written(page: &Page) -> Vec<u8> {
    let mut body = b"{\"takedowns\":[".to_vec();
    body.extend_from_slice(&page.events.join(&b','));
    body.extend_from_slice(b"],\"next\":");
    body.extend_from_slice(serde_json::Value::from(page.next.as_str()).to_string().as_bytes());
    body.push(b'}');
    body
}

async fn screen(
    State(api): State<Api>,
    Extension(slot): Extension<Slot>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Response> {
    let body = body.map_err(|rejection| too_much(&rejection))?;
    let verdict = blocking(&api.screener, move |screener| {
        let _slot = slot;
        Ok(screener.screen(&body)?)
    });
    Ok(json(verdict.await?))
}

fn json(body: Vec<u8>) -> Response {
    ([(CONTENT_TYPE, "application/json")], body).into_response()
}

fn too_much(rejection: &BytesRejection) -> Response {
    let status = rejection.status();
    let why = match status {
        StatusCode::PAYLOAD_TOO_LARGE => "larger than `http.body_max_bytes`; send it in parts",
        _ => "the body could not be read to its end",
    };
    Problem::new(status, why).into_response()
}
