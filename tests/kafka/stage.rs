//! The scenarios of the pipeline on Kafka: the built service as a process, posts through a plain
//! producer, results read as any consumer would, committed records only.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use serde_json::Value;
use tidegate::log::kafka::Settings;
use tidegate::log::kafka::feed::{Feed, Kept, read_committed};
use tidegate::record::Topic;

use crate::desk::{
    Desk, a_channel_is_reinstated, a_rule_is_held_back_at_its_limit_until_it_is_lifted,
};
use crate::node::{self, Node, until};
use crate::scenarios::{self, Row, Stage};
use crate::support::{self, committed, shared};

/// Largest record of the posts topic: it is not the service that decides what others send.
const POST_BYTES_MAX: usize = 4 << 20;

/// Rows of state that a partition of signals keeps: of the four here enough for a million.
const STATE_ROWS: usize = 500_000;

/// Partitions of posts and signals, which the workers share.
pub(crate) const PARTITIONS: f64 = 8.0;

/// A deployment of the service: its topics, its configuration, a folder.
pub(crate) struct Deployment {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) settings: Settings,
    pack: String,
    mode: &'static str,
}

impl Deployment {
    /// Makes the topics, by the command for that.
    pub(crate) fn make(servers: &str, pack: &'static str) -> Self {
        let folder = scenarios::folder();
        let settings = Settings { input_bytes_max: POST_BYTES_MAX, ..support::settings(servers) };
        let deployment = Self { folder, settings, pack: pack.to_owned(), mode: "exactly-once" };
        let path = deployment.folder.path().join("topics.toml");
        let larger = format!("\n[decode]\nmax_bytes = \"{POST_BYTES_MAX}B\"\n");
        std::fs::write(&path, deployment.config("node") + &larger).unwrap();
        // A copy on each broker.
        create_topics(&path, servers.split(',').count());
        deployment
    }

    /// With another `delivery.mode`.
    pub(crate) fn delivering(self, mode: &'static str) -> Self {
        Self { mode, ..self }
    }

    /// With a copy of its pack, which can be changed.
    pub(crate) fn with_own_pack(mut self) -> Self {
        let (root, own) = (Path::new(env!("CARGO_MANIFEST_DIR")), self.folder.path().join("pack"));
        std::fs::create_dir_all(own.join("rules")).unwrap();
        for file in ["pack.yaml", "rules/all.yaml"] {
            std::fs::copy(root.join(&self.pack).join(file), own.join(file)).unwrap();
        }
        self.pack = own.display().to_string();
        self
    }

    /// Changes the copy, so that it is taken anew: an edition like the last one.
    pub(crate) fn change_pack(&self, edition: u64) {
        let file = Path::new(&self.pack).join("pack.yaml");
        let text = std::fs::read_to_string(&file).unwrap();
        let text: Vec<&str> = text.lines().filter(|line| !line.starts_with("version")).collect();
        let fresh = format!("version: \"{edition}\"\n{}\n", text.join("\n"));
        let beside = Path::new(&self.pack).with_extension("new");
        std::fs::write(&beside, fresh).unwrap();
        std::fs::rename(&beside, &file).unwrap();
    }

    /// The configuration of the process with this name.
    pub(crate) fn config(&self, instance: &str) -> String {
        let Settings { servers, group, prefix, posts, consumer, .. } = &self.settings;
        let common = scenarios::common(&self.pack);
        let consumer: String =
            consumer.iter().map(|(key, value)| format!("\"{key}\" = \"{value}\"\n")).collect();
        format!(
            "{common}\n[log]\nbackend = \"kafka\"\n\n[kafka]\nbrokers = [\"{servers}\"]\n\
             prefix = \"{prefix}\"\nposts = [\"{}\"]\ngroup = \"{group}\"\n\
             instance = \"{instance}\"\n\n[kafka.consumer]\n{consumer}\n[delivery]\nslots = \"slots-{instance}\"\nmode = \"{}\"\nstate_rows = {STATE_ROWS}\n",
            posts[0], self.mode
        )
    }

