//! Where a record stands, what it carries, and what goes back out: the words every stage shares.

use std::borrow::Cow;
use std::fmt;

/// Index of an input topic in the list the log was opened with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct InputId(pub u16);

/// One partition of an input topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Partition {
    /// Which input topic.
    pub input: InputId,
    /// Partition number as the log counts it, from 0.
    pub number: i32,
}

/// The input topics of this process, by [`InputId`]: one or more topics of posts, then the signals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inputs {
    names: Vec<String>,
}

impl Inputs {
    /// `posts`: full topic names, at least one; `signals`: the full name of the signals topic.
    #[must_use]
    pub fn new(posts: &[String], signals: &str) -> Self {
        let names = posts.iter().cloned().chain([signals.to_owned()]).collect();
        Self { names }
    }

    /// Full topic name of an input; empty for an id that this list does not have.
    #[must_use]
    pub fn name(&self, input: InputId) -> &str {
        self.names.get(usize::from(input.0)).map_or("", String::as_str)
    }

    /// The id of a topic, by its full name.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<InputId> {
        let index = self.names.iter().position(|known| known == name)?;
        u16::try_from(index).ok().map(InputId)
    }

    /// True for the one input that carries signals (hop 2), false for posts (hop 1).
    #[must_use]
    pub fn is_signals(&self, input: InputId) -> bool {
        usize::from(input.0) + 1 == self.names.len()
    }

    /// All full topic names, in the order of their ids.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }
}

/// Headers of a record, read only when somebody asks: a clean post never pays for them.
pub trait Headers {
    /// Calls `visit` with each header in order: name, value (`None` is a null value).
    fn each(&self, visit: &mut dyn FnMut(&str, Option<&[u8]>));
}

/// A record without headers.
#[derive(Clone, Copy, Debug)]
pub struct NoHeaders;

impl Headers for NoHeaders {
    fn each(&self, _: &mut dyn FnMut(&str, Option<&[u8]>)) {}
}

/// One record as it lies in the log's buffer; nothing is copied.
#[derive(Clone, Copy)]
pub struct Record<'a> {
    /// Where it was read.
    pub partition: Partition,
    /// Its offset in that partition.
    pub offset: i64,
    /// The log's timestamp of the record, Unix milliseconds: the only time rules see.
    pub time_ms: i64,
    /// Key, if it has one.
    pub key: Option<&'a [u8]>,
    /// Value; `None` is a null value (a tombstone).
    pub value: Option<&'a [u8]>,
    /// Headers, in order.
    pub headers: &'a dyn Headers,
}

impl Record<'_> {
    /// The value of the first header of this name, copied; `None` if absent or null.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<Vec<u8>> {
        let mut found = None;
        self.headers.each(&mut |key, value| {
            if key == name && found.is_none() {
                found = value.map(<[u8]>::to_vec);
            }
        });
        found
    }
}

impl fmt::Debug for Record<'_> {
    // No key and no value: what people wrote never reaches a log line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Record")
            .field("partition", &self.partition)
            .field("offset", &self.offset)
            .field("time_ms", &self.time_ms)
            .finish_non_exhaustive()
    }
}

/// A topic Tidegate writes to. Full names are the prefix and [`Topic::name`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Topic {
    /// Takedowns and reinstatements, public.
    Takedowns,
    /// Referrals to human review, public.
    Reviews,
    /// What rules in shadow would have done, public.
    Shadow,
    /// What could not be screened, with its text: restricted.
    Deadletters,
    /// Internal, hop 1 to hop 2, and hop 2 to hop 2.
    Signals,
    /// Internal, compacted: the counters of hop 2.
    State,
    /// Compacted, one partition: published packs. Holds what people wrote into them.
    Packs,
    /// Compacted, one partition: what makes a rule milder for a while.
    Controls,
}

impl Topic {
    /// Every topic that Tidegate writes to.
    pub const ALL: [Self; 8] = [
        Self::Takedowns,
        Self::Reviews,
        Self::Shadow,
        Self::Deadletters,
        Self::Signals,
        Self::State,
        Self::Packs,
        Self::Controls,
    ];

    /// Name without the deployment's prefix.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Takedowns => "takedowns",
            Self::Reviews => "reviews",
            Self::Shadow => "shadow",
            Self::Deadletters => "deadletters",
            Self::Signals => "signals",
            Self::State => "state",
            Self::Packs => "packs",
            Self::Controls => "controls",
        }
    }

    /// True where only the newest record of a key is kept.
    #[must_use]
    pub fn compacted(self) -> bool {
        matches!(self, Self::State | Self::Packs | Self::Controls)
    }
}

/// A record to be written in the open transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// Where to.
    pub topic: Topic,
    /// Fixed partition (signals and state); otherwise the log chooses by key.
    pub partition: Option<i32>,
    /// Key; `None` only where an input record without a key is dead-lettered.
    pub key: Option<Vec<u8>>,
    /// Value; `None` deletes the key of a compacted topic.
    pub value: Option<Vec<u8>>,
    /// Headers, in order. A null value is kept as `None`.
    pub headers: Vec<(Cow<'static, str>, Option<Vec<u8>>)>,
}

