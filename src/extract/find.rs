//! Where in a text the links are.

use std::ops::Range;

use crate::lanes::{self, BLOCK, Lanes, Set, Work, later};

use super::FoundLink;
use super::chars::{self, Unit, Units, Writing, look_alike, writing};
use super::path::{AHEAD_MAX, SCHEME_MAX};
use super::{host, services};

/// Units of a text that are looked at for one host; longer runs belong to no host.
const WINDOW: usize = host::HOST_MAX + 2 * host::LABEL_MAX;
/// Endings of a run of labels that are tried: a run with more of them than this is noise.
const ENDINGS_TRIED: usize = 4;
/// Units between `://` and the host that hold `user:password@`.
const USER_MAX: usize = 512;
/// Every link of a text, in order, none over another.
///
/// ```
/// let links = tidegate::extract::links("see hxxps://t[.]me/zorb!");
/// assert_eq!(links[0].host, "t.me");
/// assert_eq!(links[0].channel.as_deref(), Some("zorb"));
/// assert_eq!(links[0].range, 4..23);
/// ```
#[must_use]
pub fn links(text: &str) -> Vec<FoundLink> {
    if may_hold_link(text) { Finder::new(Units::of(text), false).all() } else { Vec::new() }
}

/// As [`links`], with domains that no registry gives out.
pub(super) fn shown_links(text: &str) -> Vec<FoundLink> {
    Finder::new(Units::of(text), true).all()
}

/// One address that is known to be a link, such as `links[].url` of a post: any ending will do, and
/// the path goes to its end. `None` for what leads to no host (`mailto:`, `javascript:`).
#[must_use]
pub fn parse(url: &str) -> Option<FoundLink> {
    address(url).filter(|link| link.host.contains(['.', ':']) || url.contains("//"))
}

/// As [`parse`], where a host without a dot will do too.
pub(super) fn address(url: &str) -> Option<FoundLink> {
    Finder::new(Units::of_address(url), true).whole()
}

/// A cheap look over the bytes that spares most posts the rest: is there a dot with a letter behind
/// it, a slash behind a letter or colon, an escape, a bracketed dot, or a sign that stands for one
/// of them? Says yes too often, never too seldom.
fn may_hold_link(text: &str) -> bool {
    lanes::run(Marks(text.as_bytes()))
}

/// The look, by masks.
struct Marks<'t>(&'t [u8]);

/// All of these below, most blocks of text have none.
const SIGNS: Set = Set::of(b"./%[({");
const DOT: Set = Set::of(b".");
const SLASH: Set = Set::of(b"/");
const PERCENT: Set = Set::of(b"%");
const BRACKET: Set = Set::of(b"[({");
/// What follows a dot, or goes before a slash, besides letters.
const BEHIND_DOT: Set = Set::of(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_-%\\");
const BEFORE_SLASH: Set = Set::of(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ:/\\])}");
const HEX: Set = Set::of(b"0123456789abcdefABCDEF");
/// The first bytes of characters that may stand for one of these.
const LEADS: [u8; 3] = [0xE2, 0xE3, 0xEF];

