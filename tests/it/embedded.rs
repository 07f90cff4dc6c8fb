//! The scenarios on the log in a file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::Value;
use tidegate::log::Log;
use tidegate::log::embedded::{Embedded, NewRecord, Settings, Span};
use tidegate::record::{InputId, Partition, Topic};

use crate::desk::{
    Desk, a_channel_is_reinstated, a_rule_is_held_back_at_its_limit_until_it_is_lifted,
};
use crate::node::{Node, until};
use crate::scenarios::{self, Row, Stage};

/// The log in a file, and the service on it while it runs.
struct OnFile {
    folder: tempfile::TempDir,
    node: Option<Node>,
    log: String,
}

/// The configuration for a log in the folder of its file.
pub(crate) fn config(pack: &str) -> String {
    let common = scenarios::common(pack);
    format!("{common}\n[log]\nbackend = \"embedded\"\n\n[embedded]\npath = \"posts.log\"\n")
}

/// Opens the log that [`config`] names; nobody else may have it.
pub(crate) fn open(folder: &Path) -> Arc<Embedded> {
    let path: PathBuf = folder.join("posts.log");
    let settings = Settings { partitions: 8, signal_partitions: 8, ..Settings::new(path) };
    Embedded::open(settings).unwrap()
}

/// All committed records of a topic.
pub(crate) fn rows(log: &Arc<Embedded>, topic: Topic) -> Vec<Row> {
    if topic == Topic::State {
        return state(log);
    }
    let name = log.name(topic);
    let mut rows = Vec::new();
    for partition in 0..i32::try_from(log.ends(&name).len()).unwrap() {
        let all = Span { from: 0, records_max: usize::MAX, bytes_max: usize::MAX };
        rows.extend(log.read(&name, partition, all).unwrap().into_iter().map(|record| Row {
            key: record.key,
            value: record.value,
            headers: record.headers.into_iter().collect(),
        }));
    }
    rows
}

fn state(log: &Arc<Embedded>) -> Vec<Row> {
    let mut worker = log.worker(0, 1);
    let mut rows = Vec::new();
    for number in 0..worker.signal_partitions() {
        let signals = Partition { input: InputId(1), number };
        let mut keep = |key: &[u8], value: Option<&[u8]>| {
            let (key, value) = (Some(key.to_vec()), value.map(<[u8]>::to_vec));
            rows.push(Row { key, value, headers: BTreeMap::new() });
        };
        worker.restore(signals, &mut keep).unwrap();
    }
    rows
}

/// Can these records be sent as lines and come out of the log the same?
fn fit_lines(records: &[(Option<&str>, Option<&[u8]>)]) -> bool {
    records.iter().all(|(_, value)| {
        value.is_some_and(|value| {
            !value.is_empty() && value.trim_ascii() == value && !value.contains(&b'\n')
        })
    })
}

impl OnFile {
    fn new() -> Self {
        Self { folder: scenarios::folder(), node: None, log: String::new() }
    }

    fn node(&self) -> &Node {
        self.node.as_ref().expect("the service runs")
    }

    fn append(&self, records: &[(Option<&str>, Option<&[u8]>)]) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
        let record = |&(key, value): &(Option<&str>, Option<&[u8]>)| NewRecord {
            input: InputId(0),
            key: key.map(|key| key.as_bytes().to_vec()),
            value: value.map(<[u8]>::to_vec),
            headers: Vec::new(),
            time_ms: i64::try_from(now).unwrap(),
        };
        let log = open(self.folder.path());
        log.append(records.iter().map(record).collect()).unwrap();
        log.close().unwrap();
    }
}

impl Stage for OnFile {
    fn start(&mut self) {
        self.node = Some(Node::start(self.folder.path(), &config(scenarios::PACK)));
    }

    fn kill(&mut self) {
        self.log += &self.node.take().expect("the service runs").kill();
    }

    fn stop(&mut self) {
        self.log += &self.node.take().expect("the service runs").stop();
    }

