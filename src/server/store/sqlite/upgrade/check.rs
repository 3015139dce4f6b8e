//! Checks a new database against the old one before it takes its place.

use rusqlite::Connection;

use crate::server::store::sqlite::{error::OpenError, upgrade::copies::COPIES};

/// Counts the conversations whose seqs are not 1, 2, 3 …
const CONVERSATIONS_WITH_GAPS: &str = "SELECT count(*) FROM (
  SELECT 1 FROM main.events GROUP BY conversation HAVING min(seq) <> 1 OR max(seq) <> count(*))";

/// Checks that every row has arrived, that positions have no gaps, and that foreign keys hold.
pub(super) fn check(db: &Connection) -> Result<(), OpenError> {
    for copy in COPIES {
        let checksum = |of: &str| {
            let (checksum, table) = (copy.checksum, copy.table);
            db.query_row(&format!("SELECT ({checksum}) || '' FROM {of}.{table}"), [], |row| row.get::<_, String>(0))
        };
        let (old, new) = (checksum("old")?, checksum("main")?);
        if old != new {
            return Err(OpenError::Upgrade(format!("{} has {new}, and had {old}", copy.table)));
        }
    }
    let wrong = |sql: &str| db.query_row(sql, [], |row| row.get::<_, i64>(0));
    let conversations = wrong(
        "SELECT count(*) FROM (
           SELECT conversation, count(*), min(seq), max(seq) FROM old.events GROUP BY conversation
           EXCEPT
           SELECT c.id, count(*), min(e.seq), max(e.seq)
             FROM main.events e JOIN main.conversations c ON c.number = e.conversation GROUP BY e.conversation)",
    )?;
    if conversations > 0 {
        return Err(OpenError::Upgrade(format!("the events of {conversations} conversations differ")));
    }
    let positions = wrong(
        "SELECT abs((SELECT count(*) FROM main.events) + (SELECT count(*) FROM main.entries)
                    - max(coalesce((SELECT max(position) FROM main.events), 0),
                          coalesce((SELECT max(position) FROM main.entries), 0)))",
    )?;
    if positions > 0 {
        return Err(OpenError::Upgrade(format!("{positions} positions of the commit log are missing")));
    }
    if db.prepare("PRAGMA main.foreign_key_check")?.exists([])? {
        return Err(OpenError::Upgrade("a row refers to another one that does not exist".to_owned()));
    }
    let verdict: String = db.pragma_query_value(Some("main"), "quick_check", |row| row.get(0))?;
    if verdict != "ok" {
        return Err(OpenError::Upgrade(verdict));
    }
    let gaps = wrong(CONVERSATIONS_WITH_GAPS)?;
    if gaps > 0 {
        tracing::warn!("upgrade: {gaps} conversations had gaps in their logs before, and have them still");
    }
    Ok(())
}
