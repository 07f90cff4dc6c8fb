//! The configuration as written: every key optional, nothing checked but names and types.

use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::fault::Faults;
use super::keys::{self, Form};
use super::settings;

/// A value as written, if it is.
pub(super) type Maybe<T> = Option<Spanned<T>>;

/// The whole file.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Written {
    pub(super) deployment: Maybe<String>,
    pub(super) workers: Maybe<i64>,
    pub(super) log: Log,
    pub(super) kafka: Kafka,
    pub(super) embedded: Embedded,
    pub(super) delivery: Delivery,
    pub(super) decode: Decode,
    pub(super) packs: Packs,
    pub(super) ids: Ids,
    pub(super) http: Http,
    pub(super) log_output: LogOutput,
}

/// `[log]`
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Log {
    pub(super) backend: Maybe<String>,
}

/// `[kafka]`
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Kafka {
    pub(super) brokers: Maybe<Vec<String>>,
    pub(super) prefix: Maybe<String>,
    pub(super) posts: Maybe<Vec<String>>,
    pub(super) group: Maybe<String>,
    pub(super) instance: Maybe<String>,
    pub(super) instance_env: Maybe<String>,
    // Taken out of the document beforehand: dotted names nest in TOML and must be put together.
    #[serde(skip)]
    pub(super) client: Vec<Setting>,
    #[serde(skip)]
    pub(super) consumer: Vec<Setting>,
    #[serde(skip)]
    pub(super) producer: Vec<Setting>,
}

/// `[embedded]`
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Embedded {
    pub(super) path: Maybe<String>,
    pub(super) partitions: Maybe<i64>,
    pub(super) signal_partitions: Maybe<i64>,
    pub(super) retention_bytes: Maybe<String>,
    pub(super) retention_age: Maybe<String>,
}

/// `[delivery]`
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Delivery {
    pub(super) interval: Maybe<String>,
    pub(super) max_bytes: Maybe<String>,
    pub(super) state_rows: Maybe<i64>,
    pub(super) slots: Maybe<String>,
    pub(super) mode: Maybe<String>,
}

/// `[decode]`
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Decode {
    pub(super) format: Maybe<String>,
    #[serde(skip)]
    pub(super) fields: Vec<Setting>,
    pub(super) max_bytes: Maybe<String>,
}

/// `[packs]`
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Packs {
    pub(super) dir: Maybe<String>,
    pub(super) names: Maybe<Vec<String>>,
    pub(super) keys: Maybe<Vec<String>>,
    pub(super) signatures: Maybe<i64>,
    pub(super) store: Maybe<String>,
}

/// `[ids]`
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Ids {
    pub(super) key_file: Maybe<String>,
}

/// `[http]`
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Http {
    pub(super) operations: Maybe<String>,
    pub(super) api: Maybe<String>,
    pub(super) token_file: Maybe<String>,
    pub(super) body_max_bytes: Maybe<String>,
}

/// `[log_output]`
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct LogOutput {
    pub(super) format: Maybe<String>,
    pub(super) level: Maybe<String>,
}

/// One entry of a table whose names are not ours: a librdkafka setting, or the pointer of a field.
pub(super) struct Setting {
    /// Full name, dots and all.
    pub(super) name: String,
    /// Value as text.
    pub(super) value: String,
    /// Line, from 1.
    pub(super) line: usize,
}

