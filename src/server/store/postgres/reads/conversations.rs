//! A user's list of conversations, and the users whom a user has blocked.

use tokio_postgres::{Error, Row};

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
            postgres::{
                pool::Pool,
                reads::{
                    rows::{count_from, user_from},
                    sql::{user_columns, user_number},
                    unread::{messages_after, not_counted, unread},
                },
                statement::Statement,
            },
        },
    },
};

/// A conversation as the member `m` sees it: what [`view_from`] reads. The other user of a direct is named even after
/// releasing the nickname. `$limit` bounds the number of unread messages.
macro_rules! views_of {
    ($members:literal, $limit:literal) => {
        concat!(
            "SELECT c.id, c.name, coalesce(newest.seq, 0), m.read_seq, ",
            unread!($limit),
            ",      c.member_count::bigint,
                    -- Looks for a message among the last 100 events only, because other users decide how many other events
                    -- there are. If there is none, the time of the last event is used.
                    coalesce((SELECT at FROM events WHERE conversation = m.conversation AND target IS NULL
                                 AND seq > newest.seq - 100 ORDER BY seq DESC LIMIT 1), newest.at, 0),
                    o.nickname_key IS NULL, ",
            user_columns!("o"),
            ", m.listed, room.topic, room.visibility, room.posting, room.archived, c.number = (SELECT lobby FROM meta),
                    room_role.role, m.muted, m.pinned,
                    (SELECT count(*) FROM (
                        SELECT DISTINCT l.seq FROM listeners l
                          JOIN LATERAL (SELECT author FROM events WHERE conversation = l.conversation AND seq = l.seq
                                         LIMIT 1) e ON true
                         WHERE l.user_number IN (m.user_number, 0) AND l.conversation = m.conversation
                           AND l.seq > m.read_seq AND e.author <> m.user_number
                           AND NOT EXISTS (SELECT 1 FROM blocks b WHERE b.user_number = m.user_number AND b.blocked = e.author)
                         LIMIT ",
            $limit,
            "::bigint) told)
               FROM ",
            $members,
            " m
               JOIN LATERAL (SELECT * FROM conversations WHERE number = m.conversation LIMIT 1) c ON true
               LEFT JOIN LATERAL (SELECT * FROM rooms WHERE conversation = m.conversation LIMIT 1) room ON true
               LEFT JOIN LATERAL (SELECT role FROM room_roles
                                   WHERE conversation = m.conversation AND user_number = m.user_number
                                   LIMIT 1) room_role ON true
               LEFT JOIN LATERAL (SELECT seq, at FROM events WHERE conversation = m.conversation
                                   ORDER BY seq DESC LIMIT 1) newest ON true
               LEFT JOIN LATERAL (SELECT * FROM users u
                                   WHERE u.number = CASE c.direct_low WHEN m.user_number THEN c.direct_high
                                                                      ELSE c.direct_low END LIMIT 1) o ON true"
        )
    };
}

/// Those of the conversations `$2` that are in the list of the user `$1`.
const VIEWS: &str = concat!(
    "WITH found AS (
        SELECT members.* FROM unnest($2::uuid[]) asked (id)
          JOIN LATERAL (SELECT number FROM conversations c WHERE c.id = asked.id LIMIT 1) c ON true
          JOIN members ON conversation = c.number AND listed IS NOT NULL AND user_number = ",
    user_number!("$1"),
    ") ",
    views_of!("found", "$3")
);

/// The first page of the list of the user `$1`: all rooms, and `$2` directs.
const FIRST_PAGE: &str = concat!(
    "WITH page AS (
        SELECT * FROM members WHERE user_number = ",
    user_number!("$1"),
    "      AND listed = 9223372036854775807
        UNION ALL
        (SELECT * FROM members WHERE user_number = ",
    user_number!("$1"),
    "      AND listed < 9223372036854775807 ORDER BY listed DESC, conversation DESC LIMIT $2::bigint)
     ) ",
    views_of!("page", "$3"),
    " ORDER BY m.listed DESC, CASE m.listed WHEN 9223372036854775807 THEN c.id END, m.conversation DESC"
);

/// `$2` directs of the list of the user `$1` behind the sort key `$4` of the direct `$5`. Ties are broken by number. A direct
/// that was deleted meanwhile has none: then the page begins with all of its minute.
const NEXT_PAGE: &str = concat!(
    "WITH page AS (
        SELECT * FROM members WHERE user_number = ",
    user_number!("$1"),
    "      AND listed < 9223372036854775807
           AND (listed, conversation)
               < ($4::bigint, coalesce((SELECT number FROM conversations WHERE id = $5::uuid), 2147483647))
         ORDER BY listed DESC, conversation DESC LIMIT $2::bigint
     ) ",
    views_of!("page", "$3"),
    " ORDER BY m.listed DESC, m.conversation DESC"
);

/// Asks for a conversation as a member sees it. The answer has no row if it is not in the user's list.
pub(crate) fn view_statement(user: UserId, conversation: ConversationId) -> Statement {
    views_statement(user, vec![conversation])
}

fn views_statement(user: UserId, conversations: Vec<ConversationId>) -> Statement {
    Statement::new(VIEWS).bind(user).bind(conversations).bind(i64::from(MAX_UNREAD))
}

/// Reads the answer to a [`view_statement`].
pub(crate) fn view_from(row: &Row) -> Result<Conversation, Error> {
    let kind = match row.try_get(1)? {
        Some(name) => ConversationKind::Room(Room {
            name,
            topic: row.try_get(13)?,
            visibility: row.try_get(14)?,
            posting: row.try_get(15)?,
            archived: row.try_get(16)?,
            lobby: row.try_get(17)?,
            role: row.try_get::<_, Option<_>>(18)?.unwrap_or_default(),
            member_count: count_from(row, 5)?.into(),
        }),
        None => ConversationKind::Direct { with: Companion { user: user_from(row, 8)?, gone: row.try_get(7)? } },
    };
    Ok(Conversation {
        id: row.try_get(0)?,
        kind,
        last_seq: row.try_get(2)?,
        last_message_at: row.try_get(6)?,
        read_seq: row.try_get(3)?,
        unread: count_from(row, 4)?,
        mentions: count_from(row, 21)?,
        muted: row.try_get(19)?,
        pinned: row.try_get(20)?,
    })
}

/// A conversation as a member sees it.
///
/// # Errors
/// [`Refusal::NotMember`] if it is not in the user's list.
pub(crate) async fn conversation_of(pool: &Pool, user: UserId, id: ConversationId) -> Result<Conversation, StoreError> {
    let conversation = pool.optional(view_statement(user, id), view_from).await?;
    Ok(conversation.ok_or(Refusal::NotMember)?)
}

fn memberships_statement(user: UserId) -> Statement {
    Statement::new(concat!(
        "SELECT c.id FROM members m JOIN conversations c ON c.number = m.conversation
          WHERE m.user_number = ",
        user_number!("$1"),
        " AND m.listed IS NOT NULL ORDER BY c.id"
    ))
    .bind(user)
}

/// The conversations in a user's list, sorted by id.
pub(crate) async fn memberships(pool: &Pool, user: UserId) -> Result<Vec<ConversationId>, StoreError> {
    pool.all(memberships_statement(user), |row| row.try_get(0)).await
}

fn page_statement(user: UserId, before: Option<ListSortKey>, limit: u32) -> Statement {
    // One row more than asked for tells whether there is another page.
    let rows = i64::from(limit) + 1;
    let first = |sql| Statement::new(sql).bind(user).bind(rows).bind(i64::from(MAX_UNREAD));
    match before {
        None => first(FIRST_PAGE),
        Some(key) => first(NEXT_PAGE).bind(key.minute).bind(key.conversation),
    }
}

/// Reads the answer to a [`page_statement`].
fn page_from(rows: &[Row], limit: u32) -> Result<ConversationList, Error> {
    let mut conversations: Vec<(ListKey, _)> = Vec::with_capacity(rows.len());
    for row in rows {
        conversations.push((row.try_get(12)?, view_from(row)?));
    }
    let rooms = conversations.iter().filter(|(listed, _)| *listed == ListKey::ROOM).count();
    let end = rooms + limit as usize;
    let older = (conversations.len() > end).then(|| {
        let (listed, last) = &conversations[end - 1];
        ListSortKey { minute: listed.0, conversation: last.id }.to_string()
    });
    conversations.truncate(end);
    let mut conversations: Vec<Conversation> =
        conversations.into_iter().map(|(_, conversation)| conversation).collect();
    conversations[rooms..].sort_by_key(direct_order);
    Ok(ConversationList { conversations, older })
}

/// A page of a user's list: rooms first (on the first page only), then directs by newest message, then directs with
/// users who are gone for good.
pub(crate) async fn conversations(
    pool: &Pool,
    user: UserId,
    before: Option<ListSortKey>,
    limit: u32,
) -> Result<ConversationList, StoreError> {
    pool.read(page_statement(user, before, limit), |rows| page_from(rows, limit)).await
}

/// What a new connection of a session needs to know; `None` if the session has ended.
pub(crate) async fn connection_snapshot(
    pool: &Pool,
    user: UserId,
    session: SessionId,
    requested: Vec<ConversationId>,
) -> Result<Option<ConnectionSnapshot>, StoreError> {
    let session_lives =
        Statement::new(concat!("SELECT 1 FROM sessions WHERE id = $2::uuid AND user_number = ", user_number!("$1")))
            .bind(user)
            .bind(session);
    let statements = [
        session_lives,
        page_statement(user, None, LISTED_AT_ONCE),
        memberships_statement(user),
        blocks_statement(user),
        views_statement(user, requested.clone()),
    ];
    pool.snapshot(statements, |[session, page, memberships, blocks, views]| {
        if session.is_empty() {
            return Ok(None);
        }
        let list = page_from(page, LISTED_AT_ONCE)?;
        let memberships = memberships.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?;
        let blocks = blocks.iter().map(|row| user_from(row, 0)).collect::<Result<_, _>>()?;
        let views: Vec<Conversation> = views.iter().map(view_from).collect::<Result<_, _>>()?;
        let further = requested.iter().filter(|id| list.conversations.iter().all(|listed| listed.id != **id));
        let further = further.filter_map(|id| views.iter().find(|view| view.id == *id).cloned());
        let requested_conversations = further.collect();
        Ok(Some(ConnectionSnapshot { list, requested_conversations, memberships, blocks }))
    })
    .await
}

/// The recipient of a direct, and whether `opener` has a direct with that user already.
pub(crate) async fn find_user(pool: &Pool, opener: UserId, target: UserRef) -> Result<Option<FoundUser>, StoreError> {
    macro_rules! found_by {
        ($condition:literal) => {
            concat!(
                "SELECT u.id, EXISTS (SELECT 1 FROM conversations
                                       WHERE direct_low = least(u.number, o.number)
                                         AND direct_high = greatest(u.number, o.number))
                   FROM users u LEFT JOIN users o ON o.id = $1::uuid WHERE ",
                $condition
            )
        };
    }
    let statement = match target {
        UserRef::Nickname(key) => Statement::new(found_by!("u.nickname_key = $2::text")).bind(opener).bind(key),
        UserRef::Id(id) => Statement::new(found_by!("u.id = $2::uuid AND u.number > 1")).bind(opener).bind(id),
    };
    pool.optional(statement, |row| Ok(FoundUser { id: row.try_get(0)?, has_direct: row.try_get(1)? })).await
}

fn blocks_statement(user: UserId) -> Statement {
    Statement::new(concat!(
        "SELECT ",
        user_columns!("u"),
        " FROM blocks b JOIN users u ON u.number = b.blocked WHERE b.user_number = ",
        user_number!("$1"),
        " ORDER BY b.at, u.id"
    ))
    .bind(user)
}

/// The users whom a user has blocked, the first block first.
pub(crate) async fn blocks(pool: &Pool, user: UserId) -> Result<Vec<User>, StoreError> {
    pool.all(blocks_statement(user), |row| user_from(row, 0)).await
}
