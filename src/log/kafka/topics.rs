//! `tidegate topics create` and `check`: the topics a deployment needs, as they should be, beside
//! what the broker has. Never changes or shrinks a topic that exists.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, ResourceSpecifier, TopicReplication};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};

use super::clock::Deadline;
use super::context::{ReaderContext, Watch};
use super::settings::Settings;
use crate::log::LogError;
use crate::record::Topic;

const ASK: Duration = Duration::from_secs(15);
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// How topics are to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// Partitions of signals and of state: fixed for the life of a deployment.
    pub signals: i32,
    /// Partitions of every other topic.
    pub outputs: i32,
    /// Partitions of topics with posts; `None` leaves those topics to the platform.
    pub posts: Option<i32>,
    /// Copies of each partition; `None` takes the broker's default.
    pub replication: Option<i32>,
}

impl Default for Sizes {
    fn default() -> Self {
        Self { signals: 12, outputs: 12, posts: None, replication: None }
    }
}

/// What became of one topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// It is as it should be.
    Fine,
    /// It was not there, and is now.
    Created,
    /// It is not there.
    Missing,
    /// It is there, but not as it should be: what differs, and how to mend it.
    Differs(Vec<String>),
}

/// One line of the report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Full name of the topic.
    pub topic: String,
    /// Partitions it has; 0 where it is missing.
    pub partitions: i32,
    /// What became of it.
    pub finding: Finding,
}

impl Row {
    /// True where nothing is left to do.
    #[must_use]
    pub fn is_fine(&self) -> bool {
        matches!(self.finding, Finding::Fine | Finding::Created)
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (topic, partitions) = (&self.topic, self.partitions);
        match &self.finding {
            Finding::Fine => write!(f, "{topic}: fine, {partitions} partitions"),
            Finding::Created => write!(f, "{topic}: created, {partitions} partitions"),
            Finding::Missing => {
                write!(f, "{topic}: missing; create it: tidegate topics create --config FILE")
            }
            Finding::Differs(faults) => write!(f, "{topic}: {}", faults.join("; ")),
        }
    }
}

/// A topic as it should be.
struct Plan {
    name: String,
    partitions: Option<i32>,
    config: Vec<(&'static str, String)>,
}

/// The topics of a deployment. Topics with posts are the platform's unless it gives their size.
fn plans(settings: &Settings, sizes: &Sizes) -> Vec<Plan> {
    let limit = settings.record_bytes_max().to_string();
    let days = |count: i64| ("retention.ms", (count * DAY_MS).to_string());
    let mut plans: Vec<Plan> = Vec::new();
    for name in &settings.posts {
        let config = match sizes.posts {
            Some(_) => vec![days(7), ("max.message.bytes", limit.clone())],
            None => Vec::new(),
        };
        plans.push(Plan { name: name.clone(), partitions: sizes.posts, config });
    }
    for topic in Topic::ALL {
        let partitions = match topic {
            Topic::Signals | Topic::State => sizes.signals,
            // Whoever follows them wants one order of all that was published.
            Topic::Packs | Topic::Controls => 1,
            _ => sizes.outputs,
        };
        let mut config = vec![("max.message.bytes", limit.clone())];
        match topic {
            // Small segments: the newest is never compacted, and a restore reads all of it.
            Topic::State | Topic::Packs | Topic::Controls => config.extend([
                ("cleanup.policy", "compact".to_owned()),
                ("segment.bytes", (64 * 1024 * 1024).to_string()),
            ]),
            Topic::Deadletters => config.extend([cleanup(), days(14)]),
            Topic::Takedowns | Topic::Reviews => config.extend([cleanup(), days(30)]),
            Topic::Shadow | Topic::Signals => config.extend([cleanup(), days(7)]),
        }
        plans.push(Plan { name: settings.topic(topic), partitions: Some(partitions), config });
    }
    plans
}

fn cleanup() -> (&'static str, String) {
    ("cleanup.policy", "delete".to_owned())
}

/// What the broker has of one topic.
struct Present {
    partitions: i32,
    config: BTreeMap<String, String>,
}

/// Creates what is missing and reports on every topic. May be run again and again.
///
/// # Errors
/// [`LogError::Stop`]: the broker cannot be reached, or refuses.
pub fn create(settings: &Settings, sizes: &Sizes) -> Result<Vec<Row>, LogError> {
    let desk = Desk::open(settings)?;
    let mut rows = desk.look(&plans(settings, sizes))?;
    let plans = plans(settings, sizes);
    for (row, plan) in rows.iter_mut().zip(&plans) {
        let (Finding::Missing, Some(partitions)) = (&row.finding, plan.partitions) else {
            continue;
        };
        desk.create(plan, partitions, sizes.replication)?;
        row.finding = Finding::Created;
        row.partitions = partitions;
    }
    for (_, plan) in rows.iter().zip(&plans).filter(|(row, _)| row.finding == Finding::Created) {
        desk.wait_for(plan)?;
    }
    Ok(rows)
}

/// Reports on every topic; changes nothing.
///
/// # Errors
/// [`LogError::Stop`]: the broker cannot be reached, or refuses.
pub fn check(settings: &Settings, sizes: &Sizes) -> Result<Vec<Row>, LogError> {
    Desk::open(settings)?.look(&plans(settings, sizes))
}

/// The admin client, and a runtime to wait on it.
struct Desk {
    admin: AdminClient<ReaderContext>,
    runtime: tokio::runtime::Runtime,
    watch: Arc<Watch>,
    servers: String,
}

impl Desk {
    fn open(settings: &Settings) -> Result<Self, LogError> {
        let faults = settings.faults();
        if !faults.is_empty() {
            return Err(LogError::Stop(faults.join("; ")));
        }
        let watch = Arc::new(Watch::new(&settings.servers));
        let context = ReaderContext(Arc::clone(&watch));
        let admin = settings.admin().create_with_context(context);
        let admin = admin.map_err(|error| super::unusable(&error))?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .map_err(|error| LogError::Stop(format!("no runtime to wait on: {error}")))?;
        Ok(Self { admin, runtime, watch, servers: settings.servers.clone() })
    }

