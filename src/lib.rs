//! Tidegate reads the public posts of a messenger from Kafka, screens every post with rule packs,
//! and writes takedown events back, exactly once.
//!
//! ```text
//!             hop 1, owner of a posts partition: no state              hop 2, owner of a signals partition
//!  posts ──► decode → normalise → scan → score → event ─┬─► signals ──► tally → event ─┬─► takedowns
//!                                                       ├─► takedowns                  └─► state
//!                                                       ├─► reviews, shadow
//!                                                       └─► deadletters
//! ```
//!
//! The modules below stand in the order a post meets them.

mod lanes;
pub mod record;

pub mod decode;
pub mod event;
pub mod extract;
pub mod normalise;
pub mod rules;
pub mod scan;
pub mod score;
pub mod screen;
pub mod sealed;
pub mod tally;
pub mod traffic;
pub mod trial;

pub mod app;
pub mod board;
pub mod control;
pub mod log;
pub mod memory;
pub mod metrics;
pub mod worker;
