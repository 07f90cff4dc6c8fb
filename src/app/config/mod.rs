//! Configuration: TOML as written, then checked into what the process can use. All faults come at
//! once, each with its key and line. This is the only place that reads the environment.

mod check;
mod fault;
mod keys;
mod settings;
mod units;
mod written;

#[cfg(test)]
mod tests;

use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::control::Wanted;
use crate::decode::{FieldFault, Fields, Format};
use crate::sealed::PublicKey;

pub use fault::{ConfigError, Fault};
pub use keys::reference;
pub use settings::Settings;

/// What the process runs on; every value is checked, every default filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Name of the deployment.
    pub deployment: String,
    /// Worker threads, at least 1.
    pub workers: usize,
    /// Where posts come from and events go.
    pub log: Backend,
    /// When a transaction closes.
    pub delivery: Delivery,
    /// How posts are read.
    pub decode: Decode,
    /// Where rules come from.
    pub packs: Packs,
    /// Key of event and entry ids.
    pub id_key: IdKey,
    /// Ports and limits of HTTP.
    pub http: Http,
    /// Lines on stderr.
    pub log_output: LogOutput,
}

/// The two logs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Backend {
    /// A cluster.
    Kafka(Kafka),
    /// A file on this machine.
    Embedded(Embedded),
}

/// Where rules come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Packs {
    /// The folder of a pack, or of several.
    Folder(PathBuf),
    /// What was published on the topic.
    Published(Published),
}

/// Which published packs to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published {
    /// Their names, at least one.
    pub names: Vec<String>,
    /// Accepted keys, at least one.
    pub keys: Vec<PublicKey>,
    /// How many of them must have signed, 1 to as many as there are.
    pub signatures: usize,
    /// Folder of the last good editions.
    pub store: PathBuf,
}

impl Published {
    /// Which packs are to be in force, and whom to believe.
    #[must_use]
    pub fn wanted(&self) -> Wanted {
        Wanted { names: self.names.clone(), keys: self.keys.clone(), signatures: self.signatures }
    }
}

/// How to reach a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kafka {
    /// `host:port`, at least one.
    pub brokers: Vec<String>,
    /// What the names of written topics start with.
    pub prefix: String,
    /// Full names of the topics of posts, at least one.
    pub posts: Vec<String>,
    /// Consumer group.
    pub group: String,
    /// Name of this process in the group.
    pub instance: String,
    /// librdkafka settings of all connections.
    pub client: Settings,
    /// Those of consumers.
    pub consumer: Settings,
    /// Those of producers.
    pub producer: Settings,
}

/// The log in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Embedded {
    /// The file.
    pub path: PathBuf,
    /// Partitions of posts, at least 1.
    pub partitions: i32,
    /// Partitions of signals and state, at least 1.
    pub signal_partitions: i32,
    /// Bytes kept.
    pub retention_bytes: u64,
    /// Time kept.
    pub retention_age: Duration,
}

/// When a transaction closes, how much state is kept, and where it is noted what is taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// After this time.
    pub interval: Duration,
    /// With this many bytes of output.
    pub max_bytes: usize,
    /// Rows of state of each kind that a partition of signals keeps.
    pub state_rows: usize,
    /// All in one transaction, on Kafka; the log in a file knows no other way.
    pub exactly_once: bool,
    /// Folder of the notes, if there is one.
    pub slots: Option<PathBuf>,
}

/// How posts are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decode {
    /// The reader.
    pub format: Format,
    /// A larger record is a dead letter, bytes.
    pub max_bytes: usize,
}

/// Ports and limits of HTTP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Http {
    /// Address of the operations port.
    pub operations: SocketAddr,
    /// Address of the API.
    pub api: SocketAddr,
    /// Bearer token of the API; always there where `api` is not loopback.
    pub token: Option<Secret>,
    /// Largest request body, bytes.
    pub body_max_bytes: usize,
}

/// Lines on stderr.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogOutput {
    /// Their form.
    pub format: LogFormat,
    /// The least important that are written.
    pub level: tracing::Level,
}

/// Form of log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// A text that is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes a text into custody.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text, for the one place that needs it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

/// The key of event and entry ids.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct IdKey(pub [u8; 32]);

impl fmt::Debug for IdKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

impl Config {
    /// Reads and checks a file. Relative paths in it start at its folder.
    ///
    /// # Errors
    /// All faults at once; one without a line where the file itself cannot be read.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let file = path.display().to_string();
        let text = std::fs::read_to_string(path).map_err(|error| ConfigError {
            file: file.clone(),
            faults: vec![Fault { key: String::new(), line: None, message: error.to_string() }],
        })?;
        let folder = path.parent().unwrap_or(Path::new(""));
        parse(&text, &file, &Surroundings { folder, variable: &environment })
    }

    /// Checks a text. Relative paths in it start at the current folder.
    ///
    /// # Errors
    /// All faults at once.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        let here = Surroundings { folder: Path::new(""), variable: &environment };
        parse(text, "config", &here)
    }
}

/// A time as it is written in the configuration and on the command line, such as `20s`.
///
/// # Errors
/// What is wrong and how to write it.
pub fn time(text: &str) -> Result<Duration, String> {
    units::span(text, &(1..=u64::MAX))
}

/// Gives a field its JSON pointer, as `decode.fields` and `--field` do.
///
/// # Errors
/// What is wrong and how to write it.
pub fn field(fields: &mut Fields, name: &str, pointer: &str) -> Result<(), String> {
    fields.add(name, pointer).map_err(|fault| {
        let meant = keys::nearest_of(name, Fields::names());
        match (fault, meant) {
            (FieldFault::Unknown, Some(meant)) => format!("{fault}; did you mean `{meant}`?"),
            (FieldFault::Unknown | FieldFault::Twice, _) => fault.to_string(),
            _ => format!("`{pointer}` {fault}"),
        }
    })
}

/// What a configuration may lean on beside its own text.
struct Surroundings<'s> {
    /// Where relative paths start.
    folder: &'s Path,
    /// Looks up an environment variable.
    variable: &'s dyn Fn(&str) -> Option<String>,
}

#[expect(clippy::disallowed_methods, reason = "config is the one place that reads the environment")]
fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

fn parse(text: &str, file: &str, around: &Surroundings<'_>) -> Result<Config, ConfigError> {
    let mut faults = fault::Faults::default();
    let written = written::read(text, &mut faults);
    let broken = faults.syntax();
    let mut checker = check::Checker { text, surroundings: around, faults };
    let config = if broken { None } else { checker.config(&written) };
    match (checker.faults.finish(file), config) {
        (None, Some(config)) => Ok(config),
        (Some(error), _) => Err(error),
        (None, None) => {
            let message = "cannot be used, and the reason got lost: please report this".to_owned();
            let faults = vec![Fault { key: String::new(), line: None, message }];
            Err(ConfigError { file: file.to_owned(), faults })
        }
    }
}
