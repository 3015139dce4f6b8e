//! Saving the server's clock, so that it continues after a restart.

use rusqlite::{Connection, params};

use crate::{
    domain::Timestamp,
    server::{
        clock,
        store::{
            error::StoreError,
            sqlite::{
                tables::clock_offsets::insert_offset,
                writer::job::{Applied, Write},
            },
        },
    },
};

/// How often the running time is saved, in milliseconds. More often would wake up a disk that sleeps.
const SAVE_INTERVAL_MS: u64 = 10 * 60 * 1_000;

/// Saves that the server is running now, and how far the machine's clock is ahead of the server's.
pub(crate) struct SaveClock;

impl Write for SaveClock {
    type Output = ();

    fn apply(&self, db: &Connection) -> Result<Applied<()>, StoreError> {
        db.prepare_cached("UPDATE meta SET ran_at = ?1 WHERE ran_at IS NULL OR ?1 NOT BETWEEN ran_at AND ran_at + ?2")?
            .execute(params![clock::now(), Timestamp(SAVE_INTERVAL_MS)])?;
        insert_offset(db, clock::offset())?;
        Ok(Applied { output: (), change: None })
    }
}
