//! `tidegate demo`: the whole system on this machine, with nothing installed. Made traffic goes in,
//! abuse planted in it; at the end what was planted is held against what was taken down.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::Args;
use indicatif::ProgressBar;
use tokio::net::TcpListener;

use super::Failure;
use super::output::say;
use super::reconciled::{self, Reader};
use crate::app::config::{Http, LogFormat, LogOutput};
use crate::app::feed::new_record;
use crate::app::reconcile::Account;
use crate::app::service::{self, LogPlan, Plan, Service};
use crate::app::shutdown::Shutdown;
use crate::app::{http, plants, telemetry};
use crate::decode::Format;
use crate::event::Issuer;
use crate::log::embedded::{self, Embedded};
use crate::metrics::Count;
use crate::rules;
use crate::screen::{Reading, RuleSet};
use crate::tally;
use crate::traffic::{MadePost, Traffic};
use crate::worker::Delivery;
use crate::worker::clock::{self, Stopwatch};

/// Posts are appended so often.
const TICK: Duration = Duration::from_millis(50);

/// How long the last takedowns may take once the traffic has stopped.
const DRAIN: Duration = Duration::from_secs(10);

/// Time between two lines about how it goes.
const TELL: Duration = Duration::from_secs(1);

/// The whole system on this machine.
#[derive(Debug, Args)]
pub(super) struct Demo {
    /// Ends by itself after this time (such as `20s`); else on Ctrl-C. Exit code 0 only if all that
    /// was planted was found, once, and nothing else.
    #[arg(long = "for", value_name = "TIME", value_parser = crate::app::config::time)]
    time: Option<Duration>,
    /// Posts a second.
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(20..=100_000))]
    rate: u32,
}

impl Demo {
    pub(super) fn run(self) -> Result<(), Failure> {
        let output = LogOutput { format: LogFormat::Text, level: tracing::Level::WARN };
        telemetry::start(output).map_err(Failure::stopped)?;
        let even = self.play().map_err(|why| Failure::stopped(format!("{why:#}")))?;
        if even { Ok(()) } else { Err(Failure::No) }
    }

    fn play(&self) -> Result<bool> {
        let folder = tempfile_folder()?;
        let runtime = service::runtime()?;
        let asked = Shutdown::new();
        let stop = Shutdown::new();
        runtime.block_on(async { asked.on_signals() }).context("cannot watch signals")?;
        let log = Embedded::open(embedded::Settings::new(folder.0.join("demo.log")))?;
        let service = Service::start(demo_plan(&log)?, &stop)?;
        let addresses = runtime.block_on(listen(&service))?;
        introduce(&addresses);
        let mut show = Show {
            reader: Reader::new(&log),
            account: Account::default(),
            log,
            service: &service,
            bar: ProgressBar::new_spinner(),
            told: Stopwatch::start(),
            first: None,
        };
        show.play(self, &asked)?;
        let even = reconciled::print(&show.account, "planted");
        drop(show);
        stop.stop();
        service.finish()?;
        runtime.shutdown_background();
        Ok(even)
    }
}

/// The log's folder: gone when the demo is over.
struct Folder(std::path::PathBuf);

