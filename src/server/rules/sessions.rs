//! Sessions that begin and end.

use crate::{
    domain::{EndReason, SessionId, UserId},
    server::rules::{
        command::Command,
        context::Context,
        decision::{Decision, DecisionDraft},
        entry::Entry,
        facts::Facts,
        mutation::{AuditRow, Mutation},
        refusal::Refusal,
        sanctions::check_not_banned,
        undecided::Undecided,
        values::{NewSession, PasswordHash, SanctionScope, SessionKey},
    },
};

/// Begins a session of a registered user who has signed in with the password.
#[derive(Clone, Debug)]
pub(crate) struct BeginSession {
    pub user: UserId,
    /// The hash that the password was compared with. Comparing takes a while, and the password may have changed since.
    pub verified: PasswordHash,
    pub session: NewSession,
}

/// Ends one session. A guest whose last session ends loses the nickname. Returns the user, or `None` if there was no such
/// session.
#[derive(Clone, Copy, Debug)]
pub(crate) enum EndSession {
    /// The session with this token: its own browser signs out. No reason is kept, because the browser knows it.
    ByKey(SessionKey),
    /// The user's session with this id, ended from another one.
    ById(UserId, SessionId),
}

/// The operator ends all sessions of a user. Returns how many have ended.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EndSessions(pub UserId);

/// Saves that a session is in use now.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TouchSession(pub SessionId);

/// Saves that sessions are in use now. Those that have ended stay so.
#[derive(Clone, Debug)]
pub(crate) struct TouchSessions(pub Vec<SessionId>);

impl Command for BeginSession {
    type Output = ();

    fn decide(&self, facts: &mut dyn Facts, context: &mut Context<'_>) -> Result<Decision<()>, Undecided> {
        let (user, at) = (self.user, context.now.server);
        if facts.user(user)?.and_then(|account| account.password).as_ref() != Some(&self.verified) {
            return Err(Refusal::WrongPassword.into());
        }
        check_not_banned(&facts.sanctions_of(user)?, SanctionScope::SERVER, at)?;
        let mut draft = DecisionDraft::default();
        draft.push(Mutation::BeginSession { user, session: self.session.clone(), at });
        Ok(draft.finish(()))
    }
}

impl Command for EndSession {
    type Output = Option<UserId>;

    fn decide(&self, facts: &mut dyn Facts, context: &mut Context<'_>) -> Result<Decision<Option<UserId>>, Undecided> {
        let reason = EndReason::SignedOut;
        let (session, kept_reason) = match *self {
            Self::ByKey(key) => (facts.session_by_key(key)?, None),
            Self::ById(user, id) => {
                (facts.sessions_of(user)?.into_iter().find(|session| session.id == id), Some(reason))
            }
        };
        let Some(session) = session else { return Ok(Decision::unchanged(None)) };
        let (user, id) = (session.user, session.id);
        let mut draft = DecisionDraft::default();
        draft.end_session(context.now, &session, kept_reason);
        draft.log(Entry::SessionEnded { user, session: Some(id), reason });
        draft.release_nickname_without_session(facts, context, user)?;
        Ok(draft.finish(Some(user)))
    }
}

impl Command for EndSessions {
    type Output = usize;

    fn decide(&self, facts: &mut dyn Facts, context: &mut Context<'_>) -> Result<Decision<usize>, Undecided> {
        let (user, now, reason) = (self.0, context.now, EndReason::SignedOut);
        let account = facts.user(user)?.ok_or(Refusal::UnknownUser)?;
        let mut draft = DecisionDraft::default();
        let ended = draft.end_sessions(facts, now, user, None, reason)?;
        if account.password.is_some() {
            for session in &ended {
                draft.log(Entry::SessionEnded { user, session: Some(session.id), reason });
            }
        } else {
            // A guest of the simple protocol has the nickname without a session.
            draft.log(Entry::SessionEnded { user, session: None, reason });
            draft.release_nickname(facts, context, user)?;
        }
        let (at, subject) = (now.machine, Some(user));
        draft.push(Mutation::Audit(AuditRow { at, action: "end_sessions", subject, ..AuditRow::default() }));
        Ok(draft.finish(ended.len()))
    }
}

impl Command for TouchSession {
    type Output = ();

    fn decide(&self, _: &mut dyn Facts, context: &mut Context<'_>) -> Result<Decision<()>, Undecided> {
        let mut draft = DecisionDraft::default();
        draft.push(Mutation::TouchSession { session: self.0, at: context.now.server });
        Ok(draft.finish(()))
    }
}

impl Command for TouchSessions {
    type Output = ();

    fn decide(&self, _: &mut dyn Facts, context: &mut Context<'_>) -> Result<Decision<()>, Undecided> {
        let mut draft = DecisionDraft::default();
        for session in &self.0 {
            draft.push(Mutation::TouchSession { session: *session, at: context.now.server });
        }
        Ok(draft.finish(()))
    }
}