    /// Starts a process with this name and does not wait.
    pub(crate) fn spawn(&self, instance: &str) -> Node {
        Node::spawn(self.folder.path(), &self.config(instance))
    }

    /// The same by a command that ends in the program.
    pub(crate) fn spawn_by(&self, command: Command, instance: &str) -> Node {
        Node::spawn_by(command, self.folder.path(), &self.config(instance), node::free_ports())
    }

    /// Starts a process with this name and waits until it has its partitions.
    pub(crate) fn start(&self, instance: &str) -> Node {
        Node::start(self.folder.path(), &self.config(instance))
    }

    /// All committed records of a topic.
    pub(crate) fn rows(&self, topic: Topic) -> Vec<Row> {
        let row = |kept: Kept| Row {
            key: kept.key,
            value: kept.value,
            headers: kept.headers.into_iter().collect(),
        };
        committed(&self.settings, topic).into_iter().map(row).collect()
    }

    /// A way into the posts topic.
    pub(crate) fn feed(&self) -> Feed {
        Feed::open(&self.settings, &self.settings.posts[0]).unwrap()
    }

    fn config_of_clients(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", &self.settings.servers);
        config.set("group.id", &self.settings.group);
        config
    }

    /// Sends what [`Feed`] does not: records without a key or a value.
    fn send_odd(&self, records: &[(Option<&str>, Option<&[u8]>)]) {
        let mut config = self.config_of_clients();
        config.set("message.max.bytes", POST_BYTES_MAX.to_string());
        let producer: BaseProducer = config.create().unwrap();
        for (key, value) in records {
            let mut record: BaseRecord<'_, str, [u8]> = BaseRecord::to(&self.settings.posts[0]);
            record.key = *key;
            record.payload = *value;
            producer.send(record).map_err(|(error, _)| error).unwrap();
        }
        producer.flush(support::SOON).unwrap();
        assert_eq!(producer.in_flight_count(), 0);
    }

    /// Has the group committed every record of this topic?
    fn is_consumed(&self, topic: &str) -> bool {
        let mut wanted = TopicPartitionList::new();
        for kept in read_committed(&self.settings, topic, &[]).unwrap() {
            let next = Offset::Offset(kept.offset + 1);
            match wanted.find_partition(topic, kept.partition) {
                Some(mut partition) => partition.set_offset(next).unwrap(),
                None => wanted.add_partition_offset(topic, kept.partition, next).unwrap(),
            }
        }
        let group: BaseConsumer = self.config_of_clients().create().unwrap();
        let has = group.committed_offsets(wanted.clone(), support::SOON).unwrap();
        let is_there = |partition: i32| {
            let at = |list: &TopicPartitionList| {
                let found = list.find_partition(topic, partition)?;
                found.offset().to_raw()
            };
            at(&has) >= at(&wanted)
        };
        wanted.elements().iter().all(|element| is_there(element.partition()))
    }

    /// Has the group consumed all posts, and then all signals they led to?
    pub(crate) fn is_settled(&self) -> bool {
        self.is_consumed(&self.settings.posts[0])
            && self.is_consumed(&self.settings.topic(Topic::Signals))
    }

    /// Waits until it has.
    pub(crate) fn settle(&self) {
        until("all is consumed", || {
            std::thread::sleep(Duration::from_millis(100));
            self.is_settled().then_some(())
        });
    }
}