fn tempfile_folder() -> Result<Folder> {
    let path = std::env::temp_dir().join(format!("tidegate-demo-{}", std::process::id()));
    std::fs::create_dir_all(&path).with_context(|| format!("cannot make {}", path.display()))?;
    Ok(Folder(path))
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

fn demo_plan(log: &Arc<Embedded>) -> Result<Plan> {
    let source = plants::pack();
    let compiled = rules::compile(&source)
        .map_err(|report| anyhow::anyhow!("{}", report.render(&source, false)))?;
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    Ok(Plan {
        rules: RuleSet::build(vec![compiled.pack])?,
        issuer: Issuer::public(),
        reading: Reading::default(),
        delivery: Delivery {
            interval: Duration::from_millis(25),
            bytes_max: 4 << 20,
            rows_max: tally::ROWS_MAX,
        },
        slots: None,
        workers: cores.min(4),
        log: LogPlan::Embedded(Arc::clone(log)),
    })
}

/// Ports the demo would like, and any that are free where others have them.
async fn listen(service: &Service) -> Result<(SocketAddr, SocketAddr)> {
    let operations = wanted(9464).await?;
    let api = wanted(8080).await?;
    let addresses = (operations.local_addr()?, api.local_addr()?);
    let settings =
        Http { operations: addresses.0, api: addresses.1, token: None, body_max_bytes: 16 << 20 };
    service.serve_in_background(operations, api, settings);
    Ok(addresses)
}

async fn wanted(port: u16) -> Result<TcpListener> {
    let at = |port| SocketAddr::from(([127, 0, 0, 1], port));
    match http::bind(at(port), "demo").await {
        Ok(listener) => Ok(listener),
        Err(_) => Ok(http::bind(at(0), "demo").await?),
    }
}

fn introduce((operations, api): &(SocketAddr, SocketAddr)) {
    say(&format!(
        "made posts in six languages go into a log in one file; one in a hundred breaks a rule of
packs/starter, most of them in disguise. Look closer while it runs:
  curl -s 'http://{api}/api/v1/takedowns?limit=1'
  curl -s http://{api}/api/v1/screen -d '{{\"id\":\"1\",\"channel\":{{\"id\":\"c\"}},\
\"text\":\"Bl0rp 50 €: t.me/zorbshop\"}}'
  curl -s http://{operations}/metrics | grep ^tidegate_
"
    ));
}

/// The demo while it runs.
struct Show<'s> {
    log: Arc<Embedded>,
    service: &'s Service,
    reader: Reader,
    account: Account,
    bar: ProgressBar,
    told: Stopwatch,
    /// A planted post, until the first takedown came.
    first: Option<(String, Vec<u8>)>,
}

impl Show<'_> {
    fn play(&mut self, demo: &Demo, asked: &Shutdown) -> Result<()> {
        let per_tick = (demo.rate / 20).max(1);
        let start = clock::now_ms() / 1000;
        let mut traffic = Traffic::new(1, plants::plan(start, i64::from(demo.rate)))?;
        let clock = Stopwatch::start();
        let mut ticks: u32 = 0;
        let over = || demo.time.is_some_and(|time| clock.elapsed() >= time);
        while !over() && !asked.is_stopping() && !self.service.is_stopping() {
            self.feed(&mut traffic, |made, _| made < per_tick)?;
            self.look()?;
            ticks += 1;
            std::thread::sleep((TICK * ticks).saturating_sub(clock.elapsed()));
        }
        // A series of one account that has begun must be whole to be found.
        self.feed(&mut traffic, |_, traffic| traffic.is_within_series())?;
        let drained = Stopwatch::start();
        while self.account.found() < self.account.planted() && drained.elapsed() < DRAIN {
            self.look()?;
            std::thread::sleep(TICK);
        }
        self.look()?;
        self.bar.finish_and_clear();
        Ok(())
    }

    fn feed(&mut self, traffic: &mut Traffic, more: impl Fn(u32, &Traffic) -> bool) -> Result<()> {
        let now = clock::now_ms();
        let mut records = Vec::new();
        let mut made = 0;
        while more(made, traffic) {
            let post = traffic.make();
            made += 1;
            self.note(&post, now);
            records.push(new_record(&post.json, &Format::Native, now));
        }
        self.log.append(records)?;
        Ok(())
    }

    fn note(&mut self, post: &MadePost, now: i64) {
        let Some(planted) = &post.planted else { return };
        if self.account.planted() == 0 {
            self.first = Some((post.id.clone(), post.json.clone()));
        }
        self.account.plant(&post.id, &planted.rule, now);
    }

    fn look(&mut self) -> Result<()> {
        for event in self.reader.read()? {
            if self.first.as_ref().is_some_and(|(post, _)| event["subject"]["id"] == **post)
                && let Some((_, json)) = self.first.take()
            {
                let post = String::from_utf8_lossy(&json).into_owned();
                let line = format!("the first planted post:\n  {post}\nits takedown:\n  {event}\n");
                self.bar.suspend(|| say(&line));
            }
            self.account.take(&event, clock::now_ms());
        }
        if self.told.elapsed() >= TELL {
            self.told = Stopwatch::start();
            self.tell();
        }
        Ok(())
    }

    fn tell(&self) {
        let posts = self.service.shared().metrics.total(Count::Posts);
        let (planted, found) = (self.account.planted(), self.account.found());
        self.bar.set_message(format!("{posts} posts screened, {planted} planted, {found} found"));
        self.bar.tick();
    }
}
