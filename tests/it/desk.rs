//! What people do to a running deployment, on both logs: `tidegate reinstate` and `tidegate control`.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::node::until;
use crate::scenarios::post;

/// A deployment with the pack of the scenarios, as this test needs it.
pub(crate) trait Desk {
    /// Its configuration, for commands.
    fn config(&self) -> &Path;
    /// Appends a post of a channel and waits until all that follows from it is there.
    fn take(&self, channel: &str, post: &[u8]);
    /// Appends posts, each of a channel of its own, and does not wait.
    fn send(&self, posts: &[(String, Vec<u8>)]);
    /// All takedowns and reinstatements, in order.
    fn takedowns(&self) -> Vec<Value>;
    /// What all processes have counted.
    fn metric(&self, series: &str) -> f64;
}

/// Exit code, standard output and error of the command.
fn reinstate(desk: &dyn Desk, subject: &str, action: &str) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tidegate"));
    command.args(["reinstate", subject, "--action", action, "--by", "ann"]);
    command.args(["--reason", "appeal 7", "--json", "--config"]).arg(desk.config());
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// Three strikes, an appeal, three strikes again.
pub(crate) fn a_channel_is_reinstated(desk: &dyn Desk) {
    let strike = |id: &str| desk.take("c1", &post(id, "c1", "a1", "buy quillwort"));
    ["p1", "p2", "p3"].iter().for_each(|id| strike(id));
    let restricted = of_channels(desk);
    assert_eq!(restricted.len(), 1, "{restricted:?}");
    let takedown = restricted[0]["id"].as_str().unwrap();
    let wrong = reinstate(desk, "c1", "restrict_channel");
    assert!(wrong.0 == Some(2) && wrong.2.contains("channel/ID or account/ID"), "{wrong:?}");
    let other = reinstate(desk, "channel/c1", "remove_channel");
    assert!(other.0 == Some(1) && other.2.contains("no remove_channel holds"), "{other:?}");
    let undone = reinstate(desk, "channel/c1", "restrict_channel");
    assert!(undone.0 == Some(0) && undone.2.contains(takedown), "{undone:?}");
    let event: Value = serde_json::from_str(&undone.1).unwrap();
    assert_eq!((&event["takedown"], &event["by"]), (&takedown.into(), &"ann".into()));
    let again = reinstate(desk, "channel/c1", "restrict_channel");
    assert!(again.0 == Some(1) && again.1.is_empty(), "{again:?}");
    ["p4", "p5"].iter().for_each(|id| strike(id));
    assert_eq!(of_channels(desk), [restricted[0].clone(), event.clone()]);
    strike("p6");
    let all = of_channels(desk);
    assert_eq!(all.len(), 3, "{all:?}");
    assert_eq!(
        (&all[2]["action"], &all[2]["subject"]["revision"]),
        (&"restrict_channel".into(), &1.into())
    );
    assert_ne!(all[2]["id"], takedown);
    let requests = |result: &str| {
        desk.metric(&format!("tidegate_reinstatements_total{{result=\"{result}\"}}"))
    };
    assert!((requests("undone") - 1.0).abs() < 0.5);
    assert!((requests("nothing_to_undo") - 2.0).abs() < 0.5);
}

/// Takedowns of channels and what undoes them.
fn of_channels(desk: &dyn Desk) -> Vec<Value> {
    let mut events = desk.takedowns();
    events.retain(|event| event["subject"]["kind"] == "channel");
    events
}

/// Exit code and what `tidegate control` says.
fn control(desk: &dyn Desk, arguments: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tidegate"));
    command.arg("control").args(arguments).arg("--config").arg(desk.config());
    let output = command.output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

/// The action of every takedown of these posts, once all are there; all that are held back say so.
fn actions(desk: &dyn Desk, first: usize, count: usize) -> Vec<String> {
    let posts = (first..first + count).map(|number| {
        let (id, channel) = (format!("p{number}"), format!("c{number}"));
        (channel.clone(), post(&id, &channel, "a1", "fresh dapplefern"))
    });
    desk.send(&posts.collect::<Vec<_>>());
    let number = |event: &Value| event["subject"]["id"].as_str()?.get(1..)?.parse::<usize>().ok();
    let own = until("all are acted on", || {
        let mut events = desk.takedowns();
        events.retain(|event| {
            number(event).is_some_and(|number| (first..first + count).contains(&number))
        });
        Some(events).filter(|events| events.len() >= count)
    });
    assert_eq!(own.len(), count, "each once");
    let action = |event: &Value| {
        let action = event["action"].as_str().unwrap().to_owned();
        let cause = &event["causes"][0];
        assert_eq!(cause["limited"] == true, action == "restrict_post", "{event}");
        action
    };
    own.iter().map(action).collect()
}

/// A rule acts on more channels than it may: it only restricts from then on, until somebody has looked.
/// Each process has two workers, each of which stops by itself.
pub(crate) fn a_rule_is_held_back_at_its_limit_until_it_is_lifted(desk: &dyn Desk, processes: u8) {
    let none = control(desk, &[]);
    assert_eq!(none, (Some(0), String::new()));
    let flood = actions(desk, 0, 100);
    let removed = flood.iter().filter(|action| *action == "remove_post").count();
    assert!((10..=20 * usize::from(processes)).contains(&removed), "{removed} of a hundred");
    let knows = |tripped: f64| {
        let series = "tidegate_limit_tripped{rule=\"spam.limited\"}";
        let is_so = |sum: &f64| (sum - tripped).abs() < 0.5;
        until("every process knows", || Some(desk.metric(series)).filter(is_so));
    };
    knows(f64::from(processes));
    let held = control(desk, &[]);
    assert!(
        held.1.starts_with("spam.limited: restrict, until it is lifted, limit tripped 20"),
        "{held:?}"
    );
    assert!(
        held.1.contains("by tidegate: acted on more than 10 channels within 3600 s"),
        "{held:?}"
    );
    assert_eq!(actions(desk, 100, 5), ["restrict_post"; 5]);
    let said = ["--by", "ann", "--reason", "looking into it"];
    let wrong = control(desk, &[&["spam.limited.x", "shadow"], &said[..]].concat());
    assert!(wrong.0 == Some(2) && wrong.1.contains("did you mean `spam.limited`?"), "{wrong:?}");
    let refer = control(desk, &[&["spam.limited", "refer"], &said[..]].concat());
    assert_eq!(refer, (Some(0), "spam.limited: no harsher than `refer`\n".to_owned()));
    let held = control(desk, &[]);
    assert!(
        held.1.starts_with("spam.limited: refer, until it is lifted, limit tripped"),
        "{held:?}"
    );
    let lift = control(desk, &[&["spam.limited", "lift"], &said[..]].concat());
    assert_eq!(lift, (Some(0), "spam.limited: as its pack says\n".to_owned()));
    knows(0.0);
    assert_eq!(actions(desk, 200, 3), ["remove_post"; 3], "it counts anew");
    assert_eq!(control(desk, &[]), none);
}
