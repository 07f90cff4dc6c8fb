//! The log on Kafka: one consumer and one producer for each worker, transactional unless at least once is
//! enough.
//!
//! What goes wrong, and what is done about it:
//!
//! | what | then |
//! |---|---|
//! | broker away | [`Log::poll`] is idle until it is back; one line now and then |
//! | turned away (TLS, password) at the start, topic missing, not allowed | [`LogError::Stop`] |
//! | transaction rolled back, whole batch of causes | rewind from memory, [`LogError::Aborted`] |
//! | end of a transaction asked for, no answer | new producer (the broker then ends what is open), offsets from the coordinator, every partition given anew: [`LogError::Unknown`] |
//! | connection to the coordinator failed | new producer before the next transaction begins: a late end of the last one could otherwise end the next |
//! | another member with the same instance in the group | what was owned is lost, a new member joins; if that goes on it is another process: [`LogError::Stop`] |
//!
//! Records are handed out only while a transaction could begin.

mod batch;
mod clock;
mod context;
pub mod feed;
mod member;
mod native;
mod outlet;
pub mod past;
mod plain;
mod queue;
pub mod register;
mod restore;
pub mod settings;
pub mod tell;
pub mod topics;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use self::clock::{Deadline, Stopwatch};
use self::context::Watch;
use self::member::{Member, Next, Unsettled};
use self::outlet::Outlet;
use self::plain::Plain;
use self::restore::Restorer;
pub use self::settings::{FIXED, Settings};
use crate::log::{Lag, Log, LogError, Polled, StateVisitor};
use crate::record::{Inputs, Outgoing, Partition, Topic};

/// One blocking call at the start, at most: `poll` promises to come back in time.
const SLICE: Duration = Duration::from_millis(500);

/// A topic just created is not known to every broker at once.
const MISSING_FOR: Duration = Duration::from_secs(5);
/// A member that loses its name may have lost it to itself: a join whose answer died with the
/// broker (seen when a lone broker restarts). Two processes that fight over it do so within
/// seconds, again and again.
const FENCED_MAX: u32 = 3;
/// A member that kept its name this long starts to count anew.
const FENCED_WITHIN: Duration = Duration::from_secs(60);

/// How far the log has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Not yet met a broker, or not yet seen the topics.
    Meeting,
    /// In the group.
    Running,
    /// The outcome of a transaction is unknown: first the offsets, then anything else.
    Recovering,
}

/// The writing end, by how records are delivered.
enum Writer {
    Exactly(Box<Outlet>),
    AtLeast(Box<Plain>),
}

impl Writer {
    fn new(settings: &Settings, watch: &Arc<Watch>) -> Result<Self, LogError> {
        Ok(match settings.exactly_once {
            true => Self::Exactly(Box::new(Outlet::new(settings, watch)?)),
            false => Self::AtLeast(Box::new(Plain::new(settings, watch)?)),
        })
    }

    /// True once records may be sent.
    fn ready(&mut self, wait: Duration) -> Result<bool, LogError> {
        match self {
            Self::Exactly(outlet) => outlet.ready(wait),
            Self::AtLeast(plain) => {
                plain.serve();
                Ok(true)
            }
        }
    }

    fn send(&mut self, record: &Outgoing) -> Result<(), LogError> {
        match self {
            Self::Exactly(outlet) => outlet.send(record),
            Self::AtLeast(plain) => plain.send(record),
        }
    }

    fn commit(&mut self, offsets: &TopicPartitionList, member: &Member) -> Result<(), LogError> {
        match self {
            Self::Exactly(outlet) => outlet.commit(offsets, || member.group()),
            Self::AtLeast(plain) => {
                plain.flush()?;
                member.commit(offsets)
            }
        }
    }

    fn abort(&mut self) -> Result<(), LogError> {
        match self {
            Self::Exactly(outlet) => outlet.abort(),
            Self::AtLeast(plain) => plain.abort()?,
        }
        Ok(())
    }
}

/// The Kafka end of one worker.
pub struct KafkaLog {
    settings: Settings,
    watch: Arc<Watch>,
    phase: Phase,
    signal_partitions: i32,
    // Before the member in drop order: its transaction is aborted while the group still knows us.
    writer: Writer,
    member: Member,
    restorer: Option<Restorer>,
    /// Since when a topic is missing.
    missing: Option<Stopwatch>,
    /// How often this member was renewed, and when last.
    renewed: Option<(u32, Stopwatch)>,
}

