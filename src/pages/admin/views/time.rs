//! Spans as the server can tell them, which knows nobody's clock: by how much is left.

use crate::domain::Timestamp;

const MINUTE: u64 = 60 * 1_000;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// How much is left of something, rounded up in the largest unit of which there are at least two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TimeLeft {
    Minutes(u64),
    Hours(u64),
    Days(u64),
}

impl TimeLeft {
    pub(crate) fn until(end: Timestamp) -> Self {
        Self::of(end.0.saturating_sub(Timestamp::now().0))
    }

    fn of(span: u64) -> Self {
        if span <= 2 * HOUR {
            Self::Minutes(span.div_ceil(MINUTE).max(1))
        } else if span <= 2 * DAY {
            Self::Hours(span.div_ceil(HOUR))
        } else {
            Self::Days(span.div_ceil(DAY))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_told_in_a_unit_that_fits() {
        assert_eq!(TimeLeft::of(0), TimeLeft::Minutes(1));
        assert_eq!(TimeLeft::of(10 * MINUTE - 1), TimeLeft::Minutes(10));
        assert_eq!(TimeLeft::of(2 * HOUR), TimeLeft::Minutes(120));
        assert_eq!(TimeLeft::of(2 * HOUR + 1), TimeLeft::Hours(3));
        assert_eq!(TimeLeft::of(DAY), TimeLeft::Hours(24));
        assert_eq!(TimeLeft::of(2 * DAY + 1), TimeLeft::Days(3));
    }
}
