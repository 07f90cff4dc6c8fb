//! Three brokers, two processes, and everything that breaks: a seeded row of faults under load, then an
//! account of every takedown, referral, count and strike, made from the input alone.
//!
//! `./dev kafka chaos` runs a few rounds; `./dev faults` many, see `docs/delivery.md`.

mod clock;
mod fault;
mod oracle;
mod watch;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use clock::Clocks;
use fault::{Fault, Random};
use oracle::Input;
use watch::Watch;

use crate::broker::Broker;
use crate::node::Node;
use crate::proxy::Rule;
use crate::scenarios;
use crate::stage::Deployment;

/// Rounds of each kind of fault (workers, brokers, network) where the environment does not say.
const ROUNDS: [usize; 3] = [4, 1, 3];
/// How many, three numbers; and the seed.
const ROUNDS_OF: &str = "TIDEGATE_FAULT_ROUNDS";
const SEED_OF: &str = "TIDEGATE_FAULT_SEED";
const SEED: u64 = 7;

/// A broker serves and a process has its partitions within this, whatever came before.
const PATIENCE: Duration = Duration::from_secs(120);

/// What runs, and what breaks it.
struct Stage {
    brokers: Vec<Broker>,
    deployment: Deployment,
    clocks: Clocks,
    nodes: Vec<Node>,
    random: Random,
    /// Processes that ended by themselves, which whoever runs them starts again.
    ended: usize,
    edition: u64,
}

/// Names of the processes.
const NAMES: [&str; 2] = ["one", "two"];

impl Stage {
    fn start(seed: u64, mode: &'static str) -> Self {
        let brokers = Broker::cluster(3);
        let servers: Vec<String> = brokers.iter().map(Broker::proxied_servers).collect();
        let deployment = Deployment::make(&servers.join(","), scenarios::PACK);
        let deployment = deployment.with_own_pack().delivering(mode);
        let clocks = Clocks::make(deployment.folder.path(), &NAMES);
        let random = Random::new(seed);
        let mut stage =
            Self { brokers, deployment, clocks, nodes: Vec::new(), random, ended: 0, edition: 0 };
        stage.nodes = NAMES.iter().map(|name| stage.spawn(name)).collect();
        stage.mend();
        stage
    }

    /// Starts a process with this name and does not wait.
    fn spawn(&self, name: &str) -> Node {
        self.deployment.spawn_by(self.clocks.command(name), name)
    }

