//! The directory of rooms, and the members of a room.

use tokio_postgres::{Error, Row};

use crate::{
    domain::{ConversationId, DirectoryPage, DirectoryRoom, MemberPage, RoomMember, UserId},
    server::{
        rules::Refusal,
        store::{
            error::StoreError,
            postgres::{
                pool::Pool,
                reads::{
                    rows::{count_from, optional_user_from},
                    sql::{conversation_number, user_columns, user_number},
                },
                statement::Statement,
            },
            rooms::{DirectoryQuery, MemberSortKey, RoomListing, directory_page, directory_part, member_page},
        },
    },
};

/// The rooms `$2` as they are in the directory, for the reader `$1`, in the order of `$2`. The time of the newest message is
/// looked for among the last 100 events only, as in lists of conversations.
const DIRECTORY_ROOMS: &str = concat!(
    "SELECT c.id, c.name, r.topic, r.visibility, r.archived, m.user_number IS NOT NULL, c.member_count::bigint,
            coalesce((SELECT at FROM events WHERE conversation = c.number AND target IS NULL
                         AND seq > newest.seq - 100 ORDER BY seq DESC LIMIT 1), newest.at, 0)
       FROM unnest($2::uuid[]) WITH ORDINALITY AS q (id, n)
       JOIN LATERAL (SELECT * FROM conversations WHERE id = q.id LIMIT 1) c ON true
       JOIN LATERAL (SELECT * FROM rooms WHERE conversation = c.number LIMIT 1) r ON true
       LEFT JOIN LATERAL (SELECT user_number FROM members WHERE conversation = c.number AND user_number = ",
    user_number!("$1"),
    "                      LIMIT 1) m ON true
       LEFT JOIN LATERAL (SELECT seq, at FROM events WHERE conversation = c.number
                           ORDER BY seq DESC LIMIT 1) newest ON true
      WHERE r.visibility = 'public' OR m.user_number IS NOT NULL ORDER BY q.n"
);

fn directory_room_from(row: &Row) -> Result<DirectoryRoom, Error> {
    Ok(DirectoryRoom {
        id: row.try_get(0)?,
        name: row.try_get(1)?,
        topic: row.try_get(2)?,
        visibility: row.try_get(3)?,
        archived: row.try_get(4)?,
        joined: row.try_get(5)?,
        member_count: count_from(row, 6)?.into(),
        last_message_at: row.try_get(7)?,
    })
}

/// A room that the reader may know of.
pub(crate) async fn directory_room(
    pool: &Pool,
    reader: UserId,
    room: ConversationId,
) -> Result<Option<DirectoryRoom>, StoreError> {
    pool.optional(Statement::new(DIRECTORY_ROOMS).bind(reader).bind(vec![room]), directory_room_from).await
}

/// A part of the directory.
pub(crate) async fn directory(pool: &Pool, reader: UserId, query: DirectoryQuery) -> Result<DirectoryPage, StoreError> {
    let statement = Statement::new(concat!(
        "SELECT c.id, c.name, r.topic FROM rooms r JOIN conversations c ON c.number = r.conversation
           LEFT JOIN members m ON m.conversation = c.number AND m.user_number = ",
        user_number!("$1"),
        " WHERE r.archived = $2::boolean AND (r.visibility = 'public' OR m.user_number IS NOT NULL)"
    ))
    .bind(reader)
    .bind(query.archived);
    let listings = pool
        .all(statement, |row| Ok(RoomListing { id: row.try_get(0)?, name: row.try_get(1)?, topic: row.try_get(2)? }))
        .await?;
    let (rooms, after) = directory_part(listings, &query);
    let rooms = pool.all(Statement::new(DIRECTORY_ROOMS).bind(reader).bind(rooms), directory_room_from).await?;
    Ok(directory_page(rooms, after.as_ref()))
}

/// Members of the room `$1` behind the sort key `$3`, `$4`, `$5`, if the reader `$2` is one of them. Without any, it is one row
/// with nulls, and for another reader, no row.
const MEMBERS: &str = concat!(
    "SELECT found.*
       FROM members me
       JOIN rooms room ON room.conversation = me.conversation
       LEFT JOIN LATERAL (
            SELECT * FROM (
                SELECT ",
    user_columns!("u"),
    " AS user_role, r.role AS room_role, u.nickname_key,
                       CASE WHEN u.role = 'owner' OR r.role = 'owner' THEN 0
                            WHEN u.role = 'moderator' OR r.role = 'moderator' THEN 1 ELSE 2 END AS rank
                  FROM members m JOIN users u ON u.number = m.user_number
                  LEFT JOIN room_roles r ON r.conversation = m.conversation AND r.user_number = m.user_number
                 WHERE m.conversation = me.conversation) member
             WHERE (rank, nickname_key, id) > ($3::integer, $4::text, $5::uuid)
             ORDER BY rank, nickname_key, id LIMIT $6::bigint) found ON true
      WHERE me.conversation = ",
    conversation_number!("$1"),
    " AND me.user_number = ",
    user_number!("$2"),
    " ORDER BY rank, nickname_key, id"
);

fn member_from(row: &Row) -> Result<Option<(MemberSortKey, RoomMember)>, Error> {
    let Some(user) = optional_user_from(row, 0)? else { return Ok(None) };
    let role = row.try_get::<_, Option<_>>(4)?.unwrap_or_default();
    let nickname_key = row.try_get::<_, Option<String>>(5)?.unwrap_or_default();
    let key = MemberSortKey { rank: MemberSortKey::rank_of(user.role, role), nickname_key, user: user.id };
    Ok(Some((key, RoomMember { user, role, online: false })))
}

/// A part of a room's members.
///
/// # Errors
/// [`Refusal::NotMember`] if the reader is not in the room, or if it is a direct.
pub(crate) async fn members(
    pool: &Pool,
    reader: UserId,
    room: ConversationId,
    after: Option<MemberSortKey>,
    limit: u32,
) -> Result<MemberPage, StoreError> {
    // The first key of all is before any member.
    let (rank, key, user) = after
        .map_or((-1, String::new(), UserId::SYSTEM), |MemberSortKey { rank, nickname_key, user }| {
            (i32::from(rank), nickname_key, user)
        });
    let statement =
        Statement::new(MEMBERS).bind(room).bind(reader).bind(rank).bind(key).bind(user).bind(i64::from(limit) + 1);
    let found = pool.all(statement, member_from).await?;
    if found.is_empty() {
        return Err(Refusal::NotMember.into());
    }
    Ok(member_page(found.into_iter().flatten().collect(), limit))
}
