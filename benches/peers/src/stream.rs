//! Posts on a real broker to events on the same: what a post costs each rival, with the same topic, the
//! same list and the same events. Only run when asked for by name: it takes some twenty minutes.
//!
//! Each rival is a process with one worker, started anew for each run with a group of its own. It is
//! watched from outside: the offsets that its group has committed and the processor time that it has
//! used, between a third and nine tenths of the posts, so that no start is in it. After each run a
//! reader of committed records must see one event for each planted post, and no other.
//!
//! Broker, rival and bench share the machine, so what a rival can do in a second depends on the broker
//! beside it; its processor time hardly does.
//!
//! `PEERS_POSTS`: how many posts; `PEERS_ROUNDS`: rounds; `PEERS_ONLY`: only rivals whose name has this.

use crate::kafka::broker::Broker;
use crate::kafka::events::Events;
use crate::kafka::made::{Made, Place};
use crate::kafka::rivals::{Guarantee, Kind, Pack, Rival, Stage, is_wanted};
use crate::kafka::watch::{self, Cost, Group};
use crate::kafka::{self, topics};
use crate::patterns::View;

const POSTS: usize = 3_000_000;

/// The topics of posts, by how they are compressed.
const TOPICS: [(&str, &str); 2] = [("posts", "none"), ("posts-lz4", "lz4")];

pub fn run() {
    println!("\n## stream");
    let posts = kafka::number("PEERS_POSTS", POSTS);
    let rounds = kafka::number("PEERS_ROUNDS", kafka::ROUNDS);
    let folder = kafka::folder("posts-of-stream");
    let made = Made::new();
    made.write_lists(&folder);
    let broker = Broker::start(&folder);
    for (topic, compression) in TOPICS {
        topics::fill(&broker.servers(), topic, compression, &made, posts);
    }
    let planted = made.planted(posts);
    println!(
        "\n{posts} posts of {} bytes, {} of them planted; medians",
        made.mean_bytes(),
        planted.len()
    );
    println!("of {rounds} rounds, and the range. What each means: see the head of stream.rs.\n");
    let stage = Stage { broker: &broker, folder: &folder, made: &made };
    let mut entrants: Vec<Entrant> = entrants().into_iter().filter(Entrant::is_wanted).collect();
    for round in 0..rounds {
        for (number, entrant) in entrants.iter_mut().enumerate() {
            entrant.run(&stage, &format!("run-{round}-{number}"), posts, &planted);
        }
    }
    print(&entrants);
    drop(broker);
    drop(std::fs::remove_dir_all(folder));
}

/// A rival and what was measured of it.
struct Entrant {
    rival: Rival,
    topic: &'static str,
    costs: Vec<Cost>,
    peaks_mib: Vec<f64>,
}

impl Entrant {
    fn new(rival: Rival) -> Self {
        Self { rival, topic: TOPICS[0].0, costs: Vec::new(), peaks_mib: Vec::new() }
    }

    fn on_lz4(self) -> Self {
        Self { topic: TOPICS[1].0, ..self }
    }

    fn name(&self) -> String {
        format!("{}, {}", self.rival.full_name(), self.topic)
    }

    fn is_wanted(&self) -> bool {
        is_wanted(self.rival.kind, &self.name())
    }

    fn run(&mut self, stage: &Stage<'_>, run: &str, posts: usize, planted: &[Place]) {
        let name = self.name();
        eprintln!("{run}: {name}");
        let servers = stage.broker.servers();
        let running = stage.start(&self.rival, run, self.topic);
        let group = Group::of(&servers, &running.group, self.topic);
        self.costs.extend(watch::follow(&group, &running.process, stage.broker, posts));
        self.peaks_mib.extend(running.process.peak_mib().map(|mib| mib as f64));
        if self.rival.writes() {
            Events::of(&servers, &running.events).must_be(planted, &name);
        }
    }
}

fn entrants() -> Vec<Entrant> {
    let mut all = vec![
        peer(Kind::Rust("floor-batch"), "floor: records in batches", Guarantee::Nothing, 0),
        peer(Kind::Rust("floor-poll"), "floor: records one by one", Guarantee::Nothing, 0),
    ];
    let folded = (Kind::Tidegate(Pack::Finds(View::Folded)), "Tidegate, the view of the peers");
    let unmasked = (Kind::Tidegate(Pack::Finds(View::Unmasked)), "Tidegate, all views");
    let automaton = (Kind::Rust("aho-corasick"), "ordinary Rust, aho-corasick");
    let table = (Kind::Rust("word-table"), "ordinary Rust, a table of words");
    let streams = (Kind::Streams, "Kafka Streams");
    let flink = (Kind::Flink, "Flink");
    let once = Guarantee::ExactlyOnce;
    for (kind, label) in [folded, unmasked, automaton, table, streams, flink] {
        all.extend(kafka::made::SIZES.map(|size| peer(kind, label, once, size)));
    }
    let longest = kafka::made::SIZES[2];
    for (kind, label) in [folded, automaton, table, streams] {
        all.push(peer(kind, label, Guarantee::AtLeastOnce, longest));
    }
    for (kind, label) in [folded, table] {
        all.push(peer(kind, label, once, longest).on_lz4());
    }
    all
}

/// With the interval that its users would give it: Streams comes with 100 ms, Flink with a checkpoint a
/// second.
fn peer(kind: Kind, label: &'static str, guarantee: Guarantee, size: usize) -> Entrant {
    let (interval_ms, linger_ms) = match kind {
        Kind::Tidegate(_) | Kind::Rust(_) => (50, 1),
        Kind::Streams => (100, 5),
        Kind::Flink => (1_000, 5),
    };
    Entrant::new(Rival { kind, label, guarantee, interval_ms, linger_ms, size })
}

fn print(entrants: &[Entrant]) {
    println!(
        "| who | guarantee | patterns | CPU µs a post | posts/s, thousands | peak MiB | broker, CPU µs a post |"
    );
    println!("|---|---|--:|--:|--:|--:|--:|");
    for entrant in entrants {
        let Entrant { rival, topic, costs, peaks_mib } = entrant;
        let of = |pick: fn(&Cost) -> f64, places| {
            kafka::spread(costs.iter().map(pick).collect(), places)
        };
        let lz4 = if *topic == TOPICS[0].0 { "" } else { ", lz4" };
        let guarantee = match rival.guarantee {
            Guarantee::ExactlyOnce => format!("exactly once, {} ms", rival.interval_ms),
            other => other.shown().to_owned(),
        };
        let size = if rival.size == 0 { "–".to_owned() } else { rival.size.to_string() };
        println!(
            "| {}{lz4} | {guarantee} | {size} | {} | {} | {} | {} |",
            rival.label,
            of(|cost| cost.rival_us, 2),
            of(|cost| cost.posts_a_second / 1e3, 0),
            kafka::spread(peaks_mib.clone(), 0),
            of(|cost| cost.broker_us, 2),
        );
    }
}
