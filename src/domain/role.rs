//! Roles.

use serde::{Deserialize, Serialize};

/// A user's role on the server, in ascending order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ssr", derive(clap::ValueEnum))]
pub enum Role {
    /// Reads and writes messages.
    #[default]
    Member,
    /// Moderates: deletes messages of others, mutes, removes and bans.
    Moderator,
    /// Owns the server: also appoints, invites, and reads the audit log.
    Owner,
}

impl Role {
    /// All roles, in ascending order.
    pub const ALL: [Self; 3] = [Self::Member, Self::Moderator, Self::Owner];

    /// The name on the wire and in the store.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Member => "member",
            Self::Moderator => "moderator",
            Self::Owner => "owner",
        }
    }

    /// Whether it is the default role.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
    pub(crate) fn is_member(&self) -> bool {
        *self == Self::Member
    }
}
