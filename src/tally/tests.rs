//! Counters: when they are reached, who acts, what survives.

use super::*;
use crate::decode::Limits;
use crate::event::{Decision, Issuer, Source, emit};
use crate::record::Topic;
use crate::rules;
use crate::screen::{Reading, RuleSet, screen};

const HOUR: i64 = 60 * 60 * 1000;

/// Some day in 2026: a mistake with times may not show next to 1970.
const TODAY: i64 = 1_790_000_000_000;

/// A rule that counts by author, with what differs between tests.
fn rule_set(count: &str, status: &str) -> RuleSet {
    let pack = "name: p\nversion: \"1\"\nowner: o@example.org\ndescription: d\n";
    let rule = format!(
        "id: fraud.counted\ntitle: t\nstatus: {status}\nseverity: high\npatterns:\n  offer: {{any: \
         [zorbly]}}\ncondition: offer\ncount: {count}\nactions: [remove_post]\ntests:\n  - fires: \
         zorbly\n  - quiet: bread\n"
    );
    let files = [("pack.yaml", pack.to_owned()), ("rules/r.yaml", rule)];
    let files = files.map(|(name, text)| (name.to_owned(), text.into_bytes()));
    let source = rules::Source { files: files.into() };
    let compiled = rules::compile(&source).map_err(|report| report.render(&source, false)).unwrap();
    RuleSet::build(vec![compiled.pack]).unwrap()
}

fn three(act_on: &str) -> String {
    format!("{{by: author.id, different: channel.id, at_least: 3, within: 1h, act_on: {act_on}}}")
}

/// The signal of a post by `a1`, as hop 1 sends it.
fn signal(rules: &RuleSet, post: &str, channel: &str, time_ms: i64) -> Signal {
    let json = format!(
        r#"{{"id":"{post}","channel":{{"id":"{channel}"}},"author":{{"id":"a1"}},"text":"zorbly"}}"#
    );
    let reading = Reading { limits: Limits::default(), ..Reading::default() };
    let screened = screen(Some(json.as_bytes()), rules, &reading).unwrap();
    let pieces = screened.post.pieces();
    let decision = Decision {
        rules: rules.rules(),
        first: rules.first_patterns(),
        post: &screened.post,
        pieces: &pieces,
        hits: &screened.hits,
        verdict: &screened.verdict,
        source: Source { topic: "posts", partition: 0, offset: 0, time_ms },
        traceparent: None,
        decided_at_ms: time_ms,
    };
    let mut out = Vec::new();
    emit(&decision, &Issuer::public(), 4, &[], &mut out);
    assert_eq!(out.len(), 1);
    crate::event::signal::read(out[0].value.as_ref().unwrap()).unwrap()
}

/// What decides about a signal of this rule.
fn ruling<'r>(rule: Option<&'r Rule>, issuer: &'r Issuer) -> Ruling<'r> {
    Ruling { rule, escalations: &[], issuer, decided_at_ms: 7 }
}

/// Ids of the posts that the events are about, in order.
fn posts(out: &[Outgoing]) -> Vec<String> {
    out.iter()
        .map(|event| serde_json::from_slice(event.value.as_ref().unwrap()).unwrap())
        .map(|event: serde_json::Value| event["subject"]["id"].as_str().unwrap().to_owned())
        .collect()
}

/// Feeds (post, channel, time) and returns the posts acted on after each.
fn play(tally: &mut Tally, rules: &RuleSet, rows: &[(&str, &str, i64)]) -> Vec<Vec<String>> {
    let acted = rows.iter().map(|&(post, channel, time)| {
        let mut out = Vec::new();
        let signal = signal(rules, post, channel, time);
        let applied = tally.apply(
            signal,
            &ruling(rules.rule("fraud.counted"), &Issuer::public()),
            &mut Brake::default(),
            &mut out,
        );
        assert_eq!(applied.issued.len(), out.len());
        posts(&out)
    });
    acted.collect()
}

/// What a restart reads back: every row of state that was written, in order.
fn restored(written: &[Outgoing], rows_max: usize) -> Tally {
    let mut tally = Tally::new(4, rows_max);
    for row in written {
        assert_eq!(row.topic, Topic::State);
        tally.restore(row.key.as_ref().unwrap(), row.value.as_deref()).unwrap();
    }
    tally
}

#[test]
fn every_candidate_acts_once_when_the_count_is_reached_and_later_ones_at_once() {
    let rules = rule_set(&three("all"), "live");
    let mut tally = Tally::new(4, ROWS_MAX);
    let acted = play(
        &mut tally,
        &rules,
        &[
            ("p1", "c1", 0),
            ("p2", "c1", 1),
            ("p3", "c2", 2),
            ("p4", "c3", 3),
            ("p4", "c3", 3),
            ("p5", "c1", 4),
        ],
    );
    let none: Vec<String> = Vec::new();
    assert_eq!(acted[..3], [none.clone(), none.clone(), none.clone()], "two channels only");
    assert_eq!(acted[3], ["p1", "p2", "p3", "p4"]);
    assert_eq!(acted[4], none, "the same post again");
    assert_eq!(acted[5], ["p5"]);
}

#[test]
fn a_canary_that_counts_acts_in_its_share_of_the_counted_keys_as_large_as_it_is_then() {
    let screened_by = rule_set(&three("all"), "shadow");
    let posts = [("p1", "c1", 0), ("p2", "c2", 1), ("p3", "c3", 2)];
    // Of the author a1, whose slot the share of the rule must reach.
    let slot =
        (1..=10_000).find(|parts| rules::Share::new(*parts).unwrap().holds("fraud.counted", "a1"));
    let slot = slot.unwrap();
    for (parts, topic) in [(slot - 1, Topic::Shadow), (slot, Topic::Takedowns)] {
        let status = Status::Canary(rules::Share::new(parts).unwrap());
        let now = Rule { status, ..screened_by.rule("fraud.counted").unwrap().clone() };
        let mut tally = Tally::new(4, ROWS_MAX);
        let mut out = Vec::new();
        for (post, channel, time) in posts {
            let signal = signal(&screened_by, post, channel, time);
            tally.apply(
                signal,
                &ruling(Some(&now), &Issuer::public()),
                &mut Brake::default(),
                &mut out,
            );
        }
        assert_eq!(out.len(), 3);
        for event in out {
            assert_eq!(event.topic, topic);
            let json: serde_json::Value =
                serde_json::from_slice(event.value.as_ref().unwrap()).unwrap();
            assert_eq!(json["causes"][0]["status"], "canary");
            assert_eq!(json["would"] == true, topic == Topic::Shadow);
        }
    }
}

