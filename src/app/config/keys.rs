//! Every key there is: path, form, default, meaning. The reference in `docs/config.md` and the
//! search for the nearest known key come from this one table.

/// How a value is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// A string.
    Text,
    /// A string that names a file or folder, taken from the folder of the config file.
    Path,
    /// A string with an address and a port.
    Address,
    /// One of these strings.
    Choice(&'static [&'static str]),
    /// A whole number.
    Count,
    /// A string with bytes and their unit.
    Size,
    /// A string with a time and its unit.
    Span,
    /// An array of strings.
    Texts,
    /// A table of librdkafka settings.
    Settings,
    /// A table of JSON pointers.
    Pointers,
}

impl Form {
    /// The TOML type, as the parser names it.
    pub(super) fn toml_type(self) -> &'static str {
        match self {
            Self::Count => "integer",
            Self::Texts => "array",
            Self::Settings | Self::Pointers => "table",
            _ => "string",
        }
    }

    fn unit(self) -> String {
        match self {
            Self::Text => "text".into(),
            Self::Path => "path".into(),
            Self::Address => "address:port".into(),
            Self::Choice(names) => names.map_join(" or "),
            Self::Count => "number".into(),
            Self::Size => "size (B, KiB, MiB, GiB, TiB)".into(),
            Self::Span => "time (ms, s, m, h, d)".into(),
            Self::Texts => "list of texts".into(),
            Self::Settings => "table".into(),
            Self::Pointers => "table of JSON pointers".into(),
        }
    }
}

trait MapJoin {
    fn map_join(&self, between: &str) -> String;
}

impl MapJoin for [&str] {
    fn map_join(&self, between: &str) -> String {
        let quoted: Vec<_> = self.iter().map(|name| format!("`{name}`")).collect();
        quoted.join(between)
    }
}

