//! Moderation, and who may see what of it.

use std::{collections::HashSet, sync::Arc};

use crate::{
    domain::{
        Action, AuditPage, CommandId, ConversationId, CurrentUser, MAX_NICKNAME_CHARACTERS, Role, Sanction, User,
        UserId,
    },
    server::{
        chat::{
            command_context::CommandContext, security_log::SecurityEvent, service::ChatService, times::minutes_from_now,
        },
        error::ChatError,
        rules::{EventPosition, Moderate, ModerationAction, Permission, Refusal},
        store::{Receipt, StoreError},
    },
};

/// A request to moderate a user.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ModerationRequest {
    pub(crate) action: Action,
    pub(crate) user: UserId,
    /// `None`: the whole server.
    pub(crate) room: Option<ConversationId>,
    /// How long a mute or ban lasts. `None`: until it is lifted.
    pub(crate) minutes: Option<u32>,
    /// The new role, for [`Action::Appoint`].
    pub(crate) role: Option<Role>,
    /// Whether a ban from the server also ends the sessions of all guests of the user's addresses.
    pub(crate) all_of_address: bool,
}

impl ModerationRequest {
    /// Checks that the fields fit together.
    fn to_action(self) -> Result<ModerationAction, ChatError> {
        if self.minutes == Some(0) {
            return Err(ChatError::BadRequest("minutes count from 1"));
        }
        if self.all_of_address && (self.action != Action::Ban || self.room.is_some()) {
            return Err(ChatError::BadRequest("only a ban from everywhere can be of an address"));
        }
        let until = self.minutes.map(minutes_from_now);
        Ok(match self.action {
            Action::Mute => ModerationAction::Mute(until),
            Action::Unmute => ModerationAction::Unmute,
            Action::Remove => ModerationAction::Remove,
            Action::Ban => ModerationAction::Ban(until),
            Action::Unban => ModerationAction::Unban,
            Action::Appoint => ModerationAction::Appoint(self.role.ok_or(ChatError::BadRequest("which role?"))?),
        })
    }
}

/// What one user may do to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "four permissions that are independent of each other")]
pub(crate) struct AllowedActions {
    pub(crate) mute: bool,
    pub(crate) remove: bool,
    pub(crate) ban: bool,
    pub(crate) appoint: bool,
}

impl AllowedActions {
    /// What a user of role `actor` may do to one of role `subject`.
    pub(in crate::server) fn of(actor: Role, subject: Role) -> Self {
        let may = |permission: Permission| permission.role_check()(actor, subject);
        Self {
            mute: may(Permission::Mute),
            remove: may(Permission::Remove),
            ban: may(Permission::Ban),
            appoint: may(Permission::Appoint),
        }
    }
}

impl ChatService {
    /// Queues a moderation by a user. The receipt resolves when it is durable or refused.
    pub(in crate::server) async fn moderate(
        &self,
        context: CommandContext,
        id: CommandId,
        request: ModerationRequest,
    ) -> Result<Receipt<EventPosition>, ChatError> {
        let (security_log, actor) = (Arc::clone(&self.security_log), context.user.id);
        let receipt = self.moderate_by(Some(context.user), id, request).await?;
        Ok(receipt.on_error(move |error| {
            if *error == StoreError::Refused(Refusal::NotAllowed) {
                security_log.record(None, SecurityEvent::NotAllowed(actor));
            }
        }))
    }

    /// Queues a moderation. Without an actor it is the operator's, who may do everything.
    pub(super) async fn moderate_by(
        &self,
        actor: Option<User>,
        id: CommandId,
        request: ModerationRequest,
    ) -> Result<Receipt<EventPosition>, ChatError> {
        let moderation = Moderate {
            actor,
            id,
            room: request.room,
            subject: request.user,
            action: request.to_action()?,
            addresses: self.presence.addresses_of(request.user),
            whole_address: request.all_of_address,
        };
        Ok(self.store.queue(moderation).await?)
    }

    /// Returns the sanctions in force, without those in private rooms that the user is not in.
    ///
    /// # Errors
    /// [`ChatError::NotAllowed`], as with the functions below.
    pub(in crate::server) async fn sanctions(&self, me: &CurrentUser) -> Result<Vec<Sanction>, ChatError> {
        self.require(Permission::SeeSanctions, me)?;
        let mut sanctions = self.store.sanctions().await?;
        let hidden = self.hidden_conversations(me.id, sanctions.iter().filter_map(|it| it.conversation)).await?;
        sanctions.retain(|sanction| !sanction.conversation.is_some_and(|id| hidden.contains(&id)));
        Ok(sanctions)
    }

    /// Those of the conversations that the user must not learn of: directs and private rooms that they are not in.
    async fn hidden_conversations(
        &self,
        me: UserId,
        conversations: impl Iterator<Item = ConversationId>,
    ) -> Result<HashSet<ConversationId>, ChatError> {
        let mut hidden = HashSet::new();
        for conversation in conversations.collect::<HashSet<_>>() {
            let is_visible_room = self.store.directory_room(me, conversation).await?.is_some();
            if !is_visible_room {
                hidden.insert(conversation);
            }
        }
        Ok(hidden)
    }

    /// Returns at most `limit` users whose nickname contains `part`.
    pub(in crate::server) async fn find_users(
        &self,
        me: &CurrentUser,
        part: &str,
        limit: u32,
    ) -> Result<Vec<User>, ChatError> {
        self.require(Permission::SeeSanctions, me)?;
        let part = part.trim().chars().take(MAX_NICKNAME_CHARACTERS).collect();
        Ok(self.store.find_users(part, limit).await?)
    }

    /// Returns a user, even one who has given the nickname up.
    pub(in crate::server) async fn user(&self, me: &CurrentUser, user: UserId) -> Result<User, ChatError> {
        self.require(Permission::SeeSanctions, me)?;
        self.store.user(user).await?.ok_or(ChatError::UnknownUser)
    }

    /// Returns at most `limit` entries of the audit log: the newest, or the newest before `before`. What moderators of a private
    /// room have done there is left out, unless the user is in the room; what concerns a reported message is there, but without
    /// its conversation.
    pub(in crate::server) async fn audit_page(
        &self,
        me: &CurrentUser,
        before: Option<u64>,
        limit: u32,
    ) -> Result<AuditPage, ChatError> {
        self.require(Permission::ReadAudit, me)?;
        let mut page = self.store.audit_page(before, limit).await?;
        let hidden = self.hidden_conversations(me.id, page.entries.iter().filter_map(|it| it.conversation)).await?;
        page.entries.retain_mut(|entry| {
            let is_hidden = entry.conversation.is_some_and(|id| hidden.contains(&id));
            if is_hidden {
                entry.conversation = None;
            }
            !is_hidden || matches!(entry.action.as_str(), "delete_message" | "close_report")
        });
        Ok(page)
    }

    /// Refuses a user whose role does not give this permission, and logs it.
    ///
    /// # Errors
    /// [`ChatError::NotAllowed`].
    pub(super) fn require(&self, permission: Permission, me: &CurrentUser) -> Result<(), ChatError> {
        if permission.granted_to(me.role) {
            return Ok(());
        }
        self.log_security_event(None, SecurityEvent::NotAllowed(me.id));
        Err(ChatError::NotAllowed)
    }
}
