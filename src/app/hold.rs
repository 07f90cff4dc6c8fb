//! A rule is held back, or let go again: what is asked, and the record that says so.

use clap::ValueEnum;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::reinstate::line;
use crate::control::Controls;
use crate::event::control::{Cap, Control, Held, lifted};
use crate::record::Outgoing;
use crate::rules::nearest;

/// What is wished of a rule. A higher status takes a new pack, which somebody signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Wish {
    /// As if the rule were not there.
    Draft,
    /// It counts and acts on nothing.
    Shadow,
    /// It asks people and does nothing else.
    Refer,
    /// It restricts and removes nothing.
    Restrict,
    /// As its pack says; a limit that was tripped is armed again.
    Lift,
}

impl Wish {
    /// As it is written.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Shadow => "shadow",
            Self::Refer => "refer",
            Self::Restrict => "restrict",
            Self::Lift => "lift",
        }
    }
}

/// What is asked for.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Hold {
    /// Id of the rule or escalation.
    pub(super) rule: String,
    /// How far.
    pub(super) status: Wish,
    /// Who says so.
    pub(super) by: String,
    /// Why.
    pub(super) reason: String,
    /// Until when; else until it is lifted.
    #[serde(default)]
    pub(super) until: Option<Timestamp>,
}

impl Hold {
    /// The record that does it. `before`: what is said already, for the cap of a tripped limit stays until it is
    /// lifted.
    ///
    /// # Errors
    /// What is wrong with it, and how to write it.
    pub(super) fn record(&self, before: &Controls, now: Timestamp) -> Result<Outgoing, String> {
        if self.until.is_some_and(|until| until <= now) {
            return Err("the time until when has passed already".to_owned());
        }
        let (by, reason) = (line("who says so", &self.by)?, line("the reason", &self.reason)?);
        let (status, cap) = match self.status {
            Wish::Draft => (Some(Held::Draft), None),
            Wish::Shadow => (Some(Held::Shadow), None),
            Wish::Refer => (None, Some(Cap::Refer)),
            Wish::Restrict => (None, Some(Cap::Restrict)),
            Wish::Lift => return Ok(lifted(&self.rule)),
        };
        let said = (status, cap);
        let control = Control::by_person(self.rule.clone(), said, (by, reason), self.until);
        Ok(control.after(before.of(&self.rule)).to_outgoing())
    }

    /// A control of a rule that nobody has would hold back nothing, and somebody would trust in it.
    pub(super) fn unknown<'k>(&self, known: impl Iterator<Item = &'k str>) -> String {
        let meant = nearest(&self.rule, known);
        let meant = meant.map(|meant| format!("; did you mean `{meant}`?")).unwrap_or_default();
        format!("no pack of this deployment has a rule or an escalation `{}`{meant}", self.rule)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::{Limit, Tripped};

    fn hold(status: Wish) -> Hold {
        let text = str::to_owned;
        Hold { rule: text("a.b"), status, by: text("ann"), reason: text("a flood"), until: None }
    }

    #[test]
    fn a_hold_says_by_whom_and_why_and_keeps_what_a_limit_has_said() {
        let now = Timestamp::from_second(1_790_000_000).unwrap();
        let none = Controls::default();
        let wrong = [
            Hold { by: String::new(), ..hold(Wish::Shadow) },
            Hold { reason: "two\nlines".to_owned(), ..hold(Wish::Shadow) },
            Hold { until: Some(now), ..hold(Wish::Shadow) },
        ];
        assert!(wrong.iter().all(|hold| hold.record(&none, now).is_err()));
        let limit = Limit {
            of: crate::record::SubjectKind::Channel,
            at_most: 500,
            within_ms: 60_000,
            then: Tripped::Restrict,
        };
        let mut tripped = Controls::default();
        let take = |controls: &mut Controls, out: Outgoing| {
            controls.take(out.key.as_deref().unwrap(), out.value.as_deref()).unwrap();
        };
        take(&mut tripped, Control::by_limit("a.b".to_owned(), &limit, 0).to_outgoing());
        let until: Timestamp = "2026-12-01T00:00:00Z".parse().unwrap();
        let shadow =
            Hold { until: Some(until), ..hold(Wish::Shadow) }.record(&tripped, now).unwrap();
        take(&mut tripped, shadow);
        let said = tripped.of("a.b").unwrap();
        assert_eq!((said.status, said.cap), (Some(Held::Shadow), Some(Cap::Restrict)));
        // What a person says ends; what the limit says does not.
        let later = tripped.at(until);
        let said = later.of("a.b").unwrap();
        assert_eq!((said.status, said.cap), (None, Some(Cap::Restrict)));
        let lift = hold(Wish::Lift).record(&tripped, now).unwrap();
        take(&mut tripped, lift);
        assert_eq!(tripped.of("a.b"), None);
    }
}
