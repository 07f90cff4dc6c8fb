//! Opening the file: whose it is, which format, which topics. What was fixed when the file was
//! made is checked here; after that nobody asks again.

use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::path::Path;

use redb::{
    Builder, Database, DatabaseError, ReadableTable, StorageError, Table, WriteTransaction,
};

use super::Settings;
use super::ledger::{Ledger, Retention, Role, Row, Slot, TopicRows};
use super::producers::Producers;
use super::store::{META, Store, StoreError, TOPICS, Tables, begin, redb_error};
use crate::log::LogError;
use crate::record::Topic;

/// Format of the file. A reader of a later format keeps reading this one.
const FORMAT: u32 = 1;

/// Output topics are partitioned so that brokers share the load. Here is one file: one partition
/// lets a reader of takedowns follow a single offset, and gives a total order besides.
const OUTPUT_PARTITIONS: i32 = 1;

/// Most partitions of an input; each is a row in every look over the file.
const PARTITIONS_MAX: i32 = 1024;

/// A topic as the settings want it.
struct Wanted {
    name: String,
    role: Role,
    partitions: i32,
    /// Key of the partition count in the configuration.
    setting: &'static str,
}

/// Opens or makes the file.
pub(super) fn open(settings: &Settings) -> Result<(Store, Ledger), LogError> {
    check(settings)?;
    make(&settings.path)?;
    let db = Builder::new()
        .set_cache_size(settings.cache_bytes)
        .create(&settings.path)
        .map_err(|error| LogError::Stop(open_fault(&settings.path, error)))?;
    let ledger = prepare(&db, settings)?;
    Ok((Store::new(db, settings.path.clone()), ledger))
}

fn check(settings: &Settings) -> Result<(), LogError> {
    let counts = [
        ("embedded.partitions", settings.partitions),
        ("embedded.signal_partitions", settings.signal_partitions),
    ];
    for (name, count) in counts {
        if !(1..=PARTITIONS_MAX).contains(&count) {
            return Err(LogError::Stop(format!(
                "{name} is {count}: set it to a number from 1 to {PARTITIONS_MAX}"
            )));
        }
    }
    let names: Vec<String> = wanted(settings).into_iter().map(|topic| topic.name).collect();
    let twice = (1..names.len()).find_map(|at| {
        let (before, rest) = names.split_at(at);
        rest.first().filter(|name| before.contains(name))
    });
    if let Some(name) = twice {
        return Err(LogError::Stop(format!(
            "topic {name} is named twice: give each posts topic a name of its own, and none of \
             the names Tidegate writes to"
        )));
    }
    if settings.posts_topics.is_empty() {
        return Err(LogError::Stop("no posts topic is named: name one at least".to_owned()));
    }
    Ok(())
}

/// All topics but state, which is a table.
fn wanted(settings: &Settings) -> Vec<Wanted> {
    let posts = settings.posts_topics.iter().map(|name| Wanted {
        name: name.clone(),
        role: Role::Posts,
        partitions: settings.partitions,
        setting: "embedded.partitions",
    });
    let own = Topic::ALL.into_iter().filter(|topic| !topic.compacted()).map(|topic| {
        let name = settings.name(topic);
        match topic {
            Topic::Signals => Wanted {
                name,
                role: Role::Signals,
                partitions: settings.signal_partitions,
                setting: "embedded.signal_partitions",
            },
            _ => Wanted {
                name,
                role: Role::Output,
                partitions: OUTPUT_PARTITIONS,
                setting: "the version of tidegate",
            },
        }
    });
    posts.chain(own).collect()
}

/// Makes the file if there is none, readable by this user only: it holds what people wrote.
fn make(path: &Path) -> Result<(), LogError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(LogError::Stop(format!(
            "cannot make the log {}: {error}; make its folder writable or set embedded.path",
            path.display()
        ))),
    }
}

fn open_fault(path: &Path, error: DatabaseError) -> String {
    let path = path.display();
    match error {
        DatabaseError::DatabaseAlreadyOpen => format!(
            "cannot open the log {path}: another process has it open; stop it or set embedded.path"
        ),
        DatabaseError::Storage(StorageError::Io(error))
            if error.kind() == ErrorKind::InvalidData =>
        {
            format!("cannot open the log {path}: it is some other file; set embedded.path")
        }
        DatabaseError::Storage(StorageError::Corrupted(what)) => format!(
            "cannot open the log {path}: it is damaged ({what}); restore it from a copy, or move \
             it away to begin anew"
        ),
        error => {
            format!("cannot open the log {path}: {error}; check the disk or set embedded.path")
        }
    }
}

fn prepare(db: &Database, settings: &Settings) -> Result<Ledger, LogError> {
    let fault = |error: StoreError| {
        LogError::Stop(format!("cannot open the log {}: {error}", settings.path.display()))
    };
    let transaction = begin(db).map_err(fault)?;
    let ledger = prepare_in(&transaction, settings)?;
    transaction.commit().map_err(redb_error).map_err(fault)?;
    Ok(ledger)
}

