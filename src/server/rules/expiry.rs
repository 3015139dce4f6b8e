//! Ending sessions and guests that are no longer used, and deleting data whose retention is over.

use std::collections::{BTreeSet, HashSet};

use crate::{
    domain::{EndReason, SessionId, Timestamp, UserId},
    server::rules::{
        command::Command,
        context::{Context, Now},
        decision::{Decision, DecisionDraft},
        entry::Entry,
        facts::{Facts, GuestCutoffs, Known, SessionFacts},
        mutation::{AuditRow, Mutation},
        undecided::Undecided,
    },
};

/// A client of the simple protocol has a user for a moment before it counts as connected. In that time, in milliseconds, the
/// nickname is not taken away from it. Much more than it ever takes.
const SIGN_IN_GRACE_MS: u64 = 60 * 1_000;

/// The most audit entries that one pass deletes. The writer does nothing else in the meantime.
const AUDIT_BATCH: u32 = 64;

/// One pass of housekeeping. What is older than a cutoff expires. All times are of the server's clock.
#[derive(Clone, Debug)]
pub(crate) struct Expire {
    /// Sessions that have a connection, and so are in use.
    pub connected_sessions: HashSet<SessionId>,
    /// Connected sessions whose `seen_at` is older than this get a new one. A younger one is close enough.
    pub touch_cutoff: Timestamp,
    /// Users who have a connection. They keep their nicknames.
    pub online_users: HashSet<UserId>,
    /// Guests whose sessions were all last used before this lose their nicknames, and so do guests without a session
    /// who are not online.
    pub guest_cutoff: Timestamp,
    /// Guests who were created before this and never came back with their token lose their nicknames.
    pub unused_guest_cutoff: Timestamp,
    /// Sessions of registered users that started before this end.
    pub session_cutoff: Timestamp,
    /// Sessions of registered users that were last used before this end.
    pub idle_cutoff: Timestamp,
    /// The reasons of sessions that ended before this are deleted.
    pub ended_session_cutoff: Timestamp,
    pub retention: Retention,
}

/// Cutoff times of data that is kept for a limited time. `None` keeps it for as long as it is of use.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Retention {
    /// Addresses that were stored before this are deleted, even those that keep a banned user out.
    pub address_cutoff: Option<Timestamp>,
    /// Entries of the audit log from before this are deleted.
    pub audit_cutoff: Option<Timestamp>,
}

/// What a pass of housekeeping has ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Expired {
    /// How many guests lost their nicknames.
    pub guests: usize,
    /// Sessions of registered users.
    pub sessions: Vec<EndedSession>,
}

/// A session that has just ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct EndedSession {
    pub user: UserId,
    pub session: SessionId,
}

/// The operator ends the sessions of all guests, who lose their nicknames. Returns how many there were.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EndGuests;

impl Command for Expire {
    type Output = Expired;

    fn decide(&self, facts: &mut dyn Facts, context: &mut Context<'_>) -> Result<Decision<Expired>, Undecided> {
        let (now, reason) = (context.now, EndReason::Expired);
        let mut touched: BTreeSet<SessionId> = facts.sessions_seen_before(self.touch_cutoff)?.into_iter().collect();
        touched.retain(|session| self.connected_sessions.contains(session));
        let guests = self.expired_guests(facts, now, &touched)?;
        let sessions = self.expired_sessions(facts, &touched)?;

        let mut draft = DecisionDraft::default();
        for session in touched {
            draft.push(Mutation::TouchSession { session, at: now.server });
        }
        draft.push(Mutation::ForgetEndReasons { before: self.ended_session_cutoff });
        draft.push(Mutation::ForgetEndedBans { now: now.server });
        self.retention.forget(&mut draft, facts)?;
        draft.sign_out_guests(facts, context, &guests, reason)?;
        // Addresses are kept for bans. These guests left long ago, so nobody is going to ban them any more.
        draft.push(Mutation::ForgetAddressesOfGoneGuests { created_before: self.guest_cutoff });
        let mut ended = Vec::new();
        for session in &sessions {
            let SessionFacts { user, id, .. } = *session;
            draft.end_session(now, session, Some(reason));
            draft.log(Entry::SessionEnded { user, session: Some(id), reason });
            ended.push(EndedSession { user, session: id });
        }
        Ok(draft.finish(Expired { guests: guests.len(), sessions: ended }))
    }
}

impl Expire {
    /// Guests who are not online and
    /// - have used no session for a long time, or
    /// - have never come back with their token, or
    /// - have no session at all: clients of the simple protocol whose nickname could not be released when they disconnected.
    ///
    /// `touched`: sessions that are in use now, as facts do not know yet.
    fn expired_guests(&self, facts: &mut dyn Facts, now: Now, touched: &BTreeSet<SessionId>) -> Known<Vec<UserId>> {
        let guests = facts.expired_guests(&GuestCutoffs {
            seen_before: self.guest_cutoff,
            unused_created_before: self.unused_guest_cutoff,
            sessionless_created_before: Timestamp(now.server.0.saturating_sub(SIGN_IN_GRACE_MS)),
        })?;
        let mut expired = Vec::new();
        for guest in guests.into_iter().filter(|guest| !self.online_users.contains(guest)) {
            if !facts.sessions_of(guest)?.iter().any(|session| touched.contains(&session.id)) {
                expired.push(guest);
            }
        }
        Ok(expired)
    }

    /// The sessions of registered users that have grown too old, or have not been used for too long. `touched`: as
    /// above.
    fn expired_sessions(&self, facts: &mut dyn Facts, touched: &BTreeSet<SessionId>) -> Known<Vec<SessionFacts>> {
        let too_old = facts.expired_sessions(self.session_cutoff, Timestamp::default())?;
        let too_old: BTreeSet<SessionId> = too_old.into_iter().map(|session| session.id).collect();
        let mut sessions = facts.expired_sessions(self.session_cutoff, self.idle_cutoff)?;
        sessions.retain(|session| too_old.contains(&session.id) || !touched.contains(&session.id));
        Ok(sessions)
    }
}

impl Retention {
    /// Deletes a batch of old audit entries, and all old addresses.
    fn forget(self, draft: &mut DecisionDraft, facts: &mut dyn Facts) -> Known<()> {
        if let Some(before) = self.audit_cutoff {
            let before = facts.machine_cutoff(before)?;
            draft.push(Mutation::ForgetAudit { before, limit: AUDIT_BATCH });
        }
        if let Some(stored_before) = self.address_cutoff {
            draft.push(Mutation::ForgetAddresses { stored_before });
        }
        Ok(())
    }
}

impl Command for EndGuests {
    type Output = usize;

    fn decide(&self, facts: &mut dyn Facts, context: &mut Context<'_>) -> Result<Decision<usize>, Undecided> {
        let guests = facts.guests()?;
        let mut draft = DecisionDraft::default();
        draft.sign_out_guests(facts, context, &guests, EndReason::GuestsEnded)?;
        if !guests.is_empty() {
            let (at, detail) = (context.now.machine, Some(guests.len().to_string()));
            draft.push(Mutation::Audit(AuditRow { at, action: "end_guests", detail, ..AuditRow::default() }));
        }
        Ok(draft.finish(guests.len()))
    }
}
