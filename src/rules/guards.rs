//! Tests that stand in a rule: texts and input objects as native JSON, with their expectations.

use serde_json::{Map, Value as Json};

use super::actions::{Asked, NAMES, asked};
use super::codes::Code;
use super::fields::{Fields, Keys, key_text};
pub(super) use super::lists::StandIn;
use super::lists::{Placed, entry};
use super::names::nearest;
use super::patterns::Reader;
use super::report::{Faults, quoted};
use super::trials::{Expected, Guard, Repeated, Series, Trial};
use super::values::{
    DAY_MS, boolean, duration, is_clear, list, number, scalar, text, texts, unknown,
};
use super::yaml::{Node, Style, Value};
use crate::decode::Kind;
use crate::record::SubjectKind;

pub(super) const TEST: Keys = Keys {
    of: "a test",
    known: &["fires", "quiet", "actions", "with", "series", "fires_at", "acts_on"],
    later: &[],
};
const SERIES: Keys =
    Keys { of: "`series`", known: &["repeat", "every", "vary", "post", "strike"], later: &[] };
const STRUCK: Keys =
    Keys { of: "`strike` of a series", known: &["rule", "channel", "author"], later: &[] };

/// Repeats of one series: more than any counter needs.
const REPEAT_MAX: usize = 2_000;
/// Longest time between two repeats.
const EVERY_MS_MAX: i64 = 90 * DAY_MS;

