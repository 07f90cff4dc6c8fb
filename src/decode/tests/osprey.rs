//! Actions in the two forms in which Osprey's own documents show them.

use super::*;

/// As its example data has it: objects within objects, the action's id a string.
const NESTED: &str = r#"{"send_time": "2025-08-25T14:30:45.123456789Z", "data": {"action_id": "31",
  "action_name": "create_post", "data": {"user_id": "user_1923", "ip_address": "10.1.2.3",
  "event_type": "create_post", "post": {"text": "blorp"}}}}"#;

/// As its example rules have it: the action a string of JSON, its id a number.
const STRING: &str = r#"{ "send_time": "2025-08-25T14:30:45.123456789Z", "data": "{\"action_id\": 31, \"action_name\": \"create_post\", \"data\":{\"user_id\": \"user_1923\", \"event_type\": \"create_post\", \"post\": { \"text\": \"blorp\" }}}"}"#;

/// The event alone a string of JSON.
const INNER_STRING: &str = r#"{"send_time": "2025-08-25T14:30:45.123456789Z", "data": {"action_id": 31,
  "data": "{\"user_id\":\"user_1923\",\"post\":{\"text\":\"blorp\"}}"}}"#;

/// Both.
const BOTH_STRINGS: &str = r#"{"send_time":1756132245.123,"data":"{\"action_id\":31,\"data\":\"{\\\"user_id\\\":\\\"user_1923\\\",\\\"post\\\":{\\\"text\\\":\\\"bl\\\\u006frp\\\"}}\"}"}"#;

const DOCUMENTS: &[&str] = &[NESTED, STRING, INNER_STRING, BOTH_STRINGS];

fn by_default() -> Format {
    format("osprey", &[("text", "/post/text")])
}

#[track_caller]
fn osprey<'a>(format: &Format, json: &'a str) -> Post<'a> {
    let post = read(format, Some(json.as_bytes()), &LIMITS);
    post.unwrap_or_else(|fault| panic!("{fault} in {json}"))
}

/// An action with this event.
fn action(event: &str) -> String {
    format!(r#"{{"send_time":"2025-08-25T14:30:45Z","data":{{"action_id":7,"data":{event}}}}}"#)
}

#[test]
fn an_action_is_read_whether_its_data_are_objects_or_strings() {
    let wanted = Post {
        id: "31".into(),
        channel: Channel { id: "user_1923".into(), ..Channel::default() },
        author: Some(Author { id: some("user_1923"), ..Author::default() }),
        text: "blorp".into(),
        sent_at_ms: Some(1_756_132_245_123),
        ..Post::default()
    };
    for json in DOCUMENTS {
        assert_eq!(osprey(&by_default(), json), wanted, "{json}");
    }
    assert!(matches!(osprey(&by_default(), NESTED).text, Cow::Borrowed(_)));
}

#[test]
fn the_channel_is_the_channel_or_else_the_user_and_pointers_go_before_both() {
    let default = by_default();
    let event = r#"{"channel_id":5,"user_id":"u","post":{"text":"x"},"a":{"b":["c"]},"t":3}"#;
    let json = action(event);
    let post = osprey(&default, &json);
    assert_eq!((&*post.channel.id, post.author_id()), ("5", Some("u")));
    let json = action(&event.replace("5", "null"));
    assert_eq!(osprey(&default, &json).channel.id, "u");

    let pointers = [
        ("text", "/post/text"),
        ("id", "/a/b/0"),
        ("channel.id", "/user_id"),
        ("author.id", "/channel_id"),
        ("sent_at", "/t"),
    ];
    let pointed = format("osprey", &pointers);
    let json = action(event);
    let post = osprey(&pointed, &json);
    assert_eq!((&*post.id, &*post.channel.id, post.author_id()), ("c", "u", Some("5")));
    assert_eq!(post.sent_at_ms, Some(3_000));
}

#[test]
fn what_is_read_out_of_a_string_outlives_it() {
    let event = r#"{"channel_id":"c","user_id":"u","n":"name","k":"edit","e":2,"p":["q","a"],
        "l":[{"url":"lu","shown":"ls"}],"b":[{"text":"bt","url":"bu"}],"m":[{"name":"mn","sha1":"s1","pdq_quality":3}],
        "f":{"c":"fc","t":"ft","a":"fa","n":"fn"},"d":{"t":"ct","m":9,"v":true},"g":"en","r":"r1","w":"url","x":"tx"}"#;
    let pointers = [
        ("author.name", "/n"),
        ("kind", "/k"),
        ("edited_at", "/e"),
        ("poll", "/p"),
        ("links", "/l"),
        ("buttons", "/b"),
        ("media", "/m"),
        ("forward.channel.id", "/f/c"),
        ("forward.channel.title", "/f/t"),
        ("forward.author.id", "/f/a"),
        ("forward.author.name", "/f/n"),
        ("channel.title", "/d/t"),
        ("channel.members", "/d/m"),
        ("channel.verified", "/d/v"),
        ("lang", "/g"),
        ("reply_to", "/r"),
        ("url", "/w"),
        ("text", "/x"),
    ];
    let format = format("osprey", &pointers);
    let (nested, string) = (action(event), action(&json!(event).to_string()));
    let post = osprey(&format, &nested);
    assert_eq!((post.media.len(), post.poll.len(), post.kind), (1, 2, Kind::Edit));
    assert_eq!(osprey(&format, &string), post);
}

