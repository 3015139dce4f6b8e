//! Applying mutations to the reference store.

use std::collections::BTreeSet;

use crate::{
    domain::{Body, ConversationId, Event, EventKind, Nickname, Role, Seq, Timestamp, UserId},
    server::{
        rules::{
            BannedNetwork, Erasure, GuestMark, MAX_CLOCK_OFFSETS, MessageListener, Mutation, NewUserRow, RoomSetting,
        },
        store::memory::{
            rows::{
                ConversationRow, EndedSessionRow, EventRow, InviteRow, MarkRow, MemberRow, MessageState, RoomRow,
                SanctionRow, SessionRow, StoredReport, UserRow,
            },
            state::{LogRow, LoggedChange, State},
        },
    },
};

/// The mark as a text, in the order in which every store has them.
pub(super) fn mark_text(mark: &GuestMark) -> String {
    match mark {
        GuestMark::Nickname(key) => format!("name:{key}"),
        GuestMark::Address(address) => format!("address:{address}"),
    }
}

impl State {
    /// Applies a mutation. `at`, by the machine's clock, dates entries of the commit log.
    #[expect(clippy::too_many_lines, reason = "an arm for each mutation, most of a line or two")]
    pub(crate) fn apply(&mut self, mutation: &Mutation, at: Timestamp) {
        match mutation.clone() {
            Mutation::AppendEvent(event) => self.append(event),
            Mutation::Log(entry) => self.log.push(LogRow { at, change: LoggedChange::Entry(entry) }),

            Mutation::SetText { conversation, seq, revision, body, mentions, edited_at } => {
                let state = self.message_state(conversation, seq, revision);
                (state.body, state.mentions, state.edited_at) = (Some(body), mentions, Some(edited_at));
            }
            Mutation::MarkDeleted { conversation, seq, revision } => {
                let state = self.message_state(conversation, seq, revision);
                let (body, mentions, replies) = (Some(Body::deleted()), Vec::new(), state.replies);
                *state = MessageState { revision, body, mentions, edited_at: None, is_deleted: true, replies };
                let row = self.conversation_mut(conversation);
                row.reactions.retain(|(message, ..), _| *message != seq);
                row.listeners.remove(&seq);
                row.pins.remove(&seq);
            }
            Mutation::SetListeners { conversation, seq, at: _, listeners } => {
                let listeners: BTreeSet<_> = listeners.into_iter().collect();
                if listeners.is_empty() {
                    self.conversation_mut(conversation).listeners.remove(&seq);
                } else {
                    self.conversation_mut(conversation).listeners.insert(seq, listeners);
                }
            }
            // Who wrote it is in its event.
            Mutation::AddReply { conversation, thread, seq, author: _ } => {
                self.message_state(conversation, thread, seq).replies += 1;
            }
            Mutation::MuteThread { conversation, thread, user, on } => {
                let muted = &mut self.conversation_mut(conversation).muted_threads;
                if on {
                    muted.insert((thread, user))
                } else {
                    muted.remove(&(thread, user))
                };
            }
            Mutation::EraseTexts { conversation, seq, before } => self.erase_texts(conversation, seq, before),
            Mutation::AddReaction { conversation, seq, revision, emoji, user } => {
                self.message_state(conversation, seq, revision);
                self.conversation_mut(conversation).reactions.entry((seq, emoji, user)).or_insert(revision);
            }
            Mutation::RemoveReaction { conversation, seq, revision, emoji, user } => {
                self.message_state(conversation, seq, revision);
                self.conversation_mut(conversation).reactions.remove(&(seq, emoji, user));
            }
            Mutation::SetPin { conversation, seq, revision, on } => {
                self.message_state(conversation, seq, revision);
                let pins = &mut self.conversation_mut(conversation).pins;
                if on {
                    pins.entry(seq).or_insert(revision);
                } else {
                    pins.remove(&seq);
                }
            }
            Mutation::EraseNameInNotices { conversation, user, after, up_to } => {
                self.erase_name(conversation, user, after, up_to);
            }

            Mutation::CreateRoom { id, name, topic, visibility, created_at } => {
                let room = RoomRow::new(name, topic, visibility);
                self.conversations.insert(id, ConversationRow::new(Some(room), None, created_at));
            }
            Mutation::SetRoom { room, setting } => self.set_room(room, setting),
            Mutation::SetRoomRole { room, user, role } => {
                self.change_member(room, user, |member| member.role = role);
            }
            Mutation::AddMember { conversation, user, role, read_seq, joined_at, listed } => {
                let (is_muted, is_pinned) = (false, false);
                let row = MemberRow { read_seq, joined_at, listed, role, is_muted, is_pinned };
                self.members.insert((conversation, user), row);
            }
            Mutation::RemoveMember { conversation, user } => {
                self.members.remove(&(conversation, user));
                forget_user(self.conversation_mut(conversation), user);
            }
            Mutation::AdvanceReadMark { conversation, user, seq } => {
                self.change_member(conversation, user, |member| member.read_seq = member.read_seq.max(seq));
            }
            Mutation::SetReadMark { conversation, user, seq } => {
                self.change_member(conversation, user, |member| member.read_seq = seq);
            }
            Mutation::SetMuted { conversation, user, on } => {
                self.change_member(conversation, user, |member| member.is_muted = on);
            }
            Mutation::SetPinned { conversation, user, on } => {
                self.change_member(conversation, user, |member| member.is_pinned = on);
            }
            Mutation::SetListed { conversation, user, listed } => {
                self.change_member(conversation, user, |member| member.listed = listed);
            }
            Mutation::CreateDirect { id, users, created_at } => {
                let users = [users[0].min(users[1]), users[0].max(users[1])];
                self.conversations.insert(id, ConversationRow::new(None, Some(users), created_at));
            }
            Mutation::DeleteDirect(direct) => {
                self.members.retain(|(conversation, _), _| *conversation != direct);
                self.conversations.remove(&direct);
            }
            Mutation::AddBlock { user, other, at } => drop(self.blocks.insert((user, other), at)),
            Mutation::RemoveBlock { user, other } => drop(self.blocks.remove(&(user, other))),
            Mutation::SetRetained { conversation, seq } => self.conversation_mut(conversation).retained = seq,

            Mutation::CreateUser(row) => self.create_user(row),
            Mutation::SetPassword { user, hash } => self.user_mut(user).password = Some(hash),
            Mutation::SetRole { user, role } => self.user_mut(user).role = role,
            Mutation::ReleaseNickname(user) => self.user_mut(user).key = None,
            Mutation::ClearAccount(user) => self.clear_account(user),
            Mutation::ForgetAddress(user) => self.user_mut(user).address = None,
            Mutation::ForgetAddressesOfGoneGuests { created_before } => {
                for user in self.users.values_mut().filter(|user| user.is_gone() && user.created_at < created_before) {
                    user.address = None;
                }
            }
            Mutation::ForgetAddresses { stored_before } => self.forget_addresses(stored_before),
            Mutation::BeginSession { user, session, at } => {
                let (key, id, agent) = (session.key, session.id, session.agent);
                let (used, address) = (session.used, session.address);
                let row = SessionRow { key, id, user, begun_at: at, seen_at: at, agent, used, address };
                self.sessions.insert(key.0, row);
            }
            Mutation::RenewSession { session, at } => {
                for row in self.sessions.values_mut().filter(|row| row.id == session) {
                    row.begun_at = at;
                }
            }
            Mutation::TouchSession { session, at } => {
                for row in self.sessions.values_mut().filter(|row| row.id == session) {
                    (row.seen_at, row.used) = (at, true);
                }
            }
            Mutation::EndSession { key, user, reason, at } => {
                self.sessions.remove(&key.0);
                if let Some(reason) = reason {
                    self.ended_sessions.insert(key.0, EndedSessionRow { user, reason, at });
                }
            }
            Mutation::ForgetEndReasons { before } => self.ended_sessions.retain(|_, ended| ended.at >= before),

            Mutation::SetSanction { user, scope, kind, until, origin } => {
                self.sanctions.insert((user, scope, kind), SanctionRow { until, origin });
            }
            Mutation::LiftSanction { user, scope, kind } => self.sanctions.retain(|key, sanction| {
                let is_of_user = key.0 == user || sanction.origin == Some(user);
                !is_of_user || (key.1, key.2) != (scope, kind)
            }),
            Mutation::AddMark { mark, user, scope, kind, until, since } => {
                self.marks.insert((mark_text(&mark), user, scope, kind), MarkRow { until, since });
            }
            Mutation::RemoveMarks { user, scope, kind } => {
                self.marks.retain(|key, _| (key.1, key.2, key.3) != (user, scope, kind));
            }
            Mutation::ForgetEndedBans { now } => {
                self.marks.retain(|_, mark| mark.until.is_none_or(|until| until > now));
                self.networks.retain(|_, banned| banned.until.is_none_or(|until| until > now));
            }
            Mutation::BanNetwork { network, until } => {
                self.networks.insert(network.to_string(), BannedNetwork { network, until });
            }
            Mutation::UnbanNetwork(network) => drop(self.networks.remove(&network.to_string())),
            Mutation::CreateInvite { id, key, created_at, created_by, expires_at, max_uses } => {
                let (uses, is_revoked) = (0, false);
                let row = InviteRow { id, key, created_at, created_by, expires_at, max_uses, uses, is_revoked };
                self.invites.insert(id, row);
            }
            Mutation::UseInvite(id) => self.invites.get_mut(&id).expect("an invite").uses += 1,
            Mutation::RevokeInvite(id) => self.invites.get_mut(&id).expect("an invite").is_revoked = true,
            Mutation::AddReport { at, reporter, conversation, seq, author, reason, messages } => {
                self.last_report += 1;
                let row = StoredReport { at, reporter, conversation, seq, author, reason, messages };
                self.reports.insert(self.last_report, row);
            }
            Mutation::CloseReports { author, conversation, seq, up_to } => self.reports.retain(|id, report| {
                *id > up_to || (report.author, report.conversation, report.seq) != (author, conversation, seq)
            }),
            Mutation::ForgetReports { before } => self.reports.retain(|_, report| report.at >= before),
            Mutation::Audit(row) => {
                self.last_audit += 1;
                self.audit.insert(self.last_audit, row);
            }
            Mutation::ForgetAudit { before, limit } => {
                let oldest: Vec<u64> = self.audit.keys().take(limit as usize).copied().collect();
                self.audit.retain(|id, row| !oldest.contains(id) || row.at >= before);
            }

            Mutation::AddErasure { user, conversation, last, messages } => {
                let erasure = Erasure { user, conversation, done: Seq::ZERO, last, messages };
                self.erasures.insert((user, conversation), erasure);
            }
            Mutation::AdvanceErasure { user, conversation, done } => {
                self.erasures.get_mut(&(user, conversation)).expect("an erasure").done = done;
            }
            Mutation::FinishErasure { user, conversation } => drop(self.erasures.remove(&(user, conversation))),
            Mutation::SaveRunningTime(at) => self.ran_at = Some(at),
            Mutation::SaveClockOffset { since, ahead } => self.save_clock_offset(since, ahead),
        }
    }

