//! Moderation: actions of moderators, owners and the operator against a user or a network.

use ipnet::IpNet;

use crate::{
    domain::{Action, CommandId, ConversationId, Role, Timestamp, User, UserId},
    server::net::client_addr::ClientAddr,
};

/// Decides from the role of the actor and the role of the subject whether the actor may act. The store calls it with
/// the roles at the moment of the change.
pub(crate) type RoleCheck = fn(Role, Role) -> bool;

/// A moderation action against a user.
#[derive(Debug)]
pub(crate) struct Moderation {
    /// `None` for the operator, who may do everything.
    pub actor: Option<User>,
    pub id: CommandId,
    /// `None` for the whole server.
    pub room: Option<ConversationId>,
    /// The user who is acted upon.
    pub subject: UserId,
    pub action: ModerationAction,
    pub role_check: RoleCheck,
    /// The addresses of the subject's connections.
    pub addresses: Vec<ClientAddr>,
    /// Whether a ban also ends the sessions of all guests from the subject's addresses.
    pub whole_address: bool,
}

/// A moderation action with its parameters. A mute or ban lasts until the given time, or until it is lifted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ModerationAction {
    Mute(Option<Timestamp>),
    Unmute,
    Remove,
    Ban(Option<Timestamp>),
    Unban,
    Appoint(Role),
}

impl ModerationAction {
    pub(crate) const fn kind(self) -> Action {
        match self {
            Self::Mute(_) => Action::Mute,
            Self::Unmute => Action::Unmute,
            Self::Remove => Action::Remove,
            Self::Ban(_) => Action::Ban,
            Self::Unban => Action::Unban,
            Self::Appoint(_) => Action::Appoint,
        }
    }

    /// When the sanction ends by itself.
    pub(crate) const fn until(self) -> Option<Timestamp> {
        match self {
            Self::Mute(until) | Self::Ban(until) => until,
            Self::Unmute | Self::Remove | Self::Unban | Self::Appoint(_) => None,
        }
    }
}

/// What a moderation action changes for the connections of its subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ConnectionEffect {
    None,
    /// The user is no longer a member of the room.
    LeftRoom(UserId, ConversationId),
    /// The sessions of these users have ended: their connections close.
    SignedOut(Vec<UserId>),
    /// The connections hold an outdated role of the user: they close, and the client connects again.
    MustReconnect(UserId),
}

/// A network from which no new user is let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BannedNetwork {
    pub network: IpNet,
    /// When the ban ends by itself.
    pub until: Option<Timestamp>,
}
