//! Coming in and going.

use std::time::Duration;

use tokio::time::sleep;

use crate::{
    domain::{
        self, AdmissionPolicy, ConversationId, CurrentUser, EndReason, Nickname, Role, SessionId, Timestamp, User,
        UserId, UserKind,
    },
    server::{
        chat::{invites, security_log::SecurityEvent, service::ChatService, tokens},
        clock,
        error::ChatError,
        net::client_addr::ClientAddr,
        store::{ConnectionSnapshot, EndedSession, Expired, ExpiryPolicy, NewSession, NewUser, Retention, Session},
    },
};

/// Somebody who has just come in, and the token to come back with.
#[derive(Debug)]
pub(crate) struct StartedSession {
    pub(crate) me: CurrentUser,
    pub(crate) session: SessionId,
    pub(crate) token: String,
}

/// After so much time, in milliseconds, a session's use is noted again.
const SEEN_EVERY: u64 = 60 * 60 * 1_000;

/// The longest name of a program that is kept.
const LONGEST_AGENT: usize = 200;

/// In how many conversations retention deletes before it looks for others.
const CONVERSATIONS: u32 = 64;

/// Between two batches of messages that it deletes.
const PAUSE: Duration = Duration::from_millis(100);

pub(super) fn ago(millis: u64) -> Timestamp {
    Timestamp(clock::now().0.saturating_sub(millis))
}

/// A new session, and the token to show for it.
pub(super) fn begin(agent: &str, peer: ClientAddr) -> Result<(String, NewSession), ChatError> {
    let token = tokens::generate()?;
    let agent = agent.chars().filter(|c| !c.is_control()).take(LONGEST_AGENT).collect();
    let (key, id) = (tokens::key(&token), SessionId::generate());
    let session = NewSession { key, id, agent, used: true, address: Some(peer) };
    Ok((token, session))
}

impl ChatService {
    /// Lets a new guest in, with a session of the program that calls itself `agent`. Who is not connected yet has to come
    /// back with the token soon, or gives the nickname back.
    pub(crate) async fn create_guest(
        &self,
        nickname: &str,
        invite: Option<&str>,
        peer: ClientAddr,
        agent: &str,
        is_connected: bool,
    ) -> Result<StartedSession, ChatError> {
        let (token, session) = begin(agent, peer)?;
        let session = NewSession { used: is_connected, ..session };
        let id = session.id;
        let me = self.admit(nickname, invite, peer, Some(session)).await?;
        Ok(StartedSession { me, session: id, token })
    }

    /// Lets a plain client in, for as long as its socket lives.
    pub(crate) async fn create_ephemeral_guest(
        &self,
        nickname: &str,
        invite: Option<&str>,
        peer: ClientAddr,
    ) -> Result<CurrentUser, ChatError> {
        self.admit(nickname, invite, peer, None).await
    }

    /// Who has this nickname, or one that looks like it.
    pub(crate) async fn bearer_of(&self, nickname: &str) -> Result<Option<UserId>, ChatError> {
        let Ok(nickname) = Nickname::parse_existing(nickname) else { return Ok(None) };
        Ok(self.store.account(nickname.key()).await?.map(|account| account.me.id))
    }

    /// The session of this token, if its user has this nickname.
    ///
    /// # Errors
    /// [`ChatError::Unauthenticated`] also for a session of somebody else.
    pub(crate) async fn authenticate_as(&self, token: &str, nickname: &str) -> Result<Session, ChatError> {
        let session = self.authenticate(token).await?;
        let is_called_so = |nickname: Nickname| nickname.key() == session.me.nickname.key();
        if Nickname::parse_existing(nickname).is_ok_and(is_called_so) {
            Ok(session)
        } else {
            Err(ChatError::Unauthenticated)
        }
    }

    /// Gives a plain client's name back.
    pub(crate) async fn release_visitor(&self, user: UserId) -> Result<(), ChatError> {
        Ok(self.store.release_nickname(user).await?)
    }

    async fn admit(
        &self,
        nickname: &str,
        invite: Option<&str>,
        peer: ClientAddr,
        session: Option<NewSession>,
    ) -> Result<CurrentUser, ChatError> {
        let nickname = Nickname::parse(nickname)?;
        self.incidents.watch(peer, self.admit_as(nickname, invite, peer, session).await)
    }

    async fn admit_as(
        &self,
        nickname: Nickname,
        invite: Option<&str>,
        peer: ClientAddr,
        session: Option<NewSession>,
    ) -> Result<CurrentUser, ChatError> {
        self.rates.guest(peer)?;
        let invite = match self.entry {
            AdmissionPolicy::Open => None,
            AdmissionPolicy::Invite => Some(invites::key(invite.ok_or(ChatError::InviteRequired)?)),
            AdmissionPolicy::Registered => return Err(ChatError::AccountRequired),
        };
        let (key, user) = (nickname.key(), User::guest(UserId::generate(), nickname));
        let me =
            CurrentUser { id: user.id, nickname: user.nickname.clone(), kind: UserKind::Guest, role: Role::Member };
        let address = Some(peer);
        let names_per_address = self.guests_per_address;
        let new =
            NewUser { user, key, session, address, invite, password: None, max_names_per_address: names_per_address };
        self.store.create_user(new).await?;
        Ok(me)
    }

