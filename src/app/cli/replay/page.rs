//! The comparison as a page of HTML that needs nothing else: a chart over time, a table, samples.
//! No text of posts is in it.

use std::fmt::Write;

use jiff::Timestamp;

use super::Told;
use super::compare::{Difference, Row, Sample, Step};

const HEAD: &str = "<!doctype html>
<html lang=\"en\">
<meta charset=\"utf-8\">
<meta name=\"viewport\" content=\"width=device-width\">
<title>Tidegate: replay</title>
<style>
  :root { color-scheme: light dark; --same: #8a94a6; --new: #2a78d6; --gone: #c4432b; --changed: #d19a1b }
  body { margin: 2rem auto; max-width: 60rem; padding: 0 1rem; font: 15px/1.5 system-ui, sans-serif }
  table { border-collapse: collapse; width: 100% }
  th, td { padding: .3rem .6rem; text-align: right; border-bottom: 1px solid #8884 }
  th:first-child, td:first-child { text-align: left }
  tfoot { font-weight: bold }
  code { font: 13px ui-monospace, monospace }
  .legend span { margin-right: 1.2rem }
  .legend i { display: inline-block; width: .8rem; height: .8rem; margin-right: .4rem; vertical-align: -1px }
  svg { width: 100%; height: 12rem; margin: 1rem 0 .2rem }
  .axis { display: flex; justify-content: space-between; opacity: .7; font-size: 13px }
</style>
";

/// Width and height of the chart, in its own units.
const WIDTH: usize = 960;
const HEIGHT: usize = 200;

/// The whole page.
pub(super) fn html(told: &Told) -> String {
    let Told { pack, against, posts, compared, .. } = told;
    let mut page = HEAD.to_owned();
    // Writing to a string cannot fail.
    _ = writeln!(
        page,
        "<h1>{}</h1>\n<p>On {posts} posts, beside {}. Every post, channel or account counts once.</p>",
        escaped(pack),
        escaped(against)
    );
    page.push_str("<p class=\"legend\">");
    for difference in Difference::ALL {
        let name = name(difference);
        _ = write!(page, "<span><i style=\"background:var(--{name})\"></i>{name}</span>");
    }
    page.push_str("</p>\n");
    page.push_str(&chart(&compared.steps));
    let steps = i64::try_from(compared.steps.len()).unwrap_or(0);
    let end_ms = compared.from_ms + compared.step_ms * steps;
    let (from, to) = (time(compared.from_ms), time(end_ms));
    _ = writeln!(page, "<p class=\"axis\"><span>{from}</span><span>{to}</span></p>");
    page.push_str(
        "<table>\n<thead><tr><th>rule<th>same<th>new<th>gone<th>changed</thead>\n<tbody>\n",
    );
    compared.rules.iter().for_each(|rule| page.push_str(&row(rule)));
    _ = writeln!(page, "</tbody>\n<tfoot>\n{}</tfoot>\n</table>", row(&compared.total));
    for rule in compared.rules.iter().filter(|rule| !rule.samples.is_empty()) {
        _ = writeln!(page, "<h2>{}</h2>\n<ul>", escaped(&rule.rule));
        rule.samples.iter().for_each(|one| page.push_str(&sample(one)));
        page.push_str("</ul>\n");
    }
    page
}

fn name(difference: Difference) -> &'static str {
    match difference {
        Difference::Same => "same",
        Difference::New => "new",
        Difference::Gone => "gone",
        Difference::Changed => "changed",
    }
}

fn row(Row { rule, same, new, gone, changed, .. }: &Row) -> String {
    let rule = escaped(rule);
    format!("<tr><td>{rule}<td>{same}<td>{new}<td>{gone}<td>{changed}\n")
}

fn sample(Sample { difference, subject, source, now, before }: &Sample) -> String {
    let (now, before) = (escaped(&now.join(", ")), escaped(&before.join(", ")));
    let what = match difference {
        Difference::Changed => format!("{before} → {now}"),
        Difference::Gone => before,
        Difference::New | Difference::Same => now,
    };
    let (kind, id, source) = (&subject.kind, escaped(&subject.id), escaped(source));
    format!(
        "<li>{}: {what}, {kind} <code>{id}</code> at <code>{source}</code>\n",
        name(*difference)
    )
}

/// Bars over time, each stacked of the four differences.
fn chart(steps: &[Step]) -> String {
    let highest = steps.iter().map(|step| step.iter().sum::<usize>()).max().unwrap_or(0).max(1);
    let width = WIDTH / steps.len().max(1);
    let mut svg = format!(
        "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" preserveAspectRatio=\"none\" role=\"img\" \
         aria-label=\"what is acted on over time; the highest bar is {highest}\">\n"
    );
    for (index, step) in steps.iter().enumerate() {
        let mut top = HEIGHT;
        for (difference, count) in Difference::ALL.into_iter().zip(step) {
            let height = (count * HEIGHT).div_ceil(highest).min(top);
            top -= height;
            if height > 0 {
                _ = writeln!(
                    svg,
                    "<rect x=\"{}\" y=\"{top}\" width=\"{}\" height=\"{height}\" fill=\"var(--{})\"/>",
                    index * width,
                    width.saturating_sub(2),
                    name(difference)
                );
            }
        }
    }
    svg + "</svg>\n"
}

fn time(ms: i64) -> String {
    Timestamp::from_millisecond(ms).map_or_else(|_| String::new(), |time| format!("{time:.0}"))
}

/// Ids are chosen by others.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '&' => safe.push_str("&amp;"),
            '"' => safe.push_str("&quot;"),
            _ => safe.push(letter),
        }
    }
    safe
}
