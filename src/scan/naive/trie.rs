//! Words of entries as a trie, and the walk of an odd word's readings through it.
//!
//! A walk keeps a set of states, never a list of spellings: however many readings the letters have,
//! the set is bounded by the nodes that some spelling of the letters so far leads to.

use crate::normalise::{Letter, Reading, canonical};

/// A trie over spelt units.
#[derive(Debug)]
pub(super) struct Trie {
    /// The root first.
    nodes: Vec<Node>,
}

#[derive(Debug, Default)]
struct Node {
    last: Option<char>,
    /// Sorted.
    next: Vec<(char, usize)>,
    units: Vec<usize>,
}

impl Default for Trie {
    fn default() -> Self {
        Self { nodes: vec![Node::default()] }
    }
}

/// Where one spelling stands; at the root before it begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct State {
    node: usize,
    /// Letters of the text in the run of equal letters at its end, up to 3.
    in_text: u8,
    /// The same of the entry.
    in_entry: u8,
    /// A letter stood three times or more in the text.
    tripled: bool,
    /// A letter of the text was left out as a repeat.
    collapsed: bool,
    /// The entry itself has a letter three times: no run of two stands for it.
    rigid: bool,
}

/// A walk from one place on.
pub(super) struct Walk<'t> {
    trie: &'t Trie,
    /// Without doubles.
    states: Vec<State>,
    /// Room for those of the next letter.
    next: Vec<State>,
}

impl Trie {
    pub(super) fn insert(&mut self, spelling: impl Iterator<Item = char>, unit: usize) {
        let mut at = 0;
        for c in spelling {
            at = self.child(at, c);
        }
        if let Some(node) = self.nodes.get_mut(at) {
            node.units.push(unit);
        }
    }

    /// The node behind `at` for a letter, made where there is none.
    fn child(&mut self, at: usize, c: char) -> usize {
        let fresh = self.nodes.len();
        let Some(node) = self.nodes.get_mut(at) else { return at };
        match node.next.binary_search_by_key(&c, |(letter, _)| *letter) {
            Ok(place) => node.next.get(place).map_or(at, |(_, child)| *child),
            Err(place) => {
                node.next.insert(place, (c, fresh));
                self.nodes.push(Node { last: Some(c), ..Node::default() });
                fresh
            }
        }
    }

    fn node(&self, at: usize) -> Option<&Node> {
        self.nodes.get(at)
    }

    pub(super) fn walk(&self) -> Walk<'_> {
        Walk { trie: self, states: vec![State::default()], next: Vec::new() }
    }
}

impl Walk<'_> {
    /// No spelling leads on.
    pub(super) fn is_dead(&self) -> bool {
        self.states.is_empty()
    }

    /// Takes the next letter in any of its readings; `backwards` for tries of reversed units.
    pub(super) fn step(&mut self, letter: &Letter, classes: bool, backwards: bool) {
        let mut next = std::mem::take(&mut self.next);
        next.clear();
        for reading in &*letter.readings {
            match reading {
                Reading::Nothing => next.extend_from_slice(&self.states),
                Reading::Char(c) => self.after(&self.states, *c, &mut next),
                Reading::Text(text) => next.extend(self.spelt(text, classes, backwards)),
            }
        }
        if next.len() > 1 {
            next.sort_unstable();
            next.dedup();
        }
        self.next = std::mem::replace(&mut self.states, next);
    }

    fn spelt(&self, text: &str, classes: bool, backwards: bool) -> Vec<State> {
        let spelt = text.chars().map(|c| if classes { canonical(c) } else { c });
        let mut letters: Vec<char> = spelt.collect();
        if backwards {
            letters.reverse();
        }
        letters.into_iter().fold(self.states.clone(), |states, c| {
            let mut next = Vec::new();
            self.after(&states, c, &mut next);
            next
        })
    }

    fn after(&self, states: &[State], c: char, next: &mut Vec<State>) {
        for state in states {
            next.extend(self.moves(*state, c).into_iter().flatten());
        }
    }

    /// The unit goes on with this letter, or the text repeats the letter before.
    fn moves(&self, state: State, c: char) -> [Option<State>; 2] {
        let Some(node) = self.trie.node(state.node) else { return [None; 2] };
        let same = node.last == Some(c);
        let in_text = if same { (state.in_text + 1).min(3) } else { 1 };
        let in_entry = if same { (state.in_entry + 1).min(3) } else { 1 };
        let tripled = state.tripled || in_text == 3 && c.is_alphabetic();
        let child = node.next.binary_search_by_key(&c, |(letter, _)| *letter).ok();
        let on = child.and_then(|child| node.next.get(child)).map(|&(_, node)| State {
            node,
            in_text,
            in_entry,
            tripled,
            rigid: state.rigid || in_entry == 3,
            ..state
        });
        let on = on.filter(|on| !on.collapsed || !on.rigid);
        let again = State { in_text, tripled, collapsed: true, ..state };
        let again = (same && c.is_alphabetic() && !state.rigid).then_some(again);
        [on, again]
    }

    /// Units that end here. A word with repeats left out must have had a letter three times.
    pub(super) fn units(&self) -> impl Iterator<Item = usize> + '_ {
        let done = self.states.iter().filter(|state| !state.collapsed || state.tripled);
        done.filter_map(|state| self.trie.node(state.node))
            .flat_map(|node| node.units.iter().copied())
    }
}