impl Work for Marks<'_> {
    type Out = bool;

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) -> bool {
        let text = self.0;
        let (mut dots, mut percents, mut hex, mut before_slash) = (0, 0, 0, 0);
        // One place more than the text: what follows its last byte is looked at behind it.
        for at in (0..=text.len()).step_by(BLOCK) {
            let block = lanes.load_first(text.get(at..).unwrap_or_default());
            let beyond = lanes.beyond(block);
            let leads = match beyond {
                0 => 0,
                _ => LEADS.iter().fold(0, |all, lead| all | lanes.is(block, *lead)),
            };
            let goes_on = dots >> (BLOCK - 1) | percents >> (BLOCK - 2);
            if lanes.has(block, &SIGNS) | leads | goes_on == 0 {
                // Of what stands here only the last byte matters, to a slash behind it.
                let last = text.get(at + BLOCK - 1).copied().unwrap_or(b' ');
                let before = !last.is_ascii() || BEFORE_SLASH.has(last);
                (dots, percents, before_slash) = (0, 0, u64::from(before) << (BLOCK - 1));
                continue;
            }
            let (dot, percent) = (lanes.has(block, &DOT), lanes.has(block, &PERCENT));
            let (hexes, letters) =
                (lanes.has(block, &HEX), lanes.has(block, &BEFORE_SLASH) | beyond);
            // What is beyond ASCII may be a digit of another form, or nothing.
            let escapes = later(percent, percents, 1) & beyond
                | later(percent, percents, 2) & later(hexes, hex, 1) & (hexes | beyond);
            let links = later(dot, dots, 1) & (lanes.has(block, &BEHIND_DOT) | beyond)
                | lanes.has(block, &SLASH) & later(letters, before_slash, 1)
                | escapes;
            if links != 0 {
                return true;
            }
            let maybe = lanes.has(block, &BRACKET) | leads;
            if maybe != 0 && is_any_of_link(text, at, maybe) {
                return true;
            }
            (dots, percents, hex, before_slash) = (dot, percent, hexes, letters);
        }
        false
    }
}

#[inline(never)]
fn is_any_of_link(text: &[u8], at: usize, maybe: u64) -> bool {
    lanes::places(at, maybe).any(|place| is_of_link(text, place))
}

/// The same of one byte.
fn is_of_link(bytes: &[u8], index: usize) -> bool {
    let at = |index: usize| bytes.get(index).copied().unwrap_or(b' ');
    match at(index) {
        b'[' | b'(' | b'{' => {
            let space = usize::from(at(index + 1) == b' ');
            let next = at(index + 1 + space);
            next >= 0x80 || matches!(next, b'.' | b':' | b'/' | b'd' | b'D')
        }
        0xE2 => {
            let rest = (at(index + 1), at(index + 2));
            matches!(rest, (0x80, 0xA4) | (0x81, 0x84 | 0xBD) | (0x82, 0x8D) | (0x88, 0x95))
        }
        0xE3 if at(index + 1) == 0x80 => match at(index + 2) {
            0x82 => may_be_dot(bytes.get(index + 3..).unwrap_or_default()),
            third => matches!(third, 0x90 | 0x94),
        },
        // Full-width and small forms, but for `！ ） ， ： ； ？`: a colon is nothing without its slashes.
        // A selector of emoji is none.
        0xEF if at(index + 1) == 0xBC => {
            !matches!(at(index + 2), 0x81 | 0x89 | 0x8C | 0x9A | 0x9B | 0x9F)
        }
        0xEF => at(index + 1) != 0xB8 || !matches!(at(index + 2), 0x80..=0x8F),
        _ => false,
    }
}

/// An ideographic full stop ends nearly every sentence that is written with it: is it a dot? Not where
/// ideographs and kana alone stand behind it, up to the next space or punctuation mark, that no host
/// ends in.
fn may_be_dot(behind: &[u8]) -> bool {
    let is_plain = |c: &&[u8; 3]| matches!(c, [0xE4..=0xE9, ..] | [0xE3, 0x81..=0x83, _]);
    let (chars, _) = behind.as_chunks();
    let plain = chars.iter().take_while(is_plain).count();
    let (plain, rest) = behind.split_at_checked(3 * plain).unwrap_or_default();
    let Ok(plain) = std::str::from_utf8(plain) else { return true };
    let label = plain.find(|c| !chars::is_label(c)).and_then(|end| plain.get(..end));
    let ends = label.is_some()
        || match rest {
            [] | [b' ' | b'\n' | b'!' | b'?' | b',', ..] => true,
            // Its own comma and stop, and full-width `！ ， ？`.
            [0xE3, 0x80, 0x81 | 0x82, ..] | [0xEF, 0xBC, 0x81 | 0x8C | 0x9F, ..] => true,
            _ => false,
        };
    if !ends {
        return true;
    }
    let label = label.unwrap_or(plain);
    // All of them are written in one way, so that no end of another is to be cut off.
    if !label.chars().any(|c| writing(c).is_some()) {
        return !label.is_empty();
    }
    host::is_ending(label)
}

