//! `tidegate deadletters` on the log in a file: posts in a format that nobody expected come back once
//! the configuration knows it.

use std::fs;

use serde_json::{Value, json};
use tidegate::record::Topic;

use crate::cli::{assert_says, said, tidegate};
use crate::embedded::{config, open, rows};
use crate::node::{Node, until};
use crate::scenarios;

/// Lines of `deadletters list --json`.
fn listed(arguments: &[&str]) -> Vec<Value> {
    let output = tidegate(&[&["deadletters", "list", "--json"], arguments].concat(), "");
    assert_says(&said(&output), 0, &[]);
    let lines = String::from_utf8(output.stdout).unwrap();
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn posts_that_could_not_be_read_are_listed_and_come_back_once_they_can() {
    let folder = scenarios::folder();
    let native = config(scenarios::PACK);
    let update = |id: u32, text: &str| {
        let message = json!({"message_id": id, "chat": {"id": -100}, "date": 1, "text": text});
        json!({"channel_post": message}).to_string()
    };
    let post = String::from_utf8(scenarios::post("p1", "c1", "a1", "bread")).unwrap();
    let lines = [post, update(1, "a blorp"), "no post, zorbly".to_owned(), update(2, "bread")];
    let node = Node::start(folder.path(), &native);
    let (status, _) = node.post("/api/v1/posts", lines.join("\n").as_bytes()).unwrap();
    assert_eq!(status, 202);
    until("all is consumed", || node.lag().filter(|lag| *lag < 0.5));
    let file = folder.path().join("again.toml");
    fs::write(&file, &native).unwrap();
    let file = file.to_str().unwrap().to_owned();
    let which = ["--config", &file];
    let busy = tidegate(&[&["deadletters", "list"], &which[..]].concat(), "");
    assert_says(&said(&busy), 3, &["another process has it open"]);
    drop(node.stop());

    let all = listed(&which);
    let mut reasons: Vec<&str> = all.iter().map(|it| it["reason"].as_str().unwrap()).collect();
    reasons.sort_unstable();
    assert_eq!(reasons, ["missing_field", "missing_field", "not_json"]);
    assert!(
        all.iter().all(|it| it["source"]["topic"] == "tidegate.posts" && it["bytes"] != 0),
        "{all:?}"
    );
    assert_eq!(listed(&[&which[..], &["--reason", "not_json"]].concat()).len(), 1);
    assert_eq!(listed(&[&which[..], &["--to", "1h"]].concat()).len(), 0);
    let shown = tidegate(&[&["deadletters", "list"], &which[..]].concat(), "");
    assert_says(&said(&shown), 0, &["3 dead letters: missing_field 2, not_json 1"]);
    let shown = String::from_utf8(shown.stdout).unwrap();
    assert!(shown.contains("  not_json  tidegate.posts/"), "{shown}");
    for text in ["zorbly", "blorp", "bread"] {
        assert!(!shown.contains(text) && !format!("{all:?}").contains(text), "no text of posts");
    }
    let wrong = tidegate(&[&["deadletters", "list", "--reason", "bad"], &which[..]].concat(), "");
    assert_says(&said(&wrong), 2, &["invalid value 'bad'", "not_json"]);

    let telegram = format!("{native}\n[decode]\nformat = \"telegram\"\n");
    fs::write(&file, &telegram).unwrap();
    let again = ["deadletters", "replay", "--reason", "missing_field"];
    let again = tidegate(&[&again, &which[..]].concat(), "");
    assert_says(&said(&again), 0, &["2 posts back in tidegate.posts"]);
    let log = open(folder.path());
    let posts = rows(&log, Topic::Deadletters).len();
    let back = log.name(Topic::Deadletters);
    assert_eq!((posts, log.ends(&back).iter().sum::<i64>()), (3, 3), "the dead letters stay");
    log.close().unwrap();
    drop(log);
    let node = Node::start(folder.path(), &telegram);
    until("all is consumed", || node.lag().filter(|lag| *lag < 0.5));
    let takedowns = node.takedowns();
    assert_eq!(takedowns.len(), 1, "{takedowns:?}");
    assert_eq!(takedowns[0]["subject"]["id"], "-100/1");
    drop(node.stop());
    assert_eq!(listed(&which).len(), 3, "they could be read this time");
}
