//! Stores of old versions.

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
};

use rusqlite::{Connection, functions::FunctionFlags, types::FromSql};
use tempfile::TempDir;
use uuid::Uuid;

use crate::server::store::sqlite::{
    schema::SCHEMA_VERSION,
    upgrade::{migrations::MIGRATIONS, upgrade},
};

/// A data folder with a database that the test fills.
pub(super) struct OldStore {
    pub(super) folder: TempDir,
    pub(super) path: PathBuf,
    pub(super) db: Connection,
}

impl OldStore {
    /// A database as a program of that version made it.
    pub(super) fn new(version: usize) -> Self {
        let folder = TempDir::new().expect("a folder");
        let path = folder.path().join("teahouse.db");
        let db = create(&path, version);
        Self { folder, path, db }
    }

    pub(super) fn execute(&self, sql: &str) {
        self.db.execute_batch(sql).expect("rows");
    }

    /// Ends the old program and upgrades.
    pub(super) fn upgrade(self) -> NewStore {
        let Self { folder, path, db } = self;
        drop(db);
        upgrade(&path).expect("an upgrade");
        NewStore::open(folder, &path)
    }
}

pub(super) fn create(path: &Path, version: usize) -> Connection {
    let mut db = Connection::open(path).expect("a database");
    db.pragma_update(None, "journal_mode", "WAL").expect("a journal mode");
    // Migration 19 calls it; the rows that tests write come afterwards.
    db.create_scalar_function("normal_emoji", 1, FunctionFlags::SQLITE_DETERMINISTIC, |call| call.get::<String>(0))
        .expect("a function");
    for (version, migration) in (1..).zip(&MIGRATIONS[..version]) {
        let transaction = db.transaction().expect("a transaction");
        transaction.execute_batch(migration).expect("a migration");
        transaction.pragma_update(None, "user_version", version).expect("a version");
        transaction.commit().expect("a commit");
    }
    db
}

/// An upgraded store.
pub(super) struct NewStore {
    pub(super) folder: TempDir,
    pub(super) db: Connection,
}

impl NewStore {
    pub(super) fn open(folder: TempDir, path: &Path) -> Self {
        let store = Self { folder, db: Connection::open(path).expect("a database") };
        assert_eq!(store.value::<u32>("SELECT user_version FROM pragma_user_version"), SCHEMA_VERSION);
        assert_eq!(store.value::<u32>("SELECT count(*) FROM pragma_foreign_key_check"), 0);
        assert_eq!(store.value::<String>("SELECT integrity_check FROM pragma_integrity_check"), "ok");
        store
    }

    pub(super) fn value<T: FromSql>(&self, sql: &str) -> T {
        self.db.query_row(sql, [], |row| row.get(0)).expect(sql)
    }

    /// The rows of a query, each with its columns separated by spaces. Ids are in hex, without leading zeros.
    pub(super) fn rows(&self, sql: &str) -> Vec<String> {
        rows(&self.db, sql)
    }

    /// The names of the files in the folder.
    pub(super) fn files(&self) -> Vec<String> {
        let mut names: Vec<String> = std::fs::read_dir(self.folder.path())
            .expect("a folder")
            .map(|file| file.expect("a file").file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }
}

/// The rows of a query, each with its columns separated by spaces. Ids are in hex, without leading zeros.
pub(super) fn rows(db: &Connection, sql: &str) -> Vec<String> {
    use rusqlite::types::ValueRef;

    let mut select = db.prepare(sql).expect(sql);
    let columns = select.column_count();
    let rows = select.query_map([], |row| {
        let column = |index| {
            Ok(match row.get_ref(index)? {
                ValueRef::Null => "NULL".to_owned(),
                ValueRef::Integer(number) => number.to_string(),
                ValueRef::Real(number) => number.to_string(),
                ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
                ValueRef::Blob(id) => hex(id).trim_start_matches('0').to_owned(),
            })
        };
        Ok((0..columns).map(column).collect::<Result<Vec<_>, rusqlite::Error>>()?.join(" "))
    });
    rows.expect(sql).collect::<Result<_, _>>().expect(sql)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").expect("a text grows");
        hex
    })
}

/// A small id, as in SQL: `x'0000…0a'`.
pub(super) fn id(number: u128) -> String {
    format!("x'{}'", Uuid::from_u128(number).simple())
}
