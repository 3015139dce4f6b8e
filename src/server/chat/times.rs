//! Ages and expiry times, by the server's own clock.

use std::{num::NonZeroU32, time::Duration};

use crate::{domain::Timestamp, server::clock};

/// The time `age` before now.
pub(super) fn ago(age: Duration) -> Timestamp {
    let age = u64::try_from(age.as_millis()).unwrap_or(u64::MAX);
    Timestamp(clock::now().0.saturating_sub(age))
}

/// The time `minutes` after now.
pub(super) fn minutes_from_now(minutes: u32) -> Timestamp {
    Timestamp(clock::now().0 + u64::from(minutes) * 60_000)
}

/// A number of days as a duration.
pub(super) fn days(days: NonZeroU32) -> Duration {
    Duration::from_secs(u64::from(days.get()) * 24 * 60 * 60)
}
