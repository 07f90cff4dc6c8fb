//! The posts that are sent, and what must have come of them: made from the topic of posts alone, without
//! a line of what decides in the service.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;
use tidegate::log::kafka::Settings;
use tidegate::log::kafka::feed::{Feed, Kept, read_committed};
use tidegate::record::Topic;

use super::fault::Random;
use crate::scenarios::post;

/// Posts of a burst, and the pause after it: some 250 a second.
const BURST: usize = 25;
const PAUSE: Duration = Duration::from_millis(100);

/// Posts of all kinds.
pub(super) struct Input {
    seed: u64,
    settings: Settings,
}

impl Input {
    pub(super) fn new(seed: u64, settings: Settings) -> Self {
        Self { seed, settings }
    }

    /// Sends posts until it is over; how many.
    pub(super) fn feed(&self, over: &AtomicBool) -> usize {
        let feed = Feed::open(&self.settings, &self.settings.posts[0]).unwrap();
        let mut random = Random::new(self.seed);
        let mut sent = 0;
        while !over.load(Ordering::Relaxed) {
            for _ in 0..BURST {
                let (channel, post) = made(sent, &mut random);
                feed.send(channel.as_bytes(), &post).unwrap();
                sent += 1;
            }
            std::thread::sleep(PAUSE);
        }
        feed.flush().unwrap();
        sent
    }
}

/// Channels and authors come and go, so that counts and strikes are reached all the time.
fn made(number: usize, random: &mut Random) -> (String, Vec<u8>) {
    let channel = format!("c{}", number / 200 * 10 + random.below(10));
    let author = format!("a{}", number / 100 * 5 + random.below(5));
    let text = match random.below(50) {
        0..5 => "buy bl0rp now",
        5..8 => "fresh flimwort",
        8..11 => "gr1zzlenut for all",
        11..16 => "zorbly work for you",
        16..22 => "buy quillwort",
        22 => return (channel, format!("no post {number}").into_bytes()),
        23..25 => return (channel.clone(), edited(number, &channel)),
        _ => "bread and butter",
    };
    let made = post(&format!("p{number}"), &channel, &author, text);
    (channel, made)
}

/// One of a few posts, changed once more: acted on again, for it is another revision.
fn edited(number: usize, channel: &str) -> Vec<u8> {
    let at = i64::try_from(number).unwrap() + 1_790_000_000_000;
    let at = Timestamp::from_millisecond(at).unwrap().to_string();
    let post = serde_json::json!({
        "id": format!("e{}", number % 3), "kind": "edit", "edited_at": at, "channel": {"id": channel}, "text": "a blorp",
    });
    post.to_string().into_bytes()
}

/// What is wrong, and how much there was.
pub(super) struct Account {
    pub(super) faults: Vec<String>,
    /// What came more than once, and what came out of order for that.
    pub(super) twice: Vec<String>,
    posts: usize,
    events: BTreeMap<&'static str, usize>,
}

impl Account {
    pub(super) fn summary(&self) -> String {
        let Self { faults, twice, posts, events } = self;
        let events: Vec<String> = events.iter().map(|(kind, n)| format!("{n} {kind}")).collect();
        let (faults, twice) = (faults.len(), twice.len());
        format!("{posts} posts led to {}; {faults} faults, {twice} twice", events.join(", "))
    }

    pub(super) fn first(&self) -> &[String] {
        &self.faults[..self.faults.len().min(20)]
    }

    /// Was there enough of each kind to tell?
    pub(super) fn is_worth_something(&self) -> bool {
        self.events.len() == 7 && self.events.values().all(|number| *number > 3)
    }
}

