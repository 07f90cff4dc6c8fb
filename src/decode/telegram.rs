//! Updates of Telegram's Bot API: new and edited messages of groups and channels.

use std::borrow::Cow;
use std::ops::Range;

use super::json::{Field, Object, Place};
use super::native::{holds_anything, nothing_to_see, required};
use super::{Author, Button, Channel, Fault, Forward, Kind, Link, Medium, Post, Reason};

/// The updates that are posts; an update is one of many things.
const UPDATES: &[&str; 4] = &["message", "edited_message", "channel_post", "edited_channel_post"];

/// What is read of a message.
const MESSAGE: &[&str; 29] = &[
    "message_id",
    "date",
    "edit_date",
    "chat",
    "from",
    "sender_chat",
    "author_signature",
    "reply_to_message",
    "forward_origin",
    "text",
    "entities",
    "caption",
    "caption_entities",
    "link_preview_options",
    "reply_markup",
    "poll",
    "new_chat_title",
    "animation",
    "document",
    "video",
    "audio",
    "photo",
    "voice",
    "video_note",
    "sticker",
    "story",
    "live_photo",
    "paid_media",
    "game",
];

/// Media with a file name; an animation stands as a document too.
const NAMED: &[&str] = &["animation", "document", "video", "audio"];

/// Media without one: something to look at all the same.
const NAMELESS: &[&str] =
    &["photo", "voice", "video_note", "sticker", "story", "live_photo", "paid_media", "game"];

const CHAT: &[&str; 5] = &["id", "title", "username", "first_name", "last_name"];

type Message<'a, 'p> = Object<'a, 'p, 29>;

/// Reads a post.
pub(super) fn post(text: &str) -> Result<Post<'_>, Fault> {
    let place = Place::Record;
    let update = Object::of(text, UPDATES, &place)?;
    let mut messages =
        UPDATES.iter().map(|name| (*name, update.field(name))).filter(|(_, it)| it.is_there());
    let Some((name, message)) = messages.next() else {
        let detail = format!("{}: all absent; let no other updates through", UPDATES.join(", "));
        return Err(Fault::new(Reason::MissingField, detail));
    };
    if let Some((_, second)) = messages.next() {
        return Err(second.fault(Reason::BadValue, "stands beside another; an update has just one"));
    }
    let kind = if name.starts_with("edited") { Kind::Edit } else { Kind::Post };
    read(&message.object(MESSAGE)?, kind)
}

fn read<'a>(message: &Message<'a, '_>, kind: Kind) -> Result<Post<'a>, Fault> {
    let number = required(message.field("message_id"))?;
    let chat = message.field("chat");
    let chat = chat.object(CHAT)?;
    let new_title = message.field("new_chat_title").text()?;
    let kind = if new_title.is_some() { Kind::Profile } else { kind };
    let channel = Channel {
        id: required(chat.field("id"))?,
        title: new_title.or(chat.field("title").text()?),
        username: chat.field("username").text()?,
        ..Channel::default()
    };
    let address = |name: &Cow<'_, str>| Cow::Owned(format!("https://t.me/{name}/{number}"));
    let (text, links) = text(message)?;
    let post = Post {
        id: id(&channel.id, &number),
        kind,
        author: author(message, &channel.id)?,
        text,
        sent_at_ms: message.field("date").time_ms()?,
        edited_at_ms: message.field("edit_date").time_ms()?,
        reply_to: reply_to(message, &channel.id)?,
        url: channel.username.as_ref().map(address),
        forward: message.field("forward_origin").map(forward)?,
        links,
        buttons: buttons(message)?,
        poll: poll(message)?,
        media: media(message)?,
        lang: None,
        channel,
    };
    // A photo has no name and no hash here, but a photo it is.
    let to_see = !post.media.is_empty() || holds_anything(&post);
    if to_see { Ok(post) } else { Err(nothing_to_see()) }
}

/// A message's number is its own within its chat only.
fn id<'a>(chat: &str, number: &str) -> Cow<'a, str> {
    Cow::Owned(format!("{chat}/{number}"))
}

