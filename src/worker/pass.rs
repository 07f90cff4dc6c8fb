//! The work of one transaction: records in, output, offsets and counts kept together until it is
//! committed or rolled back.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::slot::{Slot, Stretch};
use super::{Shared, clock};
use crate::decode::{Fault, Reason};
use crate::event::signal::{self, Signal};
use crate::event::{self, Issued, Source};
use crate::log::Batch;
use crate::metrics::{Count, Counts};
use crate::record::{Inputs, Outgoing, Partition, Record, Topic};
use crate::screen::{Origin, RuleSet, Screened, screen_into};
use crate::tally::{Brake, Ruling, Tally};

/// What the open transaction has done so far, and the state of hop 2 it builds on.
pub(super) struct Pass {
    inputs: Inputs,
    signal_partitions: i32,
    /// Rows of state of each kind that a partition of signals keeps.
    rows_max: usize,
    /// Not sent yet.
    output: Vec<Outgoing>,
    /// There is or was output, or will be at the commit.
    produced: bool,
    /// Some of it should show at once.
    urgent: bool,
    /// Bytes of all output.
    bytes: usize,
    next: BTreeMap<Partition, i64>,
    /// Time of the newest record taken, by partition, Unix milliseconds.
    consumed_ms: BTreeMap<Partition, i64>,
    counts: Counts,
    tallies: BTreeMap<i32, Tally>,
    brake: Brake,
    slot: Slot,
    /// Number of the rules that the brake knows.
    braked: u64,
    /// Number of the rules that screened last, and the partitions of which it was said.
    ruled: (u64, BTreeSet<Partition>),
}

/// What stays the same for all records of a batch: one rule version decides it whole.
struct Turn<'a> {
    shared: &'a Shared,
    rules: &'a RuleSet,
    now_ms: i64,
}

impl Pass {
    /// Nothing done, no partition owned.
    pub(super) fn new(inputs: Inputs, slot: Slot, rows_max: usize) -> Self {
        Self {
            inputs,
            signal_partitions: 0,
            rows_max,
            output: Vec::new(),
            produced: false,
            urgent: false,
            bytes: 0,
            next: BTreeMap::new(),
            consumed_ms: BTreeMap::new(),
            counts: Counts::default(),
            tallies: BTreeMap::new(),
            brake: Brake::default(),
            slot,
            braked: 0,
            ruled: (0, BTreeSet::new()),
        }
    }

    /// How many partitions signals and state have; before the first record is taken.
    pub(super) fn set_signal_partitions(&mut self, partitions: i32) {
        self.signal_partitions = partitions;
    }

    /// An empty tally, for a partition whose state is about to be restored.
    pub(super) fn new_tally(&self) -> Tally {
        Tally::new(self.signal_partitions, self.rows_max)
    }

    /// Takes the restored state of a signals partition.
    pub(super) fn own(&mut self, partition: Partition, tally: Tally) {
        self.tallies.insert(partition.number, tally);
    }

    /// Drops what belongs to a partition that goes to another worker.
    pub(super) fn disown(&mut self, partition: Partition) {
        self.next.remove(&partition);
        self.consumed_ms.remove(&partition);
        self.ruled.1.remove(&partition);
        if self.inputs.is_signals(partition.input) {
            self.tallies.remove(&partition.number);
        }
    }

    /// Looks whether other rules are in force: also while nothing comes, for what was held back and let
    /// go meanwhile has to be known.
    pub(super) fn follow_rules(&mut self, rules: &RuleSet) {
        if self.braked != rules.number() {
            self.braked = rules.number();
            self.brake.follow(rules.rules());
        }
    }

