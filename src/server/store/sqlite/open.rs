//! Opening the database: only one process at a time, only a SQLite without known bugs, and with the tables of this version.

use std::{
    fs::{File, TryLockError},
    io,
    path::Path,
    time::Duration,
};

use rusqlite::{Connection, OpenFlags, Transaction, config::DbConfig, params};

use crate::{
    domain::{ConversationId, Epoch, RoomName, Timestamp, UserId},
    server::store::{
        clock_source::ClockSource,
        sqlite::{
            error::OpenError,
            private,
            schema::{SCHEMA, SCHEMA_VERSION},
            upgrade::upgrade,
        },
    },
};

/// 3.51.3: the first version without the WAL-reset bug, which can corrupt a database in WAL mode.
const MIN_SQLITE_VERSION: i32 = 3_051_003;

/// The file name of the database in the data folder.
pub(super) const DATABASE: &str = "teahouse.db";

/// How long a connection waits for the lock of another one, for example while a checkpoint truncates the log.
pub(super) const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// The size of the writer's cache of prepared statements: more than it has different statements. With the default of 16,
/// they would evict each other.
const STATEMENT_CACHE: usize = 192;

/// The size of a reader's cache of prepared statements: about as many as there are queries.
const READER_STATEMENT_CACHE: usize = 48;

/// The size of the writer's page cache.
const CACHE_KIB: i64 = 32 * 1024;

/// What identifies a store.
#[derive(Clone, Copy, Debug)]
pub(super) struct Identity {
    pub(super) epoch: Epoch,
    pub(super) lobby: ConversationId,
}

/// Creates the data folder if it does not exist, and locks it for this process until the file is dropped.
pub(crate) fn lock_folder(folder: &Path) -> Result<File, OpenError> {
    let failed = |error| OpenError::Folder { path: folder.to_owned(), error };
    private::create_folder(folder).map_err(failed)?;
    let file = private::open_file(&folder.join("teahouse.lock")).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse(folder.to_owned())),
        Err(TryLockError::Error(error)) => Err(failed(error)),
    }
}

/// Whether a folder has a database of this store.
pub(crate) fn has_sqlite_data(folder: &Path) -> bool {
    folder.join(DATABASE).exists()
}

/// Opens the writer's connection, after an upgrade if the store is of an earlier version. Creates the tables of a new store.
pub(super) fn open_writer(path: &Path, clock: &dyn ClockSource) -> Result<(Connection, Identity), OpenError> {
    if rusqlite::version_number() < MIN_SQLITE_VERSION {
        return Err(OpenError::OldSqlite(rusqlite::version()));
    }
    make_private(path).map_err(|error| OpenError::Folder { path: path.to_owned(), error })?;
    upgrade(path)?;
    let mut db = Connection::open(path)?;
    configure(&db)?;
    db.pragma_update(None, "journal_mode", "WAL")?;
    // Every commit is synced, because an ack promises that the event is on the disk.
    db.pragma_update(None, "synchronous", "FULL")?;
    // Deleted data is overwritten, not only marked as free.
    db.pragma_update(None, "secure_delete", true)?;
    // Checkpoints have a thread of their own, so that they do not delay commits.
    db.pragma_update(None, "wal_autocheckpoint", 0)?;
    db.set_prepared_statement_cache_capacity(STATEMENT_CACHE);
    // A transaction that does not fit into the cache would be written to the log in pieces. The memory is allocated only when
    // it is needed. A negative number means KiB.
    db.pragma_update(None, "cache_size", -CACHE_KIB)?;
    db.pragma_update(None, "foreign_keys", true)?;
    let identity = identify(&mut db, clock)?;
    resume_clock(&db, clock)?;
    Ok((db, identity))
}

/// Makes the files of the database accessible to their owner only. SQLite creates the files next to it with the same mode.
fn make_private(database: &Path) -> io::Result<()> {
    private::open_file(database)?;
    for suffix in ["-wal", "-shm", "-journal"] {
        let mut name = database.as_os_str().to_owned();
        name.push(suffix);
        private::restrict(Path::new(&name))?;
    }
    Ok(())
}

