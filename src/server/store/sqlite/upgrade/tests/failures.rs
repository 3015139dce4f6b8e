//! What an upgrade leaves when it cannot be done, and what a killed one has left.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use rusqlite::Connection;

use crate::server::store::sqlite::{
    error::OpenError,
    schema::SCHEMA_VERSION,
    upgrade::{
        tests::old_store::{NewStore, OldStore, id, rows},
        upgrade, upgrade_with,
    },
};

fn small_store() -> OldStore {
    let store = OldStore::new(20);
    let lobby = id(2);
    store.execute(&format!(
        r#"INSERT INTO conversations (id, kind, name, created_at) VALUES ({lobby}, 'room', 'Lobby', 1);
           INSERT INTO meta (only, epoch, lobby) VALUES (1, {lobby}, {lobby});
           INSERT INTO events (conversation, seq, at, author, command_id, payload)
             VALUES ({lobby}, 1, 8, zeroblob(16), {lobby}, '{{"kind":"message","body":"hi"}}');"#,
    ));
    store
}

/// The old store must be as it was.
fn assert_old(path: &Path) {
    let db = Connection::open(path).expect("a database");
    assert_eq!(rows(&db, "SELECT user_version FROM pragma_user_version"), ["20"]);
    assert_eq!(rows(&db, "SELECT body FROM messages"), ["hi"]);
    assert!(!path.with_extension("db.upgrade").exists());
}

#[test]
fn an_upgrade_is_refused_without_space() {
    let OldStore { folder, path, db } = small_store();
    drop(db);
    let size = fs::metadata(&path).expect("a file").len();
    let error = upgrade_with(&path, &|_| Ok(size + 1_000_000)).expect_err("too little space");
    assert!(matches!(error, OpenError::NoSpace { needed, free, .. } if needed > free && free == size + 1_000_000));
    assert_eq!(
        error.to_string(),
        format!(
            "the data must be upgraded, which needs 5 MB of free space in {}; there are 1 MB. Nothing was changed",
            folder.path().display()
        )
    );
    assert_old(&path);
    upgrade_with(&path, &|_| Ok(size + 5_000_000)).expect("enough space");
}

#[test]
fn an_upgrade_is_refused_while_another_program_has_the_database_open() {
    let OldStore { folder: _folder, path, db } = small_store();
    db.execute_batch("BEGIN; SELECT * FROM events").expect("a reader");
    let error = upgrade(&path).expect_err("a locked database");
    assert!(matches!(&error, OpenError::Locked(locked) if *locked == path), "{error}");
    db.execute_batch("COMMIT").expect("the end");
    assert_old(&path);
}

#[test]
fn an_upgrade_starts_anew_after_a_kill() {
    let OldStore { folder, path, db } = small_store();
    drop(db);
    for name in ["teahouse.db.upgrade", "teahouse.db.upgrade-journal", "teahouse.db.upgrade-wal"] {
        fs::write(folder.path().join(name), "half a file").expect("a file");
    }
    upgrade(&path).expect("an upgrade");
    let new = NewStore::open(folder, &path);
    assert_eq!(new.rows("SELECT body FROM messages"), ["hi"]);
    assert_eq!(new.files(), ["teahouse.db"]);
}

#[test]
fn what_a_killed_program_had_only_in_its_write_ahead_log_is_upgraded_too() {
    let OldStore { folder, path, db } = small_store();
    // A copy of the files while the database is open is what a kill leaves.
    let killed = tempfile::TempDir::new().expect("a folder");
    for name in ["teahouse.db", "teahouse.db-wal"] {
        fs::copy(folder.path().join(name), killed.path().join(name)).expect("a copy");
    }
    drop(db);
    assert!(fs::metadata(killed.path().join("teahouse.db-wal")).expect("a log").len() > 0);
    let path = killed.path().join(path.file_name().expect("a name"));
    upgrade(&path).expect("an upgrade");
    let new = NewStore::open(killed, &path);
    assert_eq!(new.rows("SELECT body FROM messages"), ["hi"]);
    assert_eq!(new.files(), ["teahouse.db"]);
}

#[test]
fn the_new_file_is_accessible_to_its_owner_only() {
    let OldStore { folder: _folder, path, db } = small_store();
    drop(db);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("permissions");
    upgrade(&path).expect("an upgrade");
    assert_eq!(fs::metadata(&path).expect("a file").permissions().mode() & 0o777, 0o600);
}

#[test]
fn data_that_contradicts_itself_is_left_as_it_is() {
    let store = small_store();
    let (invite, nobody) = (id(1), id(99));
    store.execute(&format!(
        "PRAGMA foreign_keys = OFF;
         INSERT INTO invites (id, token_hash, created_at, created_by) VALUES ({invite}, x'02', 1, {nobody});"
    ));
    let OldStore { folder: _folder, path, db } = store;
    drop(db);
    let error = upgrade(&path).expect_err("a user who does not exist");
    assert!(matches!(&error, OpenError::Upgrade(what) if what.contains("invites")), "{error}");
    assert_old(&path);

    let store = small_store();
    store.execute("DELETE FROM meta");
    let OldStore { folder: _folder, path, db } = store;
    drop(db);
    let error = upgrade(&path).expect_err("a store without an identity");
    assert!(matches!(&error, OpenError::Upgrade(what) if what.contains("meta")), "{error}");
    assert_old(&path);
}

#[test]
fn there_is_nothing_to_do_without_data_or_with_new_data() {
    let folder = tempfile::TempDir::new().expect("a folder");
    let path = folder.path().join("teahouse.db");
    upgrade(&path).expect("nothing to do");
    assert!(!path.exists());
    fs::write(&path, "").expect("an empty file");
    upgrade(&path).expect("nothing to do");
    // Killed when the first start had not created the tables.
    let db = Connection::open(&path).expect("a database");
    db.pragma_update(None, "journal_mode", "WAL").expect("a journal mode");
    drop(db);
    upgrade(&path).expect("nothing to do");
    let db = Connection::open(&path).expect("a database");
    assert_eq!(rows(&db, "SELECT name FROM sqlite_schema"), Vec::<String>::new());

    // Killed when it had no Lobby.
    let OldStore { folder: _folder, path, db } = OldStore::new(20);
    drop(db);
    upgrade(&path).expect("a new start");
    assert_eq!(fs::metadata(&path).expect("a file").len(), 0);

    let OldStore { folder: _folder, path, db } = small_store();
    drop(db);
    upgrade(&path).expect("an upgrade");
    let before = fs::read(&path).expect("a file");
    fs::write(path.with_extension("db.upgrade"), "half a file").expect("a file");
    upgrade(&path).expect("nothing to do");
    assert_eq!(fs::read(&path).expect("a file"), before);
    assert!(!path.with_extension("db.upgrade").exists(), "what is left of an upgrade is of no use");
}

#[test]
fn data_of_a_newer_program_is_refused() {
    let OldStore { folder: _folder, path, db } = small_store();
    db.pragma_update(None, "user_version", SCHEMA_VERSION + 1).expect("a version");
    drop(db);
    let error = upgrade(&path).expect_err("newer data");
    assert!(
        matches!(error, OpenError::NewerData { found, known: SCHEMA_VERSION } if found == SCHEMA_VERSION + 1),
        "{error}"
    );
}
