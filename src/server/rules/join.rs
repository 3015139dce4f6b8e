//! Joining a room.

use crate::{
    domain::{ConversationId, Timestamp, UserId},
    server::rules::{
        command::Command,
        context::Context,
        decision::{Decision, DecisionDraft},
        entry::Entry,
        facts::{ConversationFacts, ConversationFactsKind, Facts},
        mutation::Mutation,
        refusal::Refusal,
        sanctions::check_not_banned,
        undecided::Undecided,
        values::{ListKey, SanctionScope},
    },
};

/// A user joins a room, for instance after having been removed from it. Changes nothing for members. Returns when the user
/// joined.
#[derive(Clone, Copy, Debug)]
pub(crate) struct JoinRoom {
    pub user: UserId,
    pub room: ConversationId,
}

impl Command for JoinRoom {
    type Output = Timestamp;

    fn decide(&self, facts: &mut dyn Facts, context: &mut Context<'_>) -> Result<Decision<Timestamp>, Undecided> {
        let (Self { user, room }, now) = (*self, context.now);
        check_not_banned(&facts.sanctions_of(user)?, SanctionScope::room(room), now.server)?;
        let mut draft = DecisionDraft::default();
        let joined_at = match facts.membership(room, user)? {
            // A hidden direct.
            Some(member) if member.listed.is_none() => return Err(Refusal::NotMember.into()),
            Some(member) => member.joined_at,
            None => {
                let conversation = facts.conversation(room)?.ok_or(Refusal::NotMember)?;
                let ConversationFacts { kind: ConversationFactsKind::Room, newest: (read_seq, _), .. } = conversation
                else {
                    return Err(Refusal::NotMember.into());
                };
                if facts.user(user)?.is_none_or(|user| user.is_gone()) {
                    return Err(Refusal::NotMember.into());
                }
                let (joined_at, listed) = (now.machine, Some(ListKey::ROOM));
                draft.push(Mutation::AddMember { conversation: room, user, read_seq, joined_at, listed });
                draft.log(Entry::Joined { user, room });
                joined_at
            }
        };
        // Told to members as well: the client may have missed it.
        draft.log(Entry::Listed { user, conversation: room });
        Ok(draft.finish(joined_at))
    }
}
