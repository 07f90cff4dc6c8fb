//! The reading end: a member of the consumer group, the partitions it owns, and the way back to
//! the last commit.

use std::cell::Cell;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer, ConsumerGroupMetadata};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::message::Message as _;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use rdkafka_sys::types::RDKafkaRespErr;

use super::batch::{Fetched, FetchedBatch};
use super::clock::Deadline;
use super::context::{Change, MemberContext, Names, Watch};
use super::native;
use super::queue::{Message, Queue};
use super::settings::Settings;
use crate::log::{Lag, LogError};
use crate::record::{Inputs, Partition};

/// Records in a batch, at most.
const BATCH_MAX: usize = 1024;
/// While nothing comes, rebalances are heard so often.
const HEAR_AGAIN: Duration = Duration::from_millis(20);
/// And so many of them at a time.
const HEAR_MAX: usize = 32;
/// A turn of the worker costs the same for one record as for a hundred, and what it makes shows with the
/// commit only: so where records come one by one, some are gathered first. At 20,000 posts a second this
/// saves a tenth of the processor time, for a millisecond. Never in at-least-once mode, where each event
/// shows at once.
const GATHER: Duration = Duration::from_millis(2);
/// Fewer records than this are few.
const FEW: usize = 256;
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
    // Before the consumer in drop order, which would wait for it for ever.
    queue: Queue,
    consumer: BaseConsumer<MemberContext>,
    watch: Arc<Watch>,
    inputs: Inputs,
    subscribed: bool,
    /// Settled partitions, and the offset last committed of each.
    owned: BTreeMap<Partition, Offset>,
    changes: VecDeque<Change>,
    gather: Duration,
    fenced: Cell<bool>,
    pub(super) unsettled: Option<Unsettled>,
}

impl Member {
    pub(super) fn new(settings: &Settings, watch: &Arc<Watch>) -> KafkaResult<Self> {
        let context = MemberContext::new(Arc::clone(watch));
        let consumer: BaseConsumer<MemberContext> =
            settings.member_consumer().create_with_context(context)?;
        let queue = Queue::new(consumer.client());
        let queue = queue.ok_or_else(|| {
            KafkaError::ClientCreation("there is no memory for a queue".to_owned())
        })?;
        Ok(Self {
            queue,
            consumer,
            watch: Arc::clone(watch),
            inputs: settings.inputs(),
            subscribed: false,
            owned: BTreeMap::new(),
            changes: VecDeque::new(),
            gather: if settings.exactly_once { GATHER } else { Duration::ZERO },
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
                // Partitions that came back after an unknown outcome are assigned already.
                let is_new = |partition: &Partition| !self.owned.contains_key(partition);
                let new = offsets.iter().filter(|(partition, _)| is_new(partition));
                let answered = self.assign(&new.map(|(&key, &value)| (key, value)).collect());
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

    /// Begins to read partitions, from here on.
    fn assign(&self, new: &BTreeMap<Partition, Offset>) -> KafkaResult<()> {
        // Before they are assigned, or their records would come on the consumer's own queue.
        self.receive(new)?;
        self.consumer.incremental_assign(&self.list(new)?)?;
        // And again once they are read: where a partition was here before, what ends that comes late and takes the
        // queue away, which nobody tells. It has come before a seek is accepted.
        self.seek(new.clone())?;
        self.receive(new)
    }

    /// Leads the records of these partitions to the queue.
    fn receive(&self, partitions: &BTreeMap<Partition, Offset>) -> KafkaResult<()> {
        for partition in partitions.keys() {
            let (topic, number) = (self.inputs.name(partition.input), partition.number);
            if !self.queue.receive(self.consumer.client(), topic, number) {
                return Err(KafkaError::Subscription(format!("{topic}/{number} has no queue")));
            }
        }
        Ok(())
    }

    /// Waits for records of owned partitions. A rebalance comes first, and is looked for often.
    pub(super) fn fetch(&self, deadline: Deadline) -> Result<Next<'_>, LogError> {
        loop {
            self.hear()?;
            if self.consumer.context().has_change() || self.is_fenced() {
                return Ok(Next::Nothing);
            }
            let mut messages = self.queue.fetch(BATCH_MAX, deadline.slice(HEAR_AGAIN));
            let gather = deadline.slice(self.gather);
            if (1..FEW).contains(&messages.len()) && !gather.is_zero() {
                // Not by the batch call with a time: it would wake with every answer of a broker.
                thread::sleep(gather);
                messages.extend(self.queue.batch(BATCH_MAX - messages.len()));
            }
            let batch = self.sort_out(messages)?;
            if !batch.is_empty() {
                self.watch.reached();
                return Ok(Next::Records(FetchedBatch(batch)));
            }
            if deadline.passed() {
                return Ok(Next::Nothing);
            }
        }
    }

    /// Records of owned partitions out of what came.
    fn sort_out<'q>(&self, messages: Vec<Message<'q>>) -> Result<Vec<Fetched<'q>>, LogError> {
        let mut batch: Vec<Fetched<'q>> = Vec::with_capacity(messages.len());
        for message in messages {
            if let Some(error) = message.error() {
                self.note(&error)?;
                continue;
            }
            let partition = self.owner_of(&message, batch.last());
            batch.extend(partition.map(|partition| Fetched { partition, message }));
        }
        Ok(batch)
    }

    /// Hears rebalances and errors, so many at a time: a member that is of no more use could tell so for
    /// ever. Records never come on this way.
    fn hear(&self) -> Result<(), LogError> {
        for _ in 0..HEAR_MAX {
            match self.consumer.poll(Duration::ZERO) {
                None => break,
                Some(Err(error)) => self.note(&error)?,
                Some(Ok(record)) => {
                    // What is behind it may have been taken already: it must not be passed over.
                    let (topic, number) = (record.topic(), record.partition());
                    return Err(LogError::Stop(format!(
                        "kafka: a record of {topic}/{number} came on the wrong way: restart the process"
                    )));
                }
            }
        }
        Ok(())
    }

    /// Throws away what comes, but hears rebalances: while the outcome of a transaction is
    /// unknown nothing may be processed, and everything is read again afterwards.
    pub(super) fn discard(&self, wait: Duration) -> Result<(), LogError> {
        let deadline = Deadline::after(wait);
        while !deadline.passed() {
            self.hear()?;
            drop(self.queue.fetch(BATCH_MAX, deadline.slice(HEAR_AGAIN)));
        }
        Ok(())
    }

    /// Which owned partition a record is of; `before` is the record before it.
    fn owner_of(&self, message: &Message<'_>, before: Option<&Fetched<'_>>) -> Option<Partition> {
        let number = message.partition();
        if let Some(Fetched { partition, message: last }) = before
            && partition.number == number
            && message.is_of_topic_of(last)
        {
            return Some(*partition);
        }
        let partition = Partition { input: self.inputs.find(message.topic())?, number };
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
                thread::sleep(Duration::from_millis(20));
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
