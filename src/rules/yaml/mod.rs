//! YAML to a small tree that knows where everything stands: events of the parser, checked
//! against the strict subset that packs are written in.

mod place;
mod plain;
mod tree;

pub(super) use place::place_in_source;
pub(super) use plain::trouble;
pub(super) use tree::parse;

use super::report::Span;

/// One value and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Node {
    /// Where: quotes included, for a mapping or a list from its first byte to its last.
    pub(super) span: Span,
    /// What.
    pub(super) value: Value,
}

/// What a node is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    /// A scalar, its text unescaped.
    Scalar {
        /// The text.
        text: String,
        /// How it was written.
        style: Style,
    },
    /// A sequence.
    List(Vec<Node>),
    /// A mapping: keys are scalars, none twice, in the order written.
    Map(Vec<(Node, Node)>),
}

/// How a scalar was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// Without quotes: YAML guesses what it is.
    Plain,
    /// In single quotes: nothing is escaped.
    Single,
    /// In double quotes.
    Double,
    /// A block, `|` or `>`.
    Block,
}

impl Node {
    /// What it is, for a message.
    pub(super) fn describe(&self) -> &'static str {
        match &self.value {
            Value::Scalar { text, style: Style::Plain } if text.is_empty() => "nothing",
            Value::Scalar { .. } => "a single value",
            Value::List(_) => "a list",
            Value::Map(_) => "a mapping",
        }
    }

    /// True where nothing was written: `key:` and the end of the line.
    pub(super) fn is_blank(&self) -> bool {
        matches!(&self.value, Value::Scalar { text, style: Style::Plain } if text.is_empty())
    }
}
