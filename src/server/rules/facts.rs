//! What rules may ask a store. Each answer includes everything that was decided before, in the same transaction too.

use ipnet::IpNet;

use crate::{
    domain::{
        ClientAddr, CommandId, ConversationId, Emoji, InviteId, Message, NicknameKey, Posting, Reply, Role, RoomName,
        Seq, SessionId, Timestamp, User, UserId, Visibility,
    },
    server::rules::values::{
        EventPosition, GuestMark, InviteKey, ListKey, MessageListener, PasswordHash, SanctionKind, SanctionScope,
        SessionKey,
    },
};

/// A fact could not be read: the disk failed, or a value of the store makes no sense. The log has the cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FactsError;

pub(crate) type Known<T> = Result<T, FactsError>;

/// A user, named or gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UserFacts {
    pub user: User,
    /// `None` after the nickname was released or the account deleted: the user is gone.
    pub nickname_key: Option<NicknameKey>,
    /// `None` for a guest.
    pub password: Option<PasswordHash>,
}

impl UserFacts {
    pub(crate) fn is_gone(&self) -> bool {
        self.nickname_key.is_none()
    }
}

/// A session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SessionFacts {
    pub key: SessionKey,
    pub id: SessionId,
    pub user: UserId,
}

/// A conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ConversationFacts {
    pub kind: ConversationFactsKind,
    pub created_at: Timestamp,
    /// The seq and the time of its newest event; zeros if there is none.
    pub newest: (Seq, Timestamp),
}

/// Whether a conversation is a room or a direct.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ConversationFactsKind {
    Room(RoomFacts),
    Direct,
}

/// What is set of a room, without its texts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct RoomFacts {
    pub visibility: Visibility,
    pub posting: Posting,
    pub is_archived: bool,
}

impl ConversationFacts {
    /// What is set of the room; `None` for a direct.
    pub(crate) fn room(&self) -> Option<RoomFacts> {
        if let ConversationFactsKind::Room(room) = self.kind { Some(room) } else { None }
    }
}

/// A user in a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Membership {
    pub joined_at: Timestamp,
    /// How far the member has read.
    pub read_seq: Seq,
    /// The position of the commit log at which the member last set the read mark back, where several nodes write to the
    /// store; otherwise 0.
    pub set_back_at: u64,
    /// The sort key in the member's list; `None` while the conversation is not in the list. Rooms always are.
    pub listed: Option<ListKey>,
    /// The role in the room; [`Role::Member`] in a direct.
    pub role: Role,
    /// The other user of a direct; `None` in a room.
    pub other: Option<OtherMember>,
}

/// The other user of a direct.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OtherMember {
    pub id: UserId,
    pub listed: Option<ListKey>,
    /// Whether this user has released the nickname or deleted the account.
    pub is_gone: bool,
    /// Whether this user has blocked the member.
    pub has_blocked_me: bool,
    /// Whether the member has blocked this user.
    pub is_blocked: bool,
}

/// A mute or ban, in force or not yet deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SanctionFacts {
    pub scope: SanctionScope,
    pub kind: SanctionKind,
    /// When it ends by itself, by the server's clock.
    pub until: Option<Timestamp>,
}

/// A sanction that new guests inherit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MarkFacts {
    /// The sanctioned user.
    pub user: UserId,
    pub sanction: SanctionFacts,
}

/// A network from which no new user is let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BannedNetwork {
    pub network: IpNet,
    /// When the ban ends by itself, by the server's clock.
    pub until: Option<Timestamp>,
}

/// An event that is a message or a notice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MessageFacts {
    pub author: UserId,
    pub at: Timestamp,
    pub is_deleted: bool,
    pub is_notice: bool,
    pub reply: Option<Reply>,
    /// Whom its text mentions, and whom it mentioned when it was sent, as far as that is known. In any order.
    pub mentioned: Vec<MessageListener>,
    /// Who heard of it because of its thread.
    pub participants: Vec<UserId>,
}

/// How many replies of a thread are asked for their authors.
pub(crate) const MAX_THREAD_AUTHORS: u32 = 200;

/// An invite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct InviteFacts {
    pub id: InviteId,
    /// By the server's clock; `None`: never.
    pub expires_at: Option<Timestamp>,
    /// `None`: no limit.
    pub max_uses: Option<u32>,
    pub uses: u32,
    pub is_revoked: bool,
}

impl InviteFacts {
    /// Whether somebody can sign up with it at this time of the server's clock.
    pub(crate) fn is_valid(&self, now: Timestamp) -> bool {
        !self.is_revoked
            && self.expires_at.is_none_or(|expires_at| expires_at > now)
            && self.max_uses.is_none_or(|max_uses| self.uses < max_uses)
    }
}