    fn produce(&mut self, records: &[(Option<&str>, Option<&[u8]>)]) {
        if fit_lines(records) {
            let lines: Vec<&[u8]> = records.iter().filter_map(|(_, value)| *value).collect();
            let answer = self.node().post("/api/v1/posts", &lines.join(&b'\n'));
            let expected = format!("{{\"accepted\":{}}}", records.len());
            assert_eq!(answer, Some((202, expected)));
            return;
        }
        self.stop();
        self.append(records);
        self.start();
    }

    fn settle(&mut self) {
        // What is told once a second may be older than what was sent last, of each hop once.
        let mut quiet = 0;
        until("all is consumed", || {
            quiet = if self.node().lag() == Some(0.0) { quiet + 1 } else { 0 };
            std::thread::sleep(Duration::from_millis(1_100));
            (quiet == 3).then_some(())
        });
    }

    fn read(&mut self, topic: Topic) -> Vec<Row> {
        if self.node.is_some() {
            self.stop();
        }
        rows(&open(self.folder.path()), topic)
    }

    fn metric(&self, series: &str) -> f64 {
        self.node().metric(series)
    }

    fn log(&self) -> String {
        self.log.clone() + &self.node.as_ref().map(Node::log).unwrap_or_default()
    }
}

#[test]
fn every_post_goes_where_its_rule_says() {
    scenarios::every_post_goes_where_its_rule_says(&mut OnFile::new());
}

#[test]
fn bad_input_is_set_aside_with_its_reason() {
    scenarios::bad_input_is_set_aside_with_its_reason(&mut OnFile::new());
}

#[test]
fn a_count_goes_on_after_a_crash() {
    scenarios::a_count_goes_on_after_a_crash(&mut OnFile::new());
}

#[test]
fn a_channel_is_acted_on_once_across_crashes() {
    scenarios::a_channel_is_acted_on_once_across_crashes(&mut OnFile::new());
}

#[test]
fn no_text_of_a_post_comes_out() {
    scenarios::no_text_of_a_post_comes_out(&mut OnFile::new());
}

#[test]
fn a_critical_takedown_waits_for_no_interval() {
    let folder = scenarios::folder();
    let pack = |severity: &str| {
        format!(
            "id: safety.{severity}\ntitle: t\nseverity: {severity}\npatterns:\n  a: {{any: \
             [{severity}wort]}}\ncondition: a\nactions: [remove_post]\ntests:\n  - fires: \
             {severity}wort\n  - quiet: bread\n---\n"
        )
    };
    std::fs::create_dir_all(folder.path().join("pack/rules")).unwrap();
    let manifest = "name: p\nversion: \"1\"\nowner: o@example.org\ndefaults: {status: live}\n";
    std::fs::write(folder.path().join("pack/pack.yaml"), manifest).unwrap();
    let rules = pack("high") + &pack("critical");
    std::fs::write(folder.path().join("pack/rules/r.yaml"), rules).unwrap();
    let pack = folder.path().join("pack");
    let config = config(pack.to_str().unwrap()) + "\n[delivery]\ninterval = \"10s\"\n";
    let node = Node::start(folder.path(), &config);
    let send = |id: &str, text: &str| {
        let answer = node.post("/api/v1/posts", &scenarios::post(id, "c1", "a1", text));
        assert_eq!(answer.map(|(status, _)| status), Some(202));
    };
    send("p1", "highwort");
    std::thread::sleep(Duration::from_secs(1));
    assert!(node.takedowns().is_empty(), "it waits for its interval");
    let sent = Instant::now();
    send("p2", "criticalwort");
    until("the second", || {
        let seen = node.takedowns();
        seen.iter().any(|takedown| takedown["subject"]["id"] == "p2").then_some(())
    });
    assert!(sent.elapsed() < Duration::from_secs(3), "{:?}", sent.elapsed());
    drop(node.stop());
}

