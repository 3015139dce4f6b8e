//! A user's list of conversations, and the users whom a user has blocked.

use std::cmp::Reverse;

use rusqlite::{Connection, OptionalExtension as _, Row, params};
use uuid::Uuid;

use crate::{
    domain::{Companion, Conversation, ConversationId, ConversationKind, ConversationList, SessionId, User, UserId},
    server::store::{
        conversations::{ConnectionSnapshot, ListSortKey},
        error::StoreError,
        sqlite::queries::rows::user_from,
    },
};

/// Unread messages are counted up to this number, to bound the cost. A badge shows no more anyway.
const MAX_UNREAD: u32 = 1_000;

/// The conversations in a user's list, sorted by id.
pub(crate) fn memberships(db: &Connection, user: UserId) -> Result<Vec<ConversationId>, StoreError> {
    let mut select = db.prepare_cached(
        "SELECT conversation FROM members WHERE user = ?1 AND listed IS NOT NULL ORDER BY conversation",
    )?;
    let ids = select.query_map([user], |row| row.get(0))?.collect::<Result<_, _>>()?;
    Ok(ids)
}

/// A conversation as a member sees it. The other user of a direct is named even after releasing the nickname.
const CONVERSATION: &str = "
    SELECT c.id, c.name, (SELECT coalesce(max(seq), 0) FROM events WHERE conversation = c.id), m.read_seq,
           (SELECT count(*) FROM (SELECT 1 FROM messages
             WHERE conversation = c.id AND seq > m.read_seq AND author <> ?1 AND NOT deleted AND notice IS NULL
               AND author NOT IN (SELECT blocked FROM blocks WHERE user = ?1) LIMIT ?2)),
           CASE c.kind WHEN 'room' THEN (SELECT count(*) FROM members WHERE conversation = c.id) ELSE 2 END,
           other.id, other.nickname, other.password IS NOT NULL, other.role, other.nickname_key IS NULL,
           -- Looks for a message among the last 100 events only, because other users decide how many other events there are.
           -- If there is none, the time of the last event is used.
           coalesce((SELECT at FROM events WHERE conversation = c.id AND target IS NULL
                        AND seq > (SELECT max(seq) FROM events WHERE conversation = c.id) - 100
                      ORDER BY seq DESC LIMIT 1),
                    (SELECT at FROM events WHERE conversation = c.id ORDER BY seq DESC LIMIT 1), 0)
      FROM members m
      JOIN conversations c ON c.id = m.conversation
      LEFT JOIN users other ON other.id = CASE c.direct_low WHEN m.user THEN c.direct_high ELSE c.direct_low END
     WHERE m.user = ?1 AND m.conversation = ?3 AND m.listed IS NOT NULL";

/// The sort key of rooms: above all directs.
const ROOM_SORT_KEY: i64 = i64::MAX;

/// Sort keys of a user's list. Uses the index, so that a page costs the same however long the list is.
const LISTED: &str =
    "SELECT conversation, listed FROM members INDEXED BY members_in_list WHERE user = ?1 AND listed IS NOT NULL";

/// Reads a row of [`CONVERSATION`].
fn conversation_from(row: &Row<'_>) -> rusqlite::Result<Conversation> {
    let name: Option<String> = row.get(1)?;
    let kind = match name {
        Some(name) => ConversationKind::Room { name, member_count: row.get::<_, u32>(5)?.into() },
        None => ConversationKind::Direct { with: Companion { user: user_from(row, 6)?, gone: row.get(10)? } },
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

/// How many directs a [`ConnectionSnapshot`] lists.
pub(crate) const LISTED_AT_ONCE: u32 = 100;

/// A page of a user's list: rooms first (on the first page only), then directs by newest message, then directs with
/// users who are gone for good.
pub(crate) fn conversations(
    db: &Connection,
    user: UserId,
    before: Option<ListSortKey>,
    limit: u32,
) -> Result<ConversationList, StoreError> {
    let key = |row: &Row<'_>| Ok(ListSortKey { conversation: row.get(0)?, minute: row.get(1)? });
    let mut keys: Vec<ListSortKey> = Vec::new();
    if before.is_none() {
        let mut rooms = db.prepare_cached(&format!("{LISTED} AND listed = ?2 ORDER BY conversation"))?;
        keys = rooms.query_map(params![user, ROOM_SORT_KEY], key)?.collect::<Result<_, _>>()?;
    }
    let rooms = keys.len();
    let ListSortKey { minute, conversation } =
        before.unwrap_or(ListSortKey { minute: ROOM_SORT_KEY, conversation: ConversationId::from_uuid(Uuid::nil()) });
    let mut directs = db.prepare_cached(&format!(
        "{LISTED} AND (listed, conversation) < (?2, ?3) ORDER BY listed DESC, conversation DESC LIMIT ?4"
    ))?;
    // One row more than asked for tells whether there is another page.
    let directs = directs.query_map(params![user, minute, conversation, limit.saturating_add(1)], key)?;
    keys.extend(directs.collect::<Result<Vec<_>, _>>()?);
    let end = rooms + limit as usize;
    let older = (keys.len() > end).then(|| keys[end - 1].to_string());
    keys.truncate(end);
    let conversations = keys.into_iter().map(|key| conversation_of(db, user, key.conversation));
    let mut conversations = conversations.collect::<Result<Vec<_>, _>>()?;
    // The stored sort keys are exact to the minute only.
    conversations[rooms..].sort_by_key(|listed| {
        let is_gone = matches!(&listed.kind, ConversationKind::Direct { with } if with.gone);
        (is_gone, Reverse((listed.last_message_at, listed.id)))
    });
    Ok(ConversationList { conversations, older })
}

/// A conversation as a member sees it.
///
/// # Errors
///
/// [`StoreError::NotMember`] if it is not in the user's list.
pub(crate) fn conversation_of(db: &Connection, user: UserId, id: ConversationId) -> Result<Conversation, StoreError> {
    db.prepare_cached(CONVERSATION)?
        .query_row(params![user, MAX_UNREAD, id], conversation_from)
        .optional()?
        .ok_or(StoreError::NotMember)
}

/// What a new connection of a session needs to know; `None` if the session has ended.
pub(crate) fn connection_snapshot(
    db: &Connection,
    user: UserId,
    session: SessionId,
    requested: &[ConversationId],
) -> Result<Option<ConnectionSnapshot>, StoreError> {
    if !db.prepare_cached("SELECT 1 FROM sessions WHERE id = ?1 AND user = ?2")?.exists(params![session, user])? {
        return Ok(None);
    }
    let list = conversations(db, user, None, LISTED_AT_ONCE)?;
    let memberships = memberships(db, user)?;
    let is_further = |id: &&ConversationId| {
        memberships.binary_search(id).is_ok() && list.conversations.iter().all(|listed| listed.id != **id)
    };
    let further = requested.iter().filter(is_further).map(|id| conversation_of(db, user, *id));
    let requested_conversations = further.collect::<Result<_, _>>()?;
    Ok(Some(ConnectionSnapshot { list, requested_conversations, memberships, blocks: blocks(db, user)? }))
}

/// The users whom a user has blocked, the first block first.
pub(crate) fn blocks(db: &Connection, blocker: UserId) -> Result<Vec<User>, StoreError> {
    let mut select = db.prepare_cached(
        "SELECT u.id, u.nickname, u.password IS NOT NULL, u.role
           FROM blocks b JOIN users u ON u.id = b.blocked WHERE b.user = ?1 ORDER BY b.at, u.id",
    )?;
    let users = select.query_map([blocker], |row| user_from(row, 0))?.collect::<Result<_, _>>()?;
    Ok(users)
}
