//! Users who leave for good: their sessions end, their nicknames become free, and those who shared a room or a direct with
//! them are told.
//!
//! These are functions on a [`DecisionDraft`], because several commands make users leave, some of them many at once. Facts do not see
//! what the draft already holds, so the draft remembers whose nickname it releases and which sessions it ends: a user who
//! leaves twice in one decision leaves once.
//!
//! - [`DecisionDraft::end_session`] and [`DecisionDraft::end_sessions`] end sessions, without logging that;
//! - [`DecisionDraft::release_nickname`] makes a nickname free;
//! - [`DecisionDraft::depart`] does so for a user whose account is deleted, and whom the events show without a name;
//! - [`DecisionDraft::release_nickname_without_session`] does so for a guest whose last session ends in this draft;
//! - [`DecisionDraft::sign_out_guests`] does all of it for guests, and logs it;
//! - [`DecisionDraft::unlist_if_empty`] comes after the deletion of messages.

use crate::{
    domain::{ConversationId, EndReason, EventKind, RoomChange, Seq, SessionId, User, UserId},
    server::rules::{
        context::{Context, Now},
        decision::DecisionDraft,
        entry::Entry,
        facts::{Facts, SessionFacts},
        mutation::Mutation,
        undecided::Undecided,
    },
};

/// How many users are told at once that somebody they share a direct with has left. The others find out when they connect
/// next, or write to that user.
const MAX_NOTIFIED: usize = 100;

impl DecisionDraft {
    /// Ends a session, unless the draft already does. The reason is kept for its browser, unless there is none. Logging
    /// that is up to the caller.
    pub(super) fn end_session(&mut self, now: Now, session: &SessionFacts, reason: Option<EndReason>) {
        let SessionFacts { key, user, .. } = *session;
        if self.ended_sessions.insert(key) {
            self.push(Mutation::EndSession { key, user, reason, at: now.server });
        }
    }

    /// Ends all sessions of a user, except `keep`. Returns those that the draft did not end before. Logging that is up to
    /// the caller.
    pub(super) fn end_sessions(
        &mut self,
        facts: &mut dyn Facts,
        now: Now,
        user: UserId,
        keep: Option<SessionId>,
        reason: EndReason,
    ) -> Result<Vec<SessionFacts>, Undecided> {
        let mut sessions = facts.sessions_of(user)?;
        sessions.retain(|session| Some(session.id) != keep && !self.ended_sessions.contains(&session.key));
        for session in &sessions {
            self.end_session(now, session, Some(reason));
        }
        Ok(sessions)
    }

    /// Ends all sessions of some guests and makes their nicknames free. The connections of all of them close before anybody learns
    /// that one of them has left.
    pub(super) fn sign_out_guests(
        &mut self,
        facts: &mut dyn Facts,
        context: &mut Context<'_>,
        guests: &[UserId],
        reason: EndReason,
    ) -> Result<(), Undecided> {
        for guest in guests {
            self.end_sessions(facts, context.now, *guest, None, reason)?;
            self.log(Entry::SessionEnded { user: *guest, session: None, reason });
        }
        for guest in guests {
            self.release_nickname(facts, context, *guest)?;
        }
        Ok(())
    }

    /// Makes the nickname free if the user is a guest who has no session but those that the draft ends.
    pub(super) fn release_nickname_without_session(
        &mut self,
        facts: &mut dyn Facts,
        context: &mut Context<'_>,
        user: UserId,
    ) -> Result<(), Undecided> {
        let is_registered = facts.user(user)?.is_some_and(|user| user.password.is_some());
        let has_session = facts.sessions_of(user)?.iter().any(|session| !self.ended_sessions.contains(&session.key));
        if is_registered || has_session { Ok(()) } else { self.release_nickname(facts, context, user) }
    }

    /// Makes a user's nickname free, unless it is already: the user [departs](Self::depart) under that nickname.
    pub(super) fn release_nickname(
        &mut self,
        facts: &mut dyn Facts,
        context: &mut Context<'_>,
        user: UserId,
    ) -> Result<(), Undecided> {
        match facts.user(user)? {
            Some(known) if !known.is_gone() => self.depart(facts, context, known.user),
            _ => Ok(()),
        }
    }

    /// Makes a user's nickname free and takes the user out of all rooms. An event tells the members of each, but not everybody in
    /// the Lobby. Directs stay, for the sake of the other user, to whom they look different from now on; unused ones are deleted.
    ///
    /// `author` is the user as those events show them: without a name if the account is deleted. The caller checks that the user
    /// is not gone.
    pub(super) fn depart(
        &mut self,
        facts: &mut dyn Facts,
        context: &mut Context<'_>,
        author: User,
    ) -> Result<(), Undecided> {
        let user = author.id;
        if !self.departed.insert(user) {
            return Ok(());
        }
        let rooms = facts.rooms_of(user)?;
        for room in rooms.iter().copied().filter(|room| *room != context.lobby) {
            let left = EventKind::Room(RoomChange::Left);
            self.append(facts, context.now, room, author.clone(), context.ids.command(), left)?;
        }
        self.push(Mutation::ReleaseNickname(user));
        self.log(Entry::NicknameReleased { user });
        for conversation in rooms {
            self.push(Mutation::RemoveMember { conversation, user });
        }
        let mut changed = Vec::new();
        for direct in facts.directs_of(user)? {
            if let Some(other) = self.leave_direct(facts, user, direct)? {
                changed.push(Entry::Listed { user: other, conversation: direct });
            }
        }
        changed.into_iter().take(MAX_NOTIFIED).for_each(|entry| self.log(entry));
        Ok(())
    }

    /// Deletes a direct of a user who leaves if it is unused, and takes it out of the other user's list if all its messages
    /// have been deleted. Otherwise moves it to the end of that list. Returns the other user if the direct stays in that list.
    fn leave_direct(
        &mut self,
        facts: &mut dyn Facts,
        user: UserId,
        direct: ConversationId,
    ) -> Result<Option<UserId>, Undecided> {
        let Some(other) = facts.membership(direct, user)?.and_then(|member| member.other) else { return Ok(None) };
        let is_unused = self.newest_event(facts, direct)?.0 == Seq::ZERO;
        if is_unused && self.departed.contains(&other.id) {
            // The other user left first, and the direct was deleted then.
            return Ok(None);
        }
        if is_unused || !facts.has_messages_besides(direct, &[])? {
            self.unlist(facts, other.id, direct, other.listed)?;
            if is_unused {
                self.push(Mutation::DeleteDirect(direct));
                self.log(Entry::DirectDeleted { direct });
            }
            return Ok(None);
        }
        let Some(listed) = other.listed else { return Ok(None) };
        let listed = Some(listed.of_gone_companion());
        self.push(Mutation::SetListed { conversation: direct, user: other.id, listed });
        Ok(Some(other.id))
    }

    /// After the draft has deleted the messages at `deleted`: if the conversation is a direct without any other message, and
    /// one of its users has left, takes it out of the list of the other one.
    pub(super) fn unlist_if_empty(
        &mut self,
        facts: &mut dyn Facts,
        conversation: ConversationId,
        deleted: &[Seq],
    ) -> Result<(), Undecided> {
        for user in facts.users_of_direct(conversation)?.into_iter().flatten() {
            let Some(member) = facts.membership(conversation, user)? else { continue };
            if member.listed.is_some()
                && member.other.is_some_and(|other| other.is_gone)
                && !facts.has_messages_besides(conversation, deleted)?
            {
                self.unlist(facts, user, conversation, member.listed)?;
            }
        }
        Ok(())
    }
}