fn create_topics(config: &Path, copies: usize) {
    let copies = copies.to_string();
    let sizes = ["--signals", "4", "--outputs", "2", "--posts", "4", "--replication", &copies];
    let done = Command::new(env!("CARGO_BIN_EXE_tidegate"))
        .args(["topics", "create", "--config"])
        .arg(config)
        .args(sizes)
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

/// The service on Kafka, for the scenarios.
struct OnKafka {
    deployment: Deployment,
    node: Option<Node>,
    log: String,
}

impl OnKafka {
    fn new() -> Self {
        let deployment = Deployment::make(&shared().servers(), scenarios::PACK);
        Self { deployment, node: None, log: String::new() }
    }
}

impl Stage for OnKafka {
    fn start(&mut self) {
        self.node = Some(self.deployment.start("node"));
    }

    fn kill(&mut self) {
        self.log += &self.node.take().expect("the service runs").kill();
    }

    fn stop(&mut self) {
        self.log += &self.node.take().expect("the service runs").stop();
    }

    fn produce(&mut self, records: &[(Option<&str>, Option<&[u8]>)]) {
        let whole: Option<Vec<_>> = records.iter().map(|(key, value)| key.zip(*value)).collect();
        let Some(whole) = whole else { return self.deployment.send_odd(records) };
        let feed = self.deployment.feed();
        for (key, value) in whole {
            feed.send(key.as_bytes(), value).unwrap();
        }
        assert_eq!(feed.flush().unwrap(), records.len() as u64);
    }

    fn settle(&mut self) {
        self.deployment.settle();
    }

    fn read(&mut self, topic: Topic) -> Vec<Row> {
        self.deployment.rows(topic)
    }

    fn metric(&self, series: &str) -> f64 {
        self.node.as_ref().expect("the service runs").metric(series)
    }

    fn log(&self) -> String {
        self.log.clone() + &self.node.as_ref().map(Node::log).unwrap_or_default()
    }
}

#[test]
fn every_post_goes_where_its_rule_says() {
    scenarios::every_post_goes_where_its_rule_says(&mut OnKafka::new());
}

#[test]
fn bad_input_is_set_aside_with_its_reason() {
    scenarios::bad_input_is_set_aside_with_its_reason(&mut OnKafka::new());
}

#[test]
fn a_count_goes_on_after_a_crash() {
    scenarios::a_count_goes_on_after_a_crash(&mut OnKafka::new());
}

#[test]
fn a_channel_is_acted_on_once_across_crashes() {
    scenarios::a_channel_is_acted_on_once_across_crashes(&mut OnKafka::new());
}

#[test]
fn no_text_of_a_post_comes_out() {
    scenarios::no_text_of_a_post_comes_out(&mut OnKafka::new());
}

/// Two processes, and a file for commands.
struct Running {
    deployment: Deployment,
    config: PathBuf,
    nodes: [Node; 2],
}

impl Desk for Running {
    fn config(&self) -> &Path {
        &self.config
    }

    fn take(&self, channel: &str, post: &[u8]) {
        let feed = self.deployment.feed();
        feed.send(channel.as_bytes(), post).unwrap();
        feed.flush().unwrap();
        self.deployment.settle();
    }

    fn send(&self, posts: &[(String, Vec<u8>)]) {
        let feed = self.deployment.feed();
        posts.iter().for_each(|(channel, post)| feed.send(channel.as_bytes(), post).unwrap());
        feed.flush().unwrap();
    }

    fn takedowns(&self) -> Vec<Value> {
        self.deployment.rows(Topic::Takedowns).iter().map(Row::json).collect()
    }

    fn metric(&self, series: &str) -> f64 {
        self.nodes.iter().map(|node| node.metric(series)).sum()
    }
}

impl Running {
    fn start() -> Self {
        let deployment = Deployment::make(&shared().servers(), scenarios::PACK);
        let config = deployment.folder.path().join("asks.toml");
        std::fs::write(&config, deployment.config("asks")).unwrap();
        let nodes = ["one", "two"].map(|name| deployment.start(name));
        Self { deployment, config, nodes }
    }
}

#[test]
fn a_channel_is_reinstated_by_whoever_owns_it() {
    a_channel_is_reinstated(&Running::start());
}

#[test]
fn a_rule_above_its_limit_is_held_back_in_every_process() {
    a_rule_is_held_back_at_its_limit_until_it_is_lifted(&Running::start(), 2);
}
