//! Creating and revoking invites. Using one is part of signing up.

use crate::{
    domain::{InviteId, Role, Timestamp, UserId},
    server::rules::{
        command::Command,
        context::Context,
        decision::{Decision, DecisionDraft},
        entry::Entry,
        facts::Facts,
        mutation::{AuditRow, Mutation},
        permissions::Permission,
        undecided::Undecided,
        values::InviteKey,
    },
};

/// Creates an invite. Returns when it was created, by the machine's clock.
#[derive(Clone, Debug)]
pub(crate) struct CreateInvite {
    pub id: InviteId,
    pub key: InviteKey,
    /// `None` for the operator.
    pub actor: Option<UserId>,
    /// By the server's clock. `None`: never.
    pub expires_at: Option<Timestamp>,
    /// How many users may sign up with it; `None`: no limit.
    pub max_uses: Option<u32>,
}

/// Revokes an invite. Returns `false` if there was none, or it was revoked already.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RevokeInvite {
    /// Who revokes it. `None`: the operator.
    pub actor: Option<UserId>,
    pub id: InviteId,
}

impl Command for CreateInvite {
    type Output = Timestamp;

    fn decide(&self, facts: &mut dyn Facts, context: &mut Context<'_>) -> Result<Decision<Timestamp>, Undecided> {
        let Self { id, key, actor, expires_at, max_uses } = *self;
        Permission::Invite.check(facts, actor, Role::Member)?;
        let created_at = context.now.machine;
        let mut draft = DecisionDraft::default();
        draft.push(Mutation::CreateInvite { id, key, created_at, created_by: actor, expires_at, max_uses });
        draft.push(Mutation::Audit(AuditRow {
            at: created_at,
            actor,
            action: "invite",
            until: expires_at.map(|at| context.now.shown(at)),
            detail: Some(id.to_string()),
            ..AuditRow::default()
        }));
        draft.log(Entry::InviteCreated { invite: id });
        Ok(draft.finish(created_at))
    }

    fn takes_room(&self) -> bool {
        true
    }
}

impl Command for RevokeInvite {
    type Output = bool;

    fn decide(&self, facts: &mut dyn Facts, context: &mut Context<'_>) -> Result<Decision<bool>, Undecided> {
        let Self { actor, id } = *self;
        Permission::Invite.check(facts, actor, Role::Member)?;
        if facts.invite(id)?.is_none_or(|invite| invite.is_revoked) {
            return Ok(Decision::unchanged(false));
        }
        let mut draft = DecisionDraft::default();
        draft.push(Mutation::RevokeInvite(id));
        draft.push(Mutation::Audit(AuditRow {
            at: context.now.machine,
            actor,
            action: "revoke_invite",
            detail: Some(id.to_string()),
            ..AuditRow::default()
        }));
        draft.log(Entry::InviteRevoked { invite: id });
        Ok(draft.finish(true))
    }
}
