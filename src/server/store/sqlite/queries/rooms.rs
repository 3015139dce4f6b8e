//! The directory of rooms, and the members of a room.

use rusqlite::{Connection, OptionalExtension as _, params};

use crate::{
    domain::{ConversationId, DirectoryPage, DirectoryRoom, MemberPage, RoomMember, UserId},
    server::{
        rules::Refusal,
        store::{
            error::StoreError,
            rooms::{DirectoryQuery, MemberSortKey, RoomListing, directory_page, directory_part, member_page},
            sqlite::queries::rows::{USER_1, USER_COLUMNS, all_rows, user_from},
        },
    },
};

/// A room as it is in the directory, for the reader `?1`. The time of the newest message is looked for among the last 100
/// events only, as in lists of conversations.
const DIRECTORY_ROOM: &str = "
    SELECT c.id, c.name, r.topic, r.visibility, r.archived, m.user IS NOT NULL,
           c.member_count,
           coalesce((SELECT at FROM events WHERE conversation = c.number AND target IS NULL
                        AND seq > (SELECT max(seq) FROM events WHERE conversation = c.number) - 100
                      ORDER BY seq DESC LIMIT 1),
                    (SELECT at FROM events WHERE conversation = c.number ORDER BY seq DESC LIMIT 1), 0)
      FROM rooms r
      JOIN conversations c ON c.number = r.conversation
      LEFT JOIN members m ON m.conversation = c.number AND m.user = (SELECT number FROM users WHERE id = ?1)
     WHERE c.id = ?2 AND (r.visibility = 'public' OR m.user IS NOT NULL)";

/// A room that the reader may know of.
pub(crate) fn directory_room(
    db: &Connection,
    reader: UserId,
    room: ConversationId,
) -> Result<Option<DirectoryRoom>, StoreError> {
    let found = db.prepare_cached(DIRECTORY_ROOM)?.query_row(params![reader, room], |row| {
        Ok(DirectoryRoom {
            id: row.get(0)?,
            name: row.get(1)?,
            topic: row.get(2)?,
            visibility: row.get(3)?,
            archived: row.get(4)?,
            joined: row.get(5)?,
            member_count: row.get::<_, u32>(6)?.into(),
            last_message_at: row.get(7)?,
        })
    });
    Ok(found.optional()?)
}

/// A part of the directory.
pub(crate) fn directory(db: &Connection, reader: UserId, query: DirectoryQuery) -> Result<DirectoryPage, StoreError> {
    let select = "SELECT c.id, c.name, r.topic FROM rooms r JOIN conversations c ON c.number = r.conversation
           LEFT JOIN members m ON m.conversation = c.number AND m.user = (SELECT number FROM users WHERE id = ?1)
          WHERE r.archived = ?2 AND (r.visibility = 'public' OR m.user IS NOT NULL)";
    let listings = all_rows(db, select, params![reader, query.archived], |row| {
        Ok(RoomListing { id: row.get(0)?, name: row.get(1)?, topic: row.get(2)? })
    })?;
    let (rooms, after) = directory_part(listings, &query);
    let rooms = rooms.into_iter().filter_map(|room| directory_room(db, reader, room).transpose());
    Ok(directory_page(rooms.collect::<Result<_, _>>()?, after.as_ref()))
}

/// A part of a room's members.
///
/// # Errors
/// [`Refusal::NotMember`] if the reader is not in the room, or if it is a direct.
pub(crate) fn members(
    db: &Connection,
    reader: UserId,
    room: ConversationId,
    after: Option<MemberSortKey>,
    limit: u32,
) -> Result<MemberPage, StoreError> {
    let number: Option<i64> = db
        .prepare_cached(&format!(
            "SELECT r.conversation FROM rooms r JOIN conversations c ON c.number = r.conversation
               JOIN members m ON m.conversation = c.number AND m.user = {USER_1} WHERE c.id = ?2"
        ))?
        .query_row(params![reader, room], |row| row.get(0))
        .optional()?;
    let number = number.ok_or(Refusal::NotMember)?;
    // The first key of all is before any member.
    let (rank, key, user) = after.map_or((-1, String::new(), None), |MemberSortKey { rank, nickname_key, user }| {
        (i64::from(rank), nickname_key, Some(user))
    });
    let select = format!(
        "SELECT * FROM (
             SELECT {USER_COLUMNS}, o.role, u.nickname_key,
                    CASE WHEN u.role = 'owner' OR o.role = 'owner' THEN 0
                         WHEN u.role = 'moderator' OR o.role = 'moderator' THEN 1 ELSE 2 END AS rank
               FROM members m JOIN users u ON u.number = m.user
               LEFT JOIN room_roles o ON o.conversation = m.conversation AND o.user = m.user
              WHERE m.conversation = ?1)
          WHERE (rank, nickname_key, id) > (?2, ?3, coalesce(?4, x'')) ORDER BY rank, nickname_key, id LIMIT ?5"
    );
    let members = all_rows(db, &select, params![number, rank, key, user, limit.saturating_add(1)], |row| {
        let (user, role) = (user_from(row, 0)?, row.get::<_, Option<_>>(4)?.unwrap_or_default());
        let nickname_key = row.get::<_, Option<String>>(5)?.unwrap_or_default();
        let key = MemberSortKey { rank: row.get(6)?, nickname_key, user: user.id };
        Ok((key, RoomMember { user, role, online: false }))
    })?;
    Ok(member_page(members, limit))
}