struct Finder {
    units: Units,
    /// May a domain without a scheme end in a name that no registry gives out?
    reserved: bool,
    /// Units before this one belong to links found already.
    done: usize,
    found: Vec<FoundLink>,
}

/// A host and the units it takes.
struct Host {
    units: Range<usize>,
    name: String,
}

impl Finder {
    fn new(units: Units, reserved: bool) -> Self {
        Self { units, reserved, done: 0, found: Vec::new() }
    }

    fn all(mut self) -> Vec<FoundLink> {
        let mut at = 0;
        while at < self.units.len() {
            at = self.step(at).max(at + 1);
        }
        self.found
    }

    /// Looks at what begins at `at`; returns where to go on.
    fn step(&mut self, at: usize) -> usize {
        if self.units.is_label(at) {
            let rest = self.units.iter().skip(at);
            let end = at + rest.take_while(|unit| unit.is_label()).count();
            if !(self.units.is_dot(end) && self.units.is_label(end + 1)
                || self.units.reads(end, "://"))
            {
                return end;
            }
            let labels = self.labels(at);
            return self.with_scheme_behind(&labels).unwrap_or_else(|| self.bare(&labels));
        }
        if self.units.char(at) == Some('/') {
            return self.spaced(at).unwrap_or(at);
        }
        at
    }

    /// Labels from `at` on with one dot between each two, as many as a host may have; of a first
    /// label that is too long only the end, for text may be glued to it; still too long, if none is.
    fn labels(&self, at: usize) -> Vec<Range<usize>> {
        let mut labels: Vec<Range<usize>> = Vec::new();
        let mut start = at;
        loop {
            let length = self.units.iter().skip(start).take_while(|unit| unit.is_label()).count();
            let end = start + length;
            if labels.is_empty() {
                start = start.max(end.saturating_sub(host::LABEL_MAX + 1));
            }
            labels.push(start..end);
            let first = labels.first().map_or(start, |label| label.start);
            if !(self.units.is_dot(end) && self.units.is_label(end + 1) && end - first < WINDOW) {
                return labels;
            }
            start = end + 1;
        }
    }

    /// A link whose scheme is the last of these labels or the end of it. What stands before the
    /// scheme is looked at as a bare domain.
    fn with_scheme_behind(&mut self, labels: &[Range<usize>]) -> Option<usize> {
        let last = labels.last()?;
        let colon = last.end;
        if !self.units.reads(colon, "://") {
            return None;
        }
        let start = self.units.scheme_start(last.clone())?;
        let before = labels.split_last().map_or(&[][..], |(_, before)| before);
        if start == last.start && before.len() > 1 {
            self.bare(before);
        }
        let found = self.with_scheme(start, colon, false)?;
        Some(self.keep(found))
    }

    fn keep(&mut self, (link, end): (FoundLink, usize)) -> usize {
        self.found.push(link);
        self.done = end;
        end
    }

    /// The link with its scheme from `start` to `colon`, and the unit behind it. `whole`: the path
    /// goes to the end.
    fn with_scheme(&self, start: usize, colon: usize, whole: bool) -> Option<(FoundLink, usize)> {
        let scheme = self.units.scheme(start..colon);
        if matches!(&*scheme, "tg" | "whatsapp") {
            let end = if whole { self.units.len() } else { self.units.path_end(colon + 3) };
            let (host, path) = services::of_app(&scheme, &self.units.path(colon + 3..end))?;
            let host = Host { units: colon..end, name: host.to_owned() };
            return Some((self.link(start..end, host, path)?, end));
        }
        let host = self.authority(colon + 3)?;
        self.link_at(start, host, whole)
    }

