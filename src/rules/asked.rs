//! Values of a post that are compared as they are: its fields, and the hashes of its media.

use std::borrow::Cow;

use crate::decode::{Kind, Medium, Post};

/// A field of a post, named as in the rest of the rule language.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PostField {
    /// `post.id`
    Id,
    /// `kind`
    Kind,
    /// `text`
    Text,
    /// `lang`
    Lang,
    /// `url`
    Url,
    /// `reply_to`
    ReplyTo,
    /// `channel.id`
    ChannelId,
    /// `channel.title`
    ChannelTitle,
    /// `channel.username`
    ChannelUsername,
    /// `channel.about`
    ChannelAbout,
    /// `channel.country`
    ChannelCountry,
    /// `channel.verified`
    ChannelVerified,
    /// `author.id`
    AuthorId,
    /// `author.name`
    AuthorName,
    /// `forward.channel.id`
    ForwardChannelId,
    /// `forward.channel.title`
    ForwardChannelTitle,
    /// `forward.author.id`
    ForwardAuthorId,
    /// `forward.author.name`
    ForwardAuthorName,
}

impl PostField {
    /// Every field.
    pub const ALL: [Self; 18] = [
        Self::Id,
        Self::Kind,
        Self::Text,
        Self::Lang,
        Self::Url,
        Self::ReplyTo,
        Self::ChannelId,
        Self::ChannelTitle,
        Self::ChannelUsername,
        Self::ChannelAbout,
        Self::ChannelCountry,
        Self::ChannelVerified,
        Self::AuthorId,
        Self::AuthorName,
        Self::ForwardChannelId,
        Self::ForwardChannelTitle,
        Self::ForwardAuthorId,
        Self::ForwardAuthorName,
    ];

    /// Name in rules.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Id => "post.id",
            Self::Kind => "kind",
            Self::Text => "text",
            Self::Lang => "lang",
            Self::Url => "url",
            Self::ReplyTo => "reply_to",
            Self::ChannelId => "channel.id",
            Self::ChannelTitle => "channel.title",
            Self::ChannelUsername => "channel.username",
            Self::ChannelAbout => "channel.about",
            Self::ChannelCountry => "channel.country",
            Self::ChannelVerified => "channel.verified",
            Self::AuthorId => "author.id",
            Self::AuthorName => "author.name",
            Self::ForwardChannelId => "forward.channel.id",
            Self::ForwardChannelTitle => "forward.channel.title",
            Self::ForwardAuthorId => "forward.author.id",
            Self::ForwardAuthorName => "forward.author.name",
        }
    }

    /// JSON pointer into the post as the native format has it.
    #[must_use]
    pub fn pointer(self) -> String {
        match self {
            Self::Id => "/id".to_owned(),
            _ => format!("/{}", self.name().replace('.', "/")),
        }
    }

    /// Its value in a post, as text; `None` where it is missing or empty.
    #[must_use]
    pub fn of<'p>(self, post: &'p Post<'_>) -> Option<&'p str> {
        let (author, forward) = (post.author.as_ref(), post.forward.as_ref());
        let value: Option<&Cow<'_, str>> = match self {
            Self::Id => Some(&post.id),
            Self::Kind => return Some(post.kind.name()),
            Self::Text => Some(&post.text),
            Self::Lang => post.lang.as_ref(),
            Self::Url => post.url.as_ref(),
            Self::ReplyTo => post.reply_to.as_ref(),
            Self::ChannelId => Some(&post.channel.id),
            Self::ChannelTitle => post.channel.title.as_ref(),
            Self::ChannelUsername => post.channel.username.as_ref(),
            Self::ChannelAbout => post.channel.about.as_ref(),
            Self::ChannelCountry => post.channel.country.as_ref(),
            Self::ChannelVerified => {
                return post.channel.verified.map(|verified| if verified { TRUE } else { FALSE });
            }
            Self::AuthorId => author.and_then(|author| author.id.as_ref()),
            Self::AuthorName => author.and_then(|author| author.name.as_ref()),
            Self::ForwardChannelId => forward.and_then(|forward| forward.channel_id.as_ref()),
            Self::ForwardChannelTitle => forward.and_then(|forward| forward.channel_title.as_ref()),
            Self::ForwardAuthorId => forward.and_then(|forward| forward.author_id.as_ref()),
            Self::ForwardAuthorName => forward.and_then(|forward| forward.author_name.as_ref()),
        };
        value.map(|value| &**value).filter(|value| !value.is_empty())
    }

    /// Every value it can have, where these are few.
    #[must_use]
    pub fn values(self) -> Option<Vec<&'static str>> {
        match self {
            Self::Kind => Some([Kind::Post, Kind::Edit, Kind::Profile].map(Kind::name).to_vec()),
            Self::ChannelVerified => Some(vec![TRUE, FALSE]),
            _ => None,
        }
    }

    /// Does a value of it concern few posts? What sorts all posts into a few classes does not.
    #[must_use]
    pub fn tells(self) -> bool {
        !matches!(self, Self::Kind | Self::Lang | Self::ChannelCountry | Self::ChannelVerified)
    }
}

