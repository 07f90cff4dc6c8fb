//! What the Kafka log is opened with, and which librdkafka settings it keeps to itself.

use std::collections::BTreeMap;
use std::time::Duration;

use rdkafka::config::{ClientConfig, RDKafkaLogLevel};

use crate::record::{Inputs, Topic};

/// Bytes a dead letter may be larger than the largest input record: its own headers.
pub const DEADLETTER_ROOM_BYTES: usize = 64 * 1024;

/// How one worker reaches Kafka. Plain values: the configuration checks what it can before.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `host:port`, comma separated.
    pub servers: String,
    /// Consumer group of the deployment.
    pub group: String,
    /// What all topics of Tidegate, and its transactional ids, begin with.
    pub prefix: String,
    /// Full names of the input topics with posts, at least one.
    pub posts: Vec<String>,
    /// Name of this process, the same after a restart and unlike that of any other process.
    pub instance: String,
    /// Number of the worker within the process.
    pub slot: u16,
    /// Events, state and offsets together or not at all; else each at least once.
    pub exactly_once: bool,
    /// After this the broker aborts a transaction nobody ends.
    pub transaction_timeout: Duration,
    /// Largest input record, bytes.
    pub input_bytes_max: usize,
    /// Any librdkafka setting, for all clients: TLS, SASL and so on.
    pub client: BTreeMap<String, String>,
    /// Settings for consumers only; they win over `client`.
    pub consumer: BTreeMap<String, String>,
    /// Settings for producers only; they win over `client`.
    pub producer: BTreeMap<String, String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            servers: "127.0.0.1:9092".to_owned(),
            group: "tidegate".to_owned(),
            prefix: "tidegate.".to_owned(),
            posts: vec!["posts".to_owned()],
            instance: "tidegate".to_owned(),
            slot: 0,
            exactly_once: true,
            transaction_timeout: Duration::from_secs(10),
            input_bytes_max: 1024 * 1024,
            client: BTreeMap::new(),
            consumer: BTreeMap::new(),
            producer: BTreeMap::new(),
        }
    }
}

/// Settings that exactly-once, or the loop, rests on: (librdkafka key, why, or what to set instead).
pub const FIXED: &[(&str, &str)] = &[
    ("bootstrap.servers", "use `kafka.brokers`"),
    ("metadata.broker.list", "use `kafka.brokers`"),
    ("group.id", "use `kafka.group`"),
    ("group.instance.id", "use `kafka.instance`"),
    ("transactional.id", "it is made of `deployment` and `kafka.instance`"),
    ("transaction.timeout.ms", "the next process waits so long for one that is gone"),
    ("enable.auto.commit", "offsets are committed in the transaction"),
    ("enable.auto.offset.store", "offsets are committed in the transaction"),
    ("auto.offset.reset", "a partition without a commit is read from its beginning"),
    ("isolation.level", "aborted records must never be read"),
    ("enable.partition.eof", "the log decides it for each reader"),
    ("partition.assignment.strategy", "the loop relies on cooperative-sticky"),
    ("group.protocol", "the loop relies on the classic protocol"),
    ("group.remote.assignor", "the loop relies on the classic protocol"),
    ("enable.idempotence", "transactions need it"),
    ("acks", "transactions need all"),
    ("request.required.acks", "transactions need all"),
    ("partitioner", "keys must keep the partitions that other clients expect"),
    ("allow.auto.create.topics", "topics are made by `tidegate topics create`"),
    ("delivery.report.only.error", "the log waits for every report"),
    ("log.queue", "the log reads librdkafka's lines itself"),
    ("debug", "use `log_output.level`"),
];

