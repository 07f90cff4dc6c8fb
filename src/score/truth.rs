//! Three-valued truth (Kleene's): what rests on a field that a post does not have is unknown.

use std::ops::Not;

/// Does something hold? In order, so that `and` is the least of its parts and `or` the greatest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Truth {
    /// It does not, whatever is missing.
    No,
    /// That depends on something that is missing.
    Unknown,
    /// It does, whatever is missing.
    Yes,
}

impl Truth {
    /// Of all parts; of none: it holds.
    pub(super) fn all(parts: impl Iterator<Item = Self>) -> Self {
        parts.min().unwrap_or(Self::Yes)
    }

    /// Of any part; of none: it does not hold.
    pub(super) fn any(parts: impl Iterator<Item = Self>) -> Self {
        parts.max().unwrap_or(Self::No)
    }

    /// Does it hold?
    #[must_use]
    pub fn is_yes(self) -> bool {
        self == Self::Yes
    }

    /// As two-valued truth, where it is known.
    #[must_use]
    pub fn known(self) -> Option<bool> {
        match self {
            Self::No => Some(false),
            Self::Unknown => None,
            Self::Yes => Some(true),
        }
    }
}

impl From<bool> for Truth {
    fn from(holds: bool) -> Self {
        if holds { Self::Yes } else { Self::No }
    }
}

impl From<Option<bool>> for Truth {
    fn from(holds: Option<bool>) -> Self {
        holds.map_or(Self::Unknown, Self::from)
    }
}

impl Not for Truth {
    type Output = Self;

    fn not(self) -> Self {
        match self {
            Self::No => Self::Yes,
            Self::Unknown => Self::Unknown,
            Self::Yes => Self::No,
        }
    }
}