    fn failed(&self, what: &str, error: &KafkaError) -> LogError {
        let reason = self.watch.refusal().unwrap_or_else(|| {
            let servers = &self.servers;
            format!("{error}; check that {servers} runs and allows this client to do it")
        });
        LogError::Stop(format!("kafka: {what}: {reason}"))
    }

    /// Compares each plan with what is there.
    fn look(&self, plans: &[Plan]) -> Result<Vec<Row>, LogError> {
        plans
            .iter()
            .map(|plan| {
                let present = self.present(plan)?;
                let partitions = present.as_ref().map_or(0, |each| each.partitions);
                Ok(Row { topic: plan.name.clone(), partitions, finding: compare(plan, present) })
            })
            .collect()
    }

    fn present(&self, plan: &Plan) -> Result<Option<Present>, LogError> {
        let name = plan.name.as_str();
        let ask = || format!("could not look at topic {name}");
        let resource = [ResourceSpecifier::Topic(name)];
        let options = AdminOptions::new().request_timeout(Some(ASK));
        // Asked first, and not the metadata: it never makes the broker create the topic.
        let described = self.admin.describe_configs(&resource, &options);
        let described =
            self.runtime.block_on(described).map_err(|error| self.failed(&ask(), &error))?;
        let config = match described.into_iter().next() {
            // rdkafka hides the broker's "unknown topic": it shows as a topic without settings.
            Some(Ok(resource)) if !resource.entries.is_empty() => resource,
            Some(Ok(_) | Err(RDKafkaErrorCode::UnknownTopicOrPartition)) | None => return Ok(None),
            Some(Err(code)) => return Err(self.failed(&ask(), &KafkaError::AdminOp(code))),
        };
        let metadata = self.admin.inner().fetch_metadata(Some(name), ASK);
        let metadata = metadata.map_err(|error| self.failed(&ask(), &error))?;
        let partitions = metadata.topics().iter().find(|topic| topic.name() == name);
        let partitions = partitions.map_or(0, |topic| topic.partitions().len());
        let entries = config.entries.into_iter();
        Ok(Some(Present {
            partitions: i32::try_from(partitions).unwrap_or(i32::MAX),
            config: entries.filter_map(|entry| Some((entry.name, entry.value?))).collect(),
        }))
    }

