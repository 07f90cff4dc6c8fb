//! What stands in front of the routes: the time limit, the number of requests at once, who may
//! ask. Fails closed: what cannot be checked is refused.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, CACHE_CONTROL, HOST, ORIGIN, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{Problem, REQUEST_TIME};
use crate::app::config::Secret;

/// Requests of the API at once: with the largest body each, 256 MiB.
const REQUESTS_MAX: usize = 16;

/// Who may use the API, and how many at once.
#[derive(Clone)]
pub(super) struct Gate {
    token: Option<blake3::Hash>,
    slots: Arc<Semaphore>,
}

/// Held while a request is worked on, even after its client was told that it took too long.
#[derive(Clone)]
pub(super) struct Slot(#[expect(dead_code, reason = "held, not read")] Arc<OwnedSemaphorePermit>);

impl Gate {
    pub(super) fn new(token: Option<&Secret>) -> Self {
        let token = token.map(|token| blake3::hash(token.expose().as_bytes()));
        Self { token, slots: Arc::new(Semaphore::new(REQUESTS_MAX)) }
    }

    fn admits(&self, headers: &HeaderMap) -> Result<(), Problem> {
        let Some(token) = self.token else { return from_this_machine(headers) };
        let given = headers.get(AUTHORIZATION).map(HeaderValue::as_bytes).and_then(bearer);
        // Hashes of equal length, compared in constant time: the answer's time tells nothing.
        if given.is_some_and(|given| blake3::hash(given) == token) {
            return Ok(());
        }
        let why = "send the token that `http.token_file` holds as `authorization: Bearer …`";
        Err(Problem::new(StatusCode::UNAUTHORIZED, why))
    }
}

/// Lets a request of the API through, or not.
pub(super) async fn admit(State(gate): State<Gate>, mut request: Request, next: Next) -> Response {
    if let Err(problem) = gate.admits(request.headers()) {
        return problem.into_response();
    }
    let Ok(slot) = gate.slots.try_acquire_owned() else {
        let why = format!("{REQUESTS_MAX} requests are being worked on");
        let problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, why);
        return problem.retry_after(Duration::from_secs(1)).into_response();
    };
    request.extensions_mut().insert(Slot(Arc::new(slot)));
    next.run(request).await
}

/// Ends a request that takes too long, and marks every answer as not to be guessed at or kept.
pub(super) async fn in_time(request: Request, next: Next) -> Response {
    in_time_of(REQUEST_TIME, request, next).await
}

pub(super) async fn in_time_of(limit: Duration, request: Request, next: Next) -> Response {
    let answered = tokio::time::timeout(limit, next.run(request)).await;
    let mut response = answered.unwrap_or_else(|_| {
        let why = "took too long; what was sent may have been taken, and sending it again is safe";
        let problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, why);
        problem.retry_after(Duration::from_secs(1)).into_response()
    });
    let headers = response.headers_mut();
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn bearer(value: &[u8]) -> Option<&[u8]> {
    let (scheme, token) = value.split_at_checked(7)?;
    scheme.eq_ignore_ascii_case(b"bearer ").then(|| token.trim_ascii())
}

/// Without a token the port is loopback, which every web page in a browser on this machine can
/// reach too. Its requests show by an origin, or by a name that resolves here but is not ours.
fn from_this_machine(headers: &HeaderMap) -> Result<(), Problem> {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name = host.rsplit_once(':').map_or(host, |(name, port)| {
        // The colons of `[::1]` without a port are no separator.
        if port.ends_with(']') { host } else { name }
    });
    let ours = ["localhost", "[::1]"].contains(&name) || is_loopback(name);
    let origin = headers.get(ORIGIN).and_then(|origin| origin.to_str().ok());
    let same = headers.get(ORIGIN).is_none()
        || origin.and_then(|origin| origin.strip_prefix("http://")) == Some(host);
    if ours && same {
        return Ok(());
    }
    let why = "without `http.token_file` only programs of this machine may ask, by its loopback \
               address";
    Err(Problem::new(StatusCode::FORBIDDEN, why))
}

fn is_loopback(name: &str) -> bool {
    name.parse().is_ok_and(|address: std::net::Ipv4Addr| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for (name, value) in pairs {
            map.insert(*name, HeaderValue::from_static(value));
        }
        map
    }

    #[test]
    fn only_programs_of_this_machine_may_ask_without_a_token() {
        let gate = Gate::new(None);
        let cases: [(&[(&str, &str)], bool); 11] = [
            (&[("host", "127.0.0.1:8080")], true),
            (&[("host", "localhost")], true),
            (&[("host", "[::1]:8080")], true),
            (&[("host", "[::1]")], true),
            (&[("host", "127.0.0.1:8080"), ("origin", "http://127.0.0.1:8080")], true),
            (&[], false),
            (&[("host", "evil.example:8080")], false),
            (&[("host", "localhost.evil.example")], false),
            (&[("host", "127.0.0.1.evil.example")], false),
            (&[("host", "127.0.0.1:8080"), ("origin", "https://evil.example")], false),
            (&[("host", "127.0.0.1:8080"), ("origin", "null")], false),
        ];
        for (pairs, admitted) in cases {
            assert_eq!(gate.admits(&headers(pairs)).is_ok(), admitted, "{pairs:?}");
        }
    }

    #[test]
    fn a_token_is_asked_for_where_there_is_one() {
        let gate = Gate::new(Some(&Secret::new("0123")));
        let cases: [(&[(&str, &str)], bool); 7] = [
            (&[("authorization", "Bearer 0123"), ("host", "any.example")], true),
            (&[("authorization", "bearer 0123")], true),
            (&[("authorization", "Bearer 01234")], false),
            (&[("authorization", "Bearer ")], false),
            (&[("authorization", "Basic 0123")], false),
            (&[("authorization", "0123")], false),
            (&[("host", "127.0.0.1")], false),
        ];
        for (pairs, admitted) in cases {
            assert_eq!(gate.admits(&headers(pairs)).is_ok(), admitted, "{pairs:?}");
        }
    }
}
