//! Patterns on things that have a name of their own: handles, phone numbers, wallets.

use super::codes::Code;
use super::entries;
use super::fields::{Fields, Keys};
use super::model::PatternKind;
use super::patterns::Reader;
use super::report::quoted;
use super::scope::countries;
use super::values::{texts, unknown};
use super::yaml::{Node, Value};
use crate::extract::{Wallet, has_phones};

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
