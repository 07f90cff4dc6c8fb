//! Tests of the configuration: what is accepted, and every fault with its line.

use std::path::Path;
use std::time::Duration;

use super::keys::{Fallback, Form, KEYS};
use super::*;

const KEY: &str = "00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF";
const EMBEDDED: &str = r#"deployment = "eu-1"
log.backend = "embedded"
embedded.path = "tidegate.redb"
packs.dir = "packs"
ids.key_file = "id.key"
"#;
const KAFKA: &str = r#"deployment = "eu-1"
log.backend = "kafka"
packs.dir = "packs"
ids.key_file = "id.key"
[kafka]
brokers = ["a:9092"]
instance = "pod-0"
"#;

/// A folder with the files that the texts name.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let files: [(&str, &[u8]); 7] = [
        ("id.key", KEY.as_bytes()),
        ("short.key", b"0011"),
        ("token", b"0123456789abcdef0123456789abcdef\n"),
        ("weak", b"secret"),
        ("empty", b"\n"),
        ("password", b"hunter2 \r\n"),
        ("binary", b"\xff\xfe"),
    ];
    for (name, bytes) in files {
        std::fs::write(folder.path().join(name), bytes).unwrap();
    }
    folder
}

fn read_in(folder: &Path, text: &str) -> Result<Config, ConfigError> {
    let variable = |name: &str| (name == "POD_NAME").then(|| "pod-7".to_owned());
    parse(text, "t.toml", &Surroundings { folder, variable: &variable })
}

fn read(text: &str) -> Result<Config, String> {
    read_in(folder().path(), text).map_err(|error| error.to_string())
}

/// The faults of a good text with lines behind it.
fn faults(good: &str, more: &str) -> String {
    read(&format!("{good}{more}")).unwrap_err()
}

#[test]
fn a_small_file_gets_every_default() {
    let folder = folder();
    let config = read_in(folder.path(), EMBEDDED).unwrap();
    assert_eq!(config.deployment, "eu-1");
    assert!((2..=256).contains(&config.workers));
    let Backend::Embedded(log) = &config.log else { panic!("{:?}", config.log) };
    assert_eq!(log.path, folder.path().join("tidegate.redb"));
    assert_eq!((log.partitions, log.signal_partitions), (8, 8));
    assert_eq!(log.retention_bytes, 10 << 30);
    assert_eq!(log.retention_age, Duration::from_secs(14 * 86_400));
    assert_eq!(config.delivery.interval, Duration::from_millis(25));
    assert_eq!(config.delivery.max_bytes, 4 << 20);
    assert_eq!(config.delivery.state_rows, crate::tally::ROWS_MAX);
    assert_eq!(config.decode, Decode { format: Format::Native, max_bytes: 1 << 20 });
    assert_eq!(config.packs, Packs::Folder(folder.path().join("packs")));
    assert_eq!(config.id_key.0.first(), Some(&0));
    assert_eq!(config.id_key.0.last(), Some(&0xff));
    assert_eq!(config.http.operations.to_string(), "0.0.0.0:9464");
    assert_eq!(config.http.api.to_string(), "127.0.0.1:8080");
    assert_eq!(config.http.token, None);
    assert_eq!(config.http.body_max_bytes, 16 << 20);
    assert_eq!(config.log_output.format, LogFormat::Text);
    assert_eq!(config.log_output.level, tracing::Level::INFO);
}

#[test]
fn written_defaults_and_absent_keys_are_the_same() {
    for good in [EMBEDDED, KAFKA] {
        let sections: Vec<_> = good.lines().map(str::to_owned).collect();
        let top = sections.iter().position(|line| line == "[kafka]").unwrap_or(sections.len());
        let (dotted, tables) = sections.split_at(top);
        let mut text = dotted.join("\n");
        let mut kafka = String::new();
        for key in KEYS {
            let Fallback::Text(default) = key.fallback else { continue };
            let value =
                if key.form == Form::Count { default.into() } else { format!("\"{default}\"") };
            match key.path.strip_prefix("kafka.") {
                Some(name) if top < sections.len() => kafka += &format!("\n{name} = {value}"),
                _ => text += &format!("\n{} = {value}", key.path),
            }
        }
        text += &format!("\n{}{kafka}\n", tables.join("\n"));
        let folder = folder();
        assert_eq!(read_in(folder.path(), &text).unwrap(), read_in(folder.path(), good).unwrap());
    }
}

