//! Converting times of the server's clock into times of the machine's clock by the offsets that were saved.

use rusqlite::Connection;

use crate::{domain::Timestamp, server::store::error::StoreError};

/// Converts a time of the server's clock into a time of the machine's clock that is safe to expire by: every row that the
/// machine's clock dates before the result was written before `at`.
///
/// While the machine's clock was wrong, the result may be far earlier than `at`. Rows are then kept for longer, never
/// deleted too early.
pub(crate) fn machine_cutoff(db: &Connection, at: Timestamp) -> Result<Timestamp, StoreError> {
    let earliest: i64 = db
        .prepare_cached(
            "SELECT min(max(since, ?1) + ahead) FROM clock_offsets
              WHERE since >= (SELECT max(since) FROM clock_offsets WHERE since <= ?1)",
        )?
        .query_row([at], |row| row.get(0))?;
    Ok(Timestamp(u64::try_from(earliest).unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_machine_clock_makes_nothing_expire_early() {
        let db = Connection::open_in_memory().expect("a database");
        db.execute_batch("CREATE TABLE clock_offsets (since INTEGER PRIMARY KEY, ahead INTEGER NOT NULL) STRICT;")
            .expect("a table");
        let cutoff = |at| machine_cutoff(&db, Timestamp(at)).expect("a time").0;
        let offset = |since: i64, ahead: i64| {
            db.execute("INSERT INTO clock_offsets VALUES (?1, ?2)", [since, ahead]).expect("an offset");
        };
        offset(0, 0);
        assert_eq!([0, 5_000, 9_000].map(cutoff), [0, 5_000, 9_000]);
        // The machine's clock was set ahead at 1,000, and back at 2,000.
        offset(1_000, 400_000);
        assert_eq!([999, 1_000, 1_500].map(cutoff), [999, 401_000, 401_500]);
        offset(2_000, 0);
        // Rows written after 2,000 are not deleted together with those written while the clock was ahead.
        assert_eq!([999, 1_000, 1_999, 2_000, 3_000].map(cutoff), [999, 2_000, 2_000, 2_000, 3_000]);
        // At 4,000 the machine's clock was set back to 0.
        offset(4_000, -4_000);
        assert_eq!([3_000, 4_000, 4_500].map(cutoff), [0, 0, 500]);
    }
}
