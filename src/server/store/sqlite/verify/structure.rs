//! The database itself: pages, indexes, foreign keys, and the schema.

use rusqlite::Connection;

use crate::server::store::sqlite::{schema::SCHEMA, verify::findings::Findings};

/// Checks what SQLite can check by itself, and that no table, index, view or trigger is missing or changed.
pub(super) fn check(db: &Connection, findings: &mut Findings) -> Result<(), rusqlite::Error> {
    let mut select = db.prepare("PRAGMA integrity_check")?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        let line: String = row.get(0)?;
        if line != "ok" {
            findings.add("database", line);
        }
    }
    let mut select = db.prepare("PRAGMA foreign_key_check")?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        let (table, row_id, parent): (String, Option<i64>, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let row_id = row_id.map(|row_id| format!(" {row_id}")).unwrap_or_default();
        findings
            .add("foreign key", format_args!("row{row_id} of {table} refers to a row of {parent} that does not exist"));
    }
    let expected = Connection::open_in_memory()?;
    expected.execute_batch(SCHEMA)?;
    let (expected, found) = (objects(&expected)?, objects(db)?);
    for (name, sql) in &expected {
        match found.iter().find(|(found, _)| found == name) {
            None => findings.add("schema", format_args!("{name} is missing")),
            Some((_, found)) if found != sql => findings.add("schema", format_args!("{name} was changed")),
            Some(_) => {}
        }
    }
    Ok(())
}

/// The tables, indexes, views and triggers, with their definitions.
fn objects(db: &Connection) -> Result<Vec<(String, Option<String>)>, rusqlite::Error> {
    let select = "SELECT name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY name";
    db.prepare(select)?.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}
