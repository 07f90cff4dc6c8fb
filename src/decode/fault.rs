//! Why a record could not be screened: one name per cause, bounded, safe to show.

/// The named reason of a dead letter: a metric label and the `tidegate_reason` header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reason {
    /// No value, or a value without bytes.
    Empty,
    /// Larger than `decode.max_bytes`.
    TooLarge,
    /// Not one JSON value, or something behind it.
    NotJson,
    /// Nested deeper than 64.
    TooDeep,
    /// A part is not UTF-8.
    NotUtf8,
    /// A known field has a type it may not have.
    WrongType,
    /// A known field has a value it may not have.
    BadValue,
    /// `id` or `channel.id` is absent, null or empty.
    MissingField,
    /// No text, link, medium or forward to look at.
    NothingToSee,
    /// A stage failed on this record; the record is kept, the worker goes on.
    Failed,
}

impl Reason {
    /// Every reason, for metrics that start at zero.
    pub const ALL: [Self; 10] = [
        Self::Empty,
        Self::TooLarge,
        Self::NotJson,
        Self::TooDeep,
        Self::NotUtf8,
        Self::WrongType,
        Self::BadValue,
        Self::MissingField,
        Self::NothingToSee,
        Self::Failed,
    ];

    /// Name in headers, metrics and verdicts.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::TooLarge => "too_large",
            Self::NotJson => "not_json",
            Self::TooDeep => "too_deep",
            Self::NotUtf8 => "not_utf8",
            Self::WrongType => "wrong_type",
            Self::BadValue => "bad_value",
            Self::MissingField => "missing_field",
            Self::NothingToSee => "nothing_to_see",
            Self::Failed => "failed",
        }
    }
}

/// What kept a record from being screened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {detail}", reason.name())]
pub struct Fault {
    /// The named reason.
    pub reason: Reason,
    /// Where and what, for the person who mends the sender: field names, positions and sizes,
    /// never a byte that people wrote.
    pub detail: String,
}

impl Fault {
    /// A fault of this reason.
    #[must_use]
    pub fn new(reason: Reason, detail: impl Into<String>) -> Self {
        Self { reason, detail: detail.into() }
    }
}
