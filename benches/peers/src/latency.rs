//! From a post that is produced to its event that a reader of committed records sees, on a real broker
//! and at a steady rate; and what a rival takes of the processor then, where batches are small and it
//! often wakes. Only run when asked for by name: it takes some twenty minutes.
//!
//! The bench produces, with a linger of 1 ms, and reads, in two threads beside broker and rival. The
//! time of a post is taken when it is handed to the producer, that of an event when it has been read.
//! The first seconds are not counted: the rival starts in them.
//!
//! `bare` reads no post and sends an event for one in a hundred: what it takes is what client,
//! transactions and broker take at that interval.
//!
//! `PEERS_ROUNDS`: rounds; `PEERS_ONLY`: only rivals whose name has this.

use std::time::{Duration, Instant};
use std::{fs, thread};

use crate::kafka::broker::Broker;
use crate::kafka::events::Events;
use crate::kafka::feed::Feed;
use crate::kafka::made::{Made, Place, SIZES};
use crate::kafka::rivals::{Guarantee, Kind, Pack, Rival, Running, Stage, is_wanted};
use crate::kafka::{self, clock, topics};
use crate::patterns::View;

const RATE: usize = 20_000;

/// Posts a second at which Tidegate is measured besides: more, which the bare loop gets too; few; none.
const LOADS: [usize; 3] = [50_000, 1_000, 0];

const WARM: Duration = Duration::from_secs(12);
const WINDOW: Duration = Duration::from_secs(11);

/// After the last post, for the events of the window.
const REST: Duration = Duration::from_secs(3);

/// How long the reader waits for an event before it looks at the clock.
const LOOK: Duration = Duration::from_millis(10);

pub fn run() {
    println!("\n## latency");
    let rounds = kafka::number("PEERS_ROUNDS", kafka::ROUNDS);
    let folder = kafka::folder("posts-of-latency");
    let made = Made::new();
    made.write_lists(&folder);
    let broker = Broker::start(&folder);
    let stage = Stage { broker: &broker, folder: &folder, made: &made };
    println!("\n{} patterns; {} s counted after {} s;", SIZES[2], WINDOW.as_secs(), WARM.as_secs());
    println!("medians of {rounds} rounds, and the range. More: see the head of latency.rs.\n");
    let mut lines: Vec<Line> = lines().into_iter().filter(Line::is_wanted).collect();
    for round in 0..rounds {
        for (number, line) in lines.iter_mut().enumerate() {
            line.run(&stage, &format!("run-{round}-{number}"));
        }
    }
    let (rivals, loads): (Vec<Line>, Vec<Line>) =
        lines.into_iter().partition(|line| line.rate == RATE);
    print_rivals(&rivals);
    print_loads(&loads);
    drop(broker);
    drop(fs::remove_dir_all(folder));
}

/// A rival at a rate, and what was measured of it.
struct Line {
    rival: Rival,
    rate: usize,
    rounds: Vec<Round>,
}

/// What one run gave.
struct Round {
    /// Sorted, ms.
    latencies: Vec<f64>,
    /// Processor time of the rival in the window.
    cpu: Duration,
}

fn lines() -> Vec<Line> {
    let tidegate = (Kind::Tidegate(Pack::Finds(View::Unmasked)), "Tidegate, all views");
    let counted = (Kind::Tidegate(Pack::Counts), "Tidegate, counted");
    let table = (Kind::Rust("word-table"), "ordinary Rust, a table of words");
    let bare = (Kind::Rust("bare"), "bare loop");
    let streams = (Kind::Streams, "Kafka Streams");
    let once = Guarantee::ExactlyOnce;
    let least = Guarantee::AtLeastOnce;
    let at = |(kind, label), guarantee, interval_ms, rate| {
        // No rival may wait for more.
        let rival = Rival { kind, label, guarantee, interval_ms, linger_ms: 0, size: SIZES[2] };
        Line { rival, rate, rounds: Vec::new() }
    };
    let mut lines = vec![
        at(tidegate, once, 50, RATE),
        at(tidegate, once, 25, RATE),
        at(tidegate, once, 20, RATE),
        at(tidegate, once, 10, RATE),
        at(counted, once, 25, RATE),
        at(counted, once, 20, RATE),
        at(tidegate, least, 25, RATE),
        at(table, once, 50, RATE),
        at(table, least, 50, RATE),
        at(streams, once, 50, RATE),
        at(bare, once, 50, RATE),
        at(bare, once, 25, RATE),
        at(bare, least, 25, RATE),
    ];
    lines.extend(LOADS.map(|rate| at(tidegate, once, 25, rate)));
    lines.push(at(bare, once, 25, LOADS[0]));
    lines
}

impl Line {
    fn name(&self) -> String {
        format!("{}, {} posts/s", self.rival.full_name(), self.rate)
    }

    fn is_wanted(&self) -> bool {
        is_wanted(self.rival.kind, &self.name())
    }

