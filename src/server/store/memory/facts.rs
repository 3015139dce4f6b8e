//! The facts of the reference store.

use std::cmp::Reverse;

use ipnet::IpNet;

use crate::{
    domain::{
        ClientAddr, CommandId, ConversationId, Emoji, EventKind, InviteId, Message, NicknameKey, Role, RoomName, Seq,
        SessionId, Timestamp, UserId, Visibility,
    },
    server::{
        rules::{
            BannedNetwork, ConversationFacts, ConversationFactsKind, Erasure, EventPosition, Facts, GuestCutoffs,
            GuestMark, InviteFacts, InviteKey, Known, MAX_THREAD_AUTHORS, MarkFacts, Membership, MessageFacts,
            MessageListener, OldEvent, OtherMember, ReportFacts, SanctionFacts, SavedClock, SessionFacts, SessionKey,
            UserFacts,
        },
        store::{
            history::HistoryWindow,
            memory::{
                apply::mark_text,
                rows::{InviteRow, MemberRow, RoomRow, SessionRow},
                state::State,
            },
        },
    },
};

impl SessionRow {
    fn facts(&self) -> SessionFacts {
        SessionFacts { key: self.key, id: self.id, user: self.user }
    }
}

impl InviteRow {
    pub(super) fn facts(&self) -> InviteFacts {
        let Self { id, expires_at, max_uses, uses, is_revoked, .. } = *self;
        InviteFacts { id, expires_at, max_uses, uses, is_revoked }
    }
}

impl Facts for State {
    fn user(&mut self, id: UserId) -> Known<Option<UserFacts>> {
        Ok(self.users.get(&id).map(|row| UserFacts {
            user: row.shown(id),
            nickname_key: row.key.clone(),
            password: row.password.clone(),
        }))
    }

    fn user_with_nickname(&mut self, key: &NicknameKey) -> Known<Option<UserId>> {
        Ok(self.holder_of(key))
    }

    fn has_owner_besides(&mut self, except: Option<UserId>) -> Known<bool> {
        let mut owners = self.users.iter().filter(|(_, user)| user.role == Role::Owner).map(|(id, _)| *id);
        Ok(owners.any(|id| id != UserId::SYSTEM && Some(id) != except))
    }

    fn addresses_of(&mut self, user: UserId) -> Known<Vec<ClientAddr>> {
        let sessions = self.sessions.values().filter(|session| session.user == user);
        let own = self.users.get(&user).and_then(|user| user.address);
        let mut addresses: Vec<_> = sessions.filter_map(|session| session.address).chain(own).collect();
        addresses.sort_by_key(ToString::to_string);
        addresses.dedup();
        Ok(addresses)
    }

    fn guests_from(&mut self, address: ClientAddr) -> Known<Vec<UserId>> {
        let users = self.users.iter().filter(|(_, user)| !user.is_gone() && user.address == Some(address));
        Ok(users.map(|(id, _)| *id).collect())
    }

    fn guests_from_network(&mut self, network: &IpNet) -> Known<Vec<UserId>> {
        let is_from_there = |address: Option<ClientAddr>| address.is_some_and(|address| address.is_in(network));
        Ok(self.named_guests().filter(|(_, user)| is_from_there(user.address)).map(|(id, _)| id).collect())
    }

    fn guests(&mut self) -> Known<Vec<UserId>> {
        Ok(self.named_guests().map(|(id, _)| id).collect())
    }

    fn expired_guests(&mut self, cutoffs: &GuestCutoffs) -> Known<Vec<UserId>> {
        let is_expired = |(id, created_at): (UserId, Timestamp)| {
            let sessions: Vec<_> = self.sessions.values().filter(|session| session.user == id).collect();
            if sessions.is_empty() {
                return created_at < cutoffs.sessionless_created_before;
            }
            let is_old = sessions.iter().all(|session| session.seen_at < cutoffs.seen_before);
            let is_unused = sessions.iter().all(|session| !session.used);
            is_old || is_unused && created_at < cutoffs.unused_created_before
        };
        let guests = self.named_guests().map(|(id, user)| (id, user.created_at));
        Ok(guests.filter(|guest| is_expired(*guest)).map(|(id, _)| id).collect())
    }

