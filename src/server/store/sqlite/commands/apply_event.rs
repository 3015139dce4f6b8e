//! Applying an event to the tables that hold the current state of messages: `states` and `reactions`.
//!
//! Clients derive the same state from the same events (`state::fold`); a test compares the two.

use rusqlite::{Connection, OptionalExtension as _, params};

use crate::{
    domain::{ConversationId, Emoji, EventKind, MAX_REACTIONS, Seq, UserId},
    server::store::{
        error::StoreError,
        events::{EventPosition, NewEvent},
        moderation::RoleCheck,
        sqlite::tables::{audit::AuditRow, read_marks::save_author_mark, users::role_of},
    },
};

/// Applies an event that has its position in the log.
///
/// # Errors
/// Refusals that depend on the message the event is about, such as [`StoreError::UnknownMessage`] and
/// [`StoreError::NotAuthor`].
pub(super) fn apply_event(db: &Connection, event: &NewEvent, position: EventPosition) -> Result<(), StoreError> {
    let EventPosition { conversation, seq, at } = position;
    let author = event.author.id;
    match &event.kind {
        // Authors have read everything before their own messages.
        EventKind::Message { .. } => Ok(save_author_mark(db, conversation, author, seq)?),
        EventKind::Notice(_) => Ok(()),
        // No command becomes an event of these kinds.
        EventKind::AccountDeleted | EventKind::Other => Err(StoreError::Unavailable),
        EventKind::Edit { seq: target, body } => {
            let message = EventTarget::find(db, conversation, *target)?;
            if message.author != author {
                return Err(StoreError::NotAuthor);
            }
            message.erase_text(db, seq)?;
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
                message.check_deletion_by_other(db, event)?;
            }
            message.delete(db, seq)
        }
        EventKind::Reaction { seq: target, emoji, on } => {
            let message = EventTarget::find(db, conversation, *target)?;
            if *on {
                message.add_reaction(db, emoji, author, seq)?;
            } else {
                message.remove_reaction(db, emoji, author)?;
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

/// Applies a deletion, `revision`, without checking who deletes: removes everything the message ever said.
pub(super) fn delete_message(
    db: &Connection,
    conversation: ConversationId,
    seq: Seq,
    revision: Seq,
) -> Result<(), StoreError> {
    EventTarget::find(db, conversation, seq)?.delete(db, revision)
}

/// A message that an event is about. It has not been deleted.
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

    /// Checks that the event's author may delete this message of another user, and adds that to the audit log. Moderators
    /// may in rooms, by the rule that came with the event; the operator may everywhere.
    fn check_deletion_by_other(&self, db: &Connection, event: &NewEvent) -> Result<(), StoreError> {
        let is_operator = event.author.id == UserId::SYSTEM;
        let is_room = db
            .prepare_cached("SELECT 1 FROM conversations WHERE id = ?1 AND kind = 'room'")?
            .exists([self.conversation])?;
        let allows = |role_check: RoleCheck| Ok(role_check(role_of(db, event.author.id)?, role_of(db, self.author)?));
        if !is_operator && (!is_room || !event.deletion_check.map_or(Ok::<_, StoreError>(false), allows)?) {
            return Err(StoreError::NotAuthor);
        }
        AuditRow {
            actor: (!is_operator).then_some(event.author.id),
            action: "delete_message",
            subject: Some(self.author),
            conversation: Some(self.conversation),
            detail: Some(self.seq.to_string()),
            ..AuditRow::default()
        }
        .insert(db)
    }

    /// Leaves a tombstone: the message keeps its place, and its text and reactions are removed, from the log as well.
    fn delete(&self, db: &Connection, revision: Seq) -> Result<(), StoreError> {
        db.prepare_cached("DELETE FROM reactions WHERE conversation = ?1 AND message = ?2")?
            .execute(params![self.conversation, self.seq])?;
        db.prepare_cached(
            "INSERT INTO states (conversation, seq, revision, body, deleted) VALUES (?1, ?2, ?3, '', 1)
                 ON CONFLICT DO UPDATE SET revision = ?3, body = '', edited_at = NULL, deleted = 1",
        )?
        .execute(params![self.conversation, self.seq, revision])?;
        self.erase_text(db, revision)
    }

    /// Removes the text of the message and of its edits from the events before this one.
    fn erase_text(&self, db: &Connection, before: Seq) -> Result<(), StoreError> {
        for column in ["seq", "target"] {
            db.prepare_cached(&format!(
                "UPDATE events SET payload = json_replace(payload, '$.body', '') WHERE conversation = ?1 AND {column} = ?2
                    AND seq < ?3 AND json_extract(payload, '$.body') <> ''"
            ))?
            .execute(params![self.conversation, self.seq, before])?;
        }
        Ok(())
    }

    /// Adds a user to those who reacted with this emoji. A user who is there already keeps the place in the order.
    fn add_reaction(&self, db: &Connection, emoji: &Emoji, user: UserId, seq: Seq) -> Result<(), StoreError> {
        let others: usize =
            db.prepare_cached(
                "SELECT count(DISTINCT emoji) FROM reactions WHERE conversation = ?1 AND message = ?2 AND emoji <> ?3",
            )?
            .query_row(params![self.conversation, self.seq, emoji], |row| row.get::<_, u32>(0))? as usize;
        if others >= MAX_REACTIONS {
            return Err(StoreError::TooManyReactions);
        }
        db.prepare_cached(
            "INSERT OR IGNORE INTO reactions (conversation, message, emoji, user, seq) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![self.conversation, self.seq, emoji, user, seq])?;
        Ok(())
    }

    fn remove_reaction(&self, db: &Connection, emoji: &Emoji, user: UserId) -> Result<(), StoreError> {
        db.prepare_cached(
            "DELETE FROM reactions WHERE conversation = ?1 AND message = ?2 AND emoji = ?3 AND user = ?4",
        )?
        .execute(params![self.conversation, self.seq, emoji, user])?;
        Ok(())
    }
}
