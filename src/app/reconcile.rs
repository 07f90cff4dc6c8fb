//! What was planted against what was found: the account that `demo` and `load` give at their end.

use std::collections::{BTreeMap, HashMap, HashSet};

/// What was planted in one post.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Planted {
    rule: String,
    sent_ms: i64,
    /// Ids of takedown events seen for it, each with its rule.
    found: Vec<(String, String)>,
}

/// An account of planted posts and the takedowns that came back.
#[derive(Debug, Default)]
pub(super) struct Account {
    planted: HashMap<String, Planted>,
    /// Posts acted on that were not planted.
    unexpected: HashSet<String>,
    doubled: usize,
    takedowns: usize,
    latencies_ms: Vec<u64>,
}

/// What the account comes to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Balance {
    /// Posts planted, by rule, with how many of them were found.
    pub(super) rules: BTreeMap<String, (usize, usize)>,
    /// Posts planted.
    pub(super) planted: usize,
    /// Planted posts that were taken down by the rule they were planted for.
    pub(super) found: usize,
    /// Takedowns read.
    pub(super) takedowns: usize,
    /// Takedowns that came twice for one post, action and rule.
    pub(super) doubled: usize,
    /// Posts taken down that were not planted.
    pub(super) unexpected: usize,
}

impl Balance {
    /// Everything planted was found, once, and nothing else.
    pub(super) fn even(&self) -> bool {
        self.found == self.planted && self.doubled == 0 && self.unexpected == 0
    }
}

impl Account {
    /// Notes a planted post, before it is sent.
    pub(super) fn plant(&mut self, post: &str, rule: &str, sent_ms: i64) {
        let planted = Planted { rule: rule.to_owned(), sent_ms, found: Vec::new() };
        self.planted.insert(post.to_owned(), planted);
    }

    /// Notes a takedown event. `now_ms`: when it was read.
    pub(super) fn take(&mut self, event: &serde_json::Value, now_ms: i64) {
        self.takedowns += 1;
        let text = |pointer: &str| event.pointer(pointer).and_then(|value| value.as_str());
        let (Some(id), Some(post)) = (text("/id"), text("/subject/id")) else { return };
        let Some(planted) = self.planted.get_mut(post) else {
            self.unexpected.insert(post.to_owned());
            return;
        };
        let causes = event.pointer("/causes").and_then(|causes| causes.as_array());
        for cause in causes.into_iter().flatten() {
            let rule = cause.get("rule").and_then(|rule| rule.as_str()).unwrap_or("");
            let pair = (id.to_owned(), rule.to_owned());
            if planted.found.contains(&pair) {
                self.doubled += 1;
            } else {
                planted.found.push(pair);
            }
        }
        let delay = u64::try_from(now_ms - planted.sent_ms).unwrap_or(0);
        self.latencies_ms.push(delay);
    }

    /// Planted posts found so far.
    pub(super) fn found(&self) -> usize {
        self.planted.values().filter(|planted| planted.is_found()).count()
    }

    /// Posts planted so far.
    pub(super) fn planted(&self) -> usize {
        self.planted.len()
    }

    /// The delay from sending to reading that so many of a hundred takedowns stayed within,
    /// milliseconds. `None` while there are none.
    pub(super) fn delay_ms(&self, percent: usize) -> Option<u64> {
        let mut sorted = self.latencies_ms.clone();
        sorted.sort_unstable();
        let index = (sorted.len() * percent / 100).min(sorted.len().checked_sub(1)?);
        sorted.get(index).copied()
    }

    /// The balance as it stands.
    pub(super) fn balance(&self) -> Balance {
        let mut balance = Balance {
            planted: self.planted(),
            found: self.found(),
            takedowns: self.takedowns,
            doubled: self.doubled,
            unexpected: self.unexpected.len(),
            rules: BTreeMap::new(),
        };
        for planted in self.planted.values() {
            let (number, found) = balance.rules.entry(planted.rule.clone()).or_default();
            *number += 1;
            *found += usize::from(planted.is_found());
        }
        balance
    }
}

impl Planted {
    fn is_found(&self) -> bool {
        self.found.iter().any(|(_, rule)| *rule == self.rule)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn takedown(id: &str, post: &str, rule: &str) -> serde_json::Value {
        json!({"id": id, "subject": {"id": post}, "causes": [{"rule": rule}]})
    }

    #[test]
    fn an_account_is_even_only_when_each_planted_post_was_found_once_and_nothing_else() {
        let mut account = Account::default();
        account.plant("p1", "drugs.menu", 0);
        account.plant("p2", "drugs.menu", 0);
        account.take(&takedown("tk_1", "p1", "drugs.menu"), 30);
        assert!(!account.balance().even(), "p2 is missing");
        account.take(&takedown("tk_2", "p2", "fraud.other"), 40);
        assert!(!account.balance().even(), "p2 was found by another rule only");
        account.take(&takedown("tk_2", "p2", "drugs.menu"), 50);
        assert!(account.balance().even());
        assert_eq!(account.balance().rules["drugs.menu"], (2, 2));
        assert_eq!(account.delay_ms(50), Some(40));
        account.take(&takedown("tk_1", "p1", "drugs.menu"), 60);
        assert_eq!(account.balance().doubled, 1);
        assert!(!account.balance().even());
    }

    #[test]
    fn a_takedown_of_a_post_that_was_not_planted_is_unexpected() {
        let mut account = Account::default();
        account.take(&takedown("tk_1", "p9", "drugs.menu"), 0);
        assert_eq!(account.balance().unexpected, 1);
        assert!(!account.balance().even());
    }
}