#[test]
fn the_table_of_keys_is_what_the_reader_knows() {
    // serde's message of an unknown field names all it knows: the one list a derive gives.
    let sections = ["", "log", "kafka", "embedded", "delivery", "decode", "packs", "ids", "http"];
    for section in sections.into_iter().chain(["log_output"]) {
        let text = if section.is_empty() { "x = 1".into() } else { format!("[{section}]\nx = 1") };
        let error = toml::from_str::<written::Written>(&text).err().unwrap().to_string();
        let line = error.lines().find(|line| line.contains("expected")).unwrap();
        let known = line.split("expected").nth(1).unwrap().split('`').skip(1).step_by(2);
        for name in known {
            let path =
                if section.is_empty() { name.to_owned() } else { format!("{section}.{name}") };
            assert!(keys::find(&path).is_some() || keys::is_section(&path), "{path}");
        }
    }
    // And the other way: each key of the table is taken.
    for key in KEYS {
        let value = match key.form {
            Form::Count => "3",
            Form::Texts => "[\"a\"]",
            Form::Settings | Form::Pointers => continue,
            _ => "\"a\"",
        };
        assert!(toml::from_str::<written::Written>(&format!("{} = {value}", key.path)).is_ok());
    }
}

#[test]
fn all_faults_come_at_once_in_the_order_of_lines() {
    let text = r#"deployment = "EU 1"
workers = 0
[log]
backend = "kafka"
[kafka]
broker = ["a:9092"]
instance = 7
client.sasl.password = "hunter2"
[delivery]
interval = 25
max_bytes = "4MB"
[delivry]
x = 1
"#;
    let expected = r#"t.toml:1: deployment: `EU 1` is not 1 to 64 of a-z, 0-9, `-`, `_`, `.`
t.toml:2: workers: 0 is not between 1 and 256
t.toml:6: kafka.broker: unknown key; did you mean `kafka.brokers`?
t.toml:7: kafka.instance: must be of type string, and is integer
t.toml:8: kafka.client.sasl.password: is a secret: put it into a file and its path into `sasl.password.file`
t.toml:10: delivery.interval: has no unit: write it as in "25ms"
t.toml:11: delivery.max_bytes: `4MB` is not a whole number with a unit of B, KiB, MiB, GiB, TiB
t.toml:12: delivry: unknown key; did you mean `delivery`?
t.toml: kafka.brokers: missing; name one broker at least, as "host:port"
t.toml: kafka.instance: missing; required on Kafka, or `kafka.instance_env`
t.toml: packs.dir: missing; required or `packs.names`
t.toml: ids.key_file: missing; required"#;
    assert_eq!(read(text).unwrap_err(), expected);
}

