//! The plain twin: every pair of hits compared, nothing sorted, nothing shared.

use std::collections::HashSet;

use proptest::prelude::*;

use super::{
    Condition, Hit, Hits, Need, PatternId, Post, Rule, firsts, hit, loose, rule, sorted, verdict,
};
use crate::rules::Comparison;
use crate::score::{From, Seeing, Step, explain};

const PATTERNS: usize = 4;

fn overlap(a: &std::ops::Range<usize>, b: &std::ops::Range<usize>) -> bool {
    !a.is_empty() && !b.is_empty() && a.start < b.end && b.start < a.end
}

fn hides(by: &Hit, hit: &Hit) -> bool {
    let wordless = by.words.is_empty() || hit.words.is_empty();
    let touch =
        if wordless { overlap(&by.range, &hit.range) } else { overlap(&by.words, &hit.words) };
    by.piece == hit.piece && touch
}

fn apart(a: &Hit, b: &Hit) -> usize {
    let right = b.words.start.saturating_sub(a.words.end);
    right.max(a.words.start.saturating_sub(b.words.end))
}

struct Plain<'h> {
    rule: &'h Rule,
    hits: &'h Hits,
}

impl Plain<'_> {
    fn excepted(&self, hit: &Hit) -> bool {
        self.rule.except.contains(&(hit.pattern.0 as usize))
    }

    fn visible(&self, pattern: usize) -> Vec<usize> {
        let all = &self.hits.all;
        let shown = |hit: &Hit| {
            self.excepted(hit) || !all.iter().any(|by| self.excepted(by) && hides(by, hit))
        };
        let own = all.iter().enumerate().filter(|(_, hit)| hit.pattern.0 as usize == pattern);
        own.filter(|(_, hit)| shown(hit)).map(|(index, _)| index).collect()
    }

    fn holds(&self, condition: &Condition) -> bool {
        let count = |pattern: usize| self.visible(pattern).len();
        match condition {
            Condition::Pattern(pattern) => count(*pattern) > 0,
            Condition::Not(inner) => !self.holds(inner),
            Condition::And(all) => all.iter().all(|inner| self.holds(inner)),
            Condition::Or(any) => any.iter().any(|inner| self.holds(inner)),
            Condition::Of(need, names) => {
                let hit = names.iter().filter(|&&name| count(name) > 0).count();
                let least = match need {
                    Need::Any => 1,
                    Need::All => names.len(),
                    Need::AtLeast(least) => *least,
                };
                hit >= least
            }
            Condition::Within { words, left, right } => self.near(*words, left, right),
            Condition::Hits(pattern, how, than) => order(count(*pattern), *how, *than),
            Condition::Different(pattern, how, than) => {
                let shown = self.visible(*pattern);
                let rows = self.hits.values.iter();
                let rows =
                    rows.filter(|(of, hit, _)| of.0 as usize == *pattern && shown.contains(hit));
                let values: HashSet<&String> = rows.map(|(_, _, value)| value).collect();
                order(values.len(), *how, *than)
            }
        }
    }

    fn near(&self, words: usize, left: &[usize], right: &[usize]) -> bool {
        let side = |names: &[usize]| -> Vec<usize> {
            names.iter().flat_map(|&name| self.visible(name)).collect()
        };
        let rights = side(right);
        side(left).into_iter().any(|a| {
            rights.iter().any(|&b| {
                let (x, y) = (&self.hits.all[a], &self.hits.all[b]);
                a != b && x.piece == y.piece && apart(x, y) <= words
            })
        })
    }
}

fn order(number: usize, how: Comparison, than: u32) -> bool {
    let order = number.cmp(&(than as usize));
    match how {
        Comparison::Less => order.is_lt(),
        Comparison::AtMost => order.is_le(),
        Comparison::Equal => order.is_eq(),
        Comparison::NotEqual => order.is_ne(),
        Comparison::AtLeast => order.is_ge(),
        Comparison::More => order.is_gt(),
    }
}

fn comparisons() -> impl Strategy<Value = Comparison> {
    use Comparison::{AtLeast, AtMost, Equal, Less, More, NotEqual};
    prop::sample::select(vec![Less, AtMost, Equal, NotEqual, AtLeast, More])
}

