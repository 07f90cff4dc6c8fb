//! Stage 3: a post and its views to [`Hits`]: every pattern of every rule, with the exact range in
//! the original.
#![deny(clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod hits;

pub use hits::{Hit, Hits, PatternId};
