//! Actions as they are sent to Osprey: an envelope, and the event itself within.
//!
//! `{"send_time": …, "data": {"action_id": …, "action_name": …, "data": {…}}}`, either `data` an
//! object or a string that holds one as JSON: senders do both. What the event looks like is theirs
//! to say, so the fields of the post are pointers into it; id, channel, author and time have a
//! default.

use std::borrow::Cow;

use super::fields::Fields;
use super::json::{Field, Object, Place};
use super::mapped::{self, Basics};
use super::{Fault, Post};

/// Keys of the event for what no pointer is given for.
const CHANNEL: &str = "channel_id";
const USER: &str = "user_id";

/// The fields, and what stands in for those that are not given.
pub(super) fn with_defaults(mut fields: Fields) -> Fields {
    fields.record.add_key(CHANNEL);
    fields.record.add_key(USER);
    fields
}

/// Reads a post.
pub(super) fn post<'a>(text: &'a str, fields: &Fields) -> Result<Post<'a>, Fault> {
    let place = Place::Record;
    let record = Object::of(text, &["send_time", "data"], &place)?;
    let sent_at = record.field("send_time");
    match record.field("data").document()? {
        Cow::Borrowed(data) => action(data, sent_at, fields),
        Cow::Owned(data) => Ok(action(&data, sent_at, fields)?.into_owned()),
    }
}

fn action<'a>(data: &'a str, sent_at: Field<'a, '_>, fields: &Fields) -> Result<Post<'a>, Fault> {
    let place = Place::Field(&Place::Record, "data");
    let action = Object::of(data, &["action_id", "data"], &place)?;
    let id = action.field("action_id");
    match action.field("data").document()? {
        Cow::Borrowed(data) => event(data, id, sent_at, fields),
        Cow::Owned(data) => Ok(event(&data, id, sent_at, fields)?.into_owned()),
    }
}

fn event<'a>(
    data: &'a str,
    id: Field<'a, '_>,
    sent_at: Field<'a, '_>,
    fields: &Fields,
) -> Result<Post<'a>, Fault> {
    let action = Place::Field(&Place::Record, "data");
    let place = Place::Field(&action, "data");
    let picked = fields.record.whole(data, &place)?;
    let (channel, user) = (picked.field(CHANNEL), picked.field(USER));
    let channel = if user.is_there() && !channel.is_there() { user } else { channel };
    let or = |name, default| if fields.record.has(name) { picked.field(name) } else { default };
    let basics = Basics {
        id: or("id", id),
        channel_id: or("channel.id", channel),
        author_id: or("author.id", user),
        sent_at: or("sent_at", sent_at),
    };
    mapped::read(&picked, basics, fields)
}
