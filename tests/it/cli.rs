//! What the commands say and with which exit code they leave.

use std::io::Write;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use crate::embedded::config;
use crate::node::{self, Node};
use crate::scenarios;

/// Runs a command to its end.
pub(crate) fn tidegate(arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_tidegate"))
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

/// Exit code and words for people.
pub(crate) fn said(output: &Output) -> (Option<i32>, String) {
    (output.status.code(), String::from_utf8(output.stderr.clone()).unwrap())
}

/// The pack of the scenarios in a folder of its own, with one text in its rules replaced.
pub(crate) fn pack_with(folder: &Path, old: &str, new: &str) -> PathBuf {
    let pack = folder.join("pack");
    std::fs::create_dir_all(pack.join("rules")).unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(scenarios::PACK);
    std::fs::copy(root.join("pack.yaml"), pack.join("pack.yaml")).unwrap();
    let rules = std::fs::read_to_string(root.join("rules/all.yaml")).unwrap();
    assert!(rules.contains(old));
    std::fs::write(pack.join("rules/all.yaml"), rules.replacen(old, new, 1)).unwrap();
    pack
}

/// Asserts the exit code, and that all of these were said.
pub(crate) fn assert_says(said: &(Option<i32>, String), code: i32, texts: &[&str]) {
    assert_eq!(said.0, Some(code), "{}", said.1);
    for text in texts {
        assert!(said.1.contains(text), "`{text}` is missing in:\n{}", said.1);
    }
}

#[test]
fn scan_tells_where_in_the_original_text_a_disguised_word_stands() {
    let text = "buy bl0rp now";
    let arguments = ["scan", "--pack", scenarios::PACK, "--format", "text", "-"];
    let output = tidegate(&arguments, &format!("{text}\nbread\n"));
    assert_says(&said(&output), 0, &[]);
    let lines = String::from_utf8(output.stdout).unwrap();
    let verdicts: Vec<Value> =
        lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(verdicts.len(), 2, "one verdict a line");
    let evidence = &verdicts[0]["takedowns"][0]["causes"][0]["evidence"][0];
    let place = |end: &str| usize::try_from(evidence[end].as_u64().unwrap()).unwrap();
    assert_eq!(text.get(place("start")..place("end")), Some("bl0rp"));
    assert_eq!(verdicts[1]["takedowns"].as_array().map(Vec::len), Some(0));
}

#[test]
fn scan_tells_which_rules_lack_a_field_and_the_channel_makes_them_fire() {
    let post = |id: u32, channel: &str, text: &str| {
        format!("{{\"id\":\"{id}\",\"channel\":{{\"id\":\"c\"{channel}}},\"text\":\"{text}\"}}\n")
    };
    let posts = [
        post(1, "", "a mumblewort"),
        post(2, ",\"members\":1000", "a mumblewort"),
        post(3, ",\"members\":1001", "a mumblewort"),
        post(4, "", "bread"),
    ];
    let output = tidegate(&["scan", "--pack", scenarios::PACK], &posts.concat());
    assert_says(&said(&output), 0, &[]);
    let lines = String::from_utf8(output.stdout).unwrap();
    let said = lines.lines().map(|line| {
        let verdict: Value = serde_json::from_str(line).unwrap();
        let count = |key: &str| verdict[key].as_array().unwrap().len();
        (count("rules"), count("takedowns"), verdict["unknown"].to_string())
    });
    let unknown = "[\"spam.crowd\"]".to_owned();
    let none = || "[]".to_owned();
    let want = [(1, 0, unknown), (1, 0, none()), (1, 1, none()), (0, 0, none())];
    assert_eq!(said.collect::<Vec<_>>(), want);
}

#[test]
fn scan_reads_updates_of_telegram_and_any_other_json_by_pointers() {
    let update = r#"{"update_id":1,"message":{"message_id":2,"date":3,"text":"buy blorp now",
        "chat":{"id":-100,"title":"t","username":"u","type":"supergroup"}}}"#;
    let other = r#"{"n":"-100/2","room":{"a/b":-100},"words":["buy blorp now"]}"#;
    let pointers =
        ["--field", "id=/n", "--field", "channel.id=/room/a~1b", "--field", "text=/words/0"];
    for (format, fields, json) in
        [("telegram", &[][..], update.replace('\n', "")), ("json", &pointers, other.to_owned())]
    {
        let arguments = [&["scan", "--pack", scenarios::PACK, "--format", format], fields].concat();
        let output = tidegate(&arguments, &format!("{json}\n"));
        assert_says(&said(&output), 0, &[]);
        let verdict: Value = serde_json::from_slice(&output.stdout).unwrap();
        let subject = &verdict["takedowns"][0]["subject"];
        assert_eq!(
            (subject["id"].as_str(), subject["channel"].as_str()),
            (Some("-100/2"), Some("-100"))
        );
    }
}