/// What stands where a key is absent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fallback {
    /// Must be there; the text says when, empty for always.
    Required(&'static str),
    /// This text, read as if it were written.
    Text(&'static str),
    /// Worked out; the text says how.
    Derived(&'static str),
}

/// One key.
pub(super) struct Key {
    /// Full path.
    pub(super) path: &'static str,
    /// How it is written.
    pub(super) form: Form,
    /// What stands where it is absent.
    pub(super) fallback: Fallback,
    /// What it does, one sentence or two.
    pub(super) meaning: &'static str,
}

/// Both ends of the log.
pub(super) const BACKENDS: &[&str] = &["kafka", "embedded"];
/// Readers of posts; lines of plain text are for the command line.
pub(super) const FORMATS: &[&str] = &["native", "telegram", "osprey", "json"];
/// How events are delivered on Kafka.
pub(super) const MODES: &[&str] = &["exactly-once", "at-least-once"];
/// Forms of the log output.
pub(super) const OUTPUTS: &[&str] = &["text", "json"];
/// Levels of the log output, least first.
pub(super) const LEVELS: &[&str] = &["error", "warn", "info", "debug", "trace"];

/// Every topic of a deployment starts alike, so that one ACL covers them.
pub(super) const PREFIX: &str = "tidegate.";
/// One consumer group for a deployment; two deployments on one cluster must differ.
pub(super) const GROUP: &str = "tidegate";
/// 25 ms: a takedown is out in some 30 ms, and a commit costs a broker about 3 ms.
pub(super) const INTERVAL: &str = "25ms";
/// 4 MiB: a transaction that is dropped costs no more than this to make again.
pub(super) const TRANSACTION: &str = "4MiB";
/// 200,000: some 400 MB, where all of a partition's counters are full.
pub(super) const STATE_ROWS: &str = "200000";
/// 1 MiB: Kafka's own default limit of a record.
pub(super) const RECORD: &str = "1MiB";
/// 8: more than the workers of the machines that a single-file log is for.
pub(super) const PARTITIONS: &str = "8";
/// 10 GiB: about 30 million posts, which fits any disk.
pub(super) const RETENTION_BYTES: &str = "10GiB";
/// 14 days: what a dead letter may be kept for, since it holds text.
pub(super) const RETENTION_AGE: &str = "14d";
/// 9464: the port registered for Prometheus exporters; public, since nothing in it is content.
pub(super) const OPERATIONS: &str = "0.0.0.0:9464";
/// Loopback: what answers with content is not public unless somebody says so.
pub(super) const API: &str = "127.0.0.1:8080";
/// 16 MiB: some 50,000 posts in one request.
pub(super) const BODY: &str = "16MiB";
/// One signer; two for those who do not want one person to be enough.
pub(super) const SIGNATURES: &str = "1";
/// People read it first; a collector wants `json`.
pub(super) const OUTPUT: &str = "text";
/// One line for each thing an operator would want to know.
pub(super) const LEVEL: &str = "info";

use crate::log::kafka;

use Fallback::{Derived, Required, Text as Default};

/// The table, in the order of the reference.
pub(super) const KEYS: &[Key] = &[
    key(
        "deployment",
        Form::Text,
        Required(""),
        "Name of this deployment: source of its events, part of every id and of transactional \
         ids. 1 to 64 of `a-z`, `0-9`, `-`, `_`, `.`. Never change it: ids would change too.",
    ),
    key(
        "workers",
        Form::Count,
        Derived("cores + 1"),
        "Worker threads, 1 to 256. One more than cores, so that waiting for commits overlaps.",
    ),
    key(
        "log.backend",
        Form::Choice(BACKENDS),
        Required(""),
        "Where posts come from and events go: a Kafka cluster, or a file on this machine.",
    ),
    key(
        "kafka.brokers",
        Form::Texts,
        Required("on Kafka"),
        "Brokers to start from, each `host:port`.",
    ),
    key(
        "kafka.prefix",
        Form::Text,
        Default(PREFIX),
        "What the names of all topics that Tidegate writes start with.",
    ),
    key(
        "kafka.posts",
        Form::Texts,
        Derived("`posts` after the prefix"),
        "Topics to read posts from, in full.",
    ),
    key("kafka.group", Form::Text, Default(GROUP), "Consumer group."),
    key(
        "kafka.instance",
        Form::Text,
        Required("on Kafka, or `kafka.instance_env`"),
        "Name of this process in the group, the same after each restart, different from all \
         others.",
    ),
    key(
        "kafka.instance_env",
        Form::Text,
        Derived("not used"),
        "Environment variable that holds `kafka.instance`, such as the name of a pod.",
    ),
    key(
        "kafka.client",
        Form::Settings,
        Derived("empty"),
        "librdkafka settings for every connection. A secret is given as a path: \
         `sasl.password.file`. What Tidegate sets itself is refused.",
    ),
    key("kafka.consumer", Form::Settings, Derived("empty"), "The same, for consumers only."),
    key("kafka.producer", Form::Settings, Derived("empty"), "The same, for producers only."),
    key(
        "embedded.path",
        Form::Path,
        Required("on embedded"),
        "File of the log; made if it is not there.",
    ),
    key(
        "embedded.partitions",
        Form::Count,
        Default(PARTITIONS),
        "Partitions of the posts topic, 1 to 256. Fixed once the file is made.",
    ),
    key(
        "embedded.signal_partitions",
        Form::Count,
        Default(PARTITIONS),
        "Partitions of signals and state, 1 to 256. Fixed once the file is made.",
    ),
    key(
        "embedded.retention_bytes",
        Form::Size,
        Default(RETENTION_BYTES),
        "Oldest records go when the log holds more than this, 1MiB to 16TiB.",
    ),
    key(
        "embedded.retention_age",
        Form::Span,
        Default(RETENTION_AGE),
        "Records go when they are older than this, 1m to 3650d.",
    ),
    key(
        "delivery.mode",
        Form::Choice(MODES),
        Default("exactly-once"),
        "On Kafka: events, state and offsets in one transaction, or each for itself, so that events show \
         sooner and after a fault some come again under the same id.",
    ),
    key(
        "delivery.interval",
        Form::Span,
        Default(INTERVAL),
        "A transaction closes after this time, later only while the worker is saturated, 1ms to \
         10s.",
    ),
    key(
        "delivery.max_bytes",
        Form::Size,
        Default(TRANSACTION),
        "A transaction closes when it holds this much output, 64KiB to 64MiB.",
    ),
    key(
        "delivery.state_rows",
        Form::Count,
        Default(STATE_ROWS),
        "Most rows of state of each kind that a partition of signals keeps, 1000 to 10000000; then the key that has been \
         quiet for longest goes, and `tidegate_state_evicted_total` counts it. One that counts takes some 2 KB.",
    ),
    key(
        "delivery.slots",
        Form::Path,
        Derived("beside `embedded.path`; on Kafka none"),
        "Folder where each worker notes what it takes, so that a record that ends the process three times is set \
         aside; one for a process, made if it is not there. It must outlive the process, not the machine.",
    ),
    key(
        "decode.format",
        Form::Choice(FORMATS),
        Default("native"),
        "How posts are written: Tidegate's own JSON, updates of Telegram's Bot API, actions as \
         they are sent to Osprey, or any other JSON.",
    ),
    key(
        "decode.fields",
        Form::Pointers,
        Derived("empty"),
        "Where the fields of a post stand, for `osprey` (in its inner data) and `json`: see below.",
    ),
    key(
        "decode.max_bytes",
        Form::Size,
        Default(RECORD),
        "A larger record is a dead letter, 1KiB to 16MiB.",
    ),
    key(
        "packs.dir",
        Form::Path,
        Required("or `packs.names`"),
        "Folder of a rule pack, or of folders that are packs. Read again when a file in it changes.",
    ),
    key(
        "packs.names",
        Form::Texts,
        Derived("not used"),
        "In place of `packs.dir`, on Kafka: the published packs to run. Without one of them nothing \
         is screened. This and the other keys of `packs` are read again while the service runs.",
    ),
    key(
        "packs.keys",
        Form::Texts,
        Required("with `packs.names`"),
        "Keys whose signatures count: the second line of each `.pub` file.",
    ),
    key(
        "packs.signatures",
        Form::Count,
        Default(SIGNATURES),
        "How many of `packs.keys` must have signed an edition of a pack.",
    ),
    key(
        "packs.store",
        Form::Path,
        Required("with `packs.names`"),
        "Folder for the last good edition of each pack; one for a process, made if it is not there.",
    ),
    key(
        "ids.key_file",
        Form::Path,
        Required(""),
        "File with the key of event and entry ids: 32 bytes as 64 hex digits. The same on every \
         machine of a deployment, and for ever.",
    ),
    key(
        "http.operations",
        Form::Address,
        Default(OPERATIONS),
        "Where `/livez`, `/readyz` and `/metrics` answer.",
    ),
    key("http.api", Form::Address, Default(API), "Where the API and its start page answer."),
    key(
        "http.token_file",
        Form::Path,
        Required("where `http.api` is not loopback"),
        "File with the bearer token of the API, 32 to 512 printable characters without spaces.",
    ),
    key("http.body_max_bytes", Form::Size, Default(BODY), "Largest request, 1KiB to 64MiB."),
    key(
        "log_output.format",
        Form::Choice(OUTPUTS),
        Default(OUTPUT),
        "Form of the lines on stderr.",
    ),
    key(
        "log_output.level",
        Form::Choice(LEVELS),
        Default(LEVEL),
        "The least important lines that are written.",
    ),
];

const fn key(path: &'static str, form: Form, fallback: Fallback, meaning: &'static str) -> Key {
    Key { path, form, fallback, meaning }
}

/// The key of this path.
pub(super) fn find(path: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.path == path)
}

/// True if keys stand below this path.
pub(super) fn is_section(path: &str) -> bool {
    KEYS.iter().any(|key| key.path.strip_prefix(path).is_some_and(|rest| rest.starts_with('.')))
}

/// The known key or section that somebody who wrote `path` most likely meant.
pub(super) fn nearest(path: &str) -> Option<&'static str> {
    let sections = KEYS.iter().filter_map(|key| key.path.split_once('.').map(|(head, _)| head));
    nearest_of(path, KEYS.iter().map(|key| key.path).chain(sections))
}

