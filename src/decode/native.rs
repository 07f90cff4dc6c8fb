//! The native format, field by field.

use std::borrow::Cow;

use super::json::{Field, Object, Place};
use super::{Author, Button, Channel, Fault, Forward, Kind, Link, Medium, Post, Reason};

/// Reads a post.
pub(super) fn post(text: &str) -> Result<Post<'_>, Fault> {
    let place = Place::Record;
    let names = &[
        "id",
        "kind",
        "channel",
        "author",
        "text",
        "lang",
        "sent_at",
        "edited_at",
        "reply_to",
        "url",
        "forward",
        "links",
        "buttons",
        "poll",
        "media",
    ];
    let object = Object::of(text, names, &place)?;
    let post = Post {
        id: required(object.field("id"))?,
        kind: kind(object.field("kind"))?,
        channel: channel(object.field("channel"))?,
        author: object.field("author").map(author)?,
        text: object.field("text").text()?.unwrap_or_default(),
        lang: object.field("lang").text()?,
        sent_at_ms: object.field("sent_at").time_ms()?,
        edited_at_ms: object.field("edited_at").time_ms()?,
        reply_to: object.field("reply_to").id()?,
        url: object.field("url").text()?,
        forward: object.field("forward").map(forward)?,
        links: object.field("links").list(link)?,
        buttons: object.field("buttons").list(button)?,
        poll: object.field("poll").list(|field| Ok(field.text()?.unwrap_or_default()))?,
        media: object.field("media").list(medium)?,
    };
    if holds_anything(&post) { Ok(post) } else { Err(nothing_to_see()) }
}

/// The fault of a post in which there is nothing to look at.
pub(super) fn nothing_to_see() -> Fault {
    let detail = "no text, link, medium or forward; send posts with something to look at";
    Fault::new(Reason::NothingToSee, detail)
}

/// An id that must be there.
pub(super) fn required<'a>(field: Field<'a, '_>) -> Result<Cow<'a, str>, Fault> {
    field.id()?.ok_or_else(|| field.missing())
}

/// A kind by its name; a post where there is none.
pub(super) fn kind(field: Field<'_, '_>) -> Result<Kind, Fault> {
    let Some(name) = field.text()? else { return Ok(Kind::default()) };
    let known = [Kind::Post, Kind::Edit, Kind::Profile].into_iter();
    let mut known = known.filter(|kind| kind.name() == name);
    known.next().ok_or_else(|| field.fault(Reason::BadValue, "must be post, edit or profile"))
}

fn channel<'a>(field: Field<'a, '_>) -> Result<Channel<'a>, Fault> {
    let names = &["id", "title", "username", "about", "members", "country", "verified"];
    // An absent channel is one without an id, and the fault should name the id.
    let object = field.object(names)?;
    Ok(Channel {
        id: required(object.field("id"))?,
        title: object.field("title").text()?,
        username: object.field("username").text()?,
        about: object.field("about").text()?,
        members: object.field("members").count(u64::MAX)?,
        country: object.field("country").text()?,
        verified: object.field("verified").flag()?,
    })
}

fn author<'a>(field: Field<'a, '_>) -> Result<Author<'a>, Fault> {
    let object = field.object(&["id", "name", "created_at"])?;
    Ok(Author {
        id: object.field("id").id()?,
        name: object.field("name").text()?,
        created_at_ms: object.field("created_at").time_ms()?,
    })
}

fn forward<'a>(field: Field<'a, '_>) -> Result<Forward<'a>, Fault> {
    let object = field.object(&["channel", "author"])?;
    let channel = object.field("channel");
    let channel = channel.object(&["id", "title"])?;
    let author = object.field("author");
    let author = author.object(&["id", "name"])?;
    Ok(Forward {
        channel_id: channel.field("id").id()?,
        channel_title: channel.field("title").text()?,
        author_id: author.field("id").id()?,
        author_name: author.field("name").text()?,
    })
}

/// An element of `links`.
pub(super) fn link<'a>(field: Field<'a, '_>) -> Result<Link<'a>, Fault> {
    let object = field.object(&["shown", "url"])?;
    let url = object.field("url").text()?.unwrap_or_default();
    Ok(Link { shown: object.field("shown").text()?, url })
}

/// An element of `buttons`.
pub(super) fn button<'a>(field: Field<'a, '_>) -> Result<Button<'a>, Fault> {
    let object = field.object(&["text", "url"])?;
    let text = object.field("text").text()?.unwrap_or_default();
    Ok(Button { text, url: object.field("url").text()? })
}

/// An element of `media`.
pub(super) fn medium<'a>(field: Field<'a, '_>) -> Result<Medium<'a>, Fault> {
    let names = &["name", "md5", "sha1", "sha256", "pdq", "pdq_quality", "ocr"];
    let object = field.object(names)?;
    Ok(Medium {
        name: object.field("name").text()?,
        md5: object.field("md5").text()?,
        sha1: object.field("sha1").text()?,
        sha256: object.field("sha256").text()?,
        pdq: object.field("pdq").text()?,
        pdq_quality: object.field("pdq_quality").count(100)?,
        ocr: object.field("ocr").text()?,
    })
}

/// Is there a non-empty part, a link, a medium or a forward? Empty objects are none.
pub(super) fn holds_anything(post: &Post<'_>) -> bool {
    let shown = |link: &Link<'_>| link.shown.as_ref().is_some_and(|shown| !shown.is_empty());
    let forward = post.forward.as_ref().is_some_and(|forward| *forward != Forward::default());
    // Nearly all posts have a text, and their pieces need not be listed for this.
    !post.text.is_empty()
        || forward
        || post.links.iter().any(shown)
        || post.media.iter().any(|medium| *medium != Medium::default())
        || !post.pieces().is_empty()
}
