//! The reading end: a member of the consumer group, the partitions it owns, and the way back to
//! the last commit.

use std::cell::Cell;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer, ConsumerGroupMetadata};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, Message};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use rdkafka_sys::types::RDKafkaRespErr;

use super::batch::{Fetched, FetchedBatch};
use super::clock::Deadline;
use super::context::{Change, MemberContext, Names, Watch};
use super::native;
use super::settings::Settings;
use crate::log::{Lag, LogError};
use crate::record::{Inputs, Partition};

/// Records in a batch, at most.
const BATCH_MAX: usize = 1024;
/// How long a batch is gathered after its first record, at most.
const GATHER: Duration = Duration::from_millis(10);
/// Records between two looks at the clock.
const CLOCK_EVERY: usize = 64;
/// One try to get committed offsets: a transaction still open there is waited for in slices.
const COMMITTED_SLICE: Duration = Duration::from_millis(500);
/// A seek is answered by this client itself; only a partition that just starts makes it wait.
const SEEK_TIME: Duration = Duration::from_secs(10);

/// A rebalance that was handed to the worker and waits for its `settle`.
pub(super) enum Unsettled {
    Given(BTreeMap<Partition, Offset>),
    Taken {
        partitions: Vec<Partition>,
        lost: bool,
    },
    /// Of a member that is no more: the group waits for no answer.
    Gone(Vec<Partition>),
}

/// What came out of waiting for records.
pub(super) enum Next<'a> {
    Records(FetchedBatch<'a>),
    Nothing,
}

pub(super) struct Member {
    consumer: BaseConsumer<MemberContext>,
    watch: Arc<Watch>,
    inputs: Inputs,
    subscribed: bool,
    /// Settled partitions, and the offset last committed of each.
    owned: BTreeMap<Partition, Offset>,
    changes: VecDeque<Change>,
    fenced: Cell<bool>,
    pub(super) unsettled: Option<Unsettled>,
}

impl Member {
    pub(super) fn new(settings: &Settings, watch: &Arc<Watch>) -> KafkaResult<Self> {
        let context = MemberContext::new(Arc::clone(watch));
        let consumer = settings.member_consumer().create_with_context(context)?;
        Ok(Self {
            consumer,
            watch: Arc::clone(watch),
            inputs: settings.inputs(),
            subscribed: false,
            owned: BTreeMap::new(),
            changes: VecDeque::new(),
            fenced: Cell::new(false),
            unsettled: None,
        })
    }

    pub(super) fn inputs(&self) -> &Inputs {
        &self.inputs
    }

    /// Consumes for good, outside of any transaction.
    pub(super) fn commit(&self, offsets: &TopicPartitionList) -> Result<(), LogError> {
        if offsets.count() == 0 {
            return Ok(());
        }
        let committed = self.consumer.commit(offsets, CommitMode::Sync);
        committed.map_err(|error| LogError::Aborted(format!("offsets not committed: {error}")))
    }

    pub(super) fn group(&self) -> Option<ConsumerGroupMetadata> {
        self.consumer.group_metadata()
    }

    pub(super) fn subscribe(&mut self) -> Result<(), LogError> {
        if !self.subscribed {
            let names: Vec<&str> = self.inputs.names().iter().map(String::as_str).collect();
            self.consumer
                .subscribe(&names)
                .map_err(|error| LogError::Stop(format!("kafka: cannot subscribe: {error}")))?;
            self.subscribed = true;
        }
        Ok(())
    }

    /// Serves what librdkafka has to tell while no records are wanted: before the subscription
    /// there are none.
    pub(super) fn serve_errors(&self) {
        if !self.subscribed {
            drop(self.consumer.poll(Duration::ZERO));
        }
    }

    /// Partitions of a topic; `None` if the topic does not exist.
    pub(super) fn partitions_of(&self, topic: &str, wait: Duration) -> KafkaResult<Option<i32>> {
        let metadata = self.consumer.fetch_metadata(Some(topic), wait)?;
        let found = metadata.topics().iter().find(|each| each.name() == topic);
        match found.and_then(|topic| topic.error()) {
            Some(RDKafkaRespErr::RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) => Ok(None),
            Some(error) => Err(KafkaError::MetadataFetch(error.into())),
            None => Ok(found.and_then(|topic| i32::try_from(topic.partitions().len()).ok())),
        }
    }

