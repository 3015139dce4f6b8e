//! What whoever owns the machine may do: everything, by nickname and without asking.

use ipnet::IpNet;

use crate::{
    domain::{
        Action, AuditPage, CommandId, ConversationId, CurrentUser, Nickname, Role, Sanction, Seq, SessionId, User,
        UserId, UserKind,
    },
    server::{
        chat::{
            moderation::{ModerationRequest, in_minutes},
            passwords::Passwords,
            service::ChatService,
        },
        error::ChatError,
        store::{Account, BannedNetwork, FoundMessage, MessageLookup, NewPassword, NewUser, OwnerGrant, StoreError},
    },
};

impl ChatService {
    /// Whoever has this nickname, or had it when something was done to them that still holds; or the very user of this id,
    /// whoever has the nickname by now. No nickname is as long as an id.
    pub(crate) async fn find_user(&self, nickname: &str) -> Result<User, ChatError> {
        let unknown = || ChatError::UnknownNickname(nickname.to_owned());
        if let Ok(id) = nickname.parse::<UserId>() {
            return self.store.user(id).await?.ok_or_else(unknown);
        }
        let name = Nickname::parse_existing(nickname).map_err(|_| unknown())?;
        if let Some(Account { me, .. }) = self.store.account(name.key()).await? {
            return Ok(me.user());
        }
        let sanctions = self.store.sanctions().await?;
        let gone = sanctions.into_iter().find(|sanction| sanction.user.nickname.key() == name.key());
        gone.map(|sanction| sanction.user).ok_or_else(unknown)
    }

    /// Does something to whoever has this nickname.
    pub(crate) async fn moderate_by_name(
        &self,
        nickname: &str,
        action: Action,
        minutes: Option<u32>,
        role: Option<Role>,
        all_of_address: bool,
    ) -> Result<User, ChatError> {
        let user = self.find_user(nickname).await?;
        let measure = ModerationRequest { action, user: user.id, room: None, minutes, role, all_of_address };
        self.moderate(None, CommandId::generate(), measure).await?.await?;
        Ok(user)
    }

    /// Makes a registered user. Gives the password, which is random.
    pub(crate) async fn create_registered(&self, nickname: &str) -> Result<(User, String), ChatError> {
        let nickname = Nickname::parse(nickname)?;
        let (password, new) = self.new_password(OwnerGrant::Never).await?;
        let key = nickname.key();
        let user = User::guest(UserId::generate(), nickname);
        let new = NewUser {
            user: user.clone(),
            key,
            session: None,
            address: None,
            invite: None,
            password: Some(new),
            max_names_per_address: None,
        };
        self.store.create_user(new).await?;
        Ok((User { registered: true, ..user }, password))
    }

    /// Gives a registered user another password, which is random, and ends all of the user's sessions.
    pub(crate) async fn reset_password(&self, nickname: &str) -> Result<(User, String, Vec<SessionId>), ChatError> {
        let user = self.find_user(nickname).await?;
        if !user.registered {
            return Err(ChatError::NotRegistered);
        }
        let (password, new) = self.new_password(OwnerGrant::Never).await?;
        let ended = self.store.set_password(user.id, new, None).await?;
        Ok((user, password, ended))
    }

    /// Ends all sessions of a user; a guest gives the nickname back.
    pub(crate) async fn end_sessions(&self, nickname: &str) -> Result<(User, Vec<SessionId>), ChatError> {
        let user = self.find_user(nickname).await?;
        let ended = self.store.end_sessions(user.id).await?;
        Ok((user, ended))
    }

    /// Everybody who has a nickname.
    pub(crate) async fn users(&self) -> Result<Vec<User>, ChatError> {
        Ok(self.store.users().await?)
    }

    /// Makes the user whom the configuration names the owner, if the name is a registered user's already. Says whether
    /// there is an owner then.
    pub(crate) async fn install_owner(&self) -> Result<bool, ChatError> {
        if let Some(owner) = &self.owner
            && let Some(Account { me: CurrentUser { id, kind: UserKind::Registered, role, .. }, .. }) =
                self.store.account(owner.clone()).await?
            && role != Role::Owner
        {
            let measure = ModerationRequest {
                action: Action::Appoint,
                user: id,
                room: None,
                minutes: None,
                role: Some(Role::Owner),
                all_of_address: false,
            };
            self.moderate(None, CommandId::generate(), measure).await?.await?;
        }
        Ok(self.store.has_owner().await?)
    }

    /// Everything that is in force.
    pub(crate) async fn all_sanctions(&self) -> Result<Vec<Sanction>, StoreError> {
        self.store.sanctions().await
    }

    /// Keeps everybody new from a network out, for so many minutes or until that is lifted. Gives the guests whose sessions
    /// have ended by it.
    pub(crate) async fn ban_network(&self, network: IpNet, minutes: Option<u32>) -> Result<Vec<UserId>, ChatError> {
        if minutes == Some(0) {
            return Err(ChatError::BadMeasure("minutes count from 1"));
        }
        let banned = BannedNetwork { network, until: minutes.map(in_minutes) };
        Ok(self.store.ban_network(banned).await?)
    }

    /// Lets people in from a network again.
    pub(crate) async fn unban_network(&self, network: IpNet) -> Result<(), ChatError> {
        let lifted = self.store.unban_network(network).await?;
        if lifted { Ok(()) } else { Err(ChatError::BadMeasure("this network is not banned")) }
    }

    /// The networks from which nobody new comes in.
    pub(crate) async fn banned_networks(&self) -> Result<Vec<BannedNetwork>, ChatError> {
        Ok(self.store.banned_networks().await?)
    }

    /// The newest entries of the audit log.
    pub(crate) async fn newest_audit(&self, limit: u32) -> Result<AuditPage, StoreError> {
        self.store.audit_page(None, limit).await
    }

    /// The newest messages of a conversation, or of whoever has this nickname.
    pub(crate) async fn look_up(
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

    /// Deletes a message, wherever it stands. It is gone from everybody's page when this returns.
    pub(crate) async fn delete_message(&self, conversation: ConversationId, seq: Seq) -> Result<(), ChatError> {
        self.store.delete_message(CommandId::generate(), conversation, seq).await?.await?;
        Ok(())
    }

    async fn new_password(&self, ownership: OwnerGrant) -> Result<(String, NewPassword), ChatError> {
        let password = Passwords::random()?;
        let hash = self.passwords.hash(password.clone()).await?;
        Ok((password, NewPassword { hash, ownership }))
    }
}
