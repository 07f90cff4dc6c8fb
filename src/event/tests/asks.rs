//! Who asks for what: causes, scope, until, due, order, evidence.

use serde_json::{Value, json};

use super::{
    ActionKind, Case, CountBy, DAY_MS, PARTITIONS, Scope, Severity, Source, SubjectKind, TIME_MS,
    Topic, act, asking, causes, check_outgoing, counting, header, label, lasting, pattern, refer,
    rule, shadow,
};
use crate::event::{Decision, emit};
use crate::rules::{Exempt, HashKind, LinkPattern, PatternKind, PostField, Rule, Share, Status};
use crate::score::{Fired, Hit, Hits, PatternId, Spot, Verdict};

#[test]
fn all_live_rules_that_ask_the_same_stand_in_one_event_most_severe_first() {
    let severe = |id, severity| Rule { severity, ..rule(id) };
    let case = Case::new([
        severe("b", Severity::Medium),
        asking("c", [act(ActionKind::RestrictPost)]),
        severe("d", Severity::Critical),
        severe("a", Severity::Medium),
        shadow(severe("s", Severity::Critical)),
        Rule { status: Status::Draft, ..rule("draft") },
    ]);
    let values = case.values();
    let got: Vec<(Topic, &str, Vec<&str>)> = values
        .iter()
        .map(|(topic, event)| (*topic, event["action"].as_str().unwrap(), causes(event)))
        .collect();
    let want = [
        (Topic::Takedowns, "remove_post", vec!["d", "a", "b"]),
        (Topic::Takedowns, "restrict_post", vec!["c"]),
        (Topic::Shadow, "remove_post", vec!["s"]),
    ];
    assert_eq!(got, want);
    assert_eq!(values[0].1["causes"][0]["status"], "live");
    assert_eq!(values[0].1.get("would"), None);
    assert_eq!(values[2].1["causes"][0]["status"], "shadow");
    assert_eq!(values[2].1["would"], true);
}

#[test]
fn a_canary_acts_in_its_share_of_the_channels_and_would_elsewhere() {
    let canary =
        |id: &str, parts| Rule { status: Status::Canary(Share::new(parts).unwrap()), ..rule(id) };
    let mut case = Case::new([rule("a"), canary("b", 5_000), shadow(rule("c"))]);
    let mut seen = [false; 2];
    for channel in 0..20 {
        let channel = format!("c{channel}");
        case.post.channel.id = channel.clone().into();
        let acts = Share::new(5_000).unwrap().holds("b", &channel);
        seen[usize::from(acts)] = true;
        let values = case.values();
        let got: Vec<(Topic, Vec<&str>)> =
            values.iter().map(|(topic, event)| (*topic, causes(event))).collect();
        let want = match acts {
            true => [(Topic::Takedowns, vec!["a", "b"]), (Topic::Shadow, vec!["c"])],
            false => [(Topic::Takedowns, vec!["a"]), (Topic::Shadow, vec!["b", "c"])],
        };
        assert_eq!(got, want, "{channel}");
        let statuses = |of: usize| -> Vec<&str> {
            let causes = values[of].1["causes"].as_array().unwrap();
            causes.iter().map(|cause| cause["status"].as_str().unwrap()).collect()
        };
        let both = [statuses(0), statuses(1)].concat();
        assert_eq!(both, ["live", "canary", "shadow"], "{channel}");
        for out in case.emit() {
            check_outgoing(&out);
        }
    }
    assert_eq!(seen, [true; 2]);
}

#[test]
fn a_rule_spares_the_channels_it_exempts_until_the_day_begins() {
    let exempt = |channel: &str, until_ms| {
        let channels = vec!["a".to_owned(), channel.to_owned(), "z".to_owned()];
        Some(Exempt { channels, until: String::new(), until_ms })
    };
    let counted = counting("n", CountBy::Author, CountBy::Post);
    let table = [
        (exempt("c1", TIME_MS + 1), true),
        (exempt("c1", TIME_MS), false),
        (exempt("c11", TIME_MS + 1), false),
        (None, false),
    ];
    for (exempt, spared) in table {
        for like in [rule("b"), shadow(rule("b")), counted.clone()] {
            let case = Case::new([Rule { exempt: exempt.clone(), ..like }]);
            assert_eq!(case.emit().is_empty(), spared, "{exempt:?}");
            let verdict = case.with(|decision| super::verdict_of(decision, &case.issuer));
            // The condition holds all the same.
            assert_eq!(verdict["rules"][0]["fires"], true);
        }
    }
}

