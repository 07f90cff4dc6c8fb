//! Quality of unmasking, measured on what ships with the repository: pairs of a plain word and the
//! same word disguised, by tactic; benign lines in many languages; and lines marked by hand.
//!
//! Recall is counted over pairs whose plain side is hit: is the disguised side hit as well, and does
//! the hit lie where the disguise stands? A false alarm is a benign line that is hit in the view
//! `unmasked` and not in `folded`: an alarm that undoing alone causes. The figures are printed by
//! `cargo test --test quality -- --nocapture` and kept in docs/unmasking.md.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod benign;
mod disguise;
mod marked;
mod matcher;
mod packs;
mod pairs;
mod random;
mod shipped;
