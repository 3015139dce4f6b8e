//! Reads the log from the database after the server has stopped.

use std::{collections::HashMap, path::Path};

use rusqlite::{Connection, OpenFlags, Row};
use teahouse::domain::{CommandId, ConversationId, Event, EventKind, Nickname, Seq, Timestamp, User, UserId};
use uuid::Uuid;

use super::{failure::Failure, history::Log, stored_entry::logged_setting};

pub(crate) fn read(database: &Path) -> Result<Log, Failure> {
    let db = Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let health: String = db.query_row("PRAGMA integrity_check", [], |row| row.get(0))?;
    if health != "ok" {
        return Err(format!("the integrity check of the database failed: {health}").into());
    }
    let users = users(&db)?;
    let mut log = Log::default();
    let mut select = db.prepare(
        "SELECT c.id, e.seq, e.at, u.id, e.command_id, e.payload, e.position FROM events e
           JOIN conversations c ON c.number = e.conversation JOIN users u ON u.number = e.author
          ORDER BY e.conversation, e.seq",
    )?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        let event = event(row, &users)?;
        log.entries.insert(position(row, 6)?, Some((event.conversation, event.seq)));
        log.conversations.entry(event.conversation).or_default().push(event);
    }
    let mut select = db.prepare("SELECT position, entry FROM entries")?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        let position = position(row, 0)?;
        log.entries.insert(position, None);
        log.settings.extend(logged_setting(&row.get::<_, String>(1)?)?.map(|setting| (position, setting)));
    }
    Ok(log)
}

fn position(row: &Row, column: usize) -> Result<u64, Failure> {
    Ok(u64::try_from(row.get::<_, i64>(column)?)?)
}

fn users(db: &Connection) -> Result<HashMap<UserId, User>, Failure> {
    let mut users = HashMap::new();
    let mut select = db.prepare("SELECT id, nickname, password IS NOT NULL FROM users")?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        let id = UserId::from_uuid(uuid(row, 0)?);
        let nickname = Nickname::parse_existing(&row.get::<_, String>(1)?)?;
        users.insert(id, User { registered: row.get(2)?, ..User::guest(id, nickname) });
    }
    Ok(users)
}

fn event(row: &Row, users: &HashMap<UserId, User>) -> Result<Event, Failure> {
    let author = UserId::from_uuid(uuid(row, 3)?);
    let mut kind: EventKind = serde_json::from_str(&row.get::<_, String>(5)?)?;
    name_mentioned(&mut kind, users)?;
    Ok(Event {
        conversation: ConversationId::from_uuid(uuid(row, 0)?),
        seq: Seq(u64::try_from(row.get::<_, i64>(1)?)?),
        at: Timestamp(u64::try_from(row.get::<_, i64>(2)?)?),
        author: users.get(&author).ok_or("an event has an unknown author")?.clone(),
        id: CommandId::from_uuid(uuid(row, 4)?),
        kind,
    })
}

/// The store keeps mentioned users without their names.
pub(crate) fn name_mentioned(kind: &mut EventKind, users: &HashMap<UserId, User>) -> Result<(), Failure> {
    for user in kind.mentioned_users_mut() {
        *user = users.get(&user.id).ok_or("an unknown user is mentioned")?.clone();
    }
    Ok(())
}

fn uuid(row: &Row, column: usize) -> Result<Uuid, Failure> {
    Ok(Uuid::from_slice(&row.get::<_, Vec<u8>>(column)?)?)
}
