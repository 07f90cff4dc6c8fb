//! Link patterns on the links that `extract` found.

use crate::decode::Post;
use crate::extract::{self, FoundLink};
use crate::record::{Part, View};
use crate::rules::{Entry, LinkPattern};
use crate::scan::Seen;

use super::found::Found;

/// A link pattern, its entries in the form that links have.
#[derive(Debug)]
pub(super) struct LinkMatcher {
    services: Vec<String>,
    domains: Option<Vec<String>>,
    channels: Option<Vec<String>>,
    shown_differs: bool,
}

impl LinkMatcher {
    pub(super) fn new(pattern: &LinkPattern) -> Self {
        let lower = |entries: &Vec<Entry>| -> Vec<String> {
            let texts = entries.iter().map(|entry| entry.text.trim_start_matches('@'));
            texts.map(str::to_lowercase).collect()
        };
        Self {
            services: pattern.services.clone(),
            domains: pattern.domains.as_ref().map(lower),
            channels: pattern.channels.as_ref().map(lower),
            shown_differs: pattern.shown_differs,
        }
    }

    pub(super) fn scan(
        &self,
        pattern: usize,
        (post, seen): (&Post<'_>, &Seen<'_>),
        found: &mut Found,
    ) {
        if self.shown_differs && !shown_differs(post, seen) {
            return;
        }
        for link in &seen.links {
            for (entry, value) in self.matches(link) {
                found.add(pattern, &link.range, View::Raw, (entry, &value));
            }
        }
    }

    /// The entries that a link meets, with their canonical value; for a pattern without lists one
    /// row with the link's own canonical form. Empty where a criterion fails.
    fn matches(&self, link: &FoundLink) -> Vec<(usize, String)> {
        let service = link.service.unwrap_or_default();
        if !self.services.is_empty() && !self.services.iter().any(|known| known == service) {
            return Vec::new();
        }
        let domains = entries(&self.domains, |entry| extract::domain_covers(entry, &link.host));
        let channel = link.channel.as_deref();
        let channels = entries(&self.channels, |entry| channel == Some(entry));
        match (domains, channels) {
            (None, None) => vec![(0, canonical(link))],
            (Some(one), None) | (None, Some(one)) => one,
            // Both asked: the domain's rows stand for the pair.
            (Some(domains), Some(channels)) if !channels.is_empty() => domains,
            (Some(_), Some(_)) => Vec::new(),
        }
    }
}

fn entries(
    list: &Option<Vec<String>>,
    matches: impl Fn(&str) -> bool,
) -> Option<Vec<(usize, String)>> {
    let list = list.as_ref()?.iter().enumerate();
    Some(list.filter(|(_, entry)| matches(entry)).map(|(at, entry)| (at, entry.clone())).collect())
}

/// A channel by its service and name, any other link by host and path.
fn canonical(link: &FoundLink) -> String {
    match (link.service, &link.channel) {
        (Some(service), Some(channel)) => format!("{service}/{channel}"),
        _ => format!("{}{}", link.host, link.path),
    }
}

/// Does what the reader sees of a link or button name another domain than it leads to?
fn shown_differs(post: &Post<'_>, seen: &Seen<'_>) -> bool {
    if seen.piece.part != Part::Links {
        return false;
    }
    let at = usize::from(seen.piece.index);
    let shown = match post.links.get(at) {
        Some(link) => link.shown.as_deref(),
        None => at
            .checked_sub(post.links.len())
            .and_then(|at| post.buttons.get(at))
            .map(|button| &*button.text),
    };
    shown.is_some_and(|shown| extract::shown_differs(shown, seen.piece.text))
}