#[test]
fn labels_and_queues_and_subjects_are_asked_for_apart() {
    let actions = [
        label("x"),
        label("y"),
        refer("p", SubjectKind::Post, None),
        refer("q", SubjectKind::Post, None),
        refer("q", SubjectKind::Channel, None),
        refer("q", SubjectKind::Account, None),
    ];
    let case = Case::new([asking("a", actions.clone()), asking("b", actions)]);
    let rows: Vec<Value> = case
        .values()
        .into_iter()
        .map(|(topic, event)| {
            assert_eq!(causes(&event), ["a", "b"]);
            let detail = event.get("label").or(event.get("queue")).cloned();
            json!([topic.name(), event["subject"]["kind"], event["subject"]["id"], detail])
        })
        .collect();
    // What is about the post itself first: the others go to their owners.
    let want = [
        json!(["reviews", "post", "p1", "q"]),
        json!(["reviews", "post", "p1", "p"]),
        json!(["takedowns", "post", "p1", "y"]),
        json!(["takedowns", "post", "p1", "x"]),
        json!(["reviews", "account", "a1", "q"]),
        json!(["reviews", "channel", "c1", "q"]),
    ];
    assert_eq!(rows, want);
}

#[test]
fn the_key_is_the_subject_and_a_post_stands_in_for_an_unknown_author() {
    for (author, kind, id) in [("a1", "account", "a1"), ("", "post", "p1")] {
        let mut case = Case::new([asking("a", [refer("q", SubjectKind::Account, None)])]);
        case.post.author.as_mut().unwrap().id = Some(author.into());
        let out = case.emit();
        assert_eq!(out[0].key.as_deref(), Some(id.as_bytes()));
        let want = format!("{kind}/{id}");
        assert_eq!(header(&out[0], "ce_subject"), Some(want.as_str()));
        assert_eq!(super::value(&out[0])["subject"]["kind"], kind);
    }
}

#[test]
fn until_is_the_latest_and_null_where_one_is_permanent() {
    let days = |days: Option<i64>| match days {
        Some(days) => lasting(ActionKind::RemovePost, days),
        None => act(ActionKind::RemovePost),
    };
    let date = |day: i64| format!("2026-11-{:02}T10:00:00.250Z", 24 + day);
    let date = |day: Option<i64>| day.map(date).map_or(Value::Null, Value::String);
    let table = [
        (Some(1), Some(3), Some(3)),
        (Some(3), Some(1), Some(3)),
        (None, Some(3), None),
        (Some(3), None, None),
        (None, None, None),
    ];
    for (a, b, want) in table {
        let event = Case::new([asking("a", [days(a)]), asking("b", [days(b)])]).only();
        assert_eq!(event["until"], date(want), "{a:?} {b:?}");
        assert_eq!(event["causes"][0]["until"], date(a));
        assert_eq!(event["causes"][1]["until"], date(b));
        // One rule that asks twice is one cause, for the longer time.
        let event = Case::new([asking("a", [days(a), days(b)])]).only();
        assert_eq!((causes(&event), &event["until"]), (vec!["a"], &date(want)));
        assert_eq!(event["causes"][0]["until"], date(want));
    }
}

#[test]
fn due_is_the_earliest_that_a_cause_asks_for() {
    let due = |days: Option<i64>| refer("q", SubjectKind::Post, days.map(|days| days * DAY_MS));
    let table = [
        (Some(1), Some(3), "2026-11-25T10:00:00.250Z"),
        (Some(3), Some(1), "2026-11-25T10:00:00.250Z"),
        (None, Some(3), "2026-11-27T10:00:00.250Z"),
        (Some(3), None, "2026-11-27T10:00:00.250Z"),
    ];
    for (a, b, want) in table {
        let event = Case::new([asking("a", [due(a)]), asking("b", [due(b)])]).only();
        assert_eq!(event["due"], want, "{a:?} {b:?}");
        assert_eq!((&event["until"], &event["purpose"]), (&Value::Null, &json!("refer")));
    }
    assert_eq!(Case::new([asking("a", [due(None)])]).only()["due"], Value::Null);
}

#[test]
fn scope_is_the_union_of_the_causes() {
    let list = |text: &str| text.split_whitespace().map(str::to_owned).collect();
    let scoped = |id, scope| Rule { scope, ..rule(id) };
    let event = Case::new([
        scoped("a", Scope::Only(list("FR"))),
        scoped("b", Scope::Only(list("BE"))),
        scoped("c", Scope::Except(list("BE DE"))),
    ])
    .only();
    assert_eq!(event["scope"], json!({"except": ["DE"]}));
    assert_eq!(event["causes"][0]["scope"], json!({"only": ["FR"]}));
    assert_eq!(event["causes"][2]["scope"], json!({"except": ["BE", "DE"]}));
    let event = Case::new([scoped("a", Scope::Only(list("FR"))), rule("b")]).only();
    assert_eq!(event["scope"], "worldwide");
}

