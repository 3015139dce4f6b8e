//! What a user leaves behind who goes for good.

use rusqlite::{Connection, OptionalExtension as _};

use crate::{
    domain::{ConversationId, UserId},
    server::store::{
        commits::Committed,
        error::StoreError,
        sqlite::{
            lists::{put_below, take_out},
            queries::conversations::conversation_of,
        },
    },
};

/// How many of those with whom somebody talked alone are told at once. The others find out when they come in, or write.
const TOLD: usize = 100;

/// What there is to tell of somebody's going.
#[derive(Debug, Default)]
#[must_use = "others are to be told"]
pub(crate) struct Departure(Vec<Committed>);

impl Departure {
    pub(crate) fn add(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// The same behind something else.
    pub(crate) fn after(mut self, first: Committed) -> Committed {
        self.0.insert(0, first);
        Committed::Several(self.0)
    }

    pub(crate) fn into_news(self) -> Option<Committed> {
        (!self.0.is_empty()).then_some(Committed::Several(self.0))
    }
}

/// A direct of somebody who goes, and the other user.
struct LeftConversation {
    direct: ConversationId,
    other: UserId,
    /// It stands in the other user's list.
    is_listed: bool,
    /// Nothing was ever written in it.
    is_unused: bool,
    /// Nothing is left to be read in it.
    is_empty: bool,
}

/// Drops the directs in which nothing was ever written, and takes those out of lists in which nothing is left. Those with
/// whom the user talked in the others are told that the user has gone.
pub(crate) fn leave_directs(db: &Connection, user: UserId) -> Result<Departure, StoreError> {
    let left: Vec<LeftConversation> = db
        .prepare_cached(
            "SELECT o.conversation, o.user, o.listed IS NOT NULL,
                    NOT EXISTS (SELECT 1 FROM events WHERE conversation = o.conversation),
                    NOT EXISTS (SELECT 1 FROM messages WHERE conversation = o.conversation AND NOT deleted)
               FROM members m
               JOIN conversations c ON c.id = m.conversation AND c.kind = 'direct'
               JOIN members o ON o.conversation = c.id AND o.user <> m.user
              WHERE m.user = ?1 ORDER BY o.listed DESC",
        )?
        .query_map([user], |row| {
            let (direct, other, is_listed) = (row.get(0)?, row.get(1)?, row.get(2)?);
            Ok(LeftConversation { direct, other, is_listed, is_unused: row.get(3)?, is_empty: row.get(4)? })
        })?
        .collect::<Result<_, _>>()?;
    let mut news = Vec::new();
    for LeftConversation { direct, other, is_unused, is_empty, .. } in &left {
        if *is_unused {
            db.prepare_cached("DELETE FROM members WHERE conversation = ?1")?.execute([direct])?;
            db.prepare_cached("DELETE FROM conversations WHERE id = ?1")?.execute([direct])?;
        } else if *is_empty {
            take_out(db, *other, *direct)?;
        } else {
            put_below(db, *other, *direct)?;
        }
    }
    let listed = || left.iter().filter(|left| left.is_listed);
    let dropped: Vec<_> = listed().filter(|left| left.is_empty).map(|left| (left.other, left.direct)).collect();
    if !dropped.is_empty() {
        news.push(Committed::Removed(dropped));
    }
    let views = listed().filter(|left| !left.is_empty).take(TOLD);
    let views = views.map(|left| Ok((left.other, conversation_of(db, left.other, left.direct)?)));
    news.extend(Committed::views(views.collect::<Result<Vec<_>, StoreError>>()?));
    Ok(Departure(news))
}

/// Something was deleted. A direct with somebody who has gone, in which nothing is left to be read, goes out of the list of
/// whoever is left; gives what there is to tell of that.
pub(crate) fn take_out_if_empty(
    db: &Connection,
    conversation: ConversationId,
) -> Result<Option<Committed>, StoreError> {
    let left: Option<UserId> = db
        .prepare_cached(
            "SELECT m.user FROM members m
               JOIN conversations c ON c.id = m.conversation AND c.kind = 'direct'
               JOIN users u ON u.id = CASE c.direct_low WHEN m.user THEN c.direct_high ELSE c.direct_low END
              WHERE m.conversation = ?1 AND m.listed IS NOT NULL AND u.nickname_key IS NULL
                AND NOT EXISTS (SELECT 1 FROM messages WHERE conversation = ?1 AND NOT deleted)",
        )?
        .query_row([conversation], |row| row.get(0))
        .optional()?;
    let Some(user) = left else { return Ok(None) };
    take_out(db, user, conversation)?;
    Ok(Some(Committed::Removed(vec![(user, conversation)])))
}
