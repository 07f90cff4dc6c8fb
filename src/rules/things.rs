//! Patterns on things that have a name of their own: handles.

use super::codes::Code;
use super::entries;
use super::fields::Fields;
use super::model::PatternKind;
use super::patterns::Reader;
use super::report::quoted;
use super::yaml::{Node, Value};

impl Reader<'_> {
    /// `handles: any`, or the path of a list.
    pub(super) fn handles(&mut self, body: &Node, fields: &Fields<'_>) -> Option<PatternKind> {
        self.no_matching(fields);
        match &body.value {
            Value::Scalar { text, .. } if text == "any" => Some(PatternKind::Handles(None)),
            Value::Scalar { text, .. } if !text.contains('/') => {
                let message = format!("`handles` cannot be {}", quoted(text));
                self.faults
                    .error(Code::UnknownValue, body.span, message)
                    .help("write any, or the path of a list: lists/name.txt");
                None
            }
            _ => Some(PatternKind::Handles(Some(self.names(body, entries::handle)?))),
        }
    }
}