#[test]
fn a_post_over_the_limit_is_taken_over_http_and_set_aside() {
    let mut stage = OnFile::new();
    stage.start();
    let large = scenarios::post("p1", "c1", "a1", &"blorp ".repeat(1 << 18));
    stage.produce(&[(Some("c1"), Some(&large)), (Some("c1"), Some(b"{\"no\": \xff}"))]);
    stage.settle();
    let aside = stage.metric("tidegate_posts_total{outcome=\"dead_lettered\"}");
    assert!((aside - 2.0).abs() < 0.1, "{aside}");
    let letters = stage.read(Topic::Deadletters);
    let mut reasons: Vec<_> = letters.iter().map(|row| row.header("tidegate_reason")).collect();
    reasons.sort();
    assert_eq!(reasons, ["not_utf8", "too_large"]);
    let cut = letters.iter().find(|row| row.header("tidegate_reason") == "too_large").unwrap();
    assert_eq!(cut.header("tidegate_truncated"), large.len().to_string());
    assert_eq!(cut.value.as_deref(), large.get(..64 << 10));
    assert!(stage.read(Topic::Takedowns).is_empty());
}

#[test]
fn a_changed_folder_is_read_while_the_service_runs_and_a_broken_one_is_not() {
    let folder = scenarios::folder();
    let pack = crate::cli::pack_with(folder.path(), "condition: item", "condition: item");
    let common = config(scenarios::PACK);
    let dir = common.lines().find(|line| line.starts_with("dir = ")).unwrap();
    let node = Node::start(folder.path(), &common.replace(dir, "dir = \"pack\""));
    let fires = |text: &str| {
        let (status, verdict) =
            node.post("/api/v1/screen", &scenarios::post("p", "c", "a", text))?;
        assert_eq!(status, 200);
        let verdict: Value = serde_json::from_str(&verdict).unwrap();
        Some(!verdict["takedowns"].as_array()?.is_empty())
    };
    assert_eq!(fires("a flimwort"), Some(false));
    let rules = pack.join("rules/all.yaml");
    let before = std::fs::read_to_string(&rules).unwrap();
    let write = |text: &str| std::fs::write(&rules, text).unwrap();
    write(&before.replace("condition: item", "condition: itm"));
    until("it is refused", || node.log().contains("the last good rules stay").then_some(()));
    assert_eq!(fires("a blorp"), Some(true));
    let refused = node.metric("tidegate_packs_refused_total{pack=\"all\",reason=\"rules\"}");
    assert!((refused - 1.0).abs() < 0.1, "{refused}");
    write(&before.replace("blorp", "splint"));
    until("it is taken", || (fires("a splint") == Some(true)).then_some(()));
    assert_eq!(fires("a blorp"), Some(false));
    drop(node.stop());
}

