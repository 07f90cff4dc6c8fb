//! What became of one post, for people: its views, its hits, every rule step by step. By the slow
//! truth, which knows the hits of rules that could not fire, too.

use std::collections::HashSet;
use std::ops::Range;

use crate::decode::{Piece, Post};
use crate::extract::FoundLink;
use crate::normalise::{self, Trick, Views};
use crate::record::View;
use crate::rules::{PatternKind, Rule};
use crate::scan::{BuildError, Hit, Hits, Naive, PatternId, Seen};
use crate::score::{self, Explained};

/// Rules made ready to be explained, drafts among them.
#[derive(Debug)]
pub struct Explainer {
    rules: Vec<Rule>,
    first: Vec<PatternId>,
    naive: Naive,
}

/// Everything that led to what the rules say.
#[derive(Debug)]
pub struct Explanation<'p> {
    /// The pieces of the post, as hits count them.
    pub pieces: Vec<ShownPiece<'p>>,
    /// Hits, as [`Hits`] has them.
    pub hits: Vec<ShownHit<'p>>,
    /// Every rule with a hit: those that fire first, each half in the order of the packs.
    pub rules: Vec<Explained>,
}

/// A piece in all its views.
#[derive(Debug)]
pub struct ShownPiece<'p> {
    /// The piece as it came.
    pub piece: Piece<'p>,
    /// Its folded form.
    pub folded: String,
    /// The same with odd words in the likeliest reading.
    pub unmasked: String,
    /// Odd words that hide something.
    pub odd: Vec<ShownOdd<'p>>,
    /// Links in it.
    pub links: Vec<FoundLink>,
}

/// An odd word of the original.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownOdd<'p> {
    /// As it is written.
    pub written: &'p str,
    /// Byte range in the piece.
    pub range: Range<usize>,
    /// In the likeliest reading.
    pub plain: String,
    /// How it hides.
    pub tricks: Vec<Trick>,
}

/// One hit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownHit<'p> {
    /// Index into the rules.
    pub rule: usize,
    /// Name of the pattern in the rule.
    pub pattern: String,
    /// Where.
    pub place: Place<'p>,
    /// The line of the list that gave it.
    pub entry: Option<String>,
    /// `except` hides it.
    pub hidden: bool,
}

/// Where a hit is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place<'p> {
    /// In a text.
    Text {
        /// Index into the pieces.
        piece: usize,
        /// Byte range in the piece.
        range: Range<usize>,
        /// What is written there.
        written: &'p str,
        /// The view that gave it.
        view: View,
        /// What hides there.
        tricks: Vec<Trick>,
    },
    /// In a field, by its JSON pointer.
    Field(String),
}

impl Explainer {
    /// Takes checked rules.
    ///
    /// # Errors
    /// As [`Naive::build`].
    pub fn new(rules: Vec<Rule>) -> Result<Self, BuildError> {
        let naive = Naive::build(&rules)?;
        let mut first = Vec::with_capacity(rules.len());
        let mut count = 0_usize;
        for rule in &rules {
            first.push(PatternId(u32::try_from(count).map_err(|_| BuildError::TooMany)?));
            count += rule.patterns.len();
        }
        Ok(Self { rules, first, naive })
    }

    /// The rules, as indexes count them.
    #[must_use]
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// Explains one post.
    #[must_use]
    pub fn explain<'p>(&self, post: &'p Post<'p>) -> Explanation<'p> {
        let seen: Vec<Seen<'p>> = post.pieces().into_iter().map(Seen::of).collect();
        let hits = self.naive.scan(post, &seen);
        let mut rules = score::explain(&self.rules, &self.first, post, &hits);
        rules.sort_by_key(|rule| !rule.fires());
        let views: Vec<Views<'p>> = seen.iter().map(views).collect();
        let hidden: HashSet<usize> = rules.iter().flat_map(|rule| rule.hidden.clone()).collect();
        let hits = self.hits(&hits, &hidden, (&seen, &views));
        let pieces = seen.into_iter().zip(&views);
        let pieces = pieces.map(|(seen, views)| shown(seen, views)).collect();
        Explanation { pieces, hits, rules }
    }

    fn hits<'p>(
        &self,
        hits: &Hits,
        hidden: &HashSet<usize>,
        (seen, views): (&[Seen<'p>], &[Views<'p>]),
    ) -> Vec<ShownHit<'p>> {
        let shown = hits.all.iter().enumerate().filter_map(|(index, hit)| {
            let rule = self.first.partition_point(|first| *first <= hit.pattern).checked_sub(1)?;
            let number = hit.pattern.0.checked_sub(self.first.get(rule)?.0)?;
            let patterns = &self.rules.get(rule)?.patterns;
            let pattern = patterns.get(usize::try_from(number).ok()?)?;
            let entry = match &pattern.kind {
                PatternKind::Entries { entries, .. }
                | PatternKind::Handles(Some(entries))
                | PatternKind::Media(_, entries)
                | PatternKind::Field(_, entries) => entries.get(hit.entry),
                _ => None,
            };
            let place = match hit.field {
                Some(spot) => Place::Field(spot.pointer()),
                None => text_place(hit, seen.get(hit.piece)?, views.get(hit.piece)?)?,
            };
            let (pattern, entry) = (pattern.name.clone(), entry.map(|entry| entry.text.clone()));
            Some(ShownHit { rule, pattern, place, entry, hidden: hidden.contains(&index) })
        });
        shown.collect()
    }
}

fn text_place<'p>(hit: &Hit, seen: &Seen<'p>, views: &Views<'p>) -> Option<Place<'p>> {
    Some(Place::Text {
        piece: hit.piece,
        range: hit.range.clone(),
        written: seen.piece.text.get(hit.range.clone())?,
        view: hit.view,
        tricks: normalise::disguise(views, &hit.range),
    })
}

fn views<'p>(seen: &Seen<'p>) -> Views<'p> {
    let links: Vec<Range<usize>> = seen.links.iter().map(|link| link.range.clone()).collect();
    normalise::views(seen.piece.text, &links)
}

fn shown<'p>(seen: Seen<'p>, views: &Views<'p>) -> ShownPiece<'p> {
    let unmasked = views.unmasked().text;
    let odd = views.odd().iter().filter_map(|odd| {
        let range = odd.range();
        let tricks = normalise::disguise(views, &range);
        let written = seen.piece.text.get(range.clone())?;
        (!tricks.is_empty()).then(|| ShownOdd { written, range, plain: odd.plain(), tricks })
    });
    let mut odd: Vec<ShownOdd<'p>> = odd.collect();
    odd.sort_by_key(|odd| (odd.range.start, std::cmp::Reverse(odd.range.end)));
    odd.dedup_by_key(|odd| odd.range.clone());
    ShownPiece {
        piece: seen.piece,
        folded: views.folded().to_owned(),
        unmasked,
        odd,
        links: seen.links,
    }
}
