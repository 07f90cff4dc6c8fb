//! Every metric: name, unit, labels, meaning; the counts of a transaction.
//!
//! A worker counts into [`Counts`], plain memory of its own. They reach the shared [`Metrics`] when
//! the transaction commits and are dropped when it aborts, so that no post is counted twice.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};

use prometheus::core::{Collector, Desc};
use prometheus::proto;
use prometheus::{Encoder, Registry, TextEncoder};

/// A counter: it only rises.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Count {
    /// Posts consumed, by `outcome`: `screened` or `dead_lettered`. The sum is what was consumed.
    Posts,
    /// Bytes of the values of consumed posts.
    Bytes,
    /// Hits, by `category` of their rule.
    Hits,
    /// Takedown events, by `action` and `category` of their first cause.
    Takedowns,
    /// Requests to undo something, by `result`: `undone` or `nothing_to_undo`.
    Reinstatements,
    /// Referrals to human review, by `category`.
    Referrals,
    /// What rules in shadow, or outside their share, would have done, by `category`. Exact, whatever is written.
    Shadows,
    /// Rules that fired, by `rule` and `status`.
    RuleVerdicts,
    /// Posts on which a rule did less than it says, for it is above its limit, by `rule`.
    Limited,
    /// Rules asked whose condition rests on fields that the post does not have, by `rule`.
    RuleUnknown,
    /// Records set aside, by `reason`.
    DeadLetters,
    /// Signals taken in by hop 2.
    Signals,
    /// Counter entries dropped because a limit was reached.
    StateEvicted,
    /// Transactions, by `result`: `committed`, `aborted` or `unknown`.
    Transactions,
    /// Editions of packs, and changed folders, that were not taken, by `pack` and `reason`.
    PacksRefused,
    /// Records of the controls topic that were passed over.
    ControlsRefused,
}

/// A value that goes up and down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Level {
    /// Records not consumed yet, by `topic` and `partition`.
    LagRecords,
    /// Age of the newest consumed record while there are more, by `topic` and `partition`.
    LagSeconds,
    /// 1 for each pack in force, by `pack` and `version`.
    RulesetInfo,
    /// Patterns in force, an entry of a list each.
    RulesetPatterns,
    /// Unix seconds when the rules in force were taken.
    RulesetSince,
    /// Sequence of each published pack in force, by `pack`.
    PackSequence,
    /// Unix seconds from which on a published pack in force is not taken any more, by `pack`.
    PackExpires,
    /// 1 where enough accepted keys have signed the pack in force, by `pack`; 0 once they are revoked.
    PackTrusted,
    /// Rules that a control holds back.
    ControlsInForce,
    /// 1 for each rule whose limit was tripped, until somebody lifts that, by `rule`.
    LimitTripped,
    /// Candidates kept by hop 2, by `worker`.
    StateEntries,
    /// Partitions a worker owns, by `worker`.
    AssignedPartitions,
}

/// A distribution of durations in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Timing {
    /// From the record's timestamp to the commit of what it led to, by `path`: `direct` or
    /// `counted`.
    Decision,
    /// One batch, by `stage`: `screen` or `send`.
    Batch,
    /// From the first record of a transaction to its commit.
    Transaction,
}

/// What a metric is called and means.
struct Family {
    name: &'static str,
    labels: &'static [&'static str],
    help: &'static str,
}

impl Count {
    const ALL: [Self; 16] = [
        Self::Posts,
        Self::Bytes,
        Self::Hits,
        Self::Takedowns,
        Self::Reinstatements,
        Self::Referrals,
        Self::Shadows,
        Self::RuleVerdicts,
        Self::Limited,
        Self::RuleUnknown,
        Self::DeadLetters,
        Self::Signals,
        Self::StateEvicted,
        Self::Transactions,
        Self::PacksRefused,
        Self::ControlsRefused,
    ];

