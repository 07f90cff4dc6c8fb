//! The posts: the project's own made traffic, one in a hundred with a pattern put into its text.

use std::collections::HashSet;

use serde::Deserialize;
use tidegate::decode::{self, Format, Limits, Post};
use tidegate::normalise;
use tidegate::traffic::{Plan, Traffic};

use crate::random::Random;

pub const POSTS: usize = 5_000;

const SEED: u64 = 7;

/// One post in so many is planted.
pub const PLANTED_EVERY: usize = 100;

/// Where the text of a post starts in its JSON.
const TEXT: &str = ",\"text\":\"";

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

/// [`POSTS`] posts, one in [`PLANTED_EVERY`] planted; and how many those are.
pub fn planted(patterns: &[String]) -> (Vec<Vec<u8>>, usize) {
    let mut posts = made(POSTS, None);
    let planted = plant(&mut posts, patterns, PLANTED_EVERY);
    (posts, planted)
}

/// Every folded word of the unplanted posts, wherever it stands.
pub fn words() -> HashSet<String> {
    let posts = made(POSTS, None);
    let texts = decoded(&posts).into_iter().map(|post| normalise::fold(&post.text));
    texts.flat_map(|text| text.split(' ').map(str::to_owned).collect::<Vec<_>>()).collect()
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