    /// `user:password@host`: the host.
    fn authority(&self, at: usize) -> Option<Host> {
        let rest = self.units.iter().skip(at).take(USER_MAX);
        let user = rest.take_while(|unit| unit.is_label() || "@.:!$&'*+=~%,;".contains(unit.c));
        let behind = (1..).zip(user).filter(|(_, unit)| unit.c == '@').last();
        let at = at + behind.map_or(0, |(behind, _)| behind);
        if self.units.char(at) == Some('[') {
            return self.bracketed_address(at);
        }
        self.units.is_label(at).then(|| self.given_host(&self.labels(at)))?
    }

    /// `[2001:db8::1]`
    fn bracketed_address(&self, at: usize) -> Option<Host> {
        let rest = self.units.iter().skip(at).take(host::LABEL_MAX);
        let length = rest.take_while(|unit| unit.c != ']').count() + 1;
        let name = host::canonical(&self.units.text(at..at + length))?;
        Some(Host { units: at..at + length, name })
    }

    /// The host of a link that has a scheme: all labels, whatever the ending, unless text is glued
    /// to it.
    fn given_host(&self, labels: &[Range<usize>]) -> Option<Host> {
        let whole = self.host(labels);
        let public = |host: &Host| host::is_public(&host.name);
        if let Some(host) = whole.as_ref().filter(|host| public(host)) {
            return Some(Host { units: host.units.clone(), name: host.name.clone() });
        }
        let sentence = labels.iter().skip(1).position(|label| self.begins_sentence(label.start));
        let kept = sentence.map_or(labels.len(), |index| index + 1);
        let labels = labels.get(..kept)?;
        let cut = labels.split_last().and_then(|(last, before)| {
            let last = last.start..self.glued_from(last.clone())?;
            self.host(&[before, &[last]].concat())
        });
        cut.or_else(|| if sentence.is_some() { self.host(labels) } else { whole })
    }

    /// Does an ideographic full stop end a sentence here, rather than stand for a dot?
    fn begins_sentence(&self, label: usize) -> bool {
        let stop = label.checked_sub(1).and_then(|at| self.units.char(at)) == Some('。');
        stop && self.units.char(label).is_some_and(|c| !c.is_ascii())
    }

    /// The host of exactly these labels.
    fn host(&self, labels: &[Range<usize>]) -> Option<Host> {
        let units = labels.first()?.start..labels.last()?.end;
        let name = host::canonical(&self.units.text(units.clone()))?;
        Some(Host { units, name })
    }

    /// The end of the first script of a label that has more than one.
    fn glued_from(&self, label: Range<usize>) -> Option<usize> {
        let units = self.units.get(label.clone())?;
        let first = units.iter().find_map(|unit| writing(unit.c))?;
        let other = |unit: &Unit| writing(unit.c).is_some_and(|script| script != first);
        units.iter().position(other).map(|index| label.start + index)
    }

    /// Domains without a scheme among these labels; returns where to go on.
    fn bare(&mut self, labels: &[Range<usize>]) -> usize {
        let Some(last) = labels.last() else { return self.done };
        if labels.len() < 2 {
            return last.end;
        }
        let Some(host) = self.bare_host(labels) else {
            // Nothing ends here. If there was more than fits, the last label may begin a host.
            let more = self.units.is_dot(last.end) && self.units.is_label(last.end + 1);
            return if more { last.start } else { last.end };
        };
        if self.is_mail(&host.units) {
            return host.units.end;
        }
        let start = host.units.start;
        match self.link_at(start, host, false) {
            Some(found) => self.keep(found),
            None => last.end,
        }
    }

