//! A worker killed in the middle of a transaction, as a process.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Instant;

use tidegate::log::Log;
use tidegate::record::Topic;

use crate::support::{Copier, deployed, expect, feed, outgoing, until};

/// Tells the child, which is this same test in a process of its own, what deployment to work on.
const CHILD: &str = "TIDEGATE_TEST_CHILD";

/// The child: commits 50 posts, then has 50 more and a marker in an open transaction, says so,
/// and waits to be killed.
fn be_killed(name: &str, servers: &str) {
    let mut settings = crate::support::settings(servers);
    settings.group = name.to_owned();
    settings.prefix = format!("{name}.");
    settings.posts = vec![format!("{name}-posts")];
    let mut copier = Copier::open(&settings).settled();
    copier.take(50);
    assert!(copier.commit());
    feed(&settings, 50, 100);
    copier.take(100);
    copier.log.send(&outgoing(Topic::Takedowns, "never", "9999")).unwrap();
    // Long enough for the records to lie on the broker, unfinished.
    std::thread::sleep(std::time::Duration::from_millis(300));
    println!("\nOPEN");
    std::thread::sleep(std::time::Duration::from_secs(60));
}

#[test]
fn a_worker_killed_in_a_transaction_starts_again_from_its_last_commit() {
    if let Ok(child) = std::env::var(CHILD) {
        let (name, servers) = child.split_once(' ').unwrap();
        return be_killed(name, servers);
    }
    let settings = deployed();
    feed(&settings, 0, 50);
    let name = "process::a_worker_killed_in_a_transaction_starts_again_from_its_last_commit";
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture"])
        .env(CHILD, format!("{} {}", settings.group, settings.servers))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let open = lines.map_while(Result::ok).any(|line| line == "OPEN");
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(open, "the child ended before its transaction was open");
    let start = Instant::now();
    let mut copier = Copier::open(&settings).settled();
    copier.take(50);
    println!("{:?} from the start to the records", start.elapsed());
    assert!(copier.commit());
    until("nothing more", || !copier.turn());
    assert_eq!(copier.seen.len(), 50, "what was committed does not come again");
    expect(&settings, Topic::Takedowns, 0..100);
}
