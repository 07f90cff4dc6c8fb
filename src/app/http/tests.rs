//! Tests of both ports over real sockets, with a client of a few lines.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::middleware::from_fn;
use axum::routing::get;
use tokio::net::TcpListener;

use super::*;
use crate::app::config::{Http, Secret};
use crate::app::shutdown::Shutdown;

/// Stands for the process: says what it is told to, notes what it is given.
#[derive(Default)]
struct Process {
    refusal: Mutex<Option<Refusal>>,
    taken: Mutex<Vec<(usize, Vec<u8>)>>,
    sick: Mutex<Option<String>>,
    panics: Mutex<bool>,
    waits: Mutex<Duration>,
    working: AtomicUsize,
}

impl Process {
    fn refused(&self) -> Result<(), Refusal> {
        self.working.fetch_add(1, Ordering::SeqCst);
        let wait = *self.waits.lock().unwrap();
        std::thread::sleep(wait);
        assert!(!*self.panics.lock().unwrap(), "as asked");
        self.refusal.lock().unwrap().clone().map_or(Ok(()), Err)
    }

    fn well(&self) -> Result<(), String> {
        self.sick.lock().unwrap().clone().map_or(Ok(()), Err)
    }
}

impl Ingest for Process {
    fn ingest(&self, posts: &[Line<'_>], _: Option<Once>) -> Result<(), Refusal> {
        self.refused()?;
        let posts = posts.iter().map(|line| (line.number, line.json.to_vec()));
        self.taken.lock().unwrap().extend(posts);
        Ok(())
    }
}

impl Takedowns for Process {
    fn page(&self, from: Option<&str>, limit: usize) -> Result<Page, Refusal> {
        self.refused()?;
        let events = (0..limit.min(2)).map(|n| format!("{{\"id\":\"tk_{n}\"}}").into_bytes());
        Ok(Page { events: events.collect(), next: format!("{}\"+", from.unwrap_or("start")) })
    }
}

impl Screener for Process {
    fn screen(&self, post: &[u8]) -> Result<Vec<u8>, Refusal> {
        self.refused()?;
        Ok(format!("{{\"bytes\":{}}}", post.len()).into_bytes())
    }
    fn explain(&self, rule: &str, post: &[u8]) -> Result<Vec<u8>, Refusal> {
        self.refused()?;
        Ok(format!("{{\"rule\":\"{rule}\",\"bytes\":{}}}", post.len()).into_bytes())
    }
}

impl Reinstates for Process {
    fn reinstate(&self, request: &[u8]) -> Result<Option<Vec<u8>>, Refusal> {
        self.refused()?;
        match request {
            b"held" => Ok(Some(b"{}".to_vec())),
            b"late" | b"{}" => Ok(None),
            _ => Err(Refusal::Nothing("nothing to undo")),
        }
    }
}

impl Holds for Process {
    fn controls(&self) -> Result<Vec<u8>, Refusal> {
        self.refused()?;
        Ok(b"{\"controls\":[]}".to_vec())
    }
    fn hold(&self, request: &[u8]) -> Result<(), Refusal> {
        self.refused()?;
        self.taken.lock().unwrap().push((0, request.to_vec()));
        Ok(())
    }
}

impl Health for Process {
    fn live(&self) -> Result<(), String> {
        self.well()
    }
    fn ready(&self) -> Result<(), String> {
        self.well()
    }
}

impl Metrics for Process {
    fn text(&self) -> Result<String, String> {
        self.well()?;
        Ok("tidegate_posts_total 1\n".to_owned())
    }
}

/// Both ports, served.
struct Ports {
    process: Arc<Process>,
    api: SocketAddr,
    operations: SocketAddr,
    shutdown: Shutdown,
    serving: Vec<tokio::task::JoinHandle<std::io::Result<()>>>,
}

const ANY: &str = "127.0.0.1:0";

/// What asks the process for something, and is refused or not admitted alike.
const ROUTES: [&str; 6] = [
    "POST /api/v1/posts",
    "GET /api/v1/takedowns",
    "POST /api/v1/screen",
    "POST /api/v1/reinstatements",
    "GET /api/v1/controls",
    "POST /api/v1/controls",
];

async fn ports_with(token: Option<&str>, kafka: bool) -> Ports {
    let process = Arc::new(Process::default());
    let http = Http {
        operations: ANY.parse().unwrap(),
        api: ANY.parse().unwrap(),
        token: token.map(Secret::new),
        body_max_bytes: 1_000,
    };
    let api = bind(http.api, "http.api").await.unwrap();
    let operations = bind(http.operations, "http.operations").await.unwrap();
    let addresses = (api.local_addr().unwrap(), operations.local_addr().unwrap());
    let shutdown = Shutdown::new();
    let mut served = Api {
        ingest: Arc::<Process>::clone(&process),
        takedowns: Arc::<Process>::clone(&process),
        reinstates: Arc::<Process>::clone(&process),
        holds: Arc::<Process>::clone(&process),
        screener: Arc::<Process>::clone(&process),
    };
    if kafka {
        served.ingest = Arc::new(OnKafka);
        served.takedowns = Arc::new(OnKafka);
        served.reinstates = Arc::new(OnKafka);
        served.holds = Arc::new(OnKafka);
    }
    let watched = Operations {
        health: Arc::<Process>::clone(&process),
        metrics: Arc::<Process>::clone(&process),
    };
    let stop = shutdown.clone();
    let serving = vec![
        tokio::spawn(async move { serve_api(api, served, &http, stop).await }),
        tokio::spawn(serve_operations(operations, watched, shutdown.clone())),
    ];
    Ports { process, api: addresses.0, operations: addresses.1, shutdown, serving }
}

async fn ports() -> Ports {
    ports_with(None, false).await
}

/// An answer, taken apart.
#[derive(Debug)]
struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        let mut fields = self.head.lines().filter_map(|line| line.split_once(": "));
        fields.find(|(key, _)| *key == name).map(|(_, value)| value)
    }

    fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// Asserts that this is a problem with this status, and that it says so.
    fn is_problem(&self, status: u16, detail: &str) {
        assert_eq!(self.status, status, "{self:?}");
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{self:?}");
        let body = self.json();
        assert_eq!(body["status"], status);
        assert_eq!(body["type"], "about:blank");
        assert!(body["title"].is_string());
        assert!(body["detail"].as_str().unwrap().contains(detail), "{self:?}");
    }
}

