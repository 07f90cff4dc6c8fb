//! What waits in a counter of hop 2, as the JSON of its record: so a row takes 2 KB of memory, and read it
//! would take 3; hop 2 keeps a million.

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use super::candidate::Candidate;
use super::signal::{ReadError, Strike, checked};

/// Candidates that wait for a count to be reached, and the strikes that go with them.
#[derive(Clone, Debug)]
pub struct Waiting {
    /// The ids of the candidates, for which they are not read again.
    ids: Box<str>,
    candidates: Box<RawValue>,
    strikes: Option<Box<RawValue>>,
}

/// By what waits, not by how its JSON is written.
impl PartialEq for Waiting {
    fn eq(&self, other: &Self) -> bool {
        self.open() == other.open()
    }
}

impl Eq for Waiting {}

impl Waiting {
    /// Of these.
    #[must_use]
    pub fn of(candidates: &[Candidate], strikes: &[Strike]) -> Self {
        Self {
            ids: ids(candidates),
            candidates: raw(candidates),
            strikes: (!strikes.is_empty()).then(|| raw(strikes)),
        }
    }

    /// Of the two lists of a record.
    ///
    /// # Errors
    /// [`ReadError::Json`] where one of them cannot be read; places count from where it begins.
    pub(super) fn read(
        candidates: Box<RawValue>,
        strikes: Option<Box<RawValue>>,
    ) -> Result<Self, ReadError> {
        let read: Vec<Candidate> = checked("candidates", candidates.get().as_bytes())?;
        if let Some(strikes) = &strikes {
            checked::<Vec<Strike>>("strikes", strikes.get().as_bytes())?;
        }
        Ok(Self { ids: ids(&read), candidates, strikes })
    }

    /// What it was made of.
    #[must_use]
    pub fn open(&self) -> (Vec<Candidate>, Vec<Strike>) {
        const READ: &str = "what waits was written here, or read when it came";
        let candidates = serde_json::from_str(self.candidates.get()).expect(READ);
        let strikes = self.strikes.as_ref();
        let strikes = strikes.map(|strikes| serde_json::from_str(strikes.get()).expect(READ));
        (candidates, strikes.unwrap_or_default())
    }

    /// Do both stand for the same post and revision? The ids of their events say so.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        self.ids == other.ids
    }

    /// The two lists of the record.
    pub(super) fn lists(&self) -> (&RawValue, Option<&RawValue>) {
        (&self.candidates, self.strikes.as_deref())
    }
}

/// One after the other, with a space behind each, which no id has.
fn ids(candidates: &[Candidate]) -> Box<str> {
    let ids = candidates.iter().flat_map(|candidate| [candidate.event.id(), " "]);
    ids.collect::<String>().into_boxed_str()
}

fn raw<T: Serialize>(list: &[T]) -> Box<RawValue> {
    to_raw_value(list).expect("wire types are plain data with text keys")
}
