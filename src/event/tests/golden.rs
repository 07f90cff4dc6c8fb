//! One of each kind, as it stands on the wire.

use super::{
    ActionKind, Case, CountBy, DAY_MS, PLANTED, Rule, Scope, SubjectKind, Value, act, asking,
    check, check_outgoing, counting, header, label, lasting, letters, pattern, refer, rule, shadow,
    value,
};
use crate::decode::{Fault, Reason};
use crate::event::control::{self, Control};
use crate::event::signal::{self, Act, Did, Reinstate, Signal};
use crate::event::state::{self, ActedValue, ActsValue, Done, StruckValue};
use crate::event::state::{StateKey, StateValue};
use crate::event::{Issuer, Reinstatement, Struck, Subject, Waiting, dead_letter};
use crate::record::{InputId, NoHeaders, Partition, Record};
use crate::rules::{Escalation, Ground, Limit, Severity, Status, Tripped};

fn golden(name: &str, case: &Case) {
    let out = case.emit();
    assert_eq!(out.len(), 1);
    check_outgoing(&out[0]);
    insta::assert_json_snapshot!(name, value(&out[0]));
}

#[test]
fn one_event_of_each_kind() {
    let law = Ground::Illegal { law: vec![("FR".to_owned(), "Code, art. 1".to_owned())] };
    let reason = rule("").reason.map(|reason| crate::rules::Reason { ground: law, ..reason });
    let patterns = vec![pattern("item"), pattern("menu")];
    let remove = vec![lasting(ActionKind::RemovePost, 7)];
    let only = Scope::Only(vec!["DE".to_owned(), "FR".to_owned()]);
    let severe = Rule { severity: Severity::Critical, scope: only, reason, ..rule("drugs.menu") };
    let severe = Rule { patterns: patterns.into(), actions: remove, ..severe };
    golden("takedown", &Case::new([rule("drugs.sale"), severe]));
    golden("label", &Case::new([asking("drugs.talk", [label("drugs")])]));
    let due = Some(DAY_MS);
    golden("referral", &Case::new([asking("a.b", [refer("drugs", SubjectKind::Channel, due)])]));
    golden("shadow", &Case::new([shadow(rule("a.b"))]));
    golden("signal", &Case::new([counting("a.b", CountBy::Author, CountBy::Post)]));
}

#[test]
fn state_and_dead_letters() {
    let sent = Case::new([counting("a.b", CountBy::Author, CountBy::Post)]).emit();
    let Signal::Counting(sent) = signal::read(sent[0].value.as_deref().unwrap()).unwrap() else {
        unreachable!("it counts")
    };
    let waiting = Waiting::of(&sent.candidates, &[]);
    let kept = StateValue { value: sent.value, time_ms: sent.time_ms, waiting, acted: false };
    let key = StateKey { rule: sent.rule, key: sent.key, slot: 2 };
    let out = key.to_outgoing(Some(kept.to_bytes()), 12);
    let record: Value = value(&out);
    insta::assert_json_snapshot!("state", (String::from_utf8(key.to_bytes()).unwrap(), record));
    let (partition, value) = (Partition { input: InputId(0), number: 3 }, PLANTED.as_bytes());
    let record = Record {
        partition,
        offset: 9,
        time_ms: 0,
        key: None,
        value: Some(value),
        headers: &NoHeaders,
    };
    let fault = Fault::new(Reason::MissingField, "channel.id is absent");
    let out = dead_letter(&record, "posts", &fault, 1 << 20);
    insta::assert_json_snapshot!("deadletter", letters::added(&out));
}

#[test]
fn a_verdict_lists_who_had_something_to_say() {
    let restrict = [act(ActionKind::RestrictPost), refer("q", SubjectKind::Post, None)];
    let mut case = Case::new([
        rule("a.live"),
        shadow(asking("b.shadow", restrict.clone())),
        Rule { severity: Severity::Critical, ..asking("c.both", restrict) },
        counting("d.counted", CountBy::Author, CountBy::Post),
        rule("e.quiet"),
        Rule { kinds: vec![super::Kind::Edit], ..rule("f.edits") },
        Rule { status: Status::Draft, ..rule("g.draft") },
        rule("h.no_hit"),
        rule("i.quiet"),
        rule("j.unknown"),
    ]);
    case.issuer = Issuer::public();
    let verdict = case.with(|decision| {
        let mut verdict = decision.verdict.clone();
        verdict.fired.retain(|fired| fired.rule < 4);
        verdict.unknown = vec![9];
        let mut hits = decision.hits.clone();
        hits.all.retain(|hit| hit.pattern.0 != 7);
        let decision = super::Decision { verdict: &verdict, hits: &hits, ..decision.clone() };
        super::verdict_of(&decision, &case.issuer)
    });
    check("verdict", &verdict);
    insta::assert_json_snapshot!("verdict", verdict);
}

