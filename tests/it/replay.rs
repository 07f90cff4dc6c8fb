//! `tidegate replay`: a pack over past posts, beside another pack and beside what was done.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::cli::{assert_says, pack_with, said, tidegate};
use crate::embedded::config;
use crate::node::{Node, until};
use crate::scenarios;

/// The comparison as JSON.
fn compared(arguments: &[&str]) -> Value {
    let output = tidegate(&[&["replay", "--json"], arguments].concat(), "");
    assert_says(&said(&output), 0, &[]);
    serde_json::from_slice(&output.stdout).unwrap()
}

/// (same, new, gone, changed) of a rule, or of all together.
fn counts(compared: &Value, rule: &str) -> [u64; 4] {
    let rows = compared["rules"].as_array().unwrap().iter().chain([&compared["total"]]);
    let row = rows.into_iter().find(|row| row["rule"] == rule).unwrap_or(&Value::Null);
    ["same", "new", "gone", "changed"].map(|key| row[key].as_u64().unwrap_or(0))
}

/// Posts of one channel each, in a file; some of one author in three channels, some that strike.
fn posts(folder: &Path) -> String {
    let mut lines = Vec::new();
    let mut add = |id: &str, channel: &str, author: &str, text: &str| {
        let post = scenarios::post(id, channel, author, text);
        lines.push(String::from_utf8(post).unwrap());
    };
    for (number, text) in
        ["a blorp", "a flimwort", "bread", "grizzlenut", "blorp flimwort"].iter().enumerate()
    {
        add(&format!("p{number}"), &format!("c{number}"), "a0", text);
    }
    for number in 0..3 {
        add(&format!("n{number}"), &format!("d{number}"), "a1", "zorbly work");
        add(&format!("s{number}"), "e1", &format!("a{number}"), "buy quillwort");
    }
    lines.push("not a post".to_owned());
    let file = folder.join("posts.jsonl");
    fs::write(&file, lines.join("\n")).unwrap();
    file.to_str().unwrap().to_owned()
}

#[test]
fn a_file_is_replayed_through_both_hops_beside_another_pack() {
    let folder = tempfile::tempdir().unwrap();
    let posts = posts(folder.path());
    let alone = compared(&["--pack", scenarios::PACK, &posts]);
    assert_eq!((&alone["posts"], &alone["unread"]), (&json!(12), &json!(1)));
    // All rules are replayed as if they were live: one post each, three of a count, three strikes.
    assert_eq!(counts(&alone, "spam.shadow"), [0, 1, 0, 0]);
    assert_eq!(counts(&alone, "fraud.counted"), [0, 3, 0, 0]);
    assert_eq!(counts(&alone, "drugs.third"), [0, 1, 0, 0], "the channel");
    assert_eq!(counts(&alone, "all rules"), [0, 4 + 3 + 3 + 1, 0, 0]);
    let same = compared(&["--pack", scenarios::PACK, "--against", scenarios::PACK, &posts]);
    assert_eq!(counts(&same, "all rules"), [11, 0, 0, 0]);
    // Another word, another action, another count.
    let other = pack_with(folder.path(), "any: [grizzlenut]", "any: [bread]");
    let rules = other.join("rules/all.yaml");
    let text = fs::read_to_string(&rules).unwrap();
    let text = text.replacen("actions: [remove_post]", "actions: [restrict_post]", 1);
    fs::write(&rules, text.replace("at_least: 3, within: 1h", "at_least: 4, within: 1h")).unwrap();
    let html = folder.path().join("page.html");
    let arguments = ["--pack", other.to_str().unwrap(), "--against", scenarios::PACK, &posts];
    let both = compared(&[&arguments[..], &["--html", html.to_str().unwrap()]].concat());
    assert_eq!(counts(&both, "drugs.direct"), [0, 0, 0, 2]);
    assert_eq!(counts(&both, "spam.shadow"), [0, 1, 1, 0]);
    assert_eq!(counts(&both, "fraud.counted"), [0, 0, 3, 0]);
    assert_eq!(counts(&both, "all rules"), [5, 1, 4, 2]);
    let changed = both["rules"].as_array().unwrap().iter().find(|it| it["rule"] == "drugs.direct");
    let sample = &changed.unwrap()["samples"][0];
    assert_eq!(
        (&sample["difference"], &sample["now"], &sample["before"], &sample["source"]),
        (&json!("changed"), &json!(["restrict_post"]), &json!(["remove_post"]), &json!("file/0@0"))
    );
    let page = fs::read_to_string(&html).unwrap();
    assert!(page.contains("<rect ") && page.contains("<h2>drugs.direct</h2>"), "{page}");
    let table = tidegate(&[&["replay"], &arguments[..]].concat(), "");
    let table = String::from_utf8(table.stdout).unwrap();
    assert!(table.contains("gone     remove_post: post n0 at file/0@5"), "{table}");
    for text in [page, table, both.to_string()] {
        assert!(!text.contains("zorbly"), "no text of posts: {text}");
    }
    let hidden = tidegate(&[&["replay", "--text"], &arguments[..]].concat(), "");
    assert_says(&said(&hidden), 2, &["on a terminal only"]);
}

#[test]
fn the_log_of_this_machine_is_replayed_beside_what_was_done() {
    let folder = scenarios::folder();
    let common = config(scenarios::PACK);
    let node = Node::start(folder.path(), &common);
    let lines = fs::read_to_string(posts(folder.path())).unwrap();
    let lines = lines.replace("\nnot a post", "");
    let (status, _) = node.post("/api/v1/posts", lines.as_bytes()).unwrap();
    assert_eq!(status, 202);
    until("all is consumed", || node.lag().filter(|lag| *lag < 0.5));
    // The strikes go to their owner, and what follows comes back.
    until("the channel is restricted", || {
        (node.metric("tidegate_takedowns_total{action=\"restrict_channel\"") > 0.5).then_some(())
    });
    let file = folder.path().join("replay.toml");
    fs::write(&file, &common).unwrap();
    let file = file.to_str().unwrap();
    let busy = tidegate(&["replay", "--pack", scenarios::PACK, "--config", file], "");
    assert_says(&said(&busy), 3, &["another process has it open"]);
    drop(node.stop());
    let same = compared(&["--pack", scenarios::PACK, "--config", file]);
    assert_eq!(same["posts"], 11);
    // What stood in shadow was not done.
    assert_eq!(counts(&same, "spam.shadow"), [0, 1, 0, 0]);
    assert_eq!(counts(&same, "all rules"), [10, 1, 0, 0]);
    let other = pack_with(folder.path(), "any: [blorp]", "any: [bread]");
    let other = other.to_str().unwrap();
    let differs = compared(&["--pack", other, "--config", file]);
    assert_eq!(counts(&differs, "drugs.direct"), [0, 1, 2, 0]);
    let none = compared(&["--pack", other, "--config", file, "--to", "1h"]);
    assert_eq!((&none["posts"], counts(&none, "all rules")), (&json!(0), [0, 0, 0, 0]));
    let one = compared(&["--pack", other, "--config", file, "--from", "0@0", "--to", "0@1"]);
    assert!(one["posts"].as_u64().unwrap() <= 1);
    let bad = tidegate(&["replay", "--pack", other, "--config", file, "--from", "soon"], "");
    assert_says(&said(&bad), 2, &["`soon` is no time: write 2026-11-01T00:00:00Z, 7d (ago)"]);
}
