//! One rule with a list of 100,000 patterns beside as many rules with one of them each: rules that
//! nothing wakes should cost nothing.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use tidegate::rules::Source;
use tidegate::screen::{Reading, RuleSet};

use crate::patterns::{self, View};
use crate::posts::{self, Text};
use crate::race::{Load, race, runner};
use crate::whole;

const RULES: usize = 100_000;

/// Rules in one file of the pack.
const IN_A_FILE: usize = 1_000;

pub fn run() {
    println!("\n## rules");
    println!("\n{RULES} patterns of one rule, and {RULES} rules of one pattern each.");
    let list = patterns::make(RULES, &Text::Made.words());
    let (made, planted) = Text::Made.planted(&list);
    let load = Load { posts: made.len(), bytes: posts::bytes(&made) };
    let (one, many) = (whole::rules(&list), rules(&list));
    let reading = Reading::default();
    let of = |name: &str, rules| {
        let (reading, made) = (&reading, &made);
        runner(name, move || whole::fired(rules, reading, made))
    };
    let runners = vec![of("one rule", &one), of("a rule for each pattern", &many)];
    race("JSON to a verdict, by rules", load, Some(planted), runners);
}

/// A rule for each pattern.
fn rules(list: &[String]) -> RuleSet {
    let mut files: BTreeMap<String, Vec<u8>> = patterns::source(list, View::Unmasked).files;
    files.retain(|name, _| name == "pack.yaml");
    for (number, some) in list.chunks(IN_A_FILE).enumerate() {
        let mut yaml = String::new();
        for (at, pattern) in some.iter().enumerate() {
            write!(
                yaml,
                "---\nid: peers.r{number}x{at}\ntitle: One entry\nstatus: live\npatterns:\n  it: {{any: [\"{pattern}\"], \
                 match: phrase, in: [text]}}\ncondition: it\nactions: [remove_post]\ntests:\n  - fires: \"{pattern}\"\n  \
                 - quiet: \"harmless\"\n"
            )
            .expect("a string takes all");
        }
        files.insert(format!("rules/r{number}.yaml"), yaml.into_bytes());
    }
    let compiled = patterns::compile(&Source { files });
    RuleSet::build(vec![compiled.pack]).expect("different rules")
}