    /// The next rebalance, ready for the worker: where partitions were given, with the offsets
    /// that are committed and stable. None while there is none, or they cannot be had yet.
    pub(super) fn next_change(&mut self, deadline: Deadline) -> Option<Unsettled> {
        while let Some(change) = self.consumer.context().take_change() {
            self.changes.push_back(change);
        }
        let unsettled = match self.changes.front()? {
            Change::Taken { names, lost } => {
                Unsettled::Taken { partitions: self.partitions(names), lost: *lost }
            }
            Change::Given(names) => {
                let partitions = self.partitions(names);
                match self.committed(&partitions, deadline.slice(COMMITTED_SLICE)) {
                    Ok(offsets) => Unsettled::Given(offsets),
                    Err(error) => {
                        self.watch.waiting(&format!("for committed offsets: {error}"));
                        return None;
                    }
                }
            }
        };
        self.changes.pop_front();
        Some(unsettled)
    }

    /// Answers the rebalance that the worker has settled.
    pub(super) fn settle(&mut self) -> Result<(), LogError> {
        let answered = match self.unsettled.take() {
            None | Some(Unsettled::Gone(_)) => Ok(()),
            Some(Unsettled::Given(offsets)) => {
                let answered = self.list(&offsets).and_then(|list| {
                    // Partitions that came back after an unknown outcome are assigned already.
                    let new = list_where(&list, |topic, number| !self.owns(topic, number))?;
                    self.consumer.incremental_assign(&new)
                });
                self.owned.extend(offsets);
                answered
            }
            Some(Unsettled::Taken { partitions, .. }) => {
                let gone = partitions.iter().map(|&each| (each, Offset::Invalid)).collect();
                self.owned.retain(|partition, _| !partitions.contains(partition));
                self.list(&gone).and_then(|list| self.consumer.incremental_unassign(&list))
            }
        };
        answered.map_err(|error| {
            LogError::Stop(format!("kafka: rebalance not accepted by the client: {error}"))
        })
    }

