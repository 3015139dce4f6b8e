//! Messages and events of conversations.

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use crate::{
    domain::{
        Body, ConversationId, Emoji, Event, EventKind, Message, MessagesPage, ModerationNotice, Reaction, Seq,
        Timestamp, User, UserId,
    },
    server::store::{
        error::StoreError,
        events::{Lookup, Placed, Window},
        sqlite::{
            queries::{
                accounts::user_of,
                rows::{json, user},
            },
            tables::clock_offsets::expiry_cutoff,
        },
    },
};

/// About what an event has beside its text, in what is sent.
const EVENT_BYTES: usize = 40;

/// Some bytes for who put an emoji to a message, in what is sent: an id, a name, and words around them.
const REACTION_BYTES: usize = 100;

pub(crate) fn messages(
    db: &Connection,
    reader: UserId,
    conversation: ConversationId,
    window: Window,
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
        Window::Newest => ("<=", "DESC", as_of),
        Window::Before(seq) => ("<", "DESC", seq),
        Window::After(seq) => (">", "ASC", seq),
    };
    let mut select = db.prepare_cached(&format!(
        "SELECT m.seq, m.id, m.at, m.body, m.revision, m.edited_at, m.deleted, m.notice,
                u.id, u.nickname, u.password IS NOT NULL, u.role,
                (SELECT count(*) FROM reactions r WHERE r.conversation = ?1 AND r.message = m.seq)
           FROM messages m JOIN users u ON u.id = m.author
          WHERE m.conversation = ?1 AND m.seq {condition} ?2
          ORDER BY m.seq {order} LIMIT ?3"
    ))?;
    // One more than asked for tells whether there is more.
    let mut rows = select.query(params![conversation, bound, limit.saturating_add(1)])?;
    let (mut messages, mut more) = (Vec::new(), false);
    while let Some(row) = rows.next()? {
        let message = message(row)?;
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
        unname(db, &mut notice.user)?;
    }
    Ok(MessagesPage { messages, as_of, more })
}

/// The newest first.
pub(crate) fn look_up(db: &Connection, lookup: Lookup, limit: u32) -> Result<Vec<Placed>, StoreError> {
    let (condition, order, id) = match lookup {
        Lookup::In(conversation) => ("m.conversation = ?1", "m.seq", *conversation.as_uuid()),
        Lookup::Of(user) => (
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
    let placed = select
        .query_map(params![id.as_bytes().as_slice(), limit], |row| {
            Ok(Placed { conversation: row.get(12)?, message: message(row)? })
        })?
        .collect::<Result<_, _>>()?;
    Ok(placed)
}

/// At most `limit` conversations with events from before a time that retention has not looked at.
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

fn message(row: &Row<'_>) -> rusqlite::Result<Message> {
    Ok(Message {
        seq: row.get(0)?,
        id: row.get(1)?,
        at: row.get(2)?,
        author: user(row, 8)?,
        body: row.get(3)?,
        revision: row.get(4)?,
        edited_at: row.get(5)?,
        deleted: row.get(6)?,
        reactions: Vec::new(),
        notice: notice(json(row, 7)?),
    })
}

fn notice(kind: Option<EventKind>) -> Option<ModerationNotice> {
    if let Some(EventKind::Notice(notice)) = kind { Some(notice) } else { None }
}

/// A notice holds the name as it was, until that is taken out: whoever has deleted their account is not named any more.
fn unname(db: &Connection, user: &mut User) -> Result<(), StoreError> {
    if let Some(former) = user_of(db, user.id)?.filter(|user| user.nickname.is_former()) {
        *user = former;
    }
    Ok(())
}

/// Puts to each message of an ascending stretch what its readers put to it.
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
        let (seq, emoji, user): (Seq, Emoji, User) = (row.get(0)?, row.get(1)?, user(row, 2)?);
        let Ok(place) = messages.binary_search_by_key(&seq, |message| message.seq) else { continue };
        match messages[place].reactions.last_mut() {
            Some(reaction) if reaction.emoji == emoji => reaction.users.push(user),
            _ => messages[place].reactions.push(Reaction { emoji, users: vec![user] }),
        }
    }
    Ok(())
}

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
        let kind = change(row, 3, 8)?;
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
            author: user(row, 4)?,
            id: row.get(2)?,
            kind,
        });
    }
    for event in &mut events {
        if let EventKind::Notice(notice) = &mut event.kind {
            unname(db, &mut notice.user)?;
        }
    }
    Ok(events)
}

/// What happened, from the columns of an event and of what its message says now. Who missed a message, or edits of it, is
/// told what it says now: not what was changed since, nor what was deleted.
fn change(row: &Row<'_>, event: usize, present: usize) -> rusqlite::Result<EventKind> {
    // Never NULL.
    let mut kind = json(row, event)?.unwrap_or(EventKind::Other);
    if let EventKind::Message { body } | EventKind::Edit { body, .. } = &mut kind {
        let present: Option<Body> = row.get(present)?;
        *body = present.unwrap_or_else(|| Body::from_stored(body.as_str().to_owned()));
    }
    Ok(kind)
}
