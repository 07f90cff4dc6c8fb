//! Link patterns on the links that `extract` found.

use std::collections::HashMap;

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
    domains: Option<Listed>,
    channels: Option<Listed>,
    shown_differs: bool,
}

/// Entries by their canonical form.
#[derive(Debug, Default)]
pub(super) struct Listed(HashMap<String, Vec<(usize, String)>>);

impl Listed {
    pub(super) fn new(entries: &[Entry], canonical: impl Fn(&str) -> Option<String>) -> Self {
        let mut out = Self::default();
        for (at, entry) in entries.iter().enumerate() {
            let text = entry.text.trim_start_matches('@').to_lowercase();
            if let Some(key) = canonical(&text) {
                out.0.entry(key).or_default().push((at, text));
            }
        }
        out
    }

    /// All of them.
    pub(super) fn values(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    pub(super) fn get(&self, key: &str) -> impl Iterator<Item = (usize, String)> {
        self.0.get(key).into_iter().flatten().cloned()
    }
}

impl LinkMatcher {
    pub(super) fn new(pattern: &LinkPattern) -> Self {
        let domains = pattern.domains.as_ref();
        let channels = pattern.channels.as_ref();
        Self {
            services: pattern.services.clone(),
            domains: domains.map(|list| Listed::new(list, extract::canonical_domain)),
            channels: channels.map(|list| Listed::new(list, |text| Some(text.to_owned()))),
            shown_differs: pattern.shown_differs,
        }
    }

    pub(super) fn domains(&self) -> Option<&Listed> {
        self.domains.as_ref()
    }

    pub(super) fn channels(&self) -> Option<&Listed> {
        self.channels.as_ref()
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
        let domains = self.domains.as_ref().map(|listed| covering(listed, &link.host));
        let channel = link.channel.as_deref();
        let channels = self.channels.as_ref();
        let channels = channels.map(|listed| {
            channel.into_iter().flat_map(|channel| listed.get(channel)).collect::<Vec<_>>()
        });
        match (domains, channels) {
            (None, None) => vec![(0, canonical(link))],
            (Some(one), None) | (None, Some(one)) => one,
            // Both asked: the domain's rows stand for the pair.
            (Some(domains), Some(channels)) if !channels.is_empty() => domains,
            (Some(_), Some(_)) => Vec::new(),
        }
    }
}

/// The entries that cover a host: its own, and those of every domain above it.
fn covering(listed: &Listed, host: &str) -> Vec<(usize, String)> {
    domains_of(host).flat_map(|domain| listed.get(domain)).collect()
}

/// A host, and every domain above it.
pub(in crate::scan) fn domains_of(host: &str) -> impl Iterator<Item = &str> {
    let above = host.match_indices('.').filter_map(|(dot, _)| host.get(dot + 1..));
    std::iter::once(host).chain(above)
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
