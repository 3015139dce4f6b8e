//! The schema migrations that change the tables in place: of versions 1 to 20, and from 21 on.

use rusqlite::{Connection, functions::FunctionFlags};

use crate::domain::{Emoji, RoomName};

/// The version to which the first migrations lead. The next one is reached by a rebuild.
pub(super) const LAST_MIGRATION: u32 = 20;

/// The version of a rebuilt database, from which on migrations are in place again.
pub(super) const REBUILT_VERSION: u32 = 21;

/// The migration from each version after [`REBUILT_VERSION`] to the next. Never change one that was released.
const LATER_MIGRATIONS: [&str; 5] = [
    include_str!("migrations/0022_rooms.sql"),
    include_str!("migrations/0023_member_settings.sql"),
    include_str!("migrations/0024_pins.sql"),
    include_str!("migrations/0025_mentions.sql"),
    concat!(include_str!("migrations/0026_unread.sql"), include_str!("migrations/0026_fill.sql")),
];

/// Each migration takes the schema from its index to the next version. Never change one: they were released.
pub(super) const MIGRATIONS: [&str; LAST_MIGRATION as usize] = [
    include_str!("migrations/0001_start.sql"),
    include_str!("migrations/0002_changes.sql"),
    include_str!("migrations/0003_accounts.sql"),
    include_str!("migrations/0004_rights.sql"),
    include_str!("migrations/0005_positions.sql"),
    include_str!("migrations/0006_journal.sql"),
    include_str!("migrations/0007_states.sql"),
    include_str!("migrations/0008_journal_rows.sql"),
    include_str!("migrations/0009_addresses.sql"),
    include_str!("migrations/0010_session_ends.sql"),
    include_str!("migrations/0011_guests.sql"),
    include_str!("migrations/0012_lists.sql"),
    include_str!("migrations/0013_reports.sql"),
    include_str!("migrations/0014_former_texts.sql"),
    include_str!("migrations/0015_retention.sql"),
    include_str!("migrations/0016_erasures.sql"),
    include_str!("migrations/0017_clock.sql"),
    include_str!("migrations/0018_gone.sql"),
    include_str!("migrations/0019_emoji.sql"),
    include_str!("migrations/0020_scope.sql"),
];

/// Fills the table `rooms` of a rebuilt database.
pub(super) const FILL_ROOMS: &str = "INSERT INTO main.rooms (conversation, name_key)
     SELECT number, room_name_key(name) FROM main.conversations WHERE kind = 'room'";

/// Fills the columns of a rebuilt database that version 26 added.
pub(super) const FILL_COUNTS: &str = include_str!("migrations/0026_fill.sql");

/// Gives queries the function `room_name_key(name)`.
pub(super) fn add_room_name_key(db: &Connection) -> rusqlite::Result<()> {
    db.create_scalar_function("room_name_key", 1, FunctionFlags::SQLITE_DETERMINISTIC, |call| {
        Ok(RoomName::from_trusted(call.get(0)?).key())
    })
}

/// Brings a database of [`REBUILT_VERSION`] or later to the present version, all in one transaction.
pub(super) fn migrate_rebuilt(db: &mut Connection, found: u32) -> rusqlite::Result<()> {
    add_room_name_key(db)?;
    let transaction = db.transaction()?;
    for (version, migration) in (REBUILT_VERSION + 1..).zip(LATER_MIGRATIONS).skip((found - REBUILT_VERSION) as usize) {
        tracing::info!("upgrade: from version {} to {version}", version - 1);
        transaction.execute_batch(migration)?;
        transaction.pragma_update(None, "user_version", version)?;
    }
    transaction.commit()?;
    db.remove_function("room_name_key", 1)
}

/// Runs the migrations after version `found`, each in a transaction.
pub(super) fn migrate(db: &mut Connection, found: u32) -> Result<(), rusqlite::Error> {
    db.create_scalar_function("normal_emoji", 1, FunctionFlags::SQLITE_DETERMINISTIC, |call| {
        Ok(Emoji::from_stored(call.get(0)?))
    })?;
    for (version, migration) in (1..).zip(MIGRATIONS).skip(found as usize) {
        tracing::info!("upgrade: from version {} to {version}", version - 1);
        let transaction = db.transaction()?;
        transaction.execute_batch(migration)?;
        transaction.pragma_update(None, "user_version", version)?;
        transaction.commit()?;
    }
    db.remove_function("normal_emoji", 1)
}
