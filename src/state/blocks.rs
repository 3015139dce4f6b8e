//! Of whom one wants to hear nothing.

use crate::domain::{Message, User, UserId};

/// Whom one has blocked, in the order in which it was done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Blocks(Vec<User>);

impl Blocks {
    /// Starts from a welcome's list.
    pub fn new(users: Vec<User>) -> Self {
        Self(users)
    }

    /// Applies a `block` frame.
    pub fn apply(&mut self, user: User, on: bool) {
        self.0.retain(|blocked| blocked.id != user.id);
        if on {
            self.0.push(user);
        }
    }

    /// Shows a user, if they are blocked, as they are by now.
    pub fn name_anew(&mut self, user: &User) {
        if let Some(blocked) = self.0.iter_mut().find(|blocked| blocked.id == user.id) {
            *blocked = user.clone();
        }
    }

    /// Whether this user is blocked.
    pub fn has(&self, user: UserId) -> bool {
        self.0.iter().any(|blocked| blocked.id == user)
    }

    /// Whether nobody is blocked.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether this message is not to be seen. What moderators do is no message of theirs.
    pub fn hide(&self, message: &Message) -> bool {
        message.notice.is_none() && self.has(message.author.id)
    }

    /// Takes away what blocked users have put to a message.
    pub fn clean(&self, message: &mut Message) {
        for reaction in &mut message.reactions {
            reaction.users.retain(|user| !self.has(user.id));
        }
        message.reactions.retain(|reaction| !reaction.users.is_empty());
    }

    /// All of them.
    pub fn users(&self) -> &[User] {
        &self.0
    }
}
