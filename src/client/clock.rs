//! Time, as the page measures it. The reader's clock can be wrong, and be set while the page is open: how long something
//! takes is measured by one that cannot be set, and what time it is, the server says.

use std::cell::Cell;

use js_sys::Date;
use leptos::prelude::window;

use crate::domain::Timestamp;

#[derive(Clone, Copy)]
struct ServerClock {
    /// What the browser's clock that cannot be set said last.
    read: f64,
    /// For how many milliseconds the page has been there.
    elapsed: f64,
    /// What time it was by the server when the page began.
    began: Option<u64>,
}

thread_local! {
    static CLOCK: Cell<ServerClock> = const { Cell::new(ServerClock { read: 0.0, elapsed: 0.0, began: None }) };
}

/// For how many milliseconds the page has been there. Never less than before.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a positive whole number")]
pub(super) fn elapsed() -> u64 {
    let mut clock = CLOCK.get();
    let read = window().performance().map_or(clock.read, |performance| performance.now());
    clock.elapsed += (read - clock.read).max(0.0);
    clock.read = read;
    CLOCK.set(clock);
    clock.elapsed as u64
}

/// The present moment by the server's clock; by the reader's, as long as the server has not told.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a positive whole number")]
pub fn now() -> Timestamp {
    let elapsed = elapsed();
    Timestamp(CLOCK.get().began.map_or_else(|| Date::now() as u64, |began| began + elapsed))
}

/// The server's clock said `at` when the page had been there for so long.
pub(super) fn learn(at: Timestamp, elapsed: u64) {
    CLOCK.set(ServerClock { began: Some(at.0.saturating_sub(elapsed)), ..CLOCK.get() });
}
