//! Patterns on things that `extract` finds in the text as it came: handles, phone
//! numbers, wallets.

use std::ops::Range;

use crate::extract::{self, FoundPhone, Wallet};
use crate::record::View;
use crate::rules::Entry;

use super::found::Found;
use super::links::Listed;

/// Where a thing stands, and its entries with their values.
type Find = (Range<usize>, Vec<(usize, String)>);

/// A pattern on things of one kind.
#[derive(Debug)]
pub(super) enum ThingMatcher {
    /// Those of a list; `None`: any.
    Handles(Option<Listed>),
    /// Those of these countries; empty: of any.
    Phones(Vec<String>),
    /// Those of these kinds.
    Wallets(Vec<Wallet>),
}

impl ThingMatcher {
    pub(super) fn handles(list: Option<&[Entry]>) -> Self {
        Self::Handles(list.map(|entries| Listed::new(entries, extract::handle_named)))
    }

    pub(super) fn scan(&self, pattern: usize, text: &str, found: &mut Found) {
        for (range, rows) in self.finds(text) {
            for (entry, value) in rows {
                found.add(pattern, &range, View::Raw, (entry, &value));
            }
        }
    }

    fn finds(&self, text: &str) -> Vec<Find> {
        match self {
            Self::Handles(list) => {
                let handles = extract::handles(text).into_iter();
                handles.map(|handle| (handle.range, listed(list.as_ref(), handle.name))).collect()
            }
            Self::Phones(countries) => {
                let is_asked = |phone: &FoundPhone| {
                    countries.is_empty() || phone.countries.iter().any(|of| countries.contains(of))
                };
                let phones = extract::phones(text).into_iter().filter(is_asked);
                phones.map(|phone| (phone.range, listed(None, phone.number))).collect()
            }
            Self::Wallets(kinds) => {
                let wallets = extract::wallets(text).into_iter();
                let wallets = wallets.filter(|found| kinds.contains(&found.wallet));
                wallets.map(|wallet| (wallet.range, listed(None, wallet.address))).collect()
            }
        }
    }

    /// Does it hit this text? Cheap where the text holds no such thing.
    pub(super) fn is_in(&self, text: &str) -> bool {
        let may_be = match self {
            Self::Handles(_) => extract::may_hold_handle(text),
            Self::Phones(_) => extract::may_hold_phone(text),
            Self::Wallets(_) => extract::may_hold_wallet(text),
        };
        let mut found = Found::default();
        if may_be {
            self.scan(0, text, &mut found);
        }
        !found.is_empty()
    }
}

