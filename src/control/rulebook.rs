//! Which editions of which packs are in force: each is verified, compiled, and taken if all of them
//! still fit together.
//!
//! Which way it fails: an edition that is refused changes nothing; what was in force stays.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::Controls;
use crate::rules::{self, Diagnostic, Level, Pack};
use crate::screen::{RuleSet, RuleSetError};
use crate::sealed::{
    ArchiveFault, KeyId, MANIFEST, Members, Opened, PublicKey, Refused, Trust, hash, open,
};

/// Which packs are to be in force, and whom to believe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Names of the packs; without one of them nothing is screened.
    pub names: Vec<String>,
    /// Accepted keys.
    pub keys: Vec<PublicKey>,
    /// How many of them must have signed.
    pub signatures: usize,
}

/// Why an edition is not taken.
#[derive(Debug, thiserror::Error)]
pub enum Unfit {
    /// What lies on the topic is no edition.
    #[error("what was published {0}")]
    Archive(#[from] ArchiveFault),
    /// It is not believed.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// Another content under the sequence that is in force.
    #[error("another edition of sequence {sequence} is in force: publish under a higher one")]
    SameSequence {
        /// Which.
        sequence: u64,
    },
    /// Its rules have errors. Their texts stay out of logs.
    #[error(
        "its rules have {errors} errors, the first is {first}: see `tidegate check` on its folder"
    )]
    Rules {
        /// How many.
        errors: usize,
        /// Code and place of the first.
        first: String,
    },
    /// It does not go with the other packs.
    #[error(transparent)]
    Together(#[from] RuleSetError),
}

impl Unfit {
    /// One word for metrics.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Archive(_) => "damaged",
            Self::Refused(refused) => refused.name(),
            Self::SameSequence { .. } => "sequence",
            Self::Rules { .. } => "rules",
            Self::Together(_) => "conflict",
        }
    }
}

/// An edition in force.
#[derive(Debug)]
struct Good {
    pack: Pack,
    sequence: u64,
    expires: Timestamp,
    manifest_hash: String,
    signers: Vec<KeyId>,
}

/// What is told of a pack in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InForce {
    /// Name and version.
    pub name: String,
    /// Its version, as its people write it.
    pub version: String,
    /// Its sequence.
    pub sequence: u64,
    /// From when on it will not be taken any more, where it is read again.
    pub expires: Timestamp,
    /// Is it signed by enough keys that are accepted now?
    pub is_trusted: bool,
}

/// The packs in force.
#[derive(Debug)]
pub struct Rulebook {
    wanted: Wanted,
    good: BTreeMap<String, Good>,
}

impl Rulebook {
    /// Nothing in force yet.
    #[must_use]
    pub fn new(wanted: Wanted) -> Self {
        Self { wanted, good: BTreeMap::new() }
    }

    /// Whom to believe from now on, and which packs are wanted. What is in force stays, even if
    /// its signers are not accepted any more: to stop screening would be worse.
    pub fn want(&mut self, wanted: Wanted) {
        self.good.retain(|name, _| wanted.names.contains(name));
        self.wanted = wanted;
    }

    /// Is this pack wanted?
    #[must_use]
    pub fn wants(&self, name: &str) -> bool {
        self.wanted.names.iter().any(|wanted| wanted == name)
    }

