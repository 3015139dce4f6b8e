//! The table `events`: the log of each conversation.

use rusqlite::{Connection, OptionalExtension as _, params};
use serde::Serialize;

use crate::{
    domain::{Body, CommandId, ConversationId, Event, EventKind, Seq, Timestamp, UserId},
    server::store::{
        error::StoreError,
        events::{EventPosition, NewEvent},
    },
};

/// A message that has its position in the log and is not in the table yet.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct PendingMessage {
    pub(crate) position: EventPosition,
    pub(crate) author: UserId,
    /// The id of the command that sent it.
    pub(crate) id: CommandId,
    pub(crate) body: Body,
}

impl PendingMessage {
    /// Inserts the message. Returns `false`, and does nothing, if the log has an event of this author and command id.
    pub(crate) fn insert(&self, db: &Connection) -> Result<bool, StoreError> {
        let kind = EventKind::Message { body: self.body.clone() };
        insert(db, self.position, self.author, self.id, &kind)
    }
}

impl NewEvent {
    /// This event at a position of the log.
    pub(crate) fn at_position(&self, EventPosition { conversation, seq, at }: EventPosition) -> Event {
        Event { conversation, seq, at, author: self.author.clone(), id: self.id, kind: self.kind.clone() }
    }
}

/// Appends an event to its conversation's log. Permissions must have been checked; the tables that depend on the event are
/// left alone.
///
/// # Errors
/// [`StoreError::Unavailable`] if the command is in the log already: callers look for it first, with [`find_command`].
pub(crate) fn append_to_log(db: &Connection, event: &NewEvent) -> Result<Event, StoreError> {
    let position = next_position(db, event.conversation)?;
    if insert(db, position, event.author.id, event.id, &event.kind)? {
        Ok(event.at_position(position))
    } else {
        Err(StoreError::Unavailable)
    }
}

/// The position of the event that a command led to when it was sent before.
pub(crate) fn find_command(
    db: &Connection,
    author: UserId,
    id: CommandId,
) -> Result<Option<EventPosition>, StoreError> {
    let mut select =
        db.prepare_cached("SELECT conversation, seq, at FROM events WHERE command_id = ?2 AND author = ?1")?;
    let found = select
        .query_row(params![author, id], |row| {
            Ok(EventPosition { conversation: row.get(0)?, seq: row.get(1)?, at: row.get(2)? })
        })
        .optional()?;
    Ok(found)
}

/// The `seq` and the time of a conversation's newest event; zero if there is none.
pub(crate) fn newest_event(db: &Connection, conversation: ConversationId) -> Result<(Seq, Timestamp), StoreError> {
    let newest = db
        .prepare_cached("SELECT seq, at FROM events WHERE conversation = ?1 ORDER BY seq DESC LIMIT 1")?
        .query_row([conversation], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    Ok(newest.unwrap_or_default())
}

/// The position of the next event. Times never go back within a conversation, even when the clock does.
fn next_position(db: &Connection, conversation: ConversationId) -> Result<EventPosition, StoreError> {
    let (last_seq, last_at) = newest_event(db, conversation)?;
    Ok(EventPosition { conversation, seq: last_seq.next(), at: Timestamp::now().max(last_at) })
}

/// Inserts an event. Returns `false`, and does nothing, if the log has an event of this author and command id.
fn insert(
    db: &Connection,
    EventPosition { conversation, seq, at }: EventPosition,
    author: UserId,
    id: CommandId,
    kind: &EventKind,
) -> Result<bool, StoreError> {
    // The view `messages` takes every event without a target for a message. The end of an account is none and changes none
    // in particular, so it targets 0, the seq of no event.
    let target = if *kind == EventKind::AccountDeleted { Some(Seq::ZERO) } else { kind.target() };
    let inserted = db
        .prepare_cached(
            "INSERT INTO events (conversation, seq, at, author, command_id, payload, target)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (command_id, author) DO NOTHING",
        )?
        .execute(params![conversation, seq, at, author, id, to_json(kind)?, target])?;
    Ok(inserted > 0)
}

/// Writes a value for a column that holds JSON.
pub(crate) fn to_json(value: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| {
        tracing::error!(%error, "a value of the database could not be written as JSON");
        StoreError::Unavailable
    })
}
