//! The compile side: pack text to checked [`Rule`]s, with errors that read like a compiler's.
//!
//! ```text
//! Source ─► yaml (nodes that know their place) ─► pack ─► rule ─► patterns, condition, actions, …
//!                                                   └► Faults ─► Report
//! ```
//!
//! It fails closed: what it does not know it refuses, and a pack with one error does not run. No
//! text makes it panic.

mod asked;
mod compared;
mod model;

mod codes;
mod report;
mod source;

mod exempt;
mod fields;
mod ladder;
mod names;
mod values;
mod yaml;

mod actions;
mod condition;
mod counts;
mod entries;
mod escalation;
mod guards;
mod import;
mod limits;
mod lists;
mod pack;
mod patterns;
mod regexes;
mod rule;
#[cfg(test)]
mod schema_tests;
mod scope;
mod share;
mod things;
mod trials;
mod unwise;

pub use asked::{HashKind, PostField};
pub use codes::Code;
pub use compared::{Compared, FieldComparison, Literal, Type, Value};
pub use condition::Shown;
pub use import::{Dialect, Imported, Left, import};
pub use limits::{Limit, Tripped};
pub use model::{
    Action, ActionKind, Comparison, Condition, Count, CountBy, Entry, Escalation, Exempt, Ground,
    LinkPattern, Match, Need, Pack, Pattern, PatternKind, Reason, Rule, Scope, Severity, Soften,
    Status, Strike,
};
pub use names::nearest;
pub use pack::{Compiled, compile};
pub use report::{Diagnostic, Level, Place, Report};
pub use share::Share;
pub use source::Source;
pub use trials::{Expected, Guard, Repeated, Series, Trial};

use pack::Texts;
