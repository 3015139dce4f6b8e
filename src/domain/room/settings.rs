//! What is set of a room.

use serde::{Deserialize, Serialize};

/// Who can see a room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Visibility {
    /// It is in the directory, and every registered user can join it.
    #[default]
    Public,
    /// Only its members know of it; one of them has to add others.
    Private,
}

/// Who may write messages in a room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Posting {
    /// Every member.
    #[default]
    Everyone,
    /// Moderators and owners, of the room or of the server. Others may react.
    Moderators,
}

impl Visibility {
    /// All values.
    pub const ALL: [Self; 2] = [Self::Public, Self::Private];

    /// The name on the wire and in the store.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Private => "private",
        }
    }

    /// Whether it is the default.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
    pub(crate) fn is_public(&self) -> bool {
        *self == Self::Public
    }
}

impl Posting {
    /// All values.
    pub const ALL: [Self; 2] = [Self::Everyone, Self::Moderators];

    /// The name on the wire and in the store.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Everyone => "everyone",
            Self::Moderators => "moderators",
        }
    }

    /// Whether it is the default.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
    pub(crate) fn is_everyone(&self) -> bool {
        *self == Self::Everyone
    }
}
