//! From written to usable: defaults, units, ranges, files, and what must hold between keys.

use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use super::fault::Faults;
use super::keys::{self, Fallback, Form};
use super::settings;
use super::units;
use super::written::{self, Maybe, Written};
use super::{
    Backend, Config, Decode, Delivery, Embedded, Http, IdKey, Kafka, LogFormat, LogOutput, Packs,
    Published, Secret, Surroundings,
};
use crate::decode::{Fields, Format, FormatFault};
use crate::record::Topic;
use crate::sealed::PublicKey;

/// Workers and partitions: beyond it is a mistake, not a machine.
const THREADS_MAX: i64 = 256;
const THREADS: RangeInclusive<i64> = 1..=THREADS_MAX;

/// Rows of state: fewer count nothing, more are tens of gigabytes.
const STATE_ROWS: RangeInclusive<i64> = 1_000..=10_000_000;
/// A secret is a line, not a file that was named by mistake.
const SECRET_BYTES_MAX: u64 = 64 * 1024;
/// 32 characters: no token that can be guessed; 512: what fits a header anywhere.
const TOKEN_CHARS: RangeInclusive<usize> = 32..=512;
/// Kafka's limit is 249; what is left is for names after the prefix.
const TOPIC_CHARS_MAX: usize = 249;

/// Checks values and collects what is wrong with them. Its methods return `None` only after a
/// fault was added.
pub(super) struct Checker<'c> {
    pub(super) text: &'c str,
    pub(super) surroundings: &'c Surroundings<'c>,
    pub(super) faults: Faults,
}

