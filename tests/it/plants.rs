//! Made traffic with abuse planted for the starter pack, and the account of it: each planted post
//! acted on exactly once by its rule, each count complete, and nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::Value;
use tidegate::traffic::{Disguise, MadePost, Plan, Plant, Traffic};

/// The pack the plants are for.
pub(crate) const PACK: &str = "packs/starter";

/// The rule that counts: one account in three channels.
const COUNTED: &str = "fraud.jobs";

/// Made posts, a tenth of them planted.
pub(crate) fn traffic(seed: u64) -> Traffic {
    let plant = |rule: &str, text: &str, disguises: Vec<Disguise>, channels| Plant {
        rule: rule.to_owned(),
        texts: vec![text.to_owned()],
        disguises,
        channels,
    };
    let hidden = vec![Disguise::Leet, Disguise::LookAlikes, Disguise::ZeroWidth];
    let plants = vec![
        plant("goods.menu", "{*} {blorp} 50 € {*}: t.me/zorbshop", hidden.clone(), None),
        plant("fraud.giveaway", "{double your coins} https://zorbcoin.example/now", hidden, None),
        plant("phishing.link", "{*} https://{zorbbank-login.example}/a", Vec::new(), None),
        plant(COUNTED, "{easy money} {*}: t.me/zorbjobs", Vec::new(), Some(3)),
    ];
    // `sent_at` is of no weight: what counts is when a record came in.
    Traffic::new(seed, Plan { plants, plant_share: 0.1, ..Plan::default() }).unwrap()
}

/// A fixed sequence of numbers that look random: the moments of the kills.
pub(crate) struct Moments(u64);

impl Moments {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next, in milliseconds from `from` to `to`.
    pub(crate) fn next(&mut self, from: u64, to: u64) -> Duration {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        Duration::from_millis(from + self.0 % (to - from))
    }
}

/// What was planted.
#[derive(Default)]
pub(crate) struct Account {
    /// Rule and series author of each planted post.
    planted: BTreeMap<String, (String, Option<String>)>,
}

impl Account {
    /// Notes posts before they are sent.
    pub(crate) fn note(&mut self, posts: &[MadePost]) {
        for post in posts {
            let Some(planted) = &post.planted else { continue };
            let author = planted.series.as_ref().map(|series| series.author.clone());
            let before = self.planted.insert(post.id.clone(), (planted.rule.clone(), author));
            assert!(before.is_none(), "a planted id is its own");
        }
    }

    /// Was something planted in this post?
    pub(crate) fn holds(&self, post: &str) -> bool {
        self.planted.contains_key(post)
    }

    /// Posts planted for the rule that counts and for the others.
    pub(crate) fn planted(&self) -> (usize, usize) {
        let counted = self.planted.values().filter(|(_, author)| author.is_some()).count();
        (counted, self.planted.len() - counted)
    }

    /// Have as many posts been acted on as were planted?
    pub(crate) fn complete(&self, takedowns: &[Value]) -> bool {
        let posts = takedowns.iter().map(|event| event["subject"]["id"].as_str().unwrap());
        let posts: BTreeSet<_> = posts.collect();
        posts.len() >= self.planted.len()
    }

    /// Holds the takedowns against what was planted: every fault there is, as a line.
    pub(crate) fn faults(&self, takedowns: &[Value]) -> Vec<String> {
        let mut faults = Vec::new();
        let mut seen: BTreeMap<(String, String), usize> = BTreeMap::new();
        let mut ids = BTreeSet::new();
        let mut acted: BTreeSet<&str> = BTreeSet::new();
        for event in takedowns {
            let post = event["subject"]["id"].as_str().unwrap();
            let action = event["action"].to_string();
            if !ids.insert(event["id"].as_str().unwrap()) {
                faults.push(format!("event {} of {post} came twice", event["id"]));
            }
            *seen.entry((post.to_owned(), action)).or_default() += 1;
            acted.insert(post);
            faults.extend(self.wrong_causes(post, event));
        }
        for ((post, action), times) in seen.iter().filter(|(_, times)| **times != 1) {
            faults.push(format!("{action} of {post} came {times} times"));
        }
        for (post, (rule, _)) in &self.planted {
            if !acted.contains(post.as_str()) {
                faults.push(format!("{post}, planted for {rule}, was not acted on"));
            }
        }
        faults
    }

    fn wrong_causes(&self, post: &str, event: &Value) -> Option<String> {
        let Some((rule, author)) = self.planted.get(post) else {
            return Some(format!("{post} was acted on and not planted"));
        };
        let causes = event["causes"].as_array().unwrap();
        let [cause] = causes.as_slice() else {
            return Some(format!("{post} has {} causes", causes.len()));
        };
        let right = cause["rule"] == rule.as_str()
            && match author {
                None => cause["count"].is_null(),
                Some(author) => cause["count"]["key"] == author.as_str(),
            };
        (!right).then(|| format!("{post}, planted for {rule} by {author:?}: {cause}"))
    }
}
