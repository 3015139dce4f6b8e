//! Users.

use serde::{Deserialize, Serialize};

use super::{ids::UserId, nickname::Nickname, role::Role};

/// A user as others see them.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct User {
    /// Identifies the user for ever.
    pub id: UserId,
    /// The nickname.
    pub nickname: Nickname,
    /// Whether the user is registered, which means that they have a password. Pages show a mark that nobody can type.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub registered: bool,
    /// The role on the server.
    #[serde(default, skip_serializing_if = "Role::is_member")]
    pub role: Role,
}

impl User {
    /// A guest.
    pub const fn guest(id: UserId, nickname: Nickname) -> Self {
        Self { id, nickname, registered: false, role: Role::Member }
    }
}

/// The kinds of users.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UserKind {
    /// A user without a password: the nickname is theirs as long as their session.
    Guest,
    /// A user with a password: the nickname is theirs until they delete the account.
    Registered,
}

/// A user as they see themselves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CurrentUser {
    /// Identifies the user for ever.
    pub id: UserId,
    /// The nickname.
    pub nickname: Nickname,
    /// Whether they are a guest or registered.
    pub kind: UserKind,
    /// The role on the server.
    #[serde(default)]
    pub role: Role,
}

impl CurrentUser {
    /// The same user as others see them.
    pub fn user(&self) -> User {
        let registered = self.kind == UserKind::Registered;
        User { id: self.id, nickname: self.nickname.clone(), registered, role: self.role }
    }
}
