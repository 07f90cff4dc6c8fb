//! Keeps the rules in force: follows what is published, or watches the folder, reads the
//! configuration again, and swaps rule sets between batches. A thread of its own.
//!
//! Which way it fails: what is refused changes nothing; the last good rules stay, metric and log
//! say so.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context, Result};
use jiff::Timestamp;
use tokio::sync::oneshot;

use super::config::{self, Backend, Config, Packs};
use super::service::{Service, StopOnDrop, kafka_settings, pack_folders};
use super::shutdown::Shutdown;
use crate::control::{
    self, Controls, Look, Rulebook, Shelf, Store, Unfit, fill, fill_from, lacking, look,
};
use crate::event::control::Control;
use crate::log::LogError;
use crate::log::embedded::Embedded;
use crate::log::kafka::Settings;
use crate::log::kafka::register::{Followed, Follower};
use crate::metrics::{Count, Level, Metrics};
use crate::record::Topic;
use crate::rules::Pack;
use crate::screen::{RuleSet, RuleSetError};
use crate::sealed::Members;
use crate::worker::{Shared, clock};

/// Longest wait for something to be published: how soon a stop is seen.
const WAIT: Duration = Duration::from_millis(100);

/// The configuration, the folder and the times of controls are looked at so often.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// While there are no rules yet, it is said so often what is waited for.
const SAY_AGAIN: Duration = Duration::from_secs(10);

/// Puts rules in force: whoever begins a batch from now on screens it with them. Gives the ones
/// before, which the last batch may still hold.
fn put_in_force(shared: &Shared, rules: RuleSet) -> Arc<RuleSet> {
    for (pack, version) in shared.rules.load().packs() {
        shared.metrics.forget(Level::RulesetInfo, &[pack, version]);
    }
    tell_rules(&shared.metrics, &rules);
    shared.rules.swap(Arc::new(rules))
}

/// Metrics of the rules in force.
pub(super) fn tell_rules(metrics: &Metrics, rules: &RuleSet) {
    for (pack, version) in rules.packs() {
        metrics.set(Level::RulesetInfo, &[pack, version], 1);
    }
    metrics.set(Level::RulesetPatterns, &[], rules.patterns() as u64);
    metrics.set(Level::RulesetSince, &[], seconds(now()));
}

/// The thread, and how it ended.
pub(super) type Kept = JoinHandle<Result<(), LogError>>;

/// Starts the thread. The receiver hears when the first rules are in force.
pub(super) fn start(
    file: &Path,
    config: &Config,
    packs: Vec<Pack>,
    service: &Service,
) -> Result<(Kept, oneshot::Receiver<()>)> {
    let settings = match &config.log {
        Backend::Kafka(cluster) => Some(kafka_settings(cluster, config.decode.max_bytes)),
        Backend::Embedded(_) => None,
    };
    let source = match (&config.packs, &settings) {
        (Packs::Published(published), Some(settings)) => {
            Source::Topic(Box::new(Published::open(published, settings)?))
        }
        (Packs::Published(_), None) => anyhow::bail!("published packs need Kafka"),
        (Packs::Folder(folder), _) => Source::Folder(Loose::new(folder, packs)),
    };
    let said = match service.embedded() {
        Some(log) => Said::File(Arc::clone(log)),
        None => {
            let settings = settings.context("controls are in a log")?;
            Said::Topic(Box::new(Follower::open(&settings, Topic::Controls)?))
        }
    };
    let (tell, first) = oneshot::channel();
    let keeper = Keeper {
        shared: Arc::clone(service.shared()),
        shutdown: service.shutdown().clone(),
        file: file.to_owned(),
        packs: config.packs.clone(),
        unread: None,
        source,
        heard: false,
        said,
        controls: Controls::default(),
        held: Controls::default(),
        retired: Vec::new(),
        first: Some(tell),
    };
    let thread = std::thread::Builder::new().name("keeper".to_owned());
    let thread = thread.spawn(move || {
        let _ends_with_me = StopOnDrop(keeper.shutdown.clone());
        let kept = keeper.run();
        if let Err(why) = &kept {
            tracing::error!(%why, "the rules cannot be kept");
        }
        kept
    });
    Ok((thread.context("cannot start a thread")?, first))
}

struct Keeper {
    shared: Arc<Shared>,
    shutdown: Shutdown,
    file: PathBuf,
    /// As the configuration said when it was last read well.
    packs: Packs,
    /// What was wrong with it when it was last read: said once.
    unread: Option<String>,
    source: Source,
    /// Was the end of the controls topic reached? Before that, a rule that is held back would act.
    heard: bool,
    said: Said,
    controls: Controls,
    /// Those that the rules in force are held back by.
    held: Controls,
    /// Dropped when no batch holds them any more: freeing a million patterns takes a while, and
    /// no worker should be the one who does it.
    retired: Vec<Arc<RuleSet>>,
    first: Option<oneshot::Sender<()>>,
}

