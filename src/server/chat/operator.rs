//! What the operator may do: everything, without permission checks or rate limits, by nickname.

use ipnet::IpNet;

use crate::{
    domain::{
        Action, AuditPage, CommandId, ConversationId, CurrentUser, Nickname, ReportList, Role, Sanction, Seq, User,
        UserId, UserKind,
    },
    server::{
        chat::{moderation::ModerationRequest, passwords::Passwords, service::ChatService, times::minutes_from_now},
        error::ChatError,
        rules::{
            BanNetwork, BannedNetwork, CreateUser, DeleteMessage, EndSessions, NewPassword, OwnerGrant, ReportAction,
            SetPassword, UnbanNetwork,
        },
        store::{Account, FoundMessage, MessageLookup, StoreError},
    },
};

impl ChatService {
    /// Returns the token by which somebody can become the owner. Returns `None` if there is an owner, or if the
    /// configuration names one.
    pub(in crate::server) async fn claim_token(&self) -> Result<Option<String>, ChatError> {
        if self.owner.is_some() || self.store.has_owner().await? {
            return Ok(None);
        }
        Ok(Some(self.shared_claim_token().await?))
    }

    /// Finds a user: by id, by nickname, or by the nickname that a sanctioned user had. An id is longer than any nickname.
    ///
    /// # Errors
    /// [`ChatError::UnknownNickname`].
    pub(in crate::server) async fn find_user(&self, nickname: &str) -> Result<User, ChatError> {
        let unknown = || ChatError::UnknownNickname(nickname.to_owned());
        if let Ok(id) = nickname.parse::<UserId>() {
            return self.store.user(id).await?.ok_or_else(unknown);
        }
        let name = Nickname::parse_existing(nickname).map_err(|_| unknown())?;
        if let Some(Account { me, .. }) = self.store.account(name.key()).await? {
            return Ok(me.user());
        }
        let sanctions = self.store.sanctions().await?;
        let former = sanctions.into_iter().find(|sanction| sanction.user.nickname.key() == name.key());
        former.map(|sanction| sanction.user).ok_or_else(unknown)
    }

    /// Moderates a user. It is durable when this returns.
    pub(in crate::server) async fn moderate_as_operator(
        &self,
        nickname: &str,
        action: Action,
        minutes: Option<u32>,
        role: Option<Role>,
        all_of_address: bool,
    ) -> Result<User, ChatError> {
        let user = self.find_user(nickname).await?;
        let request = ModerationRequest { action, user: user.id, room: None, minutes, role, all_of_address };
        self.moderate_by(None, CommandId::generate(), request).await?.await?;
        Ok(user)
    }

    /// Creates a registered user. Returns the random password.
    pub(in crate::server) async fn create_registered_user(&self, nickname: &str) -> Result<(User, String), ChatError> {
        let nickname = Nickname::parse(nickname)?;
        let (password, new_password) = self.random_password().await?;
        let key = nickname.key();
        let user = User::guest(UserId::generate(), nickname);
        let new_user = CreateUser {
            user: user.clone(),
            key,
            session: None,
            address: None,
            invite: None,
            password: Some(new_password),
            max_names_per_address: None,
        };
        self.store.execute(new_user).await?;
        Ok((User { registered: true, ..user }, password))
    }

    /// Gives a registered user a random password, and ends all of the user's sessions. Returns the password.
    ///
    /// # Errors
    /// [`ChatError::NotRegistered`].
    pub(in crate::server) async fn reset_password(&self, nickname: &str) -> Result<(User, String), ChatError> {
        let user = self.find_user(nickname).await?;
        if !user.registered {
            return Err(ChatError::NotRegistered);
        }
        let (password, new_password) = self.random_password().await?;
        let change = SetPassword { user: user.id, password: new_password, keep: None };
        self.store.queue(change).await?.delivered().await?;
        Ok((user, password))
    }

    /// Ends all sessions of a user. A guest's nickname becomes free. Returns the number of sessions.
    pub(in crate::server) async fn end_sessions(&self, nickname: &str) -> Result<(User, usize), ChatError> {
        let user = self.find_user(nickname).await?;
        let sessions = self.store.queue(EndSessions(user.id)).await?.delivered().await?;
        Ok((user, sessions))
    }

