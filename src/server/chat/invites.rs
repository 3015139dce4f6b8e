//! Invites: links that let new users sign up.

use crate::{
    domain::{CurrentUser, Invite, InviteId, User},
    protocol::InviteRequest,
    server::{
        chat::{command_context::CommandContext, service::ChatService, times::minutes_from_now, tokens},
        clock,
        error::ChatError,
        rules::{CreateInvite, InviteKey, Permission, RevokeInvite},
    },
};

impl ChatService {
    /// Creates an invite. Returns it with its token, which is not kept.
    pub(in crate::server) async fn create_invite(
        &self,
        context: CommandContext,
        request: &InviteRequest,
    ) -> Result<(Invite, String), ChatError> {
        self.create_invite_by(Some(context.user), request).await
    }

    /// Creates an invite for the operator.
    pub(in crate::server) async fn create_invite_as_operator(
        &self,
        request: &InviteRequest,
    ) -> Result<(Invite, String), ChatError> {
        self.create_invite_by(None, request).await
    }

    async fn create_invite_by(
        &self,
        actor: Option<User>,
        request: &InviteRequest,
    ) -> Result<(Invite, String), ChatError> {
        let InviteRequest { minutes, uses } = *request;
        if minutes == Some(0) || uses == Some(0) {
            return Err(ChatError::BadRequest("minutes and uses count from 1"));
        }
        let token = tokens::generate()?;
        let (id, expires_at) = (InviteId::generate(), minutes.map(minutes_from_now));
        let new = CreateInvite {
            id,
            key: invite_key(&token),
            actor: actor.as_ref().map(|actor| actor.id),
            expires_at,
            max_uses: uses,
        };
        let created_at = self.store.execute(new).await?;
        let expires_at = expires_at.map(clock::shown);
        Ok((Invite { id, created_at, created_by: actor, expires_at, most_uses: uses, uses: 0 }, token))
    }

    /// Returns the invites that are still valid.
    ///
    /// # Errors
    /// [`ChatError::NotAllowed`].
    pub(in crate::server) async fn invites(&self, me: &CurrentUser) -> Result<Vec<Invite>, ChatError> {
        self.require(Permission::Invite, me)?;
        Ok(self.store.invites().await?)
    }

    /// Ends an invite.
    ///
    /// # Errors
    /// [`ChatError::UnknownInvite`]; [`ChatError::NotAllowed`].
    pub(in crate::server) async fn revoke_invite(
        &self,
        context: CommandContext,
        id: InviteId,
    ) -> Result<(), ChatError> {
        let revoked = self.store.execute(RevokeInvite { actor: Some(context.user.id), id }).await?;
        if revoked { Ok(()) } else { Err(ChatError::UnknownInvite) }
    }
}

/// The key under which the store keeps the invite with this token.
pub(super) fn invite_key(token: &str) -> InviteKey {
    InviteKey(tokens::hash(token))
}
