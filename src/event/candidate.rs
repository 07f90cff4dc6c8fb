//! An event that waits to be decided on: at once in hop 1, once a count is reached in hop 2.

use serde::{Deserialize, Serialize};

use super::basis::Event;
use super::draft::event;
use super::issuer::{Identity, Issuer};
use super::referral::{self, Referral};
use super::takedown::{self, Takedown};
use super::time::Time;
use super::{cloud, json, shadow};
use crate::record::{Outgoing, SubjectKind, Topic};
use crate::rules::{Action, ActionKind, Severity, Status, Tripped};

/// A whole event but for the moment of its decision and the standing of its rule at that moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// Who speaks, as [`super::Issuer::deployment`].
    pub deployment: String,
    /// W3C trace context of the post, where it had a well-formed one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
    /// The event as a live rule would issue it.
    pub event: Event,
}

/// What an event counts as in metrics.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issued {
    /// Where it was written.
    pub topic: Topic,
    /// The action, or `refer`.
    pub action: String,
    /// Category of its first cause.
    pub category: String,
    /// A takedown in the name of a rule of the highest severity.
    pub urgent: bool,
}

impl Candidate {
    /// What it counts as once it is issued.
    #[must_use]
    pub fn issued(&self, live: bool) -> Issued {
        let (topic, action) = match &self.event {
            Event::Takedown(takedown) => (Topic::Takedowns, takedown.action.as_str()),
            Event::Referral(_) => (Topic::Reviews, "refer"),
        };
        let first = self.event.basis().causes.first();
        let is_critical = first.is_some_and(|cause| cause.severity == Severity::Critical.name());
        Issued {
            topic: if live { topic } else { Topic::Shadow },
            action: action.to_owned(),
            category: first.map(|cause| cause.category.clone()).unwrap_or_default(),
            urgent: live && is_critical && topic == Topic::Takedowns,
        }
    }

    /// Is it about a channel or an account? Then the owner of that decides.
    #[must_use]
    pub fn has_owner(&self) -> bool {
        self.event.basis().subject.kind != SubjectKind::Post.name()
    }

    /// The action and its queue or label.
    #[must_use]
    pub fn asks_for(&self) -> (&str, &str) {
        match &self.event {
            Event::Takedown(takedown) => {
                (&takedown.action, takedown.label.as_deref().unwrap_or_default())
            }
            Event::Referral(referral) => (&referral.action, &referral.queue),
        }
    }

    /// Until when it asks for it, Unix milliseconds; `None`: until it is undone.
    #[must_use]
    pub fn until_ms(&self) -> Option<i64> {
        let (Event::Takedown(Takedown { until, .. }) | Event::Referral(Referral { until, .. })) =
            &self.event;
        until.map(Time::ms)
    }

    /// The same about another revision of its subject; its id is another, too.
    #[must_use]
    pub fn revised(mut self, revision: i64, issuer: &Issuer) -> Self {
        self.event.open().1.subject.revision = revision;
        let (action, detail) = self.asks_for();
        let (prefix, kind) = match &self.event {
            Event::Takedown(_) => ("tk", "takedown"),
            Event::Referral(_) => ("rf", "referral"),
        };
        let subject = &self.event.basis().subject;
        let id = issuer.event(&Identity { kind, subject, action, detail });
        *self.event.open().0 = format!("{prefix}_{id}");
        self
    }

    /// What is left of it where its rule is above its limit: the same, a milder action, or a question to
    /// people, in the queue of this category.
    #[must_use]
    pub fn limited(mut self, to: Tripped, category: &str, issuer: &Issuer) -> Self {
        let kinds = [
            ActionKind::RestrictPost,
            ActionKind::RemovePost,
            ActionKind::RestrictChannel,
            ActionKind::RemoveChannel,
            ActionKind::SuspendAccount,
        ];
        let Event::Takedown(takedown) = &self.event else { return self };
        let asked = kinds.into_iter().find(|kind| kind.name() == takedown.action);
        let (until, mut basis) = (takedown.until, takedown.basis.clone());
        let asked = asked.map(|kind| Action { kind, for_ms: None });
        let left = to.leaves(asked.as_slice(), category).pop();
        if let Some(left) = left {
            let until = until.filter(|_| !matches!(left.kind, ActionKind::Refer { .. }));
            basis.causes.iter_mut().for_each(|cause| cause.limited = true);
            self.event = event(issuer, &left.kind, (None, until), basis);
        }
        self
    }

    /// As its rule stands now, which may be otherwise than when its post was screened.
    #[must_use]
    pub fn as_of(mut self, status: Status) -> Self {
        for cause in &mut self.event.open().1.causes {
            status.name().clone_into(&mut cause.status);
        }
        self
    }

    /// The record to send. `decided_at_ms`: Unix milliseconds, the worker's clock at the start of
    /// the batch; `live`: whether the rule of its causes acts now, or would only have acted.
    #[must_use]
    pub fn into_outgoing(self, decided_at_ms: i64, live: bool) -> Outgoing {
        let event = self.event.decided(decided_at_ms, live);
        let (topic, kind, value) = match &event {
            _ if !live => {
                let shadow = shadow::Shadow { would: true, event: &event };
                (Topic::Shadow, shadow::TYPE, json(&shadow))
            }
            Event::Takedown(_) => (Topic::Takedowns, takedown::TYPE, json(&event)),
            Event::Referral(_) => (Topic::Reviews, referral::TYPE, json(&event)),
        };
        let headers = cloud::Headers {
            kind,
            id: event.id(),
            subject: &event.basis().subject,
            time: event.basis().decided_at,
            deployment: &self.deployment,
            traceparent: self.traceparent.as_deref(),
        };
        Outgoing {
            topic,
            partition: None,
            key: Some(event.basis().subject.id.clone().into_bytes()),
            value: Some(value),
            headers: headers.list(),
        }
    }
}

impl Event {
    /// Completed with what is known only when it is decided.
    pub(super) fn decided(mut self, decided_at_ms: i64, live: bool) -> Self {
        let (id, basis) = self.open();
        basis.decided_at = Some(Time::from_ms(decided_at_ms));
        if !live {
            let tail = id.split_once('_').map_or(id.as_str(), |(_, tail)| tail);
            *id = format!("sh_{tail}");
        }
        self
    }
}
