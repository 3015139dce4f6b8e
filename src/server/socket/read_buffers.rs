//! Buffers for reading. A connection borrows one only while it has unprocessed bytes, so idle connections have none.

use std::cell::RefCell;

/// The size of a buffer, and so of one read.
const BUFFER_BYTES: usize = 16 * 1024;

/// How many unused buffers a thread keeps. It processes one connection at a time, so it seldom needs more than one. More
/// are in use while frames wait for the store.
const MAX_UNUSED: usize = 4;

thread_local! {
    static UNUSED: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
}

/// Takes an empty buffer.
pub(super) fn take() -> Vec<u8> {
    UNUSED.with_borrow_mut(Vec::pop).unwrap_or_else(|| Vec::with_capacity(BUFFER_BYTES))
}

/// Gives a buffer back. It is dropped if it is not empty or too small.
pub(super) fn put_back(buffer: Option<Vec<u8>>) {
    let Some(buffer) = buffer.filter(|buffer| buffer.is_empty() && buffer.capacity() >= BUFFER_BYTES) else { return };
    UNUSED.with_borrow_mut(|unused| {
        if unused.len() < MAX_UNUSED {
            unused.push(buffer);
        }
    });
}