#[test]
fn faults_name_key_line_and_cure() {
    // What stands behind the small embedded file; the message, from the key on.
    let cases = [
        (
            "decode.format = \"xml\"",
            ":6: decode.format: `xml` is not one of native, telegram, osprey, json",
        ),
        ("decode.format = \"text\"", ":6: decode.format: `text` is not one of native"),
        ("decode.fields = 1", ":6: decode.fields: must be of type table, and is integer"),
        ("decode.fields.text = 1", ":6: decode.fields.text: must be a string"),
        (
            "decode.fields.chanel.id = \"/a\"",
            "chanel.id: a post has no such field; did you mean `c",
        ),
        ("decode.fields.zzzz = \"/a\"", ":6: decode.fields.zzzz: a post has no such field"),
        (
            "decode.fields.text = \"a\"",
            ":6: decode.fields.text: `a` is no JSON pointer: it must be",
        ),
        ("decode.fields.text = \"/~\"", "`/~` is no JSON pointer: a `~` in a key is written `~0`"),
        ("decode.fields.text = \"\"", "`` leads to the record itself; name a value in it"),
        (
            "decode.fields = {channel.id = \"/a\", \"channel.id\" = \"/b\"}",
            ":6: decode.fields.channel.id: given twice",
        ),
        (
            "decode.fields.text = \"/a\"",
            "t.toml: decode.fields: `native` says itself where its fields stand; fields are for",
        ),
        (
            "decode.format = \"osprey\"",
            "t.toml: decode.fields: `osprey` needs a pointer for `text`",
        ),
        ("decode.max_bytes = \"1B\"", ":6: decode.max_bytes: 1B is not between 1KiB and 16MiB"),
        (
            "delivery.state_rows = 10",
            ":6: delivery.state_rows: 10 is not between 1000 and 10000000",
        ),
        ("delivery.interval = \"1h\"", ":6: delivery.interval: 1h is not between 1ms and 10s"),
        ("delivery.interval = \"ms\"", "`ms` is not a whole number with a unit of ms, s, m, h, d"),
        ("delivery.interval = \"-1s\"", "`-1s` is not a whole number"),
        ("delivery.interval = \"99999999999999999999d\"", "is too large"),
        ("http.body_max_bytes = \"64KiB\"", ":6: http.body_max_bytes: is less than `decode.max_by"),
        ("http.api = \"localhost\"", ":6: http.api: `localhost` is not address:port"),
        ("http.api = \"0.0.0.0:80\"", "t.toml: http.token_file: missing; `http.api` is not loop"),
        ("http.api = \"0.0.0.0:9464\"\nhttp.token_file = \"token\"", "same as `http.operations`"),
        ("http.token_file = \"weak\"", "the file must hold 32 to 512 printable ASCII characters"),
        ("http.token_file = \"none\"", "none: No such file"),
        ("http.token_file = \"empty\"", "empty: is empty"),
        ("http.token_file = \"binary\"", "binary: stream did not contain valid UTF-8"),
        ("http.token_file = \".\"", "is not a file"),
        ("embedded.partitions = 257", ":6: embedded.partitions: 257 is not between 1 and 256"),
        ("embedded.retention_age = \"1s\"", "1s is not between 1m and 3650d"),
        ("log_output.level = \"loud\"", "`loud` is not one of error, warn, info, debug, trace"),
        ("level = \"info\"", ":6: level: unknown key; did you mean `log_output.level`?"),
        ("zzzzzz = 1", ":6: zzzzzz: unknown key"),
        ("http = 1", "is a section: write `[http]`"),
        ("workers = \"2\"", ":6: workers: must be of type integer, and is string"),
        ("deployment = \"again\"", ":6: duplicate key"),
        ("workers = ", ":6: "),
    ];
    for (more, expected) in cases {
        let more = if more == "http = 1" { more.to_owned() } else { format!("{more}\n") };
        let got = faults(EMBEDDED, &more);
        assert!(got.contains(expected), "{more:?} gave {got:?}, not {expected:?}");
        assert_eq!(got.lines().count(), 1, "{more:?} gave {got:?}");
    }
}

#[test]
fn the_format_takes_the_pointers_of_its_fields() {
    let fields = r#"[decode.fields]
id = "/id"
channel.id = "/room/id"
"channel.title" = "/room/~0t"
text = "/body/0"
links = "/urls"
"links.url" = ""
"#;
    let config = read(&format!("{EMBEDDED}[decode]\nformat = \"json\"\n{fields}")).unwrap();
    let json = br#"{"id":1,"room":{"id":2,"~t":"t"},"body":["x"],"urls":["u"]}"#;
    let limits = crate::decode::Limits::default();
    let post = crate::decode::read(&config.decode.format, Some(json), &limits).unwrap();
    assert_eq!((&*post.id, &*post.channel.id, &*post.text), ("1", "2", "x"));
    assert_eq!(post.channel.title.as_deref(), Some("t"));
    assert_eq!(post.links.first().map(|link| &*link.url), Some("u"));

    let telegram = read(&format!("{EMBEDDED}decode.format = \"telegram\"")).unwrap();
    assert_eq!(telegram.decode.format, Format::Telegram);
}

