//! The answer of `scan` and `POST /screen` about one post. See `schemas/verdict.json`.

use serde_json::{Value, json};

use super::draft::Draft;
use super::{Decision, Event, Issuer};
use crate::decode::Fault;
use crate::rules::{Action, Rule, Status};

/// The verdict on one post: every rule that had something to say (a hit, whether it fires or
/// not; most severe first, then those that do not fire), and the events of its live rules. Rules
/// that count fire here and have no events: one post alone does not reach a count.
#[must_use]
pub fn verdict_json(decision: &Decision<'_>, issuer: &Issuer) -> Value {
    let draft = Draft { decision, issuer };
    let candidates = draft.candidates(decision.direct(Status::Live)).into_iter();
    let events = candidates.map(|candidate| candidate.event.decided(decision.decided_at_ms, true));
    let (takedowns, referrals): (Vec<Event>, Vec<Event>) =
        events.partition(|event| matches!(event, Event::Takedown(_)));
    json!({
        "post": decision.post.id,
        "rules": rows(decision),
        "takedowns": takedowns,
        "referrals": referrals,
        "unknown": [],
    })
}

/// The verdict on input that could not be read; `post` where its id is known.
#[must_use]
pub fn fault_json(post: Option<&str>, fault: &Fault) -> Value {
    json!({"post": post, "fault": {"reason": fault.reason.name(), "detail": fault.detail}})
}

fn rows(decision: &Decision<'_>) -> Vec<Value> {
    let fired = decision.fired().map(|(fired, rule)| row(rule, true, &fired.actions));
    let quiet = decision.rules.iter().enumerate().filter(|(index, rule)| {
        rule.status != Status::Draft
            && rule.looks_at(decision.post.kind)
            && decision.verdict.fired.iter().all(|fired| fired.rule != *index)
            && has_hit(decision, *index, rule)
    });
    fired.chain(quiet.map(|(_, rule)| row(rule, false, &[]))).collect()
}

fn row(rule: &Rule, fires: bool, actions: &[Action]) -> Value {
    let actions: Vec<&str> = actions.iter().map(|action| action.kind.name()).collect();
    json!({"rule": rule.id, "fires": fires, "status": rule.status.name(), "actions": actions})
}

fn has_hit(decision: &Decision<'_>, index: usize, rule: &Rule) -> bool {
    let Some(first) = decision.first.get(index) else { return false };
    let hits = &decision.hits.all;
    let next = hits.get(hits.partition_point(|hit| hit.pattern < *first));
    let patterns = u32::try_from(rule.patterns.len()).unwrap_or(u32::MAX);
    next.is_some_and(|hit| hit.pattern.0 < first.0.saturating_add(patterns))
}