    /// The session of this token.
    pub(crate) async fn authenticate(&self, token: &str) -> Result<Session, ChatError> {
        let Some(session) = self.store.session(tokens::key(token)).await? else {
            let ended = self.session_end(token).await?;
            return Err(ended.map_or(ChatError::Unauthenticated, |ended| ChatError::SessionEnded(ended.reason)));
        };
        // Housekeeping ends it within a minute; until then it is as good as ended, and nobody can use it anew.
        let is_registered = session.me.kind == UserKind::Registered;
        let is_old = is_registered && session.begun_at < ago(self.sessions_last);
        let is_left = session.seen_at < ago(if is_registered { self.sessions_idle } else { self.guests_last });
        if is_old || is_left && !self.presence.is_session_connected(session.me.id, session.id) {
            return Err(ChatError::SessionEnded(EndReason::Expired));
        }
        if (!session.used || session.seen_at.0 + SEEN_EVERY < clock::now().0)
            && let Err(error) = self.store.touch_session(session.id).await
        {
            // A full disk keeps nobody out.
            tracing::warn!(%error, "the use of a session could not be noted");
        }
        Ok(session)
    }

    /// Why the session of this token is over, if it ended lately, but not by showing the token.
    pub(crate) async fn session_end(&self, token: &str) -> Result<Option<domain::SessionEnd>, ChatError> {
        Ok(self.store.session_end(tokens::key(token)).await?)
    }

    /// Ends the sessions of all guests, who give their nicknames back. Gives who they were.
    pub(crate) async fn end_guests(&self) -> Result<Vec<UserId>, ChatError> {
        Ok(self.store.end_guests().await?)
    }

    /// Holds those who are in already to who may come in. To be called before anybody is served.
    pub(crate) async fn enforce_entry(&self) -> Result<(), ChatError> {
        match self.entry {
            AdmissionPolicy::Open => {}
            AdmissionPolicy::Registered => {
                let guests = self.end_guests().await?.len();
                if guests > 0 {
                    tracing::warn!(guests, "there are no guests here any more: their sessions have ended");
                }
            }
            AdmissionPolicy::Invite => {
                let guests = self.store.uninvited_guests().await?;
                if guests > 0 {
                    tracing::warn!(
                        guests,
                        "guests are in who are not known to have come by an invite; 'teahouse admin end-sessions --guests' ends the sessions of all guests"
                    );
                }
            }
        }
        Ok(())
    }

    /// Ends a session, and with a guest's last one the claim to the nickname.
    pub(crate) async fn end_session(&self, token: &str) -> Result<EndedSession, ChatError> {
        let ended = self.store.end_session(tokens::key(token)).await?.ok_or(ChatError::Unauthenticated)?;
        self.note(None, SecurityEvent::SignedOut(ended.user));
        Ok(ended)
    }

    /// Keeps what the server's clock says.
    pub(crate) async fn keep_clock(&self) {
        if let Err(error) = self.store.save_clock().await {
            // It is kept the next time; until then less time seems to have passed than has.
            tracing::warn!(%error, "what the clock says could not be kept");
        }
    }

    /// Ends what is over. Guests who were away for longer than the house allows give their nicknames back. Sessions of
    /// registered users end that began, or were used last, longer ago than that; these are given.
    pub(crate) async fn expire(&self) -> Result<Vec<EndedSession>, ChatError> {
        self.expire_reports().await?;
        let expiry = ExpiryPolicy {
            connected_sessions: self.presence.connected_sessions(),
            touch_cutoff: ago(SEEN_EVERY),
            online_users: self.presence.online_user_ids(),
            guest_cutoff: ago(self.guests_last),
            session_cutoff: ago(self.sessions_last),
            idle_cutoff: ago(self.sessions_idle),
            unused_guest_cutoff: ago(self.unused_guests_last),
            ended_session_cutoff: ago(self.session_cookie_max_age() * 1_000),
            retention: Retention {
                address_cutoff: self.addresses_last.map(ago),
                audit_cutoff: self.audit_lasts.map(ago),
            },
        };
        let Expired { guests, sessions } = self.store.expire(expiry).await?;
        if guests > 0 {
            tracing::info!(guests, "nicknames given back by guests who were away for long");
        }
        sessions.iter().for_each(|one| self.note(None, SecurityEvent::Expired(one.user)));
        Ok(sessions)
    }

    /// Deletes guests' messages that are older than the house keeps them: a few at a time, with pauses, so that nobody waits
    /// for it.
    pub(crate) async fn expire_messages(&self) -> Result<(), ChatError> {
        let Some(before) = self.guest_messages_last.map(ago) else { return Ok(()) };
        loop {
            let due = self.store.due_for_retention(before, CONVERSATIONS).await?;
            if due.is_empty() {
                return Ok(());
            }
            for conversation in due {
                while self.store.expire_messages(conversation, before).await? {
                    sleep(PAUSE).await;
                }
            }
        }
    }

    /// What the user hears.
    pub(crate) async fn memberships(&self, user: UserId) -> Result<Vec<ConversationId>, ChatError> {
        Ok(self.store.memberships(user).await?)
    }

    /// What a connection begins with, if the session lives; with the conversations that are asked for, wherever they stand
    /// in the user's list.
    pub(crate) async fn connection_snapshot(
        &self,
        user: UserId,
        session: SessionId,
        asked_for: Vec<ConversationId>,
    ) -> Result<ConnectionSnapshot, ChatError> {
        self.store.connection_snapshot(user, session, asked_for).await?.ok_or(ChatError::Unauthenticated)
    }
}
