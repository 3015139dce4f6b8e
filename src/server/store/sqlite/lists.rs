//! Users' lists of conversations: the column `listed` of the table `members`.
//!
//! A member sees a direct, and gets its events, while it is in their list. It enters the list when they open it and with
//! each message of either user. It leaves the list when they hide it or block the other user. Rooms are always listed.

use rusqlite::{Connection, OptionalExtension as _, ToSql, params, types::ToSqlOutput};

use crate::{
    domain::{Conversation, ConversationId, ConversationKind, Timestamp, UserId},
    server::store::{commits::Committed, error::StoreError, sqlite::queries::conversations::conversation_of},
};

/// The time of the newest message of a direct, in minutes since the Unix epoch. Lists are sorted by it; with minutes, fewer
/// messages change a list.
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

/// Facts about a member of a conversation that decide about writing and lists.
#[derive(Debug)]
pub(super) struct MembershipState {
    /// Whether the conversation is in the member's list.
    is_listed: bool,
    /// The other user of a direct; `None` in a room.
    other: Option<OtherUser>,
}

#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "four facts that have nothing to do with one another")]
struct OtherUser {
    id: UserId,
    /// Whether the direct is in this user's list.
    is_listed: bool,
    /// Whether this user has released the nickname or deleted the account.
    is_gone: bool,
    has_blocked_me: bool,
    is_blocked: bool,
}

impl MembershipState {
    /// `None` if the user is not a member.
    pub(super) fn of(db: &Connection, user: UserId, conversation: ConversationId) -> Result<Option<Self>, StoreError> {
        let membership = db
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
                    Some(id) => Some(OtherUser {
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
        Ok(membership)
    }

    pub(super) fn is_direct(&self) -> bool {
        self.other.is_some()
    }

    /// Checks that the other user of a direct can get a message.
    ///
    /// # Errors
    ///
    /// [`StoreError::UserGone`], or [`StoreError::Blocked`] if the member has blocked the other user.
    pub(super) fn check_recipient(&self) -> Result<(), StoreError> {
        match &self.other {
            Some(OtherUser { is_gone: true, .. }) => Err(StoreError::UserGone),
            Some(OtherUser { is_blocked: true, .. }) => Err(StoreError::Blocked),
            _ => Ok(()),
        }
    }

    /// Whether a message of `user` puts the direct into no list, because it already is where it must be.
    pub(super) fn is_listed_everywhere(&self, user: UserId) -> bool {
        self.missing_lists(user).next().is_none()
    }

    /// The users into whose lists a message of `user` puts the direct.
    fn missing_lists(&self, user: UserId) -> impl Iterator<Item = UserId> {
        let own = (!self.is_listed).then_some(user);
        let other = self.other.as_ref().filter(|other| !other.is_listed && !other.has_blocked_me);
        own.into_iter().chain(other.map(|other| other.id)).filter(|_| self.is_direct())
    }

    /// Puts the direct into the lists that the next message of `user` needs it in. Returns the change that users must be
    /// told of before the message.
    pub(super) fn list_everywhere(
        &self,
        db: &Connection,
        user: UserId,
        conversation: ConversationId,
    ) -> Result<Option<Committed>, StoreError> {
        let views = self.missing_lists(user).map(|user| Ok((user, list(db, user, conversation)?)));
        let views = views.collect::<Result<Vec<_>, StoreError>>()?;
        Ok(Committed::views(views))
    }
}

/// Subtracted from the sort key of directs with users who are gone for good, so that they come last. Migration 18 has the
/// same number.
const GONE_OFFSET: i64 = 1 << 40;

/// Puts a direct into a user's list, if it is not there. Returns the direct as the user sees it.
pub(super) fn list(db: &Connection, user: UserId, direct: ConversationId) -> Result<Conversation, StoreError> {
    let listed = db
        .prepare_cached("UPDATE members SET listed = ?3 WHERE conversation = ?1 AND user = ?2 AND listed IS NULL")?
        .execute(params![direct, user, Minute::of(Timestamp::now())])?;
    let conversation = conversation_of(db, user, direct)?;
    if listed > 0 && matches!(&conversation.kind, ConversationKind::Direct { with } if with.gone) {
        move_below(db, user, direct)?;
    }
    Ok(conversation)
}

/// Moves a direct with a user who is gone for good below all others in a user's list.
pub(super) fn move_below(db: &Connection, user: UserId, direct: ConversationId) -> Result<(), StoreError> {
    db.prepare_cached("UPDATE members SET listed = listed - ?3 WHERE conversation = ?1 AND user = ?2 AND listed >= 0")?
        .execute(params![direct, user, GONE_OFFSET])?;
    Ok(())
}

/// Removes a direct from a user's list and marks it as read. Returns whether it was in the list.
pub(super) fn unlist(db: &Connection, user: UserId, direct: ConversationId) -> Result<bool, StoreError> {
    mark_all_read(db, user, direct)?;
    let removed = db
        .prepare_cached(
            "UPDATE members SET listed = NULL WHERE conversation = ?1 AND user = ?2 AND listed IS NOT NULL",
        )?
        .execute(params![direct, user])?;
    Ok(removed > 0)
}

/// Nothing in it is unread.
pub(super) fn mark_all_read(db: &Connection, user: UserId, conversation: ConversationId) -> Result<(), StoreError> {
    db.prepare_cached(
        "UPDATE members SET read_seq = coalesce((SELECT max(seq) FROM events WHERE conversation = ?1), read_seq)
          WHERE conversation = ?1 AND user = ?2",
    )?
    .execute(params![conversation, user])?;
    Ok(())
}

/// Moves a direct with a new message up in the lists that have it.
pub(super) fn move_up(db: &Connection, conversation: ConversationId, minute: Minute) -> Result<(), rusqlite::Error> {
    db.prepare_cached(
        "UPDATE members SET listed = ?2
          WHERE conversation = ?1 AND listed BETWEEN 0 AND ?2 - 1
            AND user IN (SELECT direct_low FROM conversations WHERE id = ?1
                         UNION ALL SELECT direct_high FROM conversations WHERE id = ?1)",
    )?
    .execute(params![conversation, minute])
    .map(drop)
}
