//! Registering, signing in with a password, changing it, and a user's list of sessions.

use crate::{
    domain::{ClientAddr, CurrentUser, Nickname, NicknameKey, Role, SessionId, SessionInfo, User, UserId, UserKind},
    protocol::PasswordRequest,
    server::{
        chat::{
            command_context::CommandContext,
            invites::invite_key,
            password_rules,
            passwords::PasswordMatch,
            rate_limits::PasswordAttempt,
            security_log::SecurityEvent,
            service::ChatService,
            sessions::{StartedSession, new_session},
        },
        error::ChatError,
        rules::{
            BeginSession, CreateUser, EndSession, NewPassword, OwnerGrant, PasswordHash, Refusal, ReplacePasswordHash,
            SetPassword,
        },
        store::{Account, Session, StoreError},
    },
};

/// A token that lets a new user register.
pub(in crate::server) enum AdmissionToken {
    /// The token of an invite.
    Invite(String),
    /// The token that makes the new user the owner of a server without one.
    Claim(String),
}

impl ChatService {
    /// Signs a registered user in.
    ///
    /// # Errors
    /// [`ChatError::WrongPassword`] for an unknown nickname, a guest's nickname and a wrong password alike. All three take
    /// the same time.
    pub(in crate::server) async fn sign_in(
        &self,
        nickname: &str,
        password: String,
        client_addr: ClientAddr,
        user_agent: &str,
    ) -> Result<StartedSession, ChatError> {
        let key = Nickname::parse_existing(nickname).ok().map(|nickname| nickname.key());
        let (me, verified) = self.verify_password(key.as_ref(), password, client_addr).await?;
        let (token, session) = new_session(user_agent, client_addr)?;
        let id = session.id;
        let begin = BeginSession { user: me.id, verified, session };
        let started = self.store.execute(begin).await.map_err(|error| match error {
            // The password was changed while it was being verified.
            StoreError::Refused(Refusal::WrongPassword) => self.wrong_password(Some(me.id), client_addr),
            other => other.into(),
        });
        self.security_log.log_refusal(client_addr, started)?;
        self.log_security_event(Some(client_addr), SecurityEvent::SignedIn(me.id));
        Ok(StartedSession { me, session: id, token })
    }

    /// Verifies the password of the user who has a nickname, and returns the user and the hash. All passwords are verified
    /// here, so that a wrong one always counts against the address and the nickname.
    ///
    /// # Errors
    /// [`ChatError::RateLimited`] after too many wrong passwords; [`ChatError::WrongPassword`] as in [`Self::sign_in`].
    async fn verify_password(
        &self,
        nickname: Option<&NicknameKey>,
        password: String,
        client_addr: ClientAddr,
    ) -> Result<(CurrentUser, PasswordHash), ChatError> {
        let attempt = self.begin_password_attempt(nickname, client_addr).await?;
        let account = match nickname {
            Some(nickname) => self.store.account(nickname.clone()).await?,
            None => None,
        };
        let (me, hash) = account.map_or((None, None), |Account { me, password }| (Some(me), password));
        let registered = me.as_ref().filter(|_| hash.is_some()).map(|me| me.id);
        let matched = self.passwords.verify(password.clone(), hash.clone()).await?;
        let (me, hash) = me
            .zip(hash)
            .filter(|_| matched != PasswordMatch::No)
            .ok_or_else(|| self.wrong_password(registered, client_addr))?;
        attempt.succeeded();
        let hash =
            if matched == PasswordMatch::NotNormalized { self.renew_hash(me.id, hash, password).await } else { hash };
        Ok((me, hash))
    }

    /// Replaces the hash of a password that was not normalized. Returns the hash that the store has then.
    async fn renew_hash(&self, user: UserId, old: PasswordHash, password: String) -> PasswordHash {
        let renewed = async {
            let new = self.passwords.hash(password).await?;
            let replacement = ReplacePasswordHash { user, before: old.clone(), after: new.clone() };
            let is_stored = self.store.execute(replacement).await?;
            Ok::<_, ChatError>(is_stored.then_some(new))
        };
        renewed
            .await
            .unwrap_or_else(|error| {
                // The old hash works until the next sign-in.
                tracing::warn!(%error, "a password's hash could not be renewed");
                None
            })
            .unwrap_or(old)
    }

    /// Verifies the password of a signed-in user. Returns its hash.
    ///
    /// # Errors
    /// As [`Self::verify_password`].
    pub(super) async fn verify_own_password(
        &self,
        me: &CurrentUser,
        password: String,
        client_addr: ClientAddr,
    ) -> Result<PasswordHash, ChatError> {
        let (found, hash) = self.verify_password(Some(&me.nickname.key()), password, client_addr).await?;
        // Another user may have the nickname by now.
        if found.id == me.id { Ok(hash) } else { Err(self.wrong_password(Some(me.id), client_addr)) }
    }

