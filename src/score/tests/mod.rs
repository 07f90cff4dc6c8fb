//! Tables for every clause of the contract, and conditions against a plain twin.
#![expect(clippy::indexing_slicing, reason = "a test that panics fails, as it should")]

mod plain;

use std::ops::Range;
use std::sync::Arc;

use super::{Fired, Hit, Hits, PatternId, Verdict, score};
use crate::decode::{Channel, Kind, Post};
use crate::record::{Parts, View};
use crate::rules::{
    Action, ActionKind, Compared, Comparison, Condition, FieldComparison, Need, Pattern,
    PatternKind, Rule, Scope, Severity, Soften, Status, Value,
};
use Condition::{And, Different, Not, Of, Or, Within};

/// A live rule over `patterns` names that fires where `condition` holds.
fn rule(id: &str, patterns: usize, condition: Condition) -> Rule {
    let pattern = |index: usize| Pattern {
        name: format!("p{index}"),
        kind: PatternKind::Regex("x".to_owned()),
        view: View::Raw,
        parts: Parts::ALL,
    };
    Rule {
        id: id.to_owned(),
        title: String::new(),
        pack: Arc::from("pack"),
        version: Arc::from("1"),
        category: "c".to_owned(),
        status: Status::Live,
        severity: Severity::Medium,
        kinds: vec![Kind::Post],
        patterns: (0..patterns).map(pattern).collect(),
        condition,
        except: Vec::new(),
        soften: None,
        exempt: None,
        count: None,
        actions: vec![act(ActionKind::RemovePost)],
        strike: None,
        limit: None,
        held: None,
        tripped: false,
        scope: Scope::Worldwide,
        reason: None,
        tests: Vec::new(),
    }
}

fn act(kind: ActionKind) -> Action {
    Action { kind, for_ms: None }
}

fn p(pattern: usize) -> Condition {
    Condition::Pattern(pattern)
}

/// A hit on words of a piece; a word is ten bytes long.
fn hit(pattern: u32, piece: usize, words: Range<usize>) -> Hit {
    let range = words.start * 10..words.end * 10;
    Hit { pattern: PatternId(pattern), piece, range, words, view: View::Raw, field: None, entry: 0 }
}

/// A hit on bytes between words, before the word `next`.
fn loose(pattern: u32, piece: usize, range: Range<usize>, next: usize) -> Hit {
    Hit { range, ..hit(pattern, piece, next..next) }
}

fn sorted(mut all: Vec<Hit>) -> Hits {
    all.sort_by_key(|hit| (hit.pattern, hit.piece, hit.range.start, hit.range.end));
    Hits { all, values: Vec::new() }
}

/// First ids of rules with these numbers of patterns.
fn firsts(rules: &[Rule]) -> Vec<PatternId> {
    let sizes = rules.iter().map(|rule| u32::try_from(rule.patterns.len()).unwrap());
    let first = sizes.scan(0, |next, size| Some(PatternId(std::mem::replace(next, *next + size))));
    first.collect()
}

fn verdict(rules: &[Rule], hits: &Hits) -> Verdict {
    score(rules, &firsts(rules), &Post::default(), hits)
}

/// Does one rule of four patterns fire on these hits?
fn fires(condition: &Condition, hits: &[Hit]) -> bool {
    let rules = [rule("r", 4, condition.clone())];
    !verdict(&rules, &sorted(hits.to_vec())).fired.is_empty()
}

