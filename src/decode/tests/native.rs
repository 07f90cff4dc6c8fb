//! The native format: what is read, and every way not to be read, by tables and by chance.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn native(json: &str) -> Result<Post<'_>, Fault> {
    read(&Format::Native, Some(json.as_bytes()), &LIMITS)
}

#[track_caller]
fn good(json: &str) -> Post<'_> {
    native(json).unwrap_or_else(|fault| panic!("{fault} in {json}"))
}

/// A post with an id, a channel and these fields besides.
fn with(fields: &str) -> String {
    format!(r#"{{"id":"p","channel":{{"id":"c"}},{fields}}}"#)
}

fn some(text: &str) -> Option<Cow<'_, str>> {
    Some(Cow::Borrowed(text))
}

#[test]
fn every_field_is_read_into_its_place() {
    let json = r#"{
        "id": "p1", "kind": "edit",
        "channel": {"id": "c1", "title": "ct", "username": "cu", "about": "ca", "members": 18446744073709551615,
            "country": "FR", "verified": true},
        "author": {"id": "a1", "name": "an", "created_at": 1},
        "text": "tx", "lang": "en", "sent_at": 2, "edited_at": 3, "reply_to": "r1", "url": "u",
        "forward": {"channel": {"id": "fc", "title": "ft"}, "author": {"id": "fa", "name": "fn"}},
        "links": [{"shown": "ls", "url": "lu"}, {"url": "lv"}],
        "buttons": [{"text": "bt", "url": "bu"}, {"text": "bv"}],
        "poll": ["q", "a"],
        "media": [{"name": "mn", "md5": "m5", "sha1": "s1", "sha256": "s2", "pdq": "pd", "pdq_quality": 100,
            "ocr": "oc"}]
    }"#;
    let wanted = Post {
        id: "p1".into(),
        kind: Kind::Edit,
        channel: Channel {
            id: "c1".into(),
            title: some("ct"),
            username: some("cu"),
            about: some("ca"),
            members: Some(u64::MAX),
            country: some("FR"),
            verified: Some(true),
        },
        author: Some(Author { id: some("a1"), name: some("an"), created_at_ms: Some(1000) }),
        text: "tx".into(),
        lang: some("en"),
        sent_at_ms: Some(2000),
        edited_at_ms: Some(3000),
        reply_to: some("r1"),
        url: some("u"),
        forward: Some(Forward {
            channel_id: some("fc"),
            channel_title: some("ft"),
            author_id: some("fa"),
            author_name: some("fn"),
        }),
        links: vec![
            Link { shown: some("ls"), url: "lu".into() },
            Link { shown: None, url: "lv".into() },
        ],
        buttons: vec![
            Button { text: "bt".into(), url: some("bu") },
            Button { text: "bv".into(), url: None },
        ],
        poll: vec!["q".into(), "a".into()],
        media: vec![Medium {
            name: some("mn"),
            md5: some("m5"),
            sha1: some("s1"),
            sha256: some("s2"),
            pdq: some("pd"),
            pdq_quality: Some(100),
            ocr: some("oc"),
        }],
    };
    assert_eq!(good(json), wanted);
}

