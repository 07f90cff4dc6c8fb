//! What a check found, as one document of JSON.

use serde_json::{Value, json};

use super::benign::{Alarm, Benign};
use super::{Checked, Tried};
use crate::rules::{Diagnostic, Level};
use crate::trial::Failure;

pub(super) fn document(checked: &Checked) -> String {
    let report = &checked.report;
    let diagnostics: Vec<Value> =
        report.diagnostics.iter().map(|one| diagnostic(one, checked)).collect();
    let tried = checked.tried.as_ref();
    let document = json!({
        "folder": checked.folder.display().to_string(),
        "pack": tried.map(pack),
        "ok": checked.is_good(),
        "errors": report.errors(),
        "warnings": report.warnings(),
        "omitted": report.omitted,
        "diagnostics": diagnostics,
        "tests": tried.map(|tried| tests(tried, checked)),
        "benign": checked.benign().map(benign),
    });
    format!("{document}\n")
}

fn pack(tried: &Tried) -> Value {
    let pack = &tried.pack;
    json!({"name": pack.name, "version": pack.version, "rules": pack.rules.len()})
}

fn diagnostic(one: &Diagnostic, checked: &Checked) -> Value {
    let level = match one.severity {
        Level::Error => "error",
        Level::Warning => "warning",
    };
    let place = one.place(&checked.source);
    json!({
        "level": level, "code": one.code.id(), "message": one.message, "label": one.label,
        "help": one.help, "file": checked.path(&one.file),
        "start": one.span.start, "end": one.span.end,
        "line": place.map(|place| place.line), "column": place.map(|place| place.column),
        "end_column": place.map(|place| place.end_column),
    })
}

fn tests(tried: &Tried, checked: &Checked) -> Value {
    let failure = |failure: &Failure| {
        let (file, line) = &failure.place;
        json!({
            "rule": failure.rule, "file": checked.path(file), "line": line,
            "message": failure.what,
        })
    };
    let failures: Vec<Value> = tried.tests.failures.iter().map(failure).collect();
    json!({"run": tried.tests.run, "failures": failures})
}

fn benign(benign: &Benign) -> Value {
    let faults: Vec<Value> =
        benign.faults.iter().map(|(line, why)| json!({"line": line, "message": why})).collect();
    json!({
        "file": benign.file, "lines": benign.lines, "hit": benign.hit,
        "at_most": benign.at_most.to_string(), "allowed": benign.at_most.allowed(benign.lines),
        "ok": benign.is_allowed(), "rules": benign.rules,
        "alarms": benign.alarms.iter().map(alarm).collect::<Vec<_>>(),
        "omitted": benign.omitted(),
        "unreadable": benign.unreadable, "faults": faults,
    })
}

fn alarm(alarm: &Alarm) -> Value {
    let marks = alarm.marks.iter().map(
        |(range, pattern)| json!({"start": range.start, "end": range.end, "pattern": pattern}),
    );
    json!({
        "line": alarm.line, "rule": alarm.rule, "part": alarm.part, "text": alarm.text,
        "marks": marks.collect::<Vec<_>>(),
    })
}