#[test]
fn strikes_and_what_follows_from_them() {
    let escalation = Escalation {
        id: "drugs.third".to_owned(),
        title: "t".to_owned(),
        pack: "p".into(),
        version: "1".into(),
        status: Status::Live,
        severity: Severity::High,
        of: SubjectKind::Channel,
        category: "drugs".to_owned(),
        at_least: 3,
        within_ms: 30 * DAY_MS,
        actions: vec![lasting(ActionKind::RestrictChannel, 7)],
        scope: Scope::Worldwide,
        reason: None,
        tests: Vec::new(),
    };
    let strike = Some(crate::rules::Strike { channel: 2, author: 1 });
    let sent = Case::new([Rule { strike, ..rule("drugs.sale") }]).sent();
    let signals: Vec<Signal> = sent
        .iter()
        .skip(1)
        .map(|out| signal::read(out.value.as_deref().unwrap()).unwrap())
        .collect();
    sent.iter().for_each(check_outgoing);
    insta::assert_json_snapshot!("strike", value(&sent[1]));
    let [Signal::Strike(channel), Signal::Strike(author)] = &signals[..] else {
        unreachable!("{signals:?}")
    };
    assert_eq!((channel.points, &*channel.subject.kind), (2, "channel"));
    assert_eq!((author.points, &*author.subject.kind), (1, "account"));
    let rules = vec!["drugs.sale".to_owned()];
    let struck = Struck { points: 4, at_least: 3, within_ms: 30 * DAY_MS, rules };
    let issuer = Issuer::public();
    let candidate = super::super::escalated(&escalation, channel, &struck, &issuer).remove(0);
    let act = Signal::Act(Act { time_ms: channel.time_ms, candidate: candidate.clone() });
    let act = act.to_outgoing(12);
    check_outgoing(&act);
    insta::assert_json_snapshot!("act", value(&act));
    let id = candidate.event.id().to_owned();
    let again = candidate.clone().revised(0, &issuer);
    assert_eq!(again.event.id(), id);
    let out = candidate.revised(1, &issuer).into_outgoing(super::DECIDED_MS, true);
    check_outgoing(&out);
    assert_ne!(value(&out)["id"], id);
    assert_eq!(out.key.as_deref(), Some(&b"c1"[..]));
    insta::assert_json_snapshot!("escalated", value(&out));
}

#[test]
fn strikes_and_acts_in_the_state() {
    let key =
        |rule: &str| StateKey { rule: rule.to_owned(), key: "channel/c1".to_owned(), slot: 0 };
    let struck = StruckValue {
        rule: "drugs.sale".to_owned(),
        category: "drugs".to_owned(),
        points: 2,
        post: Issuer::public().post("c1", "p1"),
        time_ms: super::TIME_MS,
    };
    let done = |until_ms| Done {
        action: "restrict_channel".to_owned(),
        detail: String::new(),
        time_ms: super::TIME_MS,
        until_ms,
        revision: 0,
    };
    let acts = ActsValue { revision: 1, acts: vec![done(None), done(Some(super::TIME_MS + 1))] };
    for (name, rule, value) in
        [("struck", state::STRIKES, struck.to_bytes()), ("acts", state::ACTS, acts.to_bytes())]
    {
        let out = key(rule).to_outgoing(Some(value), 12);
        check_outgoing(&out);
        insta::assert_json_snapshot!(name, super::value(&out));
    }
    assert_eq!(state::read_strike(&struck.to_bytes()), Ok(struck));
    assert_eq!(state::read_acts(&acts.to_bytes()), Ok(acts));
}

#[test]
fn what_a_limit_counts_and_says() {
    let did = Did {
        rule: "drugs.sale".to_owned(),
        time_ms: super::TIME_MS,
        things: vec!["c1".to_owned(), "c2".to_owned()],
    };
    let acted = ActedValue { time_ms: did.time_ms, things: did.things.clone() };
    let key = StateKey { rule: state::LIMITS.to_owned(), key: did.key(), slot: 0 };
    let (signal, kept) = (Signal::Did(did).to_outgoing(12), acted.to_bytes());
    let kept = key.to_outgoing(Some(kept), 12);
    assert_eq!(signal.partition, kept.partition, "who hears it owns it");
    let limit = |then| Limit { of: SubjectKind::Channel, at_most: 500, within_ms: 60_000, then };
    let control = |then| Control::by_limit("drugs.sale".to_owned(), &limit(then), super::TIME_MS);
    for then in [Tripped::Restrict, Tripped::Refer, Tripped::Shadow, Tripped::Alert] {
        let out = control(then).to_outgoing();
        check_outgoing(&out);
        assert_eq!(control::read(out.value.as_deref().unwrap()), Ok(control(then)));
    }
    let control = control(Tripped::Restrict).to_outgoing();
    let all = [signal, kept, control].map(|out| {
        check_outgoing(&out);
        value(&out)
    });
    insta::assert_json_snapshot!("limit", all);
}

