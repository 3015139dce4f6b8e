//! Deleting accounts. [`DeleteAccount`] removes at once what others can see of the user; [`EraseBatch`] removes the rest from
//! the log, a batch at a time.

use crate::{
    domain::{
        Action, ConversationId, EndReason, EventKind, KeptMessages, ModerationNotice, Nickname, Role, Scope, Seq, User,
        UserId,
    },
    server::rules::{
        command::Command,
        context::Context,
        decision::{Decision, DecisionDraft},
        entry::Entry,
        facts::{Erasure, Facts, FactsError, server_user},
        mutation::{AuditRow, Mutation},
        refusal::Refusal,
        undecided::Undecided,
        values::PasswordHash,
    },
};

/// The most events that one batch processes, so that others can write in between.
const EVENTS_PER_BATCH: u64 = 5_000;

/// The most messages that one batch deletes.
const DELETIONS_PER_BATCH: u32 = 100;

/// Deletes an account. Once it is durable, the sessions, password, nickname and address are gone. [`EraseBatch`] deletes what
/// is left in the log.
#[derive(Clone, Debug)]
pub(crate) struct DeleteAccount {
    pub user: UserId,
    pub authorization: DeletionAuthorization,
    pub messages: KeptMessages,
}

/// What allows the deletion of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum DeletionAuthorization {
    /// The user gave the password with this hash. The rule checks that it is still the user's: comparing takes time.
    Password(PasswordHash),
    /// A guest has nothing but the session.
    Guest,
    /// The operator, who may do everything.
    Operator,
}

/// Deletes a bounded number of traces of deleted accounts from the log: nicknames, and messages where that was asked for.
/// Returns whether there may be more.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EraseBatch;

impl Command for DeleteAccount {
    type Output = ();

    fn decide(&self, facts: &mut dyn Facts, context: &mut Context<'_>) -> Result<Decision<()>, Undecided> {
        let Self { user, authorization, messages } = self;
        let (user, now, reason) = (*user, context.now, EndReason::SignedOut);
        self.check(facts)?;
        let rooms = facts.rooms()?.into_iter().map(|room| (room, true));
        let directs = facts.directs_of(user)?.into_iter().map(|direct| (direct, false));

        let mut draft = DecisionDraft::default();
        for room in facts.rooms_of(user)? {
            pass_on_room(&mut draft, facts, context, room, user)?;
        }
        draft.end_sessions(facts, now, user, None, reason)?;
        // Before the nickname is released: the lists of others show a former user without a name.
        draft.push(Mutation::ClearAccount(user));
        let former = User::guest(user, Nickname::former());
        draft.depart(facts, context, former.clone())?;
        let deletes_messages = *messages == KeptMessages::Delete;
        for (conversation, is_room) in rooms.chain(directs) {
            if !is_room && draft.newest_event(facts, conversation)?.0 == Seq::ZERO {
                // It went with the nickname.
                continue;
            }
            let id = context.ids.command();
            let kind = EventKind::AccountDeleted;
            let last = draft.append(facts, now, conversation, former.clone(), id, kind)?.seq;
            // Moderation notices name the user, too; directs have none.
            if is_room || deletes_messages {
                draft.push(Mutation::AddErasure { user, conversation, last, messages: deletes_messages });
            }
        }
        if *authorization == DeletionAuthorization::Operator {
            let (at, subject) = (now.machine, Some(user));
            draft.push(Mutation::Audit(AuditRow { at, action: "delete_account", subject, ..AuditRow::default() }));
        }
        // Last: the user's own connections are told of the deletion before they are closed.
        draft.log(Entry::SessionEnded { user, session: None, reason });
        Ok(draft.finish(()))
    }
}

/// If `user` is the only owner of a room, makes the next member its owner, so that the room can be governed.
fn pass_on_room(
    draft: &mut DecisionDraft,
    facts: &mut dyn Facts,
    context: &mut Context<'_>,
    room: ConversationId,
    user: UserId,
) -> Result<(), Undecided> {
    let is_owner = facts.membership(room, user)?.is_some_and(|member| member.role == Role::Owner);
    if !is_owner || facts.has_room_owner_besides(room, user)? {
        return Ok(());
    }
    let Some(heir) = facts.room_heir(room, user)? else { return Ok(()) };
    let heir = facts.user(heir)?.ok_or(FactsError)?.user;
    draft.push(Mutation::SetRoomRole { room, user: heir.id, role: Role::Owner });
    let (action, scope, role) = (Action::Appoint, Scope::Room, Some(Role::Owner));
    let notice =
        EventKind::Notice(ModerationNotice { action, user: heir, scope, until: None, role, not_member: false });
    let author = server_user(facts)?;
    draft.append(facts, context.now, room, author, context.ids.command(), notice)?;
    Ok(())
}

impl DeleteAccount {
    /// Checks that the account may be deleted now.
    ///
    /// # Errors
    /// - [`Refusal::UnknownUser`] if the account is gone;
    /// - [`Refusal::WrongPassword`] if the password has changed since it was compared;
    /// - [`Refusal::LastOwner`] if the server would be left without an owner.
    fn check(&self, facts: &mut dyn Facts) -> Result<(), Undecided> {
        // The server's own user has no nickname key either.
        let account = facts.user(self.user)?.filter(|account| !account.is_gone()).ok_or(Refusal::UnknownUser)?;
        let verified = match &self.authorization {
            DeletionAuthorization::Operator => return Ok(()),
            DeletionAuthorization::Guest => None,
            DeletionAuthorization::Password(hash) => Some(hash),
        };
        if account.password.as_ref() != verified {
            return Err(Refusal::WrongPassword.into());
        }
        if account.user.role == Role::Owner && !facts.has_owner_besides(Some(self.user))? {
            return Err(Refusal::LastOwner.into());
        }
        Ok(())
    }
}

impl Command for EraseBatch {
    type Output = bool;

    fn decide(&self, facts: &mut dyn Facts, context: &mut Context<'_>) -> Result<Decision<bool>, Undecided> {
        let Some(erasure) = facts.next_erasure()? else { return Ok(Decision::unchanged(false)) };
        let Erasure { user, conversation, done, last, messages } = erasure;
        let mut end = Seq(last.0.min(done.0.saturating_add(EVENTS_PER_BATCH)));
        let mut draft = DecisionDraft::default();
        if messages {
            let due = facts.messages_of(user, conversation, done, end, DELETIONS_PER_BATCH)?;
            if due.len() >= DELETIONS_PER_BATCH as usize {
                end = due.last().copied().unwrap_or(end);
            }
            let author = facts.user(user)?.ok_or(FactsError)?.user;
            for seq in &due {
                draft.append_deletion(facts, context, author.clone(), conversation, *seq)?;
            }
            if !due.is_empty() {
                draft.unlist_if_empty(facts, conversation, &due)?;
            }
        }
        // Moderation notices contain the nickname that the user had then.
        draft.push(Mutation::EraseNameInNotices { conversation, user, after: done, up_to: end });
        draft.push(if end == last {
            Mutation::FinishErasure { user, conversation }
        } else {
            Mutation::AdvanceErasure { user, conversation, done: end }
        });
        Ok(draft.finish(true))
    }
}
