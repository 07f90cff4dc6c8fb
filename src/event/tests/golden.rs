//! One of each kind, as it stands on the wire.

use super::{
    ActionKind, Case, CountBy, DAY_MS, PLANTED, Rule, Scope, SubjectKind, Value, act, asking,
    check, check_outgoing, counting, label, lasting, letters, pattern, refer, rule, shadow, value,
};
use crate::decode::{Fault, Reason};
use crate::event::state::{StateKey, StateValue};
use crate::event::{Issuer, dead_letter, signal};
use crate::record::{InputId, NoHeaders, Partition, Record};
use crate::rules::{Ground, Severity};

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
    let sent = signal::read(sent[0].value.as_deref().unwrap()).unwrap();
    let (value, time_ms, candidates) = (sent.value, sent.time_ms, sent.candidates);
    let kept = StateValue { value, time_ms, candidates, acted: false };
    let key = StateKey { rule: sent.rule, key: sent.key, slot: 2 };
    let out = key.to_outgoing(Some(&kept), 12);
    let record: Value = super::value(&out);
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
        Rule { status: super::Status::Draft, ..rule("g.draft") },
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
