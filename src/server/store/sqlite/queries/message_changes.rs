//! What became of messages: pins, earlier texts, changes.

use rusqlite::{Connection, OptionalExtension as _, Params, params};

use crate::{
    domain::{ChangesPage, ConversationId, Event, MessageHistory, PinnedMessages, Seq, UserId},
    server::{
        rules::Refusal,
        store::{
            error::StoreError,
            history::HistoryWindow,
            message_changes::{MAX_VERSIONS, version_of},
            sqlite::queries::{
                history::{EVENT_COLUMNS, event_from, messages, name_event_users, newest_event},
                rows::{CONVERSATION_1, all_rows, fitting_rows},
            },
        },
    },
};

/// What [`EVENT_COLUMNS`] needs besides the events.
const JOINED: &str = "JOIN conversations c ON c.number = e.conversation JOIN users u ON u.number = e.author";

/// The pinned messages of a conversation, the newest pin first.
pub(crate) fn pinned_messages(
    db: &Connection,
    reader: UserId,
    conversation: ConversationId,
) -> Result<PinnedMessages, StoreError> {
    let as_of = newest_event(db, reader, conversation)?;
    let select = format!("SELECT message FROM pins WHERE conversation = {CONVERSATION_1} ORDER BY seq DESC");
    let pins: Vec<Seq> = all_rows(db, &select, [conversation], |row| row.get(0))?;
    let mut pinned = Vec::with_capacity(pins.len());
    for seq in pins {
        let window = HistoryWindow::Before(seq.next());
        pinned.extend(messages(db, reader, conversation, window, 1, usize::MAX)?.messages);
    }
    Ok(PinnedMessages { messages: pinned, as_of })
}

/// The newest texts of a message, the oldest first.
pub(crate) fn message_history(
    db: &Connection,
    reader: UserId,
    conversation: ConversationId,
    seq: Seq,
) -> Result<MessageHistory, StoreError> {
    newest_event(db, reader, conversation)?;
    let select = format!(
        "SELECT NOT deleted AND notice IS NULL FROM messages WHERE conversation = {CONVERSATION_1} AND seq = ?2"
    );
    let is_readable: Option<bool> =
        db.prepare_cached(&select)?.query_row(params![conversation, seq], |row| row.get(0)).optional()?;
    if is_readable != Some(true) {
        return Err(Refusal::UnknownMessage.into());
    }
    let select = format!(
        "SELECT {EVENT_COLUMNS} FROM (
              SELECT * FROM events WHERE conversation = {CONVERSATION_1} AND seq = ?2
              UNION ALL SELECT * FROM events
               WHERE conversation = {CONVERSATION_1} AND target = ?2 AND payload ->> '$.kind' = 'edit') e
           {JOINED} ORDER BY e.seq DESC LIMIT ?3"
    );
    let (events, _) = read_events(db, &select, params![conversation, seq, MAX_VERSIONS], (MAX_VERSIONS, usize::MAX))?;
    Ok(MessageHistory { versions: events.into_iter().rev().filter_map(version_of).collect() })
}

/// The events after `after` that change a message up to `after`, ascending: at most `limit`, and at most about `bytes` bytes, but
/// at least one.
pub(crate) fn changes(
    db: &Connection,
    reader: UserId,
    conversation: ConversationId,
    after: Seq,
    limit: u32,
    bytes: usize,
) -> Result<ChangesPage, StoreError> {
    let as_of = newest_event(db, reader, conversation)?;
    let select = format!(
        "SELECT {EVENT_COLUMNS} FROM events e INDEXED BY changes_by_seq {JOINED}
          WHERE e.conversation = {CONVERSATION_1} AND e.seq > ?2 AND e.target BETWEEN 1 AND ?2 ORDER BY e.seq LIMIT ?3"
    );
    // One row more than asked for tells whether there is more.
    let params = params![conversation, after, limit.saturating_add(1)];
    let (events, more) = read_events(db, &select, params, (limit, bytes))?;
    Ok(ChangesPage { events, as_of, more })
}

/// Reads events while they fit. Returns whether there are more.
fn read_events(
    db: &Connection,
    select: &str,
    params: impl Params,
    fitting: (u32, usize),
) -> Result<(Vec<Event>, bool), StoreError> {
    let (mut events, more) = fitting_rows(db, select, params, fitting, |row| event_from(row, 0))?;
    for event in &mut events {
        name_event_users(db, event)?;
    }
    Ok((events, more))
}