/// Sends the text, reads to the end of the connection.
async fn raw(address: SocketAddr, request: &str) -> Answer {
    let request = request.to_owned();
    let asked = tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    });
    let answer = asked.await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Answer { status, head: head.to_owned(), body: body.to_owned() }
}

async fn ask_with(address: SocketAddr, route: &str, headers: &str, body: &str) -> Answer {
    let length = body.len();
    let request = format!(
        "{route} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n{headers}\
         content-length: {length}\r\n\r\n{body}"
    );
    raw(address, &request).await
}

async fn ask(address: SocketAddr, route: &str, body: &str) -> Answer {
    ask_with(address, route, "", body).await
}

#[tokio::test]
async fn operations_answer_while_all_is_well() {
    let ports = ports().await;
    for route in ["GET /livez", "GET /readyz"] {
        let answer = ask(ports.operations, route, "").await;
        assert_eq!((answer.status, answer.body.as_str()), (200, "ok\n"));
    }
    let metrics = ask(ports.operations, "GET /metrics", "").await;
    assert_eq!((metrics.status, metrics.body.as_str()), (200, "tidegate_posts_total 1\n"));
    assert_eq!(metrics.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
}

#[tokio::test]
async fn operations_say_what_is_wrong() {
    let ports = ports().await;
    *ports.process.sick.lock().unwrap() = Some("worker 1 stands still".to_owned());
    for (route, status) in [("GET /livez", 503), ("GET /readyz", 503), ("GET /metrics", 500)] {
        ask(ports.operations, route, "").await.is_problem(status, "worker 1 stands still");
    }
    ask(ports.operations, "POST /livez", "").await.is_problem(405, "allow header");
    ask(ports.operations, "GET /", "").await.is_problem(404, "nothing here");
    ask(ports.operations, "GET /api/v1/takedowns", "").await.is_problem(404, "nothing here");
}

#[tokio::test]
async fn the_start_page_names_the_routes() {
    let ports = ports().await;
    let page = ask(ports.api, "GET /", "").await;
    assert_eq!(page.status, 200);
    assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
    assert!(page.header("content-security-policy").unwrap().contains("default-src 'none'"));
    for route in ["/api/v1/posts", "/api/v1/takedowns", "/api/v1/screen", "/metrics"] {
        assert!(page.body.contains(route), "{route}");
    }
}

#[tokio::test]
async fn posts_are_taken_line_by_line() {
    let ports = ports().await;
    let answer = ask(ports.api, "POST /api/v1/posts", "{\"id\":1}\r\n\n  {\"id\":2} \n").await;
    assert_eq!((answer.status, answer.body.as_str()), (202, "{\"accepted\":2}"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let taken = ports.process.taken.lock().unwrap().clone();
    assert_eq!(taken, [(1, b"{\"id\":1}".to_vec()), (3, b"{\"id\":2}".to_vec())]);
}

#[tokio::test]
async fn what_is_undone_is_told_and_what_cannot_be_too() {
    let ports = ports().await;
    let route = "POST /api/v1/reinstatements";
    let answer = ask(ports.api, route, "held").await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "{}"));
    assert_eq!(ask(ports.api, route, "late").await.status, 202);
    ask(ports.api, route, "none").await.is_problem(409, "nothing to undo");
}

#[tokio::test]
async fn rules_are_held_back_and_those_that_are_can_be_seen() {
    let ports = ports().await;
    let answer = ask(ports.api, "GET /api/v1/controls", "").await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "{\"controls\":[]}"));
    assert_eq!(ask(ports.api, "POST /api/v1/controls", "{\"a\":1}").await.status, 204);
    assert_eq!(*ports.process.taken.lock().unwrap(), [(0, b"{\"a\":1}".to_vec())]);
}

