//! How long something still lasts. The server does not know the reader's time zone, so pages show the time that is left.

use crate::{domain::Timestamp, server::machine_time};

const MINUTE: u64 = 60 * 1_000;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// The time until something ends, rounded up, in the largest unit of which more than two are left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TimeLeft {
    Minutes(u64),
    Hours(u64),
    Days(u64),
}

impl TimeLeft {
    /// The time from now until `end`.
    pub(super) fn until(end: Timestamp) -> Self {
        Self::from_millis(end.0.saturating_sub(machine_time().0))
    }

    fn from_millis(millis: u64) -> Self {
        if millis <= 2 * HOUR {
            Self::Minutes(millis.div_ceil(MINUTE).max(1))
        } else if millis <= 2 * DAY {
            Self::Hours(millis.div_ceil(HOUR))
        } else {
            Self::Days(millis.div_ceil(DAY))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_left_is_shown_in_a_fitting_unit() {
        assert_eq!(TimeLeft::from_millis(0), TimeLeft::Minutes(1));
        assert_eq!(TimeLeft::from_millis(10 * MINUTE - 1), TimeLeft::Minutes(10));
        assert_eq!(TimeLeft::from_millis(2 * HOUR), TimeLeft::Minutes(120));
        assert_eq!(TimeLeft::from_millis(2 * HOUR + 1), TimeLeft::Hours(3));
        assert_eq!(TimeLeft::from_millis(DAY), TimeLeft::Hours(24));
        assert_eq!(TimeLeft::from_millis(2 * DAY + 1), TimeLeft::Days(3));
    }
}
