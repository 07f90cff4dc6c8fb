//! What breaks, in a row that a seed makes.

use std::time::Duration;

use crate::proxy::{END_TXN, PRODUCE, Rule};

/// Numbers that look random and are the same for the same seed.
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// From 0 to `bound` - 1.
    pub(super) fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % bound as u64).unwrap()
    }

    fn seconds(&mut self, from: usize, to: usize) -> Duration {
        Duration::from_millis((1_000 * from + self.below(1_000 * (to - from))) as u64)
    }
}

/// One fault.
#[derive(Debug)]
pub(super) enum Fault {
    /// A process is killed, and started again.
    Kill(usize),
    /// A process is killed and started again later than its session ends: its partitions move, twice.
    Absent(usize, Duration),
    /// A process is asked to leave, and started again.
    Terminate(usize),
    /// A process stands still for longer than its session, and goes on.
    Freeze(usize, Duration),
    /// A second process with its name comes.
    SameName(usize),
    /// The wall clock of a process is set back by so much, and is right again after a while.
    Clock(usize, Duration, Duration),
    /// A broker is away for a while; hard: as by a power cut.
    Broker(usize, Duration, bool),
    /// Requests of a kind break on the way to every broker.
    Network {
        /// Kafka's number of the kind.
        kind: i16,
        rule: Rule,
        time: Duration,
        /// A process is started meanwhile, so that there is such a request.
        joins: bool,
    },
}

/// Kinds of requests that carry a transaction, and what else a worker cannot do without.
const FETCH: i16 = 1;
const JOIN_GROUP: i16 = 11;
const ADD_OFFSETS: i16 = 25;
const TXN_OFFSET_COMMIT: i16 = 28;

/// As many faults of each kind (workers, brokers, network), in any order.
pub(super) fn row([workers, brokers, network]: [usize; 3], random: &mut Random) -> Vec<Fault> {
    let mut row = Vec::new();
    for number in 0..workers {
        let at = random.below(2);
        row.push(match number % 8 {
            1 => Fault::Absent(at, random.seconds(7, 10)),
            2 => Fault::Clock(at, random.seconds(1, 7_200), random.seconds(2, 4)),
            3 => Fault::Freeze(at, random.seconds(7, 10)),
            5 => Fault::Terminate(at),
            7 => Fault::SameName(at),
            _ => Fault::Kill(at),
        });
    }
    for number in 0..brokers {
        row.push(Fault::Broker(number % 3, random.seconds(2, 6), random.below(3) > 0));
    }
    let kinds = [END_TXN, PRODUCE, TXN_OFFSET_COMMIT, ADD_OFFSETS, FETCH, JOIN_GROUP];
    for number in 0..network {
        let kind = kinds[number % kinds.len()];
        let rule = match random.below(4) {
            // What is late of an end is the hazard that a new producer is made for.
            0 if kind == END_TXN => Rule::Late,
            0 | 1 => Rule::Cut,
            2 => Rule::Mute,
            _ => Rule::Slow,
        };
        row.push(Fault::Network {
            kind,
            rule,
            time: random.seconds(1, 4),
            joins: kind == JOIN_GROUP,
        });
    }
    // Fisher and Yates.
    for at in (1..row.len()).rev() {
        row.swap(at, random.below(at + 1));
    }
    row
}
