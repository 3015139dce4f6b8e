//! Blocking users.

use crate::{
    domain::UserId,
    server::rules::{
        command::Command,
        context::Context,
        decision::{Decision, DecisionDraft},
        entry::Entry,
        facts::Facts,
        mutation::Mutation,
        refusal::Refusal,
        undecided::Undecided,
        values::MAX_BLOCKED_USERS,
    },
};

/// Blocks another user. Their direct leaves the list of the user who blocks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BlockUser {
    pub user: UserId,
    pub other: UserId,
}

/// Unblocks another user. What that user wrote in the meantime appears, and does not count as unread. Does nothing if there
/// is no block.
#[derive(Clone, Copy, Debug)]
pub(crate) struct UnblockUser {
    pub user: UserId,
    pub other: UserId,
}

impl Command for BlockUser {
    type Output = ();

    fn decide(&self, facts: &mut dyn Facts, context: &mut Context<'_>) -> Result<Decision<()>, Undecided> {
        let Self { user, other } = *self;
        if user == other {
            return Err(Refusal::SelfBlock.into());
        }
        if other == UserId::SYSTEM || facts.user(other)?.is_none() {
            return Err(Refusal::UnknownUser.into());
        }
        if facts.has_blocked(user, other)? {
            return Ok(Decision::unchanged(()));
        }
        if facts.blocked_count(user)? >= MAX_BLOCKED_USERS {
            return Err(Refusal::TooManyBlocks.into());
        }
        let mut draft = DecisionDraft::default();
        draft.push(Mutation::AddBlock { user, other, at: context.now.machine });
        if let Some(direct) = facts.direct_of(user, other)?
            && let Some(member) = facts.membership(direct, user)?
        {
            draft.unlist(facts, user, direct, member.listed)?;
        }
        draft.log(Entry::Block { user, other, on: true });
        Ok(draft.finish(()))
    }
}

impl Command for UnblockUser {
    type Output = ();

    fn decide(&self, facts: &mut dyn Facts, _: &mut Context<'_>) -> Result<Decision<()>, Undecided> {
        let Self { user, other } = *self;
        if !facts.has_blocked(user, other)? {
            return Ok(Decision::unchanged(()));
        }
        let mut draft = DecisionDraft::default();
        draft.push(Mutation::RemoveBlock { user, other });
        if let Some(direct) = facts.direct_of(user, other)? {
            draft.mark_all_read(facts, user, direct)?;
        }
        draft.log(Entry::Block { user, other, on: false });
        Ok(draft.finish(()))
    }
}