    /// Starts what has ended by itself, and waits until all have their partitions.
    fn mend(&mut self) {
        let began = Instant::now();
        while !self.nodes.iter().all(Node::is_ready) {
            let named = self.nodes.iter_mut().zip(NAMES);
            for (node, name) in
                named.filter_map(|(node, name)| node.has_ended().then_some((node, name)))
            {
                self.ended += 1;
                *node = self.deployment.spawn_by(self.clocks.command(name), name);
            }
            let late = || {
                let named = self.nodes.iter().zip(NAMES).filter(|(node, _)| !node.is_ready());
                named.map(|(node, name)| format!("{name}:\n{}", node.log())).collect::<String>()
            };
            assert!(began.elapsed() < PATIENCE, "not ready: {}", late());
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Waits until all is consumed, whoever ends by himself meanwhile.
    fn settle(&mut self) {
        let began = Instant::now();
        self.mend();
        while !self.deployment.is_settled() {
            assert!(began.elapsed() < PATIENCE, "not all is consumed");
            std::thread::sleep(Duration::from_millis(100));
            self.mend();
        }
    }

    /// Ends a process by a signal, and starts it again after a while. One that has left by itself meanwhile is
    /// as good.
    fn restart(&mut self, at: usize, signal: &str, away: Duration) {
        self.nodes[at].signal(signal);
        self.nodes[at].wait_until_ended();
        std::thread::sleep(away);
        self.nodes[at] = self.spawn(NAMES[at]);
    }

    /// One fault; what it was.
    fn suffer(&mut self, fault: &Fault) -> String {
        match *fault {
            Fault::Kill(at) => self.restart(at, "KILL", Duration::ZERO),
            Fault::Absent(at, time) => self.restart(at, "KILL", time),
            Fault::Terminate(at) => self.restart(at, "TERM", Duration::ZERO),
            Fault::Freeze(at, time) => {
                self.nodes[at].signal("STOP");
                std::thread::sleep(time);
                self.nodes[at].signal("CONT");
            }
            Fault::Clock(at, back, time) => {
                self.clocks.set(NAMES[at], -i64::try_from(back.as_secs()).unwrap());
                std::thread::sleep(time);
                self.clocks.set(NAMES[at], 0);
            }
            Fault::SameName(at) => {
                let second = self.spawn(NAMES[at]);
                std::thread::sleep(Duration::from_secs(8));
                // Whoever is left: it is one of the two that has the name in the end.
                let mut first = std::mem::replace(&mut self.nodes[at], second);
                first.signal("TERM");
                first.wait_until_ended();
            }
            Fault::Broker(at, time, is_hard) => {
                match is_hard {
                    true => self.brokers[at].kill(),
                    false => self.brokers[at].stop(),
                }
                std::thread::sleep(time);
                self.brokers[at].restart();
            }
            Fault::Network { kind, rule, time, joins } => {
                self.brokers.iter().for_each(|broker| broker.proxy.set_for(kind, rule));
                if joins {
                    let at = self.random.below(NAMES.len());
                    self.restart(at, "KILL", Duration::ZERO);
                }
                std::thread::sleep(time);
                self.brokers.iter().for_each(|broker| broker.proxy.set(Rule::Pass));
            }
        }
        format!("{fault:?}")
    }

    /// Some work, now and then other rules, a fault, and all is well again.
    fn round(&mut self, number: usize, fault: &Fault) -> String {
        std::thread::sleep(Duration::from_millis(500 + self.random.below(2_000) as u64));
        if number.is_multiple_of(3) {
            self.edition += 1;
            self.deployment.change_pack(self.edition);
        }
        let told = self.suffer(fault);
        self.mend();
        told
    }
}

/// Rounds of each kind, and the seed.
fn asked() -> ([usize; 3], u64) {
    let rounds = std::env::var(ROUNDS_OF).map_or(ROUNDS, |text| {
        let numbers: Vec<usize> = text.split(' ').map(|number| number.parse().unwrap()).collect();
        numbers.try_into().expect("three numbers: workers, brokers, network")
    });
    let seed = std::env::var(SEED_OF).map_or(SEED, |text| text.parse().unwrap());
    (rounds, seed)
}

#[test]
fn nothing_is_lost_or_doubled_whatever_breaks() {
    let (rounds, seed) = asked();
    let (account, watched) = suffer_all(rounds, seed, "exactly-once");
    assert!(account.faults.is_empty(), "{} faults: {:#?}", account.faults.len(), account.first());
    assert!(account.twice.is_empty(), "{} twice: {:#?}", account.twice.len(), account.twice);
    assert!(watched > 0 && account.is_worth_something(), "{}", account.summary());
}

#[test]
fn nothing_is_lost_where_at_least_once_is_enough() {
    let (account, _) = suffer_all([3, 1, 2], asked().1, "at-least-once");
    assert!(account.faults.is_empty(), "{} faults: {:#?}", account.faults.len(), account.first());
    assert!(account.is_worth_something(), "{}", account.summary());
}

/// All faults under load; what came of the posts, and how often it was looked for what shows too soon, which is never
/// asked where events show before their input is consumed.
fn suffer_all(rounds: [usize; 3], seed: u64, mode: &'static str) -> (oracle::Account, usize) {
    let mut stage = Stage::start(seed, mode);
    let faults = fault::row(rounds, &mut stage.random);
    let over = AtomicBool::new(false);
    let began = Instant::now();
    let input = Input::new(seed, stage.deployment.settings.clone());
    let watch = Watch::new(&stage.deployment.settings);
    let (sent, watched) = std::thread::scope(|scope| {
        let feeder = scope.spawn(|| input.feed(&over));
        let watcher = (mode == "exactly-once").then(|| scope.spawn(|| watch.look(&over)));
        // Else a failure here would wait for threads that never end.
        let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            for (number, fault) in faults.iter().enumerate() {
                let told = stage.round(number, fault);
                println!("{:6.1} s  {told}", began.elapsed().as_secs_f64());
            }
        }));
        over.store(true, Ordering::Relaxed);
        let ends = (feeder.join().unwrap(), watcher.map_or(0, |watcher| watcher.join().unwrap()));
        done.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        ends
    });
    stage.settle();
    let account = oracle::account(&stage.deployment.settings);
    println!(
        "{mode}, seed {seed}; {} workers, {} brokers, {} network; {} processes ended by themselves; {sent} posts sent; \
         {watched} looks at committed offsets; {}",
        rounds[0],
        rounds[1],
        rounds[2],
        stage.ended,
        account.summary()
    );
    (account, watched)
}
