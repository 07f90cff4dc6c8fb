//! Packs on the topic: published while two processes run, refused for every kind of tampering, keys
//! changed without a restart, the last good one on the disk, rules held back.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use tidegate::control::{Controls, Inventory};
use tidegate::log::kafka::register::{Follower, Publisher};
use tidegate::record::{Outgoing, Topic};
use tidegate::rules::{Source, compile};
use tidegate::sealed::{
    self, Edition, MANIFEST, Members, SecretKey, read_archive, signature_name, write_archive,
};

use crate::node::{Node, until};
use crate::scenarios;
use crate::stage::Deployment;
use crate::support::shared;

const PACK: &str = "name: hot\nversion: \"VERSION\"\nowner: tests@example.org\n";
const RULE: &str = include_str!("../data/packs/rule.yaml");
const SOON: &str = "2099-01-01T00:00:00Z";

/// A deployment that runs the published pack `hot`, and who may sign it.
pub(crate) struct Hot {
    pub(crate) deployment: Deployment,
    keys: Vec<SecretKey>,
}

/// The key number `seed` of these tests.
fn key(seed: u8) -> SecretKey {
    SecretKey::new([seed; 8], [seed; 32])
}

/// The line of a public key that stands in the configuration.
fn public(key: &SecretKey) -> String {
    key.public_file().lines().nth(1).unwrap().to_owned()
}

/// The pack's files, looking for this word.
fn source(version: &str, word: &str) -> Source {
    let rule = RULE.replace("zorb", word).replace("status: shadow", "status: live");
    let files = [
        ("pack.yaml", PACK.replace("VERSION", version)),
        ("rules/test.yaml", rule.replace("blorp", word)),
    ];
    let files = files.map(|(path, text)| (path.to_owned(), text.into_bytes()));
    Source { files: files.into() }
}

/// Built, not signed.
fn built(source: &Source, sequence: u64, expires: &str) -> Members {
    let pack = compile(source).unwrap().pack;
    sealed::seal(&pack, source, Edition { sequence, expires: expires.parse().unwrap() }).unwrap()
}

fn sign(members: &mut Members, key: &SecretKey) {
    let signature = key.sign(&members[MANIFEST], "a test");
    members.insert(signature_name(key.id()), signature.into_bytes());
}

impl Hot {
    pub(crate) fn make() -> Self {
        let deployment = Deployment::make(&shared().servers(), scenarios::PACK);
        Self { deployment, keys: vec![key(1), key(2)] }
    }

    pub(crate) fn folder(&self) -> &Path {
        self.deployment.folder.path()
    }

    /// Configuration of a process, with these keys.
    fn config(&self, instance: &str, keys: &[&SecretKey], signatures: usize) -> String {
        let config = self.deployment.config(instance);
        let keys: Vec<_> = keys.iter().map(|key| format!("{:?}", public(key))).collect();
        let dir = config.lines().find(|line| line.starts_with("dir = ")).unwrap();
        config.replace(
            dir,
            &format!(
                "names = [\"hot\"]\nkeys = [{}]\nsignatures = {signatures}\nstore = \"store-{instance}\"",
                keys.join(", ")
            ),
        )
    }

    pub(crate) fn spawn(&self, instance: &str) -> Node {
        Node::spawn(self.folder(), &self.config(instance, &[&self.keys[0]], 1))
    }

    /// Built and signed with the first key.
    fn edition(&self, version: &str, word: &str, sequence: u64) -> Members {
        self.signed(&source(version, word), sequence)
    }

    pub(crate) fn signed(&self, source: &Source, sequence: u64) -> Members {
        let mut members = built(source, sequence, SOON);
        sign(&mut members, &self.keys[0]);
        members
    }

    pub(crate) fn publisher(&self) -> Publisher {
        Publisher::open(&self.deployment.settings).unwrap()
    }

    /// The records that publish an edition, as the command makes them.
    pub(crate) fn records(&self, sequence: u64, members: &Members) -> Vec<Outgoing> {
        let mut inventory = Inventory::default();
        let follower = Follower::open(&self.deployment.settings, Topic::Packs).unwrap();
        follower.read_all(&mut |key, value| inventory.take(&key, value)).unwrap();
        inventory.publication("hot", sequence, members)
    }

    fn write(&self, records: &[Outgoing]) {
        self.publisher().publish(records).unwrap();
    }

    pub(crate) fn publish(&self, sequence: u64, members: &Members) {
        self.write(&self.records(sequence, members));
    }