#[test]
fn more_causes_than_an_event_holds_go_on_under_the_same_id_with_the_whole_union() {
    let mut rules: Vec<Rule> = (0..33).map(|index| rule(&format!("r{index:02}"))).collect();
    for rule in &mut rules {
        rule.scope = Scope::Only(vec!["FR".to_owned()]);
        rule.actions = vec![lasting(ActionKind::RemovePost, 1)];
    }
    rules[32].scope = Scope::Only(vec!["DE".to_owned()]);
    rules[32].actions = vec![lasting(ActionKind::RemovePost, 2)];
    let values = Case::new(rules.clone()).values();
    assert_eq!(values.len(), 2);
    assert_eq!(values[0].1["id"], values[1].1["id"]);
    assert_eq!(causes(&values[0].1).len(), 32);
    assert_eq!(causes(&values[1].1), ["r32"]);
    for (_, event) in values {
        assert_eq!(event["scope"], json!({"only": ["DE", "FR"]}));
        assert_eq!(event["until"], "2026-11-26T10:00:00.250Z");
    }
    rules.pop();
    assert_eq!(Case::new(rules).values().len(), 1);
}

#[test]
fn times_beyond_the_calendar_stop_at_its_ends() {
    let table = [
        (i64::MAX, "9999-12-30T00:00:00.000Z"),
        (i64::MIN, "0000-01-01T00:00:00.000Z"),
        (-1, "1969-12-31T23:59:59.999Z"),
        (TIME_MS, "2026-11-24T10:00:00.250Z"),
    ];
    for (ms, want) in table {
        let mut case = Case::new([asking("a", [lasting(ActionKind::RemovePost, 0)])]);
        case.time_ms = ms;
        let event = case.only();
        assert_eq!((&event["source"]["time"], &event["until"]), (&json!(want), &json!(want)));
    }
    let mut case = Case::new([asking("a", [lasting(ActionKind::RemovePost, 9)])]);
    case.time_ms = i64::MAX - 1;
    assert_eq!(case.only()["until"], "9999-12-30T00:00:00.000Z");
}

#[test]
fn headers_are_those_of_cloud_events() {
    let mut case = Case::new([
        rule("a"),
        shadow(rule("s")),
        asking("r", [refer("q", SubjectKind::Post, None)]),
    ]);
    case.post.id = "ю 1".into();
    let types = ["org.tidegate.takedown.v1", "org.tidegate.referral.v1", "org.tidegate.shadow.v1"];
    let out = case.emit();
    assert_eq!(out.len(), 3);
    for (out, kind) in out.iter().zip(types) {
        let id = super::value(out)["id"].as_str().unwrap().to_owned();
        let want = [
            ("ce_specversion", "1.0"),
            ("ce_id", &id),
            ("ce_type", kind),
            ("ce_source", "eu%201"),
            ("ce_subject", "post/%D1%8E%201"),
            ("ce_time", "2026-11-24T10:00:01.000Z"),
            ("content-type", "application/json"),
            ("traceparent", super::TRACE),
        ];
        let got = out.headers.iter().map(|(name, value)| {
            (name.as_ref(), std::str::from_utf8(value.as_deref().unwrap()).unwrap())
        });
        assert_eq!(got.collect::<Vec<_>>(), want);
        assert_eq!(out.partition, None);
        assert_eq!(out.key.as_deref(), Some("ю 1".as_bytes()));
    }
    for absent in [None, Some(b"anything".to_vec())] {
        case.traceparent = absent;
        assert_eq!(header(&case.emit()[0], "traceparent"), None);
    }
}

/// The evidence of one rule with these patterns, given its hits.
fn evidence(kinds: &[PatternKind], all: Vec<Hit>, softened: bool) -> Value {
    let patterns = kinds.iter().map(|kind| super::Pattern { kind: kind.clone(), ..pattern("p") });
    let rule = Rule { patterns: patterns.collect(), ..rule("a") };
    let case = Case::new([rule]);
    let evidence = (0..all.len()).chain([all.len() + 5]).collect();
    let actions = case.rules[0].actions.clone();
    let decision = Decision {
        rules: &case.rules,
        // Numbers of a rule that stands behind others.
        first: &[PatternId(100)],
        post: &case.post,
        pieces: &case.post.pieces(),
        hits: &Hits { all, values: Vec::new() },
        verdict: &Verdict {
            fired: vec![Fired { rule: 0, actions, softened, limited: None, evidence }],
            unknown: Vec::new(),
        },
        source: Source { topic: "posts", partition: 0, offset: 0, time_ms: 0 },
        traceparent: None,
        decided_at_ms: 0,
    };
    let mut out = Vec::new();
    emit(&decision, &case.issuer, PARTITIONS, &[], &mut out);
    let event = super::value(&out[0]);
    check_outgoing(&out[0]);
    assert_eq!(event["causes"][0]["softened"], softened);
    event["causes"][0]["evidence"].clone()
}

