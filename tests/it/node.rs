//! A running `tidegate run` of the built binary, and how tests talk to it.

use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::Value;

/// The built service.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_tidegate");

/// How long anything in these tests may take before it is taken for lost: longer than the service
/// waits before it ends a worker that stands still.
pub(crate) const PATIENCE: Duration = Duration::from_secs(90);

/// Asks `done` until it gives something; panics with `what` when it takes too long.
pub(crate) fn until<T>(what: &str, mut done: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(value) = done() {
            return value;
        }
        assert!(started.elapsed() < PATIENCE, "{what}: not within {PATIENCE:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Two ports that were free a moment ago: of the API and of operations.
pub(crate) fn free_ports() -> (u16, u16) {
    // Both are held at once, so that they differ.
    let held = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    (held[0].local_addr().unwrap().port(), held[1].local_addr().unwrap().port())
}

/// The service as a process of its own.
pub(crate) struct Node {
    child: Child,
    api: u16,
    operations: u16,
    log: Arc<Mutex<String>>,
    reader: Option<JoinHandle<()>>,
}

impl Node {
    /// Starts the service with this configuration (ports are added) and waits until it is ready.
    pub(crate) fn start(folder: &Path, config: &str) -> Self {
        let mut node = Self::spawn(folder, config);
        node.wait_until_ready();
        node
    }

    /// Starts the service on free ports and does not wait.
    pub(crate) fn spawn(folder: &Path, config: &str) -> Self {
        Self::spawn_at(folder, config, free_ports())
    }

    /// Starts the service on these ports, of the API and of operations, and does not wait.
    pub(crate) fn spawn_at(folder: &Path, config: &str, ports: (u16, u16)) -> Self {
        Self::spawn_by(Command::new(PROGRAM), folder, config, ports)
    }

    /// The same by a command that ends in the program, whose arguments are added.
    pub(crate) fn spawn_by(
        mut command: Command,
        folder: &Path,
        config: &str,
        (api, operations): (u16, u16),
    ) -> Self {
        let path = folder.join(format!("tidegate-{api}.toml"));
        let http = format!(
            "\n[http]\napi = \"127.0.0.1:{api}\"\noperations = \"127.0.0.1:{operations}\"\n"
        );
        std::fs::write(&path, format!("{config}{http}")).unwrap();
        let mut child = command
            .args(["run", "--config"])
            .arg(&path)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = Arc::new(Mutex::new(String::new()));
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let lines = Arc::clone(&log);
        let reader = std::thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                lines.lock().unwrap().push_str(&(line + "\n"));
            }
        });
        Self { child, api, operations, log, reader: Some(reader) }
    }

    /// Waits until `/readyz` says yes.
    pub(crate) fn wait_until_ready(&mut self) {
        let started = Instant::now();
        while !self.is_ready() {
            let ended = self.child.try_wait().unwrap();
            assert!(ended.is_none(), "ended with {ended:?}; log:\n{}", self.log());
            assert!(started.elapsed() < PATIENCE, "not ready; log:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Does `/readyz` say yes?
    pub(crate) fn is_ready(&self) -> bool {
        self.watch("/readyz") == Some(200)
    }

    /// The status of a page of the operations port.
    pub(crate) fn watch(&self, path: &str) -> Option<u16> {
        let url = format!("http://127.0.0.1:{}{path}", self.operations);
        answer(agent().get(url).call()).map(|(status, _)| status)
    }

    /// Everything the service wrote to stderr so far.
    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// Ends the process at once, as a crash would; what it said.
    pub(crate) fn kill(mut self) -> String {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.whole_log()
    }

    /// Asks the process to stop and waits; it must leave with 0. What it said.
    pub(crate) fn stop(mut self) -> String {
        // The shell's own: not every machine has the program.
        let line = format!("kill {}", self.pid());
        assert!(Command::new("sh").args(["-c", &line]).status().unwrap().success());
        let status = until("stopped", || self.child.try_wait().unwrap());
        let log = self.whole_log();
        assert!(status.success(), "{status}; log:\n{log}");
        log
    }

    /// Has it ended by itself?
    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, name: &str) {
        let line = format!("kill -{name} {}", self.pid());
        // Gone already is as good.
        Command::new("sh").args(["-c", &line]).status().unwrap();
    }

    /// Waits until it has ended, whatever it leaves with.
    pub(crate) fn wait_until_ended(&mut self) {
        let began = Instant::now();
        while !self.has_ended() {
            assert!(began.elapsed() < PATIENCE, "does not end; log:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Waits for the process to end by itself; its exit code and what it said.
    pub(crate) fn ended(mut self) -> (Option<i32>, String) {
        let status = until("ended", || self.child.try_wait().unwrap());
        (status.code(), self.whole_log())
    }

    /// All it said; the process has ended.
    fn whole_log(&mut self) -> String {
        if let Some(reader) = self.reader.take() {
            reader.join().unwrap();
        }
        self.log()
    }

    /// Posts lines; the status and body of the answer, `None` where nobody answered.
    pub(crate) fn post(&self, path: &str, body: &[u8]) -> Option<(u16, String)> {
        answer(agent().post(format!("http://{}{path}", self.api())).send(body))
    }

    /// The status and body of an API page.
    pub(crate) fn get(&self, path: &str) -> Option<(u16, String)> {
        answer(agent().get(format!("http://127.0.0.1:{}{path}", self.api)).call())
    }

    /// Its process id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Address of the API, for the commands that talk to a running service.
    pub(crate) fn api(&self) -> String {
        format!("127.0.0.1:{}", self.api)
    }

    /// All metrics, as text.
    pub(crate) fn metrics(&self) -> String {
        let url = format!("http://127.0.0.1:{}/metrics", self.operations);
        answer(agent().get(url).call()).map_or_else(String::new, |(_, body)| body)
    }

    /// How far behind the service says it is, in all; `None` while it has not said it.
    pub(crate) fn lag(&self) -> Option<f64> {
        let text = self.metrics();
        let lines = text.lines().filter(|line| line.starts_with("tidegate_consumer_lag_records{"));
        let values: Vec<f64> =
            lines.filter_map(|line| line.rsplit(' ').next()?.parse().ok()).collect();
        (!values.is_empty()).then(|| values.iter().sum())
    }

    /// The sum of all series of a metric whose line begins with `series`.
    pub(crate) fn metric(&self, series: &str) -> f64 {
        let text = self.metrics();
        let values = text.lines().filter(|line| line.starts_with(series));
        values.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum()
    }

    /// Every takedown event so far.
    pub(crate) fn takedowns(&self) -> Vec<Value> {
        let mut found = Vec::new();
        let mut next = String::new();
        loop {
            let path = format!("/api/v1/takedowns?limit=1000{next}");
            let Some((200, body)) = self.get(&path) else { return found };
            let page: Value = serde_json::from_str(&body).unwrap();
            let events = page["takedowns"].as_array().unwrap();
            found.extend(events.iter().cloned());
            if events.is_empty() {
                return found;
            }
            next = format!("&from={}", page["next"].as_str().unwrap());
        }
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = self.log();
            let lines: Vec<&str> = log.lines().collect();
            println!(
                "last lines of the service:\n{}",
                lines[lines.len().saturating_sub(60)..].join("\n")
            );
        }
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// A client that waits no longer than any test should.
pub(crate) fn agent() -> ureq::Agent {
    let config = ureq::Agent::config_builder().timeout_global(Some(Duration::from_secs(30)));
    config.http_status_as_error(false).build().into()
}

/// The status and body of an answer, `None` where nobody answered.
pub(crate) fn answer(
    answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>,
) -> Option<(u16, String)> {
    let mut answer = answer.ok()?;
    let mut body = String::new();
    answer.body_mut().as_reader().read_to_string(&mut body).ok()?;
    Some((answer.status().as_u16(), body))
}
