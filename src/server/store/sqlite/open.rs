//! Opening the database: only one process at a time, only a SQLite without known bugs, and with an up-to-date schema.

use std::{
    fs::{File, TryLockError},
    io,
    path::Path,
    time::Duration,
};

use rusqlite::{Connection, OpenFlags, params};

use crate::{
    domain::{ConversationId, Epoch, Timestamp},
    server::{
        clock,
        store::sqlite::{error::OpenError, migrations::migrate, private, tables::staging::Staging},
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
const STATEMENT_CACHE: usize = 64;

/// The size of the writer's page cache.
const CACHE_KIB: i64 = 32 * 1024;

/// What identifies a store.
#[derive(Clone, Copy, Debug)]
pub(super) struct Identity {
    pub(super) epoch: Epoch,
    pub(super) lobby: ConversationId,
}

/// Creates the data folder if it does not exist, and locks it for this process until the file is dropped.
pub(super) fn lock_folder(folder: &Path) -> Result<File, OpenError> {
    let failed = |error| OpenError::Folder { path: folder.to_owned(), error };
    private::create_folder(folder).map_err(failed)?;
    let file = private::open_file(&folder.join("teahouse.lock")).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse(folder.to_owned())),
        Err(TryLockError::Error(error)) => Err(failed(error)),
    }
}

/// Opens the writer's connection and brings the schema up to date.
pub(super) fn open_writer(path: &Path) -> Result<(Connection, Identity), OpenError> {
    if rusqlite::version_number() < MIN_SQLITE_VERSION {
        return Err(OpenError::OldSqlite(rusqlite::version()));
    }
    make_private(path).map_err(|error| OpenError::Folder { path: path.to_owned(), error })?;
    let mut db = Connection::open(path)?;
    db.busy_timeout(BUSY_TIMEOUT)?;
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
    // The journals of savepoints are too small to be worth a file.
    db.pragma_update(None, "temp_store", "MEMORY")?;
    // A migration may replace a table, which needs foreign keys off. This build of SQLite has them on by default.
    db.pragma_update(None, "foreign_keys", false)?;
    migrate(&mut db)?;
    db.pragma_update(None, "foreign_keys", true)?;
    flush_staging(&mut db)?;
    let identity = identify(&mut db)?;
    release_sessionless_nicknames(&db)?;
    resume_clock(&db)?;
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
    db.busy_timeout(BUSY_TIMEOUT)?;
    Ok(db)
}

/// Opens a connection for checkpoints.
pub(super) fn open_checkpointer(path: &Path) -> Result<Connection, rusqlite::Error> {
    let db = Connection::open(path)?;
    // A checkpoint that would have to wait is tried again later.
    db.busy_timeout(Duration::ZERO)?;
    db.pragma_update(None, "synchronous", "FULL")?;
    Ok(db)
}

/// Flushes messages that a killed process left in the staging table.
fn flush_staging(db: &mut Connection) -> Result<(), OpenError> {
    let transaction = db.transaction()?;
    let flushed = Staging::load(&transaction).and_then(|mut staging| staging.flush_all(&transaction));
    flushed.map_err(|_logged| OpenError::Staging)?;
    Ok(transaction.commit()?)
}

/// Reads the identity of the store. A new store gets an epoch and a Lobby, and a restored backup gets a new epoch.
fn identify(db: &mut Connection) -> Result<Identity, rusqlite::Error> {
    use rusqlite::OptionalExtension as _;

    let transaction = db.transaction()?;
    let known = transaction
        .query_row("SELECT nullif(epoch, x''), lobby FROM meta", [], |row| {
            Ok((row.get::<_, Option<Epoch>>(0)?, row.get(1)?))
        })
        .optional()?;
    let identity = if let Some((epoch, lobby)) = known {
        let identity = Identity { epoch: epoch.unwrap_or_else(Epoch::generate), lobby };
        if epoch.is_none() {
            transaction.execute("UPDATE meta SET epoch = ?1", [identity.epoch])?;
        }
        identity
    } else {
        let identity = Identity { epoch: Epoch::generate(), lobby: ConversationId::generate() };
        transaction.execute(
            "INSERT INTO conversations (id, kind, name, created_at) VALUES (?1, 'room', 'Lobby', ?2)",
            params![identity.lobby, Timestamp::now()],
        )?;
        transaction.execute(
            "INSERT INTO meta (only, epoch, lobby) VALUES (1, ?1, ?2)",
            params![identity.epoch, identity.lobby],
        )?;
        identity
    };
    transaction.commit()?;
    Ok(identity)
}

