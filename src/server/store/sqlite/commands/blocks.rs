//! What users want to see no more: directs that they hide, and users whom they block.

use rusqlite::{Connection, params};

use crate::{
    domain::{ConversationId, Timestamp, UserId},
    server::store::{
        commits::Committed,
        conversations::MAX_BLOCKS,
        error::StoreError,
        sqlite::{
            commands::directs::Pair,
            lists::{ListPosition, read_all, take_out},
            queries,
            writer::job::{Applied, Write},
        },
    },
};

/// A user takes a direct out of their list. It comes back with the next message.
pub(crate) struct Hide {
    pub(crate) user: UserId,
    pub(crate) direct: ConversationId,
}

impl Write for Hide {
    type Done = ();

    fn apply(&self, db: &Connection) -> Result<Applied<()>, StoreError> {
        let Self { user, direct } = *self;
        if !ListPosition::of(db, user, direct)?.ok_or(StoreError::NotMember)?.is_direct() {
            return Err(StoreError::NotAllowed);
        }
        let was_there = take_out(db, user, direct)?;
        Ok(Applied { done: (), news: was_there.then(|| Committed::Removed(vec![(user, direct)])) })
    }
}

/// A user hears nothing of another one from now on.
pub(crate) struct Block {
    pub(crate) user: UserId,
    pub(crate) other: UserId,
}

impl Write for Block {
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
        if count > MAX_BLOCKS {
            return Err(StoreError::TooManyBlocks);
        }
        let mut news = Vec::new();
        if let Some(direct) = Pair::of(user, other).find(db)?
            && take_out(db, user, direct.id)?
        {
            news.push(Committed::Removed(vec![(user, direct.id)]));
        }
        news.push(Committed::Blocked { user, other: blocked, on: true });
        Ok(Applied { done: (), news: Some(Committed::Several(news)) })
    }
}

/// A user hears of another one again. What that one wrote meanwhile is there to be read, but not as unread.
pub(crate) struct Unblock {
    pub(crate) user: UserId,
    pub(crate) other: UserId,
}

impl Write for Unblock {
    type Done = ();

    fn apply(&self, db: &Connection) -> Result<Applied<()>, StoreError> {
        let Self { user, other } = *self;
        let was_there =
            db.prepare_cached("DELETE FROM blocks WHERE user = ?1 AND blocked = ?2")?.execute([user, other])? > 0;
        if !was_there {
            return Ok(Applied { done: (), news: None });
        }
        if let Some(direct) = Pair::of(user, other).find(db)? {
            read_all(db, user, direct.id)?;
        }
        let other = queries::accounts::user_of(db, other)?.ok_or(StoreError::UnknownUser)?;
        Ok(Applied { done: (), news: Some(Committed::Blocked { user, other, on: false }) })
    }
}
