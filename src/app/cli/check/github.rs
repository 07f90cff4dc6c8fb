//! What a check found, as workflow commands: GitHub shows them beside the lines of a change.

use super::Checked;
use super::finding::{self, Finding};

pub(super) fn commands(checked: &Checked) -> String {
    finding::all(checked).iter().map(command).collect()
}

fn command(finding: &Finding) -> String {
    let level = if finding.is_error { "error" } else { "warning" };
    let line = finding.line.map(|line| format!(",line={line}")).unwrap_or_default();
    let columns = finding.columns.map(|(column, end)| {
        // GitHub wants the last column, not the one behind it.
        format!(",col={column},endColumn={}", end.saturating_sub(1).max(column))
    });
    let (columns, file) = (columns.unwrap_or_default(), property(&finding.file));
    let (title, message) = (property(finding.id), data(&finding.message));
    format!("::{level} file={file}{line}{columns},title={title}::{message}\n")
}

/// A message as it must be written, or it would end the command, or begin another.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The same for what stands between commas.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_finding_ends_its_command() {
        let finding = Finding {
            is_error: false,
            id: "R001",
            message: "50% of\r\n::error::all".to_owned(),
            file: "a,b:c\n".to_owned(),
            line: Some(3),
            columns: Some((2, 2)),
        };
        assert_eq!(
            command(&finding),
            "::warning file=a%2Cb%3Ac%0A,line=3,col=2,endColumn=2,title=R001\
             ::50%25 of%0D%0A::error::all\n"
        );
    }
}
