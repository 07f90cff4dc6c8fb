//! How far a rule is let out: `status`, and the `share` of a canary.

use super::codes::Code;
use super::fields::Fields;
use super::model::Status;
use super::patterns::Reader;
use super::report::quoted;
use super::share::{OutOfRange, Share};
use super::values::{choice, text};
use super::yaml::Node;

/// A status as it is written; a canary says its share besides.
#[derive(Clone, Copy)]
enum Rung {
    Of(Status),
    Canary,
}

const RUNGS: [(&str, Rung); 4] = [
    ("draft", Rung::Of(Status::Draft)),
    ("shadow", Rung::Of(Status::Shadow)),
    ("canary", Rung::Canary),
    ("live", Rung::Of(Status::Live)),
];

impl Reader<'_> {
    /// `status` and `share` of a rule.
    pub(super) fn status(&mut self, fields: &Fields<'_>) -> Option<Status> {
        let help = "add `status: shadow` to the rule, or to `defaults:` of pack.yaml";
        let node = fields.need("status", help, &mut self.faults);
        let rung = node.and_then(|node| choice(node, "`status`", &RUNGS, &mut self.faults));
        // A share among the defaults is for those rules that are canaries.
        let share = fields.get("share").map(|node| self.share(node));
        match (rung?, share) {
            (Rung::Canary, Some(share)) => share.map(Status::Canary),
            (Rung::Canary, None) => {
                self.faults
                    .error(Code::Share, node?.span, "a canary needs a `share`")
                    .label("where does it act?")
                    .help("add `share: 5%`, and raise it later");
                None
            }
            (Rung::Of(_), Some(_)) if fields.has_own("share") => {
                self.faults
                    .error(Code::Share, fields.place("share"), "`share` goes with a canary only")
                    .help("write `status: canary`, or take `share` out");
                None
            }
            (Rung::Of(status), _) => Some(status),
        }
    }

    /// A percentage.
    fn share(&mut self, node: &Node) -> Option<Share> {
        let written = text(node, "`share`", &mut self.faults)?;
        let (message, help) = match Share::read(written) {
            Some(Ok(share)) => return Some(share),
            Some(Err(OutOfRange)) => (
                format!("{} is not from 0.01% to 100%", quoted(written)),
                "write two digits behind the point at most; `shadow` acts nowhere, `live` everywhere",
            ),
            None => (format!("{} is no share", quoted(written)), "write a percentage: 5%, 0.5%"),
        };
        self.faults.error(Code::Share, node.span, message).help(help);
        None
    }
}
