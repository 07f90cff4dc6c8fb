//! Patterns on values of a post that are compared as they are: fields, and hashes of media.

use std::collections::HashMap;

use crate::decode::Post;
use crate::rules::{Entry, HashKind, PostField};
use crate::scan::Spot;

use super::Listing;
use super::found::Found;

/// A pattern on one field, or on one kind of hash.
#[derive(Debug)]
pub(super) struct FieldMatcher {
    what: What,
    /// Entries by the value they ask for; hashes in lower case.
    entries: HashMap<String, Vec<usize>>,
}

#[derive(Clone, Copy, Debug)]
enum What {
    Field(PostField),
    Media(HashKind),
}

impl FieldMatcher {
    pub(super) fn field(field: PostField, entries: &[Entry]) -> Self {
        Self::new(What::Field(field), entries, str::to_owned)
    }

    pub(super) fn media(hash: HashKind, entries: &[Entry]) -> Self {
        Self::new(What::Media(hash), entries, str::to_ascii_lowercase)
    }

    fn new(what: What, list: &[Entry], written: fn(&str) -> String) -> Self {
        let mut entries: HashMap<String, Vec<usize>> = HashMap::with_capacity(list.len());
        for (at, entry) in list.iter().enumerate() {
            entries.entry(written(&entry.text)).or_default().push(at);
        }
        Self { what, entries }
    }

    pub(super) fn listing(&self) -> Listing {
        match self.what {
            What::Field(field) => Listing::Field(field),
            What::Media(hash) => Listing::Hash(hash),
        }
    }

    /// The values that it asks for.
    pub(super) fn values(&self) -> impl Iterator<Item = &str> {
        self.entries.keys().map(String::as_str)
    }

    pub(super) fn scan(&self, pattern: usize, post: &Post<'_>, found: &mut Found) {
        match self.what {
            What::Field(field) => {
                if let Some(value) = field.of(post) {
                    self.compare(pattern, Spot::Field(field), value, found);
                }
            }
            What::Media(hash) => {
                let media = post.media.iter().enumerate();
                for (at, value) in media.filter_map(|(at, it)| Some((at, hash.of(it)?))) {
                    let value = value.to_ascii_lowercase();
                    self.compare(pattern, Spot::Medium(at, hash), &value, found);
                }
            }
        }
    }

