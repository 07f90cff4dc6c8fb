//! The rules of all packs in force, with their tables: built once, then only read.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::rules::{Escalation, Pack, PatternKind, Rule, Status};
use crate::scan::{BuildError, PatternId, Tables};

/// Rules that have a metric label of their own: design section 11. Those beyond it are `other`.
const RULE_LABELS_MAX: usize = 500;

/// Why packs do not go together.
#[derive(Debug, thiserror::Error)]
pub enum RuleSetError {
    /// Two packs have the same name.
    #[error("two packs are named `{0}`: load one of them, or rename one")]
    SamePack(String),
    /// Two packs have a rule of the same id.
    #[error("rule `{rule}` is in pack `{first}` and in pack `{second}`: rename one of them")]
    SameRule {
        /// The id.
        rule: String,
        /// One pack.
        first: String,
        /// The other.
        second: String,
    },
    /// The tables cannot be built.
    #[error(transparent)]
    Tables(#[from] BuildError),
}

/// All rules in force.
#[derive(Debug)]
pub struct RuleSet {
    packs: Vec<(String, String)>,
    rules: Vec<Rule>,
    escalations: Vec<Escalation>,
    first_patterns: Vec<PatternId>,
    labels: Vec<String>,
    by_id: HashMap<String, usize>,
    patterns: usize,
    tables: Tables,
    number: u64,
}

/// Rule sets built so far.
static BUILT: AtomicU64 = AtomicU64::new(0);

impl RuleSet {
    /// Takes checked packs. Drafts are left out: they are compiled and tested only.
    ///
    /// # Errors
    /// Where two packs or two rules have one name, or the tables cannot be built.
    pub fn build(packs: Vec<Pack>) -> Result<Self, RuleSetError> {
        let names: Vec<_> =
            packs.iter().map(|pack| (pack.name.clone(), pack.version.clone())).collect();
        if let Some((name, _)) = names.iter().enumerate().find_map(|(index, named)| {
            names.iter().take(index).any(|other| other.0 == named.0).then_some(named)
        }) {
            return Err(RuleSetError::SamePack(name.clone()));
        }
        let mut escalations = Vec::new();
        let mut all = Vec::new();
        for pack in packs {
            escalations.extend(pack.escalations);
            all.extend(pack.rules);
        }
        let rules = all.into_iter();
        let rules: Vec<Rule> = rules.filter(|rule| rule.status != Status::Draft).collect();
        let by_id = index(&rules)?;
        let tables = Tables::build(&rules)?;
        Ok(Self {
            packs: names,
            escalations,
            first_patterns: (0..rules.len()).map(|rule| tables.first_pattern(rule)).collect(),
            labels: labels(&rules),
            by_id,
            patterns: rules.iter().map(patterns_of).sum(),
            number: BUILT.fetch_add(1, Ordering::Relaxed),
            tables,
            rules,
        })
    }

    /// (name, version) of each pack.
    #[must_use]
    pub fn packs(&self) -> &[(String, String)] {
        &self.packs
    }

    /// Tells rule sets of this process apart, whatever their packs say of themselves.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.number
    }

    /// The packs with their versions, for people.
    #[must_use]
    pub fn describe(&self) -> String {
        let packs: Vec<_> =
            self.packs.iter().map(|(name, version)| format!("{name} {version}")).collect();
        packs.join(", ")
    }

    /// The rules, pack by pack.
    #[must_use]
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// What strikes lead to, pack by pack.
    #[must_use]
    pub fn escalations(&self) -> &[Escalation] {
        &self.escalations
    }

    /// For each rule, the id of its first pattern.
    #[must_use]
    pub fn first_patterns(&self) -> &[PatternId] {
        &self.first_patterns
    }

    /// Patterns in force, each entry of a list counted.
    #[must_use]
    pub fn patterns(&self) -> usize {
        self.patterns
    }

    /// What the patterns were built into.
    #[must_use]
    pub fn tables(&self) -> &Tables {
        &self.tables
    }

    /// A rule by its id.
    #[must_use]
    pub fn rule(&self, id: &str) -> Option<&Rule> {
        self.by_id.get(id).and_then(|&index| self.rules.get(index))
    }

    /// The rule's metric label: its id, or `other` beyond the first 500.
    #[must_use]
    pub fn label(&self, rule: usize) -> &str {
        self.labels.get(rule).map_or("other", String::as_str)
    }

    /// The rule that a pattern belongs to.
    #[must_use]
    pub fn rule_of(&self, pattern: PatternId) -> Option<(usize, &Rule)> {
        let after = self.first_patterns.partition_point(|first| *first <= pattern);
        let index = after.checked_sub(1)?;
        Some((index, self.rules.get(index)?))
    }
}

fn index(rules: &[Rule]) -> Result<HashMap<String, usize>, RuleSetError> {
    let mut by_id: HashMap<String, usize> = HashMap::with_capacity(rules.len());
    for (index, rule) in rules.iter().enumerate() {
        let before = by_id.insert(rule.id.clone(), index);
        if let Some(first) = before.and_then(|before| rules.get(before)) {
            return Err(RuleSetError::SameRule {
                rule: rule.id.clone(),
                first: first.pack.to_string(),
                second: rule.pack.to_string(),
            });
        }
    }
    Ok(by_id)
}

/// Labels go to the most severe rules first, then by id, so that they do not move about.
fn labels(rules: &[Rule]) -> Vec<String> {
    let mut order: Vec<usize> = (0..rules.len()).collect();
    order.sort_by_key(|&index| {
        rules.get(index).map(|rule| (std::cmp::Reverse(rule.severity), &rule.id))
    });
    let mut labels = vec!["other".to_owned(); rules.len()];
    for index in order.into_iter().take(RULE_LABELS_MAX) {
        if let (Some(label), Some(rule)) = (labels.get_mut(index), rules.get(index)) {
            label.clone_from(&rule.id);
        }
    }
    labels
}

fn patterns_of(rule: &Rule) -> usize {
    let of_list = |entries: &Option<Vec<_>>| entries.as_ref().map_or(0, Vec::len);
    let size = |kind: &PatternKind| match kind {
        PatternKind::Entries { entries, .. } => entries.len(),
        PatternKind::Media(_, entries) | PatternKind::Field(_, entries) => entries.len(),
        PatternKind::Handles(list) => of_list(list).max(1),
        PatternKind::Regex(_) | PatternKind::Phones(_) | PatternKind::Wallets(_) => 1,
        PatternKind::Links(links) => (of_list(&links.domains) + of_list(&links.channels)).max(1),
    };
    rule.patterns.iter().map(|pattern| size(&pattern.kind)).sum()
}
