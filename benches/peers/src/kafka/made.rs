//! The posts of a topic, and the lists that are looked for in them.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use tidegate::normalise;

use super::topics::PARTITIONS;
use crate::patterns;
use crate::posts::{self, PLANTED_EVERY, Planting, Six};

/// Different posts; more are these over again, so that a topic is filled as fast as a broker takes it.
pub const DIFFERENT: usize = 200_000;

/// The posts are planted with entries of the shortest list, which all longer ones begin with: so the
/// same posts hit with every list.
pub const SIZES: [usize; 3] = [1_000, 10_000, 100_000];

/// How the JSON of a made post begins.
const ID: &[u8] = b"{\"id\":\"";

pub struct Post {
    /// The id of its channel.
    pub key: String,
    pub json: Vec<u8>,
    pub planted: bool,
}

pub struct Made {
    posts: Vec<Post>,
    longest: Vec<String>,
}

impl Made {
    /// No post but a planted one holds an entry: none of them has a word that a post has.
    pub fn new() -> Self {
        let mut posts: Vec<Post> = posts::stream(None).take(DIFFERENT).map(plain).collect();
        let known = words(&posts);
        let longest = patterns::make(SIZES[SIZES.len() - 1], &known);
        patterns::assert_folded(&longest);
        let mut planting = Planting::new(&longest[..SIZES[0]], PLANTED_EVERY);
        posts.iter_mut().for_each(|post| post.planted = planting.next(&mut post.json));
        Self { posts, longest }
    }

    /// The post of this number.
    pub fn post(&self, number: usize) -> &Post {
        &self.posts[number % self.posts.len()]
    }

    /// Its JSON, a planted one under an id of its own: else it would be the same post again each time
    /// that it comes, and nothing to count.
    pub fn json_anew(&self, number: usize) -> Cow<'_, [u8]> {
        let post = self.post(number);
        if !post.planted {
            return Cow::Borrowed(&post.json);
        }
        let rest = post.json.strip_prefix(ID).expect("the id comes first in made posts");
        let begin = format!("{}{number}-", str::from_utf8(ID).expect("it is written above"));
        Cow::Owned([begin.as_bytes(), rest].concat())
    }

    /// How many of the first so many posts are planted.
    pub fn count_planted(&self, posts: usize) -> usize {
        let of = |posts: &[Post]| posts.iter().filter(|post| post.planted).count();
        let (whole, part) = (posts / self.posts.len(), posts % self.posts.len());
        whole * of(&self.posts) + of(&self.posts[..part])
    }

    /// Where the planted ones of the first so many posts are, in order.
    pub fn planted(&self, posts: usize) -> Vec<Place> {
        let planted = (0..posts).filter(|number| self.post(*number).planted);
        let mut places: Vec<Place> = planted.map(Place::of).collect();
        places.sort_unstable();
        places
    }

    /// The first so many entries.
    pub fn list(&self, size: usize) -> &[String] {
        &self.longest[..size]
    }

    /// Writes every list, an entry a line.
    pub fn write_lists(&self, folder: &Path) {
        for size in SIZES {
            let text = self.list(size).join("\n") + "\n";
            fs::write(list_file(folder, size), text).expect("there is room for a list");
        }
    }

    /// How many bytes of JSON a post has.
    pub fn mean_bytes(&self) -> usize {
        self.posts.iter().map(|post| post.json.len()).sum::<usize>() / self.posts.len()
    }
}

/// The file that [`Made::write_lists`] made for this size.
pub fn list_file(folder: &Path, size: usize) -> PathBuf {
    folder.join(format!("entries-{size}.txt"))
}

fn plain(json: Vec<u8>) -> Post {
    let six: Six<'_> = serde_json::from_slice(&json).expect("made posts can be read");
    Post { key: six.channel.id.into_owned(), json, planted: false }
}

fn words(posts: &[Post]) -> HashSet<String> {
    let mut words = HashSet::new();
    for post in posts {
        let six: Six<'_> = serde_json::from_slice(&post.json).expect("made posts can be read");
        words.extend(normalise::fold(&six.text).split(' ').map(str::to_owned));
        // What is a word to the peers, which keep marks.
        let lower = six.text.to_lowercase();
        words.extend(lower.split(|c: char| !c.is_alphanumeric()).map(str::to_owned));
    }
    words.remove("");
    words
}

/// Where a record stands in its topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    pub partition: i32,
    pub offset: i64,
}

impl Place {
    /// Where the post of this number is.
    pub fn of(number: usize) -> Self {
        let fits = "a number of posts that fits on a disk";
        Self {
            partition: i32::try_from(number % PARTITIONS).expect(fits),
            offset: i64::try_from(number / PARTITIONS).expect(fits),
        }
    }

    /// The number of the post that is here.
    pub fn number(self) -> usize {
        let not_negative = "a place of a topic that was filled";
        let partition = usize::try_from(self.partition).expect(not_negative);
        usize::try_from(self.offset).expect(not_negative) * PARTITIONS + partition
    }
}