    /// Waits for records of owned partitions. Stops gathering at a rebalance: it comes next.
    pub(super) fn fetch(&self, deadline: Deadline) -> Result<Next<'_>, LogError> {
        let mut batch: Vec<Fetched<'_>> = Vec::new();
        let mut gather = deadline;
        while batch.len() < BATCH_MAX && !self.consumer.context().has_change() && !self.is_fenced()
        {
            let wait = if batch.is_empty() { deadline.left() } else { Duration::ZERO };
            let known = batch.last().map(|fetched| fetched.partition);
            match self.fetch_one(wait, known)? {
                Some(fetched) if batch.is_empty() => {
                    self.watch.reached();
                    gather = Deadline::after(GATHER);
                    batch.push(fetched);
                }
                Some(fetched) => batch.push(fetched),
                None if batch.is_empty() && !deadline.passed() => continue,
                None => break,
            }
            if batch.len().is_multiple_of(CLOCK_EVERY) && gather.passed() {
                break;
            }
        }
        Ok(if batch.is_empty() { Next::Nothing } else { Next::Records(FetchedBatch(batch)) })
    }

    /// One record of an owned partition; `known` is the partition of the one before it.
    fn fetch_one(
        &self,
        wait: Duration,
        known: Option<Partition>,
    ) -> Result<Option<Fetched<'_>>, LogError> {
        let message = match self.consumer.poll(wait) {
            None => return Ok(None),
            Some(Ok(message)) => message,
            Some(Err(error)) => {
                self.note(&error)?;
                return Ok(None);
            }
        };
        let partition = self.owner_of(&message, known);
        Ok(partition.map(|partition| Fetched { partition, message }))
    }

    /// Throws away what comes, but hears rebalances: while the outcome of a transaction is
    /// unknown nothing may be processed, and everything is read again afterwards.
    pub(super) fn discard(&self, wait: Duration) -> Result<(), LogError> {
        let deadline = Deadline::after(wait);
        while !deadline.passed() {
            if let Some(Err(error)) = self.consumer.poll(deadline.left()) {
                self.note(&error)?;
            }
        }
        Ok(())
    }

    /// Which owned partition a record is of; `known` is the one of the record before it.
    fn owner_of(
        &self,
        message: &BorrowedMessage<'_>,
        known: Option<Partition>,
    ) -> Option<Partition> {
        let (topic, number) = (message.topic(), message.partition());
        if let Some(known) = known
            && known.number == number
            && self.inputs.name(known.input) == topic
        {
            return Some(known);
        }
        let partition = Partition { input: self.inputs.find(topic)?, number };
        self.owned.contains_key(&partition).then_some(partition)
    }

    fn note(&self, error: &KafkaError) -> Result<(), LogError> {
        let stop = |text: &str| Err(LogError::Stop(format!("kafka: {text}: {error}")));
        match error {
            KafkaError::MessageConsumptionFatal(RDKafkaErrorCode::FencedInstanceId) => {
                self.fenced.set(true);
                Ok(())
            }
            KafkaError::MessageConsumptionFatal(_) => stop("the consumer cannot go on"),
            KafkaError::MessageConsumption(
                RDKafkaErrorCode::GroupAuthorizationFailed
                | RDKafkaErrorCode::TopicAuthorizationFailed,
            ) => stop("not allowed to read: grant Read and Describe on topics and group"),
            KafkaError::PartitionEOF(_) => Ok(()),
            _ => {
                self.watch.waiting(&error.to_string());
                Ok(())
            }
        }
    }

    /// True once the group knows another member under this name: this one is of no more use.
    pub(super) fn is_fenced(&self) -> bool {
        self.fenced.get()
    }

    /// A new member in place of one that was fenced; what that one owned is lost.
    pub(super) fn renew(&mut self, settings: &Settings) -> Result<(), LogError> {
        let fresh = Self::new(settings, &self.watch).map_err(|error| super::unusable(&error))?;
        let old = std::mem::replace(self, fresh);
        let gone: Vec<Partition> = old.owned.keys().copied().collect();
        self.unsettled = (!gone.is_empty()).then_some(Unsettled::Gone(gone));
        if old.subscribed {
            self.subscribe()?;
        }
        Ok(())
    }

    /// Keeps what a commit has made the place to go back to.
    pub(super) fn committed_now(&mut self, next: &[(Partition, i64)]) {
        for (partition, offset) in next {
            if let Some(committed) = self.owned.get_mut(partition) {
                *committed = Offset::Offset(*offset);
            }
        }
    }

    /// Goes back to the last commit, known from memory.
    pub(super) fn rewind(&mut self) -> KafkaResult<()> {
        let leaving: &[Partition] = match &self.unsettled {
            Some(Unsettled::Taken { partitions, .. }) => partitions,
            _ => &[],
        };
        let kept = self.owned.iter().filter(|(partition, _)| !leaving.contains(partition));
        let kept: BTreeMap<Partition, Offset> = kept.map(|(&key, &value)| (key, value)).collect();
        self.seek(kept)
    }

    fn seek(&self, mut to: BTreeMap<Partition, Offset>) -> KafkaResult<()> {
        let deadline = Deadline::after(SEEK_TIME);
        while !to.is_empty() {
            let done = self.consumer.seek_partitions(self.list(&to)?, deadline.left())?;
            // A partition that has just been assigned refuses a seek for a moment.
            to.retain(|partition, _| {
                let name = self.inputs.name(partition.input);
                done.find_partition(name, partition.number)
                    .is_some_and(|each| each.error().is_err())
            });
            if deadline.passed() && !to.is_empty() {
                return Err(KafkaError::Seek(format!("{} partitions refused it", to.len())));
            }
            if !to.is_empty() {
                std::thread::sleep(Duration::from_millis(20));
            }
        }
        Ok(())
    }

    /// After an unknown outcome: asks the coordinator where things stand, goes there, and gives
    /// every partition to the worker anew. False while the coordinator does not answer.
    pub(super) fn start_anew(&mut self, deadline: Deadline) -> KafkaResult<bool> {
        let partitions: Vec<Partition> = self.owned.keys().copied().collect();
        let offsets = match self.committed(&partitions, deadline.slice(COMMITTED_SLICE)) {
            Ok(offsets) => offsets,
            Err(error) => {
                self.watch.waiting(&format!("for committed offsets: {error}"));
                return Ok(false);
            }
        };
        self.seek(offsets.clone())?;
        self.owned.extend(offsets.clone());
        if let Some(Unsettled::Taken { lost, .. }) = &mut self.unsettled {
            *lost = true;
        } else if !offsets.is_empty() {
            let names = offsets.keys().map(|each| self.name(*each)).collect();
            self.changes.push_front(Change::Given(names));
        }
        Ok(true)
    }

    pub(super) fn lag(&self) -> Vec<Lag> {
        let lag = |(&partition, committed): (&Partition, &Offset)| {
            let topic = self.inputs.name(partition.input);
            let client = self.consumer.client();
            let (low, high) = native::cached_watermarks(client, topic, partition.number)?;
            let from = match committed {
                Offset::Offset(offset) => (*offset).max(low),
                _ => low,
            };
            let records = u64::try_from(high.saturating_sub(from)).unwrap_or(0);
            Some(Lag { partition, records })
        };
        self.owned.iter().filter_map(lag).collect()
    }

    /// Committed offsets that no open transaction can still change; `Beginning` where none is.
    fn committed(
        &self,
        partitions: &[Partition],
        wait: Duration,
    ) -> KafkaResult<BTreeMap<Partition, Offset>> {
        if partitions.is_empty() {
            return Ok(BTreeMap::new());
        }
        let asked = partitions.iter().map(|&each| (each, Offset::Invalid)).collect();
        let list = self.consumer.committed_offsets(self.list(&asked)?, wait)?;
        let mut offsets = BTreeMap::new();
        for each in list.elements() {
            each.error()?;
            let Some(input) = self.inputs.find(each.topic()) else { continue };
            let offset = match each.offset() {
                Offset::Offset(offset) => Offset::Offset(offset),
                _ => Offset::Beginning,
            };
            offsets.insert(Partition { input, number: each.partition() }, offset);
        }
        Ok(offsets)
    }

    fn owns(&self, topic: &str, number: i32) -> bool {
        let partition = self.inputs.find(topic).map(|input| Partition { input, number });
        partition.is_some_and(|partition| self.owned.contains_key(&partition))
    }

    fn partitions(&self, names: &Names) -> Vec<Partition> {
        let partition = |(topic, number): &(String, i32)| {
            let input = self.inputs.find(topic)?;
            Some(Partition { input, number: *number })
        };
        names.iter().filter_map(partition).collect()
    }

    fn name(&self, partition: Partition) -> (String, i32) {
        (self.inputs.name(partition.input).to_owned(), partition.number)
    }

    /// Offsets as librdkafka takes them.
    pub(super) fn list(
        &self,
        offsets: &BTreeMap<Partition, Offset>,
    ) -> KafkaResult<TopicPartitionList> {
        let mut list = TopicPartitionList::with_capacity(offsets.len());
        for (partition, &offset) in offsets {
            let name = self.inputs.name(partition.input);
            list.add_partition_offset(name, partition.number, offset)?;
        }
        Ok(list)
    }
}