/// Where controls are.
enum Said {
    Topic(Box<Follower>),
    File(Arc<Embedded>),
}

/// Where packs come from.
enum Source {
    Folder(Loose),
    Topic(Box<Published>),
}

impl Keeper {
    fn run(mut self) -> Result<(), LogError> {
        let mut looked = clock::Stopwatch::start();
        let mut said = clock::Stopwatch::start();
        // Where the packs are there already, only the controls are waited for.
        let mut is_due = matches!(self.source, Source::Folder(_));
        while !self.shutdown.is_stopping() {
            is_due |= self.follow_packs()?;
            is_due |= self.follow_controls()?;
            if looked.elapsed() >= LOOK_AGAIN {
                looked = clock::Stopwatch::start();
                is_due |= self.look_again()?;
                self.tell();
            }
            if is_due && self.heard {
                is_due = false;
                self.swap();
            }
            if self.first.is_some() && said.elapsed() >= SAY_AGAIN {
                said = clock::Stopwatch::start();
                self.say_what_is_missing();
            }
            self.retired.retain(|rules| Arc::strong_count(rules) > 1);
        }
        Ok(())
    }

    /// True where the packs in force are others now.
    fn follow_packs(&mut self) -> Result<bool, LogError> {
        match &mut self.source {
            Source::Topic(published) => published.follow(&self.shared),
            Source::Folder(_) => {
                // Nothing to wait for but the folder; controls are heard at this pace.
                std::thread::sleep(WAIT);
                Ok(false)
            }
        }
    }

    fn follow_controls(&mut self) -> Result<bool, LogError> {
        let mut records = Vec::new();
        match &self.said {
            Said::Topic(follower) => {
                while let Some(followed) = follower.next(Duration::ZERO)? {
                    match followed {
                        Followed::Record { key, value } => records.push((key, value)),
                        Followed::Reached => self.heard = true,
                    }
                }
            }
            Said::File(log) => {
                // All of them at once: what is gone was lifted.
                log.controls(&mut |key, value| {
                    records.push((key.to_vec(), value.map(<[u8]>::to_vec)));
                })?;
                let lifted = |control: &&Control| {
                    !records.iter().any(|(key, _)| *key == control.rule.as_bytes())
                };
                let lifted: Vec<_> = self.controls.all().filter(lifted).collect();
                let lifted: Vec<_> = lifted.iter().map(|it| it.rule.clone().into_bytes()).collect();
                records.extend(lifted.into_iter().map(|key| (key, None)));
                self.heard = true;
            }
        }
        let mut is_other = false;
        for (key, value) in records {
            is_other |= self.control(&key, value.as_deref());
        }
        Ok(is_other && self.has_other_controls())
    }

    /// Takes a record of the controls topic, if it can be read.
    fn control(&mut self, key: &[u8], value: Option<&[u8]>) -> bool {
        let taken = self.controls.take(key, value);
        if let Err(why) = &taken {
            tracing::warn!(%why, "a record of the controls topic is passed over");
            self.shared.metrics.add(Count::ControlsRefused, &[], 1);
        }
        taken.is_ok()
    }

    fn has_other_controls(&self) -> bool {
        self.controls.at(now()) != self.held
    }

    fn look_again(&mut self) -> Result<bool, LogError> {
        let is_other = self.read_config()?;
        let is_changed = match &mut self.source {
            Source::Folder(loose) => loose.read(&self.shared),
            Source::Topic(_) => false,
        };
        Ok(is_other || is_changed || self.has_other_controls())
    }

    /// Reads the configuration again. Only what it says of packs can change while it runs.
    fn read_config(&mut self) -> Result<bool, LogError> {
        let config = match Config::load(&self.file) {
            Ok(config) => config,
            Err(why) => {
                let why = why.to_string();
                if self.unread.as_ref() != Some(&why) {
                    tracing::warn!(%why, "the configuration is not read again; what it said holds");
                    self.unread = Some(why);
                }
                return Ok(false);
            }
        };
        self.unread = None;
        if config.packs == self.packs {
            return Ok(false);
        }
        let is_other = match (&mut self.source, &config.packs) {
            (Source::Topic(published), Packs::Published(wanted)) => {
                tracing::info!(keys = wanted.keys.len(), "packs of the configuration read again");
                published.want(wanted, &self.shared)?
            }
            (Source::Folder(loose), Packs::Folder(folder)) => {
                loose.folder.clone_from(folder);
                loose.read(&self.shared)
            }
            _ => {
                tracing::warn!("packs from a folder or from the topic: restart to change that");
                false
            }
        };
        self.packs = config.packs;
        Ok(is_other)
    }