    fn compare(&self, pattern: usize, spot: Spot, value: &str, found: &mut Found) {
        for entry in self.entries.get(value).into_iter().flatten() {
            found.add_value(pattern, spot, (*entry, value));
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::decode::{Author, Channel, Forward, Medium, Post};
    use crate::record::{Parts, View};
    use crate::rules::{Condition, Entry, HashKind, Match, Pattern, PatternKind, PostField, Rule};
    use crate::scan::tests::{entries, rule};
    use crate::scan::{Hits, Naive, Seen, Spot, Tables};

    fn list(values: &[&str]) -> Vec<Entry> {
        values.iter().map(|&text| Entry { text: text.to_owned() }).collect()
    }

    fn pattern(kind: PatternKind) -> Pattern {
        Pattern { name: "f".to_owned(), kind, view: View::Raw, parts: Parts::NONE }
    }

    fn field(field: PostField, values: &[&str]) -> Pattern {
        pattern(PatternKind::Field(field, list(values)))
    }

    fn media(hash: HashKind, values: &[&str]) -> Pattern {
        pattern(PatternKind::Media(hash, list(values)))
    }

    /// The hits of the engine, which must be those of the slow truth.
    fn scan(rules: &[Rule], post: &Post<'_>) -> Hits {
        let seen: Vec<Seen<'_>> = post.pieces().into_iter().map(Seen::of).collect();
        let hits = Tables::build(rules).unwrap().scan(post, &seen);
        assert_eq!(hits, Naive::build(rules).unwrap().scan(post, &seen), "{post:?}");
        hits
    }

    fn spots(pattern: Pattern, post: &Post<'_>) -> Vec<(String, usize)> {
        let hits = scan(&[rule(vec![pattern])], post);
        let spot = |hit: &crate::scan::Hit| (hit.field.map(Spot::pointer).unwrap(), hit.entry);
        hits.all.iter().map(spot).collect()
    }

    fn at(pointer: &str, entry: usize) -> Vec<(String, usize)> {
        vec![(pointer.to_owned(), entry)]
    }

    #[test]
    fn fields_are_compared_as_they_are_and_are_no_text() {
        let post = Post {
            channel: Channel { id: "c1".into(), verified: Some(true), ..Channel::default() },
            author: Some(Author { name: Some("Zorb ".into()), ..Author::default() }),
            forward: Some(Forward { channel_id: Some("c666".into()), ..Forward::default() }),
            ..Post::default()
        };
        // Such a post may hold no text at all.
        assert_eq!(post.pieces().len(), 1);
        let silent = Post { author: None, ..post.clone() };
        assert_eq!(silent.pieces(), []);
        for post in [&post, &silent] {
            assert_eq!(
                spots(field(PostField::ChannelId, &["c2", "c1"]), post),
                at("/channel/id", 1)
            );
            let forward = field(PostField::ForwardChannelId, &["c666"]);
            assert_eq!(spots(forward, post), at("/forward/channel/id", 0));
            let verified = field(PostField::ChannelVerified, &["true"]);
            assert_eq!(spots(verified, post), at("/channel/verified", 0));
            for absent in [
                field(PostField::ChannelId, &["C1", "c"]),
                field(PostField::ChannelTitle, &[""]),
                field(PostField::AuthorName, &["Zorb", "zorb "]),
                field(PostField::ForwardAuthorId, &["c666"]),
                field(PostField::ChannelId, &[]),
            ] {
                assert_eq!(spots(absent, post), []);
            }
        }
    }

    #[test]
    fn hashes_are_compared_without_case_in_each_medium() {
        let hash = "00000000000000000000000000000abc";
        let medium = |md5: &str| Medium { md5: Some(md5.to_owned().into()), ..Medium::default() };
        let post = Post {
            media: vec![medium("x"), Medium::default(), medium(&hash.to_uppercase()), medium(hash)],
            ..Post::default()
        };
        let hits = scan(&[rule(vec![media(HashKind::Md5, &[&hash.to_uppercase()])])], &post);
        let pointers: Vec<String> =
            hits.all.iter().map(|hit| hit.field.map(Spot::pointer).unwrap()).collect();
        assert_eq!(pointers, ["/media/2/md5", "/media/3/md5"]);
        assert!(hits.values.iter().all(|(.., value)| value == hash));
        assert_eq!(spots(media(HashKind::Sha1, &[hash]), &post), []);
    }

    fn any_post() -> impl Strategy<Value = Post<'static>> {
        let value = || prop::sample::select(vec!["c1", "c2", "", "blorp"]);
        (value(), prop::collection::vec(value(), 0..3), value()).prop_map(|(id, hashes, text)| {
            let medium =
                |sha1: &str| Medium { sha1: Some(sha1.to_owned().into()), ..Medium::default() };
            Post {
                channel: Channel { id: id.into(), ..Channel::default() },
                media: hashes.into_iter().map(medium).collect(),
                text: text.into(),
                ..Post::default()
            }
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn rules_that_wait_for_fields_are_woken_by_them(post in any_post()) {
            let patterns = || vec![
                field(PostField::ChannelId, &["c1"]),
                media(HashKind::Sha1, &["c2", "c1"]),
                entries(View::Unmasked, Match::Word, 0, &["blorp"]),
            ];
            scan(&[rule(patterns())], &post);
            let seen: Vec<Seen<'_>> = post.pieces().into_iter().map(Seen::of).collect();
            for waits_for in 0..2 {
                let condition = Condition::And(vec![Condition::Pattern(waits_for), Condition::Pattern(2)]);
                for condition in [Condition::Pattern(waits_for), condition] {
                    let rules = [Rule { condition, ..rule(patterns()) }];
                    let hits = Tables::build(&rules).unwrap().scan(&post, &seen);
                    let all = Naive::build(&rules).unwrap().scan(&post, &seen);
                    // Of a rule that could not fire nothing is told.
                    let hit = |pattern: usize| all.all.iter().any(|hit| hit.pattern.0 as usize == pattern);
                    prop_assert!(hits == all || hits == Hits::default() && !(hit(waits_for) && hit(2)));
                }
            }
        }
    }
}
