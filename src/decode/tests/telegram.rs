//! Updates of the Bot API as bots get them.

use super::*;

/// A post of a public channel: links behind the text, the preview, a button.
const CHANNEL_POST: &str = r#"{
  "update_id": 871204332,
  "channel_post": {
    "message_id": 1187,
    "author_signature": "Mara",
    "sender_chat": {"id": -1001468226381, "title": "Blorp News", "username": "blorpnews", "type": "channel"},
    "chat": {"id": -1001468226381, "title": "Blorp News", "username": "blorpnews", "type": "channel"},
    "date": 1763900000,
    "edit_date": null,
    "text": "😀 Blorp is here, look",
    "entities": [
      {"offset": 3, "length": 5, "type": "bold"},
      {"offset": 3, "length": 5, "type": "text_link", "url": "https://blorp.example/a?b=1&c"},
      {"offset": 0, "length": 2, "type": "custom_emoji", "custom_emoji_id": "5368324170671202286"},
      {"offset": 18, "length": 4, "type": "text_link", "url": "https://blorp.example/"}
    ],
    "link_preview_options": {"url": "https://preview.example/", "prefer_small_media": true},
    "reply_markup": {"inline_keyboard": [
      [{"text": "Shop", "url": "https://t.me/blorpshop"}, {"text": "Menu", "callback_data": "menu"}],
      [{"text": "App", "web_app": {"url": "https://app.example/"}}],
      [{"text": "Log in", "login_url": {"url": "https://login.example/", "forward_text": "x"}}]
    ]}
  }
}"#;

/// A message of a public group, forwarded there from a channel, in answer to another.
const GROUP_MESSAGE: &str = r#"{
  "update_id": 871204333,
  "message": {
    "message_id": 52,
    "message_thread_id": 7,
    "from": {"id": 5123456789012345, "is_bot": false, "first_name": "Ana", "last_name": "Lima",
      "username": "analima", "language_code": "pt"},
    "chat": {"id": -1001999999999, "title": "Chat", "is_forum": true, "type": "supergroup"},
    "date": 1763900100,
    "forward_origin": {"type": "channel", "chat": {"id": -1001468226381, "title": "Blorp News",
      "username": "blorpnews", "type": "channel"}, "message_id": 1187, "author_signature": "Mara", "date": 1763900000},
    "reply_to_message": {"message_id": 49, "date": 1763899000,
      "chat": {"id": -1001999999999, "title": "Chat", "type": "supergroup"}, "text": "hm?"},
    "document": {"file_id": "BQACAgIAAxkBAAIB", "file_unique_id": "AgADBQAD", "file_name": "menu.pdf",
      "mime_type": "application/pdf", "file_size": 2048},
    "caption": "see page 2",
    "caption_entities": [{"type": "text_link", "offset": 4, "length": 6, "url": "https://blorp.example/2"}]
  }
}"#;

/// An edit of a poll by the linked channel in its group.
const EDITED_POLL: &str = r#"{
  "update_id": 871204334,
  "edited_message": {
    "message_id": 60,
    "from": {"id": 777000, "is_bot": false, "first_name": "Telegram"},
    "sender_chat": {"id": -1001468226381, "title": "Blorp News", "type": "channel"},
    "chat": {"id": -1001999999999, "title": "Chat", "type": "supergroup"},
    "date": 1763900100, "edit_date": 1763900200,
    "poll": {"id": "5420", "question": "Which?", "options": [{"text": "red", "voter_count": 0},
      {"text": "blue", "voter_count": 2, "text_entities": []}], "total_voter_count": 2, "is_closed": false,
      "is_anonymous": true, "type": "quiz", "allows_multiple_answers": false, "explanation": "both"}
  }
}"#;

/// The title of a group is changed.
const NEW_TITLE: &str = r#"{
  "update_id": 871204335,
  "message": {
    "message_id": 61,
    "from": {"id": 11, "is_bot": false, "first_name": "Ana"},
    "chat": {"id": -1001999999999, "title": "Blorp for all", "username": "blorp4all", "type": "supergroup"},
    "date": 1763900300,
    "new_chat_title": "Blorp for all"
  }
}"#;

/// A picture in a channel, nothing with it.
const PHOTO: &str = r#"{"update_id":1,"channel_post":{"message_id":2,"date":1763900000,
  "sender_chat":{"id":-100,"title":"t","type":"channel"},"chat":{"id":-100,"title":"t","type":"channel"},
  "photo":[{"file_id":"AgAC","file_unique_id":"AQAD","width":90,"height":67,"file_size":1193}]}}"#;

