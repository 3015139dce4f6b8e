//! Verifies the store at the end of a run, and copies of it that were damaged by hand: a verification that finds nothing must
//! be able to find something.

use std::{fs, path::Path};

use rusqlite::Connection;
use teahouse::server;

use super::{checker::Findings, failure::Failure};

/// What is done to the copies, with foreign keys off.
const DAMAGES: [(&str, &str); 10] = [
    (
        "an event is missing",
        "DELETE FROM events
          WHERE position = (SELECT position FROM events ORDER BY position LIMIT 1 OFFSET (SELECT count(*) / 2 FROM events))",
    ),
    (
        // The newest entry of the log may leave no trace: a setting that was changed to what it was, for instance.
        "another entry of the log is missing",
        "DELETE FROM entries WHERE position = (SELECT max(position) FROM entries WHERE entry ->> '$.kind' = 'signed_up')",
    ),
    ("a seq is skipped", "UPDATE events SET seq = seq + 1000000 WHERE position = (SELECT max(position) FROM events)"),
    (
        "a command took effect twice",
        "DROP INDEX commands;
         UPDATE events SET (command_id, author) = (SELECT command_id, author FROM events ORDER BY position LIMIT 1)
          WHERE position = (SELECT max(position) FROM events)",
    ),
    ("a message has another text", "UPDATE states SET body = 'another' WHERE edited_at IS NOT NULL"),
    ("a deleted message is back", "UPDATE states SET deleted = 0 WHERE deleted"),
    ("reactions are missing", "DELETE FROM reactions"),
    ("a read mark is beyond the end", "UPDATE members SET read_seq = 1000000000"),
    ("a member is missing", "DELETE FROM members WHERE user = (SELECT max(user) FROM members)"),
    ("a row refers to nothing", "UPDATE sessions SET user = 1000000000"),
];

/// Adds to `findings` what is wrong with the store of a data folder. Returns how many of the damages were found, and how many
/// there were.
pub(crate) fn verify(folder: &Path, database: &Path, findings: &mut Findings) -> Result<(usize, usize), Failure> {
    let found = server::verify(folder, &mut |_, _| {})?;
    if !found.is_empty() {
        findings.wrong.add(|| format!("the store does not equal its log: {found}"));
    }
    let copy = folder.join("damaged.db");
    let mut damages_found = 0;
    for (name, damage) in DAMAGES {
        fs::copy(database, &copy)?;
        let db = Connection::open(&copy)?;
        db.execute_batch(&format!("PRAGMA foreign_keys = OFF; {damage}"))?;
        if db.changes() == 0 {
            return Err(format!("this damage changed nothing: {name}").into());
        }
        drop(db);
        if server::verify(&copy, &mut |_, _| {})?.is_empty() {
            eprintln!("faults: the verification did not find that {name}");
        } else {
            damages_found += 1;
        }
    }
    fs::remove_file(&copy)?;
    Ok((damages_found, DAMAGES.len()))
}
