//! Who is typing.

use crate::domain::{ConversationId, Millis, User, UserId};

/// How long after its last sign typing is over, in milliseconds. Clients send a sign every few seconds.
pub const TYPING_LASTS: u64 = 5_000;

/// Who was seen typing where, and when.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Typing {
    seen: Vec<(ConversationId, User, Millis)>,
}

impl Typing {
    /// Somebody types.
    pub fn seen(&mut self, conversation: ConversationId, user: User, now: Millis) {
        self.stopped(conversation, user.id);
        self.seen.push((conversation, user, now));
    }

    /// Somebody stopped, because their message came. Whether they were typing.
    pub fn stopped(&mut self, conversation: ConversationId, user: UserId) -> bool {
        let before = self.seen.len();
        self.seen.retain(|(where_, who, _)| *where_ != conversation || who.id != user);
        self.seen.len() < before
    }

    /// Forgets those who stopped without a word.
    pub fn expire(&mut self, now: Millis) {
        self.seen.retain(|(_, _, at)| now.0.saturating_sub(at.0) < TYPING_LASTS);
    }

    /// Who types in this conversation.
    pub fn of(&self, conversation: ConversationId) -> Vec<&User> {
        self.seen.iter().filter(|(where_, ..)| *where_ == conversation).map(|(_, user, _)| user).collect()
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
        typing.seen(here, user(1), Millis(0));
        typing.seen(here, user(2), Millis(1_000));
        typing.seen(here, user(1), Millis(2_000));
        assert_eq!(typing.of(here), [&user(2), &user(1)]);
        typing.stopped(here, user(2).id);
        assert_eq!(typing.of(here), [&user(1)]);
        typing.expire(Millis(2_000 + TYPING_LASTS - 1));
        assert_eq!(typing.of(here), [&user(1)]);
        typing.expire(Millis(2_000 + TYPING_LASTS));
        assert!(typing.of(here).is_empty());
    }
}