    /// Puts the packs in force, held back by the controls.
    fn swap(&mut self) {
        let held = self.controls.at(now());
        let built = match &self.source {
            Source::Folder(loose) => {
                let mut packs = loose.packs.clone();
                held.apply(&mut packs);
                Some(RuleSet::build(packs))
            }
            Source::Topic(published) => published.book.rules(&held),
        };
        let rules = match built {
            Some(Ok(rules)) => rules,
            Some(Err(why)) => return self.not_together(&why),
            None => return,
        };
        let (patterns, packs) = (rules.patterns(), rules.describe());
        self.retired.push(put_in_force(&self.shared, rules));
        tracing::info!(%packs, patterns, controls = held.all().count(), "rules in force");
        self.tell_limits(&held);
        self.held = held;
        self.tell();
        if let Some(first) = self.first.take() {
            // Nobody listens any more once the service stops.
            _ = first.send(());
        }
        if let Source::Topic(published) = &mut self.source {
            published.store();
        }
    }

    /// Says which limits were tripped since the last time, and which were armed again.
    fn tell_limits(&self, held: &Controls) {
        let is_tripped = |control: &&Control| control.tripped.is_some();
        for Control { rule, reason, .. } in held.all().filter(is_tripped) {
            if self.held.of(rule).is_none_or(|before| before.tripped.is_none()) {
                let lift = "`tidegate control` lifts it";
                tracing::error!(%rule, %reason, "above its limit and held back: {lift}");
            }
        }
        for Control { rule, .. } in self.held.all().filter(is_tripped) {
            if held.of(rule).is_none_or(|now| now.tripped.is_none()) {
                self.shared.metrics.forget(Level::LimitTripped, &[rule]);
                tracing::info!(%rule, "its limit is armed again");
            }
        }
    }

    fn not_together(&self, why: &RuleSetError) {
        tracing::error!(%why, "the packs do not go together; the last good rules stay");
        self.shared.metrics.add(Count::PacksRefused, &["all", "conflict"], 1);
    }

    fn tell(&self) {
        let metrics = &self.shared.metrics;
        metrics.set(Level::ControlsInForce, &[], self.held.all().count() as u64);
        for control in self.held.all().filter(|control| control.tripped.is_some()) {
            metrics.set(Level::LimitTripped, &[&control.rule], 1);
        }
        let Source::Topic(published) = &self.source else { return };
        for pack in published.book.in_force() {
            metrics.set(Level::PackSequence, &[&pack.name], pack.sequence);
            metrics.set(Level::PackExpires, &[&pack.name], seconds(pack.expires));
            metrics.set(Level::PackTrusted, &[&pack.name], u64::from(pack.is_trusted));
        }
    }

    fn say_what_is_missing(&self) {
        let packs = match &self.source {
            Source::Topic(published) => published.book.missing().join(", "),
            Source::Folder(_) => String::new(),
        };
        if packs.is_empty() {
            tracing::warn!("nothing is screened yet: the controls topic was not read to its end");
        } else {
            tracing::warn!(%packs, "nothing is screened yet: these packs were not published, or refused");
        }
    }
}

fn now() -> Timestamp {
    Timestamp::from_millisecond(clock::now_ms()).unwrap_or(Timestamp::MAX)
}

fn seconds(time: Timestamp) -> u64 {
    u64::try_from(time.as_second()).unwrap_or(0)
}

/// Packs in a folder.
struct Loose {
    folder: PathBuf,
    packs: Vec<Pack>,
    looks: Vec<Look>,
}

impl Loose {
    fn new(folder: &Path, packs: Vec<Pack>) -> Self {
        let looks = looks(folder);
        Self { folder: folder.to_owned(), packs, looks }
    }

    /// Reads the folder where something in it looks different; true where other packs are good.
    fn read(&mut self, shared: &Shared) -> bool {
        let looks = looks(&self.folder);
        if looks == self.looks {
            return false;
        }
        self.looks = looks;
        match packs_of(&self.folder) {
            Ok(packs) => {
                self.packs = packs;
                true
            }
            Err(why) => {
                // The error of a pack shows lines of it: those are for who runs `check`.
                tracing::warn!(%why, "the changed folder is not taken; the last good rules stay");
                shared.metrics.add(Count::PacksRefused, &["all", "rules"], 1);
                false
            }
        }
    }
}

fn looks(folder: &Path) -> Vec<Look> {
    let folders = pack_folders(folder).unwrap_or_default();
    folders.iter().map(|folder| look(folder)).collect()
}

fn packs_of(folder: &Path) -> Result<Vec<Pack>> {
    let mut packs = Vec::new();
    for folder in pack_folders(folder)? {
        match control::load(&folder) {
            Ok(loaded) => packs.push(loaded.compiled.pack),
            Err(control::LoadError::Pack { report, .. }) => {
                let (errors, folder) = (report.errors(), folder.display());
                anyhow::bail!("{errors} errors: see `tidegate check {folder}`");
            }
            Err(why) => return Err(why.into()),
        }
    }
    RuleSet::build(packs.clone())?;
    Ok(packs)
}