/// Whose tests they are.
pub(super) enum About<'a> {
    /// A rule that looks at these kinds of post, with this queue for what goes to people.
    Rule { kinds: &'a [Kind], queue: &'a str },
    /// An escalation of the strikes of such a subject.
    Escalation { of: SubjectKind },
}

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
    /// The tests of a rule or an escalation, each with what stands in for lists; one at least must
    /// fire and one be quiet.
    pub(super) fn guards(
        &mut self,
        node: &Node,
        about: &About<'_>,
    ) -> Option<Vec<(Guard, Vec<StandIn>)>> {
        let before = self.faults.errors();
        let items = list(node, "`tests`", &mut self.faults)?;
        let read: Vec<Option<_>> = items.iter().map(|item| self.guard(item, about)).collect();
        if self.faults.errors() > before {
            return None;
        }
        let guards: Vec<(Guard, Vec<StandIn>)> = read.into_iter().flatten().collect();
        let series = matches!(about, About::Escalation { .. });
        let wanted = match series {
            false => [
                (true, "test with `fires`", "add a text that the rule must find: - fires: \"…\""),
                (
                    false,
                    "test with `quiet`",
                    "add one close to it that the rule must leave alone: - quiet: \"…\"",
                ),
            ],
            true => [
                (true, "series that fires", "add strikes that are enough, and `fires_at: [3]`"),
                (false, "series that is quiet", "add strikes that are too few, and `fires_at: []`"),
            ],
        };
        for (fires, name, help) in wanted {
            if !guards.iter().any(|(guard, _)| guard.trial.fires() == fires) {
                let message = format!("no {name}");
                self.faults.error(Code::MissingTest, node.span, message).help(help);
            }
        }
        (self.faults.errors() == before).then_some(guards)
    }

    fn guard(&mut self, node: &Node, about: &About<'_>) -> Option<(Guard, Vec<StandIn>)> {
        let fields = Fields::read(node, &TEST, &mut self.faults)?;
        let inputs = ["fires", "quiet", "series"].map(|key| (key, fields.get(key)));
        let mut given = inputs.into_iter().filter_map(|(key, node)| Some((key, node?)));
        let (Some((key, input)), None) = (given.next(), given.next()) else {
            if !fields.is_partial {
                self.faults
                    .error(
                        Code::OneOf,
                        fields.span(),
                        "a test says one of `fires`, `quiet` and `series`",
                    )
                    .help("write - fires: \"…\" or - quiet: \"…\"");
            }
            return None;
        };
        let trial = match (key, about) {
            ("series", _) => Trial::Series(self.series(input, &fields, about)?),
            (_, About::Rule { kinds, queue }) => {
                let post = post(input, kinds, &mut self.faults)?;
                self.post_trial(key == "fires", post, &fields, queue)?
            }
            (_, About::Escalation { .. }) => {
                self.faults
                    .error(Code::UnknownValue, fields.place(key), "an escalation sees no posts")
                    .help("write - series: {repeat: 3, every: 1d, strike: {rule: …, channel: c1}}");
                return None;
            }
        };
        let with = match fields.get("with") {
            Some(node) => self.stand_ins(node)?,
            None => Vec::new(),
        };
        let place = (self.faults.path(input.span.file).to_owned(), self.texts.line(input.span));
        Some((Guard { trial, stand_in: None, place }, with))
    }

    fn post_trial(
        &mut self,
        fires: bool,
        post: Map<String, Json>,
        fields: &Fields<'_>,
        queue: &str,
    ) -> Option<Trial> {
        if let Some(key) = ["fires_at", "acts_on"].into_iter().find(|key| fields.has_own(key)) {
            self.faults
                .error(Code::OneOf, fields.place(key), format!("`{key}` goes with `series` only"))
                .help("take it out, or write a series of posts");
            return None;
        }
        let actions = match fields.get("actions") {
            Some(node) if !fires => {
                self.faults
                    .error(Code::BadAction, node.span, "a quiet test expects no actions")
                    .help("take `actions` out, or write `fires`");
                return None;
            }
            Some(node) => Some(expected(node, queue, &mut self.faults)?),
            None => None,
        };
        Some(Trial::Post { fires, post: Json::Object(post).to_string(), actions })
    }

    /// `with: {lists/name.txt: [entry, …]}`
    fn stand_ins(&mut self, node: &Node) -> Option<Vec<StandIn>> {
        let mut with = Vec::new();
        for (key, value) in super::fields::mapping(node, "`with`", &mut self.faults)? {
            let mut entries = Vec::new();
            for (text, item) in texts(value, "a list", &mut self.faults)? {
                let entry = entry(text, item.span, &mut self.faults)?;
                entries.push(Placed { entry, span: item.span });
            }
            with.push(StandIn { path: key_text(key).to_owned(), span: key.span, entries });
        }
        Some(with)
    }

    fn series(&mut self, node: &Node, test: &Fields<'_>, about: &About<'_>) -> Option<Series> {
        let faults = &mut self.faults;
        let fields = Fields::read(node, &SERIES, faults)?;
        let repeat = fields.need("repeat", "say how often: `repeat: 3`", faults);
        let repeat = repeat.and_then(|node| number(node, &(1..=REPEAT_MAX), faults));
        let every = fields.need("every", "say how far apart: `every: 1m`", faults);
        let every_ms = every.and_then(|node| duration(node, EVERY_MS_MAX, faults));
        let fires_at = test.need("fires_at", "say at which repeats: `fires_at: [3]`", faults);
        let (repeat, every_ms) = (repeat?, every_ms?);
        let fires_at = numbers(fires_at?, repeat, faults)?;
        let acts_on = match test.get("acts_on") {
            Some(node) => Some(number(node, &(0..=REPEAT_MAX), faults)?),
            None => None,
        };
        let of = match about {
            About::Rule { kinds, .. } => {
                let help = "say what comes: `post: {text: …}`";
                let node = fields.need("post", help, faults)?;
                let vary = match fields.get("vary") {
                    Some(node) => Some(varied(node, faults)?),
                    None => None,
                };
                let post = post(node, kinds, faults)?;
                Repeated::Posts((1..=repeat).map(|at| repeated(post.clone(), vary, at)).collect())
            }
            About::Escalation { of } => {
                let help = "say whose strike: `strike: {rule: drugs.menu, channel: c1}`";
                struck(fields.need("strike", help, faults)?, *of, faults)?
            }
        };
        Some(Series { of, repeat, every_ms, fires_at, acts_on })
    }
}