    /// Takes a batch through both hops under one rule set.
    pub(super) fn take(&mut self, batch: &dyn Batch, shared: &Shared) {
        let rules = shared.rules.load();
        let turn = Turn { shared, rules: &rules, now_ms: clock::now_ms() };
        let before = self.output.len();
        self.tell_rules(batch, &rules);
        self.slot.begin(|| stretches(batch, &self.inputs));
        for record in (0..batch.len()).filter_map(|index| batch.record(index)) {
            let Partition { input, number } = record.partition;
            if self.slot.name(self.inputs.name(input), number, record.offset) {
                self.condemn(&record, &turn);
            } else if self.inputs.is_signals(input) {
                self.signal(&record, &turn);
            } else {
                self.post(&record, &turn);
            }
            self.next.insert(record.partition, record.offset + 1);
            self.consumed_ms.insert(record.partition, record.time_ms);
        }
        self.slot.end();
        self.bytes += self.output.iter().skip(before).map(Outgoing::size).sum::<usize>();
        self.produced |= !self.output.is_empty();
    }

    /// The worker leaves, and nothing is open.
    pub(super) fn leave(&mut self) {
        self.slot.clear();
    }

    /// Sets aside a record that has ended the process each time it was taken.
    fn condemn(&mut self, record: &Record<'_>, turn: &Turn<'_>) {
        let Partition { input, number } = record.partition;
        let (topic, offset) = (self.inputs.name(input), record.offset);
        tracing::error!(%topic, partition = number, offset, "ends the process: set aside");
        let fault =
            Fault::new(Reason::Failed, "the process ended three times with this record in hand");
        if self.inputs.is_signals(input) {
            self.counts.add(Count::Signals, &[], 1);
            self.counts.add(Count::DeadLetters, &[fault.reason.name()], 1);
        } else {
            self.counts.set_aside(record.value.map_or(0, <[u8]>::len), fault.reason.name());
        }
        self.set_aside(record, &fault, turn);
    }

    /// Says from which offset on which rules screen a partition, so that it can be told afterwards.
    /// Where the transaction is rolled back, a later line about an earlier offset holds.
    fn tell_rules(&mut self, batch: &dyn Batch, rules: &RuleSet) {
        let (number, told) = &mut self.ruled;
        if *number != rules.number() {
            *number = rules.number();
            told.clear();
        }
        let mut from: Vec<String> = Vec::new();
        let mut last = None;
        for record in (0..batch.len()).filter_map(|index| batch.record(index)) {
            // Records of a partition come in runs.
            if last != Some(record.partition) && told.insert(record.partition) {
                let Partition { input, number } = record.partition;
                from.push(format!("{}/{number}@{}", self.inputs.name(input), record.offset));
            }
            last = Some(record.partition);
        }
        if !from.is_empty() {
            let (from, packs) = (from.join(" "), rules.describe());
            tracing::info!(%from, %packs, "screened by these rules");
        }
    }

    /// What was made since the last call, in the order it was decided.
    pub(super) fn take_output(&mut self) -> Vec<Outgoing> {
        std::mem::take(&mut self.output)
    }

    /// Did the transaction make anything, or will it?
    pub(super) fn has_output(&self) -> bool {
        self.produced
    }

    /// Is there a critical takedown in it?
    pub(super) fn is_urgent(&self) -> bool {
        self.urgent
    }

    /// Bytes of output so far.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Adds the state changes to the output; once, before the commit.
    pub(super) fn flush(&mut self) {
        for tally in self.tallies.values() {
            tally.flush(&mut self.output);
        }
        let told = self.brake.signals();
        self.output.extend(told.iter().map(|signal| signal.to_outgoing(self.signal_partitions)));
    }

    /// The offsets to read next.
    pub(super) fn offsets(&self) -> Vec<(Partition, i64)> {
        self.next.iter().map(|(partition, next)| (*partition, *next)).collect()
    }

    /// The transaction is committed; what it counted.
    pub(super) fn committed(&mut self) -> Counts {
        for tally in self.tallies.values_mut() {
            tally.merge();
        }
        self.brake.merge();
        self.clear()
    }

    /// The transaction did not happen.
    pub(super) fn rolled_back(&mut self) {
        for tally in self.tallies.values_mut() {
            tally.discard();
        }
        self.brake.discard();
        drop(self.clear());
    }

