//! Who runs against whom, and how each is started: as a process of its own, with the same topic and
//! the same list.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use ::tidegate::rules::Source;

use super::broker::{Broker, tools};
use super::made::{Made, SIZES, list_file};
use super::process::{Process, line};
use super::{is_asked_for, tidegate, topics};
use crate::patterns::{self, View};
use crate::rival::FLAG;

/// Posts of one author from which on [`Pack::Counts`] acts: so few that all planted posts lead to an event
/// once the posts have come round a second time.
const COUNTED: usize = 2;

/// What a rival is.
#[derive(Clone, Copy)]
pub enum Kind {
    Tidegate(Pack),
    /// Of this crate, by the name that `rival` knows.
    Rust(&'static str),
    Streams,
    Flink,
}

/// What Tidegate looks for.
#[derive(Clone, Copy)]
pub enum Pack {
    /// The list, in this view.
    Finds(View),
    /// That in all views, and with a second rule, whose events are those that are looked at, what an author
    /// writes again.
    Counts,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Guarantee {
    ExactlyOnce,
    AtLeastOnce,
    /// It writes nothing.
    Nothing,
}

impl Guarantee {
    /// To the rivals.
    fn name(self) -> &'static str {
        match self {
            Self::ExactlyOnce => "exactly-once",
            Self::AtLeastOnce => "at-least-once",
            Self::Nothing => "nothing",
        }
    }

    /// To who reads the tables.
    pub fn shown(self) -> &'static str {
        match self {
            Self::ExactlyOnce => "exactly once",
            Self::AtLeastOnce => "at least once",
            Self::Nothing => "–",
        }
    }
}

/// One line of a table.
#[derive(Clone, Copy)]
pub struct Rival {
    pub kind: Kind,
    pub label: &'static str,
    pub guarantee: Guarantee,
    /// Between commits.
    pub interval_ms: u32,
    /// How long a producer may wait for more; Tidegate decides for itself.
    pub linger_ms: u32,
    pub size: usize,
}

impl Rival {
    pub fn writes(&self) -> bool {
        self.guarantee != Guarantee::Nothing
    }

    /// With what `PEERS_ONLY` is compared.
    pub fn full_name(&self) -> String {
        let Self { label, interval_ms, size, .. } = self;
        format!("{label}, {}, {interval_ms} ms, {size}", self.guarantee.shown())
    }
}

/// What one run of one rival is given.
pub struct Job<'a> {
    pub servers: &'a str,
    /// Of this run: group, transactional id, and what its topics begin with.
    pub name: &'a str,
    pub posts: &'a str,
    /// For what it writes beside Kafka.
    pub folder: PathBuf,
    pub guarantee: Guarantee,
    pub interval_ms: u32,
}

/// A rival that runs.
pub struct Running {
    pub process: Process,
    pub group: String,
    /// Where its events go.
    pub events: String,
}

/// The place of all runs.
pub struct Stage<'a> {
    pub broker: &'a Broker,
    pub folder: &'a Path,
    pub made: &'a Made,
}

impl Stage<'_> {
    /// Starts a rival on a topic of posts. The run's name is new to the broker.
    pub fn start(&self, rival: &Rival, name: &str, posts: &str) -> Running {
        let servers = self.broker.servers();
        let folder = self.folder.join(name);
        fs::create_dir_all(&folder).expect("the folder of the build can be written");
        let log = folder.join("log");
        let Rival { guarantee, interval_ms, .. } = *rival;
        let list = self.made.list(rival.size);
        let job = Job { servers: &servers, name, posts, folder, guarantee, interval_ms };
        let group = name.to_owned();
        if let Kind::Tidegate(pack) = rival.kind {
            let (pack, events) = self.pack(pack, list, name);
            let words = tidegate::prepare(&job, pack, &tidegate::ONE_WORKER);
            return Running { process: Process::start(&words, &log), group, events };
        }
        let events = format!("{name}-events");
        if rival.writes() {
            topics::make(&servers, &events, topics::OUTPUTS);
        }
        let mut words = program(rival.kind);
        words.extend(line(self.settings(rival, &job, &events)));
        Running { process: Process::start(&words, &log), group, events }
    }

    /// The pack of a Tidegate, and the topic of the events that are looked at.
    fn pack(&self, pack: Pack, list: &[String], name: &str) -> (Source, String) {
        match pack {
            Pack::Finds(view) => (patterns::source(list, view), tidegate::takedowns(name)),
            Pack::Counts => {
                let mut source = patterns::source(list, View::Unmasked);
                patterns::add_counting(&mut source, self.made.list(SIZES[0]), COUNTED);
                (source, tidegate::referrals(name))
            }
        }
    }

    /// What every peer is told, in Rust and in Java.
    fn settings(&self, rival: &Rival, job: &Job<'_>, events: &str) -> Vec<String> {
        let list = list_file(self.folder, rival.size);
        vec![
            format!("servers={}", job.servers),
            format!("group={}", job.name),
            format!("posts={}", job.posts),
            format!("events={events}"),
            format!("list={}", list.display()),
            format!("folder={}", job.folder.display()),
            format!("guarantee={}", rival.guarantee.name()),
            format!("interval_ms={}", rival.interval_ms),
            format!("linger_ms={}", rival.linger_ms),
        ]
    }
}

/// What starts a peer, up to its settings.
fn program(kind: Kind) -> Vec<OsString> {
    match kind {
        Kind::Tidegate(_) => panic!("Tidegate has a configuration"),
        Kind::Rust(name) => {
            let own = std::env::current_exe().expect("a program knows where it is");
            line([own, FLAG.into(), name.into()])
        }
        Kind::Streams => java("streams", "-Xmx1g", "Streams"),
        Kind::Flink => java("flink", "-Xmx1500m", "Flink"),
    }
}

/// Is a rival of this kind asked for by this name, and can it run? Says why it cannot.
pub fn is_wanted(kind: Kind, name: &str) -> bool {
    if !can_run(kind) {
        println!("Not among them: {name}; its jars are missing.\n");
        return false;
    }
    is_asked_for(name)
}

/// True where `./dev bench peers` could make it.
fn can_run(kind: Kind) -> bool {
    match kind {
        Kind::Tidegate(_) | Kind::Rust(_) => true,
        Kind::Streams => jars("streams").join("classes").is_dir(),
        Kind::Flink => jars("flink").join("classes").is_dir(),
    }
}

fn jars(peer: &str) -> PathBuf {
    tools().join("peers").join(peer)
}

fn java(peer: &str, heap: &str, class: &str) -> Vec<OsString> {
    let jars = jars(peer);
    let path = format!("{}:{}/*", jars.join("classes").display(), jars.join("libs").display());
    let mut words = line(["java", heap, "-XX:+UseParallelGC"]);
    // Flink's serialisers look into classes of the JDK.
    words.extend(line(["--add-opens=java.base/java.util=ALL-UNNAMED"]));
    words.extend(line(["-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-cp", &path, class]));
    words
}
