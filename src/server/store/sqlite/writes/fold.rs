//! Events are folded into the tables that show how things stand now.
//!
//! What comes of it is what a client makes of the same events (`state::fold`); a test holds the two together.

use rusqlite::{Connection, OptionalExtension as _, params};

use crate::{
    domain::{Body, ConversationId, Emoji, MAX_REACTIONS, Seq, UserId},
    protocol::Change,
};

use super::super::super::{Appended, NewEvent, StoreError};

/// Folds an event in that has its place in the log.
pub(super) fn fold(db: &Connection, event: &NewEvent, appended: Appended) -> Result<(), StoreError> {
    let Appended { conversation, seq, at } = appended;
    let author = event.author.id;
    match &event.change {
        Change::Message { body } => write(db, event, appended, body),
        // No command makes one.
        Change::Other => Err(StoreError::Unavailable),
        Change::Edit { seq: target, body } => {
            let message = Target::find(db, conversation, *target)?.written_by(author)?;
            db.prepare_cached(
                "UPDATE messages SET body = ?3, edited_at = ?4, revision = ?5 WHERE conversation = ?1 AND seq = ?2",
            )?
            .execute(params![conversation, message.seq, body, at, seq])?;
            Ok(())
        }
        Change::Deletion { seq: target } => {
            let message = Target::find(db, conversation, *target)?.written_by(author)?;
            message.delete(db, seq)
        }
        Change::Reaction { seq: target, emoji, on } => {
            let message = Target::find(db, conversation, *target)?;
            if *on {
                message.add(db, emoji, author, seq)?;
            } else {
                message.remove(db, emoji, author)?;
            }
            db.prepare_cached("UPDATE messages SET revision = ?3 WHERE conversation = ?1 AND seq = ?2")?
                .execute(params![conversation, message.seq, seq])?;
            Ok(())
        }
    }
}

fn write(
    db: &Connection,
    event: &NewEvent,
    Appended { conversation, seq, at }: Appended,
    body: &Body,
) -> Result<(), StoreError> {
    db.prepare_cached(
        "INSERT INTO messages (conversation, seq, id, at, author, body, revision) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?2)",
    )?
    .execute(params![conversation, seq, event.id, at, event.author.id, body])?;
    // Whoever writes has seen what is above.
    db.prepare_cached("UPDATE members SET read_seq = ?3 WHERE conversation = ?1 AND user = ?2")?.execute(params![
        conversation,
        event.author.id,
        seq
    ])?;
    Ok(())
}

/// A message that is there to be changed.
struct Target {
    conversation: ConversationId,
    seq: Seq,
    author: UserId,
}

impl Target {
    fn find(db: &Connection, conversation: ConversationId, seq: Seq) -> Result<Self, StoreError> {
        db.prepare_cached("SELECT author FROM messages WHERE conversation = ?1 AND seq = ?2 AND NOT deleted")?
            .query_row(params![conversation, seq], |row| Ok(Self { conversation, seq, author: row.get(0)? }))
            .optional()?
            .ok_or(StoreError::UnknownMessage)
    }

    fn written_by(self, user: UserId) -> Result<Self, StoreError> {
        if self.author == user { Ok(self) } else { Err(StoreError::NotAuthor) }
    }

    /// Leaves the place, and nothing of what was ever said there: neither here nor in the log.
    fn delete(&self, db: &Connection, revision: Seq) -> Result<(), StoreError> {
        db.prepare_cached("DELETE FROM reactions WHERE conversation = ?1 AND message = ?2")?
            .execute(params![self.conversation, self.seq])?;
        db.prepare_cached(
            "UPDATE messages SET body = '', edited_at = NULL, deleted = 1, revision = ?3
              WHERE conversation = ?1 AND seq = ?2",
        )?
        .execute(params![self.conversation, self.seq, revision])?;
        for said in ["seq", "target"] {
            db.prepare_cached(&format!(
                "UPDATE events SET payload = json_replace(payload, '$.body', '') WHERE conversation = ?1 AND {said} = ?2
                    AND json_extract(payload, '$.body') <> ''"
            ))?
            .execute(params![self.conversation, self.seq])?;
        }
        Ok(())
    }

    fn add(&self, db: &Connection, emoji: &Emoji, user: UserId, seq: Seq) -> Result<(), StoreError> {
        let others: usize =
            db.prepare_cached(
                "SELECT count(DISTINCT emoji) FROM reactions WHERE conversation = ?1 AND message = ?2 AND emoji <> ?3",
            )?
            .query_row(params![self.conversation, self.seq, emoji], |row| row.get::<_, u32>(0))? as usize;
        if others >= MAX_REACTIONS {
            return Err(StoreError::TooManyReactions);
        }
        // Who reacted so already stays where they are.
        db.prepare_cached(
            "INSERT OR IGNORE INTO reactions (conversation, message, emoji, user, seq) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![self.conversation, self.seq, emoji, user, seq])?;
        Ok(())
    }

    fn remove(&self, db: &Connection, emoji: &Emoji, user: UserId) -> Result<(), StoreError> {
        db.prepare_cached(
            "DELETE FROM reactions WHERE conversation = ?1 AND message = ?2 AND emoji = ?3 AND user = ?4",
        )?
        .execute(params![self.conversation, self.seq, emoji, user])?;
        Ok(())
    }
}
