//! The post as every later stage sees it, whatever format it came in.

use std::borrow::Cow;

use crate::record::Part;

/// What a record says happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// A new message.
    #[default]
    Post,
    /// A changed message.
    Edit,
    /// A channel's title, description or name.
    Profile,
}

impl Kind {
    /// Name in input, rules and events.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Post => "post",
            Self::Edit => "edit",
            Self::Profile => "profile",
        }
    }
}

/// The channel a post stands in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Channel<'a> {
    /// Never empty in a decoded post.
    pub id: Cow<'a, str>,
    /// Title; looked at in profiles only.
    pub title: Option<Cow<'a, str>>,
    /// Public name without `@`; looked at in profiles only.
    pub username: Option<Cow<'a, str>>,
    /// Description; looked at in profiles only.
    pub about: Option<Cow<'a, str>>,
    /// Number of members.
    pub members: Option<u64>,
    /// ISO 3166 country the platform knows it by.
    pub country: Option<Cow<'a, str>>,
    /// Verified by the platform.
    pub verified: Option<bool>,
}

/// Who wrote a post.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Author<'a> {
    /// Account id.
    pub id: Option<Cow<'a, str>>,
    /// Display name.
    pub name: Option<Cow<'a, str>>,
    /// Unix milliseconds.
    pub created_at_ms: Option<i64>,
}

/// Where a post was forwarded from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Forward<'a> {
    /// Id of the channel it came from.
    pub channel_id: Option<Cow<'a, str>>,
    /// Title of that channel.
    pub channel_title: Option<Cow<'a, str>>,
    /// Id of the account it came from.
    pub author_id: Option<Cow<'a, str>>,
    /// Display name of that account.
    pub author_name: Option<Cow<'a, str>>,
}

/// A link the platform carries beside the text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Link<'a> {
    /// What the reader sees, if it differs from the address.
    pub shown: Option<Cow<'a, str>>,
    /// The address.
    pub url: Cow<'a, str>,
}

/// A button below a post.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Button<'a> {
    /// Its label.
    pub text: Cow<'a, str>,
    /// Its address, if it has one.
    pub url: Option<Cow<'a, str>>,
}

/// A medium of a post: names and hashes, never the bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Medium<'a> {
    /// File name.
    pub name: Option<Cow<'a, str>>,
    /// Hex MD5.
    pub md5: Option<Cow<'a, str>>,
    /// Hex SHA-1.
    pub sha1: Option<Cow<'a, str>>,
    /// Hex SHA-256.
    pub sha256: Option<Cow<'a, str>>,
    /// Hex PDQ.
    pub pdq: Option<Cow<'a, str>>,
    /// Quality of the PDQ hash, 0 to 100.
    pub pdq_quality: Option<u64>,
    /// Text read off the medium.
    pub ocr: Option<Cow<'a, str>>,
}

/// One post, edit or profile. Strings borrow from the record where its JSON needs no unescaping.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Post<'a> {
    /// Never empty.
    pub id: Cow<'a, str>,
    /// What happened.
    pub kind: Kind,
    /// Where.
    pub channel: Channel<'a>,
    /// By whom.
    pub author: Option<Author<'a>>,
    /// Message or caption.
    pub text: Cow<'a, str>,
    /// Language, as the platform says it.
    pub lang: Option<Cow<'a, str>>,
    /// Unix milliseconds.
    pub sent_at_ms: Option<i64>,
    /// Unix milliseconds.
    pub edited_at_ms: Option<i64>,
    /// Id of the post this one answers.
    pub reply_to: Option<Cow<'a, str>>,
    /// Where a reviewer can see it.
    pub url: Option<Cow<'a, str>>,
    /// Origin, if it was forwarded.
    pub forward: Option<Forward<'a>>,
    /// Links beside the text.
    pub links: Vec<Link<'a>>,
    /// Buttons below it.
    pub buttons: Vec<Button<'a>>,
    /// Question and answers of a poll.
    pub poll: Vec<Cow<'a, str>>,
    /// Media.
    pub media: Vec<Medium<'a>>,
}

/// One non-empty string that patterns look at, with its place in the post.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece<'p> {
    /// Which part.
    pub part: Part,
    /// Which one of a part that repeats, from 0; 0 elsewhere.
    pub index: u16,
    /// The string; evidence ranges are byte offsets in it.
    pub text: &'p str,
}

