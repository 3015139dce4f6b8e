//! Answers that stay true while mutations are applied.

use std::collections::HashMap;

use crate::{
    domain::{ClientAddr, ConversationId, Event, Seq, Timestamp, User, UserId},
    server::{
        rules::{
            ConversationFacts, ConversationFactsKind, EventPosition, Membership, Mutation, NewUserRow, RoomFacts,
            SessionFacts, UserFacts,
        },
        store::postgres::questions::{Answer, Answers, Question, UserPair},
    },
};

/// Answers to questions of the rules. Each mutation corrects the answers that it changes, or makes them unknown.
#[derive(Debug, Default)]
pub(super) struct KnownFacts {
    pub(super) answers: Answers,
    /// The users of each direct of which a membership is known: it tells something about both.
    directs: HashMap<ConversationId, UserPair>,
}

impl KnownFacts {
    /// Adds an answer, or replaces it.
    pub(super) fn insert(&mut self, question: Question, answer: Answer) {
        if let (Question::Membership((conversation, user)), Answer::Membership(Some(member))) = (&question, &answer)
            && let Some(other) = &member.other
        {
            self.directs.insert(*conversation, UserPair::new(*user, other.id));
        }
        self.answers.insert(question, answer);
    }

    /// Makes the answers include a mutation. Answers that frequent mutations change are corrected, so that the next command
    /// of a batch need not ask again. Others become unknown; when in doubt, too.
    #[expect(clippy::too_many_lines, reason = "an arm for each mutation, most of a line or two")]
    #[expect(clippy::match_same_arms, reason = "the mutations are in their own order")]
    pub(super) fn update(&mut self, mutation: &Mutation) {
        use Mutation as M;
        let known = &mut self.answers;
        match mutation {
            M::AppendEvent(event) => self.append(event),
            M::Log(_) => {}

            M::SetText { conversation, seq, .. } => {
                known.message.remove(&(*conversation, *seq));
                self.forget_texts(*conversation);
            }
            M::SetListeners { .. } => {}
            M::AddReply { conversation, thread, author, .. } => {
                if let Some(listeners) = known.thread_listeners.get_mut(&(*conversation, *thread)) {
                    if let Some(place) = listeners.iter().position(|listener| listener == author) {
                        listeners[..=place].rotate_right(1);
                    } else {
                        // Or the author has muted the thread.
                        known.thread_listeners.remove(&(*conversation, *thread));
                    }
                }
                self.forget_texts(*conversation);
            }
            M::MuteThread { conversation, thread, .. } => {
                known.thread_listeners.remove(&(*conversation, *thread));
            }
            M::EraseTexts { conversation, seq, .. } => {
                known.message.remove(&(*conversation, *seq));
                self.forget_texts(*conversation);
            }
            M::EraseNameInNotices { conversation, .. } => self.forget_texts(*conversation),
            M::MarkDeleted { conversation, seq, .. } => {
                if let Some(Some(message)) = known.message.get_mut(&(*conversation, *seq)) {
                    message.is_deleted = true;
                    message.mentioned.clear();
                }
                correct(&mut known.emoji_of, &(*conversation, *seq), Vec::new());
                known.pins_of.remove(conversation);
                self.forget_messages(*conversation);
            }
            M::AddReaction { conversation, seq, emoji, .. } => {
                if let Some(known) = known.emoji_of.get_mut(&(*conversation, *seq))
                    && let Err(place) = known.binary_search(emoji)
                {
                    known.insert(place, emoji.clone());
                }
                self.forget_texts(*conversation);
            }
            M::RemoveReaction { conversation, seq, .. } => {
                known.emoji_of.remove(&(*conversation, *seq));
                self.forget_texts(*conversation);
            }

            M::SetPin { conversation, .. } => {
                known.pins_of.remove(conversation);
                self.forget_texts(*conversation);
            }

            M::CreateRoom { id, visibility, created_at, .. } => {
                let room = RoomFacts { visibility: *visibility, ..RoomFacts::default() };
                let (kind, newest) = (ConversationFactsKind::Room(room), (Seq::ZERO, Timestamp::default()));
                known.conversation.insert(*id, Some(ConversationFacts { kind, created_at: *created_at, newest }));
                known.room_name.remove(id);
                known.public_room_with_name.clear();
                known.rooms.clear();
            }
            M::SetRoom { room, .. } => {
                known.conversation.remove(room);
                known.room_name.remove(room);
                known.public_room_with_name.clear();
            }
            M::SetRoomRole { room, user, role } => {
                if let Some(Some(member)) = known.membership.get_mut(&(*room, *user)) {
                    member.role = *role;
                }
                known.has_room_owner_besides.clear();
                known.room_heir.clear();
            }
            M::AddMember { conversation, user, role, read_seq, joined_at, listed } => {
                let (joined_at, read_seq, listed, role) = (*joined_at, *read_seq, *listed, *role);
                let member = Membership { joined_at, read_seq, set_back_at: 0, listed, role, other: None };
                self.set_member(*conversation, *user, Some(member));
            }
            M::RemoveMember { conversation, user } => self.set_member(*conversation, *user, None),
            M::AdvanceReadMark { conversation, user, seq } => {
                if let Some(Some(member)) = known.membership.get_mut(&(*conversation, *user)) {
                    member.read_seq = member.read_seq.max(*seq);
                }
            }
            M::SetReadMark { conversation, user, .. } => drop(known.membership.remove(&(*conversation, *user))),
            M::SetMuted { .. } | M::SetPinned { .. } => {}
            M::SetListed { conversation, user, listed } => {
                if let Some(Some(member)) = known.membership.get_mut(&(*conversation, *user)) {
                    member.listed = *listed;
                }
                match self.directs.get(conversation).and_then(|users| users.besides(*user)) {
                    Some(other) => {
                        if let Some(Some(member)) = known.membership.get_mut(&(*conversation, other))
                            && let Some(own) = &mut member.other
                        {
                            own.listed = *listed;
                        }
                        known.directs_of.remove(&other);
                    }
                    None => known.directs_of.clear(),
                }
                self.forget_texts(*conversation);
            }
            M::CreateDirect { id, users: [one, other], .. } => {
                correct(&mut known.direct_of, &UserPair::new(*one, *other), Some(*id));
                known.conversation.remove(id);
                known.users_of_direct.remove(id);
            }
            M::DeleteDirect(direct) => {
                correct(&mut known.conversation, direct, None);
                correct(&mut known.users_of_direct, direct, None);
                known.direct_of.retain(|_, id| *id != Some(*direct));
                known.directs_of.clear();
                self.forget_members(*direct);
                self.forget_messages(*direct);
            }
            M::AddBlock { user, other, .. } => self.set_block(*user, *other, true),
            M::RemoveBlock { user, other } => self.set_block(*user, *other, false),
            M::SetRetained { conversation, .. } => self.forget_messages(*conversation),

            M::CreateUser(row) => self.create_user(row),
            M::SetPassword { user, hash } => {
                if let Some(Some(facts)) = known.user.get_mut(user) {
                    (facts.user.registered, facts.password) = (true, Some(hash.clone()));
                }
                known.room_heir.clear();
                known.old_events.clear();
                known.messages_around.clear();
                self.forget_guests();
            }
            M::SetRole { user, role } => {
                if let Some(Some(facts)) = known.user.get_mut(user) {
                    facts.user.role = *role;
                }
                known.has_owner_besides.clear();
                known.messages_around.clear();
            }
            M::ReleaseNickname(user) => {
                if let Some(Some(facts)) = known.user.get_mut(user) {
                    facts.nickname_key = None;
                }
                self.forget_nickname(*user);
            }
            M::ClearAccount(user) => {
                known.user.remove(user);
                known.has_owner_besides.clear();
                known.addresses_of.remove(user);
                known.has_blocked.retain(|(blocker, _), _| blocker != user);
                known.blocked_count.remove(user);
                known.membership.retain(|(_, member), _| member != user);
                known.thread_listeners.clear();
                known.directs_of.clear();
                known.old_events.clear();
                self.forget_nickname(*user);
            }
            M::ForgetAddress(user) => {
                known.addresses_of.remove(user);
                known.guests_from.values_mut().for_each(|guests| guests.retain(|guest| guest != user));
                known.guests_from_network.clear();
            }
            M::ForgetAddressesOfGoneGuests { .. } => known.addresses_of.clear(),
            M::ForgetAddresses { .. } => {
                known.addresses_of.clear();
                known.guests_from.clear();
                known.guests_from_network.clear();
                known.marked_sanctions.clear();
            }
            M::BeginSession { user, session, .. } => {
                let facts = SessionFacts { key: session.key, id: session.id, user: *user };
                correct(&mut known.session_by_key, &session.key, Some(facts));
                self.forget_sessions_of(*user);
            }
            M::RenewSession { .. } | M::TouchSession { .. } => self.forget_session_times(),
            M::EndSession { key, user, .. } => {
                correct(&mut known.session_by_key, key, None);
                self.forget_sessions_of(*user);
            }
            M::ForgetEndReasons { .. } => {}

            M::SetSanction { user, .. } => drop(known.sanctions_of.remove(user)),
            // It also ends the copies of the sanction on others.
            M::LiftSanction { .. } => known.sanctions_of.clear(),
            M::AddMark { .. } | M::RemoveMarks { .. } => known.marked_sanctions.clear(),
            M::ForgetEndedBans { .. } => {
                known.marked_sanctions.clear();
                known.banned_networks.clear();
            }
            M::BanNetwork { .. } | M::UnbanNetwork(_) => known.banned_networks.clear(),
            M::CreateInvite { id, key, .. } => {
                known.invite.remove(id);
                known.invite_by_key.remove(key);
            }
            M::UseInvite(used) => {
                let invites = known.invite.values_mut().chain(known.invite_by_key.values_mut()).flatten();
                invites.filter(|invite| invite.id == *used).for_each(|invite| invite.uses += 1);
            }
            M::RevokeInvite(revoked) => {
                let invites = known.invite.values_mut().chain(known.invite_by_key.values_mut()).flatten();
                invites.filter(|invite| invite.id == *revoked).for_each(|invite| invite.is_revoked = true);
            }
            M::AddReport { reporter, conversation, seq, .. } => {
                correct(&mut known.has_reported, &(*reporter, *conversation, *seq), true);
                known.open_reports_of.remove(reporter);
                known.report.clear();
            }
            M::CloseReports { .. } | M::ForgetReports { .. } => {
                known.report.clear();
                known.has_reported.clear();
                known.open_reports_of.clear();
            }
            M::Audit(_) | M::ForgetAudit { .. } => {}

            M::AddErasure { .. } | M::AdvanceErasure { .. } | M::FinishErasure { .. } => known.next_erasure.clear(),
            M::SaveRunningTime(_) => known.saved_clock.clear(),
            M::SaveClockOffset { .. } => {
                known.saved_clock.clear();
                known.machine_cutoff.clear();
            }
        }
    }