/// A thing that must be there once: its kind, and whom it is about.
type Thing = (&'static str, String);

/// What the posts lead to.
#[derive(Default)]
struct Expected {
    /// And how many posts of the topic say so: a producer whose broker dies may write one twice.
    things: BTreeMap<Thing, usize>,
    /// Strikes against each channel.
    strikes: BTreeMap<String, usize>,
    /// By author: posts, and channels.
    counted: BTreeMap<String, (BTreeSet<String>, BTreeSet<String>)>,
}

impl Expected {
    fn take(&mut self, record: &Kept) {
        let value = record.value.as_deref().unwrap();
        let Ok(post) = serde_json::from_slice::<Value>(value) else {
            let place = format!("{}@{}", record.partition, record.offset);
            self.things.insert(("dead letters", place), 1);
            return;
        };
        let text = |field: &Value| field.as_str().unwrap().to_owned();
        let channel = text(&post["channel"]["id"]);
        let id = subject(&channel, &text(&post["id"]), edited_ms(&post));
        let said = text(&post["text"]);
        let mut thing = |kind| *self.things.entry((kind, id.clone())).or_default() += 1;
        if said.contains("bl0rp") || said.contains("blorp") {
            thing("removed posts");
        } else if said.contains("flimwort") {
            thing("referrals");
        } else if said.contains("gr1zzlenut") {
            thing("shadow events");
        } else if said.contains("quillwort") {
            thing("removed posts");
            *self.strikes.entry(channel).or_default() += 1;
        } else if said.contains("zorbly work") {
            let (posts, channels) = self.counted.entry(text(&post["author"]["id"])).or_default();
            posts.insert(id);
            channels.insert(channel);
        }
    }

    fn all(&self) -> BTreeMap<Thing, usize> {
        let mut things = self.things.clone();
        let reached = self.counted.values().filter(|(_, channels)| channels.len() >= 3);
        things.extend(
            reached.flat_map(|(posts, _)| posts).map(|post| (("counted posts", post.clone()), 1)),
        );
        for (channel, _) in self.strikes.iter().filter(|(_, strikes)| **strikes >= 3) {
            things.insert(("restricted channels", channel.clone()), 1);
            things.insert(("referred channels", channel.clone()), 1);
        }
        things
    }
}

/// When a post was edited, Unix milliseconds; 0: never.
fn edited_ms(post: &Value) -> i64 {
    let at = post["edited_at"].as_str().map(|at| at.parse::<Timestamp>().unwrap());
    at.map_or(0, Timestamp::as_millisecond)
}

/// A post, as whom an event is about.
fn subject(channel: &str, id: &str, revision: i64) -> String {
    format!("{channel}/{id} {revision}")
}

/// What kind of thing an event is.
fn kind_of(topic: Topic, event: &Value) -> &'static str {
    let is_channel = event["subject"]["kind"] == "channel";
    match topic {
        Topic::Takedowns if is_channel => "restricted channels",
        Topic::Takedowns if event["causes"][0]["kind"] == "count" => "counted posts",
        Topic::Takedowns => "removed posts",
        Topic::Reviews if is_channel => "referred channels",
        Topic::Reviews => "referrals",
        _ => "shadow events",
    }
}

/// Holds all that came against all that was sent.
pub(super) fn account(settings: &Settings) -> Account {
    let all = |topic: &str| read_committed(settings, topic, &[]).unwrap();
    let posts = all(&settings.posts[0]);
    let mut expected = Expected::default();
    posts.iter().for_each(|record| expected.take(record));
    let (mut faults, mut twice) = (Vec::new(), Vec::new());
    let mut seen = BTreeMap::<Thing, usize>::new();
    let mut places = BTreeMap::<Thing, Vec<String>>::new();
    let mut names = BTreeMap::<String, Thing>::new();
    for topic in [Topic::Takedowns, Topic::Reviews, Topic::Shadow] {
        let records = all(&settings.topic(topic));
        twice.extend(out_of_order(topic, &records));
        for record in records {
            let event: Value = serde_json::from_slice(&record.value.unwrap()).unwrap();
            let about = &event["subject"];
            let id = about["id"].as_str().unwrap();
            let id = match about["channel"].as_str() {
                Some(channel) => subject(channel, id, about["revision"].as_i64().unwrap()),
                None => id.to_owned(),
            };
            let thing = (kind_of(topic, &event), id);
            let name = event["id"].as_str().unwrap().to_owned();
            if let Some(other) = names.insert(name, thing.clone()).filter(|other| *other != thing) {
                faults.push(format!("one id for {other:?} and {thing:?}"));
            }
            let (place, from) =
                (format!("{}@{}", record.partition, record.offset), &event["source"]);
            let place = format!("{place} at {} of {from}", record.time_ms);
            places.entry(thing.clone()).or_default().push(place);
            *seen.entry(thing).or_default() += 1;
        }
    }
    for letter in all(&settings.topic(Topic::Deadletters)) {
        let header = |name: &str| {
            let found = letter.headers.iter().find(|(known, _)| known == name);
            String::from_utf8(found.unwrap().1.clone().unwrap()).unwrap()
        };
        let place = format!("{}@{}", header("tidegate_partition"), header("tidegate_offset"));
        *seen.entry(("dead letters", place)).or_default() += 1;
    }
    let wanted = expected.all();
    let lost = wanted.keys().filter(|thing| !seen.contains_key(*thing));
    faults.extend(lost.map(|(kind, what)| format!("lost of {kind}: {what}")));
    let extra = seen.keys().filter(|thing| !wanted.contains_key(*thing));
    faults.extend(extra.map(|(kind, what)| format!("not asked for among {kind}: {what}")));
    let doubled =
        seen.iter().filter(|(thing, times)| **times > wanted.get(*thing).copied().unwrap_or(1));
    twice.extend(doubled.map(|(thing @ (kind, what), times)| {
        format!("{times} times of {kind}: {what}: {:?}", places.get(thing))
    }));
    faults.extend(wrong_state(&expected, &all(&settings.topic(Topic::State))));
    let mut events = BTreeMap::new();
    wanted.keys().for_each(|(kind, _)| *events.entry(*kind).or_default() += 1);
    let again = wanted.iter().filter(|(_, times)| **times > 1);
    again.for_each(|(thing, times)| println!("{times} times in the topic of posts: {thing:?}"));
    Account { faults, twice, posts: posts.len(), events }
}

