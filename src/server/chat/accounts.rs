//! A nickname of one's own: claiming it with a password, signing in with that, and the sessions that come of it.

use crate::{
    domain::{CurrentUser, Nickname, NicknameKey, Role, SessionId, SessionInfo, User, UserId, UserKind},
    protocol::PasswordRequest,
    server::{
        chat::{
            invites,
            passwords::{Match, Passwords},
            rate_limits::PasswordTry,
            security_log::SecurityEvent,
            service::ChatService,
            sessions::{StartedSession, begin},
        },
        error::ChatError,
        net::client_addr::ClientAddr,
        store::{Account, EndedSession, NewPassword, NewUser, OwnerGrant, PasswordHash, Session, StoreError},
    },
};

/// What lets somebody new in who sets a password at once.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Pass {
    /// An invite's token.
    Invite(String),
    /// The token by which a server without an owner gets one.
    Claim(String),
}

/// A password was set: these sessions of the user's are over, and the others have another user than before.
#[derive(Debug)]
pub(crate) struct PasswordSet {
    pub(crate) ended: Vec<SessionId>,
    /// Whether the user was a guest until now.
    pub(crate) is_new: bool,
}

impl ChatService {
    /// Lets a registered user in who knows the password.
    ///
    /// Whether nobody has the name, a guest has it, or the password is another one, is not told, and takes as long.
    pub(crate) async fn sign_in(
        &self,
        nickname: &str,
        password: String,
        peer: ClientAddr,
        agent: &str,
    ) -> Result<StartedSession, ChatError> {
        let key = Nickname::parse_existing(nickname).ok().map(|nickname| nickname.key());
        let (me, verified) = self.verify_password(key.as_ref(), password, peer).await?;
        let (token, session) = begin(agent, peer)?;
        let id = session.id;
        let begun = self.store.begin_session(me.id, verified, session).await.map_err(|error| match error {
            // It was changed while it was compared.
            StoreError::WrongPassword => self.wrong_password(Some(me.id), peer),
            other => other.into(),
        });
        self.incidents.watch(peer, begun)?;
        self.note(Some(peer), SecurityEvent::SignedIn(me.id));
        Ok(StartedSession { me, session: id, token })
    }

    /// Whose password this is, and its hash, if it is that of whoever has this nickname: the one place where a password is
    /// tried, whatever for. A wrong one costs the address and the nickname.
    ///
    /// Whether nobody has the name, a guest has it, or the password is another one, is not told, and takes as long.
    ///
    /// # Errors
    /// [`ChatError::RateLimited`] for who has tried too often; [`ChatError::WrongPassword`].
    async fn verify_password(
        &self,
        nickname: Option<&NicknameKey>,
        password: String,
        peer: ClientAddr,
    ) -> Result<(CurrentUser, PasswordHash), ChatError> {
        let tried = self.begin_try(nickname, peer).await?;
        let account = match nickname {
            Some(nickname) => self.store.account(nickname.clone()).await?,
            None => None,
        };
        let (me, hash) = account.map_or((None, None), |Account { me, password }| (Some(me), password));
        let registered = me.as_ref().filter(|_| hash.is_some()).map(|me| me.id);
        let matched = self.passwords.verify(password.clone(), hash.clone()).await?;
        let (me, hash) =
            me.zip(hash).filter(|_| matched != Match::No).ok_or_else(|| self.wrong_password(registered, peer))?;
        tried.was_right();
        let hash = if matched == Match::AsTyped { self.renew(me.id, hash, password).await } else { hash };
        Ok((me, hash))
    }

    /// Keeps the hash of a password as it is made today, in the place of an earlier one. Gives the one that is kept then.
    async fn renew(&self, user: UserId, before: PasswordHash, password: String) -> PasswordHash {
        let renewed = async {
            let after = self.passwords.hash(password).await?;
            let is_kept = self.store.replace_password_hash(user, before.clone(), after.clone()).await?;
            Ok::<_, ChatError>(after).map(|after| is_kept.then_some(after))
        };
        renewed
            .await
            .unwrap_or_else(|error| {
                // The one before is as good until the next time.
                tracing::warn!(%error, "a password's hash could not be renewed");
                None
            })
            .unwrap_or(before)
    }

    /// The same for a registered user who is in, and is asked for the password once more. Gives its hash.
    ///
    /// # Errors
    /// As [`Self::verify_password`].
    pub(crate) async fn verify_own_password(
        &self,
        me: &CurrentUser,
        password: String,
        peer: ClientAddr,
    ) -> Result<PasswordHash, ChatError> {
        let (found, hash) = self.verify_password(Some(&me.nickname.key()), password, peer).await?;
        // The nickname may have been given up, and taken by somebody else, since the session was looked up.
        if found.id == me.id { Ok(hash) } else { Err(self.wrong_password(Some(me.id), peer)) }
    }

