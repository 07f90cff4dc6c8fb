//! Times on the wire: RFC 3339, UTC, milliseconds.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// The first moment that RFC 3339 can write, `0000-01-01T00:00:00Z`, Unix milliseconds.
const FIRST_MS: i64 = -62_167_219_200_000;
/// The last whole second that every reader can be trusted with, `9999-12-30T00:00:00Z`.
const LAST_MS: i64 = 253_402_128_000_000;

/// A moment of an event. Ordered by time; what RFC 3339 cannot write is moved to its nearest end,
/// because a sender's absurd clock must not keep a post from being acted on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Time(i64);

impl Time {
    /// From Unix milliseconds.
    #[must_use]
    pub fn from_ms(ms: i64) -> Self {
        Self(ms.clamp(FIRST_MS, LAST_MS))
    }

    /// Unix milliseconds.
    #[must_use]
    pub fn ms(self) -> i64 {
        self.0
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = Timestamp::from_millisecond(self.0).map_err(|_| fmt::Error)?;
        write!(f, "{time:.3}")
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let time: Timestamp =
            text.parse().map_err(|_| de::Error::custom("time is not RFC 3339"))?;
        Ok(Self::from_ms(time.as_millisecond()))
    }
}
