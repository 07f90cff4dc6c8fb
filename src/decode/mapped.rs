//! JSON of any shape, read through the pointers of [`Fields`].

use super::fields::{Fields, Picked, Pointers};
use super::json::{Field, Place};
use super::native::{self, holds_anything, nothing_to_see, required};
use super::{Author, Button, Channel, Fault, Forward, Link, Medium, Post};

/// Reads a post.
pub(super) fn post<'a>(text: &'a str, fields: &Fields) -> Result<Post<'a>, Fault> {
    let place = Place::Record;
    let picked = fields.record.whole(text, &place)?;
    let basics = Basics {
        id: picked.field("id"),
        channel_id: picked.field("channel.id"),
        author_id: picked.field("author.id"),
        sent_at: picked.field("sent_at"),
    };
    read(&picked, basics, fields)
}

/// What a format may know by itself where no pointer says so.
#[derive(Clone, Copy)]
pub(super) struct Basics<'a, 'p> {
    pub(super) id: Field<'a, 'p>,
    pub(super) channel_id: Field<'a, 'p>,
    pub(super) author_id: Field<'a, 'p>,
    pub(super) sent_at: Field<'a, 'p>,
}

/// Reads a post from what was picked.
pub(super) fn read<'a>(
    picked: &Picked<'a, '_>,
    basics: Basics<'a, '_>,
    fields: &Fields,
) -> Result<Post<'a>, Fault> {
    let post = Post {
        id: required(basics.id)?,
        kind: native::kind(picked.field("kind"))?,
        channel: channel(basics.channel_id, picked)?,
        author: author(basics.author_id, picked)?,
        text: picked.field("text").text()?.unwrap_or_default(),
        lang: picked.field("lang").text()?,
        sent_at_ms: basics.sent_at.time_ms()?,
        edited_at_ms: picked.field("edited_at").time_ms()?,
        reply_to: picked.field("reply_to").id()?,
        url: picked.field("url").text()?,
        forward: forward(picked)?,
        links: picked.field("links").list(|element| link(element, &fields.links))?,
        buttons: picked.field("buttons").list(|element| button(element, &fields.buttons))?,
        poll: picked.field("poll").list(|field| Ok(field.text()?.unwrap_or_default()))?,
        media: picked.field("media").list(|element| medium(element, &fields.media))?,
    };
    if holds_anything(&post) { Ok(post) } else { Err(nothing_to_see()) }
}

fn channel<'a>(id: Field<'a, '_>, picked: &Picked<'a, '_>) -> Result<Channel<'a>, Fault> {
    Ok(Channel {
        id: required(id)?,
        title: picked.field("channel.title").text()?,
        username: picked.field("channel.username").text()?,
        about: picked.field("channel.about").text()?,
        members: picked.field("channel.members").count(u64::MAX)?,
        country: picked.field("channel.country").text()?,
        verified: picked.field("channel.verified").flag()?,
    })
}

fn author<'a>(id: Field<'a, '_>, picked: &Picked<'a, '_>) -> Result<Option<Author<'a>>, Fault> {
    let author = Author {
        id: id.id()?,
        name: picked.field("author.name").text()?,
        created_at_ms: picked.field("author.created_at").time_ms()?,
    };
    Ok(Some(author).filter(|author| *author != Author::default()))
}

fn forward<'a>(picked: &Picked<'a, '_>) -> Result<Option<Forward<'a>>, Fault> {
    let forward = Forward {
        channel_id: picked.field("forward.channel.id").id()?,
        channel_title: picked.field("forward.channel.title").text()?,
        author_id: picked.field("forward.author.id").id()?,
        author_name: picked.field("forward.author.name").text()?,
    };
    Ok(Some(forward).filter(|forward| *forward != Forward::default()))
}

fn link<'a>(element: Field<'a, '_>, pointers: &Pointers) -> Result<Link<'a>, Fault> {
    if pointers.is_empty() {
        return native::link(element);
    }
    let picked = pointers.value(&element)?;
    let url = picked.field("links.url").text()?.unwrap_or_default();
    Ok(Link { shown: picked.field("links.shown").text()?, url })
}

fn button<'a>(element: Field<'a, '_>, pointers: &Pointers) -> Result<Button<'a>, Fault> {
    if pointers.is_empty() {
        return native::button(element);
    }
    let picked = pointers.value(&element)?;
    let text = picked.field("buttons.text").text()?.unwrap_or_default();
    Ok(Button { text, url: picked.field("buttons.url").text()? })
}

fn medium<'a>(element: Field<'a, '_>, pointers: &Pointers) -> Result<Medium<'a>, Fault> {
    if pointers.is_empty() {
        return native::medium(element);
    }
    let picked = pointers.value(&element)?;
    Ok(Medium {
        name: picked.field("media.name").text()?,
        md5: picked.field("media.md5").text()?,
        sha1: picked.field("media.sha1").text()?,
        sha256: picked.field("media.sha256").text()?,
        pdq: picked.field("media.pdq").text()?,
        pdq_quality: picked.field("media.pdq_quality").count(100)?,
        ocr: picked.field("media.ocr").text()?,
    })
}