#[test]
fn a_post_needs_an_id_a_channel_and_one_thing_to_look_at() {
    let post = good(r#"{"id":"p","channel":{"id":"c"},"text":"x"}"#);
    let channel = Channel { id: "c".into(), ..Channel::default() };
    assert_eq!(post, Post { id: "p".into(), channel, text: "x".into(), ..Post::default() });
    let enough = [
        r#""text":" ""#,
        r#""links":[{"url":"u"}]"#,
        r#""links":[{"shown":"s"}]"#,
        r#""buttons":[{"text":"b"}]"#,
        r#""buttons":[{"url":"b"}]"#,
        r#""poll":["","a"]"#,
        r#""media":[{"sha256":"00"}]"#,
        r#""media":[{},{"pdq_quality":0}]"#,
        r#""forward":{"channel":{"id":"c"}}"#,
        r#""forward":{"author":{"name":"n"}}"#,
        r#""author":{"name":"n"}"#,
        r#""kind":"profile","channel":{"id":"c","about":"a"}"#,
    ];
    for fields in enough {
        good(&with(fields));
    }
    let too_little = [
        r#""text":"""#,
        r#""text":null"#,
        r#""lang":"en""#,
        r#""links":[]"#,
        r#""links":[{"url":"","shown":""}]"#,
        r#""buttons":[{"text":""}]"#,
        r#""poll":["",""]"#,
        r#""media":[{}]"#,
        r#""forward":{}"#,
        r#""forward":{"channel":{"id":""},"author":null}"#,
        r#""author":{"id":"a"}"#,
        r#""channel":{"id":"c","about":"a","title":"t","username":"u"}"#,
    ];
    for fields in too_little {
        let fault = native(&with(fields)).expect_err(fields);
        assert_eq!(fault.reason, Reason::NothingToSee, "{fields}");
    }
}

/// A table of (input, reason, beginning of the detail).
type Faults = &'static [(&'static str, Reason, &'static str)];

/// Whole records that cannot be read.
#[rustfmt::skip]
const RECORDS: Faults = &[
    ("", Reason::Empty, "the record has no value"),
    ("null", Reason::Empty, "the record is null"),
    (" null\n", Reason::Empty, "the record is null"),
    (" ", Reason::NotJson, "not one JSON value: see line 1, column 1"),
    ("nul", Reason::NotJson, "not one JSON value: see line 1, column 3"),
    ("nulll", Reason::NotJson, "not one JSON value: see line 1, column 5"),
    ("{", Reason::NotJson, "not one JSON value: see line 1, column 1"),
    ("{\"id\":\"p\",\n}", Reason::NotJson, "not one JSON value: see line 2, column 1"),
    (r#"{"id":"p"}x"#, Reason::NotJson, "not one JSON value: see line 1"),
    (r#"{"id":"p"}{}"#, Reason::NotJson, "not one JSON value: see line 1"),
    ("{\"id\":\"p\"}\0", Reason::NotJson, "not one JSON value: see line 1"),
    ("{\"id\":\"p\",\"a\n\":1}", Reason::NotJson, "not one JSON value: see line 1, column 12"),
    ("[1", Reason::NotJson, "not one JSON value"),
    ("[]", Reason::WrongType, "the record: must be an object, is an array"),
    ("\"x\"", Reason::WrongType, "the record: must be an object, is a string"),
    ("17", Reason::WrongType, "the record: must be an object, is an integer"),
    ("true", Reason::WrongType, "the record: must be an object, is true or false"),
    ("{}", Reason::MissingField, "id: absent, null or empty"),
    (r#"{"id":null}"#, Reason::MissingField, "id: absent, null or empty"),
    (r#"{"id":""}"#, Reason::MissingField, "id: absent, null or empty"),
    (r#"{"id":"p","id":null}"#, Reason::MissingField, "id: absent, null or empty"),
    (r#"{"id":"p"}"#, Reason::MissingField, "channel.id: absent, null or empty"),
    (r#"{"id":"p","channel":null}"#, Reason::MissingField, "channel.id: absent"),
    (r#"{"id":"p","channel":{}}"#, Reason::MissingField, "channel.id: absent"),
    (r#"{"id":"p","channel":{"id":""}}"#, Reason::MissingField, "channel.id: absent"),
];

/// Fields of a post that is good without them.
#[rustfmt::skip]
const FIELDS: Faults = &[
    (r#""a":tru"#, Reason::NotJson, "not one JSON value"),
    (r#""a":01"#, Reason::NotJson, "not one JSON value"),
    (r#""a":"\x""#, Reason::NotJson, "not one JSON value"),
    (r#""a":"\u12G4""#, Reason::NotJson, "not one JSON value"),
    ("\"a\":\"\n\"", Reason::NotJson, "not one JSON value"),
    (r#""a":[}"#, Reason::NotJson, "not one JSON value"),
    (r#""a":NaN"#, Reason::NotJson, "not one JSON value"),
    (r#""id":1.5"#, Reason::WrongType, "id: must be a string or an integer, is a number with"),
    (r#""id":1e3"#, Reason::WrongType, "id: must be a string or an integer, is a number with"),
    (r#""id":1E3"#, Reason::WrongType, "id: must be a string or an integer, is a number with"),
    (r#""id":[1]"#, Reason::WrongType, "id: must be a string or an integer, is an array"),
    (r#""reply_to":false"#, Reason::WrongType, "reply_to: must be a string or an integer, is true"),
    (r#""channel":"c""#, Reason::WrongType, "channel: must be an object, is a string"),
    (r#""channel":{"id":{}}"#, Reason::WrongType, "channel.id: must be a string or an integer"),
    (r#""channel":{"id":1,"title":2}"#, Reason::WrongType, "channel.title: must be a string, is an integer"),
    (r#""channel":{"id":1,"members":"2"}"#, Reason::WrongType, "channel.members: must be an integer, is a string"),
    (r#""channel":{"id":1,"members":2.0}"#, Reason::WrongType, "channel.members: must be an integer, is a number with"),
    (r#""channel":{"id":1,"members":-1}"#, Reason::BadValue, "channel.members: must be from 0 to"),
    (r#""channel":{"id":1,"members":18446744073709551616}"#, Reason::BadValue, "channel.members: must be from"),
    (r#""channel":{"id":1,"verified":1}"#, Reason::WrongType, "channel.verified: must be true or false"),
    (r#""channel":{"id":1,"verified":"true"}"#, Reason::WrongType, "channel.verified: must be true or false"),
    (r#""kind":3"#, Reason::WrongType, "kind: must be a string"),
    (r#""kind":"Post""#, Reason::BadValue, "kind: must be post, edit or profile"),
    (r#""kind":"""#, Reason::BadValue, "kind: must be post, edit or profile"),
    (r#""text":["x"]"#, Reason::WrongType, "text: must be a string, is an array"),
    (r#""lang":1"#, Reason::WrongType, "lang: must be a string"),
    (r#""url":{}"#, Reason::WrongType, "url: must be a string, is an object"),
    (r#""author":[]"#, Reason::WrongType, "author: must be an object"),
    (r#""author":{"id":true}"#, Reason::WrongType, "author.id: must be"),
    (r#""author":{"name":1}"#, Reason::WrongType, "author.name: must be"),
    (r#""author":{"created_at":true}"#, Reason::WrongType, "author.created_at: must be a time"),
    (r#""forward":"c""#, Reason::WrongType, "forward: must be an object"),
    (r#""forward":{"channel":1}"#, Reason::WrongType, "forward.channel: must be an object"),
    (r#""forward":{"channel":{"title":1}}"#, Reason::WrongType, "forward.channel.title: must be"),
    (r#""forward":{"author":{"id":1.5}}"#, Reason::WrongType, "forward.author.id: must be"),
    (r#""links":{}"#, Reason::WrongType, "links: must be an array, is an object"),
    (r#""links":[{"url":"u"},{"url":1}]"#, Reason::WrongType, "links[1].url: must be a string"),
    (r#""links":["u"]"#, Reason::WrongType, "links[0]: must be an object, is a string"),
    (r#""links":[null]"#, Reason::WrongType, "links[0]: must be a value, is null"),
    (r#""buttons":[{"text":1}]"#, Reason::WrongType, "buttons[0].text: must be"),
    (r#""poll":"q""#, Reason::WrongType, "poll: must be an array"),
    (r#""poll":["q",1]"#, Reason::WrongType, "poll[1]: must be a string, is an integer"),
    (r#""poll":[null]"#, Reason::WrongType, "poll[0]: must be a value, is null"),
    (r#""media":[{"sha256":0}]"#, Reason::WrongType, "media[0].sha256: must be"),
    (r#""media":[{"pdq_quality":101}]"#, Reason::BadValue, "media[0].pdq_quality: must be from 0 to 100"),
    (r#""sent_at":"yesterday""#, Reason::BadValue, "sent_at: must be RFC 3339 or Unix seconds"),
    (r#""sent_at":"2026-11-23""#, Reason::BadValue, "sent_at: must be RFC 3339"),
    (r#""sent_at":"1763900000""#, Reason::BadValue, "sent_at: must be RFC 3339"),
    (r#""sent_at":1763900000000"#, Reason::BadValue, "sent_at: must be RFC 3339"),
    (r#""sent_at":9223372036854775807"#, Reason::BadValue, "sent_at: must be RFC 3339"),
    (r#""sent_at":1e300"#, Reason::BadValue, "sent_at: must be RFC 3339"),
    (r#""edited_at":{}"#, Reason::WrongType, "edited_at: must be a time, is an object"),
];

#[track_caller]
fn check_fault(json: &str, reason: Reason, detail: &str) {
    let fault = native(json).expect_err(json);
    assert_eq!(fault.reason, reason, "{json}");
    assert!(fault.detail.starts_with(detail), "{json}: {:?} for {detail:?}", fault.detail);
}

#[test]
fn each_fault_has_its_reason_and_says_where() {
    for &(json, reason, detail) in RECORDS {
        check_fault(json, reason, detail);
    }
    for &(fields, reason, detail) in FIELDS {
        check_fault(&with(&format!(r#""text":"x",{fields}"#)), reason, detail);
    }
}

#[test]
fn no_value_and_a_value_without_bytes_are_empty() {
    for value in [None, Some(&b""[..])] {
        for format in formats() {
            assert_eq!(
                read(&format, value, &LIMITS).map_err(|fault| fault.reason),
                Err(Reason::Empty)
            );
        }
    }
}

#[test]
fn a_record_over_the_limit_is_too_large_and_one_at_it_is_read() {
    let frame = with(r#""text":"""#).len();
    let at_limit = with(&format!(r#""text":"{}""#, "x".repeat((1 << 20) - frame)));
    assert_eq!(at_limit.len(), 1 << 20);
    assert_eq!(good(&at_limit).text.len(), (1 << 20) - frame);
    assert_eq!(Limits::default(), LIMITS);

    let two_mebibytes = with(&format!(r#""text":"{}""#, "x".repeat((2 << 20) - frame)));
    for json in [at_limit + " ", two_mebibytes] {
        let fault = native(&json).expect_err("too large");
        assert_eq!(fault.reason, Reason::TooLarge);
        let size = json.len();
        let detail =
            format!("{size} bytes are more than 1048576; send less, or raise decode.max_bytes");
        assert_eq!(fault.detail, detail);
    }
    let small = Limits { max_bytes: 3 };
    assert_eq!(
        read(&Format::Text, Some(b"four"), &small).map_err(|it| it.reason),
        Err(Reason::TooLarge)
    );
}

/// `levels` of arrays or objects in a field that nobody reads.
#[test]
fn ids_that_stand_in_every_event_have_a_bound_in_every_format() {
    let (at, above) = ("i".repeat(1_024), "i".repeat(1_025));
    let json = |post: &str, channel: &str, author: &str| {
        format!(
            r#"{{"id":"{post}","channel":{{"id":"{channel}"}},"author":{{"id":"{author}"}},"text":"x"}}"#
        )
    };
    assert_eq!(good(&json(&at, &at, &at)).id, at);
    for (json, name) in [
        (json(&above, "c", "a"), "id"),
        (json("p", &above, "a"), "channel.id"),
        (json("p", "c", &above), "author.id"),
    ] {
        let detail = format!("{name}: 1025 bytes are more than 1024");
        check_fault(&json, Reason::BadValue, &detail);
        let full = read_full(&Format::Native, Some(json.as_bytes()), &LIMITS);
        assert_eq!(full.map_err(|fault| fault.detail), Err(detail));
    }
    let action = format!(
        r#"{{"send_time":1,"data":{{"action_id":"{above}","data":{{"user_id":"u","text":"x"}}}}}}"#
    );
    let osprey = format("osprey", &[("text", "/text")]);
    check(&osprey, &action, Reason::BadValue, "id: 1025 bytes are more than 1024");
}

fn nested(levels: usize, open: &str, close: &str) -> String {
    with(&format!(r#""text":"x","other":{}1{}"#, open.repeat(levels), close.repeat(levels)))
}

#[test]
fn depth_64_is_read_and_depth_65_is_too_deep() {
    // The record itself is the first level.
    for (open, close) in [("[", "]"), (r#"{"a":"#, "}")] {
        good(&nested(MAX_DEPTH - 1, open, close));
        let fault = native(&nested(MAX_DEPTH, open, close)).expect_err("too deep");
        assert_eq!(fault.reason, Reason::TooDeep);
        assert!(fault.detail.starts_with("more than 64 objects and arrays are open at byte "));
    }
    assert_eq!(native(&nested(500_000, "[", "]")).map_err(|it| it.reason), Err(Reason::TooDeep));
    assert_eq!(native(&"[".repeat(1 << 20)).map_err(|it| it.reason), Err(Reason::TooDeep));
}

#[test]
fn only_what_is_open_at_once_counts_for_depth() {
    good(&with(&format!(r#""text":"x","other":[{}1]"#, "[{}],".repeat(500))));
    // Brackets, quotes and backslashes in strings open nothing and end nothing.
    let brackets = "[".repeat(100);
    assert_eq!(good(&with(&format!(r#""text":"{brackets}""#))).text, brackets);
    good(&with(&format!(r#""text":"\"{brackets}""#)));
    good(&with(&format!(r#""text":"\\","other":"{brackets}""#)));
    let hidden = with(&format!(r#""text":"\\\\","other":{}{}"#, "[".repeat(64), "]".repeat(64)));
    assert_eq!(native(&hidden).map_err(|it| it.reason), Err(Reason::TooDeep));
}

#[test]
fn bytes_that_are_not_utf_8_are_refused_wherever_they_stand() {
    let broken = [
        "text\":\"\u{1}\"",
        "other\":\"\u{1}\"",
        "\u{1}\":1",
        "text\":\"x\",\"media\":[{\"ocr\":\"\u{1}\"}]",
    ];
    for fields in broken {
        for bad in [&b"\xFF"[..], b"\xC3", b"\xED\xA0\x80", b"\xC0\x80", b"\xF5\x80\x80\x80"] {
            let json = with(&format!("\"text\":\"x\",\"{fields}"));
            let at = json.find('\u{1}').expect("a mark");
            let (before, behind) = json.as_bytes().split_at(at);
            let bytes = [before, bad, &behind[1..]].concat();
            let fault = read(&Format::Native, Some(&bytes), &LIMITS).expect_err("not UTF-8");
            assert_eq!(fault.reason, Reason::NotUtf8);
            assert_eq!(fault.detail, format!("byte {at} is not UTF-8; records are UTF-8 only"));
        }
    }
    assert_eq!(
        read(&Format::Text, Some(b"a\xFF"), &LIMITS).map_err(|it| it.reason),
        Err(Reason::NotUtf8)
    );
}

#[test]
fn half_a_surrogate_pair_becomes_a_replacement_character() {
    let cases = [
        (r"\ud83d\ude00", "😀"),
        (r"\uD83D\uDE00", "😀"),
        (r"\ud83d", "\u{FFFD}"),
        (r"\ude00", "\u{FFFD}"),
        (r"a\ud83db", "a\u{FFFD}b"),
        (r"\ud83d\u0041", "\u{FFFD}A"),
        (r"\ud83d\n", "\u{FFFD}\n"),
        (r"\ud83d\\", "\u{FFFD}\\"),
        (r"\ud83d\\ude00", "\u{FFFD}\\ude00"),
        (r"\ud83d\ud83d\ude00", "\u{FFFD}😀"),
        (r"\ude00\ud83d", "\u{FFFD}\u{FFFD}"),
        (r"\ud83d\ude00\ude00", "😀\u{FFFD}"),
        (r"\ud83dé\u00e9", "\u{FFFD}éé"),
        (r"\ud83d😀\ud83d\ude00", "\u{FFFD}😀😀"),
        (r"\\ud83d", "\\ud83d"),
        (r"\\\ud83d", "\\\u{FFFD}"),
        (r#"\"\ud83d\""#, "\"\u{FFFD}\""),
        (r"\uD7FF\uE000", "\u{D7FF}\u{E000}"),
        (r"\uDBFF\uDFFF\udbff\udc00\ud800\udfff", "\u{10FFFF}\u{10FC00}\u{103FF}"),
        (r"\uDBFF\uE000\uDC00", "\u{FFFD}\u{E000}\u{FFFD}"),
        (r"\uD800\uD7FF\uDFFF", "\u{FFFD}\u{D7FF}\u{FFFD}"),
    ];
    for (escaped, wanted) in cases {
        assert_eq!(good(&with(&format!(r#""text":"{escaped}""#))).text, wanted, "{escaped}");
    }
    // In keys, in ids and in what nobody reads.
    let json =
        r#"{"\ud83d":1,"id":"\ud83d","channel":{"id":"c","\udc00":2},"other":"\udc00","text":"x"}"#;
    assert_eq!(good(json).id, "\u{FFFD}");
}

#[test]
fn of_a_key_that_stands_twice_the_last_holds() {
    let json = r#"{"id":7,"id":"p","channel":[],"channel":{"id":"b","id":"c"},"text":{},"te\u0078t":"last",
        "lang":"en","lang":null}"#;
    let post = good(json);
    assert_eq!((&*post.id, &*post.channel.id, &*post.text), ("p", "c", "last"));
    assert_eq!(post.lang, None);
}

#[test]
fn escaped_keys_are_the_keys_they_stand_for_and_no_others_are_known() {
    let post = good(
        r#"{"\u0069d":"p","ch\u0061nnel":{"\u0069\u0064":"c"},"text":"x","Text":1,"text ":2,"":3,"\n\u0000":4}"#,
    );
    assert_eq!((&*post.id, &*post.channel.id, &*post.text), ("p", "c", "x"));
}

#[test]
fn integers_are_taken_as_ids_as_they_are_written() {
    let ids = [
        "0",
        "7",
        "-1001234567890",
        "18446744073709551615",
        "123456789012345678901234567890",
        "-0",
    ];
    for id in ids {
        let json = format!(
            r#"{{"id":{id},"channel":{{"id":{id}}},"author":{{"id":{id}}},"reply_to":{id},
                "forward":{{"channel":{{"id":{id}}},"author":{{"id":{id}}}}},"text":"x"}}"#
        );
        let post = good(&json);
        let forward = post.forward.as_ref().expect("a forward");
        let optional = [
            post.author_id(),
            post.reply_to.as_deref(),
            forward.channel_id.as_deref(),
            forward.author_id.as_deref(),
        ];
        assert_eq!((&*post.id, &*post.channel.id), (id, id));
        assert_eq!(optional, [Some(id); 4]);
    }
}

#[test]
fn an_empty_id_that_may_be_absent_is_absent() {
    let json = with(r#""text":"x","author":{"id":""},"reply_to":"""#);
    let post = good(&json);
    assert_eq!((post.author_id(), &post.reply_to), (None, &None));
    assert_eq!(post.author, Some(Author::default()));
}

#[test]
fn null_is_as_good_as_absent() {
    let nulls = r#""text":"x","kind":null,"author":null,"lang":null,"sent_at":null,"edited_at":null,"reply_to":null,
        "url":null,"forward":null,"links":null,"buttons":null,"poll":null,"media":null"#;
    assert_eq!(good(&with(nulls)), good(&with(r#""text":"x""#)));
    let inner = r#""text":"x","author":{"id":null,"name":null,"created_at":null},"links":[{"shown":null,"url":null}],
        "media":[{"name":null,"pdq_quality":null}],"channel":{"id":"c","members":null,"verified":null}"#;
    assert_eq!(
        good(&with(inner)),
        good(&with(r#""text":"x","author":{},"links":[{}],"media":[{}]"#))
    );
}

#[test]
fn times_are_read_to_the_millisecond() {
    let cases = [
        ("1763900000", 1_763_900_000_000),
        ("0", 0),
        ("1763900000.5", 1_763_900_000_500),
        ("1763900000.123", 1_763_900_000_123),
        ("1763900000.1239", 1_763_900_000_123),
        ("1763900000.000", 1_763_900_000_000),
        ("1.7639e9", 1_763_900_000_000),
        ("1.7639000005E+9", 1_763_900_000_500),
        ("-1", -1000),
        ("-0.5", -500),
        ("253402207199", 253_402_207_199_000),
        (r#""2026-11-23T12:00:00Z""#, 1_795_435_200_000),
        (r#""2026-11-23T12:00:00.5Z""#, 1_795_435_200_500),
        (r#""2026-11-23T12:00:00.1239Z""#, 1_795_435_200_123),
        (r#""2026-11-23T14:00:00+02:00""#, 1_795_435_200_000),
        (r#""2026-11-23t12:00:00z""#, 1_795_435_200_000),
        (r#""2026\u002d11-23T12:00:00Z""#, 1_795_435_200_000),
        (r#""1970-01-01T00:00:00Z""#, 0),
    ];
    for (time, wanted) in cases {
        let json = with(&format!(
            r#""text":"x","sent_at":{time},"edited_at":{time},"author":{{"created_at":{time}}}"#
        ));
        let post = good(&json);
        let created = post.author.as_ref().and_then(|author| author.created_at_ms);
        assert_eq!([post.sent_at_ms, post.edited_at_ms, created], [Some(wanted); 3], "{time}");
    }
}

#[test]
fn strings_borrow_from_the_record_unless_they_hold_an_escape() {
    let json = r#"{"id":12,"channel":{"id":"c"},"text":"пост 😀","url":"a\/b"}"#;
    let post = good(json);
    assert!(matches!(post.id, Cow::Borrowed(_)));
    assert!(matches!(post.channel.id, Cow::Borrowed(_)));
    assert!(matches!(post.text, Cow::Borrowed(_)));
    assert_eq!(post.url, Some(Cow::Owned("a/b".to_owned())));
}

#[test]
fn space_around_and_between_is_nothing() {
    let json = " \t\r\n{ \"id\" : \"p\" , \"channel\" : { \"id\" : \"c\" } , \"text\" : \"x\" } \n";
    assert_eq!(good(json), good(&with(r#""text":"x""#)));
}

#[test]
fn a_line_of_text_is_a_post_whose_id_is_its_number() {
    let post = text_post(17, "{\"id\":");
    assert_eq!((&*post.id, &*post.channel.id, &*post.text), ("17", "stdin", "{\"id\":"));
    assert_eq!((post.kind, post.pieces().len()), (Kind::Post, 1));
    assert_eq!(read(&Format::Text, Some(b"null"), &LIMITS), Ok(text_post(1, "null")));
}

#[test]
fn formats_are_found_by_their_names() {
    let names: Vec<_> = formats().iter().map(Format::name).collect();
    assert_eq!(names, Format::NAMES);
    for name in ["native", "text", "telegram"] {
        let format = Format::new(name, Fields::default()).unwrap();
        assert_eq!(format.name(), name);
    }
    assert_eq!(Format::new("Native", Fields::default()), Err(vec![FormatFault::Unknown]));
    assert_eq!(Format::default(), Format::Native);
}

#[test]
fn no_fault_says_what_people_wrote() {
    // The word stands as a key and as a value of every type a field may not have.
    let fields = [
        "id", "kind", "channel", "author", "text", "lang", "sent_at", "reply_to", "forward",
        "links", "media",
    ];
    let wrong = [
        r#""SECRET""#,
        r#"{"SECRET":1}"#,
        r#"["SECRET"]"#,
        r#"[{"SECRET":1}]"#,
        r#"{"id":{"SECRET":1}}"#,
        r#"[{"url":["SECRET"]}]"#,
        r#""SECRET\x""#,
        r#"SECRET"#,
        r#"{"SECRET"}"#,
    ];
    let mut faults = 0;
    for field in fields {
        for value in wrong {
            let json =
                format!(r#"{{"SECRET":1,"id":"p","channel":{{"id":"c"}},"{field}":{value}}}"#);
            if let Err(fault) = native(&json) {
                faults += 1;
                assert!(!fault.to_string().contains("SECRET"), "{fault}");
            }
        }
    }
    assert!(faults > fields.len() * 5, "only {faults} faults");
    assert!(!format!("{:?}", read(&Format::Text, Some(b"SECRET\xFF"), &LIMITS)).contains("SECRET"));
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => any::<String>(),
        1 => Just(r#"\u005cud800 "\ud83d" \"#.to_owned()),
        1 => "[\u{0}-\u{1f}\"\\\\/]{0,6}",
    ]
}

fn maybe(text: impl Strategy<Value = String>) -> impl Strategy<Value = Option<Cow<'static, str>>> {
    proptest::option::of(text.prop_map(Cow::Owned))
}

fn id() -> impl Strategy<Value = String> {
    text().prop_filter("an id is not empty", |id| !id.is_empty())
}

fn time() -> impl Strategy<Value = Option<i64>> {
    proptest::option::of(-62_135_596_800_000_i64..=253_402_207_199_999)
}

prop_compose! {
    fn channel()(
        id in id(), title in maybe(text()), username in maybe(text()), about in maybe(text()),
        members in any::<Option<u64>>(), country in maybe(text()), verified in any::<Option<bool>>(),
    ) -> Channel<'static> {
        Channel { id: id.into(), title, username, about, members, country, verified }
    }
}

prop_compose! {
    fn author()(id in maybe(id()), name in maybe(text()), created_at_ms in time()) -> Author<'static> {
        Author { id, name, created_at_ms }
    }
}

prop_compose! {
    fn forward()(
        channel_id in maybe(id()), channel_title in maybe(text()),
        author_id in maybe(id()), author_name in maybe(text()),
    ) -> Forward<'static> {
        Forward { channel_id, channel_title, author_id, author_name }
    }
}

prop_compose! {
    fn medium()(
        names in proptest::array::uniform6(maybe(text())),
        pdq_quality in proptest::option::of(0..=100_u64),
    ) -> Medium<'static> {
        let [name, md5, sha1, sha256, pdq, ocr] = names;
        Medium { name, md5, sha1, sha256, pdq, pdq_quality, ocr }
    }
}

prop_compose! {
    fn post()(
        id in id(), kind in proptest::sample::select(vec![Kind::Post, Kind::Edit, Kind::Profile]),
        channel in channel(), author in proptest::option::of(author()), words in text(),
        strings in proptest::array::uniform2(maybe(text())), reply_to in maybe(id()),
        times in proptest::array::uniform2(time()), forward in proptest::option::of(forward()),
        links in proptest::collection::vec((maybe(text()), text()), 0..3),
        buttons in proptest::collection::vec((text(), maybe(text())), 0..3),
        poll in proptest::collection::vec(text(), 0..3),
        media in proptest::collection::vec(medium(), 0..3),
    ) -> Post<'static> {
        let ([lang, url], [sent_at_ms, edited_at_ms]) = (strings, times);
        let links = links.into_iter().map(|(shown, url)| Link { shown, url: url.into() });
        let buttons = buttons.into_iter().map(|(text, url)| Button { text: text.into(), url });
        Post {
            id: id.into(), kind, channel, author, text: format!("x{words}").into(), lang, sent_at_ms,
            edited_at_ms, reply_to, url, forward, links: links.collect(), buttons: buttons.collect(),
            poll: poll.into_iter().map(Cow::Owned).collect(), media,
        }
    }
}

/// Seconds with the milliseconds as a fraction, written as a sender would.
fn seconds(ms: Option<i64>) -> Value {
    let Some(ms) = ms else { return Value::Null };
    let stamp = jiff::Timestamp::from_millisecond(ms).expect("in range");
    json!(stamp.to_string())
}

fn written(post: &Post<'_>) -> Value {
    let channel = &post.channel;
    let links: Vec<_> =
        post.links.iter().map(|it| json!({"shown": it.shown, "url": it.url})).collect();
    let buttons: Vec<_> =
        post.buttons.iter().map(|it| json!({"text": it.text, "url": it.url})).collect();
    let medium = |it: &Medium<'_>| {
        json!({"name": it.name, "md5": it.md5, "sha1": it.sha1, "sha256": it.sha256, "pdq": it.pdq,
            "pdq_quality": it.pdq_quality, "ocr": it.ocr})
    };
    let media: Vec<_> = post.media.iter().map(medium).collect();
    let author = |it: &Author<'_>| json!({"id": it.id, "name": it.name, "created_at": seconds(it.created_at_ms)});
    let forward = |it: &Forward<'_>| {
        json!({"channel": {"id": it.channel_id, "title": it.channel_title},
            "author": {"id": it.author_id, "name": it.author_name}})
    };
    json!({
        "id": post.id, "kind": post.kind.name(),
        "channel": {"id": channel.id, "title": channel.title, "username": channel.username,
            "about": channel.about, "members": channel.members, "country": channel.country,
            "verified": channel.verified},
        "author": post.author.as_ref().map(author), "text": post.text, "lang": post.lang,
        "sent_at": seconds(post.sent_at_ms), "edited_at": seconds(post.edited_at_ms),
        "reply_to": post.reply_to, "url": post.url, "forward": post.forward.as_ref().map(forward),
        "links": links, "buttons": buttons, "poll": post.poll, "media": media,
    })
}

/// The same JSON with every character of every string escaped. Takes no `\\u` for input.
fn escaped(json: &str) -> String {
    let mut out = String::new();
    let mut inside = false;
    let mut chars = json.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => {
                inside = !inside;
                out.push(c);
            }
            '\\' => {
                out.push(c);
                out.extend(chars.next());
            }
            _ if inside => {
                let mut units = [0; 2];
                out.extend(c.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")));
            }
            _ => out.push(c),
        }
    }
    out
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(post in post()) {
        let json = written(&post).to_string();
        prop_assert_eq!(&native(&json), &Ok(post.clone()));
        if !json.contains("\\u") {
            let escaped = escaped(&json);
            prop_assert_eq!(native(&escaped), Ok(post));
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
        for format in formats() {
            let post = read(&format, Some(&bytes), &LIMITS);
            prop_assert!(post.is_err() || !post?.pieces().is_empty());
        }
    }

    #[test]
    fn any_record_with_bytes_changed_is_read_or_refused(
        post in post(), changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut bytes = written(&post).to_string().into_bytes();
        for (index, byte) in changes {
            let index = index.index(bytes.len());
            bytes[index] = byte;
        }
        if let Ok(post) = read(&Format::Native, Some(&bytes), &LIMITS) {
            prop_assert!(!post.id.is_empty() && !post.channel.id.is_empty());
            // serde agrees that it is JSON.
            prop_assert!(serde_json::from_slice::<serde::de::IgnoredAny>(&bytes).is_ok());
        }
    }

    #[test]
    fn depth_is_what_serde_would_find(levels in 1_usize..100, objects in any::<bool>()) {
        let (open, close) = if objects { (r#"{"a":"#, "}") } else { ("[", "]") };
        let deep = native(&nested(levels, open, close)).is_err();
        prop_assert_eq!(deep, levels + 1 > MAX_DEPTH);
    }
}
