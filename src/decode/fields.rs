//! Where the fields of a post stand in JSON of another shape: a JSON pointer for each.

use super::Fault;
use super::json::{Field, Place, not_json, whole};
use super::pointer::{Tree, tokens};

/// Fields of a post that a pointer can be given for.
const RECORD: &[&str] = &[
    "id",
    "kind",
    "channel.id",
    "channel.title",
    "channel.username",
    "channel.about",
    "channel.members",
    "channel.country",
    "channel.verified",
    "author.id",
    "author.name",
    "author.created_at",
    "text",
    "lang",
    "sent_at",
    "edited_at",
    "reply_to",
    "url",
    "forward.channel.id",
    "forward.channel.title",
    "forward.author.id",
    "forward.author.name",
    "links",
    "buttons",
    "poll",
    "media",
];

/// Fields of an element of a list, their pointers taken from the element.
const LINKS: &[&str] = &["links.shown", "links.url"];
const BUTTONS: &[&str] = &["buttons.text", "buttons.url"];
const MEDIA: &[&str] = &[
    "media.name",
    "media.md5",
    "media.sha1",
    "media.sha256",
    "media.pdq",
    "media.pdq_quality",
    "media.ocr",
];

/// Any of these is something to look at.
const TO_SEE: &[&str] = &[
    "text",
    "author.name",
    "channel.title",
    "channel.username",
    "channel.about",
    "forward.channel.id",
    "forward.channel.title",
    "forward.author.id",
    "forward.author.name",
    "links",
    "buttons",
    "poll",
    "media",
];

/// What is wrong with one field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FieldFault {
    /// No such field.
    #[error("a post has no such field")]
    Unknown,
    /// The field has a pointer already.
    #[error("given twice")]
    Twice,
    /// The pointer does not begin with `/`.
    #[error("is no JSON pointer: it must begin with `/`, as in `/message/text`")]
    NoSlash,
    /// A `~` in the pointer that is no escape.
    #[error("is no JSON pointer: a `~` in a key is written `~0`, a `/` is written `~1`")]
    Escape,
    /// The pointer is empty, and the record itself can be none of its fields.
    #[error("leads to the record itself; name a value in it, as in `/message/text`")]
    Whole,
    /// The pointer is deeper than a record may be.
    #[error("is deeper than a record may be")]
    TooDeep,
}

/// Pointers of one level: those into a record, or those into each element of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Pointers {
    given: Vec<(&'static str, String)>,
    tree: Tree,
}

impl Pointers {
    fn add(&mut self, name: &'static str, pointer: &str) -> Result<(), FieldFault> {
        if self.has(name) {
            return Err(FieldFault::Twice);
        }
        self.tree.add(tokens(pointer)?, self.given.len());
        self.given.push((name, pointer.to_owned()));
        Ok(())
    }

    /// Adds the value under a key of the record itself, under the name of the key.
    pub(super) fn add_key(&mut self, key: &'static str) {
        self.tree.add(vec![key.to_owned()], self.given.len());
        self.given.push((key, format!("/{key}")));
    }

    fn position(&self, name: &str) -> Option<usize> {
        self.given.iter().position(|(given, _)| *given == name)
    }

    /// Is no field given?
    pub(super) fn is_empty(&self) -> bool {
        self.given.is_empty()
    }

    /// Is a pointer given for this field?
    pub(super) fn has(&self, name: &str) -> bool {
        self.position(name).is_some()
    }

    /// Follows all pointers into the object that a whole text is.
    pub(super) fn whole<'a, 'p>(
        &'p self,
        text: &'a str,
        place: &'p Place<'p>,
    ) -> Result<Picked<'a, 'p>, Fault> {
        let mut values = vec![None; self.given.len()];
        whole(text, place, |text| self.tree.pick(text, &mut values))?;
        Ok(Picked { pointers: self, values, place })
    }

    /// Follows all pointers into one value.
    pub(super) fn value<'a, 'p>(
        &'p self,
        value: &'p Field<'a, '_>,
    ) -> Result<Picked<'a, 'p>, Fault> {
        let mut values = vec![None; self.given.len()];
        if let Some(raw) = value.raw() {
            let picked = self.tree.pick(raw, &mut values);
            picked.map_err(|error| not_json(value.place(), &error))?;
        }
        Ok(Picked { pointers: self, values, place: value.place() })
    }
}

/// What the pointers led to.
pub(super) struct Picked<'a, 'p> {
    pointers: &'p Pointers,
    values: Vec<Option<&'a str>>,
    place: &'p Place<'p>,
}

impl<'a, 'p> Picked<'a, 'p> {
    /// The field of this name; without a value where no pointer is given for it.
    pub(super) fn field(&self, name: &'static str) -> Field<'a, 'p> {
        let at = self.pointers.position(name);
        let pointer = at.and_then(|at| self.pointers.given.get(at));
        let raw = at.and_then(|at| *self.values.get(at)?);
        let pointer = pointer.map_or("", |(_, pointer)| pointer.as_str());
        Field::new(raw, Place::Pointed(self.place, name, pointer))
    }
}

/// Where the fields of a post stand in JSON of another shape.
///
/// A field is named as in the native format, with dots (`channel.id`). `links`, `buttons`, `poll`
/// and `media` lead to arrays; what stands in an element is told by pointers from there
/// (`media.name`), or is as in the native format if there are none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields {
    /// Those into the record.
    pub(super) record: Pointers,
    /// Those into an element of `links`.
    pub(super) links: Pointers,
    /// Those into an element of `buttons`.
    pub(super) buttons: Pointers,
    /// Those into an element of `media`.
    pub(super) media: Pointers,
}

impl Fields {
    /// The name of every field, in the order of the native format.
    pub fn names() -> impl Iterator<Item = &'static str> {
        [RECORD, LINKS, BUTTONS, MEDIA].into_iter().flatten().copied()
    }

    /// Gives a field its pointer.
    ///
    /// # Errors
    /// If there is no such field, if it has a pointer, or if this is none.
    pub fn add(&mut self, name: &str, pointer: &str) -> Result<(), FieldFault> {
        let levels = [
            (RECORD, &mut self.record),
            (LINKS, &mut self.links),
            (BUTTONS, &mut self.buttons),
            (MEDIA, &mut self.media),
        ];
        for (names, pointers) in levels {
            let Some(name) = names.iter().find(|known| **known == name) else { continue };
            if names == RECORD && pointer.is_empty() {
                return Err(FieldFault::Whole);
            }
            return pointers.add(name, pointer);
        }
        Err(FieldFault::Unknown)
    }

    /// Is no field given?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// What is missing for a format that has those of its own for `needed`.
    pub(super) fn missing(&self, needed: &[&'static str]) -> Vec<&'static str> {
        let lists = [("links", &self.links), ("buttons", &self.buttons), ("media", &self.media)];
        let lists = lists.into_iter().filter(|(_, pointers)| !pointers.is_empty());
        let needed = needed.iter().copied().chain(lists.map(|(list, _)| list));
        let mut missing: Vec<_> = needed.filter(|name| !self.record.has(name)).collect();
        if missing.is_empty() && !TO_SEE.iter().any(|name| self.record.has(name)) {
            missing.push("text");
        }
        missing
    }
}
