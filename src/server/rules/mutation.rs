//! What a decision changes. Each mutation sets values that the rules have computed; a store applies it without deciding
//! anything. Applying a mutation that changes nothing, such as deleting what is not there, is not an error.

use ipnet::IpNet;

use crate::{
    domain::{
        Body, ClientAddr, ConversationId, Emoji, EndReason, Event, InviteId, Mention, Message, Nickname, NicknameKey,
        Reason, Role, RoomName, RoomTopic, Seq, SessionId, Timestamp, UserId, Visibility,
    },
    server::rules::{
        entry::Entry,
        values::{
            GuestMark, InviteKey, ListKey, MessageListener, NewSession, PasswordHash, RoomSetting, SanctionKind,
            SanctionScope, SessionKey,
        },
    },
};

/// One change of the store.
#[derive(Clone, Debug)]
pub(crate) enum Mutation {
    // The commit log. Each of these gets the next position.
    /// Appends an event to the log of its conversation and to the commit log.
    AppendEvent(Event),
    /// Appends another entry to the commit log.
    Log(Entry),

    // Messages.
    /// Sets the text of a message and its mentions, as of the edit `revision`.
    SetText {
        conversation: ConversationId,
        seq: Seq,
        revision: Seq,
        body: Body,
        mentions: Vec<Mention>,
        edited_at: Timestamp,
    },
    /// Leaves a tombstone: no text, no mentions, no time of an edit, no reactions, no pin; and nobody is told of it any more.
    MarkDeleted {
        conversation: ConversationId,
        seq: Seq,
        revision: Seq,
    },
    /// Removes the text of a deleted message and of its edits, and their mentions, from the events before `before`.
    EraseTexts {
        conversation: ConversationId,
        seq: Seq,
        before: Seq,
    },
    /// Sets who is told of a message, which is of this time.
    SetListeners {
        conversation: ConversationId,
        seq: Seq,
        at: Timestamp,
        listeners: Vec<MessageListener>,
    },
    /// Adds a reply to a thread, whose first message changes by it.
    AddReply {
        conversation: ConversationId,
        thread: Seq,
        seq: Seq,
        author: UserId,
    },
    MuteThread {
        conversation: ConversationId,
        thread: Seq,
        user: UserId,
        on: bool,
    },
    /// Adds a reaction, as of the event `revision`. A user who has reacted with this emoji keeps the place in the order.
    AddReaction {
        conversation: ConversationId,
        seq: Seq,
        revision: Seq,
        emoji: Emoji,
        user: UserId,
    },
    /// Removes a reaction, as of the event `revision`.
    RemoveReaction {
        conversation: ConversationId,
        seq: Seq,
        revision: Seq,
        emoji: Emoji,
        user: UserId,
    },
    /// Pins a message, as of the event `revision`, or removes the pin. A message that is pinned keeps its place in the order.
    SetPin {
        conversation: ConversationId,
        seq: Seq,
        revision: Seq,
        on: bool,
    },
    /// Replaces the nickname of a user by an empty text in the notices after `after` up to `up_to`.
    EraseNameInNotices {
        conversation: ConversationId,
        user: UserId,
        after: Seq,
        up_to: Seq,
    },

