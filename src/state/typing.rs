//! Users who are typing.

use crate::domain::{ConversationId, User, UserId};

/// How long a `typing` frame counts, in milliseconds. Clients repeat it every few seconds.
pub const TYPING_LASTS: u64 = 5_000;

/// Which users are typing in which conversations.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Typing {
    /// The number is that of the user's last frame in the conversation.
    active: Vec<(ConversationId, User, TypingNumber)>,
    last: TypingNumber,
}

/// Identifies a `typing` frame on this page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TypingNumber(u64);

impl Typing {
    /// A user is typing. The caller must [expire](Self::expire) the returned number after [`TYPING_LASTS`].
    pub fn start(&mut self, conversation: ConversationId, user: User) -> TypingNumber {
        self.stop(conversation, user.id);
        self.last = TypingNumber(self.last.0 + 1);
        self.active.push((conversation, user, self.last));
        self.last
    }

    /// A user stopped typing, because their message arrived. Returns whether they were typing.
    pub fn stop(&mut self, conversation: ConversationId, user: UserId) -> bool {
        let before = self.active.len();
        self.active.retain(|(at, typist, _)| *at != conversation || typist.id != user);
        self.active.len() < before
    }

    /// Removes the user whose last frame this was. Returns whether there was one.
    pub fn expire(&mut self, number: TypingNumber) -> bool {
        let before = self.active.len();
        self.active.retain(|(_, _, last)| *last != number);
        self.active.len() < before
    }

    /// The users who are typing in a conversation.
    pub fn users_in(&self, conversation: ConversationId) -> Vec<&User> {
        self.active.iter().filter(|(at, ..)| *at == conversation).map(|(_, user, _)| user).collect()
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::domain::Nickname;

    #[test]
    fn typing_ends_with_the_message_or_after_a_while() {
        let here = ConversationId::from_uuid(Uuid::nil());
        let user = |number| {
            User::guest(UserId::from_uuid(Uuid::from_u128(number)), Nickname::parse("Ada").expect("a nickname"))
        };
        let mut typing = Typing::default();
        let first = typing.start(here, user(1));
        let other = typing.start(here, user(2));
        let last = typing.start(here, user(1));
        assert_eq!(typing.users_in(here), [&user(2), &user(1)]);
        typing.stop(here, user(2).id);
        assert_eq!(typing.users_in(here), [&user(1)]);
        // Another frame came since.
        assert!(!typing.expire(first) && !typing.expire(other));
        assert_eq!(typing.users_in(here), [&user(1)]);
        assert!(typing.expire(last));
        assert!(typing.users_in(here).is_empty());
    }
}
