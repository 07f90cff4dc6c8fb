//! What an event is about, and where it was seen.

use serde::{Deserialize, Serialize};

use super::time::Time;
use crate::decode::Post;
use crate::record::SubjectKind;

/// What an action applies to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// `post`, `channel` or `account`.
    pub kind: String,
    /// Its id on the platform; the key of the record.
    pub id: String,
    /// Of a post, when it was edited (Unix milliseconds); of a channel or account, how often it
    /// was reinstated.
    pub revision: i64,
    /// Channel a post stands in; null for others.
    pub channel: Option<String>,
    /// Account that wrote a post, if known; null for others.
    pub author: Option<String>,
}

impl Subject {
    /// Of this post. Without a known author, a post stands in for its account: what was to be
    /// reviewed is reviewed.
    pub(super) fn of(post: &Post<'_>, kind: SubjectKind) -> Self {
        let whole = |kind: SubjectKind, id: &str| Self {
            kind: kind.name().to_owned(),
            id: id.to_owned(),
            revision: 0,
            channel: None,
            author: None,
        };
        match (kind, author(post)) {
            (SubjectKind::Channel, _) => whole(kind, &post.channel.id),
            (SubjectKind::Account, Some(author)) => whole(kind, author),
            (SubjectKind::Post | SubjectKind::Account, author) => Self {
                kind: SubjectKind::Post.name().to_owned(),
                id: post.id.clone().into_owned(),
                revision: post.revision(),
                channel: Some(post.channel.id.clone().into_owned()),
                author: author.map(str::to_owned),
            },
        }
    }
}

/// The author's id; an empty one names nobody.
pub(super) fn author<'p>(post: &'p Post<'_>) -> Option<&'p str> {
    post.author_id().filter(|id| !id.is_empty())
}

/// Where a post was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Source<'a> {
    /// Full topic name.
    pub topic: &'a str,
    /// Partition number.
    pub partition: i32,
    /// Offset in it.
    pub offset: i64,
    /// The record's time, Unix milliseconds.
    pub time_ms: i64,
}

/// [`Source`] on the wire.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// Full topic name.
    pub topic: String,
    /// Partition number.
    pub partition: i32,
    /// Offset in it.
    pub offset: i64,
    /// The record's time.
    pub time: Time,
}

impl From<Source<'_>> for Origin {
    fn from(source: Source<'_>) -> Self {
        Self {
            topic: source.topic.to_owned(),
            partition: source.partition,
            offset: source.offset,
            time: Time::from_ms(source.time_ms),
        }
    }
}
