//! Other JSON, by pointers.

use super::*;

/// A message as a chat server might send it.
const MESSAGE: &str = r#"{
  "type": "m.room.message",
  "event_id": "$1:example.org",
  "room": {"id": "!r:example.org", "name": "Blorp", "size": 12, "a/b": {"m~n": "odd"}},
  "sender": ["@ana:example.org", "Ana"],
  "content": {"body": "look here", "": "empty key", "urls": ["https://a.example", "https://b.example"]},
  "files": [{"info": {"name": "a.pdf", "sha-256": "00ff"}}, {"info": {"name": "b.pdf"}}, {}],
  "actions": [{"label": "Go", "target": {"href": "https://c.example"}}],
  "ts": 1763900000.5,
  "poll": ["which?", "this"]
}"#;

const POINTERS: &[(&str, &str)] = &[
    ("id", "/event_id"),
    ("channel.id", "/room/id"),
    ("channel.title", "/room/name"),
    ("channel.about", "/room/a~1b/m~0n"),
    ("channel.members", "/room/size"),
    ("author.id", "/sender/0"),
    ("author.name", "/sender/1"),
    ("text", "/content/body"),
    ("lang", "/content/"),
    ("sent_at", "/ts"),
    ("links", "/content/urls"),
    ("links.url", ""),
    ("buttons", "/actions"),
    ("buttons.text", "/label"),
    ("buttons.url", "/target/href"),
    ("poll", "/poll"),
    ("media", "/files"),
    ("media.name", "/info/name"),
    ("media.sha256", "/info/sha-256"),
];

fn any_json() -> Format {
    format("json", POINTERS)
}

/// The three that any record needs.
fn small() -> Format {
    format("json", &[("id", "/i"), ("channel.id", "/c"), ("text", "/t")])
}

#[track_caller]
fn mapped<'a>(format: &Format, json: &'a str) -> Post<'a> {
    let post = read(format, Some(json.as_bytes()), &LIMITS);
    post.unwrap_or_else(|fault| panic!("{fault} in {json}"))
}

#[test]
fn every_pointer_leads_to_its_field() {
    let link = |url: &'static str| Link { shown: None, url: url.into() };
    let wanted = Post {
        id: "$1:example.org".into(),
        channel: Channel {
            id: "!r:example.org".into(),
            title: some("Blorp"),
            about: some("odd"),
            members: Some(12),
            ..Channel::default()
        },
        author: Some(Author {
            id: some("@ana:example.org"),
            name: some("Ana"),
            ..Author::default()
        }),
        text: "look here".into(),
        lang: some("empty key"),
        sent_at_ms: Some(1_763_900_000_500),
        links: vec![link("https://a.example"), link("https://b.example")],
        buttons: vec![Button { text: "Go".into(), url: some("https://c.example") }],
        poll: vec!["which?".into(), "this".into()],
        media: vec![
            Medium { name: some("a.pdf"), sha256: some("00ff"), ..Medium::default() },
            Medium { name: some("b.pdf"), ..Medium::default() },
            Medium::default(),
        ],
        ..Post::default()
    };
    assert_eq!(mapped(&any_json(), MESSAGE), wanted);
}

#[test]
fn without_pointers_of_their_own_elements_are_as_in_the_native_format() {
    let pointers =
        [("id", "/i"), ("channel.id", "/i"), ("links", "/l"), ("buttons", "/b"), ("media", "/m")];
    let format = format("json", &pointers);
    let json =
        r#"{"i":1,"l":[{"url":"u","shown":"s"}],"b":[{"text":"t"}],"m":[{"name":"n","ocr":"o"}]}"#;
    let post = mapped(&format, json);
    assert_eq!(post.links, [Link { shown: some("s"), url: "u".into() }]);
    assert_eq!(post.buttons, [Button { text: "t".into(), url: None }]);
    assert_eq!(post.media, [Medium { name: some("n"), ocr: some("o"), ..Medium::default() }]);
}

#[test]
fn pointers_to_native_json_read_what_the_native_reader_reads() {
    let json = r#"{"id":"p","kind":"profile","channel":{"id":"c","title":"ct","username":"cu","about":"ca",
        "members":3,"country":"FR","verified":false},"author":{"id":"a","name":"n","created_at":1},"text":"t",
        "lang":"en","sent_at":2,"edited_at":3,"reply_to":"r","url":"u","forward":{"channel":{"id":"fc","title":"ft"},
        "author":{"id":"fa","name":"fn"}},"links":[{"url":"l"}],"buttons":[{"text":"b"}],"poll":["q"],
        "media":[{"name":"m","md5":"1","sha1":"2","sha256":"3","pdq":"4","pdq_quality":5,"ocr":"6"}]}"#;
    let mut fields = Fields::default();
    for name in Fields::names() {
        let pointer = match name.split_once('.') {
            Some(("links" | "buttons" | "media", within)) => format!("/{within}"),
            _ => format!("/{}", name.replace('.', "/")),
        };
        assert_eq!(fields.add(name, &pointer), Ok(()), "{name}");
    }
    let format = Format::new("json", fields).unwrap();
    assert_eq!(
        read(&format, Some(json.as_bytes()), &LIMITS),
        read(&Format::Native, Some(json.as_bytes()), &LIMITS)
    );
}