fn prepare_in(transaction: &WriteTransaction, settings: &Settings) -> Result<Ledger, LogError> {
    let fault = |error: StoreError| {
        LogError::Stop(format!("cannot open the log {}: {error}", settings.path.display()))
    };
    let mut meta = transaction.open_table(META).map_err(redb_error).map_err(fault)?;
    check_format(&mut meta, settings)?;
    let mut numbers = transaction.open_table(TOPICS).map_err(redb_error).map_err(fault)?;
    let topics = number_topics(&mut numbers, settings)?;
    let retention = Retention {
        bytes: settings.retention_bytes,
        age_ms: i64::try_from(settings.retention_age.as_millis()).unwrap_or(i64::MAX),
    };
    let mut ledger = Ledger { topics, retention, producers: Producers::default() };
    let mut tables = Tables::open(transaction).map_err(fault)?;
    load(&mut ledger, &mut tables).map_err(fault)?;
    tables.producers(&mut ledger.producers).map_err(fault)?;
    Ok(ledger)
}

/// Reads the value of `name`, or writes `new` where there is none.
fn meta_or(
    meta: &mut Table<'_, &'static str, &'static str>,
    name: &str,
    new: &str,
) -> Result<String, StoreError> {
    let found = meta.get(name).map_err(redb_error)?.map(|value| value.value().to_owned());
    if let Some(found) = found {
        return Ok(found);
    }
    meta.insert(name, new).map_err(redb_error)?;
    Ok(new.to_owned())
}

fn check_format(
    meta: &mut Table<'_, &'static str, &'static str>,
    settings: &Settings,
) -> Result<(), LogError> {
    let path = settings.path.display();
    let fault = |error: StoreError| LogError::Stop(format!("cannot open the log {path}: {error}"));
    let format = meta_or(meta, "v", &FORMAT.to_string()).map_err(fault)?;
    if format != FORMAT.to_string() {
        return Err(LogError::Stop(format!(
            "cannot open the log {path}: its format is {format}, this version reads {FORMAT}; \
             run the version of tidegate that wrote it, or a newer one, or set embedded.path"
        )));
    }
    let prefix = meta_or(meta, "prefix", &settings.prefix).map_err(fault)?;
    if prefix != settings.prefix {
        return Err(LogError::Stop(format!(
            "cannot open the log {path}: its topics begin with {prefix:?}, the settings say {:?}; \
             set the prefix back, or set embedded.path",
            settings.prefix
        )));
    }
    Ok(())
}

/// The topics by their numbers in the file; new ones get the next number.
fn number_topics(
    numbers: &mut Table<'_, &'static str, (u16, i32)>,
    settings: &Settings,
) -> Result<Vec<TopicRows>, LogError> {
    let path = settings.path.display();
    let fault = |error: StoreError| LogError::Stop(format!("cannot open the log {path}: {error}"));
    let mut known = known_topics(numbers).map_err(fault)?;
    for topic in wanted(settings) {
        let Wanted { name, role, partitions, setting } = topic;
        if let Some((old, topic)) = known.iter_mut().find(|(_, topic)| topic.name == name) {
            topic.role = role;
            if *old != partitions {
                return Err(LogError::Stop(format!(
                    "the log {path} was made with {old} partitions of {name}, {setting} says \
                     {partitions}: the number is fixed for the life of the file, because the state \
                     of a key must not move; set it back, or set embedded.path to begin anew"
                )));
            }
            continue;
        }
        let number = u16::try_from(known.len())
            .map_err(|_| LogError::Stop(format!("the log {path} has too many topics")))?;
        numbers.insert(name.as_str(), (number, partitions)).map_err(redb_error).map_err(fault)?;
        known.push((partitions, empty_topic(name, role, partitions)));
    }
    Ok(known.into_iter().map(|(_, topic)| topic).collect())
}

fn empty_topic(name: String, role: Role, partitions: i32) -> TopicRows {
    let count = usize::try_from(partitions).unwrap_or(0);
    TopicRows { name, role, rows: vec![Row::default(); count], fronts: vec![None; count] }
}

/// (partitions, topic) by number. All are retired until the settings name them.
fn known_topics(
    numbers: &Table<'_, &'static str, (u16, i32)>,
) -> Result<Vec<(i32, TopicRows)>, StoreError> {
    let mut known = Vec::new();
    for entry in numbers.iter().map_err(redb_error)? {
        let (name, value) = entry.map_err(redb_error)?;
        let (number, partitions) = value.value();
        let topic = empty_topic(name.value().to_owned(), Role::Retired, partitions);
        known.push((number, partitions, topic));
    }
    known.sort_by_key(|&(number, ..)| number);
    Ok(known.into_iter().map(|(_, partitions, topic)| (partitions, topic)).collect())
}

fn load(ledger: &mut Ledger, tables: &mut Tables<'_>) -> Result<(), StoreError> {
    for slot in ledger.slots() {
        load_slot(ledger, tables, slot)?;
    }
    Ok(())
}

fn load_slot(ledger: &mut Ledger, tables: &mut Tables<'_>, slot: Slot) -> Result<(), StoreError> {
    let stored = tables.row(slot)?;
    if let (Some(stored), Some(row)) = (stored, ledger.row_mut(slot)) {
        *row = stored;
    }
    let oldest = tables.front(slot)?;
    if let Some(front) = ledger.front_mut(slot) {
        *front = oldest;
    }
    Ok(())
}
