//! What a user may do beyond talking.

use serde::{Deserialize, Serialize};

/// A user's standing in the house, the lowest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ssr", derive(clap::ValueEnum))]
pub enum Role {
    /// Talks.
    #[default]
    Member,
    /// Keeps order: deletes what others wrote, mutes, removes and bans.
    Moderator,
    /// Owns the house: appoints, invites, and reads the audit log, too.
    Owner,
}

impl Role {
    /// All of them, the lowest first.
    pub const ALL: [Self; 3] = [Self::Member, Self::Moderator, Self::Owner];

    /// Its name on the wire and in the store.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Member => "member",
            Self::Moderator => "moderator",
            Self::Owner => "owner",
        }
    }

    /// Whether it is that of everybody.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
    pub(crate) fn is_member(&self) -> bool {
        *self == Self::Member
    }
}
