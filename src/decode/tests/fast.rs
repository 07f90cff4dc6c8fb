//! The fast reader of the native format gives what the full one gives, or nothing.

use super::*;
use crate::traffic::{Plan, Traffic};

/// What the fast reader gives.
fn fast(json: &str) -> Option<Post<'_>> {
    let mut post = Post::default();
    lazy::post(json, &mut post).map(|()| post)
}

fn full(json: &str) -> Result<Post<'_>, Fault> {
    read_full(&Format::Native, Some(json.as_bytes()), &LIMITS)
}

#[test]
fn ordinary_posts_are_never_refused() {
    for made in Traffic::new(11, Plan::default()).unwrap().take(5_000) {
        let json = std::str::from_utf8(&made.json).unwrap();
        let post = fast(json).unwrap_or_else(|| panic!("refused: {json}"));
        assert_eq!(Ok(post), full(json), "{json}");
    }
}

#[test]
fn what_a_post_may_hold_is_taken_whole() {
    let fields = [
        r#""text":"x","kind":"edit","lang":"en","url":"u","reply_to":-12,"edited_at":"2026-11-23T12:00:00Z""#,
        r#""text":"a\nb\"\\\/\b\f\r\t\u00e9\ud83d\ude00c","sent_at":1763900000.5"#,
        r#""text":"x","author":{"id":7,"name":"n","created_at":1e9},"forward":{"channel":{"id":1,"title":"t"},"author":null}"#,
        r#""links":[{"url":"u","shown":"s"},{}],"buttons":[{"text":"t","url":"u"}],"poll":["q",""]"#,
        r#""media":[{"name":"n","md5":"1","sha1":"2","sha256":"3","pdq":"4","pdq_quality":100,"ocr":"o"}]"#,
        r#""text":"x","author":null,"links":null,"media":[],"forward":{},"sent_at":null,"kind":null,"lang":null"#,
        r#""text":"x","other":[1,-2.5e+3,0,true,false,null,{"a":{"b":[[]]}},"\ud83d\u0000"],"":{},"other":1"#,
        " \"text\"\t:\r\n\"x\" ",
        "\"text\":\"\u{7f}é€😀\"",
    ];
    for fields in fields {
        let json = format!(
            r#" {{"id":"p","channel":{{"id":2,"title":"t","members":3,"verified":true}},{fields}}} "#
        );
        let post = fast(&json).unwrap_or_else(|| panic!("refused: {json}"));
        assert_eq!(Ok(post), full(&json), "{json}");
    }
}

