//! One thing that a check found, as GitHub and SARIF count them: a level, an id, a place, a message.

use super::Checked;
use super::benign::{Alarm, Benign};
use crate::rules::{Diagnostic, Level};
use crate::trial::Failure;

/// Id of a test that does not hold.
pub(super) const TEST: &str = "test";
/// Id of a rule that fires on an ordinary line.
pub(super) const ALARM: &str = "false-alarm";
/// Id of an ordinary line that cannot be read.
pub(super) const UNREADABLE: &str = "unreadable-line";

/// One finding.
#[derive(Debug)]
pub(super) struct Finding {
    pub(super) is_error: bool,
    /// The code of a diagnostic, or one of the ids above.
    pub(super) id: &'static str,
    pub(super) message: String,
    pub(super) file: String,
    /// From 1; none where it is about the file.
    pub(super) line: Option<u64>,
    /// Columns of characters from 1, and behind the last one.
    pub(super) columns: Option<(usize, usize)>,
}

/// Everything that was found, in the order it is told to people.
pub(super) fn all(checked: &Checked) -> Vec<Finding> {
    let mut findings: Vec<Finding> =
        checked.report.diagnostics.iter().map(|one| diagnostic(one, checked)).collect();
    if let Some(tried) = &checked.tried {
        findings.extend(tried.tests.failures.iter().map(|failure| test(failure, checked)));
    }
    if let Some(benign) = checked.benign() {
        findings.extend(benign.alarms.iter().map(|of| alarm(of, benign)));
        findings.extend(benign.faults.iter().map(|of| unreadable(of, benign)));
    }
    findings
}

fn diagnostic(one: &Diagnostic, checked: &Checked) -> Finding {
    let help = one.help.as_ref().map(|help| format!("; {help}")).unwrap_or_default();
    let place = one.place(&checked.source);
    Finding {
        is_error: one.severity == Level::Error,
        id: one.code.id(),
        message: format!("{}{help}", one.message),
        file: checked.path(&one.file),
        line: place.and_then(|place| u64::try_from(place.line).ok()),
        columns: place.map(|place| (place.column, place.end_column)),
    }
}

fn test(failure: &Failure, checked: &Checked) -> Finding {
    let (file, line) = &failure.place;
    Finding {
        is_error: true,
        id: TEST,
        message: format!("test of `{}` {}", failure.rule, failure.what),
        file: checked.path(file),
        line: u64::try_from(*line).ok(),
        columns: None,
    }
}

/// An alarm is an error only where there are too many of them.
fn alarm(alarm: &Alarm, benign: &Benign) -> Finding {
    let names: Vec<&str> = alarm.marks.iter().map(|(_, pattern)| pattern.as_str()).collect();
    let names = if names.is_empty() { String::new() } else { format!(": {}", names.join(", ")) };
    Finding {
        is_error: !benign.is_allowed(),
        id: ALARM,
        message: format!("`{}` fires on an ordinary line{names}", alarm.rule),
        file: benign.file.clone(),
        line: Some(alarm.line),
        columns: None,
    }
}

fn unreadable((line, why): &(u64, String), benign: &Benign) -> Finding {
    Finding {
        is_error: true,
        id: UNREADABLE,
        message: format!("the line cannot be read: {why}"),
        file: benign.file.clone(),
        line: Some(*line),
        columns: None,
    }
}