    fn session_by_key(&mut self, key: SessionKey) -> Known<Option<SessionFacts>> {
        Ok(self.sessions.get(&key.0).map(SessionRow::facts))
    }

    fn sessions_of(&mut self, user: UserId) -> Known<Vec<SessionFacts>> {
        Ok(self.sessions.values().filter(|session| session.user == user).map(SessionRow::facts).collect())
    }

    fn expired_sessions(&mut self, begun_before: Timestamp, seen_before: Timestamp) -> Known<Vec<SessionFacts>> {
        let expired = self.sessions.values().filter(|session| {
            let is_old = session.begun_at < begun_before || session.seen_at < seen_before;
            is_old && self.users[&session.user].password.is_some()
        });
        Ok(expired.map(SessionRow::facts).collect())
    }

    fn sessions_seen_before(&mut self, seen_before: Timestamp) -> Known<Vec<SessionId>> {
        let stale = self.sessions.values().filter(|session| session.seen_at < seen_before);
        Ok(stale.map(|session| session.id).collect())
    }

    fn conversation(&mut self, id: ConversationId) -> Known<Option<ConversationFacts>> {
        Ok(self.conversations.get(&id).map(|row| ConversationFacts {
            kind: match &row.room {
                Some(room) => ConversationFactsKind::Room(room.facts()),
                None => ConversationFactsKind::Direct,
            },
            created_at: row.created_at,
            newest: row.events.last().map_or_else(Default::default, |event| (row.last_seq(), event.at)),
        }))
    }

    fn room_name(&mut self, room: ConversationId) -> Known<Option<RoomName>> {
        Ok(self.conversations.get(&room).and_then(|row| Some(row.room.as_ref()?.name.clone())))
    }

    fn public_room_with_name(&mut self, key: &NicknameKey) -> Known<Option<ConversationId>> {
        let is_found =
            |room: &RoomRow| room.visibility == Visibility::Public && !room.is_archived && room.name.key() == *key;
        let mut conversations = self.conversations.iter();
        Ok(conversations.find(|(_, row)| row.room.as_ref().is_some_and(is_found)).map(|(id, _)| *id))
    }

    fn has_room_owner_besides(&mut self, room: ConversationId, except: UserId) -> Known<bool> {
        let mut members = self.members.iter();
        let is_owner = |((conversation, user), member): (&(ConversationId, UserId), &MemberRow)| {
            *conversation == room && *user != except && member.role == Role::Owner
        };
        Ok(members.any(is_owner))
    }

    fn room_heir(&mut self, room: ConversationId, except: UserId) -> Known<Option<UserId>> {
        let members = self.members.iter().filter(|((conversation, user), _)| *conversation == room && *user != except);
        let registered = members.filter(|((_, user), _)| self.users[user].password.is_some());
        let heir = registered.min_by_key(|((_, user), member)| (Reverse(member.role), member.joined_at, *user));
        Ok(heir.map(|((_, user), _)| *user))
    }

    fn rooms(&mut self) -> Known<Vec<ConversationId>> {
        Ok(self.conversations.iter().filter(|(_, row)| row.users.is_none()).map(|(id, _)| *id).collect())
    }

    fn direct_of(&mut self, one: UserId, other: UserId) -> Known<Option<ConversationId>> {
        Ok(self.direct_between(one, other))
    }

    fn directs_of(&mut self, user: UserId) -> Known<Vec<ConversationId>> {
        let directs = self.conversations_of(user).filter_map(|(id, _)| Some((id, self.other_of(id, user)?)));
        let mut directs: Vec<_> = directs.map(|(id, other)| (id, self.members[&(id, other)].listed)).collect();
        directs.sort_by_key(|(id, listed)| (Reverse(*listed), *id));
        Ok(directs.into_iter().map(|(id, _)| id).collect())
    }

    fn rooms_of(&mut self, user: UserId) -> Known<Vec<ConversationId>> {
        let conversations = self.conversations_of(user).map(|(id, _)| id);
        Ok(conversations.filter(|id| self.conversations[id].users.is_none()).collect())
    }