    fn user_mut(&mut self, user: UserId) -> &mut UserRow {
        self.users.get_mut(&user).expect("rules name users who exist")
    }

    fn conversation_mut(&mut self, conversation: ConversationId) -> &mut ConversationRow {
        self.conversations.get_mut(&conversation).expect("rules name conversations that exist")
    }

    fn change_member(&mut self, conversation: ConversationId, user: UserId, change: impl FnOnce(&mut MemberRow)) {
        if let Some(member) = self.members.get_mut(&(conversation, user)) {
            change(member);
        }
    }

    fn set_room(&mut self, room: ConversationId, setting: RoomSetting) {
        let row = self.conversation_mut(room).room.as_mut().expect("rules set something of rooms only");
        match setting {
            RoomSetting::Name(name) => row.name = name,
            RoomSetting::Topic(topic) => row.topic = topic,
            RoomSetting::Visibility(visibility) => row.visibility = visibility,
            RoomSetting::Posting(posting) => row.posting = posting,
            RoomSetting::Archived(is_archived) => row.is_archived = is_archived,
        }
    }

    fn append(&mut self, event: Event) {
        let Event { conversation, seq, at, author, id, kind } = event;
        let row = self.conversation_mut(conversation);
        row.events.push(EventRow { at, author: author.id, id, kind });
        assert_eq!(row.last_seq(), seq, "rules number events without gaps");
        self.log.push(LogRow { at, change: LoggedChange::Event(conversation, seq) });
    }

