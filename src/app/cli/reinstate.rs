//! `tidegate reinstate`: undoes what was done to a channel or an account.

use clap::Args;

use super::output::{Data, say};
use super::{ConfigFile, Failure};
use crate::app::config::{Backend, Config};
use crate::app::feed::client;
use crate::app::reinstate::{Answer, Request, ask_on_kafka};
use crate::app::service::kafka_settings;

/// Undoes what was done to a channel or an account, and waits until it is: the event that says so
/// stands in the topic of takedowns, and the subject can be acted on anew.
#[derive(Debug, Args)]
pub(super) struct ReinstateVerb {
    /// Whom: channel/ID or account/ID.
    #[arg(value_name = "SUBJECT")]
    subject: String,
    /// What to undo: `restrict_channel`, `remove_channel` or `suspend_account`.
    #[arg(long, value_name = "ACTION")]
    action: String,
    /// Who says so.
    #[arg(long, value_name = "WHO")]
    by: String,
    /// Why.
    #[arg(long, value_name = "WHY")]
    reason: String,
    /// The event as JSON on stdout.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    config: ConfigFile,
}

impl ReinstateVerb {
    pub(super) fn run(self) -> Result<(), Failure> {
        let config = Config::load(&self.config.path).map_err(Failure::wrong)?;
        let Self { subject, action, by, reason, json, .. } = self;
        let request = Request { subject, action, by, reason };
        let asked = request.signal().map_err(Failure::Wrong)?;
        let answer = match &config.log {
            Backend::Kafka(cluster) => {
                ask_on_kafka(&kafka_settings(cluster, config.decode.max_bytes), asked)
                    .map_err(Failure::stopped)?
            }
            // The service has the file.
            Backend::Embedded(_) => client(&config)
                .reinstate(&request)
                .map_err(|why| Failure::stopped(format!("{why:#}")))?,
        };
        let Request { subject, action, .. } = request;
        match answer {
            Answer::Undone(event) => {
                say(&format!("{subject}: {action} is undone, takedown {}", event.takedown));
                let line = serde_json::to_vec(&event).map_err(Failure::stopped)?;
                if json {
                    Data::new().write(&[&line[..], b"\n"].concat()).map_err(Failure::stopped)?;
                }
                Ok(())
            }
            Answer::Nothing => {
                say(&format!(
                    "{subject}: no {action} holds: it was never done, has run out, or was undone before"
                ));
                Err(Failure::No)
            }
            Answer::NotHeard => Err(Failure::Stopped(format!(
                "{subject}: nobody has taken the request yet; it is in the log and holds as soon as \
                 `tidegate run` runs: look for it in the takedowns"
            ))),
        }
    }
}
