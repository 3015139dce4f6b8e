//! Guests, sessions, and what expires.

use std::{collections::HashMap, time::Duration};

use tokio::time::sleep;

use crate::{
    domain::{
        AdmissionPolicy, ClientAddr, ConversationId, CurrentUser, EndReason, Nickname, Role, SessionEnd, SessionId,
        Timestamp, User, UserId, UserKind,
    },
    server::{
        chat::{
            invites::invite_key,
            security_log::SecurityEvent,
            service::ChatService,
            times::{ago, days},
            tokens,
        },
        error::ChatError,
        rules::{
            CreateUser, EndGuests, EndSession, Expire, ExpireMessages, Expired, NewSession, ReleaseNickname, Retention,
            SaveClock, TouchSession, TouchSessions,
        },
        store::{ConnectionSnapshot, Session},
    },
};

/// A user who has just signed in, and the token of the new session.
#[derive(Debug)]
pub(in crate::server) struct StartedSession {
    pub(in crate::server) me: CurrentUser,
    pub(in crate::server) session: SessionId,
    pub(in crate::server) token: String,
}

/// How often the last use of a session is saved, at most.
const TOUCH_INTERVAL: Duration = Duration::from_hours(1);

/// How many sessions are saved as used in one command. The store does nothing else in the meantime.
const TOUCHED_AT_ONCE: usize = 64;

/// How many characters (code points) of a `User-Agent` header are kept.
const MAX_USER_AGENT_CHARACTERS: usize = 200;

/// In how many conversations retention deletes messages before it asks the store again which are due.
const RETENTION_CONVERSATIONS: u32 = 64;

/// The pause between two batches of messages that retention deletes.
const RETENTION_PAUSE: Duration = Duration::from_millis(100);

/// Creates a session and its token.
pub(super) fn new_session(user_agent: &str, client_addr: ClientAddr) -> Result<(String, NewSession), ChatError> {
    let token = tokens::generate()?;
    let agent = user_agent.chars().filter(|c| !c.is_control()).take(MAX_USER_AGENT_CHARACTERS).collect();
    let (key, id) = (tokens::session_key(&token), SessionId::generate());
    let session = NewSession { key, id, agent, used: true, address: Some(client_addr) };
    Ok((token, session))
}

impl ChatService {
    /// Signs a new guest up, with a session. Unless the guest `is_connected`, the token must be used soon, or the nickname
    /// becomes free again.
    pub(in crate::server) async fn create_guest(
        &self,
        nickname: &str,
        invite: Option<&str>,
        client_addr: ClientAddr,
        user_agent: &str,
        is_connected: bool,
    ) -> Result<StartedSession, ChatError> {
        let (token, session) = new_session(user_agent, client_addr)?;
        let session = NewSession { used: is_connected, ..session };
        let id = session.id;
        let me = self.create_guest_user(nickname, invite, client_addr, Some(session)).await?;
        Ok(StartedSession { me, session: id, token })
    }

    /// Signs a guest without a session up, who exists as long as one connection of the simple protocol.
    pub(in crate::server) async fn create_ephemeral_guest(
        &self,
        nickname: &str,
        invite: Option<&str>,
        client_addr: ClientAddr,
    ) -> Result<CurrentUser, ChatError> {
        self.create_guest_user(nickname, invite, client_addr, None).await
    }

    /// Returns the user who has this nickname or one that looks like it.
    pub(in crate::server) async fn nickname_holder(&self, nickname: &str) -> Result<Option<UserId>, ChatError> {
        let Ok(nickname) = Nickname::parse_existing(nickname) else { return Ok(None) };
        Ok(self.store.account(nickname.key()).await?.map(|account| account.me.id))
    }

    /// Returns the session of a token, if its user has this nickname.
    ///
    /// # Errors
    /// [`ChatError::Unauthenticated`], also if the session is another user's.
    pub(in crate::server) async fn authenticate_as(&self, token: &str, nickname: &str) -> Result<Session, ChatError> {
        let session = self.authenticate(token).await?;
        let is_own = |nickname: Nickname| nickname.key() == session.me.nickname.key();
        if Nickname::parse_existing(nickname).is_ok_and(is_own) { Ok(session) } else { Err(ChatError::Unauthenticated) }
    }

    /// Frees the nickname of a guest without a session.
    pub(in crate::server) async fn release_ephemeral_guest(&self, user: UserId) -> Result<(), ChatError> {
        Ok(self.store.execute(ReleaseNickname(user)).await?)
    }

