//! Posts or strikes one after the other, through both hops: the very tally that the service runs.

use std::collections::BTreeSet;

use super::hops::Hops;
use crate::decode::{Format, Limits};
use crate::event::signal::{Signal, Strike};
use crate::event::{Event, Issuer, Origin as Seen, Source, Subject, Time};
use crate::record::{Outgoing, SubjectKind};
use crate::rules::{Repeated, Series};
use crate::screen::{Origin, Reading, RuleSet, screen};

/// When posts without a time begin, 2026-01-01T00:00:00Z in Unix milliseconds: a test, or a file that
/// is replayed, says the same on every day.
pub const START_MS: i64 = 1_767_225_600_000;

/// Does the rule or escalation of this id act when the series says?
pub(super) fn hold(series: &Series, id: &str, rules: &RuleSet) -> Result<(), String> {
    let issuer = Issuer::public();
    let mut hops = Hops::new(rules, &issuer);
    let (mut fired_at, mut posts) = (Vec::new(), BTreeSet::new());
    for at in 1..=series.repeat {
        let offset = i64::try_from(at).unwrap_or(i64::MAX);
        let time_ms = START_MS.saturating_add((offset - 1).saturating_mul(series.every_ms));
        let source = Source { topic: "series", partition: 0, offset, time_ms };
        let out = match &series.of {
            Repeated::Posts(jsons) => {
                let json = jsons.get(at - 1).map(String::as_bytes);
                post(rules, &issuer, json, source)?
            }
            Repeated::Strike { rule, subject, id } => {
                strike(rules, &issuer, rule, (*subject, id), source)
            }
        };
        let done = hops.settle(out).map_err(|why| why.to_string())?;
        let is_own = |event: &&Event| event.basis().causes.iter().any(|cause| cause.rule == id);
        let own: Vec<&Event> = done.iter().filter(is_own).collect();
        if !own.is_empty() {
            fired_at.push(at);
        }
        let acted = own.iter().filter(|event| matches!(event, Event::Takedown(_)));
        let acted = acted.map(|event| &event.basis().subject).filter(|it| it.kind == "post");
        posts.extend(acted.map(|subject| (subject.channel.clone(), subject.id.clone())));
    }
    if fired_at != series.fires_at {
        let (wanted, came) = (numbers(&series.fires_at), numbers(&fired_at));
        return Err(format!("should act at repeats {wanted}, but acts at {came}"));
    }
    match series.acts_on {
        Some(wanted) if wanted != posts.len() => {
            Err(format!("should act on {wanted} posts, but acts on {}", posts.len()))
        }
        _ => Ok(()),
    }
}

fn numbers(repeats: &[usize]) -> String {
    let told: Vec<String> = repeats.iter().map(usize::to_string).collect();
    format!("[{}]", told.join(", "))
}

fn post(
    rules: &RuleSet,
    issuer: &Issuer,
    json: Option<&[u8]>,
    source: Source<'_>,
) -> Result<Vec<Outgoing>, String> {
    let reading = Reading { format: Format::Native, limits: Limits::default() };
    let screened = screen(json, rules, &reading)
        .map_err(|fault| format!("the test's post cannot be read: {fault}"))?;
    let decided_at_ms = source.time_ms;
    let origin = Origin { issuer, source, traceparent: None, decided_at_ms, signal_partitions: 1 };
    let mut out = Vec::new();
    screened.emit(rules, origin, &mut out);
    Ok(out)
}

fn strike(
    rules: &RuleSet,
    issuer: &Issuer,
    rule: &str,
    (kind, id): (SubjectKind, &str),
    source: Source<'_>,
) -> Vec<Outgoing> {
    let Some(rule) = rules.rule(rule) else { return Vec::new() };
    let points = rule.strike.map_or(0, |strike| strike.points(kind));
    let (kind, id) = (kind.name().to_owned(), id.to_owned());
    let subject = Subject { kind, id, revision: 0, channel: None, author: None };
    let strike = Strike {
        rule: rule.id.clone(),
        category: rule.category.clone(),
        subject,
        points,
        post: format!("t{}", source.offset),
        time_ms: source.time_ms,
        deployment: issuer.deployment.clone(),
        traceparent: None,
        source: Seen {
            topic: source.topic.to_owned(),
            partition: source.partition,
            offset: source.offset,
            time: Time::from_ms(source.time_ms),
        },
        url: None,
    };
    vec![Signal::Strike(strike).to_outgoing(1)]
}
