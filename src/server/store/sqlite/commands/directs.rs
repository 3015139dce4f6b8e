//! Directs are found or begun.

use rusqlite::{Connection, OptionalExtension as _, params};
use tokio::sync::oneshot;

use crate::{
    domain::{ConversationId, Timestamp, UserId},
    server::store::{
        commits::Committed,
        directs::{FoundUser, OpenDirect, OpenedDirect, Whom},
        error::StoreError,
        sqlite::{
            lists::{Minute, list},
            tables::sanctions::check_voice,
            writer::job::{Applied, Write},
        },
    },
};

impl Write for OpenDirect {
    type Done = OpenedDirect;

    fn apply(&self, db: &Connection) -> Result<Applied<OpenedDirect>, StoreError> {
        let opener = self.opener.id;
        let (other, is_gone) = find(db, &self.whom)?.ok_or(StoreError::UnknownUser)?;
        if other == opener {
            return Err(StoreError::SelfDirect);
        }
        if db.prepare_cached("SELECT 1 FROM blocks WHERE user = ?1 AND blocked = ?2")?.exists([opener, other])? {
            return Err(StoreError::Blocked);
        }
        let pair = Pair::of(opener, other);
        let direct = match pair.find(db)? {
            Some(direct) => direct,
            None if is_gone => return Err(StoreError::UserGone),
            None => {
                check_voice(db, opener)?;
                pair.begin(db, opener)?
            }
        };
        let (announce, announced) = oneshot::channel();
        // The other one hears of it with the first message.
        let views = vec![(opener, list(db, opener, direct.id)?)];
        Ok(Applied {
            done: OpenedDirect { conversation: direct.id, with: other, at: direct.created_at, announced },
            news: Some(Committed::Opened { views, announced: announce }),
        })
    }
}

/// Who is meant, and whether they have gone.
fn find(db: &Connection, whom: &Whom) -> Result<Option<(UserId, bool)>, StoreError> {
    let found = match whom {
        Whom::Named(key) => db
            .prepare_cached("SELECT id FROM users WHERE nickname_key = ?1")?
            .query_row([key], |row| Ok((row.get(0)?, false))),
        Whom::User(id) => db
            .prepare_cached("SELECT id, nickname_key IS NULL FROM users WHERE id = ?1 AND id <> ?2")?
            .query_row([*id, UserId::SYSTEM], |row| Ok((row.get(0)?, row.get(1)?))),
    };
    Ok(found.optional()?)
}

/// Who is meant, and whether `opener` has a direct with them already.
pub(crate) fn find_user(db: &Connection, opener: UserId, whom: &Whom) -> Result<Option<FoundUser>, StoreError> {
    let Some((id, _)) = find(db, whom)? else { return Ok(None) };
    let has_direct = id != opener && Pair::of(opener, id).find(db)?.is_some();
    Ok(Some(FoundUser { id, has_direct }))
}

/// Two users in the order that makes them one row.
pub(crate) struct Pair {
    low: UserId,
    high: UserId,
}

pub(crate) struct FindDirect {
    pub(crate) id: ConversationId,
    created_at: Timestamp,
}

impl Pair {
    pub(crate) fn of(one: UserId, other: UserId) -> Self {
        Self { low: one.min(other), high: one.max(other) }
    }

    pub(crate) fn find(&self, db: &Connection) -> Result<Option<FindDirect>, StoreError> {
        let found = db
            .prepare_cached("SELECT id, created_at FROM conversations WHERE direct_low = ?1 AND direct_high = ?2")?
            .query_row(params![self.low, self.high], |row| Ok(FindDirect { id: row.get(0)?, created_at: row.get(1)? }))
            .optional()?;
        Ok(found)
    }

    /// Begins the direct, in the list of `opener` alone.
    fn begin(&self, db: &Connection, opener: UserId) -> Result<FindDirect, StoreError> {
        let direct = FindDirect { id: ConversationId::generate(), created_at: Timestamp::now() };
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
