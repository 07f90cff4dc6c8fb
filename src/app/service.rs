//! Wiring: a configuration and a rule set become running workers, watched from here.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use anyhow::{Context, Result};
use arc_swap::ArcSwap;
use tokio::net::TcpListener;

use super::config::{self, Backend, Config};
use super::http::{self, Api, OnKafka, Operations};
use super::keeper;
use super::local::{AtOnce, Desk, Probe};
use super::shutdown::Shutdown;
use super::watchdog;
use crate::board::Board;
use crate::decode::Limits;
use crate::event::Issuer;
use crate::log::embedded::{self, Embedded};
use crate::log::kafka::{self, KafkaLog};
use crate::log::{Log, LogError};
use crate::metrics::Metrics;
use crate::rules::Pack;
use crate::screen::{Reading, RuleSet};
use crate::worker::{Delivery, Shared, Slot, Worker, clock};

/// What workers are made of.
pub(super) struct Plan {
    pub(super) rules: RuleSet,
    pub(super) issuer: Issuer,
    pub(super) reading: Reading,
    pub(super) delivery: Delivery,
    /// Folder where workers note what they take, if there is one.
    pub(super) slots: Option<PathBuf>,
    pub(super) workers: usize,
    pub(super) log: LogPlan,
}

/// Which log.
pub(super) enum LogPlan {
    /// One file on this machine, opened already: others append to it and read it too.
    Embedded(Arc<Embedded>),
    /// A cluster.
    Kafka(Box<kafka::Settings>),
}

impl Plan {
    /// As the configuration says; opens the embedded log.
    pub(super) fn of(config: &Config, rules: RuleSet) -> Result<Self> {
        let (log, workers) = match &config.log {
            Backend::Embedded(file) => {
                let log = Embedded::open(embedded_settings(file))?;
                // More workers than partitions would have nothing to do.
                let most = usize::try_from(file.partitions.max(file.signal_partitions))?;
                (LogPlan::Embedded(log), config.workers.min(most))
            }
            Backend::Kafka(cluster) => {
                let settings = kafka::Settings {
                    exactly_once: config.delivery.exactly_once,
                    ..kafka_settings(cluster, config.decode.max_bytes)
                };
                (LogPlan::Kafka(Box::new(settings)), config.workers)
            }
        };
        Ok(Self {
            rules,
            issuer: Issuer { deployment: config.deployment.clone(), id_key: config.id_key.0 },
            reading: Reading {
                format: config.decode.format.clone(),
                limits: Limits { max_bytes: config.decode.max_bytes },
            },
            delivery: Delivery {
                interval: config.delivery.interval,
                bytes_max: config.delivery.max_bytes,
                rows_max: config.delivery.state_rows,
            },
            slots: config.delivery.slots.clone().or_else(|| beside(&config.log)),
            workers,
            log,
        })
    }
}

/// Where the notes of workers are if nothing is said: beside the log in a file.
fn beside(log: &Backend) -> Option<PathBuf> {
    match log {
        Backend::Embedded(file) => {
            let mut path = file.path.clone().into_os_string();
            path.push(".slots");
            Some(path.into())
        }
        Backend::Kafka(_) => None,
    }
}

/// Settings of the log in a file.
pub(super) fn embedded_settings(file: &config::Embedded) -> embedded::Settings {
    embedded::Settings {
        partitions: file.partitions,
        signal_partitions: file.signal_partitions,
        retention_bytes: file.retention_bytes,
        retention_age: file.retention_age,
        ..embedded::Settings::new(&file.path)
    }
}

/// Settings of slot 0; the others differ in the slot only.
pub(super) fn kafka_settings(cluster: &config::Kafka, input_bytes_max: usize) -> kafka::Settings {
    let map = |settings: &config::Settings| {
        settings.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    };
    kafka::Settings {
        servers: cluster.brokers.join(","),
        group: cluster.group.clone(),
        prefix: cluster.prefix.clone(),
        posts: cluster.posts.clone(),
        instance: cluster.instance.clone(),
        input_bytes_max,
        client: map(&cluster.client),
        consumer: map(&cluster.consumer),
        producer: map(&cluster.producer),
        ..kafka::Settings::default()
    }
}

/// Workers at work, or about to be.
pub(super) struct Service {
    shared: Arc<Shared>,
    log: LogPlan,
    delivery: Delivery,
    slots: Option<PathBuf>,
    planned: usize,
    workers: Mutex<Vec<JoinHandle<Result<(), LogError>>>>,
    shutdown: Shutdown,
}