    /// Runs a command with the configuration of a process.
    fn run(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let config = self.folder().join("command.toml");
        std::fs::write(&config, self.config("command", &[&self.keys[0]], 1)).unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_tidegate"))
            .args(arguments)
            .arg("--config")
            .arg(&config)
            .output()
            .unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    }

    /// Sends posts, each an id and a word, and waits until they are consumed.
    fn post(&self, posts: &[(&str, &str)]) {
        let feed = self.deployment.feed();
        for (id, word) in posts {
            feed.send(id.as_bytes(), &scenarios::post(id, id, "a1", word)).unwrap();
        }
        feed.flush().unwrap();
        self.deployment.settle();
    }

    /// Posts that were acted on.
    fn acted(&self) -> Vec<String> {
        let acted = scenarios::acted_on(&self.deployment.rows(Topic::Takedowns));
        acted.into_iter().map(|(post, _)| post).collect()
    }
}

fn sequence(node: &Node) -> f64 {
    node.metric("tidegate_pack_sequence{pack=\"hot\"}")
}

pub(crate) fn has_sequence(nodes: &[&Node], wanted: f64) {
    until("the edition is in force", || {
        nodes.iter().all(|node| (sequence(node) - wanted).abs() < 0.1).then_some(())
    });
}

fn refused(node: &Node, reason: &str) -> f64 {
    let pack = "tidegate_packs_refused_total{pack=\"hot\",reason=";
    node.metric(&format!("{pack}\"{reason}\"}}"))
}

#[test]
fn nothing_is_screened_before_a_pack_is_published_and_then_by_every_process() {
    let hot = Hot::make();
    let (mut one, mut other) = (hot.spawn("one"), hot.spawn("other"));
    until("it answers", || one.watch("/livez"));
    std::thread::sleep(std::time::Duration::from_secs(1));
    assert_eq!((one.watch("/livez"), one.watch("/readyz")), (Some(200), Some(503)));
    let edition = hot.folder().join("edition.pack");
    let path = edition.to_str().unwrap();
    std::fs::write(&edition, write_archive(&hot.edition("1", "blorp", 1))).unwrap();
    let (code, text) = hot.run(&["pack", "publish", path]);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("hot 1, sequence 1: published"), "{text}");
    one.wait_until_ready();
    other.wait_until_ready();
    let ids: Vec<String> = (10..26).map(|number| format!("p{number}")).collect();
    let words = ["blorp", "flimwort"].iter().cycle();
    let posts: Vec<_> = ids.iter().map(String::as_str).zip(words.copied()).collect();
    let (before, after) = posts.split_at(8);
    hot.post(before);
    let published = Instant::now();
    hot.publish(2, &hot.edition("2", "flimwort", 2));
    has_sequence(&[&one, &other], 2.0);
    println!("in force at two processes after {:?}", published.elapsed());
    hot.post(after);
    assert_eq!(hot.acted(), ["p10", "p12", "p14", "p16", "p19", "p21", "p23", "p25"]);
    // Published again it is no error, and an older one is.
    assert_eq!(hot.run(&["pack", "publish", path]).0, Some(1));
    let (code, text) = hot.run(&["pack", "list"]);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("hot 2, sequence 2") && text.contains("  1: 1"), "{text}");
    let logs = [one.stop(), other.stop()];
    for version in ["hot 1", "hot 2"] {
        let line = format!("packs={version}");
        let from = |log: &String| {
            let lines = log.lines().filter(|line| line.contains("screened by these rules"));
            lines.filter(|it| it.contains(&line) && it.contains("-posts/")).count()
        };
        assert!(logs.iter().map(from).sum::<usize>() >= 2, "{version}: {logs:?}");
    }
}

