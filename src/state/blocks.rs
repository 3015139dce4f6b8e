//! The users whom the current user has blocked.

use crate::domain::{Message, User, UserId};

/// The blocked users, in the order in which they were blocked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Blocks(Vec<User>);

impl Blocks {
    /// Takes the list of a `welcome`.
    pub fn new(users: Vec<User>) -> Self {
        Self(users)
    }

    /// Applies a `block` frame: blocks or unblocks a user.
    pub fn set(&mut self, user: User, on: bool) {
        self.0.retain(|blocked| blocked.id != user.id);
        if on {
            self.0.push(user);
        }
    }

    /// Replaces a blocked user by their newest version.
    pub fn update_user(&mut self, user: &User) {
        if let Some(blocked) = self.0.iter_mut().find(|blocked| blocked.id == user.id) {
            *blocked = user.clone();
        }
    }

    /// Whether a user is blocked.
    pub fn contains(&self, user: UserId) -> bool {
        self.0.iter().any(|blocked| blocked.id == user)
    }

    /// Whether nobody is blocked.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a message must not be shown. Notices always are.
    pub fn hides(&self, message: &Message) -> bool {
        !message.is_notice() && self.contains(message.author.id)
    }

    /// Removes the reactions of blocked users from a message.
    pub fn remove_reactions(&self, message: &mut Message) {
        for reaction in &mut message.reactions {
            reaction.users.retain(|user| !self.contains(user.id));
        }
        message.reactions.retain(|reaction| !reaction.users.is_empty());
    }

    /// All blocked users.
    pub fn users(&self) -> &[User] {
        &self.0
    }
}
