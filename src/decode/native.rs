//! The format `native`: design section 5.

use std::borrow::Cow;

use super::json::{self, Json, Object, Path, Step};
use super::{Author, Button, Channel, Fault, Forward, Kind, Link, Medium, Post, Reason};

/// Reads one post; `text` borrows into it where strings need no unescaping.
pub(super) fn read(text: &str) -> Result<Post<'_>, Fault> {
    let value = json::parse(text)?;
    if text.trim_ascii() == "null" {
        return Err(Fault::new(Reason::Empty, "the record's value is null"));
    }
    let root = Path { within: None, step: Step::Field("the record") };
    let fields = Fields { object: value.object(&root)?, path: None };
    let post = post(&fields)?;
    fields.required(&post.id, "id")?;
    fields.at("channel", |path| {
        if post.channel.id.is_empty() {
            Err(Path { within: Some(path), step: Step::Field("id") }.missing())
        } else {
            Ok(())
        }
    })?;
    Ok(post)
}

fn post<'a>(fields: &Fields<'a, '_>) -> Result<Post<'a>, Fault> {
    Ok(Post {
        id: fields.one("id", Json::id)?.unwrap_or_default(),
        kind: fields.one("kind", kind)?.unwrap_or_default(),
        channel: fields.one("channel", channel)?.unwrap_or_default(),
        author: fields.one("author", author)?,
        text: fields.one("text", Json::text)?.unwrap_or_default(),
        lang: fields.one("lang", Json::text)?,
        sent_at_ms: fields.one("sent_at", Json::time)?,
        edited_at_ms: fields.one("edited_at", Json::time)?,
        reply_to: fields.one("reply_to", Json::id)?,
        url: fields.one("url", Json::text)?,
        forward: fields.one("forward", forward)?,
        links: fields.many("links", link)?,
        buttons: fields.many("buttons", button)?,
        poll: fields.many("poll", Json::text)?,
        media: fields.many("media", medium)?,
    })
}

fn kind(value: Json<'_>, path: &Path<'_>) -> Result<Kind, Fault> {
    match &*value.text(path)? {
        "post" => Ok(Kind::Post),
        "edit" => Ok(Kind::Edit),
        "profile" => Ok(Kind::Profile),
        _ => Err(path.unknown("`post`, `edit`, `profile`")),
    }
}

fn channel<'a>(value: Json<'a>, path: &Path<'_>) -> Result<Channel<'a>, Fault> {
    let fields = Fields::of(value, path)?;
    Ok(Channel {
        id: fields.one("id", Json::id)?.unwrap_or_default(),
        title: fields.one("title", Json::text)?,
        username: fields.one("username", Json::text)?,
        about: fields.one("about", Json::text)?,
        members: fields.one("members", Json::number)?,
        country: fields.one("country", Json::text)?,
        verified: fields.one("verified", Json::flag)?,
    })
}

fn author<'a>(value: Json<'a>, path: &Path<'_>) -> Result<Author<'a>, Fault> {
    let fields = Fields::of(value, path)?;
    Ok(Author {
        id: fields.one("id", Json::id)?,
        name: fields.one("name", Json::text)?,
        created_at_ms: fields.one("created_at", Json::time)?,
    })
}

/// Id and name of what a post was forwarded from.
type Named<'a> = (Option<Cow<'a, str>>, Option<Cow<'a, str>>);

fn forward<'a>(value: Json<'a>, path: &Path<'_>) -> Result<Forward<'a>, Fault> {
    let fields = Fields::of(value, path)?;
    let named = |value: Json<'a>, path: &Path<'_>, name| -> Result<Named<'a>, Fault> {
        let fields = Fields::of(value, path)?;
        Ok((fields.one("id", Json::id)?, fields.one(name, Json::text)?))
    };
    let channel = fields.one("channel", |value, path| named(value, path, "title"))?;
    let author = fields.one("author", |value, path| named(value, path, "name"))?;
    let (channel_id, channel_title) = channel.unwrap_or_default();
    let (author_id, author_name) = author.unwrap_or_default();
    Ok(Forward { channel_id, channel_title, author_id, author_name })
}

fn link<'a>(value: Json<'a>, path: &Path<'_>) -> Result<Link<'a>, Fault> {
    let fields = Fields::of(value, path)?;
    let url = fields.one("url", Json::text)?.unwrap_or_default();
    Ok(Link { shown: fields.one("shown", Json::text)?, url })
}

fn button<'a>(value: Json<'a>, path: &Path<'_>) -> Result<Button<'a>, Fault> {
    let fields = Fields::of(value, path)?;
    let text = fields.one("text", Json::text)?.unwrap_or_default();
    Ok(Button { text, url: fields.one("url", Json::text)? })
}

fn medium<'a>(value: Json<'a>, path: &Path<'_>) -> Result<Medium<'a>, Fault> {
    let fields = Fields::of(value, path)?;
    Ok(Medium {
        name: fields.one("name", Json::text)?,
        md5: fields.one("md5", Json::text)?,
        sha1: fields.one("sha1", Json::text)?,
        sha256: fields.one("sha256", Json::text)?,
        pdq: fields.one("pdq", Json::text)?,
        pdq_quality: fields.one("pdq_quality", Json::number)?,
        ocr: fields.one("ocr", Json::text)?,
    })
}

/// The fields of one object, and where it stands.
struct Fields<'a, 'p> {
    object: Object<'a>,
    path: Option<&'p Path<'p>>,
}

impl<'a, 'p> Fields<'a, 'p> {
    fn of(value: Json<'a>, path: &'p Path<'p>) -> Result<Self, Fault> {
        Ok(Self { object: value.object(path)?, path: Some(path) })
    }

    fn at<T>(&self, name: &'static str, act: impl FnOnce(&Path<'_>) -> T) -> T {
        act(&Path { within: self.path, step: Step::Field(name) })
    }

    fn required(&self, value: &str, name: &'static str) -> Result<(), Fault> {
        self.at(name, |path| if value.is_empty() { Err(path.missing()) } else { Ok(()) })
    }

    /// A field by its name, read by `read`; `None` where it is absent or null.
    fn one<T>(
        &self,
        name: &'static str,
        read: impl FnOnce(Json<'a>, &Path<'_>) -> Result<T, Fault>,
    ) -> Result<Option<T>, Fault> {
        let Some(value) = self.object.get(name) else { return Ok(None) };
        self.at(name, |path| read(value, path)).map(Some)
    }

    /// A list by its name, each item read by `read`; empty where it is absent or null.
    fn many<T>(
        &self,
        name: &'static str,
        read: impl Fn(Json<'a>, &Path<'_>) -> Result<T, Fault>,
    ) -> Result<Vec<T>, Fault> {
        let items = self.one(name, Json::list)?.unwrap_or_default();
        self.at(name, |path| {
            let items = items.into_iter().enumerate();
            let read =
                |(index, item)| read(item, &Path { within: Some(path), step: Step::Index(index) });
            items.map(read).collect()
        })
    }
}
