//! A user's list of conversations, and the users whom a user has blocked.

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use crate::{
    domain::{
        Companion, Conversation, ConversationId, ConversationKind, ConversationList, MAX_UNREAD, Room, SessionId, User,
        UserId,
    },
    server::{
        rules::{ListKey, Refusal, UserRef},
        store::{
            conversations::{ConnectionSnapshot, FoundUser, LISTED_AT_ONCE, ListSortKey, direct_order},
            error::StoreError,
            sqlite::queries::{
                rows::{USER_1, USER_COLUMNS, all_rows, user_from},
                unread::{UnreadRange, count_unread},
            },
        },
    },
};

/// A conversation as a member sees it. The other user of a direct is named even after releasing the nickname.
const CONVERSATION: &str = "
    SELECT c.id, c.name, (SELECT coalesce(max(seq), 0) FROM events WHERE conversation = c.number), m.read_seq,
           -- Whether everything after the mark that counts as unread is by others whom the member has not blocked.
           NOT EXISTS (SELECT 1 FROM blocks WHERE user = m.user)
               AND NOT EXISTS (SELECT 1 FROM events WHERE conversation = c.number AND seq = m.read_seq + 1
                                  AND position < m.set_back_at),
           c.member_count,
           -- Looks for a message among the last 100 events only, because other users decide how many other events there are.
           -- If there is none, the time of the last event is used.
           coalesce((SELECT at FROM events WHERE conversation = c.number AND target IS NULL
                        AND seq > (SELECT max(seq) FROM events WHERE conversation = c.number) - 100
                      ORDER BY seq DESC LIMIT 1),
                    (SELECT at FROM events WHERE conversation = c.number ORDER BY seq DESC LIMIT 1), 0),
           u.nickname_key IS NULL, u.id, u.nickname, u.password IS NOT NULL, u.role,
           r.topic, r.visibility, r.posting, r.archived, c.number = (SELECT lobby FROM meta), o.role,
           coalesce(s.muted, 0), coalesce(s.pinned, 0),
           (SELECT count(*) FROM (SELECT DISTINCT l.seq FROM listeners l
              JOIN events e ON e.conversation = l.conversation AND e.seq = l.seq
             WHERE l.user IN (m.user, 0) AND l.conversation = c.number AND l.seq > m.read_seq AND e.author <> m.user
               AND e.author NOT IN (SELECT blocked FROM blocks WHERE user = m.user) LIMIT ?3)),
           c.number, m.user
      FROM members m
      JOIN conversations c ON c.number = m.conversation
      LEFT JOIN rooms r ON r.conversation = c.number
      LEFT JOIN room_roles o ON o.conversation = m.conversation AND o.user = m.user
      LEFT JOIN member_settings s ON s.conversation = m.conversation AND s.user = m.user
      LEFT JOIN users u ON u.number = CASE c.direct_low WHEN m.user THEN c.direct_high ELSE c.direct_low END
     WHERE m.conversation = (SELECT number FROM conversations WHERE id = ?2)
       AND m.user = (SELECT number FROM users WHERE id = ?1) AND m.listed IS NOT NULL";

/// Sort keys of the list of the user `?1`. Uses the index, so that a page costs the same however long the list is.
const LISTED: &str = "
    SELECT m.listed, c.id FROM members m INDEXED BY members_in_list JOIN conversations c ON c.number = m.conversation
     WHERE m.user = (SELECT number FROM users WHERE id = ?1) AND m.listed IS NOT NULL";

/// Reads a row of [`CONVERSATION`], and counts what is unread.
fn conversation_from(db: &Connection, row: &Row<'_>) -> rusqlite::Result<Conversation> {
    let kind = match row.get(1)? {
        Some(name) => ConversationKind::Room(Room {
            name,
            topic: row.get(12)?,
            visibility: row.get(13)?,
            posting: row.get(14)?,
            archived: row.get(15)?,
            lobby: row.get(16)?,
            role: row.get::<_, Option<_>>(17)?.unwrap_or_default(),
            member_count: row.get::<_, u32>(5)?.into(),
        }),
        None => ConversationKind::Direct { with: Companion { user: user_from(row, 8)?, gone: row.get(7)? } },
    };
    let (last_seq, read_seq) = (row.get(2)?, row.get(3)?);
    let range = UnreadRange {
        conversation: row.get(21)?,
        member: row.get(22)?,
        read_seq,
        last_seq,
        is_all_by_others: row.get(4)?,
    };
    Ok(Conversation {
        id: row.get(0)?,
        kind,
        last_seq,
        last_message_at: row.get(6)?,
        read_seq,
        unread: count_unread(db, &range)?,
        mentions: row.get(20)?,
        muted: row.get(18)?,
        pinned: row.get(19)?,
    })
}

/// A conversation as a member sees it.
///
/// # Errors
/// [`Refusal::NotMember`] if it is not in the user's list.
pub(crate) fn conversation_of(db: &Connection, user: UserId, id: ConversationId) -> Result<Conversation, StoreError> {
    let mut select = db.prepare_cached(CONVERSATION)?;
    let conversation = select.query_row(params![user, id, MAX_UNREAD], |row| conversation_from(db, row)).optional()?;
    Ok(conversation.ok_or(Refusal::NotMember)?)
}