#[test]
fn takedowns_are_followed_and_rules_explained_over_http() {
    use std::io::{BufRead, BufReader, Write};
    let folder = scenarios::folder();
    let node = Node::start(folder.path(), &config(scenarios::PACK));
    let mut stream = std::net::TcpStream::connect(node.api()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let host = node.api();
    let head = format!("GET /api/v1/takedowns/stream HTTP/1.1\r\nhost: {host}\r\n\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    let mut lines = BufReader::new(stream).lines().map(Result::unwrap);
    let mut next = || {
        let data = lines.find_map(|line| line.strip_prefix("data: ").map(str::to_owned)).unwrap();
        serde_json::from_str::<Value>(&data).unwrap()
    };
    for id in ["p1", "p2"] {
        let post = scenarios::post(id, "c1", "a1", "a bl0rp");
        assert_eq!(node.post("/api/v1/posts", &post).unwrap().0, 202);
        assert_eq!(next()["subject"]["id"], id);
    }
    let post = scenarios::post("p", "c", "a", "buy bl0rp now");
    let (status, said) = node.post("/api/v1/explain?rule=drugs.direct", &post).unwrap();
    assert_eq!(status, 200, "{said}");
    let said: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(said["rules"][0]["fires"], true);
    assert_eq!(said["pieces"][0]["odd"][0]["plain"], "blorp");
    let (status, said) = node.post("/api/v1/explain?rule=drugs.none", &post).unwrap();
    assert_eq!((status, said.contains("no rule in force has this id")), (400, true), "{said}");
    drop(node.stop());
}

/// A running service and a file that names its API.
struct Running {
    _folder: tempfile::TempDir,
    config: PathBuf,
    node: Node,
}

impl Desk for Running {
    fn config(&self) -> &Path {
        &self.config
    }

    fn take(&self, _: &str, post: &[u8]) {
        let strikes = || self.node.metric("tidegate_signals_total");
        let before = strikes();
        assert_eq!(self.node.post("/api/v1/posts", post).unwrap().0, 202);
        until("its strike is taken", || (strikes() > before).then_some(()));
    }

    fn send(&self, posts: &[(String, Vec<u8>)]) {
        let lines: Vec<&[u8]> = posts.iter().map(|(_, post)| &post[..]).collect();
        assert_eq!(self.node.post("/api/v1/posts", &lines.join(&b'\n')).unwrap().0, 202);
    }

    fn takedowns(&self) -> Vec<Value> {
        self.node.takedowns()
    }

    fn metric(&self, series: &str) -> f64 {
        self.node.metric(series)
    }
}

impl Running {
    fn start() -> Self {
        let folder = scenarios::folder();
        let native = config(scenarios::PACK);
        let node = Node::start(folder.path(), &native);
        let config = folder.path().join("asks.toml");
        let http = format!("{native}\n[http]\napi = \"{}\"\n", node.api());
        std::fs::write(&config, http).unwrap();
        Self { _folder: folder, config, node }
    }
}

#[test]
fn a_channel_is_reinstated_over_http() {
    let running = Running::start();
    a_channel_is_reinstated(&running);
    let log = running.node.stop();
    assert!(!log.contains("appeal 7"), "what people wrote stays out of the log");
}

#[test]
fn a_rule_above_its_limit_is_held_back_in_the_log_of_one_machine() {
    let running = Running::start();
    a_rule_is_held_back_at_its_limit_until_it_is_lifted(&running, 1);
    let log = running.node.stop();
    assert!(log.contains("above its limit and held back"), "{log}");
}

/// The last process ended twice while it had the first record of each partition in hand alone.
#[test]
fn a_record_that_ended_the_process_again_and_again_is_set_aside_and_those_behind_it_are_not() {
    let folder = scenarios::folder();
    let slots = folder.path().join("notes");
    std::fs::create_dir(&slots).unwrap();
    let place = |partition: i32| serde_json::json!({"topic": "tidegate.posts", "partition": partition, "from": 0, "to": 2});
    let blamed = |partition: i32| serde_json::json!(["tidegate.posts", partition, 0, 1]);
    for (worker, partition) in [(0, 0), (1, 1)] {
        let own: Vec<i32> = (partition..8).step_by(2).collect();
        let note = serde_json::json!({
            "taken": own.iter().map(|at| place(*at)).collect::<Vec<_>>(),
            "named": ["tidegate.posts", own[0], 0],
            "blamed": own.iter().map(|at| blamed(*at)).collect::<Vec<_>>(),
        });
        let once = note.to_string();
        // Named once only: all but the one that was in hand have another chance.
        std::fs::write(slots.join(format!("{worker}.slot")), once).unwrap();
    }
    let native = config(scenarios::PACK) + "\n[delivery]\nslots = \"notes\"\n";
    let node = Node::start(folder.path(), &native);
    let posts: Vec<Vec<u8>> = (0..64)
        .map(|number| {
            scenarios::post(&format!("p{number}"), &format!("c{}", number % 32), "a1", "blorp")
        })
        .collect();
    assert_eq!(node.post("/api/v1/posts", &posts.join(&b'\n')).unwrap().0, 202);
    until("all are screened or set aside", || {
        Some(node.metric("tidegate_posts_total")).filter(|sum| *sum > 63.5)
    });
    assert_eq!(node.takedowns().len(), 62);
    let log = node.stop();
    assert!(log.contains("the last process ended here"), "{log}");
    let letters = rows(&open(folder.path()), Topic::Deadletters);
    assert_eq!(letters.len(), 2);
    for letter in letters {
        assert_eq!(letter.header("tidegate_reason"), "failed");
        assert_eq!(letter.header("tidegate_offset"), "0");
        assert!(letter.header("tidegate_detail").contains("ended three times"), "{letter:?}");
    }
    for worker in [0, 1] {
        let note = std::fs::read_to_string(slots.join(format!("{worker}.slot"))).unwrap();
        let note: Value = serde_json::from_str(note.lines().next().unwrap()).unwrap();
        assert_eq!(note["taken"].as_array().unwrap().len(), 0, "who leaves leaves nothing");
    }
}
