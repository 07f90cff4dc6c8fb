//! The samples as a picture: small graphs with one axis of time, each from nothing up, so that what is
//! flat looks flat and what rises looks as steep as it is. It brings its own light ground, so that it can
//! be read on any page.

use super::report::{MEASURES, Measure, Report};
use super::sampler::Sample;

/// The first so many measures: the others are numbers that a table shows well enough.
const SHOWN: usize = 6;
const COLUMNS: usize = 2;

// All of these in pixels.
const WIDTH: usize = 880;
const HEAD: usize = 56;
/// A small graph with its title and its labels.
const CELL_WIDTH: usize = 430;
const CELL_HEIGHT: usize = 190;
/// Where the field of points begins in it, and how large it is.
const LEFT: usize = 72;
const TOP: usize = 30;
const FIELD_WIDTH: usize = 338;
const FIELD_HEIGHT: usize = 112;

/// Parts of an axis between its labels.
const STEPS: usize = 4;

const STYLE: &str = "\
<style>
  text { font-family: sans-serif; font-size: 12px; fill: #3d444d; }
  .head { font-size: 15px; font-weight: bold; fill: #1f2328; }
  .name { font-weight: bold; fill: #1f2328; }
  .rule { stroke: #d1d9e0; stroke-width: 1; }
  .line { fill: none; stroke: #0b5cad; stroke-width: 1.5; stroke-linejoin: round; }
</style>
";

pub fn draw(report: &Report<'_>) -> String {
    let height = HEAD + SHOWN.div_ceil(COLUMNS) * CELL_HEIGHT + 10;
    let Report { samples, minutes, rate } = report;
    let words = format!(
        "{} posts a second for {minutes} minutes; the rules change every minute. Every axis begins at 0.",
        grouped(*rate as f64)
    );
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" \
         width=\"{WIDTH}\" height=\"{height}\" role=\"img\">\n\
         <title>What the service holds under load. {words}</title>\n{STYLE}\
         <rect width=\"{WIDTH}\" height=\"{height}\" rx=\"8\" fill=\"#ffffff\" stroke=\"#d1d9e0\"/>\n\
         <text class=\"head\" x=\"16\" y=\"24\">What the service holds under load</text>\n\
         <text x=\"16\" y=\"43\">{words}</text>\n"
    );
    for (number, measure) in MEASURES.iter().take(SHOWN).enumerate() {
        let left = number % COLUMNS * CELL_WIDTH + 10;
        let top = HEAD + number / COLUMNS * CELL_HEIGHT;
        svg.push_str(&format!("<g transform=\"translate({left} {top})\">\n"));
        svg.push_str(&small(measure, samples, *minutes));
        svg.push_str("</g>\n");
    }
    svg + "</svg>\n"
}

/// One small graph.
fn small(measure: &Measure, samples: &[Sample], minutes: usize) -> String {
    let most = samples.iter().map(measure.of).fold(0.0, f64::max);
    let top = round_up(most);
    let (right, bottom) = (LEFT + FIELD_WIDTH, TOP + FIELD_HEIGHT);
    let mut svg =
        format!("<text class=\"name\" x=\"{LEFT}\" y=\"18\">{}</text>\n", measure.title());
    for step in 0..=STEPS {
        let share = step as f64 / STEPS as f64;
        let (x, y) = (across(share), up(share));
        svg.push_str(&format!(
            "<line class=\"rule\" x1=\"{LEFT}\" y1=\"{y:.1}\" x2=\"{right}\" y2=\"{y:.1}\"/>\n\
             <text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>\n\
             <text x=\"{x:.1}\" y=\"{}\" text-anchor=\"middle\">{}</text>\n",
            LEFT - 8,
            y + 4.0,
            grouped(top * share),
            bottom + 18,
            grouped(minutes as f64 * share),
        ));
    }
    let middle = across(0.5);
    let below = bottom + 34;
    svg.push_str(&format!(
        "<text x=\"{middle:.1}\" y=\"{below}\" text-anchor=\"middle\">minutes</text>\n"
    ));
    let seen = samples.iter().filter(|sample| (measure.of)(sample).is_finite());
    let points = seen.map(|sample| {
        let x = across(sample.minutes / minutes as f64);
        format!("{x:.1},{:.1}", up((measure.of)(sample) / top))
    });
    let points = points.collect::<Vec<_>>().join(" ");
    svg.push_str(&format!("<polyline class=\"line\" points=\"{points}\"/>\n"));
    svg
}

/// Where a share of the time is.
fn across(share: f64) -> f64 {
    LEFT as f64 + share * FIELD_WIDTH as f64
}

/// Where a share of the most is.
fn up(share: f64) -> f64 {
    (TOP + FIELD_HEIGHT) as f64 - share * FIELD_HEIGHT as f64
}

/// The end of an axis that has room for this much, so that its quarters are round too.
fn round_up(most: f64) -> f64 {
    let power = 10_f64.powf(most.max(1.0).log10().floor());
    let ends = [1.0, 1.2, 1.6, 2.0, 2.4, 3.2, 4.0, 6.0, 8.0, 10.0].map(|end| end * power);
    ends.into_iter().find(|end| *end >= most * 1.05).unwrap_or(power * 20.0)
}

/// A number with its thousands set apart, and one digit after the point where it is not whole.
fn grouped(number: f64) -> String {
    let number = (number * 10.0).round() / 10.0;
    if number.fract() != 0.0 {
        return format!("{number:.1}");
    }
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
