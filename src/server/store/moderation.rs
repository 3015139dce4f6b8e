//! Moderation: actions that a user or the operator takes against a user or a network.

use ipnet::IpNet;

use crate::{
    domain::{Action, CommandId, ConversationId, Role, Timestamp, User, UserId},
    server::net::client_addr::ClientAddr,
};

/// Whether the role of the one who acts suffices, given that of the one who is acted upon. Asked with the roles as they
/// are when the change is made.
pub(crate) type RoleCheck = fn(Role, Role) -> bool;

/// Something to be done to a user.
#[derive(Debug)]
pub(crate) struct Moderation {
    /// `None`: done on the host, where everything is allowed.
    pub actor: Option<User>,
    pub id: CommandId,
    /// `None` for the whole house.
    pub room: Option<ConversationId>,
    pub subject: UserId,
    pub deed: ModerationAction,
    pub rule: RoleCheck,
    /// Where the subject is connected from.
    pub addresses: Vec<ClientAddr>,
    /// Whether a ban also ends the sessions of all guests of the subject's addresses.
    pub all_of_address: bool,
}

/// What is to be done.
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
    pub(crate) const fn action(self) -> Action {
        match self {
            Self::Mute(_) => Action::Mute,
            Self::Unmute => Action::Unmute,
            Self::Remove => Action::Remove,
            Self::Ban(_) => Action::Ban,
            Self::Unban => Action::Unban,
            Self::Appoint(_) => Action::Appoint,
        }
    }

    /// When it ends by itself.
    pub(crate) const fn until(self) -> Option<Timestamp> {
        match self {
            Self::Mute(until) | Self::Ban(until) => until,
            Self::Unmute | Self::Remove | Self::Unban | Self::Appoint(_) => None,
        }
    }
}

/// What a change means to the connections of the user whom it concerns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ConnectionEffect {
    /// Nothing at once.
    None,
    /// The user is not in the room any more.
    Left(UserId, ConversationId),
    /// These users must go.
    Gone(Vec<UserId>),
    /// The user is another one than the connections know, and has to come back.
    Changed(UserId),
}

/// A network from which nobody new comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BannedNetwork {
    pub network: IpNet,
    /// When that ends by itself.
    pub until: Option<Timestamp>,
}
