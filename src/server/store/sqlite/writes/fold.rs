//! Events are folded into the tables that show how things stand now.
//!
//! What comes of it is what a client makes of the same events (`state::fold`); a test holds the two together.

use rusqlite::{Connection, OptionalExtension as _, params};

use crate::{
    domain::{Body, ConversationId, Emoji, MAX_REACTIONS, Seq, UserId},
    protocol::Change,
};

use super::{
    super::super::{Appended, NewEvent, Rule, StoreError},
    append::to_json,
    audit::Entry,
    moderation::role_of,
};

/// Folds an event in that has its place in the log.
pub(super) fn fold(db: &Connection, event: &NewEvent, appended: Appended) -> Result<(), StoreError> {
    let Appended { conversation, seq, at } = appended;
    let author = event.author.id;
    match &event.change {
        Change::Message { body } => {
            write(db, event, appended, body, None)?;
            // Whoever writes has seen what is above.
            db.prepare_cached("UPDATE members SET read_seq = ?3 WHERE conversation = ?1 AND user = ?2")?
                .execute(params![conversation, author, seq])?;
            Ok(())
        }
        Change::Notice(notice) => write(db, event, appended, &Body::deleted(), Some(&to_json(notice)?)),
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
            let message = Target::find(db, conversation, *target)?;
            if message.author != author {
                message.may_be_deleted(db, event)?;
            }
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

pub(super) fn write(
    db: &Connection,
    event: &NewEvent,
    Appended { conversation, seq, at }: Appended,
    body: &Body,
    notice: Option<&str>,
) -> Result<(), StoreError> {
    db.prepare_cached(
        "INSERT INTO messages (conversation, seq, id, at, author, body, revision, notice)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?2, ?7)",
    )?
    .execute(params![conversation, seq, event.id, at, event.author.id, body, notice])?;
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
        db.prepare_cached(
            "SELECT author FROM messages WHERE conversation = ?1 AND seq = ?2
                AND NOT deleted AND notice IS NULL",
        )?
        .query_row(params![conversation, seq], |row| Ok(Self { conversation, seq, author: row.get(0)? }))
        .optional()?
        .ok_or(StoreError::UnknownMessage)
    }

    fn written_by(self, user: UserId) -> Result<Self, StoreError> {
        if self.author == user { Ok(self) } else { Err(StoreError::NotAuthor) }
    }

    /// Whether the event's author may delete this message of somebody else's. That is noted.
    fn may_be_deleted(&self, db: &Connection, event: &NewEvent) -> Result<(), StoreError> {
        let is_room = db
            .prepare_cached("SELECT 1 FROM conversations WHERE id = ?1 AND kind = 'room'")?
            .exists([self.conversation])?;
        let may_delete = |rule: Rule| Ok(rule(role_of(db, event.author.id)?, role_of(db, self.author)?));
        if !is_room || !event.others.map_or(Ok::<_, StoreError>(false), may_delete)? {
            return Err(StoreError::NotAuthor);
        }
        Entry {
            actor: Some(event.author.id),
            action: "delete_message",
            subject: Some(self.author),
            conversation: Some(self.conversation),
            detail: Some(self.seq.to_string()),
            ..Entry::default()
        }
        .write(db)
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
