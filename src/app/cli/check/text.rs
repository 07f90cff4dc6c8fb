//! What a check found, for people.

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use super::Checked;
use super::benign::{Alarm, Benign};
use crate::app::cli::output::how_many;

/// Alarms shown, and lines that cannot be read: what fits a few screens. The documents hold more.
const SHOWN_MAX: usize = 20;

pub(super) fn page(checked: &Checked, colour: bool) -> String {
    let mut page = checked.report.render(&checked.source, colour);
    let Some(tried) = &checked.tried else { return page };
    for failure in &tried.tests.failures {
        let (file, line) = &failure.place;
        let (rule, what) = (&failure.rule, &failure.what);
        page.push_str(&format!("error: test of `{rule}` {what}\n --> {file}:{line}\n"));
    }
    if let Some(benign) = &tried.benign {
        page.push_str(&alarms(benign, colour));
    }
    let (rules, tests) = (how_many(tried.pack.rules.len(), "rule"), tried.tests.run);
    let name = &tried.pack.name;
    page.push_str(&match (tests, tried.tests.failures.len()) {
        (1, 0) => format!("{name}: {rules}, 1 test passes\n"),
        (_, 0) => format!("{name}: {rules}, {tests} tests pass\n"),
        (_, failed) => format!("{name}: {rules}, {failed} of {} fail\n", how_many(tests, "test")),
    });
    if let Some(benign) = &tried.benign {
        page.push_str(&count(benign));
    }
    page
}

/// The first alarms with their lines, the hits marked; how many more there are.
fn alarms(benign: &Benign, colour: bool) -> String {
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    let mut page = String::new();
    for alarm in benign.alarms.iter().take(SHOWN_MAX) {
        page.push_str(&shown(alarm, &benign.file, &renderer));
        page.push_str("\n\n");
    }
    let all = benign.rules.values().sum::<u64>();
    let more = all.saturating_sub(SHOWN_MAX as u64);
    if more > 0 {
        page.push_str(&format!("and {more} false alarms more\n\n"));
    }
    page
}

fn shown(alarm: &Alarm, file: &str, renderer: &Renderer) -> String {
    let level = Level::WARNING.with_name("false alarm");
    let title = level.primary_title("fires on an ordinary line");
    let group = Group::with_title(title.id(&*alarm.rule));
    let path = format!("{file}:{}", alarm.line);
    // A post of several lines stands on one line of its file. Both signs take one byte.
    let text = alarm.text.replace(['\n', '\r'], " ");
    let line = usize::try_from(alarm.line).unwrap_or(usize::MAX);
    let marks = alarm.marks.iter().map(|(range, pattern)| {
        AnnotationKind::Primary.span(range.clone()).label(pattern.as_str())
    });
    let snippet = Snippet::source(text).line_start(line).path(file).annotations(marks);
    let group = match alarm.marks.is_empty() {
        // A rule that fires by fields alone, or far behind in a long text.
        true => group.element(Origin::path(path)),
        false => group.element(snippet),
    };
    renderer.render(&[group])
}

/// How many lines hit, of how many, by which rules.
fn count(benign: &Benign) -> String {
    let Benign { file, lines, hit, at_most, .. } = benign;
    let allowed = at_most.allowed(*lines);
    let verdict = if benign.is_allowed() { "few enough" } else { "too many" };
    let mut page =
        format!("{file}: {hit} of {lines} lines hit, {allowed} allowed ({at_most}): {verdict}\n");
    let mut rules: Vec<_> = benign.rules.iter().collect();
    rules.sort_by_key(|(rule, lines)| (std::cmp::Reverse(**lines), *rule));
    for (rule, lines) in rules {
        page.push_str(&format!("{lines:>8}  {rule}\n"));
    }
    page
}
