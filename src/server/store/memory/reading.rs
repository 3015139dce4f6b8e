//! What facts and queries of the reference store have in common.

use crate::{
    domain::{ConversationId, NicknameKey, Timestamp, User, UserId},
    server::{rules::SanctionFacts, store::memory::state::State},
};

impl State {
    /// The user who holds a nickname now.
    pub(super) fn holder_of(&self, key: &NicknameKey) -> Option<UserId> {
        self.users.iter().find(|(_, user)| user.key.as_ref() == Some(key)).map(|(id, _)| *id)
    }

    pub(super) fn direct_between(&self, one: UserId, other: UserId) -> Option<ConversationId> {
        let pair = Some([one.min(other), one.max(other)]);
        self.conversations.iter().find(|(_, row)| row.users == pair).map(|(id, _)| *id)
    }

    /// The sanctions of a user, those that are over included.
    pub(super) fn sanctions_on(&self, user: UserId) -> Vec<SanctionFacts> {
        let own = self.sanctions.iter().filter(|((subject, ..), _)| *subject == user);
        own.map(|(&(_, scope, kind), row)| SanctionFacts { scope, kind, until: row.until }).collect()
    }

    /// The earliest time of the machine's clock since the server's clock showed `at`.
    pub(super) fn machine_time(&self, at: Timestamp) -> Timestamp {
        let then = self.clock_offsets.range(..=at).next_back().map_or_else(Timestamp::default, |(since, _)| *since);
        let since_then = self.clock_offsets.range(then..);
        let earliest = since_then.map(|(since, ahead)| at.max(*since).0.saturating_add_signed(*ahead)).min();
        Timestamp(earliest.unwrap_or(at.0))
    }

    /// Hides the nickname of a user who has deleted the account. A notice keeps the nickname as it was at the time.
    pub(super) fn hide_former_name(&self, user: &mut User) {
        if let Some(former) = self.shown_user(user.id).filter(|user| user.nickname.is_former()) {
            *user = former;
        }
    }
}
