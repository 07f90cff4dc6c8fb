//! How long delivery stands still on a real broker: after a kill in a transaction, while a process is
//! restarted, and while a large state is read back. Clients have the settings that the service gives
//! them, not the faster ones of the other tests. A debug build runs the same with less, to see that it
//! works; the figures of `docs/delivery.md` are those of
//! `cargo test --release --test kafka -- --nocapture figures_of_delivery`, and are held to there.

mod kill;
pub(crate) mod reader;
mod restart;
mod restore;

use std::time::Duration;

use crate::figures::MEASURED;
use crate::node::{Node, until};
use crate::scenarios;
use crate::service::Rate;
use crate::stage::Deployment;

/// Some 2,000 posts a second; a debug build does not get through that many.
const LOAD: Rate = if MEASURED {
    Rate { posts: 40, every: Duration::from_millis(20) }
} else {
    Rate { posts: 6, every: Duration::from_millis(20) }
};

/// Rows of hop 2's state, as the processes tell them.
fn entries(nodes: &[&Node]) -> f64 {
    nodes.iter().map(|node| node.metric("tidegate_state_entries")).sum()
}

/// Has the service keep so many rows: a post of as many accounts that offers work, which acts in the
/// third channel only. Channels share them.
fn fill(deployment: &Deployment, node: &Node, count: u32) {
    let feed = deployment.feed();
    for number in 0..count {
        let (id, author) = (format!("f{number}"), format!("a{number}"));
        let channel = format!("c{}", number % 1_000);
        let text = "Easy money from your own home, ask for the rest: t.me/zorbjobs";
        feed.send(channel.as_bytes(), &scenarios::post(&id, &channel, &author, text)).unwrap();
    }
    feed.flush().unwrap();
    // A tenth at a time: none takes as long as all of them may.
    for tenth in 1..=10 {
        let wanted = f64::from(count) * f64::from(tenth) / 10.0;
        until("rows of the state", || (entries(&[node]) > wanted - 0.5).then_some(()));
    }
}

/// The middle and the worst of an odd number of times.
fn middle_and_worst(times: &[Duration]) -> (Duration, Duration) {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    (sorted[sorted.len() / 2], sorted[sorted.len() - 1])
}
