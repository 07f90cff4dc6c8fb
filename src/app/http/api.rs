//! The API port: posts in, takedowns out, one post screened at once.
#![expect(unused_qualifications, reason = "what the macro of the description writes")]

use std::io;
use std::sync::Arc;

use axum::extract::rejection::{BytesRejection, QueryRejection};
use axum::extract::{DefaultBodyLimit, Query, State};
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Json, Router, body::Bytes};
use serde::Deserialize;
use tokio::net::TcpListener;
use utoipa::{IntoParams, OpenApi};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::guard::{self, Gate, Slot};
use super::listener::Guarded;
use super::{
    Holds, Ingest, Line, Once, Page, Problem, Reinstates, Screener, Takedowns, blocking, not_found,
    stream, wrong_method,
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
    /// Undoes what was done.
    pub reinstates: Arc<dyn Reinstates>,
    /// Holds rules back.
    pub holds: Arc<dyn Holds>,
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
    let routes = routes(api, http, &shutdown);
    let stopping = shutdown.clone();
    let serve = axum::serve(Guarded::new(listener), routes)
        .with_graceful_shutdown(async move { stopping.stopping().await });
    tokio::select! {
        done = serve.into_future() => done,
        () = shutdown.hurrying() => Ok(()),
    }
}

/// What a client may know before it asks.
#[derive(OpenApi)]
#[openapi(info(
    title = "Tidegate",
    description = "Posts in, takedowns out. Errors are problem+json (RFC 9457). Where `http.token_file` is set, \
                   every request but this one carries it: `authorization: Bearer …`."
))]
struct Described;

/// The routes that ask for the token, with their description.
fn described() -> (Router<Api>, utoipa::openapi::OpenApi) {
    OpenApiRouter::with_openapi(Described::openapi())
        .routes(routes!(posts))
        .routes(routes!(takedowns))
        .routes(routes!(stream::takedowns))
        .routes(routes!(controls, hold))
        .routes(routes!(reinstatements))
        .routes(routes!(screen))
        .routes(routes!(explain))
        .split_for_parts()
}

fn routes(api: Api, http: &Http, shutdown: &Shutdown) -> Router {
    let gate = Gate::new(http.token.as_ref());
    let (admitted, description) = described();
    let admitted = admitted
        .method_not_allowed_fallback(wrong_method)
        .layer(from_fn_with_state(gate, guard::admit));
    let description = move || std::future::ready(Json(description.clone()).into_response());
    Router::new()
        .route("/", get(start))
        .route("/api/v1/openapi.json", get(description))
        .merge(admitted)
        .fallback(not_found)
        .method_not_allowed_fallback(wrong_method)
        .layer(Extension(shutdown.clone()))
        .layer(DefaultBodyLimit::max(http.body_max_bytes))
        .layer(from_fn(guard::in_time))
        .with_state(api)
}

async fn start() -> Response {
    let policy = [(CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'")];
    (policy, Html(include_str!("start.html"))).into_response()
}

/// Posts in: all or none.
#[utoipa::path(
    post,
    path = "/api/v1/posts",
    params(
        ("tidegate-producer" = Option<String>, Header, description = "Name of a run of the client"),
        ("tidegate-sequence" = Option<u64>, Header, description = "Rises with each request; the same is taken once"),
    ),
    request_body(content = String, content_type = "application/x-ndjson", description = "One JSON post a line"),
    responses(
        (status = 202, description = "All are durable", content_type = "application/json"),
        (status = 400, description = "A line is no post; none was taken"),
        (status = 501, description = "On Kafka: produce to the topic"),
        (status = 507, description = "The log is full"),
    )
)]
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

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Wanted {
    /// The cursor of a page; left out, the oldest takedown that is kept.
    from: Option<String>,
    /// Takedowns of a page, 1 to 1,000.
    limit: Option<usize>,
}

/// A page of takedowns, oldest first.
#[utoipa::path(
    get,
    path = "/api/v1/takedowns",
    params(Wanted),
    responses(
        (status = 200, description = "Takedowns, and the cursor of the next page", content_type = "application/json"),
        (status = 400, description = "No cursor of this log"),
        (status = 501, description = "On Kafka: consume the topic"),
    )
)]
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

