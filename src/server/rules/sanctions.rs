//! Mutes and bans: which of them is in force.

use crate::{
    domain::{ConversationId, Timestamp},
    server::rules::{
        facts::SanctionFacts,
        refusal::Refusal,
        values::{SanctionKind, SanctionScope},
    },
};

/// The strictest sanction in force in the scope or on the whole server: a ban before a mute, then the one that ends last.
/// `now` is of the server's clock.
pub(super) fn strictest(sanctions: &[SanctionFacts], scope: SanctionScope, now: Timestamp) -> Option<SanctionFacts> {
    let ends = |sanction: &SanctionFacts| sanction.until.map_or(u64::MAX, |until| until.0);
    sanctions
        .iter()
        .filter(|sanction| sanction.scope == scope || sanction.scope == SanctionScope::SERVER)
        .filter(|sanction| sanction.until.is_none_or(|until| until > now))
        .min_by_key(|sanction| (sanction.kind, std::cmp::Reverse(ends(sanction))))
        .copied()
}

/// Checks that no ban keeps a user out of the room, or out of the server.
pub(super) fn check_not_banned(
    sanctions: &[SanctionFacts],
    scope: SanctionScope,
    now: Timestamp,
) -> Result<(), Refusal> {
    match strictest(sanctions, scope, now) {
        Some(SanctionFacts { kind: SanctionKind::Ban, until, .. }) => Err(Refusal::Banned { until }),
        Some(_) | None => Ok(()),
    }
}

/// Checks that no mute or ban keeps a user from writing in the conversation, or, with [`SanctionScope::SERVER`], from writing
/// at all.
pub(super) fn check_not_muted(
    sanctions: &[SanctionFacts],
    scope: SanctionScope,
    now: Timestamp,
) -> Result<(), Refusal> {
    match strictest(sanctions, scope, now) {
        Some(SanctionFacts { kind: SanctionKind::Mute, until, .. }) => Err(Refusal::Muted { until }),
        // A ban ends the user's sessions, but commands that were queued before it are still carried out after it.
        Some(SanctionFacts { until, .. }) => Err(Refusal::Banned { until }),
        None => Ok(()),
    }
}

/// Whether no sanction keeps a member of the conversation from writing there.
pub(crate) fn may_write(sanctions: &[SanctionFacts], conversation: ConversationId, now: Timestamp) -> bool {
    strictest(sanctions, SanctionScope::room(conversation), now).is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(100);
    const LATER: Option<Timestamp> = Some(Timestamp(101));
    const MUCH_LATER: Option<Timestamp> = Some(Timestamp(200));

    fn mute(scope: SanctionScope, until: Option<Timestamp>) -> SanctionFacts {
        SanctionFacts { scope, kind: SanctionKind::Mute, until }
    }

    fn ban(scope: SanctionScope, until: Option<Timestamp>) -> SanctionFacts {
        SanctionFacts { scope, kind: SanctionKind::Ban, until }
    }

    #[test]
    fn a_sanction_holds_in_its_room_or_everywhere_until_it_ends() {
        let (room, other_room) = (ConversationId::generate(), ConversationId::generate());
        for holds in [
            mute(SanctionScope::room(room), None),
            ban(SanctionScope::room(room), LATER),
            mute(SanctionScope::SERVER, LATER),
            ban(SanctionScope::SERVER, None),
        ] {
            assert!(!may_write(&[holds], room, NOW), "{holds:?}");
        }
        for over_or_elsewhere in [
            mute(SanctionScope::room(room), Some(NOW)),
            ban(SanctionScope::SERVER, Some(NOW)),
            mute(SanctionScope::room(other_room), None),
        ] {
            assert!(may_write(&[over_or_elsewhere], room, NOW), "{over_or_elsewhere:?}");
        }
        let in_one_room = [mute(SanctionScope::room(room), None)];
        assert_eq!(check_not_muted(&in_one_room, SanctionScope::SERVER, NOW), Ok(()));
    }

    #[test]
    fn a_ban_counts_before_a_mute_and_the_later_end_before_the_earlier_one() {
        let scope = SanctionScope::room(ConversationId::generate());
        let banned = |until| Err(Refusal::Banned { until });
        let both = [mute(scope, None), ban(SanctionScope::SERVER, LATER), ban(scope, MUCH_LATER)];
        assert_eq!(check_not_muted(&both, scope, NOW), banned(MUCH_LATER));
        assert_eq!(check_not_banned(&both, scope, NOW), banned(MUCH_LATER));
        let endless = [ban(scope, MUCH_LATER), ban(SanctionScope::SERVER, None)];
        assert_eq!(check_not_banned(&endless, scope, NOW), banned(None));
    }

    #[test]
    fn a_mute_forbids_writing_and_lets_the_user_in() {
        let scope = SanctionScope::room(ConversationId::generate());
        let muted = [mute(scope, LATER)];
        assert_eq!(check_not_muted(&muted, scope, NOW), Err(Refusal::Muted { until: LATER }));
        assert_eq!(check_not_banned(&muted, scope, NOW), Ok(()));
    }
}