/// Opens a connection that only reads.
pub(super) fn open_reader(path: &Path) -> Result<Connection, rusqlite::Error> {
    let db = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    db.set_prepared_statement_cache_capacity(READER_STATEMENT_CACHE);
    configure(&db)?;
    Ok(db)
}

fn configure(db: &Connection) -> Result<(), rusqlite::Error> {
    db.busy_timeout(BUSY_TIMEOUT)?;
    // A prepared statement is not planned again because a LIMIT is bound to another value. That costs more than most queries.
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(())
}

/// Opens a connection for checkpoints.
pub(super) fn open_checkpointer(path: &Path) -> Result<Connection, rusqlite::Error> {
    let db = Connection::open(path)?;
    // A checkpoint that would have to wait is tried again later.
    db.busy_timeout(Duration::ZERO)?;
    db.pragma_update(None, "synchronous", "FULL")?;
    Ok(db)
}

/// Reads the identity of the store. A new store gets its tables, an epoch and a Lobby, and a restored backup gets a new epoch.
fn identify(db: &mut Connection, clock: &dyn ClockSource) -> Result<Identity, rusqlite::Error> {
    let transaction = db.transaction()?;
    let version: u32 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let identity = if version == SCHEMA_VERSION { known_identity(&transaction) } else { create(&transaction, clock) }?;
    transaction.commit()?;
    Ok(identity)
}

fn known_identity(db: &Transaction<'_>) -> Result<Identity, rusqlite::Error> {
    let select = "SELECT nullif(epoch, x''), (SELECT id FROM conversations WHERE number = lobby) FROM meta";
    let (epoch, lobby): (Option<Epoch>, _) = db.query_row(select, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let identity = Identity { epoch: epoch.unwrap_or_else(Epoch::generate), lobby };
    if epoch.is_none() {
        db.execute("UPDATE meta SET epoch = ?1", [identity.epoch])?;
    }
    Ok(identity)
}

fn create(db: &Transaction<'_>, clock: &dyn ClockSource) -> Result<Identity, rusqlite::Error> {
    db.execute_batch(SCHEMA)?;
    db.pragma_update(None, "user_version", SCHEMA_VERSION)?;
    let identity = Identity { epoch: Epoch::generate(), lobby: ConversationId::generate() };
    db.execute(
        "INSERT INTO conversations (id, kind, name, created_at) VALUES (?1, 'room', 'Lobby', ?2)",
        params![identity.lobby, clock.now().machine],
    )?;
    let number = db.last_insert_rowid();
    let key = RoomName::from_trusted("Lobby".into()).key();
    db.execute("INSERT INTO rooms (conversation, name_key) VALUES (?1, ?2)", params![number, key])?;
    let insert = "INSERT INTO meta (only, epoch, lobby) VALUES (1, ?1, ?2)";
    db.execute(insert, params![identity.epoch, number])?;
    Ok(identity)
}

/// Lets the server's clock continue from the time that was last saved, if there is one.
fn resume_clock(db: &Connection, clock: &dyn ClockSource) -> Result<(), rusqlite::Error> {
    let select = "SELECT ran_at, (SELECT ahead FROM clock_offsets ORDER BY since DESC LIMIT 1) FROM meta";
    let (ran_at, ahead): (Option<Timestamp>, i64) = db.query_row(select, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
    if let Some(ran_at) = ran_at {
        clock.resume(ran_at, ahead);
    }
    Ok(())
}

/// Guests who hold a nickname without a session: clients of the simple protocol whose server was killed. They cannot come
/// back.
pub(super) fn sessionless_guests(db: &Connection) -> Result<Vec<UserId>, rusqlite::Error> {
    let select = "SELECT id FROM users
          WHERE nickname_key IS NOT NULL AND password IS NULL AND number NOT IN (SELECT user FROM sessions) ORDER BY number";
    db.prepare(select)?.query_map([], |row| row.get(0))?.collect()
}