    // Members and lists.
    /// Creates a room. Its members are mutations of their own.
    CreateRoom {
        id: ConversationId,
        name: RoomName,
        topic: RoomTopic,
        visibility: Visibility,
        created_at: Timestamp,
    },
    SetRoom {
        room: ConversationId,
        setting: RoomSetting,
    },
    /// Sets a member's role in a room.
    SetRoomRole {
        room: ConversationId,
        user: UserId,
        role: Role,
    },
    /// Adds a member, who has read everything up to `read_seq`.
    AddMember {
        conversation: ConversationId,
        user: UserId,
        /// The role in a room; [`Role::Member`] in a direct.
        role: Role,
        read_seq: Seq,
        joined_at: Timestamp,
        listed: Option<ListKey>,
    },
    /// Removes a member, who is told of nothing in the conversation any more and has muted no thread there.
    RemoveMember {
        conversation: ConversationId,
        user: UserId,
    },
    /// Moves a read mark forward; with an earlier seq it stays.
    AdvanceReadMark {
        conversation: ConversationId,
        user: UserId,
        seq: Seq,
    },
    /// Sets a read mark, which may go back. Follows the entry of the commit log that tells of it, and remembers its position.
    SetReadMark {
        conversation: ConversationId,
        user: UserId,
        seq: Seq,
    },
    /// Sets whether a member has muted a conversation.
    SetMuted {
        conversation: ConversationId,
        user: UserId,
        on: bool,
    },
    /// Sets whether a member has pinned a conversation. The sort key is a mutation of its own.
    SetPinned {
        conversation: ConversationId,
        user: UserId,
        on: bool,
    },
    /// Sets the sort key in a member's list; `None` takes the conversation out of it.
    SetListed {
        conversation: ConversationId,
        user: UserId,
        listed: Option<ListKey>,
    },
    /// Creates a direct. Its members are mutations of their own.
    CreateDirect {
        id: ConversationId,
        users: [UserId; 2],
        created_at: Timestamp,
    },
    /// Deletes a direct without events, and its members.
    DeleteDirect(ConversationId),
    AddBlock {
        user: UserId,
        other: UserId,
        at: Timestamp,
    },
    RemoveBlock {
        user: UserId,
        other: UserId,
    },
    /// Retention has processed the events up to this one.
    SetRetained {
        conversation: ConversationId,
        seq: Seq,
    },

    // Users and sessions.
    CreateUser(NewUserRow),
    SetPassword {
        user: UserId,
        hash: PasswordHash,
    },
    SetRole {
        user: UserId,
        role: Role,
    },
    ReleaseNickname(UserId),
    /// Empties the row of a user: nickname, password, role, address, blocks, all read marks, lists and settings of
    /// conversations, what the user was told of, and which threads are muted. The row stays,
    /// because events refer to it.
    ClearAccount(UserId),
    /// Deletes the address at which a user signed up.
    ForgetAddress(UserId),
    /// Deletes the addresses of gone guests who were created before this time.
    ForgetAddressesOfGoneGuests {
        created_before: Timestamp,
    },
    /// Deletes all addresses that were stored before this time.
    ForgetAddresses {
        stored_before: Timestamp,
    },
    BeginSession {
        user: UserId,
        session: NewSession,
        at: Timestamp,
    },
    /// Sets the time at which the password was last shown in a session.
    RenewSession {
        session: SessionId,
        at: Timestamp,
    },
    /// Sets the last use of a session. From then on it counts as used.
    TouchSession {
        session: SessionId,
        at: Timestamp,
    },
    /// Deletes a session. The reason is kept for its browser, unless there is none.
    EndSession {
        key: SessionKey,
        user: UserId,
        reason: Option<EndReason>,
        at: Timestamp,
    },
    /// Deletes the reasons of sessions that ended before this time.
    ForgetEndReasons {
        before: Timestamp,
    },

