//! JSON pointers (RFC 6901), many at once: a tree of their tokens, walked once through a value.

use serde_json::value::RawValue;

use super::json;
use super::{FieldFault, MAX_DEPTH};

/// Pointers with a common beginning share it, so no part of a value is read twice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Tree {
    /// The token that leads to each.
    children: Vec<(String, Tree)>,
    /// Numbers of the pointers that end here.
    ends: Vec<usize>,
}

impl Tree {
    /// Adds the pointer of these tokens under a number.
    pub(super) fn add(&mut self, tokens: Vec<String>, number: usize) {
        let mut tree = self;
        for token in tokens {
            let known = tree.children.iter().position(|(known, _)| *known == token);
            let index = known.unwrap_or(tree.children.len());
            if known.is_none() {
                tree.children.push((token, Self::default()));
            }
            let Some((_, child)) = tree.children.get_mut(index) else { return };
            tree = child;
        }
        tree.ends.push(number);
    }

    /// Puts what the pointers lead to in `raw` under their numbers; `null` is as good as absent, of
    /// a key that stands twice the last holds. All of an object or array with pointers into it is
    /// checked to be JSON.
    pub(super) fn pick<'a>(
        &self,
        raw: &'a str,
        found: &mut [Option<&'a str>],
    ) -> Result<(), serde_json::Error> {
        for number in &self.ends {
            if let Some(slot) = found.get_mut(*number) {
                *slot = Some(raw).filter(|raw| *raw != "null");
            }
        }
        if self.children.is_empty() {
            return Ok(());
        }
        for ((_, child), raw) in self.children.iter().zip(self.values(raw)?) {
            if let Some(raw) = raw {
                child.pick(raw, found)?;
            }
        }
        Ok(())
    }

    /// What each child's token leads to in `raw`; nothing where it is neither object nor array.
    fn values<'a>(&self, raw: &'a str) -> Result<Vec<Option<&'a str>>, serde_json::Error> {
        match raw.trim_start().bytes().next() {
            Some(b'{') => self.members(raw),
            Some(b'[') => self.elements(raw),
            _ => Ok(Vec::new()),
        }
    }

    fn members<'a>(&self, raw: &'a str) -> Result<Vec<Option<&'a str>>, serde_json::Error> {
        let mut values = vec![None; self.children.len()];
        let find = |key: &[u8]| self.tokens().position(|token| token.as_bytes() == key);
        json::each_value(raw, find, |index, raw| {
            if let Some(value) = values.get_mut(index) {
                *value = Some(raw);
            }
        })?;
        Ok(values)
    }

    fn elements<'a>(&self, raw: &'a str) -> Result<Vec<Option<&'a str>>, serde_json::Error> {
        let elements: Vec<&'a RawValue> = serde_json::from_str(raw)?;
        let element = |token: &str| Some(elements.get(index(token)?)?.get());
        Ok(self.tokens().map(element).collect())
    }

    fn tokens(&self) -> impl Iterator<Item = &str> {
        self.children.iter().map(|(token, _)| token.as_str())
    }
}

/// A token as the index of an element: digits, no zero before them.
fn index(token: &str) -> Option<usize> {
    let plain = token == "0" || !token.starts_with('0');
    let digits = token.bytes().all(|byte| byte.is_ascii_digit());
    if plain && digits { token.parse().ok() } else { None }
}

/// The tokens of a pointer, with `~1` and `~0` undone.
///
/// # Errors
/// What makes it no pointer.
pub(super) fn tokens(pointer: &str) -> Result<Vec<String>, FieldFault> {
    if pointer.is_empty() {
        return Ok(Vec::new());
    }
    let tokens = pointer.strip_prefix('/').ok_or(FieldFault::NoSlash)?;
    let tokens: Vec<&str> = tokens.split('/').collect();
    if tokens.len() >= MAX_DEPTH {
        return Err(FieldFault::TooDeep);
    }
    tokens.into_iter().map(token).collect()
}

fn token(written: &str) -> Result<String, FieldFault> {
    let good = |rest: &str| rest.starts_with(['0', '1']);
    if !written.split('~').skip(1).all(good) {
        return Err(FieldFault::Escape);
    }
    Ok(written.replace("~1", "/").replace("~0", "~"))
}
