//! `tidegate control`: makes a rule milder at once, without a new pack, and lets it go again.

use clap::Args;
use jiff::Timestamp;

use super::output::say;
use super::packs::inventory;
use super::{ConfigFile, Failure, pack};
use crate::app::config::{Backend, Config, Packs};
use crate::app::feed::client;
use crate::app::hold::{Hold, Wish};
use crate::app::service::{kafka_settings, pack_folders};
use crate::control::{Controls, Rulebook};
use crate::event::control::Control;
use crate::log::kafka::Settings;
use crate::log::kafka::register::{Follower, Publisher};
use crate::record::Topic;
use crate::rules::{Pack, Status};
use crate::worker::clock;

/// Makes a rule milder at once, on every process of a deployment, or arms its limit again; without a
/// rule, shows what is held back.
#[derive(Debug, Args)]
pub(super) struct ControlVerb {
    /// Id of the rule or escalation.
    #[arg(value_name = "RULE", requires_all = ["status", "by", "reason"])]
    rule: Option<String>,
    /// No harsher than this; `lift` ends it.
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

impl ControlVerb {
    pub(super) fn run(self) -> Result<(), Failure> {
        let config = Config::load(&self.config.path).map_err(Failure::wrong)?;
        let settings = match &config.log {
            Backend::Kafka(cluster) => Some(kafka_settings(cluster, config.decode.max_bytes)),
            Backend::Embedded(_) => None,
        };
        let controls = controls(&config, settings.as_ref())?;
        let (Some(rule), Some(status)) = (self.rule, self.status) else {
            controls.all().for_each(show);
            return Ok(());
        };
        let (by, reason) = (self.by.unwrap_or_default(), self.reason.unwrap_or_default());
        let hold = Hold { rule, status, by, reason, until: self.until };
        let now = Timestamp::from_millisecond(clock::now_ms()).map_err(Failure::stopped)?;
        let record = hold.record(&controls, now).map_err(Failure::Wrong)?;
        if let Some(lowered) = lowered(status) {
            let own = own_status(&hold, &packs(&config, settings.as_ref(), now)?)?;
            if own <= lowered {
                say(&format!(
                    "{} is `{}` in its pack: this changes nothing now",
                    hold.rule,
                    own.name()
                ));
            }
        }
        match &settings {
            Some(settings) => {
                let mut publisher = Publisher::open(settings).map_err(Failure::stopped)?;
                publisher.publish(&[record]).map_err(Failure::stopped)?;
            }
            // The service has the file.
            None => {
                client(&config).hold(&hold).map_err(|why| Failure::stopped(format!("{why:#}")))?
            }
        }
        say(&match status {
            Wish::Lift => format!("{}: as its pack says", hold.rule),
            held => format!("{}: no harsher than `{}`", hold.rule, held.name()),
        });
        Ok(())
    }
}

/// The status up to which a wish changes nothing; none where a rule that nobody has is meant to be let go.
fn lowered(wish: Wish) -> Option<Status> {
    match wish {
        Wish::Draft => Some(Status::Draft),
        Wish::Shadow | Wish::Refer | Wish::Restrict => Some(Status::Shadow),
        Wish::Lift => None,
    }
}

/// What is held back now.
fn controls(config: &Config, settings: Option<&Settings>) -> Result<Controls, Failure> {
    let mut controls = Controls::default();
    let Some(settings) = settings else {
        let said = client(config).controls();
        for control in said.map_err(|why| Failure::stopped(format!("{why:#}")))? {
            let record = control.to_outgoing();
            let key = record.key.unwrap_or_default();
            controls.take(&key, record.value.as_deref()).map_err(Failure::stopped)?;
        }
        return Ok(controls);
    };
    let follower = Follower::open(settings, Topic::Controls).map_err(Failure::stopped)?;
    let read = follower.read_all(&mut |key, value| {
        if let Err(why) = controls.take(&key, value.as_deref()) {
            say(&format!("a record is passed over: {why}"));
        }
    });
    read.map_err(Failure::stopped)?;
    Ok(controls)
}

fn show(control: &Control) {
    let Control { rule, status, cap, by, reason, until, tripped, .. } = control;
    let until = until.map_or_else(|| "until it is lifted".to_owned(), |it| format!("until {it}"));
    let held = [status.map(|held| held.status().name()), cap.map(|cap| cap.name())];
    let held: Vec<&str> = held.into_iter().flatten().collect();
    let held = if held.is_empty() { "goes on".to_owned() } else { held.join(", ") };
    let tripped = tripped.map(|at| format!(", limit tripped {at}")).unwrap_or_default();
    say(&format!("{rule}: {held}, {until}{tripped}, by {by}: {reason}"));
}

/// The packs that the deployment runs.
fn packs(
    config: &Config,
    settings: Option<&Settings>,
    now: Timestamp,
) -> Result<Vec<Pack>, Failure> {
    let published = match &config.packs {
        Packs::Folder(folder) => {
            let folders = pack_folders(folder).map_err(|why| Failure::wrong(format!("{why:#}")))?;
            let packs = folders.iter().map(|folder| Ok(pack(folder)?.compiled.pack));
            return packs.collect();
        }
        Packs::Published(published) => published,
    };
    let Some(settings) = settings else { return Ok(Vec::new()) };
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

/// The status of a rule in its pack.
fn own_status(hold: &Hold, packs: &[Pack]) -> Result<Status, Failure> {
    let known = || {
        packs.iter().flat_map(|pack| {
            let rules = pack.rules.iter().map(|rule| (rule.id.as_str(), rule.status));
            let escalations = pack.escalations.iter().map(|one| (one.id.as_str(), one.status));
            rules.chain(escalations)
        })
    };
    match known().find(|(id, _)| *id == hold.rule) {
        Some((_, status)) => Ok(status),
        None => Err(Failure::Wrong(hold.unknown(known().map(|(id, _)| id)))),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn hold(rule: &str) -> Hold {
        let (rule, by, reason) = (rule.to_owned(), "ann".to_owned(), "a flood".to_owned());
        Hold { rule, status: Wish::Shadow, by, reason, until: None }
    }

    #[test]
    fn rules_and_escalations_can_be_held_back_and_what_is_neither_is_told() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/packs/placeholder");
        let packs = [crate::control::load(&folder).unwrap().compiled.pack];
        let [rule, ..] = &packs[0].rules[..] else { unreachable!("it has rules") };
        let [escalation, ..] = &packs[0].escalations[..] else { unreachable!("it has one") };
        for (id, status) in [(&rule.id, rule.status), (&escalation.id, escalation.status)] {
            assert_eq!(own_status(&hold(id), &packs).unwrap(), status, "{id}");
            let wrong = own_status(&hold(&format!("{id}x")), &packs).unwrap_err();
            assert!(matches!(wrong, Failure::Wrong(why) if why.contains(&format!("`{id}`?"))));
        }
    }
}
