//! `tidegate config`: is the configuration right, and what can be set?

use clap::Subcommand;

use super::output::{Data, say};
use super::{ConfigFile, Failure};
use crate::app::config::{self, Config};

/// Looks at the configuration.
#[derive(Debug, Subcommand)]
pub(super) enum ConfigVerb {
    /// Reads a configuration and reports every fault in it.
    Check(ConfigFile),
    /// Prints every key with its unit, default and meaning, as Markdown.
    Reference,
}

impl ConfigVerb {
    pub(super) fn run(self) -> Result<(), Failure> {
        match self {
            Self::Check(file) => {
                Config::load(&file.path).map_err(Failure::wrong)?;
                say(&format!("{}: good", file.path.display()));
                Ok(())
            }
            Self::Reference => {
                let reference = format!("{}\n", config::reference().trim_end());
                let written = Data::new().write(reference.as_bytes());
                written.map(|_| ()).map_err(Failure::stopped)
            }
        }
    }
}