    fn clear(&mut self) -> Counts {
        self.output.clear();
        self.produced = false;
        self.urgent = false;
        self.bytes = 0;
        self.next.clear();
        std::mem::take(&mut self.counts)
    }

    /// Time of the newest record taken from a partition, Unix milliseconds.
    pub(super) fn consumed_ms(&self, partition: Partition) -> Option<i64> {
        self.consumed_ms.get(&partition).copied()
    }

    /// Candidates that hop 2 keeps for this worker's partitions.
    pub(super) fn state_entries(&self) -> usize {
        self.tallies.values().map(Tally::entries).sum()
    }

    /// Hop 1: what one post alone decides.
    fn post(&mut self, record: &Record<'_>, turn: &Turn<'_>) {
        let size = record.value.map_or(0, <[u8]>::len);
        let before = self.output.len();
        let done = catch_unwind(AssertUnwindSafe(|| {
            let mut screened = Screened::default();
            screen_into(&mut screened, record.value, turn.rules, &turn.shared.reading)?;
            self.decide(record, &mut screened, turn);
            Ok(())
        }));
        let done = done.unwrap_or_else(|_| {
            // All events of a post, or none.
            self.output.truncate(before);
            Err(Fault::new(Reason::Failed, "a stage of the screening failed on this record"))
        });
        match done {
            Ok(()) => self.counts.screened(size),
            Err(fault) => {
                self.counts.set_aside(size, fault.reason.name());
                self.set_aside(record, &fault, turn);
            }
        }
    }

    fn set_aside(&mut self, record: &Record<'_>, fault: &Fault, turn: &Turn<'_>) {
        let topic = self.inputs.name(record.partition.input);
        let bytes_max = turn.shared.reading.limits.max_bytes;
        self.output.push(event::dead_letter(record, topic, fault, bytes_max));
    }

    fn decide(&mut self, record: &Record<'_>, screened: &mut Screened<'_>, turn: &Turn<'_>) {
        for hit in &screened.hits.all {
            if let Some((_, rule)) = turn.rules.rule_of(hit.pattern) {
                self.counts.add(Count::Hits, &[&rule.category], 1);
            }
        }
        for &rule in &screened.verdict.unknown {
            self.counts.add(Count::RuleUnknown, &[turn.rules.label(rule)], 1);
        }
        if screened.verdict.fired.is_empty() {
            return;
        }
        for fired in &screened.verdict.fired {
            let status = turn.rules.rules().get(fired.rule).map_or("", |rule| rule.status.name());
            self.counts.add(Count::RuleVerdicts, &[turn.rules.label(fired.rule), status], 1);
        }
        self.keep_within_limits(record, screened, turn);
        let origin = Origin {
            issuer: &turn.shared.issuer,
            source: source(record, &self.inputs),
            traceparent: record.header("traceparent"),
            decided_at_ms: turn.now_ms,
            signal_partitions: self.signal_partitions,
        };
        let issued = screened.emit(turn.rules, origin, &mut self.output);
        self.count_issued(&issued, "direct", record.time_ms);
    }

    /// Holds back what acts on more than its rule may.
    fn keep_within_limits(
        &mut self,
        record: &Record<'_>,
        screened: &mut Screened<'_>,
        turn: &Turn<'_>,
    ) {
        let times = (record.time_ms, turn.now_ms);
        let (post, issuer) = (&screened.post, &turn.shared.issuer);
        for fired in &mut screened.verdict.fired {
            let Some(rule) = turn.rules.rules().get(fired.rule) else { continue };
            // What counts acts at hop 2.
            let acts = rule.count.is_none() && rule.is_harsh() && rule.acts_on(&post.channel.id);
            let limit = rule.limit.filter(|_| acts && !rule.spares(&post.channel.id, times.0));
            let thing = limit.map(|limit| event::acted_on(limit.of, post, issuer));
            let left = thing.and_then(|thing| self.brake.admit(rule, &thing, times));
            if let Some(left) = left {
                fired.hold_back(rule, left);
            }
            if fired.limited.is_some() {
                self.counts.add(Count::Limited, &[turn.rules.label(fired.rule)], 1);
            }
        }
    }

