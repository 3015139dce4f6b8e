//! Opening directs.

use rusqlite::{Connection, OptionalExtension as _, params};
use tokio::sync::oneshot;

use crate::{
    domain::{ConversationId, Timestamp, UserId},
    server::store::{
        commits::Committed,
        directs::{FoundUser, OpenDirect, OpenedDirect, UserRef},
        error::StoreError,
        sqlite::{
            lists::{Minute, list},
            tables::sanctions::{SanctionScope, check_not_muted},
            writer::job::{Applied, Write},
        },
    },
};

/// Finds the direct of two users, or creates it, and puts it into the opener's list. The other user gets to see it with the
/// first message.
impl Write for OpenDirect {
    type Output = OpenedDirect;

    fn apply(&self, db: &Connection) -> Result<Applied<OpenedDirect>, StoreError> {
        let opener = self.opener.id;
        let (other, has_left) = find_recipient(db, &self.target)?.ok_or(StoreError::UnknownUser)?;
        if other == opener {
            return Err(StoreError::SelfDirect);
        }
        if db.prepare_cached("SELECT 1 FROM blocks WHERE user = ?1 AND blocked = ?2")?.exists([opener, other])? {
            return Err(StoreError::Blocked);
        }
        let pair = UserPair::new(opener, other);
        let direct = match pair.find_direct(db)? {
            Some(direct) => direct,
            None if has_left => return Err(StoreError::UserGone),
            None => {
                // A mute in one room forbids no directs.
                check_not_muted(db, opener, SanctionScope::SERVER)?;
                pair.create_direct(db, opener)?
            }
        };
        let (announce, announced) = oneshot::channel();
        let views = vec![(opener, list(db, opener, direct.id)?)];
        Ok(Applied {
            output: OpenedDirect { conversation: direct.id, with: other, at: direct.created_at, announced },
            change: Some(Committed::ConversationsChanged { views, announced: announce }),
        })
    }
}

/// Finds the recipient, and whether that user has left for good.
fn find_recipient(db: &Connection, target: &UserRef) -> Result<Option<(UserId, bool)>, StoreError> {
    let found = match target {
        UserRef::Nickname(key) => db
            .prepare_cached("SELECT id FROM users WHERE nickname_key = ?1")?
            .query_row([key], |row| Ok((row.get(0)?, false))),
        UserRef::Id(id) => db
            .prepare_cached("SELECT id, nickname_key IS NULL FROM users WHERE id = ?1 AND id <> ?2")?
            .query_row([*id, UserId::SYSTEM], |row| Ok((row.get(0)?, row.get(1)?))),
    };
    Ok(found.optional()?)
}

/// Finds the recipient of a direct, and whether `opener` has a direct with that user already.
pub(crate) fn find_user(db: &Connection, opener: UserId, target: &UserRef) -> Result<Option<FoundUser>, StoreError> {
    let Some((id, _)) = find_recipient(db, target)? else { return Ok(None) };
    let has_direct = id != opener && UserPair::new(opener, id).find_direct(db)?.is_some();
    Ok(Some(FoundUser { id, has_direct }))
}

/// Two users in the order in which the table has them, so that a pair has at most one direct.
pub(super) struct UserPair {
    low: UserId,
    high: UserId,
}

pub(super) struct DirectRow {
    pub(super) id: ConversationId,
    created_at: Timestamp,
}

impl UserPair {
    pub(super) fn new(one: UserId, other: UserId) -> Self {
        Self { low: one.min(other), high: one.max(other) }
    }

    pub(super) fn find_direct(&self, db: &Connection) -> Result<Option<DirectRow>, StoreError> {
        let found = db
            .prepare_cached("SELECT id, created_at FROM conversations WHERE direct_low = ?1 AND direct_high = ?2")?
            .query_row(params![self.low, self.high], |row| Ok(DirectRow { id: row.get(0)?, created_at: row.get(1)? }))
            .optional()?;
        Ok(found)
    }

    /// Creates the direct, in the opener's list only.
    fn create_direct(&self, db: &Connection, opener: UserId) -> Result<DirectRow, StoreError> {
        let direct = DirectRow { id: ConversationId::generate(), created_at: Timestamp::now() };
        db.prepare_cached(
            "INSERT INTO conversations (id, kind, direct_low, direct_high, created_at) VALUES (?1, 'direct', ?2, ?3, ?4)",
        )?
        .execute(params![direct.id, self.low, self.high, direct.created_at])?;
        for user in [self.low, self.high] {
            let listed = (user == opener).then(|| Minute::of(direct.created_at));
            db.prepare_cached(
                "INSERT INTO members (conversation, user, read_seq, joined_at, listed) VALUES (?1, ?2, 0, ?3, ?4)",
            )?
            .execute(params![direct.id, user, direct.created_at, listed])?;
        }
        Ok(direct)
    }
}