impl Settings {
    /// Everything wrong with these settings that shows without a broker; empty if nothing is.
    #[must_use]
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        let names =
            [("servers", &self.servers), ("group", &self.group), ("instance", &self.instance)];
        for (name, value) in names {
            if value.trim().is_empty() {
                faults.push(format!("kafka: {name} is empty: set it"));
            }
        }
        if self.posts.is_empty() {
            faults.push("kafka: no topic with posts: name at least one".to_owned());
        }
        let sections =
            [("client", &self.client), ("consumer", &self.consumer), ("producer", &self.producer)];
        for (section, map) in sections {
            let set = FIXED.iter().filter(|(key, _)| map.contains_key(*key));
            faults.extend(set.map(|(key, instead)| {
                format!("kafka.{section}.{key}: is set by Tidegate: {instead}")
            }));
        }
        faults
    }

    /// Full name of a topic Tidegate writes to.
    #[must_use]
    pub fn topic(&self, topic: Topic) -> String {
        format!("{}{}", self.prefix, topic.name())
    }

    /// The input topics: posts, then signals.
    #[must_use]
    pub fn inputs(&self) -> Inputs {
        Inputs::new(&self.posts, &self.topic(Topic::Signals))
    }

    /// Largest record that is ever written, bytes.
    #[must_use]
    pub fn record_bytes_max(&self) -> usize {
        self.input_bytes_max + DEADLETTER_ROOM_BYTES
    }

    fn member(&self) -> String {
        format!("{}-{}", self.instance, self.slot)
    }

    /// The same after each restart, so that `init_transactions` ends what a killed process left.
    pub(super) fn transactional_id(&self) -> String {
        format!("{}{}.{}", self.prefix, self.group, self.member())
    }

    fn base(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        // Info: the line that betrays a failed coordinator connection has this level.
        config.set_log_level(RDKafkaLogLevel::Info);
        config
            .set("client.id", format!("tidegate-{}", self.member()))
            // A broker that does not answer for ten seconds is gone; the default is a minute.
            .set("socket.timeout.ms", "10000")
            .set("socket.keepalive.enable", "true")
            // Back within a second of the broker, not within ten.
            .set("reconnect.backoff.max.ms", "1000");
        extend(&mut config, &self.client);
        config.set("bootstrap.servers", &self.servers);
        config
    }

    /// A client that only asks and creates.
    pub(super) fn admin(&self) -> ClientConfig {
        self.base()
    }

    /// Without a group: reads by assignment only, knows nothing but servers and credentials.
    pub(super) fn reader(&self) -> ClientConfig {
        let mut config = self.base();
        // The end of a partition is told only when a fetch comes back: a restore waits for it.
        config.set("fetch.wait.max.ms", "20");
        self.reading(config)
    }

    /// What every consumer has that reads for Tidegate, over what the operator sets.
    fn reading(&self, mut config: ClientConfig) -> ClientConfig {
        extend(&mut config, &self.client);
        extend(&mut config, &self.consumer);
        config
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            .set("auto.offset.reset", "earliest")
            .set("allow.auto.create.topics", "false")
            .set("isolation.level", "read_committed");
        config
    }

    /// The member of the group.
    pub(super) fn member_consumer(&self) -> ClientConfig {
        let mut config = self.base();
        config
            .set("queued.max.messages.kbytes", "32768")
            .set("fetch.message.max.bytes", "4194304")
            // The default of a second stalls the worker each time its queue was full.
            .set("fetch.queue.backoff.ms", "10");
        if self.exactly_once {
            // Nothing shows before the commit, so a few records may wait for more: less than half of the
            // processor time at 1,000 posts a second (benches/README.md), for some milliseconds.
            config.set("fetch.min.bytes", "8192").set("fetch.wait.max.ms", "10");
        } else {
            config.set("fetch.wait.max.ms", "50");
        }
        let mut config = self.reading(config);
        config
            .set("group.id", &self.group)
            .set("group.instance.id", self.member())
            .set("partition.assignment.strategy", "cooperative-sticky");
        config
    }

    /// A producer that is safe to retry, without transactions.
    pub(super) fn plain_producer(&self) -> ClientConfig {
        let mut config = self.base();
        config
            .set("compression.type", "lz4")
            .set("message.max.bytes", self.record_bytes_max().to_string());
        extend(&mut config, &self.client);
        extend(&mut config, &self.producer);
        config
            .set("enable.idempotence", "true")
            .set("acks", "all")
            // Java's default for keys: consumers and other producers agree on the partition.
            .set("partitioner", "murmur2_random");
        config
    }

    /// The transactional producer of a worker.
    pub(super) fn worker_producer(&self) -> ClientConfig {
        let mut config = self.plain_producer();
        let set_by_user =
            |key: &str| self.client.contains_key(key) || self.producer.contains_key(key);
        let defaults = [
            // A commit waits for the last record to be sent, so lingering is paid each time.
            ("linger.ms", "1"),
            // The broker answers "concurrent transactions" for a moment after each commit; with
            // the default every commit in a row costs 100 ms.
            ("retry.backoff.ms", "1"),
            ("queue.buffering.max.kbytes", "16384"),
        ];
        for (key, value) in defaults {
            if !set_by_user(key) {
                config.set(key, value);
            }
        }
        let timeout = self.transaction_timeout.as_millis();
        // librdkafka wants requests to time out before the transaction does.
        let socket = config.get("socket.timeout.ms").and_then(|value| value.parse().ok());
        config.set("socket.timeout.ms", socket.unwrap_or(timeout).min(timeout).to_string());
        if self.exactly_once {
            config
                .set("transactional.id", self.transactional_id())
                .set("transaction.timeout.ms", timeout.to_string());
        }
        config
            // A record that cannot be delivered must fail before its transaction expires.
            .set("message.timeout.ms", (timeout * 4 / 5).to_string());
        config
    }
}

fn extend(config: &mut ClientConfig, map: &BTreeMap<String, String>) {
    for (key, value) in map {
        config.set(key, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_that_exactly_once_rests_on_are_refused_in_every_section() {
        for (key, _) in FIXED {
            let map = BTreeMap::from([((*key).to_owned(), "x".to_owned())]);
            let settings = Settings {
                client: map.clone(),
                consumer: map.clone(),
                producer: map,
                ..Settings::default()
            };
            let faults = settings.faults();
            assert_eq!(faults.len(), 3, "{key}: {faults:?}");
            assert!(faults.iter().all(|fault| fault.contains(key)));
        }
        assert_eq!(Settings::default().faults(), Vec::<String>::new());
    }

    #[test]
    fn a_section_wins_over_client_and_client_over_defaults() {
        let pair = |value: &str| BTreeMap::from([("linger.ms".to_owned(), value.to_owned())]);
        let mut settings = Settings::default();
        assert_eq!(settings.worker_producer().get("linger.ms"), Some("1"));
        settings.client = pair("2");
        assert_eq!(settings.worker_producer().get("linger.ms"), Some("2"));
        settings.producer = pair("3");
        assert_eq!(settings.worker_producer().get("linger.ms"), Some("3"));
    }

    #[test]
    fn ids_are_stable_and_differ_by_slot() {
        let first = Settings { instance: "node-a".to_owned(), ..Settings::default() };
        let second = Settings { slot: 1, ..first.clone() };
        assert_eq!(first.transactional_id(), "tidegate.tidegate.node-a-0");
        assert_eq!(second.transactional_id(), "tidegate.tidegate.node-a-1");
        assert_eq!(second.member_consumer().get("group.instance.id"), Some("node-a-1"));
    }
}
