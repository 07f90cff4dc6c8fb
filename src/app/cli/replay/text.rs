//! The comparison as a table, and as JSON.

use std::fmt::Write;

use serde_json::json;

use super::Told;
use super::compare::{Difference, Row, Sample};

/// Longest text that is shown of a sample, characters.
const TEXT_CHARS: usize = 200;

/// As one document of JSON; no text of posts is in it.
pub(super) fn json(told: &Told) -> Result<String, serde_json::Error> {
    let mut document = json!({
        "pack": told.pack, "against": told.against, "posts": told.posts, "unread": told.faults,
        "seconds": told.seconds,
    });
    let compared = serde_json::to_value(&told.compared)?;
    if let (Some(document), serde_json::Value::Object(compared)) =
        (document.as_object_mut(), compared)
    {
        document.extend(compared);
    }
    Ok(format!("{document}\n"))
}

/// For people.
pub(super) fn table(told: &Told) -> String {
    let Told { pack, against, posts, seconds, compared, .. } = told;
    let mut text = String::new();
    // Writing to a string cannot fail.
    _ = writeln!(text, "{pack} on {posts} posts, beside {against} ({seconds:.1} s)\n");
    let rows: Vec<&Row> = compared.rules.iter().chain([&compared.total]).collect();
    let width = rows.iter().map(|row| row.rule.len()).max().unwrap_or(0).max(4);
    _ = writeln!(
        text,
        "{:width$} {:>9} {:>9} {:>9} {:>9}",
        "rule", "same", "new", "gone", "changed"
    );
    for Row { rule, same, new, gone, changed, .. } in rows {
        _ = writeln!(text, "{rule:width$} {same:>9} {new:>9} {gone:>9} {changed:>9}");
    }
    for row in &compared.rules {
        if !row.samples.is_empty() {
            _ = writeln!(text, "\n{}", row.rule);
        }
        for sample in &row.samples {
            text.push_str(&line(sample, told));
        }
    }
    text
}

fn line(sample: &Sample, told: &Told) -> String {
    let Sample { difference, subject, source, now, before } = sample;
    let (now, before) = (now.join(", "), before.join(", "));
    let what = match difference {
        Difference::New => format!("new      {now}"),
        Difference::Gone => format!("gone     {before}"),
        Difference::Changed => format!("changed  {before} → {now}"),
        Difference::Same => format!("same     {now}"),
    };
    let mut line =
        format!("  {what}: {} {} at {source}\n", subject.kind, subject.id.escape_debug());
    if let Some(text) = told.texts.get(source) {
        let cut: String = text.chars().take(TEXT_CHARS).collect();
        // A terminal obeys what it is told.
        line.push_str(&format!("           {}\n", cut.escape_debug()));
    }
    line
}
