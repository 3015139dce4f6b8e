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
            lists::{MembershipState, mark_all_read, unlist},
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
    type Output = ();

    fn apply(&self, db: &Connection) -> Result<Applied<()>, StoreError> {
        let Self { user, direct } = *self;
        if !MembershipState::of(db, user, direct)?.ok_or(StoreError::NotMember)?.is_direct() {
            return Err(StoreError::NotAllowed);
        }
        let was_listed = unlist(db, user, direct)?;
        Ok(Applied { output: (), change: was_listed.then(|| Committed::ConversationsRemoved(vec![(user, direct)])) })
    }
}

/// Blocks another user. Their direct leaves the list of the user who blocks.
pub(crate) struct BlockUser {
    pub(crate) user: UserId,
    pub(crate) other: UserId,
}

impl Write for BlockUser {
    type Output = ();

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
            return Ok(Applied { output: (), change: None });
        }
        let count: u32 =
            db.prepare_cached("SELECT count(*) FROM blocks WHERE user = ?1")?.query_row([user], |row| row.get(0))?;
        if count > MAX_BLOCKED_USERS {
            return Err(StoreError::TooManyBlocks);
        }
        let mut news = Vec::new();
        if let Some(direct) = UserPair::new(user, other).find_direct(db)?
            && unlist(db, user, direct.id)?
        {
            news.push(Committed::ConversationsRemoved(vec![(user, direct.id)]));
        }
        news.push(Committed::BlockChanged { user, other: blocked, blocked: true });
        Ok(Applied { output: (), change: Some(Committed::Batch(news)) })
    }
}

/// Unblocks another user. What that user wrote in the meantime appears, and does not count as unread.
pub(crate) struct UnblockUser {
    pub(crate) user: UserId,
    pub(crate) other: UserId,
}

impl Write for UnblockUser {
    type Output = ();

    fn apply(&self, db: &Connection) -> Result<Applied<()>, StoreError> {
        let Self { user, other } = *self;
        let was_blocked =
            db.prepare_cached("DELETE FROM blocks WHERE user = ?1 AND blocked = ?2")?.execute([user, other])? > 0;
        if !was_blocked {
            return Ok(Applied { output: (), change: None });
        }
        if let Some(direct) = UserPair::new(user, other).find_direct(db)? {
            mark_all_read(db, user, direct.id)?;
        }
        let other = queries::accounts::user_of(db, other)?.ok_or(StoreError::UnknownUser)?;
        Ok(Applied { output: (), change: Some(Committed::BlockChanged { user, other, blocked: false }) })
    }
}