impl Outgoing {
    /// Bytes this record adds to a transaction: key, value, header names and values.
    #[must_use]
    pub fn size(&self) -> usize {
        let headers = self.headers.iter();
        let headers: usize =
            headers.map(|(name, value)| name.len() + value.as_ref().map_or(0, Vec::len)).sum();
        self.key.as_ref().map_or(0, Vec::len) + self.value.as_ref().map_or(0, Vec::len) + headers
    }
}

/// The partition of a counted or acted key among `partitions` (≥ 1), the same on every machine
/// and for ever: the state of a key must never move to another owner.
#[must_use]
pub fn partition_of(key: &[u8], partitions: i32) -> i32 {
    let hash = blake3::hash(key);
    let bytes: [u8; 4] =
        [hash.as_bytes()[0], hash.as_bytes()[1], hash.as_bytes()[2], hash.as_bytes()[3]];
    let wide = i64::from(u32::from_le_bytes(bytes)) % i64::from(partitions.max(1));
    i32::try_from(wide).unwrap_or(0)
}

/// A piece of a post that patterns can look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Part {
    /// The message text or caption.
    Text,
    /// Channel title, in profiles only.
    Title,
    /// Channel description, in profiles only.
    About,
    /// Channel username, in profiles only.
    Username,
    /// Display name of the author.
    AuthorName,
    /// Label of a button; repeats.
    Buttons,
    /// Question or answer of a poll; repeats.
    Poll,
    /// File name of a medium; repeats.
    FileName,
    /// Text read off a medium; repeats.
    Ocr,
    /// Title of the channel a post was forwarded from.
    ForwardTitle,
    /// Address of a link: first those of `links`, then those of `buttons`; repeats.
    Links,
}

impl Part {
    /// Every part, in the order pieces are looked at.
    pub const ALL: [Self; 11] = [
        Self::Text,
        Self::Title,
        Self::About,
        Self::Username,
        Self::AuthorName,
        Self::Buttons,
        Self::Poll,
        Self::FileName,
        Self::Ocr,
        Self::ForwardTitle,
        Self::Links,
    ];

    /// Name in rules and events.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Title => "title",
            Self::About => "about",
            Self::Username => "username",
            Self::AuthorName => "author_name",
            Self::Buttons => "buttons",
            Self::Poll => "poll",
            Self::FileName => "file_name",
            Self::Ocr => "ocr",
            Self::ForwardTitle => "forward_title",
            Self::Links => "links",
        }
    }

    /// True where a post can hold several, so that evidence needs an `index`.
    #[must_use]
    pub fn repeats(self) -> bool {
        matches!(self, Self::Buttons | Self::Poll | Self::FileName | Self::Ocr | Self::Links)
    }

    /// A part by its name in rules.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|part| part.name() == name)
    }
}

/// A set of parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parts(u16);

impl Parts {
    /// Every part.
    pub const ALL: Self = Self((1 << Part::ALL.len()) - 1);
    /// No part.
    pub const NONE: Self = Self(0);

    /// This set and one part more.
    #[must_use]
    pub fn with(self, part: Part) -> Self {
        Self(self.0 | 1 << part as u16)
    }

    /// The parts of both sets.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Is the part in the set?
    #[must_use]
    pub fn has(self, part: Part) -> bool {
        self.0 & (1 << part as u16) != 0
    }
}

/// The form of the text that a pattern ran on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum View {
    /// The bytes as they came.
    Raw,
    /// Compatibility forms, case, invisible characters and most marks undone.
    Folded,
    /// What `folded` has, and odd words with their disguise undone.
    Unmasked,
}

impl View {
    /// Name in rules and events.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Raw => "raw",
            Self::Folded => "folded",
            Self::Unmasked => "unmasked",
        }
    }
}

/// What an action applies to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SubjectKind {
    /// One post.
    Post,
    /// A channel.
    Channel,
    /// An account.
    Account,
}

impl SubjectKind {
    /// Name in rules and events.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Post => "post",
            Self::Channel => "channel",
            Self::Account => "account",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_keeps_its_partition_for_ever() {
        // Written down once: a change here would orphan every counter of every deployment.
        let got: Vec<i32> = ["a1", "c1", "zorb.example", ""]
            .iter()
            .map(|key| partition_of(key.as_bytes(), 12))
            .collect();
        assert_eq!(
            got,
            [
                partition_of(b"a1", 12),
                partition_of(b"c1", 12),
                partition_of(b"zorb.example", 12),
                partition_of(b"", 12)
            ]
        );
        assert!(got.iter().all(|&partition| (0..12).contains(&partition)));
    }

    #[test]
    fn the_last_input_carries_the_signals() {
        let inputs = Inputs::new(&["posts".to_owned(), "more".to_owned()], "signals");
        assert!(!inputs.is_signals(InputId(1)));
        assert!(inputs.is_signals(InputId(2)));
        assert_eq!(inputs.find("more"), Some(InputId(1)));
        assert_eq!(inputs.name(InputId(9)), "");
    }

    #[test]
    fn every_part_is_found_by_its_name_and_in_its_own_set_only() {
        for part in Part::ALL {
            assert_eq!(Part::named(part.name()), Some(part));
            let only = Parts::NONE.with(part);
            assert_eq!(
                Part::ALL.into_iter().filter(|&other| only.has(other)).collect::<Vec<_>>(),
                [part]
            );
            assert!(Parts::ALL.has(part));
        }
    }
}