    fn bare_host(&self, labels: &[Range<usize>]) -> Option<Host> {
        let ends = (1..labels.len()).rev();
        let ends = ends.filter_map(|index| Some((index, self.ending(labels.get(index)?.clone())?)));
        ends.take(ENDINGS_TRIED).find_map(|(index, end)| self.bare_host_to(labels, index, end))
    }

    /// The host from as far back as one may be long to the label `index`, which ends at `end`.
    fn bare_host_to(&self, labels: &[Range<usize>], index: usize, end: usize) -> Option<Host> {
        let long = |label: &&Range<usize>| end - label.start > host::HOST_MAX;
        let skipped = labels.iter().take(index).take_while(long).count();
        let first = labels.get(skipped)?;
        let start = self.glued_to(first.clone());
        let name = host::canonical(&self.units.text(start..end))?;
        self.may_be_bare(&name).then_some(Host { units: start..end, name })
    }

    fn may_be_bare(&self, name: &str) -> bool {
        let reserved = self.reserved && host::is_reserved(name);
        host::is_public(name) || reserved
    }

    /// Where a host ends that ends in this label, if one can.
    fn ending(&self, label: Range<usize>) -> Option<usize> {
        let ends = |end: usize| {
            let text = self.units.text(label.start..end).to_lowercase();
            let reserved = self.reserved && host::is_reserved(&format!("x.{text}"));
            (host::may_end_host(&text) || reserved).then_some(end)
        };
        let units = self.units.get(label.clone())?;
        let edges = units.iter().rev().take_while(|unit| matches!(unit.c, '-' | '_')).count();
        let whole = label.end - edges;
        let cut = || self.glued_from(label.clone());
        let fits = |end: usize| (end - label.start <= host::LABEL_MAX).then_some(end);
        fits(whole).and_then(ends).or_else(|| cut().and_then(fits).and_then(ends))
    }

    /// Where the host begins in a first label to which text of another script may be glued
    /// (`今天发送zorb.example`, `смотриzorb.example`). A few look-alikes in it are a disguise and stay.
    fn glued_to(&self, label: Range<usize>) -> usize {
        let units = self.units.get(label.clone()).unwrap_or_default();
        let Some(last) = units.iter().rev().find_map(|unit| writing(unit.c)) else {
            return label.start;
        };
        let latin = last == Writing::Latin;
        let goes_with = |c: char| {
            let script = writing(c);
            script.is_none_or(|script| script == last) || (latin && look_alike(c).is_some())
        };
        let kept = units.iter().rev().take_while(|unit| goes_with(unit.c)).count();
        let kept = units.get(units.len() - kept..).unwrap_or_default();
        let odd = |unit: &&Unit| latin && writing(unit.c).is_some_and(|script| script != last);
        let word = kept.iter().take_while(odd).count();
        let rest_is_latin = !kept.iter().skip(word).any(|unit| odd(&unit));
        // A whole word of look-alikes before a Latin one is a word, not a disguise.
        let glued = if word >= 3 && rest_is_latin { word } else { 0 };
        let edge = |unit: &&Unit| matches!(unit.c, '-' | '_');
        let edges = kept.iter().skip(glued).take_while(edge).count();
        label.end - kept.len() + glued + edges
    }

    /// Is the domain, with what stands before or behind it, an e-mail address? With a path it is
    /// none, for then it opens as a page.
    fn is_mail(&self, host: &Range<usize>) -> bool {
        let before = host.start.checked_sub(1).and_then(|at| self.units.char(at));
        if before == Some('@') {
            return self.units.char(host.end) != Some('/');
        }
        let rest = self.units.iter().skip(host.end).take(AHEAD_MAX);
        let local = rest.take_while(|unit| unit.is_label() || "+.%".contains(unit.c)).count();
        let at = host.end + local;
        self.units.char(at) == Some('@') && self.units.is_label(at + 1)
    }

