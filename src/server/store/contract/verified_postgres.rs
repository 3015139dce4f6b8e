//! Verifies a database of PostgreSQL: copies its tables, which are the same, to SQLite and lets `teahouse verify` judge.

use std::sync::Arc;

use rusqlite::{Connection, params_from_iter, types::Value};
use serde_json::Value as Json;
use tempfile::TempDir;
use tokio_postgres::Client;

use crate::server::store::{SqliteStore, SystemClock, store_trait::Lifecycle as _, verify};

/// What is wrong with the data.
pub(super) async fn findings(client: &Client) -> String {
    let folder = TempDir::new().expect("a folder");
    let (store, _feed) = SqliteStore::open(folder.path(), None, Arc::new(SystemClock)).expect("a store");
    store.close().await;
    let db = Connection::open(folder.path().join("teahouse.db")).expect("a database");
    db.execute_batch("PRAGMA foreign_keys = OFF; PRAGMA synchronous = OFF; BEGIN").expect("a transaction");
    let tables = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
    let tables: Vec<String> = texts(&db, tables);
    for table in tables {
        db.execute(&format!("DELETE FROM {table}"), []).expect("an empty table");
        let columns = texts(&db, &format!("SELECT name || ' ' || type FROM pragma_table_info('{table}')"));
        let rows_of = match table.as_str() {
            "member_settings" => "(SELECT * FROM members WHERE muted OR pinned)",
            name => name,
        };
        let select = format!("SELECT to_jsonb(t) FROM {rows_of} t");
        let rows = client.query_typed(&select, &[]).await.unwrap_or_else(|error| panic!("{table}: {error:?}"));
        let marks = vec!["?"; columns.len()].join(", ");
        let mut insert = db.prepare(&format!("INSERT INTO {table} VALUES ({marks})")).expect("a statement");
        for row in rows {
            let row: Json = row.get(0);
            let values = columns.iter().map(|column| value(&row, column));
            insert.execute(params_from_iter(values)).unwrap_or_else(|error| panic!("{table}: {row}: {error}"));
        }
    }
    db.execute_batch("COMMIT").expect("a commit");
    drop(db);
    verify(folder.path(), &mut |_, _| {}).expect("a verification").to_string()
}

fn texts(db: &Connection, select: &str) -> Vec<String> {
    let mut select = db.prepare(select).expect("a statement");
    select.query_map([], |row| row.get(0)).expect("rows").collect::<Result<_, _>>().expect("texts")
}

/// A value as SQLite has it; of a column with the name and the type that it has there.
fn value(row: &Json, column: &str) -> Value {
    let (name, of_type) = column.split_once(' ').expect("a type");
    let found = match name {
        "user" => &row["user_number"],
        // The single row of `meta`.
        "only" => return Value::Integer(1),
        name => &row[name],
    };
    match found {
        Json::Null => Value::Null,
        Json::Bool(is_true) => Value::Integer(i64::from(*is_true)),
        Json::Number(number) => Value::Integer(number.as_i64().expect("a whole number")),
        Json::String(text) if of_type == "BLOB" => Value::Blob(bytes(text)),
        Json::String(text) => Value::Text(text.clone()),
        Json::Array(_) | Json::Object(_) => Value::Text(found.to_string()),
    }
}

/// The bytes of a UUID, or of what PostgreSQL calls `bytea`.
fn bytes(text: &str) -> Vec<u8> {
    let digits: Vec<char> = text.trim_start_matches("\\x").chars().filter(|digit| *digit != '-').collect();
    digits.chunks(2).map(|pair| u8::from_str_radix(&String::from_iter(pair), 16).expect("hexadecimal digits")).collect()
}
