//! Sanctions, by what the log says of them.

use std::collections::BTreeMap;

use crate::{
    domain::{ConversationId, Timestamp, UserId},
    server::rules::{entry::Entry, values::SanctionKind},
};

/// The sanctions that have begun and have not been lifted: who, where, and which.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct LoggedSanctions(pub(super) BTreeMap<(UserId, Option<ConversationId>, SanctionKind), LoggedEnd>);

/// When a sanction ends by itself, and from whom it was inherited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LoggedEnd {
    pub(super) until: Option<Timestamp>,
    pub(super) origin: Option<UserId>,
}

impl LoggedEnd {
    fn is_ahead(&self, now: Timestamp) -> bool {
        self.until.is_none_or(|until| until > now)
    }
}

impl LoggedSanctions {
    /// Takes an entry into account.
    pub(super) fn follow(&mut self, entry: &Entry) {
        match *entry {
            Entry::SanctionBegan { user, room, sanction, until, origin } => {
                self.0.insert((user, room, sanction), LoggedEnd { until, origin });
            }
            Entry::SanctionLifted { user, room, sanction } => self
                .0
                .retain(|key, end| (key.1, key.2) != (room, sanction) || (key.0 != user && end.origin != Some(user))),
            _ => {}
        }
    }

    /// Whether one keeps the user from writing in the conversation.
    pub(super) fn are_in_force(&self, user: UserId, conversation: ConversationId, now: Timestamp) -> bool {
        self.0.iter().any(|((subject, room, _), end)| {
            *subject == user && room.is_none_or(|room| room == conversation) && end.is_ahead(now)
        })
    }

    /// Whether the user is banned from the server.
    pub(super) fn keep_out(&self, user: UserId, now: Timestamp) -> bool {
        self.0.get(&(user, None, SanctionKind::Ban)).is_some_and(|end| end.is_ahead(now))
    }
}