/// A moving picture, which stands there as a document too, and a film.
const ANIMATION: &str = r#"{"update_id":1,"edited_channel_post":{"message_id":2,"date":1763900000,
  "chat":{"id":-100,"type":"channel"},
  "animation":{"file_id":"a","width":320,"height":240,"duration":5,"file_name":"a.mp4"},
  "document":{"file_id":"a","file_name":"a.mp4"},"video":{"file_id":"v","file_name":"v.mp4"},
  "audio":{"file_id":"s","title":"t","file_name":"s.mp3"},"voice":{"file_id":"w","duration":7}}}"#;

const DOCUMENTS: &[&str] = &[CHANNEL_POST, GROUP_MESSAGE, EDITED_POLL, NEW_TITLE, PHOTO, ANIMATION];

#[track_caller]
fn telegram(json: &str) -> Post<'_> {
    let post = read(&Format::Telegram, Some(json.as_bytes()), &LIMITS);
    post.unwrap_or_else(|fault| panic!("{fault} in {json}"))
}

/// A message in a private-looking chat with these fields besides.
fn message(fields: &str) -> String {
    let fixed = r#""message_id":2,"date":1,"chat":{"id":-100,"type":"channel"}"#;
    format!(r#"{{"update_id":1,"message":{{{fixed},{fields}}}}}"#)
}

fn link<'a>(shown: &'a str, url: &'a str) -> Link<'a> {
    Link { shown: some(shown), url: url.into() }
}

fn button<'a>(text: &'a str, url: Option<&'a str>) -> Button<'a> {
    Button { text: text.into(), url: url.map(Cow::Borrowed) }
}

fn named(name: &str) -> Medium<'_> {
    Medium { name: some(name), ..Medium::default() }
}

#[test]
fn a_channel_post_is_read_with_its_hidden_links_and_buttons() {
    let wanted = Post {
        id: "-1001468226381/1187".into(),
        channel: Channel {
            id: "-1001468226381".into(),
            title: some("Blorp News"),
            username: some("blorpnews"),
            ..Channel::default()
        },
        // The channel is no author of its own posts; who signed is.
        author: Some(Author { name: some("Mara"), ..Author::default() }),
        text: "😀 Blorp is here, look".into(),
        sent_at_ms: Some(1_763_900_000_000),
        url: some("https://t.me/blorpnews/1187"),
        links: vec![
            link("Blorp", "https://blorp.example/a?b=1&c"),
            link("look", "https://blorp.example/"),
            Link { shown: None, url: "https://preview.example/".into() },
        ],
        buttons: vec![
            button("Shop", Some("https://t.me/blorpshop")),
            button("Menu", None),
            button("App", Some("https://app.example/")),
            button("Log in", Some("https://login.example/")),
        ],
        ..Post::default()
    };
    assert_eq!(telegram(CHANNEL_POST), wanted);
}

#[test]
fn a_group_message_is_read_with_its_origin_its_file_and_what_it_answers() {
    let wanted = Post {
        id: "-1001999999999/52".into(),
        channel: Channel { id: "-1001999999999".into(), title: some("Chat"), ..Channel::default() },
        author: Some(Author {
            id: some("5123456789012345"),
            name: some("Ana Lima"),
            ..Author::default()
        }),
        text: "see page 2".into(),
        sent_at_ms: Some(1_763_900_100_000),
        reply_to: some("-1001999999999/49"),
        forward: Some(Forward {
            channel_id: some("-1001468226381"),
            channel_title: some("Blorp News"),
            author_id: None,
            author_name: some("Mara"),
        }),
        links: vec![link("page 2", "https://blorp.example/2")],
        media: vec![named("menu.pdf")],
        ..Post::default()
    };
    assert_eq!(telegram(GROUP_MESSAGE), wanted);
}

#[test]
fn an_edit_has_both_times_and_a_poll_its_question_and_answers() {
    let post = telegram(EDITED_POLL);
    assert_eq!(post.kind, Kind::Edit);
    assert_eq!(
        (post.sent_at_ms, post.edited_at_ms),
        (Some(1_763_900_100_000), Some(1_763_900_200_000))
    );
    assert_eq!(post.poll, ["Which?", "red", "blue", "both"]);
    // On behalf of a channel, `from` is a stand-in.
    let author =
        Author { id: some("-1001468226381"), name: some("Blorp News"), ..Author::default() };
    assert_eq!(post.author, Some(author));
}

#[test]
fn a_new_title_is_a_profile() {
    let post = telegram(NEW_TITLE);
    assert_eq!((post.kind, &post.channel.title), (Kind::Profile, &some("Blorp for all")));
    let parts: Vec<_> = post.pieces().iter().map(|piece| piece.text).collect();
    assert_eq!(parts, ["Blorp for all", "blorp4all", "Ana"]);
    // The message says what it is now, the chat what it was when the update was made.
    let older = NEW_TITLE.replacen("Blorp for all", "Old", 1);
    assert_eq!(telegram(&older).channel.title, some("Blorp for all"));
}

