//! What is read, each from one snapshot.

use rusqlite::{Connection, OptionalExtension as _, Row, params, types::Type};

use crate::{
    domain::{
        Conversation, ConversationId, ConversationKind, Emoji, Me, Message, NicknameKey, Reaction, Seq, User, UserId,
        UserKind,
    },
    protocol::{Event, MessagesPage, SessionInfo},
};

use super::super::{Account, PasswordHash, Session, SessionKey, StoreError, Window};

/// Unread messages are counted up to this many; a badge shows no more anyway.
const MOST_UNREAD: u32 = 1_000;

pub(super) fn session(db: &Connection, session: SessionKey) -> Result<Option<Session>, StoreError> {
    let session = db
        .prepare_cached(
            "SELECT u.id, u.nickname, u.password IS NOT NULL, s.id, s.seen_at
               FROM users u JOIN sessions s ON s.user = u.id WHERE s.token_hash = ?1",
        )?
        .query_row([session], |row| Ok(Session { me: me(row)?, id: row.get(3)?, seen_at: row.get(4)? }))
        .optional()?;
    Ok(session)
}

/// From id, nickname, and whether there is a password.
fn me(row: &Row<'_>) -> rusqlite::Result<Me> {
    let kind = if row.get(2)? { UserKind::Registered } else { UserKind::Guest };
    Ok(Me { id: row.get(0)?, nickname: row.get(1)?, kind })
}

pub(super) fn sessions(db: &Connection, user: UserId) -> Result<Vec<SessionInfo>, StoreError> {
    let mut select = db.prepare_cached(
        "SELECT id, created_at, seen_at, agent FROM sessions WHERE user = ?1 ORDER BY seen_at DESC, id",
    )?;
    let sessions = select.query_map([user], |row| {
        let (id, created_at, seen_at, agent) = (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
        Ok(SessionInfo { id, created_at, seen_at, agent, current: false })
    })?;
    Ok(sessions.collect::<Result<_, _>>()?)
}

pub(super) fn account(db: &Connection, nickname: &NicknameKey) -> Result<Option<Account>, StoreError> {
    let account = db
        .prepare_cached("SELECT id, nickname, password IS NOT NULL, password FROM users WHERE nickname_key = ?1")?
        .query_row([nickname], |row| {
            let password: Option<String> = row.get(3)?;
            Ok(Account { me: me(row)?, password: password.map(PasswordHash) })
        })
        .optional()?;
    Ok(account)
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
           other.id, other.nickname, other.password IS NOT NULL
      FROM members m
      JOIN conversations c ON c.id = m.conversation
      LEFT JOIN users other ON other.id = CASE c.direct_low WHEN m.user THEN c.direct_high ELSE c.direct_low END
     WHERE m.user = ?1";

/// From id, nickname, and whether there is a password, from column `first` on.
fn user(row: &Row<'_>, first: usize) -> rusqlite::Result<User> {
    Ok(User { id: row.get(first)?, nickname: row.get(first + 1)?, registered: row.get(first + 2)? })
}

fn conversation(row: &Row<'_>) -> rusqlite::Result<Conversation> {
    let name: Option<String> = row.get(1)?;
    let kind = match name {
        Some(name) => ConversationKind::Room { name, member_count: row.get::<_, u32>(5)?.into() },
        None => ConversationKind::Direct { with: user(row, 6)? },
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
        "SELECT m.seq, m.id, m.at, m.body, m.revision, m.edited_at, m.deleted, u.id, u.nickname, u.password IS NOT NULL
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
        author: user(row, 7)?,
        body: row.get(3)?,
        revision: row.get(4)?,
        edited_at: row.get(5)?,
        deleted: row.get(6)?,
        reactions: Vec::new(),
    })
}

/// Puts to each message of an ascending stretch what its readers put to it.
fn add_reactions(db: &Connection, conversation: ConversationId, messages: &mut [Message]) -> Result<(), StoreError> {
    let (Some(first), Some(last)) = (messages.first(), messages.last()) else { return Ok(()) };
    let mut select = db.prepare_cached(
        "SELECT r.message, r.emoji, u.id, u.nickname, u.password IS NOT NULL FROM reactions r JOIN users u ON u.id = r.user
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

pub(super) fn events(
    db: &Connection,
    conversation: ConversationId,
    after: Seq,
    up_to: Seq,
    limit: u32,
) -> Result<Vec<Event>, StoreError> {
    let mut select = db.prepare_cached(
        "SELECT e.seq, e.at, e.command_id, e.payload, u.id, u.nickname, u.password IS NOT NULL
           FROM events e JOIN users u ON u.id = e.author
          WHERE e.conversation = ?1 AND e.seq > ?2 AND e.seq <= ?3 ORDER BY e.seq LIMIT ?4",
    )?;
    let events = select
        .query_map(params![conversation, after, up_to, limit], |row| {
            let payload: String = row.get(3)?;
            let change = serde_json::from_str(&payload)
                .map_err(|error| rusqlite::Error::FromSqlConversionFailure(3, Type::Text, Box::new(error)))?;
            Ok(Event {
                conversation,
                seq: row.get(0)?,
                at: row.get(1)?,
                author: user(row, 4)?,
                id: row.get(2)?,
                change,
            })
        })?
        .collect::<Result<_, _>>()?;
    Ok(events)
}
