//! An hour under load: does what the service holds stay as it is? Only run when asked for by name.
//!
//! One broker, one `tidegate run` with two workers, exactly once, all views, 100,000 patterns, and 50,000
//! posts a second. A second rule counts posts of an author, so that the second step and its state are at
//! work. Every minute the rules are changed on the disk, and the service must have them in force some
//! seconds later. Every ten seconds it is looked at from outside: memory, descriptors, processor time,
//! how far it is behind, rows of its state; and how long events took.
//!
//! It fails where a planted post has not exactly one takedown and one referral, where the service ends,
//! and where the last quarter of the run lies above the second one by more than `report` allows.
//!
//! The topics keep little, so that the disk does not fill; what the bench itself keeps of a post is a bit
//! for each topic of events.
//!
//! `SOAK_MINUTES`: how long; `SOAK_RATE`: posts a second.

mod graph;
mod pack;
mod report;
mod sampler;
mod seen;

use std::fs;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::kafka::broker::{Broker, free_ports};
use crate::kafka::events::Events;
use crate::kafka::feed::Feed;
use crate::kafka::made::{DIFFERENT, Made};
use crate::kafka::metrics::{self, Metrics};
use crate::kafka::process::Process;
use crate::kafka::rivals::{Guarantee, Job};
use crate::kafka::tidegate::{self, Service};
use crate::kafka::watch::Group;
use crate::kafka::{self, clock, topics};
use pack::Editions;
use report::Report;
use sampler::{Sample, Sampler};
use seen::{Seen, Wanted};

const MINUTES: usize = 60;

/// Posts a second.
const RATE: usize = 50_000;

const WORKERS: usize = 2;

/// Between transactions.
const INTERVAL_MS: u32 = 50;

/// Between two looks.
const SLICE: Duration = Duration::from_secs(10);

/// The rules change once in so many looks: every minute.
const CHANGE_EVERY: usize = 6;

/// From a look to the change that follows it, so that what a change takes for a moment is over at the
/// next look.
const CHANGE_AFTER: Duration = Duration::from_secs(2);

/// Of the group, and what topics begin with.
const NAME: &str = "soak";
const POSTS: &str = "soak-posts";

/// Topics keep 64 MiB of each partition, in segments of 16 MiB, and what is beyond goes within some ten
/// seconds, where a broker comes with a week, 1 GiB and five minutes.
const KEEP_LITTLE: &str = "log.retention.bytes=67108864\n\
                           log.segment.bytes=16777216\n\
                           log.segment.delete.delay.ms=1000\n\
                           log.retention.check.interval.ms=5000\n";

/// Of posts 320 MiB a partition: more than a minute of them, which a service that has stopped for a while
/// still finds; and 1.3 GiB in all, some 1.6 with what is about to go.
const KEEP_POSTS: [(&str, &str); 1] = [("retention.bytes", "335544320")];

pub fn run() {
    println!("\n## soak");
    let minutes = kafka::number("SOAK_MINUTES", MINUTES);
    let rate = kafka::number("SOAK_RATE", RATE);
    // Else no author is counted so often, and planted posts rightly have no referral.
    let posts = minutes * 60 * rate;
    assert!(posts >= pack::AT_LEAST * DIFFERENT, "too few: a minute at the usual rate is enough");
    let folder = kafka::folder("posts-of-soak");
    let made = Made::new();
    let broker = Broker::start_with(&folder, KEEP_LITTLE);
    println!(
        "\n{rate} posts a second for {minutes} minutes, {WORKERS} workers. More: see the head"
    );
    println!("of soak/mod.rs.\n");
    let soak = Soak { broker: &broker, made: &made, minutes, rate };
    let (samples, seen) = soak.run(&folder);
    let report = Report { samples: &samples, minutes, rate };
    report.print();
    report.write();
    for (topic, seen) in seen {
        println!("{topic}: {}", seen.said());
        assert!(seen.is_right(), "{topic}: {}", seen.said());
    }
    report.must_be_flat();
    drop(broker);
    drop(fs::remove_dir_all(folder));
}

struct Soak<'a> {
    broker: &'a Broker,
    made: &'a Made,
    minutes: usize,
    rate: usize,
}