/// Editions of sequence 6 that must not be taken where 5 is in force, and the word for why.
fn tampered(hot: &Hot) -> [(&'static str, Members); 9] {
    let edition = hot.edition("6", "flimwort", 6);
    let changed = |change: &dyn Fn(&mut Members)| {
        let mut members = edition.clone();
        change(&mut members);
        members
    };
    let blob = edition.keys().find(|name| name.starts_with("blobs/")).unwrap().clone();
    let mut foreign = built(&source("6", "flimwort"), 6, SOON);
    sign(&mut foreign, &key(9));
    let signed_again = |members: &mut Members| sign(members, &hot.keys[0]);
    [
        ("unsigned", built(&source("6", "flimwort"), 6, SOON)),
        ("foreign_key", foreign),
        ("signature", changed(&|it| it.get_mut(MANIFEST).unwrap().push(b' '))),
        ("altered", changed(&|it| it.get_mut(&blob).unwrap().push(b' '))),
        ("missing", {
            // Of a word of its own: blobs that were on the topic once are found there.
            let mut members = hot.edition("6", "grizzlenut", 6);
            members.retain(|name, _| !name.starts_with("blobs/"));
            members
        }),
        ("sequence", hot.edition("4", "flimwort", 4)),
        ("sequence", hot.edition("5b", "flimwort", 5)),
        ("expired", {
            let mut old = built(&source("6", "flimwort"), 6, "2020-01-01T00:00:00Z");
            signed_again(&mut old);
            old
        }),
        ("rules", {
            let good = source("6", "flimwort");
            let mut bad = good.clone();
            let rule = bad.files.get_mut("rules/test.yaml").unwrap();
            *rule = String::from_utf8(rule.clone())
                .unwrap()
                .replace("condition:", "conditions:")
                .into();
            let pack = compile(&good).unwrap().pack;
            let edition = Edition { sequence: 6, expires: SOON.parse().unwrap() };
            let mut members = sealed::seal(&pack, &bad, edition).unwrap();
            signed_again(&mut members);
            members
        }),
    ]
}

#[test]
fn every_tampering_is_refused_for_its_own_reason_and_the_last_good_pack_stays() {
    let hot = Hot::make();
    hot.publish(5, &hot.edition("5", "blorp", 5));
    let mut node = hot.spawn("node");
    node.wait_until_ready();
    has_sequence(&[&node], 5.0);
    for (reason, members) in tampered(&hot) {
        let before = refused(&node, reason);
        // Under the very names that the edition says: what a writer to the topic could do.
        let mut records = hot.records(6, &members);
        records.retain(|record| record.value.is_some());
        for record in &mut records {
            let blob = format!("blobs/{}", String::from_utf8_lossy(record.key.as_deref().unwrap()));
            if let Some(content) = members.get(&blob) {
                record.value = Some(content.clone());
            }
        }
        hot.write(&records);
        until(reason, || (refused(&node, reason) > before + 0.5).then_some(()));
        assert!((sequence(&node) - 5.0).abs() < 0.1, "{reason}");
        // What a case left under the name of a blob must not help the next.
        let tombs = members.keys().filter_map(|name| name.strip_prefix("blobs/")).map(tomb);
        hot.write(&tombs.collect::<Vec<_>>());
    }
    // Bytes that are no edition, and the record taken away.
    for (reason, value) in [("damaged", Some(b"PK".to_vec())), ("removed", None)] {
        hot.write(&[Outgoing { value, ..tomb("hot") }]);
        until(reason, || (refused(&node, reason) > 0.5).then_some(()));
    }
    hot.post(&[("p1", "blorp"), ("p2", "flimwort")]);
    assert_eq!(hot.acted(), ["p1"]);
    let log = node.stop();
    assert_eq!(log.matches("the last good one stays").count(), 10, "{log}");
    assert!(!log.contains("flimwort"), "{log}");
}

fn tomb(key: &str) -> Outgoing {
    Outgoing {
        topic: Topic::Packs,
        partition: Some(0),
        key: Some(key.as_bytes().to_vec()),
        value: None,
        headers: Vec::new(),
    }
}

#[test]
fn keys_are_added_and_revoked_while_it_runs_and_the_disk_has_the_last_good_pack() {
    let hot = Hot::make();
    let [a, b] = [&hot.keys[0], &hot.keys[1]];
    hot.publish(1, &hot.edition("1", "blorp", 1));
    let mut node = Node::spawn(hot.folder(), &hot.config("node", &[a, b], 2));
    until("one signature of two is refused", || {
        (refused(&node, "too_few_signatures") > 0.5).then_some(())
    });
    assert_eq!(node.watch("/readyz"), Some(503));
    let mut both = hot.edition("1", "blorp", 1);
    sign(&mut both, b);
    hot.publish(1, &both);
    node.wait_until_ready();
    // One is enough from now on; then the first key is revoked.
    let reconfigure = |node: &Node, keys: &[&SecretKey]| {
        let port = node.api();
        let path = hot.folder().join(format!("tidegate-{}.toml", port.rsplit(':').next().unwrap()));
        let text = std::fs::read_to_string(&path).unwrap();
        let http = text.split_once("\n[http]").unwrap().1;
        std::fs::write(&path, format!("{}\n[http]{http}", hot.config("node", keys, 1))).unwrap();
    };
    reconfigure(&node, &[b]);
    until("it is read again", || node.log().contains("read again").then_some(()));
    hot.publish(2, &hot.edition("2", "flimwort", 2));
    until("a revoked key", || (refused(&node, "foreign_key") > 0.5).then_some(()));
    assert!((sequence(&node) - 1.0).abs() < 0.1);
    let mut by_b = built(&source("3", "flimwort"), 3, SOON);
    sign(&mut by_b, b);
    hot.publish(3, &by_b);
    has_sequence(&[&node], 3.0);
    until("it is on the disk", || {
        let stored = std::fs::read(hot.folder().join("store-node/hot.pack")).ok()?;
        (read_archive(&stored).ok()?.get(MANIFEST) == by_b.get(MANIFEST)).then_some(())
    });
    drop(node.stop());
    // The topic holds an older one by the revoked key now: the disk has the last good one.
    hot.publish(2, &hot.edition("2", "blorp", 2));
    let mut node = Node::spawn(hot.folder(), &hot.config("node", &[b], 1));
    node.wait_until_ready();
    assert!((sequence(&node) - 3.0).abs() < 0.1);
    drop(node.stop());
    // An altered copy on the disk is believed as little as anything else.
    let path = hot.folder().join("store-node/hot.pack");
    let mut stored = read_archive(&std::fs::read(&path).unwrap()).unwrap();
    let blob = stored.keys().find(|name| name.starts_with("blobs/")).unwrap().clone();
    stored.get_mut(&blob).unwrap().push(b'#');
    std::fs::write(&path, write_archive(&stored)).unwrap();
    let node = Node::spawn(hot.folder(), &hot.config("node", &[b], 1));
    until("it is refused", || node.log().contains("was altered").then_some(()));
    until("the topic's too", || (refused(&node, "foreign_key") > 0.5).then_some(()));
    assert_eq!(node.watch("/readyz"), Some(503));
    drop(node.stop());
}

#[test]
fn one_goes_back_to_an_older_edition_under_a_new_sequence() {
    let hot = Hot::make();
    for (number, word) in [(1, "blorp"), (2, "flimwort"), (3, "mumble")] {
        hot.publish(number, &hot.edition(&number.to_string(), word, number));
    }
    let mut node = hot.spawn("node");
    node.wait_until_ready();
    has_sequence(&[&node], 3.0);
    let secret = hot.folder().join("secret.key");
    std::fs::write(&secret, hot.keys[0].secret_file()).unwrap();
    let secret = secret.to_str().unwrap();
    let back = |to: &str, more: &[&str]| {
        let common = ["pack", "rollback", "hot", "--to", to, "--expires", SOON];
        hot.run(&[&common, more].concat())
    };
    let (code, text) = back("7", &["--secret", secret]);
    assert_eq!(code, Some(2), "{text}");
    assert!(text.contains("there is 1, 2, 3"), "{text}");
    let (code, text) = back("1", &["--secret", secret]);
    assert_eq!(code, Some(0), "{text}");
    has_sequence(&[&node], 4.0);
    hot.post(&[("p1", "blorp"), ("p2", "mumble")]);
    assert_eq!(hot.acted(), ["p1"]);
    // Without a key it goes to a file, for others.
    let out = hot.folder().join("back.pack");
    let (code, text) = back("2", &["--out", out.to_str().unwrap()]);
    assert_eq!(code, Some(0), "{text}");
    let (code, text) = hot.run(&["pack", "publish", out.to_str().unwrap()]);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("it is not signed"), "{text}");
    drop(node.stop());
}

