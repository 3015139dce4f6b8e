//! What a member sets of a conversation for themselves: muted, pinned, and from where on it is unread.

use crate::{
    domain::{ConversationId, Seq, Timestamp, UserId},
    server::rules::{
        command::Command,
        context::Context,
        decision::{Decision, DecisionDraft},
        entry::Entry,
        facts::Facts,
        mutation::Mutation,
        refusal::Refusal,
        undecided::Undecided,
        values::MemberSetting,
    },
};

/// Sets one thing of a conversation for one of its members. Archived rooms can be set, too. The user's connections are told
/// how the conversation looks, also if nothing changes. A repeated command does the same again: it makes no event.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SetConversation {
    pub user: UserId,
    pub conversation: ConversationId,
    pub setting: MemberSetting,
}

impl Command for SetConversation {
    /// When it was decided, by the machine's clock.
    type Output = Timestamp;

    fn decide(&self, facts: &mut dyn Facts, context: &mut Context<'_>) -> Result<Decision<Timestamp>, Undecided> {
        let Self { user, conversation, setting } = *self;
        let member = facts.membership(conversation, user)?.ok_or(Refusal::NotMember)?;
        // A hidden direct is not in the list.
        let listed = member.listed.ok_or(Refusal::NotMember)?;
        let mut draft = DecisionDraft::default();
        // The entry comes first: the read mark remembers its position.
        draft.log(Entry::ConversationSet { user, conversation, setting });
        match setting {
            MemberSetting::Muted(on) => draft.push(Mutation::SetMuted { conversation, user, on }),
            MemberSetting::Pinned(on) => {
                draft.push(Mutation::SetPinned { conversation, user, on });
                let moved = if on { listed.pinned() } else { listed.unpinned() };
                if member.other.is_some() && moved != listed {
                    draft.push(Mutation::SetListed { conversation, user, listed: Some(moved) });
                }
            }
            MemberSetting::UnreadFrom(seq) => {
                let (newest, _) = draft.newest_event(facts, conversation)?;
                let seq = Seq(seq.0.saturating_sub(1)).min(newest);
                draft.push(Mutation::SetReadMark { conversation, user, seq });
            }
        }
        Ok(draft.finish(context.now.machine))
    }

    fn takes_room(&self) -> bool {
        true
    }
}