/// What was decided on posts of one partition follows their order, in each partition that it is written to.
fn out_of_order(topic: Topic, records: &[Kept]) -> Vec<String> {
    let mut last: BTreeMap<(i32, i64), i64> = BTreeMap::new();
    let mut faults = Vec::new();
    for record in records {
        let event: Value = serde_json::from_slice(record.value.as_deref().unwrap()).unwrap();
        if event["causes"][0]["kind"] != "rule" {
            continue;
        }
        let (from, offset) = (&event["source"]["partition"], &event["source"]["offset"]);
        let (from, offset) = (from.as_i64().unwrap(), offset.as_i64().unwrap());
        if let Some(before) = last.insert((record.partition, from), offset)
            && before >= offset
        {
            faults.push(format!("{topic:?}/{}: {before} before {offset}", record.partition));
        }
    }
    faults
}

/// The strikes and acts that are kept are those that the posts gave.
fn wrong_state(expected: &Expected, rows: &[Kept]) -> Vec<String> {
    let mut newest: BTreeMap<&[u8], Option<&[u8]>> = BTreeMap::new();
    for row in rows {
        newest.insert(row.key.as_deref().unwrap(), row.value.as_deref());
    }
    let (mut strikes, mut acted) = (BTreeMap::<String, usize>::new(), BTreeSet::new());
    let mut counted = BTreeMap::<String, usize>::new();
    for (key, value) in newest {
        let Some(value) = value else { continue };
        let (rule, key, _): (String, String, u32) = serde_json::from_slice(key).unwrap();
        let channel = key.strip_prefix("channel/").map(str::to_owned);
        let value: Value = serde_json::from_slice(value).unwrap();
        match (rule.as_str(), channel) {
            ("strikes", Some(channel)) => *strikes.entry(channel).or_default() += 1,
            ("acts", Some(channel)) if value["acts"].as_array().unwrap().len() == 2 => {
                acted.insert(channel);
            }
            ("fraud.counted", _) => *counted.entry(key).or_default() += 1,
            _ => {}
        }
    }
    let mut faults = Vec::new();
    for (channel, want) in &expected.strikes {
        let kept = strikes.remove(channel).unwrap_or_default();
        if kept != *want || acted.contains(channel) != (*want >= 3) {
            faults.push(format!("state: {channel} has {kept} strikes, not {want}, or acts amiss"));
        }
    }
    faults.extend(strikes.keys().map(|channel| format!("state: strikes of {channel}")));
    for (author, (posts, _)) in &expected.counted {
        let kept = counted.remove(author).unwrap_or_default();
        if kept == 0 || kept > posts.len() {
            faults.push(format!("state: {author} has {kept} rows of {} posts", posts.len()));
        }
    }
    faults
}