impl Service {
    /// Everything but the workers: what answers over HTTP while there are no rules yet.
    pub(super) fn new(plan: Plan, shutdown: &Shutdown) -> Self {
        let metrics = Metrics::new();
        keeper::tell_rules(&metrics, &plan.rules);
        let shared = Shared {
            rules: ArcSwap::from_pointee(plan.rules),
            board: Board::default(),
            metrics,
            issuer: plan.issuer,
            reading: plan.reading,
        };
        Self {
            shared: Arc::new(shared),
            log: plan.log,
            delivery: plan.delivery,
            slots: plan.slots,
            planned: plan.workers,
            workers: Mutex::default(),
            shutdown: shutdown.clone(),
        }
    }

    /// With its workers, for rules that are there already.
    pub(super) fn start(plan: Plan, shutdown: &Shutdown) -> Result<Self> {
        let service = Self::new(plan, shutdown);
        service.start_workers()?;
        Ok(service)
    }

    /// Starts the workers. They stop when `shutdown` says so, and say so themselves when one of
    /// them cannot go on: its partitions must go to another process.
    pub(super) fn start_workers(&self) -> Result<()> {
        for number in 0..self.planned {
            match &self.log {
                LogPlan::Embedded(log) => self.work(number, log.worker(number, self.planned))?,
                LogPlan::Kafka(settings) => {
                    let slot = u16::try_from(number)?;
                    let settings = kafka::Settings { slot, ..kafka::Settings::clone(settings) };
                    self.work(number, KafkaLog::open(settings)?)?;
                }
            }
        }
        Ok(())
    }

    fn work<L: Log + Send + 'static>(&self, number: usize, log: L) -> Result<()> {
        let (shared, shutdown) = (Arc::clone(&self.shared), self.shutdown.clone());
        let delivery = self.delivery;
        let slot = self.slot(number)?;
        self.shared.board.update(number, |state| state.beat_ms = clock::now_ms());
        let thread = std::thread::Builder::new().name(format!("worker-{number}"));
        let worker = thread.spawn(move || {
            let _ends_with_me = StopOnDrop(shutdown.clone());
            let ended =
                Worker::new(number, log, shared, delivery, slot).run(|| shutdown.is_stopping());
            if let Err(why) = &ended {
                tracing::error!(worker = number, %why, "cannot go on");
            }
            ended
        });
        self.lock_workers().push(worker.context("cannot start a thread")?);
        Ok(())
    }

    /// The note of one worker.
    fn slot(&self, number: usize) -> Result<Slot> {
        let Some(folder) = &self.slots else { return Ok(Slot::none()) };
        let path = folder.join(format!("{number}.slot"));
        let opened = std::fs::create_dir_all(folder).and_then(|()| Slot::open(&path));
        opened.with_context(|| format!("cannot open {} (`delivery.slots`)", path.display()))
    }

    fn lock_workers(&self) -> MutexGuard<'_, Vec<JoinHandle<Result<(), LogError>>>> {
        self.workers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The log in a file, where that is the log.
    pub(super) fn embedded(&self) -> Option<&Arc<Embedded>> {
        match &self.log {
            LogPlan::Embedded(log) => Some(log),
            LogPlan::Kafka(_) => None,
        }
    }

    /// How the others are told to stop.
    pub(super) fn shutdown(&self) -> &Shutdown {
        &self.shutdown
    }

    /// What the workers share.
    pub(super) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// Waits for the workers, who leave once `shutdown` says so, and closes the log.
    pub(super) fn finish(self) -> Result<()> {
        let mut ended = Ok(());
        let workers = std::mem::take(&mut *self.lock_workers());
        for worker in workers {
            let worker = worker.join();
            let worker = worker.unwrap_or_else(|_| Err(LogError::Stop("a worker failed".into())));
            ended = ended.and(worker);
        }
        if let LogPlan::Embedded(log) = self.log {
            ended = ended.and(log.close());
        }
        Ok(ended?)
    }

    /// Answers over HTTP until `shutdown` says so.
    pub(super) async fn serve(&self, http: &config::Http) -> Result<()> {
        let operations = http::bind(http.operations, "http.operations").await?;
        let api = http::bind(http.api, "http.api").await?;
        tracing::info!(operations = %http.operations, api = %http.api, "listening");
        self.answer(operations, api, http.clone()).await
    }

    /// As [`Service::serve`], on ports that are bound already and without waiting for the end.
    /// Call it within a tokio runtime.
    pub(super) fn serve_in_background(
        &self,
        operations: TcpListener,
        api: TcpListener,
        http: config::Http,
    ) {
        tokio::spawn(self.answer(operations, api, http));
    }

    fn answer(
        &self,
        operations: TcpListener,
        api: TcpListener,
        http: config::Http,
    ) -> impl Future<Output = Result<()>> + use<> {
        let probe = Arc::new(Probe { shared: Arc::clone(&self.shared), workers: self.planned });
        let watched = Operations { health: Arc::clone(&probe) as _, metrics: probe };
        let (answers, shutdown) = (self.api(), self.shutdown.clone());
        async move {
            let serve = http::serve_api(api, answers, &http, shutdown.clone());
            let watch = http::serve_operations(operations, watched, shutdown);
            tokio::select! {
                served = serve => served.context("the API port failed"),
                watched = watch => watched.context("the operations port failed"),
            }
        }
    }

    /// Is it about to end, or has a worker ended?
    pub(super) fn is_stopping(&self) -> bool {
        self.shutdown.is_stopping()
    }

    fn api(&self) -> Api {
        let screener = Arc::new(AtOnce(Arc::clone(&self.shared)));
        match &self.log {
            LogPlan::Kafka(_) => Api {
                ingest: Arc::new(OnKafka),
                takedowns: Arc::new(OnKafka),
                reinstates: Arc::new(OnKafka),
                holds: Arc::new(OnKafka),
                screener,
            },
            LogPlan::Embedded(log) => {
                let format = self.shared.reading.format.clone();
                let shared = Arc::clone(&self.shared);
                let desk = Arc::new(Desk { log: Arc::clone(log), format, shared });
                Api {
                    ingest: Arc::clone(&desk) as _,
                    takedowns: Arc::clone(&desk) as _,
                    reinstates: Arc::clone(&desk) as _,
                    holds: desk,
                    screener,
                }
            }
        }
    }
}

