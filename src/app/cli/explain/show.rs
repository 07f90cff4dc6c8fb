//! An explanation as lines.

use std::ops::Range;

use super::page::{Line, Page, Style};
use crate::extract::FoundLink;
use crate::normalise::{self, Trick, TrickKind};
use crate::rules::{Literal, Rule, Status, Value};
use crate::score::{Explained, From, Seeing, Step, Truth};
use crate::screen::{Explainer, Explanation, Place, ShownHit, ShownOdd, ShownPiece};

/// Where the second column begins.
const MARGIN: usize = 10;

/// Hits of one pattern that are shown.
const HITS_SHOWN: usize = 16;

pub(super) fn page(explainer: &Explainer, explanation: &Explanation<'_>) -> Page {
    let mut page = Page::default();
    for (number, piece) in explanation.pieces.iter().enumerate() {
        let here = explanation.hits.iter().filter_map(|hit| match &hit.place {
            Place::Text { piece, range, .. } if *piece == number => Some(range.clone()),
            _ => None,
        });
        show_piece(&mut page, piece, here.collect());
    }
    for explained in &explanation.rules {
        if let Some(rule) = explainer.rules().get(explained.rule) {
            page.push(Line::default());
            show_rule(&mut page, explained, rule, explanation);
        }
    }
    let quiet = explainer.rules().len().saturating_sub(explanation.rules.len());
    let rest = match (quiet, explanation.rules.len()) {
        (0, _) => return page,
        (1, 0) => "The rule has no hit.".to_owned(),
        (_, 0) => format!("None of the {quiet} rules has a hit."),
        (1, _) => "One more rule has no hit.".to_owned(),
        _ => format!("{quiet} more rules have no hit."),
    };
    page.push(Line::default());
    page.push(Line::new(Style::Dim, rest));
    page
}

fn row(name: &str) -> Line {
    Line::new(Style::Name, format!("{name:MARGIN$}"))
}

fn show_piece(page: &mut Page, piece: &ShownPiece<'_>, hits: Vec<Range<usize>>) {
    let part = piece.piece.part;
    let name = match part.repeats() {
        true => format!("{} {}", part.name(), piece.piece.index),
        false => part.name().to_owned(),
    };
    let mut line = row(&name);
    let text = piece.piece.text;
    for (range, is_hit) in marked(text.len(), hits) {
        let style = if is_hit { Style::Hit } else { Style::Plain };
        line = line.and(style, text.get(range).unwrap_or_default());
    }
    page.push(line);
    page.push(row("folded").plain(&piece.folded));
    let unmasked = if piece.unmasked == piece.folded { "the same" } else { &piece.unmasked };
    let style = if piece.unmasked == piece.folded { Style::Dim } else { Style::Plain };
    page.push(row("unmasked").and(style, unmasked));
    piece.odd.iter().for_each(|odd| page.push(show_odd(odd)));
    piece.links.iter().for_each(|link| page.push(show_link(link)));
}

/// A text of so many bytes in stretches that are hits and such that are not.
fn marked(size: usize, mut hits: Vec<Range<usize>>) -> Vec<(Range<usize>, bool)> {
    hits.sort_by_key(|hit| (hit.start, hit.end));
    let mut out = Vec::new();
    let mut done = 0;
    for hit in hits {
        let start = hit.start.max(done);
        if start >= hit.end {
            continue;
        }
        out.push((done..start, false));
        out.push((start..hit.end, true));
        done = hit.end;
    }
    out.push((done..size, false));
    out.retain(|(range, _)| !range.is_empty());
    out
}

fn show_odd(odd: &ShownOdd<'_>) -> Line {
    let line = row("").plain(format!("`{}`", odd.written));
    let line = match odd.plain == odd.written.to_lowercase() {
        true => line,
        false => line.and(Style::Dim, " may say ").plain(format!("`{}`", odd.plain)),
    };
    line.and(Style::Dim, format!(": {}", tricks(&odd.tricks)))
}