    fn append(&mut self, event: &Event) {
        let known = &mut self.answers;
        let &Event { conversation, seq, at, ref author, id, .. } = event;
        if let Some(Some(facts)) = known.conversation.get_mut(&conversation) {
            facts.newest = (seq, at);
        }
        correct(&mut known.command, &(author.id, id), Some(EventPosition { conversation, seq, at }));
        known.message.remove(&(conversation, seq));
        self.forget_messages(conversation);
    }

    /// A user becomes a member of a conversation, or is none any more.
    fn set_member(&mut self, conversation: ConversationId, user: UserId, member: Option<Membership>) {
        let known = &mut self.answers;
        let facts = known.conversation.get(&conversation);
        if matches!(facts, Some(Some(ConversationFacts { kind: ConversationFactsKind::Room(_), .. }))) {
            correct(&mut known.membership, &(conversation, user), member);
        } else {
            known.membership.remove(&(conversation, user));
            known.directs_of.clear();
            self.forget_members(conversation);
        }
        self.answers.rooms_of.remove(&user);
        self.answers.thread_listeners.retain(|(of, _), _| *of != conversation);
        self.answers.has_room_owner_besides.clear();
        self.answers.room_heir.clear();
        self.forget_texts(conversation);
    }

    fn set_block(&mut self, user: UserId, other: UserId, on: bool) {
        correct(&mut self.answers.has_blocked, &(user, other), on);
        self.answers.blocked_count.remove(&user);
        let both = UserPair::new(user, other);
        self.forget_directs(|users| *users == both);
    }

