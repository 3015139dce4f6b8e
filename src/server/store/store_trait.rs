//! The [`Store`] trait: everything that the rest of the server can ask of the store.

use async_trait::async_trait;
use ipnet::IpNet;

use crate::{
    domain::{
        AuditPage, CommandId, Conversation, ConversationId, ConversationList, Epoch, Event, Invite, InviteId,
        MessagesPage, NicknameKey, ReportList, Role, Sanction, Seq, SessionId, SessionInfo, Timestamp, User, UserId,
    },
    server::store::{
        account_deletion::DeleteAccount,
        accounts::{Account, NewPassword, NewSession, NewUser, PasswordHash, Session, SessionKey, SessionsEnded},
        conversations::{ConnectionSnapshot, Joined, ListSortKey},
        directs::{FoundUser, OpenDirect, OpenedDirect, UserRef},
        error::StoreError,
        events::{EventPosition, FoundMessage, HistoryWindow, MessageLookup, NewEvent, ReplyTo},
        expiry::{Expired, ExpiryPolicy},
        invites::{InviteKey, NewInvite},
        moderation::{BannedNetwork, Moderation, RoleCheck},
        receipt::Receipt,
        reports::{HandleReport, NewReport},
    },
};

/// The durable store of the server.
///
/// Methods that return a [`Receipt`] have queued the command, in order, when they return; the receipt resolves when it is
/// durable. The other writing methods return when the command is durable. Each method reads from one snapshot.
#[async_trait]
pub(crate) trait Store: Send + Sync + 'static {
    /// The history that all positions of this store belong to.
    fn epoch(&self) -> Epoch;

    /// The room that every user is a member of.
    fn lobby(&self) -> ConversationId;

    // Users and sessions.

    /// Creates a user as a member of the Lobby, with everything there marked as read. Returns the user's role.
    async fn create_user(&self, user: NewUser) -> Result<Role, StoreError>;

    /// Ends a session at its own request. A guest whose last session ends loses the nickname. Returns `None` if there was
    /// no such session. No reason is kept, because the browser knows it.
    async fn end_session(&self, session: SessionKey) -> Result<Option<SessionsEnded<UserId>>, StoreError>;

    /// Ends one of a user's sessions by its id. Otherwise like [`Self::end_session`], but the reason is kept for
    /// [`Self::session_end`].
    async fn end_session_by_id(
        &self,
        user: UserId,
        session: SessionId,
    ) -> Result<Option<SessionsEnded<UserId>>, StoreError>;

    /// Starts another session of a user.
    ///
    /// # Errors
    ///
    /// [`StoreError::WrongPassword`] if `verified` is no longer the user's password hash.
    async fn begin_session(&self, user: UserId, verified: PasswordHash, session: NewSession) -> Result<(), StoreError>;

    /// Sets the last use of a session to now.
    async fn touch_session(&self, session: SessionId) -> Result<(), StoreError>;

    /// Sets a user's password and ends all sessions but `keep`; the operator keeps none. Returns the ended sessions.
    ///
    /// # Errors
    ///
    /// [`StoreError::UnknownUser`] if `keep` has ended.
    async fn set_password(
        &self,
        user: UserId,
        password: NewPassword,
        keep: Option<SessionId>,
    ) -> Result<SessionsEnded<usize>, StoreError>;

    /// Replaces the hash `before` by another hash of the same password. Returns `false`, and changes nothing, if `before`
    /// is no longer the user's hash.
    async fn replace_password_hash(
        &self,
        user: UserId,
        before: PasswordHash,
        after: PasswordHash,
    ) -> Result<bool, StoreError>;

    /// Ends all sessions of a user for the operator. Returns the ended sessions.
    async fn end_sessions(&self, user: UserId) -> Result<SessionsEnded<usize>, StoreError>;

    /// Ends the sessions of all guests, who lose their nicknames. Returns the guests.
    async fn end_guests(&self) -> Result<SessionsEnded<usize>, StoreError>;

    /// Releases the nickname of a user of the simple protocol, who leaves all rooms.
    async fn release_nickname(&self, user: UserId) -> Result<(), StoreError>;

    /// Deletes an account. When this returns, the sessions, password, nickname and address are gone, and all users have
    /// been told. [`Self::erase_batch`] deletes what is left in the log.
    async fn delete_account(&self, deletion: DeleteAccount) -> Result<SessionsEnded<()>, StoreError>;

    /// Deletes a bounded number of traces of deleted accounts from the log: nicknames, and messages where that was asked
    /// for. Returns whether there is more to do.
    async fn erase_batch(&self) -> Result<bool, StoreError>;

    /// Finds a session by its token.
    async fn session(&self, session: SessionKey) -> Result<Option<Session>, StoreError>;

    /// Why a session ended, if it ended recently and not at its own request.
    async fn session_end(&self, session: SessionKey) -> Result<Option<crate::domain::SessionEnd>, StoreError>;

    /// A user's sessions, the one that was used last first.
    async fn sessions(&self, user: UserId) -> Result<Vec<SessionInfo>, StoreError>;

    /// The user who holds this nickname now.
    async fn account(&self, nickname: NicknameKey) -> Result<Option<Account>, StoreError>;

    /// The user with this id, even if the nickname has been released; `None` for the server's own user.
    async fn user(&self, user: UserId) -> Result<Option<User>, StoreError>;

    /// Whether a user has released the nickname or deleted the account.
    async fn is_gone(&self, user: UserId) -> Result<bool, StoreError>;

    /// At most `limit` users whose nickname contains `part`, ignoring case and look-alike characters.
    async fn find_users(&self, part: String, limit: u32) -> Result<Vec<User>, StoreError>;

    /// All users who hold a nickname now.
    async fn users(&self) -> Result<Vec<User>, StoreError>;

    /// Whether the server has an owner.
    async fn has_owner(&self) -> Result<bool, StoreError>;

    /// How many guests with a nickname came without an invite.
    async fn uninvited_guests(&self) -> Result<u32, StoreError>;

    // Events.

    /// Queues an event. When this returns, its place in the order is fixed. The feed brings the event, and behind it the
    /// reply for `reply_to`.
    ///
    /// Only the author can edit a message. The author can delete it, and so can users whom
    /// [`NewEvent::deletion_check`] allows.
    async fn submit(&self, event: NewEvent, reply_to: ReplyTo) -> Result<(), StoreError>;

    /// Queues an event of a user without a connection.
    async fn append(&self, event: NewEvent) -> Result<Receipt<EventPosition>, StoreError>;

    /// Queues the deletion of any message by the operator.
    async fn delete_message(
        &self,
        id: CommandId,
        conversation: ConversationId,
        seq: Seq,
    ) -> Result<Receipt<EventPosition>, StoreError>;

    /// Marks a conversation as read up to `seq`; beyond the end of the log means up to its end. There is no reply. Marks
    /// are saved together, the furthest of each member wins, and the feed brings those that changed.
    fn mark_read(&self, user: UserId, conversation: ConversationId, seq: Seq);

    /// At most `limit` messages, and at most about `bytes` bytes, but at least one message.
    async fn messages(
        &self,
        reader: UserId,
        conversation: ConversationId,
        window: HistoryWindow,
        limit: u32,
        bytes: usize,
    ) -> Result<MessagesPage, StoreError>;

    /// At most `limit` messages for the operator, the newest first.
    async fn find_messages(&self, lookup: MessageLookup, limit: u32) -> Result<Vec<FoundMessage>, StoreError>;

    /// Events after `after` up to `up_to`, ascending: at most `limit`, and at most about `bytes` bytes, but at least one.
    async fn events(
        &self,
        conversation: ConversationId,
        after: Seq,
        up_to: Seq,
        limit: u32,
        bytes: usize,
    ) -> Result<Vec<Event>, StoreError>;

    // Conversations.

    /// Queues the finding or creating of a direct.
    async fn open_direct(&self, direct: OpenDirect) -> Result<Receipt<OpenedDirect>, StoreError>;

    /// Queues the return of a user to a room.
    async fn join(&self, user: UserId, room: ConversationId) -> Result<Receipt<Joined>, StoreError>;

    /// Finds the user with whom `opener` wants to open a direct.
    async fn find_user(&self, opener: UserId, target: UserRef) -> Result<Option<FoundUser>, StoreError>;

    /// The conversations in the user's list, sorted by id. The user's connections receive their events.
    async fn memberships(&self, user: UserId) -> Result<Vec<ConversationId>, StoreError>;

    /// What a new connection of the user needs to know; `None` if the session has ended. It includes those of the
    /// `requested` conversations that are in the user's list.
    async fn connection_snapshot(
        &self,
        user: UserId,
        session: SessionId,
        requested: Vec<ConversationId>,
    ) -> Result<Option<ConnectionSnapshot>, StoreError>;

    /// A page of the user's list. The first page has all rooms and at most `limit` directs, those with the newest messages
    /// first; the page behind `before` has at most `limit` directs.
    async fn conversations(
        &self,
        user: UserId,
        before: Option<ListSortKey>,
        limit: u32,
    ) -> Result<ConversationList, StoreError>;

    /// One conversation of the user's list.
    async fn conversation(&self, user: UserId, id: ConversationId) -> Result<Conversation, StoreError>;

    /// Removes a direct from a user's list until the next message.
    async fn hide_direct(&self, user: UserId, direct: ConversationId) -> Result<(), StoreError>;

    /// Blocks `other` for `user`.
    async fn block(&self, user: UserId, other: UserId) -> Result<(), StoreError>;

    /// Lifts a block; does nothing if there is none.
    async fn unblock(&self, user: UserId, other: UserId) -> Result<(), StoreError>;

    /// The users whom a user has blocked.
    async fn blocks(&self, user: UserId) -> Result<Vec<User>, StoreError>;

    /// Whether no sanction keeps a member of the conversation from writing there.
    async fn may_write(&self, user: UserId, conversation: ConversationId) -> Result<bool, StoreError>;

    // Moderation.

    /// Queues a moderation action. It becomes an event of its room, or of the Lobby.
    async fn moderate(&self, moderation: Moderation) -> Result<Receipt<EventPosition>, StoreError>;

    /// Mutes and bans in force.
    async fn sanctions(&self) -> Result<Vec<Sanction>, StoreError>;

    /// Bans new users from a network, and ends the sessions of guests who came from there. Returns those guests.
    async fn ban_network(&self, banned: BannedNetwork) -> Result<SessionsEnded<usize>, StoreError>;

    /// Lifts the ban of a network. Returns whether there was one.
    async fn unban_network(&self, network: IpNet) -> Result<bool, StoreError>;

    /// Network bans in force.
    async fn banned_networks(&self) -> Result<Vec<BannedNetwork>, StoreError>;

    /// Creates an invite. Returns its time of creation.
    async fn create_invite(&self, invite: NewInvite) -> Result<Timestamp, StoreError>;

    /// Revokes an invite; `actor` is `None` for the operator. Returns `false` if there was none.
    async fn revoke_invite(
        &self,
        actor: Option<UserId>,
        role_check: RoleCheck,
        id: InviteId,
    ) -> Result<bool, StoreError>;

    /// Whether somebody can sign up with this invite.
    async fn invite_is_valid(&self, invite: InviteKey) -> Result<bool, StoreError>;

    /// All valid invites.
    async fn invites(&self) -> Result<Vec<Invite>, StoreError>;

    /// Reports a message that the reporter can read. While the user's report of a message is open, another one changes
    /// nothing.
    async fn report_message(&self, report: NewReport) -> Result<(), StoreError>;

    /// Closes a report, or deletes the reported message.
    async fn handle_report(&self, handling: HandleReport) -> Result<(), StoreError>;

    /// At most `limit` open reports, the oldest first, without those about messages of `reader`.
    async fn reports(&self, reader: Option<UserId>, limit: u32) -> Result<ReportList, StoreError>;

    /// How many reports are open, without those about messages of `reader`.
    async fn count_reports(&self, reader: UserId) -> Result<u64, StoreError>;

    /// At most `limit` entries of the audit log before the entry `before`, the newest first.
    async fn audit_page(&self, before: Option<u64>, limit: u32) -> Result<AuditPage, StoreError>;

    // Housekeeping.

    /// Ends sessions and guests that have expired, and deletes data whose retention is over.
    async fn expire(&self, expiry: ExpiryPolicy) -> Result<Expired, StoreError>;

    /// At most `limit` conversations with events from before `before` that [`Self::expire_messages`] has not processed yet.
    async fn due_for_retention(&self, before: Timestamp, limit: u32) -> Result<Vec<ConversationId>, StoreError>;

    /// Deletes a bounded number of guests' messages from before `before`, by events of the server's own user. Returns
    /// whether there may be more to do.
    async fn expire_messages(&self, conversation: ConversationId, before: Timestamp) -> Result<bool, StoreError>;

    /// Deletes reports from before `before`. Returns how many.
    async fn expire_reports(&self, before: Timestamp) -> Result<usize, StoreError>;

    /// Saves the time of the server's clock, so that it continues from there after a restart.
    async fn save_clock(&self) -> Result<(), StoreError>;

    /// Fails if the database cannot be read or the writer thread has ended.
    async fn check_health(&self) -> Result<(), StoreError>;

    /// Finishes the queued writes and closes the store. Later writes fail with [`StoreError::Unavailable`].
    async fn close(&self);
}