#[test]
fn later_means_that_those_before_and_the_one_that_reaches_it_are_let_be() {
    let rules = rule_set(&three("later"), "live");
    let mut tally = Tally::new(4, ROWS_MAX);
    let rows = [("p1", "c1", 0), ("p2", "c2", 1), ("p3", "c3", 2), ("p4", "c1", 3)];
    let acted = play(&mut tally, &rules, &rows);
    assert_eq!(acted[2], Vec::<String>::new());
    assert_eq!(acted[3], ["p4"]);
}

#[test]
fn later_asks_for_the_count_within_a_window_that_the_record_falls_into() {
    let rules = rule_set(&three("later"), "live");
    let reached = TODAY + 2;
    let cases = [
        (reached + 1, true),
        (TODAY + HOUR, true),
        (TODAY + HOUR + 1, false),
        (reached - HOUR, true),
        (reached - HOUR - 1, false),
    ];
    for (time, acts) in cases {
        let mut tally = Tally::new(4, ROWS_MAX);
        let rows = [("p1", "c1", TODAY), ("p2", "c2", TODAY + 1), ("p3", "c3", reached)];
        assert!(play(&mut tally, &rules, &rows).concat().is_empty());
        let acted = play(&mut tally, &rules, &[("p4", "c1", time)]).concat();
        assert_eq!(!acted.is_empty(), acts, "{}", time - TODAY);
    }
}

#[test]
fn a_post_that_comes_again_counts_once_with_its_newest_time() {
    let rules = rule_set(&three("all"), "live");
    let again = [[0, HOUR], [HOUR, 0], [HOUR, HOUR]];
    for [first, second] in again {
        let mut tally = Tally::new(4, ROWS_MAX);
        let rows = [
            ("p1", "c1", TODAY + first),
            ("p1", "c1", TODAY + second),
            ("p2", "c2", TODAY + HOUR + 1),
            ("p3", "c3", TODAY + HOUR + 2),
        ];
        let acted = play(&mut tally, &rules, &rows).concat();
        assert_eq!(acted, ["p1", "p2", "p3"], "{first} {second}");
        // Acted on for ever, however late it comes once more.
        let once_more = [("p1", "c1", TODAY + HOUR + 3), ("p2", "c2", TODAY)];
        assert!(play(&mut tally, &rules, &once_more).concat().is_empty());
        tally.merge();
        assert_eq!(tally.entries(), 3);
    }
}

#[test]
fn a_window_is_as_long_as_the_rule_says_and_moves() {
    let rules = rule_set(&three("all"), "live");
    for (last, reached) in [(HOUR, true), (HOUR + 1, false)] {
        let mut tally = Tally::new(4, ROWS_MAX);
        let rows = [("p1", "c1", 0), ("p2", "c2", 5), ("p3", "c3", last)];
        let acted = play(&mut tally, &rules, &rows);
        assert_eq!(!acted[2].is_empty(), reached, "{last}");
    }
    // The first is too old for the window that the others reach.
    let mut tally = Tally::new(4, ROWS_MAX);
    let rows =
        [("p1", "c1", 0), ("p2", "c2", HOUR), ("p3", "c3", HOUR + 2), ("p4", "c4", HOUR + 3)];
    assert_eq!(play(&mut tally, &rules, &rows)[3], ["p2", "p3", "p4"]);
}

#[test]
fn a_late_record_counts_in_the_window_it_belongs_to() {
    let rules = rule_set(&three("all"), "live");
    let mut tally = Tally::new(4, ROWS_MAX);
    let rows = [("p1", "c1", 10), ("p2", "c2", 30), ("p3", "c3", 20)];
    assert_eq!(play(&mut tally, &rules, &rows)[2], ["p1", "p3", "p2"]);
}

#[test]
fn what_a_rule_may_do_is_asked_when_the_count_is_reached() {
    let live = rule_set(&three("all"), "live");
    let rows = [("p1", "c1", 0), ("p2", "c2", 1), ("p3", "c3", 2)];
    for (status, topic) in [("live", Topic::Takedowns), ("shadow", Topic::Shadow)] {
        let rules = rule_set(&three("all"), status);
        let mut tally = Tally::new(4, ROWS_MAX);
        let mut out = Vec::new();
        for (post, channel, time) in rows {
            let signal = signal(&live, post, channel, time);
            tally.apply(
                signal,
                &ruling(rules.rule("fraud.counted"), &Issuer::public()),
                &mut Brake::default(),
                &mut out,
            );
        }
        assert_eq!(out.len(), 3, "{status}");
        assert!(out.iter().all(|event| event.topic == topic), "{status}");
    }
    let mut tally = Tally::new(4, ROWS_MAX);
    let mut out = Vec::new();
    for (post, channel, time) in rows {
        let applied = tally.apply(
            signal(&live, post, channel, time),
            &ruling(None, &Issuer::public()),
            &mut Brake::default(),
            &mut out,
        );
        assert_eq!(applied, Applied::default(), "the rule is gone");
    }
    tally.flush(&mut out);
    assert_eq!(out, []);
}

#[test]
fn an_abort_forgets_and_a_commit_keeps() {
    let rules = rule_set(&three("all"), "live");
    let mut tally = Tally::new(4, ROWS_MAX);
    play(&mut tally, &rules, &[("p1", "c1", 0), ("p2", "c2", 1)]);
    tally.merge();
    assert_eq!(tally.entries(), 2);
    assert_eq!(play(&mut tally, &rules, &[("p3", "c3", 2)])[0].len(), 3);
    tally.discard();
    assert_eq!(tally.entries(), 2);
    assert_eq!(play(&mut tally, &rules, &[("p3", "c3", 2)])[0].len(), 3, "the same once more");
    tally.merge();
    assert_eq!(tally.entries(), 3);
    assert_eq!(play(&mut tally, &rules, &[("p3", "c3", 2)])[0].len(), 0);
}