    /// Waits until the broker shows a topic that it has just created.
    fn wait_for(&self, plan: &Plan) -> Result<(), LogError> {
        let deadline = Deadline::after(ASK);
        while self.present(plan)?.is_none_or(|topic| topic.partitions == 0) {
            if deadline.passed() {
                let text = format!("kafka: topic {} was created but does not show", plan.name);
                return Err(LogError::Stop(format!("{text}: run tidegate topics check")));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    fn create(
        &self,
        plan: &Plan,
        partitions: i32,
        replication: Option<i32>,
    ) -> Result<(), LogError> {
        let what = format!("could not create topic {}", plan.name);
        let replication = TopicReplication::Fixed(replication.unwrap_or(-1));
        let mut topic = NewTopic::new(&plan.name, partitions, replication);
        for (key, value) in &plan.config {
            topic = topic.set(key, value);
        }
        let options = AdminOptions::new().request_timeout(Some(ASK)).operation_timeout(Some(ASK));
        let created = self.admin.create_topics([&topic], &options);
        let created = self.runtime.block_on(created).map_err(|error| self.failed(&what, &error))?;
        match created.into_iter().next() {
            // Somebody else was quicker: as good.
            Some(Ok(_) | Err((_, RDKafkaErrorCode::TopicAlreadyExists))) | None => Ok(()),
            Some(Err((_, code))) => Err(self.failed(&what, &KafkaError::AdminOp(code))),
        }
    }
}

fn compare(plan: &Plan, present: Option<Present>) -> Finding {
    let Some(present) = present else { return Finding::Missing };
    let mut faults = Vec::new();
    if let Some(wanted) = plan.partitions
        && wanted != present.partitions
    {
        faults.push(format!(
            "has {} partitions, the configuration says {wanted}: partitions are never changed \
             here, since keys would move; mend the configuration",
            present.partitions
        ));
    }
    for (key, wanted) in &plan.config {
        let has = present.config.get(*key).map_or("nothing", String::as_str);
        if !good_enough(key, has, wanted) {
            faults.push(format!(
                "{key} is {has}, should be {wanted}: kafka-configs.sh --alter --topic {} \
                 --add-config {key}={wanted}",
                plan.name
            ));
        }
    }
    if faults.is_empty() { Finding::Fine } else { Finding::Differs(faults) }
}

/// Is this value as good as the one planned? How long and how large is the operator's choice,
/// as long as nothing is refused that may be written.
fn good_enough(key: &str, has: &str, wanted: &str) -> bool {
    match key {
        "retention.ms" | "segment.bytes" => true,
        "max.message.bytes" => match (has.parse::<u64>(), wanted.parse::<u64>()) {
            (Ok(has), Ok(wanted)) => has >= wanted,
            _ => false,
        },
        _ => has == wanted,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn present(partitions: i32, config: &[(&str, &str)]) -> Option<Present> {
        let owned = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
        Some(Present { partitions, config: config.iter().map(owned).collect() })
    }

    #[test]
    fn a_topic_is_compared_by_what_would_do_harm() {
        let plans = plans(&Settings::default(), &Sizes::default());
        let state = plans.iter().find(|plan| plan.name == "tidegate.state").expect("planned");
        let limit = "1114112";
        let good = [("cleanup.policy", "compact"), ("max.message.bytes", limit)];
        let table = [
            (present(12, &good), 0),
            (present(12, &[good[0], ("max.message.bytes", "2000000")]), 0),
            (present(12, &[good[0], ("max.message.bytes", "1048588")]), 1),
            (present(11, &good), 1),
            (present(13, &[("cleanup.policy", "delete"), good[1]]), 2),
        ];
        for (present, faults) in table {
            let found = match compare(state, present) {
                Finding::Differs(texts) => texts.len(),
                Finding::Fine => 0,
                other => panic!("{other:?}"),
            };
            assert_eq!(found, faults);
        }
        assert_eq!(compare(state, None), Finding::Missing);
    }

    #[test]
    fn posts_belong_to_the_platform_unless_their_size_is_given() {
        let settings = Settings::default();
        assert!(plans(&settings, &Sizes::default())[0].config.is_empty());
        let sizes = Sizes { posts: Some(48), ..Sizes::default() };
        assert_eq!(plans(&settings, &sizes)[0].partitions, Some(48));
    }
}