fn show_link(link: &FoundLink) -> Line {
    let mut line = row("").and(Style::Dim, "link to ").plain(format!("{}{}", link.host, link.path));
    if let Some(service) = link.service {
        line = line.and(Style::Dim, format!(" of {service}"));
    }
    if let Some(channel) = &link.channel {
        line = line.and(Style::Dim, format!(", channel {channel}"));
    }
    line
}

/// Ways to hide in words: `digits for letters (0 is o)`.
fn tricks(tricks: &[Trick]) -> String {
    let shown = tricks.iter().map(|trick| {
        let pairs = trick.pairs.iter().map(|(written, meant)| match trick.kind {
            TrickKind::Invisible => written.clone(),
            TrickKind::Scripts => {
                let script = written.chars().next().map_or("", normalise::script_name);
                format!("{script} {written} is {meant}")
            }
            TrickKind::Apart | TrickKind::Dots if written == " " => "by a space".to_owned(),
            TrickKind::Apart | TrickKind::Dots => format!("by `{written}`"),
            _ => format!("{written} is {meant}"),
        });
        format!("{} ({})", trick.kind, pairs.collect::<Vec<_>>().join(", "))
    });
    shown.collect::<Vec<_>>().join("; ")
}

fn show_rule(page: &mut Page, explained: &Explained, rule: &Rule, explanation: &Explanation<'_>) {
    let status = match rule.status {
        Status::Canary(share) => format!("canary {share}"),
        status => status.name().to_owned(),
    };
    let about = format!(" ({status}, {})", rule.severity.name());
    let actions: Vec<&str> = explained.actions.iter().map(|action| action.kind.name()).collect();
    let truth = if explained.looks { explained.condition.holds } else { Truth::No };
    let (style, says) = match truth {
        Truth::Yes => (Style::Yes, " fires"),
        Truth::No => (Style::No, " does not fire"),
        Truth::Unknown => (Style::Unknown, " is unknown, and does not fire"),
    };
    let line = mark(truth).and(Style::Name, &rule.id).and(style, says).and(Style::Dim, about);
    page.push(match truth {
        Truth::Yes => line.plain(format!(": {}", actions.join(", "))),
        _ => line,
    });
    show_step(page, &explained.condition, 1);
    if let Some(soften) =
        explained.soften.as_ref().filter(|soften| explained.fires() || soften.holds.is_yes())
    {
        page.push(Line::new(Style::Dim, "  softened when"));
        show_step(page, soften, 2);
    }
    let mut last = ("", 0);
    for hit in explanation.hits.iter().filter(|hit| hit.rule == explained.rule) {
        last = if last.0 == hit.pattern { (last.0, last.1 + 1) } else { (&hit.pattern, 1) };
        if last.1 <= HITS_SHOWN {
            page.push(show_hit(hit, explanation));
        }
    }
    if !explained.looks {
        let kinds: Vec<&str> = rule.kinds.iter().map(|kind| kind.name()).collect();
        page.push(
            Line::new(Style::No, "  lacks: ")
                .plain(format!("the rule looks at records of kind {} only", kinds.join(" and "))),
        );
    } else if !explained.fires() {
        page.push(Line::new(Style::No, "  lacks: ").plain(lacks(&explained.condition)));
    }
    if let Some(exempt) = rule.exempt.as_ref().filter(|_| explained.exempt) {
        let text = format!("  `exempt` spares the channel until {}", exempt.until);
        page.push(Line::new(Style::No, text));
    }
    if let Some(count) = rule.count.filter(|_| explained.fires()) {
        let text = format!(
            "  acts once {} different {} of one {} were seen",
            count.at_least,
            count.different.name(),
            count.by.name(),
        );
        page.push(Line::new(Style::Dim, text));
    }
}

fn mark(holds: Truth) -> Line {
    match holds {
        Truth::Yes => Line::new(Style::Yes, "✓ "),
        Truth::No => Line::new(Style::No, "✗ "),
        Truth::Unknown => Line::new(Style::Unknown, "? "),
    }
}