    /// Begins to try a password, or to set one: that costs the address, and the nickname, which many addresses may be after,
    /// unless it turns out well.
    async fn begin_try(&self, nickname: Option<&NicknameKey>, peer: ClientAddr) -> Result<PasswordTry<'_>, ChatError> {
        self.incidents.watch(peer, self.rates.password(peer, nickname).await)
    }

    fn wrong_password(&self, registered: Option<UserId>, peer: ClientAddr) -> ChatError {
        self.note(Some(peer), SecurityEvent::WrongPassword(registered));
        ChatError::WrongPassword
    }

    /// Lets somebody new in, who has an invite or the claim token, and sets a password at once; or a registered user who has followed the link.
    pub(crate) async fn register(
        &self,
        nickname: &str,
        password: String,
        pass: Pass,
        peer: ClientAddr,
        agent: &str,
    ) -> Result<StartedSession, ChatError> {
        let name = Nickname::parse_existing(nickname)?;
        let key = name.key();
        let is_registered = self.store.account(key.clone()).await?.is_some_and(|account| account.password.is_some());
        let (invite, admitted) = match &pass {
            Pass::Invite(token) => {
                let invite = invites::key(token);
                let is_open = self.store.invite_is_valid(invite).await?;
                (Some(invite), if is_open { Ok(self.ownership(&key)) } else { Err(ChatError::InvalidInvite) })
            }
            Pass::Claim(token) => (None, self.claimed(token)),
        };
        if is_registered {
            return self.sign_in(nickname, password, peer, agent).await.map_err(|error| match error {
                // Who has no invite is not told who has an account.
                ChatError::WrongPassword => admitted.err().unwrap_or(ChatError::WrongPassword),
                other => other,
            });
        }
        // As for a registered user's: or else the limit would tell who has an account.
        let tried = self.begin_try(Some(&key), peer).await?;
        self.incidents.watch(peer, self.rates.guest(peer))?;
        let ownership = match admitted {
            Ok(ownership) => ownership,
            Err(refused) => {
                // It takes as long as for somebody who has one.
                self.passwords.verify(password, None).await?;
                return self.incidents.watch(peer, Err(refused));
            }
        };
        let name = Nickname::parse(name.as_str())?;
        Passwords::check(&password, nickname)?;
        let hash = self.passwords.hash(password).await?;
        let password = Some(NewPassword { hash, ownership });
        let (token, session) = begin(agent, peer)?;
        let (id, user) = (session.id, User::guest(UserId::generate(), name));
        let mut me = CurrentUser {
            id: user.id,
            nickname: user.nickname.clone(),
            kind: UserKind::Registered,
            role: Role::Member,
        };
        let (session, address) = (Some(session), Some(peer));
        let new = NewUser { user, key, session, address, invite, password, max_names_per_address: None };
        let created = self.store.create_user(new).await.map_err(ChatError::from);
        me.role = self.incidents.watch(peer, created)?;
        tried.was_right();
        self.note(Some(peer), SecurityEvent::Registered(me.id));
        Ok(StartedSession { me, session: id, token })
    }

    /// Whether whoever gets a password under this name gets the server with it.
    fn ownership(&self, key: &NicknameKey) -> OwnerGrant {
        match &self.owner {
            Some(owner) if owner == key => OwnerGrant::Always,
            _ => OwnerGrant::Never,
        }
    }

    /// Gives a guest a password, and with it the nickname for good; or a registered user another one.
    pub(crate) async fn set_password(
        &self,
        session: &Session,
        PasswordRequest { password, current, claim }: PasswordRequest,
        peer: ClientAddr,
    ) -> Result<PasswordSet, ChatError> {
        let CurrentUser { id, nickname, kind, .. } = &session.me;
        let is_new = *kind == UserKind::Guest;
        let tried = if is_new {
            Some(self.begin_try(None, peer).await?)
        } else {
            self.verify_own_password(&session.me, current.unwrap_or_default(), peer).await?;
            None
        };
        let ownership = match claim {
            Some(claim) if is_new => self.incidents.watch(peer, self.claimed(&claim))?,
            _ if is_new => self.ownership(&nickname.key()),
            _ => OwnerGrant::Never,
        };
        Passwords::check(&password, nickname.as_str())?;
        let hash = self.passwords.hash(password).await?;
        let new = NewPassword { hash, ownership };
        let ended = self.store.set_password(*id, new, Some(session.id)).await.map_err(|error| match error {
            // The guest gave the name back meanwhile.
            StoreError::UnknownUser => ChatError::Unauthenticated,
            other => other.into(),
        })?;
        if let Some(tried) = tried {
            tried.was_right();
        }
        self.note(Some(peer), SecurityEvent::PasswordSet(*id));
        Ok(PasswordSet { ended, is_new })
    }

    /// A user's sessions; the one that asks is marked.
    pub(crate) async fn sessions(&self, session: &Session) -> Result<Vec<SessionInfo>, ChatError> {
        let mut sessions = self.store.sessions(session.me.id).await?;
        for info in &mut sessions {
            info.current = info.id == session.id;
        }
        Ok(sessions)
    }

    /// Ends one of the user's sessions.
    pub(crate) async fn end_session_of(&self, user: UserId, session: SessionId) -> Result<EndedSession, ChatError> {
        let ended = self.store.end_session_by_id(user, session).await?.ok_or(ChatError::UnknownSession)?;
        self.note(None, SecurityEvent::SignedOut(user));
        Ok(ended)
    }
}
