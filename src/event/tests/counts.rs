//! Signals and state: what counters get, and what comes back from them.

use serde_json::{Value, json};

use super::{
    Case, CountBy, DECIDED_MS, PARTITIONS, PLANTED, SubjectKind, TIME_MS, Topic, asking, causes,
    check, check_outgoing, counting, label, refer, rule, shadow, value,
};
use crate::event::signal::{self, Counting, ReadError, Signal};
use crate::event::state::{self, StateKey, StateValue};
use crate::event::{Issuer, Waiting};
use crate::record::partition_of;
use crate::rules::{Rule, Status};

fn domains(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn signals(case: &Case) -> Vec<Counting> {
    let out = case.emit();
    let signals = out.iter().filter(|out| out.topic == Topic::Signals);
    let read = signals.map(|out| signal::read(out.value.as_deref().unwrap()).unwrap());
    read.map(|signal| match signal {
        Signal::Counting(counting) => counting,
        other => unreachable!("{other:?}"),
    })
    .collect()
}

#[test]
fn a_counting_rule_sends_a_signal_for_each_key_and_value() {
    use CountBy::{Author, Channel, LinksDomain, Post};
    let issuer = Case::new([]).issuer;
    let (x, y, post) =
        (issuer.domain("x.example"), issuer.domain("y.example"), issuer.post("c1", "p1"));
    let table = [
        (Author, Channel, vec![("a1", "c1")]),
        (Channel, Author, vec![("c1", "a1")]),
        (Author, Post, vec![("a1", &*post)]),
        (Post, Channel, vec![(&*post, "c1")]),
        (LinksDomain, Author, vec![(&*x, "a1"), (&*y, "a1")]),
        (Author, LinksDomain, vec![("a1", &*x), ("a1", &*y)]),
    ];
    for (by, different, want) in table {
        let mut case = Case::new([counting("n", by, different)]);
        case.domains = domains(&["x.example", "y.example", "x.example"]);
        let got = signals(&case);
        let pairs: Vec<(&str, &str)> = got.iter().map(|s| (&*s.key, &*s.value)).collect();
        assert_eq!(pairs, want, "{by:?} {different:?}");
        for signal in &got {
            assert_eq!((&*signal.rule, signal.time_ms), ("n", TIME_MS));
            let cause = &signal.candidates[0].event.basis().causes[0];
            let count = serde_json::to_value(cause.count.as_ref().unwrap()).unwrap();
            let want = json!({"by": by.name(), "key": signal.key, "different": different.name(),
                "at_least": 3, "within_ms": 600_000});
            assert_eq!(count, want);
        }
        let emitted = case.emit();
        assert_eq!(emitted.len(), got.len());
        for (out, signal) in emitted.iter().zip(&got) {
            assert_eq!(out.key.as_deref(), Some(signal.key.as_bytes()));
            assert_eq!(out.partition, Some(partition_of(signal.key.as_bytes(), PARTITIONS)));
            assert_eq!(out.headers, []);
            assert_eq!(out, &Signal::Counting(signal.clone()).to_outgoing(PARTITIONS));
            check_outgoing(out);
        }
    }
}

#[test]
fn an_absent_field_gives_no_signal() {
    use CountBy::{Author, Channel, LinksDomain};
    for (by, different) in
        [(Author, Channel), (Channel, Author), (LinksDomain, Channel), (Channel, LinksDomain)]
    {
        for author in [None, Some("".into())] {
            let mut case = Case::new([counting("n", by, different)]);
            case.post.author.as_mut().unwrap().id = author;
            assert_eq!(case.emit(), [], "{by:?} {different:?}");
        }
    }
}

#[test]
fn domains_are_counted_up_to_their_limit() {
    let mut case = Case::new([counting("n", CountBy::LinksDomain, CountBy::Channel)]);
    case.domains = (0..65).map(|index| format!("d{index}.example")).collect();
    let got = signals(&case);
    assert_eq!(got.len(), 64);
    assert_eq!(got[63].key, case.issuer.domain("d63.example"));
    case.domains.truncate(63);
    assert_eq!(signals(&case).len(), 63);
}

#[test]
fn counting_rules_stand_apart_from_direct_ones_and_count_in_shadow_too() {
    let actions = [label("x"), refer("q", SubjectKind::Post, None)];
    let counted =
        |id| Rule { actions: actions.to_vec(), ..counting(id, CountBy::Author, CountBy::Post) };
    let case = Case::new([rule("direct"), counted("live"), shadow(counted("quiet"))]);
    let values = case.values();
    let topics: Vec<Topic> = values.iter().map(|(topic, _)| *topic).collect();
    assert_eq!(topics, [Topic::Takedowns, Topic::Signals, Topic::Signals]);
    assert_eq!(causes(&values[0].1), ["direct"]);
    let got = signals(&case);
    assert_eq!((&*got[0].rule, &*got[1].rule), ("live", "quiet"));
    for signal in got {
        assert_eq!(signal.candidates.len(), 2);
        assert!(signal.candidates.iter().all(|one| one.event.basis().causes.len() == 1));
        assert!(signal.candidates.iter().all(|one| one.event.basis().decided_at.is_none()));
    }
}

#[test]
fn a_candidate_acts_as_its_rule_stands_when_the_count_is_reached() {
    let actions = [label("x"), refer("q", SubjectKind::Post, None)];
    for status in [rule("n").status, shadow(rule("n")).status] {
        let counted = counting("n", CountBy::Author, CountBy::Post);
        let case = Case::new([Rule { status, actions: actions.to_vec(), ..counted }]);
        let direct = Case::new([asking("n", actions.clone())]).emit();
        let would = Case::new([shadow(asking("n", actions.clone()))]).emit();
        let signal = signals(&case).remove(0);
        for (index, candidate) in signal.candidates.into_iter().enumerate() {
            let turns = [(Status::Live, true, &direct), (Status::Shadow, false, &would)];
            for (status, live, like) in turns {
                let like = &like[index];
                let out = candidate.clone().as_of(status).into_outgoing(DECIDED_MS, live);
                check_outgoing(&out);
                // But for the counter, the event that one post would have given.
                assert_eq!(
                    (out.topic, &out.key, &out.headers),
                    (like.topic, &like.key, &like.headers)
                );
                let (mut event, mut like) = (value(&out), value(like));
                let cause = event["causes"][0].as_object_mut().unwrap();
                assert_eq!(cause.remove("count").unwrap()["key"], "a1");
                assert_eq!(cause["kind"], "count");
                cause["kind"] = Value::Null;
                like["causes"][0]["kind"] = Value::Null;
                assert_eq!(event, like);
            }
            let later = candidate.into_outgoing(DECIDED_MS + 1, true);
            assert_eq!(value(&later)["decided_at"], "2026-11-24T10:00:01.001Z");
        }
    }
}

fn state_value() -> StateValue {
    let case = Case::new([counting("n", CountBy::Author, CountBy::Post)]);
    let Counting { value, time_ms, candidates, strikes, .. } = signals(&case).remove(0);
    StateValue { value, time_ms, waiting: Waiting::of(&candidates, &strikes), acted: true }
}

#[test]
fn state_comes_back_as_it_was_written() {
    let key = StateKey { rule: "n.x".to_owned(), key: "a\"1".to_owned(), slot: 7 };
    assert_eq!(key.to_bytes(), br#"["n.x","a\"1",7]"#);
    assert_eq!(state::read_key(&key.to_bytes()), Ok(key.clone()));
    for acted in [true, false] {
        let kept = StateValue { acted, ..state_value() };
        let out = key.to_outgoing(Some(kept.to_bytes()), PARTITIONS);
        assert_eq!(
            (out.topic, out.partition),
            (Topic::State, Some(partition_of(b"a\"1", PARTITIONS)))
        );
        assert_eq!(out.key, Some(key.to_bytes()));
        check_outgoing(&out);
        assert_eq!(state::read_value(out.value.as_deref().unwrap()), Ok(kept));
    }
    assert_eq!(key.to_outgoing(None, PARTITIONS).value, None);
}

#[test]
fn what_waits_comes_back_and_what_cannot_be_read_never_waits() {
    let strike = Some(crate::rules::Strike { channel: 2, author: 1 });
    let case = Case::new([Rule { strike, ..counting("n", CountBy::Author, CountBy::Post) }]);
    let Counting { value, time_ms, candidates, strikes, .. } = signals(&case).remove(0);
    assert!(!candidates.is_empty() && !strikes.is_empty());
    let waiting = Waiting::of(&candidates, &strikes);
    let record = StateValue { value, time_ms, waiting, acted: false }.to_bytes();
    let kept = state::read_value(&record).unwrap();
    assert_eq!(kept.waiting.open(), (candidates.clone(), strikes));
    assert!(kept.waiting.is_same(&Waiting::of(&candidates, &[])));
    assert!(!kept.waiting.is_same(&Waiting::of(&[], &[])));
    let record: Value = serde_json::from_slice(&record).unwrap();
    for list in ["candidates", "strikes"] {
        let mut broken = record.clone();
        broken[list][0] = json!({"no": "such thing"});
        let read = state::read_value(broken.to_string().as_bytes());
        assert!(matches!(read, Err(ReadError::Json { what, .. }) if what == list), "{read:?}");
    }
}

#[test]
fn readers_ignore_unknown_fields_and_name_newer_versions() {
    let case = Case::new([counting("n", CountBy::Author, CountBy::Post)]);
    let sent = value(&case.emit()[0]);
    let kept = serde_json::from_slice(&state_value().to_bytes()).unwrap();
    let with = |base: &Value, name: &str, new: Value| {
        let mut record = base.clone();
        record[name] = new;
        record.to_string().into_bytes()
    };
    assert_eq!(
        signal::read(&with(&sent, "new", json!(1))),
        signal::read(sent.to_string().as_bytes())
    );
    assert_eq!(state::read_value(&with(&kept, "new", json!(1))), Ok(state_value()));
    let newer = |what| ReadError::Version { what, found: 2 };
    // A newer version is named even where nothing else can be read.
    assert_eq!(signal::read(b"{\"v\":2}"), Err(newer("signal")));
    assert_eq!(signal::read(&with(&sent, "v", json!(2))), Err(newer("signal")));
    assert_eq!(state::read_value(&with(&kept, "v", json!(2))), Err(newer("state value")));
    assert_eq!(signal::read(&with(&sent, "kind", json!("later"))), Err(ReadError::Kind));
}

#[test]
fn errors_of_readers_name_the_place_and_not_the_content() {
    let table = [
        (signal::read(b"").err(), "signal: not the JSON of this version, at line 1 column 0"),
        (
            signal::read(b"{\"v\":1,\"kind\":\"candidate\",\"rule\":\"zqplantedzq\"}").err(),
            "signal: not the JSON of this version, at line 1 column 47",
        ),
        (
            state::read_key(b"[\"zqplantedzq\"]").err(),
            "state key: not the JSON of this version, at line 1 column 15",
        ),
        (
            state::read_value(b"{\"v\":\"zqplantedzq\"}").err(),
            "state value: not the JSON of this version, at line 1 column 18",
        ),
        (
            signal::read(b"{\"v\":9}").err(),
            "signal: version 9, this program reads up to 1; update it first",
        ),
    ];
    for (fault, want) in table {
        assert_eq!(fault.unwrap().to_string(), want);
    }
}

#[test]
fn no_text_of_posts_lists_or_links_leaves_but_as_ids() {
    let all = [
        rule("a"),
        shadow(rule("b")),
        asking("c", [refer("q", SubjectKind::Account, None), label("x")]),
        counting("d", CountBy::LinksDomain, CountBy::LinksDomain),
        shadow(counting("e", CountBy::Author, CountBy::LinksDomain)),
    ];
    let mut case = Case::new(all);
    case.domains = vec![format!("{PLANTED}.example")];
    case.traceparent = Some(PLANTED.into());
    case.post.lang = Some(PLANTED.into());
    case.post.channel.title = Some(PLANTED.into());
    case.post.author.as_mut().unwrap().name = Some(PLANTED.into());
    let mut out = case.emit();
    assert_eq!(out.len(), 6);
    for signal in signals(&case) {
        let Counting { rule, key, value, time_ms, candidates, strikes } = signal;
        let key = StateKey { rule, key, slot: 0 };
        let waiting = Waiting::of(&candidates, &strikes);
        let kept = StateValue { value, time_ms, waiting, acted: false };
        out.push(key.to_outgoing(Some(kept.to_bytes()), 1));
        out.extend(candidates.into_iter().map(|one| one.into_outgoing(DECIDED_MS, true)));
    }
    for out in &out {
        assert!(!super::tells(out), "{}", String::from_utf8_lossy(&super::bytes(out)));
        check_outgoing(out);
    }
    let verdict = case.with(|decision| super::verdict_of(decision, &Issuer::public()));
    assert!(!verdict.to_string().contains(PLANTED));
    check("verdict", &verdict);
}