impl Post<'_> {
    /// `revision` of this post in events: `edited_at` in ms, else `sent_at` of an edit, else 0.
    #[must_use]
    pub fn revision(&self) -> i64 {
        let sent = if self.kind == Kind::Edit { self.sent_at_ms } else { None };
        self.edited_at_ms.or(sent).unwrap_or(0)
    }

    /// Account id of the author, if known.
    #[must_use]
    pub fn author_id(&self) -> Option<&str> {
        self.author.as_ref()?.id.as_deref()
    }

    /// The same post, borrowing from nothing.
    #[must_use]
    pub fn into_owned(self) -> Post<'static> {
        let link = |it: Link<'_>| Link { shown: own(it.shown), url: owned(it.url) };
        let button = |it: Button<'_>| Button { text: owned(it.text), url: own(it.url) };
        Post {
            id: owned(self.id),
            kind: self.kind,
            channel: self.channel.into_owned(),
            author: self.author.map(Author::into_owned),
            text: owned(self.text),
            lang: own(self.lang),
            sent_at_ms: self.sent_at_ms,
            edited_at_ms: self.edited_at_ms,
            reply_to: own(self.reply_to),
            url: own(self.url),
            forward: self.forward.map(Forward::into_owned),
            links: self.links.into_iter().map(link).collect(),
            buttons: self.buttons.into_iter().map(button).collect(),
            poll: self.poll.into_iter().map(owned).collect(),
            media: self.media.into_iter().map(Medium::into_owned).collect(),
        }
    }

    /// Every non-empty piece of text, in the order of [`Part::ALL`].
    #[must_use]
    pub fn pieces(&self) -> Vec<Piece<'_>> {
        let mut pieces = Vec::new();
        self.each_piece(|piece| pieces.push(piece));
        pieces
    }

    /// Calls `found` with each of [`Post::pieces`].
    pub fn each_piece<'p>(&'p self, found: impl FnMut(Piece<'p>)) {
        let mut pieces = Pieces(found);
        pieces.one(Part::Text, Some(&*self.text));
        if self.kind == Kind::Profile {
            pieces.one(Part::Title, self.channel.title.as_deref());
            pieces.one(Part::About, self.channel.about.as_deref());
            pieces.one(Part::Username, self.channel.username.as_deref());
        }
        pieces
            .one(Part::AuthorName, self.author.as_ref().and_then(|author| author.name.as_deref()));
        pieces.many(Part::Buttons, self.buttons.iter().map(|button| Some(&*button.text)));
        pieces.many(Part::Poll, self.poll.iter().map(|option| Some(&**option)));
        pieces.many(Part::FileName, self.media.iter().map(|medium| medium.name.as_deref()));
        pieces.many(Part::Ocr, self.media.iter().map(|medium| medium.ocr.as_deref()));
        let title = self.forward.as_ref().and_then(|forward| forward.channel_title.as_deref());
        pieces.one(Part::ForwardTitle, title);
        let links = self.links.iter().map(|link| Some(&*link.url));
        let buttons = self.buttons.iter().map(|button| button.url.as_deref());
        pieces.many(Part::Links, links.chain(buttons));
    }
}

fn owned(text: Cow<'_, str>) -> Cow<'static, str> {
    Cow::Owned(text.into_owned())
}

fn own(text: Option<Cow<'_, str>>) -> Option<Cow<'static, str>> {
    text.map(owned)
}

impl Channel<'_> {
    fn into_owned(self) -> Channel<'static> {
        Channel {
            id: owned(self.id),
            title: own(self.title),
            username: own(self.username),
            about: own(self.about),
            members: self.members,
            country: own(self.country),
            verified: self.verified,
        }
    }
}

impl Author<'_> {
    fn into_owned(self) -> Author<'static> {
        Author { id: own(self.id), name: own(self.name), created_at_ms: self.created_at_ms }
    }
}

impl Forward<'_> {
    fn into_owned(self) -> Forward<'static> {
        Forward {
            channel_id: own(self.channel_id),
            channel_title: own(self.channel_title),
            author_id: own(self.author_id),
            author_name: own(self.author_name),
        }
    }
}

impl Medium<'_> {
    fn into_owned(self) -> Medium<'static> {
        Medium {
            name: own(self.name),
            md5: own(self.md5),
            sha1: own(self.sha1),
            sha256: own(self.sha256),
            pdq: own(self.pdq),
            pdq_quality: self.pdq_quality,
            ocr: own(self.ocr),
        }
    }
}

struct Pieces<F>(F);

impl<'p, F: FnMut(Piece<'p>)> Pieces<F> {
    fn one(&mut self, part: Part, text: Option<&'p str>) {
        self.many(part, [text].into_iter());
    }

    fn many(&mut self, part: Part, texts: impl Iterator<Item = Option<&'p str>>) {
        for (index, text) in (0..=u16::MAX).zip(texts) {
            if let Some(text) = text.filter(|text| !text.is_empty()) {
                (self.0)(Piece { part, index, text });
            }
        }
    }
}
