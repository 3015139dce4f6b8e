//! The questions that rules ask, and their answers, as values: a writer learns them while it rehearses, and asks all in one
//! go.

use std::collections::HashMap;

use ipnet::IpNet;

use crate::{
    domain::{
        ClientAddr, CommandId, ConversationId, Emoji, InviteId, Message, NicknameKey, RoomName, Seq, SessionId,
        Timestamp, UserId,
    },
    server::rules::{
        BannedNetwork, ConversationFacts, Erasure, EventPosition, GuestCutoffs, GuestMark, InviteFacts, InviteKey,
        MarkFacts, Membership, MessageFacts, OldEvent, ReportFacts, SanctionFacts, SavedClock, SessionFacts,
        SessionKey, UserFacts,
    },
};

/// Declares the kinds of questions: one for each method of [`Facts`](crate::server::rules::Facts), with its arguments and
/// its answer.
macro_rules! kinds {
    ($($name:ident: $kind:ident($key:ty) -> $answer:ty;)*) => {
        /// A question: a method of [`Facts`](crate::server::rules::Facts) with its arguments.
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        pub(super) enum Question {
            $($kind($key),)*
        }

        /// The answer to the question of the same name.
        #[derive(Clone, Debug, PartialEq)]
        pub(super) enum Answer {
            $($kind($answer),)*
        }

        /// The arguments of questions, by kind.
        #[derive(Debug, Default)]
        pub(super) struct QuestionsByKind {
            $(pub(super) $name: Vec<$key>,)*
        }

        impl FromIterator<Question> for QuestionsByKind {
            fn from_iter<I: IntoIterator<Item = Question>>(questions: I) -> Self {
                let mut by_kind = Self::default();
                for question in questions {
                    match question {
                        $(Question::$kind(key) => by_kind.$name.push(key),)*
                    }
                }
                by_kind
            }
        }

        /// Answers by kind and arguments.
        #[derive(Debug, Default)]
        pub(super) struct Answers {
            $(pub(super) $name: HashMap<$key, $answer>,)*
        }

        impl Answers {
            pub(super) fn insert(&mut self, question: Question, answer: Answer) {
                match (question, answer) {
                    $((Question::$kind(key), Answer::$kind(answer)) => {
                        self.$name.insert(key, answer);
                    })*
                    (question, answer) => tracing::error!(?question, ?answer, "this answers another question"),
                }
            }
        }
    };
}

kinds! {
    user: User(UserId) -> Option<UserFacts>;
    user_with_nickname: UserWithNickname(NicknameKey) -> Option<UserId>;
    has_owner_besides: HasOwnerBesides(Option<UserId>) -> bool;
    addresses_of: AddressesOf(UserId) -> Vec<ClientAddr>;
    guests_from: GuestsFrom(ClientAddr) -> Vec<UserId>;
    guests_from_network: GuestsFromNetwork(IpNet) -> Vec<UserId>;
    guests: Guests(()) -> Vec<UserId>;
    expired_guests: ExpiredGuests(GuestCutoffs) -> Vec<UserId>;

    session_by_key: SessionByKey(SessionKey) -> Option<SessionFacts>;
    sessions_of: SessionsOf(UserId) -> Vec<SessionFacts>;
    expired_sessions: ExpiredSessions(SessionCutoffs) -> Vec<SessionFacts>;
    sessions_seen_before: SessionsSeenBefore(Timestamp) -> Vec<SessionId>;

    conversation: Conversation(ConversationId) -> Option<ConversationFacts>;
    room_name: RoomName(ConversationId) -> Option<RoomName>;
    public_room_with_name: PublicRoomWithName(NicknameKey) -> Option<ConversationId>;
    has_room_owner_besides: HasRoomOwnerBesides((ConversationId, UserId)) -> bool;
    room_heir: RoomHeir((ConversationId, UserId)) -> Option<UserId>;
    rooms: Rooms(()) -> Vec<ConversationId>;
    direct_of: DirectOf(UserPair) -> Option<ConversationId>;
    directs_of: DirectsOf(UserId) -> Vec<ConversationId>;
    rooms_of: RoomsOf(UserId) -> Vec<ConversationId>;
    has_messages_besides: HasMessagesBesides((ConversationId, Vec<Seq>)) -> bool;
    membership: Membership((ConversationId, UserId)) -> Option<Membership>;
    users_of_direct: UsersOfDirect(ConversationId) -> Option<[UserId; 2]>;

    command: Command((UserId, CommandId)) -> Option<EventPosition>;
    message: Message((ConversationId, Seq)) -> Option<MessageFacts>;
    emoji_of: EmojiOf((ConversationId, Seq)) -> Vec<Emoji>;
    thread_listeners: ThreadListeners((ConversationId, Seq)) -> Vec<UserId>;
    pins_of: PinsOf(ConversationId) -> Vec<Seq>;
    messages_of: MessagesOf(MessagesOf) -> Vec<Seq>;
    messages_around: MessagesAround(MessagesAround) -> Vec<Message>;
    old_events: OldEvents((ConversationId, Timestamp, u32)) -> Vec<OldEvent>;

    sanctions_of: SanctionsOf(UserId) -> Vec<SanctionFacts>;
    marked_sanctions: MarkedSanctions(Vec<GuestMark>) -> Vec<MarkFacts>;
    banned_networks: BannedNetworks(()) -> Vec<BannedNetwork>;
    has_blocked: HasBlocked((UserId, UserId)) -> bool;
    blocked_count: BlockedCount(UserId) -> u32;
    invite_by_key: InviteByKey(InviteKey) -> Option<InviteFacts>;
    invite: Invite(InviteId) -> Option<InviteFacts>;
    report: Report(u64) -> Option<ReportFacts>;
    has_reported: HasReported((UserId, ConversationId, Seq)) -> bool;
    open_reports_of: OpenReportsOf(UserId) -> u32;

    next_erasure: NextErasure(()) -> Option<Erasure>;
    saved_clock: SavedClock(()) -> SavedClock;
    machine_cutoff: MachineCutoff(Timestamp) -> Timestamp;
}

/// Two users, in an order that does not depend on who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct UserPair {
    pub(super) one: UserId,
    pub(super) other: UserId,
}

impl UserPair {
    pub(super) fn new(one: UserId, other: UserId) -> Self {
        if one <= other { Self { one, other } } else { Self { one: other, other: one } }
    }

    /// The other user, if this is one of the two.
    pub(super) fn besides(&self, user: UserId) -> Option<UserId> {
        if user == self.one {
            Some(self.other)
        } else if user == self.other {
            Some(self.one)
        } else {
            None
        }
    }
}

/// The arguments of [`Facts::expired_sessions`](crate::server::rules::Facts::expired_sessions).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct SessionCutoffs {
    pub(super) begun_before: Timestamp,
    pub(super) seen_before: Timestamp,
}

/// The arguments of [`Facts::messages_of`](crate::server::rules::Facts::messages_of).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct MessagesOf {
    pub(super) author: UserId,
    pub(super) conversation: ConversationId,
    pub(super) after: Seq,
    pub(super) up_to: Seq,
    pub(super) limit: u32,
}

/// The arguments of [`Facts::messages_around`](crate::server::rules::Facts::messages_around).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct MessagesAround {
    pub(super) reader: UserId,
    pub(super) conversation: ConversationId,
    pub(super) seq: Seq,
    pub(super) around: u32,
}
