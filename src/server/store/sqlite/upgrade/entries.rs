//! The first entries of the commit log. The old database has no log of what was not an event, so these entries tell how it
//! came to its present state, as if everything had happened in the simplest order.

use rusqlite::{CachedStatement, Connection, Row, params};

use crate::{
    domain::{Timestamp, UserId},
    server::{
        rules::Entry,
        store::{commit_log::Position, sqlite::error::OpenError},
    },
};

/// Writes the entries, and returns the position after the last one.
pub(super) fn write_entries(db: &Connection) -> Result<Position, OpenError> {
    let insert = db.prepare_cached("INSERT INTO main.entries (position, at, entry) VALUES (?1, ?2, ?3)")?;
    let last_run = db.query_row(
        "SELECT coalesce(max(ran_at) + (SELECT ahead FROM main.clock_offsets ORDER BY since DESC LIMIT 1), 0) FROM main.meta",
        [],
        |row| row.get(0),
    )?;
    let mut writer = EntryWriter { db, insert, next: Position::START.next(), last_run };
    writer.users()?;
    writer.invites()?;
    writer.conversations()?;
    writer.moderation()?;
    writer.departures()?;
    Ok(writer.next)
}

struct EntryWriter<'a> {
    db: &'a Connection,
    insert: CachedStatement<'a>,
    /// The position of the next entry.
    next: Position,
    /// When the server last ran, by the machine's clock: the time of entries whose own time is not known.
    last_run: Timestamp,
}

impl EntryWriter<'_> {
    fn users(&mut self) -> Result<(), OpenError> {
        // The server itself is there from the start.
        self.write_all(
            "SELECT created_at, id, password IS NOT NULL FROM main.users WHERE number > 1 ORDER BY number",
            |row| Ok(Entry::SignedUp { user: row.get(1)?, registered: row.get(2)? }),
        )?;
        self.write_all(
            "SELECT NULL, id, role FROM main.users WHERE number > 1 AND role <> 'member' ORDER BY number",
            |row| Ok(Entry::RoleChanged { user: row.get(1)?, role: row.get(2)? }),
        )
    }

    /// Who used an invite is not known, only how often it was used.
    fn invites(&mut self) -> Result<(), OpenError> {
        self.write_all("SELECT created_at, id FROM main.invites ORDER BY created_at, id", |row| {
            Ok(Entry::InviteCreated { invite: row.get(1)? })
        })?;
        self.write_all(
            "WITH RECURSIVE used (id, remaining) AS (
               SELECT id, uses FROM main.invites WHERE uses > 0
               UNION ALL SELECT id, remaining - 1 FROM used WHERE remaining > 1)
             SELECT NULL, id FROM used",
            |row| Ok(Entry::InviteUsed { invite: row.get(1)?, user: UserId::SYSTEM }),
        )?;
        self.write_all("SELECT NULL, id FROM main.invites WHERE revoked ORDER BY created_at, id", |row| {
            Ok(Entry::InviteRevoked { invite: row.get(1)? })
        })
    }

    fn conversations(&mut self) -> Result<(), OpenError> {
        self.write_all(
            "SELECT c.created_at, c.id, low.id, high.id FROM main.conversations c
               JOIN main.users low ON low.number = c.direct_low JOIN main.users high ON high.number = c.direct_high
              WHERE c.kind = 'direct' ORDER BY c.number",
            |row| Ok(Entry::DirectCreated { direct: row.get(1)?, users: [row.get(2)?, row.get(3)?] }),
        )?;
        self.write_all(
            "SELECT m.joined_at, c.id, u.id FROM main.conversations c
               CROSS JOIN main.members m ON m.conversation = c.number CROSS JOIN main.users u ON u.number = m.user
              WHERE c.kind = 'room' ORDER BY c.number, m.user",
            |row| Ok(Entry::Joined { room: row.get(1)?, user: row.get(2)? }),
        )?;
        self.write_all(
            "SELECT m.joined_at, c.id, u.id FROM main.conversations c
               CROSS JOIN main.members m ON m.conversation = c.number CROSS JOIN main.users u ON u.number = m.user
              WHERE c.kind = 'direct' AND m.listed IS NOT NULL ORDER BY c.number, m.user",
            |row| Ok(Entry::Listed { conversation: row.get(1)?, user: row.get(2)? }),
        )?;
        self.write_all(
            "SELECT b.at, u.id, o.id FROM main.blocks b
               JOIN main.users u ON u.number = b.user JOIN main.users o ON o.number = b.blocked",
            |row| Ok(Entry::Block { user: row.get(1)?, other: row.get(2)?, on: true }),
        )
    }

    fn moderation(&mut self) -> Result<(), OpenError> {
        self.write_all(
            "SELECT NULL, u.id, c.id, s.kind, s.until, o.id FROM main.sanctions s
               JOIN main.users u ON u.number = s.user LEFT JOIN main.conversations c ON c.number = s.scope
               LEFT JOIN main.users o ON o.number = s.origin",
            |row| {
                let (user, room, sanction, until) = (row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?);
                Ok(Entry::SanctionBegan { user, room, sanction, until, origin: row.get(5)? })
            },
        )?;
        self.write_all("SELECT NULL, network, until FROM main.banned_networks", |row| {
            let network = row.get_ref(1)?.as_str()?.parse().map_err(|error| {
                rusqlite::Error::FromSqlConversionFailure(1, rusqlite::types::Type::Text, Box::new(error))
            })?;
            Ok(Entry::NetworkBanned { network, until: row.get(2)? })
        })
    }

    /// Last, because a user who leaves is no longer a member of any room, and keeps the directs.
    fn departures(&mut self) -> Result<(), OpenError> {
        self.write_all(
            "SELECT NULL, id FROM main.users WHERE number > 1 AND nickname_key IS NULL ORDER BY number",
            |row| Ok(Entry::NicknameReleased { user: row.get(1)? }),
        )
    }

    /// Writes an entry for each row of a query, whose first column is the time, or NULL if it is not known.
    fn write_all(
        &mut self,
        sql: &str,
        entry: impl Fn(&Row<'_>) -> Result<Entry, rusqlite::Error>,
    ) -> Result<(), OpenError> {
        let mut select = self.db.prepare(sql)?;
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            let json = serde_json::to_string(&entry(row)?).map_err(|error| {
                OpenError::Upgrade(format!("an entry of the log cannot be written as JSON: {error}"))
            })?;
            let at = row.get::<_, Option<Timestamp>>(0)?.unwrap_or(self.last_run);
            self.insert.execute(params![self.next, at, json])?;
            self.next = self.next.next();
        }
        Ok(())
    }
}
