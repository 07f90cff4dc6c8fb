//! Tests of the scan: the cases of tests/data, and what they do not say.
#![expect(clippy::indexing_slicing, reason = "a wrong index fails the test, as it should")]

use std::sync::Arc;

use proptest::prelude::*;

use super::{BuildError, Hits, Naive, PatternId, Seen, Tables};
use crate::decode::{Button, Kind, Link, Post};
use crate::extract::FoundLink;
use crate::normalise;
use crate::record::{Part, Parts, View};
use crate::rules::{
    Action, ActionKind, Condition, Entry, LinkPattern, Match, Pattern, PatternKind, Rule, Scope,
    Severity, Status,
};

/// A rule that fires where any of the patterns hits.
pub(crate) fn rule(patterns: Vec<Pattern>) -> Rule {
    let condition = Condition::Or((0..patterns.len()).map(Condition::Pattern).collect());
    Rule {
        id: "t.rule".to_owned(),
        title: String::new(),
        pack: Arc::from("t"),
        version: Arc::from("1"),
        category: "t".to_owned(),
        status: Status::Live,
        severity: Severity::Medium,
        kinds: vec![Kind::Post],
        patterns: patterns.into(),
        condition,
        except: Vec::new(),
        soften: None,
        exempt: None,
        count: None,
        actions: vec![Action { kind: ActionKind::RemovePost, for_ms: None }],
        strike: None,
        limit: None,
        held: None,
        tripped: false,
        scope: Scope::Worldwide,
        reason: None,
        tests: Vec::new(),
    }
}

pub(crate) fn entries(view: View, matching: Match, gap: usize, list: &[&str]) -> Pattern {
    let entries = list.iter().map(|&text| Entry { text: text.to_owned() }).collect();
    let kind = PatternKind::Entries { entries, matching, gap };
    Pattern { name: "p".to_owned(), kind, view, parts: Parts::ALL }
}

/// Links of a test text: words with a scheme, or with a dot and a slash after it.
fn links(text: &str) -> Vec<FoundLink> {
    let mut out = Vec::new();
    for word in text.split_whitespace() {
        let start = word.as_ptr() as usize - text.as_ptr() as usize;
        let (host, path) =
            word.trim_start_matches("https://").split_once('/').unwrap_or((word, ""));
        if host.contains('.') && (word.contains('/')) {
            out.push(FoundLink {
                range: start..start + word.len(),
                host: host.to_owned(),
                path: path.to_owned(),
                service: None,
                channel: None,
            });
        }
    }
    out
}

/// The hits of the engine, which must be those of the slow truth.
fn scan(rules: &[Rule], post: &Post<'_>, seen: &[Seen<'_>]) -> Hits {
    let hits = Tables::build(rules).unwrap().scan(post, seen);
    assert_eq!(hits, Naive::build(rules).unwrap().scan(post, seen));
    hits
}

/// Each piece is asked for what of it is its own.
#[test]
fn a_post_of_many_pieces_is_scanned_piece_by_piece() {
    let texts =
        ["blorp", "bread", "b l o r p", "fresh blorp flim", "fl1m", "", "BLÖRP flim", "z0rb"];
    let poll = (0..600).map(|number| texts[number * 7 % texts.len()].into()).collect();
    let post = Post { text: "z0rb blorp".into(), poll, ..Post::default() };
    let seen: Vec<Seen<'_>> = post.pieces().into_iter().map(Seen::of).collect();
    assert!(seen.len() > 500);
    let rules = [
        rule(vec![entries(View::Unmasked, Match::Word, 0, &["blorp", "zorb"])]),
        rule(vec![entries(View::Unmasked, Match::Phrase, 1, &["blorp flim"])]),
        rule(vec![entries(View::Folded, Match::Substring, 0, &["lim"])]),
    ];
    for rules in [&rules[..1], &rules[1..2], &rules[..]] {
        let hits = scan(rules, &post, &seen);
        assert!(hits.all.len() > 70, "{}", hits.all.len());
    }
}

