//! The peers in Rust, each run as a process of its own: this program called again, with a first
//! argument that is for the bench alone.
//!
//! They are what a careful engineer would write: rdkafka, serde_json into a struct of six fields,
//! NFKC and lower case by ICU4X, an automaton or a table of words, and a transaction that takes the
//! offsets along.

mod finders;
mod floor;
mod ordinary;
mod outlet;

use std::collections::HashMap;

use rdkafka::config::ClientConfig;

use crate::kafka::topics;

/// The first argument of such a process.
pub const FLAG: &str = "--rival";

/// What a process was told: words of the form `name=value`.
pub struct Asked(HashMap<String, String>);

impl Asked {
    fn read(words: &[String]) -> Self {
        let pair = |word: &String| {
            let (name, value) = word.split_once('=').expect("a setting is name=value");
            (name.to_owned(), value.to_owned())
        };
        Self(words.iter().map(pair).collect())
    }

    pub fn text(&self, name: &str) -> &str {
        self.0.get(name).unwrap_or_else(|| panic!("{name} is not set"))
    }

    pub fn number(&self, name: &str) -> u64 {
        self.text(name).parse().expect("it is a number")
    }

    /// A consumer that fetches as fast as a broker gives.
    fn consumer(&self) -> ClientConfig {
        let mut config = topics::client(self.text("servers"));
        config
            .set("group.id", self.text("group"))
            .set("auto.offset.reset", "earliest")
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            .set("isolation.level", "read_committed")
            .set("queued.min.messages", "200000")
            .set("queued.max.messages.kbytes", "262144")
            .set("fetch.message.max.bytes", "4194304")
            .set("fetch.wait.max.ms", "20")
            // The default of a second stalls a consumer each time that its queue was full.
            .set("fetch.queue.backoff.ms", "10");
        config
    }
}

/// Runs until it is killed.
pub fn run(words: &[String]) {
    let (name, settings) = words.split_first().expect("a rival has a name");
    let asked = Asked::read(settings);
    match name.as_str() {
        "floor-batch" => floor::in_batches(&asked),
        "floor-poll" => floor::one_by_one(&asked),
        "bare" => ordinary::bare(&asked),
        "aho-corasick" => ordinary::run(&asked, finders::Automaton::new(&entries(&asked))),
        "word-table" => ordinary::run(&asked, finders::WordTable::new(&entries(&asked))),
        unknown => panic!("no rival {unknown}"),
    }
}

/// The list that it looks for.
fn entries(asked: &Asked) -> Vec<String> {
    let text = std::fs::read_to_string(asked.text("list")).expect("the bench wrote the list");
    text.lines().map(str::to_owned).collect()
}