impl KafkaLog {
    /// Opens the log. No broker is asked yet: that happens in [`Log::poll`], which waits for one.
    ///
    /// # Errors
    /// [`LogError::Stop`] where the settings cannot work.
    pub fn open(settings: Settings) -> Result<Self, LogError> {
        let faults = settings.faults();
        if !faults.is_empty() {
            return Err(LogError::Stop(faults.join("; ")));
        }
        let watch = Arc::new(Watch::new(&settings.servers));
        Ok(Self {
            writer: Writer::new(&settings, &watch)?,
            member: Member::new(&settings, &watch).map_err(|error| unusable(&error))?,
            settings,
            watch,
            phase: Phase::Meeting,
            signal_partitions: 0,
            restorer: None,
            missing: None,
            renewed: None,
        })
    }

    /// True once records may be handed out.
    fn ready(&mut self, deadline: Deadline) -> Result<bool, LogError> {
        if !self.writer.ready(deadline.slice(SLICE))? {
            self.member.serve_errors();
            if self.phase == Phase::Meeting
                && let Some(refusal) = self.watch.refusal()
            {
                return Err(LogError::Stop(refusal));
            }
            return Ok(false);
        }
        match self.phase {
            Phase::Running => return Ok(true),
            Phase::Meeting => {
                if !self.see_topics(deadline)? {
                    return Ok(false);
                }
                self.member.subscribe()?;
            }
            Phase::Recovering => {
                // Rebalances are still heard, or the group would take this member for dead.
                self.member.discard(Duration::from_millis(10))?;
                let anew = self.member.start_anew(deadline);
                if !anew.map_err(|error| LogError::Stop(format!("kafka: {error}")))? {
                    return Ok(false);
                }
            }
        }
        self.phase = Phase::Running;
        Ok(true)
    }

    /// Joins anew after the group has taken another member for this one.
    fn renew(&mut self) -> Result<(), LogError> {
        let recent = self.renewed.filter(|(_, watch)| watch.taken() < FENCED_WITHIN);
        let count = recent.map_or(0, |(count, _)| count) + 1;
        if count > FENCED_MAX {
            return Err(LogError::Stop(format!(
                "kafka: another process is in group {} as instance {} with slot {}: give each \
                 process its own instance",
                self.settings.group, self.settings.instance, self.settings.slot
            )));
        }
        tracing::warn!("kafka: the group took another member for this one; joining anew");
        self.renewed = Some((count, Stopwatch::start()));
        if self.phase == Phase::Recovering {
            // The new member asks for offsets in any case.
            self.phase = Phase::Running;
        }
        self.member.renew(&self.settings)
    }

    /// Looks for every topic; false while the broker does not answer.
    fn see_topics(&mut self, deadline: Deadline) -> Result<bool, LogError> {
        let mut counts = BTreeMap::new();
        let outputs = Topic::ALL.map(|topic| self.settings.topic(topic));
        let posts = self.settings.posts.clone();
        for name in posts.iter().chain(&outputs) {
            let slice = deadline.slice(SLICE).max(Duration::from_millis(50));
            match self.member.partitions_of(name, slice) {
                Ok(Some(count)) => counts.insert(name.clone(), count),
                Ok(None) => return self.without(name).map(|()| false),
                Err(error)
                    if error.rdkafka_error_code()
                        == Some(RDKafkaErrorCode::TopicAuthorizationFailed) =>
                {
                    let text = format!("kafka: not allowed to see topic {name}");
                    return Err(LogError::Stop(format!("{text}: grant Describe on it")));
                }
                Err(error) => {
                    self.watch.waiting(&format!("for topic {name}: {error}"));
                    return Ok(false);
                }
            };
        }
        let count = |topic| counts.get(&self.settings.topic(topic)).copied().unwrap_or(0);
        let (signals, state) = (count(Topic::Signals), count(Topic::State));
        if signals != state {
            return Err(LogError::Stop(format!(
                "kafka: {} has {signals} partitions and {} has {state}: they must be equal; make \
                 the topics anew, or take another prefix",
                self.settings.topic(Topic::Signals),
                self.settings.topic(Topic::State)
            )));
        }
        self.signal_partitions = signals;
        self.missing = None;
        Ok(true)
    }

    /// A topic is missing: an error once that has lasted.
    fn without(&mut self, topic: &str) -> Result<(), LogError> {
        let since = *self.missing.get_or_insert_with(Stopwatch::start);
        if since.taken() > MISSING_FOR {
            return Err(missing(topic));
        }
        std::thread::sleep(Duration::from_millis(20));
        Ok(())
    }

