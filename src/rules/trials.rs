//! Tests that stand in rules, as they are run.

use super::model::{Action, Rule, Strike};
use crate::record::SubjectKind;

/// A test that stands in a rule or an escalation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guard {
    /// What comes in, and what is expected of it.
    pub trial: Trial,
    /// The rule with stand-ins for its lists, where the test has some.
    pub stand_in: Option<Box<Rule>>,
    /// Where it stands: file, line.
    pub place: (String, usize),
}

/// What a test tries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trial {
    /// One post.
    Post {
        /// True: the condition must hold; false: it must not.
        fires: bool,
        /// The input, as native JSON with its defaults filled in.
        post: String,
        /// What the rule must ask for, all of it; `None`: not asked.
        actions: Option<Vec<Expected>>,
    },
    /// Posts or strikes one after the other.
    Series(Series),
}

impl Trial {
    /// Does it expect that something fires?
    #[must_use]
    pub fn fires(&self) -> bool {
        match self {
            Self::Post { fires, .. } => *fires,
            Self::Series(series) => !series.fires_at.is_empty(),
        }
    }
}

/// An action that a test expects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expected {
    /// One of this name.
    Named(String),
    /// Exactly this one.
    Action(Action),
    /// Exactly these strikes.
    Strike(Strike),
}

/// The same thing again and again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Series {
    /// What comes.
    pub of: Repeated,
    /// How often.
    pub repeat: usize,
    /// Milliseconds between two.
    pub every_ms: i64,
    /// Which repeats lead to an action, from 1, rising.
    pub fires_at: Vec<usize>,
    /// How many different posts are acted on in all; `None`: not asked.
    pub acts_on: Option<usize>,
}

/// What a series repeats.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Repeated {
    /// A post, as native JSON by repeat: ids differ, and what varies.
    Posts(Vec<String>),
    /// A strike of a rule.
    Strike {
        /// The rule.
        rule: String,
        /// Whom it hits: channel or account.
        subject: SubjectKind,
        /// Its id.
        id: String,
    },
}
