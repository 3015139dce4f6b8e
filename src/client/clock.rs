//! The page's clocks. The reader's clock may be wrong, and may be set while the page is open. So durations come from the
//! browser's monotonic clock, and the time of day from the server.

use std::cell::Cell;

use js_sys::Date;
use leptos::prelude::window;

use crate::domain::Timestamp;

#[derive(Clone, Copy)]
struct PageClock {
    /// The last reading of the browser's monotonic clock, in milliseconds.
    last_reading: f64,
    /// How long the page has been open, in milliseconds.
    elapsed: f64,
    /// The server's time when the page was opened, in milliseconds since the Unix epoch.
    opened_at: Option<u64>,
}

thread_local! {
    static CLOCK: Cell<PageClock> = const { Cell::new(PageClock { last_reading: 0.0, elapsed: 0.0, opened_at: None }) };
}

/// How long the page has been open, in milliseconds. It never decreases.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a positive whole number")]
pub(super) fn elapsed() -> u64 {
    let mut clock = CLOCK.get();
    let reading = window().performance().map_or(clock.last_reading, |performance| performance.now());
    clock.elapsed += (reading - clock.last_reading).max(0.0);
    clock.last_reading = reading;
    CLOCK.set(clock);
    clock.elapsed as u64
}

/// The current time by the server's clock, or by the reader's until the server has sent its time.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a positive whole number")]
pub fn now() -> Timestamp {
    let elapsed = elapsed();
    Timestamp(CLOCK.get().opened_at.map_or_else(|| Date::now() as u64, |opened_at| opened_at + elapsed))
}

/// Sets the clock by the server's time `at`, which it sent when the page had been open for `elapsed` milliseconds.
pub(super) fn set_server_time(at: Timestamp, elapsed: u64) {
    CLOCK.set(PageClock { opened_at: Some(at.0.saturating_sub(elapsed)), ..CLOCK.get() });
}
