//! From strikes that are enough to candidates: one for each thing that an escalation asks for.

use super::basis::Basis;
use super::candidate::Candidate;
use super::cause::{Cause, Struck};
use super::draft::event;
use super::issuer::Issuer;
use super::scope::Scope;
use super::signal::Strike;
use super::time::Time;
use crate::rules::{ActionKind, Escalation};

/// What an escalation asks for once `strike` was enough, harshest first.
#[must_use]
pub fn escalated(
    escalation: &Escalation,
    strike: &Strike,
    struck: &Struck,
    issuer: &Issuer,
) -> Vec<Candidate> {
    let after = |ms: Option<i64>| ms.map(|ms| Time::from_ms(strike.time_ms.saturating_add(ms)));
    let candidates = escalation.actions.iter().rev().map(|action| {
        let due_ms = match action.kind {
            ActionKind::Refer { due_ms, .. } => due_ms,
            _ => None,
        };
        let until = after(action.for_ms);
        let cause = Cause { until, ..Cause::escalated(escalation, struck.clone()) };
        let basis = Basis {
            scope: Scope::from(&escalation.scope),
            subject: strike.subject.clone(),
            causes: vec![cause],
            source: strike.source.clone(),
            decided_at: None,
            url: strike.url.clone(),
        };
        Candidate {
            deployment: strike.deployment.clone(),
            traceparent: strike.traceparent.clone(),
            event: event(issuer, &action.kind, (after(due_ms), until), basis),
        }
    });
    candidates.collect()
}