#[test]
fn scan_leaves_with_2_where_fields_are_wrong_or_missing() {
    let cases = [
        (
            "json",
            "text=/a",
            "`json` needs a pointer for `id`; `json` needs a pointer for `channel.id`",
        ),
        (
            "json",
            "chanel.id=/a",
            "--field chanel.id: a post has no such field; did you mean `channel.id`?",
        ),
        ("json", "text=a", "--field text: `a` is no JSON pointer"),
        ("json", "text", "--field text: write it as in text=/message/body"),
        ("native", "text=/a", "`native` says itself where its fields stand"),
        ("xml", "text=/a", "possible values: native, text, telegram, osprey, json"),
    ];
    for (format, field, what) in cases {
        let arguments = ["scan", "--pack", scenarios::PACK, "--format", format, "--field", field];
        assert_says(&said(&tidegate(&arguments, "")), 2, &[what]);
    }
}

#[test]
fn check_leaves_with_0_for_a_pack_that_is_good() {
    assert_says(&said(&tidegate(&["check", "packs/starter"], "")), 0, &["starter", "tests pass"]);
}

#[test]
fn check_leaves_with_2_for_a_pack_with_an_error_and_shows_the_place() {
    let folder = tempfile::tempdir().unwrap();
    let pack = pack_with(folder.path(), "condition: item", "condition: itm");
    let said = said(&tidegate(&["check", pack.to_str().unwrap()], ""));
    let place = [
        "error[R061]: no pattern is called `itm`",
        " --> rules/all.yaml:5:12",
        "5 | condition: itm\n",
        "^^^\n",
        "`item`?",
    ];
    assert_says(&said, 2, &place);
}

#[test]
fn check_leaves_with_1_where_a_test_of_the_pack_fails() {
    let folder = tempfile::tempdir().unwrap();
    let pack = pack_with(folder.path(), "fires: \"flimwort\"", "fires: \"flimwurt\"");
    let said = said(&tidegate(&["check", pack.to_str().unwrap()], ""));
    let why =
        ["`drugs.review` should fire, but does not", "rules/all.yaml:18", "1 of 17 tests fail"];
    assert_says(&said, 1, &why);
}

#[test]
fn config_check_lists_every_fault_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tidegate.toml");
    std::fs::write(&file, "deployment = \"X Y\"\nworkers = 0\nsurprise = 1\n").unwrap();
    let said = said(&tidegate(&["config", "check", "--config", file.to_str().unwrap()], ""));
    let faults = [":1: deployment", ":2: workers", ":3: surprise", "log.backend", "packs.dir"];
    assert_says(&said, 2, &faults);
    let folder = scenarios::folder();
    let file = folder.path().join("tidegate.toml");
    std::fs::write(&file, config(scenarios::PACK)).unwrap();
    let good = tidegate(&["config", "check", "--config", file.to_str().unwrap()], "");
    assert_says(&self::said(&good), 0, &["good"]);
}

#[test]
fn run_on_a_port_that_is_taken_says_which_setting_to_change() {
    let folder = scenarios::folder();
    let (api, operations) = node::free_ports();
    let held = TcpListener::bind(("127.0.0.1", api)).unwrap();
    let node = Node::spawn_at(folder.path(), &config(scenarios::PACK), (api, operations));
    assert_says(&node.ended(), 3, &["cannot listen on", &api.to_string(), "`http.api`"]);
    drop(held);
}

#[test]
fn run_on_a_log_that_another_process_has_says_so() {
    let folder = scenarios::folder();
    let first = Node::start(folder.path(), &config(scenarios::PACK));
    let second = Node::spawn(folder.path(), &config(scenarios::PACK));
    assert_says(&second.ended(), 3, &["posts.log", "another process has it open", "embedded.path"]);
    assert!(first.is_ready(), "the first one goes on");
    first.stop();
}

#[test]
fn run_with_a_pack_that_is_wrong_starts_nothing() {
    let folder = scenarios::folder();
    let pack = pack_with(folder.path(), "condition: item", "condition: itm");
    let good = format!("{}/{}", env!("CARGO_MANIFEST_DIR"), scenarios::PACK);
    let bad = config(scenarios::PACK).replace(&good, pack.to_str().unwrap());
    assert_says(&Node::spawn(folder.path(), &bad).ended(), 2, &["rules/all.yaml:5:12"]);
    assert!(!folder.path().join("posts.log").exists(), "not even the log was made");
}

#[test]
fn the_demo_finds_what_it_plants() {
    let said = said(&tidegate(&["demo", "--for", "3s", "--rate", "200"], ""));
    assert_says(&said, 0, &["planted = found", " 0 doubled, 0 unexpected"]);
    assert!(!said.1.contains("planted = found: 0 planted"), "{}", said.1);
}
