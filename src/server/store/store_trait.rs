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
        accounts::{Account, EndedSession, NewPassword, NewSession, NewUser, PasswordHash, Session, SessionKey},
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

/// Keeps everything that must survive a restart.
#[async_trait]
pub(crate) trait Store: Send + Sync + 'static {
    /// The history that all positions belong to.
    fn epoch(&self) -> Epoch;

    /// The room that everyone is in.
    fn lobby(&self) -> ConversationId;

    /// Creates a user, in the Lobby, who has read all that is there. Gives the role.
    async fn create_user(&self, user: NewUser) -> Result<Role, StoreError>;

    /// Forgets the session, whose browser knows why; a guest without one gives the nickname back. `None` if there was no
    /// such session.
    async fn end_session(&self, session: SessionKey) -> Result<Option<EndedSession>, StoreError>;

    /// Ends one of a user's sessions, by its name; otherwise the same.
    async fn end_session_by_id(&self, user: UserId, session: SessionId) -> Result<Option<EndedSession>, StoreError>;

    /// Begins another session of a user, if this is still the password; otherwise it is [`StoreError::WrongPassword`].
    async fn begin_session(&self, user: UserId, verified: PasswordHash, session: NewSession) -> Result<(), StoreError>;

    /// Notes that a session is in use.
    async fn touch_session(&self, session: SessionId) -> Result<(), StoreError>;

    /// Gives a user a password, or another one, and ends all sessions but `keep`; without one, it is done on the host.
    /// Gives those that ended. A `keep` that has ended itself is [`StoreError::UnknownUser`].
    async fn set_password(
        &self,
        user: UserId,
        password: NewPassword,
        keep: Option<SessionId>,
    ) -> Result<Vec<SessionId>, StoreError>;

    /// Puts another hash of the same password in the place of the one that it was compared with. Whether that was still
    /// there.
    async fn replace_password_hash(
        &self,
        user: UserId,
        before: PasswordHash,
        after: PasswordHash,
    ) -> Result<bool, StoreError>;

    /// Ends all sessions of a user, by order of the host. Gives those that ended.
    async fn end_sessions(&self, user: UserId) -> Result<Vec<SessionId>, StoreError>;

    /// Ends the sessions of all guests, who give their nicknames back. Gives who they were.
    async fn end_guests(&self) -> Result<Vec<UserId>, StoreError>;

    /// Keeps everybody new from a network out, and ends the sessions of guests who came from there. Gives who they were.
    async fn ban_network(&self, banned: BannedNetwork) -> Result<Vec<UserId>, StoreError>;

    /// Lets people in from there again. Whether that was not so.
    async fn unban_network(&self, network: IpNet) -> Result<bool, StoreError>;

    /// The networks from which nobody new comes in.
    async fn banned_networks(&self) -> Result<Vec<BannedNetwork>, StoreError>;

    /// How many guests are in who did not come by an invite.
    async fn uninvited_guests(&self) -> Result<u32, StoreError>;

    /// Deletes an account: sessions, password, name and address are gone when this returns, and everybody is told. What is
    /// left in the log goes by [`Store::erase_batch`].
    async fn delete_account(&self, deletion: DeleteAccount) -> Result<(), StoreError>;

    /// Takes a bit more of deleted accounts out of the log: their names, and messages if they were to go. Gives whether
    /// there is more to do.
    async fn erase_batch(&self) -> Result<bool, StoreError>;

    /// Keeps what the server's clock says, so that it goes on from there after a restart.
    async fn save_clock(&self) -> Result<(), StoreError>;

    /// Ends what is over.
    async fn expire(&self, expiry: ExpiryPolicy) -> Result<Expired, StoreError>;

    /// At most `limit` conversations in which something was written before, and not yet looked at by
    /// [`Self::expire_messages`].
    async fn due_for_retention(&self, before: Timestamp, limit: u32) -> Result<Vec<ConversationId>, StoreError>;

    /// Deletes a bounded number of a conversation's guests' messages from before, by events of the house. Says whether there
    /// may be more.
    async fn expire_messages(&self, conversation: ConversationId, before: Timestamp) -> Result<bool, StoreError>;

    /// Gives a plain client's nickname back and takes it out of the rooms.
    async fn release_nickname(&self, user: UserId) -> Result<(), StoreError>;

    /// Queues an event. When this returns, its place in the order is settled; that it is durable, or refused, is told to
    /// the asker through the feed, behind the event itself.
    ///
    /// Messages are edited by their authors alone, and deleted by them and whoever [`NewEvent::deletion_check`] allows.
    async fn submit(&self, event: NewEvent, reply_to: ReplyTo) -> Result<(), StoreError>;

    /// Queues an event for somebody without a connection; the receipt tells when it is durable.
    async fn append(&self, event: NewEvent) -> Result<Receipt<EventPosition>, StoreError>;

    /// Queues the finding or beginning of a direct.
    async fn open_direct(&self, direct: OpenDirect) -> Result<Receipt<OpenedDirect>, StoreError>;

    /// Queues something to be done to a user, which is an event of the room that it is about, or of the Lobby.
    async fn moderate(&self, moderation: Moderation) -> Result<Receipt<EventPosition>, StoreError>;

    /// Deletes a message, wherever it stands, by order of the host.
    async fn delete_message(
        &self,
        id: CommandId,
        conversation: ConversationId,
        seq: Seq,
    ) -> Result<Receipt<EventPosition>, StoreError>;

    /// Lets a user back into a room.
    async fn join(&self, user: UserId, room: ConversationId) -> Result<Receipt<Joined>, StoreError>;

    /// Makes an invite. Gives the time.
    async fn create_invite(&self, invite: NewInvite) -> Result<Timestamp, StoreError>;

    /// Ends an invite, on behalf of `actor` or of the host. `false` if there was none.
    async fn revoke_invite(
        &self,
        actor: Option<UserId>,
        role_check: RoleCheck,
        id: InviteId,
    ) -> Result<bool, StoreError>;

    /// Tells the moderators of a message that the reporter can read. Repeated while it is open, it changes nothing.
    async fn report_message(&self, report: NewReport) -> Result<(), StoreError>;

    /// Does something about a report.
    async fn handle_report(&self, handling: HandleReport) -> Result<(), StoreError>;

    /// Forgets reports made before then. Gives how many.
    async fn expire_reports(&self, before: Timestamp) -> Result<usize, StoreError>;

    /// Notes that the user has read up to `seq`. Unanswered: marks gather, the furthest wins, and a mark beyond the end
    /// means the end. What it changed is told through the feed.
    fn mark_read(&self, user: UserId, conversation: ConversationId, seq: Seq);

    /// Whose session this is.
    async fn session(&self, session: SessionKey) -> Result<Option<Session>, StoreError>;

    /// Why a session is over, if it ended lately and its browser may not know.
    async fn session_end(&self, session: SessionKey) -> Result<Option<crate::domain::SessionEnd>, StoreError>;

    /// A user's sessions, the one that was used last first.
    async fn sessions(&self, user: UserId) -> Result<Vec<SessionInfo>, StoreError>;

    /// Whoever has this nickname.
    async fn account(&self, nickname: NicknameKey) -> Result<Option<Account>, StoreError>;

    /// The conversations that the user hears, in the order of their ids: those in the user's list.
    async fn memberships(&self, user: UserId) -> Result<Vec<ConversationId>, StoreError>;

    /// What a connection of the user begins with; `None` if the session has ended. Of the conversations in `requested`,
    /// those that stand in the user's list are told, wherever they stand.
    async fn connection_snapshot(
        &self,
        user: UserId,
        session: SessionId,
        requested: Vec<ConversationId>,
    ) -> Result<Option<ConnectionSnapshot>, StoreError>;

    /// The user's conversations: rooms, and at most `limit` directs, those with the latest events first; or the directs
    /// behind that place.
    async fn conversations(
        &self,
        user: UserId,
        before: Option<ListSortKey>,
        limit: u32,
    ) -> Result<ConversationList, StoreError>;

    /// One of them.
    async fn conversation(&self, user: UserId, id: ConversationId) -> Result<Conversation, StoreError>;

    /// Takes a direct out of a user's list.
    async fn hide_direct(&self, user: UserId, direct: ConversationId) -> Result<(), StoreError>;

    /// Lets a user hear nothing of another one.
    async fn block(&self, user: UserId, other: UserId) -> Result<(), StoreError>;

    /// Ends that, if it was so.
    async fn unblock(&self, user: UserId, other: UserId) -> Result<(), StoreError>;

    /// Whom a user has blocked.
    async fn blocks(&self, user: UserId) -> Result<Vec<User>, StoreError>;

    /// Who is meant, for somebody who wants to open a direct; `None` if there is nobody.
    async fn find_user(&self, opener: UserId, target: UserRef) -> Result<Option<FoundUser>, StoreError>;

    /// At most `limit` messages, of at most so many bytes but one at least, in one snapshot.
    async fn messages(
        &self,
        reader: UserId,
        conversation: ConversationId,
        window: HistoryWindow,
        limit: u32,
        bytes: usize,
    ) -> Result<MessagesPage, StoreError>;

    /// At most `limit` messages, the newest first, whoever may read them: for the host.
    async fn find_messages(&self, lookup: MessageLookup, limit: u32) -> Result<Vec<FoundMessage>, StoreError>;

    /// Some events after `after` up to `up_to`, ascending: at most `limit`, of at most so many bytes but one at least.
    async fn events(
        &self,
        conversation: ConversationId,
        after: Seq,
        up_to: Seq,
        limit: u32,
        bytes: usize,
    ) -> Result<Vec<Event>, StoreError>;

    /// Whether a user who is in a conversation may write there.
    async fn may_write(&self, user: UserId, conversation: ConversationId) -> Result<bool, StoreError>;

    /// Whether a user has given the name back, or has no account any more.
    async fn is_gone(&self, user: UserId) -> Result<bool, StoreError>;

    /// A user, also one who gave the name back; nobody for the house itself.
    async fn user(&self, user: UserId) -> Result<Option<User>, StoreError>;

    /// At most `limit` of those who have a nickname now in which this part, or one that looks like it, can be found.
    async fn find_users(&self, part: String, limit: u32) -> Result<Vec<User>, StoreError>;

    /// Who has a nickname now.
    async fn users(&self) -> Result<Vec<User>, StoreError>;

    /// Whether somebody owns the house.
    async fn has_owner(&self) -> Result<bool, StoreError>;

    /// What users may not do now.
    async fn sanctions(&self) -> Result<Vec<Sanction>, StoreError>;

    /// Whether an invite still lets somebody in.
    async fn invite_is_valid(&self, invite: InviteKey) -> Result<bool, StoreError>;

    /// Invites that still let somebody in.
    async fn invites(&self) -> Result<Vec<Invite>, StoreError>;

    /// At most `limit` entries of the audit log, the newest of those before `before` first.
    async fn audit_page(&self, before: Option<u64>, limit: u32) -> Result<AuditPage, StoreError>;

    /// At most `limit` open reports, the one that has waited longest first, without those about messages of `reader`.
    async fn reports(&self, reader: Option<UserId>, limit: u32) -> Result<ReportList, StoreError>;

    /// How many there are of them.
    async fn count_reports(&self, reader: UserId) -> Result<u64, StoreError>;

    /// Whether reading works and writing could.
    async fn check_health(&self) -> Result<(), StoreError>;

    /// Finishes what is queued, then closes. Later writes are [`StoreError::Unavailable`].
    async fn close(&self);
}
