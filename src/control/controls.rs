//! All that is said on the topic `controls`, and what it does to packs.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::event::control::{self, Control};
use crate::event::signal::ReadError;
use crate::rules::{Pack, Status};

/// Why a record of the topic is passed over.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ControlFault {
    /// It cannot be read.
    #[error(transparent)]
    Unread(#[from] ReadError),
    /// Its key names another rule than its value.
    #[error("control: its key names another rule")]
    Key,
}

/// All controls, by rule.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Controls {
    by_rule: BTreeMap<String, Control>,
}

impl Controls {
    /// Takes a record of the topic. One that cannot be read leaves what was said before.
    ///
    /// # Errors
    /// Why it was passed over.
    pub fn take(&mut self, key: &[u8], value: Option<&[u8]>) -> Result<(), ControlFault> {
        let rule = std::str::from_utf8(key).map_err(|_| ControlFault::Key)?;
        let Some(value) = value else {
            self.by_rule.remove(rule);
            return Ok(());
        };
        let control = control::read(value)?;
        if control.rule != rule {
            return Err(ControlFault::Key);
        }
        self.by_rule.insert(rule.to_owned(), control);
        Ok(())
    }

    /// Every control, whether it still holds or not.
    pub fn all(&self) -> impl Iterator<Item = &Control> {
        self.by_rule.values()
    }

    /// What is said of a rule.
    #[must_use]
    pub fn of(&self, rule: &str) -> Option<&Control> {
        self.by_rule.get(rule)
    }

    /// Those that hold at this time.
    #[must_use]
    pub fn at(&self, now: Timestamp) -> Self {
        let holds = |(rule, control): (&String, &Control)| Some((rule.clone(), control.at(now)?));
        Self { by_rule: self.by_rule.iter().filter_map(holds).collect() }
    }

    /// Holds these rules back.
    pub fn apply(&self, packs: &mut [Pack]) {
        let held = |id: &str, own: Status| {
            let status = self.of(id).and_then(|control| control.status);
            status.map_or(own, |held| own.min(held.status()))
        };
        for pack in packs {
            for rule in &mut pack.rules {
                rule.status = held(&rule.id, rule.status);
                let control = self.of(&rule.id);
                rule.held = control.and_then(|control| control.cap).map(control::Cap::leaves);
                rule.tripped = control.is_some_and(|control| control.tripped.is_some());
            }
            for escalation in &mut pack.escalations {
                escalation.status = held(&escalation.id, escalation.status);
            }
        }
    }
}
