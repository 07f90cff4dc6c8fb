//! The compile side: pack text to checked [`Rule`]s, with errors that read like a compiler's.

mod model;

pub use model::{
    Action, ActionKind, Comparison, Condition, Count, CountBy, Entry, Ground, Guard, LinkPattern,
    Match, Need, Pack, Pattern, PatternKind, Reason, Rule, Scope, Severity, Soften, Status,
};