    /// Begins to verify or to set a password. It counts against the address and the nickname unless it succeeds.
    async fn begin_password_attempt(
        &self,
        nickname: Option<&NicknameKey>,
        client_addr: ClientAddr,
    ) -> Result<PasswordAttempt<'_>, ChatError> {
        let attempt = self.rate_limits.begin_password_attempt(client_addr, nickname).await;
        self.security_log.log_refusal(client_addr, attempt)
    }

    /// Logs a wrong password. `registered` is the user whose nickname was given, if that user has a password.
    fn wrong_password(&self, registered: Option<UserId>, client_addr: ClientAddr) -> ChatError {
        self.log_security_event(Some(client_addr), SecurityEvent::WrongPassword(registered));
        ChatError::WrongPassword
    }

    /// Registers a new user with an invite or the claim token. A registered user who opens such a link and gives the right
    /// password is signed in.
    ///
    /// # Errors
    /// Without a valid token the answer and its timing do not depend on whether the nickname is registered.
    pub(in crate::server) async fn register(
        &self,
        nickname: &str,
        password: String,
        token: AdmissionToken,
        client_addr: ClientAddr,
        user_agent: &str,
    ) -> Result<StartedSession, ChatError> {
        let name = Nickname::parse_existing(nickname)?;
        let key = name.key();
        let is_registered = self.store.account(key.clone()).await?.is_some_and(|account| account.password.is_some());
        let (invite, admission) = match &token {
            AdmissionToken::Invite(token) => {
                let invite = invite_key(token);
                let is_valid = self.store.invite_is_valid(invite).await?;
                (Some(invite), if is_valid { Ok(self.owner_grant(&key)) } else { Err(ChatError::InvalidInvite) })
            }
            AdmissionToken::Claim(token) => (None, self.check_claim(token).await),
        };
        if is_registered {
            return self.sign_in(nickname, password, client_addr, user_agent).await.map_err(|error| match error {
                ChatError::WrongPassword => admission.err().unwrap_or(ChatError::WrongPassword),
                other => other,
            });
        }
        // Counts as for a registered nickname, so that the limit does not tell the two apart.
        let attempt = self.begin_password_attempt(Some(&key), client_addr).await?;
        self.security_log.log_refusal(client_addr, self.rate_limits.charge_guest(client_addr))?;
        let ownership = match admission {
            Ok(ownership) => ownership,
            Err(refusal) => {
                // Takes as long as verifying a registered user's password.
                self.passwords.verify(password, None).await?;
                return self.security_log.log_refusal(client_addr, Err(refusal));
            }
        };
        let name = Nickname::parse(name.as_str())?;
        password_rules::check(&password, nickname)?;
        let hash = self.passwords.hash(password).await?;
        let (token, session) = new_session(user_agent, client_addr)?;
        let (session_id, user) = (session.id, User::guest(UserId::generate(), name));
        let mut me = CurrentUser {
            id: user.id,
            nickname: user.nickname.clone(),
            kind: UserKind::Registered,
            role: Role::Member,
        };
        let new_user = CreateUser {
            user,
            key,
            session: Some(session),
            address: Some(client_addr),
            invite,
            password: Some(NewPassword { hash, ownership }),
            max_names_per_address: None,
        };
        let created = self.store.execute(new_user).await.map_err(ChatError::from);
        me.role = self.security_log.log_refusal(client_addr, created)?;
        attempt.succeeded();
        self.log_security_event(Some(client_addr), SecurityEvent::Registered(me.id));
        Ok(StartedSession { me, session: session_id, token })
    }

    /// Whether setting a password under this nickname makes the user the owner.
    fn owner_grant(&self, key: &NicknameKey) -> OwnerGrant {
        match &self.owner {
            Some(owner) if owner == key => OwnerGrant::Always,
            _ => OwnerGrant::Never,
        }
    }

    /// Registers a guest by setting a password, or changes a registered user's password. Ends all other sessions of the
    /// user. The connections of a guest are closed as well, because they know the user as a guest; clients reconnect.
    pub(in crate::server) async fn set_password(
        &self,
        session: &Session,
        PasswordRequest { password, current, claim }: PasswordRequest,
        client_addr: ClientAddr,
    ) -> Result<(), ChatError> {
        let CurrentUser { id, nickname, kind, .. } = &session.me;
        let was_guest = *kind == UserKind::Guest;
        let attempt = if was_guest {
            Some(self.begin_password_attempt(None, client_addr).await?)
        } else {
            self.verify_own_password(&session.me, current.unwrap_or_default(), client_addr).await?;
            None
        };
        let ownership = match claim {
            Some(claim) if was_guest => self.security_log.log_refusal(client_addr, self.check_claim(&claim).await)?,
            _ if was_guest => self.owner_grant(&nickname.key()),
            _ => OwnerGrant::Never,
        };
        password_rules::check(&password, nickname.as_str())?;
        let hash = self.passwords.hash(password).await?;
        let change = SetPassword { user: *id, password: NewPassword { hash, ownership }, keep: Some(session.id) };
        self.store.queue(change).await?.delivered().await.map_err(|error| match error {
            // The session has ended meanwhile, or the guest has given the nickname up.
            StoreError::Refused(Refusal::UnknownUser) => ChatError::Unauthenticated,
            other => other.into(),
        })?;
        if let Some(attempt) = attempt {
            attempt.succeeded();
        }
        self.log_security_event(Some(client_addr), SecurityEvent::PasswordSet(*id));
        Ok(())
    }

    /// Returns a user's sessions, with the current one marked.
    pub(in crate::server) async fn sessions(&self, session: &Session) -> Result<Vec<SessionInfo>, ChatError> {
        let mut sessions = self.store.sessions(session.me.id).await?;
        for info in &mut sessions {
            info.current = info.id == session.id;
        }
        Ok(sessions)
    }

    /// Ends one of the user's sessions.
    ///
    /// # Errors
    /// [`ChatError::UnknownSession`].
    pub(in crate::server) async fn end_session_by_id(
        &self,
        context: CommandContext,
        session: SessionId,
    ) -> Result<(), ChatError> {
        let user = context.user.id;
        let receipt = self.store.queue(EndSession::ById(user, session)).await?;
        receipt.delivered().await?.ok_or(ChatError::UnknownSession)?;
        self.log_security_event(None, SecurityEvent::SignedOut(user));
        Ok(())
    }
}
