//! The order of the log: positions, seqs and commands.

use rusqlite::Connection;

use crate::server::store::sqlite::verify::findings::Findings;

/// Checks that positions are 1, 2, 3 … over both tables of the log; that the seqs of each conversation are 1, 2, 3 … in the
/// order of positions, with times that never go back; and that no command took effect twice.
pub(super) fn check(db: &Connection, findings: &mut Findings) -> Result<(), rusqlite::Error> {
    check_positions(db, findings)?;
    check_seqs(db, findings)?;
    check_commands(db, findings)?;
    check_consumers(db, findings)
}

fn check_positions(db: &Connection, findings: &mut Findings) -> Result<(), rusqlite::Error> {
    let mut select =
        db.prepare("SELECT position FROM events UNION ALL SELECT position FROM entries ORDER BY position")?;
    let mut rows = select.query([])?;
    let mut last = 0_i64;
    while let Some(row) = rows.next()? {
        let position: i64 = row.get(0)?;
        if position == last {
            findings.add("position", format_args!("{position} is taken twice"));
        } else if position != last + 1 {
            findings.add("position", format_args!("{} to {} are missing", last + 1, position - 1));
        }
        last = position;
    }
    Ok(())
}

fn check_seqs(db: &Connection, findings: &mut Findings) -> Result<(), rusqlite::Error> {
    let mut select = db.prepare(
        "SELECT c.id, e.conversation, e.seq, e.position, e.at FROM events e
           LEFT JOIN conversations c ON c.number = e.conversation ORDER BY e.conversation, e.seq",
    )?;
    let mut rows = select.query([])?;
    let (mut conversation, mut last) = (None, (0_i64, 0_i64, 0_i64));
    while let Some(row) = rows.next()? {
        let (number, event): (i64, (i64, i64, i64)) = (row.get(1)?, (row.get(2)?, row.get(3)?, row.get(4)?));
        if conversation != Some(number) {
            (conversation, last) = (Some(number), (0, 0, 0));
        }
        let name = || name_of(row, number);
        let ((seq, position, at), (last_seq, last_position, last_at)) = (event, last);
        if seq != last_seq + 1 {
            findings.add("seq", format_args!("conversation {}: {seq} follows {last_seq}", name()));
        }
        if position <= last_position {
            findings.add("seq", format_args!("conversation {}: seq {seq} was committed before {last_seq}", name()));
        }
        if at < last_at {
            findings.add("time", format_args!("conversation {}: seq {seq} is older than {last_seq}", name()));
        }
        last = event;
    }
    Ok(())
}

fn check_commands(db: &Connection, findings: &mut Findings) -> Result<(), rusqlite::Error> {
    // Not by the index, which would hide what it has lost.
    let mut select = db.prepare(
        "SELECT lower(hex(command_id)), count(*) FROM events NOT INDEXED GROUP BY command_id, author HAVING count(*) > 1",
    )?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        let (id, count): (String, u32) = (row.get(0)?, row.get(1)?);
        findings.add("command", format_args!("{id} took effect {count} times"));
    }
    Ok(())
}

fn check_consumers(db: &Connection, findings: &mut Findings) -> Result<(), rusqlite::Error> {
    let mut select = db.prepare(
        "SELECT name, position FROM consumers
          WHERE position > max(coalesce((SELECT max(position) FROM events), 0), coalesce((SELECT max(position) FROM entries), 0))
             OR position < 0",
    )?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        let (name, position): (String, i64) = (row.get(0)?, row.get(1)?);
        findings.add("consumer", format_args!("{name} is at {position}, which is not in the log"));
    }
    Ok(())
}

/// The UUID of a conversation in the first column, or its number if there is no such conversation.
fn name_of(row: &rusqlite::Row<'_>, number: i64) -> String {
    match row.get::<_, Option<crate::domain::ConversationId>>(0) {
        Ok(Some(id)) => id.to_string(),
        Ok(None) | Err(_) => format!("number {number}"),
    }
}
