//! What a user leaves behind who goes for good.

use rusqlite::Connection;

use crate::domain::{ConversationId, UserId};

use super::super::{
    super::{Committed, StoreError},
    queries::conversation_of,
};

/// How many of those with whom somebody talked alone are told at once. The others find out when they come in, or write.
const TOLD: usize = 100;

/// What there is to tell of somebody's going.
#[derive(Debug, Default)]
#[must_use = "others are to be told"]
pub(in super::super) struct Farewell(Vec<Committed>);

impl Farewell {
    pub(super) fn add(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// The same behind something else.
    pub(super) fn after(mut self, first: Committed) -> Committed {
        self.0.insert(0, first);
        Committed::Several(self.0)
    }

    pub(super) fn into_news(self) -> Option<Committed> {
        (!self.0.is_empty()).then_some(Committed::Several(self.0))
    }
}

/// A direct of somebody who goes, and the other user.
struct Left {
    direct: ConversationId,
    other: UserId,
    /// It stands in the other user's list.
    is_listed: bool,
    is_empty: bool,
}

/// Drops the directs in which nothing was ever written. Those with whom the user talked in the others are told that the
/// user has gone.
pub(super) fn leave_directs(db: &Connection, user: UserId) -> Result<Farewell, StoreError> {
    let left: Vec<Left> = db
        .prepare_cached(
            "SELECT o.conversation, o.user, o.listed IS NOT NULL,
                    NOT EXISTS (SELECT 1 FROM events WHERE conversation = o.conversation)
               FROM members m
               JOIN conversations c ON c.id = m.conversation AND c.kind = 'direct'
               JOIN members o ON o.conversation = c.id AND o.user <> m.user
              WHERE m.user = ?1 ORDER BY o.listed DESC",
        )?
        .query_map([user], |row| {
            Ok(Left { direct: row.get(0)?, other: row.get(1)?, is_listed: row.get(2)?, is_empty: row.get(3)? })
        })?
        .collect::<Result<_, _>>()?;
    let mut news = Vec::new();
    for Left { direct, .. } in left.iter().filter(|left| left.is_empty) {
        db.prepare_cached("DELETE FROM members WHERE conversation = ?1")?.execute([direct])?;
        db.prepare_cached("DELETE FROM conversations WHERE id = ?1")?.execute([direct])?;
    }
    let listed = || left.iter().filter(|left| left.is_listed);
    let dropped: Vec<_> = listed().filter(|left| left.is_empty).map(|left| (left.other, left.direct)).collect();
    if !dropped.is_empty() {
        news.push(Committed::Removed(dropped));
    }
    let views = listed().filter(|left| !left.is_empty).take(TOLD);
    let views = views.map(|left| Ok((left.other, conversation_of(db, left.other, left.direct)?)));
    news.extend(Committed::views(views.collect::<Result<Vec<_>, StoreError>>()?));
    Ok(Farewell(news))
}
