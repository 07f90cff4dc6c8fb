//! `tidegate check`: ordinary text through a pack, and reports for programs.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::cli::{assert_says, pack_with, said, tidegate};
use crate::scenarios;

/// A file in a folder, and its name as an argument.
fn file(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

/// Lines of ordinary text with a disguised word on the 3rd and the 702nd.
fn ordinary() -> String {
    let mut lines: Vec<String> = (1..=1_000).map(|line| format!("bread number {line}")).collect();
    lines[2] = "we never had bl0rp here".to_owned();
    lines[701] = "a blorp, a blorp".to_owned();
    lines.join("\n")
}

#[test]
fn check_shows_each_false_alarm_with_its_line_and_the_hit_marked() {
    let folder = tempfile::tempdir().unwrap();
    let benign = file(folder.path(), "benign.txt", &ordinary());
    let output = tidegate(&["check", scenarios::PACK, "--benign", &benign], "");
    let shown = [
        "false alarm[drugs.direct]: fires on an ordinary line",
        "benign.txt:3:14\n",
        "3 | we never had bl0rp here\n  |              ^^^^^ item\n",
        "benign.txt:702:3",
        "benign.txt: 2 of 1000 lines hit, 0 allowed (0): too many",
        "2  drugs.direct",
    ];
    assert_says(&said(&output), 1, &shown);
    assert!(output.stdout.is_empty(), "words for people are no data");
    for (at_most, code) in [("1/1000", 1), ("1/500", 0), ("2", 0), ("1", 1)] {
        let arguments = ["check", scenarios::PACK, "--benign", &benign, "--at-most", at_most];
        assert_says(&said(&tidegate(&arguments, "")), code, &["2 of 1000 lines hit"]);
    }
    assert_says(
        &said(&tidegate(&["check", scenarios::PACK, "--benign", "-"], "bread\n\n \nbutter\n")),
        0,
        &["-: 0 of 2 lines hit, 0 allowed (0): few enough"],
    );
}

#[test]
fn check_shows_some_false_alarms_and_counts_the_rest() {
    let lines = "blorp\n".repeat(5_000);
    let output = tidegate(&["check", scenarios::PACK, "--benign", "-", "--json"], &lines);
    let said = said(&output);
    assert_says(&said, 1, &["and 4980 false alarms more", "-: 5000 of 5000 lines hit"]);
    assert_eq!(said.1.matches("false alarm[").count(), 20);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let benign = &report["benign"];
    assert_eq!(benign["alarms"].as_array().map(Vec::len), Some(1_000));
    assert_eq!(
        (&benign["omitted"], &benign["rules"]["drugs.direct"]),
        (&json!(4_000), &json!(5_000))
    );
    let alarm = json!({
        "line": 1_000, "rule": "drugs.direct", "part": "text", "text": "blorp",
        "marks": [{"start": 0, "end": 5, "pattern": "item"}],
    });
    assert_eq!(benign["alarms"][999], alarm);
}

#[test]
fn check_reads_ordinary_posts_of_json_and_refuses_what_it_cannot_read() {
    let post = r#"{"id":"1","channel":{"id":"c"},"text":"bread","media":[{"name":"a\nblorp"}]}"#;
    let arguments = ["check", scenarios::PACK, "--benign", "-", "--format", "native"];
    let shown = ["1 | a blorp\n  |   ^^^^^ item", "-: 1 of 1 lines hit"];
    assert_says(&said(&tidegate(&arguments, post)), 1, &shown);
    let why = ["1 of 2 lines of - cannot be read, the first is line 2", "--format"];
    assert_says(&said(&tidegate(&arguments, &format!("{post}\nbread\n"))), 2, &why);
    assert_says(&said(&tidegate(&arguments, "")), 2, &["- holds no lines"]);
    for (arguments, why) in [
        (&["--at-most", "1/10"][..], "--benign <FILE>"),
        (&["--benign", "-", "--at-most", "2/1"], "write a share such as 1/1000"),
        (&["--benign", "no/such/file"], "cannot read no/such/file"),
        (&["--benign", "-", "--format", "json"], "needs a pointer for `id`"),
    ] {
        let arguments = [&["check", scenarios::PACK], arguments].concat();
        assert_says(&said(&tidegate(&arguments, "")), 2, &[why]);
    }
}

/// A pack with one error, one that warns and whose test fails, and one that is good.
fn packs(folder: &Path) -> [String; 3] {
    let pack = |name: &str, old: &str, new: &str| {
        let pack = pack_with(&folder.join(name), old, new);
        pack.to_str().unwrap().to_owned()
    };
    let wrong = pack("wrong", "condition: item", "condition: itm");
    let fails = pack("fails", "fires: \"flimwort\"", "fires: \"flimwurt\"");
    file(Path::new(&fails), "rules/more.yaml", "");
    let lists = Path::new(&fails).join("lists");
    fs::create_dir(&lists).unwrap();
    file(&lists, "old.txt", "blorp\n");
    [wrong, fails, scenarios::PACK.to_owned()]
}

#[test]
fn check_says_the_same_to_a_program_as_json() {
    let folder = tempfile::tempdir().unwrap();
    let [wrong, fails, good] = packs(folder.path());
    let report = |pack: &str, code: i32| -> Value {
        let output = tidegate(&["check", pack, "--report", "json"], "");
        assert_says(&said(&output), code, &[]);
        serde_json::from_slice(&output.stdout).unwrap()
    };
    let wrong_report = report(&wrong, 2);
    let diagnostic = json!({
        "level": "error", "code": "R061", "message": "no pattern is called `itm`", "label": "",
        "help": "did you mean `item`?", "file": format!("{wrong}/rules/all.yaml"),
        "line": 5, "column": 12, "end_column": 15,
        "start": wrong_report["diagnostics"][0]["start"], "end": wrong_report["diagnostics"][0]["end"],
    });
    assert_eq!(wrong_report["diagnostics"], json!([diagnostic]));
    assert_eq!((&wrong_report["ok"], &wrong_report["tests"]), (&json!(false), &Value::Null));
    let report_of_tests = report(&fails, 1);
    let failure = &report_of_tests["tests"]["failures"][0];
    assert_eq!((&failure["rule"], &failure["line"]), (&json!("drugs.review"), &json!(18)));
    assert_eq!(report_of_tests["diagnostics"][0]["code"], "R046");
    let report = report(&good, 0);
    assert_eq!((&report["ok"], &report["tests"]["run"]), (&json!(true), &json!(17)));
    assert_eq!((&report["benign"], &report["errors"]), (&Value::Null, &json!(0)));
}

#[test]
fn check_says_the_same_as_workflow_commands() {
    let folder = tempfile::tempdir().unwrap();
    let [wrong, fails, _] = packs(folder.path());
    let commands = |arguments: &[&str], code: i32| {
        let output = tidegate(&[arguments, &["--report", "github"]].concat(), "blorp\n");
        assert_says(&said(&output), code, &[]);
        String::from_utf8(output.stdout).unwrap()
    };
    assert_eq!(
        commands(&["check", &wrong], 2),
        format!(
            "::error file={wrong}/rules/all.yaml,line=5,col=12,endColumn=14,title=R061\
             ::no pattern is called `itm`; did you mean `item`?\n"
        )
    );
    let lines = commands(&["check", &fails, "--benign", "-", "--at-most", "1"], 1);
    let starts = [
        format!("::warning file={fails}/lists/old.txt,line=1,col=1"),
        format!("::error file={fails}/rules/all.yaml,line=18,title=test::test of `drugs.review`"),
        "::warning file=-,line=1,title=false-alarm::`drugs.direct` fires on an ordinary line: item"
            .to_owned(),
    ];
    assert_eq!(lines.lines().count(), starts.len(), "{lines}");
    for (line, start) in lines.lines().zip(starts) {
        assert!(line.starts_with(&start), "{line}");
    }
}

/// The part of the schema of SARIF 2.1.0 that these documents use, with its bounds; what the schema
/// does not have is refused.
fn sarif() -> Value {
    let message = json!({
        "type": "object", "required": ["text"], "additionalProperties": false,
        "properties": {"text": {"type": "string", "minLength": 1}},
    });
    let number = json!({"type": "integer", "minimum": 1});
    let region = json!({
        "type": "object", "required": ["startLine"], "additionalProperties": false,
        "properties": {"startLine": number, "startColumn": number, "endColumn": number},
    });
    let place = json!({
        "type": "object", "required": ["artifactLocation"], "additionalProperties": false,
        "properties": {
            "artifactLocation": {
                "type": "object", "required": ["uri"], "additionalProperties": false,
                "properties": {"uri": {"type": "string", "pattern": "^[A-Za-z0-9%/._~:-]+$"}},
            },
            "region": region,
        },
    });
    let location = json!({
        "type": "object", "required": ["physicalLocation"], "additionalProperties": false,
        "properties": {"physicalLocation": place},
    });
    let result = json!({
        "type": "object", "required": ["message"], "additionalProperties": false,
        "properties": {
            "ruleId": {"type": "string"}, "level": {"enum": ["none", "note", "warning", "error"]},
            "message": message, "locations": {"type": "array", "items": location},
        },
    });
    let rule = json!({
        "type": "object", "required": ["id"], "additionalProperties": false,
        "properties": {"id": {"type": "string"}, "shortDescription": message},
    });
    let driver = json!({
        "type": "object", "required": ["name"], "additionalProperties": false,
        "properties": {
            "name": {"type": "string"}, "version": {"type": "string"},
            "informationUri": {"type": "string", "pattern": "^https://"},
            "rules": {"type": "array", "uniqueItems": true, "items": rule},
        },
    });
    let run = json!({
        "type": "object", "required": ["tool"], "additionalProperties": false,
        "properties": {
            "tool": {
                "type": "object", "required": ["driver"], "additionalProperties": false,
                "properties": {"driver": driver},
            },
            "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
            "results": {"type": "array", "items": result},
        },
    });
    json!({
        "type": "object", "required": ["version", "runs"], "additionalProperties": false,
        "properties": {
            "$schema": {"type": "string"}, "version": {"const": "2.1.0"},
            "runs": {"type": "array", "items": run},
        },
    })
}

#[test]
fn check_says_the_same_as_sarif() {
    let folder = tempfile::tempdir().unwrap();
    let [wrong, fails, good] = packs(folder.path());
    let schema = jsonschema::validator_for(&sarif()).unwrap();
    let mut found = Vec::new();
    for (pack, code) in [(wrong, 2), (fails, 1), (good, 0)] {
        let arguments = ["check", &pack, "--report", "sarif", "--benign", "-", "--at-most", "1"];
        let output = tidegate(&arguments, "a blorp\n");
        assert_says(&said(&output), code, &[]);
        let document: Value = serde_json::from_slice(&output.stdout).unwrap();
        let faults: Vec<String> =
            schema.iter_errors(&document).map(|fault| fault.to_string()).collect();
        assert!(faults.is_empty(), "{faults:?}\n{document:#}");
        let run = &document["runs"][0];
        let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
        for result in run["results"].as_array().unwrap() {
            assert!(rules.iter().any(|rule| rule["id"] == result["ruleId"]), "{result}");
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            found.push((text(&result["ruleId"]), text(&result["level"])));
        }
    }
    let expected = [
        ("R061", "error"),
        ("R046", "warning"),
        ("test", "error"),
        ("false-alarm", "warning"),
        ("false-alarm", "warning"),
    ];
    assert_eq!(found, expected.map(|(id, level)| (id.to_owned(), level.to_owned())));
}
