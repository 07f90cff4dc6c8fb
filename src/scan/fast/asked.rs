//! Rules that wait for something other than words, and which of them a post could concern: those that list
//! a value that the post has, and those that take any thing of a kind that it has. However many
//! there are, none of the others is asked.

use crate::decode::Post;
use crate::extract;
use crate::rules::{HashKind, PostField};
use crate::scan::Seen;
use crate::scan::naive::{Listing, Single, Thing, domains_of};

use super::table::{Keyed, Lookup};

/// Rules by what they wait for.
#[derive(Debug)]
pub(super) struct Asked {
    keyed: Keyed,
    /// By the values that they list.
    listed: Lookup,
    fields: Vec<PostField>,
    hashes: Vec<HashKind>,
    /// Is there a list of handles?
    handles: bool,
    /// Those without a list.
    any: Any,
}

/// Rules that any thing of a kind concerns.
#[derive(Debug, Default)]
struct Any {
    links: Vec<u32>,
    handles: Vec<u32>,
    phones: Vec<u32>,
    wallets: Vec<u32>,
    texts: Vec<u32>,
}

/// Rules on their way there.
#[derive(Debug)]
pub(super) struct AskedBuilder {
    asked: Asked,
    pairs: Vec<(u64, u32)>,
}

impl AskedBuilder {
    pub(super) fn new() -> Self {
        let asked = Asked {
            keyed: Keyed::new(),
            listed: Lookup::default(),
            fields: Vec::new(),
            hashes: Vec::new(),
            handles: false,
            any: Any::default(),
        };
        Self { asked, pairs: Vec::new() }
    }

    /// A rule waits for this pattern.
    pub(super) fn add(&mut self, rule: u32, single: &Single) {
        let Self { asked: Asked { keyed, any, .. }, pairs } = self;
        let thing =
            single.lists(&mut |listing, value| pairs.push((key(keyed, listing, value), rule)));
        let rules = match thing {
            Thing::Listed(listing) => return self.asked.note(listing),
            Thing::Link => &mut any.links,
            Thing::Handle => &mut any.handles,
            Thing::Phone => &mut any.phones,
            Thing::Wallet => &mut any.wallets,
            Thing::Text => &mut any.texts,
        };
        rules.push(rule);
    }

    pub(super) fn build(self) -> Asked {
        let Self { mut asked, pairs } = self;
        asked.listed = Lookup::build(pairs);
        asked
    }
}

fn key(keyed: &Keyed, listing: Listing, value: &str) -> u64 {
    let (kind, name) = match listing {
        Listing::Field(field) => (1, field.name()),
        Listing::Hash(hash) => (2, hash.name()),
        Listing::Domain => (3, ""),
        Listing::Channel => (4, ""),
        Listing::Handle => (5, ""),
    };
    keyed.pair(keyed.pair(kind, keyed.of(name.as_bytes())), keyed.of(value.as_bytes()))
}

impl Asked {
    fn note(&mut self, listing: Listing) {
        match listing {
            Listing::Field(field) if !self.fields.contains(&field) => self.fields.push(field),
            Listing::Hash(hash) if !self.hashes.contains(&hash) => self.hashes.push(hash),
            Listing::Handle => self.handles = true,
            _ => {}
        }
    }

    /// Bytes it takes.
    pub(super) fn bytes(&self) -> usize {
        let Any { links, handles, phones, wallets, texts } = &self.any;
        let any = [links, handles, phones, wallets, texts].map(Vec::len).iter().sum::<usize>();
        self.listed.bytes() + any * size_of::<u32>()
    }

    fn listed(&self, listing: Listing, value: &str, ask: &mut impl FnMut(u32)) {
        if !self.listed.is_empty() {
            self.listed.get(key(&self.keyed, listing, value)).for_each(ask);
        }
    }

    /// Calls `ask` with the rules that the fields of a post could concern.
    pub(super) fn by_fields(&self, post: &Post<'_>, ask: &mut impl FnMut(u32)) {
        for &field in &self.fields {
            if let Some(value) = field.of(post) {
                self.listed(Listing::Field(field), value, ask);
            }
        }
        for &hash in &self.hashes {
            for value in post.media.iter().filter_map(|medium| hash.of(medium)) {
                self.listed(Listing::Hash(hash), &value.to_ascii_lowercase(), ask);
            }
        }
    }

