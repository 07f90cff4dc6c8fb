//! Patterns on things that have a name of their own: handles, wallets.

use super::codes::Code;
use super::entries;
use super::fields::Fields;
use super::model::PatternKind;
use super::patterns::Reader;
use super::report::quoted;
use super::values::{texts, unknown};
use super::yaml::{Node, Value};
use crate::extract::Wallet;

impl Reader<'_> {
    /// `handles: any`, or the path of a list.
    pub(super) fn handles(&mut self, body: &Node, fields: &Fields<'_>) -> Option<PatternKind> {
        self.no_matching(fields);
        match &body.value {
            Value::Scalar { text, .. } if text == "any" => Some(PatternKind::Handles(None)),
            Value::Scalar { text, .. } if !text.contains('/') => {
                let message = format!("`handles` cannot be {}", quoted(text));
                self.faults
                    .error(Code::UnknownValue, body.span, message)
                    .help("write any, or the path of a list: lists/name.txt");
                None
            }
            _ => Some(PatternKind::Handles(Some(self.names(body, entries::handle)?))),
        }
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
