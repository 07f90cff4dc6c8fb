//! The service on the log in a file, killed again and again under load.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::Value;
use tidegate::log::embedded::{Embedded, Span};
use tidegate::record::Topic;

use crate::embedded;
use crate::node::{self, Node, until};
use crate::plants::{self, Account, Moments};
use crate::scenarios;

/// How often it is killed.
const KILLS: u32 = 10;

/// Posts of one request.
const BATCH: usize = 100;

/// Appends lines until it is acknowledged; a lost acknowledgement must not double them, so each
/// request is numbered.
fn append(api: u16, lines: &[u8], sequence: u64) {
    let url = format!("http://127.0.0.1:{api}/api/v1/posts");
    until("appended", || {
        let request = node::agent()
            .post(&url)
            .header("tidegate-producer", "crashes")
            .header("tidegate-sequence", sequence.to_string());
        match node::answer(request.send(lines)) {
            Some((202, _)) => Some(()),
            // 500: the log stopped, and the request may be in it all the same.
            Some((429 | 500 | 503, _)) | None => None,
            Some(other) => panic!("{other:?}"),
        }
    });
}

/// Planted posts that lie in the log more than once: they tell where doubles came in.
fn planted_twice(log: &Arc<Embedded>, account: &Account) -> usize {
    let mut seen = BTreeSet::new();
    let name = &log.inputs().names()[0];
    let all = Span { from: 0, records_max: usize::MAX, bytes_max: usize::MAX };
    let partitions = 0..i32::try_from(log.ends(name).len()).unwrap();
    let posts = partitions.flat_map(|partition| log.read(name, partition, all).unwrap());
    posts
        .map(|record| serde_json::from_slice(&record.value.unwrap()).unwrap())
        .filter(|post: &Value| account.holds(post["id"].as_str().unwrap()))
        .filter(|post| !seen.insert(post["id"].to_string()))
        .count()
}

#[test]
fn ten_kills_under_load_lose_and_double_nothing() {
    let folder = scenarios::folder();
    let config = embedded::config(plants::PACK);
    let ports = node::free_ports();
    let over = AtomicBool::new(false);
    let mut account = Account::default();
    let node = std::thread::scope(|scope| {
        let mut node = Node::spawn_at(folder.path(), &config, ports);
        let feeder = scope.spawn(|| feed(ports.0, &mut account, &over));
        let mut moments = Moments::new(0x7469_6465);
        for kill in 0..KILLS {
            // Some come before it is ready, while it reads its state back.
            if kill % 3 != 2 {
                node.wait_until_ready();
            }
            std::thread::sleep(moments.next(5, 900));
            drop(node.kill());
            node = Node::spawn_at(folder.path(), &config, ports);
        }
        node.wait_until_ready();
        over.store(true, Ordering::Relaxed);
        feeder.join().unwrap();
        node
    });
    all_is_acted_on_once(node, folder.path(), &account);
}

/// Sends posts until it is over and no series is left open.
fn feed(api: u16, account: &mut Account, over: &AtomicBool) {
    let mut traffic = plants::traffic(11);
    let mut sequence = 0;
    while !over.load(Ordering::Relaxed) || traffic.is_within_series() {
        let posts: Vec<_> = (0..BATCH).map(|_| traffic.make()).collect();
        account.note(&posts);
        let lines: Vec<_> = posts.into_iter().map(|post| post.json).collect();
        sequence += 1;
        append(api, &lines.join(&b'\n'), sequence);
    }
}

/// Waits for what was planted, ends the service and goes through its log, which is in this folder.
fn all_is_acted_on_once(node: Node, folder: &Path, account: &Account) {
    until("all is acted on", || account.complete(&node.takedowns()).then_some(()));
    drop(node.stop());
    let log = embedded::open(folder);
    let takedowns: Vec<_> =
        embedded::rows(&log, Topic::Takedowns).iter().map(scenarios::Row::json).collect();
    let (counted, direct) = account.planted();
    assert!(counted > 50 && direct > 50, "{counted} and {direct} planted: too few to tell");
    let faults = account.faults(&takedowns);
    let twice = planted_twice(&log, account);
    assert!(
        faults.is_empty(),
        "{} faults in {counted} + {direct} planted, of which {twice} are in the log twice: {:#?}",
        faults.len(),
        &faults[..faults.len().min(20)]
    );
    assert!(embedded::rows(&log, Topic::Deadletters).is_empty());
}

