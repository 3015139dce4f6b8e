//! Opening and hiding directs.

use crate::{
    domain::{ConversationId, NicknameKey, Role, Seq, Timestamp, UserId},
    server::rules::{
        command::Command,
        context::Context,
        decision::{Decision, DecisionDraft},
        entry::Entry,
        facts::Facts,
        mutation::Mutation,
        refusal::Refusal,
        sanctions::check_not_muted,
        undecided::Undecided,
        values::{ListKey, SanctionScope},
    },
};

/// Finds the direct of two users, or creates it, and puts it into the opener's list. The other user gets to see it with the
/// first message.
#[derive(Clone, Debug)]
pub(crate) struct OpenDirect {
    pub opener: UserId,
    pub target: UserRef,
}

/// The other user of a direct.
#[derive(Clone, Debug)]
pub(crate) enum UserRef {
    /// The user who holds this nickname now.
    Nickname(NicknameKey),
    /// This user, whatever the nickname is now.
    Id(UserId),
}

/// A direct that was found or created.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OpenedDirect {
    pub conversation: ConversationId,
    /// The other user.
    pub with: UserId,
    /// When the direct was created.
    pub at: Timestamp,
}

/// Takes a direct out of a user's list. It comes back with the next message.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HideDirect {
    pub user: UserId,
    pub direct: ConversationId,
}

impl Command for OpenDirect {
    type Output = OpenedDirect;

    fn decide(&self, facts: &mut dyn Facts, context: &mut Context<'_>) -> Result<Decision<OpenedDirect>, Undecided> {
        let (opener, now) = (self.opener, context.now);
        let (other, is_gone) = find_recipient(facts, &self.target)?.ok_or(Refusal::UnknownUser)?;
        if other == opener {
            return Err(Refusal::SelfDirect.into());
        }
        if facts.has_blocked(opener, other)? {
            return Err(Refusal::Blocked.into());
        }
        let mut draft = DecisionDraft::default();
        let Some(direct) = facts.direct_of(opener, other)? else {
            if is_gone {
                return Err(Refusal::UserGone.into());
            }
            // A mute in one room forbids no directs.
            check_not_muted(&facts.sanctions_of(opener)?, SanctionScope::SERVER, now.server)?;
            let direct = context.ids.conversation();
            draft.create_direct(direct, [opener, other], now.machine);
            draft.list(opener, direct, ListKey::of(now.machine));
            return Ok(draft.finish(OpenedDirect { conversation: direct, with: other, at: now.machine }));
        };
        let created_at = facts.conversation(direct)?.ok_or(Refusal::NotMember)?.created_at;
        if facts.membership(direct, opener)?.is_some_and(|member| member.listed.is_some()) {
            draft.log(Entry::Listed { user: opener, conversation: direct });
        } else {
            let key = ListKey::of(now.machine);
            draft.list(opener, direct, if is_gone { key.of_gone_companion() } else { key });
        }
        Ok(draft.finish(OpenedDirect { conversation: direct, with: other, at: created_at }))
    }
}

/// Finds the recipient, and whether that user has left for good.
pub(super) fn find_recipient(facts: &mut dyn Facts, target: &UserRef) -> Result<Option<(UserId, bool)>, Undecided> {
    match target {
        UserRef::Nickname(key) => Ok(facts.user_with_nickname(key)?.map(|id| (id, false))),
        UserRef::Id(UserId::SYSTEM) => Ok(None),
        UserRef::Id(id) => Ok(facts.user(*id)?.map(|user| (*id, user.is_gone()))),
    }
}

impl Command for HideDirect {
    type Output = ();

    fn decide(&self, facts: &mut dyn Facts, _: &mut Context<'_>) -> Result<Decision<()>, Undecided> {
        let Self { user, direct } = *self;
        let member = facts.membership(direct, user)?.ok_or(Refusal::NotMember)?;
        if member.other.is_none() {
            return Err(Refusal::NotDirect.into());
        }
        let mut draft = DecisionDraft::default();
        draft.unlist(facts, user, direct, member.listed)?;
        Ok(draft.finish(()))
    }
}

impl DecisionDraft {
    /// Creates a direct that is in nobody's list.
    fn create_direct(&mut self, direct: ConversationId, users: [UserId; 2], at: Timestamp) {
        self.push(Mutation::CreateDirect { id: direct, users, created_at: at });
        for user in users {
            let member = Mutation::AddMember {
                conversation: direct,
                user,
                role: Role::Member,
                read_seq: Seq::ZERO,
                joined_at: at,
                listed: None,
            };
            self.push(member);
        }
        self.log(Entry::DirectCreated { direct, users });
    }

    /// Puts a direct into a user's list.
    pub(super) fn list(&mut self, user: UserId, direct: ConversationId, key: ListKey) {
        self.push(Mutation::SetListed { conversation: direct, user, listed: Some(key) });
        self.log(Entry::Listed { user, conversation: direct });
    }

    /// Takes a direct out of a user's list, with everything in it read, and not pinned any more. `listed`: where it is in the list now.
    pub(super) fn unlist(
        &mut self,
        facts: &mut dyn Facts,
        user: UserId,
        direct: ConversationId,
        listed: Option<ListKey>,
    ) -> Result<(), Undecided> {
        self.mark_all_read(facts, user, direct)?;
        if listed.is_some() {
            self.push(Mutation::SetListed { conversation: direct, user, listed: None });
            // It comes back where its next message puts it.
            self.push(Mutation::SetPinned { conversation: direct, user, on: false });
            self.log(Entry::Unlisted { user, conversation: direct });
        }
        Ok(())
    }

    /// Makes a user have read a conversation up to the draft's end of it.
    pub(super) fn mark_all_read(
        &mut self,
        facts: &mut dyn Facts,
        user: UserId,
        conversation: ConversationId,
    ) -> Result<(), Undecided> {
        let (seq, _) = self.newest_event(facts, conversation)?;
        self.push(Mutation::AdvanceReadMark { conversation, user, seq });
        Ok(())
    }
}
