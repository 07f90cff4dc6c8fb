//! The plain twin: every pair of hits compared, nothing sorted, nothing shared.

use std::collections::HashSet;

use proptest::prelude::*;

use super::{Condition, Hit, Hits, Need, PatternId, Post, Rule, firsts, hit, loose, rule, sorted};
use crate::decode::{Author, Channel};
use crate::record::View;
use crate::rules::{
    Compared, Comparison, Entry, FieldComparison, Match, Pattern, PatternKind, PostField, Value,
};
use crate::scan::{Naive, Seen, Tables};
use crate::score::{From, Seeing, Step, explain, score};

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
    post: &'h Post<'h>,
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

    /// `None`: unknown. By the tables of Kleene, case by case.
    fn holds(&self, condition: &Condition) -> Option<bool> {
        let parts = |parts: &[Condition]| -> Vec<Option<bool>> {
            parts.iter().map(|part| self.holds(part)).collect()
        };
        match condition {
            Condition::Not(inner) => self.holds(inner).map(|holds| !holds),
            Condition::And(all) => match parts(all) {
                parts if parts.contains(&Some(false)) => Some(false),
                parts if parts.contains(&None) => None,
                _ => Some(true),
            },
            Condition::Or(any) => match parts(any) {
                parts if parts.contains(&Some(true)) => Some(true),
                parts if parts.contains(&None) => None,
                _ => Some(false),
            },
            Condition::Field(compared) => self.compared(compared),
            _ => Some(self.hit(condition)),
        }
    }

    fn compared(&self, compared: &FieldComparison) -> Option<bool> {
        let FieldComparison { what, default, how, with } = compared;
        let found = match what {
            Compared::Members => self.post.channel.members.map(|found| found.to_string()),
            Compared::AuthorAge => {
                let created = self.post.author.as_ref().and_then(|author| author.created_at_ms);
                let written = self.post.edited_at_ms.or(self.post.sent_at_ms);
                let age = written.zip(created).map(|(written, created)| written - created);
                age.map(|age| (age / 1_000).max(0).to_string())
            }
            _ => self.post.lang.as_ref().map(|lang| lang.clone().into_owned()),
        };
        let said = |value: &Value<String>| match value {
            Value::Number(number) => number.to_string(),
            Value::Duration(ms) => (ms / 1_000).to_string(),
            Value::Text(text) => text.clone(),
            Value::Boolean(_) => String::new(),
        };
        let found = found.or_else(|| default.as_ref().map(said))?;
        match (found.parse::<usize>(), said(with).parse::<u32>()) {
            (Ok(found), Ok(with)) => Some(order(found, *how, with)),
            _ => Some((found == said(with)) == (*how == Comparison::Equal)),
        }
    }

    /// A condition over hits alone.
    fn hit(&self, condition: &Condition) -> bool {
        let count = |pattern: usize| self.visible(pattern).len();
        match condition {
            Condition::Pattern(pattern) => count(*pattern) > 0,
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
            _ => false,
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

/// Comparisons of three fields, each of another type, next to the values of [`posts`].
fn fields() -> impl Strategy<Value = FieldComparison> {
    let number = |what, make: fn(u32) -> Value<String>| {
        let default = prop::option::of((0..4_u32).prop_map(make));
        (default, comparisons(), (0..4_u32).prop_map(make))
            .prop_map(move |(default, how, with)| FieldComparison { what, default, how, with })
    };
    let texts = || prop::sample::select(vec!["ru", "en"]).prop_map(|it| Value::Text(it.to_owned()));
    let equal = prop::sample::select(vec![Comparison::Equal, Comparison::NotEqual]);
    let lang = Compared::Field(PostField::Lang);
    prop_oneof![
        number(Compared::Members, |it| Value::Number(it.into())),
        number(Compared::AuthorAge, |it| Value::Duration(i64::from(it) * 1_000)),
        (prop::option::of(texts()), equal, texts()).prop_map(move |(default, how, with)| {
            FieldComparison { what: lang, default, how, with }
        }),
    ]
}

/// Posts that have, or lack, each of the fields.
fn posts() -> impl Strategy<Value = Post<'static>> {
    let seconds = || prop::option::of(0..4_i64);
    let lang = prop::option::of(prop::sample::select(vec!["ru", "en"]));
    (prop::option::of(0..4_u64), seconds(), seconds(), seconds(), lang).prop_map(
        |(members, created, sent, edited, lang)| {
            let ms = |seconds: Option<i64>| seconds.map(|seconds| seconds * 1_000);
            Post {
                channel: Channel { members, ..Channel::default() },
                author: Some(Author { created_at_ms: ms(created), ..Author::default() }),
                sent_at_ms: ms(sent),
                edited_at_ms: ms(edited),
                lang: lang.map(Into::into),
                ..Post::default()
            }
        },
    )
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
        fields().prop_map(Condition::Field),
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

/// A text in which any of the words may stand that the patterns of [`words_rule`] look for.
fn texts() -> impl Strategy<Value = String> {
    let words = prop::sample::select(vec!["wa", "wb", "wc", "wd", "bread"]);
    prop::collection::vec(words, 0..6).prop_map(|words| words.join(" "))
}

/// A rule whose patterns are words.
fn words_rule(condition: Condition) -> Rule {
    let made = rule("r", PATTERNS, condition);
    let words = ["wa", "wb", "wc", "wd"].into_iter();
    let patterns = made.patterns.iter().zip(words).map(|(pattern, word)| {
        let entries = vec![Entry { text: word.to_owned() }];
        let kind = PatternKind::Entries { entries, matching: Match::Word, gap: 0 };
        Pattern { kind, view: View::Unmasked, ..pattern.clone() }
    });
    Rule { patterns: patterns.collect(), ..made }
}

/// Each step says what the plain twin says, and a distance is the least within which it holds.
fn agrees(plain: &Plain<'_>, condition: &Condition, step: &Step) -> Result<(), TestCaseError> {
    prop_assert_eq!(step.holds.known(), plain.holds(condition), "{}", step.written);
    let parts = match condition {
        Condition::And(parts) | Condition::Or(parts) => parts.as_slice(),
        Condition::Not(part) => std::slice::from_ref(&**part),
        _ => &[],
    };
    prop_assert_eq!(parts.len(), step.parts.len());
    parts.iter().zip(&step.parts).try_for_each(|(part, step)| agrees(plain, part, step))?;
    if let (Condition::Within { left, right, .. }, From::Seen(Seeing::Apart(words))) =
        (condition, &step.from)
    {
        prop_assert_eq!(*words, (0..100).find(|words| plain.near(*words, left, right)));
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1_500) })]

    #[test]
    fn a_rule_that_sleeps_would_neither_fire_nor_be_unknown(
        condition in conditions(),
        text in texts(),
        post in posts(),
    ) {
        let rules = [words_rule(condition)];
        let post = Post { text: text.into(), ..post };
        let seen: Vec<Seen<'_>> = post.pieces().into_iter().map(Seen::of).collect();
        let fast = Tables::build(&rules).unwrap().scan(&post, &seen);
        let slow = Naive::build(&rules).unwrap().scan(&post, &seen);
        let verdict = |hits| score(&rules, &firsts(&rules), &post, hits);
        prop_assert_eq!(verdict(&fast), verdict(&slow));
    }

    #[test]
    fn a_rule_fires_where_the_plain_twin_says_so(
        condition in conditions(),
        hits in hits(),
        except in prop::collection::vec(0..PATTERNS, 0..2),
        post in posts(),
    ) {
        let rule = Rule { except, ..rule("r", PATTERNS, condition) };
        let plain = Plain { rule: &rule, hits: &hits, post: &post };
        let want = plain.holds(&rule.condition);
        let rules = std::slice::from_ref(&rule);
        let verdict = score(rules, &firsts(rules), &post, &hits);
        prop_assert_eq!(verdict.fired.len(), usize::from(want == Some(true)));
        prop_assert_eq!(verdict.unknown.len(), usize::from(want.is_none()));
        for explained in explain(rules, &firsts(rules), &post, &hits) {
            prop_assert_eq!(explained.fires(), want == Some(true));
            prop_assert_eq!(explained.is_unknown(), want.is_none());
            let hidden = |index: &usize| {
                let pattern = hits.all[*index].pattern.0 as usize;
                !plain.visible(pattern).contains(index)
            };
            let all: Vec<usize> = (0..hits.all.len()).filter(hidden).collect();
            prop_assert_eq!(&explained.hidden, &all);
            agrees(&plain, &rule.condition, &explained.condition)?;
        }
        for fired in verdict.fired {
            prop_assert!(fired.evidence.is_sorted());
            for index in fired.evidence {
                let pattern = hits.all[index].pattern.0 as usize;
                prop_assert!(plain.visible(pattern).contains(&index));
            }
        }
    }
}
