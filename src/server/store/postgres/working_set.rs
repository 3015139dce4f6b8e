//! The facts that one batch of commands is decided by.

use std::collections::HashSet;

use ipnet::IpNet;

use crate::{
    domain::{
        ClientAddr, CommandId, ConversationId, Emoji, InviteId, Message, NicknameKey, RoomName, Seq, SessionId,
        Timestamp, UserId,
    },
    server::{
        rules::{
            BannedNetwork, ConversationFacts, Erasure, EventPosition, Facts, FactsError, GuestCutoffs, GuestMark,
            InviteFacts, InviteKey, Known, MarkFacts, Membership, MessageFacts, Mutation, OldEvent, ReportFacts,
            SanctionFacts, SavedClock, SessionFacts, SessionKey, UserFacts,
        },
        store::postgres::{
            known_facts::KnownFacts,
            questions::{Answer, MessagesAround, MessagesOf, Question, SessionCutoffs, UserPair},
        },
    },
};

/// The facts that commands are decided by. Rules ask it; it answers what it knows, and notes what it is asked.
#[derive(Debug, Default)]
pub(super) struct WorkingSet {
    known: KnownFacts,
    missing: HashSet<Question>,
    asked: HashSet<Question>,
}

impl WorkingSet {
    /// What was asked since the last call, and could not be answered.
    pub(super) fn take_missing(&mut self) -> Vec<Question> {
        self.missing.drain().collect()
    }

    /// What was asked since the last call, answered or not.
    pub(super) fn take_asked(&mut self) -> Vec<Question> {
        self.asked.drain().collect()
    }

    /// Adds an answer, or replaces it.
    pub(super) fn insert(&mut self, question: Question, answer: Answer) {
        self.known.insert(question, answer);
    }

    /// Makes the answers include a mutation. Some become unknown.
    pub(super) fn update(&mut self, mutation: &Mutation) {
        self.known.update(mutation);
    }

    fn note<A>(&mut self, question: Question, known: Option<A>) -> Known<A> {
        if known.is_none() {
            self.missing.insert(question.clone());
        }
        self.asked.insert(question);
        known.ok_or(FactsError)
    }
}

/// Answers a question of a kind, and notes it.
macro_rules! ask {
    ($set:ident.$name:ident, $kind:ident($key:expr)) => {{
        let key = $key;
        let known = $set.known.answers.$name.get(&key).cloned();
        $set.note(Question::$kind(key), known)
    }};
}

impl Facts for WorkingSet {
    fn user(&mut self, id: UserId) -> Known<Option<UserFacts>> {
        ask!(self.user, User(id))
    }

    fn user_with_nickname(&mut self, key: &NicknameKey) -> Known<Option<UserId>> {
        ask!(self.user_with_nickname, UserWithNickname(key.clone()))
    }

    fn has_owner_besides(&mut self, except: Option<UserId>) -> Known<bool> {
        ask!(self.has_owner_besides, HasOwnerBesides(except))
    }

    fn addresses_of(&mut self, user: UserId) -> Known<Vec<ClientAddr>> {
        ask!(self.addresses_of, AddressesOf(user))
    }

    fn guests_from(&mut self, address: ClientAddr) -> Known<Vec<UserId>> {
        ask!(self.guests_from, GuestsFrom(address))
    }

    fn guests_from_network(&mut self, network: &IpNet) -> Known<Vec<UserId>> {
        ask!(self.guests_from_network, GuestsFromNetwork(*network))
    }

    fn guests(&mut self) -> Known<Vec<UserId>> {
        ask!(self.guests, Guests(()))
    }

    fn expired_guests(&mut self, cutoffs: &GuestCutoffs) -> Known<Vec<UserId>> {
        ask!(self.expired_guests, ExpiredGuests(*cutoffs))
    }

    fn session_by_key(&mut self, key: SessionKey) -> Known<Option<SessionFacts>> {
        ask!(self.session_by_key, SessionByKey(key))
    }

    fn sessions_of(&mut self, user: UserId) -> Known<Vec<SessionFacts>> {
        ask!(self.sessions_of, SessionsOf(user))
    }

    fn expired_sessions(&mut self, begun_before: Timestamp, seen_before: Timestamp) -> Known<Vec<SessionFacts>> {
        ask!(self.expired_sessions, ExpiredSessions(SessionCutoffs { begun_before, seen_before }))
    }

    fn sessions_seen_before(&mut self, seen_before: Timestamp) -> Known<Vec<SessionId>> {
        ask!(self.sessions_seen_before, SessionsSeenBefore(seen_before))
    }

    fn conversation(&mut self, id: ConversationId) -> Known<Option<ConversationFacts>> {
        ask!(self.conversation, Conversation(id))
    }

    fn room_name(&mut self, room: ConversationId) -> Known<Option<RoomName>> {
        ask!(self.room_name, RoomName(room))
    }

    fn public_room_with_name(&mut self, key: &NicknameKey) -> Known<Option<ConversationId>> {
        ask!(self.public_room_with_name, PublicRoomWithName(key.clone()))
    }

    fn has_room_owner_besides(&mut self, room: ConversationId, except: UserId) -> Known<bool> {
        ask!(self.has_room_owner_besides, HasRoomOwnerBesides((room, except)))
    }

