//! What takedowns and referrals have in common, and the sum of their kinds.

use serde::{Deserialize, Serialize};

use super::cause::Cause;
use super::referral::Referral;
use super::scope::Scope;
use super::subject::{Origin, Subject};
use super::takedown::Takedown;
use super::time::Time;

/// Fields that every event has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Basis {
    /// Union of the causes'.
    pub scope: Scope,
    /// What it is about.
    pub subject: Subject,
    /// Why, most severe first; never empty.
    pub causes: Vec<Cause>,
    /// The post that it was decided on.
    pub source: Origin,
    /// The worker's clock at the start of the batch that decided; absent only in a candidate,
    /// which nobody has decided on yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_at: Option<Time>,
    /// Where a reviewer can see the post.
    pub url: Option<String>,
}

/// A takedown or a referral; `type` says which.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", try_from = "Flat")]
pub enum Event {
    /// Act.
    Takedown(Takedown),
    /// Look.
    Referral(Referral),
}

/// Either, to be read in one go: serde keeps what has a tag and flattened fields aside until it knows the type,
/// and reads it once more.
#[derive(Deserialize)]
struct Flat {
    r#type: Kind,
    id: String,
    action: String,
    label: Option<String>,
    purpose: Option<String>,
    queue: Option<String>,
    due: Option<Time>,
    until: Option<Time>,
    scope: Scope,
    subject: Subject,
    causes: Vec<Cause>,
    source: Origin,
    decided_at: Option<Time>,
    url: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Takedown,
    Referral,
}

impl TryFrom<Flat> for Event {
    type Error = &'static str;

    fn try_from(flat: Flat) -> Result<Self, Self::Error> {
        let Flat { r#type, id, action, label, purpose, queue, due, until, .. } = flat;
        let Flat { scope, subject, causes, source, decided_at, url, .. } = flat;
        let basis = Basis { scope, subject, causes, source, decided_at, url };
        Ok(match r#type {
            Kind::Takedown => Self::Takedown(Takedown { id, action, label, until, basis }),
            Kind::Referral => {
                let purpose = purpose.ok_or("a referral has a purpose")?;
                let queue = queue.ok_or("a referral has a queue")?;
                Self::Referral(Referral { id, action, purpose, queue, due, until, basis })
            }
        })
    }
}

impl Event {
    /// The id.
    #[must_use]
    pub fn id(&self) -> &str {
        match self {
            Self::Takedown(takedown) => &takedown.id,
            Self::Referral(referral) => &referral.id,
        }
    }

    /// What both kinds have.
    #[must_use]
    pub fn basis(&self) -> &Basis {
        match self {
            Self::Takedown(takedown) => &takedown.basis,
            Self::Referral(referral) => &referral.basis,
        }
    }

    /// The id and what both kinds have, to be completed.
    pub(super) fn open(&mut self) -> (&mut String, &mut Basis) {
        match self {
            Self::Takedown(takedown) => (&mut takedown.id, &mut takedown.basis),
            Self::Referral(referral) => (&mut referral.id, &mut referral.basis),
        }
    }
}