#[test]
fn what_is_not_plain_is_left_to_the_full_reader() {
    let post = |fields: &str| format!(r#"{{"id":"p","channel":{{"id":"c"}},"text":"x"{fields}}}"#);
    let refused = [
        post(r#","text":"y""#),
        post(r#","te\u0078t":"y""#),
        post(r#","lang":"\ud83d""#),
        post(r#","author":{"id":1,"id":2}"#),
        post(r#","channel":{"id":"c"}"#),
        post(r#","other":"\x""#),
        post(r#","other":01"#),
        post(r#","other":1."#),
        post(r#","other":[1,]"#),
        post(r#","other":tru"#),
        post(r#","sent_at":01"#),
        post(r#","media":[{"pdq_quality":101}]"#),
        post(r#","poll":[null]"#),
        post(","),
        post("") + "x",
        post("").replace("\"x\"", "\"\u{1f}\""),
        post(&format!(r#","other":{}{}"#, "[".repeat(64), "]".repeat(64))),
        r#"{"id":"p","channel":{"id":"c"}}"#.to_owned(),
        r#"{"id":"","channel":{"id":"c"},"text":"x"}"#.to_owned(),
    ];
    for json in refused {
        assert_eq!(fast(&json), None, "{json}");
    }
    assert!(fast(&post(&format!(r#","other":{}{}"#, "[".repeat(63), "]".repeat(63)))).is_some());
}

/// White space, most often none.
fn space() -> impl Strategy<Value = &'static str> {
    proptest::sample::select(vec!["", "", "", "", "", "", " ", "\n\t ", "\u{b}"])
}

/// The text of a string, quotes and all, with every kind of escape and some that are none.
fn string() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        8 => "[a-z éжक漢😀]{0,9}",
        2 => proptest::sample::select(vec![
            "\\n", "\\\"", "\\\\", "\\/", "\\u0041", "\\ud83d\\ude00", "\\u00e9",
            "a long stretch of plain text that goes on for more than one block of sixty-four bytes",
        ]).prop_map(str::to_owned),
        1 => proptest::sample::select(vec!["\\ud83d", "\\x", "\\u12G4", "\u{1}", "\"", "\\", "\u{7f}"])
            .prop_map(str::to_owned),
    ];
    proptest::collection::vec(piece, 0..3).prop_map(|pieces| format!("\"{}\"", pieces.concat()))
}

fn key() -> impl Strategy<Value = String> {
    let known = vec![
        "id",
        "kind",
        "channel",
        "author",
        "text",
        "lang",
        "sent_at",
        "edited_at",
        "reply_to",
        "url",
        "forward",
        "links",
        "buttons",
        "poll",
        "media",
        "title",
        "members",
        "verified",
        "name",
        "shown",
        "created_at",
        "pdq_quality",
        "te\\u0078t",
        "\\u0069d",
        "",
    ];
    prop_oneof![
        20 => proptest::sample::select(known).prop_map(|name| format!("\"{name}\"")),
        1 => string(),
    ]
}

fn scalar() -> impl Strategy<Value = String> {
    let odd = vec![
        "null",
        "true",
        "false",
        "0",
        "-1",
        "7",
        "1763900000",
        "1763900000.25",
        "1e3",
        "-0",
        "01",
        "1.",
        "-",
        "18446744073709551615",
        "99999999999999999999",
        "\"edit\"",
        "\"profile\"",
        "\"2026-11-23T12:00:00Z\"",
        "nul",
        "[",
        "}",
    ];
    prop_oneof![1 => string(), 1 => proptest::sample::select(odd).prop_map(str::to_owned)]
}

/// JSON of any shape, or nearly JSON.
fn value() -> impl Strategy<Value = String> {
    scalar().prop_recursive(4, 40, 6, |inner| {
        let member = (space(), key(), space(), inner.clone(), space())
            .prop_map(|(a, key, b, value, c)| format!("{a}{key}{b}:{value}{c}"));
        prop_oneof![
            proptest::collection::vec(inner, 0..4).prop_map(|it| format!("[{}]", it.join(","))),
            proptest::collection::vec(member, 0..6).prop_map(|it| format!("{{{}}}", it.join(","))),
        ]
    })
}

/// A document in which every member of a post may be anything, or is good; sometimes cut short.
fn document() -> impl Strategy<Value = String> {
    let good = vec![
        r#""id":"p""#,
        r#""channel":{"id":"c","title":"t"}"#,
        r#""text":"x""#,
        r#""author":{"id":1}"#,
        r#""media":[{"name":"n"}]"#,
        r#""forward":{"author":{"name":"n"}}"#,
        r#""sent_at":1.5"#,
    ];
    let member = prop_oneof![
        3 => proptest::sample::subsequence(good, 0..4).prop_map(|it| it.join(" , ")),
        1 => (key(), space(), value()).prop_map(|(key, space, value)| format!("{key}:{space}{value}")),
    ];
    let members = proptest::collection::vec(member, 0..5);
    (space(), members, 0..40_usize).prop_map(|(space, members, cut)| {
        let members: Vec<_> = members.into_iter().filter(|it| !it.is_empty()).collect();
        let base = r#""id":"p","channel":{"id":"c"},"text":"x""#;
        let json = match (cut % 2, members.is_empty()) {
            (0, true) => format!("{space}{{{base}}}{space}"),
            (0, false) => format!("{space}{{{base},{}}}{space}", members.join(",")),
            _ => format!("{space}{{{}}}{space}", members.join(",")),
        };
        let end = if cut < 4 { json.len() * cut / 4 } else { json.len() };
        json.char_indices().take_while(|(at, _)| *at < end).map(|(_, c)| c).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_096))]

    #[test]
    fn the_fast_reader_gives_what_the_full_one_gives_or_nothing(json in document()) {
        if let Some(post) = fast(&json) {
            prop_assert_eq!(Ok(post), full(&json));
        }
        prop_assert_eq!(read(&Format::Native, Some(json.as_bytes()), &LIMITS), full(&json));
    }

    #[test]
    fn whole_numbers_are_read_by_eight_digits_as_one_by_one(
        members in "0?[0-9]{0,20}[.eE:/,]?", sent_at in "[0-9]{1,11}", space in "[ ]{0,9}",
    ) {
        let json = format!(
            r#"{{"text":"x","channel":{{"members":{members}{space},"id":2}},"id":3,"sent_at":{sent_at}}}"#
        );
        let read = read(&Format::Native, Some(json.as_bytes()), &LIMITS);
        prop_assert_eq!(&read, &full(&json));
        prop_assert!(read.is_err() || members.len() > 18 || fast(&json).is_some(), "{}", json);
    }

    #[test]
    fn made_posts_with_bytes_changed_are_read_alike(
        seed in any::<u64>(), changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..3),
    ) {
        let mut bytes = Traffic::new(seed, Plan::default()).unwrap().make().json;
        for (index, byte) in changes {
            let index = index.index(bytes.len());
            bytes[index] = byte;
        }
        let read = read(&Format::Native, Some(&bytes), &LIMITS);
        prop_assert_eq!(read, read_full(&Format::Native, Some(&bytes), &LIMITS));
    }
}