    async fn create_guest_user(
        &self,
        nickname: &str,
        invite: Option<&str>,
        client_addr: ClientAddr,
        session: Option<NewSession>,
    ) -> Result<CurrentUser, ChatError> {
        let nickname = Nickname::parse(nickname)?;
        let created = self.create_guest_unlogged(nickname, invite, client_addr, session).await;
        self.security_log.log_refusal(client_addr, created)
    }

    async fn create_guest_unlogged(
        &self,
        nickname: Nickname,
        invite: Option<&str>,
        client_addr: ClientAddr,
        session: Option<NewSession>,
    ) -> Result<CurrentUser, ChatError> {
        self.rate_limits.charge_guest(client_addr)?;
        let invite = match self.admission_policy {
            AdmissionPolicy::Open => None,
            AdmissionPolicy::Invite => Some(invite_key(invite.ok_or(ChatError::InviteRequired)?)),
            AdmissionPolicy::Registered => return Err(ChatError::AccountRequired),
        };
        let (key, user) = (nickname.key(), User::guest(UserId::generate(), nickname));
        let me =
            CurrentUser { id: user.id, nickname: user.nickname.clone(), kind: UserKind::Guest, role: Role::Member };
        let new_user = CreateUser {
            user,
            key,
            session,
            address: Some(client_addr),
            invite,
            password: None,
            max_names_per_address: self.max_guests_per_address,
        };
        self.store.execute(new_user).await?;
        Ok(me)
    }

    /// Returns the session of a token, and saves that it is in use.
    ///
    /// # Errors
    /// [`ChatError::SessionEnded`] if it ended and its browser may not know; otherwise [`ChatError::Unauthenticated`].
    pub(in crate::server) async fn authenticate(&self, token: &str) -> Result<Session, ChatError> {
        let Some(session) = self.store.session(tokens::session_key(token)).await? else {
            let ended = self.session_end(token).await?;
            return Err(ended.map_or(ChatError::Unauthenticated, |ended| ChatError::SessionEnded(ended.reason)));
        };
        // Housekeeping ends an expired session within a minute. Until then it must not be used again.
        let is_registered = session.me.kind == UserKind::Registered;
        let is_expired = is_registered && session.begun_at < ago(days(self.session_days));
        let max_idle = days(if is_registered { self.idle_days } else { self.guest_days });
        let is_idle = session.seen_at < ago(max_idle);
        if is_expired || is_idle && !self.presence.is_session_connected(session.me.id, session.id) {
            return Err(ChatError::SessionEnded(EndReason::Expired));
        }
        if (!session.used || session.seen_at < ago(TOUCH_INTERVAL))
            && let Err(error) = self.store.execute(TouchSession(session.id)).await
        {
            // Not an error for the user: signing in must work on a full disk.
            tracing::warn!(%error, "the last use of a session could not be saved");
        }
        Ok(session)
    }

    /// Returns why the session of a token ended, if it ended lately and not by its own sign-out.
    pub(in crate::server) async fn session_end(&self, token: &str) -> Result<Option<SessionEnd>, ChatError> {
        Ok(self.store.session_end(tokens::session_key(token)).await?)
    }

    /// Ends the sessions of all guests. Their nicknames become free. Returns the number of guests.
    pub(in crate::server) async fn end_guests(&self) -> Result<usize, ChatError> {
        Ok(self.store.queue(EndGuests).await?.delivered().await?)
    }

    /// Applies the sign-up policy to guests from earlier runs: ends their sessions if guests are no longer allowed, and
    /// warns of guests without an invite. Must run before anybody is served.
    pub(in crate::server) async fn apply_admission_policy(&self) -> Result<(), ChatError> {
        match self.admission_policy {
            AdmissionPolicy::Open => {}
            AdmissionPolicy::Registered => {
                // Nobody is connected yet.
                let guests = self.store.execute(EndGuests).await?;
                if guests > 0 {
                    tracing::warn!(guests, "guests are no longer allowed: their sessions have ended");
                }
            }
            AdmissionPolicy::Invite => {
                let guests = self.store.uninvited_guests().await?;
                if guests > 0 {
                    tracing::warn!(
                        guests,
                        "there are guests who did not sign up with an invite; 'teahouse admin end-sessions --guests' ends the sessions of all guests"
                    );
                }
            }
        }
        Ok(())
    }

