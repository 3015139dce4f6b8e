//! Who is typing.

use crate::domain::{ConversationId, User, UserId};

/// How long after its last sign typing is over, in milliseconds. Clients send a sign every few seconds.
pub const TYPING_LASTS: u64 = 5_000;

/// Who was seen typing where, and by which sign.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Typing {
    seen: Vec<(ConversationId, User, Sign)>,
    last: Sign,
}

/// One of the signs that were seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sign(u64);

impl Typing {
    /// Somebody types. The sign is to be [expired](Self::expire) after [`TYPING_LASTS`].
    pub fn seen(&mut self, conversation: ConversationId, user: User) -> Sign {
        self.stopped(conversation, user.id);
        self.last = Sign(self.last.0 + 1);
        self.seen.push((conversation, user, self.last));
        self.last
    }

    /// Somebody stopped, because their message came. Whether they were typing.
    pub fn stopped(&mut self, conversation: ConversationId, user: UserId) -> bool {
        let before = self.seen.len();
        self.seen.retain(|(where_, who, _)| *where_ != conversation || who.id != user);
        self.seen.len() < before
    }

    /// Forgets who stopped without a word: whose last sign this was. Whether they were typing.
    pub fn expire(&mut self, sign: Sign) -> bool {
        let before = self.seen.len();
        self.seen.retain(|(_, _, last)| *last != sign);
        self.seen.len() < before
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
        let first = typing.seen(here, user(1));
        let other = typing.seen(here, user(2));
        let last = typing.seen(here, user(1));
        assert_eq!(typing.of(here), [&user(2), &user(1)]);
        typing.stopped(here, user(2).id);
        assert_eq!(typing.of(here), [&user(1)]);
        // Another sign has come since.
        assert!(!typing.expire(first) && !typing.expire(other));
        assert_eq!(typing.of(here), [&user(1)]);
        assert!(typing.expire(last));
        assert!(typing.of(here).is_empty());
    }
}