/// The conversations in a user's list, sorted by id.
pub(crate) fn memberships(db: &Connection, user: UserId) -> Result<Vec<ConversationId>, StoreError> {
    all_rows(db, &format!("{LISTED} ORDER BY c.id"), [user], |row| row.get(1))
}

/// A page of a user's list: rooms first (on the first page only), then directs by newest message, then directs with
/// users who are gone for good.
pub(crate) fn conversations(
    db: &Connection,
    user: UserId,
    before: Option<ListSortKey>,
    limit: u32,
) -> Result<ConversationList, StoreError> {
    let key = |row: &Row<'_>| Ok(ListSortKey { minute: row.get(0)?, conversation: row.get(1)? });
    let mut keys: Vec<ListSortKey> = Vec::new();
    if before.is_none() {
        let rooms = format!("{LISTED} AND m.listed = ?2 ORDER BY c.id");
        keys = all_rows(db, &rooms, params![user, ListKey::ROOM], key)?;
    }
    let rooms = keys.len();
    // Ties are broken by number. A direct that was deleted meanwhile has none: then the page begins with all of its minute.
    let (minute, number) = match before {
        None => (ListKey::ROOM, 0),
        Some(key) => (ListKey(key.minute), number_of(db, key.conversation)?.unwrap_or(i64::MAX)),
    };
    let directs = format!(
        "{LISTED} AND (m.listed, m.conversation) < (?2, ?3) ORDER BY m.listed DESC, m.conversation DESC LIMIT ?4"
    );
    // One row more than asked for tells whether there is another page.
    keys.extend(all_rows(db, &directs, params![user, minute, number, limit.saturating_add(1)], key)?);
    let end = rooms + limit as usize;
    let older = (keys.len() > end).then(|| keys[end - 1].to_string());
    keys.truncate(end);
    let conversations = keys.into_iter().map(|key| conversation_of(db, user, key.conversation));
    let mut conversations = conversations.collect::<Result<Vec<_>, _>>()?;
    conversations[rooms..].sort_by_key(direct_order);
    Ok(ConversationList { conversations, older })
}

fn number_of(db: &Connection, conversation: ConversationId) -> Result<Option<i64>, StoreError> {
    let mut select = db.prepare_cached("SELECT number FROM conversations WHERE id = ?1")?;
    Ok(select.query_row([conversation], |row| row.get(0)).optional()?)
}

/// What a new connection of a session needs to know; `None` if the session has ended.
pub(crate) fn connection_snapshot(
    db: &Connection,
    user: UserId,
    session: SessionId,
    requested: Vec<ConversationId>,
) -> Result<Option<ConnectionSnapshot>, StoreError> {
    let lives = format!("SELECT 1 FROM sessions WHERE user = {USER_1} AND id = ?2");
    if !db.prepare_cached(&lives)?.exists(params![user, session])? {
        return Ok(None);
    }
    let list = conversations(db, user, None, LISTED_AT_ONCE)?;
    let memberships = memberships(db, user)?;
    let is_further = |id: &ConversationId| {
        memberships.binary_search(id).is_ok() && list.conversations.iter().all(|listed| listed.id != *id)
    };
    let further = requested.into_iter().filter(is_further).map(|id| conversation_of(db, user, id));
    let requested_conversations = further.collect::<Result<_, _>>()?;
    Ok(Some(ConnectionSnapshot { list, requested_conversations, memberships, blocks: blocks(db, user)? }))
}

/// The recipient of a direct, and whether `opener` has a direct with that user already.
pub(crate) fn find_user(db: &Connection, opener: UserId, target: UserRef) -> Result<Option<FoundUser>, StoreError> {
    let condition = match &target {
        UserRef::Nickname(_) => "u.nickname_key = ?2",
        UserRef::Id(_) => "u.id = ?2 AND u.number > 1",
    };
    let select = format!(
        "SELECT u.id, EXISTS (SELECT 1 FROM conversations
                  WHERE direct_low = min(u.number, o.number) AND direct_high = max(u.number, o.number))
           FROM users u LEFT JOIN users o ON o.id = ?1 WHERE {condition}"
    );
    let target: &dyn rusqlite::ToSql = match &target {
        UserRef::Nickname(key) => key,
        UserRef::Id(id) => id,
    };
    let found = db
        .prepare_cached(&select)?
        .query_row(params![opener, target], |row| Ok(FoundUser { id: row.get(0)?, has_direct: row.get(1)? }))
        .optional()?;
    Ok(found)
}

/// The users whom a user has blocked, the first block first.
pub(crate) fn blocks(db: &Connection, user: UserId) -> Result<Vec<User>, StoreError> {
    let select = format!(
        "SELECT {USER_COLUMNS} FROM blocks b JOIN users u ON u.number = b.blocked WHERE b.user = {USER_1}
          ORDER BY b.at, u.id"
    );
    all_rows(db, &select, [user], |row| user_from(row, 0))
}
