//! What the pipeline must do, told once and run on both backends.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::{Value, json};
use tidegate::record::Topic;

use crate::node::until;

/// One backend with the service on it, as the scenarios see it.
pub(crate) trait Stage {
    /// Starts the service and waits until it is ready.
    fn start(&mut self);
    /// Ends the service at once, as a crash would.
    fn kill(&mut self);
    /// Asks the service to stop, and waits until it has left with exit code 0.
    fn stop(&mut self);
    /// Puts records into the posts topic, durably: key and value as given.
    fn produce(&mut self, records: &[(Option<&str>, Option<&[u8]>)]);
    /// Waits until the service has consumed all that was produced.
    fn settle(&mut self);
    /// All committed records of a topic: key, value, headers. The service may have to be stopped
    /// for this; it is not started again.
    fn read(&mut self, topic: Topic) -> Vec<Row>;
    /// The sum of all series that begin so.
    fn metric(&self, series: &str) -> f64;
    /// All the service has written to its log so far, over all starts.
    fn log(&self) -> String;
}

/// A record as a test reads it.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    /// Key.
    pub(crate) key: Option<Vec<u8>>,
    /// Value.
    pub(crate) value: Option<Vec<u8>>,
    /// Headers.
    pub(crate) headers: BTreeMap<String, Option<Vec<u8>>>,
}

impl Row {
    /// The value as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(self.value.as_deref().unwrap_or(b"null")).unwrap()
    }

    /// A header as text; empty where absent.
    pub(crate) fn header(&self, name: &str) -> String {
        let value = self.headers.get(name).cloned().flatten().unwrap_or_default();
        String::from_utf8(value).unwrap()
    }

    /// Does the text appear anywhere in key, value or headers?
    pub(crate) fn holds(&self, text: &str) -> bool {
        let inside = |bytes: &Option<Vec<u8>>| {
            bytes.as_deref().is_some_and(|bytes| String::from_utf8_lossy(bytes).contains(text))
        };
        inside(&self.key) || inside(&self.value) || self.headers.values().any(inside)
    }
}

/// A post as native JSON.
pub(crate) fn post(id: &str, channel: &str, author: &str, text: &str) -> Vec<u8> {
    let post = json!({
        "id": id, "channel": {"id": channel}, "author": {"id": author}, "text": text,
    });
    post.to_string().into_bytes()
}

fn produce(stage: &mut dyn Stage, posts: &[(&str, Vec<u8>)]) {
    let records: Vec<_> =
        posts.iter().map(|(channel, post)| (Some(*channel), Some(&**post))).collect();
    stage.produce(&records);
}

/// (post id, action) of every takedown, sorted, doubles kept.
pub(crate) fn acted_on(rows: &[Row]) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let mut acted: Vec<_> = rows
        .iter()
        .map(Row::json)
        .map(|event| (text(&event["subject"]["id"]), text(&event["action"])))
        .collect();
    acted.sort();
    acted
}

/// A folder with the key of ids that a configuration names.
pub(crate) fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("ids.key"), "5a".repeat(32)).unwrap();
    folder
}

/// The part of a configuration that does not depend on the log.
pub(crate) fn common(pack: &str) -> String {
    let pack = Path::new(env!("CARGO_MANIFEST_DIR")).join(pack);
    let pack = pack.display();
    format!(
        "deployment = \"test\"\nworkers = 2\n\n[packs]\ndir = \"{pack}\"\n\n\
         [ids]\nkey_file = \"ids.key\"\n"
    )
}

/// The pack of the scenarios.
pub(crate) const PACK: &str = "tests/data/packs/scenario";

/// Each kind of rule writes to its topic, and nothing else is written.
pub(crate) fn every_post_goes_where_its_rule_says(stage: &mut dyn Stage) {
    stage.start();
    produce(
        stage,
        &[
            ("c1", post("p1", "c1", "a1", "buy bl0rp now")),
            ("c2", post("p2", "c2", "a1", "fresh flimwort")),
            ("c3", post("p3", "c3", "a1", "gr1zzlenut for all")),
            ("c4", post("p4", "c4", "a1", "bread and butter")),
            ("c5", post("p5", "c5", "a1", "a mumblewort")),
        ],
    );
    stage.settle();
    // Counted a moment after it is committed.
    let is_five = |sum: &f64| (sum - 5.0).abs() < 0.1;
    let screened = "tidegate_posts_total{outcome=\"screened\"}";
    until("all are counted", || Some(stage.metric(screened)).filter(is_five));
    assert!((stage.metric("tidegate_takedowns_total") - 1.0).abs() < 0.1);
    assert!((stage.metric("tidegate_rule_unknown_total{rule=\"spam.crowd\"}") - 1.0).abs() < 0.1);
    assert!((stage.metric("tidegate_rule_unknown_total") - 1.0).abs() < 0.1);
    stage.stop();
    let takedowns = stage.read(Topic::Takedowns);
    assert_eq!(acted_on(&takedowns), [("p1".to_owned(), "remove_post".to_owned())]);
    let event = takedowns[0].json();
    let evidence = &event["causes"][0]["evidence"][0];
    assert_eq!((evidence["start"].as_u64(), evidence["end"].as_u64()), (Some(4), Some(9)));
    assert_eq!(event["causes"][0]["rule"], "drugs.direct");
    assert_eq!(takedowns[0].key.as_deref(), Some(&b"p1"[..]));
    assert_eq!(takedowns[0].header("ce_id"), event["id"].as_str().unwrap());
    assert_eq!(takedowns[0].header("ce_type"), "org.tidegate.takedown.v1");
    let reviews = stage.read(Topic::Reviews);
    assert_eq!(reviews.len(), 1);
    assert_eq!(reviews[0].json()["queue"], "drugs");
    let shadow = stage.read(Topic::Shadow);
    assert_eq!(shadow.len(), 1);
    assert_eq!(shadow[0].json()["would"], true);
    assert!(stage.read(Topic::Deadletters).is_empty());
}