/// Which rules are held back, by whom and why.
#[utoipa::path(
    get,
    path = "/api/v1/controls",
    responses(
        (status = 200, description = "All of them: `controls`, each as in schemas/control.json", content_type = "application/json"),
        (status = 501, description = "On Kafka: `tidegate control`"),
    )
)]
async fn controls(
    State(api): State<Api>,
    Extension(slot): Extension<Slot>,
) -> Result<Response, Response> {
    let controls = blocking(&api.holds, move |holds| {
        let _slot = slot;
        Ok(holds.controls()?)
    });
    Ok(json(controls.await?))
}

/// Holds a rule back, or lets it go again; in force within a second.
#[utoipa::path(
    post,
    path = "/api/v1/controls",
    request_body(
        content = String,
        content_type = "application/json",
        description = "`rule`, `status` (draft, shadow, refer, restrict, lift), `by`, `reason`; `until` may be left out"
    ),
    responses(
        (status = 204, description = "It is durable"),
        (status = 400, description = "The request makes no sense, or there is no such rule"),
        (status = 501, description = "On Kafka: `tidegate control`"),
    )
)]
async fn hold(
    State(api): State<Api>,
    Extension(slot): Extension<Slot>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Response> {
    let body = body.map_err(|rejection| too_much(&rejection))?;
    let held = blocking(&api.holds, move |holds| {
        let _slot = slot;
        Ok(holds.hold(&body)?)
    });
    held.await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Undoes what was done to a channel or an account, once it is done.
#[utoipa::path(
    post,
    path = "/api/v1/reinstatements",
    request_body(
        content = String,
        content_type = "application/json",
        description = "`subject` (channel/ID or account/ID), `action`, `by`, `reason`"
    ),
    responses(
        (status = 200, description = "The event: schemas/reinstatement.json", content_type = "application/json"),
        (status = 202, description = "It is in the log, and no worker has taken it yet"),
        (status = 400, description = "The request makes no sense"),
        (status = 409, description = "The action does not hold: there is nothing to undo"),
        (status = 501, description = "On Kafka: `tidegate reinstate`"),
    )
)]
async fn reinstatements(
    State(api): State<Api>,
    Extension(slot): Extension<Slot>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Response> {
    let body = body.map_err(|rejection| too_much(&rejection))?;
    let event = blocking(&api.reinstates, move |reinstates| {
        let _slot = slot;
        Ok(reinstates.reinstate(&body)?)
    });
    match event.await? {
        Some(event) => Ok(json(event)),
        None => Ok(StatusCode::ACCEPTED.into_response()),
    }
}

/// The verdict on one post; nothing is written.
#[utoipa::path(
    post,
    path = "/api/v1/screen",
    request_body(content = String, content_type = "application/json", description = "A post"),
    responses(
        (status = 200, description = "The verdict, or the fault of the post: schemas/verdict.json", content_type = "application/json"),
        (status = 503, description = "No rules are in force yet"),
    )
)]
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

/// Which rule is to be explained.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Asked {
    /// Its id.
    rule: String,
}

/// Why a rule fires on a post, or what it lacks. The answer shows the post.
#[utoipa::path(
    post,
    path = "/api/v1/explain",
    params(Asked),
    request_body(content = String, content_type = "application/json", description = "A post"),
    responses(
        (status = 200, description = "Views, hits, the condition step by step", content_type = "application/json"),
        (status = 400, description = "No post, or no such rule"),
    )
)]
async fn explain(
    State(api): State<Api>,
    Extension(slot): Extension<Slot>,
    asked: Result<Query<Asked>, QueryRejection>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Response> {
    let why = "takes `rule`, the id of a rule";
    let wrong = |_| Problem::new(StatusCode::BAD_REQUEST, why).into_response();
    let Query(Asked { rule }) = asked.map_err(wrong)?;
    let body = body.map_err(|rejection| too_much(&rejection))?;
    let explained = blocking(&api.screener, move |screener| {
        let _slot = slot;
        Ok(screener.explain(&rule, &body)?)
    });
    Ok(json(explained.await?))
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