    fn create_user(&mut self, row: &NewUserRow) {
        let known = &mut self.answers;
        let NewUserRow { id, nickname, key, address, .. } = row;
        let user = User::guest(*id, nickname.clone());
        correct(&mut known.user, id, Some(UserFacts { user, nickname_key: Some(key.clone()), password: None }));
        correct(&mut known.user_with_nickname, key, Some(*id));
        if let Some(guests) = address.and_then(|address: ClientAddr| known.guests_from.get_mut(&address)) {
            guests.push(*id);
        }
        self.forget_guests();
    }

    /// The user is gone.
    fn forget_nickname(&mut self, user: UserId) {
        let known = &mut self.answers;
        for holder in known.user_with_nickname.values_mut() {
            holder.take_if(|holder| *holder == user);
        }
        known.guests_from.values_mut().for_each(|guests| guests.retain(|guest| *guest != user));
        known.messages_around.clear();
        self.forget_guests();
        self.forget_directs(|users| users.besides(user).is_some());
    }

    fn forget_guests(&mut self) {
        self.answers.guests_from_network.clear();
        self.answers.guests.clear();
        self.forget_session_times();
    }

    fn forget_sessions_of(&mut self, user: UserId) {
        self.answers.sessions_of.remove(&user);
        self.answers.addresses_of.remove(&user);
        self.forget_session_times();
    }