    /// Names of the packs that are wanted.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.wanted.names
    }

    /// Takes an edition, if it is to be believed and compiles. False where it is in force already.
    ///
    /// # Errors
    /// [`Unfit`]; what was in force stays.
    pub fn offer(&mut self, name: &str, members: &Members, now: Timestamp) -> Result<bool, Unfit> {
        let before = self.good.get(name);
        let manifest_hash = members.get(MANIFEST).map(|manifest| hash(manifest));
        let manifest_hash = manifest_hash.unwrap_or_default();
        let opened = open(members, &self.trust(name, now))?;
        if let Some(good) = before.filter(|good| good.sequence == opened.manifest.sequence) {
            return match good.manifest_hash == manifest_hash {
                true => {
                    self.resign(name, &opened);
                    Ok(false)
                }
                false => Err(Unfit::SameSequence { sequence: good.sequence }),
            };
        }
        let pack = compiled(&opened)?;
        let good = Good {
            pack,
            sequence: opened.manifest.sequence,
            expires: opened.manifest.expires,
            manifest_hash,
            signers: opened.signers.into_keys().collect(),
        };
        let before = self.good.insert(name.to_owned(), good);
        if let Err(why) = check_together(self.good.values().map(|good| &good.pack)) {
            match before {
                Some(before) => _ = self.good.insert(name.to_owned(), before),
                None => _ = self.good.remove(name),
            }
            return Err(why.into());
        }
        Ok(true)
    }

    /// The same edition with other signatures.
    fn resign(&mut self, name: &str, opened: &Opened) {
        if let Some(good) = self.good.get_mut(name) {
            good.signers = opened.signers.keys().copied().collect();
        }
    }

    fn trust(&self, name: &str, now: Timestamp) -> Trust {
        Trust {
            keys: self.wanted.keys.clone(),
            at_least: self.wanted.signatures,
            pack: Some(name.to_owned()),
            last_sequence: self.good.get(name).map(|good| good.sequence),
            now,
        }
    }

    /// Packs that are wanted and not in force.
    #[must_use]
    pub fn missing(&self) -> Vec<&str> {
        let names = self.wanted.names.iter().map(String::as_str);
        names.filter(|name| !self.good.contains_key(*name)).collect()
    }

    /// The rules of all wanted packs, held back by these controls; `None` while one is missing.
    ///
    /// # Errors
    /// If their tables cannot be built.
    pub fn rules(&self, controls: &Controls) -> Option<Result<RuleSet, RuleSetError>> {
        if !self.missing().is_empty() {
            return None;
        }
        let mut packs = self.packs();
        controls.apply(&mut packs);
        Some(RuleSet::build(packs))
    }

    /// The packs in force, with the statuses that they say.
    #[must_use]
    pub fn packs(&self) -> Vec<Pack> {
        self.good.values().map(|good| good.pack.clone()).collect()
    }

    /// What is in force.
    #[must_use]
    pub fn in_force(&self) -> Vec<InForce> {
        let accepted = |key: &&KeyId| self.wanted.keys.iter().any(|it| it.id() == **key);
        let told = |(name, good): (&String, &Good)| InForce {
            name: name.clone(),
            version: good.pack.version.clone(),
            sequence: good.sequence,
            expires: good.expires,
            is_trusted: good.signers.iter().filter(accepted).count() >= self.wanted.signatures,
        };
        self.good.iter().map(told).collect()
    }
}

/// Two packs with a rule of the same id do not go together; the tables of all rules are built later.
fn check_together<'p>(packs: impl Iterator<Item = &'p Pack>) -> Result<(), RuleSetError> {
    let mut seen: BTreeMap<&str, &str> = BTreeMap::new();
    for pack in packs {
        let rules = pack.rules.iter().map(|rule| &rule.id);
        for id in rules.chain(pack.escalations.iter().map(|escalation| &escalation.id)) {
            if let Some(first) = seen.insert(id, &pack.name) {
                return Err(RuleSetError::SameRule {
                    rule: id.clone(),
                    first: first.to_owned(),
                    second: pack.name.clone(),
                });
            }
        }
    }
    Ok(())
}

fn compiled(opened: &Opened) -> Result<Pack, Unfit> {
    match rules::compile(&opened.source) {
        Ok(compiled) => Ok(compiled.pack),
        Err(report) => {
            let is_error = |one: &&Diagnostic| one.severity == Level::Error;
            let first = report.diagnostics.iter().find(is_error).map(|one| {
                let line = one.place(&opened.source).map_or(0, |place| place.line);
                format!("{} at {}:{line}", one.code.id(), one.file)
            });
            Err(Unfit::Rules { errors: report.errors(), first: first.unwrap_or_default() })
        }
    }
}