    #[rustfmt::skip]
    fn family(self) -> Family {
        let (name, labels, help): (_, &'static [&'static str], _) = match self {
            Self::Posts => ("tidegate_posts_total", &["outcome"],
                "Posts consumed: screened or dead_lettered."),
            Self::Bytes => ("tidegate_bytes_total", &[], "Bytes of the values of consumed posts."),
            Self::Hits => ("tidegate_hits_total", &["category"], "Pattern hits."),
            Self::Takedowns => ("tidegate_takedowns_total", &["action", "category"],
                "Takedown events written."),
            Self::Reinstatements => ("tidegate_reinstatements_total", &["result"],
                "Requests to undo what was done to a channel or an account."),
            Self::Referrals => ("tidegate_referrals_total", &["category"],
                "Referrals to human review written."),
            Self::Shadows => ("tidegate_shadow_events_total", &["category"],
                "Events that rules in shadow, or outside their share, would have caused."),
            Self::RuleVerdicts => ("tidegate_rule_verdicts_total", &["rule", "status"],
                "Rules that fired, with the status they had."),
            Self::Limited => ("tidegate_limited_verdicts_total", &["rule"],
                "Posts on which a rule did less than it says, for it is above its limit."),
            Self::RuleUnknown => ("tidegate_rule_unknown_total", &["rule"],
                "Rules whose condition compares fields that the post does not have."),
            Self::DeadLetters => ("tidegate_dead_letters_total", &["reason"],
                "Records set aside, not screened."),
            Self::Signals => ("tidegate_signals_total", &[], "Signals taken in by hop 2."),
            Self::StateEvicted => ("tidegate_state_evicted_total", &[],
                "Counter entries dropped because a limit was reached."),
            Self::Transactions => ("tidegate_transactions_total", &["result"],
                "Transactions: committed, aborted or unknown."),
            Self::PacksRefused => ("tidegate_packs_refused_total", &["pack", "reason"],
                "Editions of packs that were not taken; the last good one stayed."),
            Self::ControlsRefused => ("tidegate_controls_refused_total", &[],
                "Records of the controls topic that were passed over."),
        };
        Family { name, labels, help }
    }
}

impl Level {
    #[rustfmt::skip]
    fn family(self) -> Family {
        let (name, labels, help): (_, &'static [&'static str], _) = match self {
            Self::LagRecords => ("tidegate_consumer_lag_records", &["topic", "partition"],
                "Records that can be read and are not committed yet."),
            Self::LagSeconds => ("tidegate_consumer_lag_seconds", &["topic", "partition"],
                "Age of the newest consumed record while there are more; 0 while there are none."),
            Self::RulesetInfo => ("tidegate_ruleset_info", &["pack", "version"],
                "1 for each pack in force."),
            Self::RulesetPatterns => ("tidegate_ruleset_patterns", &[],
                "Patterns in force, an entry of a list each."),
            Self::RulesetSince => ("tidegate_ruleset_taken_timestamp_seconds", &[],
                "When the rules in force were taken."),
            Self::PackSequence => ("tidegate_pack_sequence", &["pack"],
                "Sequence of the published pack in force."),
            Self::PackExpires => ("tidegate_pack_expires_timestamp_seconds", &["pack"],
                "From when on the pack in force is not taken any more, at a restart."),
            Self::PackTrusted => ("tidegate_pack_trusted", &["pack"],
                "1 where enough accepted keys have signed the pack in force."),
            Self::ControlsInForce => ("tidegate_controls_in_force", &[],
                "Rules that a control holds back."),
            Self::LimitTripped => ("tidegate_limit_tripped", &["rule"],
                "1 for each rule whose limit was tripped, until somebody lifts that."),
            Self::StateEntries => ("tidegate_state_entries", &["worker"],
                "Candidates kept by hop 2."),
            Self::AssignedPartitions => ("tidegate_assigned_partitions", &["worker"],
                "Partitions a worker owns."),
        };
        Family { name, labels, help }
    }
}

impl Timing {
    #[rustfmt::skip]
    fn family(self) -> Family {
        let (name, labels, help): (_, &'static [&'static str], _) = match self {
            Self::Decision => ("tidegate_decision_seconds", &["path"],
                "From a record's timestamp to the commit of what it led to."),
            Self::Batch => ("tidegate_batch_seconds", &["stage"], "Time one batch took in a stage."),
            Self::Transaction => ("tidegate_transaction_seconds", &[],
                "From the first record of a transaction to its commit."),
        };
        Family { name, labels, help }
    }

    /// Upper bounds in seconds: a millisecond to a minute, since a takedown is due within minutes.
    const BOUNDS: [f64; 16] = [
        0.001, 0.002, 0.005, 0.01, 0.02, 0.035, 0.05, 0.075, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 15.0,
        60.0,
    ];
}

/// Values of a metric's labels, in the order of its label names.
type Labels = Vec<String>;

/// What one transaction did. Plain memory of one worker.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Counts {
    counts: HashMap<(Count, Labels), u64>,
    /// Posts screened: a field of its own, since every post adds to it.
    screened: u64,
    /// Bytes of consumed values: as `screened`.
    bytes: u64,
    /// Record times of decisions, by path, to be measured at the commit.
    decided: Vec<(&'static str, i64)>,
}