/// The message that an open report is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ReportFacts {
    pub conversation: ConversationId,
    pub seq: Seq,
    pub author: UserId,
}

/// Remaining work after an account deletion: a range of a conversation's log in which the deleted user may appear.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Erasure {
    pub user: UserId,
    pub conversation: ConversationId,
    /// Events up to this one have been processed.
    pub done: Seq,
    /// The last event of the range.
    pub last: Seq,
    /// Whether the user's messages are deleted, too.
    pub messages: bool,
}

/// An event that is older than the retention of guests' messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OldEvent {
    pub seq: Seq,
    /// Whether it is a guest's message that is not deleted yet.
    pub is_due: bool,
}

/// What is saved of the clocks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct SavedClock {
    /// When the server last ran, by its clock; `None` before the first time.
    pub ran_at: Option<Timestamp>,
    /// The newest offset: by how many milliseconds the machine's clock is ahead of the server's.
    pub ahead: i64,
}

/// Which guests' time is over. All times are of the server's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::struct_field_names, reason = "a time says nothing without \"before\"")]
pub(crate) struct GuestCutoffs {
    /// Guests whose sessions were all last used before this.
    pub seen_before: Timestamp,
    /// Guests with sessions of which none was ever used, created before this.
    pub unused_created_before: Timestamp,
    /// Guests without any session, created before this.
    pub sessionless_created_before: Timestamp,
}

/// The server itself, the author of what the operator and the server do.
pub(super) fn server_user(facts: &mut dyn Facts) -> Known<User> {
    facts.user(UserId::SYSTEM)?.map(|facts| facts.user).ok_or(FactsError)
}

/// What rules may ask. Where no other order is stated, users and conversations come in the order in which they were created,
/// sessions in the order of their keys, and sanctions and marks in the order of what identifies them: every store decides the
/// same.
pub(crate) trait Facts {
    // Users.

    /// A user, even one who is gone, and the server itself ([`UserId::SYSTEM`]).
    fn user(&mut self, id: UserId) -> Known<Option<UserFacts>>;

    /// The user who holds a nickname now.
    fn user_with_nickname(&mut self, key: &NicknameKey) -> Known<Option<UserId>>;

    /// Whether somebody other than `except` and the server itself is an owner.
    fn has_owner_besides(&mut self, except: Option<UserId>) -> Known<bool>;

    /// The known addresses of a user: where they signed up, and where their sessions began. Sorted by their text, each once.
    fn addresses_of(&mut self, user: UserId) -> Known<Vec<ClientAddr>>;

    /// Users with a nickname who signed up from this address and whose address is still stored: guests.
    fn guests_from(&mut self, address: ClientAddr) -> Known<Vec<UserId>>;

    /// All guests with a nickname who signed up from an address in this network.
    fn guests_from_network(&mut self, network: &IpNet) -> Known<Vec<UserId>>;

    /// All guests with a nickname, those of the simple protocol included.
    fn guests(&mut self) -> Known<Vec<UserId>>;

    /// Guests with a nickname whose time is over.
    fn expired_guests(&mut self, cutoffs: &GuestCutoffs) -> Known<Vec<UserId>>;

    // Sessions.

    fn session_by_key(&mut self, key: SessionKey) -> Known<Option<SessionFacts>>;

    fn sessions_of(&mut self, user: UserId) -> Known<Vec<SessionFacts>>;

    /// Sessions of registered users that began before `begun_before` or were last used before `seen_before`.
    fn expired_sessions(&mut self, begun_before: Timestamp, seen_before: Timestamp) -> Known<Vec<SessionFacts>>;

    /// Sessions whose `seen_at` is before this time.
    fn sessions_seen_before(&mut self, seen_before: Timestamp) -> Known<Vec<SessionId>>;

    // Conversations.

    fn conversation(&mut self, id: ConversationId) -> Known<Option<ConversationFacts>>;

    /// The name of a room; `None` for a direct.
    fn room_name(&mut self, room: ConversationId) -> Known<Option<RoomName>>;

    /// The public room that is not archived and has a name with this key.
    fn public_room_with_name(&mut self, key: &NicknameKey) -> Known<Option<ConversationId>>;

    /// Whether a room has a member with the role [`Role::Owner`] besides `except`.
    fn has_room_owner_besides(&mut self, room: ConversationId, except: UserId) -> Known<bool>;

    /// Who comes next after `except` in a room: the registered member with the highest role there; of several, the one who
    /// joined first.
    fn room_heir(&mut self, room: ConversationId, except: UserId) -> Known<Option<UserId>>;

