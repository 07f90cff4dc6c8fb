//! `tidegate control`: makes a rule milder at once, without a new pack.

use clap::{Args, ValueEnum};
use jiff::Timestamp;

use super::output::say;
use super::packs::inventory;
use super::{ConfigFile, Failure, pack};
use crate::app::config::{Backend, Config, Packs};
use crate::app::reinstate::line;
use crate::app::service::{kafka_settings, pack_folders};
use crate::control::{Control, Controls, Held, Rulebook, lifted};
use crate::log::kafka::Settings;
use crate::log::kafka::register::{Follower, Publisher};
use crate::record::Topic;
use crate::rules::{Pack, Status, nearest};
use crate::worker::clock;

/// Makes a rule milder at once, on every process of a deployment; without a rule, shows what is
/// held back.
#[derive(Debug, Args)]
pub(super) struct ControlVerb {
    /// Id of the rule or escalation.
    #[arg(value_name = "RULE", requires_all = ["status", "by", "reason"])]
    rule: Option<String>,
    /// No higher than this; `lift` ends it.
    #[arg(value_name = "STATUS")]
    status: Option<Wish>,
    /// Who says so.
    #[arg(long, value_name = "WHO")]
    by: Option<String>,
    /// Why.
    #[arg(long, value_name = "WHY")]
    reason: Option<String>,
    /// Until when, such as 2027-06-30T00:00:00Z; else until it is lifted.
    #[arg(long, value_name = "TIME")]
    until: Option<Timestamp>,
    #[command(flatten)]
    config: ConfigFile,
}

/// What is wished of a rule. A higher status takes a new pack, which somebody signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Wish {
    /// As if the rule were not there.
    Draft,
    /// It counts and acts on nothing.
    Shadow,
    /// As its pack says.
    Lift,
}

impl ControlVerb {
    pub(super) fn run(self) -> Result<(), Failure> {
        let config = Config::load(&self.config.path).map_err(Failure::wrong)?;
        let Backend::Kafka(cluster) = &config.log else {
            let why = "controls are on Kafka; on this machine set `status:` in the pack's folder, \
                       which the service reads again within seconds";
            return Err(Failure::wrong(why));
        };
        let settings = kafka_settings(cluster, config.decode.max_bytes);
        let (Some(rule), Some(status)) = (&self.rule, self.status) else {
            return show(&settings);
        };
        let now = Timestamp::from_millisecond(clock::now_ms()).map_err(Failure::stopped)?;
        if self.until.is_some_and(|until| until <= now) {
            return Err(Failure::wrong("--until has passed already"));
        }
        let text = |name: &str, text: &Option<String>| {
            line(name, text.as_deref().unwrap_or_default()).map_err(Failure::Wrong)
        };
        let (by, reason) = (text("--by", &self.by)?, text("--reason", &self.reason)?);
        let held = match status {
            Wish::Lift => None,
            Wish::Draft => Some(Held::Draft),
            Wish::Shadow => Some(Held::Shadow),
        };
        let record = match held {
            None => lifted(rule),
            Some(held) => {
                let own = own_status(rule, &packs(&config, &settings, now)?)?;
                if own <= held.status() {
                    say(&format!(
                        "{rule} is `{}` in its pack: this changes nothing now",
                        own.name()
                    ));
                }
                Control::new(rule.clone(), held, by, reason, self.until)
                    .to_outgoing()
                    .map_err(Failure::stopped)?
            }
        };
        let mut publisher = Publisher::open(&settings).map_err(Failure::stopped)?;
        publisher.publish(&[record]).map_err(Failure::stopped)?;
        say(&match held {
            None => format!("{rule}: as its pack says"),
            Some(held) => format!("{rule}: no higher than `{}`", held.status().name()),
        });
        Ok(())
    }
}

fn show(settings: &Settings) -> Result<(), Failure> {
    let mut controls = Controls::default();
    let follower = Follower::open(settings, Topic::Controls).map_err(Failure::stopped)?;
    let read = follower.read_all(&mut |key, value| {
        if let Err(why) = controls.take(&key, value.as_deref()) {
            say(&format!("a record is passed over: {why}"));
        }
    });
    read.map_err(Failure::stopped)?;
    for Control { rule, status, by, reason, until, .. } in controls.all() {
        let until =
            until.map_or_else(|| "until it is lifted".to_owned(), |it| format!("until {it}"));
        let status = status.status().name();
        say(&format!("{rule}: {status}, {until}, by {by}: {reason}"));
    }
    Ok(())
}

/// The packs that the deployment runs.
fn packs(config: &Config, settings: &Settings, now: Timestamp) -> Result<Vec<Pack>, Failure> {
    let published = match &config.packs {
        Packs::Folder(folder) => {
            let folders = pack_folders(folder).map_err(|why| Failure::wrong(format!("{why:#}")))?;
            let packs = folders.iter().map(|folder| Ok(pack(folder)?.compiled.pack));
            return packs.collect();
        }
        Packs::Published(published) => published,
    };
    let inventory = inventory(settings)?;
    let mut book = Rulebook::new(published.wanted());
    for name in &published.names {
        let Some(newest) = inventory.newest(name) else { continue };
        if let Err(why) = book.offer(name, &inventory.whole(&newest), now) {
            say(&format!("{name}: {why}"));
        }
    }
    Ok(book.packs())
}

/// A control of a rule or an escalation that nobody has would hold back nothing, and somebody would trust in it.
fn own_status(rule: &str, packs: &[Pack]) -> Result<Status, Failure> {
    let known = || {
        packs.iter().flat_map(|pack| {
            let rules = pack.rules.iter().map(|rule| (rule.id.as_str(), rule.status));
            let escalations = pack.escalations.iter().map(|one| (one.id.as_str(), one.status));
            rules.chain(escalations)
        })
    };
    if let Some((_, status)) = known().find(|(id, _)| *id == rule) {
        return Ok(status);
    }
    let meant = nearest(rule, known().map(|(id, _)| id));
    let meant = meant.map(|meant| format!("; did you mean `{meant}`?")).unwrap_or_default();
    Err(Failure::Wrong(format!(
        "no pack of this deployment has a rule or an escalation `{rule}`{meant}"
    )))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn rules_and_escalations_can_be_held_back_and_what_is_neither_is_told() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/packs/placeholder");
        let packs = [crate::control::load(&folder).unwrap().compiled.pack];
        let [rule, ..] = &packs[0].rules[..] else { unreachable!("it has rules") };
        let [escalation, ..] = &packs[0].escalations[..] else { unreachable!("it has one") };
        for (id, status) in [(&rule.id, rule.status), (&escalation.id, escalation.status)] {
            assert_eq!(own_status(id, &packs).unwrap(), status, "{id}");
            let wrong = own_status(&format!("{id}x"), &packs).unwrap_err();
            assert!(matches!(wrong, Failure::Wrong(why) if why.contains(&format!("`{id}`?"))));
        }
    }
}