/// Repeats, from 1, rising.
fn numbers(node: &Node, repeat: usize, faults: &mut Faults) -> Option<Vec<usize>> {
    let Value::List(items) = &node.value else {
        // Says that it is no list.
        list(node, "`fires_at`", faults)?;
        return None;
    };
    let read: Vec<_> = items.iter().map(|item| number(item, &(1..=REPEAT_MAX), faults)).collect();
    let mut numbers = read.into_iter().collect::<Option<Vec<usize>>>()?;
    for (item, number) in items.iter().zip(&numbers).filter(|(_, number)| **number > repeat) {
        faults
            .error(
                Code::BadNumber,
                item.span,
                format!("no post is number {number}: `repeat` is {repeat}"),
            )
            .help("raise `repeat`, or write the number of a post that is there");
    }
    numbers.retain(|number| *number <= repeat);
    numbers.sort_unstable();
    numbers.dedup();
    Some(numbers)
}

/// The field of a post that differs with each repeat, as the keys that lead to it.
fn varied<'n>(node: &'n Node, faults: &mut Faults) -> Option<&'n str> {
    let path = text(node, "`vary`", faults)?;
    let mut shape = &POST;
    for key in path.split('.') {
        let Object(fields) = shape else {
            shape = &Boolean;
            break;
        };
        shape = fields.iter().find(|(name, _)| *name == key).map_or(&Boolean, |(_, shape)| shape);
    }
    if matches!(shape, Text | Id) {
        return Some(path);
    }
    faults
        .error(Code::UnknownValue, node.span, format!("{} cannot vary", quoted(path)))
        .help("name an id or a text of a post: channel.id, author.id, text");
    None
}

/// A post of a series: with an id of its own, and its own value of what varies.
fn repeated(mut post: Map<String, Json>, vary: Option<&str>, at: usize) -> String {
    post.insert("id".to_owned(), Json::from(format!("t{at}")));
    if let Some(path) = vary {
        set(&mut post, path, &format!("v{at}"));
    }
    Json::Object(post).to_string()
}

fn set(object: &mut Map<String, Json>, path: &str, value: &str) {
    let Some((head, rest)) = path.split_once('.') else {
        object.insert(path.to_owned(), Json::from(value));
        return;
    };
    let inner = object.entry(head).or_insert_with(|| Json::Object(Map::new()));
    if let Json::Object(inner) = inner {
        set(inner, rest, value);
    }
}

fn struck(node: &Node, of: SubjectKind, faults: &mut Faults) -> Option<Repeated> {
    let fields = Fields::read(node, &STRUCK, faults)?;
    let rule = fields.need("rule", "say which rule gives it: `rule: drugs.menu`", faults)?;
    let rule = text(rule, "`rule`", faults)?.to_owned();
    let key = if of == SubjectKind::Channel { "channel" } else { "author" };
    let other = if of == SubjectKind::Channel { "author" } else { "channel" };
    if fields.has_own(other) {
        faults
            .error(
                Code::OtherSubject,
                fields.place(other),
                format!("the strikes are those of `{key}`"),
            )
            .help(format!("write `{key}:` in its place"));
        return None;
    }
    let id = fields.need(key, &format!("say whom it hits: `{key}: c1`"), faults)?;
    Some(Repeated::Strike { rule, subject: of, id: text(id, "an id", faults)?.to_owned() })
}

/// What a test expects: names, or actions with their details.
fn expected(node: &Node, queue: &str, faults: &mut Faults) -> Option<Vec<Expected>> {
    let mut expected = Vec::new();
    for item in list(node, "`actions`", faults)? {
        if let Value::Map(_) = item.value {
            let Asked { actions, strike } = asked(item, queue, faults)?;
            expected.extend(actions.into_iter().map(|placed| Expected::Action(placed.action)));
            expected.extend(strike.map(|(strike, _)| Expected::Strike(strike)));
            continue;
        }
        let name = text(item, "an action", faults)?;
        if !NAMES.contains(&name) {
            unknown(name, "an expected action", item.span, &NAMES, faults);
            return None;
        }
        expected.push(Expected::Named(name.to_owned()));
    }
    Some(expected)
}

/// The post of a test: a text, or an object of the native format.
fn post(node: &Node, kinds: &[Kind], faults: &mut Faults) -> Option<Map<String, Json>> {
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
    Some(post)
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
