//! What stands in users' lists of conversations.
//!
//! A member of a direct hears of it, and finds it, while it stands in their list. It comes in when they open it, and with
//! a message of either user; it goes when they hide it or block the other user. Rooms always stand there.

use rusqlite::{Connection, OptionalExtension as _, ToSql, params, types::ToSqlOutput};

use crate::{
    domain::{Conversation, ConversationId, ConversationKind, Timestamp, UserId},
    server::store::{commits::Committed, error::StoreError, sqlite::queries::conversations::conversation_of},
};

/// When the newest message came in a direct, to the minute: what happens more often than that changes no list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Minute(i64);

impl Minute {
    pub(super) fn of(at: Timestamp) -> Self {
        Self(i64::try_from(at.0 / 60_000).unwrap_or(i64::MAX))
    }
}

impl ToSql for Minute {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.0.into())
    }
}

/// How a member stands in a conversation.
#[derive(Debug)]
pub(super) struct MembershipState {
    /// It stands in their list.
    is_listed: bool,
    /// The other user of a direct.
    other: Option<Other>,
}

#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "four facts that have nothing to do with one another")]
struct Other {
    id: UserId,
    /// It stands in their list, too.
    is_listed: bool,
    /// A guest who has given the name back, or somebody whose account is no more.
    is_gone: bool,
    has_blocked_me: bool,
    is_blocked: bool,
}

impl MembershipState {
    /// `None` for who is no member.
    pub(super) fn of(db: &Connection, user: UserId, conversation: ConversationId) -> Result<Option<Self>, StoreError> {
        let standing = db
            .prepare_cached(
                "SELECT m.listed IS NOT NULL, o.user, o.listed IS NOT NULL, u.nickname_key IS NULL,
                        EXISTS (SELECT 1 FROM blocks WHERE user = o.user AND blocked = m.user),
                        EXISTS (SELECT 1 FROM blocks WHERE user = m.user AND blocked = o.user)
                   FROM members m
                   JOIN conversations c ON c.id = m.conversation
                   LEFT JOIN users u ON u.id = CASE c.direct_low WHEN m.user THEN c.direct_high ELSE c.direct_low END
                   LEFT JOIN members o ON o.conversation = c.id AND o.user = u.id
                  WHERE m.conversation = ?1 AND m.user = ?2",
            )?
            .query_row(params![conversation, user], |row| {
                let other = match row.get::<_, Option<UserId>>(1)? {
                    None => None,
                    Some(id) => Some(Other {
                        id,
                        is_listed: row.get(2)?,
                        is_gone: row.get(3)?,
                        has_blocked_me: row.get(4)?,
                        is_blocked: row.get(5)?,
                    }),
                };
                Ok(Self { is_listed: row.get(0)?, other })
            })
            .optional()?;
        Ok(standing)
    }

    pub(super) fn is_direct(&self) -> bool {
        self.other.is_some()
    }

    /// Whether a message would find somebody who reads it.
    pub(super) fn check(&self) -> Result<(), StoreError> {
        match &self.other {
            Some(Other { is_gone: true, .. }) => Err(StoreError::UserGone),
            Some(Other { is_blocked: true, .. }) => Err(StoreError::Blocked),
            _ => Ok(()),
        }
    }

    /// Whether a message changes no more in any list than the order.
    pub(super) fn is_settled(&self, user: UserId) -> bool {
        self.missing(user).next().is_none()
    }

    /// In whose lists the next message of `user` puts the direct.
    fn missing(&self, user: UserId) -> impl Iterator<Item = UserId> {
        let own = (!self.is_listed).then_some(user);
        let other = self.other.as_ref().filter(|other| !other.is_listed && !other.has_blocked_me);
        own.into_iter().chain(other.map(|other| other.id)).filter(|_| self.is_direct())
    }

    /// Puts the direct into the lists in which the next message of `user` is to find it. Gives what there is to tell before
    /// that.
    pub(super) fn settle(
        &self,
        db: &Connection,
        user: UserId,
        conversation: ConversationId,
    ) -> Result<Option<Committed>, StoreError> {
        let views = self.missing(user).map(|user| Ok((user, list(db, user, conversation)?)));
        let views = views.collect::<Result<Vec<_>, StoreError>>()?;
        Ok(Committed::views(views))
    }
}

/// By so many minutes further down stand directs with users who have gone for good: below all others, however many they
/// are. Migration 18 has the same number.
const BELOW: i64 = 1 << 40;

/// Puts a direct into a user's list, if it does not stand there. Gives it as they see it.
pub(super) fn list(db: &Connection, user: UserId, direct: ConversationId) -> Result<Conversation, StoreError> {
    let listed = db
        .prepare_cached("UPDATE members SET listed = ?3 WHERE conversation = ?1 AND user = ?2 AND listed IS NULL")?
        .execute(params![direct, user, Minute::of(Timestamp::now())])?;
    let conversation = conversation_of(db, user, direct)?;
    if listed > 0 && matches!(&conversation.kind, ConversationKind::Direct { with } if with.gone) {
        put_below(db, user, direct)?;
    }
    Ok(conversation)
}

/// The other user of a direct has gone for good: it stands in the user's list below those with users who have not.
pub(super) fn put_below(db: &Connection, user: UserId, direct: ConversationId) -> Result<(), StoreError> {
    db.prepare_cached("UPDATE members SET listed = listed - ?3 WHERE conversation = ?1 AND user = ?2 AND listed >= 0")?
        .execute(params![direct, user, BELOW])?;
    Ok(())
}

/// Takes a direct out of a user's list, who has read all that is in it. Whether it stood there.
pub(super) fn take_out(db: &Connection, user: UserId, direct: ConversationId) -> Result<bool, StoreError> {
    read_all(db, user, direct)?;
    let taken = db
        .prepare_cached(
            "UPDATE members SET listed = NULL WHERE conversation = ?1 AND user = ?2 AND listed IS NOT NULL",
        )?
        .execute(params![direct, user])?;
    Ok(taken > 0)
}

/// Nothing in it is unread.
pub(super) fn read_all(db: &Connection, user: UserId, conversation: ConversationId) -> Result<(), StoreError> {
    db.prepare_cached(
        "UPDATE members SET read_seq = coalesce((SELECT max(seq) FROM events WHERE conversation = ?1), read_seq)
          WHERE conversation = ?1 AND user = ?2",
    )?
    .execute(params![conversation, user])?;
    Ok(())
}

/// A message has come in a conversation: a direct moves up in the lists in which it stands.
pub(super) fn note(db: &Connection, conversation: ConversationId, minute: Minute) -> Result<(), rusqlite::Error> {
    db.prepare_cached(
        "UPDATE members SET listed = ?2
          WHERE conversation = ?1 AND listed BETWEEN 0 AND ?2 - 1
            AND user IN (SELECT direct_low FROM conversations WHERE id = ?1
                         UNION ALL SELECT direct_high FROM conversations WHERE id = ?1)",
    )?
    .execute(params![conversation, minute])
    .map(drop)
}
