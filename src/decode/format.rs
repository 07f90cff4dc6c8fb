//! The formats, by their names.

use std::sync::Arc;

use super::{Fields, osprey};

/// How a record's bytes are to be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// Tidegate's own JSON, one post a record.
    #[default]
    Native,
    /// The record is the text of a post.
    Text,
    /// An update of Telegram's Bot API.
    Telegram,
    /// An action as it is sent to Osprey, and where the fields stand in its inner data.
    Osprey(Arc<Fields>),
    /// Any other JSON, and where the fields stand in it.
    Json(Arc<Fields>),
}

/// Why there is no such format.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FormatFault {
    /// No format has this name.
    #[error("not one of {}", Format::NAMES.join(", "))]
    Unknown,
    /// It is said where fields stand in a format in which that is settled.
    #[error("`{0}` says itself where its fields stand; fields are for `osprey` and `json`")]
    Fields(&'static str),
    /// A field that the format cannot do without.
    #[error("`{format}` needs a pointer for `{field}`")]
    Missing {
        /// The format.
        format: &'static str,
        /// The field.
        field: &'static str,
    },
}

impl Format {
    /// Names in configuration and on the command line.
    pub const NAMES: [&'static str; 5] = ["native", "text", "telegram", "osprey", "json"];

    /// The format of this name, its fields found by these pointers.
    ///
    /// # Errors
    /// All faults: no such format, fields where there can be none, fields that are missing.
    pub fn new(name: &str, fields: Fields) -> Result<Self, Vec<FormatFault>> {
        let settled = match name {
            "native" => Self::Native,
            "text" => Self::Text,
            "telegram" => Self::Telegram,
            "osprey" => return Self::pointed(Self::Osprey, osprey::with_defaults(fields), &[]),
            "json" => return Self::pointed(Self::Json, fields, &["id", "channel.id"]),
            _ => return Err(vec![FormatFault::Unknown]),
        };
        if fields.is_empty() { Ok(settled) } else { Err(vec![FormatFault::Fields(settled.name())]) }
    }

    fn pointed(
        format: fn(Arc<Fields>) -> Self,
        fields: Fields,
        needed: &[&'static str],
    ) -> Result<Self, Vec<FormatFault>> {
        let missing = fields.missing(needed);
        let format = format(Arc::new(fields));
        if missing.is_empty() {
            return Ok(format);
        }
        let fault = |field| FormatFault::Missing { format: format.name(), field };
        Err(missing.into_iter().map(fault).collect())
    }

    /// Name in configuration and on the command line.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Text => "text",
            Self::Telegram => "telegram",
            Self::Osprey(_) => "osprey",
            Self::Json(_) => "json",
        }
    }
}