    fn run(&mut self, stage: &Stage<'_>, run: &str) {
        let name = self.name();
        eprintln!("{run}: {name}");
        let servers = stage.broker.servers();
        let posts = format!("{run}-posts");
        topics::make(&servers, &posts, i32::try_from(topics::PARTITIONS).expect("few"));
        let running = stage.start(&self.rival, run, &posts);
        let events = Events::of(&servers, &running.events);
        let start = clock::now();
        let feed = Feed { servers: &servers, topic: &posts, made: stage.made, rate: self.rate };
        let is_over = || start.elapsed() >= WARM + WINDOW;
        let (sent, (seen, cpu)) = thread::scope(|scope| {
            let sending = scope.spawn(|| {
                let mut sent = Vec::new();
                feed.send(start, is_over, |_| sent.push(clock::now()));
                sent
            });
            let seen = watch(&running, &events, start);
            (sending.join().expect("the producer works"), seen)
        });
        assert!(running.process.is_running(), "{name} ended:\n{}", running.process.said());
        let window = start + WARM..start + WARM + WINDOW;
        let mut latencies = Vec::new();
        for (place, at) in seen {
            let number = place.number();
            if window.contains(&sent[number]) {
                latencies.push((at - sent[number]).as_secs_f64() * 1e3);
            }
        }
        latencies.sort_by(f64::total_cmp);
        let planted = |(number, at): (usize, &Instant)| {
            window.contains(at) && stage.made.post(number).planted
        };
        let expected = sent.iter().enumerate().filter(|post| planted(*post)).count();
        let is_compared = !matches!(self.rival.kind, Kind::Rust("bare"));
        let count = latencies.len();
        assert!(
            count == expected || !is_compared,
            "{name}: {count} events of {expected} planted posts"
        );
        self.rounds.push(Round { latencies, cpu });
        drop(running);
        topics::delete(&servers, &posts);
    }
}

/// Events that were seen, with when, until all of the window should have shown; and the processor time
/// of the rival in the window.
fn watch(running: &Running, events: &Events, start: Instant) -> (Vec<(Place, Instant)>, Duration) {
    let mut seen = Vec::new();
    let mut read_until = |after: Duration| {
        while start.elapsed() < after {
            seen.extend(events.next(LOOK));
        }
        running.process.cpu()
    };
    let before = read_until(WARM);
    let after = read_until(WARM + WINDOW);
    read_until(WARM + WINDOW + REST);
    (seen, after.saturating_sub(before))
}

/// The latency that this share of the events stays within.
fn within(round: &Round, share: f64) -> f64 {
    let latencies = &round.latencies;
    let last = latencies.len().saturating_sub(1);
    let at = (latencies.len() as f64 * share) as usize;
    latencies.get(at.min(last)).copied().unwrap_or(f64::NAN)
}

fn print_rivals(lines: &[Line]) {
    if lines.is_empty() {
        return;
    }
    println!("{RATE} posts a second, ms:\n");
    println!("| who | guarantee | p50 | p90 | p99 | max | CPU µs a post |");
    println!("|---|---|--:|--:|--:|--:|--:|");
    for line in lines {
        let of = |share| {
            kafka::spread(line.rounds.iter().map(|round| within(round, share)).collect(), 0)
        };
        println!(
            "| {} | {}, {} ms | {} | {} | {} | {} | {} |",
            line.rival.label,
            line.rival.guarantee.shown(),
            line.rival.interval_ms,
            of(0.5),
            of(0.9),
            of(0.99),
            of(1.0),
            cpu_a_post(line),
        );
    }
}

fn print_loads(lines: &[Line]) {
    if lines.is_empty() {
        return;
    }
    println!("\nAt other rates, exactly once, 25 ms:\n");
    println!("| who | posts a second | p50 ms | p99 ms | CPU, % of a core | CPU µs a post |");
    println!("|---|--:|--:|--:|--:|--:|");
    for line in lines {
        let of = |share| {
            let latencies = line.rounds.iter().map(|round| within(round, share));
            kafka::spread(latencies.filter(|latency| !latency.is_nan()).collect(), 0)
        };
        let share = |round: &Round| round.cpu.as_secs_f64() / WINDOW.as_secs_f64() * 100.0;
        let shares = kafka::spread(line.rounds.iter().map(share).collect(), 1);
        let cpu = cpu_a_post(line);
        let who = line.rival.label;
        println!("| {who} | {} | {} | {} | {shares} | {cpu} |", line.rate, of(0.5), of(0.99));
    }
}

fn cpu_a_post(line: &Line) -> String {
    let posts = line.rate as f64 * WINDOW.as_secs_f64();
    let us = |round: &Round| round.cpu.as_secs_f64() * 1e6 / posts;
    let costs = line.rounds.iter().map(us).filter(|us| us.is_finite());
    kafka::spread(costs.collect(), 2)
}
