//! Named patterns: words, phrases, substrings, exact strings, regexes, links; others in `things`.

use super::codes::Code;
use super::entries::{self, Refusal};
use super::fields::{Fields, Keys, key_text, mapping};
use super::lists::{Lists, Placed, entry};
use super::model::{Entry, LinkPattern, Match, Pattern, PatternKind};
use super::regexes;
use super::report::{Faults, Span, quoted};
use super::unwise::is_plain;
use super::values::{boolean, choice, is_slug, list, number, scalar, text, texts, unknown};
use super::yaml::{Node, Style, Value, place_in_source};
use super::{Texts, condition};
use crate::extract::{SERVICES, service_named};
use crate::record::{Part, Parts, View};

/// Words between two neighbours of a phrase.
const GAP_MAX: usize = 32;
/// Characters of a regex.
const REGEX_CHARS_MAX: usize = 4_096;

pub(super) const PATTERN: Keys = Keys {
    of: "a pattern",
    known: &[
        "any", "list", "regex", "links", "handles", "phones", "wallets", "media", "field", "is",
        "match", "gap", "view", "in",
    ],
    later: &["near"],
};

/// Keys that say what to look for; a pattern has one of them.
const SOUGHT: &[&str] =
    &["any", "list", "regex", "links", "handles", "phones", "wallets", "media", "field"];

const LINKS: Keys = Keys {
    of: "`links`",
    known: &["services", "domains", "channels", "shown_differs"],
    later: &[],
};

const MATCHES: [(&str, Match); 4] = [
    ("word", Match::Word),
    ("phrase", Match::Phrase),
    ("substring", Match::Substring),
    ("exact", Match::Exact),
];

const VIEWS: [(&str, View); 3] =
    [("raw", View::Raw), ("folded", View::Folded), ("unmasked", View::Unmasked)];

/// A pattern by its name, as it was declared.
#[derive(Debug)]
pub(super) struct Named {
    /// The name.
    pub(super) name: String,
    /// Where the name stands.
    pub(super) span: Span,
    /// The pattern; `None` where its body has faults, which are reported.
    pub(super) pattern: Option<Pattern>,
}

/// What reading a pattern needs: the lists, the texts of the files, and where faults go.
pub(super) struct Reader<'s> {
    /// The list files.
    pub(super) lists: Lists<'s>,
    /// The texts of all files.
    pub(super) texts: Texts<'s>,
    /// What is wrong so far.
    pub(super) faults: Faults,
    /// Could pack.yaml be read? Else what seems to be missing may stand there.
    pub(super) has_manifest: bool,
}

