//! Topic `shadow`: what a rule in shadow would have done. See `schemas/shadow.json`.

use serde::Serialize;

use super::Event;

/// `ce_type` of this event.
pub const TYPE: &str = "org.tidegate.shadow.v1";

/// A takedown or referral that was not issued. Its id is `sh_…` with the tail of the id that the
/// real one has, so that the two can be laid side by side.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Shadow<'e> {
    /// Always true.
    pub(super) would: bool,
    /// What it would have been.
    #[serde(flatten)]
    pub(super) event: &'e Event,
}
