//! `tidegate load`: made posts into the log of a running service, abuse planted; what comes out is
//! read back and held against it.

use std::collections::HashMap;
use std::time::Duration;

use anyhow::Result;
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value;

use super::{ConfigFile, Failure, reconciled};
use crate::app::client::Client;
use crate::app::config::{Backend, Config};
use crate::app::feed::{Feed, client};
use crate::app::plants;
use crate::app::reconcile::Account;
use crate::app::service::kafka_settings;
use crate::decode::Format;
use crate::log::kafka;
use crate::record::Topic;
use crate::traffic::{MadePost, Traffic};
use crate::worker::clock::{self, Stopwatch};

/// Posts are sent so often.
const TICK: Duration = Duration::from_millis(50);

/// How long the last takedowns may take once the last post is sent.
const DRAIN: Duration = Duration::from_secs(30);

/// How long to go on trying while the service is away.
const PATIENCE: Duration = Duration::from_secs(60);

/// Made posts into the log.
#[derive(Debug, Args)]
pub(super) struct Load {
    #[command(flatten)]
    config: ConfigFile,
    /// Posts a second.
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(20..))]
    rate: u32,
    /// Posts in all.
    #[arg(long, default_value_t = 60_000)]
    count: u64,
    /// What the posts are made from: the same seed makes the same posts.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

impl Load {
    pub(super) fn run(self) -> Result<(), Failure> {
        let config = Config::load(&self.config.path).map_err(Failure::wrong)?;
        if config.decode.format != Format::Native {
            let format = config.decode.format.name();
            let why = "`load` makes posts in the format `native`, and `decode.format` is";
            return Err(Failure::wrong(format!("{why} `{format}`")));
        }
        let even = self.drive(&config).map_err(|why| Failure::stopped(format!("{why:#}")))?;
        if even { Ok(()) } else { Err(Failure::No) }
    }

    fn drive(&self, config: &Config) -> Result<bool> {
        let mut takedowns = Takedowns::open(config)?;
        let mut feed = Feed::open(config, PATIENCE)?;
        let start = clock::now_ms() / 1000;
        let mut traffic = Traffic::new(self.seed, plants::plan(start, i64::from(self.rate)))?;
        let mut account = Account::default();
        let bar = progress(self.count);
        let clock = Stopwatch::start();
        let (mut sent, mut ticks) = (0, 0_u32);
        while sent < self.count || traffic.is_within_series() {
            let room = u64::from(self.rate / 20).min(self.count.saturating_sub(sent)).max(1);
            let posts: Vec<_> = (0..room).map(|_| traffic.make()).collect();
            sent += room;
            plant(&mut account, &posts);
            let posts: Vec<_> = posts.into_iter().map(|post| post.json).collect();
            feed.send(&posts)?;
            takedowns.take(&mut account)?;
            bar.inc(room);
            ticks += 1;
            std::thread::sleep((TICK * ticks).saturating_sub(clock.elapsed()));
        }
        feed.finish()?;
        let drained = Stopwatch::start();
        while account.found() < account.planted() && drained.elapsed() < DRAIN {
            takedowns.take(&mut account)?;
            std::thread::sleep(TICK);
        }
        bar.finish_and_clear();
        Ok(reconciled::print(&account, "planted"))
    }
}

fn plant(account: &mut Account, posts: &[MadePost]) {
    let now = clock::now_ms();
    for post in posts {
        if let Some(planted) = &post.planted {
            account.plant(&post.id, &planted.rule, now);
        }
    }
}

fn progress(count: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} posts, {per_sec}");
    let bar = ProgressBar::new(count);
    match style {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

/// Takedowns as they come: over the API of a service, or from Kafka.
enum Takedowns {
    Service { client: Box<Client>, from: Option<String> },
    Kafka { settings: Box<kafka::Settings>, next: HashMap<i32, i64> },
}

impl Takedowns {
    /// Begins behind what is there already.
    fn open(config: &Config) -> Result<Self> {
        let mut takedowns = match &config.log {
            Backend::Embedded(_) => Self::Service { client: Box::new(client(config)), from: None },
            Backend::Kafka(cluster) => {
                let settings = kafka_settings(cluster, config.decode.max_bytes);
                Self::Kafka { settings: Box::new(settings), next: HashMap::new() }
            }
        };
        while !takedowns.next()?.is_empty() {}
        Ok(takedowns)
    }

    fn take(&mut self, account: &mut Account) -> Result<()> {
        for event in self.next()? {
            account.take(&event, clock::now_ms());
        }
        Ok(())
    }

    fn next(&mut self) -> Result<Vec<Value>> {
        match self {
            Self::Service { client, from } => {
                let (events, next) = client.takedowns(from.as_deref())?;
                *from = Some(next);
                Ok(events)
            }
            Self::Kafka { settings, next } => {
                let topic = settings.topic(Topic::Takedowns);
                let from: Vec<_> = next.iter().map(|(partition, at)| (*partition, *at)).collect();
                let mut events = Vec::new();
                for record in kafka::feed::read_committed(settings, &topic, &from)? {
                    next.insert(record.partition, record.offset + 1);
                    events.push(serde_json::from_slice(&record.value.unwrap_or_default())?);
                }
                Ok(events)
            }
        }
    }
}
