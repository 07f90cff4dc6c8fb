//! A running `tidegate run` of the built binary, and how tests talk to it.

use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;

/// How long anything in these tests may take before it is taken for lost.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A port that was free a moment ago.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Asks `done` until it gives something; panics with `what` when it takes too long.
pub fn until<T>(what: &str, mut done: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(value) = done() {
            return value;
        }
        assert!(started.elapsed() < PATIENCE, "{what}: not within {PATIENCE:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The service as a process of its own.
pub struct Node {
    child: Child,
    api: u16,
    operations: u16,
    log: Arc<Mutex<String>>,
}

impl Node {
    /// Starts the service with this configuration (the ports are added) and waits until it is ready.
    pub fn start(folder: &Path, config: &str) -> Self {
        let node = Self::spawn(folder, config);
        node.wait_until_ready();
        node
    }

    /// Starts the service and does not wait.
    pub fn spawn(folder: &Path, config: &str) -> Self {
        let (api, operations) = (free_port(), free_port());
        let path = folder.join(format!("tidegate-{api}.toml"));
        let http = format!(
            "\n[http]\napi = \"127.0.0.1:{api}\"\noperations = \"127.0.0.1:{operations}\"\n"
        );
        std::fs::write(&path, format!("{config}{http}")).unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_tidegate"))
            .args(["run", "--config"])
            .arg(&path)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = Arc::new(Mutex::new(String::new()));
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let lines = Arc::clone(&log);
        std::thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                lines.lock().unwrap().push_str(&(line + "\n"));
            }
        });
        Self { child, api, operations, log }
    }

    /// Waits until `/readyz` says yes.
    pub fn wait_until_ready(&self) {
        until(&format!("ready; log:\n{}", self.log()), || {
            (self.get_status(self.operations, "/readyz") == Some(200)).then_some(())
        });
    }

    /// Everything the service wrote to stderr so far.
    pub fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// Ends the process at once, as a crash would.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks the process to stop and waits; it must leave with 0.
    pub fn stop(mut self) -> String {
        let pid = i32::try_from(self.child.id()).unwrap();
        assert!(Command::new("kill").arg(pid.to_string()).status().unwrap().success());
        let status = until("stopped", || self.child.try_wait().unwrap());
        assert!(status.success(), "{status}; log:\n{}", self.log());
        self.log()
    }

    /// Waits for the process to end by itself; its exit code and what it said.
    pub fn ended(mut self) -> (Option<i32>, String) {
        let status = until("ended", || self.child.try_wait().unwrap());
        std::thread::sleep(Duration::from_millis(50));
        (status.code(), self.log())
    }

    /// Posts lines; the status and body of the answer, `None` where nobody answered.
    pub fn post(&self, path: &str, body: &[u8]) -> Option<(u16, String)> {
        let url = format!("http://127.0.0.1:{}{path}", self.api);
        answer(agent().post(&url).send(body))
    }

    /// The status and body of an API page.
    pub fn get(&self, path: &str) -> Option<(u16, String)> {
        answer(agent().get(format!("http://127.0.0.1:{}{path}", self.api)).call())
    }

    fn get_status(&self, port: u16, path: &str) -> Option<u16> {
        answer(agent().get(format!("http://127.0.0.1:{port}{path}")).call()).map(|(code, _)| code)
    }

    /// Address of the API, for the commands that talk to a running service.
    pub fn api(&self) -> String {
        format!("127.0.0.1:{}", self.api)
    }

    /// The configuration file it runs with.
    pub fn config(&self, folder: &Path) -> PathBuf {
        folder.join(format!("tidegate-{}.toml", self.api))
    }

    /// All metrics, as text.
    pub fn metrics(&self) -> String {
        let url = format!("http://127.0.0.1:{}/metrics", self.operations);
        answer(agent().get(url).call()).map_or_else(String::new, |(_, body)| body)
    }

    /// The sum of all series of a metric whose line begins with `series`.
    pub fn metric(&self, series: &str) -> f64 {
        let text = self.metrics();
        let values = text.lines().filter(|line| line.starts_with(series));
        values.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum()
    }

    /// Every takedown event so far.
    pub fn takedowns(&self) -> Vec<Value> {
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
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn agent() -> ureq::Agent {
    let config = ureq::Agent::config_builder().timeout_global(Some(Duration::from_secs(30)));
    config.http_status_as_error(false).build().into()
}

fn answer(
    answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>,
) -> Option<(u16, String)> {
    let mut answer = answer.ok()?;
    let mut body = String::new();
    answer.body_mut().as_reader().read_to_string(&mut body).ok()?;
    Some((answer.status().as_u16(), body))
}