    /// Returns all users who have a nickname.
    pub(in crate::server) async fn users(&self) -> Result<Vec<User>, ChatError> {
        Ok(self.store.users().await?)
    }

    /// Makes the user whom the configuration names the owner, if that user is registered. Returns whether the server has an
    /// owner now.
    pub(in crate::server) async fn install_owner(&self) -> Result<bool, ChatError> {
        if let Some(owner) = &self.owner
            && let Some(Account { me: CurrentUser { id, kind: UserKind::Registered, role, .. }, .. }) =
                self.store.account(owner.clone()).await?
            && role != Role::Owner
        {
            let request = ModerationRequest {
                action: Action::Appoint,
                user: id,
                room: None,
                minutes: None,
                role: Some(Role::Owner),
                all_of_address: false,
            };
            self.moderate_by(None, CommandId::generate(), request).await?.await?;
        }
        Ok(self.store.has_owner().await?)
    }

    /// Returns all sanctions in force.
    pub(in crate::server) async fn all_sanctions(&self) -> Result<Vec<Sanction>, StoreError> {
        self.store.sanctions().await
    }

    /// Keeps new users from a network out, and ends the sessions of guests who came from it. Returns their number.
    pub(in crate::server) async fn ban_network(
        &self,
        network: IpNet,
        minutes: Option<u32>,
    ) -> Result<usize, ChatError> {
        if minutes == Some(0) {
            return Err(ChatError::BadRequest("minutes count from 1"));
        }
        let ban = BanNetwork { network, until: minutes.map(minutes_from_now) };
        Ok(self.store.queue(ban).await?.delivered().await?)
    }

    /// Ends the ban of a network.
    pub(in crate::server) async fn unban_network(&self, network: IpNet) -> Result<(), ChatError> {
        let lifted = self.store.execute(UnbanNetwork(network)).await?;
        if lifted { Ok(()) } else { Err(ChatError::BadRequest("this network is not banned")) }
    }

    /// Returns the banned networks.
    pub(in crate::server) async fn banned_networks(&self) -> Result<Vec<BannedNetwork>, ChatError> {
        Ok(self.store.banned_networks().await?)
    }

    /// Returns the newest entries of the audit log.
    pub(in crate::server) async fn newest_audit_entries(&self, limit: u32) -> Result<AuditPage, StoreError> {
        self.store.audit_page(None, limit).await
    }

    /// Returns all open reports.
    pub(in crate::server) async fn all_reports(&self, limit: u32) -> Result<ReportList, StoreError> {
        self.store.reports(None, limit).await
    }

    /// Closes a report, and older ones of the same message.
    pub(in crate::server) async fn close_report_as_operator(&self, report: u64) -> Result<(), ChatError> {
        Ok(self.handle_report_by(None, report, ReportAction::Close { up_to: report }).await?)
    }

    /// Returns the newest messages of an author in all conversations, or else of a conversation.
    pub(in crate::server) async fn find_messages(
        &self,
        conversation: ConversationId,
        author: Option<&str>,
        limit: u32,
    ) -> Result<Vec<FoundMessage>, ChatError> {
        let lookup = match author {
            Some(nickname) => MessageLookup::ByAuthor(self.find_user(nickname).await?.id),
            None => MessageLookup::InConversation(conversation),
        };
        Ok(self.store.find_messages(lookup, limit).await?)
    }

    /// Deletes a message of any conversation. The deletion is durable when this returns.
    pub(in crate::server) async fn delete_message(
        &self,
        conversation: ConversationId,
        seq: Seq,
    ) -> Result<(), ChatError> {
        self.store.execute(DeleteMessage { id: CommandId::generate(), conversation, seq }).await?;
        Ok(())
    }

    async fn random_password(&self) -> Result<(String, NewPassword), ChatError> {
        let password = Passwords::random()?;
        let hash = self.passwords.hash(password.clone()).await?;
        Ok((password, NewPassword { hash, ownership: OwnerGrant::Never }))
    }
}
