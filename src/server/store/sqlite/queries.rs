//! What is read, each from one snapshot.

use rusqlite::{Connection, OptionalExtension as _, Row, params, types::Type};

use crate::{
    domain::{
        Conversation, ConversationId, ConversationKind, Emoji, Me, Message, Reaction, Seq, User, UserId, UserKind,
    },
    protocol::{Event, MessagesPage},
};

use super::super::{SessionKey, StoreError, Window};

/// Unread messages are counted up to this many; a badge shows no more anyway.
const MOST_UNREAD: u32 = 1_000;

pub(super) fn session(db: &Connection, session: SessionKey) -> Result<Option<Me>, StoreError> {
    let me = db
        .prepare_cached("SELECT id, nickname FROM users JOIN sessions ON user = id WHERE token_hash = ?1")?
        .query_row([session], |row| Ok(Me { id: row.get(0)?, nickname: row.get(1)?, kind: UserKind::Guest }))
        .optional()?;
    Ok(me)
}

pub(super) fn memberships(db: &Connection, user: UserId) -> Result<Vec<ConversationId>, StoreError> {
    let mut select = db.prepare_cached("SELECT conversation FROM members WHERE user = ?1")?;
    let ids = select.query_map([user], |row| row.get(0))?.collect::<Result<_, _>>()?;
    Ok(ids)
}

/// What a user sees of a conversation; a direct's other user is named even after giving the name back.
const CONVERSATION: &str = "
    SELECT c.id, c.name, c.last_seq, m.read_seq,
           (SELECT count(*) FROM (SELECT 1 FROM messages
             WHERE conversation = c.id AND seq > m.read_seq AND author <> m.user AND NOT deleted LIMIT ?2)),
           CASE c.kind WHEN 'room' THEN (SELECT count(*) FROM members WHERE conversation = c.id) ELSE 2 END,
           other.id, other.nickname
      FROM members m
      JOIN conversations c ON c.id = m.conversation
      LEFT JOIN users other ON other.id = CASE c.direct_low WHEN m.user THEN c.direct_high ELSE c.direct_low END
     WHERE m.user = ?1";

fn conversation(row: &Row<'_>) -> rusqlite::Result<Conversation> {
    let name: Option<String> = row.get(1)?;
    let kind = match name {
        Some(name) => ConversationKind::Room { name, member_count: row.get::<_, u32>(5)?.into() },
        None => ConversationKind::Direct { with: User { id: row.get(6)?, nickname: row.get(7)? } },
    };
    Ok(Conversation {
        id: row.get(0)?,
        kind,
        last_seq: row.get(2)?,
        read_seq: row.get(3)?,
        unread: row.get(4)?,
        mentions: 0,
    })
}

/// Rooms first, then directs by their latest message.
pub(super) fn conversations(db: &Connection, user: UserId) -> Result<Option<Vec<Conversation>>, StoreError> {
    if !db.prepare_cached("SELECT 1 FROM users WHERE id = ?1 AND nickname_key IS NOT NULL")?.exists([user])? {
        return Ok(None);
    }
    let mut select = db.prepare_cached(&format!("{CONVERSATION} ORDER BY c.kind DESC, c.last_at DESC, c.id"))?;
    let conversations = select.query_map(params![user, MOST_UNREAD], conversation)?.collect::<Result<_, _>>()?;
    Ok(Some(conversations))
}

pub(super) fn conversation_of(db: &Connection, user: UserId, id: ConversationId) -> Result<Conversation, StoreError> {
    db.prepare_cached(&format!("{CONVERSATION} AND c.id = ?3"))?
        .query_row(params![user, MOST_UNREAD, id], conversation)
        .optional()?
        .ok_or(StoreError::NotMember)
}

pub(super) fn messages(
    db: &Connection,
    reader: UserId,
    conversation: ConversationId,
    window: Window,
    limit: u32,
) -> Result<MessagesPage, StoreError> {
    let as_of: Seq = db
        .prepare_cached(
            "SELECT last_seq FROM conversations JOIN members ON conversation = id WHERE id = ?1 AND user = ?2",
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
        "SELECT m.seq, m.id, m.at, m.author, u.nickname, m.body, m.revision, m.edited_at, m.deleted
           FROM messages m JOIN users u ON u.id = m.author
          WHERE m.conversation = ?1 AND m.seq {condition} ?2
          ORDER BY m.seq {order} LIMIT ?3"
    ))?;
    // One more than asked for tells whether there is more.
    let mut messages = select
        .query_map(params![conversation, bound, limit.saturating_add(1)], message)?
        .collect::<Result<Vec<_>, _>>()?;
    let limit = limit as usize;
    let more = messages.len() > limit;
    messages.truncate(limit);
    if order == "DESC" {
        messages.reverse();
    }
    add_reactions(db, conversation, &mut messages)?;
    Ok(MessagesPage { messages, as_of, more })
}

fn message(row: &Row<'_>) -> rusqlite::Result<Message> {
    Ok(Message {
        seq: row.get(0)?,
        id: row.get(1)?,
        at: row.get(2)?,
        author: User { id: row.get(3)?, nickname: row.get(4)? },
        body: row.get(5)?,
        revision: row.get(6)?,
        edited_at: row.get(7)?,
        deleted: row.get(8)?,
        reactions: Vec::new(),
    })
}

/// Puts to each message of an ascending stretch what its readers put to it.
fn add_reactions(db: &Connection, conversation: ConversationId, messages: &mut [Message]) -> Result<(), StoreError> {
    let (Some(first), Some(last)) = (messages.first(), messages.last()) else { return Ok(()) };
    let mut select = db.prepare_cached(
        "SELECT r.message, r.emoji, r.user, u.nickname FROM reactions r JOIN users u ON u.id = r.user
          WHERE r.conversation = ?1 AND r.message BETWEEN ?2 AND ?3
          ORDER BY r.message, r.emoji, r.seq",
    )?;
    let mut rows = select.query(params![conversation, first.seq, last.seq])?;
    while let Some(row) = rows.next()? {
        let (seq, emoji, user): (Seq, Emoji, User) =
            (row.get(0)?, row.get(1)?, User { id: row.get(2)?, nickname: row.get(3)? });
        let Ok(place) = messages.binary_search_by_key(&seq, |message| message.seq) else { continue };
        match messages[place].reactions.last_mut() {
            Some(reaction) if reaction.emoji == emoji => reaction.users.push(user),
            _ => messages[place].reactions.push(Reaction { emoji, users: vec![user] }),
        }
    }
    Ok(())
}

pub(super) fn events(
    db: &Connection,
    conversation: ConversationId,
    after: Seq,
    up_to: Seq,
    limit: u32,
) -> Result<Vec<Event>, StoreError> {
    let mut select = db.prepare_cached(
        "SELECT e.seq, e.at, e.author, u.nickname, e.command_id, e.payload
           FROM events e JOIN users u ON u.id = e.author
          WHERE e.conversation = ?1 AND e.seq > ?2 AND e.seq <= ?3 ORDER BY e.seq LIMIT ?4",
    )?;
    let events = select
        .query_map(params![conversation, after, up_to, limit], |row| {
            let payload: String = row.get(5)?;
            let change = serde_json::from_str(&payload)
                .map_err(|error| rusqlite::Error::FromSqlConversionFailure(5, Type::Text, Box::new(error)))?;
            Ok(Event {
                conversation,
                seq: row.get(0)?,
                at: row.get(1)?,
                author: User { id: row.get(2)?, nickname: row.get(3)? },
                id: row.get(4)?,
                change,
            })
        })?
        .collect::<Result<_, _>>()?;
    Ok(events)
}