#[test]
fn media_without_a_name_are_something_to_look_at() {
    assert_eq!(telegram(PHOTO).media, [Medium::default()]);
    let post = telegram(ANIMATION);
    let media = [named("a.mp4"), named("v.mp4"), named("s.mp3"), Medium::default()];
    assert_eq!((post.kind, post.media), (Kind::Edit, media.to_vec()));
    for name in ["voice", "video_note", "sticker", "story", "live_photo", "paid_media", "game"] {
        assert_eq!(telegram(&message(&format!(r#""{name}":{{}}"#))).media.len(), 1, "{name}");
    }
}

#[test]
fn every_origin_of_a_forward_is_read() {
    let user = r#"{"id":7,"is_bot":false,"first_name":"An","last_name":""}"#;
    let chat = r#"{"id":-5,"title":"Group","type":"supergroup"}"#;
    let none: Option<Cow<'_, str>> = None;
    let cases = [
        (format!(r#""type":"user","sender_user":{user}"#), [&none, &none, &some("7"), &some("An")]),
        (
            r#""type":"hidden_user","sender_user_name":"Ghost""#.to_owned(),
            [&none, &none, &none, &some("Ghost")],
        ),
        (
            format!(r#""type":"chat","sender_chat":{chat}"#),
            [&some("-5"), &some("Group"), &none, &none],
        ),
        (
            format!(r#""type":"channel","chat":{chat},"message_id":1,"author_signature":"Sig""#),
            [&some("-5"), &some("Group"), &none, &some("Sig")],
        ),
    ];
    for (origin, wanted) in cases {
        let json = message(&format!(r#""forward_origin":{{"date":1,{origin}}}"#));
        let forward = telegram(&json).forward.unwrap_or_default();
        let Forward { channel_id, channel_title, author_id, author_name } = forward;
        assert_eq!([&channel_id, &channel_title, &author_id, &author_name], wanted, "{origin}");
    }
}

#[test]
fn the_stretches_of_links_are_counted_in_utf_16() {
    // Text as JSON, offset, length, what is shown.
    let cases = [
        ("ab", 0, 2, "ab"),
        ("ab", 2, 0, ""),
        ("é€x", 1, 1, "€"),
        ("😀x", 0, 2, "😀"),
        ("😀x", 2, 1, "x"),
        (r"\ud83d\ude00x", 2, 1, "x"),
        // Half a pair is one unit, as is what is shown for it.
        (r"\ud83dx", 1, 1, "x"),
        (r"\n😀\u0041", 1, 3, "😀A"),
    ];
    for (text, offset, length, shown) in cases {
        let entity = format!(
            r#"{{"type":"text_link","offset":{offset},"length":{length},"url":"https://a.example"}}"#
        );
        let json = message(&format!(r#""text":"{text}","entities":[{entity}]"#));
        assert_eq!(telegram(&json).links, [link(shown, "https://a.example")], "{text}");
    }
}

#[test]
fn the_author_is_who_wrote_and_not_a_stand_in() {
    let from = r#""from":{"id":1,"first_name":"Group","username":"GroupAnonymousBot"}"#;
    let author = |id: Option<&'static str>, name: &'static str| {
        Some(Author { id: id.map(Cow::Borrowed), name: some(name), ..Author::default() })
    };
    let cases = [
        (from.to_owned(), author(Some("1"), "Group")),
        (format!(r#"{from},"sender_chat":{{"id":-100,"title":"t"}}"#), None),
        (
            format!(r#"{from},"sender_chat":{{"id":-100,"title":"t"}},"author_signature":"boss""#),
            author(None, "boss"),
        ),
        (
            format!(r#"{from},"sender_chat":{{"id":-9,"title":"u"}},"author_signature":"boss""#),
            author(Some("-9"), "u"),
        ),
        (r#""author_signature":"boss""#.to_owned(), author(None, "boss")),
        (r#""from":{"id":1,"first_name":"","last_name":"L"}"#.to_owned(), author(Some("1"), "L")),
    ];
    for (fields, wanted) in cases {
        let json = message(&format!(r#""text":"x",{fields}"#));
        assert_eq!(telegram(&json).author, wanted, "{fields}");
    }
}

/// A table of (input, reason, detail).
type Faults = &'static [(&'static str, Reason, &'static str)];

const OTHERS: &str = "message, edited_message, channel_post, edited_channel_post: all absent; \
                      let no other updates through";
const NOTHING: &str = "no text, link, medium or forward; send posts with something to look at";
const OUTSIDE: &str = "message.entities: a text_link lies outside the text, or over another";

/// Whole updates that cannot be read.
#[rustfmt::skip]
const UPDATES: Faults = &[
    ("{", Reason::NotJson, "not one JSON value: see line 1, column 1"),
    ("[]", Reason::WrongType, "the record: must be an object, is an array"),
    (r#"{"update_id":1,"callback_query":{"id":"4"}}"#, Reason::MissingField, OTHERS),
    (r#"{"update_id":1,"business_message":{"message_id":4}}"#, Reason::MissingField, OTHERS),
    (r#"{"update_id":1,"message":null}"#, Reason::MissingField, OTHERS),
    (r#"{"message":{"message_id":1},"channel_post":{}}"#, Reason::BadValue, "channel_post: stands beside another; an update has just one"),
    (r#"{"message":[]}"#, Reason::WrongType, "message: must be an object, is an array"),
    (r#"{"message":{}}"#, Reason::MissingField, "message.message_id: absent, null or empty"),
    (r#"{"message":{"message_id":1}}"#, Reason::MissingField, "message.chat.id: absent, null or empty"),
];

/// Fields of a message that is good without them.
#[rustfmt::skip]
const FIELDS: Faults = &[
    (r#""date":2"#, Reason::NothingToSee, NOTHING),
    (r#""new_chat_members":[]"#, Reason::NothingToSee, NOTHING),
    (r#""text":1"#, Reason::WrongType, "message.text: must be a string, is an integer"),
    (r#""date":"x""#, Reason::BadValue, "message.date: must be RFC 3339 or Unix seconds"),
    (r#""text":"a","entities":[{"type":"text_link","length":1,"url":"u"}]"#, Reason::MissingField, "message.entities[0].offset: absent, null or empty"),
    (r#""text":"a","entities":[{"type":"text_link","offset":0,"length":1}]"#, Reason::MissingField, "message.entities[0].url: absent, null or empty"),
    (r#""caption":"x","caption_entities":[1]"#, Reason::WrongType, "message.caption_entities[0]: must be an object, is an integer"),
    (r#""reply_markup":{"inline_keyboard":[[{"text":"a"}],[{"url":1}]]}"#, Reason::WrongType, "message.reply_markup.inline_keyboard[1][0].url: must be a string, is an integer"),
    (r#""poll":{"question":"q","options":[{"text":true}]}"#, Reason::WrongType, "message.poll.options[0].text: must be a string, is true or false"),
    (r#""video":{"file_name":["x"]}"#, Reason::WrongType, "message.video.file_name: must be a string, is an array"),
    (r#""from":{"id":1.5}"#, Reason::WrongType, "message.from.id: must be a string or an integer, is a number with a fraction or exponent"),
    (r#""forward_origin":{"chat":{"title":{}}}"#, Reason::WrongType, "message.forward_origin.chat.title: must be a string, is an object"),
];

#[test]
fn each_fault_has_its_reason_and_says_where() {
    for (json, reason, detail) in UPDATES {
        check(&Format::Telegram, json, *reason, detail);
    }
    for (fields, reason, detail) in FIELDS {
        check(&Format::Telegram, &message(fields), *reason, detail);
    }
    let deep = message(&format!(r#""x":{}{}"#, "[".repeat(63), "]".repeat(63)));
    let detail = "more than 64 objects and arrays are open at byte 152";
    check(&Format::Telegram, &deep, Reason::TooDeep, detail);
}

#[test]
fn a_link_lies_within_the_text_and_over_no_other() {
    let link = |offset: u64, length: u64| {
        format!(r#"{{"type":"text_link","offset":{offset},"length":{length},"url":"u"}}"#)
    };
    let text = |entities: &str| message(&format!(r#""text":"😀ab","entities":[{entities}]"#));
    assert_eq!(telegram(&text(&[link(0, 2), link(2, 2)].join(","))).links.len(), 2);
    let over = [link(0, 3), link(0, 3)].join(",");
    let most = u64::from(u32::MAX);
    let outside = [link(0, 5), link(5, 0), link(1, 1), link(0, 1), link(most, most), over];
    for entities in outside {
        check(&Format::Telegram, &text(&entities), Reason::BadValue, OUTSIDE);
    }
    let detail = "message.entities[0].length: must be from 0 to 4294967295";
    check(&Format::Telegram, &text(&link(0, most + 1)), Reason::BadValue, detail);
}

#[test]
fn many_links_on_one_text_do_not_multiply_it() {
    let text = "\\n".repeat(100_000);
    let entity = r#"{"type":"text_link","offset":0,"length":100000,"url":"u"}"#;
    let json = message(&format!(
        r#""text":"{text}","entities":[{}{entity}]"#,
        [entity; 999].join(",") + ","
    ));
    let fault = read(&Format::Telegram, Some(json.as_bytes()), &LIMITS).map_err(|it| it.reason);
    assert_eq!(fault, Err(Reason::BadValue));
}

proptest! {
    #[test]
    fn any_update_with_bytes_changed_is_read_or_refused(bytes in mutated(DOCUMENTS)) {
        hold(&Format::Telegram, &bytes)?;
    }
}
