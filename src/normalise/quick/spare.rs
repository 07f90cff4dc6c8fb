//! Room of sketches that are done with, so that a stream of posts asks for memory no more.

use std::cell::Cell;

use super::chunks::Chunks;
use crate::normalise::sketch::{Sketch, Token};

thread_local! {
    /// One a thread, for a worker looks at one text at a time. Only room: nothing is read of it.
    static SPARE: Cell<Spare> = Cell::default();
}

/// Room above this goes back: one huge post should not be kept for ever.
const BYTES_MAX: usize = 1 << 20;

/// What a pass fills.
#[derive(Debug, Default)]
pub(super) struct Spare {
    /// Of any length and content.
    pub(super) folded: Vec<u8>,
    /// Empty.
    pub(super) tokens: Vec<Token>,
    /// Empty.
    pub(super) chunks: Chunks,
}

impl Spare {
    pub(super) fn take() -> Self {
        SPARE.take()
    }
}

pub(super) fn keep_chunks(mut chunks: Chunks) {
    chunks.clear();
    SPARE.set(Spare { chunks, ..Spare::default() });
}

/// Takes the room of a sketch that is done with, for the next one on this thread.
pub(crate) fn reuse(sketch: Sketch) {
    let Sketch { folded, mut tokens, .. } = sketch;
    if folded.capacity() <= BYTES_MAX {
        tokens.clear();
        SPARE.set(Spare { folded: folded.into_bytes(), tokens, ..SPARE.take() });
    }
}
