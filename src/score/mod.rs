//! Stage 4: hits to [`Verdict`]. Pure: the same post and the same rules give the same verdict.
#![deny(clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use crate::rules::Action;

/// What the rules together say about one post.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Rules whose condition holds, most severe first, ties by rule id.
    pub fired: Vec<Fired>,
}

/// One rule that fired.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fired {
    /// Index into the rule set's rules.
    pub rule: usize,
    /// What it asks for: its actions, or those of `soften` where that held too.
    pub actions: Vec<Action>,
    /// True where `soften` replaced the actions.
    pub softened: bool,
    /// Indexes into `Hits::all` that made the condition hold, in order, at most
    /// [`EVIDENCE_PER_PATTERN`] a pattern.
    pub evidence: Vec<usize>,
}

/// Ranges kept for each named pattern of a rule: enough to show, too few to flood an event.
pub const EVIDENCE_PER_PATTERN: usize = 16;
