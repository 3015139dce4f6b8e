//! Version 21, which had no rooms but the Lobby.

use std::sync::Arc;

use rusqlite::Connection;
use tempfile::TempDir;

use crate::{
    domain::RoomName,
    server::store::{
        clock_source::SystemClock,
        sqlite::{
            sqlite_store::SqliteStore,
            upgrade::{migrations::REBUILT_VERSION, upgrade},
            verify,
        },
        store_trait::Lifecycle as _,
    },
};

/// What is new in version 22, undone.
const BACK_TO_21: &str = "
    DROP VIEW messages;
    DROP TABLE listeners;
    DROP TABLE replies;
    DROP TABLE muted_threads;
    ALTER TABLE states DROP COLUMN mentions;
    ALTER TABLE states DROP COLUMN replies;
    DROP TABLE pins;
    DROP INDEX changes_by_seq;
    DROP INDEX notices;
    DROP INDEX deleted_messages;
    ALTER TABLE conversations DROP COLUMN member_count;
    ALTER TABLE members DROP COLUMN set_back_at;
    DROP TABLE member_settings;
    DROP TABLE room_roles;
    DROP TABLE rooms;
    CREATE VIEW messages AS
    SELECT e.conversation, e.seq, e.command_id AS id, e.at, e.author,
           coalesce(s.body, e.payload ->> '$.body', '') AS body,
           coalesce(s.revision, e.seq) AS revision, s.edited_at, coalesce(s.deleted, 0) AS deleted,
           iif(e.payload ->> '$.kind' = 'notice', e.payload, NULL) AS notice
      FROM events e LEFT JOIN states s ON s.conversation = e.conversation AND s.seq = e.seq
     WHERE e.target IS NULL;";

#[tokio::test]
async fn a_store_of_version_21_gets_the_tables_of_rooms() {
    let folder = TempDir::new().expect("a folder");
    let open = || SqliteStore::open(folder.path(), None, Arc::new(SystemClock)).expect("a store");
    let (store, _feed) = open();
    store.close().await;
    let path = folder.path().join("teahouse.db");
    let db = Connection::open(&path).expect("a database");
    db.execute_batch(BACK_TO_21).expect("the tables of version 21");
    db.pragma_update(None, "user_version", REBUILT_VERSION).expect("a version");
    drop(db);

    upgrade(&path).expect("an upgrade");
    let db = Connection::open(&path).expect("a database");
    let key: String = db.query_row("SELECT name_key FROM rooms", [], |row| row.get(0)).expect("the Lobby");
    assert_eq!(key, RoomName::parse("Lobby").expect("a name").key().as_str());
    drop(db);
    let findings = verify(folder.path(), &mut |_, _| {}).expect("a verification");
    assert!(findings.is_empty(), "{findings}");
    let (store, _feed) = open();
    store.check_health().await.expect("a store that answers");
}