    fn has_messages_besides(&mut self, conversation: ConversationId, deleted: &[Seq]) -> Known<bool> {
        let Some(row) = self.conversations.get(&conversation) else { return Ok(false) };
        Ok(row.messages().any(|(seq, _)| !row.is_deleted(seq) && !deleted.contains(&seq)))
    }

    fn membership(&mut self, conversation: ConversationId, user: UserId) -> Known<Option<Membership>> {
        let Some(member) = self.members.get(&(conversation, user)) else { return Ok(None) };
        let other = self.other_of(conversation, user).map(|id| OtherMember {
            id,
            listed: self.members[&(conversation, id)].listed,
            is_gone: self.users[&id].is_gone(),
            has_blocked_me: self.blocks.contains_key(&(id, user)),
            is_blocked: self.blocks.contains_key(&(user, id)),
        });
        let MemberRow { joined_at, read_seq, listed, role, .. } = *member;
        Ok(Some(Membership { joined_at, read_seq, set_back_at: 0, listed, role, other }))
    }

    fn users_of_direct(&mut self, direct: ConversationId) -> Known<Option<[UserId; 2]>> {
        Ok(self.conversations.get(&direct).and_then(|row| row.users))
    }

    fn command(&mut self, author: UserId, id: CommandId) -> Known<Option<EventPosition>> {
        let mut events = self.conversations.iter().flat_map(|(conversation, row)| {
            row.numbered()
                .map(move |(seq, event)| (EventPosition { conversation: *conversation, seq, at: event.at }, event))
        });
        let found = events.find(|(_, event)| event.author == author && event.id == id);
        Ok(found.map(|(position, _)| position))
    }

    fn message(&mut self, conversation: ConversationId, seq: Seq) -> Known<Option<MessageFacts>> {
        let Some(row) = self.conversations.get(&conversation) else { return Ok(None) };
        let event = row.event(seq).filter(|event| event.is_message() || event.is_notice());
        Ok(event.map(|event| MessageFacts {
            author: event.author,
            at: event.at,
            is_deleted: row.is_deleted(seq),
            is_notice: event.is_notice(),
            reply: event.kind.reply(),
            mentioned: event.kind.mentions().iter().chain(row.mentions(seq)).map(MessageListener::of).collect(),
            participants: event.kind.participants().to_vec(),
        }))
    }

    fn thread_listeners(&mut self, conversation: ConversationId, thread: Seq) -> Known<Vec<UserId>> {
        let Some(row) = self.conversations.get(&conversation) else { return Ok(Vec::new()) };
        let newest = row.replies(thread).rev().take(MAX_THREAD_AUTHORS as usize).map(|(_, event)| event.author);
        let mut listeners: Vec<UserId> = Vec::new();
        for author in newest.chain(row.event(thread).map(|event| event.author)) {
            let hears =
                self.members.contains_key(&(conversation, author)) && !row.muted_threads.contains(&(thread, author));
            if hears && !listeners.contains(&author) {
                listeners.push(author);
            }
        }
        Ok(listeners)
    }

    fn emoji_of(&mut self, conversation: ConversationId, seq: Seq) -> Known<Vec<Emoji>> {
        let Some(row) = self.conversations.get(&conversation) else { return Ok(Vec::new()) };
        let mut emoji: Vec<Emoji> =
            row.reactions.keys().filter(|(message, ..)| *message == seq).map(|(_, emoji, _)| emoji.clone()).collect();
        emoji.dedup();
        Ok(emoji)
    }

    fn pins_of(&mut self, conversation: ConversationId) -> Known<Vec<Seq>> {
        Ok(self.conversations.get(&conversation).map(|row| row.pins.keys().copied().collect()).unwrap_or_default())
    }

    fn messages_of(
        &mut self,
        author: UserId,
        conversation: ConversationId,
        after: Seq,
        up_to: Seq,
        limit: u32,
    ) -> Known<Vec<Seq>> {
        let Some(row) = self.conversations.get(&conversation) else { return Ok(Vec::new()) };
        let own = row.numbered().filter(|(seq, event)| {
            event.author == author && event.is_message() && *seq > after && *seq <= up_to && !row.is_deleted(*seq)
        });
        Ok(own.map(|(seq, _)| seq).take(limit as usize).collect())
    }

