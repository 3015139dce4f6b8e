//! Values that commands, facts and mutations share.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::domain::{
    ClientAddr, ConversationId, Mention, Mentioned, Posting, RoomName, RoomTopic, Seq, SessionId, Timestamp, UserId,
    Visibility,
};

/// How many users somebody can block.
pub(crate) const MAX_BLOCKED_USERS: u32 = 200;

/// How many rooms somebody can be in: all of them are in the welcome of each connection.
pub(crate) const MAX_ROOMS_PER_USER: usize = 500;

/// Somebody who is told of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum MessageListener {
    /// Everyone in the room.
    Everyone,
    User(UserId),
}

impl MessageListener {
    /// Whom a mention names.
    pub(crate) fn of(mention: &Mention) -> Self {
        match &mention.whom {
            Mentioned::User(user) => Self::User(user.id),
            Mentioned::Everyone => Self::Everyone,
        }
    }
}

/// SHA-256 of a session token. Rules and stores never see the token itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct SessionKey(pub [u8; 32]);

/// SHA-256 of an invite's token. Rules and stores never see the token itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct InviteKey(pub [u8; 32]);

/// Argon2id hash of a password, as a PHC string.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct PasswordHash(pub String);

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

/// A session to be started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NewSession {
    pub key: SessionKey,
    pub id: SessionId,
    /// The program that signs in, as its `User-Agent` says.
    pub agent: String,
    /// Whether the session counts as used from the start. A guest who never comes back with the token soon loses the
    /// nickname.
    pub used: bool,
    /// The address that signs in. It is deleted with the session.
    pub address: Option<ClientAddr>,
}

/// A password to be set.
#[derive(Clone, Debug)]
pub(crate) struct NewPassword {
    pub hash: PasswordHash,
    pub ownership: OwnerGrant,
}

/// Whether a user who gets a password also becomes owner of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OwnerGrant {
    /// Yes, if the server has no owner; otherwise the whole command is refused with
    /// [`Refusal::Owned`](crate::server::rules::Refusal::Owned).
    IfUnowned,
    Always,
    Never,
}

/// Where the event of a command is in the log, and when it was committed. For a repeated command: the first event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct EventPosition {
    pub conversation: ConversationId,
    pub seq: Seq,
    pub at: Timestamp,
}

/// What a command on a room comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RoomAnswer {
    pub room: ConversationId,
    /// The event; `None` if the command made none.
    pub seq: Option<Seq>,
    pub at: Timestamp,
}

impl From<EventPosition> for RoomAnswer {
    fn from(EventPosition { conversation, seq, at }: EventPosition) -> Self {
        Self { room: conversation, seq: Some(seq), at }
    }
}

/// Something that can be set of a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RoomSetting {
    Name(RoomName),
    Topic(RoomTopic),
    Visibility(Visibility),
    Posting(Posting),
    Archived(bool),
}

/// What a member sets of a conversation, for themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum MemberSetting {
    /// Whether new messages there are not announced.
    Muted(bool),
    /// Whether it is at the top of the list.
    Pinned(bool),
    /// This message and all later ones are unread, and all before it are read.
    UnreadFrom(Seq),
}

/// Where a sanction holds: in one room, or, with `None`, on the whole server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct SanctionScope(pub(crate) Option<ConversationId>);

impl SanctionScope {
    pub(crate) const SERVER: Self = Self(None);

    pub(crate) const fn room(room: ConversationId) -> Self {
        Self(Some(room))
    }
}

/// The kinds of sanctions, the stricter one first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SanctionKind {
    Ban,
    Mute,
}

impl SanctionKind {
    /// The name in the store and in the log.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Ban => "ban",
            Self::Mute => "mute",
        }
    }
}

/// What makes a new guest inherit a sanction: a new guest identity costs nothing, a nickname or an address does.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum GuestMark {
    /// The [`NicknameKey`](crate::domain::NicknameKey) of a sanctioned guest.
    Nickname(String),
    Address(ClientAddr),
}

/// The sort key of a conversation in a member's list. The greatest comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ListKey(pub(crate) i64);

impl ListKey {
    /// Rooms stand above all directs.
    pub(crate) const ROOM: Self = Self(i64::MAX);

    /// Subtracted for directs whose other user is gone for good, so that they stand below all others.
    const GONE_OFFSET: i64 = 1 << 40;

    /// Added for pinned directs, so that they stand above all others.
    const PIN_OFFSET: i64 = 1 << 42;

    /// For a direct: the minute of its newest message, since the Unix epoch. With minutes, fewer messages change a list.
    pub(crate) fn of(at: Timestamp) -> Self {
        Self(i64::try_from(at.0 / 60_000).unwrap_or(i64::MAX))
    }

    /// The key of a direct with this key after a message at `at`; `None` if it stays where it is, such as one whose other user
    /// is gone for good.
    pub(crate) fn moved_up(self, at: Timestamp) -> Option<Self> {
        let newer = Self::of(at);
        let newer = if self.is_pinned() { newer.pinned() } else { newer };
        (0..newer.0).contains(&self.0).then_some(newer)
    }

    /// The key once the other user is gone for good, pinned or not.
    #[must_use]
    pub(crate) fn of_gone_companion(self) -> Self {
        if self.0 < 0 { self } else { Self(self.unpinned().0 - Self::GONE_OFFSET) }
    }

    fn is_pinned(self) -> bool {
        (Self::PIN_OFFSET..Self::ROOM.0).contains(&self.0)
    }

    /// The key once the direct is pinned. One whose other user is gone for good stays below all others.
    #[must_use]
    pub(crate) fn pinned(self) -> Self {
        if (0..Self::PIN_OFFSET).contains(&self.0) { Self(self.0 + Self::PIN_OFFSET) } else { self }
    }

    /// The key once the direct is not pinned any more.
    #[must_use]
    pub(crate) fn unpinned(self) -> Self {
        if self.is_pinned() { Self(self.0 - Self::PIN_OFFSET) } else { self }
    }
}