    /// After an error of the outlet: brings the reading end to where the contract wants it.
    fn turn_back(&mut self, error: LogError) -> LogError {
        match error {
            LogError::Aborted(reason) => match self.member.rewind() {
                Ok(()) => LogError::Aborted(reason),
                Err(error) => {
                    self.phase = Phase::Recovering;
                    LogError::Unknown(format!("{reason}; then no way back: {error}"))
                }
            },
            LogError::Unknown(reason) => {
                self.phase = Phase::Recovering;
                LogError::Unknown(reason)
            }
            stop @ LogError::Stop(_) => stop,
        }
    }
}

/// A client that cannot be made. The value stays unsaid: it may be a password.
fn unusable(error: &KafkaError) -> LogError {
    LogError::Stop(match error {
        KafkaError::ClientConfig(_, text, key, _) => {
            format!("kafka: setting {key} is not accepted: {text}")
        }
        other => format!("kafka: these settings do not work: {other}"),
    })
}

fn missing(topic: &str) -> LogError {
    LogError::Stop(format!(
        "kafka: topic {topic} does not exist; create it: tidegate topics create --config FILE"
    ))
}

/// What the worker hears of a rebalance.
fn told(unsettled: &Unsettled) -> Polled<'static> {
    match unsettled {
        Unsettled::Given(offsets) => Polled::Assigned(offsets.keys().copied().collect()),
        Unsettled::Taken { partitions, lost } => {
            Polled::Revoked { partitions: partitions.clone(), lost: *lost }
        }
        Unsettled::Gone(partitions) => {
            Polled::Revoked { partitions: partitions.clone(), lost: true }
        }
    }
}

impl Log for KafkaLog {
    fn inputs(&self) -> &Inputs {
        self.member.inputs()
    }

    fn signal_partitions(&self) -> i32 {
        self.signal_partitions
    }

    fn poll(&mut self, wait: Duration) -> Result<Polled<'_>, LogError> {
        let deadline = Deadline::after(wait);
        if self.member.is_fenced() {
            self.renew()?;
        }
        if let Some(unsettled) = &self.member.unsettled {
            return Ok(told(unsettled));
        }
        while !self.ready(deadline)? {
            if deadline.passed() {
                return Ok(Polled::Idle);
            }
        }
        if let Some(unsettled) = self.member.next_change(deadline) {
            let told = told(&unsettled);
            self.member.unsettled = Some(unsettled);
            return Ok(told);
        }
        Ok(match self.member.fetch(deadline)? {
            Next::Records(batch) => Polled::Records(Box::new(batch)),
            Next::Nothing => Polled::Idle,
        })
    }

    fn settle(&mut self) -> Result<(), LogError> {
        self.member.settle()
    }

    fn send(&mut self, record: &Outgoing) -> Result<(), LogError> {
        self.writer.send(record).map_err(|error| self.turn_back(error))
    }

    fn commit(&mut self, next: &[(Partition, i64)]) -> Result<(), LogError> {
        let offsets = next.iter().map(|&(partition, offset)| (partition, Offset::Offset(offset)));
        let list = self
            .member
            .list(&offsets.collect())
            .map_err(|error| LogError::Stop(format!("kafka: offsets not taken: {error}")))?;
        match self.writer.commit(&list, &self.member) {
            Ok(()) => {
                self.member.committed_now(next);
                Ok(())
            }
            Err(error) => Err(self.turn_back(error)),
        }
    }

    fn abort(&mut self) -> Result<(), LogError> {
        self.writer.abort()?;
        match self.member.rewind() {
            Ok(()) => Ok(()),
            Err(error) => Err(self.turn_back(LogError::Unknown(format!("no way back: {error}")))),
        }
    }

    fn restore(&mut self, signals: Partition, each: StateVisitor<'_>) -> Result<(), LogError> {
        if self.restorer.is_none() {
            let topic = self.settings.topic(Topic::State);
            let restorer = Restorer::new(&self.settings, topic, &self.watch);
            self.restorer = Some(restorer.map_err(|error| unusable(&error))?);
        }
        match &self.restorer {
            Some(restorer) => restorer.restore(signals.number, each),
            None => Ok(()),
        }
    }

    fn lag(&self) -> Vec<Lag> {
        self.member.lag()
    }
}