/// A file system of some megabytes, which only processes started in it see. It takes no rights: they are
/// given within a user namespace.
struct SmallDisk {
    holder: Child,
    at: PathBuf,
}

impl SmallDisk {
    /// Of so many MiB, so many of them taken.
    fn mount(at: &Path, mib: u32, taken_mib: u32) -> Self {
        std::fs::create_dir(at).unwrap();
        let line = format!(
            "mount -t tmpfs -o size={mib}m tmpfs {at} && head -c {taken_mib}M /dev/zero > {at}/taken && \
             echo there && exec sleep 600",
            at = at.display()
        );
        let mut command = Command::new("unshare");
        command.args(["--map-root-user", "--mount", "sh", "-c", &line]);
        let mut holder = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut said = String::new();
        BufReader::new(holder.stdout.take().unwrap()).read_line(&mut said).unwrap();
        assert_eq!(said, "there\n", "this machine lets nobody mount anything");
        Self { holder, at: at.to_owned() }
    }

    /// A command that ends in the service, which sees the disk.
    fn command(&self) -> Command {
        let mut command = Command::new("nsenter");
        let target = self.holder.id().to_string();
        command.args(["--user", "--mount", "--preserve-credentials", "--target", &target]);
        command.arg(node::PROGRAM);
        command
    }

    /// Where this process finds it.
    fn seen_from_here(&self) -> PathBuf {
        let at = self.at.strip_prefix("/").unwrap();
        Path::new("/proc").join(self.holder.id().to_string()).join("root").join(at)
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        drop(self.holder.kill());
        drop(self.holder.wait());
    }
}

/// What was acknowledged before the disk was full is there once there is room again, and acted on once.
#[test]
fn a_full_disk_ends_the_service_and_loses_and_doubles_nothing() {
    let folder = scenarios::folder();
    let disk = SmallDisk::mount(&folder.path().join("small"), 48, 32);
    let config = embedded::config(plants::PACK).replace("posts.log", "small/posts.log");
    let ports = node::free_ports();
    let spawn = || Node::spawn_by(disk.command(), folder.path(), &config, ports);
    let over = AtomicBool::new(false);
    let mut account = Account::default();
    let node = std::thread::scope(|scope| {
        let mut full = spawn();
        full.wait_until_ready();
        let feeder = scope.spawn(|| feed(ports.0, &mut account, &over));
        let (code, said) = full.ended();
        assert_eq!(code, Some(3), "{said}");
        let file = folder.path().join("small/posts.log").display().to_string();
        assert!(said.contains("No space left") && said.contains(&file), "{said}");
        std::fs::remove_file(disk.seen_from_here().join("taken")).unwrap();
        let mut node = spawn();
        node.wait_until_ready();
        over.store(true, Ordering::Relaxed);
        feeder.join().unwrap();
        node
    });
    all_is_acted_on_once(node, &disk.seen_from_here(), &account);
}

/// A client whose answer was lost in a crash sends its request again: it must be taken once.
#[test]
fn a_request_sent_again_after_a_crash_is_taken_once() {
    let folder = scenarios::folder();
    let config = embedded::config(scenarios::PACK);
    let ports = node::free_ports();
    let lines: Vec<_> =
        (1..=3).map(|n| scenarios::post(&format!("p{n}"), "c1", "a1", "blorp")).collect();
    for _ in 0..2 {
        let mut node = Node::spawn_at(folder.path(), &config, ports);
        node.wait_until_ready();
        append(ports.0, &lines.join(&b'\n'), 1);
        drop(node.kill());
    }
    let mut node = Node::spawn_at(folder.path(), &config, ports);
    node.wait_until_ready();
    append(ports.0, &scenarios::post("p4", "c1", "a1", "blorp"), 2);
    until("the last one", || (node.takedowns().len() >= 4).then_some(()));
    drop(node.stop());
    let rows = embedded::rows(&embedded::open(folder.path()), Topic::Takedowns);
    let posts: Vec<_> = scenarios::acted_on(&rows).into_iter().map(|(post, _)| post).collect();
    assert_eq!(posts, ["p1", "p2", "p3", "p4"]);
}