    fn room_heir(&mut self, room: ConversationId, except: UserId) -> Known<Option<UserId>> {
        ask!(self.room_heir, RoomHeir((room, except)))
    }

    fn rooms(&mut self) -> Known<Vec<ConversationId>> {
        ask!(self.rooms, Rooms(()))
    }

    fn direct_of(&mut self, one: UserId, other: UserId) -> Known<Option<ConversationId>> {
        ask!(self.direct_of, DirectOf(UserPair::new(one, other)))
    }

    fn directs_of(&mut self, user: UserId) -> Known<Vec<ConversationId>> {
        ask!(self.directs_of, DirectsOf(user))
    }

    fn rooms_of(&mut self, user: UserId) -> Known<Vec<ConversationId>> {
        ask!(self.rooms_of, RoomsOf(user))
    }

    fn has_messages_besides(&mut self, conversation: ConversationId, deleted: &[Seq]) -> Known<bool> {
        ask!(self.has_messages_besides, HasMessagesBesides((conversation, deleted.to_vec())))
    }

    fn membership(&mut self, conversation: ConversationId, user: UserId) -> Known<Option<Membership>> {
        ask!(self.membership, Membership((conversation, user)))
    }

    fn users_of_direct(&mut self, direct: ConversationId) -> Known<Option<[UserId; 2]>> {
        ask!(self.users_of_direct, UsersOfDirect(direct))
    }

    fn command(&mut self, author: UserId, id: CommandId) -> Known<Option<EventPosition>> {
        ask!(self.command, Command((author, id)))
    }

    fn message(&mut self, conversation: ConversationId, seq: Seq) -> Known<Option<MessageFacts>> {
        ask!(self.message, Message((conversation, seq)))
    }

    fn emoji_of(&mut self, conversation: ConversationId, seq: Seq) -> Known<Vec<Emoji>> {
        ask!(self.emoji_of, EmojiOf((conversation, seq)))
    }

    fn thread_listeners(&mut self, conversation: ConversationId, thread: Seq) -> Known<Vec<UserId>> {
        ask!(self.thread_listeners, ThreadListeners((conversation, thread)))
    }

    fn pins_of(&mut self, conversation: ConversationId) -> Known<Vec<Seq>> {
        ask!(self.pins_of, PinsOf(conversation))
    }

    fn messages_of(
        &mut self,
        author: UserId,
        conversation: ConversationId,
        after: Seq,
        up_to: Seq,
        limit: u32,
    ) -> Known<Vec<Seq>> {
        ask!(self.messages_of, MessagesOf(MessagesOf { author, conversation, after, up_to, limit }))
    }

    fn messages_around(
        &mut self,
        reader: UserId,
        conversation: ConversationId,
        seq: Seq,
        around: u32,
    ) -> Known<Vec<Message>> {
        ask!(self.messages_around, MessagesAround(MessagesAround { reader, conversation, seq, around }))
    }

    fn old_events(&mut self, conversation: ConversationId, before: Timestamp, limit: u32) -> Known<Vec<OldEvent>> {
        ask!(self.old_events, OldEvents((conversation, before, limit)))
    }

    fn sanctions_of(&mut self, user: UserId) -> Known<Vec<SanctionFacts>> {
        ask!(self.sanctions_of, SanctionsOf(user))
    }

    fn marked_sanctions(&mut self, marks: &[GuestMark]) -> Known<Vec<MarkFacts>> {
        ask!(self.marked_sanctions, MarkedSanctions(marks.to_vec()))
    }

    fn banned_networks(&mut self) -> Known<Vec<BannedNetwork>> {
        ask!(self.banned_networks, BannedNetworks(()))
    }

    fn has_blocked(&mut self, user: UserId, other: UserId) -> Known<bool> {
        ask!(self.has_blocked, HasBlocked((user, other)))
    }

    fn blocked_count(&mut self, user: UserId) -> Known<u32> {
        ask!(self.blocked_count, BlockedCount(user))
    }

    fn invite_by_key(&mut self, key: InviteKey) -> Known<Option<InviteFacts>> {
        ask!(self.invite_by_key, InviteByKey(key))
    }

    fn invite(&mut self, id: InviteId) -> Known<Option<InviteFacts>> {
        ask!(self.invite, Invite(id))
    }

    fn report(&mut self, id: u64) -> Known<Option<ReportFacts>> {
        ask!(self.report, Report(id))
    }

    fn has_reported(&mut self, reporter: UserId, conversation: ConversationId, seq: Seq) -> Known<bool> {
        ask!(self.has_reported, HasReported((reporter, conversation, seq)))
    }

    fn open_reports_of(&mut self, reporter: UserId) -> Known<u32> {
        ask!(self.open_reports_of, OpenReportsOf(reporter))
    }

    fn next_erasure(&mut self) -> Known<Option<Erasure>> {
        ask!(self.next_erasure, NextErasure(()))
    }

    fn saved_clock(&mut self) -> Known<SavedClock> {
        ask!(self.saved_clock, SavedClock(()))
    }

    fn machine_cutoff(&mut self, at: Timestamp) -> Known<Timestamp> {
        ask!(self.machine_cutoff, MachineCutoff(at))
    }
}

#[cfg(test)]
mod tests;