/// Who wrote a message. On behalf of a chat, `from` is a stand-in; where that chat is the one the
/// message stands in, nobody more is known than who signed.
fn author<'a>(message: &Message<'a, '_>, channel: &str) -> Result<Option<Author<'a>>, Fault> {
    let signature = message.field("author_signature").text()?;
    let (from, chat) = (message.field("from"), message.field("sender_chat"));
    let mut author = Author::default();
    if chat.is_there() {
        let chat = chat.object(CHAT)?;
        let id = chat.field("id").id()?;
        if id.as_deref() != Some(channel) {
            author = Author { id, name: name_of(&chat)?, ..author };
        }
    } else {
        let from = from.object(CHAT)?;
        author = Author { id: from.field("id").id()?, name: name_of(&from)?, ..author };
    }
    author.name = author.name.or(signature);
    Ok(Some(author).filter(|author| *author != Author::default()))
}

/// The name that readers see of a user or chat.
fn name_of<'a>(object: &Object<'a, '_, 5>) -> Result<Option<Cow<'a, str>>, Fault> {
    let given = |name| Ok(object.field(name).text()?.filter(|text| !text.is_empty()));
    let (first, last) = (given("first_name")?, given("last_name")?);
    let name = match (first, last) {
        (Some(first), Some(last)) => Some(Cow::Owned(format!("{first} {last}"))),
        (first, last) => first.or(last),
    };
    Ok(given("title")?.or(name))
}

fn reply_to<'a>(message: &Message<'a, '_>, channel: &str) -> Result<Option<Cow<'a, str>>, Fault> {
    let reply = message.field("reply_to_message");
    let reply = reply.object(&["message_id", "chat"])?;
    let chat = reply.field("chat");
    let chat = chat.object(&["id"])?.field("id").id()?;
    let number = reply.field("message_id").id()?;
    Ok(number.map(|number| id(chat.as_deref().unwrap_or(channel), &number)))
}

/// Where a message was first sent: by a user, a user who hides, a chat, or a channel.
fn forward<'a>(field: Field<'a, '_>) -> Result<Forward<'a>, Fault> {
    let names = &["sender_user", "sender_user_name", "sender_chat", "chat", "author_signature"];
    let object = field.object(names)?;
    let user = object.field("sender_user");
    let user = user.object(CHAT)?;
    let (sender, channel) = (object.field("sender_chat"), object.field("chat"));
    let chat = if channel.is_there() { channel } else { sender };
    let chat = chat.object(CHAT)?;
    let hidden = object.field("sender_user_name").text()?;
    let signature = object.field("author_signature").text()?;
    Ok(Forward {
        channel_id: chat.field("id").id()?,
        channel_title: name_of(&chat)?,
        author_id: user.field("id").id()?,
        author_name: name_of(&user)?.or(hidden).or(signature),
    })
}

/// The text or caption, and the links that it hides or that are shown below it.
fn text<'a>(message: &Message<'a, '_>) -> Result<(Cow<'a, str>, Vec<Link<'a>>), Fault> {
    let text = message.field("text").text()?;
    let (text, entities) = match text {
        Some(text) => (text, "entities"),
        None => (message.field("caption").text()?.unwrap_or_default(), "caption_entities"),
    };
    let hidden = message.field(entities).list(hidden_link)?;
    let mut links = shown_at(&text, hidden.into_iter().flatten(), &message.field(entities))?;
    let preview = message.field("link_preview_options");
    let preview = preview.object(&["url"])?.field("url").text()?;
    links.extend(preview.map(|url| Link { shown: None, url }));
    Ok((text, links))
}

/// An address behind a stretch of text, counted in UTF-16 code units.
struct Hidden<'a> {
    offset: u64,
    length: u64,
    url: Cow<'a, str>,
}

fn hidden_link<'a>(entity: Field<'a, '_>) -> Result<Option<Hidden<'a>>, Fault> {
    let object = entity.object(&["type", "offset", "length", "url"])?;
    if object.field("type").text()?.as_deref() != Some("text_link") {
        return Ok(None);
    }
    let most = u64::from(u32::MAX);
    let number = |name| {
        let field = object.field(name);
        field.count(most)?.ok_or_else(|| field.missing())
    };
    let (offset, length) = (number("offset")?, number("length")?);
    let url = object.field("url");
    let url = url.text()?.ok_or_else(|| url.missing())?;
    Ok(Some(Hidden { offset, length, url }))
}

