//! A user's list of conversations, and the users whom a user has blocked.

use std::cmp::Reverse;

use rusqlite::{Connection, OptionalExtension as _, Row, params};
use uuid::Uuid;

use crate::{
    domain::{Companion, Conversation, ConversationId, ConversationKind, ConversationList, SessionId, User, UserId},
    server::store::{
        conversations::{Beginning, ListPlace},
        error::StoreError,
        sqlite::queries::rows::user,
    },
};

/// Unread messages are counted up to this many; a badge shows no more anyway.
const MOST_UNREAD: u32 = 1_000;

pub(crate) fn memberships(db: &Connection, user: UserId) -> Result<Vec<ConversationId>, StoreError> {
    let mut select = db.prepare_cached(
        "SELECT conversation FROM members WHERE user = ?1 AND listed IS NOT NULL ORDER BY conversation",
    )?;
    let ids = select.query_map([user], |row| row.get(0))?.collect::<Result<_, _>>()?;
    Ok(ids)
}

/// What a user sees of a conversation; a direct's other user is named even after giving the name back.
const CONVERSATION: &str = "
    SELECT c.id, c.name, (SELECT coalesce(max(seq), 0) FROM events WHERE conversation = c.id), m.read_seq,
           (SELECT count(*) FROM (SELECT 1 FROM messages
             WHERE conversation = c.id AND seq > m.read_seq AND author <> ?1 AND NOT deleted AND notice IS NULL
               AND author NOT IN (SELECT blocked FROM blocks WHERE user = ?1) LIMIT ?2)),
           CASE c.kind WHEN 'room' THEN (SELECT count(*) FROM members WHERE conversation = c.id) ELSE 2 END,
           other.id, other.nickname, other.password IS NOT NULL, other.role, other.nickname_key IS NULL,
           -- Where none of the last events is a message, the last event stands for it: others decide how many there are.
           coalesce((SELECT at FROM events WHERE conversation = c.id AND target IS NULL
                        AND seq > (SELECT max(seq) FROM events WHERE conversation = c.id) - 100
                      ORDER BY seq DESC LIMIT 1),
                    (SELECT at FROM events WHERE conversation = c.id ORDER BY seq DESC LIMIT 1), 0)
      FROM members m
      JOIN conversations c ON c.id = m.conversation
      LEFT JOIN users other ON other.id = CASE c.direct_low WHEN m.user THEN c.direct_high ELSE c.direct_low END
     WHERE m.user = ?1 AND m.conversation = ?3 AND m.listed IS NOT NULL";

/// Where rooms stand in a list: above all directs.
const ROOM: i64 = i64::MAX;

/// Where members stand in their lists, as far as they are asked for. What it costs does not depend on what comes after.
const LISTED: &str =
    "SELECT conversation, listed FROM members INDEXED BY members_in_list WHERE user = ?1 AND listed IS NOT NULL";

fn conversation(row: &Row<'_>) -> rusqlite::Result<Conversation> {
    let name: Option<String> = row.get(1)?;
    let kind = match name {
        Some(name) => ConversationKind::Room { name, member_count: row.get::<_, u32>(5)?.into() },
        None => ConversationKind::Direct { with: Companion { user: user(row, 6)?, gone: row.get(10)? } },
    };
    Ok(Conversation {
        id: row.get(0)?,
        kind,
        last_seq: row.get(2)?,
        last_message_at: row.get(11)?,
        read_seq: row.get(3)?,
        unread: row.get(4)?,
        mentions: 0,
    })
}

/// How many directs are told where nobody asks for another number.
pub(crate) const LISTED_AT_ONCE: u32 = 100;

/// Rooms first, then directs by their newest messages, and at last those with users who have gone for good.
pub(crate) fn conversations(
    db: &Connection,
    user: UserId,
    before: Option<ListPlace>,
    limit: u32,
) -> Result<ConversationList, StoreError> {
    let place = |row: &Row<'_>| Ok(ListPlace { conversation: row.get(0)?, minute: row.get(1)? });
    let mut places: Vec<ListPlace> = Vec::new();
    if before.is_none() {
        let mut rooms = db.prepare_cached(&format!("{LISTED} AND listed = ?2 ORDER BY conversation"))?;
        places = rooms.query_map(params![user, ROOM], place)?.collect::<Result<_, _>>()?;
    }
    let rooms = places.len();
    let ListPlace { minute, conversation } =
        before.unwrap_or(ListPlace { minute: ROOM, conversation: ConversationId::from_uuid(Uuid::nil()) });
    let mut directs = db.prepare_cached(&format!(
        "{LISTED} AND (listed, conversation) < (?2, ?3) ORDER BY listed DESC, conversation DESC LIMIT ?4"
    ))?;
    // One more than asked for tells whether there is more.
    let directs = directs.query_map(params![user, minute, conversation, limit.saturating_add(1)], place)?;
    places.extend(directs.collect::<Result<Vec<_>, _>>()?);
    let end = rooms + limit as usize;
    let older = (places.len() > end).then(|| places[end - 1].to_string());
    places.truncate(end);
    let conversations = places.into_iter().map(|place| conversation_of(db, user, place.conversation));
    let mut conversations = conversations.collect::<Result<Vec<_>, _>>()?;
    // Places are known to the minute.
    conversations[rooms..].sort_by_key(|talk| {
        let is_gone = matches!(&talk.kind, ConversationKind::Direct { with } if with.gone);
        (is_gone, Reverse((talk.last_message_at, talk.id)))
    });
    Ok(ConversationList { conversations, older })
}

pub(crate) fn conversation_of(db: &Connection, user: UserId, id: ConversationId) -> Result<Conversation, StoreError> {
    db.prepare_cached(CONVERSATION)?
        .query_row(params![user, MOST_UNREAD, id], conversation)
        .optional()?
        .ok_or(StoreError::NotMember)
}

/// What a connection begins with; `None` if the session has ended.
pub(crate) fn beginning(
    db: &Connection,
    user: UserId,
    session: SessionId,
    asked_for: &[ConversationId],
) -> Result<Option<Beginning>, StoreError> {
    if !db.prepare_cached("SELECT 1 FROM sessions WHERE id = ?1 AND user = ?2")?.exists(params![session, user])? {
        return Ok(None);
    }
    let list = conversations(db, user, None, LISTED_AT_ONCE)?;
    let memberships = memberships(db, user)?;
    let is_further = |id: &&ConversationId| {
        memberships.binary_search(id).is_ok() && list.conversations.iter().all(|listed| listed.id != **id)
    };
    let further = asked_for.iter().filter(is_further).map(|id| conversation_of(db, user, *id));
    let further = further.collect::<Result<_, _>>()?;
    Ok(Some(Beginning { list, further, memberships, blocks: blocks(db, user)? }))
}

/// Whom a user has blocked, in the order in which it was done.
pub(crate) fn blocks(db: &Connection, blocker: UserId) -> Result<Vec<User>, StoreError> {
    let mut select = db.prepare_cached(
        "SELECT u.id, u.nickname, u.password IS NOT NULL, u.role
           FROM blocks b JOIN users u ON u.id = b.blocked WHERE b.user = ?1 ORDER BY b.at, u.id",
    )?;
    let users = select.query_map([blocker], |row| user(row, 0))?.collect::<Result<_, _>>()?;
    Ok(users)
}