fn list_where(
    list: &TopicPartitionList,
    keep: impl Fn(&str, i32) -> bool,
) -> KafkaResult<TopicPartitionList> {
    let mut kept = TopicPartitionList::new();
    for each in list.elements() {
        if keep(each.topic(), each.partition()) {
            kept.add_partition_offset(each.topic(), each.partition(), each.offset())?;
        }
    }
    Ok(kept)
}

impl Drop for Member {
    // Dropping a BaseConsumer polls until the group has let it go, and the group waits for an
    // answer to each rebalance: whatever is open must be answered here, or it never ends.
    fn drop(&mut self) {
        self.consumer.context().close();
        while let Some(change) = self.consumer.context().take_change() {
            self.changes.push_back(change);
        }
        let open = self.settle();
        for change in std::mem::take(&mut self.changes) {
            let (Change::Given(names) | Change::Taken { names, .. }) = &change;
            let partitions = self.partitions(names);
            let offsets = partitions.iter().map(|&each| (each, Offset::Beginning)).collect();
            self.unsettled = Some(match change {
                Change::Given(_) => Unsettled::Given(offsets),
                Change::Taken { lost, .. } => Unsettled::Taken { partitions, lost },
            });
            if let Err(error) = self.settle() {
                tracing::debug!("kafka: at the end: {error}");
            }
        }
        if let Err(error) = open {
            tracing::debug!("kafka: at the end: {error}");
        }
    }
}
