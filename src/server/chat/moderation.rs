//! Keeping order: what moderators and owners do to users, and what of that can be seen.

use std::sync::Arc;

use crate::{
    domain::{
        Action, AuditPage, CommandId, ConversationId, CurrentUser, MAX_NICKNAME_CHARACTERS, Role, Sanction, Timestamp,
        User, UserId,
    },
    server::{
        chat::{permissions::Permission, security_log::SecurityEvent, service::ChatService},
        clock,
        error::ChatError,
        store::{EventPosition, Joined, Moderation, ModerationAction, Receipt, StoreError},
    },
};

/// What somebody asks to be done to a user.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ModerationRequest {
    pub(crate) action: Action,
    pub(crate) user: UserId,
    /// `None` for the whole house.
    pub(crate) room: Option<ConversationId>,
    pub(crate) minutes: Option<u32>,
    pub(crate) role: Option<Role>,
    /// Whether a ban from everywhere also ends the sessions of all guests of the user's addresses.
    pub(crate) all_of_address: bool,
}

impl ModerationRequest {
    fn deed(&self) -> Result<ModerationAction, ChatError> {
        if self.minutes == Some(0) {
            return Err(ChatError::BadMeasure("minutes count from 1"));
        }
        if self.all_of_address && (self.action != Action::Ban || self.room.is_some()) {
            return Err(ChatError::BadMeasure("only a ban from everywhere can be of an address"));
        }
        let until = self.minutes.map(in_minutes);
        Ok(match self.action {
            Action::Mute => ModerationAction::Mute(until),
            Action::Unmute => ModerationAction::Unmute,
            Action::Remove => ModerationAction::Remove,
            Action::Ban => ModerationAction::Ban(until),
            Action::Unban => ModerationAction::Unban,
            Action::Appoint if self.room.is_some() => return Err(ChatError::BadMeasure("roles are the house's")),
            Action::Appoint => ModerationAction::Appoint(self.role.ok_or(ChatError::BadMeasure("which role?"))?),
        })
    }
}

/// The moment after so many minutes, by the server's clock.
pub(super) fn in_minutes(minutes: u32) -> Timestamp {
    Timestamp(clock::now().0 + u64::from(minutes) * 60_000)
}

/// What somebody may do to somebody else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "four rights that have nothing to do with one another")]
pub(crate) struct AllowedActions {
    pub(crate) mute: bool,
    pub(crate) remove: bool,
    pub(crate) ban: bool,
    pub(crate) appoint: bool,
}

impl AllowedActions {
    /// Of a role over another one.
    pub(crate) fn over(actor: Role, subject: Role) -> Self {
        let may = |right: Permission| right.rule()(actor, subject);
        Self {
            mute: may(Permission::Mute),
            remove: may(Permission::Remove),
            ban: may(Permission::Ban),
            appoint: may(Permission::Appoint),
        }
    }
}

impl ChatService {
    /// Queues something to be done to a user, by another one or, without an actor, on the host.
    pub(crate) async fn moderate(
        &self,
        actor: Option<User>,
        id: CommandId,
        measure: ModerationRequest,
    ) -> Result<Receipt<EventPosition>, ChatError> {
        let (incidents, asks) = (Arc::clone(&self.incidents), actor.as_ref().map(|actor| actor.id));
        let moderation = Moderation {
            actor,
            id,
            room: measure.room,
            subject: measure.user,
            action: measure.deed()?,
            role_check: Permission::to(measure.action).rule(),
            addresses: self.presence.addresses_of(measure.user),
            whole_address: measure.all_of_address,
        };
        let receipt = self.store.moderate(moderation).await?;
        Ok(receipt.on_error(move |error| {
            if let (StoreError::NotAllowed, Some(user)) = (error, asks) {
                incidents.note(None, SecurityEvent::NotAllowed(user));
            }
        }))
    }

    /// Queues the coming back into a room.
    pub(crate) async fn join(&self, user: UserId, room: ConversationId) -> Result<Receipt<Joined>, ChatError> {
        Ok(self.store.join(user, room).await?)
    }

    /// Who may not do what, for those who can change it.
    pub(crate) async fn sanctions(&self, me: &CurrentUser) -> Result<Vec<Sanction>, ChatError> {
        self.demand(Permission::SeeSanctions, me)?;
        Ok(self.store.sanctions().await?)
    }

    /// Some of those who have a nickname in which `part` can be found, for those who can do something about them.
    pub(crate) async fn find_users(&self, me: &CurrentUser, part: &str, limit: u32) -> Result<Vec<User>, ChatError> {
        self.demand(Permission::SeeSanctions, me)?;
        let part = part.trim().chars().take(MAX_NICKNAME_CHARACTERS).collect();
        Ok(self.store.find_users(part, limit).await?)
    }

    /// A user, who may have gone for good, for those who can do something about them.
    pub(crate) async fn user(&self, me: &CurrentUser, user: UserId) -> Result<User, ChatError> {
        self.demand(Permission::SeeSanctions, me)?;
        self.store.user(user).await?.ok_or(ChatError::UnknownUser)
    }

    /// A stretch of the audit log, for owners.
    pub(crate) async fn audit(
        &self,
        me: &CurrentUser,
        before: Option<u64>,
        limit: u32,
    ) -> Result<AuditPage, ChatError> {
        self.demand(Permission::ReadAudit, me)?;
        Ok(self.store.audit_page(before, limit).await?)
    }

    /// Refuses whoever has not this right.
    pub(super) fn demand(&self, right: Permission, me: &CurrentUser) -> Result<(), ChatError> {
        if right.is_of(me.role) {
            return Ok(());
        }
        self.note(None, SecurityEvent::NotAllowed(me.id));
        Err(ChatError::NotAllowed)
    }
}
