//! Timestamps in UTC, for pages rendered by the server, which does not know the reader's time zone.

use super::ids::Timestamp;

const MINUTE: u64 = 60 * 1_000;
const DAY: u64 = 24 * 60 * MINUTE;

/// `2026-11-24 20:21 UTC`
pub fn in_full(at: Timestamp) -> String {
    format!("{} {}", date(at), time_of_day(at))
}

/// `20:21 UTC`
pub fn time_of_day(at: Timestamp) -> String {
    let minutes = at.0 % DAY / MINUTE;
    format!("{:02}:{:02} UTC", minutes / 60, minutes % 60)
}

/// The number of the day in UTC, counted from 1970-01-01.
pub fn day_of(at: Timestamp) -> i64 {
    i64::try_from(at.0 / DAY).unwrap_or(i64::MAX)
}

/// `2026-11-24T20:21:33Z` (ISO 8601), for machines.
pub fn for_machines(at: Timestamp) -> String {
    let (date, seconds) = (date(at), at.0 % DAY / 1_000);
    format!("{date}T{:02}:{:02}:{:02}Z", seconds / 3_600, seconds / 60 % 60, seconds % 60)
}

/// `2026-11-24`, by the Gregorian calendar. It counts in eras of 400 years that begin in March (Howard Hinnant,
/// "chrono-Compatible Low-Level Date Algorithms", `civil_from_days`).
pub fn date(at: Timestamp) -> String {
    let days = at.0 / DAY + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_are_formatted_in_utc() {
        for (at, expected) in [
            (0, "1970-01-01 00:00 UTC"),
            (951_782_399_999, "2000-02-28 23:59 UTC"),
            (951_782_400_000, "2000-02-29 00:00 UTC"),
            (1_709_164_800_000, "2024-02-29 00:00 UTC"),
            (1_795_551_693_123, "2026-11-24 20:21 UTC"),
            (4_107_542_400_000, "2100-03-01 00:00 UTC"),
        ] {
            assert_eq!(in_full(Timestamp(at)), expected);
        }
        assert_eq!(for_machines(Timestamp(1_795_551_693_123)), "2026-11-24T20:21:33Z");
    }
}
