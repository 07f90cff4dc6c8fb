//! Tests that stand in a rule: texts and input objects as native JSON, with their expectations.

use serde_json::{Map, Value as Json};

use super::codes::Code;
use super::fields::{Fields, Keys, key_text, later};
use super::model::Guard;
use super::names::nearest;
use super::patterns::Reader;
use super::report::{Faults, quoted};
use super::values::{boolean, is_clear, list, number, scalar, text, unknown};
use super::yaml::{Node, Style, Value};
use crate::decode::Kind;

const TEST: Keys = Keys {
    of: "a test",
    known: &["fires", "quiet", "actions"],
    later: &["series", "fires_at", "acts_on", "with"],
};

const ACTIONS: [&str; 4] = ["label", "refer", "remove_post", "restrict_post"];
const ACTIONS_LATER: [&str; 4] =
    ["restrict_channel", "remove_channel", "suspend_account", "strike"];

/// What a field of the native format holds (design section 5).
enum Shape {
    Text,
    /// A text; numbers are taken as texts.
    Id,
    Kind,
    Number,
    Boolean,
    /// RFC 3339 or Unix seconds.
    Time,
    Object(&'static [(&'static str, Shape)]),
    List(&'static Shape),
}

use Shape::{Boolean, Id, List, Number, Object, Text, Time};

const POST: Shape = Object(&[
    ("id", Id),
    ("kind", Shape::Kind),
    ("channel", CHANNEL),
    ("author", Object(&[("id", Id), ("name", Text), ("created_at", Time)])),
    ("text", Text),
    ("lang", Text),
    ("sent_at", Time),
    ("edited_at", Time),
    ("reply_to", Id),
    ("url", Text),
    ("forward", FORWARD),
    ("links", List(&Object(&[("shown", Text), ("url", Text)]))),
    ("buttons", List(&Object(&[("text", Text), ("url", Text)]))),
    ("poll", List(&Text)),
    ("media", List(&MEDIUM)),
]);

const CHANNEL: Shape = Object(&[
    ("id", Id),
    ("title", Text),
    ("username", Text),
    ("about", Text),
    ("members", Number),
    ("country", Text),
    ("verified", Boolean),
]);

const FORWARD: Shape = Object(&[
    ("channel", Object(&[("id", Id), ("title", Text)])),
    ("author", Object(&[("id", Id), ("name", Text)])),
]);

const MEDIUM: Shape = Object(&[
    ("name", Text),
    ("md5", Text),
    ("sha1", Text),
    ("sha256", Text),
    ("pdq", Text),
    ("pdq_quality", Number),
    ("ocr", Text),
]);

impl Reader<'_> {
    /// The tests of a rule that looks at `kinds`; one at least must fire and one be quiet.
    pub(super) fn guards(&mut self, node: &Node, kinds: &[Kind]) -> Option<Vec<Guard>> {
        let before = self.faults.errors();
        let items = list(node, "`tests`", &mut self.faults)?;
        let read: Vec<Option<Guard>> = items.iter().map(|item| self.guard(item, kinds)).collect();
        if self.faults.errors() > before {
            return None;
        }
        let guards: Vec<Guard> = read.into_iter().flatten().collect();
        let wanted = [
            (true, "fires", "add a text that the rule must find: - fires: \"…\""),
            (false, "quiet", "add one close to it that the rule must leave alone: - quiet: \"…\""),
        ];
        for (fires, name, help) in wanted {
            if !guards.iter().any(|guard| guard.fires == fires) {
                let message = format!("no test with `{name}`");
                self.faults.error(Code::MissingTest, node.span, message).help(help);
            }
        }
        (self.faults.errors() == before).then_some(guards)
    }

    fn guard(&mut self, node: &Node, kinds: &[Kind]) -> Option<Guard> {
        let fields = Fields::read(node, &TEST, &mut self.faults)?;
        let (fires, input) = match (fields.get("fires"), fields.get("quiet")) {
            (Some(input), None) => (true, input),
            (None, Some(input)) => (false, input),
            _ => {
                if !fields.is_partial {
                    self.faults
                        .error(Code::OneOf, fields.span(), "a test says one of `fires` and `quiet`")
                        .help("write - fires: \"…\" or - quiet: \"…\"");
                }
                return None;
            }
        };
        let post = post(input, kinds, &mut self.faults)?;
        let actions = match fields.get("actions") {
            Some(node) if !fires => {
                self.faults
                    .error(Code::BadAction, node.span, "a quiet test expects no actions")
                    .help("take `actions` out, or write `fires`");
                return None;
            }
            Some(node) => Some(expected(node, &mut self.faults)?),
            None => None,
        };
        let place = (self.faults.path(input.span.file).to_owned(), self.texts.line(input.span));
        Some(Guard { fires, post, actions, with: Vec::new(), place })
    }
}