#[test]
fn pointers_follow_rfc_6901() {
    // The document of section 5, under `d`.
    let document = r#"{"i":1,"d":{"foo":["bar","baz"],"":0,"a/b":1,"c%d":2,"e^f":3,"g|h":4,"i\\j":5,"k\"l":6,
        " ":7,"m~n":8,"01":9,"o":{"0":10}}}"#;
    let cases = [
        ("/d/foo/0", Some("bar")),
        ("/d/foo/1", Some("baz")),
        ("/d/foo/2", None),
        ("/d/foo/01", None),
        ("/d/foo/-", None),
        ("/d/foo/+1", None),
        ("/d/foo/99999999999999999999999", None),
        ("/d/foo/0/x", None),
        ("/d/", Some("0")),
        ("/d/a~1b", Some("1")),
        ("/d/c%d", Some("2")),
        ("/d/e^f", Some("3")),
        ("/d/g|h", Some("4")),
        ("/d/i\\j", Some("5")),
        ("/d/k\"l", Some("6")),
        ("/d/ ", Some("7")),
        ("/d/m~0n", Some("8")),
        ("/d/01", Some("9")),
        ("/d/o/0", Some("10")),
        ("/d/m~01n", None),
        ("/d/x", None),
        ("/i/0", None),
    ];
    for (pointer, wanted) in cases {
        let pointers =
            [("id", "/i"), ("channel.id", "/i"), ("text", "/i/t"), ("reply_to", pointer)];
        let format = format("json", &[&pointers[..], &[("poll", "/p")]].concat());
        let json = document.replacen("\"i\":1", "\"i\":1,\"p\":[\"x\"]", 1);
        assert_eq!(mapped(&format, &json).reply_to.as_deref(), wanted, "{pointer}");
    }
}

#[test]
fn of_a_key_that_stands_twice_the_last_holds_with_all_in_it() {
    let format = format("json", &[("id", "/a/i"), ("channel.id", "/a/c"), ("text", "/t")]);
    let json = r#"{"a":{"i":1,"c":2},"t":1,"a":{"i":3,"i":4,"c":"\ud83d"},"t":"x"}"#;
    let post = mapped(&format, json);
    assert_eq!((&*post.id, &*post.channel.id, &*post.text), ("4", "\u{FFFD}", "x"));
    check(
        &format,
        r#"{"a":{"i":1,"c":2},"t":"x","a":{"i":1}}"#,
        Reason::MissingField,
        "channel.id (/a/c): absent, null or empty",
    );
}

