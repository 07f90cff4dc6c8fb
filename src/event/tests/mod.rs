//! Events as consumers see them: golden JSON, schemas, ids, and no text of posts or lists.

mod asks;
mod counts;
mod golden;
mod ids;
mod letters;
mod random;

use std::sync::Arc;

use serde_json::Value;

use super::signal::Signal;
use super::{Decision, Issuer, Source, emit, verdict_json};
use crate::decode::{Author, Kind, Post};
use crate::record::{Outgoing, Parts, SubjectKind, Topic, View};
use crate::rules::{
    Action, ActionKind, Condition, Count, CountBy, Entry, Ground, Match, Pattern, PatternKind,
    Reason, Rule, Scope, Severity, Status,
};
use crate::score::{Fired, Hit, Hits, PatternId, Verdict};

/// What people wrote, in every field that may not be told.
const PLANTED: &str = "zqplantedzq";
/// Record time of the post: 2026-11-24T10:00:00.250Z.
const TIME_MS: i64 = 1_795_514_400_250;
const DECIDED_MS: i64 = TIME_MS + 750;
const DAY_MS: i64 = 86_400_000;
const TRACE: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const PARTITIONS: i32 = 12;

/// A post on which each of its rules fired, all patterns of a rule having one hit.
#[derive(Clone)]
struct Case {
    rules: Vec<Rule>,
    post: Post<'static>,
    domains: Vec<String>,
    issuer: Issuer,
    traceparent: Option<Vec<u8>>,
    time_ms: i64,
    /// Rules that could not answer, by index.
    unknown: Vec<usize>,
}

impl Case {
    fn new(rules: impl Into<Vec<Rule>>) -> Self {
        Self {
            rules: rules.into(),
            post: post(),
            domains: Vec::new(),
            issuer: Issuer { deployment: "eu 1".to_owned(), id_key: [7; 32] },
            traceparent: Some(TRACE.into()),
            time_ms: TIME_MS,
            unknown: Vec::new(),
        }
    }

    fn with<T>(&self, use_it: impl FnOnce(&Decision<'_>) -> T) -> T {
        let (mut first, mut all, mut fired) = (Vec::new(), Vec::new(), Vec::new());
        for (index, rule) in self.rules.iter().enumerate() {
            first.push(PatternId(u32::try_from(all.len()).unwrap()));
            let evidence = (all.len()..all.len() + rule.patterns.len()).collect();
            all.extend(evidence_hits(all.len(), rule.patterns.len()));
            let actions = rule.actions.clone();
            let mut one = Fired { rule: index, actions, softened: false, limited: None, evidence };
            if let Some(held) = rule.held {
                one.hold_back(rule, held);
            }
            fired.push(one);
        }
        fired.sort_by_key(|fired| {
            let rule = &self.rules[fired.rule];
            (std::cmp::Reverse(rule.severity), &rule.id)
        });
        let decision = Decision {
            rules: &self.rules,
            first: &first,
            post: &self.post,
            pieces: &self.post.pieces(),
            hits: &Hits { all, values: Vec::new() },
            verdict: &Verdict { fired, unknown: self.unknown.clone() },
            source: Source { topic: "posts", partition: 3, offset: 1234, time_ms: self.time_ms },
            traceparent: self.traceparent.clone(),
            decided_at_ms: DECIDED_MS,
        };
        use_it(&decision)
    }

    /// All that hop 1 sends.
    fn sent(&self) -> Vec<Outgoing> {
        let mut out = Vec::new();
        self.with(|decision| emit(decision, &self.issuer, PARTITIONS, &self.domains, &mut out));
        out
    }

    /// The same, and what is to be done to channels and accounts done, as their owners do at first.
    fn emit(&self) -> Vec<Outgoing> {
        let done = |out: Outgoing| match read_signal(&out) {
            Some(Signal::Act(act)) => act.candidate.into_outgoing(DECIDED_MS, true),
            _ => out,
        };
        self.sent().into_iter().map(done).collect()
    }

    /// Topic and value of all that goes out.
    fn values(&self) -> Vec<(Topic, Value)> {
        self.emit().iter().map(|out| (out.topic, value(out))).collect()
    }

    /// The one event of a case that has one.
    fn only(&self) -> Value {
        let mut values = self.values();
        assert_eq!(values.len(), 1);
        values.remove(0).1
    }
}

fn evidence_hits(from: usize, count: usize) -> impl Iterator<Item = Hit> {
    (from..from + count).map(move |pattern| Hit {
        pattern: PatternId(u32::try_from(pattern).unwrap()),
        piece: (pattern - from) % 2,
        range: 0..5,
        words: 0..1,
        view: View::Unmasked,
        field: None,
        entry: 1,
    })
}

fn post() -> Post<'static> {
    Post {
        id: "p1".into(),
        kind: Kind::Post,
        channel: crate::decode::Channel { id: "c1".into(), ..Default::default() },
        author: Some(Author { id: Some("a1".into()), ..Default::default() }),
        text: PLANTED.into(),
        poll: vec!["".into(), PLANTED.into()],
        url: Some("https://example.org/c1/p1".into()),
        sent_at_ms: Some(TIME_MS - 1000),
        ..Post::default()
    }
}

fn pattern(name: &str) -> Pattern {
    let entries = ["first", PLANTED].map(|text| Entry { text: text.to_owned() }).to_vec();
    Pattern {
        name: name.to_owned(),
        kind: PatternKind::Entries { entries, matching: Match::Word, gap: 0 },
        view: View::Unmasked,
        parts: Parts::ALL,
    }
}

