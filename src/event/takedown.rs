//! Topic `takedowns`: tells the platform to act on a subject. See `schemas/takedown.json`.

use serde::Serialize;

use super::basis::Basis;
use super::time::Time;

/// `ce_type` of this event.
pub const TYPE: &str = "org.tidegate.takedown.v1";

/// Act on a subject.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Takedown {
    /// `tk_…`: the same subject and action give the same id, always; consumers act on the first
    /// and add the causes of the rest.
    pub id: String,
    /// `label`, `restrict_post` or `remove_post`.
    pub action: String,
    /// The label, of action `label`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Latest of the causes'; null where one is permanent.
    pub until: Option<Time>,
    /// What all events have.
    #[serde(flatten)]
    pub basis: Basis,
}
