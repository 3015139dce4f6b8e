//! Links that let people in.

use crate::{
    domain::{CurrentUser, Invite, InviteId, User},
    protocol::InviteRequest,
    server::{
        chat::{moderation::in_minutes, permissions::Permission, service::ChatService, tokens},
        clock,
        error::ChatError,
        store::{InviteKey, NewInvite},
    },
};

impl ChatService {
    /// Makes an invite, for a user or, without one, on the host. Gives the token that lets in, too.
    pub(crate) async fn invite(
        &self,
        actor: Option<User>,
        request: &InviteRequest,
    ) -> Result<(Invite, String), ChatError> {
        let InviteRequest { minutes, uses } = *request;
        if minutes == Some(0) || uses == Some(0) {
            return Err(ChatError::BadMeasure("minutes and uses count from 1"));
        }
        let token = tokens::generate()?;
        let (id, expires_at) = (InviteId::generate(), minutes.map(in_minutes));
        let new = NewInvite {
            id,
            key: key(&token),
            actor: actor.as_ref().map(|actor| actor.id),
            role_check: Permission::Invite.rule(),
            expires_at,
            most_uses: uses,
        };
        let created_at = self.store.create_invite(new).await?;
        let expires_at = expires_at.map(clock::shown);
        Ok((Invite { id, created_at, created_by: actor, expires_at, most_uses: uses, uses: 0 }, token))
    }

    /// Those that still let somebody in.
    pub(crate) async fn invites(&self, me: &CurrentUser) -> Result<Vec<Invite>, ChatError> {
        self.demand(Permission::Invite, me)?;
        Ok(self.store.invites().await?)
    }

    /// Ends an invite, for a user or on the host.
    pub(crate) async fn revoke_invite(&self, actor: Option<&User>, id: InviteId) -> Result<(), ChatError> {
        let actor = actor.map(|actor| actor.id);
        let revoked = self.store.revoke_invite(actor, Permission::Invite.rule(), id).await?;
        if revoked { Ok(()) } else { Err(ChatError::UnknownInvite) }
    }
}

/// What the store knows an invite by.
pub(super) fn key(token: &str) -> InviteKey {
    InviteKey(tokens::hash(token))
}
