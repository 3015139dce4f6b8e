//! Passwords, and nicknames that are released.

use crate::{
    domain::{Action, EndReason, Role, SessionId, UserId},
    server::rules::{
        command::Command,
        context::{Context, Now},
        decision::{Decision, DecisionDraft},
        entry::Entry,
        facts::Facts,
        mutation::{AuditRow, Mutation},
        refusal::Refusal,
        undecided::Undecided,
        values::{NewPassword, OwnerGrant, PasswordHash},
    },
};

/// Sets a user's password, the first one or another one, and ends all sessions except one. Returns how many have ended.
#[derive(Clone, Debug)]
pub(crate) struct SetPassword {
    pub user: UserId,
    pub password: NewPassword,
    /// The session in which the user sets it, which stays. `None`: the operator sets it.
    pub keep: Option<SessionId>,
}

/// Replaces the hash of a password by another hash of the same password. Returns whether `before` was still current.
#[derive(Clone, Debug)]
pub(crate) struct ReplacePasswordHash {
    pub user: UserId,
    pub before: PasswordHash,
    pub after: PasswordHash,
}

/// Makes the nickname of a user without a session free again: a client of the simple protocol has disconnected.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReleaseNickname(pub UserId);

impl Command for SetPassword {
    type Output = usize;

    fn decide(&self, facts: &mut dyn Facts, context: &mut Context<'_>) -> Result<Decision<usize>, Undecided> {
        let Self { user, password, keep } = self;
        let (user, now) = (*user, context.now);
        let account = facts.user(user)?.filter(|account| !account.is_gone()).ok_or(Refusal::UnknownUser)?;
        if let Some(keep) = *keep
            && facts.sessions_of(user)?.iter().all(|session| session.id != keep)
        {
            return Err(Refusal::UnknownUser.into());
        }
        let becomes_owner = becomes_owner(facts, password.ownership)?;

        let mut draft = DecisionDraft::default();
        draft.push(Mutation::SetPassword { user, hash: password.hash.clone() });
        // Where registered users signed up is not kept.
        draft.push(Mutation::ForgetAddress(user));
        match keep {
            // Setting a password counts as signing in again, so the age of the session starts anew.
            Some(session) => draft.push(Mutation::RenewSession { session: *session, at: now.server }),
            None => draft.push(Mutation::Audit(AuditRow {
                at: now.machine,
                action: "reset_password",
                subject: Some(user),
                ..AuditRow::default()
            })),
        }
        let reason = EndReason::PasswordChanged;
        let ended = draft.end_sessions(facts, now, user, *keep, reason)?;
        for session in &ended {
            draft.log(Entry::SessionEnded { user, session: Some(session.id), reason });
        }
        if account.password.is_none() {
            draft.log(Entry::Registered { user });
        }
        if becomes_owner {
            make_owner(&mut draft, user, now);
        }
        Ok(draft.finish(ended.len()))
    }
}

/// Whether a user who gets a password becomes owner of the server.
///
/// # Errors
/// [`Refusal::Owned`] if ownership is claimed and the server has an owner.
pub(super) fn becomes_owner(facts: &mut dyn Facts, ownership: OwnerGrant) -> Result<bool, Undecided> {
    match ownership {
        OwnerGrant::IfUnowned if facts.has_owner_besides(None)? => Err(Refusal::Owned.into()),
        OwnerGrant::IfUnowned | OwnerGrant::Always => Ok(true),
        OwnerGrant::Never => Ok(false),
    }
}

/// Makes a user an owner on behalf of the server.
pub(super) fn make_owner(draft: &mut DecisionDraft, user: UserId, now: Now) {
    let role = Role::Owner;
    draft.push(Mutation::SetRole { user, role });
    draft.push(Mutation::Audit(AuditRow {
        at: now.machine,
        action: Action::Appoint.name(),
        subject: Some(user),
        detail: Some(role.name().to_owned()),
        ..AuditRow::default()
    }));
    draft.log(Entry::RoleChanged { user, role });
}

impl Command for ReplacePasswordHash {
    type Output = bool;

    fn decide(&self, facts: &mut dyn Facts, _: &mut Context<'_>) -> Result<Decision<bool>, Undecided> {
        let Self { user, before, after } = self;
        if facts.user(*user)?.and_then(|account| account.password).as_ref() != Some(before) {
            return Ok(Decision::unchanged(false));
        }
        let mut draft = DecisionDraft::default();
        draft.push(Mutation::SetPassword { user: *user, hash: after.clone() });
        Ok(draft.finish(true))
    }
}

impl Command for ReleaseNickname {
    type Output = ();

    fn decide(&self, facts: &mut dyn Facts, context: &mut Context<'_>) -> Result<Decision<()>, Undecided> {
        let mut draft = DecisionDraft::default();
        draft.release_nickname(facts, context, self.0)?;
        Ok(draft.finish(()))
    }
}