    /// `t me/name`, `t. me/name`, `t dot me/name`: a host of a known service whose dot was lost
    /// before the slash at `slash`.
    fn spaced(&mut self, slash: usize) -> Option<usize> {
        let second = self.word_before(slash)?;
        let mut between = self.gap_before(second.start)?;
        let mut first = self.word_before(between)?;
        if self.units.text(first.clone()).eq_ignore_ascii_case("dot") {
            between = self.gap_before(first.start)?;
            first = self.word_before(between)?;
        }
        let before = first.start.checked_sub(1).and_then(|at| self.units.char(at));
        if before.is_some_and(|c| matches!(c, '\'' | '’' | '@' | '/' | '.')) {
            return None;
        }
        let name =
            format!("{}.{}", self.units.text(first.clone()), self.units.text(second.clone()));
        let name = host::canonical(&name).filter(|name| services::is_front_door(name))?;
        let named =
            self.units.char(slash + 1).is_some_and(|c| chars::is_label(c) || "+@".contains(c));
        let host = Host { units: first.start..second.end, name };
        let found = if named { self.link_at(first.start, host, false) } else { None };
        found.map(|found| self.keep(found))
    }

    /// The label that ends at `end`, if it is not too long for one of a service.
    fn word_before(&self, end: usize) -> Option<Range<usize>> {
        let from = self.done.max(end.saturating_sub(SCHEME_MAX));
        let before = self.units.get(from..end)?;
        let length = before.iter().rev().take_while(|unit| unit.is_label()).count();
        let whole = length > 0 && (length < before.len() || from == self.done);
        whole.then_some(end - length..end)
    }

    /// Where one to three spaces, dots or commas begin that end at `end`.
    fn gap_before(&self, end: usize) -> Option<usize> {
        let before = self.units.get(self.done.max(end.saturating_sub(4))..end)?;
        let gap = before.iter().rev().take_while(|unit| matches!(unit.c, ' ' | ',' | '.' | '。'));
        let length = gap.count();
        (1..=3).contains(&length).then_some(end - length)
    }

    /// The link at a host that begins at `start` (its scheme, if it has one), and the unit behind.
    fn link_at(&self, start: usize, host: Host, whole: bool) -> Option<(FoundLink, usize)> {
        let port = self.units.port_end(host.units.end);
        // A dot may end a full name; browsers take it.
        let dot = self.units.is_dot(port) && self.units.char(port + 1) == Some('/');
        let from = port + usize::from(dot);
        let (path, end) = match self.units.char(from) {
            Some('/' | '?' | '#') if whole => (from..self.units.len(), self.units.len()),
            Some('/' | '?' | '#') => {
                let end = self.units.path_end(from);
                (from.min(end)..end, end)
            }
            _ => (port..port, port),
        };
        let path = self.units.path(path);
        let path = if path == "/" { String::new() } else { path };
        Some((self.link(start..end, host, path)?, end))
    }

    fn link(&self, units: Range<usize>, host: Host, path: String) -> Option<FoundLink> {
        let start = self.units.get(units.start)?.start;
        let end = self.units.get(units.end.checked_sub(1)?)?.end;
        let service = services::of_host(&host.name);
        let channel = service.and_then(|service| services::channel(service, &host.name, &path));
        Some(FoundLink { range: start..end, host: host.name, path, service, channel })
    }