fn found(pattern: Pattern, text: &str) -> Vec<String> {
    let post = Post { text: text.into(), ..Post::default() };
    let pieces = post.pieces();
    let seen: Vec<Seen<'_>> = pieces
        .iter()
        .map(|piece| {
            let links = links(piece.text);
            Seen { piece: *piece, links }
        })
        .collect();
    let hits = scan(&[rule(vec![pattern])], &post, &seen);
    hits.all.iter().map(|hit| text.get(hit.range.clone()).unwrap().to_owned()).collect()
}

#[test]
fn every_line_of_the_cases_is_hit_as_it_says() {
    let mut wrong = Vec::new();
    let cases = include_str!("../../tests/data/unmask.tsv");
    for line in cases.lines().filter(|line| !line.starts_with('#')) {
        let columns: Vec<&str> = line.split('\t').collect();
        let &[clause, entry, text, want] = columns.as_slice() else {
            wrong.push(format!("not four columns: {line}"));
            continue;
        };
        let text = &text.replace("\\n", "\n");
        let got = found(entries(View::Unmasked, Match::Phrase, 0, &[entry]), text);
        let want: Vec<String> =
            Some(want.to_owned()).filter(|want| !want.is_empty()).into_iter().collect();
        if got != want {
            wrong.push(format!("{clause}: {entry} in {text}: got {got:?}, want {want:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}\n{} wrong", wrong.join("\n"), wrong.len());
}

fn text_hits(patterns: Vec<Pattern>, text: &str) -> Hits {
    let post = Post { text: text.into(), ..Post::default() };
    post_hits(patterns, &post)
}

fn post_hits(patterns: Vec<Pattern>, post: &Post<'_>) -> Hits {
    let pieces = post.pieces();
    let seen: Vec<Seen<'_>> = pieces
        .iter()
        .map(|piece| {
            let links = crate::extract::links(piece.text);
            Seen { piece: *piece, links }
        })
        .collect();
    scan(&[rule(patterns)], post, &seen)
}

fn slices(hits: &Hits, text: &str) -> Vec<String> {
    hits.all.iter().map(|hit| text.get(hit.range.clone()).unwrap().to_owned()).collect()
}

fn regex(view: View, regex: &str) -> Pattern {
    let kind = PatternKind::Regex(regex.to_owned());
    Pattern { name: "r".to_owned(), kind, view, parts: Parts::ALL }
}

fn link_pattern(links: LinkPattern) -> Pattern {
    let (name, kind) = ("l".to_owned(), PatternKind::Links(links));
    Pattern { name, kind, view: View::Raw, parts: Parts::ALL }
}

fn list(texts: &[&str]) -> Option<Vec<Entry>> {
    Some(texts.iter().map(|&text| Entry { text: text.to_owned() }).collect())
}

#[test]
fn every_kind_finds_these_places() {
    use Match::{Exact, Phrase, Substring, Word};
    use View::{Folded, Raw, Unmasked};
    let cases: Vec<(Pattern, &str, &[&str])> = vec![
        (entries(Folded, Word, 0, &["blorp"]), "Blorp blorp bl0rp", &["Blorp", "blorp"]),
        (entries(Unmasked, Word, 0, &["blorp"]), "Blorp bl0rp", &["Blorp", "bl0rp"]),
        (entries(Folded, Word, 9, &["a b"]), "a x b, a b", &["a b"]),
        (entries(Folded, Phrase, 1, &["a b"]), "a x b a x x b", &["a x b"]),
        (entries(Folded, Phrase, 2, &["a b"]), "a b b", &["a b"]),
        (entries(Folded, Phrase, 1, &["a b c"]), "a x b x c", &["a x b x c"]),
        (entries(Folded, Phrase, 1, &["a b c"]), "a b b x c", &["a b b x c"]),
        (entries(Folded, Phrase, 1, &["a-b"]), "a x b, a b", &["a b"]),
        (
            entries(Folded, Phrase, 1, &["a b"]),
            "a https://zorb.me/x-y b",
            &["a https://zorb.me/x-y b"],
        ),
        (entries(Folded, Phrase, 1, &["a b"]), "a 👩\u{200D}💻 b", &["a 👩\u{200D}💻 b"]),
        (entries(Folded, Phrase, 0, &["a b"]), "a 6.5 b", &[]),
        (entries(Folded, Phrase, 1, &["a b"]), "a 6.5 b", &["a 6.5 b"]),
        (entries(Folded, Phrase, 1, &["a b"]), "a 今天 b", &[]),
        (entries(Folded, Phrase, 2, &["a b"]), "a 今天 b", &["a 今天 b"]),
        (entries(Folded, Phrase, 0, &["bl0rp now"]), "blorp now", &["blorp now"]),
        (entries(Folded, Substring, 0, &["lor"]), "BLÓRP xlor", &["LÓR", "lor"]),
        (entries(Folded, Substring, 0, &["p n"]), "Blorp,  now", &["p,  n"]),
        (entries(Folded, Substring, 0, &["ab", "aba"]), "ababa", &["ab", "aba", "ab", "aba"]),
        (entries(Folded, Substring, 0, &["f"]), "ﬁn", &["ﬁ"]),
        (entries(Folded, Substring, 0, &["..."]), "a...b", &[]),
        (entries(Folded, Substring, 0, &["lorp"]), "bl0rp", &[]),
        (entries(Unmasked, Substring, 0, &["lorp"]), "xbl0rp b.lorp", &["l0rp", "lorp"]),
        (
            entries(Raw, Exact, 0, &["Blorp"]),
            "Blorp blorp xBlorp Blorp, Blorpé",
            &["Blorp", "Blorp"],
        ),
        (entries(Raw, Exact, 0, &["C++"]), "C++ c++ xC++ C+++", &["C++", "C++"]),
        (entries(Raw, Exact, 0, &["洛普"]), "布洛普来", &["洛普"]),
        (entries(Raw, Exact, 0, &["กั"]), "กัญกั้น", &["กั"]),
        (entries(Raw, Exact, 0, &["$"]), "5$x", &["$"]),
        (regex(Raw, r"\d{2,5}\s?€"), "50 € or 7€, 100€", &["50 €", "100€"]),
        (regex(Raw, "blorp"), "Blorp", &[]),
        (regex(Raw, "x*"), "axxb", &["xx"]),
        (regex(Folded, "b.orp"), "BLÓRP", &["BLÓRP"]),
        (regex(Folded, r"a b"), "a,  B", &["a,  B"]),
        (regex(Folded, "blorp"), "bl0rp", &[]),
        (regex(Unmasked, "blorps?"), "Blorp and bl0rps, b.lorp", &["Blorp", "bl0rps", "b.lorp"]),
        (regex(Unmasked, "маркет"), "мapkет", &["мapkет"]),
    ];
    for (pattern, text, want) in cases {
        let name = format!("{:?} in {text}", pattern.kind);
        assert_eq!(slices(&text_hits(vec![pattern], text), text), want, "{name}");
    }
}

#[test]
fn a_hit_has_the_mildest_view_the_lowest_entry_and_every_value() {
    let pattern = entries(View::Unmasked, Match::Word, 0, &["bl0rp", "Blorp", "blorp", "zot"]);
    let hits = text_hits(vec![pattern], "zot blorp bl0rp");
    let rows: Vec<_> =
        hits.all.iter().map(|hit| (hit.range.clone(), hit.view, hit.entry)).collect();
    assert_eq!(rows, [(0..3, View::Folded, 3), (4..9, View::Folded, 0), (10..15, View::Folded, 0)]);
    let values: Vec<_> = hits.values.iter().map(|(_, hit, value)| (*hit, value.as_str())).collect();
    assert_eq!(values, [(0, "zot"), (1, "bl0rp"), (1, "blorp"), (2, "bl0rp"), (2, "blorp")]);
    let masked = text_hits(vec![entries(View::Unmasked, Match::Word, 0, &["blorp"])], "bl0rp");
    assert_eq!(masked.all.first().map(|hit| hit.view), Some(View::Unmasked));
}

#[test]
fn hits_are_numbered_over_the_rules_and_know_piece_and_words() {
    let word = |text: &str| entries(View::Unmasked, Match::Word, 0, &[text]);
    let rules = [rule(vec![word("a"), word("zot")]), rule(vec![]), rule(vec![word("blorp")])];
    let tables = Tables::build(&rules).unwrap();
    assert_eq!(tables.first_pattern(0), PatternId(0));
    assert_eq!(tables.first_pattern(1), PatternId(2));
    assert_eq!(tables.first_pattern(2), PatternId(2));
    let button = Button { text: "the blorp".into(), url: None };
    let post = Post { text: "a zot".into(), buttons: vec![button], ..Post::default() };
    let seen: Vec<Seen<'_>> =
        post.pieces().into_iter().map(|piece| Seen { piece, links: vec![] }).collect();
    let hits = tables.scan(&post, &seen);
    let rows: Vec<_> =
        hits.all.iter().map(|hit| (hit.pattern.0, hit.piece, hit.words.clone())).collect();
    assert_eq!(rows, [(0, 0, 0..1), (1, 0, 1..2), (2, 1, 1..2)]);
}

#[test]
fn a_pattern_looks_in_its_parts_only() {
    let post = Post {
        text: "blorp".into(),
        buttons: vec![Button { text: "blorp x€".into(), url: None }],
        ..Post::default()
    };
    for mut pattern in
        [entries(View::Unmasked, Match::Word, 0, &["blorp"]), regex(View::Raw, "blorp")]
    {
        assert_eq!(post_hits(vec![pattern.clone()], &post).all.len(), 2);
        pattern.parts = Parts::NONE.with(Part::Buttons);
        let hits = post_hits(vec![pattern], &post);
        assert_eq!(hits.all.iter().map(|hit| hit.piece).collect::<Vec<_>>(), [1]);
    }
}

#[test]
fn link_patterns_ask_all_their_criteria() {
    let text = "https://sub.zorb.com/x and https://t.me/Blorp and https://nozorb.com/";
    let any = LinkPattern::default();
    let all = ["https://sub.zorb.com/x", "https://t.me/Blorp", "https://nozorb.com/"];
    let domains = LinkPattern { domains: list(&["Zorb.com", "t.me"]), ..any.clone() };
    let service = LinkPattern { services: vec!["telegram".to_owned()], ..any.clone() };
    let channel = LinkPattern { channels: list(&["@blorp", "zot"]), ..any.clone() };
    let both = LinkPattern { channels: list(&["zot"]), ..domains.clone() };
    let other = LinkPattern { services: vec!["whatsapp".to_owned()], ..domains.clone() };
    let cases: [(LinkPattern, &[&str], &[&str]); 6] = [
        (any, &all, &["sub.zorb.com/x", "telegram/blorp", "nozorb.com"]),
        (domains, &all[..2], &["zorb.com", "t.me"]),
        (service, &all[1..2], &["telegram/blorp"]),
        (channel, &all[1..2], &["blorp"]),
        (both, &[], &[]),
        (other, &[], &[]),
    ];
    for (links, want, values) in cases {
        let hits = text_hits(vec![link_pattern(links.clone())], text);
        assert_eq!(slices(&hits, text), want, "{links:?}");
        let got: Vec<_> =
            hits.values.iter().map(|(_, _, value)| value.trim_end_matches('/')).collect();
        assert_eq!(got, values, "{links:?}");
    }
}

#[test]
fn shown_differs_is_about_the_links_a_post_carries() {
    let link = |shown: Option<&'static str>, url: &'static str| Link {
        shown: shown.map(Into::into),
        url: url.into(),
    };
    let post = Post {
        text: "https://zorb.com/x".into(),
        links: vec![
            link(Some("bank.com"), "https://zorb.com/x"),
            link(Some("zorb.com"), "https://www.zorb.com/x"),
            link(None, "https://zorb.com/y"),
        ],
        buttons: vec![Button { text: "bank.com".into(), url: Some("https://zorb.com/z".into()) }],
        ..Post::default()
    };
    let pattern = LinkPattern { shown_differs: true, ..LinkPattern::default() };
    let hits = post_hits(vec![link_pattern(pattern)], &post);
    let pieces = post.pieces();
    let found: Vec<_> = hits.all.iter().map(|hit| pieces.get(hit.piece).unwrap().text).collect();
    assert_eq!(found, ["https://zorb.com/x", "https://zorb.com/z"]);
    assert!(hits.all.iter().all(|hit| pieces.get(hit.piece).unwrap().part == Part::Links));
}

#[test]
fn what_does_not_compile_is_named() {
    let broken = Tables::build(&[rule(vec![regex(View::Raw, "(")])]).unwrap_err();
    assert!(broken.to_string().contains("pattern r in rule t.rule"), "{broken}");
    let large = Tables::build(&[rule(vec![regex(View::Raw, r"\w{2000}")])]);
    assert!(matches!(large, Err(BuildError::Regex { .. })));
}

/// `n` letters apart by spaces, `word` beginning at letter `at`.
fn spaced(n: usize, at: usize, word: &str) -> String {
    let mut letters = vec!['z'; n];
    for (place, c) in word.chars().enumerate() {
        letters[at + place] = c;
    }
    letters.iter().map(char::to_string).collect::<Vec<_>>().join(" ")
}

#[test]
fn a_long_run_is_looked_at_in_windows_that_overlap_by_half() {
    let word = "abcdefghijabcdefghijabcdefghijabc";
    for at in [0, 30, 31, 32, 33, 62, 63, 64, 100, 167] {
        let text = spaced(200, at, word);
        assert_eq!(found(entries(View::Unmasked, Match::Word, 0, &[word]), &text).len(), 1, "{at}");
    }
    let long = "abcdefghij".repeat(4);
    let pattern = || entries(View::Unmasked, Match::Word, 0, &[&long]);
    assert_eq!(found(pattern(), &spaced(200, 24, &long)).len(), 1, "ends with the first window");
    assert_eq!(found(pattern(), &spaced(200, 25, &long)).len(), 0, "in no window whole");
    assert_eq!(found(pattern(), &spaced(200, 32, &long)).len(), 1, "begins with the second");
}

/// What an author may repeat to cost much.
const HOSTILE: &[&str] = &[
    "\u{301}",
    "a",
    "a ",
    "aб",
    "1a",
    "啊",
    "啊.",
    "@a",
    "🅱 ",
    "🇧",
    "ก\u{E31}",
    "0o",
    "a\u{301}",
    "b l o r p ",
    "ab ",
    "a b cd ",
    "ﷺ",
    "\u{200B}",
    "مر7",
    "١ ",
    "a a a  ",
];

/// Texts that only the slow truth was right about once.
#[test]
fn what_was_missed_once_is_found() {
    let of = |text: &str, count: usize| text.repeat(count);
    let cases = [
        ("blorp", "see blorp and mail to bl0rp@zorb.example".to_owned()),
        ("blorp", format!("b.{}o.r.p", of("l.", 130))),
        ("blorp", format!("bl.{}orp", of("lll.", 45))),
        ("blorp", format!("京b{}orp", of("l", 130))),
        ("बपफब", "काखाब प फ ब".to_owned()),
        ("텔레그램 zorb", "텔레그램으로 t.me/zorb".to_owned()),
        ("강남 5", "강남에서 6.5".to_owned()),
        ("t 텔레그램", "t.me/zorb 텔레그램으로".to_owned()),
        ("a b", "㏂b".to_owned()),
        ("ab 布洛", "αb 布洛".to_owned()),
    ];
    for (entry, text) in cases {
        let pattern = entries(View::Unmasked, Match::Word, 0, &[entry]);
        assert!(!text_hits(vec![pattern], &text).all.is_empty(), "{entry} in {text}");
    }
}

fn hostile_rule() -> Rule {
    let list = ["aa", "aaaa", "blorp", "b l", "啊啊", "啊啊啊", "lo*", "*rp", "มาก", "oо"];
    rule(vec![entries(View::Unmasked, Match::Phrase, 2, &list), regex(View::Unmasked, "blorp")])
}

#[test]
fn hostile_texts_of_16_kib_cost_little() {
    let tables = Tables::build(&[hostile_rule()]).unwrap();
    for unit in HOSTILE {
        let text = unit.repeat((16 << 10) / unit.len());
        let post = Post { text: text.as_str().into(), ..Post::default() };
        let seen: Vec<Seen<'_>> = post.pieces().into_iter().map(Seen::of).collect();
        let hits = tables.scan(&post, &seen);
        assert!(hits.all.iter().all(|hit| text.get(hit.range.clone()).is_some()), "{unit}");
    }
}

#[test]
fn hostile_texts_are_scanned_as_the_slow_truth_scans_them() {
    for unit in HOSTILE {
        let text = unit.repeat((4 << 10) / unit.len());
        let post = Post { text: text.as_str().into(), ..Post::default() };
        let seen: Vec<Seen<'_>> = post.pieces().into_iter().map(Seen::of).collect();
        scan(&[hostile_rule()], &post, &seen); // compares the two
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "what it costs is what is tested")]
fn a_long_run_of_single_letters_costs_no_more_a_letter_than_a_short_one() {
    let letters = || 'a'..='z';
    let words = letters().flat_map(|a| letters().map(move |b| format!("{a}{b}qa")));
    let list: Vec<String> = words.flat_map(|word| [format!("{word} {word}"), word]).collect();
    let list: Vec<&str> = list.iter().map(String::as_str).collect();
    let pattern = entries(View::Unmasked, Match::Word, 0, &list);
    let tables = Tables::build(&[rule(vec![pattern])]).unwrap();
    let took = |letters: usize| {
        let text = (0..letters).map(|at| [b"abqaxyqazq"[at * 7 % 10], b' ']);
        let text = String::from_utf8(text.flatten().collect()).unwrap();
        let post = Post { text: text.as_str().into(), ..Post::default() };
        let seen: Vec<Seen<'_>> = post.pieces().into_iter().map(Seen::of).collect();
        let rounds = (0..3).map(|_| {
            let began = std::time::Instant::now();
            assert!(!tables.scan(&post, &seen).all.is_empty());
            began.elapsed()
        });
        rounds.min().unwrap()
    };
    let (short, long) = (took(500), took(8_000));
    assert!(long < short * 64, "16 times the letters: {short:?}, then {long:?}");
}

#[test]
fn an_odd_word_is_found_beside_an_emoji() {
    let pattern = || entries(View::Unmasked, Match::Phrase, 0, &["pills 😀", "👍🏽 pills"]);
    for text in ["p i l l s😀", "so p1lls 😀 now", "👍🏽 p i l l s"] {
        assert_eq!(text_hits(vec![pattern()], text).all.len(), 1, "{text}");
    }
}

fn plain_words() -> impl Strategy<Value = Vec<String>> {
    let word =
        prop::sample::select(vec!["bl", "orp", "zot", "год", "тихо", "كتاب", "मन", "x", "12"]);
    prop::collection::vec(word.prop_map(str::to_owned), 0..12)
}

/// Words that texts of [`any_chunk`] hold too, now and then.
const SHARED: &str = "bl/orp/blorp/zot/год/тихо/кот/كتاب/مر/मन/x/12/布洛/啊/마켓/강남/สวย/a b/k2/😀/ВОРОВ/\
    hello/ıo/ñandu/ю/йод/ab 布洛/pills/ss/lol";

fn shared() -> impl Strategy<Value = &'static str> {
    prop::sample::select(SHARED.split('/').collect::<Vec<_>>())
}

fn any_entry() -> impl Strategy<Value = String> {
    let word = || shared();
    let end = prop::sample::select(vec!["", "", "", "*"]);
    let glue = prop::sample::select(vec![" ", " ", "", "-"]);
    let two =
        (word(), glue, word(), end).prop_map(|(a, glue, b, end)| format!("{a}{glue}{b}{end}"));
    let front = word().prop_map(|word| format!("*{word}"));
    let known = prop_oneof![4 => word().prop_map(str::to_owned), 5 => two, 1 => front];
    prop_oneof![12 => known, 1 => normalise::any_text()]
}

/// A shared word, often disguised, often with something glued to it.
fn any_chunk() -> impl Strategy<Value = String> {
    let ways = "o>0/o>о/l>1/l>|/a>@/b>8/e>3/o>ooo/r>г/p>P/о>o/т>t/т>7/и>u/a>α/s>$/l>l./o>o_/n>Ν/\
        y>Υ/v>ʋ/k>𝗸/켓>켓이/x>xтъ/о>о́/i>í/s>ѕ/l>l\u{200B}";
    let ways: Vec<(&str, &str)> = ways.split('/').filter_map(|way| way.split_once('>')).collect();
    let way = prop::sample::select(ways);
    let glued = prop::sample::select(vec![
        "", "", "", "s", "이", "!", "에서", ",", ".com/x", "布", "7", "|", "@", "@bl0rp", "$",
        "€5", "😀", "\u{301}", "布洛", "़", "ा", "+k2", "_", "@zot.com",
    ]);
    let spaced = prop::sample::select(vec!["", "", "", " ", ".", "-"]);
    (shared(), prop::collection::vec(way, 0..3), glued, spaced).prop_map(
        |(word, ways, glued, spaced)| {
            let word = ways.iter().fold(word.to_owned(), |word, (from, to)| word.replace(from, to));
            let letters: Vec<String> = word.chars().map(String::from).collect();
            letters.join(spaced) + glued
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn words_of_plain_text_are_found_as_a_plain_loop_finds_them(words in plain_words()) {
        let text = words.join(", ");
        let mut want = Vec::new();
        let mut at = 0;
        for word in &words {
            if ["orp", "тихо", "من", "كتاب"].contains(&word.as_str()) {
                want.push(at..at + word.len());
            }
            at += word.len() + 2;
        }
        let pattern = entries(View::Unmasked, Match::Word, 0, &["ORP", "тихо", "مِن", "کتاب"]);
        let got: Vec<_> = text_hits(vec![pattern], &text).all.into_iter().map(|hit| hit.range).collect();
        prop_assert_eq!(got, want);
    }

    #[test]
    fn phrases_of_plain_text_are_found_as_a_plain_loop_finds_them(words in plain_words(), gap in 0usize..3) {
        let text = words.join(" - ");
        let mut starts = vec![0];
        for word in &words {
            starts.push(starts.last().unwrap() + word.len() + 3);
        }
        let mut want = Vec::new();
        for from in (0..words.len()).filter(|from| words[*from] == "zot") {
            let near = (from + 1..words.len()).take(gap + 1).find(|to| words[*to] == "orp");
            want.extend(near.map(|to| starts[from]..starts[to] + 3));
        }
        let pattern = entries(View::Folded, Match::Phrase, gap, &["zot orp"]);
        let got: Vec<_> = text_hits(vec![pattern], &text).all.into_iter().map(|hit| hit.range).collect();
        prop_assert_eq!(got, want);
    }

    #[test]
    fn every_hit_lies_on_boundaries_and_is_found_once(text in normalise::any_text(), entry in normalise::any_text()) {
        let list = [entry.as_str(), "blorp", "ab", "布洛", "a b"];
        let patterns = vec![
            entries(View::Unmasked, Match::Phrase, 1, &list),
            entries(View::Unmasked, Match::Substring, 0, &list),
            entries(View::Raw, Match::Exact, 0, &list),
            regex(View::Unmasked, "[a-z]+ ?[a-z]"),
        ];
        let hits = text_hits(patterns, &text);
        let keys: Vec<_> =
            hits.all.iter().map(|hit| (hit.pattern, hit.piece, hit.range.start, hit.range.end)).collect();
        prop_assert!(keys.is_sorted_by(|left, right| left < right));
        for hit in &hits.all {
            prop_assert!(text.get(hit.range.clone()).is_some_and(|slice| !slice.is_empty()));
        }
        prop_assert!(hits.values.iter().all(|(_, hit, _)| *hit < hits.all.len()));
    }

    #[test]
    fn the_engine_finds_what_the_slow_truth_finds(
        lists in prop::collection::vec(prop::collection::vec(any_entry(), 1..5), 2),
        chunks in prop::collection::vec(prop_oneof![3 => any_chunk(), 1 => normalise::any_text()], 1..6),
        between in prop::sample::select(vec![" ", "", ". ", "-", "  ", "/", " 1.", "\n"]),
        gap in 0usize..2,
    ) {
        let texts = |list: &[String]| list.to_vec();
        let words: Vec<Vec<String>> = lists.iter().map(|list| texts(list)).collect();
        let list = |at: usize| words[at].iter().map(String::as_str).collect::<Vec<&str>>();
        let patterns = vec![
            entries(View::Unmasked, Match::Word, 0, &list(0)),
            entries(View::Folded, Match::Phrase, gap, &list(1)),
            entries(View::Unmasked, Match::Phrase, gap, &list(1)),
        ];
        text_hits(patterns, &chunks.join(between));
    }

    #[test]
    fn words_beside_signs_are_found_as_the_slow_truth_finds_them(
        parts in prop::collection::vec(prop::sample::select(vec![
            "@", "$", "µ", "!", " ", " ", "ddd", "bad", "b4d", "tab", "t@b", "dabb", "dud", "dµd", "баба", "x", ".",
        ]), 0..7),
    ) {
        let words = ["bad", "tad*", "*dud", "dabbs", "dabbad", "dud", "баба", "d"];
        let pairs = ["bad tab", "tab bad", "dabb bad", "dud dud"];
        let patterns = vec![
            entries(View::Unmasked, Match::Word, 0, &words),
            entries(View::Unmasked, Match::Phrase, 0, &pairs),
        ];
        text_hits(patterns, &parts.concat());
    }

    #[test]
    fn a_word_is_found_under_every_disguise_of_its_letters(picks in prop::collection::vec(0usize..4, 6)) {
        let ways = [["b", "8", "В", "ʙ"], ["l", "1", "|", "ł"], ["o", "0", "о", "ø"], ["r", "г", "ʀ", "ɍ"], ["p", "р", "₽", "ᴘ"], ["s", "$", "5", "ѕ"]];
        let word: String = ways.iter().zip(&picks).map(|(ways, pick)| ways[*pick]).collect();
        // Not odd by the clauses: a model number, a year, letters of one script by names alone.
        let digits = |chars: &mut dyn Iterator<Item = char>| chars.take_while(char::is_ascii_digit).count();
        let model = digits(&mut word.chars()) >= 2;
        let odd = word == "blorps" || word.chars().any(|c| !"łøɍ".contains(c) && !c.is_ascii_alphabetic());
        let last_digit = picks[..5] == [0; 5] && word.ends_with('5');
        // `|` is a letter between letters only.
        let pipe = !word.contains("8|") && !word.contains("|0");
        prop_assume!(odd && pipe && !model && !last_digit);
        let text = format!("so {word} then");
        let pattern = entries(View::Unmasked, Match::Word, 0, &["blorps"]);
        let hits = text_hits(vec![pattern], &text);
        prop_assert_eq!(slices(&hits, &text), vec![word]);
    }
}
