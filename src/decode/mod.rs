//! Stage 1: bytes to [`Post`]. Trusts nothing, panics never; what it cannot read is a [`Fault`]
//! that the worker sets aside with its reason.
#![deny(clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod fault;
mod post;

pub use fault::{Fault, Reason};
pub use post::{Author, Button, Channel, Forward, Kind, Link, Medium, Piece, Post};