#[test]
fn all_faults_of_fields_come_at_once_and_hide_what_only_follows_from_them() {
    let text = "[decode]\nformat = \"json\"\nfields.txt = \"/a\"\nfields.id = \"b\"\n";
    let expected = "t.toml:8: decode.fields.txt: a post has no such field; did you mean `text`?\n\
                    t.toml:9: decode.fields.id: `b` is no JSON pointer: it must begin with `/`, as in \
                    `/message/text`";
    assert_eq!(faults(EMBEDDED, text), expected);
    let expected = "t.toml: decode.fields: `json` needs a pointer for `id`\n\
                    t.toml: decode.fields: `json` needs a pointer for `channel.id`";
    assert_eq!(faults(EMBEDDED, "decode.format = \"json\""), expected);
}

#[test]
fn faults_of_kafka_name_key_line_and_cure() {
    let cases = [
        ("posts = []", ":8: kafka.posts: is empty"),
        ("posts = [\"a\", 1]", ":8: kafka.posts: must be an array of strings"),
        ("posts = [\"a\", \"a\"]", "`a` stands there twice"),
        ("posts = [\"a b\"]", "`a b` is no name of a topic"),
        ("posts = [\"tidegate.takedowns\"]", "is written by Tidegate; it cannot be read as posts"),
        ("prefix = \"a/\"", ":8: kafka.prefix: `a/deadletters` is no name of a topic"),
        ("group = \"\"", ":8: kafka.group: `` is not 1 to 64"),
        ("instance_env = \"POD_NAME\"", "stands beside `kafka.instance`; use one of them"),
        (
            "client.'group.id' = \"x\"",
            ":8: kafka.client.group.id: is set by Tidegate: use `kafka.group`",
        ),
        (
            "consumer.isolation.level = \"read_uncommitted\"",
            "kafka.consumer.isolation.level: is set by",
        ),
        (
            "client.debug = [\"all\"]",
            "kafka.client.debug: must be a string, an integer or a boolean",
        ),
        ("client.sasl.password.file = \"none\"", ":8: kafka.client.sasl.password.file: "),
        ("client = 1", ":8: kafka.client: must be of type table, and is integer"),
    ];
    for (more, expected) in cases {
        let got = faults(KAFKA, more);
        assert!(got.contains(expected), "{more:?} gave {got:?}, not {expected:?}");
        assert_eq!(got.lines().count(), 1, "{more:?} gave {got:?}");
    }
    let without = KAFKA.replace("instance = \"pod-0\"\n", "");
    let got = faults(&without, "instance_env = \"NOT_SET\"");
    assert_eq!(got, "t.toml:7: kafka.instance_env: the variable `NOT_SET` is not set");
    let got = faults(&KAFKA.replace("a:9092", "a"), "");
    assert_eq!(got, "t.toml:6: kafka.brokers: `a` is not host:port");
}

#[test]
fn kafka_settings_pass_and_secrets_come_from_files() {
    let more = r#"prefix = "x."
[kafka.client]
security.protocol = "sasl_ssl"
"sasl.username" = "me"
sasl.password.file = "password"
sasl.oauthbearer.assertion.file = "left/alone"
socket.keepalive.enable = true
[kafka.consumer]
fetch.min.bytes = 0x10
"#;
    let config = read(&format!("{KAFKA}{more}")).unwrap();
    let Backend::Kafka(kafka) = &config.log else { panic!("{:?}", config.log) };
    assert_eq!(kafka.posts, ["x.posts"]);
    assert_eq!(kafka.group, "tidegate");
    let client: Vec<_> = kafka.client.iter().collect();
    let expected = [
        ("sasl.oauthbearer.assertion.file", "left/alone"),
        ("sasl.password", "hunter2 "),
        ("sasl.username", "me"),
        ("security.protocol", "sasl_ssl"),
        ("socket.keepalive.enable", "true"),
    ];
    assert_eq!(client, expected);
    assert_eq!(kafka.consumer.get("fetch.min.bytes"), Some("16"));
    assert_eq!(kafka.producer, Settings::default());
}

#[test]
fn the_instance_can_come_from_the_environment() {
    let text = KAFKA.replace("instance = \"pod-0\"", "instance_env = \"POD_NAME\"");
    let Backend::Kafka(kafka) = read(&text).unwrap().log else { panic!("not kafka") };
    assert_eq!(kafka.instance, "pod-7");
}