    // Moderation.
    /// Adds a sanction, or replaces its end. `origin`: the guest from whom it is inherited.
    SetSanction {
        user: UserId,
        scope: SanctionScope,
        kind: SanctionKind,
        until: Option<Timestamp>,
        origin: Option<UserId>,
    },
    /// Deletes a sanction of a user, and its copies on new guests who inherited it.
    LiftSanction {
        user: UserId,
        scope: SanctionScope,
        kind: SanctionKind,
    },
    /// Makes new guests with this mark inherit a sanction of the user. Replaces the end of an earlier one.
    AddMark {
        mark: GuestMark,
        user: UserId,
        scope: SanctionScope,
        kind: SanctionKind,
        until: Option<Timestamp>,
        since: Timestamp,
    },
    /// Deletes the marks of a sanction.
    RemoveMarks {
        user: UserId,
        scope: SanctionScope,
        kind: SanctionKind,
    },
    /// Deletes the marks and network bans that ended at this time or before.
    ForgetEndedBans {
        now: Timestamp,
    },
    BanNetwork {
        network: IpNet,
        until: Option<Timestamp>,
    },
    UnbanNetwork(IpNet),
    CreateInvite {
        id: InviteId,
        key: InviteKey,
        created_at: Timestamp,
        created_by: Option<UserId>,
        expires_at: Option<Timestamp>,
        max_uses: Option<u32>,
    },
    UseInvite(InviteId),
    RevokeInvite(InviteId),
    /// Adds an open report with a copy of the messages, which have no nicknames.
    AddReport {
        at: Timestamp,
        reporter: UserId,
        conversation: ConversationId,
        seq: Seq,
        author: UserId,
        reason: Reason,
        messages: Vec<Message>,
    },
    /// Deletes the reports of a message with ids up to `up_to`.
    CloseReports {
        author: UserId,
        conversation: ConversationId,
        seq: Seq,
        up_to: u64,
    },
    /// Deletes reports from before this time.
    ForgetReports {
        before: Timestamp,
    },
    /// Adds an entry to the audit log.
    Audit(AuditRow),
    /// Deletes up to `limit` of the oldest audit entries, if they are from before this time.
    ForgetAudit {
        before: Timestamp,
        limit: u32,
    },

    // Housekeeping.
    AddErasure {
        user: UserId,
        conversation: ConversationId,
        last: Seq,
        messages: bool,
    },
    /// The erasure is done up to this event.
    AdvanceErasure {
        user: UserId,
        conversation: ConversationId,
        done: Seq,
    },
    FinishErasure {
        user: UserId,
        conversation: ConversationId,
    },
    /// The server ran at this time of its clock.
    SaveRunningTime(Timestamp),
    /// The machine's clock has been ahead by `ahead` milliseconds since this time of the server's clock. Keeps the newest
    /// [`MAX_CLOCK_OFFSETS`] and the first.
    SaveClockOffset {
        since: Timestamp,
        ahead: i64,
    },
}

/// The most clock offsets that are kept, so that a clock that jumps all the time does not fill the disk.
pub(crate) const MAX_CLOCK_OFFSETS: u32 = 1_000;

/// A user to be created: a guest, until a password is set.
#[derive(Clone, Debug)]
pub(crate) struct NewUserRow {
    pub id: UserId,
    pub nickname: Nickname,
    pub key: NicknameKey,
    /// By the server's clock.
    pub created_at: Timestamp,
    pub address: Option<ClientAddr>,
    /// Whether the user came by an invite.
    pub invited: bool,
}

/// An entry of the audit log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct AuditRow {
    /// By the machine's clock.
    pub at: Timestamp,
    /// Who acted. `None`: the operator, on the command line.
    pub actor: Option<UserId>,
    /// The name of the action, as the admin pages know it.
    pub action: &'static str,
    /// The user acted upon.
    pub subject: Option<UserId>,
    /// The conversation it happened in. `None`: it concerns the whole server.
    pub conversation: Option<ConversationId>,
    /// When the sanction or invite ends by itself, by the machine's clock, because people read it.
    pub until: Option<Timestamp>,
    /// What else identifies the action: a role, a `seq`, an invite id, a network, a count.
    pub detail: Option<String>,
}

impl Mutation {
    /// Whether it deletes or overwrites data that must not stay readable, in the write-ahead log of a database either.
    pub(crate) fn erases(&self) -> bool {
        matches!(
            self,
            Self::EraseTexts { .. }
                | Self::EraseNameInNotices { .. }
                | Self::ClearAccount(_)
                | Self::SetPassword { .. }
                | Self::EndSession { .. }
                | Self::ForgetAddress(_)
                | Self::ForgetAddressesOfGoneGuests { .. }
                | Self::ForgetAddresses { .. }
                | Self::CloseReports { .. }
                | Self::ForgetReports { .. }
        )
    }
}
