//! What a hostile author can make a post cost: `screen` with 100,000 patterns, by byte of text.
//!
//! By byte of text and not of JSON, so that escapes do not look cheap. A short post pays for the rest
//! of its JSON too, so what is not long is as long as made posts are. Long posts say whether a byte
//! costs the same however many there are: if one costs more, the work is not linear.
//!
//! Letters that stand alone are read as the words that they spell, so those that spell entries hit.

use tidegate::screen::Reading;

use crate::posts::{self, Text};
use crate::race::{medians, runner};
use crate::random::Random;
use crate::{patterns, whole};

const SIZE: usize = 100_000;

/// Posts of each kind.
const COUNT: usize = 1_000;

const LONG_BYTES: usize = 64 * 1024;

const SEED: u64 = 13;

pub fn run() {
    println!("\n## worst");
    println!("\nscreen with {SIZE} patterns, nanoseconds by byte of text\n");
    let known = Text::Made.words();
    let list = patterns::make(SIZE, &known);
    let rules = whole::rules(&list);
    let kinds = kinds(&list);
    let texts: Vec<usize> = kinds.iter().map(|(_, made)| text_bytes(made)).collect();
    let reading = Reading::default();
    let runners = kinds.iter().map(|(name, made)| {
        let (rules, reading) = (&rules, &reading);
        runner(*name, move || whole::fired(rules, reading, made))
    });
    let medians = medians(runners.collect());
    println!("| posts | of them hit | bytes of text a post | ns a post | ns a byte | × plain |");
    println!("|---|--:|--:|--:|--:|--:|");
    let mut plain = None;
    for (((name, fired, time), (_, made)), bytes) in medians.iter().zip(&kinds).zip(texts) {
        let nanos = time.as_secs_f64() * 1e9;
        let a_byte = nanos / bytes as f64;
        let plain = *plain.get_or_insert(a_byte);
        let (posts, a_post) = (made.len(), nanos / made.len() as f64);
        println!(
            "| {name} | {fired} of {posts} | {} | {a_post:.0} | {a_byte:.2} | {:.2} |",
            bytes / posts,
            a_byte / plain,
        );
    }
}

fn kinds(list: &[String]) -> Vec<(&'static str, Vec<Vec<u8>>)> {
    let plain = posts::made(COUNT, None);
    let mut hits = plain.clone();
    posts::plant(&mut hits, list, 1);
    let texts = posts::texts(&plain);
    let mut random = Random::new(SEED);
    let mut like = |word: fn(&mut Random) -> String| -> Vec<Vec<u8>> {
        texts.iter().map(|text| post(&words(&mut random, text.len(), word))).collect()
    };
    let rare = like(rare_letter);
    let single = like(any_letter);
    let leet = like(leet_word);
    vec![
        ("plain", plain.clone()),
        ("all Cyrillic", posts::made(COUNT, Some("ru"))),
        ("all Arabic", posts::made(COUNT, Some("ar"))),
        ("all Hindi", posts::made(COUNT, Some("hi"))),
        ("all Chinese", posts::made(COUNT, Some("zh"))),
        ("one-letter words, six rare letters", rare),
        ("one-letter words", single),
        ("every word odd", leet),
        ("every post a hit", hits),
        ("text as \\u escapes", texts.iter().map(|text| escaped(text)).collect()),
        ("64 KiB, plain", long(&texts)),
        ("64 KiB, one-letter words, six rare letters", long_of(rare_letter, LONG_BYTES)),
        ("4 KiB, one-letter words", long_of(any_letter, 4 << 10)),
        ("16 KiB, one-letter words", long_of(any_letter, 16 << 10)),
        ("64 KiB, one-letter words", long_of(any_letter, LONG_BYTES)),
        ("64 KiB, every word odd", long_of(leet_word, LONG_BYTES)),
    ]
}

/// One post of such words, so many bytes of them.
fn long_of(word: fn(&mut Random) -> String, bytes: usize) -> Vec<Vec<u8>> {
    vec![post(&words(&mut Random::new(SEED), bytes, word))]
}

fn any_letter(random: &mut Random) -> String {
    char::from(b'a' + random.below(26) as u8).to_string()
}

/// One that the made patterns do not use; some are read as a letter that they do.
fn rare_letter(random: &mut Random) -> String {
    random.pick(&['h', 'j', 'q', 'w', 'x', 'y']).to_string()
}

/// Words with a space behind each, so many bytes in all.
fn words(random: &mut Random, bytes: usize, word: fn(&mut Random) -> String) -> String {
    let mut text = String::new();
    while text.len() < bytes {
        text.push_str(&word(random));
        text.push(' ');
    }
    text
}

/// A word of made syllables with a digit or sign in the place of a vowel.
fn leet_word(random: &mut Random) -> String {
    let mut word = String::new();
    for syllable in 0..3 {
        word.push(*random.pick(&['b', 'd', 'f', 'g', 'k', 'm', 'n', 'p', 'r', 't']));
        let vowels =
            if syllable == 1 { ['4', '3', '1', '0', '@'] } else { ['a', 'e', 'i', 'o', 'u'] };
        word.push(*random.pick(&vowels));
    }
    word + "n"
}

/// A post of this text, as short as a made one.
fn post(text: &str) -> Vec<u8> {
    let quoted = serde_json::to_string(text).expect("a string is JSON");
    with_text(&quoted)
}

/// The same with every character escaped.
fn escaped(text: &str) -> Vec<u8> {
    let escapes: String = text.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
    with_text(&format!("\"{escapes}\""))
}

fn with_text(quoted: &str) -> Vec<u8> {
    let json = format!(
        "{{\"id\":\"-1001000000001/1\",\"channel\":{{\"id\":\"-1001000000001\",\"members\":4012}},\
         \"author\":{{\"id\":\"5000000001\",\"name\":\"Garden\"}},\"text\":{quoted},\
         \"lang\":\"en\",\"sent_at\":1767225600}}"
    );
    json.into_bytes()
}

/// Plain texts one after the other, until each post has [`LONG_BYTES`].
fn long(texts: &[String]) -> Vec<Vec<u8>> {
    let all = texts.join(" ");
    let mut rest = all.as_str();
    let mut out = Vec::new();
    while rest.len() >= LONG_BYTES {
        let (text, after) = rest.split_at(rest.floor_char_boundary(LONG_BYTES));
        out.push(post(text));
        rest = after;
    }
    out
}

fn text_bytes(made: &[Vec<u8>]) -> usize {
    posts::bytes(&posts::texts(made))
}