#[test]
fn a_rule_above_its_limit_does_less_and_says_so() {
    let actions = [act(ActionKind::RemovePost), act(ActionKind::SuspendAccount), label("drugs")];
    let strike = Some(crate::rules::Strike { channel: 2, author: 1 });
    let asks = |held| {
        let rule = Rule { held, strike, ..asking("drugs.sale", actions.clone()) };
        let case = Case::new([rule]);
        let mut actions: Vec<String> = case
            .sent()
            .iter()
            .map(|out| {
                check_outgoing(out);
                let event = value(out);
                let limited = event["causes"][0]["limited"] == true;
                let acted =
                    [&event["action"], &event["candidate"]["event"]["action"], &event["kind"]];
                let acted = acted.into_iter().find_map(Value::as_str).unwrap();
                let subject = event["subject"]["kind"].as_str().unwrap_or("account");
                format!(
                    "{:?} {acted} {subject}{}",
                    out.topic,
                    if limited { " limited" } else { "" }
                )
            })
            .collect();
        actions.sort();
        actions
    };
    insta::assert_json_snapshot!(
        "limited",
        [None, Some(Tripped::Restrict), Some(Tripped::Refer)].map(asks)
    );
}

#[test]
fn what_a_person_undoes() {
    let asked = Reinstate {
        time_ms: super::TIME_MS,
        subject: Subject {
            kind: "channel".to_owned(),
            id: "c1".to_owned(),
            revision: 0,
            channel: None,
            author: None,
        },
        action: "remove_channel".to_owned(),
        by: "ann".to_owned(),
        reason: "an appeal".to_owned(),
        request: "rq_00000000000000aa".to_owned(),
    };
    let signal = Signal::Reinstate(asked.clone());
    let out = signal.to_outgoing(12);
    check_outgoing(&out);
    assert_eq!(signal::read(out.value.as_deref().unwrap()), Ok(signal));
    insta::assert_json_snapshot!("reinstate", value(&out));
    let issuer = Issuer::public();
    let event = Reinstatement::of(asked, 2, &issuer, super::DECIDED_MS);
    let out = event.to_outgoing(&issuer);
    check_outgoing(&out);
    assert_eq!(header(&out, "ce_subject"), Some("channel/c1"));
    assert_eq!(header(&out, "ce_type"), Some("org.tidegate.reinstatement.v1"));
    insta::assert_json_snapshot!("reinstatement", value(&out));
}

/// Bytes that were kept when each kind was first written: a process that is updated finds them in its topics.
#[test]
fn what_was_written_once_is_read_for_ever() {
    macro_rules! kept {
        ($name:literal) => {
            include_bytes!(concat!("../../../tests/data/wire/", $name))
        };
    }
    let strike = signal::read(kept!("signal_v1_strike.json")).unwrap();
    assert!(matches!(strike, Signal::Strike(strike) if strike.points == 2));
    let act = signal::read(kept!("signal_v1_act.json")).unwrap();
    assert!(matches!(act, Signal::Act(act) if act.candidate.asks_for().0 == "restrict_channel"));
    let reinstate = signal::read(kept!("signal_v1_reinstate.json")).unwrap();
    assert!(matches!(reinstate, Signal::Reinstate(asked) if asked.by == "ann"));
    let did = signal::read(kept!("signal_v1_did.json")).unwrap();
    assert!(matches!(did, Signal::Did(did) if did.things == ["c1", "c2"]));
    let acted = state::read_acted(kept!("state_v1_acted.json")).unwrap();
    assert_eq!(acted.things, ["c1", "c2"]);
    assert_eq!(state::read_strike(kept!("state_v1_struck.json")).unwrap().points, 2);
    // Written before it was known to which revision something was done.
    let acts = state::read_acts(kept!("state_v1_acts.json")).unwrap();
    assert_eq!((acts.revision, acts.acts.len(), acts.acts[0].revision), (1, 2, 0));
    let control = control::read(kept!("control_v1_cap.json")).unwrap();
    assert_eq!((control.cap, control.status), (Some(control::Cap::Restrict), None));
}

/// What the version before strikes wrote is read for ever.
#[test]
fn records_of_the_version_before_strikes_are_read() {
    let signal = include_bytes!("../../../tests/data/wire/signal_v1_candidate.json");
    let state = include_bytes!("../../../tests/data/wire/state_v1_counter.json");
    let Ok(Signal::Counting(counting)) = signal::read(signal) else { unreachable!("it counts") };
    assert_eq!((&*counting.rule, counting.candidates.len()), ("a.b", 1));
    assert_eq!(counting.strikes, []);
    let kept = state::read_value(state).unwrap();
    assert_eq!((kept.waiting.open().0, kept.acted), (counting.candidates, false));
}
