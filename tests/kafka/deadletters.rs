//! `tidegate deadletters` on a real broker: a post comes back with its key, its headers, its time and
//! into its partition.

use std::process::Command;

use serde_json::Value;
use tidegate::log::kafka::feed::{Again, Kept, read_committed};

use crate::node::Node;
use crate::scenarios;
use crate::stage::Deployment;
use crate::support::shared;

/// Exit code, stdout, stderr.
fn deadletters(deployment: &Deployment, verb: &str, decode: &str) -> (Option<i32>, String, String) {
    let config = deployment.folder.path().join("deadletters.toml");
    std::fs::write(&config, deployment.config("letters") + decode).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_tidegate"));
    let output = command.args(["deadletters", verb, "--config"]).arg(&config);
    let output = if verb == "list" { output.arg("--json") } else { output }.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn a_post_comes_back_as_it_came() {
    let deployment = Deployment::make(&shared().servers(), scenarios::PACK);
    let node: Node = deployment.start("one");
    let feed = deployment.feed();
    let headers = [("trace".to_owned(), Some(b"t1".to_vec())), ("bare".to_owned(), None)];
    let came = |value, time_ms| Again {
        partition: 3,
        time_ms,
        key: Some(b"c1"),
        value: Some(value),
        headers: &headers,
    };
    feed.send_again(&came(b"no post at all", 1_790_000_000_123)).unwrap();
    let large = format!("{{\"text\": \"{}\"", "x".repeat(1 << 20));
    feed.send_again(&came(large.as_bytes(), 1_790_000_000_456)).unwrap();
    feed.flush().unwrap();
    deployment.settle();

    let (code, lines, said) = deadletters(&deployment, "list", "");
    assert_eq!((code, said.trim()), (Some(0), "2 dead letters: not_json 1, too_large 1"));
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let first = lines.iter().find(|line| line["reason"] == "not_json").unwrap();
    let topic = &deployment.settings.posts[0];
    assert_eq!(first["source"], serde_json::json!({"topic": topic, "partition": 3, "offset": 0}));
    assert_eq!(first["time"], "2026-09-21T14:13:20.123Z");
    let (code, _, said) = deadletters(&deployment, "replay", "");
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("1 post back in "), "{said}");
    assert!(said.contains("1 post left: only a part was kept; raise decode.max_bytes"), "{said}");
    let posts = read_committed(&deployment.settings, topic, &[]).unwrap();
    let back: Vec<&Kept> = posts.iter().filter(|post| post.offset == 2).collect();
    let [back] = back[..] else { panic!("one more in one partition: {}", posts.len()) };
    let first = posts.iter().find(|post| post.offset == 0).unwrap();
    assert_eq!(back, &Kept { offset: 2, ..first.clone() });
    assert_eq!((back.partition, back.headers.len()), (3, 2));
    // It is no better than it was, and the new letter says so once.
    deployment.settle();
    let (_, lines, _) = deadletters(&deployment, "list", "");
    assert_eq!(lines.lines().filter(|line| line.contains("not_json")).count(), 2, "{lines}");
    drop(node.stop());
}
