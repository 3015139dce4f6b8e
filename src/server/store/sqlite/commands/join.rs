//! Joining a room.

use rusqlite::{Connection, params};
use tokio::sync::oneshot;

use crate::{
    domain::{ConversationId, Timestamp, UserId},
    server::store::{
        commits::Committed,
        conversations::Joined,
        error::StoreError,
        sqlite::{
            queries::conversations::conversation_of,
            tables::sanctions::{SanctionScope, check_not_banned},
            writer::job::{Applied, Write},
        },
    },
};

/// A user joins a room, for instance after having been removed from it. Changes nothing for members.
pub(crate) struct JoinRoom {
    pub(crate) user: UserId,
    pub(crate) room: ConversationId,
}

impl Write for JoinRoom {
    type Output = Joined;

    fn apply(&self, db: &Connection) -> Result<Applied<Joined>, StoreError> {
        let Self { user, room } = *self;
        check_not_banned(db, user, SanctionScope(Some(room)))?;
        db.prepare_cached(
            "INSERT OR IGNORE INTO members (conversation, user, read_seq, joined_at)
             SELECT c.id, u.id, (SELECT coalesce(max(seq), 0) FROM events WHERE conversation = c.id), ?3 FROM conversations c, users u
              WHERE c.id = ?1 AND c.kind = 'room' AND u.id = ?2 AND u.nickname_key IS NOT NULL",
        )?
        .execute(params![room, user, Timestamp::now()])?;
        // `NotMember` if the room or the user does not exist.
        let view = conversation_of(db, user, room)?;
        let at = db
            .prepare_cached("SELECT joined_at FROM members WHERE conversation = ?1 AND user = ?2")?
            .query_row(params![room, user], |row| row.get(0))?;
        let (announce, announced) = oneshot::channel();
        let news = Some(Committed::ConversationsChanged { views: vec![(user, view)], announced: announce });
        Ok(Applied { output: Joined { at, announced }, change: news })
    }
}