fn act(kind: ActionKind) -> Action {
    Action { kind, for_ms: None }
}

fn lasting(kind: ActionKind, days: i64) -> Action {
    Action { kind, for_ms: Some(days * DAY_MS) }
}

fn label(name: &str) -> Action {
    act(ActionKind::Label(name.to_owned()))
}

fn refer(queue: &str, subject: SubjectKind, due_ms: Option<i64>) -> Action {
    act(ActionKind::Refer { queue: queue.to_owned(), subject, due_ms })
}

/// A live rule that removes the post.
fn rule(id: &str) -> Rule {
    let ground = Ground::Terms { clause: "4".to_owned() };
    let explanation = vec![("en".to_owned(), "Breaks clause 4.".to_owned())];
    Rule {
        id: id.to_owned(),
        title: String::new(),
        pack: Arc::from("drugs"),
        version: Arc::from("2026.11.23-1"),
        category: "drugs".to_owned(),
        status: Status::Live,
        severity: Severity::High,
        kinds: vec![Kind::Post],
        patterns: [pattern("item")].into(),
        condition: Condition::Pattern(0),
        except: Vec::new(),
        soften: None,
        exempt: None,
        count: None,
        actions: vec![act(ActionKind::RemovePost)],
        strike: None,
        limit: None,
        held: None,
        tripped: false,
        scope: Scope::Worldwide,
        reason: Some(Reason { ground, explanation }),
        tests: Vec::new(),
    }
}

fn asking(id: &str, actions: impl Into<Vec<Action>>) -> Rule {
    Rule { actions: actions.into(), ..rule(id) }
}

fn shadow(rule: Rule) -> Rule {
    Rule { status: Status::Shadow, ..rule }
}

fn counting(id: &str, by: CountBy, different: CountBy) -> Rule {
    let count = Count { by, different, at_least: 3, within_ms: 600_000, act_on_all: true };
    Rule { count: Some(count), ..rule(id) }
}

fn value(out: &Outgoing) -> Value {
    serde_json::from_slice(out.value.as_deref().unwrap()).unwrap()
}

fn header<'o>(out: &'o Outgoing, name: &str) -> Option<&'o str> {
    let found = out.headers.iter().find(|(known, _)| known == name)?;
    std::str::from_utf8(found.1.as_deref()?).ok()
}

/// Names of the rules that cause an event.
fn causes(event: &Value) -> Vec<&str> {
    event["causes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|cause| cause["rule"].as_str().unwrap())
        .collect()
}

/// Fails unless the value is what the schema says.
/// The verdict as whoever asked reads it.
fn verdict_of(decision: &Decision<'_>, issuer: &Issuer) -> Value {
    serde_json::from_slice(&verdict_json(decision, issuer)).unwrap()
}

fn check(schema: &str, value: &Value) {
    let text = match schema {
        "takedown" => include_str!("../../../schemas/takedown.json"),
        "control" => include_str!("../../../schemas/control.json"),
        "reinstatement" => include_str!("../../../schemas/reinstatement.json"),
        "referral" => include_str!("../../../schemas/referral.json"),
        "shadow" => include_str!("../../../schemas/shadow.json"),
        "signal" => include_str!("../../../schemas/signal.json"),
        "state" => include_str!("../../../schemas/state.json"),
        "deadletter" => include_str!("../../../schemas/deadletter.json"),
        "verdict" => include_str!("../../../schemas/verdict.json"),
        other => panic!("no schema {other}"),
    };
    let schema_value: Value = serde_json::from_str(text).unwrap();
    let validator = jsonschema::draft202012::new(&schema_value).unwrap();
    if let Err(fault) = validator.validate(value) {
        panic!("{schema}: {fault} at {}: {value:#}", fault.instance_path());
    }
}

/// Checks what goes out against the schema of its topic.
fn check_outgoing(out: &Outgoing) {
    let schema = match out.topic {
        Topic::Takedowns if value(out)["type"] == "reinstatement" => "reinstatement",
        Topic::Takedowns => "takedown",
        Topic::Reviews => "referral",
        Topic::Shadow => "shadow",
        Topic::Signals => "signal",
        Topic::State => "state",
        Topic::Deadletters => "deadletter",
        Topic::Controls => "control",
        Topic::Packs => unreachable!("no post leads there"),
    };
    check(schema, &value(out));
}

/// All bytes of a record.
fn bytes(out: &Outgoing) -> Vec<u8> {
    let mut all = out.key.clone().unwrap_or_default();
    all.extend(out.value.iter().flatten());
    for (name, value) in &out.headers {
        all.extend(name.as_bytes());
        all.extend(value.iter().flatten());
    }
    all
}

fn tells(out: &Outgoing) -> bool {
    String::from_utf8_lossy(&bytes(out)).contains(PLANTED)
}

/// The candidates of a signal; none of other records.
fn signal_candidates(out: &Outgoing) -> Vec<super::Candidate> {
    match read_signal(out) {
        Some(Signal::Counting(counting)) => counting.candidates,
        _ => Vec::new(),
    }
}

/// A signal; `None` of other records.
fn read_signal(out: &Outgoing) -> Option<Signal> {
    let value = out.value.as_deref().filter(|_| out.topic == Topic::Signals)?;
    Some(super::signal::read(value).unwrap())
}
