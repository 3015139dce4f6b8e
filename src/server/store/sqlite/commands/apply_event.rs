//! Events are folded into the tables that show how things stand now.
//!
//! What comes of it is what a client makes of the same events (`state::fold`); a test holds the two together.

use rusqlite::{Connection, OptionalExtension as _, params};

use crate::{
    domain::{ConversationId, Emoji, EventKind, MAX_REACTIONS, Seq, UserId},
    server::store::{
        error::StoreError,
        events::{EventPosition, NewEvent},
        moderation::RoleCheck,
        sqlite::{
            commands::moderation::role_of,
            tables::{audit::AuditRow, read_marks::save_mark},
        },
    },
};

/// Folds an event in that has its place in the log.
pub(crate) fn fold(db: &Connection, event: &NewEvent, appended: EventPosition) -> Result<(), StoreError> {
    let EventPosition { conversation, seq, at } = appended;
    let author = event.author.id;
    match &event.kind {
        // Whoever writes has seen what is above.
        EventKind::Message { .. } => Ok(save_mark(db, conversation, author, seq)?),
        EventKind::Notice(_) => Ok(()),
        // No command makes one.
        EventKind::AccountDeleted | EventKind::Other => Err(StoreError::Unavailable),
        EventKind::Edit { seq: target, body } => {
            let message = EventTarget::find(db, conversation, *target)?.written_by(author)?;
            message.erase(db, seq)?;
            db.prepare_cached(
                "INSERT INTO states (conversation, seq, revision, body, edited_at) VALUES (?1, ?2, ?3, ?4, ?5)
                     ON CONFLICT DO UPDATE SET revision = ?3, body = ?4, edited_at = ?5",
            )?
            .execute(params![conversation, message.seq, seq, body, at])?;
            Ok(())
        }
        EventKind::Deletion { seq: target } => {
            let message = EventTarget::find(db, conversation, *target)?;
            if message.author != author {
                message.may_be_deleted(db, event)?;
            }
            message.delete(db, seq)
        }
        EventKind::Reaction { seq: target, emoji, on } => {
            let message = EventTarget::find(db, conversation, *target)?;
            if *on {
                message.add(db, emoji, author, seq)?;
            } else {
                message.remove(db, emoji, author)?;
            }
            db.prepare_cached(
                "INSERT INTO states (conversation, seq, revision) VALUES (?1, ?2, ?3)
                     ON CONFLICT DO UPDATE SET revision = ?3",
            )?
            .execute(params![conversation, message.seq, seq])?;
            Ok(())
        }
    }
}

/// Takes all that was ever said in a message away, whoever wrote it.
pub(crate) fn delete_message(
    db: &Connection,
    conversation: ConversationId,
    seq: Seq,
    revision: Seq,
) -> Result<(), StoreError> {
    EventTarget::find(db, conversation, seq)?.delete(db, revision)
}

/// A message that is there to be changed.
struct EventTarget {
    conversation: ConversationId,
    seq: Seq,
    author: UserId,
}

impl EventTarget {
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
        let is_host = event.author.id == UserId::SYSTEM;
        let is_room = db
            .prepare_cached("SELECT 1 FROM conversations WHERE id = ?1 AND kind = 'room'")?
            .exists([self.conversation])?;
        let may_delete = |rule: RoleCheck| Ok(rule(role_of(db, event.author.id)?, role_of(db, self.author)?));
        if !is_host && (!is_room || !event.others.map_or(Ok::<_, StoreError>(false), may_delete)?) {
            return Err(StoreError::NotAuthor);
        }
        AuditRow {
            actor: (!is_host).then_some(event.author.id),
            action: "delete_message",
            subject: Some(self.author),
            conversation: Some(self.conversation),
            detail: Some(self.seq.to_string()),
            ..AuditRow::default()
        }
        .write(db)
    }

    /// Leaves the place, and nothing of what was ever said there: neither here nor in the log.
    fn delete(&self, db: &Connection, revision: Seq) -> Result<(), StoreError> {
        db.prepare_cached("DELETE FROM reactions WHERE conversation = ?1 AND message = ?2")?
            .execute(params![self.conversation, self.seq])?;
        db.prepare_cached(
            "INSERT INTO states (conversation, seq, revision, body, deleted) VALUES (?1, ?2, ?3, '', 1)
                 ON CONFLICT DO UPDATE SET revision = ?3, body = '', edited_at = NULL, deleted = 1",
        )?
        .execute(params![self.conversation, self.seq, revision])?;
        self.erase(db, revision)
    }

    /// Takes what was said there before this event out of the log.
    fn erase(&self, db: &Connection, before: Seq) -> Result<(), StoreError> {
        for said in ["seq", "target"] {
            db.prepare_cached(&format!(
                "UPDATE events SET payload = json_replace(payload, '$.body', '') WHERE conversation = ?1 AND {said} = ?2
                    AND seq < ?3 AND json_extract(payload, '$.body') <> ''"
            ))?
            .execute(params![self.conversation, self.seq, before])?;
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
