//! A mapping with known keys.

use super::codes::Code;
use super::names::nearest;
use super::report::{Faults, Note, Span, quoted};
use super::yaml::{Node, Value};

/// Keys of one mapping among which a misspelt one is looked for.
const LOOKED_AT_MAX: usize = 64;

/// The keys that a mapping may have.
#[derive(Debug)]
pub(super) struct Keys {
    /// What the mapping is, for messages: `a rule`, `a pattern`.
    pub(super) of: &'static str,
    /// Keys that are read.
    pub(super) known: &'static [&'static str],
    /// Keys of the format that this version does not read.
    pub(super) later: &'static [&'static str],
}

/// A mapping whose keys have been checked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fields<'n> {
    map: &'n [(Node, Node)],
    /// Values for keys that the mapping itself does not have.
    defaults: &'n [(Node, Node)],
    keys: &'static Keys,
    span: Span,
    /// True where a key is unknown: what seems to be missing may stand under it, misspelt.
    pub(super) is_partial: bool,
    /// True where a key is for a later version, which changes what the others mean.
    pub(super) is_later: bool,
}

impl<'n> Fields<'n> {
    /// Reports unknown keys, keys for later versions, and anything that is no mapping.
    pub(super) fn read(node: &'n Node, keys: &'static Keys, faults: &mut Faults) -> Option<Self> {
        let Value::Map(map) = &node.value else {
            let known = keys.known.join(", ");
            let help = format!("{HOW_TO_MAP}; its keys are {known}");
            no_mapping(node, keys.of, faults).help(help);
            return None;
        };
        let (mut is_partial, mut is_later) = (false, false);
        for (key, _) in map {
            is_partial |= !is_known(key, keys, faults);
            is_later |= keys.later.contains(&key_text(key));
        }
        Some(Self { map, defaults: &[], keys, span: node.span, is_partial, is_later })
    }

    /// The same, with values for the keys that are not there.
    pub(super) fn or(self, defaults: &'n [(Node, Node)]) -> Self {
        Self { defaults, ..self }
    }

    /// The value of a key; its own, else the default.
    pub(super) fn get(&self, key: &str) -> Option<&'n Node> {
        self.own(key).or_else(|| find(self.defaults, key)).map(|(_, value)| value)
    }

    /// A key with its value; one that is misspelt counts as what it seems to be, so that what stands
    /// under it is checked in the same run.
    fn own(&self, key: &str) -> Option<&'n (Node, Node)> {
        let seems = |(written, _): &&(Node, Node)| {
            let name = key_text(written);
            !self.keys.known.contains(&name) && near(name, self.keys) == Some(key)
        };
        let first = self.map.iter().take(if self.is_partial { LOOKED_AT_MAX } else { 0 });
        let misspelt = || first.clone().find(|pair| seems(pair));
        find(self.map, key).or_else(misspelt)
    }

    /// Does the mapping itself have a key?
    pub(super) fn has_own(&self, key: &str) -> bool {
        self.own(key).is_some()
    }

    /// Where a key stands.
    pub(super) fn place(&self, key: &str) -> Span {
        let found = self.own(key).or_else(|| find(self.defaults, key));
        found.map_or(self.span, |(key, _)| key.span)
    }

    /// The value of a key that must be there. `help` says what to add.
    pub(super) fn need(&self, key: &str, help: &str, faults: &mut Faults) -> Option<&'n Node> {
        let found = self.get(key);
        if found.is_none() && !self.is_partial {
            let start = self.span.start;
            faults
                .error(
                    Code::MissingKey,
                    self.span.at(start, self.span.end),
                    format!("{} needs `{key}`", self.keys.of),
                )
                .help(help);
        }
        found
    }

    /// Where the mapping stands.
    pub(super) fn span(&self) -> Span {
        self.span
    }
}

const HOW_TO_MAP: &str = "write keys and values: `key: value`, or `{key: value, …}` on one line";

/// The pairs of a mapping; anything else is reported.
pub(super) fn mapping<'n>(
    node: &'n Node,
    of: &str,
    faults: &mut Faults,
) -> Option<&'n [(Node, Node)]> {
    if let Value::Map(map) = &node.value {
        return Some(map);
    }
    no_mapping(node, of, faults).help(HOW_TO_MAP);
    None
}

fn no_mapping<'f>(node: &Node, of: &str, faults: &'f mut Faults) -> Note<'f> {
    faults.error(
        Code::WrongType,
        node.span,
        format!("{of} is a mapping, found {}", node.describe()),
    )
}

/// The text of a key; keys are scalars.
pub(super) fn key_text(key: &Node) -> &str {
    match &key.value {
        Value::Scalar { text, .. } => text,
        Value::List(_) | Value::Map(_) => "",
    }
}

fn find<'n>(map: &'n [(Node, Node)], wanted: &str) -> Option<&'n (Node, Node)> {
    map.iter().find(|(key, _)| key_text(key) == wanted)
}

/// The key that this one seems to be.
fn near(name: &str, keys: &Keys) -> Option<&'static str> {
    nearest(name, keys.known.iter().chain(keys.later).copied())
}

fn is_known(key: &Node, keys: &Keys, faults: &mut Faults) -> bool {
    let name = key_text(key);
    if keys.known.contains(&name) {
        return true;
    }
    if keys.later.contains(&name) {
        later(&format!("`{name}`"), key.span, faults);
        return false;
    }
    let message = format!("{} has no key {}", keys.of, quoted(name));
    let help = match near(name, keys) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("its keys are {}", keys.known.join(", ")),
    };
    faults.error(Code::UnknownKey, key.span, message).label("unknown key").help(help);
    false
}

/// Reports a feature that the format has and this version does not.
pub(super) fn later(what: &str, at: Span, faults: &mut Faults) {
    faults
        .error(Code::Later, at, format!("{what} is not in this version"))
        .help("take it out, or keep the rule for a version that has it");
}
