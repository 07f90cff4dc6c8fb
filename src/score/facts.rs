//! What conditions compare of a post beside its hits.

use std::cell::OnceCell;

use crate::decode::Post;
use crate::record::Part;
use crate::rules::{Compared, PostField, Value};
use crate::scan::Seen;

/// The fields of one post, those that cost something made once and only if a rule asks.
pub(super) struct Facts<'p> {
    post: &'p Post<'p>,
    words: OnceCell<usize>,
}

impl<'p> Facts<'p> {
    pub(super) fn new(post: &'p Post<'p>) -> Self {
        Self { post, words: OnceCell::new() }
    }

    /// The value of a field; `None` where the post does not have it.
    pub(super) fn value(&self, what: Compared) -> Option<Value<&'p str>> {
        match what {
            Compared::Field(PostField::ChannelVerified) => {
                self.post.channel.verified.map(Value::Boolean)
            }
            Compared::Field(field) => field.of(self.post).map(Value::Text),
            Compared::Members => self.post.channel.members.map(Value::Number),
            Compared::AuthorAge => {
                let age = self.written_ms()?.saturating_sub(self.created_ms()?);
                // Clocks differ: an account that writes before it is there is a new one.
                Some(Value::Duration(age.max(0)))
            }
            Compared::TextWords => {
                Some(Value::Number(u64::try_from(self.words()).unwrap_or(u64::MAX)))
            }
        }
    }

    /// What the post would have to have for a field to have a value.
    pub(super) fn needs(&self, what: Compared) -> &'static str {
        match what {
            Compared::AuthorAge if self.created_ms().is_none() => "author.created_at",
            Compared::AuthorAge => "sent_at",
            _ => what.name(),
        }
    }

    fn created_ms(&self) -> Option<i64> {
        self.post.author.as_ref()?.created_at_ms
    }

    /// When what is looked at was written, by the post's own word: never a clock, so that the same
    /// post has the same verdict in the service, in `scan` and in a rule's tests.
    fn written_ms(&self) -> Option<i64> {
        self.post.edited_at_ms.or(self.post.sent_at_ms)
    }

    fn words(&self) -> usize {
        *self.words.get_or_init(|| {
            let pieces = self.post.pieces().into_iter();
            let text = pieces.filter(|piece| piece.part == Part::Text);
            text.map(|piece| Seen::of(piece).words()).sum()
        })
    }
}