#[test]
fn a_restart_goes_on_where_the_state_was_written() {
    let rules = rule_set(&three("all"), "live");
    let mut tally = Tally::new(4, ROWS_MAX);
    let mut written = Vec::new();
    for row in [("p1", "c1", 0), ("p2", "c2", 1)] {
        play(&mut tally, &rules, &[row]);
        tally.flush(&mut written);
        tally.merge();
    }
    assert_eq!(written.len(), 2, "one row a candidate");
    assert!(written.iter().all(|row| row.partition == Some(crate::record::partition_of(b"a1", 4))));
    let mut again = restored(&written, ROWS_MAX);
    assert_eq!(again.entries(), 2);
    assert_eq!(play(&mut again, &rules, &[("p3", "c3", 2)])[0], ["p1", "p2", "p3"]);
    again.flush(&mut written);
    let mut after = restored(&written, ROWS_MAX);
    assert_eq!(play(&mut after, &rules, &[("p3", "c3", 2)])[0].len(), 0, "acted on before");
    assert_eq!(play(&mut after, &rules, &[("p4", "c1", 3)])[0], ["p4"]);
}

#[test]
fn only_the_newest_distinct_values_are_kept_and_rows_of_others_are_deleted() {
    let rules = rule_set(&three("all"), "live");
    let mut tally = Tally::new(4, ROWS_MAX);
    let mut written = Vec::new();
    for number in 0..10_i64 {
        let (post, channel) = (format!("p{number}"), format!("c{number}"));
        play(&mut tally, &rules, &[(&post, &channel, number * 2 * HOUR)]);
        tally.flush(&mut written);
        tally.merge();
    }
    assert_eq!(tally.entries(), 3);
    assert_eq!(restored(&written, ROWS_MAX).entries(), 3);
    assert!(written.iter().any(|row| row.value.is_none()));
}

#[test]
fn one_counter_keeps_a_thousand_candidates_at_most() {
    let rules = rule_set(&three("all"), "live");
    let mut tally = Tally::new(4, ROWS_MAX);
    for number in 0..1_010 {
        play(&mut tally, &rules, &[(&format!("p{number}"), "c1", number)]);
    }
    tally.merge();
    assert_eq!(tally.entries(), 1_000);
}

/// A candidate of this author alone.
fn by_author(rules: &RuleSet, author: &str, time_ms: i64) -> Signal {
    let made = signal(rules, author, "c1", time_ms);
    let Signal::Counting(counting) = made else { unreachable!("it counts") };
    Signal::Counting(Counting { key: author.to_owned(), ..counting })
}

#[test]
fn old_counters_go_and_the_oldest_when_there_are_too_many() {
    let rules = rule_set(&three("all"), "live");
    let mut tally = Tally::new(4, 2);
    let mut written = Vec::new();
    let mut feed = |tally: &mut Tally, author: &str, time| {
        let signal = by_author(&rules, author, time);
        let issuer = Issuer::public();
        let ruling = ruling(rules.rule("fraud.counted"), &issuer);
        let applied = tally.apply(signal, &ruling, &mut Brake::default(), &mut Vec::new());
        tally.flush(&mut written);
        tally.merge();
        applied.evicted
    };
    for (author, time, evicted) in [("a1", 0, 0), ("a2", 1, 0), ("a3", 2, 0), ("a4", 3, 1)] {
        assert_eq!(feed(&mut tally, author, time), evicted, "{author}");
    }
    assert_eq!(tally.entries(), 3, "what a signal adds goes with the next one");
    assert_eq!(feed(&mut tally, "a5", 3 + 24 * HOUR), 0, "too old, not too many");
    assert_eq!(tally.entries(), 2, "a3 is gone, a4 is within a day");
    assert_eq!(restored(&written, 2).entries(), 2);
}

#[test]
fn a_transaction_of_many_signals_drops_no_more_than_there_is_too_much() {
    let rules = rule_set(&three("all"), "live");
    let (issuer, mut written) = (Issuer::public(), Vec::new());
    let mut tally = Tally::new(4, 100);
    let mut apply = |tally: &mut Tally, authors: std::ops::Range<i64>, time_ms: i64| {
        let signals =
            authors.map(|author| by_author(&rules, &format!("a{author}"), time_ms + author));
        let ruling = ruling(rules.rule("fraud.counted"), &issuer);
        let applied = signals.map(|signal| {
            tally.apply(signal, &ruling, &mut Brake::default(), &mut Vec::new()).evicted
        });
        let evicted: usize = applied.sum();
        tally.flush(&mut written);
        tally.merge();
        evicted
    };
    assert_eq!(apply(&mut tally, 0..103, 0), 0, "none of them is committed yet");
    // Each of these is there, so that nothing is added.
    assert_eq!(apply(&mut tally, 50..100, HOUR), 3);
    assert_eq!(tally.entries(), 100);
    // Of a transaction that does not happen nothing was dropped.
    let before = tally.entries();
    tally.discard();
    assert_eq!(tally.entries(), before);
    assert_eq!(apply(&mut tally, 200..210, HOUR), 0);
    assert_eq!(apply(&mut tally, 60..70, HOUR), 10);
    assert_eq!(tally.entries(), 100);
    assert_eq!(restored(&written, 100).entries(), 100);
}

#[test]
fn all_that_is_too_old_goes_two_with_each_signal() {
    let rules = rule_set(&three("all"), "live");
    let issuer = Issuer::public();
    let mut tally = Tally::new(4, ROWS_MAX);
    let feed = |tally: &mut Tally, author: usize, time_ms: i64| {
        let signal = by_author(&rules, &format!("a{author}"), time_ms);
        let ruling = ruling(rules.rule("fraud.counted"), &issuer);
        tally.apply(signal, &ruling, &mut Brake::default(), &mut Vec::new()).evicted
    };
    (0..2_000).for_each(|author| assert_eq!(feed(&mut tally, author, 0), 0));
    tally.merge();
    // In one transaction, some of them in use again.
    for author in 1_500..2_400 {
        assert_eq!(feed(&mut tally, author, 25 * HOUR), 0, "old, not too many");
    }
    tally.merge();
    assert_eq!(tally.entries(), 900, "1,500 were too old for nine hundred times two");
}

