//! The tables, and bringing them from one version to the next while nodes of the earlier version still run.
//!
//! A change takes three releases: one adds what is new and keeps the old in step, the next uses it, the third removes what
//! is old. So nodes of two neighbouring versions always run side by side. Each migration names the oldest version that can
//! run on its tables.

use tokio_postgres::{Client, Transaction};

use crate::{
    domain::{ConversationId, Epoch, RoomName, Timestamp},
    server::store::{clock_source::ClockSource, postgres::error::PostgresOpenError},
};

/// Serializes migrations, and nothing else in a database of Teahouse's own.
const ADVISORY_LOCK: i64 = 0x7465_6168_6f75;

/// A step to the next version of the tables.
#[derive(Clone, Copy, Debug)]
pub(super) struct Migration {
    pub(super) sql: &'static str,
    /// The oldest version whose programs can run on the tables after this step.
    pub(super) oldest_program: i32,
}

/// All steps; the first creates version 1.
pub(super) const MIGRATIONS: &[Migration] = &[
    Migration { sql: include_str!("schema.sql"), oldest_program: 1 },
    // Programs of version 1 cannot read the events of rooms.
    Migration { sql: include_str!("rooms.sql"), oldest_program: 2 },
    // Programs of version 2 read back a mark that was set back, if they gathered one before.
    Migration { sql: include_str!("member_settings.sql"), oldest_program: 2 },
    // Programs of version 3 cannot read the events of pins, and remove texts with an edit.
    Migration { sql: include_str!("pins.sql"), oldest_program: 4 },
    // An edit by a program of version 4 would leave the mentions of the earlier text.
    Migration { sql: include_str!("mentions.sql"), oldest_program: 5 },
    Migration { sql: include_str!("unread.sql"), oldest_program: 5 },
];

/// What identifies a store.
#[derive(Clone, Copy, Debug)]
pub(super) struct StoreIdentity {
    pub(super) epoch: Epoch,
    pub(super) lobby: ConversationId,
}

/// Brings the tables to the version of `migrations`, unless they are newer and let this program run. A new database gets its
/// tables, an epoch and a Lobby. Nodes that start together wait for each other.
pub(super) async fn migrate(
    client: &mut Client,
    migrations: &[Migration],
    clock: &dyn ClockSource,
) -> Result<StoreIdentity, PostgresOpenError> {
    let transaction = client.transaction().await?;
    transaction.execute("SELECT pg_advisory_xact_lock($1)", &[&ADVISORY_LOCK]).await?;
    let found = version(&transaction).await?;
    let known = i32::try_from(migrations.len()).unwrap_or(i32::MAX);
    let (found, oldest_program) = found.unwrap_or((0, 0));
    if found > known && oldest_program > known {
        return Err(PostgresOpenError::NewerTables { found, known });
    }
    for migration in migrations.iter().skip(usize::try_from(found).unwrap_or(0)) {
        transaction.batch_execute(migration.sql).await?;
    }
    if found < known {
        let oldest_program = migrations.last().map_or(0, |last| last.oldest_program);
        transaction.execute("UPDATE tables SET version = $1, oldest_program = $2", &[&known, &oldest_program]).await?;
        tracing::info!(from = found, to = known, "the tables in PostgreSQL are of a new version");
    }
    let identity = match transaction
        .query_opt("SELECT epoch, c.id FROM meta JOIN conversations c ON number = lobby", &[])
        .await?
    {
        Some(row) => StoreIdentity { epoch: row.try_get(0)?, lobby: row.try_get(1)? },
        None => create(&transaction, clock.now().machine).await?,
    };
    fill_rooms(&transaction).await?;
    transaction.commit().await?;
    Ok(identity)
}

/// Adds what is set of rooms that were created before anything could be set of them: the Lobby.
async fn fill_rooms(transaction: &Transaction<'_>) -> Result<(), tokio_postgres::Error> {
    let select = "SELECT number, name FROM conversations
        WHERE kind = 'room' AND number NOT IN (SELECT conversation FROM rooms)";
    for row in transaction.query(select, &[]).await? {
        let (number, name): (i32, RoomName) = (row.try_get(0)?, row.try_get(1)?);
        let insert = "INSERT INTO rooms (conversation, name_key) VALUES ($1, $2)";
        transaction.execute(insert, &[&number, &name.key()]).await?;
    }
    Ok(())
}

/// The version of the tables, and the oldest version whose programs can use them; `None` in an empty database.
async fn version(transaction: &Transaction<'_>) -> Result<Option<(i32, i32)>, PostgresOpenError> {
    let select = "SELECT to_regclass('tables') IS NOT NULL,
        EXISTS (SELECT 1 FROM pg_class WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace)";
    let row = transaction.query_one(select, &[]).await?;
    match (row.try_get(0)?, row.try_get(1)?) {
        (true, _) => {
            let row = transaction.query_one("SELECT version, oldest_program FROM tables", &[]).await?;
            Ok(Some((row.try_get(0)?, row.try_get(1)?)))
        }
        (false, true) => Err(PostgresOpenError::Occupied),
        (false, false) => Ok(None),
    }
}

async fn create(transaction: &Transaction<'_>, at: Timestamp) -> Result<StoreIdentity, tokio_postgres::Error> {
    let identity = StoreIdentity { epoch: Epoch::generate(), lobby: ConversationId::generate() };
    let insert = "WITH lobby AS (
            INSERT INTO conversations (id, kind, name, created_at) VALUES ($1, 'room', 'Lobby', $2) RETURNING number)
        INSERT INTO meta (epoch, lobby) SELECT $3, number FROM lobby";
    transaction.execute(insert, &[&identity.lobby, &at, &identity.epoch]).await?;
    Ok(identity)
}