    /// The same of a piece.
    pub(super) fn by_piece(&self, seen: &Seen<'_>, ask: &mut impl FnMut(u32)) {
        let (any, text) = (&self.any, seen.piece.text);
        any.texts.iter().for_each(|rule| ask(*rule));
        for link in &seen.links {
            domains_of(&link.host).for_each(|domain| self.listed(Listing::Domain, domain, ask));
            let channel = link.channel.as_deref();
            channel.into_iter().for_each(|name| self.listed(Listing::Channel, name, ask));
        }
        if !seen.links.is_empty() {
            any.links.iter().for_each(|rule| ask(*rule));
        }
        if (self.handles || !any.handles.is_empty()) && extract::may_hold_handle(text) {
            any.handles.iter().for_each(|rule| ask(*rule));
            let handles = if self.handles { extract::handles(text) } else { Vec::new() };
            handles.iter().for_each(|handle| self.listed(Listing::Handle, &handle.name, ask));
        }
        if !any.phones.is_empty() && extract::may_hold_phone(text) {
            any.phones.iter().for_each(|rule| ask(*rule));
        }
        if !any.wallets.is_empty() && extract::may_hold_wallet(text) {
            any.wallets.iter().for_each(|rule| ask(*rule));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::{Channel, Medium};
    use crate::record::{Parts, View};
    use crate::rules::{Entry, LinkPattern, Pattern, PatternKind};

    const RULES: u32 = 1_000;

    /// The number of the medium in the post.
    const MEDIUM: u32 = 11;

    fn entry(text: String) -> Vec<Entry> {
        vec![Entry { text }]
    }

    /// A pattern of each kind of list, with one value of this number.
    fn patterns(number: u32) -> Vec<PatternKind> {
        let links = LinkPattern {
            services: Vec::new(),
            domains: Some(entry(format!("d{number}.example"))),
            channels: None,
            shown_differs: false,
        };
        let channels = LinkPattern {
            domains: None,
            channels: Some(entry(format!("@Zorb_{number}"))),
            ..links.clone()
        };
        vec![
            PatternKind::Links(links),
            PatternKind::Links(channels),
            PatternKind::Handles(Some(entry(format!("@Flim_{number}")))),
            PatternKind::Field(PostField::ChannelId, entry(format!("c{number}"))),
            PatternKind::Media(HashKind::Md5, entry(format!("{number:032X}"))),
        ]
    }

    #[test]
    fn of_a_thousand_rules_those_are_asked_that_list_what_the_post_has() {
        let mut builder = AskedBuilder::new();
        for (kind, number) in (0..RULES).flat_map(|number| (0..5).map(move |kind| (kind, number))) {
            let kind_of = patterns(number).swap_remove(kind);
            let name = "p".to_owned();
            let pattern = Pattern { name, kind: kind_of, view: View::Raw, parts: Parts::ALL };
            let single = Single::build(0, "t", &pattern).unwrap();
            builder.add(u32::try_from(kind).unwrap() * RULES + number, &single);
        }
        let asked = builder.build();
        let ask = |post: &Post<'_>| {
            let mut rules = Vec::new();
            asked.by_fields(post, &mut |rule| rules.push(rule));
            for piece in post.pieces() {
                asked.by_piece(&Seen::of(piece), &mut |rule| rules.push(rule));
            }
            rules.sort_unstable();
            rules
        };
        let channel = |id: &'static str| Channel { id: id.into(), ..Channel::default() };
        let text = "https://www.d7.example/x t.me/zorb_8 @flim_9, and bread";
        let medium = Medium { md5: Some(format!("{MEDIUM:032x}").into()), ..Medium::default() };
        let post = Post { channel: channel("c10"), text: text.into(), ..Post::default() };
        assert_eq!(ask(&Post { media: vec![medium], ..post }), [7, 1_008, 2_009, 3_010, 4_011]);
        let other = "https://d7.example.org t.me/d7 @zorb_8 c10";
        let post = Post { channel: channel("d7.example"), text: other.into(), ..Post::default() };
        assert!(ask(&post).is_empty());
    }
}
