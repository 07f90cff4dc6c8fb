//! The operations port: liveness, readiness, metrics. No content of posts, so it may be public.

use std::io;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::middleware::from_fn;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::net::TcpListener;

use super::listener::Guarded;
use super::{Health, Metrics, Problem, blocking, guard, not_found, wrong_method};
use crate::app::shutdown::Shutdown;

/// What the port answers from.
#[derive(Clone)]
pub struct Operations {
    /// How the process is.
    pub health: Arc<dyn Health>,
    /// Numbers of the process.
    pub metrics: Arc<dyn Metrics>,
}

/// Answers until the process hurries: while it drains, somebody wants to watch. To end sooner,
/// drop the future.
///
/// # Errors
/// The listener broke.
pub async fn serve_operations(
    listener: TcpListener,
    operations: Operations,
    shutdown: Shutdown,
) -> io::Result<()> {
    let serve = axum::serve(Guarded::new(listener), routes(operations));
    tokio::select! {
        done = serve.into_future() => done,
        () = shutdown.hurrying() => Ok(()),
    }
}

fn routes(operations: Operations) -> Router {
    Router::new()
        .route("/livez", get(livez))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .fallback(not_found)
        .method_not_allowed_fallback(wrong_method)
        .layer(from_fn(guard::in_time))
        .with_state(operations)
}

async fn livez(State(operations): State<Operations>) -> Response {
    answer(operations.health.live())
}

async fn readyz(State(operations): State<Operations>) -> Response {
    answer(operations.health.ready())
}

fn answer(health: Result<(), String>) -> Response {
    match health {
        Ok(()) => "ok\n".into_response(),
        Err(why) => Problem::new(StatusCode::SERVICE_UNAVAILABLE, why).into_response(),
    }
}

async fn metrics(State(operations): State<Operations>) -> Result<Response, Response> {
    let text = blocking(&operations.metrics, |metrics| {
        let text = metrics.text();
        text.map_err(|why| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, why))
    });
    let format = [(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
    Ok((format, text.await?).into_response())
}
