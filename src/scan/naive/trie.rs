//! Words of entries as a trie, and the walk of an odd word's readings through it.
//!
//! A walk keeps a set of states, never a list of spellings: however many readings the letters have,
//! the set is bounded by the nodes that some spelling of the letters so far leads to.

use std::collections::{HashMap, HashSet};

use crate::normalise::{Letter, Reading, canonical};

/// A trie over spelt units.
#[derive(Debug, Default)]
pub(super) struct Trie {
    next: HashMap<(u32, char), u32>,
    /// Last character and the units that end, by node.
    nodes: Vec<Node>,
}

#[derive(Debug, Default)]
struct Node {
    last: Option<char>,
    units: Vec<usize>,
}

/// Where one spelling stands; at the root before it begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct State {
    node: u32,
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
    states: HashSet<State>,
}

impl Trie {
    pub(super) fn insert(&mut self, spelling: impl Iterator<Item = char>, unit: usize) {
        if self.nodes.is_empty() {
            self.nodes.push(Node::default());
        }
        let mut node = 0;
        for c in spelling {
            let fresh = u32::try_from(self.nodes.len()).unwrap_or(u32::MAX);
            node = *self.next.entry((node, c)).or_insert(fresh);
            if node == fresh {
                self.nodes.push(Node { last: Some(c), units: Vec::new() });
            }
        }
        if let Some(node) = self.node_mut(node) {
            node.units.push(unit);
        }
    }

    fn node_mut(&mut self, at: u32) -> Option<&mut Node> {
        self.nodes.get_mut(usize::try_from(at).ok()?)
    }

    fn node(&self, at: u32) -> Option<&Node> {
        self.nodes.get(usize::try_from(at).ok()?)
    }

    pub(super) fn walk(&self) -> Walk<'_> {
        Walk { trie: self, states: HashSet::from([State::default()]) }
    }
}

impl Walk<'_> {
    /// No spelling leads on.
    pub(super) fn is_dead(&self) -> bool {
        self.states.is_empty()
    }

    /// Takes the next letter in any of its readings; `backwards` for tries of reversed units.
    pub(super) fn step(&mut self, letter: &Letter, classes: bool, backwards: bool) {
        let mut next = HashSet::with_capacity(self.states.len());
        for reading in &letter.readings {
            match reading {
                Reading::Nothing => next.extend(self.states.iter().copied()),
                Reading::Char(c) => next.extend(self.after(&self.states, *c)),
                Reading::Text(text) => next.extend(self.spelt(text, classes, backwards)),
            }
        }
        self.states = next;
    }

    fn spelt(&self, text: &str, classes: bool, backwards: bool) -> HashSet<State> {
        let spelt = text.chars().map(|c| if classes { canonical(c) } else { c });
        let mut letters: Vec<char> = spelt.collect();
        if backwards {
            letters.reverse();
        }
        letters.into_iter().fold(self.states.clone(), |states, c| self.after(&states, c))
    }

    fn after(&self, states: &HashSet<State>, c: char) -> HashSet<State> {
        states.iter().flat_map(|state| self.moves(*state, c)).flatten().collect()
    }

    /// The unit goes on with this letter, or the text repeats the letter before.
    fn moves(&self, state: State, c: char) -> [Option<State>; 2] {
        let same = self.trie.node(state.node).is_some_and(|node| node.last == Some(c));
        let in_text = if same { (state.in_text + 1).min(3) } else { 1 };
        let in_entry = if same { (state.in_entry + 1).min(3) } else { 1 };
        let tripled = state.tripled || in_text == 3 && c.is_alphabetic();
        let on = self.trie.next.get(&(state.node, c)).map(|&node| State {
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
