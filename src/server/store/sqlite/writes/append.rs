//! Commands that become events.

use rusqlite::{Connection, OptionalExtension as _, params};

use crate::{
    domain::{Millis, Seq},
    protocol::Event,
};

use super::{
    super::{
        super::{Appended, Committed, NewEvent, StoreError},
        writer::{Applied, Write},
    },
    fold::fold,
};

impl Write for NewEvent {
    type Done = Appended;

    fn apply(&self, db: &Connection) -> Result<Applied<Appended>, StoreError> {
        if let Some(first) = self.earlier(db)? {
            return Ok(Applied { done: first, news: None });
        }
        let appended = self.place(db)?;
        self.log(db, appended)?;
        fold(db, self, appended)?;
        let event = Event {
            conversation: self.conversation,
            seq: appended.seq,
            at: appended.at,
            author: self.author.clone(),
            id: self.id,
            change: self.change.clone(),
        };
        Ok(Applied { done: appended, news: Some(Committed::Event(event)) })
    }
}

impl NewEvent {
    /// The event that this command made when it came before.
    fn earlier(&self, db: &Connection) -> Result<Option<Appended>, StoreError> {
        let mut select =
            db.prepare_cached("SELECT conversation, seq, at FROM events WHERE author = ?1 AND command_id = ?2")?;
        let earlier = select
            .query_row(params![self.author.id, self.id], |row| {
                Ok(Appended { conversation: row.get(0)?, seq: row.get(1)?, at: row.get(2)? })
            })
            .optional()?;
        Ok(earlier)
    }

    /// The next position in the conversation, if the author is a member.
    fn place(&self, db: &Connection) -> Result<Appended, StoreError> {
        let mut select = db.prepare_cached(
            "SELECT last_seq, last_at FROM conversations JOIN members ON members.conversation = id
              WHERE id = ?1 AND user = ?2",
        )?;
        let (last_seq, last_at): (Seq, Millis) = select
            .query_row(params![self.conversation, self.author.id], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?
            .ok_or(StoreError::NotMember)?;
        // Times never go back within a conversation, even when the clock does.
        Ok(Appended { conversation: self.conversation, seq: last_seq.next(), at: Millis::now().max(last_at) })
    }

    fn log(&self, db: &Connection, Appended { conversation, seq, at }: Appended) -> Result<(), StoreError> {
        let payload = serde_json::to_string(&self.change).map_err(|error| {
            tracing::error!(%error, "an event could not be written as JSON");
            StoreError::Unavailable
        })?;
        db.prepare_cached(
            "INSERT INTO events (conversation, seq, at, author, command_id, payload, target)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![conversation, seq, at, self.author.id, self.id, payload, self.change.target()])?;
        db.prepare_cached("UPDATE conversations SET last_seq = ?2, last_at = ?3 WHERE id = ?1")?.execute(params![
            conversation,
            seq,
            at
        ])?;
        Ok(())
    }
}