#[test]
fn each_fault_has_its_reason_and_says_where() {
    use Reason::{
        BadValue, Empty, MissingField, NotJson, NotUtf8, NothingToSee, TooDeep, WrongType,
    };
    let small = small();
    let cases = [
        ("null", Empty, "the record is null"),
        ("7", WrongType, "the record: must be an object, is an integer"),
        (r#"{"i":1"#, NotJson, "not one JSON value: see line 1, column 6"),
        (r#"{"x":"\q"}"#, NotJson, "not one JSON value: see line 1, column 8"),
        ("{\"x\n\":1}", NotJson, "not one JSON value: see line 1, column 3"),
        ("{}", MissingField, "id (/i): absent, null or empty"),
        (r#"{"i":1,"c":null}"#, MissingField, "channel.id (/c): absent, null or empty"),
        (
            r#"{"i":1,"c":2}"#,
            NothingToSee,
            "no text, link, medium or forward; send posts with something to look at",
        ),
        (r#"{"i":1,"c":2,"t":3}"#, WrongType, "text (/t): must be a string, is an integer"),
    ];
    for (json, reason, detail) in cases {
        check(&small, json, reason, detail);
    }
    let deep = format!(r#"{{"i":1,"c":2,"t":"x","x":{}{}}}"#, "[".repeat(64), "]".repeat(64));
    check(&small, &deep, TooDeep, "more than 64 objects and arrays are open at byte 88");
    let fault = read(&small, Some(b"{\"i\":\"\xFF\"}"), &LIMITS).map_err(|it| it.reason);
    assert_eq!(fault, Err(NotUtf8));

    let (name, members, href) = (r#""name": "b.pdf""#, r#""size": 12"#, r#"{"href"#);
    let cases = [
        (
            name,
            r#""name": 1"#,
            WrongType,
            "media.name (/files/1/info/name): must be a string, is an integer",
        ),
        (
            members,
            r#""size": -1"#,
            BadValue,
            "channel.members (/room/size): must be from 0 to 18446744073709551615",
        ),
        (
            href,
            r#"{"href":1,"x"#,
            WrongType,
            "buttons.url (/actions/0/target/href): must be a string, is an integer",
        ),
        (
            r#"["https"#,
            r#"[1,"https"#,
            WrongType,
            "links.url (/content/urls/0): must be a string, is an integer",
        ),
        (r#"["which"#, r#"[null,"which"#, WrongType, "poll (/poll/0): must be a value, is null"),
        (r#"["which?", "this"]"#, "{}", WrongType, "poll (/poll): must be an array, is an object"),
    ];
    for (old, new, reason, detail) in cases {
        let json = MESSAGE.replacen(old, new, 1);
        assert_ne!(json, MESSAGE);
        check(&any_json(), &json, reason, detail);
    }
}

#[test]
fn a_field_that_cannot_be_given_says_why() {
    let deep = "/a".repeat(64);
    let cases = [
        ("chanel.id", "/a", FieldFault::Unknown),
        ("channel", "/a", FieldFault::Unknown),
        ("links.text", "/a", FieldFault::Unknown),
        ("", "/a", FieldFault::Unknown),
        ("text", "a", FieldFault::NoSlash),
        ("text", "#/a", FieldFault::NoSlash),
        ("text", "/a~", FieldFault::Escape),
        ("text", "/~2", FieldFault::Escape),
        ("text", "/a~0~", FieldFault::Escape),
        ("text", "", FieldFault::Whole),
        ("text", &deep, FieldFault::TooDeep),
        ("id", "/b", FieldFault::Twice),
    ];
    for (name, pointer, wanted) in cases {
        let mut fields = fields(&[("id", "/a")]);
        assert_eq!(fields.add(name, pointer), Err(wanted), "{name} {pointer}");
    }
}

#[test]
fn a_format_says_which_fields_it_needs_and_whether_it_takes_any() {
    let missing = |field| FormatFault::Missing { format: "json", field };
    let cases = [
        ("json", &[][..], vec![missing("id"), missing("channel.id")]),
        ("json", &[("id", "/a"), ("text", "/b")], vec![missing("channel.id")]),
        ("json", &[("id", "/a"), ("channel.id", "/b")], vec![missing("text")]),
        (
            "json",
            &[("id", "/a"), ("channel.id", "/b"), ("text", "/t"), ("media.name", "/n")],
            vec![missing("media")],
        ),
        ("native", &[("id", "/a")], vec![FormatFault::Fields("native")]),
        ("text", &[("links.url", "")], vec![FormatFault::Fields("text")]),
        ("telegram", &[("id", "/a")], vec![FormatFault::Fields("telegram")]),
        ("xml", &[], vec![FormatFault::Unknown]),
    ];
    for (name, pointers, wanted) in cases {
        assert_eq!(Format::new(name, fields(pointers)), Err(wanted), "{name} {pointers:?}");
    }
}

/// A value of any shape, and the pointer to some value in it.
fn value_and_pointer() -> impl Strategy<Value = (Value, String)> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[ab/~01\"\\\\]{0,3}".prop_map(Value::from),
    ];
    let value = leaf.prop_recursive(4, 32, 4, |inner| {
        let key = "[ab/~01\"\\\\]{0,2}";
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map(key, inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    });
    let tokens = proptest::collection::vec("[ab01]|~0|~1|[ab/1]{2}", 0..4);
    (value, tokens.prop_map(|tokens| tokens.iter().map(|it| format!("/{it}")).collect()))
}

proptest! {
    #[test]
    fn a_pointer_finds_what_serde_finds((value, pointer) in value_and_pointer()) {
        let document = json!({"i": 1, "t": ["x"], "v": value});
        let pointers = [("id", "/i"), ("channel.id", "/i"), ("poll", "/t")];
        let mut fields = fields(&pointers);
        fields.add("url", &format!("/v{pointer}")).unwrap();
        let format = Format::new("json", fields).unwrap();
        let json = document.to_string();
        let post = read(&format, Some(json.as_bytes()), &LIMITS);
        match value.pointer(&pointer) {
            None | Some(Value::Null) => prop_assert_eq!(post.map(|post| post.url), Ok(None)),
            Some(Value::String(text)) => {
                prop_assert_eq!(post.map(|post| post.url), Ok(some(text)));
            }
            Some(_) => prop_assert_eq!(post.map_err(|it| it.reason), Err(Reason::WrongType)),
        }
    }

    #[test]
    fn any_message_with_bytes_changed_is_read_or_refused(bytes in mutated(&[MESSAGE])) {
        hold(&any_json(), &bytes)?;
    }
}