#[test]
fn a_rule_is_held_back_on_every_process_and_let_go_again() {
    let hot = Hot::make();
    hot.publish(1, &hot.edition("1", "blorp", 1));
    let (mut one, mut other) = (hot.spawn("one"), hot.spawn("other"));
    one.wait_until_ready();
    other.wait_until_ready();
    let who = ["--by", "on-call", "--reason", "a flood of complaints"];
    let control = |rest: &[&str]| hot.run(&[&["control"], rest, &who].concat());
    let id = compile(&source("1", "blorp")).unwrap().pack.rules[0].id.clone();
    let mut misspelt = id.clone();
    misspelt.pop();
    let (code, text) = control(&[&misspelt, "shadow"]);
    assert_eq!(code, Some(2), "{text}");
    assert!(text.contains(&format!("did you mean `{id}`?")), "{text}");
    let held = |wanted: f64| {
        let since = Instant::now();
        until("all have heard", || {
            let at = |node: &Node| (node.metric("tidegate_controls_in_force") - wanted).abs() < 0.1;
            (at(&one) && at(&other)).then_some(())
        });
        assert!(since.elapsed().as_secs() < 5, "{:?}", since.elapsed());
    };
    let (code, text) = control(&[&id, "shadow"]);
    assert_eq!(code, Some(0), "{text}");
    held(1.0);
    let ids: Vec<String> = (10..26).map(|number| format!("p{number}")).collect();
    let posts: Vec<_> = ids.iter().map(|id| (id.as_str(), "blorp")).collect();
    let (before, after) = posts.split_at(8);
    hot.post(before);
    assert_eq!(hot.acted(), Vec::<String>::new());
    assert_eq!(hot.deployment.rows(Topic::Shadow).len(), 8);
    let (_, text) = hot.run(&["control"]);
    assert!(
        text.contains("shadow, until it is lifted, by on-call: a flood of complaints"),
        "{text}"
    );
    // A record that says more than it may is passed over.
    let record = |value: &str| Outgoing {
        topic: Topic::Controls,
        value: Some(value.as_bytes().to_vec()),
        ..tomb(&id)
    };
    let live = format!(r#"{{"v":1,"rule":"{id}","status":"live","by":"x","reason":"y"}}"#);
    assert!(Controls::default().take(id.as_bytes(), Some(live.as_bytes())).is_err());
    hot.write(&[record(&live)]);
    until("it is passed over", || {
        (one.metric("tidegate_controls_refused_total") > 0.5).then_some(())
    });
    held(1.0);
    // Who starts now acts on nothing either.
    drop(other.stop());
    let mut third = hot.spawn("third");
    third.wait_until_ready();
    hot.post(after);
    assert_eq!(hot.acted(), Vec::<String>::new());
    let (code, text) = control(&[&id, "lift"]);
    assert_eq!(code, Some(0), "{text}");
    until("it is lifted", || {
        (one.metric("tidegate_controls_in_force") + third.metric("tidegate_controls_in_force")
            < 0.1)
            .then_some(())
    });
    hot.post(&[("p30", "blorp")]);
    assert_eq!(hot.acted(), ["p30"]);
    drop((one.stop(), third.stop()));
}

#[test]
fn a_deployment_without_the_topics_is_told_what_to_do() {
    let hot = Hot::make();
    let prefix = &hot.deployment.settings.prefix;
    let config = hot.deployment.config("node");
    let config = config.replace(&format!("prefix = \"{prefix}\""), "prefix = \"none.\"");
    let node = Node::spawn(hot.folder(), &config);
    let (code, log) = node.ended();
    assert_eq!(code, Some(3), "{log}");
    assert!(
        log.contains("none.controls does not exist; create it: tidegate topics create"),
        "{log}"
    );
}

/// What a line of the page says when it is run as a shell does; it must succeed.
fn shell(line: &str, folder: &Path) -> String {
    let bin = Path::new(env!("CARGO_BIN_EXE_tidegate")).parent().unwrap().display();
    let output = Command::new("bash")
        .args(["-c", &format!("PATH={bin}:$PATH; {line} 2>&1")])
        .current_dir(folder)
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{line}\n{said}");
    said
}

#[test]
fn the_page_of_publishing_works_as_it_stands() {
    let hot = Hot::make();
    let folder = tempfile::tempdir().unwrap();
    let (root, folder) = (Path::new(env!("CARGO_MANIFEST_DIR")), folder.path());
    std::os::unix::fs::symlink(root.join("packs"), folder.join("packs")).unwrap();
    std::fs::copy(hot.folder().join("ids.key"), folder.join("ids.key")).unwrap();
    let page = include_str!("../../docs/publishing.md");
    let blocks = page.split("```console\n").skip(1).map(|it| it.split("```").next().unwrap());
    let (mut said, mut commands) = (String::new(), 0);
    for line in blocks.flat_map(str::lines) {
        let Some(command) = line.strip_prefix("$ ") else {
            assert!(said.lines().any(|it| it == line), "`{line}` is not in:\n{said}");
            continue;
        };
        said = shell(command, folder);
        commands += 1;
        if command.contains("keygen") {
            let key = std::fs::read_to_string(folder.join("me.pub")).unwrap();
            let keys = format!("keys = [{:?}]", key.lines().nth(1).unwrap());
            let config = hot.config("page", &[], 1).replace("\"hot\"", "\"starter\"");
            let config = config.replace("keys = []", &keys);
            std::fs::write(folder.join("tidegate.toml"), config).unwrap();
        }
    }
    assert_eq!(commands, 10);
}
