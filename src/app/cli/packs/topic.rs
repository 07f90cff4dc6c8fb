//! `tidegate pack publish`, `rollback` and `list`: packs on the topic of a deployment.

use std::path::{Path, PathBuf};

use clap::Args;
use jiff::Timestamp;

use super::sign::{secret_key, sign};
use super::store;
use super::verify::compiles;
use crate::app::cli::output::{complain, say};
use crate::app::cli::{ConfigFile, Failure};
use crate::app::config::{Backend, Config, Packs, Published};
use crate::app::service::kafka_settings;
use crate::control::{Inventory, edition_key};
use crate::log::kafka::Settings;
use crate::log::kafka::register::{Follower, Publisher};
use crate::record::Topic;
use crate::rules;
use crate::sealed::{
    Edition, MANIFEST, Manifest, Members, Opened, Trust, check_content, open, seal, stated,
};
use crate::worker::clock;

/// Publishes a built and signed pack: every process of the deployment takes it within a second.
#[derive(Debug, Args)]
pub(in crate::app::cli) struct Publish {
    /// The built pack: a file or a folder.
    #[arg(value_name = "PATH")]
    built: PathBuf,
    #[command(flatten)]
    config: ConfigFile,
}

/// Goes back: an older edition on the topic, under a new sequence.
#[derive(Debug, Args)]
pub(in crate::app::cli) struct Rollback {
    /// Name of the pack.
    #[arg(value_name = "PACK")]
    name: String,
    /// Sequence of the edition to go back to; `tidegate pack list` shows them.
    #[arg(long, value_name = "N")]
    to: u64,
    /// From when on the new edition must not be taken any more, such as 2027-06-30T00:00:00Z.
    #[arg(long, value_name = "TIME")]
    expires: Timestamp,
    /// File of a secret key to sign with; may be given several times.
    #[arg(long = "secret", value_name = "FILE", required_unless_present = "out")]
    secrets: Vec<PathBuf>,
    /// Publishes nothing: the new edition goes to this file, for others to sign and publish.
    #[arg(long, value_name = "PATH", conflicts_with = "secrets")]
    out: Option<PathBuf>,
    #[command(flatten)]
    config: ConfigFile,
}

/// Shows the packs on the topic, and the editions that can be gone back to.
#[derive(Debug, Args)]
pub(in crate::app::cli) struct List {
    #[command(flatten)]
    config: ConfigFile,
}

/// A deployment that runs published packs.
struct Deployment {
    settings: Settings,
    packs: Published,
}

/// What lies on the topic of packs.
pub(in crate::app::cli) fn inventory(settings: &Settings) -> Result<Inventory, Failure> {
    let mut inventory = Inventory::default();
    let follower = Follower::open(settings, Topic::Packs).map_err(Failure::stopped)?;
    let read = follower.read_all(&mut |key, value| inventory.take(&key, value));
    read.map_err(Failure::stopped)?;
    Ok(inventory)
}

impl Deployment {
    fn load(file: &Path) -> Result<Self, Failure> {
        let config = Config::load(file).map_err(Failure::wrong)?;
        let Packs::Published(packs) = config.packs else {
            let why = "this configuration reads packs from a folder, `packs.dir`: to publish \
                       packs, set `packs.names` and `packs.keys`";
            return Err(Failure::wrong(why));
        };
        match &config.log {
            Backend::Kafka(cluster) => {
                let settings = kafka_settings(cluster, config.decode.max_bytes);
                Ok(Self { settings, packs })
            }
            // The configuration refuses it.
            Backend::Embedded(_) => Err(Failure::wrong("published packs need Kafka")),
        }
    }

    /// As the processes of the deployment will ask.
    fn open(&self, members: &Members) -> Result<Opened, Failure> {
        let trust = Trust {
            keys: self.packs.keys.clone(),
            at_least: self.packs.signatures,
            pack: None,
            last_sequence: None,
            now: Timestamp::from_millisecond(clock::now_ms()).map_err(Failure::stopped)?,
        };
        open(members, &trust).map_err(|refused| {
            complain(&format!("nothing is published: {refused}"));
            Failure::No
        })
    }