#[test]
fn a_row_of_a_newer_version_is_an_error() {
    let mut tally = Tally::new(4, ROWS_MAX);
    let bad = tally.restore(br#"["fraud.counted","a1",0]"#, Some(br#"{"v":2}"#));
    assert!(matches!(bad, Err(ReadError::Version { .. })));
    assert!(tally.restore(b"no key", None).is_err());
    assert_eq!(tally.entries(), 0);
}

/// Two rules that strike, and what follows.
fn striking(more: &str) -> RuleSet {
    let pack = "name: p\nversion: \"1\"\nowner: o@example.org\ndefaults: {status: live}\n";
    let rule = |id: &str, word: &str, strike: &str| {
        format!(
            "id: {id}\ntitle: t\npatterns:\n  a: {{any: [{word}]}}\ncondition: a\nactions: \
             [remove_post, {{strike: {{{strike}}}}}]\ntests:\n  - fires: {word}\n  - quiet: bread\n---\n"
        )
    };
    let rules = rule("drugs.one", "blorp", "channel: 1, author: 1")
        + &rule("drugs.two", "flim", "channel: 2")
        + &rule("fraud.one", "zorb", "channel: 9")
        + "id: drugs.third\ntitle: t\nstrikes: {of: channel, category: drugs, at_least: 3, within: \
           30d}\nactions: [{restrict_channel: {for: 7d}}, {refer: {subject: channel, queue: q}}]\n\
           tests:\n  - series: {repeat: 3, every: 1d, strike: {rule: drugs.one, channel: c1}}\n    \
           fires_at: [3]\n  - series: {repeat: 2, every: 1d, strike: {rule: drugs.one, channel: \
           c1}}\n    fires_at: []\n"
        + more;
    let files = [("pack.yaml", pack.to_owned()), ("rules/r.yaml", rules)];
    let files = files.map(|(name, text)| (name.to_owned(), text.into_bytes()));
    let source = rules::Source { files: files.into() };
    let compiled = rules::compile(&source).map_err(|report| report.render(&source, false)).unwrap();
    RuleSet::build(vec![compiled.pack]).unwrap()
}

const DAY: i64 = 24 * HOUR;

/// A post of channel `c1` by `a1` through both hops, one partition: what was issued besides what
/// is about posts, as (action or queue, revision, id).
fn post_through(
    tally: &mut Tally,
    rules: &RuleSet,
    (id, text): (&str, &str),
    time_ms: i64,
) -> Vec<(String, i64, String)> {
    let json = format!(
        r#"{{"id":"{id}","channel":{{"id":"c1"}},"author":{{"id":"a1"}},"text":"{text}"}}"#
    );
    let screened = screen(Some(json.as_bytes()), rules, &Reading::default()).unwrap();
    let issuer = Issuer::public();
    let origin = crate::screen::Origin {
        issuer: &issuer,
        source: Source { topic: "posts", partition: 0, offset: 0, time_ms },
        traceparent: None,
        decided_at_ms: time_ms,
        signal_partitions: 1,
    };
    let mut open = Vec::new();
    screened.emit(rules, origin, &mut open);
    let mut issued = Vec::new();
    while !open.is_empty() {
        let record = open.remove(0);
        let value = record.value.as_deref().unwrap();
        let json: serde_json::Value = serde_json::from_slice(value).unwrap();
        if record.topic != Topic::Signals {
            let subject = &json["subject"];
            let name = json["queue"].as_str().or(json["action"].as_str()).unwrap().to_owned();
            let shadow = if json["would"] == true { "would " } else { "" };
            if subject["kind"] != "post" {
                let id = json["id"].as_str().unwrap().to_owned();
                let revision = subject["revision"].as_i64().unwrap();
                issued.push((format!("{shadow}{name}"), revision, id));
            }
            continue;
        }
        let signal = crate::event::signal::read(value).unwrap();
        let ruling = Ruling {
            rule: signal.rule().and_then(|id| rules.rule(id)),
            escalations: rules.escalations(),
            issuer: &issuer,
            decided_at_ms: time_ms,
        };
        tally.apply(signal, &ruling, &mut Brake::default(), &mut open);
    }
    issued
}

/// Names and revisions only.
fn short(issued: &[(String, i64, String)]) -> Vec<(&str, i64)> {
    issued.iter().map(|(name, revision, _)| (name.as_str(), *revision)).collect()
}

#[test]
fn strikes_of_a_category_come_together_and_an_edited_post_is_one() {
    let rules = striking("");
    let mut tally = Tally::new(1, ROWS_MAX);
    let mut post = |post, time| post_through(&mut tally, &rules, post, time);
    assert_eq!(short(&post(("p1", "blorp"), TODAY)), []);
    assert_eq!(short(&post(("p1", "blorp again"), TODAY + 1)), [], "an edit");
    assert_eq!(short(&post(("p2", "zorb"), TODAY + 2)), [], "another category");
    assert_eq!(short(&post(("p3", "blorp"), TODAY + 3)), []);
    let third = post(("p4", "blorp"), TODAY + 4);
    assert_eq!(short(&third), [("restrict_channel", 0), ("q", 0)]);
    assert_eq!(short(&post(("p5", "flim"), TODAY + 5)), [], "once, until it is undone");
    // After a week the restriction has run out; the referral still stands.
    let again = post(("p6", "blorp"), TODAY + 4 + 7 * DAY);
    assert_eq!(short(&again), [("restrict_channel", 1)]);
    assert_ne!(again[0].2, third[0].2, "another revision has another id");
}

#[test]
fn strikes_weigh_what_the_rule_says_and_count_within_the_window() {
    let rules = striking("");
    for (second, enough) in [(30 * DAY, true), (30 * DAY + 1, false)] {
        let mut tally = Tally::new(1, ROWS_MAX);
        assert_eq!(short(&post_through(&mut tally, &rules, ("p1", "flim"), TODAY)), []);
        let issued = post_through(&mut tally, &rules, ("p2", "blorp"), TODAY + second);
        assert_eq!(!issued.is_empty(), enough, "{second}");
    }
    // A late strike completes a window that has passed.
    let mut tally = Tally::new(1, ROWS_MAX);
    assert_eq!(short(&post_through(&mut tally, &rules, ("p1", "flim"), TODAY + DAY)), []);
    assert_eq!(post_through(&mut tally, &rules, ("p2", "blorp"), TODAY).len(), 2);
}

/// A further rule: this word, this action.
fn rule_of(id: &str, word: &str, action: &str) -> String {
    format!(
        "---\nid: {id}\ntitle: t\npatterns:\n  a: {{any: [{word}]}}\ncondition: a\nactions: \
         [{action}]\ntests:\n  - fires: {word}\n  - quiet: bread\n"
    )
}

#[test]
fn what_is_to_be_done_to_a_channel_is_done_once_and_for_ever_goes_over_for_a_time() {
    let rules = striking(
        &(rule_of("spam.week", "week", "{restrict_channel: {for: 7d}}")
            + &rule_of("spam.ever", "ever", "restrict_channel")
            + &rule_of("spam.shut", "shut", "{suspend_account: {automatic: true}}")
            + &rule_of("spam.look", "look", "suspend_account")
            + &rule_of("spam.quiet", "quiet", "remove_channel\nstatus: shadow")
                .replace("[remove_channel\nstatus: shadow]", "[restrict_channel]\nstatus: shadow")),
    );
    let mut tally = Tally::new(1, ROWS_MAX);
    let mut post = |word, time| {
        let id = format!("{word}{time}");
        post_through(&mut tally, &rules, (&id, word), time)
    };
    assert_eq!(short(&post("quiet", TODAY)), [("would restrict_channel", 0)]);
    let week = post("week", TODAY);
    assert_eq!(short(&week), [("restrict_channel", 0)]);
    assert_eq!(short(&post("week", TODAY + 1)), []);
    let ever = post("ever", TODAY + 2);
    assert_eq!(short(&ever), [("restrict_channel", 0)]);
    assert_eq!(ever[0].2, week[0].2, "the same thing, asked for longer");
    assert_eq!(short(&post("week", TODAY + 30 * DAY)), []);
    assert_eq!(short(&post("shut", TODAY)), [("suspend_account", 0)]);
    assert_eq!(short(&post("look", TODAY)), [("spam", 0)], "nobody said that it may be automatic");
}

#[test]
fn strikes_and_what_was_done_survive_a_restart_and_an_abort_forgets_them() {
    let rules = striking("");
    let mut tally = Tally::new(1, ROWS_MAX);
    let mut written = Vec::new();
    for (post, time) in [("p1", TODAY), ("p2", TODAY + 1)] {
        post_through(&mut tally, &rules, (post, "blorp"), time);
        tally.flush(&mut written);
        tally.merge();
    }
    let restored = |written: &[Outgoing]| {
        let mut tally = Tally::new(1, ROWS_MAX);
        for row in written {
            tally.restore(row.key.as_deref().unwrap(), row.value.as_deref()).unwrap();
        }
        tally
    };
    let mut again = restored(&written);
    assert_eq!(again.entries(), tally.entries());
    assert_eq!(post_through(&mut again, &rules, ("p3", "blorp"), TODAY + 2).len(), 2);
    again.discard();
    assert_eq!(post_through(&mut again, &rules, ("p3", "blorp"), TODAY + 2).len(), 2);
    again.flush(&mut written);
    let mut after = restored(&written);
    assert_eq!(post_through(&mut after, &rules, ("p4", "blorp"), TODAY + 3), []);
    assert_eq!(
        short(&post_through(&mut after, &rules, ("p5", "blorp"), TODAY + 8 * DAY)),
        [("restrict_channel", 1)]
    );
}

#[test]
fn an_escalation_in_shadow_says_each_time_that_it_is_reached_anew_what_it_would_do() {
    let rules = striking(
        "---\nid: drugs.four\ntitle: t\nstatus: shadow\nstrikes: {of: channel, category: drugs, at_least: 4, \
         within: 30d}\nactions: [restrict_channel]\ntests:\n  - series: {repeat: 4, every: 1d, strike: \
         {rule: drugs.one, channel: c1}}\n    fires_at: [4]\n  - series: {repeat: 2, every: 1d, strike: \
         {rule: drugs.one, channel: c1}}\n    fires_at: []\n",
    );
    let mut tally = Tally::new(1, ROWS_MAX);
    let mut told = Vec::new();
    // The tenth comes when the first nine are forgotten, and so do three more.
    for day in [1, 2, 3, 4, 5, 6, 7, 8, 9, 60, 61, 62, 63, 64] {
        let id = format!("p{day}");
        let issued = post_through(&mut tally, &rules, (&id, "blorp"), TODAY + day * DAY);
        let would = short(&issued).into_iter().filter(|(name, _)| name.starts_with("would"));
        told.extend(would.map(|(name, _)| (day, name.to_owned())));
    }
    let would = |day: i64| (day, "would restrict_channel".to_owned());
    assert_eq!(told, [would(4), would(63)]);
}

#[test]
fn a_rule_that_was_held_back_strikes_nobody() {
    let rules = striking("");
    let issuer = Issuer::public();
    let live = rules.rule("fraud.one").unwrap();
    let shadow = Rule { status: Status::Shadow, ..live.clone() };
    for (rule, entries) in [(Some(live), 1), (Some(&shadow), 0), (None, 0)] {
        let mut tally = Tally::new(1, ROWS_MAX);
        let strike = Signal::Strike(some_strike(&rules, TODAY));
        tally.apply(strike, &ruling(rule, &issuer), &mut Brake::default(), &mut Vec::new());
        tally.merge();
        assert_eq!(tally.entries(), entries);
    }
}

#[test]
fn one_channel_keeps_a_thousand_strikes_and_what_is_done_is_not_forgotten_for_age() {
    let rules = striking("");
    let mut tally = Tally::new(1, ROWS_MAX);
    for number in 0..1_010 {
        post_through(&mut tally, &rules, (&format!("p{number}"), "zorb"), TODAY + number);
    }
    tally.merge();
    assert_eq!(tally.entries(), 1_000);
    for post in ["a", "b", "c"] {
        post_through(&mut tally, &rules, (post, "blorp"), TODAY + 2_000);
    }
    tally.merge();
    // Ninety days on every strike against the channel and the account is too old; what was done is not.
    for number in 0..3 {
        let time = TODAY + 91 * DAY + number;
        post_through(&mut tally, &rules, (&format!("q{number}"), "bread"), time);
        let issuer = Issuer::public();
        let other = Signal::Strike(Strike {
            subject: crate::event::Subject {
                kind: "channel".to_owned(),
                id: "c2".to_owned(),
                revision: 0,
                channel: None,
                author: None,
            },
            ..some_strike(&rules, time)
        });
        tally.apply(
            other,
            &ruling(rules.rule("fraud.one"), &issuer),
            &mut Brake::default(),
            &mut Vec::new(),
        );
        tally.merge();
    }
    assert_eq!(tally.entries(), 2, "one strike against c2, one row of what was done to c1");
}

/// A strike of `fraud.one`.
fn some_strike(rules: &RuleSet, time_ms: i64) -> Strike {
    let json = br#"{"id":"s","channel":{"id":"c9"},"text":"zorb"}"#;
    let screened = screen(Some(json), rules, &Reading::default()).unwrap();
    let origin = crate::screen::Origin {
        issuer: &Issuer::public(),
        source: Source { topic: "posts", partition: 0, offset: 0, time_ms },
        traceparent: None,
        decided_at_ms: time_ms,
        signal_partitions: 1,
    };
    let mut out = Vec::new();
    screened.emit(rules, origin, &mut out);
    let signals = out.iter().filter(|record| record.topic == Topic::Signals);
    let mut read = signals.map(|it| crate::event::signal::read(it.value.as_deref().unwrap()));
    match read.next() {
        Some(Ok(Signal::Strike(strike))) => strike,
        other => unreachable!("{other:?}"),
    }
}

#[test]
fn a_removed_channel_is_restricted_only_for_longer_than_it_is_removed() {
    let rules = striking(
        &(rule_of("spam.gone", "gone", "{remove_channel: {for: 10d}}")
            + &rule_of("spam.week", "week", "{restrict_channel: {for: 7d}}")
            + &rule_of("spam.look", "look", "{refer: {subject: channel, queue: q}}")),
    );
    let mut tally = Tally::new(1, ROWS_MAX);
    let mut post = |word, time| {
        let id = format!("{word}{time}");
        post_through(&mut tally, &rules, (&id, word), time)
    };
    assert_eq!(short(&post("gone", TODAY)), [("remove_channel", 0)]);
    assert_eq!(short(&post("week", TODAY)), [], "it is away for longer");
    assert_eq!(short(&post("week", TODAY + 3 * DAY)), [], "both end together");
    assert_eq!(short(&post("look", TODAY + 3 * DAY)), [("q", 0)], "people are asked besides");
    let week = post("week", TODAY + 3 * DAY + 1);
    assert_eq!(short(&week), [("restrict_channel", 0)], "it goes on after that");
    assert_eq!(short(&post("gone", TODAY + 4 * DAY)), [], "once");
    assert_eq!(short(&post("gone", TODAY + 10 * DAY)), [("remove_channel", 1)], "run out");
    assert_eq!(short(&post("week", TODAY + 10 * DAY + 1)), [], "and away again");
}

#[test]
fn a_revision_is_never_dropped_for_want_of_room() {
    let rules = striking("");
    let (issuer, mut tally) = (Issuer::public(), Tally::new(1, 1));
    for (channel, revision) in [("c1", 1), ("c2", 0), ("c3", 2)] {
        let value = format!(
            r#"{{"v":1,"revision":{revision},"acts":[{{"action":"restrict_channel","detail":"","time_ms":5,"until_ms":6}}]}}"#
        );
        let key = format!(r#"["acts","channel/{channel}",0]"#);
        tally.restore(key.as_bytes(), Some(value.as_bytes())).unwrap();
    }
    let mut dropped = Vec::new();
    for _ in 0..3 {
        // Nobody strikes without a rule: all that happens is that room is made.
        let strike = Signal::Strike(some_strike(&rules, TODAY));
        tally.apply(strike, &ruling(None, &issuer), &mut Brake::default(), &mut Vec::new());
        tally.flush(&mut dropped);
        tally.merge();
    }
    assert_eq!(tally.entries(), 2, "one too many, and both stay");
    let keys: Vec<_> = dropped.iter().map(|row| row.key.as_deref().unwrap()).collect();
    assert_eq!(keys, [br#"["acts","channel/c2",0]"#]);
}

#[test]
fn a_late_strike_drives_out_no_newer_one() {
    let rules = striking("");
    let (mut tally, mut written) = (Tally::new(1, ROWS_MAX), Vec::new());
    for number in 0..1_000 {
        post_through(&mut tally, &rules, (&format!("p{number}"), "zorb"), TODAY + number);
    }
    tally.merge();
    post_through(&mut tally, &rules, ("late", "zorb"), TODAY - 1);
    tally.flush(&mut written);
    assert!(written.is_empty(), "{}", written.len());
    post_through(&mut tally, &rules, ("next", "zorb"), TODAY + 1_000);
    tally.flush(&mut written);
    assert_eq!(written.len(), 1, "its slot is that of the oldest");
}

/// Asks for an action on channel c1 to be undone; the event that answers, if there is one.
fn reinstate(tally: &mut Tally, action: &str, time_ms: i64) -> Option<serde_json::Value> {
    let asked = Signal::Reinstate(Reinstate {
        time_ms,
        subject: crate::event::Subject {
            kind: "channel".to_owned(),
            id: "c1".to_owned(),
            revision: 0,
            channel: None,
            author: None,
        },
        action: action.to_owned(),
        by: "ann".to_owned(),
        reason: "an appeal".to_owned(),
        request: "rq_0000000000000001".to_owned(),
    });
    let mut out = Vec::new();
    let applied =
        tally.apply(asked, &ruling(None, &Issuer::public()), &mut Brake::default(), &mut out);
    assert_eq!((applied.reinstated, out.len()), (Some(!out.is_empty()), out.len().min(1)));
    let event = out.first()?;
    assert_eq!((event.topic, event.key.as_deref()), (Topic::Takedowns, Some(&b"c1"[..])));
    Some(serde_json::from_slice(event.value.as_deref().unwrap()).unwrap())
}

#[test]
fn what_a_person_undoes_can_be_done_anew_under_another_id_and_its_strikes_are_forgotten() {
    let rules = striking("");
    let (mut tally, mut written) = (Tally::new(1, ROWS_MAX), Vec::new());
    assert_eq!(reinstate(&mut tally, "restrict_channel", TODAY), None, "nothing was done");
    let mut third = Vec::new();
    for post in ["p1", "p2", "p3"] {
        third = post_through(&mut tally, &rules, (post, "blorp"), TODAY);
    }
    assert_eq!(short(&third), [("restrict_channel", 0), ("q", 0)]);
    assert_eq!(reinstate(&mut tally, "remove_channel", TODAY + 1), None, "another action");
    assert_eq!(reinstate(&mut tally, "restrict_channel", TODAY + 7 * DAY), None, "it has run out");
    let event = reinstate(&mut tally, "restrict_channel", TODAY + 1).unwrap();
    assert_eq!(
        (&event["takedown"], &event["subject"]["revision"]),
        (&third[0].2.clone().into(), &0.into())
    );
    assert_eq!(reinstate(&mut tally, "restrict_channel", TODAY + 2), None, "once");
    tally.flush(&mut written);
    let mut again = Tally::new(1, ROWS_MAX);
    for row in &written {
        again.restore(row.key.as_deref().unwrap(), row.value.as_deref()).unwrap();
    }
    for post in ["p4", "p5"] {
        assert_eq!(
            post_through(&mut again, &rules, (post, "blorp"), TODAY + 3),
            [],
            "no old strike"
        );
    }
    let sixth = post_through(&mut again, &rules, ("p6", "blorp"), TODAY + 3);
    assert_eq!(short(&sixth), [("restrict_channel", 1), ("q", 1)]);
    assert_ne!(sixth[0].2, third[0].2);
    let second = reinstate(&mut again, "restrict_channel", TODAY + 4).unwrap();
    assert_eq!(
        (&second["takedown"], &second["subject"]["revision"]),
        (&sixth[0].2.clone().into(), &1.into())
    );
    assert_ne!(second["id"], event["id"]);
}

/// The rule `fraud.counted`, or one that acts at once, with a limit of two channels an hour.
fn limited(then: &str, is_counting: bool) -> RuleSet {
    let limit = format!(
        "{{by: author.id, at_least: 2, within: 1h}}\nlimit: {{channels: 2, within: 1h, then: {then}}}"
    );
    let rules = rule_set(&limit, "live");
    if is_counting {
        return rules;
    }
    let rule = Rule { count: None, ..rules.rule("fraud.counted").unwrap().clone() };
    RuleSet::build(vec![rules::Pack {
        name: "p".to_owned(),
        version: "1".to_owned(),
        owner: String::new(),
        description: String::new(),
        rules: vec![rule],
        escalations: Vec::new(),
    }])
    .unwrap()
}

/// What a worker does with (channel, time) of a rule, by its own brake.
fn brake(brake: &mut Brake, rules: &RuleSet, rows: &[(&str, i64)]) -> Vec<Option<Tripped>> {
    let rule = rules.rule("fraud.counted").unwrap();
    rows.iter()
        .map(|(channel, time)| brake.admit(rule, channel, (*time, TODAY + 9 * HOUR)))
        .collect()
}

/// What the owner of the limit hears at the commit.
fn told(brake: &Brake) -> Vec<Did> {
    let did = brake.signals().into_iter().map(|signal| match signal {
        Signal::Did(did) => did,
        other => unreachable!("{other:?}"),
    });
    did.collect()
}

#[test]
fn a_worker_stops_a_rule_at_its_limit_by_itself_and_lets_it_go_on_where_it_was() {
    let rules = limited("restrict", false);
    let mut own = Brake::default();
    let held = Some(Tripped::Restrict);
    let rows = [
        ("c1", TODAY),
        ("c2", TODAY + 1),
        ("c3", TODAY + 2),
        ("c1", TODAY + 3),
        // c2 has left the window, c1 not.
        ("c3", TODAY + 1 + HOUR),
        ("c4", TODAY + 2 + HOUR),
    ];
    assert_eq!(brake(&mut own, &rules, &rows), [None, None, held, None, None, held]);
    // A record from the future moves nothing: by the clock it is nine hours later at most.
    let mut own = Brake::default();
    brake(&mut own, &rules, &[("c1", TODAY + 9 * HOUR), ("c2", i64::MAX)]);
    assert_eq!(brake(&mut own, &rules, &[("c3", TODAY + 9 * HOUR)]), [held]);
    let alert = limited("alert", false);
    let all = brake(&mut Brake::default(), &alert, &rows[..3]);
    assert_eq!(all, [None; 3], "it goes on, and somebody is told");
}

#[test]
fn the_owner_hears_each_thing_once_in_a_while_and_anew_after_an_abort() {
    let rules = limited("restrict", false);
    let mut own = Brake::default();
    let first = [("c1", TODAY), ("c1", TODAY + 1), ("c2", TODAY + 2), ("c3", TODAY + 3)];
    brake(&mut own, &rules, &first);
    let did = Did {
        rule: "fraud.counted".to_owned(),
        time_ms: TODAY + 3,
        things: ["c1", "c2", "c3"].map(str::to_owned).to_vec(),
    };
    assert_eq!(
        told(&own),
        std::slice::from_ref(&did),
        "what was held back, too: or nobody would trip"
    );
    own.discard();
    brake(&mut own, &rules, &first);
    assert_eq!(told(&own), [did]);
    own.merge();
    brake(&mut own, &rules, &[("c1", TODAY + 4), ("c4", TODAY + 5)]);
    assert_eq!(told(&own), [], "more than the limit it has heard already");
    brake(&mut own, &rules, &[("c1", TODAY + HOUR / 8)]);
    assert_eq!(told(&own).len(), 1, "or the owner would forget it");
    let rule = rules.rule("fraud.counted").unwrap();
    let tripped = Rule { held: Some(Tripped::Restrict), tripped: true, ..rule.clone() };
    own.follow(&[tripped]);
    assert_eq!(
        brake(&mut own, &rules, &[("c7", TODAY + HOUR / 8)]),
        [None],
        "counts anew once lifted"
    );
}

/// The owner of the limit hears what several workers did; the controls that it writes.
fn hear(tally: &mut Tally, rule: &Rule, rows: &[(&str, i64)]) -> Vec<serde_json::Value> {
    let issuer = Issuer::public();
    let mut out = Vec::new();
    for (channel, time_ms) in rows {
        let (rule_id, things) = (rule.id.clone(), vec![(*channel).to_owned()]);
        let did = Signal::Did(Did { rule: rule_id, time_ms: *time_ms, things });
        let ruling = Ruling { decided_at_ms: TODAY + 9 * HOUR, ..ruling(Some(rule), &issuer) };
        tally.apply(did, &ruling, &mut Brake::default(), &mut out);
    }
    let controls = out.iter().map(|record| {
        assert_eq!((record.topic, record.partition), (Topic::Controls, Some(0)));
        assert_eq!(record.key.as_deref(), Some(rule.id.as_bytes()));
        serde_json::from_slice(record.value.as_deref().unwrap()).unwrap()
    });
    controls.collect()
}

#[test]
fn a_limit_trips_once_over_all_workers_and_counts_anew_once_it_is_lifted() {
    let rules = limited("restrict", false);
    let rule = rules.rule("fraud.counted").unwrap();
    let mut tally = Tally::new(1, ROWS_MAX);
    let within = [("c1", TODAY), ("c2", TODAY + 1), ("c1", TODAY + 2)];
    assert_eq!(hear(&mut tally, rule, &within), [] as [serde_json::Value; 0]);
    // One hour on, the first two have left the window.
    assert!(hear(&mut tally, rule, &[("c3", TODAY + 1 + HOUR)]).is_empty());
    let mut written = Vec::new();
    tally.flush(&mut written);
    tally.merge();
    let mut tally = restored(&written, ROWS_MAX);
    let tripped = hear(&mut tally, rule, &[("c4", TODAY + 2 + HOUR), ("c5", TODAY + 3)]);
    assert!(tripped.is_empty(), "a late one, of another hour: {tripped:?}");
    let tripped = hear(&mut tally, rule, &[("c5", TODAY + 2 + HOUR)]);
    assert_eq!(tripped.len(), 1);
    assert_eq!((&tripped[0]["cap"], &tripped[0]["by"]), (&"restrict".into(), &"tidegate".into()));
    assert_eq!(tripped[0]["reason"], "acted on more than 2 channels within 3600 s");
    assert!(tripped[0]["status"].is_null() && tripped[0]["tripped"].is_string());
    // While it is held back nothing counts; once that is lifted, from nothing on.
    let held = Rule { held: Some(Tripped::Restrict), tripped: true, ..rule.clone() };
    assert!(
        hear(&mut tally, &held, &[("c6", TODAY + 3 + HOUR), ("c7", TODAY + 3 + HOUR)]).is_empty()
    );
    assert!(
        hear(&mut tally, rule, &[("c6", TODAY + 4 + HOUR), ("c7", TODAY + 4 + HOUR)]).is_empty()
    );
    assert_eq!(hear(&mut tally, rule, &[("c8", TODAY + 4 + HOUR)]).len(), 1);
    // What was tripped in a transaction that did not happen has not been.
    tally.merge();
    assert!(hear(&mut tally, rule, &within[..2]).is_empty());
    tally.discard();
    assert!(hear(&mut tally, rule, &within).is_empty());
}

#[test]
fn what_a_count_acts_on_is_held_back_above_the_limit() {
    for (then, topic, action) in [
        ("restrict", Topic::Takedowns, "restrict_post"),
        ("refer", Topic::Reviews, "refer"),
        ("shadow", Topic::Shadow, "remove_post"),
        ("alert", Topic::Takedowns, "remove_post"),
    ] {
        let rules = limited(then, true);
        let (mut tally, mut own) = (Tally::new(4, ROWS_MAX), Brake::default());
        let mut post = |post: &str, channel: &str, rule: &Rule| -> Vec<(Topic, String)> {
            let mut out = Vec::new();
            let signal = signal(&rules, post, channel, TODAY);
            tally.apply(signal, &ruling(Some(rule), &Issuer::public()), &mut own, &mut out);
            let told = out.iter().map(|record| {
                let event: serde_json::Value =
                    serde_json::from_slice(record.value.as_deref().unwrap()).unwrap();
                let is_limited = event["causes"][0]["limited"] == true;
                assert_eq!(is_limited, post == "p5" || post == "p3" && then != "alert");
                (record.topic, event["action"].as_str().unwrap().to_owned())
            });
            told.collect()
        };
        let rule = rules.rule("fraud.counted").unwrap();
        let removed = (Topic::Takedowns, "remove_post".to_owned());
        assert_eq!(post("p1", "c1", rule), []);
        assert_eq!(post("p2", "c2", rule), [removed.clone(), removed.clone()]);
        assert_eq!(post("p3", "c3", rule), [(topic, action.to_owned())], "{then}");
        assert_eq!(
            post("p4", "c1", rule),
            std::slice::from_ref(&removed),
            "{then}: where it was already"
        );
        let held = Rule { held: Some(Tripped::Refer), tripped: true, ..rule.clone() };
        assert_eq!(post("p5", "c1", &held), [(Topic::Reviews, "refer".to_owned())], "{then}");
    }
}