impl Checker<'_> {
    /// The usable form, unless there is a fault.
    pub(super) fn config(&mut self, written: &Written) -> Option<Config> {
        let deployment = self.name("deployment", &written.deployment);
        let workers = self.workers(&written.workers);
        let log = self.backend(written);
        let delivery = self.delivery(&written.delivery);
        let decode = self.decode(&written.decode);
        let packs = self.packs(&written.packs);
        let id_key = self.id_key(&written.ids.key_file);
        let http = self.http(&written.http);
        let log_output = self.log_output(&written.log_output);
        let config = Config {
            deployment: deployment?,
            workers: workers?,
            log: log?,
            delivery: delivery?,
            decode: decode?,
            packs: packs?,
            id_key: id_key?,
            http: http?,
            log_output: log_output?,
        };
        if let (Packs::Published(_), Backend::Embedded(_)) = (&config.packs, &config.log) {
            let line = self.line(&written.packs.names);
            let message = "needs Kafka; on the embedded log give `packs.dir`";
            self.fault("packs.names", line, message);
        }
        if config.http.body_max_bytes < config.decode.max_bytes {
            let line = self.line(&written.http.body_max_bytes);
            self.fault("http.body_max_bytes", line, "is less than `decode.max_bytes`");
        }
        Some(config)
    }

    pub(super) fn fault(&mut self, key: &str, line: Option<usize>, message: impl Into<String>) {
        self.faults.add(key, line, message);
    }

    /// What stands in a file of one secret, without the line end.
    pub(super) fn secret_file(
        &mut self,
        key: &str,
        line: Option<usize>,
        path: &str,
    ) -> Option<Secret> {
        let path = self.surroundings.folder.join(path);
        match read_secret(&path) {
            Ok(secret) => Some(secret),
            Err(message) => {
                self.fault(key, line, format!("{}: {message}", path.display()));
                None
            }
        }
    }

    fn line<T>(&self, written: &Maybe<T>) -> Option<usize> {
        written.as_ref().map(|value| written::line_of(self.text, value.span().start))
    }

    /// The value of a key, or its default, read by `parse`.
    fn value<T>(
        &mut self,
        key: &str,
        written: &Maybe<String>,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        let fallback = keys::find(key).map(|key| key.fallback);
        let text = match (written, fallback) {
            (Some(text), _) => text.get_ref().as_str(),
            (None, Some(Fallback::Text(text))) => text,
            (None, Some(Fallback::Required(when))) => {
                self.fault(key, None, format!("missing; required {when}").trim_end());
                return None;
            }
            (None, _) => "",
        };
        let read = parse(text);
        read.map_err(|message| self.fault(key, self.line(written), message)).ok()
    }

    fn count(
        &mut self,
        key: &str,
        written: &Maybe<i64>,
        allowed: &RangeInclusive<i64>,
    ) -> Option<usize> {
        let text = written
            .as_ref()
            .map(|number| toml::Spanned::new(number.span(), number.get_ref().to_string()));
        self.value(key, &text, |text| {
            let number: i64 = text.parse().map_err(|_| format!("`{text}` is not a number"))?;
            if !allowed.contains(&number) {
                let (least, most) = (allowed.start(), allowed.end());
                return Err(format!("{number} is not between {least} and {most}"));
            }
            usize::try_from(number).map_err(|error| error.to_string())
        })
    }

    fn choice(&mut self, key: &str, written: &Maybe<String>) -> Option<&'static str> {
        let Some(Form::Choice(names)) = keys::find(key).map(|key| key.form) else { return None };
        self.value(key, written, |text| {
            let known = names.iter().find(|name| **name == text);
            known.copied().ok_or_else(|| format!("`{text}` is not one of {}", names.join(", ")))
        })
    }

    fn path(&mut self, key: &str, written: &Maybe<String>) -> Option<PathBuf> {
        let folder = self.surroundings.folder.to_path_buf();
        self.value(key, written, |text| {
            if text.is_empty() { Err("is empty".to_owned()) } else { Ok(folder.join(text)) }
        })
    }

    fn name(&mut self, key: &str, written: &Maybe<String>) -> Option<String> {
        self.value(key, written, |text| name(text).map(|()| text.to_owned()))
    }

    fn workers(&mut self, written: &Maybe<i64>) -> Option<usize> {
        if written.is_some() {
            return self.count("workers", written, &THREADS);
        }
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Some((cores + 1).min(usize::try_from(THREADS_MAX).unwrap_or(usize::MAX)))
    }

    fn packs(&mut self, written: &written::Packs) -> Option<Packs> {
        if written.names.is_none() {
            return self.path("packs.dir", &written.dir).map(Packs::Folder);
        }
        if written.dir.is_some() {
            let message = "stands beside `packs.names`: packs come from one of the two";
            self.fault("packs.dir", self.line(&written.dir), message);
        }
        let line = self.line(&written.names);
        let names = written.names.as_ref().map(|names| names.get_ref().clone()).unwrap_or_default();
        if let Some(why) = names_fault(&names) {
            self.fault("packs.names", line, why);
        }
        let keys = self.public_keys(&written.keys);
        let signatures = self.count("packs.signatures", &written.signatures, &THREADS);
        let store = self.path("packs.store", &written.store)?;
        let (keys, signatures) = (keys?, signatures?);
        if signatures > keys.len() {
            let line = self.line(&written.signatures);
            let message = format!("is {signatures}, and there are {} different keys", keys.len());
            self.fault("packs.signatures", line, message);
        }
        Some(Packs::Published(Published { names, keys, signatures, store }))
    }

    /// Each key once: nobody signs twice.
    fn public_keys(&mut self, written: &Maybe<Vec<String>>) -> Option<Vec<PublicKey>> {
        let line = self.line(written);
        let texts = written.as_ref().map(|texts| texts.get_ref().as_slice()).unwrap_or_default();
        if texts.is_empty() {
            self.fault("packs.keys", line, "is empty or missing; required with `packs.names`");
        }
        let mut keys: Vec<PublicKey> = Vec::new();
        let mut is_good = !texts.is_empty();
        for (index, text) in texts.iter().enumerate() {
            match PublicKey::read(text) {
                Ok(key) if keys.contains(&key) => {}
                Ok(key) => keys.push(key),
                Err(why) => {
                    let number = index + 1;
                    self.fault("packs.keys", line, format!("number {number} {why}"));
                    is_good = false;
                }
            }
        }
        is_good.then_some(keys)
    }

    fn backend(&mut self, written: &Written) -> Option<Backend> {
        match self.choice("log.backend", &written.log.backend)? {
            "kafka" => self.kafka(&written.kafka).map(Backend::Kafka),
            _ => self.embedded(&written.embedded).map(Backend::Embedded),
        }
    }

    fn kafka(&mut self, written: &written::Kafka) -> Option<Kafka> {
        let brokers = self.brokers(&written.brokers);
        let prefix = self.value("kafka.prefix", &written.prefix, |text| {
            topic(&format!("{text}{}", Topic::Deadletters.name())).map(|()| text.to_owned())
        });
        let posts = prefix.as_deref().and_then(|prefix| self.posts(&written.posts, prefix));
        let group = self.name("kafka.group", &written.group);
        let instance = self.instance(written);
        let client = settings::check(self, "kafka.client", &written.client);
        let consumer = settings::check(self, "kafka.consumer", &written.consumer);
        let producer = settings::check(self, "kafka.producer", &written.producer);
        Some(Kafka {
            brokers: brokers?,
            prefix: prefix?,
            posts: posts?,
            group: group?,
            instance: instance?,
            client,
            consumer,
            producer,
        })
    }

    fn brokers(&mut self, written: &Maybe<Vec<String>>) -> Option<Vec<String>> {
        let key = "kafka.brokers";
        let line = self.line(written);
        let brokers = written.as_ref().map(|list| list.get_ref().clone()).unwrap_or_default();
        if brokers.is_empty() {
            self.fault(key, line, "missing; name one broker at least, as \"host:port\"");
            return None;
        }
        let good = |broker: &String| {
            let parts = broker.rsplit_once(':');
            parts.is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok())
        };
        let mut bad = brokers.iter().filter(|broker| !good(broker));
        if let Some(bad) = bad.next() {
            self.fault(key, line, format!("`{bad}` is not host:port"));
            return None;
        }
        Some(brokers)
    }

    fn posts(&mut self, written: &Maybe<Vec<String>>, prefix: &str) -> Option<Vec<String>> {
        let posts = match written {
            Some(list) => list.get_ref().clone(),
            None => vec![format!("{prefix}posts")],
        };
        match check_posts(&posts, prefix) {
            Ok(()) => Some(posts),
            Err(message) => {
                self.fault("kafka.posts", self.line(written), message);
                None
            }
        }
    }

    fn instance(&mut self, written: &written::Kafka) -> Option<String> {
        let Some(variable) = &written.instance_env else {
            return self.name("kafka.instance", &written.instance);
        };
        let key = "kafka.instance_env";
        let line = self.line(&written.instance_env);
        if written.instance.is_some() {
            self.fault(key, line, "stands beside `kafka.instance`; use one of them");
            return None;
        }
        let variable = variable.get_ref();
        let Some(value) = (self.surroundings.variable)(variable) else {
            self.fault(key, line, format!("the variable `{variable}` is not set"));
            return None;
        };
        let checked = name(&value);
        checked.map_err(|message| self.fault(key, line, message)).ok().map(|()| value)
    }

    fn embedded(&mut self, written: &written::Embedded) -> Option<Embedded> {
        let path = self.path("embedded.path", &written.path);
        let partitions = self.count("embedded.partitions", &written.partitions, &THREADS);
        let signals =
            self.count("embedded.signal_partitions", &written.signal_partitions, &THREADS);
        let bytes = self.value("embedded.retention_bytes", &written.retention_bytes, |text| {
            units::size(text, &((1 << 20)..=(1 << 44)))
        });
        let age = self.value("embedded.retention_age", &written.retention_age, |text| {
            units::span(text, &(60_000..=3_650 * 86_400_000))
        });
        Some(Embedded {
            path: path?,
            partitions: i32::try_from(partitions?).ok()?,
            signal_partitions: i32::try_from(signals?).ok()?,
            retention_bytes: bytes?,
            retention_age: age?,
        })
    }

    fn delivery(&mut self, written: &written::Delivery) -> Option<Delivery> {
        let interval = self
            .value("delivery.interval", &written.interval, |text| units::span(text, &(1..=10_000)));
        let max_bytes = self.value("delivery.max_bytes", &written.max_bytes, |text| {
            units::length(text, &((64 << 10)..=(64 << 20)))
        });
        let state_rows = self.count("delivery.state_rows", &written.state_rows, &STATE_ROWS);
        // Absent is no fault.
        let slots = written.slots.is_some().then(|| self.path("delivery.slots", &written.slots));
        let slots = match slots {
            Some(folder) => Some(folder?),
            None => None,
        };
        let mode = self.choice("delivery.mode", &written.mode);
        Some(Delivery {
            interval: interval?,
            max_bytes: max_bytes?,
            state_rows: state_rows?,
            exactly_once: mode? == "exactly-once",
            slots,
        })
    }

    fn decode(&mut self, written: &written::Decode) -> Option<Decode> {
        let format = self.format(written);
        let max_bytes = self.value("decode.max_bytes", &written.max_bytes, |text| {
            units::length(text, &((1 << 10)..=(16 << 20)))
        });
        Some(Decode { format: format?, max_bytes: max_bytes? })
    }

    fn format(&mut self, written: &written::Decode) -> Option<Format> {
        let name = self.choice("decode.format", &written.format);
        let mut fields = Fields::default();
        let mut good = true;
        for setting in &written.fields {
            if let Err(message) = super::field(&mut fields, &setting.name, &setting.value) {
                let path = format!("decode.fields.{}", setting.name);
                self.fault(&path, Some(setting.line), message);
                good = false;
            }
        }
        // What seems to be missing may stand there, misspelt.
        let format = Format::new(name?, fields);
        if !good {
            return None;
        }
        let say = |fault: FormatFault| self.fault("decode.fields", None, fault.to_string());
        format.map_err(|faults| faults.into_iter().for_each(say)).ok()
    }

    fn id_key(&mut self, written: &Maybe<String>) -> Option<IdKey> {
        let key = "ids.key_file";
        let path = self.value(key, written, |text| Ok(text.to_owned()))?;
        let line = self.line(written);
        let text = self.secret_file(key, line, &path)?;
        let bytes = hex(text.expose());
        if bytes.is_none() {
            self.fault(
                key,
                line,
                "the file must hold 64 hex digits, as `openssl rand -hex 32` makes",
            );
        }
        bytes.map(IdKey)
    }

    fn http(&mut self, written: &written::Http) -> Option<Http> {
        let operations = self.address("http.operations", &written.operations);
        let api = self.address("http.api", &written.api);
        let token = match (&written.token_file, api) {
            (Some(_), _) => Some(self.token(&written.token_file)?),
            (None, Some(api)) if !api.ip().is_loopback() => {
                let why = "missing; `http.api` is not loopback, so it needs a token";
                self.fault("http.token_file", None, why);
                return None;
            }
            (None, _) => None,
        };
        let body_max_bytes = self.value("http.body_max_bytes", &written.body_max_bytes, |text| {
            units::length(text, &((1 << 10)..=(64 << 20)))
        });
        if api.is_some() && api == operations && api.is_some_and(|api| api.port() != 0) {
            self.fault("http.api", self.line(&written.api), "is the same as `http.operations`");
        }
        Some(Http { operations: operations?, api: api?, token, body_max_bytes: body_max_bytes? })
    }

    fn address(&mut self, key: &str, written: &Maybe<String>) -> Option<SocketAddr> {
        self.value(key, written, |text| {
            text.parse().map_err(|_| format!("`{text}` is not address:port, as in 127.0.0.1:8080"))
        })
    }

    fn token(&mut self, written: &Maybe<String>) -> Option<Secret> {
        let key = "http.token_file";
        let path = self.value(key, written, |text| Ok(text.to_owned()))?;
        let line = self.line(written);
        let token = self.secret_file(key, line, &path)?;
        let text = token.expose();
        if !TOKEN_CHARS.contains(&text.len()) || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            let message = "the file must hold 32 to 512 printable ASCII characters without spaces";
            self.fault(key, line, message);
            return None;
        }
        Some(token)
    }

    fn log_output(&mut self, written: &written::LogOutput) -> Option<LogOutput> {
        let format = self.choice("log_output.format", &written.format);
        let level = self.choice("log_output.level", &written.level);
        let format = if format? == "json" { LogFormat::Json } else { LogFormat::Text };
        let level = level?.parse().ok()?;
        Some(LogOutput { format, level })
    }
}

