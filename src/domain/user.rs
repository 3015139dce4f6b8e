//! Users.

use serde::{Deserialize, Serialize};

use super::{ids::UserId, nickname::Nickname, role::Role};

/// A user as others see one.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct User {
    /// Names the user for ever.
    pub id: UserId,
    /// What the user is called.
    pub nickname: Nickname,
    /// Whether the nickname is protected by a password; shown as a mark that nobody can type.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub registered: bool,
    /// What the user may do beyond talking.
    #[serde(default, skip_serializing_if = "Role::is_member")]
    pub role: Role,
}

impl User {
    /// A user without a password.
    pub const fn guest(id: UserId, nickname: Nickname) -> Self {
        Self { id, nickname, registered: false, role: Role::Member }
    }
}

/// How a user came by the nickname.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UserKind {
    /// By typing it: it is theirs for as long as their session lives.
    Guest,
    /// By setting a password: it is theirs until they give it up.
    Registered,
}

/// A user as that user sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CurrentUser {
    /// Names the user for ever.
    pub id: UserId,
    /// What the user is called.
    pub nickname: Nickname,
    /// How the user came by it.
    pub kind: UserKind,
    /// What the user may do beyond talking.
    #[serde(default)]
    pub role: Role,
}

impl CurrentUser {
    /// The same user as others see one.
    pub fn user(&self) -> User {
        let registered = self.kind == UserKind::Registered;
        User { id: self.id, nickname: self.nickname.clone(), registered, role: self.role }
    }
}