/// Names of the actions that a test expects, sorted.
fn expected(node: &Node, faults: &mut Faults) -> Option<Vec<String>> {
    let mut names = Vec::new();
    for item in list(node, "`actions`", faults)? {
        if let Value::Map(_) = item.value {
            later("an expected action with its details", item.span, faults);
            return None;
        }
        let name = text(item, "an action", faults)?;
        if ACTIONS_LATER.contains(&name) {
            later(&format!("the action `{name}`"), item.span, faults);
            return None;
        }
        if !ACTIONS.contains(&name) {
            unknown(name, "an expected action", item.span, &ACTIONS, faults);
            return None;
        }
        names.push(name.to_owned());
    }
    names.sort();
    Some(names)
}

/// The post of a test: a text, or an object of the native format.
fn post(node: &Node, kinds: &[Kind], faults: &mut Faults) -> Option<String> {
    let mut post = match &node.value {
        Value::Map(_) => match json(node, &POST, "a test's post", faults)? {
            Json::Object(object) => object,
            _ => return None,
        },
        _ => {
            let text = text(node, "the text of a test", faults)?;
            Map::from_iter([("text".to_owned(), Json::from(text))])
        }
    };
    let kind = match kinds {
        [only] => *only,
        _ => Kind::Post,
    };
    post.entry("id").or_insert_with(|| Json::from("t"));
    post.entry("kind").or_insert_with(|| Json::from(kind.name()));
    let channel = post.entry("channel").or_insert_with(|| Json::Object(Map::new()));
    if let Json::Object(channel) = channel {
        channel.entry("id").or_insert_with(|| Json::from("c"));
    }
    Some(Json::Object(post).to_string())
}

fn json(node: &Node, shape: &Shape, what: &str, faults: &mut Faults) -> Option<Json> {
    match shape {
        Text | Time | Id => text_or_number(node, shape, what, faults),
        Shape::Kind => {
            let found = text(node, what, faults)?;
            let names = [Kind::Post.name(), Kind::Edit.name(), Kind::Profile.name()];
            if !names.contains(&found) {
                unknown(found, "`kind`", node.span, &names, faults);
                return None;
            }
            Some(Json::from(found))
        }
        Number => number(node, &(0..=usize::MAX), faults).map(Json::from),
        Boolean => boolean(node, faults).map(Json::from),
        List(inner) => {
            let items = list(node, what, faults)?;
            let read: Vec<_> = items.iter().map(|item| json(item, inner, what, faults)).collect();
            read.into_iter().collect::<Option<Vec<_>>>().map(Json::from)
        }
        Object(fields) => object(node, fields, what, faults),
    }
}

fn text_or_number(node: &Node, shape: &Shape, what: &str, faults: &mut Faults) -> Option<Json> {
    let (found, style) = scalar(node, what, faults)?;
    if style == Style::Plain && !is_clear(found, node.span, faults) {
        return None;
    }
    if found.is_empty() && matches!(shape, Id) {
        faults
            .error(Code::Empty, node.span, format!("{what} is empty"))
            .help("write an id, or take the key out");
        return None;
    }
    if style == Style::Plain
        && matches!(shape, Time)
        && let Ok(seconds) = found.parse::<u64>()
    {
        return Some(Json::from(seconds));
    }
    Some(Json::from(found))
}

fn object(
    node: &Node,
    fields: &[(&'static str, Shape)],
    what: &str,
    faults: &mut Faults,
) -> Option<Json> {
    let map = super::fields::mapping(node, what, faults)?;
    let mut read = Map::new();
    let mut is_whole = true;
    for (key, value) in map {
        let name = key_text(key);
        let Some((_, shape)) = fields.iter().find(|(field, _)| *field == name) else {
            let known = || fields.iter().map(|(field, _)| *field);
            let help = match nearest(name, known()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("its keys are {}", known().collect::<Vec<_>>().join(", ")),
            };
            faults
                .error(Code::UnknownKey, key.span, format!("{what} has no key {}", quoted(name)))
                .label("unknown key")
                .help(help);
            is_whole = false;
            continue;
        };
        match json(value, shape, &format!("`{name}`"), faults) {
            Some(value) => {
                read.insert(name.to_owned(), value);
            }
            None => is_whole = false,
        }
    }
    is_whole.then_some(Json::Object(read))
}