/// What the threads of a run share.
pub struct Course<'a> {
    pub feed: Feed<'a>,
    pub start: Instant,
    /// Posts that went to the producer.
    pub sent: AtomicUsize,
    /// No post comes any more; also where the run has failed, so that no thread outlives it.
    pub is_over: AtomicBool,
    /// From when a post was due to when its takedown was seen, ms, since the last look.
    pub late: Mutex<Vec<f64>>,
}

/// Ends the threads of a run however it ends.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Soak<'_> {
    /// What was sampled, and what was seen of each topic of events.
    fn run(&self, folder: &Path) -> (Vec<Sample>, [(&'static str, Wanted); 2]) {
        let servers = self.broker.servers();
        let [port] = free_ports();
        let partitions = i32::try_from(topics::PARTITIONS).expect("few");
        topics::make_with(&servers, POSTS, partitions, &KEEP_POSTS);
        let job = Job {
            servers: &servers,
            name: NAME,
            posts: POSTS,
            folder: folder.join("service"),
            guarantee: Guarantee::ExactlyOnce,
            interval_ms: INTERVAL_MS,
        };
        let mut editions = Editions::new(self.made, tidegate::pack_folder(&job), port);
        let service = Service { workers: WORKERS, operations: port };
        let line = tidegate::prepare(&job, editions.first(), &service);
        let process = Process::start(&line, &folder.join("log"));
        editions.wait(&process);
        let all = f64::from(partitions + tidegate::SIGNALS);
        let are_assigned = |seen: &Metrics| seen.sum("tidegate_assigned_partitions", "") == all;
        metrics::wait_until(port, &process, are_assigned);
        let takedowns = Events::of(&servers, &tidegate::takedowns(NAME));
        let referrals = Events::of(&servers, &tidegate::referrals(NAME));
        let feed = Feed { servers: &servers, topic: POSTS, made: self.made, rate: self.rate };
        let course = Course {
            feed,
            start: clock::now(),
            sent: AtomicUsize::new(0),
            is_over: AtomicBool::new(false),
            late: Mutex::default(),
        };
        let group = Group::of(&servers, NAME, POSTS);
        let sampler = Sampler::new(&course, &process, self.broker, group, port);
        thread::scope(|scope| {
            let _over = Over(&course.is_over);
            let feeding = scope.spawn(|| course.send());
            let one = scope.spawn(|| Seen::follow(&takedowns, &course, |ms| course.add_late(ms)));
            let other = scope.spawn(|| Seen::follow(&referrals, &course, |_| ()));
            let is_well = || !feeding.is_finished() && !one.is_finished() && !other.is_finished();
            let samples = self.look_on(sampler, &mut editions, is_well);
            course.is_over.store(true, Ordering::Relaxed);
            feeding.join().expect("the producer works");
            let seen = [("takedowns", one), ("referrals", other)];
            let seen = seen.map(|(topic, each)| (topic, each.join().expect("the reader works")));
            assert!(process.is_running(), "it ended:\n{}", process.said());
            (samples, seen)
        })
    }

    /// Samples for as long as the run is, and changes the rules.
    fn look_on(
        &self,
        mut sampler: Sampler<'_>,
        editions: &mut Editions<'_>,
        is_well: impl Fn() -> bool,
    ) -> Vec<Sample> {
        let looks = self.minutes * 60 / usize::try_from(SLICE.as_secs()).expect("few");
        let mut samples = Vec::with_capacity(looks);
        for look in 1..=looks {
            let begin = SLICE * u32::try_from(look - 1).expect("few");
            if look % CHANGE_EVERY == CHANGE_EVERY / 2 {
                sampler.sleep_until(begin + CHANGE_AFTER);
                editions.change(sampler.process());
            }
            sampler.sleep_until(begin + SLICE);
            assert!(is_well(), "a thread of the bench has ended");
            samples.push(sampler.sample(editions.changes()));
        }
        samples
    }
}

impl Course<'_> {
    fn send(&self) {
        let is_over = || self.is_over.load(Ordering::Relaxed);
        self.feed
            .send(self.start, is_over, |number| self.sent.store(number + 1, Ordering::Relaxed));
    }

    fn add_late(&self, ms: f64) {
        self.late.lock().expect("nobody panics with it").push(ms);
    }
}