#[test]
fn secrets_are_never_printed() {
    let more = "client.sasl.password.file = \"password\"\n[http]\ntoken_file = \"token\"\n";
    let config = read(&format!("{KAFKA}{more}")).unwrap();
    assert_eq!(config.http.token.as_ref().unwrap().expose(), "0123456789abcdef0123456789abcdef");
    let shown = format!("{config:?}");
    for secret in ["hunter2", "0123456789abcdef", "17, 34, 51"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

#[test]
fn a_bad_key_file_is_not_quoted() {
    let got = faults(&EMBEDDED.replace("id.key", "short.key"), "");
    assert_eq!(got.lines().count(), 1);
    assert!(got.contains("64 hex digits") && !got.contains("0011"), "{got}");
}

#[test]
fn a_file_is_read_with_paths_from_its_folder() {
    let folder = folder();
    let file = folder.path().join("t.toml");
    std::fs::write(&file, EMBEDDED).unwrap();
    assert_eq!(Config::load(&file).unwrap().packs, Packs::Folder(folder.path().join("packs")));
    let error = Config::load(&folder.path().join("none.toml")).unwrap_err().to_string();
    assert!(error.contains("none.toml: No such file"), "{error}");
    // A text without a file starts at the current folder, where there is no key.
    assert!(Config::parse(EMBEDDED).unwrap_err().to_string().contains("config:5: ids.key_file"));
}

#[test]
fn the_reference_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/config.md");
    if environment("TIDEGATE_RENEW").is_some() {
        std::fs::write(&path, reference()).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap();
    assert!(committed == reference(), "docs/config.md is old: run this with TIDEGATE_RENEW=1");
    for key in KEYS {
        assert!(committed.contains(&format!("| `{}` |", key.path)), "{}", key.path);
    }
}

/// The small Kafka file with this in place of its folder of packs.
fn published(packs: &str) -> Result<Config, String> {
    read(&(KAFKA.replace("packs.dir = \"packs\"\n", "") + "[packs]\n" + packs))
}

#[test]
fn published_packs_need_names_keys_and_a_store() {
    let key = include_str!("../../../tests/data/minisign/a.pub").lines().nth(1).unwrap();
    let other = include_str!("../../../tests/data/minisign/b.pub").lines().nth(1).unwrap();
    let whole = format!("names = [\"a\", \"b\"]\nkeys = [\"{key}\", \"{other}\", \"{key}\"]\n");
    let config = published(&format!("{whole}signatures = 2\nstore = \"s\"")).unwrap();
    let Packs::Published(packs) = config.packs else { unreachable!("names are given") };
    assert_eq!((packs.names.len(), packs.keys.len(), packs.signatures), (2, 2, 2));
    for (packs, message) in [
        (whole.clone(), "packs.store: missing; required with `packs.names`"),
        (format!("{whole}store = \"s\"\nsignatures = 3"), "is 3, and there are 2 different keys"),
        (format!("{whole}store = \"s\"\ndir = \"d\""), "packs come from one of the two"),
        ("names = []\nstore = \"s\"".to_owned(), "packs.names: is empty"),
        ("names = [\"a\"]\nstore = \"s\"".to_owned(), "packs.keys: is empty or missing"),
        (whole.replace("\"b\"", "\"a\"") + "store = \"s\"", "`a` stands there twice"),
        (whole.replace("\"b\"", "\"../x\"") + "store = \"s\"", "`../x` is not 1 to 64 of"),
        (whole.replace(other, "RWQ") + "store = \"s\"", "number 2 is no public key of minisign"),
    ] {
        let said = published(&packs).unwrap_err();
        assert!(said.contains(message), "{said}");
    }
}

#[test]
fn published_packs_need_kafka() {
    let key = include_str!("../../../tests/data/minisign/a.pub").lines().nth(1).unwrap();
    let packs = format!("packs.names = [\"a\"]\npacks.keys = [\"{key}\"]\npacks.store = \"s\"");
    let said = read(&EMBEDDED.replace("packs.dir = \"packs\"", &packs)).unwrap_err();
    assert!(said.contains("packs.names: needs Kafka"), "{said}");
}
