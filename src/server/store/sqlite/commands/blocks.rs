//! Hiding directs, and blocking users.

use rusqlite::{Connection, params};

use crate::{
    domain::{ConversationId, Timestamp, UserId},
    server::store::{
        commits::Committed,
        conversations::MAX_BLOCKED_USERS,
        error::StoreError,
        sqlite::{
            commands::directs::UserPair,
            lists::{MembershipState, read_all, take_out},
            queries,
            writer::job::{Applied, Write},
        },
    },
};

/// Takes a direct out of a user's list. It comes back with the next message.
pub(crate) struct HideDirect {
    pub(crate) user: UserId,
    pub(crate) direct: ConversationId,
}

impl Write for HideDirect {
    type Done = ();

    fn apply(&self, db: &Connection) -> Result<Applied<()>, StoreError> {
        let Self { user, direct } = *self;
        if !MembershipState::of(db, user, direct)?.ok_or(StoreError::NotMember)?.is_direct() {
            return Err(StoreError::NotAllowed);
        }
        let was_listed = take_out(db, user, direct)?;
        Ok(Applied { done: (), news: was_listed.then(|| Committed::ConversationsRemoved(vec![(user, direct)])) })
    }
}

/// Blocks another user. Their direct leaves the list of the user who blocks.
pub(crate) struct BlockUser {
    pub(crate) user: UserId,
    pub(crate) other: UserId,
}

impl Write for BlockUser {
    type Done = ();

    fn apply(&self, db: &Connection) -> Result<Applied<()>, StoreError> {
        let Self { user, other } = *self;
        if user == other {
            return Err(StoreError::SelfBlock);
        }
        let blocked = queries::accounts::user_of(db, other)?.filter(|user| user.id != UserId::SYSTEM);
        let blocked = blocked.ok_or(StoreError::UnknownUser)?;
        let is_new = db
            .prepare_cached("INSERT OR IGNORE INTO blocks (user, blocked, at) VALUES (?1, ?2, ?3)")?
            .execute(params![user, other, Timestamp::now()])?
            > 0;
        if !is_new {
            return Ok(Applied { done: (), news: None });
        }
        let count: u32 =
            db.prepare_cached("SELECT count(*) FROM blocks WHERE user = ?1")?.query_row([user], |row| row.get(0))?;
        if count > MAX_BLOCKED_USERS {
            return Err(StoreError::TooManyBlocks);
        }
        let mut news = Vec::new();
        if let Some(direct) = UserPair::new(user, other).find_direct(db)?
            && take_out(db, user, direct.id)?
        {
            news.push(Committed::ConversationsRemoved(vec![(user, direct.id)]));
        }
        news.push(Committed::BlockChanged { user, other: blocked, blocked: true });
        Ok(Applied { done: (), news: Some(Committed::Batch(news)) })
    }
}

/// Unblocks another user. What that user wrote in the meantime appears, and does not count as unread.
pub(crate) struct UnblockUser {
    pub(crate) user: UserId,
    pub(crate) other: UserId,
}

impl Write for UnblockUser {
    type Done = ();

    fn apply(&self, db: &Connection) -> Result<Applied<()>, StoreError> {
        let Self { user, other } = *self;
        let was_blocked =
            db.prepare_cached("DELETE FROM blocks WHERE user = ?1 AND blocked = ?2")?.execute([user, other])? > 0;
        if !was_blocked {
            return Ok(Applied { done: (), news: None });
        }
        if let Some(direct) = UserPair::new(user, other).find_direct(db)? {
            read_all(db, user, direct.id)?;
        }
        let other = queries::accounts::user_of(db, other)?.ok_or(StoreError::UnknownUser)?;
        Ok(Applied { done: (), news: Some(Committed::BlockChanged { user, other, blocked: false }) })
    }
}