fn hit(pattern: u32, piece: usize, start: usize, entry: usize) -> Hit {
    let view = super::View::Folded;
    let pattern = PatternId(100 + pattern);
    Hit { pattern, piece, range: start..start + 2, words: 0..1, view, field: None, entry }
}

#[test]
fn evidence_names_the_line_by_its_id_and_the_place_in_the_original() {
    let list = |text: &str| Some(vec![super::Entry { text: text.to_owned() }]);
    let links = |domains, channels| {
        PatternKind::Links(LinkPattern { domains, channels, ..LinkPattern::default() })
    };
    let kinds = [
        pattern("p").kind,
        PatternKind::Regex("x".to_owned()),
        links(list("d.example"), list("chan")),
        links(None, list("chan")),
        links(None, None),
    ];
    let hits = (0..5).map(|index| hit(index, 0, 0, 0)).chain([hit(4, 1, 3, 0)]).collect();
    let got = evidence(&kinds, hits, true);
    let issuer = Case::new([]).issuer;
    let entries: Vec<Option<&str>> = got
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one.get("entry").and_then(Value::as_str))
        .collect();
    let (first, domain, chan) =
        (issuer.entry("first"), issuer.entry("d.example"), issuer.entry("chan"));
    assert_eq!(entries, [Some(&*first), None, Some(&*domain), Some(&*chan), None, None]);
    let want = json!({"pattern": "p", "part": "text", "view": "folded", "start": 0, "end": 2});
    assert_eq!(got[4], want);
    let want =
        json!({"pattern": "p", "part": "poll", "index": 1, "view": "folded", "start": 3, "end": 5});
    assert_eq!(got[5], want);
}

#[test]
fn evidence_of_fields_and_hashes_points_into_the_post() {
    let list = vec![super::Entry { text: "c1".to_owned() }];
    let kinds = [
        PatternKind::Field(PostField::ForwardChannelId, list.clone()),
        PatternKind::Media(HashKind::Sha256, list),
    ];
    let beside =
        |pattern, spot| Hit { piece: usize::MAX, field: Some(spot), ..hit(pattern, 0, 0, 0) };
    let hits = vec![
        beside(0, Spot::Field(PostField::ForwardChannelId)),
        beside(1, Spot::Medium(2, HashKind::Sha256)),
    ];
    let got = evidence(&kinds, hits, false);
    let entry = Case::new([]).issuer.entry("c1");
    let want = json!([
        {"pattern": "p", "entry": entry, "field": "/forward/channel/id"},
        {"pattern": "p", "entry": entry, "field": "/media/2/sha256"},
    ]);
    assert_eq!(got, want);
    let read: Vec<crate::event::Evidence> = serde_json::from_value(got.clone()).unwrap();
    assert_eq!(serde_json::to_value(read).unwrap(), got);
}

#[test]
fn evidence_that_points_nowhere_is_left_out() {
    let kinds = [PatternKind::Regex("x".to_owned())];
    let stray = Hit { pattern: PatternId(99), ..hit(0, 0, 0, 0) };
    let all = vec![stray, hit(0, 0, 0, 0), hit(0, 7, 0, 0), hit(1, 0, 0, 0)];
    assert_eq!(evidence(&kinds, all, false).as_array().unwrap().len(), 1);
    let list = [pattern("p").kind];
    assert_eq!(evidence(&list, vec![hit(0, 0, 0, 9)], false)[0].get("entry"), None);
}

#[test]
fn evidence_is_shared_fairly_among_patterns() {
    let kinds = |count| vec![PatternKind::Regex("x".to_owned()); count];
    let hits = |patterns: u32, each: usize| {
        (0..patterns).flat_map(|p| (0..each).map(move |at| hit(p, 0, at, 0))).collect()
    };
    for (patterns, each, want) in
        [(1, 16, 16), (1, 70, 64), (4, 16, 64), (5, 16, 60), (64, 2, 64), (70, 2, 64)]
    {
        let count = usize::try_from(patterns).unwrap();
        let got = evidence(&kinds(count), hits(patterns, each), false);
        assert_eq!(got.as_array().unwrap().len(), want, "{patterns} patterns");
        // Each is shown once before any is shown twice.
        let firsts = got.as_array().unwrap().iter().filter(|one| one["start"] == 0).count();
        assert_eq!(firsts, count.min(64));
    }
}
