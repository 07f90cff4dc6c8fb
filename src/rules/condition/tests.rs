//! Conditions as tables, and the round trip as a property.

use proptest::prelude::*;

use super::super::codes::Code;
use super::super::compared::{Compared, FieldComparison, Literal, Type, Value};
use super::super::model::{Comparison, Condition, Need, Pattern, PatternKind};
use super::{is_anchored, parse};
use crate::record::{Parts, View};

const NAMES: [&str; 6] = ["item", "price", "menu", "contact", "contact_two", "wallet"];

fn names() -> Vec<String> {
    NAMES.iter().map(|name| (*name).to_owned()).collect()
}

fn patterns() -> Vec<Pattern> {
    let pattern = |name: &&str| Pattern {
        name: (*name).to_owned(),
        kind: PatternKind::Regex("x".to_owned()),
        view: View::Raw,
        parts: Parts::ALL,
    };
    NAMES.iter().map(pattern).collect()
}

#[test]
fn a_condition_reads_as_its_author_means_it() {
    // What is written, and what is understood, with every parenthesis that is needed.
    let cases = [
        ("item", "item"),
        ("item or price and menu", "item or price and menu"),
        ("(item or price) and menu", "(item or price) and menu"),
        ("not item and price", "not item and price"),
        ("not (item and price)", "not (item and price)"),
        ("not not item", "not not item"),
        ("((item))", "item"),
        ("(item and price) and menu", "(item and price) and menu"),
        ("any of (item, price)", "any of (item, price)"),
        ("all of (contact*)", "all of (contact, contact_two)"),
        ("2 of (contact*, contact, wallet)", "2 of (contact, contact_two, wallet)"),
        ("item.hits>=3", "item.hits >= 3"),
        ("item.different != 2", "item.different != 2"),
        ("item within 1 word of price", "item within 1 words of price"),
        ("(item or price) within 8 words of (menu)", "(item or price) within 8 words of menu"),
        (
            "item.different >= 2 and (menu or price) within 8 words of item and any of (contact, wallet)",
            "item.different >= 2 and (menu or price) within 8 words of item and any of (contact, wallet)",
        ),
        ("item and not price within 4 words of item", "item and not price within 4 words of item"),
        ("item and author.age<30d", "item and author.age < 30d"),
        ("author.age >= 36h or author.age < 2880m", "author.age >= 36h or author.age < 2d"),
        ("not (channel.members else 0) > 1000", "not (channel.members else 0) > 1000"),
        ("((channel.verified else false) == false)", "(channel.verified else false) == false"),
        (r#"lang == "ru" or lang != 'uk'"#, r#"lang == "ru" or lang != "uk""#),
        (r#"author.name == 'the "real" one'"#, r#"author.name == 'the "real" one'"#),
        (
            r#"(author.name else "") == "" and kind == "edit""#,
            r#"(author.name else "") == "" and kind == "edit""#,
        ),
        ("text.words >= 8 and text.words == 0", "text.words >= 8 and text.words == 0"),
        ("forward.channel.id != '7'", r#"forward.channel.id != "7""#),
    ];
    for (written, understood) in cases {
        let condition = parse(written, &names()).unwrap();
        assert_eq!(condition.shown(&patterns()).to_string(), understood, "{written}");
    }
}

#[test]
fn a_broken_condition_says_what_is_wrong_at_the_right_place() {
    let cases = [
        ("item and", Code::ConditionSyntax, ""),
        ("item AND price", Code::ConditionSyntax, "AND"),
        ("item && price", Code::ConditionSyntax, "&"),
        ("item price", Code::ConditionSyntax, "price"),
        ("(item", Code::ConditionSyntax, ""),
        ("item)", Code::ConditionSyntax, ")"),
        ("и item", Code::UnknownPattern, "и"),
        ("itm and price", Code::UnknownPattern, "itm"),
        ("any (item)", Code::ConditionSyntax, "("),
        ("any of (item", Code::ConditionSyntax, ""),
        ("any of (zorb*)", Code::GlobEmpty, "zorb*"),
        ("contact*", Code::ConditionSyntax, "*"),
        ("3 of (item, price)", Code::TooManyWanted, "3"),
        ("0 of (item, price)", Code::TooManyWanted, "0"),
        ("item.hits", Code::ConditionSyntax, ""),
        ("item.size >= 3", Code::ConditionSyntax, "size"),
        ("item.hits = 3", Code::ConditionSyntax, "="),
        ("item.hits >= 99999", Code::BadNumber, "99999"),
        ("item.hits >= 0", Code::Constant, "hits >= 0"),
        ("item.hits < 0", Code::Constant, "hits < 0"),
        ("item.hits > 65535", Code::Constant, "hits > 65535"),
        ("item == 3", Code::ConditionSyntax, "item"),
        ("item within 3 words of (price and menu)", Code::WithinOperand, "(price and menu)"),
        ("any of (item) within 3 words of menu", Code::WithinOperand, "any of (item)"),
        ("item within 3 words of price within 3 words of menu", Code::ConditionSyntax, "within"),
        ("item within price", Code::ConditionSyntax, "price"),
        ("", Code::ConditionSyntax, ""),
    ];
    for (written, code, place) in cases {
        let problems = parse(written, &names()).unwrap_err();
        let problem = &problems[0];
        assert_eq!(
            (problem.code, written.get(problem.range.clone())),
            (code, Some(place)),
            "{written}"
        );
        assert!(!problem.help.is_empty(), "{written}");
    }
}

#[test]
fn a_name_is_a_pattern_where_it_can_be_one_and_a_field_where_it_is_compared() {
    let names: Vec<String> = ["lang", "text", "author"].map(str::to_owned).to_vec();
    let is_field = |written: &str| match parse(written, &names) {
        Ok(Condition::Field(_)) => true,
        Ok(_) => false,
        Err(problems) => panic!("{written}: {problems:?}"),
    };
    for field in [r#"lang == "ru""#, "text.words > 3", "author.age < 1d", r#"(text else "") == """#]
    {
        assert!(is_field(field), "{field}");
    }
    for pattern in ["lang", "text.hits > 3", "author.different >= 2", "text and lang"] {
        assert!(!is_field(pattern), "{pattern}");
    }
}

#[test]
fn every_unknown_name_is_reported_at_once() {
    let problems = parse("itm and (mneu or price) and any of (walet)", &names()).unwrap_err();
    let helps: Vec<&str> = problems.iter().map(|problem| &*problem.help).collect();
    assert_eq!(helps, ["did you mean `item`?", "did you mean `menu`?", "did you mean `wallet`?"]);
}

#[test]
fn a_condition_is_anchored_where_it_cannot_hold_without_an_anchor() {
    // `item` and `menu` are anchors here.
    let cases = [
        ("item", true),
        ("price", false),
        ("not item", false),
        ("item and price", true),
        ("item or price", false),
        ("item or menu", true),
        ("item or price and menu", true),
        ("any of (item, menu)", true),
        ("any of (item, price)", false),
        ("2 of (item, menu, price)", true),
        ("2 of (item, wallet, price)", false),
        ("all of (item, wallet, price)", true),
        ("price within 3 words of item", true),
        ("(item or price) within 3 words of wallet", false),
        ("item.hits >= 1", true),
        ("item.hits <= 3", false),
        ("item.hits != 0", true),
        ("item.hits != 2", false),
        ("price.hits >= 3", false),
        ("author.age < 30d", false),
        ("item and author.age < 30d", true),
        ("item or author.age < 30d", false),
        ("(item or menu) and not lang == 'ru'", true),
    ];
    for (written, expected) in cases {
        let condition = parse(written, &names()).unwrap();
        assert_eq!(is_anchored(&condition, &|name| name == 0 || name == 2), expected, "{written}");
    }
}

fn comparison() -> impl Strategy<Value = (Comparison, u32)> {
    let comparisons = [
        Comparison::Less,
        Comparison::AtMost,
        Comparison::Equal,
        Comparison::NotEqual,
        Comparison::AtLeast,
        Comparison::More,
    ];
    // From 1 to 65,534 no comparison is constant.
    (prop::sample::select(comparisons.to_vec()), 1u32..65_535)
}

/// A value of a type that no comparison with is constant.
fn value(of_type: Type) -> BoxedStrategy<Literal> {
    match of_type {
        Type::Number => (1..u64::MAX).prop_map(Value::Number).boxed(),
        Type::Duration => {
            (1..3_000_000_000_i64).prop_map(|seconds| Value::Duration(seconds * 1_000)).boxed()
        }
        Type::Text => prop_oneof!["[^\"\\pC]{1,9}", "[^'\\pC]{1,9}"].prop_map(Value::Text).boxed(),
        Type::Boolean => any::<bool>().prop_map(Value::Boolean).boxed(),
    }
}

fn fields() -> impl Strategy<Value = FieldComparison> {
    // What has few values takes none but those.
    let all = Compared::all().filter(|what| what.name() != "kind");
    prop::sample::select(all.collect::<Vec<_>>()).prop_flat_map(|what| {
        let of_type = what.of_type();
        let equal = [Comparison::Equal, Comparison::NotEqual];
        let how = comparison().prop_map(|(how, _)| how).boxed();
        let how = match of_type.is_ordered() {
            true => how,
            false => prop::sample::select(equal.to_vec()).boxed(),
        };
        (prop::option::of(value(of_type)), how, value(of_type))
            .prop_map(move |(default, how, with)| FieldComparison { what, default, how, with })
    })
}

fn some_names() -> impl Strategy<Value = Vec<usize>> {
    prop::sample::subsequence((0..NAMES.len()).collect::<Vec<_>>(), 1..=NAMES.len()).prop_shuffle()
}

fn conditions() -> impl Strategy<Value = Condition> {
    let of = some_names().prop_flat_map(|names| {
        let needs = [Need::Any, Need::All, Need::AtLeast(1), Need::AtLeast(names.len())];
        prop::sample::select(needs.to_vec())
            .prop_map(move |need| Condition::Of(need, names.clone()))
    });
    let leaf = prop_oneof![
        (0..NAMES.len()).prop_map(Condition::Pattern),
        of,
        (some_names(), some_names(), 0usize..1_000)
            .prop_map(|(left, right, words)| Condition::Within { words, left, right }),
        (0..NAMES.len(), comparison())
            .prop_map(|(name, (how, number))| Condition::Hits(name, how, number)),
        (0..NAMES.len(), comparison())
            .prop_map(|(name, (how, number))| Condition::Different(name, how, number)),
        fields().prop_map(Condition::Field),
    ];
    leaf.prop_recursive(6, 24, 4, |inner| {
        let many = || prop::collection::vec(inner.clone(), 2..4);
        prop_oneof![
            inner.clone().prop_map(|part| Condition::Not(Box::new(part))),
            many().prop_map(Condition::And),
            many().prop_map(Condition::Or),
        ]
    })
}

proptest! {
    #[test]
    fn a_printed_condition_parses_to_the_same(condition in conditions()) {
        let printed = condition.shown(&patterns()).to_string();
        prop_assert_eq!(parse(&printed, &names()), Ok(condition), "{}", printed);
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in "\\PC{0,60}") {
        if let Err(problems) = parse(&text, &names()) {
            prop_assert!(!problems.is_empty());
            for problem in problems {
                prop_assert!(text.get(problem.range.clone()).is_some());
            }
        }
    }

    #[test]
    fn no_heap_of_tokens_makes_the_parser_panic(
        words in prop::collection::vec(prop::sample::select(vec![
            "item", "price", "and", "or", "not", "(", ")", "any", "all", "of", ",", "2", "within",
            "words", ".", "hits", ">=", "*", "lang", "zorb", "else", "30d", "\"ru\"", "true",
            "channel.members", "author.age", "text", "==", "'",
        ]), 0..30)
    ) {
        let text = words.join(" ");
        if let Err(problems) = parse(&text, &names()) {
            prop_assert!(!problems.is_empty());
        }
    }
}
