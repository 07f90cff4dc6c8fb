//! Vectorscan, the free heir of Hyperscan: a post a call, as a stream processor has to call it, and
//! blocks of posts, which is what it was made for. Debian's library, as it comes.
//!
//! Texts and patterns have a space on both sides, as those of the other peers do. It finds its way by
//! the last bytes of a pattern, of which one is then always a space: with a million patterns that
//! is too little, and the bare ones, where whoever takes a match looks for the spaces, are twice as
//! fast. So it gets them in the form in which it is faster.

mod library;

use std::cell::RefCell;
use std::rc::Rc;

use crate::patterns;
use crate::race::{Runner, runner};
use library::Database;

/// The most patterns that are faster with their spaces.
const SPACED_MAX: usize = 100_000;

const BLOCK_BYTES: usize = 64 * 1024;

/// Both ways of calling it.
pub fn runners<'t>(list: &[String], texts: &'t [String]) -> [Runner<'t>; 2] {
    let search = Rc::new(Search::of(list));
    [each(Rc::clone(&search), texts), blocks(search, texts)]
}

fn each(search: Rc<Search>, texts: &[String]) -> Runner<'_> {
    let hits = move |text: &&String| {
        let mut hits = false;
        search.matches(text, |_| {
            hits = true;
            true
        });
        hits
    };
    runner("Vectorscan, a post a call", move || texts.iter().filter(&hits).count())
}

/// The blocks are joined before the clock starts. It cannot stop at the first match of a post here.
fn blocks<'t>(search: Rc<Search>, texts: &[String]) -> Runner<'t> {
    let blocks = Block::all(texts);
    let mut hit: Vec<bool> = Vec::new();
    let mut count = move |block: &Block| {
        hit.clear();
        hit.resize(block.ends.len(), false);
        search.matches(&block.text, |end| {
            hit[block.ends.partition_point(|&post| post < end)] = true;
            false
        });
        hit.iter().filter(|hit| **hit).count()
    };
    runner("Vectorscan, blocks of 64 KiB", move || blocks.iter().map(&mut count).sum())
}

/// A list, ready to be searched for.
pub struct Search {
    database: RefCell<Database>,
    /// Of each pattern; none where the patterns have their spaces.
    lengths: Option<Vec<usize>>,
}

impl Search {
    pub fn of(list: &[String]) -> Self {
        if list.len() > SPACED_MAX {
            let lengths = list.iter().map(String::len).collect();
            return Self { database: RefCell::new(Database::of(list)), lengths: Some(lengths) };
        }
        Self { database: RefCell::new(Database::of(&patterns::spaced(list))), lengths: None }
    }

    pub fn bytes(&self) -> usize {
        self.database.borrow().bytes()
    }

    /// Hands on where each match of whole words ends, until `stops` says true.
    fn matches(&self, text: &str, mut stops: impl FnMut(usize) -> bool) {
        let is_space = |at: usize| text.as_bytes()[at] == b' ';
        let is_whole = |pattern: usize, end: usize| {
            let lengths = self.lengths.as_ref();
            lengths.is_none_or(|lengths| is_space(end - lengths[pattern] - 1) && is_space(end))
        };
        let mut database = self.database.borrow_mut();
        database.scan(text, |pattern, end| is_whole(pattern, end) && stops(end));
    }
}

/// Posts joined. No pattern has two spaces in a row, so none matches over the edge of a post.
struct Block {
    text: String,
    /// Where each post of it ends.
    ends: Vec<usize>,
}

impl Block {
    fn all(texts: &[String]) -> Vec<Self> {
        let mut blocks: Vec<Self> = Vec::new();
        for text in texts {
            match blocks.last_mut() {
                Some(block) if block.text.len() + text.len() <= BLOCK_BYTES => block.push(text),
                _ => blocks.push(Self { text: text.clone(), ends: vec![text.len()] }),
            }
        }
        blocks
    }

    fn push(&mut self, text: &str) {
        self.text.push_str(text);
        self.ends.push(self.text.len());
    }
}
