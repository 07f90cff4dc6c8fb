//! Topic `takedowns`, too: somebody has undone what was done to a channel or an account. See
//! `schemas/reinstatement.json`.

use serde::{Deserialize, Serialize};

use super::issuer::{Identity, Issuer};
use super::signal::Reinstate;
use super::subject::Subject;
use super::time::Time;
use super::{cloud, json};
use crate::record::{Outgoing, Topic};

/// `ce_type` of this event.
const TYPE: &str = "org.tidegate.reinstatement.v1";

/// Undo a takedown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "reinstatement")]
pub struct Reinstatement {
    /// `ri_…`: one takedown is undone once, always under the same id.
    pub id: String,
    /// Id of the takedown that holds no more.
    pub takedown: String,
    /// Its action.
    pub action: String,
    /// Its subject, with the revision that it had.
    pub subject: Subject,
    /// Who says so.
    pub by: String,
    /// Why.
    pub reason: String,
    /// Id of the request.
    pub request: String,
    /// The worker's clock at the start of the batch that decided.
    pub decided_at: Time,
}

impl Reinstatement {
    /// What answers a request. `revision`: of the subject when the action was taken; `decided_at_ms`:
    /// Unix milliseconds.
    #[must_use]
    pub fn of(asked: Reinstate, revision: i64, issuer: &Issuer, decided_at_ms: i64) -> Self {
        let Reinstate { subject, action, by, reason, request, .. } = asked;
        let subject = Subject { revision, ..subject };
        let id =
            |kind| issuer.event(&Identity { kind, subject: &subject, action: &action, detail: "" });
        Self {
            id: format!("ri_{}", id("reinstatement")),
            takedown: format!("tk_{}", id("takedown")),
            action,
            subject,
            by,
            reason,
            request,
            decided_at: Time::from_ms(decided_at_ms),
        }
    }

    /// The record to send.
    #[must_use]
    pub fn to_outgoing(&self, issuer: &Issuer) -> Outgoing {
        let headers = cloud::Headers {
            kind: TYPE,
            id: &self.id,
            subject: &self.subject,
            time: Some(self.decided_at),
            deployment: &issuer.deployment,
            traceparent: None,
        };
        Outgoing {
            topic: Topic::Takedowns,
            partition: None,
            key: Some(self.subject.id.clone().into_bytes()),
            value: Some(json(self)),
            headers: headers.list(),
        }
    }
}