    /// All rooms.
    fn rooms(&mut self) -> Known<Vec<ConversationId>>;

    /// The direct of two users, in any order.
    fn direct_of(&mut self, one: UserId, other: UserId) -> Known<Option<ConversationId>>;

    /// The directs of a user, listed or not; the one that is first in the other user's list first.
    fn directs_of(&mut self, user: UserId) -> Known<Vec<ConversationId>>;

    /// The rooms that a user is a member of.
    fn rooms_of(&mut self, user: UserId) -> Known<Vec<ConversationId>>;

    /// Whether a conversation has a message that is not deleted, besides those at `deleted`: a decision is about to delete
    /// them. Notices count.
    fn has_messages_besides(&mut self, conversation: ConversationId, deleted: &[Seq]) -> Known<bool>;

    fn membership(&mut self, conversation: ConversationId, user: UserId) -> Known<Option<Membership>>;

    /// The two users of a direct.
    fn users_of_direct(&mut self, direct: ConversationId) -> Known<Option<[UserId; 2]>>;

    // The log.

    /// Where the event of a command is, if the command was sent before.
    fn command(&mut self, author: UserId, id: CommandId) -> Known<Option<EventPosition>>;

    /// The message or notice at a seq; `None` for other events.
    fn message(&mut self, conversation: ConversationId, seq: Seq) -> Known<Option<MessageFacts>>;

    /// The different emoji that a message has as reactions.
    fn emoji_of(&mut self, conversation: ConversationId, seq: Seq) -> Known<Vec<Emoji>>;

    /// The authors of a thread's first message and of its [`MAX_THREAD_AUTHORS`] newest replies who are members and have not
    /// muted the thread: who wrote last comes first.
    fn thread_listeners(&mut self, conversation: ConversationId, thread: Seq) -> Known<Vec<UserId>>;

    /// The pinned messages of a conversation, in ascending order.
    fn pins_of(&mut self, conversation: ConversationId) -> Known<Vec<Seq>>;

    /// At most `limit` of a user's undeleted messages after `after` up to `up_to`, in ascending order.
    fn messages_of(
        &mut self,
        author: UserId,
        conversation: ConversationId,
        after: Seq,
        up_to: Seq,
        limit: u32,
    ) -> Known<Vec<Seq>>;

    /// The message at `seq` and up to `around` messages before and after it, in ascending order, without notices, as a
    /// member sees them; empty if the conversation is not in the reader's list.
    fn messages_around(
        &mut self,
        reader: UserId,
        conversation: ConversationId,
        seq: Seq,
        around: u32,
    ) -> Known<Vec<Message>>;

    /// The first events that retention has not processed yet and that are from before `before` (machine's clock): at most
    /// `limit`, in ascending order.
    fn old_events(&mut self, conversation: ConversationId, before: Timestamp, limit: u32) -> Known<Vec<OldEvent>>;

    // Moderation.

    /// The sanctions of a user, in all scopes, those that are over included.
    fn sanctions_of(&mut self, user: UserId) -> Known<Vec<SanctionFacts>>;

    /// What new guests with one of these marks inherit, including sanctions that are over.
    fn marked_sanctions(&mut self, marks: &[GuestMark]) -> Known<Vec<MarkFacts>>;

    /// Banned networks, including those whose ban is over, sorted by their text.
    fn banned_networks(&mut self) -> Known<Vec<BannedNetwork>>;

    fn has_blocked(&mut self, user: UserId, other: UserId) -> Known<bool>;

    /// How many users a user has blocked.
    fn blocked_count(&mut self, user: UserId) -> Known<u32>;

    fn invite_by_key(&mut self, key: InviteKey) -> Known<Option<InviteFacts>>;

    fn invite(&mut self, id: InviteId) -> Known<Option<InviteFacts>>;

    /// An open report.
    fn report(&mut self, id: u64) -> Known<Option<ReportFacts>>;

    fn has_reported(&mut self, reporter: UserId, conversation: ConversationId, seq: Seq) -> Known<bool>;

    /// How many reports of a user are open.
    fn open_reports_of(&mut self, reporter: UserId) -> Known<u32>;

    // Housekeeping.

    /// Some remaining work after an account deletion.
    fn next_erasure(&mut self) -> Known<Option<Erasure>>;

    /// What is saved of the clocks.
    fn saved_clock(&mut self) -> Known<SavedClock>;

    /// Converts a time of the server's clock into a time of the machine's clock that is safe to expire by: every row that
    /// the machine's clock dates before the result was written before `at`.
    fn machine_cutoff(&mut self, at: Timestamp) -> Known<Timestamp>;
}
