//! `tidegate run`: the service, until it is asked to stop or cannot go on.

use clap::Args;

use super::{ConfigFile, Failure, pack};
use crate::app::config::{Config, Packs};
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
        let mut packs = Vec::new();
        if let Packs::Folder(folder) = &config.packs {
            let folders = service::pack_folders(folder);
            for folder in folders.map_err(|why| Failure::wrong(format!("{why:#}")))? {
                packs.push(pack(&folder)?.compiled.pack);
            }
            crate::screen::RuleSet::build(packs.clone()).map_err(Failure::wrong)?;
        }
        let ran = service::run(&self.config.path, &config, packs);
        ran.map_err(|why| Failure::stopped(format!("{why:#}")))
    }
}