fn show_step(page: &mut Page, step: &Step, depth: usize) {
    let line = Line::default().plain("  ".repeat(depth)).with(mark(step.holds));
    let line = line.plain(&step.written);
    page.push(match &step.from {
        From::Seen(found) => line.and(Style::Dim, format!("  {}", seeing(found))),
        _ => line,
    });
    step.parts.iter().for_each(|part| show_step(page, part, depth + 1));
}

fn seeing(found: &Seeing) -> String {
    match *found {
        Seeing::Hits(0) => "no hit".to_owned(),
        Seeing::Hits(1) => "1 hit".to_owned(),
        Seeing::Hits(count) => format!("{count} hits"),
        Seeing::Names { hit, all } => format!("{hit} of {all} names hit"),
        Seeing::Apart(None) => "no two in one part".to_owned(),
        Seeing::Apart(Some(0)) => "no word between the nearest".to_owned(),
        Seeing::Apart(Some(1)) => "1 word between the nearest".to_owned(),
        Seeing::Apart(Some(words)) => format!("{words} words between the nearest"),
        Seeing::Different(count) => format!("{count} different"),
        Seeing::Value(ref value) => format!("it is {}", shown(value)),
        Seeing::Missing(field) => format!("the post has no {field}"),
    }
}

/// A value, short enough for a line.
fn shown(value: &Literal) -> String {
    const CHARS: usize = 40;
    match value {
        Value::Duration(ms) => age(ms / 1_000),
        Value::Text(text) if text.chars().nth(CHARS).is_some() => {
            format!("\"{}…\"", text.chars().take(CHARS).collect::<String>())
        }
        _ => value.to_string(),
    }
}

/// Seconds in the two largest units that they fill.
fn age(seconds: i64) -> String {
    const UNITS: [(i64, &str); 4] = [(86_400, "d"), (3_600, "h"), (60, "m"), (1, "s")];
    let mut rest = seconds;
    let parts = UNITS.iter().filter_map(|(size, name)| {
        let count = rest / size;
        rest %= size;
        (count > 0).then(|| format!("{count}{name}"))
    });
    let parts: Vec<String> = parts.take(2).collect();
    if parts.is_empty() { "0s".to_owned() } else { parts.join(" ") }
}

/// What would have to be otherwise, of a part that does not hold.
fn lacks(step: &Step) -> String {
    let missing = step.parts.iter().filter(|part| !part.holds.is_yes());
    let missing: Vec<String> = missing
        .map(|part| match (&part.from, &step.from) {
            (From::Any, From::All) if part.parts.len() > 1 => format!("({})", lacks(part)),
            _ => lacks(part),
        })
        .collect();
    match &step.from {
        From::Seen(found) => format!("`{}` ({})", step.written, seeing(found)),
        From::Not if step.holds == Truth::Unknown => missing.join(" and "),
        From::Not => {
            let held = step.parts.first().map_or("", |part| &part.written);
            format!("that `{held}` does not hold")
        }
        From::All => missing.join(" and "),
        From::Any => missing.join(" or "),
    }
}

fn show_hit(hit: &ShownHit<'_>, explanation: &Explanation<'_>) -> Line {
    let line = Line::default().plain("  ").and(Style::Name, &hit.pattern).plain(" is ");
    let meant = |line: Line, entry: Option<&String>| match entry {
        Some(entry) => line.plain(format!(", which is `{entry}`")),
        None => line,
    };
    let entry = hit.entry.as_ref();
    let line = match &hit.place {
        Place::Field(pointer) => meant(line.plain(format!("field {pointer}")), entry),
        Place::Text { piece, range, written, view, tricks: hiding } => {
            let part = explanation.pieces.get(*piece).map_or("", |piece| piece.piece.part.name());
            let line = line.and(Style::Hit, written);
            let line = meant(line, entry.filter(|entry| entry != written));
            let place = format!(" ({part} {}..{}, {})", range.start, range.end, view.name());
            let line = line.and(Style::Dim, place);
            if hiding.is_empty() { line } else { line.plain(format!(": {}", tricks(hiding))) }
        }
    };
    if hit.hidden { line.and(Style::No, ", which `except` hides") } else { line }
}