    fn forget_session_times(&mut self) {
        self.answers.expired_guests.clear();
        self.answers.expired_sessions.clear();
        self.answers.sessions_seen_before.clear();
    }

    /// Forgets what is known of both members of some directs.
    fn forget_directs(&mut self, which: impl Fn(&UserPair) -> bool) {
        let directs: Vec<_> = self.directs.iter().filter(|(_, users)| which(users)).map(|(id, _)| *id).collect();
        directs.into_iter().for_each(|direct| self.forget_members(direct));
    }

    /// Forgets what is known of both members of a direct.
    fn forget_members(&mut self, direct: ConversationId) {
        if let Some(UserPair { one, other }) = self.directs.remove(&direct) {
            self.answers.membership.remove(&(direct, one));
            self.answers.membership.remove(&(direct, other));
        }
    }

    /// Forgets the messages of a conversation that were asked for together.
    fn forget_messages(&mut self, conversation: ConversationId) {
        let known = &mut self.answers;
        known.has_messages_besides.retain(|(of, _), _| *of != conversation);
        known.messages_of.retain(|range, _| range.conversation != conversation);
        known.old_events.retain(|(of, ..), _| *of != conversation);
        self.forget_texts(conversation);
    }

    fn forget_texts(&mut self, conversation: ConversationId) {
        self.answers.messages_around.retain(|place, _| place.conversation != conversation);
    }
}

/// Corrects an answer, if it is known.
fn correct<K: Eq + std::hash::Hash, A>(answers: &mut HashMap<K, A>, key: &K, answer: A) {
    if let Some(known) = answers.get_mut(key) {
        *known = answer;
    }
}