    /// `path`: which hop decided; `time_ms`: of the record that led to it.
    fn count_issued(&mut self, issued: &[Issued], path: &'static str, time_ms: i64) {
        for event in issued {
            let category = event.category.as_str();
            match event.topic {
                Topic::Takedowns => {
                    self.counts.add(Count::Takedowns, &[&event.action, category], 1);
                }
                Topic::Reviews => self.counts.add(Count::Referrals, &[category], 1),
                _ => self.counts.add(Count::Shadows, &[category], 1),
            }
            self.urgent |= event.urgent;
            self.counts.decided(path, time_ms);
        }
    }

    /// Hop 2: what the owner of a counter decides.
    fn signal(&mut self, record: &Record<'_>, turn: &Turn<'_>) {
        self.counts.add(Count::Signals, &[], 1);
        let signal = match record.value.map(signal::read) {
            Some(Ok(signal)) => signal,
            Some(Err(why)) => return self.refuse_signal(record, why.to_string(), turn),
            None => return self.refuse_signal(record, "a signal without a value".to_owned(), turn),
        };
        self.tally(record, signal, turn);
    }

    /// A signal is our own word: one that cannot be read is kept for the people who can tell why.
    fn refuse_signal(&mut self, record: &Record<'_>, why: String, turn: &Turn<'_>) {
        let fault = Fault::new(Reason::Failed, why);
        self.counts.add(Count::DeadLetters, &[fault.reason.name()], 1);
        self.set_aside(record, &fault, turn);
    }

    fn tally(&mut self, record: &Record<'_>, signal: Signal, turn: &Turn<'_>) {
        let ruling = Ruling {
            rule: signal.rule().and_then(|id| turn.rules.rule(id)),
            escalations: turn.rules.escalations(),
            issuer: &turn.shared.issuer,
            decided_at_ms: turn.now_ms,
        };
        let time_ms = signal.time_ms();
        let (partitions, rows_max) = (self.signal_partitions, self.rows_max);
        let tally = self
            .tallies
            .entry(record.partition.number)
            .or_insert_with(|| Tally::new(partitions, rows_max));
        let applied = tally.apply(signal, &ruling, &mut self.brake, &mut self.output);
        if applied.evicted > 0 {
            self.counts.add(Count::StateEvicted, &[], applied.evicted as u64);
        }
        if let Some(undone) = applied.reinstated {
            let result = if undone { "undone" } else { "nothing_to_undo" };
            self.counts.add(Count::Reinstatements, &[result], 1);
        }
        // State is written at the commit, so there will be output even where nothing acts.
        self.produced = true;
        self.count_issued(&applied.issued, "counted", time_ms);
    }
}

/// What is in a batch, partition by partition; its records come in runs.
fn stretches(batch: &dyn Batch, inputs: &Inputs) -> Vec<Stretch> {
    let mut stretches: Vec<(Partition, i64, i64)> = Vec::new();
    for record in (0..batch.len()).filter_map(|index| batch.record(index)) {
        match stretches.last_mut().filter(|(partition, ..)| *partition == record.partition) {
            Some((.., to)) => *to = record.offset + 1,
            None => stretches.push((record.partition, record.offset, record.offset + 1)),
        }
    }
    let named = stretches.into_iter().map(|(Partition { input, number }, from, to)| Stretch {
        topic: inputs.name(input).to_owned(),
        partition: number,
        from,
        to,
    });
    named.collect()
}

fn source<'a>(record: &Record<'_>, inputs: &'a Inputs) -> Source<'a> {
    Source {
        topic: inputs.name(record.partition.input),
        partition: record.partition.number,
        offset: record.offset,
        time_ms: record.time_ms,
    }
}
