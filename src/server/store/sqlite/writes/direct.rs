//! Directs are found or begun.

use rusqlite::{Connection, OptionalExtension as _, params};
use tokio::sync::oneshot;

use crate::domain::{ConversationId, Millis, UserId};

use super::super::{
    super::{Committed, OpenDirect, OpenedDirect, StoreError},
    queries::conversation_of,
    writer::{Applied, Write},
};

impl Write for OpenDirect {
    type Done = OpenedDirect;

    fn apply(&self, db: &Connection) -> Result<Applied<OpenedDirect>, StoreError> {
        let opener = self.opener.id;
        let other: UserId = db
            .prepare_cached("SELECT id FROM users WHERE nickname_key = ?1")?
            .query_row([&self.key], |row| row.get(0))
            .optional()?
            .ok_or(StoreError::UnknownUser)?;
        if other == opener {
            return Err(StoreError::SelfDirect);
        }
        let pair = Pair { low: opener.min(other), high: opener.max(other) };
        let (direct, to_tell) = match pair.find(db)? {
            Some(direct) => (direct, vec![opener]),
            None => (pair.begin(db)?, vec![opener, other]),
        };
        let (announce, announced) = oneshot::channel();
        let views = to_tell
            .into_iter()
            .map(|user| Ok((user, conversation_of(db, user, direct.id)?)))
            .collect::<Result<Vec<_>, StoreError>>()?;
        Ok(Applied {
            done: OpenedDirect { conversation: direct.id, with: other, at: direct.created_at, announced },
            news: Some(Committed::Opened { views, announced: announce }),
        })
    }
}

/// Two users in the order that makes them one row.
struct Pair {
    low: UserId,
    high: UserId,
}

struct Direct {
    id: ConversationId,
    created_at: Millis,
}

impl Pair {
    fn find(&self, db: &Connection) -> Result<Option<Direct>, StoreError> {
        let found = db
            .prepare_cached("SELECT id, created_at FROM conversations WHERE direct_low = ?1 AND direct_high = ?2")?
            .query_row(params![self.low, self.high], |row| Ok(Direct { id: row.get(0)?, created_at: row.get(1)? }))
            .optional()?;
        Ok(found)
    }

    fn begin(&self, db: &Connection) -> Result<Direct, StoreError> {
        let direct = Direct { id: ConversationId::generate(), created_at: Millis::now() };
        db.prepare_cached(
            "INSERT INTO conversations (id, kind, direct_low, direct_high, created_at) VALUES (?1, 'direct', ?2, ?3, ?4)",
        )?
        .execute(params![direct.id, self.low, self.high, direct.created_at])?;
        for user in [self.low, self.high] {
            db.prepare_cached("INSERT INTO members (conversation, user, read_seq, joined_at) VALUES (?1, ?2, 0, ?3)")?
                .execute(params![direct.id, user, direct.created_at])?;
        }
        Ok(direct)
    }
}