/// Whatever way a thread of the service ends, a panic included, the others are told.
pub(super) struct StopOnDrop(pub(super) Shutdown);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.stop();
    }
}

/// Runs the service until it is asked to stop or cannot go on. `rules` are those of the folder that
/// the configuration names; where it names published packs, they are waited for.
pub(super) fn run(file: &Path, config: &Config, rules: Vec<Pack>) -> Result<()> {
    let shutdown = Shutdown::new();
    let runtime = runtime()?;
    let _entered = runtime.enter();
    shutdown.on_signals().context("cannot watch signals")?;
    let service = Service::new(Plan::of(config, RuleSet::build(rules.clone())?)?, &shutdown);
    watchdog::start(Arc::clone(service.shared()), shutdown.clone())?;
    let (keeper, first) = keeper::start(file, config, rules, &service)?;
    let served = runtime.block_on(async {
        let work = async {
            tokio::select! {
                first = first => if first.is_ok() { service.start_workers()? },
                () = shutdown.stopping() => {}
            }
            shutdown.stopping().await;
            Ok(())
        };
        tokio::select! {
            served = service.serve(&config.http) => served,
            worked = work => worked,
        }
    });
    // Where HTTP could not start or failed, the others leave too.
    shutdown.stop();
    let kept = keeper.join().unwrap_or_else(|_| Err(LogError::Stop("the keeper failed".into())));
    let finished = service.finish();
    runtime.shutdown_background();
    served.and(kept.map_err(Into::into)).and(finished)
}

/// The runtime of HTTP and signals; workers are threads of their own.
pub(super) fn runtime() -> Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("cannot start the runtime")
}

/// Folders of the packs that `packs.dir` names: the folder itself, or those in it.
pub(super) fn pack_folders(dir: &Path) -> Result<Vec<PathBuf>> {
    if dir.join("pack.yaml").is_file() {
        return Ok(vec![dir.to_owned()]);
    }
    let mut folders = Vec::new();
    for entry in dir.read_dir().with_context(|| format!("cannot read {}", dir.display()))? {
        let path = entry?.path();
        if path.join("pack.yaml").is_file() {
            folders.push(path);
        }
    }
    folders.sort();
    anyhow::ensure!(
        !folders.is_empty(),
        "{} holds no pack: `packs.dir` names a folder with a pack.yaml, or a folder of such folders",
        dir.display()
    );
    Ok(folders)
}