impl Counts {
    /// Adds a screened post of so many bytes.
    pub fn screened(&mut self, bytes: usize) {
        self.screened += 1;
        self.bytes += bytes as u64;
    }

    /// Adds a post set aside.
    pub fn set_aside(&mut self, bytes: usize, reason: &'static str) {
        self.bytes += bytes as u64;
        self.add(Count::Posts, &["dead_lettered"], 1);
        self.add(Count::DeadLetters, &[reason], 1);
    }

    /// Adds `by` to a counter with these label values.
    pub fn add(&mut self, count: Count, labels: &[&str], by: u64) {
        let labels = labels.iter().map(|&label| label.to_owned()).collect();
        *self.counts.entry((count, labels)).or_default() += by;
    }

    /// Notes that a record of this time (Unix milliseconds) led to an event. `path`: `direct` from
    /// hop 1, `counted` from hop 2.
    pub fn decided(&mut self, path: &'static str, time_ms: i64) {
        self.decided.push((path, time_ms));
    }

    /// Nothing counted?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

#[derive(Default)]
struct Shared {
    counts: BTreeMap<(Count, Labels), u64>,
    levels: BTreeMap<(Level, Labels), f64>,
    timings: BTreeMap<(Timing, Labels), Distribution>,
}

#[derive(Clone, Default)]
struct Distribution {
    buckets: [u64; Timing::BOUNDS.len()],
    count: u64,
    sum: f64,
}

impl Distribution {
    fn observe(&mut self, seconds: f64) {
        for (bucket, bound) in self.buckets.iter_mut().zip(Timing::BOUNDS) {
            *bucket += u64::from(seconds <= bound);
        }
        self.count += 1;
        self.sum += seconds;
    }
}

/// The metrics of the process. Taken once a transaction and once a scrape, never once a post.
pub struct Metrics {
    shared: Mutex<Shared>,
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics {
    /// All counters that have a known set of labels start at 0, so that rates start at once.
    #[must_use]
    pub fn new() -> Self {
        let mut shared = Shared::default();
        let known: [(Count, &[&str]); 9] = [
            (Count::Posts, &["screened"]),
            (Count::Posts, &["dead_lettered"]),
            (Count::Bytes, &[]),
            (Count::Signals, &[]),
            (Count::StateEvicted, &[]),
            (Count::Transactions, &["committed"]),
            (Count::Transactions, &["aborted"]),
            (Count::Transactions, &["unknown"]),
            (Count::DeadLetters, &["failed"]),
        ];
        for (count, labels) in known {
            let labels = labels.iter().map(|&label| label.to_owned()).collect();
            shared.counts.insert((count, labels), 0);
        }
        Self { shared: Mutex::new(shared) }
    }

    /// Adds what a committed transaction did. `now_ms`: Unix milliseconds of the commit.
    pub fn commit(&self, counts: Counts, now_ms: i64) {
        self.with(|shared| {
            for (series, by) in counts.counts {
                *shared.counts.entry(series).or_default() += by;
            }
            *shared.counts.entry((Count::Posts, vec!["screened".to_owned()])).or_default() +=
                counts.screened;
            *shared.counts.entry((Count::Bytes, Labels::new())).or_default() += counts.bytes;
            for (path, time_ms) in counts.decided {
                let seconds = millis_to_seconds(now_ms.saturating_sub(time_ms).max(0));
                shared
                    .timings
                    .entry((Timing::Decision, vec![path.to_owned()]))
                    .or_default()
                    .observe(seconds);
            }
        });
    }

    /// Adds to a counter outside any transaction: transactions themselves.
    pub fn add(&self, count: Count, labels: &[&str], by: u64) {
        let labels = labels.iter().map(|&label| label.to_owned()).collect();
        self.with(|shared| *shared.counts.entry((count, labels)).or_default() += by);
    }

    /// Sets a level.
    #[expect(clippy::cast_precision_loss, reason = "exact below 2^53, and read as a gauge")]
    pub fn set(&self, level: Level, labels: &[&str], value: u64) {
        let labels = labels.iter().map(|&label| label.to_owned()).collect();
        self.with(|shared| shared.levels.insert((level, labels), value as f64));
    }

    /// Forgets a series of a level: a partition that went to another worker must not go on showing
    /// its last lag.
    pub fn forget(&self, level: Level, labels: &[&str]) {
        let labels = labels.iter().map(|&label| label.to_owned()).collect();
        self.with(|shared| shared.levels.remove(&(level, labels)));
    }

    /// Adds a duration.
    pub fn observe(&self, timing: Timing, labels: &[&str], seconds: f64) {
        let labels = labels.iter().map(|&label| label.to_owned()).collect();
        self.with(|shared| shared.timings.entry((timing, labels)).or_default().observe(seconds));
    }

    /// A counter's value, for tests and for the demo's own account.
    #[must_use]
    pub fn count(&self, count: Count, labels: &[&str]) -> u64 {
        let labels: Labels = labels.iter().map(|&label| label.to_owned()).collect();
        self.with(|shared| shared.counts.get(&(count, labels)).copied().unwrap_or(0))
    }

    /// A counter's sum over all labels.
    #[must_use]
    pub fn total(&self, count: Count) -> u64 {
        self.with(|shared| {
            let of = shared.counts.iter().filter(|((series, _), _)| *series == count);
            of.map(|(_, value)| value).sum()
        })
    }

    /// All metrics in Prometheus text format 0.0.4.
    ///
    /// # Errors
    /// Only if a metric is declared wrongly.
    pub fn render(&self) -> Result<String, prometheus::Error> {
        let registry = Registry::new();
        registry.register(Box::new(Snapshot(self.families())))?;
        let mut text = Vec::new();
        TextEncoder::new().encode(&registry.gather(), &mut text)?;
        Ok(String::from_utf8_lossy(&text).into_owned())
    }

    fn with<R>(&self, act: impl FnOnce(&mut Shared) -> R) -> R {
        // A panic between two plain additions leaves nothing half-done that matters.
        act(&mut self.shared.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn families(&self) -> Vec<proto::MetricFamily> {
        self.with(|shared| {
            let mut families = Families::default();
            for ((count, labels), value) in &shared.counts {
                let value = Value::Counter(as_float(*value));
                families.add(&count.family(), labels, value);
            }
            for ((level, labels), value) in &shared.levels {
                families.add(&level.family(), labels, Value::Gauge(*value));
            }
            for ((timing, labels), value) in &shared.timings {
                families.add(&timing.family(), labels, Value::Histogram(histogram(value)));
            }
            families.0
        })
    }
}

/// The value of one series.
enum Value {
    Counter(f64),
    Gauge(f64),
    Histogram(proto::Histogram),
}

impl Value {
    fn fill(self, metric: &mut proto::Metric) -> proto::MetricType {
        match self {
            Self::Counter(value) => {
                let mut counter = proto::Counter::default();
                counter.set_value(value);
                metric.set_counter(counter);
                proto::MetricType::COUNTER
            }
            Self::Gauge(value) => {
                let mut gauge = proto::Gauge::default();
                gauge.set_value(value);
                metric.set_gauge(gauge);
                proto::MetricType::GAUGE
            }
            Self::Histogram(value) => {
                metric.set_histogram(value);
                proto::MetricType::HISTOGRAM
            }
        }
    }
}

#[derive(Default)]
struct Families(Vec<proto::MetricFamily>);

impl Families {
    /// Adds one series; those of one family come one after the other.
    fn add(&mut self, family: &Family, labels: &Labels, value: Value) {
        let mut metric = proto::Metric::default();
        let pairs = family.labels.iter().zip(labels).map(|(name, value)| {
            let mut pair = proto::LabelPair::default();
            pair.set_name((*name).to_owned());
            pair.set_value(value.clone());
            pair
        });
        metric.set_label(pairs.collect());
        let kind = value.fill(&mut metric);
        if self.0.last().is_none_or(|last| last.name() != family.name) {
            let mut next = proto::MetricFamily::default();
            next.set_name(family.name.to_owned());
            next.set_help(family.help.to_owned());
            next.set_field_type(kind);
            self.0.push(next);
        }
        if let Some(last) = self.0.last_mut() {
            last.mut_metric().push(metric);
        }
    }
}

fn histogram(value: &Distribution) -> proto::Histogram {
    let mut histogram = proto::Histogram::default();
    histogram.set_sample_count(value.count);
    histogram.set_sample_sum(value.sum);
    let buckets = value.buckets.iter().zip(Timing::BOUNDS).map(|(count, bound)| {
        let mut bucket = proto::Bucket::default();
        bucket.set_cumulative_count(*count);
        bucket.set_upper_bound(bound);
        bucket
    });
    histogram.set_bucket(buckets.collect());
    histogram
}

#[expect(clippy::cast_precision_loss, reason = "exact below 2^53, and read as a counter")]
fn as_float(value: u64) -> f64 {
    value as f64
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds of a delay, exact below 2^53")]
fn millis_to_seconds(millis: i64) -> f64 {
    millis as f64 / 1000.0
}

/// What a scrape hands to the exposition crate.
struct Snapshot(Vec<proto::MetricFamily>);

impl Collector for Snapshot {
    fn desc(&self) -> Vec<&Desc> {
        Vec::new()
    }

    fn collect(&self) -> Vec<proto::MetricFamily> {
        self.0.clone()
    }
}

/// Every metric as (name, labels, meaning), for the reference page and its tests.
#[must_use]
pub fn catalogue() -> Vec<(&'static str, &'static [&'static str], &'static str)> {
    let levels = [
        Level::LagRecords,
        Level::LagSeconds,
        Level::RulesetInfo,
        Level::RulesetPatterns,
        Level::RulesetSince,
        Level::PackSequence,
        Level::PackExpires,
        Level::PackTrusted,
        Level::ControlsInForce,
        Level::LimitTripped,
        Level::StateEntries,
        Level::AssignedPartitions,
    ];
    let timings = [Timing::Decision, Timing::Batch, Timing::Transaction];
    let families = Count::ALL.map(Count::family).into_iter();
    let families = families.chain(levels.map(Level::family)).chain(timings.map(Timing::family));
    families.map(|family| (family.name, family.labels, family.help)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transaction_counts_when_it_commits() {
        let metrics = Metrics::new();
        let mut counts = Counts::default();
        counts.screened(10);
        counts.set_aside(5, "not_json");
        counts.add(Count::Takedowns, &["remove_post", "drugs"], 2);
        counts.decided("direct", 1_000);
        assert!(!counts.is_empty());
        assert_eq!(metrics.total(Count::Posts), 0);
        metrics.commit(counts, 1_040);
        assert_eq!(metrics.count(Count::Posts, &["screened"]), 1);
        assert_eq!(metrics.count(Count::Posts, &["dead_lettered"]), 1);
        assert_eq!(metrics.total(Count::Bytes), 15);
        let text = metrics.render().unwrap();
        for line in [
            "tidegate_takedowns_total{action=\"remove_post\",category=\"drugs\"} 2",
            "tidegate_dead_letters_total{reason=\"not_json\"} 1",
            "tidegate_decision_seconds_bucket{path=\"direct\",le=\"0.035\"} 0",
            "tidegate_decision_seconds_bucket{path=\"direct\",le=\"0.05\"} 1",
            "tidegate_decision_seconds_bucket{path=\"direct\",le=\"+Inf\"} 1",
            "tidegate_decision_seconds_count{path=\"direct\"} 1",
            "# TYPE tidegate_posts_total counter",
            "tidegate_transactions_total{result=\"aborted\"} 0",
        ] {
            assert!(text.contains(line), "{line} is not in\n{text}");
        }
    }

    #[test]
    fn a_level_is_what_was_set_last_and_can_be_forgotten() {
        let metrics = Metrics::new();
        metrics.set(Level::LagRecords, &["posts", "3"], 7);
        metrics.set(Level::LagRecords, &["posts", "3"], 9);
        metrics.set(Level::LagRecords, &["posts", "4"], 1);
        metrics.forget(Level::LagRecords, &["posts", "4"]);
        let text = metrics.render().unwrap();
        assert!(text.contains("tidegate_consumer_lag_records{topic=\"posts\",partition=\"3\"} 9"));
        assert!(!text.contains("partition=\"4\""));
    }

    #[test]
    fn names_follow_the_rules_of_the_field() {
        for (name, labels, help) in catalogue() {
            assert!(name.starts_with("tidegate_"), "{name}");
            assert!(help.ends_with('.'), "{name}");
            for label in labels {
                assert!(!["user", "url", "text", "author"].contains(label), "{name}: {label}");
            }
        }
        assert!(Count::ALL.map(|count| count.family().name.ends_with("_total")).iter().all(|&t| t));
    }

    #[test]
    fn the_dashboard_shows_every_metric_and_none_that_is_not_there() {
        let dashboard = include_str!("../k8s/dashboards/tidegate.json");
        let named = dashboard.match_indices("tidegate_").filter_map(|(at, _)| {
            let rest = dashboard.get(at..)?;
            rest.split(|letter: char| !letter.is_ascii_lowercase() && letter != '_').next()
        });
        let known: Vec<_> = catalogue().into_iter().map(|(name, ..)| name).collect();
        let mut shown = std::collections::BTreeSet::new();
        for name in named {
            let series = ["_bucket", "_sum", "_count"];
            let family = series.iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name);
            assert!(known.contains(&family), "{name} is on the dashboard only");
            shown.insert(family);
        }
        for name in known {
            assert!(shown.contains(name), "{name} is not on the dashboard");
        }
    }
}
