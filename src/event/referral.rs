//! Topic `reviews`: hands a subject to people. See `schemas/referral.json`.

use serde::Serialize;

use super::basis::Basis;
use super::time::Time;

/// `ce_type` of this event.
pub const TYPE: &str = "org.tidegate.referral.v1";

/// Look at a subject.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Referral {
    /// `rf_…`: the same subject and queue give the same id, always.
    pub id: String,
    /// `refer`.
    pub action: String,
    /// What is asked of people; `refer`: decide.
    pub purpose: String,
    /// Which people.
    pub queue: String,
    /// Answer wanted by; the earliest that a cause asks for.
    pub due: Option<Time>,
    /// Always null: a referral stands until it is answered.
    pub until: Option<Time>,
    /// What all events have.
    #[serde(flatten)]
    pub basis: Basis,
}