/// Names that go into ids, group members and metrics.
fn name(text: &str) -> Result<(), String> {
    let plain =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_.".contains(&byte);
    if (1..=64).contains(&text.len()) && text.bytes().all(plain) {
        return Ok(());
    }
    Err(format!("`{text}` is not 1 to 64 of a-z, 0-9, `-`, `_`, `.`"))
}

/// Names that Kafka takes for topics.
fn topic(text: &str) -> Result<(), String> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    if (1..=TOPIC_CHARS_MAX).contains(&text.len()) && text.bytes().all(plain) {
        return Ok(());
    }
    Err(format!("`{text}` is no name of a topic: 1 to 249 of letters, digits, `-`, `_`, `.`"))
}

fn names_fault(names: &[String]) -> Option<String> {
    if names.is_empty() {
        return Some("is empty; name one pack at least".to_owned());
    }
    names.iter().enumerate().find_map(|(index, text)| match name(text) {
        Err(why) => Some(why),
        Ok(()) if names.iter().take(index).any(|other| other == text) => {
            Some(format!("`{text}` stands there twice"))
        }
        Ok(()) => None,
    })
}

fn check_posts(posts: &[String], prefix: &str) -> Result<(), String> {
    if posts.is_empty() {
        return Err("is empty; name one topic at least".to_owned());
    }
    for (index, name) in posts.iter().enumerate() {
        topic(name)?;
        if posts.iter().take(index).any(|other| other == name) {
            return Err(format!("`{name}` stands there twice"));
        }
        let rest = name.strip_prefix(prefix).unwrap_or_default();
        if Topic::ALL.iter().any(|topic| topic.name() == rest) {
            return Err(format!("`{name}` is written by Tidegate; it cannot be read as posts"));
        }
    }
    Ok(())
}

fn read_secret(path: &Path) -> Result<Secret, String> {
    let size = std::fs::metadata(path).map_err(|error| error.to_string())?;
    if !size.is_file() {
        return Err("is not a file".to_owned());
    }
    if size.len() > SECRET_BYTES_MAX {
        return Err("is larger than 64KiB; is it the right file?".to_owned());
    }
    // The error of a file that is not UTF-8 does not quote it.
    let text = std::fs::read_to_string(path).map_err(|error| error.to_string())?;
    let text = text.trim_end_matches(['\r', '\n']);
    if text.is_empty() { Err("is empty".to_owned()) } else { Ok(Secret(text.to_owned())) }
}

fn hex(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    for (index, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(index * 2..index * 2 + 2)?, 16).ok()?;
    }
    Some(bytes)
}
