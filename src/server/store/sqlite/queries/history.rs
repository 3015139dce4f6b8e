//! Messages and events of conversations.

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use crate::{
    domain::{
        Body, ConversationId, Emoji, Event, EventKind, Message, MessagesPage, ModerationNotice, Reaction, Seq,
        Timestamp, User, UserId,
    },
    server::store::{
        error::StoreError,
        events::{FoundMessage, HistoryWindow, MessageLookup},
        sqlite::{
            queries::{
                accounts::user_of,
                rows::{json_from, user_from},
            },
            tables::clock_offsets::expiry_cutoff,
        },
    },
};

/// Roughly how many bytes an event takes on the wire, besides its text.
const EVENT_BYTES: usize = 40;

/// Roughly how many bytes a reaction of one user takes on the wire: an id, a nickname and the JSON around them.
const REACTION_BYTES: usize = 100;

/// A page of messages in ascending order: at most `limit`, and at most about `bytes` bytes, but at least one.
///
/// # Errors
///
/// [`StoreError::NotMember`] if the conversation is not in the reader's list.
pub(crate) fn messages(
    db: &Connection,
    reader: UserId,
    conversation: ConversationId,
    window: HistoryWindow,
    limit: u32,
    mut bytes: usize,
) -> Result<MessagesPage, StoreError> {
    let as_of: Seq = db
        .prepare_cached(
            "SELECT (SELECT coalesce(max(seq), 0) FROM events WHERE conversation = ?1)
               FROM members WHERE conversation = ?1 AND user = ?2 AND listed IS NOT NULL",
        )?
        .query_row(params![conversation, reader], |row| row.get(0))
        .optional()?
        .ok_or(StoreError::NotMember)?;
    let (condition, order, bound) = match window {
        HistoryWindow::Newest => ("<=", "DESC", as_of),
        HistoryWindow::Before(seq) => ("<", "DESC", seq),
        HistoryWindow::After(seq) => (">", "ASC", seq),
    };
    let mut select = db.prepare_cached(&format!(
        "SELECT m.seq, m.id, m.at, m.body, m.revision, m.edited_at, m.deleted, m.notice,
                u.id, u.nickname, u.password IS NOT NULL, u.role,
                (SELECT count(*) FROM reactions r WHERE r.conversation = ?1 AND r.message = m.seq)
           FROM messages m JOIN users u ON u.id = m.author
          WHERE m.conversation = ?1 AND m.seq {condition} ?2
          ORDER BY m.seq {order} LIMIT ?3"
    ))?;
    // One row more than asked for tells whether there is more.
    let mut rows = select.query(params![conversation, bound, limit.saturating_add(1)])?;
    let (mut messages, mut more) = (Vec::new(), false);
    while let Some(row) = rows.next()? {
        let message = message_from(row)?;
        let size = message.body.as_str().len() + row.get::<_, u32>(12)? as usize * REACTION_BYTES;
        more = messages.len() == limit as usize || (size > bytes && !messages.is_empty());
        if more {
            break;
        }
        bytes = bytes.saturating_sub(size);
        messages.push(message);
    }
    if order == "DESC" {
        messages.reverse();
    }
    add_reactions(db, conversation, &mut messages)?;
    for notice in messages.iter_mut().filter_map(|message| message.notice.as_mut()) {
        anonymize_if_deleted(db, &mut notice.user)?;
    }
    Ok(MessagesPage { messages, as_of, more })
}

/// Messages that the operator looks up, the newest first.
pub(crate) fn find_messages(
    db: &Connection,
    lookup: MessageLookup,
    limit: u32,
) -> Result<Vec<FoundMessage>, StoreError> {
    let (condition, order, id) = match lookup {
        MessageLookup::InConversation(conversation) => ("m.conversation = ?1", "m.seq", *conversation.as_uuid()),
        MessageLookup::ByAuthor(user) => (
            "m.author = ?1 AND m.conversation IN (SELECT conversation FROM members WHERE user = ?1)",
            "m.at",
            *user.as_uuid(),
        ),
    };
    let mut select = db.prepare_cached(&format!(
        "SELECT m.seq, m.id, m.at, m.body, m.revision, m.edited_at, m.deleted, m.notice,
                u.id, u.nickname, u.password IS NOT NULL, u.role, m.conversation
           FROM messages m JOIN users u ON u.id = m.author
          WHERE {condition} ORDER BY {order} DESC LIMIT ?2"
    ))?;
    let found = select
        .query_map(params![id.as_bytes().as_slice(), limit], |row| {
            Ok(FoundMessage { conversation: row.get(12)?, message: message_from(row)? })
        })?
        .collect::<Result<_, _>>()?;
    Ok(found)
}

