//! What a check found, as SARIF 2.1.0.

use serde_json::{Map, Value, json};

use super::Checked;
use super::finding::{self, ALARM, Finding, TEST, UNREADABLE};
use crate::rules::Code;

pub(super) fn document(checked: &Checked) -> String {
    let findings = finding::all(checked);
    let results: Vec<Value> = findings.iter().map(result).collect();
    let driver = json!({
        "name": "tidegate",
        "version": env!("CARGO_PKG_VERSION"),
        "informationUri": env!("CARGO_PKG_REPOSITORY"),
        "rules": rules(&findings),
    });
    let run = json!({
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": results,
    });
    let document = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [run],
    });
    format!("{document}\n")
}

/// What each id means, of those that were found.
fn rules(findings: &[Finding]) -> Vec<Value> {
    let codes = Code::ALL.iter().map(|code| (code.id(), code.meaning()));
    let others = [
        (TEST, "a rule's own test does not hold"),
        (ALARM, "a rule fires on an ordinary line"),
        (UNREADABLE, "an ordinary line cannot be read"),
    ];
    codes
        .chain(others)
        .filter(|(id, _)| findings.iter().any(|finding| finding.id == *id))
        .map(|(id, meaning)| json!({"id": id, "shortDescription": {"text": meaning}}))
        .collect()
}

fn result(finding: &Finding) -> Value {
    let mut place = Map::new();
    place.insert("artifactLocation".to_owned(), json!({"uri": uri(&finding.file)}));
    if let Some(line) = finding.line {
        let mut region = Map::new();
        region.insert("startLine".to_owned(), json!(line));
        if let Some((column, end)) = finding.columns {
            region.insert("startColumn".to_owned(), json!(column));
            region.insert("endColumn".to_owned(), json!(end));
        }
        place.insert("region".to_owned(), Value::Object(region));
    }
    json!({
        "ruleId": finding.id,
        "level": if finding.is_error { "error" } else { "warning" },
        "message": {"text": finding.message},
        "locations": [{"physicalLocation": place}],
    })
}

/// A path as a reference: relative as it was given, or a `file:` address.
fn uri(path: &str) -> String {
    let scheme = if path.starts_with('/') { "file://" } else { "" };
    let path = path.strip_prefix("./").unwrap_or(path).bytes().map(|byte| match byte {
        b'/' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        _ if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    });
    format!("{scheme}{}", path.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_becomes_a_reference() {
        for (path, expected) in [
            ("packs/starter/pack.yaml", "packs/starter/pack.yaml"),
            ("./a b/ü.yaml", "a%20b/%C3%BC.yaml"),
            ("/tmp/x#1.yaml", "file:///tmp/x%231.yaml"),
            ("c:x", "c%3Ax"),
        ] {
            assert_eq!(uri(path), expected);
        }
    }
}