#[test]
fn boolean_conditions_follow_their_names() {
    let names = |need, names: &[usize]| Of(need, names.to_vec());
    // Which of the patterns 0 to 2 hit (3 always does, so that the rule is asked), and whether
    // it fires for none, 0, 1, 0+1, 2, 0+2, 1+2, all.
    let table = [
        (p(0), "01010101"),
        (Not(Box::new(p(0))), "10101010"),
        (Not(Box::new(Not(Box::new(p(0))))), "01010101"),
        (And(vec![p(0), p(1)]), "00010001"),
        (Or(vec![p(0), p(1)]), "01110111"),
        (And(vec![]), "11111111"),
        (Or(vec![]), "00000000"),
        (And(vec![Or(vec![p(0), p(1)]), Not(Box::new(p(2)))]), "01110000"),
        (names(Need::Any, &[0, 1, 2]), "01111111"),
        (names(Need::All, &[0, 1, 2]), "00000001"),
        (names(Need::AtLeast(2), &[0, 1, 2]), "00010111"),
        (names(Need::AtLeast(1), &[0, 2]), "01011111"),
        (names(Need::AtLeast(0), &[0]), "11111111"),
        (names(Need::AtLeast(3), &[0, 1]), "00000000"),
        (names(Need::Any, &[]), "00000000"),
        (names(Need::All, &[]), "11111111"),
    ];
    for (condition, want) in table {
        let got: String = (0..8_u32)
            .map(|set| {
                let bits = (0..3).filter(|bit| set & (1 << bit) != 0).chain([3]);
                let hits: Vec<Hit> = bits.map(|bit| hit(bit, 0, 0..1)).collect();
                digit(fires(&condition, &hits))
            })
            .collect();
        assert_eq!(got, want, "{condition:?}");
    }
}

#[test]
fn numbers_compare_as_written() {
    use Comparison::{AtLeast, AtMost, Equal, Less, More, NotEqual};
    // Fires for 0, 1, 2, 3 hits, compared with 2.
    let table = [
        (Less, "1100"),
        (AtMost, "1110"),
        (Equal, "0010"),
        (NotEqual, "1101"),
        (AtLeast, "0011"),
        (More, "0001"),
    ];
    for (how, want) in table {
        let hits: String =
            (0..4).map(|count| digit(counted(count, |p| Condition::Hits(p, how, 2)))).collect();
        assert_eq!(hits, want, "{how:?} hits");
        let different: String =
            (0..4).map(|count| digit(counted(count, |p| Different(p, how, 2)))).collect();
        assert_eq!(different, want, "{how:?} different");
    }
}

/// Does it fire on so many hits of pattern 0, each of its own value?
fn counted(count: usize, condition: impl Fn(usize) -> Condition) -> bool {
    let all = (0..count).map(|word| hit(0, 0, word..word + 1));
    let mut hits = sorted(all.chain([hit(3, 0, 0..1)]).collect());
    let row = |index: usize| (PatternId(0), index, format!("v{index}"));
    hits.values = (0..count).map(row).collect();
    !verdict(&[rule("r", 4, condition(0))], &hits).fired.is_empty()
}

fn digit(fires: bool) -> char {
    if fires { '1' } else { '0' }
}

#[test]
fn hits_saturate() {
    let many: Vec<Hit> = (0..65_537).map(|word| hit(0, 0, word..word + 1)).collect();
    let count = |than| Condition::Hits(0, Comparison::Equal, than);
    assert!(fires(&count(65_535), &many));
    assert!(!fires(&count(65_537), &many));
    assert!(fires(&count(65_534), &many[..65_534]));
    assert!(!fires(&count(65_534), &many[..65_535]));
}