/// Packs on the topic.
struct Published {
    settings: Settings,
    follower: Follower,
    shelf: Shelf,
    is_reached: bool,
    book: Rulebook,
    stored: Store,
    /// Editions that were taken and are not on the disk yet.
    fresh: BTreeMap<String, Members>,
}

impl Published {
    fn open(published: &config::Published, settings: &Settings) -> Result<Self> {
        let folder = published.store.display();
        Ok(Self {
            settings: settings.clone(),
            follower: Follower::open(settings, Topic::Packs)?,
            shelf: Shelf::default(),
            is_reached: false,
            book: Rulebook::new(published.wanted()),
            stored: Store::open(&published.store)
                .with_context(|| format!("cannot make the folder {folder} (`packs.store`)"))?,
            fresh: BTreeMap::new(),
        })
    }

    /// Takes what was published; true where another edition is good.
    fn follow(&mut self, shared: &Shared) -> Result<bool, LogError> {
        match self.follower.next(WAIT)? {
            Some(Followed::Record { key, value }) => match self.shelf.take(&key, value) {
                // Before the end of the topic a newer edition may follow.
                Some(name) if self.is_reached && self.book.wants(&name) => self.take(&name, shared),
                _ => Ok(false),
            },
            Some(Followed::Reached) if !self.is_reached => {
                self.is_reached = true;
                self.shelf.reached();
                self.take_all(shared)
            }
            Some(Followed::Reached) | None => Ok(false),
        }
    }

    /// Other keys, or other packs.
    fn want(&mut self, published: &config::Published, shared: &Shared) -> Result<bool, LogError> {
        let before = self.book.names().to_vec();
        self.book.want(published.wanted());
        let is_other = before != self.book.names();
        if !self.is_reached {
            return Ok(is_other);
        }
        Ok(self.take_all(shared)? || is_other)
    }

    fn take_all(&mut self, shared: &Shared) -> Result<bool, LogError> {
        let mut is_other = false;
        for name in self.book.names().to_vec() {
            is_other |= self.take_stored(&name);
            is_other |= self.take(&name, shared)?;
        }
        Ok(is_other)
    }

    /// The last good edition on the disk, where there is none in force.
    fn take_stored(&mut self, name: &str) -> bool {
        if !self.book.missing().contains(&name) {
            return false;
        }
        let Some(members) = self.stored.read(name) else { return false };
        match self.book.offer(name, &members, now()) {
            Ok(is_other) => is_other,
            Err(why) => {
                tracing::warn!(pack = name, %why, "the stored pack is refused");
                false
            }
        }
    }

    /// The edition on the topic.
    fn take(&mut self, name: &str, shared: &Shared) -> Result<bool, LogError> {
        let taken = match self.members(name)? {
            None if !self.book.missing().contains(&name) => {
                tracing::warn!(pack = name, "was taken off the topic; the last good edition stays");
                shared.metrics.add(Count::PacksRefused, &[name, "removed"], 1);
                Ok(false)
            }
            None => Ok(false),
            Some(Err(why)) => Err(why),
            Some(Ok(members)) => self.book.offer(name, &members, now()).inspect(|&is_other| {
                if is_other {
                    self.fresh.insert(name.to_owned(), members);
                }
            }),
        };
        self.shelf.clear();
        taken.or_else(|why| {
            tracing::warn!(pack = name, %why, "a published pack is refused; the last good one stays");
            shared.metrics.add(Count::PacksRefused, &[name, why.name()], 1);
            Ok(false)
        })
    }

    /// The edition with all its blobs, wherever they are; `None` where the topic has none.
    fn members(&self, name: &str) -> Result<Option<Result<Members, Unfit>>, LogError> {
        let mut members = match self.shelf.members(name) {
            None => return Ok(None),
            Some(Err(why)) => return Ok(Some(Err(why.into()))),
            Some(Ok(members)) => members,
        };
        if !lacking(&members).is_empty()
            && let Some(stored) = self.stored.read(name)
        {
            fill_from(&mut members, &stored);
        }
        let mut missing = lacking(&members);
        if !missing.is_empty() {
            let topic = Follower::open(&self.settings, Topic::Packs)?;
            topic.read_all(&mut |key, value| fill(&mut members, &mut missing, &key, value))?;
        }
        Ok(Some(Ok(members)))
    }

    /// Keeps the editions that are in force now.
    fn store(&mut self) {
        for (name, members) in std::mem::take(&mut self.fresh) {
            if let Err(why) = self.stored.write(&name, &members) {
                tracing::warn!(pack = name, %why, "the last good pack cannot be kept on the disk");
            }
        }
    }
}
