//! `tidegate import`: what carries over does what it did, and what does not is said.

use std::fs;

use serde_json::Value;

use crate::cli::{assert_says, said, tidegate};

fn fires(pack: &str, text: &str) -> Vec<String> {
    let post = serde_json::json!({"id": "p", "channel": {"id": "c"}, "text": text, "sent_at": 1_800_000_000,
        "author": {"id": "a", "created_at": 1_799_900_000}});
    let output = tidegate(&["scan", "--pack", pack], &format!("{post}\n"));
    assert_says(&said(&output), 0, &[]);
    let verdict: Value = serde_json::from_slice(&output.stdout).unwrap();
    let rules = verdict["rules"].as_array().unwrap().iter().filter(|rule| rule["fires"] == true);
    rules.map(|rule| rule["rule"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn rules_of_automoderator_become_a_pack() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("pack");
    let out = out.to_str().unwrap();
    let import = ["import", "automoderator", "tests/data/import/automoderator.yaml", "--out", out];
    let told = said(&tidegate(&import, ""));
    assert_says(
        &told,
        0,
        &[
            ":7: left out: `author.comment_karma` has nothing like it here",
            ":16: left out: `title (starts-with)` has nothing like it here",
            ":20: left out: a rule without a word, a regex or a domain that must be there",
            "4 rules in",
            "3 left out",
            "next: tidegate check",
        ],
    );
    assert_says(&said(&tidegate(&import, "")), 2, &["is there already"]);
    // What cannot be made up is asked for, and nothing else is wrong.
    let checked = said(&tidegate(&["check", out], ""));
    let errors = checked.1.matches("error[").count();
    assert_eq!(
        errors,
        checked.1.matches("error[R080]: no test with `fires`").count(),
        "{}",
        checked.1
    );
    assert_eq!(errors, 2, "{}", checked.1);
    let rules = format!("{out}/rules/imported.yaml");
    let text = fs::read_to_string(&rules).unwrap();
    assert!(text.contains("title: 'Young account sells: blorp'"), "{text}");
    let ready = text.replace(
        "tests:\n  - quiet: 'good morning'\n",
        "tests:\n  - fires: {text: 'blorp shop 900 usd FLIM', sent_at: 1800000000, author: {created_at: \
         1799900000}}\n  - quiet: 'good morning'\n",
    );
    fs::write(&rules, ready).unwrap();
    assert_says(&said(&tidegate(&["check", out], "")), 0, &["4 rules, 8 tests pass"]);
    assert_eq!(fires(out, "a Bl0rp shop"), ["automoderator.rule_1"]);
    assert_eq!(fires(out, "blorp shop, see our newsletter"), [""; 0]);
    assert_eq!(fires(out, "FLIM for 900 USD"), ["automoderator.rule_2"]);
    assert_eq!(fires(out, "flim for 900 USD"), [""; 0]);
    assert_eq!(fires(out, "see https://www.zorb.example/x"), ["automoderator.rule_3"]);
    assert_eq!(fires(out, "my zorbpanels"), ["automoderator.rule_4"]);
}

#[test]
fn keywords_of_sigma_become_a_pack() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("pack");
    let out = out.to_str().unwrap();
    let import = ["import", "sigma", "tests/data/import/sigma.yml", "--out", out];
    let fields = ":16: left out: a condition other than `keywords`";
    assert_says(&said(&tidegate(&import, "")), 0, &[fields, "1 rule in", "1 left out"]);
    assert_says(&said(&tidegate(&["check", out], "")), 0, &["1 rule, 2 tests pass"]);
    assert_eq!(fires(out, "the zorbpanel2 is out"), ["sigma.rule_1"]);
}

#[test]
fn what_is_no_yaml_is_shown_and_imports_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (file, out) = (folder.path().join("bad.yaml"), folder.path().join("pack"));
    fs::write(&file, "body: [a\n").unwrap();
    let (file, shown) = (file.to_str().unwrap(), out.to_str().unwrap());
    let import = ["import", "automoderator", file, "--out", shown];
    assert_says(&said(&tidegate(&import, "")), 2, &["error[R002]", "is not the YAML"]);
    assert!(!out.exists());
}
