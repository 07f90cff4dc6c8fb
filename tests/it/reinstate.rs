//! `tidegate reinstate` on both logs: what was done to a channel is undone once, and can be done anew
//! under another id.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::scenarios::post;

/// A deployment with the pack of the scenarios, as this test needs it.
pub(crate) trait Desk {
    /// Its configuration, for commands.
    fn config(&self) -> &Path;
    /// Appends a post of a channel and waits until all that follows from it is there.
    fn take(&self, channel: &str, post: &[u8]);
    /// All takedowns about channels and all reinstatements, in order.
    fn about_channels(&self) -> Vec<Value>;
    /// Requests so far with this result.
    fn requests(&self, result: &str) -> f64;
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
    let restricted = desk.about_channels();
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
    assert_eq!(desk.about_channels(), [restricted[0].clone(), event.clone()]);
    strike("p6");
    let all = desk.about_channels();
    assert_eq!(all.len(), 3, "{all:?}");
    assert_eq!(
        (&all[2]["action"], &all[2]["subject"]["revision"]),
        (&"restrict_channel".into(), &1.into())
    );
    assert_ne!(all[2]["id"], takedown);
    assert!((desk.requests("undone") - 1.0).abs() < 0.5);
    assert!((desk.requests("nothing_to_undo") - 2.0).abs() < 0.5);
}

/// Takedowns of channels and what undoes them, among all events.
pub(crate) fn of_channels(events: Vec<Value>) -> Vec<Value> {
    events.into_iter().filter(|event| event["subject"]["kind"] == "channel").collect()
}
