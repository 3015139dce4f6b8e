//! What the server's clock says, so that it goes on from there after a restart.

use rusqlite::{Connection, params};

use crate::{
    domain::Timestamp,
    server::{
        clock::{self, Offset},
        store::{
            error::StoreError,
            sqlite::writer::job::{Applied, Write},
        },
    },
};

/// How exactly it is kept, in milliseconds: a disk is not woken up for less.
const KEPT_EVERY: u64 = 10 * 60 * 1_000;

/// How many of the offsets that there have been are kept at most.
const MOST_OFFSETS: u32 = 1_000;

/// Keeps when the server ran, and by how much the machine's clock is ahead.
pub(crate) struct KeepClock;

impl Write for KeepClock {
    type Done = ();

    fn apply(&self, db: &Connection) -> Result<Applied<()>, StoreError> {
        let now = clock::now();
        db.prepare_cached("UPDATE meta SET ran_at = ?1 WHERE ran_at IS NULL OR ?1 NOT BETWEEN ran_at AND ran_at + ?2")?
            .execute(params![now, Timestamp(KEPT_EVERY)])?;
        let Offset { since, ahead } = clock::offset();
        let is_new = db
            .prepare_cached(
                "INSERT OR REPLACE INTO clock_offsets (since, ahead)
                 SELECT ?1, ?2 WHERE ?2 <> (SELECT ahead FROM clock_offsets ORDER BY since DESC LIMIT 1)",
            )?
            .execute(params![since, ahead])?;
        if is_new > 0 {
            // With the first one, which says how it was before.
            db.prepare_cached(
                "DELETE FROM clock_offsets WHERE since > 0
                    AND since < (SELECT since FROM clock_offsets ORDER BY since DESC LIMIT 1 OFFSET ?1)",
            )?
            .execute([MOST_OFFSETS])?;
        }
        Ok(Applied { done: (), news: None })
    }
}

/// A time of the machine's clock before which nothing was written that is younger than `at` by the server's. While the
/// machine's clock was wrong, that may be long before.
pub(crate) fn written_before(db: &Connection, at: Timestamp) -> Result<Timestamp, StoreError> {
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
    fn nothing_is_taken_for_older_than_it_is_because_a_clock_was_wrong() {
        let db = Connection::open_in_memory().expect("a database");
        db.execute_batch("CREATE TABLE clock_offsets (since INTEGER PRIMARY KEY, ahead INTEGER NOT NULL) STRICT;")
            .expect("a table");
        let before = |at| written_before(&db, Timestamp(at)).expect("a time").0;
        let offset = |since: i64, ahead: i64| {
            db.execute("INSERT INTO clock_offsets VALUES (?1, ?2)", [since, ahead]).expect("an offset");
        };
        offset(0, 0);
        assert_eq!([0, 5_000, 9_000].map(before), [0, 5_000, 9_000]);
        // At 1,000 the clock was set ahead, and back at 2,000.
        offset(1_000, 400_000);
        assert_eq!([999, 1_000, 1_500].map(before), [999, 401_000, 401_500]);
        offset(2_000, 0);
        // What was written since is not deleted with what was written then.
        assert_eq!([999, 1_000, 1_999, 2_000, 3_000].map(before), [999, 2_000, 2_000, 2_000, 3_000]);
        // At 4,000 it was set to where it began.
        offset(4_000, -4_000);
        assert_eq!([3_000, 4_000, 4_500].map(before), [0, 0, 500]);
    }
}
