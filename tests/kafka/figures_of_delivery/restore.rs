//! A large state, read back at the start.

use std::time::{Duration, Instant};

use super::{entries, fill};
use crate::broker::Broker;
use crate::figures::{MEASURED, rss_mib};
use crate::node::until;
use crate::plants;
use crate::stage::Deployment;

/// From the start of the process to when it has everything and is ready.
const GOAL: Duration = Duration::from_secs(10);

#[test]
fn figures_of_a_restore() {
    let rows = if MEASURED { 1_000_000 } else { 1_000 };
    // Else one worker may be there first and keep all signals, see docs/delivery.md.
    let broker = Broker::patient();
    let mut deployment = Deployment::make(&broker.servers(), plants::PACK);
    deployment.settings.consumer.clear();
    let node = deployment.start("node");
    let began = Instant::now();
    fill(&deployment, &node, rows);
    println!("{rows} posts that are counted: kept after {:?}", began.elapsed());
    drop(node.stop());
    let started = Instant::now();
    let node = deployment.spawn("node");
    until("it is ready", || node.is_ready().then_some(()));
    let (took, restored) = (started.elapsed(), entries(&[&node]));
    // Each worker reads its own partitions, one after the other: half of them.
    let workers =
        [0, 1].map(|number| node.metric(&format!("tidegate_state_entries{{worker=\"{number}\"}}")));
    println!(
        "restored {restored} rows of state in {took:?}, by workers {workers:?}; resident {} MiB",
        rss_mib(&node)
    );
    assert!(workers.iter().all(|rows| *rows > restored / 3.0), "{workers:?}");
    assert!((restored - f64::from(rows)).abs() < 0.5, "{restored} rows");
    if MEASURED {
        assert!(took <= GOAL, "{took:?}");
    }
    drop(node.stop());
}
