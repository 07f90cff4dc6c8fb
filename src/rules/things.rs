//! Patterns on things that have a name of their own: handles, phone numbers, wallets, hashes of
//! media, fields.

use super::asked::{HashKind, PostField};
use super::codes::Code;
use super::entries;
use super::fields::{Fields, Keys};
use super::lists::{Placed, entry};
use super::model::{Entry, PatternKind};
use super::patterns::Reader;
use super::report::quoted;
use super::scope::countries;
use super::values::{text, texts, unknown};
use super::yaml::{Node, Value};
use crate::extract::{Wallet, has_phones};

/// Keys that say where in a text something stands.
const TEXT_ONLY: &[&str] = &["in", "view", "match", "gap"];
const MEDIA: Keys = Keys { of: "`media`", known: &["md5", "sha1", "sha256"], later: &["pdq"] };
const PHONES: Keys = Keys { of: "`phones`", known: &["countries"], later: &[] };

impl Reader<'_> {
    /// `handles: any`, or the path of a list.
    pub(super) fn handles(&mut self, body: &Node, fields: &Fields<'_>) -> Option<PatternKind> {
        self.no_matching(fields);
        match &body.value {
            Value::Scalar { text, .. } if text == "any" => Some(PatternKind::Handles(None)),
            Value::Scalar { text, .. } if !text.contains('/') => {
                self.not_any("`handles`", text, body, "the path of a list: lists/name.txt")
            }
            _ => Some(PatternKind::Handles(Some(self.names(body, entries::handle)?))),
        }
    }

    /// `phones: any`, or `{countries: […]}`.
    pub(super) fn phones(&mut self, body: &Node, fields: &Fields<'_>) -> Option<PatternKind> {
        self.no_matching(fields);
        if let Value::Scalar { text, .. } = &body.value {
            let any = (text == "any").then(|| PatternKind::Phones(Vec::new()));
            return any.or_else(|| self.not_any("`phones`", text, body, "{countries: [DE, FR]}"));
        }
        let asked = Fields::read(body, &PHONES, &mut self.faults)?;
        let help = "add `countries: [DE, FR]`, or write `phones: any`";
        let node = asked.need("countries", help, &mut self.faults)?;
        let countries = countries(node, &mut self.faults)?;
        if let Some(country) = countries.iter().find(|country| !has_phones(country)) {
            let message = format!("no phone numbers are of {}", quoted(country));
            self.faults
                .error(Code::Country, node.span, message)
                .help("take it out: it has no calling code of its own, nor a share in one");
            return None;
        }
        Some(PatternKind::Phones(countries))
    }

    /// `media: {sha256: lists/known.txt}`
    pub(super) fn media(&mut self, body: &Node, fields: &Fields<'_>) -> Option<PatternKind> {
        self.refuse_keys(fields, TEXT_ONLY, "does not go with `media`: a hash is compared whole");
        let asked = Fields::read(body, &MEDIA, &mut self.faults)?;
        let hashes = HashKind::ALL.into_iter();
        let given: Vec<_> = hashes.filter_map(|it| Some((it, asked.get(it.name())?))).collect();
        let [(hash, node)] = given[..] else {
            if !asked.is_partial {
                self.faults
                    .error(
                        Code::OneOf,
                        body.span,
                        "`media` needs one of `md5`, `sha1` and `sha256`",
                    )
                    .help("write {sha256: lists/name.txt}; other hashes stand in another pattern");
            }
            return None;
        };
        let entries = self.names(node, |text| entries::hash(text, hash))?;
        (!asked.is_partial).then_some(PatternKind::Media(hash, entries))
    }

    /// `field: channel.id` with `list:` or `is:`.
    pub(super) fn field(&mut self, body: &Node, fields: &Fields<'_>) -> Option<PatternKind> {
        self.refuse_keys(fields, TEXT_ONLY, "does not go with `field`: it is compared whole");
        let name = text(body, "`field`", &mut self.faults)?;
        let field = PostField::ALL.into_iter().find(|field| field.name() == name);
        if field.is_none() {
            let names = PostField::ALL.map(PostField::name);
            unknown(name, "`field`", body.span, &names, &mut self.faults);
        }
        let entries = match (fields.get("list"), fields.get("is")) {
            (Some(list), None) => self.names(list, |text| entries::value(text, field)),
            (None, Some(is)) => self.values(is, field),
            _ => {
                if !fields.is_partial {
                    let message = "`field` needs one of `list` and `is`";
                    self.faults
                        .error(Code::OneOf, fields.span(), message)
                        .help("write {field: channel.id, list: lists/name.txt}, or is: \"…\"");
                }
                None
            }
        };
        Some(PatternKind::Field(field?, entries?))
    }

    /// `is: value`, or a list of values.
    fn values(&mut self, node: &Node, field: Option<PostField>) -> Option<Vec<Entry>> {
        let items = match &node.value {
            Value::List(_) => texts(node, "`is`", &mut self.faults)?,
            _ => vec![(text(node, "`is`", &mut self.faults)?, node)],
        };
        let before = self.faults.errors();
        let mut placed = Vec::with_capacity(items.len());
        for (text, item) in items {
            let read = entry(text, item.span, &mut self.faults);
            placed.extend(read.map(|entry| Placed { entry, span: item.span }));
        }
        if self.lists.count(placed.len(), node.span, &mut self.faults) {
            let sought = |text: &str| entries::value(text, field);
            entries::check(&placed, sought, false, &mut self.faults);
        }
        let entries = placed.into_iter().map(|one| one.entry).collect();
        (self.faults.errors() == before).then_some(entries)
    }

    /// Reports a word in place of `any`; `else_help`: what else there could be.
    fn not_any<T>(&mut self, key: &str, found: &str, body: &Node, else_help: &str) -> Option<T> {
        self.faults
            .error(Code::UnknownValue, body.span, format!("{key} cannot be {}", quoted(found)))
            .help(format!("write any, or {else_help}"));
        None
    }

    /// `wallets: [btc, eth]`
    pub(super) fn wallets(&mut self, body: &Node, fields: &Fields<'_>) -> Option<PatternKind> {
        self.no_matching(fields);
        let found = texts(body, "`wallets`", &mut self.faults)?;
        let mut wallets = Vec::new();
        for (name, item) in &found {
            if let Some(wallet) = Wallet::ALL.into_iter().find(|known| known.name() == *name) {
                wallets.push(wallet);
            } else {
                let names = Wallet::ALL.map(Wallet::name);
                unknown(name, "a wallet", item.span, &names, &mut self.faults);
            }
        }
        let all_known = wallets.len() == found.len();
        wallets.sort_unstable();
        wallets.dedup();
        all_known.then_some(PatternKind::Wallets(wallets))
    }
}
