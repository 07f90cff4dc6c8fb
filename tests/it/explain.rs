//! `tidegate explain` for programs and as a page, and what it refuses. What it says in a terminal stands
//! in docs/explain.md.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::scenarios;

/// Runs a line as a shell does in the folder of the repository.
fn shell(line: &str) -> String {
    let bin = Path::new(env!("CARGO_BIN_EXE_tidegate")).parent().unwrap().to_owned();
    let path = std::env::var_os("PATH").unwrap();
    let paths: Vec<PathBuf> = std::iter::once(bin).chain(std::env::split_paths(&path)).collect();
    let output = Command::new("bash")
        .args(["-c", line])
        .env("PATH", std::env::join_paths(paths).unwrap())
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), said.as_str()), (Some(0), ""), "{line}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_share_and_a_spared_channel_are_told() {
    let say = |rule: &str, more: &str| {
        let pack = "--pack tests/data/packs/kinds --format native";
        let post = r#"{"id":"1","channel":{"id":"c666"},"text":"quellwort"}"#;
        shell(&format!("tidegate explain {pack} --rule {rule} {more} '{post}'"))
    };
    assert!(
        say("ladder.canary", "").contains("ladder.canary fires (canary 5%, low): remove_post\n")
    );
    assert!(say("ladder.counted", "--json").contains(r#""share":"0.25%""#));
    let spared = say("ladder.exempt", "");
    assert!(spared.contains("  `exempt` spares the channel until 2999-01-01\n"), "{spared}");
    assert!(say("ladder.exempt", "--json").contains(r#""exempt_until":"2999-01-01""#));
}

#[test]
fn a_post_of_json_is_explained_as_json_and_as_a_page() {
    let post =
        r#"{"id":"1","channel":{"id":"c"},"text":"buy <b>bl0rp</b>","buttons":[{"text":"blorp"}]}"#;
    let explain = format!("explain --pack {} --format native", scenarios::PACK);
    let json: Value =
        serde_json::from_str(&shell(&format!("tidegate {explain} --json '{post}'"))).unwrap();
    let parts: Vec<&str> = json["pieces"]
        .as_array()
        .unwrap()
        .iter()
        .map(|piece| piece["part"].as_str().unwrap())
        .collect();
    assert_eq!(parts, ["text", "buttons"]);
    let fires: Vec<&Value> =
        json["rules"].as_array().unwrap().iter().filter(|rule| rule["fires"] == true).collect();
    assert!(!fires.is_empty(), "{json}");
    let hit =
        fires[0]["hits"].as_array().unwrap().iter().find(|hit| hit["view"] == "unmasked").unwrap();
    assert_eq!((&hit["start"], &hit["end"]), (&7.into(), &12.into()), "{hit}");
    assert_eq!(hit["tricks"][0]["what"], "digits for letters");
    let lacking = post.replace("<b>bl0rp</b>", "mumblewort");
    let json: Value =
        serde_json::from_str(&shell(&format!("tidegate {explain} --json '{lacking}'"))).unwrap();
    let rules = json["rules"].as_array().unwrap();
    let crowd = rules.iter().find(|rule| rule["rule"] == "spam.crowd").unwrap();
    assert_eq!((&crowd["fires"], &crowd["unknown"]), (&false.into(), &true.into()), "{crowd}");
    let step = &crowd["condition"]["parts"][1];
    assert_eq!(
        (&step["holds"], &step["seen"]["missing"]),
        (&Value::Null, &"channel.members".into())
    );
    let html = shell(&format!("printf %s '{post}' | tidegate {explain} --html -"));
    assert!(
        html.starts_with("<!doctype html>") && html.contains("&lt;b&gt;") && !html.contains("<b>")
    );
    assert!(html.contains("<span class=\"hit\">bl0rp</span>"), "{html}");
}

#[test]
fn what_cannot_be_explained_is_said_with_exit_code_2() {
    for (arguments, what) in [
        ("--rule no.such x", "no rule is called no.such; there are "),
        ("--format native '{}'", "the post cannot be read (missing_field): "),
        ("''", "the post cannot be read (empty): "),
    ] {
        let line = format!(
            "! tidegate explain --pack {} {arguments} 2>&1; test ${{PIPESTATUS[0]}} = 2",
            scenarios::PACK
        );
        let said = Command::new("bash")
            .args(["-c", &line.replace("tidegate", env!("CARGO_BIN_EXE_tidegate"))])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .unwrap();
        let text = String::from_utf8(said.stdout).unwrap();
        assert!(text.contains(what) && said.status.success(), "{arguments}: {text}");
    }
}
