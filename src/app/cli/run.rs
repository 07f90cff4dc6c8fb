//! `tidegate run`: the service, until it is asked to stop or cannot go on.

use clap::Args;

use super::{ConfigFile, Failure, rule_set};
use crate::app::config::Config;
use crate::app::{service, telemetry};

/// The service.
#[derive(Debug, Args)]
pub(super) struct Run {
    #[command(flatten)]
    config: ConfigFile,
}

impl Run {
    pub(super) fn run(self) -> Result<(), Failure> {
        let config = Config::load(&self.config.path).map_err(Failure::wrong)?;
        telemetry::start(config.log_output).map_err(Failure::stopped)?;
        let folders = service::pack_folders(&config.packs_dir);
        let rules = rule_set(&folders.map_err(|why| Failure::wrong(format!("{why:#}")))?)?;
        service::run(&config, rules).map_err(|why| Failure::stopped(format!("{why:#}")))
    }
}