const TRUE: &str = "true";
const FALSE: &str = "false";

/// A hash of the bytes of a medium.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum HashKind {
    /// MD5.
    Md5,
    /// SHA-1.
    Sha1,
    /// SHA-256.
    Sha256,
}

impl HashKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Md5, Self::Sha1, Self::Sha256];

    /// Name in rules and in posts.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Md5 => "md5",
            Self::Sha1 => "sha1",
            Self::Sha256 => "sha256",
        }
    }

    /// Hexadecimal digits it is written in.
    #[must_use]
    pub fn digits(self) -> usize {
        match self {
            Self::Md5 => 32,
            Self::Sha1 => 40,
            Self::Sha256 => 64,
        }
    }

    /// The one of a medium, as it is written there.
    #[must_use]
    pub fn of<'m>(self, medium: &'m Medium<'_>) -> Option<&'m str> {
        match self {
            Self::Md5 => medium.md5.as_deref(),
            Self::Sha1 => medium.sha1.as_deref(),
            Self::Sha256 => medium.sha256.as_deref(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::{self, Fields, Format, Limits};

    const POST: &str = r#"{"id": "the id", "kind": "edit", "text": "the text", "lang": "the lang",
        "url": "the url", "reply_to": "the reply_to", "channel": {"id": "the channel.id",
        "title": "the channel.title", "username": "the channel.username",
        "about": "the channel.about", "country": "the channel.country", "verified": false},
        "author": {"id": "the author.id", "name": "the author.name"}, "forward": {
        "channel": {"id": "the forward.channel.id", "title": "the forward.channel.title"},
        "author": {"id": "the forward.author.id", "name": "the forward.author.name"}}}"#;

    #[test]
    fn every_field_is_where_its_pointer_leads() {
        let post = decode::read(&Format::Native, Some(POST.as_bytes()), &Limits::default());
        let post = post.unwrap();
        let json: serde_json::Value = serde_json::from_str(POST).unwrap();
        for field in PostField::ALL {
            let there = json.pointer(&field.pointer()).unwrap();
            let there = there.as_str().map_or_else(|| there.to_string(), str::to_owned);
            assert_eq!(field.of(&post), Some(&*there), "{}", field.name());
            let known = field.values().is_none_or(|values| values.contains(&&*there));
            assert!(known, "{}", field.name());
            // The format's own name is the same.
            let own = field.name().trim_start_matches("post.");
            assert!(Fields::names().any(|name| name == own), "{own}");
        }
        let empty = Post::default();
        let there = PostField::ALL.into_iter().filter(|field| field.of(&empty).is_some());
        assert_eq!(there.collect::<Vec<_>>(), [PostField::Kind]);
    }
}