/// The one of these names that somebody who wrote `path` most likely meant.
pub(super) fn nearest_of(
    path: &str,
    known: impl Iterator<Item = &'static str>,
) -> Option<&'static str> {
    let leaf = |path: &str| path.rsplit('.').next().unwrap_or_default().to_owned();
    let rated = known.map(|known| {
        // The right name in the wrong section is one mistake.
        let misplaced = if leaf(known) == leaf(path) { 1 } else { usize::MAX };
        let apart = distance(known, path);
        (apart.min(misplaced), apart, known)
    });
    let (apart, _, known) = rated.min()?;
    (apart <= 1 + leaf(path).len() / 3).then_some(known)
}

/// Letters to add, drop or change to make one of the other.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (index, letter) in left.chars().enumerate() {
        let mut diagonal = index;
        let mut before = index + 1;
        for (cell, other) in row.iter_mut().skip(1).zip(&right) {
            let changed = diagonal + usize::from(letter != *other);
            diagonal = *cell;
            *cell = changed.min(before + 1).min(diagonal + 1);
            before = *cell;
        }
        if let Some(first) = row.first_mut() {
            *first = index + 1;
        }
    }
    row.last().copied().unwrap_or(0)
}

/// The reference of all keys, as Markdown: `docs/config.md`.
#[must_use]
pub fn reference() -> String {
    let mut page = String::from(
        "# Configuration\n\n\
         <!-- Made from src/app/config/keys.rs; a test compares. To renew it:\n     \
         TIDEGATE_RENEW=1 cargo test --lib the_reference_is_up_to_date -->\n\n\
         One TOML file. An unknown key is an error; all faults are reported at once. Sizes and \
         times are strings\nwith a whole number and a unit (`\"4MiB\"`, `\"25ms\"`). Relative paths \
         start at the folder of the file.\nSecrets are only given as paths of files. No setting is \
         taken from the environment, save the variable\nthat `kafka.instance_env` names.\n\n\
         | key | value | default | meaning |\n|---|---|---|---|\n",
    );
    for key in KEYS {
        let fallback = match key.fallback {
            Required(when) => format!("required {when}").trim_end().to_owned(),
            Default(text) => format!("`{text}`"),
            Derived(how) => how.to_owned(),
        };
        let (path, unit, meaning) = (key.path, key.form.unit(), key.meaning);
        page += &format!("| `{path}` | {unit} | {fallback} | {meaning} |\n");
    }
    let fixed: Vec<&str> = kafka::FIXED.iter().map(|(name, _)| *name).collect();
    page += &format!(
        "\nIn `kafka.client`, `kafka.consumer` and `kafka.producer` these are secrets, each given \
         as the path of a file\nunder its name with `.file` at the end: {}.\n\nThese are set by \
         Tidegate, since delivery or its loop rests on them: {}.\n",
        super::settings::SECRETS.map_join(", "),
        fixed.map_join(", "),
    );
    page + FIELDS
}

/// What a table of one line cannot say of `decode.fields`.
const FIELDS: &str = r#"
## `decode.fields`

For each field of a post the [JSON pointer](https://www.rfc-editor.org/rfc/rfc6901) to where it stands in
a record:

```toml
[decode]
format = "json"

[decode.fields]
id = "/message/id"
"channel.id" = "/room/id"
"author.id" = "/message/from/0"
text = "/message/body"
sent_at = "/timestamp"
media = "/message/files"
"media.name" = "/file~1name"
```

The fields are named as in the native format, with dots (and then quoted): `id`, `kind`, `channel.id`, `channel.title`,
`author.name`, `forward.channel.title`, `links`, `buttons`, `poll`, `media`, and so on. `links`, `buttons`,
`poll` and `media` lead to arrays. What an element holds is told by pointers from the element on
(`links.url`, `media.name`; `""` is the element itself), or is as in the native format if there are none.
Values are as in the native format: ids are strings or integers, times are RFC 3339 or Unix seconds.

`json` needs `id`, `channel.id` and something to look at, such as `text`. `osprey` needs something to look
at; where there are no others, `id` is the action's, `sent_at` is `send_time`, `author.id` is `/user_id`, and
`channel.id` is `/channel_id` or else `/user_id`.
"#;