fn conditions() -> impl Strategy<Value = Condition> {
    let names = || prop::collection::vec(0..PATTERNS, 1..4);
    let needs = prop_oneof![Just(Need::Any), Just(Need::All), (0..4_usize).prop_map(Need::AtLeast)];
    let leaf = prop_oneof![
        (0..PATTERNS).prop_map(Condition::Pattern),
        (needs, names()).prop_map(|(need, names)| Condition::Of(need, names)),
        (0..5_usize, names(), names()).prop_map(|(words, left, right)| Condition::Within {
            words,
            left,
            right
        }),
        (0..PATTERNS, comparisons(), 0..4_u32).prop_map(|(p, how, n)| Condition::Hits(p, how, n)),
        (0..PATTERNS, comparisons(), 0..4_u32)
            .prop_map(|(p, how, n)| Condition::Different(p, how, n)),
    ];
    leaf.prop_recursive(4, 24, 3, |inner| {
        let several = prop::collection::vec(inner.clone(), 0..4);
        prop_oneof![
            inner.prop_map(|one| Condition::Not(Box::new(one))),
            several.clone().prop_map(Condition::And),
            several.prop_map(Condition::Or),
        ]
    })
}

fn hits() -> impl Strategy<Value = Hits> {
    let pattern = 0..u32::try_from(PATTERNS).unwrap();
    let one = (pattern, 0..2_usize, 0..12_usize, 0..4_usize).prop_map(|(p, piece, word, len)| {
        if len == 0 {
            loose(p, piece, (word * 10).saturating_sub(1)..word * 10 + 1, word)
        } else {
            hit(p, piece, word..word + len)
        }
    });
    let all = prop::collection::vec(one, 1..14).prop_map(|mut all| {
        all = sorted(all).all;
        all.dedup();
        all
    });
    (all, prop::collection::vec((0..14_usize, 0..3_usize), 0..16)).prop_map(|(all, rows)| {
        let row = |(index, value): (usize, usize)| {
            let pattern: PatternId = all.get(index)?.pattern;
            Some((pattern, index, value.to_string()))
        };
        let values = rows.into_iter().filter_map(row).collect();
        Hits { all, values }
    })
}

/// Each step says what the plain twin says, and a distance is the least within which it holds.
fn agrees(plain: &Plain<'_>, condition: &Condition, step: &Step) -> Result<(), TestCaseError> {
    prop_assert_eq!(step.holds, plain.holds(condition), "{}", step.written);
    let parts = match condition {
        Condition::And(parts) | Condition::Or(parts) => parts.as_slice(),
        Condition::Not(part) => std::slice::from_ref(&**part),
        _ => &[],
    };
    prop_assert_eq!(parts.len(), step.parts.len());
    parts.iter().zip(&step.parts).try_for_each(|(part, step)| agrees(plain, part, step))?;
    if let (Condition::Within { left, right, .. }, From::Seen(Seeing::Apart(words))) =
        (condition, step.from)
    {
        prop_assert_eq!(words, (0..100).find(|words| plain.near(*words, left, right)));
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1_500) })]

    #[test]
    fn a_rule_fires_where_the_plain_twin_says_so(
        condition in conditions(),
        hits in hits(),
        except in prop::collection::vec(0..PATTERNS, 0..2),
    ) {
        let rule = Rule { except, ..rule("r", PATTERNS, condition) };
        let plain = Plain { rule: &rule, hits: &hits };
        let want = plain.holds(&rule.condition);
        let fired = verdict(std::slice::from_ref(&rule), &hits).fired;
        prop_assert_eq!(!fired.is_empty(), want);
        let rules = std::slice::from_ref(&rule);
        for explained in explain(rules, &firsts(rules), &Post::default(), &hits) {
            prop_assert_eq!(explained.fires(), want);
            let hidden = |index: &usize| {
                let pattern = hits.all[*index].pattern.0 as usize;
                !plain.visible(pattern).contains(index)
            };
            let all: Vec<usize> = (0..hits.all.len()).filter(hidden).collect();
            prop_assert_eq!(&explained.hidden, &all);
            agrees(&plain, &rule.condition, &explained.condition)?;
        }
        for fired in fired {
            prop_assert!(fired.evidence.is_sorted());
            for index in fired.evidence {
                let pattern = hits.all[index].pattern.0 as usize;
                prop_assert!(plain.visible(pattern).contains(&index));
            }
        }
    }
}