/// The links with the text they stand on.
fn shown_at<'a>(
    text: &Cow<'a, str>,
    hidden: impl Iterator<Item = Hidden<'a>>,
    entities: &Field<'a, '_>,
) -> Result<Vec<Link<'a>>, Fault> {
    let mut hidden = hidden.peekable();
    // Most texts have none, and need not be counted out.
    let units = if hidden.peek().is_some() { Units::of(text) } else { Units(Vec::new()) };
    let mut room = u64::try_from(units.0.len()).unwrap_or(u64::MAX);
    let mut links = Vec::new();
    for Hidden { offset, length, url } in hidden {
        let what = "a text_link lies outside the text, or over another";
        let fault = || entities.fault(Reason::BadValue, what);
        // Links cannot overlap, so all together show no more than the text: a record is never
        // copied many times over.
        room = room.checked_sub(length).ok_or_else(fault)?;
        let range = units.bytes(offset, length).ok_or_else(fault)?;
        let shown = match text {
            Cow::Borrowed(text) => text.get(range).map(Cow::Borrowed),
            Cow::Owned(text) => text.get(range).map(|shown| Cow::Owned(shown.to_owned())),
        };
        links.push(Link { shown: Some(shown.ok_or_else(fault)?), url });
    }
    Ok(links)
}

/// Byte offset of each UTF-16 code unit of a text and of its end; the second half of a pair has
/// none.
struct Units(Vec<Option<usize>>);

impl Units {
    fn of(text: &str) -> Self {
        let starts = text.char_indices().flat_map(|(at, c)| {
            let second = (c.len_utf16() == 2).then_some(None);
            [Some(at)].into_iter().chain(second)
        });
        Self(starts.chain([Some(text.len())]).collect())
    }

    fn bytes(&self, offset: u64, length: u64) -> Option<Range<usize>> {
        let at = |unit: u64| *self.0.get(usize::try_from(unit).ok()?)?;
        Some(at(offset)?..at(offset + length)?)
    }
}

fn buttons<'a>(message: &Message<'a, '_>) -> Result<Vec<Button<'a>>, Fault> {
    let markup = message.field("reply_markup");
    let markup = markup.object(&["inline_keyboard"])?;
    let rows = markup.field("inline_keyboard").list(|row| row.list(button))?;
    Ok(rows.into_iter().flatten().collect())
}

/// A button leads to an address, to an app at an address, or to a login there.
fn button<'a>(field: Field<'a, '_>) -> Result<Button<'a>, Fault> {
    let object = field.object(&["text", "url", "web_app", "login_url"])?;
    let within = |name| object.field(name).object(&["url"])?.field("url").text();
    let (app, login) = (within("web_app")?, within("login_url")?);
    let text = object.field("text").text()?.unwrap_or_default();
    Ok(Button { text, url: object.field("url").text()?.or(app).or(login) })
}

/// Question, answers, and what is said once a quiz is answered.
fn poll<'a>(message: &Message<'a, '_>) -> Result<Vec<Cow<'a, str>>, Fault> {
    let poll = message.field("poll");
    let poll = poll.object(&["question", "options", "explanation"])?;
    let option = |option: Field<'a, '_>| option.object(&["text"])?.field("text").text();
    let options = poll.field("options").list(option)?;
    let question = poll.field("question").text()?;
    let explanation = poll.field("explanation").text()?;
    Ok([question].into_iter().chain(options).chain([explanation]).flatten().collect())
}

fn media<'a>(message: &Message<'a, '_>) -> Result<Vec<Medium<'a>>, Fault> {
    let mut media = Vec::new();
    let twice = message.field("animation").is_there();
    for name in NAMED.iter().filter(|name| !(twice && **name == "document")) {
        let field = message.field(name);
        let name = field.object(&["file_name"])?.field("file_name").text()?;
        if field.is_there() {
            media.push(Medium { name, ..Medium::default() });
        }
    }
    let nameless = NAMELESS.iter().filter(|name| message.field(name).is_there());
    media.extend(nameless.map(|_| Medium::default()));
    Ok(media)
}
