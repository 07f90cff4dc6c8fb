//! Stage 2: a piece of text to [`Views`]: raw, folded, and the readings of odd words. Undoes
//! disguises; every word and every letter of a reading keeps its byte range in the original.
//!
//! ```text
//! text ──fold──► glyphs ──words──► words, folded text, counted words
//!                   └─────odd────► odd words, dotted words and runs, letter by letter
//! ```
//!
//! This is the slow truth: written to be right, and what is faster is tested against it. Of texts that
//! hit nothing, nearly all, it is asked nothing: `glance` sees their folded words, `quick` sketches those
//! that could hold an odd word, and `spell` says what that word could be.
//!
//! All work is linear in the text: a glyph is looked at a fixed number of times by each step, and a
//! letter has a handful of readings that are kept as a set and never multiplied out.
#![deny(clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod alike;
mod disguise;
mod emoji;
mod entry;
mod fold;
mod glance;
mod letters;
mod odd;
mod quick;
mod runs;
mod sketch;
mod spell;
mod table;
mod tables;
mod views;
mod words;

#[cfg(test)]
mod tests;

#[cfg(test)]
pub(crate) use tests::any_text;

pub(crate) use alike::key;
pub use disguise::{Trick, TrickKind, disguise, script_name};
pub use entry::{Form, Unit, Unmasked, fold_words, unmask_entry};
pub(crate) use glance::Glance;
pub use letters::{canonical, skeleton};
pub(crate) use letters::{is_arabic, skeleton_letters};
pub use odd::{Letter, Odd, Reading, Shape};
pub(crate) use quick::{odd_words, quick_views, reuse, sketch};
pub(crate) use sketch::{Sketch, Suspects, Token, stems};
pub(crate) use spell::{Bound, Key, keys};
pub use views::{Views, fold, views};
pub use words::Word;

pub(crate) use fold::{is_hangul, is_invisible, is_spaceless, is_word_char};