/// Whatever comes in is screened or set aside with its reason, and the two add up.
pub(crate) fn bad_input_is_set_aside_with_its_reason(stage: &mut dyn Stage) {
    let deep = format!(
        r#"{{"id":"1","channel":{{"id":"c"}},"text":"x","more":{}1{}}}"#,
        "[".repeat(64),
        "]".repeat(64)
    );
    let large = format!(r#"{{"id":"1","channel":{{"id":"c"}},"text":"{}"}}"#, "x".repeat(2 << 20));
    let bad: Vec<(&str, Option<Vec<u8>>)> = vec![
        ("not_json", Some(b"hello".to_vec())),
        ("not_json", Some(br#"{"id":"1","channel":{"id":"c"},"text":"x"} x"#.to_vec())),
        ("wrong_type", Some(br#"{"id":"1","channel":"c","text":"x"}"#.to_vec())),
        ("missing_field", Some(br#"{"id":"1","text":"x"}"#.to_vec())),
        ("missing_field", Some(br#"{"channel":{"id":"c"},"text":"x"}"#.to_vec())),
        ("nothing_to_see", Some(br#"{"id":"1","channel":{"id":"c"},"text":""}"#.to_vec())),
        ("too_deep", Some(deep.into_bytes())),
        ("too_large", Some(large.into_bytes())),
        ("not_utf8", Some(b"{\"id\":\"1\",\"channel\":{\"id\":\"c\"},\"text\":\"\xff\"}".to_vec())),
        ("empty", Some(Vec::new())),
        ("empty", None),
    ];
    let good: [&[u8]; 3] = [
        br#"{"id":"g1","channel":{"id":"c"},"text":"\ud800 bl0rp"}"#,
        br#"{"id":"g2","channel":{"id":"c"},"text":"bread","text":"blorp"}"#,
        br#"{"id":"g3","channel":{"id":"c"},"text":"blorp"}"#,
    ];
    stage.start();
    let mut records: Vec<(Option<&str>, Option<&[u8]>)> =
        bad.iter().map(|(_, value)| (Some("c"), value.as_deref())).collect();
    records.extend(good.map(|value| (None, Some(value))));
    stage.produce(&records);
    stage.settle();
    let consumed = stage.metric("tidegate_posts_total");
    assert!((consumed - records.len() as f64).abs() < 0.1, "{consumed} of {}", records.len());
    let aside = stage.metric("tidegate_posts_total{outcome=\"dead_lettered\"}");
    assert!((aside - bad.len() as f64).abs() < 0.1, "{aside}");
    stage.stop();
    let letters = stage.read(Topic::Deadletters);
    let mut reasons: Vec<_> = letters.iter().map(|row| row.header("tidegate_reason")).collect();
    let mut expected: Vec<_> = bad.iter().map(|(reason, _)| (*reason).to_owned()).collect();
    reasons.sort();
    expected.sort();
    assert_eq!(reasons, expected);
    for letter in &letters {
        assert!(!letter.header("tidegate_offset").is_empty());
        let kept = letter.value.as_ref().map_or(0, Vec::len);
        if letter.header("tidegate_reason") == "too_large" {
            assert_eq!(kept, 64 << 10, "a large value is cut");
        } else {
            assert!(bad.iter().any(|(_, value)| *value == letter.value), "the value as it came");
        }
    }
    let posts: BTreeSet<_> =
        acted_on(&stage.read(Topic::Takedowns)).into_iter().map(|(post, _)| post).collect();
    assert_eq!(posts, ["g1", "g2", "g3"].map(str::to_owned).into());
}

/// A counter outlives its process: two candidates before a crash and one after it make three.
pub(crate) fn a_count_goes_on_after_a_crash(stage: &mut dyn Stage) {
    stage.start();
    produce(
        stage,
        &[
            ("c1", post("p1", "c1", "a1", "zorbly work")),
            ("c2", post("p2", "c2", "a1", "zorbly remote work")),
            ("c2", post("p2b", "c2", "a2", "zorbly work")),
        ],
    );
    stage.settle();
    stage.kill();
    stage.start();
    produce(stage, &[("c3", post("p3", "c3", "a1", "z0rbly w0rk"))]);
    stage.settle();
    stage.kill();
    stage.start();
    produce(
        stage,
        &[
            ("c4", post("p4", "c4", "a1", "zorbly work")),
            ("c5", post("p5", "c5", "a2", "zorbly work")),
        ],
    );
    stage.settle();
    stage.stop();
    let acted: Vec<_> =
        acted_on(&stage.read(Topic::Takedowns)).into_iter().map(|(post, _)| post).collect();
    assert_eq!(acted, ["p1", "p2", "p3", "p4"], "each once; a2 has two channels only");
}

/// Strikes outlive their process, and a channel is acted on once, whatever is killed.
pub(crate) fn a_channel_is_acted_on_once_across_crashes(stage: &mut dyn Stage) {
    stage.start();
    let struck = |id: &'static str, channel: &'static str| {
        (channel, post(id, channel, "a1", "buy quillwort"))
    };
    produce(stage, &[struck("p1", "c1"), struck("p2", "c1"), struck("p3", "c2")]);
    stage.settle();
    stage.kill();
    stage.start();
    // The same post again, edited, is no third strike.
    produce(stage, &[("c1", post("p2", "c1", "a1", "buy quillwort, edited"))]);
    stage.settle();
    produce(stage, &[struck("p4", "c1")]);
    stage.settle();
    stage.kill();
    stage.start();
    produce(stage, &[struck("p5", "c1"), struck("p6", "c2")]);
    stage.settle();
    stage.stop();
    let about = |topic: Topic, stage: &mut dyn Stage| -> Vec<Value> {
        let events = stage.read(topic).into_iter().map(|row| {
            let event = row.json();
            assert_eq!(row.key.as_deref(), event["subject"]["id"].as_str().map(str::as_bytes));
            event
        });
        events.filter(|event| event["subject"]["kind"] == "channel").collect()
    };
    let takedowns = about(Topic::Takedowns, stage);
    let reviews = about(Topic::Reviews, stage);
    assert_eq!((takedowns.len(), reviews.len()), (1, 1), "{takedowns:?} {reviews:?}");
    assert_eq!(takedowns[0]["action"], "restrict_channel");
    assert_eq!(takedowns[0]["subject"]["id"], "c1");
    assert_eq!(takedowns[0]["causes"][0]["strikes"]["points"], 3);
    assert_eq!(reviews[0]["queue"], "channels");
}

/// Nothing that people wrote is anywhere but in posts and dead letters.
pub(crate) fn no_text_of_a_post_comes_out(stage: &mut dyn Stage) {
    const UNIQUE: &str = "qzxwv7741";
    stage.start();
    let text = format!("blorp flimwort grizzlenut quillwort zorbly work {UNIQUE}");
    let mut posts: Vec<_> = (0..4)
        .map(|number| {
            let channel = format!("c{number}");
            let post = json!({
                "id": format!("p{number}"), "kind": "post", "text": text,
                "channel": {"id": channel, "title": UNIQUE, "about": UNIQUE},
                "author": {"id": "a1", "name": UNIQUE}, "poll": [UNIQUE],
                "links": [{"shown": UNIQUE, "url": format!("https://zorb.example/{UNIQUE}")}],
                "buttons": [{"text": UNIQUE, "url": format!("https://zorb.example/{UNIQUE}")}],
                "media": [{"name": UNIQUE, "ocr": UNIQUE}],
                UNIQUE: UNIQUE,
            });
            (channel, post.to_string().into_bytes())
        })
        .collect();
    posts.push(("c9".to_owned(), format!("{{\"{UNIQUE}\": {UNIQUE}").into_bytes()));
    let posts: Vec<_> =
        posts.iter().map(|(channel, post)| (channel.as_str(), post.clone())).collect();
    produce(stage, &posts);
    stage.settle();
    let metrics = stage.metric("tidegate_posts_total");
    assert!((metrics - 5.0).abs() < 0.1);
    stage.stop();
    for topic in [Topic::Takedowns, Topic::Reviews, Topic::Shadow, Topic::Signals, Topic::State] {
        let rows = stage.read(topic);
        assert!(!rows.is_empty(), "{topic:?} holds something to look at");
        assert!(!rows.iter().any(|row| row.holds(UNIQUE)), "{topic:?}");
    }
    let letters = stage.read(Topic::Deadletters);
    assert_eq!(letters.len(), 1);
    let headers: Vec<_> = letters[0].headers.values().flatten().collect();
    assert!(!headers.iter().any(|value| String::from_utf8_lossy(value).contains(UNIQUE)));
    assert!(!stage.log().contains(UNIQUE), "the log");
}