#[tokio::test]
async fn requests_that_make_no_sense_are_refused() {
    let ports = ports().await;
    let cases = [
        ("POST /api/v1/posts", "\n \n", 400, "no posts"),
        ("POST /api/v1/posts", &"x".repeat(1_001), 413, "`http.body_max_bytes`"),
        ("POST /api/v1/screen", &"x".repeat(1_001), 413, "`http.body_max_bytes`"),
        ("GET /api/v1/posts", "", 405, "allow header"),
        ("POST /api/v1/takedowns", "", 405, "allow header"),
        ("GET /api/v1/takedowns?limit=0", "", 400, "1 to 1000"),
        ("GET /api/v1/takedowns?limit=1001", "", 400, "1 to 1000"),
        ("GET /api/v1/takedowns?limit=many", "", 400, "1 to 1000"),
        ("GET /api/v1/takedowns?since=1", "", 400, "`from`, a cursor"),
        ("GET /api/v2", "", 404, "nothing here"),
    ];
    for (route, body, status, detail) in cases {
        ask(ports.api, route, body).await.is_problem(status, detail);
    }
    let wrong = ask(ports.api, "GET /api/v1/posts", "").await;
    assert_eq!(wrong.header("allow"), Some("POST"));
    assert_eq!(ports.process.working.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_body_without_a_length_has_the_same_limit() {
    let ports = ports().await;
    let chunk = format!("3e9\r\n{}\r\n0\r\n\r\n", "x".repeat(0x3e9));
    let request = format!(
        "POST /api/v1/posts HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\
         transfer-encoding: chunked\r\n\r\n{chunk}",
        ports.api
    );
    raw(ports.api, &request).await.is_problem(413, "`http.body_max_bytes`");
}

#[tokio::test]
async fn refusals_become_problems() {
    let ports = ports().await;
    let retry_after = Duration::from_millis(1_500);
    let cases = [
        (Refusal::Invalid { line: Some(7), detail: "no channel id".into() }, 400, "no channel id"),
        (Refusal::Elsewhere("use Kafka"), 501, "use Kafka"),
        (Refusal::Full { retry_after }, 507, "the log is full"),
        (Refusal::Busy { detail: "no rules yet".into(), retry_after }, 503, "no rules yet"),
        (Refusal::Failed("disk".into()), 500, "disk"),
    ];
    for (refusal, status, detail) in cases {
        *ports.process.refusal.lock().unwrap() = Some(refusal);
        for route in ROUTES {
            let answer = ask(ports.api, route, "{}").await;
            answer.is_problem(status, detail);
            let waits = [503, 507].contains(&status);
            assert_eq!(answer.header("retry-after"), waits.then_some("2"));
            assert_eq!(answer.json()["line"].as_u64(), (status == 400).then_some(7));
        }
    }
    assert!(ports.process.taken.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_panic_is_a_problem_and_not_the_end() {
    let ports = ports().await;
    *ports.process.panics.lock().unwrap() = true;
    ask(ports.api, "POST /api/v1/screen", "{}").await.is_problem(500, "failed inside");
    ports.process.panics.clear_poison();
    *ports.process.panics.lock().unwrap() = false;
    assert_eq!(ask(ports.api, "POST /api/v1/screen", "{}").await.status, 200);
}

#[tokio::test]
async fn takedowns_come_in_pages() {
    let ports = ports().await;
    let first = ask(ports.api, "GET /api/v1/takedowns", "").await;
    assert_eq!(first.status, 200);
    assert_eq!(first.header("content-type"), Some("application/json"));
    let expected = serde_json::json!({
        "takedowns": [{"id": "tk_0"}, {"id": "tk_1"}], "next": "start\"+"
    });
    assert_eq!(first.json(), expected);
    let next = ask(ports.api, "GET /api/v1/takedowns?from=a%20b&limit=1", "").await;
    let expected = serde_json::json!({"takedowns": [{"id": "tk_0"}], "next": "a b\"+"});
    assert_eq!(next.json(), expected);
}

#[tokio::test]
async fn one_post_is_screened() {
    let ports = ports().await;
    let answer = ask(ports.api, "POST /api/v1/screen", "{\"id\":1}").await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "{\"bytes\":8}"));
    assert_eq!(answer.header("content-type"), Some("application/json"));
}

#[tokio::test]
async fn on_kafka_posts_and_takedowns_say_where_to_go() {
    let ports = ports_with(None, true).await;
    ask(ports.api, "POST /api/v1/posts", "{}").await.is_problem(501, "`kafka.posts`");
    ask(ports.api, "GET /api/v1/takedowns", "").await.is_problem(501, "`kafka.prefix`");
    let undo = ask(ports.api, "POST /api/v1/reinstatements", "{}").await;
    undo.is_problem(501, "`tidegate reinstate`");
    ask(ports.api, "GET /api/v1/controls", "").await.is_problem(501, "`tidegate control`");
    ask(ports.api, "POST /api/v1/controls", "{}").await.is_problem(501, "`tidegate control`");
    assert_eq!(ask(ports.api, "POST /api/v1/screen", "{}").await.status, 200);
}

#[tokio::test]
async fn the_api_asks_for_its_token_and_the_rest_does_not() {
    let ports = ports_with(Some("0123456789abcdef"), false).await;
    for route in ROUTES {
        for header in
            ["", "authorization: Bearer 0123456789abcdeF\r\n", "authorization: Basic x\r\n"]
        {
            let answer = ask_with(ports.api, route, header, "{}").await;
            answer.is_problem(401, "`http.token_file`");
            assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
        }
        let good = "authorization: Bearer 0123456789abcdef\r\n";
        assert!(ask_with(ports.api, route, good, "{}").await.status < 300);
    }
    assert_eq!(ask(ports.api, "GET /", "").await.status, 200);
    assert_eq!(ask(ports.operations, "GET /livez", "").await.status, 200);
}

#[tokio::test]
async fn web_pages_of_others_cannot_ask() {
    let ports = ports().await;
    let origin = "origin: https://evil.example\r\n";
    ask_with(ports.api, "POST /api/v1/posts", origin, "{}").await.is_problem(403, "loopback");
    assert_eq!(ports.process.working.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn too_many_requests_at_once_are_told_to_come_back() {
    let ports = ports().await;
    *ports.process.waits.lock().unwrap() = Duration::from_millis(1_500);
    let address = ports.api;
    let asks = (0..16).map(|_| tokio::spawn(ask(address, "POST /api/v1/screen", "{}")));
    let asks: Vec<_> = asks.collect();
    while ports.process.working.load(Ordering::SeqCst) < 1 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    let answer = ask(address, "POST /api/v1/screen", "{}").await;
    answer.is_problem(503, "16 requests");
    assert_eq!(answer.header("retry-after"), Some("1"));
    for ask in asks {
        assert_eq!(ask.await.unwrap().status, 200);
    }
}

#[tokio::test]
async fn a_request_that_takes_too_long_is_ended() {
    let slow = get(async || tokio::time::sleep(Duration::from_secs(60)).await);
    let limit = |request, next| guard::in_time_of(Duration::from_millis(20), request, next);
    let routes = Router::new().route("/", slow).layer(from_fn(limit));
    let listener = TcpListener::bind(ANY).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(axum::serve(listener, routes).into_future());
    let answer = ask(address, "GET /", "").await;
    answer.is_problem(503, "took too long");
    assert_eq!(answer.header("retry-after"), Some("1"));
}

#[tokio::test]
async fn connections_are_counted_and_idle_ones_closed() {
    let listener = TcpListener::bind(ANY).await.unwrap();
    let address = listener.local_addr().unwrap();
    let guarded = listener::Guarded::with(listener, 1, Duration::from_millis(300));
    let routes = Router::new().route("/", get(async || "ok"));
    tokio::spawn(axum::serve(guarded, routes).into_future());
    // Half a request line, then silence: it holds the only slot until it is closed for it.
    let mut slow = TcpStream::connect(address).unwrap();
    slow.write_all(b"GET / HT").unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(ask(address, "GET /", "").await.status, 200);
    slow.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let mut rest = Vec::new();
    let closed = slow.read_to_end(&mut rest);
    assert!(closed.map_or_else(|error| error.kind() == ErrorKind::ConnectionReset, |n| n == 0));
}

#[tokio::test]
async fn a_taken_port_names_address_and_key() {
    let taken = TcpListener::bind(ANY).await.unwrap();
    let address = taken.local_addr().unwrap();
    let error = bind(address, "http.api").await.unwrap_err().to_string();
    let start = format!("cannot listen on {address} (`http.api`): Address already in use");
    assert!(error.starts_with(&start), "{error}");
    assert!(error.ends_with("; free it or set another address"), "{error}");
}

#[tokio::test]
async fn stopping_finishes_what_is_being_worked_on() {
    let ports = ports().await;
    *ports.process.waits.lock().unwrap() = Duration::from_millis(300);
    let asked = tokio::spawn(ask(ports.api, "POST /api/v1/posts", "{}"));
    while ports.process.working.load(Ordering::SeqCst) < 1 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    ports.shutdown.stop();
    assert_eq!(asked.await.unwrap().status, 202);
    // The operations port is there to the end.
    assert_eq!(ask(ports.operations, "GET /livez", "").await.status, 200);
    ports.shutdown.ask();
    for serving in ports.serving {
        tokio::time::timeout(Duration::from_secs(10), serving).await.unwrap().unwrap().unwrap();
    }
}

#[tokio::test]
async fn every_route_is_described_and_every_described_route_answers() {
    let ports = ports_with(None, true).await;
    let answer = ask(ports.api, "GET /api/v1/openapi.json", "").await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let description = answer.json();
    assert!(description["openapi"].as_str().unwrap().starts_with("3."));
    let paths = description["paths"].as_object().unwrap();
    let page = ask(ports.api, "GET /", "").await.body;
    for (path, methods) in paths {
        assert!(page.contains(path.as_str()), "the start page has {path}");
        for (method, described) in methods.as_object().unwrap() {
            let route = format!("{} {path}", method.to_uppercase());
            let answer = ask(ports.api, &route, "").await;
            assert!(![404, 405, 500].contains(&answer.status), "{route}: {answer:?}");
            assert!(described["summary"].is_string(), "{route}");
        }
    }
    let mut named: Vec<&str> = paths.keys().map(String::as_str).collect();
    named.sort_unstable();
    let want = [
        "controls",
        "explain",
        "posts",
        "reinstatements",
        "screen",
        "takedowns",
        "takedowns/stream",
    ]
    .map(|it| format!("/api/v1/{it}"));
    assert_eq!(named, want);
}

#[tokio::test]
async fn a_rule_is_explained_by_its_id() {
    let ports = ports().await;
    let answer = ask(ports.api, "POST /api/v1/explain?rule=a.b", "{}").await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "{\"rule\":\"a.b\",\"bytes\":2}"));
    for query in ["", "?rule=a&more=b"] {
        let answer = ask(ports.api, &format!("POST /api/v1/explain{query}"), "{}").await;
        answer.is_problem(400, "takes `rule`");
    }
}

/// Reads from a stream until this was seen; all that came.
fn read_until(stream: &mut TcpStream, wanted: &str) -> String {
    let mut seen = Vec::new();
    let mut piece = [0; 4_096];
    while !String::from_utf8_lossy(&seen).contains(wanted) {
        let size = stream.read(&mut piece).unwrap();
        assert!(size > 0, "ended: {}", String::from_utf8_lossy(&seen));
        seen.extend_from_slice(&piece[..size]);
    }
    String::from_utf8(seen).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn takedowns_come_as_they_are_issued_until_the_process_stops() {
    let ports = ports().await;
    let api = ports.api;
    let open = move |more: &str| {
        let mut stream = TcpStream::connect(api).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let head = format!("GET /api/v1/takedowns/stream{more} HTTP/1.1\r\nhost: {api}\r\n\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        stream
    };
    let came = tokio::task::spawn_blocking(move || {
        let mut stream = open("?from=x");
        let came = read_until(&mut stream, "data: {\"id\":\"tk_1\"}\n\n");
        // As many as may follow; one more is told so.
        let more: Vec<TcpStream> = (1..8).map(|_| open("")).collect();
        let more: Vec<TcpStream> = more
            .into_iter()
            .map(|mut stream| {
                read_until(&mut stream, "data: ");
                stream
            })
            .collect();
        let mut one_more = open("");
        let told = read_until(&mut one_more, "readers follow already");
        assert!(told.starts_with("HTTP/1.1 503"), "{told}");
        drop(more);
        (came, stream)
    });
    let (came, mut stream) = came.await.unwrap();
    assert!(came.contains("content-type: text/event-stream"), "{came}");
    assert!(came.contains("id: x\"+\ndata: "), "{came}");
    ports.shutdown.stop();
    let ended = tokio::task::spawn_blocking(move || {
        let mut rest = Vec::new();
        // Ends, in time; what is left of the stream is not asked for.
        stream.read_to_end(&mut rest).is_ok()
    });
    assert!(ended.await.unwrap());
    let ask_bad = ports_with(None, false).await;
    *ask_bad.process.refusal.lock().unwrap() =
        Some(Refusal::Invalid { line: None, detail: "`from` is not a cursor".to_owned() });
    let answer = ask(ask_bad.api, "GET /api/v1/takedowns/stream?from=x", "").await;
    answer.is_problem(400, "is not a cursor");
}
