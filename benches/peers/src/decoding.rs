//! JSON to a post. Tidegate reads every field it knows; the peers read six of them into a struct
//! that borrows where nothing is escaped. All of them check UTF-8.
//!
//! What they read is compared by the bytes of the ids, the text and the language, added up.

use tidegate::decode::{self, Format, Limits, Post};

use crate::posts::{self, Six, Text};
use crate::race::{Load, Runner, apart, race, runner};

pub fn run() {
    println!("\n## decoding");
    println!("\nTidegate reads all fields of the native format, the structs of the peers six.");
    let made = Text::Made.posts();
    let load = Load { posts: made.len(), bytes: posts::bytes(&made) };
    let runners = vec![
        tidegate(&made),
        peer("sonic-rs, struct", &made, |json| {
            sonic_rs::from_slice(json).expect("made posts can be read")
        }),
        simd_json(&made),
        peer("serde_json, struct", &made, |json| {
            serde_json::from_slice(json).expect("made posts can be read")
        }),
        floor(&made),
    ];
    race("JSON to a post", load, None, runners);
}

fn tidegate(made: &[Vec<u8>]) -> Runner<'_> {
    let limits = Limits::default();
    let read = move |json: &Vec<u8>| {
        let post = decode::read(&Format::Native, Some(json), &limits);
        size_of_post(&post.expect("made posts can be read"))
    };
    runner("Tidegate, all fields", move || made.iter().map(read).sum())
}

fn peer<'m>(
    name: &str,
    made: &'m [Vec<u8>],
    read: impl Fn(&'m [u8]) -> Six<'m> + 'm,
) -> Runner<'m> {
    runner(name, move || made.iter().map(|json| size(&read(json))).sum())
}

/// It writes into the bytes it reads, so each post is copied first; its buffers are kept.
fn simd_json(made: &[Vec<u8>]) -> Runner<'_> {
    let mut copy = Vec::new();
    let mut buffers = simd_json::Buffers::default();
    let mut read = move |json: &Vec<u8>| {
        copy.clear();
        copy.extend_from_slice(json);
        let six = simd_json::serde::from_slice_with_buffers(&mut copy, &mut buffers);
        size(&six.expect("made posts can be read"))
    };
    runner("simd-json, struct, with its copy", move || made.iter().map(&mut read).sum())
}

/// The least that anything costs which reads each byte and trusts none.
pub fn floor(made: &[Vec<u8>]) -> Runner<'_> {
    let is_utf8 = |json: &&Vec<u8>| simdutf8::basic::from_utf8(json).is_ok();
    apart("simdutf8 over the JSON, a floor", move || made.iter().filter(is_utf8).count())
}

fn size_of_post(post: &Post<'_>) -> usize {
    let author = post.author_id().unwrap_or_default();
    let lang = post.lang.as_deref().unwrap_or_default();
    let texts = [&*post.id, &*post.channel.id, author, &*post.text, lang];
    texts.iter().map(|text| text.len()).sum::<usize>() + usize::from(post.sent_at_ms > Some(0))
}

fn size(six: &Six<'_>) -> usize {
    let texts = [&six.id, &six.channel.id, &six.author.id, &six.text, &six.lang];
    texts.iter().map(|text| text.len()).sum::<usize>() + usize::from(six.sent_at > 0)
}
