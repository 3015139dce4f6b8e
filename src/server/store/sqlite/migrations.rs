//! Schema migrations. `PRAGMA user_version` is the number of migrations that a database has had.

use rusqlite::{Connection, functions::FunctionFlags};

use crate::{domain::Emoji, server::store::sqlite::error::OpenError};

/// Each migration takes the schema from its index to the next version. Never change one that was released.
pub(super) const MIGRATIONS: [&str; 20] = [
    include_str!("../migrations/0001_start.sql"),
    include_str!("../migrations/0002_changes.sql"),
    include_str!("../migrations/0003_accounts.sql"),
    include_str!("../migrations/0004_rights.sql"),
    include_str!("../migrations/0005_positions.sql"),
    include_str!("../migrations/0006_journal.sql"),
    include_str!("../migrations/0007_states.sql"),
    include_str!("../migrations/0008_journal_rows.sql"),
    include_str!("../migrations/0009_addresses.sql"),
    include_str!("../migrations/0010_session_ends.sql"),
    include_str!("../migrations/0011_guests.sql"),
    include_str!("../migrations/0012_lists.sql"),
    include_str!("../migrations/0013_reports.sql"),
    include_str!("../migrations/0014_former_texts.sql"),
    include_str!("../migrations/0015_retention.sql"),
    include_str!("../migrations/0016_erasures.sql"),
    include_str!("../migrations/0017_clock.sql"),
    include_str!("../migrations/0018_gone.sql"),
    include_str!("../migrations/0019_emoji.sql"),
    include_str!("../migrations/0020_scope.sql"),
];

/// Runs the migrations that are missing, each in a transaction.
pub(super) fn migrate(db: &mut Connection) -> Result<(), OpenError> {
    let found: usize = db.pragma_query_value(None, "user_version", |row| row.get::<_, u32>(0))? as usize;
    let known = MIGRATIONS.len();
    if found > known {
        return Err(OpenError::NewerData { found, known });
    }
    db.create_scalar_function("normal_emoji", 1, FunctionFlags::SQLITE_DETERMINISTIC, |call| {
        Ok(Emoji::from_stored(call.get(0)?))
    })?;
    for (version, migration) in (found + 1..).zip(&MIGRATIONS[found..]) {
        let transaction = db.transaction()?;
        transaction.execute_batch(migration)?;
        transaction.execute_batch(&format!("PRAGMA user_version = {version}"))?;
        transaction.commit()?;
    }
    db.remove_function("normal_emoji", 1)?;
    Ok(())
}