#[test]
fn each_fault_has_its_reason_and_says_where() {
    use Reason::{BadValue, MissingField, NotJson, NothingToSee, TooDeep, WrongType};
    let format = by_default();
    let within = |event: &str| format!(r#"{{"user_id":1,{event}}}"#);
    let cases = [
        ("[]".to_owned(), WrongType, "the record: must be an object, is an array"),
        (r#"{"send_time":1}"#.to_owned(), MissingField, "data: absent, null or empty"),
        (
            r#"{"data":7}"#.to_owned(),
            WrongType,
            "data: must be an object, or a string that holds one as JSON, is an integer",
        ),
        (r#"{"data":"{"}"#.to_owned(), NotJson, "data: not one JSON value: see line 1, column 1"),
        (r#"{"data":"null"}"#.to_owned(), WrongType, "data: must be an object, is null"),
        (r#"{"data":{}}"#.to_owned(), MissingField, "data.data: absent, null or empty"),
        (
            r#"{"data":{"data":{"user_id":1}}}"#.to_owned(),
            MissingField,
            "data.action_id: absent, null or empty",
        ),
        (
            action(r#"{"post":{"text":"x"}}"#),
            MissingField,
            "channel_id (/channel_id): absent, null or empty",
        ),
        (action(r#""[1]""#), WrongType, "data.data: must be an object, is an array"),
        (
            action(r#""{\"user_id\":tru}""#),
            NotJson,
            "data.data: not one JSON value: see line 1, column 15",
        ),
        (
            action(&json!(format!("{{\"a\":{}1{}}}", "[".repeat(64), "]".repeat(64))).to_string()),
            TooDeep,
            "data.data: more than 64 objects and arrays are open at byte 68",
        ),
        (
            action(&within(r#""post":{"text":["x"]}"#)),
            WrongType,
            "text (/post/text): must be a string, is an array",
        ),
        (
            action(r#"{"user_id":{}}"#),
            WrongType,
            "user_id (/user_id): must be a string or an integer, is an object",
        ),
        (
            action(&within(r#""post":[{"text":"x"}]"#)),
            NothingToSee,
            "no text, link, medium or forward; send posts with something to look at",
        ),
        (
            action(&within(r#""post":{"text":"x"}"#)).replace("2025-08", "2025-13"),
            BadValue,
            "send_time: must be RFC 3339 or Unix seconds",
        ),
    ];
    for (json, reason, detail) in cases {
        check(&format, &json, reason, detail);
    }
}

#[test]
fn the_format_needs_something_to_look_at() {
    let faults = Format::new("osprey", fields(&[("channel.id", "/c")]));
    let missing = FormatFault::Missing { format: "osprey", field: "text" };
    assert_eq!(faults, Err(vec![missing]));
    assert!(Format::new("osprey", fields(&[("poll", "/c")])).is_ok());
}

proptest! {
    #[test]
    fn any_action_with_bytes_changed_is_read_or_refused(bytes in mutated(DOCUMENTS)) {
        hold(&by_default(), &bytes)?;
    }
}
