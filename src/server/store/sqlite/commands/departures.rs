//! Users who leave for good: their nicknames become free, and the other users of their directs are told.

use rusqlite::{Connection, OptionalExtension as _};
use tokio::sync::oneshot;

use crate::{
    domain::{ConversationId, EndReason, UserId},
    server::store::{
        commits::Committed,
        error::StoreError,
        sqlite::{
            lists::{move_below, unlist},
            queries::conversations::conversation_of,
            tables::{sessions::end_all_sessions, users::clear_nickname_key},
            writer::job::{Applied, Write},
        },
    },
};

/// How many users are told at once that somebody they share a direct with has left. The others find out when they connect
/// next, or write to that user.
const MAX_NOTIFIED: usize = 100;

/// The announcements that follow when users leave.
#[derive(Debug, Default)]
#[must_use = "the other users must be told"]
pub(super) struct Departure(Vec<Committed>);

impl Departure {
    pub(super) fn add(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// Announces `first`, then the departure.
    pub(super) fn after(mut self, first: Committed) -> Committed {
        self.0.insert(0, first);
        Committed::Batch(self.0)
    }

    /// Announces `changes`, then the departure. The receiver resolves when the connections have been told.
    pub(super) fn delivered_after(self, mut changes: Vec<Committed>) -> (Committed, oneshot::Receiver<()>) {
        changes.extend(self.0);
        Committed::with_delivery(changes)
    }

    pub(super) fn into_changes(self) -> Vec<Committed> {
        self.0
    }

    pub(super) fn into_news(self) -> Option<Committed> {
        (!self.0.is_empty()).then_some(Committed::Batch(self.0))
    }
}

/// Makes the nickname of a user without a session free again: a client of the simple protocol has disconnected.
pub(crate) struct ReleaseNickname(pub(crate) UserId);

impl Write for ReleaseNickname {
    type Output = ();

    fn apply(&self, db: &Connection) -> Result<Applied<()>, StoreError> {
        Ok(Applied { output: (), change: release_nickname(db, self.0)?.into_news() })
    }
}

/// Ends all sessions of a guest and makes the nickname free.
pub(super) fn sign_out_guest(db: &Connection, guest: UserId, reason: EndReason) -> Result<Departure, StoreError> {
    end_all_sessions(db, guest, reason)?;
    let mut departure = Departure(vec![Committed::SessionEnded { user: guest, session: None, reason }]);
    departure.add(release_nickname(db, guest)?);
    Ok(departure)
}

/// Makes the nickname free if the user is a guest whose last session has ended.
pub(super) fn release_nickname_without_session(db: &Connection, user: UserId) -> Result<Departure, StoreError> {
    let keeps_nickname = db
        .prepare_cached(
            "SELECT 1 FROM users WHERE id = ?1
                AND (password IS NOT NULL OR EXISTS (SELECT 1 FROM sessions WHERE user = ?1))",
        )?
        .exists([user])?;
    if keeps_nickname { Ok(Departure::default()) } else { release_nickname(db, user) }
}

/// Makes a user's nickname free and takes the user out of all rooms. Directs stay, for the sake of the other user.
pub(super) fn release_nickname(db: &Connection, user: UserId) -> Result<Departure, StoreError> {
    if !clear_nickname_key(db, user)? {
        return Ok(Departure::default());
    }
    db.prepare_cached(
        "DELETE FROM members
          WHERE user = ?1 AND conversation IN (SELECT id FROM conversations WHERE kind = 'room')",
    )?
    .execute([user])?;
    leave_directs(db, user)
}

/// A direct of a user who leaves, as it looks for the other user.
struct LeftDirect {
    direct: ConversationId,
    other: UserId,
    /// Whether it is in the other user's list.
    is_listed: bool,
    /// Whether nothing was ever written in it.
    is_unused: bool,
    /// Whether all messages in it have been deleted.
    is_empty: bool,
}

/// Deletes the user's unused directs, takes the empty ones out of the other user's list, and announces the rest as directs
/// whose other user has left.
fn leave_directs(db: &Connection, user: UserId) -> Result<Departure, StoreError> {
    let directs: Vec<LeftDirect> = db
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
            Ok(LeftDirect { direct, other, is_listed, is_unused: row.get(3)?, is_empty: row.get(4)? })
        })?
        .collect::<Result<_, _>>()?;
    let mut news = Vec::new();
    for LeftDirect { direct, other, is_unused, is_empty, .. } in &directs {
        if *is_unused {
            db.prepare_cached("DELETE FROM members WHERE conversation = ?1")?.execute([direct])?;
            db.prepare_cached("DELETE FROM conversations WHERE id = ?1")?.execute([direct])?;
        } else if *is_empty {
            unlist(db, *other, *direct)?;
        } else {
            move_below(db, *other, *direct)?;
        }
    }
    let listed = || directs.iter().filter(|left| left.is_listed);
    let removed: Vec<_> = listed().filter(|left| left.is_empty).map(|left| (left.other, left.direct)).collect();
    if !removed.is_empty() {
        news.push(Committed::ConversationsRemoved(removed));
    }
    let views = listed().filter(|left| !left.is_empty).take(MAX_NOTIFIED);
    let views = views.map(|left| Ok((left.other, conversation_of(db, left.other, left.direct)?)));
    news.extend(Committed::views(views.collect::<Result<Vec<_>, StoreError>>()?));
    Ok(Departure(news))
}

/// After a deletion: if the conversation is a direct without messages whose one user has left, takes it out of the other
/// user's list and returns what to announce.
pub(super) fn unlist_if_empty(db: &Connection, conversation: ConversationId) -> Result<Option<Committed>, StoreError> {
    let remaining: Option<UserId> = db
        .prepare_cached(
            "SELECT m.user FROM members m
               JOIN conversations c ON c.id = m.conversation AND c.kind = 'direct'
               JOIN users u ON u.id = CASE c.direct_low WHEN m.user THEN c.direct_high ELSE c.direct_low END
              WHERE m.conversation = ?1 AND m.listed IS NOT NULL AND u.nickname_key IS NULL
                AND NOT EXISTS (SELECT 1 FROM messages WHERE conversation = ?1 AND NOT deleted)",
        )?
        .query_row([conversation], |row| row.get(0))
        .optional()?;
    let Some(user) = remaining else { return Ok(None) };
    unlist(db, user, conversation)?;
    Ok(Some(Committed::ConversationsRemoved(vec![(user, conversation)])))
}
