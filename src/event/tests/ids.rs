//! Ids: the same for the same thing, another for every other.

use std::collections::HashSet;

use super::{Case, Kind, SubjectKind, TIME_MS, act, asking, label, refer, rule, shadow};
use crate::decode::{Author, Channel};
use crate::event::Issuer;
use crate::rules::ActionKind;

fn id(case: &Case) -> String {
    case.only()["id"].as_str().unwrap().to_owned()
}

/// An id without its prefix.
fn tail(id: &str) -> &str {
    id.split_once('_').unwrap().1
}

#[test]
fn an_id_changes_with_each_of_its_fields() {
    let base = || Case::new([rule("a")]);
    let with = |actions| Case::new([asking("a", [actions])]);
    let key = |change: &dyn Fn(&mut Case)| {
        let mut case = base();
        change(&mut case);
        case
    };
    let review = |change: &dyn Fn(&mut Case)| {
        let mut case = with(refer("q", SubjectKind::Account, None));
        change(&mut case);
        case
    };
    let cases = [
        base(),
        key(&|case| case.issuer.deployment = "eu 2".to_owned()),
        key(&|case| case.issuer.id_key[31] = 0),
        key(&|case| case.post.id = "p2".into()),
        key(&|case| case.post.channel.id = "c2".into()),
        key(&|case| case.post.edited_at_ms = Some(5)),
        // The border between two fields counts.
        key(&|case| (case.post.channel.id, case.post.id) = ("c1p".into(), "1".into())),
        with(act(ActionKind::RestrictPost)),
        with(label("spam")),
        with(label("spa")),
        with(refer("spam", SubjectKind::Post, None)),
        with(refer("q", SubjectKind::Channel, None)),
        review(&|_| {}),
        review(&|case| {
            case.post.author =
                Some(Author { id: Some("c1".into()), name: None, created_at_ms: None })
        }),
    ];
    let ids: HashSet<String> = cases.iter().map(id).map(|id| tail(&id).to_owned()).collect();
    assert_eq!(ids.len(), cases.len());
    for id in ids {
        assert_eq!(id.len(), 26);
        assert!(id.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'2'..=b'7')), "{id}");
    }
}

#[test]
fn an_id_does_not_change_with_anything_else() {
    let base = Case::new([rule("a")]);
    let mut other = Case::new([rule("b"), rule("c")]);
    other.post.text = "something else".into();
    other.post.author = None;
    other.time_ms += 1;
    other.traceparent = None;
    assert_eq!(id(&base), id(&other));
    // A channel's and an account's do not depend on the post that showed them.
    for subject in [SubjectKind::Channel, SubjectKind::Account] {
        let base = Case::new([asking("a", [refer("q", subject, None)])]);
        let mut other = Case::new([asking("a", [refer("q", subject, Some(9))])]);
        other.post.id = "p9".into();
        other.post.edited_at_ms = Some(9);
        if subject == SubjectKind::Account {
            other.post.channel = Channel { id: "c9".into(), ..Channel::default() };
        }
        assert_eq!(id(&base), id(&other));
    }
}

#[test]
fn the_prefix_says_what_it_is_and_shadow_shares_the_tail() {
    for action in [label("x"), refer("q", SubjectKind::Post, None)] {
        let live = id(&Case::new([asking("a", [action.clone()])]));
        let would = id(&Case::new([shadow(asking("a", [action.clone()]))]));
        let want = if action.kind.name() == "refer" { "rf_" } else { "tk_" };
        assert!(live.starts_with(want), "{live}");
        assert_eq!(would, format!("sh_{}", tail(&live)));
    }
}

#[test]
fn the_revision_of_a_post_is_its_edit() {
    // Kind, sent, edited, revision.
    let table = [
        (Kind::Post, Some(TIME_MS), None, 0),
        (Kind::Post, Some(TIME_MS), Some(7), 7),
        (Kind::Edit, Some(5), Some(7), 7),
        (Kind::Edit, Some(5), None, 5),
        (Kind::Edit, None, None, 0),
        (Kind::Profile, Some(5), None, 0),
    ];
    for (kind, sent, edited, want) in table {
        let mut case = Case::new([rule("a")]);
        (case.post.kind, case.post.sent_at_ms, case.post.edited_at_ms) = (kind, sent, edited);
        assert_eq!(case.only()["subject"]["revision"], want, "{kind:?} {sent:?} {edited:?}");
    }
}

#[test]
fn ids_of_lines_posts_and_domains_never_meet() {
    let issuer = Issuer::public();
    let other = Issuer { id_key: [1; 32], ..Issuer::public() };
    let all = [
        issuer.entry("x"),
        issuer.entry("y"),
        issuer.domain("x"),
        issuer.domain("y"),
        issuer.post("x", "y"),
        issuer.post("y", "x"),
        issuer.post("xy", ""),
        other.entry("x"),
    ];
    let tails: HashSet<&str> = all.iter().map(|id| tail(id)).collect();
    assert_eq!(tails.len(), all.len());
    assert!(all[0].starts_with("e_") && all[2].starts_with("d_") && all[4].starts_with("p_"));
    // Lines are known by their text alone, wherever the pack is used.
    let elsewhere = Issuer { deployment: "elsewhere".to_owned(), ..Issuer::public() };
    assert_eq!(elsewhere.entry("x"), issuer.entry("x"));
    // Written down once: consumers keep ids for years.
    assert_eq!(issuer.entry("x"), "e_xjm4cyn5ab7ugmzv4nhfmbaunm");
    let (shown, key) = (format!("{issuer:?}"), format!("{:?}", issuer.id_key));
    assert!(shown.contains("local") && !shown.contains("id_key") && !shown.contains(&key));
}