/// Lets the server's clock continue from the time that was last saved, if there is one.
fn resume_clock(db: &Connection) -> Result<(), rusqlite::Error> {
    let select = "SELECT ran_at, (SELECT ahead FROM clock_offsets ORDER BY since DESC LIMIT 1) FROM meta";
    let (ran_at, ahead): (Option<Timestamp>, i64) = db.query_row(select, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
    if let Some(ran_at) = ran_at {
        clock::resume(ran_at, ahead);
    }
    Ok(())
}

/// Releases the nicknames of users without a session: clients of the simple protocol whose server was killed. They cannot
/// come back.
fn release_sessionless_nicknames(db: &Connection) -> Result<(), rusqlite::Error> {
    db.execute_batch(
        "BEGIN IMMEDIATE;
         UPDATE users SET nickname_key = NULL
          WHERE nickname_key IS NOT NULL AND password IS NULL AND id NOT IN (SELECT user FROM sessions);
         DELETE FROM members
          WHERE user IN (SELECT id FROM users WHERE nickname_key IS NULL)
            AND conversation IN (SELECT id FROM conversations WHERE kind = 'room');
         COMMIT;",
    )
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;
    use crate::{
        domain::{EventKind, ModerationNotice, Scope},
        server::store::sqlite::migrations::MIGRATIONS,
    };
    use rusqlite::functions::FunctionFlags;

    /// A database as a program with only that many migrations made it.
    fn old_database(path: &Path, migrations: usize) -> Connection {
        let mut db = Connection::open(path).expect("a database");
        // Migration 19 calls it; the rows that tests write come afterwards.
        db.create_scalar_function("normal_emoji", 1, FunctionFlags::SQLITE_DETERMINISTIC, |call| call.get::<String>(0))
            .expect("a function");
        for (version, migration) in (1..).zip(&MIGRATIONS[..migrations]) {
            let transaction = db.transaction().expect("a transaction");
            transaction.execute_batch(migration).expect("a migration");
            transaction.pragma_update(None, "user_version", version).expect("a version");
            transaction.commit().expect("a commit");
        }
        db
    }

    /// From before migration 5, when conversations and messages had their positions too.
    #[test]
    fn old_data_is_migrated() {
        let folder = TempDir::new().expect("a folder");
        let path = folder.path().join("teahouse.db");
        let db = old_database(&path, 4);
        // One row of each kind.
        db.execute_batch(
            r#"INSERT INTO users (id, nickname, nickname_key, created_at) VALUES (x'01', 'Ming', 'ming', 1);
             INSERT INTO conversations (id, kind, name, created_at, last_seq, last_at) VALUES (x'02020202020202020202020202020202', 'room', 'Lobby', 1, 2, 9);
             INSERT INTO meta (only, epoch, lobby) VALUES (1, x'03030303030303030303030303030303', x'02020202020202020202020202020202');
             INSERT INTO members (conversation, user, read_seq, joined_at) VALUES (x'02020202020202020202020202020202', x'01', 1, 1);
             INSERT INTO events (conversation, seq, at, author, command_id, payload, target)
               VALUES (x'02020202020202020202020202020202', 1, 8, x'01', x'0a', '{"kind":"message","body":"hi"}', NULL),
                      (x'02020202020202020202020202020202', 2, 9, x'01', x'0b', '{"kind":"edit"}', 1),
                      (x'02020202020202020202020202020202', 3, 9, x'01', x'0c', '{"kind":"message","body":"ho"}', NULL);
             INSERT INTO messages (conversation, seq, id, at, author, body, revision, edited_at)
               VALUES (x'02020202020202020202020202020202', 1, x'0a', 8, x'01', 'hey', 2, 9),
                      (x'02020202020202020202020202020202', 3, x'0c', 9, x'01', 'ho', 3, NULL);
             INSERT INTO reactions (conversation, message, emoji, user, seq) VALUES (x'02020202020202020202020202020202', 1, '🍵', x'01', 2);"#,
        )
        .expect("rows");
        drop(db);

        let (db, _) = open_writer(&path).expect("an upgrade");
        let count = |what: &str| db.query_row(what, [], |row| row.get::<_, u32>(0)).expect("a count");
        assert_eq!(count("SELECT count(*) FROM events"), 3);
        assert_eq!(
            count("SELECT count(*) FROM messages WHERE seq = 1 AND body = 'hey' AND revision = 2 AND edited_at = 9"),
            1
        );
        assert_eq!(
            count("SELECT count(*) FROM messages WHERE seq = 3 AND body = 'ho' AND revision = 3 AND NOT deleted"),
            1
        );
        assert_eq!(count("SELECT count(*) FROM messages"), 2);
        assert_eq!(count("SELECT count(*) FROM events WHERE instr(payload, '\"hi\"')"), 0, "the text was edited away");
        assert_eq!(count("SELECT count(*) FROM reactions"), 1);
        assert_eq!(count("SELECT count(*) FROM pragma_foreign_key_check"), 0);
        assert_eq!(count("SELECT user_version FROM pragma_user_version") as usize, MIGRATIONS.len());
        let twice = "INSERT INTO events (conversation, seq, at, author, command_id, payload) VALUES (x'02020202020202020202020202020202', 4, 9, x'01', x'0a', '{}')";
        assert!(db.execute(twice, []).is_err(), "a command id is still unique");
    }

    /// From before migration 19, when each spelling of an emoji was a different reaction.
    #[test]
    fn different_spellings_of_an_emoji_become_one_reaction() {
        let folder = TempDir::new().expect("a folder");
        let path = folder.path().join("teahouse.db");
        let db = old_database(&path, 16);
        db.execute_batch(
            "INSERT INTO users (id, nickname, nickname_key, created_at) VALUES (x'01', 'Ming', 'ming', 1), (x'02', 'Ling', 'ling', 1), (x'04', 'Bo', 'bo', 1);
             INSERT INTO conversations (id, kind, name, created_at) VALUES (x'02020202020202020202020202020202', 'room', 'Lobby', 1);
             INSERT INTO meta (only, epoch, lobby) VALUES (1, x'03030303030303030303030303030303', x'02020202020202020202020202020202');",
        )
        .expect("rows");
        db.execute_batch(
            r#"INSERT INTO events (conversation, seq, at, author, command_id, payload)
                 SELECT x'02020202020202020202020202020202', value, 8, x'01', unhex(printf('%02x', 100 + value)), '{"kind":"message","body":"hi"}'
                   FROM json_each('[1, 2, 3]');
               INSERT INTO states (conversation, seq, revision, deleted) VALUES (x'02020202020202020202020202020202', 3, 15, 1);"#,
        )
        .expect("messages");
        let heart = "❤\u{fe0f}";
        // Message 1 has a heart in each spelling; on message 2 one is removed in the other spelling; message 3 is deleted.
        for (seq, author, target, emoji, is_on) in [
            (4, 1, 1, "❤", true),
            (5, 2, 1, heart, true),
            (6, 1, 1, heart, true),
            (7, 4, 1, "👍\u{200d}", true),
            (8, 1, 2, "❤", true),
            (9, 1, 2, heart, true),
            (10, 1, 2, heart, false),
            (11, 2, 2, heart, false),
            (12, 2, 2, "❤\u{fe0e}", true),
            (13, 4, 3, "❤", true),
            (14, 2, 1, "🇽🇽", true),
        ] {
            let payload = format!(r#"{{"kind":"reaction","seq":{target},"emoji":"{emoji}","on":{is_on}}}"#);
            db.execute(
                "INSERT INTO events (conversation, seq, at, author, command_id, payload, target)
                   VALUES (x'02020202020202020202020202020202', ?1, 9, unhex(printf('%02x', ?2)), unhex(printf('%02x', ?1)), ?3, ?4)",
                params![seq, author, payload, target],
            )
            .expect("an event");
            if is_on && target == 1 {
                db.execute(
                    "INSERT INTO reactions VALUES (x'02020202020202020202020202020202', ?1, ?2, unhex(printf('%02x', ?3)), ?4)",
                    params![target, emoji, author, seq],
                )
                .expect("a reaction");
            }
        }
        drop(db);

        let (db, identity) = open_writer(&path).expect("an upgrade");
        let mut select = db
            .prepare("SELECT message, emoji, hex(user), seq FROM reactions ORDER BY message, emoji, seq")
            .expect("a query");
        let rows = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))).expect("rows");
        let rows: Vec<(u32, String, String, u32)> = rows.map(|row| row.expect("a row")).collect();
        let row = |message, emoji: &str, user: &str, seq| (message, emoji.to_owned(), user.to_owned(), seq);
        assert_eq!(
            rows,
            [
                row(1, heart, "01", 4),
                row(1, heart, "02", 5),
                row(1, "🇽🇽", "02", 14),
                row(1, "👍", "04", 7),
                row(2, heart, "02", 12),
            ]
        );
        let log: u32 = db
            .query_row("SELECT count(*) FROM events WHERE payload ->> '$.emoji' = ?1", [heart], |row| row.get(0))
            .expect("a count");
        assert_eq!(log, 9, "the log has the normal spelling, too");
        assert_ne!(identity.epoch, Epoch::from_uuid(uuid::Uuid::from_u128(0x0303_0303_0303_0303_0303_0303_0303_0303)));
    }

    /// Version 20 renamed the scope `house` to `server`.
    #[test]
    fn notices_for_the_whole_server_get_the_new_name_of_their_scope() {
        let folder = TempDir::new().expect("a folder");
        let path = folder.path().join("teahouse.db");
        let db = old_database(&path, 19);
        db.execute_batch(
            r"INSERT INTO users (id, nickname, nickname_key, created_at) VALUES (x'01', 'Ming', 'ming', 1);
             INSERT INTO conversations (id, kind, name, created_at) VALUES (x'02020202020202020202020202020202', 'room', 'Lobby', 1);
             INSERT INTO meta (only, epoch, lobby) VALUES (1, x'03030303030303030303030303030303', x'02020202020202020202020202020202');",
        )
        .expect("rows");
        let user = r#"{"id":"01a208dc-6c63-75f0-9cfb-10f62827688d","nickname":"Ling"}"#;
        let notice = |scope: &str| format!(r#"{{"kind":"notice","action":"mute","user":{user},"scope":"{scope}"}}"#);
        let quoted = r#"{"kind":"message","body":"{\"scope\":\"house\"}"}"#;
        for (seq, payload) in [(1, notice("house")), (2, notice("room")), (3, quoted.to_owned())] {
            db.execute(
                "INSERT INTO events (conversation, seq, at, author, command_id, payload)
                   VALUES (x'02020202020202020202020202020202', ?1, 9, x'01', unhex(printf('%02x', ?1)), ?2)",
                params![seq, payload],
            )
            .expect("an event");
        }
        drop(db);

        let (db, _) = open_writer(&path).expect("an upgrade");
        let payloads = |db: &Connection| -> Vec<String> {
            let mut select = db.prepare("SELECT payload FROM events ORDER BY seq").expect("a query");
            let rows = select.query_map([], |row| row.get(0)).expect("rows");
            rows.map(|row| row.expect("a payload")).collect()
        };
        assert_eq!(payloads(&db), [notice("server"), notice("room"), quoted.to_owned()]);
        let read: EventKind = serde_json::from_str(&payloads(&db)[0]).expect("a notice");
        assert!(matches!(read, EventKind::Notice(ModerationNotice { scope: Scope::Server, .. })));
        db.execute_batch(MIGRATIONS[19]).expect("the same step again");
        assert_eq!(payloads(&db), [notice("server"), notice("room"), quoted.to_owned()]);
    }

    /// From before migration 8, when the staging table had a message per row.
    #[test]
    fn an_old_staging_table_is_flushed() {
        let folder = TempDir::new().expect("a folder");
        let path = folder.path().join("teahouse.db");
        let db = old_database(&path, 7);
        db.execute_batch(
            r#"PRAGMA foreign_keys = OFF;
             INSERT INTO events (conversation, seq, at, author, command_id, payload)
               VALUES (x'02', 1, 8, x'01', x'0a', '{}');
             INSERT INTO journal (conversation, seq, at, author, command_id, body)
               VALUES (x'02', 1, 8, x'01', x'0a', 'in both'), (x'02', 2, 9, x'01', x'0b', 'say "hi"');"#,
        )
        .expect("rows");
        drop(db);

        let (db, _) = open_writer(&path).expect("an upgrade");
        let body = "SELECT body FROM messages WHERE conversation = x'02' AND seq = 2";
        let body: String = db.query_row(body, [], |row| row.get(0)).expect("a message");
        assert_eq!(body, r#"say "hi""#);
        let count: u32 = db.query_row("SELECT count(*) FROM events", [], |row| row.get(0)).expect("a count");
        assert_eq!(count, 2);
    }
}