    /// Ends the session of a token. If it was a guest's last one, the nickname becomes free.
    ///
    /// # Errors
    /// [`ChatError::Unauthenticated`].
    pub(in crate::server) async fn end_session(&self, token: &str) -> Result<(), ChatError> {
        let receipt = self.store.queue(EndSession::ByKey(tokens::session_key(token))).await?;
        let user = receipt.delivered().await?.ok_or(ChatError::Unauthenticated)?;
        self.log_security_event(None, SecurityEvent::SignedOut(user));
        Ok(())
    }

    /// Saves the time of the server's own clock, which continues from there after a restart.
    pub(in crate::server) async fn save_clock(&self) {
        if let Err(error) = self.store.execute(SaveClock).await {
            // The next call saves it. If the server stops before that, its clock loses a minute.
            tracing::warn!(%error, "the server's clock could not be saved");
        }
    }

    /// Saves that the sessions with a connection to this node are in use, each at most once per interval. `touched` is when
    /// that was saved last, and is kept from call to call. Signing in has saved it before the first call.
    pub(in crate::server) async fn touch_connected_sessions(
        &self,
        touched: &mut HashMap<SessionId, Timestamp>,
    ) -> Result<(), ChatError> {
        let connected = self.presence.connected_sessions();
        touched.retain(|session, _| connected.contains(session));
        let (now, cutoff) = (ago(Duration::ZERO), ago(TOUCH_INTERVAL));
        let mut due: Vec<SessionId> = connected.into_iter().collect();
        due.retain(|session| *touched.entry(*session).or_insert(now) < cutoff);
        for sessions in due.chunks(TOUCHED_AT_ONCE) {
            self.store.execute(TouchSessions(sessions.to_vec())).await?;
            touched.extend(sessions.iter().map(|session| (*session, now)));
        }
        Ok(())
    }

    /// Ends expired sessions, frees the nicknames of guests who stayed away too long, and deletes expired data.
    pub(in crate::server) async fn expire(&self) -> Result<(), ChatError> {
        self.expire_reports().await?;
        let days_ago = |age| ago(days(age));
        let policy = Expire {
            connected_sessions: self.presence.connected_sessions(),
            touch_cutoff: ago(TOUCH_INTERVAL),
            online_users: self.presence.online_user_ids(),
            guest_cutoff: days_ago(self.guest_days),
            session_cutoff: days_ago(self.session_days),
            idle_cutoff: days_ago(self.idle_days),
            unused_guest_cutoff: ago(self.unused_guest_timeout),
            ended_session_cutoff: ago(Duration::from_secs(self.session_cookie_max_age())),
            retention: Retention {
                address_cutoff: self.retention.address_days.map(days_ago),
                audit_cutoff: self.retention.audit_days.map(days_ago),
            },
        };
        let Expired { guests, sessions } = self.store.execute(policy).await?;
        if guests > 0 {
            tracing::info!(guests, "nicknames of guests who stayed away too long are free");
        }
        sessions.iter().for_each(|ended| self.log_security_event(None, SecurityEvent::Expired(ended.user)));
        Ok(())
    }

    /// Deletes guests' messages that are older than the configured retention. Works in small batches with pauses, so that
    /// other writes are not delayed.
    pub(in crate::server) async fn expire_messages(&self) -> Result<(), ChatError> {
        let Some(max_age) = self.retention.guest_message_days else { return Ok(()) };
        let before = ago(days(max_age));
        loop {
            let due = self.store.due_for_retention(before, RETENTION_CONVERSATIONS).await?;
            if due.is_empty() {
                return Ok(());
            }
            for conversation in due {
                while self.store.execute(ExpireMessages { conversation, before }).await? {
                    sleep(RETENTION_PAUSE).await;
                }
            }
        }
    }

    /// Returns the conversations whose events a user receives.
    pub(in crate::server) async fn memberships(&self, user: UserId) -> Result<Vec<ConversationId>, ChatError> {
        Ok(self.store.memberships(user).await?)
    }

    /// Returns what a new connection needs: the conversation list, and those of the `requested` conversations that are
    /// further down in it.
    ///
    /// # Errors
    /// [`ChatError::Unauthenticated`] if the session has ended.
    pub(in crate::server) async fn connection_snapshot(
        &self,
        user: UserId,
        session: SessionId,
        requested: Vec<ConversationId>,
    ) -> Result<ConnectionSnapshot, ChatError> {
        self.store.connection_snapshot(user, session, requested).await?.ok_or(ChatError::Unauthenticated)
    }
}
