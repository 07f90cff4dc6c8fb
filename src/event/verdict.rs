//! The answer of `scan` and `POST /screen` about one post. See `schemas/verdict.json`.

use std::collections::BTreeSet;

use serde::Serialize;

use super::draft::Draft;
use super::{Decision, Event, Issuer};
use crate::decode::Fault;
use crate::rules::{Action, Rule, Status};
use crate::score::PatternId;

/// What is said about a post.
#[derive(Serialize)]
struct Said<'d> {
    post: &'d str,
    rules: Vec<Row<'d>>,
    takedowns: Vec<Event>,
    referrals: Vec<Event>,
    unknown: Vec<&'d str>,
}

/// A rule that had something to say.
#[derive(Serialize)]
struct Row<'d> {
    rule: &'d str,
    fires: bool,
    status: &'static str,
    actions: Vec<&'d str>,
}

/// What is said where nothing could be read.
#[derive(Serialize)]
struct Unread<'f> {
    post: Option<&'f str>,
    fault: Why<'f>,
}

#[derive(Serialize)]
struct Why<'f> {
    reason: &'static str,
    detail: &'f str,
}

/// The verdict on one post as one line of JSON: every rule that had something to say (a hit, whether
/// it fires or not; most severe first, then those that do not fire), and the events of the
/// rules that act on it. Rules that count fire here and have no events: one post alone does not reach a count.
#[must_use]
pub fn verdict_json(decision: &Decision<'_>, issuer: &Issuer) -> Vec<u8> {
    let draft = Draft { decision, issuer };
    let candidates = draft.candidates(decision.direct(true)).into_iter();
    let events = candidates.map(|candidate| candidate.event.decided(decision.decided_at_ms, true));
    let (takedowns, referrals): (Vec<Event>, Vec<Event>) =
        events.partition(|event| matches!(event, Event::Takedown(_)));
    line(&Said {
        post: &decision.post.id,
        rules: rows(decision),
        takedowns,
        referrals,
        unknown: unknown(decision),
    })
}

/// The verdict on input that could not be read; `post` where its id is known.
#[must_use]
pub fn fault_json(post: Option<&str>, fault: &Fault) -> Vec<u8> {
    line(&Unread { post, fault: Why { reason: fault.reason.name(), detail: &fault.detail } })
}

/// What cannot be written as JSON is none of ours: no map here has a key that is no string.
fn line(said: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(said).unwrap_or_default()
}

fn rows<'d>(decision: &Decision<'d>) -> Vec<Row<'d>> {
    let fired = decision.fired().map(|(fired, rule)| row(rule, true, &fired.actions));
    let fires = |index: usize| decision.verdict.fired.iter().any(|fired| fired.rule == index);
    let hit: BTreeSet<usize> =
        decision.hits.all.iter().filter_map(|hit| rule_of(decision, hit.pattern)).collect();
    let quiet = hit.into_iter().filter(|index| !fires(*index));
    let quiet = quiet.filter_map(|index| decision.rules.get(index));
    let quiet =
        quiet.filter(|rule| rule.status != Status::Draft && rule.looks_at(decision.post.kind));
    fired.chain(quiet.map(|rule| row(rule, false, &[]))).collect()
}

/// Ids of the rules that were asked and could not answer.
fn unknown<'d>(decision: &Decision<'d>) -> Vec<&'d str> {
    let rules = decision.verdict.unknown.iter().filter_map(|index| decision.rules.get(*index));
    rules.map(|rule| rule.id.as_str()).collect()
}

fn row<'d>(rule: &'d Rule, fires: bool, actions: &'d [Action]) -> Row<'d> {
    let actions = actions.iter().map(|action| action.kind.name()).collect();
    Row { rule: &rule.id, fires, status: rule.status.name(), actions }
}

/// The rule that a pattern is of.
fn rule_of(decision: &Decision<'_>, pattern: PatternId) -> Option<usize> {
    decision.first.partition_point(|first| *first <= pattern).checked_sub(1)
}
