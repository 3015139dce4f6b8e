//! Buffers that are read into: lent to a connection only while there is something in them.

use std::cell::RefCell;

/// How much is read at once.
const BYTES: usize = 16 * 1024;

/// A thread serves one connection at a time, so that it seldom needs more than one; the others wait for the store.
const KEPT: usize = 4;

thread_local! {
    static FREE: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
}

/// An empty buffer with room.
pub(crate) fn borrow() -> Vec<u8> {
    FREE.with_borrow_mut(Vec::pop).unwrap_or_else(|| Vec::with_capacity(BYTES))
}

/// Takes a buffer that is needed no more.
pub(crate) fn give(buffer: Option<Vec<u8>>) {
    let Some(buffer) = buffer.filter(|buffer| buffer.is_empty() && buffer.capacity() >= BYTES) else { return };
    FREE.with_borrow_mut(|free| {
        if free.len() < KEPT {
            free.push(buffer);
        }
    });
}