type ValueRow = (u32, usize, &'static str);

#[test]
fn different_counts_equal_values_once_and_each_value_of_a_hit() {
    let equal = |than| Different(1, Comparison::Equal, than);
    let hits = vec![hit(0, 0, 5..6), hit(1, 0, 0..1), hit(1, 0, 1..2), hit(1, 0, 2..3)];
    let table: [(&[ValueRow], u32); 6] = [
        (&[], 0),
        (&[(1, 1, "a"), (1, 2, "a"), (1, 3, "a")], 1),
        (&[(1, 1, "a"), (1, 2, "b"), (1, 3, "a")], 2),
        (&[(1, 1, "a"), (1, 1, "b"), (1, 1, "c"), (1, 2, "c")], 3),
        // Of another pattern: not counted, wherever it stands.
        (&[(1, 1, "a"), (0, 0, "b"), (1, 2, "c")], 2),
        (&[(0, 0, "b"), (2, 0, "d")], 0),
    ];
    for (rows, want) in table {
        let rules = |than| [rule("r", 3, equal(than))];
        let mut hits = sorted(hits.clone());
        hits.values = rows
            .iter()
            .map(|(pattern, index, value)| (PatternId(*pattern), *index, (*value).to_owned()))
            .collect();
        for than in 0..4 {
            let fired = !verdict(&rules(than), &hits).fired.is_empty();
            assert_eq!(fired, than == want, "{rows:?} {than}");
        }
    }
}

#[test]
fn within_counts_words_between_the_nearest_ends_in_either_order() {
    // Left hit, right hit, words between; `None`: never.
    let table = [
        (hit(0, 0, 0..1), hit(1, 0, 1..2), Some(0)),
        (hit(0, 0, 0..1), hit(1, 0, 2..3), Some(1)),
        (hit(0, 0, 0..1), hit(1, 0, 9..12), Some(8)),
        (hit(0, 0, 9..12), hit(1, 0, 0..1), Some(8)),
        (hit(0, 0, 3..6), hit(1, 0, 0..2), Some(1)),
        (hit(0, 0, 3..6), hit(1, 0, 5..9), Some(0)),
        (hit(0, 0, 3..6), hit(1, 0, 3..6), Some(0)),
        (hit(0, 0, 0..9), hit(1, 0, 4..5), Some(0)),
        (hit(0, 0, 0..1), hit(1, 1, 0..1), None),
        (hit(0, 1, 0..1), hit(1, 0, 0..1), None),
        // Between words 1 and 2: no word lies between it and either.
        (loose(0, 0, 18..19, 2), hit(1, 0, 1..2), Some(0)),
        (loose(0, 0, 18..19, 2), hit(1, 0, 2..3), Some(0)),
        (loose(0, 0, 18..19, 2), hit(1, 0, 3..4), Some(1)),
        (loose(0, 0, 18..19, 2), hit(1, 0, 0..1), Some(1)),
        (loose(0, 0, 18..19, 2), loose(1, 0, 58..59, 6), Some(4)),
    ];
    for (left, right, apart) in table {
        for words in 0..12 {
            let near = Within { words, left: vec![0], right: vec![1] };
            let back = Within { words, left: vec![1], right: vec![0] };
            let want = apart.is_some_and(|apart| apart <= words);
            let hits = [left.clone(), right.clone()];
            assert_eq!(fires(&near, &hits), want, "{left:?} {right:?} {words}");
            assert_eq!(fires(&back, &hits), want, "back {left:?} {right:?} {words}");
        }
    }
}

#[test]
fn within_takes_any_name_of_a_side_and_no_hit_with_itself() {
    let near = |left: &[usize], right: &[usize]| Within {
        words: 1,
        left: left.to_vec(),
        right: right.to_vec(),
    };
    let far = [hit(0, 0, 0..1), hit(1, 0, 9..10), hit(2, 0, 11..12)];
    assert!(fires(&near(&[0, 1], &[2]), &far));
    assert!(fires(&near(&[2], &[0, 1]), &far));
    assert!(!fires(&near(&[0], &[1, 2]), &far));
    assert!(!fires(&near(&[0], &[0]), &far));
    assert!(!fires(&near(&[0, 0], &[0, 0]), &far));
    assert!(!fires(&near(&[3], &[0, 1, 2]), &far));
    let two = [hit(0, 0, 0..1), hit(0, 0, 2..3)];
    assert!(fires(&near(&[0], &[0]), &two));
    assert!(fires(&near(&[0], &[0]), &[hit(0, 0, 0..9), hit(0, 0, 1..2)]));
    // A long hit is near the later of two others, though an earlier one is far.
    let long = [hit(0, 0, 20..29), hit(1, 0, 0..1), hit(1, 0, 22..23)];
    assert!(fires(&near(&[0], &[0, 1]), &long));
    assert!(!fires(&near(&[0], &[0, 1]), &long[..2]));
    let huge = Within { words: usize::MAX, left: vec![0], right: vec![1] };
    assert!(fires(&huge, &far));
}

#[test]
fn except_hides_what_shares_a_word_for_all_names() {
    // Pattern 3 is excepted. The hit asked for, the excepted one, hidden?
    let table = [
        (hit(0, 0, 2..3), hit(3, 0, 2..3), true),
        (hit(0, 0, 2..3), hit(3, 0, 0..3), true),
        (hit(0, 0, 2..5), hit(3, 0, 4..9), true),
        (hit(0, 0, 2..3), hit(3, 0, 3..4), false),
        (hit(0, 0, 2..3), hit(3, 0, 1..2), false),
        (hit(0, 0, 2..3), hit(3, 1, 2..3), false),
        (hit(0, 1, 2..3), hit(3, 0, 2..3), false),
        // The same word, though the bytes are apart.
        (Hit { range: 20..22, ..hit(0, 0, 2..3) }, Hit { range: 25..27, ..hit(3, 0, 2..3) }, true),
        // Without words on one side: bytes.
        (loose(0, 0, 18..20, 2), hit(3, 0, 1..2), true),
        (loose(0, 0, 20..22, 2), hit(3, 0, 1..2), false),
        (loose(0, 0, 8..10, 1), hit(3, 0, 1..2), false),
        (hit(0, 0, 1..2), loose(3, 0, 19..21, 2), true),
        (hit(0, 0, 1..2), loose(3, 0, 20..21, 2), false),
        (hit(0, 0, 1..2), loose(3, 0, 9..10, 1), false),
        (loose(0, 0, 19..21, 2), loose(3, 0, 20..22, 2), true),
        (loose(0, 0, 19..20, 2), loose(3, 0, 20..22, 2), false),
        (loose(0, 0, 20..20, 2), loose(3, 0, 19..22, 2), false),
        (loose(0, 0, 19..22, 2), loose(3, 0, 20..20, 2), false),
    ];
    for (asked, excepted, hidden) in table {
        let excepting = Rule { except: vec![3], ..rule("r", 4, p(0)) };
        let hits = sorted(vec![asked.clone(), excepted.clone()]);
        let fired = verdict(&[excepting], &hits).fired;
        assert_eq!(fired.is_empty(), hidden, "{asked:?} {excepted:?}");
    }
}

#[test]
fn except_joins_its_hits_and_leaves_gaps() {
    let excepting = Rule { except: vec![2, 3], ..rule("r", 4, p(0)) };
    let excepted = [hit(2, 0, 0..9), hit(3, 0, 1..2), hit(3, 0, 12..14), hit(2, 1, 20..30)];
    for (word, hidden) in [(0, true), (5, true), (8, true), (9, false), (12, true), (25, false)] {
        let all = excepted.iter().cloned().chain([hit(0, 0, word..word + 1)]).collect();
        let fired = verdict(std::slice::from_ref(&excepting), &sorted(all)).fired;
        assert_eq!(fired.is_empty(), hidden, "word {word}");
    }
}

#[test]
fn except_applies_to_counts_to_soften_and_not_to_itself() {
    let hits = |values: bool| {
        let mut hits = sorted(vec![hit(0, 0, 0..1), hit(0, 0, 1..2), hit(1, 0, 0..1)]);
        if values {
            hits.values = vec![(PatternId(0), 0, "a".into()), (PatternId(0), 1, "b".into())];
        }
        hits
    };
    let excepting = |condition| Rule { except: vec![1], ..rule("r", 2, condition) };
    let one = Condition::Hits(0, Comparison::Equal, 1);
    assert_eq!(verdict(&[excepting(one)], &hits(false)).fired.len(), 1);
    let one = Different(0, Comparison::Equal, 1);
    assert_eq!(verdict(&[excepting(one)], &hits(true)).fired.len(), 1);
    assert_eq!(verdict(&[excepting(p(1))], &hits(false)).fired.len(), 1);
    let when = Condition::Hits(0, Comparison::Equal, 2);
    let soften = Some(Soften { when, to: vec![act(ActionKind::RestrictPost)] });
    let softening = Rule { soften, ..excepting(p(0)) };
    assert!(!verdict(&[softening], &hits(false)).fired[0].softened);
}

#[test]
fn soften_replaces_all_actions_where_it_holds_too() {
    let soften = Soften { when: p(1), to: vec![act(ActionKind::Label("tame".to_owned()))] };
    let softening = Rule { soften: Some(soften.clone()), ..rule("r", 2, p(0)) };
    let fired = |hits: Vec<Hit>| verdict(std::slice::from_ref(&softening), &sorted(hits)).fired;
    let hard = fired(vec![hit(0, 0, 0..1)]);
    assert_eq!((hard[0].softened, &hard[0].actions), (false, &softening.actions));
    let soft = fired(vec![hit(0, 0, 0..1), hit(1, 0, 3..4)]);
    assert_eq!((soft[0].softened, &soft[0].actions), (true, &soften.to));
    assert_eq!(soft[0].evidence, [0]);
    assert_eq!(fired(vec![hit(1, 0, 3..4)]), []);
}

#[test]
fn drafts_other_kinds_and_rules_without_a_hit_are_not_asked() {
    let always = || And(vec![]);
    let rules = [
        Rule { status: Status::Draft, ..rule("draft", 1, always()) },
        Rule { status: Status::Shadow, ..rule("shadow", 1, always()) },
        Rule { kinds: vec![Kind::Edit, Kind::Profile], ..rule("edits", 1, always()) },
        rule("posts", 1, always()),
        rule("no hit", 1, always()),
    ];
    let hits = sorted((0..4).map(|pattern| hit(pattern, 0, 0..1)).collect());
    let names = |kind| {
        let post = Post { kind, ..Post::default() };
        let fired = score(&rules, &firsts(&rules), &post, &hits).fired;
        fired.iter().map(|fired| rules[fired.rule].id.clone()).collect::<Vec<_>>()
    };
    assert_eq!(names(Kind::Post), ["posts", "shadow"]);
    assert_eq!(names(Kind::Edit), ["edits"]);
    assert_eq!(names(Kind::Profile), ["edits"]);
}

fn members(how: Comparison, with: u64, default: Option<u64>) -> Condition {
    let (what, default) = (Compared::Members, default.map(Value::Number));
    Condition::Field(FieldComparison { what, default, how, with: Value::Number(with) })
}

/// What one rule says of a post with so many members; `None`: it is unknown.
fn says(condition: &Condition, members: Option<u64>, hits: &[Hit]) -> Option<bool> {
    let rules = [rule("r", 4, condition.clone())];
    let post = Post { channel: Channel { members, ..Channel::default() }, ..Post::default() };
    let verdict = score(&rules, &firsts(&rules), &post, &sorted(hits.to_vec()));
    assert!(verdict.fired.is_empty() || verdict.unknown.is_empty());
    verdict.unknown.is_empty().then_some(!verdict.fired.is_empty())
}

#[test]
fn what_rests_on_a_missing_field_is_unknown_and_does_not_fire() {
    let large = || members(Comparison::More, 1_000, None);
    let no = |condition| Not(Box::new(condition));
    // Pattern 0 hits, pattern 1 does not. Of a post without members, with 1,000, with 1,001.
    let table = [
        (large(), [None, Some(false), Some(true)]),
        (no(large()), [None, Some(true), Some(false)]),
        (And(vec![p(0), large()]), [None, Some(false), Some(true)]),
        (And(vec![p(1), large()]), [Some(false); 3]),
        (And(vec![large(), p(1)]), [Some(false); 3]),
        (Or(vec![p(0), large()]), [Some(true); 3]),
        (Or(vec![p(1), large()]), [None, Some(false), Some(true)]),
        (And(vec![p(0), no(And(vec![p(1), large()]))]), [Some(true); 3]),
        (Or(vec![large(), no(large())]), [None, Some(true), Some(true)]),
        (members(Comparison::More, 1_000, Some(0)), [Some(false), Some(false), Some(true)]),
        (members(Comparison::More, 1_000, Some(9_999)), [Some(true), Some(false), Some(true)]),
    ];
    for (condition, want) in table {
        let posts = [None, Some(1_000), Some(1_001)];
        let got = posts.map(|members| says(&condition, members, &[hit(0, 0, 0..1)]));
        assert_eq!(got, want, "{condition:?}");
    }
    // A rule without a hit is not asked.
    assert_eq!(says(&large(), None, &[]), Some(false));
}

#[test]
fn only_what_surely_holds_makes_an_answer_milder() {
    let to = vec![act(ActionKind::RestrictPost)];
    let soften = Some(Soften { when: members(Comparison::Less, 10, None), to });
    let rules = [Rule { soften, ..rule("r", 1, p(0)) }];
    let verdict = verdict(&rules, &sorted(vec![hit(0, 0, 0..1)]));
    assert_eq!(verdict.unknown, [] as [usize; 0]);
    assert!(!verdict.fired[0].softened);
}

#[test]
fn what_is_unknown_comes_most_severe_first_of_the_rules_that_were_asked() {
    let all = || And(vec![p(0), members(Comparison::Less, 10, None)]);
    let rules = [
        rule("c", 1, all()),
        Rule { severity: Severity::High, ..rule("z", 1, all()) },
        Rule { status: Status::Draft, ..rule("d", 1, all()) },
        Rule { kinds: vec![Kind::Edit], ..rule("e", 1, all()) },
        Rule { status: Status::Shadow, ..rule("b", 1, all()) },
        rule("without a hit", 1, all()),
    ];
    let hits = sorted((0..5).map(|rule| hit(rule, 0, 0..1)).collect());
    let verdict = verdict(&rules, &hits);
    assert_eq!((verdict.fired, verdict.unknown), (vec![], vec![1, 4, 0]));
}

#[test]
fn words_are_counted_as_within_counts_them() {
    let words = |how, with| {
        let (what, with) = (Compared::TextWords, Value::Number(with));
        Condition::Field(FieldComparison { what, default: None, how, with })
    };
    let table = [
        ("", 0),
        ("blorp", 1),
        ("Blorp, b l o r p!", 6),
        ("see https://zorb.example/a/b?c=d now", 3),
        ("布洛普 🌀", 4),
    ];
    for (text, count) in table {
        let rules = [rule("r", 1, words(Comparison::Equal, count))];
        let post = Post { text: text.into(), ..Post::default() };
        let hits = sorted(vec![hit(0, 0, 0..1)]);
        assert_eq!(score(&rules, &firsts(&rules), &post, &hits).fired.len(), 1, "{text}");
    }
}

#[test]
fn the_most_severe_comes_first_then_the_id() {
    let severe = |id, severity| Rule { severity, ..rule(id, 2, p(1)) };
    let rules = [
        severe("c", Severity::Low),
        severe("b", Severity::High),
        severe("d", Severity::Critical),
        severe("a", Severity::High),
        severe("e", Severity::Medium),
    ];
    let hits = sorted((0..5).map(|rule| hit(rule * 2 + 1, 0, 0..1)).collect());
    let order: Vec<usize> = verdict(&rules, &hits).fired.iter().map(|fired| fired.rule).collect();
    assert_eq!(order, [2, 3, 1, 4, 0]);
}

#[test]
fn each_rule_sees_its_own_hits_only() {
    let rules = [rule("a", 2, And(vec![p(0), p(1)])), rule("b", 2, And(vec![p(0), p(1)]))];
    let fired = |patterns: &[u32]| {
        let hits = sorted(patterns.iter().map(|&pattern| hit(pattern, 0, 0..1)).collect());
        verdict(&rules, &hits).fired
    };
    assert_eq!(fired(&[1, 2]), []);
    let want = |rule, evidence: &[usize]| Fired {
        rule,
        actions: vec![act(ActionKind::RemovePost)],
        softened: false,
        limited: None,
        evidence: evidence.to_vec(),
    };
    assert_eq!(fired(&[1, 2, 3]), [want(1, &[1, 2])]);
    assert_eq!(fired(&[0, 1, 2]), [want(0, &[0, 1])]);
    assert_eq!(fired(&[0, 1, 2, 3]), [want(0, &[0, 1]), want(1, &[2, 3])]);
}

#[test]
fn hits_of_no_rule_are_passed_over() {
    let rules = [rule("a", 1, p(0))];
    let stray = sorted(vec![hit(4, 0, 0..1), hit(5, 0, 0..1), hit(u32::MAX, 0, 0..1)]);
    assert_eq!(score(&rules, &[PatternId(5)], &Post::default(), &stray).fired.len(), 1);
    assert_eq!(score(&rules, &[PatternId(6)], &Post::default(), &stray).fired.len(), 0);
    assert_eq!(score(&[], &[], &Post::default(), &stray).fired.len(), 0);
    assert_eq!(score(&[], &[PatternId(0)], &Post::default(), &stray).fired.len(), 0);
}

#[test]
fn evidence_is_what_speaks_for_the_condition() {
    let no = |condition| Not(Box::new(condition));
    let hits: Vec<Hit> = (0..4).map(|pattern| hit(pattern, 0, 0..1)).collect();
    let table: [(Condition, &[usize]); 7] = [
        (p(1), &[1]),
        (Or(vec![p(2), no(p(0)), no(And(vec![p(1), no(p(3))]))]), &[2, 3]),
        (Of(Need::Any, vec![0, 2]), &[0, 2]),
        (Within { words: 0, left: vec![3], right: vec![1] }, &[1, 3]),
        (Condition::Hits(2, Comparison::AtLeast, 1), &[2]),
        (Different(0, Comparison::AtMost, 9), &[0]),
        (no(Within { words: 0, left: vec![0], right: vec![0] }), &[]),
    ];
    for (condition, want) in table {
        let fired = verdict(&[rule("r", 4, condition.clone())], &sorted(hits.clone())).fired;
        assert_eq!(fired[0].evidence, want, "{condition:?}");
    }
}

#[test]
fn evidence_is_sixteen_a_pattern_those_near_first_and_no_hidden_one() {
    let near = Within { words: 0, left: vec![0], right: vec![1] };
    let excepting = Rule { except: vec![2], ..rule("r", 3, And(vec![p(0), near])) };
    let zeros = (0..20).map(|word| hit(0, 0, word * 3..word * 3 + 1));
    // Near to the hits 18 and 19 of pattern 0, and far from all; hit 0 is hidden.
    let ones = [hit(1, 0, 55..57), hit(1, 0, 90..91), hit(2, 0, 0..1)];
    let hits = sorted(zeros.chain(ones).collect());
    let fired = verdict(&[excepting], &hits).fired;
    let want: Vec<usize> = (1..15).chain([18, 19, 20, 21]).collect();
    assert_eq!(fired[0].evidence, want);
}

#[test]
fn evidence_prefers_what_is_near_on_either_side() {
    let many = (0..20).map(|word| hit(0, 0, word * 9..word * 9 + 1));
    let hits = sorted(many.chain([hit(1, 0, 171..172)]).collect());
    let want: Vec<usize> = (0..15).chain([19, 20]).collect();
    for (left, right) in [(vec![0], vec![1]), (vec![1], vec![0])] {
        let near = Within { words: 0, left, right };
        assert_eq!(verdict(&[rule("r", 2, near)], &hits).fired[0].evidence, want);
    }
}
