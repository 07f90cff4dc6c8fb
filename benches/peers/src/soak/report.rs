//! What the samples say: a table, a verdict, a file of the samples, a graph.

use std::fs;
use std::path::{Path, PathBuf};

use super::graph;
use super::sampler::Sample;
use crate::kafka;

/// Lines of the table.
const PARTS: usize = 10;

/// A quarter of a second of posts at the usual rate: five transactions.
const LAG_MORE: f64 = 12_500.0;

/// One thing that is sampled.
pub struct Measure {
    pub name: &'static str,
    pub unit: &'static str,
    /// Digits after the point.
    places: usize,
    pub of: fn(&Sample) -> f64,
    /// How much more the last quarter may have than the second one, which had so much; what is not
    /// judged has none.
    more: Option<fn(f64) -> f64>,
}

pub const MEASURES: [Measure; 9] = [
    // Both hold: 5 % of a small program is little, and 10 MiB an hour would be too much for any.
    judged(
        "memory resident",
        "MiB",
        1,
        |sample| sample.resident_mib,
        |mib| f64::min(mib * 0.05, 10.0),
    ),
    judged("open descriptors", "", 0, |sample| sample.descriptors, |_| 5.0),
    judged("posts behind", "", 0, |sample| sample.lag, |_| LAG_MORE),
    judged("rows of state", "", 0, |sample| sample.state, |rows| rows * 0.05),
    shown("processor", "% of a core", 0, |sample| sample.cpu),
    shown("p99 to the takedown", "ms", 0, |sample| sample.p99_ms),
    shown("disk of all topics", "MiB", 0, |sample| sample.disk_mib),
    shown("changes of the rules", "", 0, |sample| sample.changes),
    shown("transactions rolled back", "", 0, |sample| sample.rolled_back),
];

const fn shown(
    name: &'static str,
    unit: &'static str,
    places: usize,
    of: fn(&Sample) -> f64,
) -> Measure {
    Measure { name, unit, places, of, more: None }
}

const fn judged(
    name: &'static str,
    unit: &'static str,
    places: usize,
    of: fn(&Sample) -> f64,
    more: fn(f64) -> f64,
) -> Measure {
    Measure { name, unit, places, of, more: Some(more) }
}

impl Measure {
    pub fn title(&self) -> String {
        match self.unit {
            "" => self.name.to_owned(),
            unit => format!("{}, {unit}", self.name),
        }
    }

    /// Of some samples the middle one, and the least and the most around it.
    fn spread(&self, samples: &[Sample]) -> String {
        kafka::spread(samples.iter().map(self.of).collect(), self.places)
    }
}

pub struct Report<'a> {
    pub samples: &'a [Sample],
    pub minutes: usize,
    /// Posts a second.
    pub rate: usize,
}

/// The second quarter of a run beside the last one.
struct Judged {
    before: f64,
    after: f64,
    more: f64,
}

impl Judged {
    fn is_flat(&self) -> bool {
        self.after <= self.before + self.more
    }
}

impl Report<'_> {
    /// So many parts from the start on, of `of`, up to so many.
    fn part(&self, from: usize, to: usize, of: usize) -> &[Sample] {
        let at = |part| self.samples.len() * part / of;
        &self.samples[at(from)..at(to)]
    }

    fn judge(&self, measure: &Measure) -> Option<Judged> {
        let median = |samples: &[Sample]| {
            let mut values: Vec<f64> = samples.iter().map(measure.of).collect();
            values.sort_by(f64::total_cmp);
            values.get(values.len() / 2).copied()
        };
        let before = median(self.part(1, 2, 4))?;
        let after = median(self.part(3, 4, 4))?;
        Some(Judged { before, after, more: measure.more?(before) })
    }

    pub fn print(&self) {
        println!("Medians of each tenth of the run, and the range:\n");
        let titles = MEASURES.iter().map(Measure::title).collect::<Vec<_>>();
        println!("| minutes | {} |", titles.join(" | "));
        println!("|---|{}", "--:|".repeat(MEASURES.len()));
        for part in 0..PARTS {
            let samples = self.part(part, part + 1, PARTS);
            let Some(last) = samples.last() else { continue };
            let cells = MEASURES.iter().map(|measure| measure.spread(samples));
            let cells = cells.collect::<Vec<_>>().join(" | ");
            println!("| to {:.1} | {cells} |", last.minutes);
        }
        println!("\n| | second quarter, median | last quarter, median | may rise by | |");
        println!("|---|--:|--:|--:|---|");
        for measure in &MEASURES {
            let Some(judged) = self.judge(measure) else { continue };
            let Judged { before, after, more } = judged;
            let (title, places) = (measure.title(), measure.places);
            let said = if judged.is_flat() { "flat" } else { "**rises**" };
            println!(
                "| {title} | {before:.places$} | {after:.places$} | {more:.places$} | {said} |"
            );
        }
        println!();
    }

    /// The graph into the documentation, the samples beside what is built.
    pub fn write(&self) {
        let graph = repository().join("docs/soak.svg");
        let drawn = graph::draw(self);
        fs::write(graph, drawn).expect("the documentation can be written");
        let built = repository().join("target");
        fs::create_dir_all(&built).expect("the folder of the build can be made");
        fs::write(built.join("soak.csv"), self.csv()).expect("there is room for samples");
        println!("The graph is docs/soak.svg, the samples are target/soak.csv.\n");
    }

    fn csv(&self) -> String {
        let titles = MEASURES.iter().map(|measure| measure.title().replace(',', " in"));
        let mut csv = format!("minutes,{}\n", titles.collect::<Vec<_>>().join(","));
        for sample in self.samples {
            let values = MEASURES.iter().map(|measure| format!("{:.2}", (measure.of)(sample)));
            let values = values.collect::<Vec<_>>().join(",");
            csv.push_str(&format!("{:.2},{values}\n", sample.minutes));
        }
        csv
    }

    /// Fails the bench where something rises.
    pub fn must_be_flat(&self) {
        let mut rising = Vec::new();
        for measure in &MEASURES {
            let Some(Judged { before, after, more }) =
                self.judge(measure).filter(|judged| !judged.is_flat())
            else {
                continue;
            };
            let title = measure.title();
            rising.push(format!("{title}: from {before:.1} to {after:.1}, {more:.1} allowed"));
        }
        assert!(rising.is_empty(), "not flat: {}", rising.join("; "));
        println!("Flat.");
    }
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}