    /// The state of a message, as of an event.
    fn message_state(&mut self, conversation: ConversationId, seq: Seq, revision: Seq) -> &mut MessageState {
        let (mentions, is_deleted) = (Vec::new(), false);
        let original = MessageState { revision, body: None, mentions, edited_at: None, is_deleted, replies: 0 };
        let state = self.conversation_mut(conversation).states.entry(seq).or_insert(original);
        state.revision = revision;
        state
    }

    fn erase_texts(&mut self, conversation: ConversationId, message: Seq, before: Seq) {
        let events = self.conversation_mut(conversation).events.iter_mut().enumerate();
        for (index, event) in events.take_while(|(index, _)| Seq(*index as u64 + 1) < before) {
            let is_own = Seq(index as u64 + 1) == message;
            match &mut event.kind {
                EventKind::Message { body, mentions, .. } if is_own => {
                    (*body, *mentions) = (Body::deleted(), Vec::new());
                }
                EventKind::Edit { seq, body, mentions } if *seq == message => {
                    (*body, *mentions) = (Body::deleted(), Vec::new());
                }
                _ => {}
            }
        }
    }

    fn erase_name(&mut self, conversation: ConversationId, user: UserId, after: Seq, up_to: Seq) {
        let events = self.conversation_mut(conversation).events.iter_mut().zip(1..);
        for (event, _) in events.filter(|(_, seq)| (after.0 + 1..=up_to.0).contains(seq)) {
            if let Some(noticed) = event.kind.noticed_user_mut().filter(|noticed| noticed.id == user) {
                noticed.nickname = Nickname::former();
            }
        }
    }

