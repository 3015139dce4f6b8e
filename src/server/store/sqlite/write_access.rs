//! Who may write in a conversation. The writer's fast path and the commands ask the same function.

use rusqlite::Connection;

use crate::{
    domain::{ConversationId, EventKind, UserId},
    server::store::{
        error::StoreError,
        sqlite::{
            lists::MembershipState,
            tables::sanctions::{SanctionScope, check_not_muted},
        },
    },
};

/// What an author adds to a conversation, as far as the rule makes a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WriteKind {
    Message,
    /// An edit or a reaction.
    Change,
    /// Events that muted users may add as well: deletions and moderation notices.
    Other,
}

impl WriteKind {
    pub(super) fn of(kind: &EventKind) -> Self {
        match kind {
            EventKind::Message { .. } => Self::Message,
            EventKind::Edit { .. } | EventKind::Reaction { .. } => Self::Change,
            EventKind::Deletion { .. } | EventKind::Notice(_) | EventKind::AccountDeleted | EventKind::Other => {
                Self::Other
            }
        }
    }
}

/// Checks that `author` may add this to the conversation now. Returns how the author, as a member, stands in it; `None` for
/// the server itself ([`UserId::SYSTEM`]), which may write everywhere and is a member nowhere.
///
/// # Errors
/// - [`StoreError::NotMember`] if the author is not in the conversation;
/// - [`StoreError::UserGone`] or [`StoreError::Blocked`] for a message in a direct whose other user has left for good or is
///   blocked by the author;
/// - [`StoreError::Muted`] or [`StoreError::Banned`] for messages, edits and reactions while such a sanction is in force in
///   the conversation or on the whole server.
pub(super) fn check_write_access(
    db: &Connection,
    author: UserId,
    conversation: ConversationId,
    kind: WriteKind,
) -> Result<Option<MembershipState>, StoreError> {
    let Some(position) = MembershipState::of(db, author, conversation)? else {
        return if author == UserId::SYSTEM { Ok(None) } else { Err(StoreError::NotMember) };
    };
    if kind == WriteKind::Message {
        position.check_recipient()?;
    }
    if kind != WriteKind::Other {
        check_not_muted(db, author, SanctionScope(Some(conversation)))?;
    }
    Ok(Some(position))
}

#[cfg(test)]
mod tests {
    use rusqlite::params;
    use tempfile::TempDir;

    use super::*;
    use crate::{domain::Timestamp, server::store::sqlite::open::open_writer};

    const KINDS: [WriteKind; 3] = [WriteKind::Message, WriteKind::Change, WriteKind::Other];

    struct Fixture {
        _folder: TempDir,
        db: Connection,
        /// A member of both conversations.
        author: UserId,
        other: UserId,
        room: ConversationId,
        direct: ConversationId,
    }

    impl Fixture {
        fn new() -> Self {
            let folder = TempDir::new().expect("a folder");
            let (db, identity) = open_writer(&folder.path().join("teahouse.db")).expect("a database");
            let (author, other) = (UserId::generate(), UserId::generate());
            let (low, high) = (author.min(other), author.max(other));
            let (room, direct) = (identity.lobby, ConversationId::generate());
            for (user, name) in [(author, "author"), (other, "other")] {
                db.execute(
                    "INSERT INTO users (id, nickname, nickname_key, created_at) VALUES (?1, ?2, ?2, 1)",
                    params![user, name],
                )
                .expect("a user");
            }
            db.execute(
                "INSERT INTO conversations (id, kind, direct_low, direct_high, created_at) VALUES (?1, 'direct', ?2, ?3, 1)",
                params![direct, low, high],
            )
            .expect("a direct");
            for (conversation, user) in [(room, author), (direct, author), (direct, other)] {
                db.execute(
                    "INSERT INTO members (conversation, user, read_seq, joined_at) VALUES (?1, ?2, 0, 1)",
                    [conversation.as_uuid().as_bytes().as_slice(), user.as_uuid().as_bytes().as_slice()],
                )
                .expect("a member");
            }
            Self { _folder: folder, db, author, other, room, direct }
        }

        fn sanction(&self, kind: &str, scope: SanctionScope, until: Option<Timestamp>) {
            self.db.execute("DELETE FROM sanctions", []).expect("no sanctions");
            self.db
                .execute(
                    "INSERT INTO sanctions (user, scope, kind, until) VALUES (?1, ?2, ?3, ?4)",
                    params![self.author, scope, kind, until],
                )
                .expect("a sanction");
        }

        /// What each of [`KINDS`] comes to.
        fn check(&self, author: UserId, conversation: ConversationId) -> [Result<bool, StoreError>; 3] {
            KINDS.map(|kind| check_write_access(&self.db, author, conversation, kind).map(|found| found.is_some()))
        }
    }

    #[test]
    fn members_may_write_and_others_may_not() {
        let it = Fixture::new();
        for conversation in [it.room, it.direct] {
            assert_eq!(it.check(it.author, conversation), [Ok(true), Ok(true), Ok(true)]);
        }
        assert_eq!(it.check(it.other, it.room), KINDS.map(|_| Err(StoreError::NotMember)));
    }

    #[test]
    fn the_server_may_write_everywhere() {
        let it = Fixture::new();
        for conversation in [it.room, it.direct] {
            assert_eq!(it.check(UserId::SYSTEM, conversation), [Ok(false), Ok(false), Ok(false)]);
        }
    }

    #[test]
    fn a_mute_or_ban_forbids_messages_edits_and_reactions_but_not_deletions() {
        let it = Fixture::new();
        for scope in [SanctionScope(Some(it.room)), SanctionScope::SERVER] {
            it.sanction("mute", scope, None);
            let muted = || Err(StoreError::Muted { until: None });
            assert_eq!(it.check(it.author, it.room), [muted(), muted(), Ok(true)]);
            it.sanction("ban", scope, None);
            let banned = || Err(StoreError::Banned { until: None });
            assert_eq!(it.check(it.author, it.room), [banned(), banned(), Ok(true)]);
        }
    }

    #[test]
    fn a_sanction_of_another_room_or_one_that_is_over_forbids_nothing() {
        let it = Fixture::new();
        it.sanction("mute", SanctionScope(Some(it.room)), None);
        assert_eq!(it.check(it.author, it.direct), [Ok(true), Ok(true), Ok(true)]);
        it.sanction("mute", SanctionScope::SERVER, Some(Timestamp(1)));
        assert_eq!(it.check(it.author, it.room), [Ok(true), Ok(true), Ok(true)]);
    }

    #[test]
    fn a_direct_takes_no_messages_to_a_user_who_has_left_or_is_blocked() {
        let it = Fixture::new();
        it.db
            .execute("INSERT INTO blocks (user, blocked, at) VALUES (?1, ?2, 1)", [it.author, it.other])
            .expect("a block");
        assert_eq!(it.check(it.author, it.direct), [Err(StoreError::Blocked), Ok(true), Ok(true)]);
        // Users who are blocked do not find out.
        assert_eq!(it.check(it.other, it.direct), [Ok(true), Ok(true), Ok(true)]);
        it.db.execute("UPDATE users SET nickname_key = NULL WHERE id = ?1", [it.other]).expect("a departure");
        assert_eq!(it.check(it.author, it.direct), [Err(StoreError::UserGone), Ok(true), Ok(true)]);
    }
}