    /// Publishes what would be taken; says what was done.
    fn publish(&self, members: &Members) -> Result<(), Failure> {
        let opened = self.open(members)?;
        compiles("nothing is published", &opened)?;
        let Manifest { pack, version, sequence, .. } = &opened.manifest;
        if !self.packs.names.contains(pack) {
            let names = self.packs.names.join(", ");
            complain(&format!(
                "nothing is published: `packs.names` has {names}, and not `{pack}`: no process \
                 would run it"
            ));
            return Err(Failure::No);
        }
        // First: who publishes at the same time is fenced, so that what is read next stays so.
        let mut publisher = Publisher::open(&self.settings).map_err(Failure::stopped)?;
        let inventory = inventory(&self.settings)?;
        let newest = inventory.newest(pack);
        if let Some(last) = newest.as_ref().and_then(stated) {
            let is_other = newest.as_ref().and_then(|it| it.get(MANIFEST)) != members.get(MANIFEST);
            if *sequence < last.sequence || (*sequence == last.sequence && is_other) {
                complain(&format!(
                    "nothing is published: sequence {} is there already, and this is {sequence}: \
                     build it under a higher one",
                    last.sequence
                ));
                return Err(Failure::No);
            }
        }
        let records = inventory.publication(pack, *sequence, members);
        let bytes: usize = records.iter().map(crate::record::Outgoing::size).sum();
        publisher.publish(&records).map_err(Failure::stopped)?;
        say(&format!("{pack} {version}, sequence {sequence}: published, {bytes} bytes were new"));
        Ok(())
    }
}

impl Publish {
    pub(super) fn run(self) -> Result<(), Failure> {
        let deployment = Deployment::load(&self.config.path)?;
        deployment.publish(&store::read(&self.built)?)
    }
}

impl Rollback {
    pub(super) fn run(self) -> Result<(), Failure> {
        let deployment = Deployment::load(&self.config.path)?;
        let inventory = inventory(&deployment.settings)?;
        let editions = inventory.editions(&self.name);
        let Some(edition) = editions.iter().find(|edition| edition.sequence == self.to) else {
            let there: Vec<_> = editions.iter().map(|it| it.sequence.to_string()).collect();
            let there = if there.is_empty() { "none".to_owned() } else { there.join(", ") };
            let (name, to) = (&self.name, self.to);
            return Err(Failure::Wrong(format!(
                "there is no edition {to} of `{name}` on the topic to go back to; there is {there}"
            )));
        };
        let newest = inventory.newest(&self.name).as_ref().and_then(stated);
        let sequence = newest.map_or(self.to, |newest| newest.sequence.max(self.to)) + 1;
        let whole = inventory.whole(&edition.sealed);
        let (_, source) = check_content(&whole).map_err(|why| {
            Failure::Wrong(format!("{}: {why}", edition_key(&self.name, self.to)))
        })?;
        let compiled = rules::compile(&source).map_err(|report| {
            let errors = report.errors();
            Failure::Wrong(format!("this version of tidegate finds {errors} errors in it"))
        })?;
        let edition = Edition { sequence, expires: self.expires };
        let mut members = seal(&compiled.pack, &source, edition).map_err(Failure::wrong)?;
        if let Some(out) = &self.out {
            store::write(out, &members, store::Onto::New)?;
            let (name, to, out) = (&self.name, self.to, out.display());
            say(&format!("{name}: edition {to} as sequence {sequence} in {out}, not signed"));
            return Ok(());
        }
        for secret in &self.secrets {
            sign(&secret_key(secret)?, &mut members, "rollback");
        }
        deployment.publish(&members)
    }
}

impl List {
    pub(super) fn run(self) -> Result<(), Failure> {
        let deployment = Deployment::load(&self.config.path)?;
        let inventory = inventory(&deployment.settings)?;
        for name in inventory.names() {
            let newest = inventory.newest(name).as_ref().and_then(stated);
            let Some(Manifest { version, sequence, expires, .. }) = newest else {
                say(&format!("{name}: what was published cannot be read"));
                continue;
            };
            say(&format!("{name} {version}, sequence {sequence}, good until {expires}"));
            let editions = inventory.editions(name).into_iter();
            let told = editions.filter_map(|it| Some((it.sequence, stated(&it.sealed)?.version)));
            told.for_each(|(sequence, version)| say(&format!("  {sequence}: {version}")));
        }
        Ok(())
    }
}
