//! One rule with a list of 100,000 patterns beside as many rules with one of them each, and the same of 10,000
//! domains: rules that nothing wakes should cost nothing.

use tidegate::rules::Source;
use tidegate::screen::{Reading, RuleSet};

use crate::patterns::{self, View};
use crate::posts::{self, Text};
use crate::race::{Load, race, runner};
use crate::whole;

const RULES: usize = 100_000;

/// Rules that wait for a link. A million would be a pack of its own.
const DOMAINS: usize = 10_000;

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
    let domains: Vec<String> = (0..DOMAINS).map(|number| format!("d{number}.example")).collect();
    let (one, many) = (links(&[domains.join("\n")]), links(&domains));
    let runners = vec![of("one rule", &one), of("a rule for each domain", &many)];
    race("The same, by rules that wait for one of 10,000 domains", load, Some(0), runners);
}

/// A rule for each list of domains.
fn links(lists: &[String]) -> RuleSet {
    let rule = |number: usize| {
        format!(
            "---\nid: peers.l{number}\ntitle: Domains\nstatus: live\npatterns:\n  it: {{links: {{domains: \
             lists/l{number}.txt}}}}\ncondition: it\nactions: [remove_post]\ntests:\n  - fires: \"see \
             https://d{number}.example/a\"\n  - quiet: \"harmless\"\n"
        )
    };
    let rules: Vec<String> = (0..lists.len()).map(rule).collect();
    let list = |(number, list): (usize, &String)| {
        (format!("lists/l{number}.txt"), list.clone().into_bytes())
    };
    set(&rules, lists.iter().enumerate().map(list))
}

/// A pack of these rules.
fn set(rules: &[String], lists: impl Iterator<Item = (String, Vec<u8>)>) -> RuleSet {
    let mut files = patterns::source(&["zorb".to_owned()], View::Unmasked).files;
    files.retain(|name, _| name == "pack.yaml");
    files.extend(lists);
    for (number, some) in rules.chunks(IN_A_FILE).enumerate() {
        files.insert(format!("rules/r{number}.yaml"), some.concat().into_bytes());
    }
    let compiled = patterns::compile(&Source { files });
    RuleSet::build(vec![compiled.pack]).expect("different rules")
}

/// A rule for each pattern.
fn rules(list: &[String]) -> RuleSet {
    let rules = list.iter().enumerate().map(|(number, pattern)| {
        format!(
            "---\nid: peers.r{number}\ntitle: One entry\nstatus: live\npatterns:\n  it: {{any: [\"{pattern}\"], match: \
             phrase, in: [text]}}\ncondition: it\nactions: [remove_post]\ntests:\n  - fires: \"{pattern}\"\n  - quiet: \
             \"harmless\"\n"
        )
    });
    set(&rules.collect::<Vec<_>>(), std::iter::empty())
}