    /// The one link that the whole text is.
    fn whole(self) -> Option<FoundLink> {
        let letters = self.units.iter().take_while(|unit| unit.is_label()).count();
        let (mut link, _) = if letters > 0 && self.units.reads(letters, "://") {
            self.with_scheme(0, letters, true)?
        } else {
            let slashes = if self.units.reads(0, "//") { 2 } else { 0 };
            let host = self.authority(slashes)?;
            let end = host.units.end;
            let from = self.units.port_end(end);
            let from = from + usize::from(self.units.is_dot(from));
            let ends = self.units.char(from).is_none_or(|c| matches!(c, '/' | '?' | '#'));
            self.link_at(0, host, true).filter(|_| ends)?
        };
        link.range = self.units.first()?.start..self.units.last()?.end;
        Some(link)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The look, byte by byte.
    fn may_hold_slowly(text: &str) -> bool {
        let bytes = text.as_bytes();
        let at = |index: usize| bytes.get(index).copied().unwrap_or(b' ');
        let letter = |byte: u8| byte.is_ascii_alphabetic() || byte >= 0x80;
        (0..bytes.len()).any(|index| match at(index) {
            b'.' => letter(at(index + 1)) || b"_-%\\".contains(&at(index + 1)),
            b'/' => {
                let before = index.checked_sub(1).map_or(b' ', at);
                letter(before) || b":/\\])}".contains(&before)
            }
            b'%' => {
                let hex = |byte: u8| byte.is_ascii_hexdigit();
                let (first, second) = (at(index + 1), at(index + 2));
                first >= 0x80 || hex(first) && (hex(second) || second >= 0x80)
            }
            _ => is_of_link(bytes, index),
        })
    }

    #[test]
    fn a_full_stop_is_a_dot_where_a_host_could_end_behind_it() {
        for text in
            ["例。中国", "例。中国・です", "例。公司", "我。zorb", "我。한국", "去。中国，是"]
        {
            assert!(may_hold_link(text), "{text}");
        }
        for text in ["我去北京。你来吗", "我去北京。", "是。的。了，", "好。 你"]
        {
            assert!(!may_hold_link(text), "{text}");
        }
    }

    #[test]
    fn ideographs_and_kana_have_one_writing_and_no_case() {
        let kana = '\u{3040}'..='\u{30FF}';
        for c in kana.chain('\u{4000}'..='\u{9FFF}') {
            assert!(matches!(writing(c), None | Some(Writing::Glued(_))), "{c}");
            assert_eq!((look_alike(c), c.to_lowercase().to_string()), (None, c.to_string()));
        }
    }

    #[test]
    fn no_form_of_a_sign_of_links_is_passed_over() {
        for c in '\0'..=char::MAX {
            let units = Units::of(c.encode_utf8(&mut [0; 4]));
            let is_sign = units.iter().any(|unit| !unit.c.is_alphanumeric());
            if !is_sign && !units.iter().any(|unit| unit.c.is_ascii_hexdigit()) {
                continue;
            }
            let texts = [
                "zorb{}com",
                "zorb{}dot)com",
                "zorb[{}]com",
                "zorb%{}Ecom",
                "zorb%2{}com",
                "ftp:{}{}zorb",
            ];
            for text in texts.map(|text| text.replace("{}", &c.to_string())) {
                let found = Finder::new(Units::of(&text), false).all();
                assert!(found.is_empty() || may_hold_link(&text), "{text:?}");
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 20_000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_look_by_masks_says_what_one_byte_by_byte_says(
            before in "[a-z ]{0,70}", text in "[a.:/%\\[({ )9é。／․\\\\-]{0,3}", after in "[a-z ]{0,70}",
        ) {
            let text = before + &text + &after;
            prop_assert_eq!(may_hold_link(&text), may_hold_slowly(&text), "{:?}", text);
        }

        #[test]
        fn no_text_with_a_link_is_passed_over(
            parts in prop::collection::vec(prop::sample::select(vec![
                "中国", "公司", "例", "です", "。", "。", "，", " ", "a", "zorb", ".com", ".", "！", "ー", "々", "한", "\u{200B}",
                "：", "／／", "//", "http", "ｃｏｍ", "．", "（", "）", "％", "［", "］", "；", "t", "me", "/", "[", "]", "・", "⁽", "⁾", "︒", "%2", "²", "E", "\u{AD}",
            ]), 0..10),
        ) {
            let text = parts.concat();
            let found = Finder::new(Units::of(&text), false).all();
            prop_assert!(found.is_empty() || may_hold_link(&text), "{:?}", text);
        }
    }
}
