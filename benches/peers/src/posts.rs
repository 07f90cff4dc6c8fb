//! The posts: the project's own made traffic, one in a hundred with a pattern put into its text.
//!
//! Made posts have few different words, so that the paths of an automaton that they take stay in the
//! cache. So there are others too, with the lines that people wrote which the tests of unmasking have.

use std::collections::HashSet;
use std::fs;

use serde::Deserialize;
use tidegate::decode::{self, Format, Limits, Post};
use tidegate::normalise;
use tidegate::traffic::{Plan, Traffic};

use crate::random::Random;

const POSTS: usize = 5_000;

const SEED: u64 = 7;

/// One post in so many is planted.
pub const PLANTED_EVERY: usize = 100;

/// Where the text of a post starts in its JSON.
const TEXT: &str = ",\"text\":\"";

/// Lines that people wrote, in 66 languages: where they come from says the page beside the folder.
const LINES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/data/quality/benign");

/// What the posts of a race say.
#[derive(Clone, Copy)]
pub enum Text {
    /// What [`Traffic`] makes, in six languages: [`POSTS`] of them.
    Made,
    /// All of [`LINES`], in the JSON of made posts.
    Written,
}

impl Text {
    pub const ALL: [Self; 2] = [Self::Made, Self::Written];

    pub fn name(self) -> &'static str {
        match self {
            Self::Made => "made posts",
            Self::Written => "lines that people wrote",
        }
    }

    /// Posts that nothing is planted in.
    pub fn posts(self) -> Vec<Vec<u8>> {
        match self {
            Self::Made => made(POSTS, None),
            Self::Written => written(),
        }
    }

    /// One in [`PLANTED_EVERY`] planted; and how many those are.
    pub fn planted(self, patterns: &[String]) -> (Vec<Vec<u8>>, usize) {
        let mut posts = self.posts();
        let planted = plant(&mut posts, patterns, PLANTED_EVERY);
        (posts, planted)
    }

    /// Every folded word of the unplanted posts, wherever it stands.
    pub fn words(self) -> HashSet<String> {
        let posts = self.posts();
        let texts = decoded(&posts).into_iter().map(|post| normalise::fold(&post.text));
        texts.flat_map(|text| text.split(' ').map(str::to_owned).collect::<Vec<_>>()).collect()
    }
}

/// The lines in an order that mixes languages as a stream does, each in a post.
fn written() -> Vec<Vec<u8>> {
    let mut lines: Vec<String> = files(LINES).iter().flat_map(|file| lines(file)).collect();
    let mut random = Random::new(SEED);
    for place in (1..lines.len()).rev() {
        lines.swap(place, random.below(place + 1));
    }
    stream(None).zip(&lines).map(|(json, line)| with_text(&json, line)).collect()
}

fn files(folder: &str) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("the lines of the tests are there");
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("a folder").path()).collect();
    paths.sort();
    paths.iter().map(|path| fs::read_to_string(path).expect("a file of lines")).collect()
}

/// Behind the language of each; the first line of a file says what is in it.
fn lines(file: &str) -> Vec<String> {
    let line = |row: &str| row.split_once('\t').map(|(_, line)| line.to_owned());
    file.lines().skip(1).filter_map(line).collect()
}

/// The post with another text.
fn with_text(json: &[u8], text: &str) -> Vec<u8> {
    let json = str::from_utf8(json).expect("made JSON is UTF-8");
    let (before, after) = json.split_once(TEXT).expect("a post that has a text");
    let mut escaped = false;
    let end = after.find(|c: char| {
        let ends = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        ends
    });
    let after = &after[end.expect("a string has an end")..];
    let quoted = serde_json::to_string(text).expect("a string is JSON");
    format!("{before}{TEXT}{}{after}", &quoted[1..quoted.len() - 1]).into_bytes()
}

/// So many posts that have a text, as JSON, in any language or in one.
pub fn made(count: usize, lang: Option<&str>) -> Vec<Vec<u8>> {
    stream(lang).take(count).collect()
}

/// The same without an end.
pub fn stream(lang: Option<&str>) -> impl Iterator<Item = Vec<u8>> {
    let lang = lang.map(|lang| format!("\"lang\":\"{lang}\""));
    let traffic = Traffic::new(SEED, Plan::default()).expect("a plan without plants");
    let posts = traffic.map(|made| made.json);
    posts.filter(move |json| {
        let json = str::from_utf8(json).expect("made JSON is UTF-8");
        json.contains(TEXT) && lang.as_ref().is_none_or(|lang| json.contains(lang))
    })
}

/// Puts a pattern before the text of one post in `every`; gives back how many.
pub fn plant(posts: &mut [Vec<u8>], patterns: &[String], every: usize) -> usize {
    let mut planting = Planting::new(patterns, every);
    posts.iter_mut().map(|json| usize::from(planting.next(json))).sum()
}

/// Puts patterns before the texts of posts as they come.
pub struct Planting<'p> {
    random: Random,
    patterns: &'p [String],
    every: usize,
    seen: usize,
}

impl<'p> Planting<'p> {
    /// For one post in `every`.
    pub fn new(patterns: &'p [String], every: usize) -> Self {
        Self { random: Random::new(SEED), patterns, every, seen: 0 }
    }

    /// True if this post got one.
    pub fn next(&mut self, json: &mut Vec<u8>) -> bool {
        let is_its_turn = self.seen % self.every == self.every / 2;
        self.seen += 1;
        if is_its_turn {
            let text = str::from_utf8(json).expect("made JSON is UTF-8");
            let pattern = self.random.pick(self.patterns);
            *json = text.replacen(TEXT, &format!("{TEXT}{pattern} "), 1).into_bytes();
        }
        is_its_turn
    }
}

/// The posts as Tidegate reads them.
pub fn decoded(posts: &[Vec<u8>]) -> Vec<Post<'_>> {
    let limits = Limits::default();
    let posts = posts.iter().map(|json| decode::read(&Format::Native, Some(json), &limits));
    posts.map(|post| post.expect("made posts can be read")).collect()
}

/// Their texts.
pub fn texts(posts: &[Vec<u8>]) -> Vec<String> {
    decoded(posts).into_iter().map(|post| post.text.into_owned()).collect()
}

pub fn bytes<T: AsRef<[u8]>>(items: &[T]) -> usize {
    items.iter().map(|item| item.as_ref().len()).sum()
}

/// What an ordinary service would read of a post: six fields.
#[derive(Deserialize)]
pub struct Six<'a> {
    #[serde(borrow)]
    pub id: std::borrow::Cow<'a, str>,
    #[serde(borrow)]
    pub channel: Named<'a>,
    #[serde(borrow)]
    pub author: Named<'a>,
    #[serde(borrow)]
    pub text: std::borrow::Cow<'a, str>,
    #[serde(borrow)]
    pub lang: std::borrow::Cow<'a, str>,
    pub sent_at: i64,
}

#[derive(Deserialize)]
pub struct Named<'a> {
    #[serde(borrow)]
    pub id: std::borrow::Cow<'a, str>,
}