/// Reads the text; names and types that do not fit become faults and count as absent, so that the
/// values of the rest can still be checked.
pub(super) fn read(text: &str, faults: &mut Faults) -> Written {
    let (mut document, broken) = DeTable::parse_recoverable(text);
    if !broken.is_empty() {
        for error in broken {
            let line = error.span().map(|span| line_of(text, span.start));
            faults.add("", line, error.message());
        }
        // A broken line may have hidden a key: nothing that is said about the rest would be sure.
        return Written::default();
    }
    let mut walk = Walk { text, faults, settings: Vec::new() };
    walk.table("", document.get_mut());
    let taken = walk.settings;
    let read = Written::deserialize(toml::de::Deserializer::from(document));
    let mut written = read.unwrap_or_else(|error| {
        faults.add("", error.span().map(|span| line_of(text, span.start)), error.message());
        Written::default()
    });
    for (section, setting) in taken {
        match section {
            "kafka.client" => written.kafka.client.push(setting),
            "kafka.consumer" => written.kafka.consumer.push(setting),
            "decode.fields" => written.decode.fields.push(setting),
            _ => written.kafka.producer.push(setting),
        }
    }
    written
}

/// Line of a byte offset, from 1.
pub(super) fn line_of(text: &str, offset: usize) -> usize {
    1 + text.bytes().take(offset).filter(|byte| *byte == b'\n').count()
}

struct Walk<'w> {
    text: &'w str,
    faults: &'w mut Faults,
    settings: Vec<(&'static str, Setting)>,
}

impl Walk<'_> {
    /// Leaves only what [`Written`] can take.
    fn table(&mut self, above: &str, table: &mut DeTable<'_>) {
        for (key, mut value) in std::mem::take(table) {
            let name = key.get_ref();
            let path = if above.is_empty() { name.to_string() } else { format!("{above}.{name}") };
            let line = line_of(self.text, key.span().start);
            if self.keeps(&path, line, value.get_mut()) {
                table.insert(key, value);
            }
        }
    }

    fn keeps(&mut self, path: &str, line: usize, value: &mut DeValue<'_>) -> bool {
        if let Some(key) = keys::find(path) {
            return self.fits(key, line, value);
        }
        if !keys::is_section(path) {
            let nearest = keys::nearest(path).map(|known| format!("; did you mean `{known}`?"));
            let message = format!("unknown key{}", nearest.unwrap_or_default());
            self.faults.add(path, Some(line), message);
            return false;
        }
        let DeValue::Table(table) = value else {
            self.faults.add(path, Some(line), format!("is a section: write `[{path}]`"));
            return false;
        };
        self.table(path, table);
        true
    }

    fn fits(&mut self, key: &'static keys::Key, line: usize, value: &DeValue<'_>) -> bool {
        let (wanted, got) = (key.form.toml_type(), value.type_str());
        let texts = value.as_array().is_none_or(|items| items.iter().all(|i| i.get_ref().is_str()));
        if wanted == got && texts {
            let DeValue::Table(table) = value else { return true };
            self.flatten(key, "", table);
            return false;
        }
        let message = match key.form {
            Form::Size if got == "integer" => "has no unit: write it as in \"1MiB\"".to_owned(),
            Form::Span if got == "integer" => "has no unit: write it as in \"25ms\"".to_owned(),
            Form::Texts => "must be an array of strings".to_owned(),
            _ => format!("must be of type {wanted}, and is {got}"),
        };
        self.faults.add(key.path, Some(line), message);
        false
    }

    /// `a.b = 1` is a table in a table for TOML, and one name for librdkafka and for a post.
    fn flatten(&mut self, key: &'static keys::Key, above: &str, table: &DeTable<'_>) {
        let (section, pointers) = (key.path, key.form == Form::Pointers);
        let wanted =
            if pointers { "must be a string" } else { "must be a string, an integer or a boolean" };
        for (name, value) in table {
            let line = line_of(self.text, name.span().start);
            let name = name.get_ref();
            let name = if above.is_empty() { name.to_string() } else { format!("{above}.{name}") };
            if let DeValue::Table(table) = value.get_ref() {
                self.flatten(key, &name, table);
                continue;
            }
            let value = value.get_ref();
            match settings::text(value).filter(|_| value.is_str() || !pointers) {
                Some(value) => self.settings.push((section, Setting { name, value, line })),
                None => self.faults.add(&format!("{section}.{name}"), Some(line), wanted),
            }
        }
    }
}
