//! The entries of the commit log: everything that others must learn of a commit.
//!
//! Entries name users and conversations by id only. Whoever reads one looks up the present nickname, so that a deleted
//! account leaves no name in the log. The times at which sanctions and bans end are of the server's clock.

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::{
    domain::{ConversationId, EndReason, InviteId, Role, Seq, SessionId, Timestamp, UserId},
    server::rules::values::{MemberSetting, SanctionKind},
};

/// An entry that is not an event of a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Entry {
    /// A user signed up.
    SignedUp {
        user: UserId,
        /// Whether the user signed up with a password.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        registered: bool,
    },
    /// A guest set a password. Connections know an outdated profile.
    Registered { user: UserId },
    /// A user released the nickname, for good, and is no longer a member of any room.
    NicknameReleased { user: UserId },
    /// A user has another role. Connections know an outdated profile.
    RoleChanged { user: UserId, role: Role },
    /// A user became a member of a room.
    Joined { user: UserId, room: ConversationId },
    /// A user is no longer a member of a room.
    Left { user: UserId, room: ConversationId },
    /// A direct was created. Nobody has it in their list yet.
    DirectCreated { direct: ConversationId, users: [UserId; 2] },
    /// A direct without any event was deleted, because one of its users is gone.
    DirectDeleted { direct: ConversationId },
    /// A conversation entered a user's list, or looks different there now. The user's connections subscribe to it.
    Listed { user: UserId, conversation: ConversationId },
    /// A conversation left a user's list. The user's connections unsubscribe from it.
    Unlisted { user: UserId, conversation: ConversationId },
    /// A member muted or pinned a conversation, or took that back, or set the read mark back. The user's connections are told
    /// how it looks now.
    ConversationSet { user: UserId, conversation: ConversationId, setting: MemberSetting },
    /// A user blocked another one (`on`), or ended the block.
    Block { user: UserId, other: UserId, on: bool },
    /// A user muted a thread (`on`), or wants to hear of it again.
    ThreadMuted { user: UserId, conversation: ConversationId, thread: Seq, on: bool },
    /// A session of a user ended, or, with `None`, all of them. Connections close, those without a session included.
    SessionEnded { user: UserId, session: Option<SessionId>, reason: EndReason },
    /// A user was muted or banned in a room, or, with `None`, on the whole server. Replaces an earlier sanction of this kind.
    SanctionBegan {
        user: UserId,
        room: Option<ConversationId>,
        sanction: SanctionKind,
        until: Option<Timestamp>,
        /// The guest from whom a new guest has inherited it.
        origin: Option<UserId>,
    },
    /// A mute or ban was lifted, with its copies on new guests who inherited it.
    SanctionLifted { user: UserId, room: Option<ConversationId>, sanction: SanctionKind },
    /// New users from a network are kept out.
    NetworkBanned { network: IpNet, until: Option<Timestamp> },
    /// The ban of a network was lifted.
    NetworkUnbanned { network: IpNet },
    /// An invite was created.
    InviteCreated { invite: InviteId },
    /// A user signed up with an invite.
    InviteUsed { invite: InviteId, user: UserId },
    /// An invite was revoked.
    InviteRevoked { invite: InviteId },
    /// An entry of a newer version, which runs beside this one during an upgrade. Never written.
    #[serde(other)]
    Other,
}