    fn messages_around(
        &mut self,
        reader: UserId,
        conversation: ConversationId,
        seq: Seq,
        around: u32,
    ) -> Known<Vec<Message>> {
        let page = |window, limit| self.messages_page(reader, conversation, window, limit, usize::MAX);
        let Ok(before) = page(HistoryWindow::Before(seq.next()), around.saturating_add(1)) else {
            return Ok(Vec::new());
        };
        let Ok(after) = page(HistoryWindow::After(seq), around) else { return Ok(Vec::new()) };
        let messages = before.messages.into_iter().chain(after.messages);
        Ok(messages.filter(|message| !message.is_notice()).collect())
    }

    fn old_events(&mut self, conversation: ConversationId, before: Timestamp, limit: u32) -> Known<Vec<OldEvent>> {
        let Some(row) = self.conversations.get(&conversation) else { return Ok(Vec::new()) };
        let old = row.numbered().filter(|(seq, event)| *seq > row.retained && event.at < before).take(limit as usize);
        let is_due = |seq, author: UserId, kind: &EventKind| {
            matches!(kind, EventKind::Message { .. }) && !row.is_deleted(seq) && self.users[&author].password.is_none()
        };
        Ok(old.map(|(seq, event)| OldEvent { seq, is_due: is_due(seq, event.author, &event.kind) }).collect())
    }

    fn sanctions_of(&mut self, user: UserId) -> Known<Vec<SanctionFacts>> {
        Ok(self.sanctions_on(user))
    }

    fn marked_sanctions(&mut self, marks: &[GuestMark]) -> Known<Vec<MarkFacts>> {
        let marks: Vec<String> = marks.iter().map(mark_text).collect();
        let found = self.marks.iter().filter(|((mark, ..), _)| marks.contains(mark));
        let facts = found.map(|(&(_, user, scope, kind), row)| MarkFacts {
            user,
            sanction: SanctionFacts { scope, kind, until: row.until },
        });
        Ok(facts.collect())
    }

    fn banned_networks(&mut self) -> Known<Vec<BannedNetwork>> {
        Ok(self.networks.values().copied().collect())
    }

    fn has_blocked(&mut self, user: UserId, other: UserId) -> Known<bool> {
        Ok(self.blocks.contains_key(&(user, other)))
    }

    fn blocked_count(&mut self, user: UserId) -> Known<u32> {
        let count = self.blocks.keys().filter(|(blocker, _)| *blocker == user).count();
        Ok(u32::try_from(count).unwrap_or(u32::MAX))
    }

    fn invite_by_key(&mut self, key: InviteKey) -> Known<Option<InviteFacts>> {
        Ok(self.invites.values().find(|invite| invite.key == key).map(InviteRow::facts))
    }

    fn invite(&mut self, id: InviteId) -> Known<Option<InviteFacts>> {
        Ok(self.invites.get(&id).map(InviteRow::facts))
    }

    fn report(&mut self, id: u64) -> Known<Option<ReportFacts>> {
        let report = self.reports.get(&id);
        Ok(report.map(|row| ReportFacts { conversation: row.conversation, seq: row.seq, author: row.author }))
    }

    fn has_reported(&mut self, reporter: UserId, conversation: ConversationId, seq: Seq) -> Known<bool> {
        let same = (reporter, conversation, seq);
        Ok(self.reports.values().any(|report| (report.reporter, report.conversation, report.seq) == same))
    }

    fn open_reports_of(&mut self, reporter: UserId) -> Known<u32> {
        let count = self.reports.values().filter(|report| report.reporter == reporter).count();
        Ok(u32::try_from(count).unwrap_or(u32::MAX))
    }

    fn next_erasure(&mut self) -> Known<Option<Erasure>> {
        Ok(self.erasures.values().next().copied())
    }

    fn saved_clock(&mut self) -> Known<SavedClock> {
        let ahead = self.clock_offsets.values().next_back().copied().unwrap_or_default();
        Ok(SavedClock { ran_at: self.ran_at, ahead })
    }

    fn machine_cutoff(&mut self, at: Timestamp) -> Known<Timestamp> {
        Ok(self.machine_time(at))
    }
}