/// The entries that are this thing, each with its value; without a list one row with the thing itself.
fn listed(list: Option<&Listed>, value: String) -> Vec<(usize, String)> {
    match list {
        Some(list) => list.get(&value).collect(),
        None => vec![(0, value)],
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::decode::Post;
    use crate::extract::Wallet;
    use crate::record::{Part, Parts, View};
    use crate::rules::{Entry, Pattern, PatternKind};
    use crate::scan::tests::{entries, rule};
    use crate::scan::{Hits, Naive, Seen, Tables};

    fn pattern(kind: PatternKind) -> Pattern {
        Pattern { name: "t".to_owned(), kind, view: View::Raw, parts: Parts::ALL }
    }

    fn handles(list: Option<&[&str]>) -> Pattern {
        let entry = |text: &&str| Entry { text: (*text).to_owned() };
        pattern(PatternKind::Handles(list.map(|list| list.iter().map(entry).collect())))
    }

    /// The hits of the engine, which must be those of the slow truth.
    fn scan(patterns: Vec<Pattern>, post: &Post<'_>) -> Hits {
        let rules = [rule(patterns)];
        let seen: Vec<Seen<'_>> = post.pieces().into_iter().map(Seen::of).collect();
        let hits = Tables::build(&rules).unwrap().scan(post, &seen);
        assert_eq!(hits, Naive::build(&rules).unwrap().scan(post, &seen), "{post:?}");
        hits
    }

    /// What is hit, by which entry, and what it counts as.
    fn rows(pattern: Pattern, text: &str) -> Vec<(String, usize, String)> {
        let hits = scan(vec![pattern], &Post { text: text.into(), ..Post::default() });
        let row = |(_, at, value): &(_, usize, String)| {
            let hit = hits.all.get(*at).unwrap();
            (text.get(hit.range.clone()).unwrap().to_owned(), hit.entry, value.clone())
        };
        hits.values.iter().map(row).collect()
    }

    fn want(rows: &[(&str, usize, &str)]) -> Vec<(String, usize, String)> {
        let own = |row: &(&str, usize, &str)| (row.0.to_owned(), row.1, row.2.to_owned());
        rows.iter().map(own).collect()
    }

    #[test]
    fn handles_hit_by_their_names() {
        let text = "@Zorb, ＠zorb and @blorp; zorb@shop.example";
        let any = [("@Zorb", 0, "zorb"), ("＠zorb", 0, "zorb"), ("@blorp", 0, "blorp")];
        assert_eq!(rows(handles(None), text), want(&any));
        let listed = [("@blorp", 1, "blorp")];
        assert_eq!(rows(handles(Some(&["zot1", "@BLORP"])), text), want(&listed));
        assert_eq!(rows(handles(Some(&[])), text), []);
    }

    fn phones(countries: &[&str]) -> Pattern {
        pattern(PatternKind::Phones(countries.iter().map(|&code| code.to_owned()).collect()))
    }

    #[test]
    fn phones_of_the_countries_that_are_asked_for_hit_by_their_digits() {
        let text = "+49 (0)30 23125-017, ００４９ 30 23125017; +1 212 555 0123 or +7 701 123 45 67";
        let german = [
            ("+49 (0)30 23125-017", 0, "+493023125017"),
            ("００４９ 30 23125017", 0, "+493023125017"),
        ];
        let american = ("+1 212 555 0123", 0, "+12125550123");
        let kazakh = ("+7 701 123 45 67", 0, "+77011234567");
        assert_eq!(rows(phones(&["DE", "FR"]), text), want(&german));
        assert_eq!(rows(phones(&["US"]), text), want(&[american]));
        assert_eq!(rows(phones(&["CA"]), text), want(&[american]));
        assert_eq!(rows(phones(&["KZ"]), text), want(&[kazakh]));
        assert_eq!(rows(phones(&["RU"]), text), []);
        assert_eq!(rows(phones(&[]), text), want(&[german[0], german[1], american, kazakh]));
    }

    #[test]
    fn wallets_of_the_kinds_that_are_asked_for_hit_by_one_spelling() {
        let (upper, lower) = (
            "BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4",
            "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
        );
        let eth = "0xde709f2102306220921060314715629080e2fb77";
        let text = format!("{upper} or {lower} or {eth}");
        let wallets = |kinds: &[Wallet]| pattern(PatternKind::Wallets(kinds.to_vec()));
        let btc = [(upper, 0, lower), (lower, 0, lower)];
        assert_eq!(rows(wallets(&[Wallet::Btc]), &text), want(&btc));
        assert_eq!(rows(wallets(&[Wallet::Eth, Wallet::Ton]), &text), want(&[(eth, 0, eth)]));
        assert_eq!(rows(wallets(&[Wallet::Tron]), &text), []);
    }

    #[test]
    fn things_are_looked_for_in_the_parts_that_are_asked_for() {
        let post = Post {
            text: "@zorb".into(),
            poll: vec!["no".into(), "@zorb".into()],
            ..Post::default()
        };
        let polls = Pattern { parts: Parts::NONE.with(Part::Poll), ..handles(None) };
        let hits = scan(vec![polls], &post);
        let pieces: Vec<usize> = hits.all.iter().map(|hit| hit.piece).collect();
        assert_eq!(pieces, [2]);
    }

    /// Pieces that things are made of, so that chance builds some.
    fn noise() -> impl Strategy<Value = String> {
        let piece = prop::sample::select(vec![
            "@",
            "＠",
            "zorb",
            "Blorp_1",
            " ",
            "\u{200B}",
            "о",
            "系",
            ",",
            "я",
            "blorp",
            "+",
            "00",
            "49",
            "30",
            "2312",
            "5017",
            "４",
            "٤٩",
            "(0)",
            ".",
            "+7 701 123 45 67",
            "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2",
            "0xde709f2102306220921060314715629080e2fb77",
            "EQDKbjIcfM6ezt8KjKJJLshZJJSqX7XOA4ff-W72r5gqPrHF",
            "-",
            ":",
        ]);
        prop::collection::vec(piece, 0..18).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn whatever_is_written_the_engine_hits_what_the_slow_truth_hits(text in noise()) {
            let post = Post { text: text.into(), ..Post::default() };
            let wallets = pattern(PatternKind::Wallets(Wallet::ALL.to_vec()));
            for things in [handles(None), handles(Some(&["zorb", "blorp_1"])), phones(&[]), phones(&["DE"]), wallets] {
                scan(vec![things.clone()], &post);
                let word = entries(View::Unmasked, crate::rules::Match::Word, 0, &["blorp"]);
                scan(vec![things, word], &post);
            }
        }
    }
}