    fn create_user(&mut self, row: NewUserRow) {
        let NewUserRow { id, nickname, key, created_at, address, invited } = row;
        let (key, password, role) = (Some(key), None, Role::Member);
        self.users.insert(id, UserRow { nickname, key, password, role, created_at, address, invited });
    }

    fn clear_account(&mut self, id: UserId) {
        let user = self.user_mut(id);
        (user.nickname, user.password, user.role, user.address) = (Nickname::former(), None, Role::Member, None);
        self.blocks.retain(|(blocker, _), _| *blocker != id);
        for (_, member) in self.members.iter_mut().filter(|((_, member), _)| *member == id) {
            (member.read_seq, member.listed) = (Seq::ZERO, None);
            (member.is_muted, member.is_pinned) = (false, false);
        }
        self.conversations.values_mut().for_each(|row| forget_user(row, id));
    }

    fn forget_addresses(&mut self, before: Timestamp) {
        for user in self.users.values_mut().filter(|user| user.created_at < before) {
            user.address = None;
        }
        for session in self.sessions.values_mut().filter(|session| session.begun_at < before) {
            session.address = None;
        }
        self.marks.retain(|(mark, ..), row| !mark.starts_with("address:") || row.since >= before);
    }

    fn save_clock_offset(&mut self, since: Timestamp, ahead: i64) {
        if self.clock_offsets.values().next_back() == Some(&ahead) {
            return;
        }
        self.clock_offsets.insert(since, ahead);
        let kept = self.clock_offsets.keys().rev().nth(MAX_CLOCK_OFFSETS as usize).copied().unwrap_or_default();
        self.clock_offsets.retain(|since, _| *since == Timestamp::default() || *since >= kept);
    }
}

/// Forgets what a user was told of in a conversation, and which threads are muted.
fn forget_user(row: &mut ConversationRow, user: UserId) {
    row.muted_threads.retain(|(_, other)| *other != user);
    for listeners in row.listeners.values_mut() {
        listeners.remove(&MessageListener::User(user));
    }
    row.listeners.retain(|_, listeners| !listeners.is_empty());
}
