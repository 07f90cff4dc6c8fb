//! `tidegate topics`: the Kafka topics of a deployment.

use clap::{Args, Subcommand};

use super::output::say;
use super::{ConfigFile, Failure};
use crate::app::config::{Backend, Config};
use crate::app::service::kafka_settings;
use crate::log::kafka::topics::{self, Row, Sizes};
use crate::log::{LogError, kafka};

/// Creates or checks the Kafka topics.
#[derive(Debug, Subcommand)]
pub(super) enum Topics {
    /// Creates what is missing and reports on every topic; may be run again and again.
    Create(Plan),
    /// Reports on every topic and changes nothing.
    Check(Plan),
}

/// How topics are to be made.
#[derive(Debug, Args)]
pub(super) struct Plan {
    #[command(flatten)]
    config: ConfigFile,
    /// Partitions of signals and of state; they can never be changed.
    #[arg(long, default_value_t = 12, value_parser = clap::value_parser!(i32).range(1..))]
    signals: i32,
    /// Partitions of every other output topic.
    #[arg(long, default_value_t = 12, value_parser = clap::value_parser!(i32).range(1..))]
    outputs: i32,
    /// Makes the topics of posts too, with so many partitions.
    #[arg(long, value_parser = clap::value_parser!(i32).range(1..))]
    posts: Option<i32>,
    /// Copies of each partition; left out, the broker's own default.
    #[arg(long, value_parser = clap::value_parser!(i32).range(1..))]
    replication: Option<i32>,
}

impl Topics {
    pub(super) fn run(self) -> Result<(), Failure> {
        match self {
            Self::Create(plan) => plan.run(topics::create),
            Self::Check(plan) => plan.run(topics::check),
        }
    }
}

impl Plan {
    fn run(
        self,
        act: fn(&kafka::Settings, &Sizes) -> Result<Vec<Row>, LogError>,
    ) -> Result<(), Failure> {
        let config = Config::load(&self.config.path).map_err(Failure::wrong)?;
        let Backend::Kafka(cluster) = &config.log else {
            let why = "the log of this configuration is embedded: it makes its topics by itself";
            return Err(Failure::wrong(why));
        };
        let settings = kafka_settings(cluster, config.decode.max_bytes);
        let Self { signals, outputs, posts, replication, .. } = self;
        let sizes = Sizes { signals, outputs, posts, replication };
        let rows = act(&settings, &sizes).map_err(Failure::stopped)?;
        for row in &rows {
            say(&row.to_string());
        }
        if rows.iter().all(Row::is_fine) { Ok(()) } else { Err(Failure::No) }
    }
}