impl Reader<'_> {
    /// The patterns of a mapping from names to bodies. `taken` has the names of the same rule.
    pub(super) fn patterns(&mut self, node: &Node, taken: &[&[Named]]) -> Vec<Named> {
        let Some(map) = mapping(node, "a set of patterns", &mut self.faults) else {
            return Vec::new();
        };
        let mut named = Vec::new();
        for (key, body) in map {
            let name = key_text(key).to_owned();
            let pattern = self.pattern(&name, body);
            if self.is_name(&name, key.span, taken) {
                named.push(Named { name, span: key.span, pattern });
            }
        }
        named
    }

    fn is_name(&mut self, name: &str, at: Span, taken: &[&[Named]]) -> bool {
        if !is_slug(name, "_") || condition::KEYWORDS.contains(&name) {
            self.faults
                .error(Code::BadName, at, format!("{} cannot name a pattern", quoted(name)))
                .help(
                    "use lower-case letters, digits and `_`, and no word of the condition language",
                );
            return false;
        }
        if taken.iter().any(|named| named.iter().any(|other| other.name == name)) {
            self.faults
                .error(Code::DuplicateName, at, format!("two patterns are called {}", quoted(name)))
                .label("the second one")
                .help("give one of the two another name");
            return false;
        }
        true
    }

    fn pattern(&mut self, name: &str, node: &Node) -> Option<Pattern> {
        let fields = Fields::read(node, &PATTERN, &mut self.faults)?;
        if fields.is_later {
            return None;
        }
        let parts = match fields.get("in") {
            Some(node) => self.parts(node)?,
            None => Parts::ALL,
        };
        let sought = self.sought(&fields)?;
        let body = fields.get(sought)?;
        let (kind, view) = match sought {
            "regex" => (self.regex(body, &fields)?, self.view(&fields, &VIEWS[..2])?),
            "links" => (self.links(body, &fields)?, self.view(&fields, &[])?),
            "handles" => (self.handles(body, &fields)?, self.view(&fields, &[])?),
            "phones" => (self.phones(body, &fields)?, self.view(&fields, &[])?),
            "wallets" => (self.wallets(body, &fields)?, self.view(&fields, &[])?),
            "media" => (self.media(body, &fields)?, View::Raw),
            "field" => (self.field(body, &fields)?, View::Raw),
            _ => self.entries(body, &fields)?,
        };
        if fields.is_partial {
            return None;
        }
        let pattern = Pattern { name: name.to_owned(), kind, view, parts };
        let parts = if pattern.is_of_text() { parts } else { Parts::NONE };
        Some(Pattern { parts, ..pattern })
    }

    /// The one key that says what to look for.
    fn sought(&mut self, fields: &Fields<'_>) -> Option<&'static str> {
        // A list beside a field is the field's.
        let of_field = |key: &str| key == "list" && fields.get("field").is_some();
        let keys = SOUGHT.iter().filter(|key| fields.get(key).is_some() && !of_field(key));
        let keys: Vec<&str> = keys.copied().collect();
        if let [key] = keys[..] {
            if key != "field" {
                self.refuse_keys(fields, &["is"], "goes with `field` only");
            }
            return Some(key);
        }
        if !fields.is_partial {
            let message = match keys[..] {
                [] => "a pattern without anything to look for".to_owned(),
                _ => format!("a pattern with {} things to look for", keys.len()),
            };
            let help = format!("write exactly one of `{}`", SOUGHT.join("`, `"));
            self.faults.error(Code::OneOf, fields.span(), message).help(help);
        }
        None
    }

    fn parts(&mut self, node: &Node) -> Option<Parts> {
        let mut parts = Some(Parts::NONE);
        for (name, item) in texts(node, "a part", &mut self.faults)? {
            let part = Part::named(name);
            if part.is_none() {
                let names: Vec<&str> = Part::ALL.iter().map(|part| part.name()).collect();
                unknown(name, "a part", item.span, &names, &mut self.faults);
            }
            parts = parts.zip(part).map(|(parts, part)| parts.with(part));
        }
        parts
    }

    /// The view a pattern asks for, among those its kind has; else the first of them.
    fn view(&mut self, fields: &Fields<'_>, allowed: &[(&'static str, View)]) -> Option<View> {
        let usual = allowed.first().map_or(View::Raw, |(_, view)| *view);
        let Some(node) = fields.get("view") else { return Some(usual) };
        let view = choice(node, "`view`", &VIEWS, &mut self.faults)?;
        if allowed.iter().any(|(_, allowed)| *allowed == view) {
            return Some(view);
        }
        let names: Vec<&str> = allowed.iter().map(|(name, _)| *name).collect();
        let help = match &names[..] {
            [] => "take the key out: such a pattern looks at the text in one way".to_owned(),
            _ => format!("write {}, or take the key out", names.join(" or ")),
        };
        self.faults
            .error(
                Code::View,
                node.span,
                format!("no `{}` view for this kind of pattern", view.name()),
            )
            .help(help);
        None
    }

    /// `any:` and `list:`
    fn entries(&mut self, body: &Node, fields: &Fields<'_>) -> Option<(PatternKind, View)> {
        let matching = match fields.get("match") {
            Some(node) => choice(node, "`match`", &MATCHES, &mut self.faults)?,
            None => Match::Word,
        };
        let [raw, folded, unmasked] = VIEWS;
        let view = match matching {
            Match::Word | Match::Phrase => self.view(fields, &[unmasked, folded]),
            Match::Substring => self.view(fields, &[folded]),
            Match::Exact => self.view(fields, &[raw]),
        };
        let before = self.faults.errors();
        let placed =
            if fields.get("any").is_some() { self.any(body)? } else { self.list(body)?.to_vec() };
        if self.lists.count(placed.len(), body.span, &mut self.faults)
            && self.is_new(body, matching)
        {
            let of_words = matches!(matching, Match::Word | Match::Phrase);
            let sought = |text: &str| entries::text(text, matching);
            entries::check(&placed, sought, of_words, &mut self.faults);
        }
        let gap = self.gap(fields, matching, &placed);
        if self.faults.errors() > before {
            return None;
        }
        let entries = placed.into_iter().map(|one| one.entry).collect();
        Some((PatternKind::Entries { entries, matching, gap: gap? }, view?))
    }

    /// Have the entries not been checked yet? A list that many rules share is checked once.
    fn is_new(&mut self, body: &Node, matching: Match) -> bool {
        match &body.value {
            Value::Scalar { text, .. } => self.lists.is_first_use(text, matching),
            Value::List(_) | Value::Map(_) => true,
        }
    }

    fn any(&mut self, body: &Node) -> Option<Vec<Placed>> {
        let mut placed = Vec::new();
        for item in list(body, "`any`", &mut self.faults)? {
            let Some(text) = text(item, "an entry", &mut self.faults) else { continue };
            if let Some(entry) = entry(text, item.span, &mut self.faults) {
                placed.push(Placed { entry, span: item.span });
            }
        }
        Some(placed)
    }

    fn list(&mut self, body: &Node) -> Option<std::sync::Arc<[Placed]>> {
        let path = text(body, "the path of a list", &mut self.faults)?;
        self.lists.get(path, body.span, &mut self.faults)
    }

    fn gap(&mut self, fields: &Fields<'_>, matching: Match, entries: &[Placed]) -> Option<usize> {
        let Some(node) = fields.get("gap") else { return Some(0) };
        let gap = number(node, &(0..=GAP_MAX), &mut self.faults)?;
        let has_neighbours = entries.is_empty()
            || entries.iter().any(|one| one.entry.text.contains(char::is_whitespace));
        if matching != Match::Phrase || !has_neighbours {
            self.faults
                .error(Code::Gap, fields.place("gap"), "a gap without neighbours to keep apart")
                .help("`gap` needs `match: phrase` and an entry of several words");
            return None;
        }
        Some(gap)
    }

    fn regex(&mut self, body: &Node, fields: &Fields<'_>) -> Option<PatternKind> {
        self.no_matching(fields);
        let (pattern, style) = scalar(body, "a regex", &mut self.faults)?;
        if style != Style::Single {
            self.faults
                .error(Code::RegexQuotes, body.span, "a regex stands in single quotes")
                .label("here YAML may change it")
                .help("write '…'; inside, a single quote is written twice");
            return None;
        }
        if pattern.chars().count() > REGEX_CHARS_MAX {
            self.faults
                .error(
                    Code::EntryLength,
                    body.span,
                    format!("a regex longer than {REGEX_CHARS_MAX} characters"),
                )
                .help("use a list where the regex is one of words");
            return None;
        }
        match regexes::check(pattern) {
            Ok(()) => {
                if is_plain(pattern) {
                    self.faults
                        .warn(Code::RegexPlain, body.span, "this regex is a plain text")
                        .label("an entry finds it too, in every disguise")
                        .help(format!("write {{any: [{}]}}", pattern.trim()));
                }
                Some(PatternKind::Regex(pattern.to_owned()))
            }
            Err(refusal) => {
                self.refuse_regex(&refusal, pattern, body.span);
                None
            }
        }
    }

    fn refuse_regex(&mut self, refusal: &regexes::Refusal, pattern: &str, at: Span) {
        match refusal {
            regexes::Refusal::Syntax(what, place) => {
                let raw = self.texts.slice(at);
                let place = place.clone().map(|place| place_in_source(raw, pattern, place));
                let at =
                    place.map_or(at, |place| at.at(at.start + place.start, at.start + place.end));
                self.faults
                    .error(Code::RegexSyntax, at, format!("this regex cannot be read: {what}"))
                    .help("a sign that is meant as itself takes a backslash; there is no look-around and no back-reference");
            }
            regexes::Refusal::TooBig => {
                self.faults
                    .error(Code::RegexSize, at, "this regex compiles to more than 1 MiB")
                    .help("lower the counts in braces, or write `[a-z]` for `\\w`, which knows every script");
            }
            regexes::Refusal::MatchesNothing => {
                self.faults
                    .error(Code::RegexEmpty, at, "this regex matches the empty text")
                    .label("every post would match")
                    .help("leave out a `*` or `?`, so that something must be there");
            }
        }
    }

    pub(super) fn no_matching(&mut self, fields: &Fields<'_>) {
        self.refuse_keys(fields, &["match", "gap"], "goes with `any` and `list` only");
    }

    /// Reports keys that have no meaning for this kind of pattern.
    pub(super) fn refuse_keys(&mut self, fields: &Fields<'_>, keys: &[&str], why: &str) {
        for key in keys.iter().filter(|key| fields.get(key).is_some()) {
            self.faults
                .error(Code::UnknownKey, fields.place(key), format!("`{key}` {why}"))
                .help("take it out");
        }
    }

    fn links(&mut self, body: &Node, fields: &Fields<'_>) -> Option<PatternKind> {
        self.no_matching(fields);
        if let Value::Scalar { .. } = body.value {
            choice(body, "`links`", &[("any", ())], &mut self.faults)?;
            return Some(PatternKind::Links(LinkPattern::default()));
        }
        let asked = Fields::read(body, &LINKS, &mut self.faults)?;
        let mut links = LinkPattern::default();
        if let Some(node) = asked.get("services") {
            links.services = self.services(node)?;
        }
        if let Some(node) = asked.get("domains") {
            links.domains = Some(self.names(node, entries::domain)?);
        }
        if let Some(node) = asked.get("channels") {
            links.channels = Some(self.names(node, entries::channel)?);
        }
        if let Some(node) = asked.get("shown_differs") {
            links.shown_differs = boolean(node, &mut self.faults)?;
        }
        if links == LinkPattern::default() {
            if !asked.is_partial {
                self.faults
                    .error(Code::OneOf, body.span, "`links` asks for nothing")
                    .help("write `links: any`, or one of services, domains, channels, shown_differs: true");
            }
            return None;
        }
        Some(PatternKind::Links(links))
    }

    fn services(&mut self, node: &Node) -> Option<Vec<String>> {
        let mut services = Vec::new();
        let found = texts(node, "a service", &mut self.faults)?;
        for (name, item) in &found {
            if service_named(name).is_some() {
                services.push((*name).to_owned());
            } else {
                let names: Vec<&str> = SERVICES.iter().map(|service| service.name).collect();
                unknown(name, "a service", item.span, &names, &mut self.faults);
            }
        }
        (services.len() == found.len()).then_some(services)
    }

    /// The entries of a list of domains, channels or the like.
    pub(super) fn names(
        &mut self,
        node: &Node,
        sought: impl Fn(&str) -> Result<String, Refusal>,
    ) -> Option<Vec<Entry>> {
        if let Value::List(_) = node.value {
            self.faults
                .error(Code::WrongType, node.span, "this is the path of a list file")
                .help("put the entries in lists/name.txt, one a line, and name that file here");
            return None;
        }
        let placed = self.list(node)?;
        let before = self.faults.errors();
        if self.lists.count(placed.len(), node.span, &mut self.faults) {
            entries::check(&placed, sought, false, &mut self.faults);
        }
        let entries = placed.iter().map(|one| one.entry.clone()).collect();
        (self.faults.errors() == before).then_some(entries)
    }
}

/// Does a pattern find rules worth trying? Words, links and the like do; a regex where every
/// match holds a text of three bytes or more.
pub(super) fn is_anchor(pattern: &Pattern) -> bool {
    const LITERAL_BYTES_MIN: usize = 3;
    match &pattern.kind {
        PatternKind::Regex(regex) => regexes::required_len(regex) >= LITERAL_BYTES_MIN,
        PatternKind::Entries { .. }
        | PatternKind::Links(_)
        | PatternKind::Handles(_)
        | PatternKind::Phones(_)
        | PatternKind::Wallets(_)
        | PatternKind::Media(..) => true,
        PatternKind::Field(field, _) => field.tells(),
    }
}
