//! Whatever rules ask of whatever post, what goes out is what the schemas say.

use proptest::prelude::*;

use super::{
    Action, ActionKind, Case, Count, CountBy, Kind, Rule, Scope, Severity, Status, SubjectKind,
    Topic, check, check_outgoing, rule, signal_candidates,
};
use crate::rules::Share;

fn actions() -> impl Strategy<Value = Action> {
    let subjects =
        prop::sample::select(vec![SubjectKind::Post, SubjectKind::Channel, SubjectKind::Account]);
    let kinds = prop_oneof![
        "[a-c]".prop_map(ActionKind::Label),
        ("[a-c]", subjects, any::<Option<i64>>())
            .prop_map(|(queue, subject, due_ms)| ActionKind::Refer { queue, subject, due_ms }),
        Just(ActionKind::RestrictPost),
        Just(ActionKind::RemovePost),
    ];
    (kinds, any::<Option<i64>>()).prop_map(|(kind, for_ms)| {
        let refers = matches!(kind, ActionKind::Refer { .. });
        Action { kind, for_ms: for_ms.filter(|_| !refers) }
    })
}

fn scopes() -> impl Strategy<Value = Scope> {
    let countries = || {
        let some = prop::collection::btree_set("[A-C][A-C]", 1..4);
        some.prop_map(|set| set.into_iter().collect::<Vec<String>>())
    };
    prop_oneof![
        Just(Scope::Worldwide),
        countries().prop_map(Scope::Only),
        countries().prop_map(Scope::Except),
    ]
}

fn counts() -> impl Strategy<Value = Option<Count>> {
    use CountBy::{Author, Channel, LinksDomain, Post};
    let fields = || prop::sample::select(vec![Author, Channel, LinksDomain, Post]);
    let counts = (fields(), fields()).prop_map(|(by, different)| Count {
        by,
        different,
        at_least: 2,
        within_ms: 1,
        act_on_all: true,
    });
    prop::option::of(counts)
}

fn half() -> Status {
    Status::Canary(Share::new(5_000).unwrap())
}

fn rules() -> impl Strategy<Value = Vec<Rule>> {
    let status = prop::sample::select(vec![Status::Draft, Status::Shadow, half(), Status::Live]);
    let severity = prop::sample::select(vec![Severity::Low, Severity::High]);
    let actions = prop::collection::vec(actions(), 1..4);
    let one = (status, severity, actions, scopes(), counts(), any::<bool>());
    let one = one.prop_map(|(status, severity, actions, scope, count, reason)| {
        let base = rule("");
        let reason = base.reason.clone().filter(|_| reason);
        Rule { status, severity, actions, scope, count, reason, ..base }
    });
    prop::collection::vec(one, 1..8).prop_map(|mut rules| {
        for (index, rule) in rules.iter_mut().enumerate() {
            rule.id = format!("r{index}");
        }
        rules
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(128) })]

    #[test]
    fn everything_is_as_its_schema_says(
        rules in rules(),
        (id, channel, author) in ("\\PC{1,6}", "\\PC{1,6}", prop::option::of("\\PC{0,6}")),
        (edited, time_ms) in (any::<Option<i64>>(), any::<i64>()),
        domains in prop::collection::vec("[a-c]", 0..4),
    ) {
        let mut case = Case::new(rules);
        case.post.id = id.into();
        case.post.kind = Kind::Edit;
        case.post.channel.id = channel.into();
        case.post.author.as_mut().unwrap().id = author.map(Into::into);
        case.post.edited_at_ms = edited;
        (case.time_ms, case.domains) = (time_ms, domains);
        let out = case.emit();
        for out in &out {
            check_outgoing(out);
            prop_assert!(!super::tells(out));
            for candidate in signal_candidates(out) {
                check_outgoing(&candidate.clone().into_outgoing(time_ms, true));
                check_outgoing(&candidate.into_outgoing(time_ms, false));
            }
        }
        // Direct events: no id and no (id, rule) twice.
        let direct = out.iter().filter(|out| out.topic != Topic::Signals);
        let mut ids: Vec<_> = direct.map(|out| super::value(out)["id"].to_string()).collect();
        let all = ids.len();
        ids.sort();
        ids.dedup();
        prop_assert_eq!(ids.len(), all);
        check("verdict", &case.with(|decision| super::verdict_of(decision, &case.issuer)));
    }
}