/// At most `limit` conversations with events from before `before` that retention has not processed yet.
pub(crate) fn due_for_retention(
    db: &Connection,
    before: Timestamp,
    limit: u32,
) -> Result<Vec<ConversationId>, StoreError> {
    let mut select = db.prepare_cached(
        "SELECT id FROM conversations c
          WHERE EXISTS (SELECT 1 FROM events WHERE conversation = c.id AND seq = c.retained + 1 AND at < ?1) LIMIT ?2",
    )?;
    let due =
        select.query_map(params![expiry_cutoff(db, before)?, limit], |row| row.get(0))?.collect::<Result<_, _>>()?;
    Ok(due)
}

/// Reads the first twelve columns of a query of messages.
fn message_from(row: &Row<'_>) -> rusqlite::Result<Message> {
    Ok(Message {
        seq: row.get(0)?,
        id: row.get(1)?,
        at: row.get(2)?,
        author: user_from(row, 8)?,
        body: row.get(3)?,
        revision: row.get(4)?,
        edited_at: row.get(5)?,
        deleted: row.get(6)?,
        reactions: Vec::new(),
        notice: notice_of(json_from(row, 7)?),
    })
}

fn notice_of(kind: Option<EventKind>) -> Option<ModerationNotice> {
    if let Some(EventKind::Notice(notice)) = kind { Some(notice) } else { None }
}

/// Hides the nickname of a user who has deleted the account. A notice keeps the nickname as it was at the time.
fn anonymize_if_deleted(db: &Connection, user: &mut User) -> Result<(), StoreError> {
    if let Some(former) = user_of(db, user.id)?.filter(|user| user.nickname.is_former()) {
        *user = former;
    }
    Ok(())
}

/// Adds the reactions to messages that are in ascending order.
fn add_reactions(db: &Connection, conversation: ConversationId, messages: &mut [Message]) -> Result<(), StoreError> {
    let (Some(first), Some(last)) = (messages.first(), messages.last()) else { return Ok(()) };
    let mut select = db.prepare_cached(
        "SELECT r.message, r.emoji, u.id, u.nickname, u.password IS NOT NULL, u.role
           FROM reactions r JOIN users u ON u.id = r.user
          WHERE r.conversation = ?1 AND r.message BETWEEN ?2 AND ?3
          ORDER BY r.message, r.emoji, r.seq",
    )?;
    let mut rows = select.query(params![conversation, first.seq, last.seq])?;
    while let Some(row) = rows.next()? {
        let (seq, emoji, user): (Seq, Emoji, User) = (row.get(0)?, row.get(1)?, user_from(row, 2)?);
        let Ok(index) = messages.binary_search_by_key(&seq, |message| message.seq) else { continue };
        match messages[index].reactions.last_mut() {
            Some(reaction) if reaction.emoji == emoji => reaction.users.push(user),
            _ => messages[index].reactions.push(Reaction { emoji, users: vec![user] }),
        }
    }
    Ok(())
}

/// Events after `after` up to `up_to`, ascending: at most `limit`, and at most about `bytes` bytes, but at least one.
pub(crate) fn events(
    db: &Connection,
    conversation: ConversationId,
    after: Seq,
    up_to: Seq,
    limit: u32,
    mut bytes: usize,
) -> Result<Vec<Event>, StoreError> {
    let mut select = db.prepare_cached(
        "SELECT e.seq, e.at, e.command_id, e.payload, u.id, u.nickname, u.password IS NOT NULL, u.role, s.body
           FROM events e JOIN users u ON u.id = e.author
           LEFT JOIN states s ON s.conversation = e.conversation AND s.seq = coalesce(e.target, e.seq)
          WHERE e.conversation = ?1 AND e.seq > ?2 AND e.seq <= ?3 ORDER BY e.seq LIMIT ?4",
    )?;
    let mut rows = select.query(params![conversation, after, up_to, limit])?;
    let mut events = Vec::new();
    while let Some(row) = rows.next()? {
        let kind = kind_from(row, 3, 8)?;
        let text =
            if let EventKind::Message { body } | EventKind::Edit { body, .. } = &kind { body.as_str() } else { "" };
        let size = text.len() + EVENT_BYTES;
        if size > bytes && !events.is_empty() {
            break;
        }
        bytes = bytes.saturating_sub(size);
        events.push(Event {
            conversation,
            seq: row.get(0)?,
            at: row.get(1)?,
            author: user_from(row, 4)?,
            id: row.get(2)?,
            kind,
        });
    }
    for event in &mut events {
        if let EventKind::Notice(notice) = &mut event.kind {
            anonymize_if_deleted(db, &mut notice.user)?;
        }
    }
    Ok(events)
}

/// Reads an event kind from the column of the event and the column of the current text of its message. A replayed message
/// or edit carries the current text: never a text that was edited away or deleted.
fn kind_from(row: &Row<'_>, event: usize, current_text: usize) -> rusqlite::Result<EventKind> {
    // The column is never null.
    let mut kind = json_from(row, event)?.unwrap_or(EventKind::Other);
    if let EventKind::Message { body } | EventKind::Edit { body, .. } = &mut kind {
        let current: Option<Body> = row.get(current_text)?;
        *body = current.unwrap_or_else(|| Body::from_stored(body.as_str().to_owned()));
    }
    Ok(kind)
}
