//! What lasts: users, sessions, conversations and their events.
//!
//! [`Store`] is all that the rest of the server knows of it. What it promises: an answer to a write means that the write
//! is committed and synced; a conversation's events get `seq` 1, 2, 3 … in commit order; a command of the same author and
//! id is carried out once. Committed news also leave through a [`Feed`], in commit order, for delivery.

mod commits;
mod deletion;
mod moderation;
mod receipt;
mod reports;
mod sqlite;

use std::{collections::HashSet, fmt, str::FromStr};

use async_trait::async_trait;
use ipnet::IpNet;
use tokio::sync::oneshot;

use crate::{
    domain::{
        CommandId, Conversation, ConversationId, CurrentUser, Epoch, InviteId, Message, Nickname, NicknameKey, Role,
        Seq, SessionId, Timestamp, User, UserId,
    },
    protocol::{
        AuditPage, ConversationList, Event, EventKind, Invite, MessagesPage, ReportList, Sanction, SessionInfo,
    },
    server::net::client_addr::ClientAddr,
};

pub(crate) use crate::server::store::commits::{Committed, Feed};
pub(crate) use crate::server::store::moderation::{
    BannedNetwork, ConnectionEffect, InviteKey, Moderation, ModerationAction, NewInvite, OwnerGrant, RoleCheck,
};
pub(crate) use deletion::{DeleteAccount, Verified};
pub(crate) use receipt::Receipt;
pub(crate) use reports::{HandleReport, NewReport, ReportAction};
pub use sqlite::{BackupError, OpenError};
pub(crate) use sqlite::{SqliteStore, back_up};

/// SHA-256 of a session's token: the store never sees the token itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SessionKey(pub [u8; 32]);

/// Argon2id of a password, as a PHC string.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct PasswordHash(pub String);

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

/// A session to begin.
#[derive(Clone, Debug)]
pub(crate) struct NewSession {
    pub key: SessionKey,
    pub id: SessionId,
    /// The program that signs in, as it calls itself.
    pub agent: String,
    /// Whether it is used at once: a guest who never comes back with the token gives the nickname back soon.
    pub used: bool,
    /// Where it begins; forgotten with it.
    pub address: Option<ClientAddr>,
}

/// A session that is known by its token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Session {
    pub id: SessionId,
    pub me: CurrentUser,
    /// When the password was shown last; a guest's: when the guest came.
    pub begun_at: Timestamp,
    pub seen_at: Timestamp,
    /// Whether the token was shown before.
    pub used: bool,
}

/// From when on something is over, if nobody uses it.
#[derive(Clone, Debug)]
pub(crate) struct ExpiryPolicy {
    /// The sessions that are connected, and so are in use.
    pub connected: HashSet<SessionId>,
    /// That they are is noted, unless it was noted since then.
    pub noted: Timestamp,
    /// Who is here.
    pub here: HashSet<UserId>,
    /// Guests who were not seen since then, and those without a session who are not here, give their nicknames back.
    pub guests_seen: Timestamp,
    /// Guests who came before this and have never come back with the token that they got give their nicknames back.
    pub unused: Timestamp,
    /// When a registered user's session began at the earliest.
    pub began: Timestamp,
    /// When it was used last at the earliest.
    pub seen: Timestamp,
    /// Why a session is over is forgotten if it ended before this.
    pub ended: Timestamp,
    pub retention: Retention,
}

/// What is kept for a time only. `None`: for good, or for as long as it is of use.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Retention {
    /// Addresses that were noted before are forgotten, also those that keep somebody out.
    pub addresses_since: Option<Timestamp>,
    /// Entries of the audit log from before are removed.
    pub audit_since: Option<Timestamp>,
}

/// What was over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Expired {
    /// How many guests gave their nicknames back.
    pub guests: usize,
    /// Of registered users.
    pub sessions: Vec<EndedSession>,
}

/// A session that has just ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct EndedSession {
    pub user: UserId,
    pub session: SessionId,
}

/// Whoever has a nickname now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Account {
    pub me: CurrentUser,
    /// `None` for a guest.
    pub password: Option<PasswordHash>,
}

/// What the store refuses or cannot do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum StoreError {
    /// Full disk, I/O error, or it is closing. Nothing happened; the log says why.
    #[error("the store is not available")]
    Unavailable,
    /// The data takes all of the disk that it may. Nothing happened.
    #[error("the disk quota is used up")]
    QuotaUsedUp,
    /// Another user has this name or one that looks like it.
    #[error("the nickname is taken")]
    NicknameTaken {
        /// A free one, if one was found.
        suggestion: Option<Nickname>,
    },
    /// Nobody has this name now.
    #[error("nobody has this nickname")]
    UnknownUser,
    /// The password is another one by now.
    #[error("the password is another one by now")]
    WrongPassword,
    /// Somebody owns the server already.
    #[error("the server has an owner")]
    Owned,
    /// A direct needs two users.
    #[error("a direct needs two users")]
    SelfDirect,
    /// No such conversation, or the user is not in it.
    #[error("not a member of this conversation")]
    NotMember,
    /// No such message there, or it was deleted.
    #[error("no such message")]
    UnknownMessage,
    /// Another user wrote the message.
    #[error("not the message's author")]
    NotAuthor,
    /// The message has [`MAX_REACTIONS`](crate::domain::MAX_REACTIONS) different emoji.
    #[error("too many different reactions")]
    TooManyReactions,
    /// The user's role does not suffice.
    #[error("not allowed")]
    NotAllowed,
    /// Guests have no role.
    #[error("not registered")]
    NotRegistered,
    /// The user may not write there.
    #[error("muted")]
    Muted {
        /// When that ends by itself.
        until: Option<Timestamp>,
    },
    /// The user, or a new guest from that address, may not come in.
    #[error("banned")]
    Banned {
        /// When that ends by itself.
        until: Option<Timestamp>,
    },
    /// Guests of this address have as many nicknames as they may.
    #[error("too many guests of one address")]
    TooManyGuests,
    /// No such invite, or it has ended.
    #[error("no such invite")]
    InvalidInvite,
    /// The other user of the direct has given the name back, or has no account any more.
    #[error("the other user has gone")]
    UserGone,
    /// The user has blocked the other one.
    #[error("blocked by this very user")]
    Blocked,
    /// Nobody can block themselves.
    #[error("nobody can block themselves")]
    SelfBlock,
    /// The user has blocked [`MAX_BLOCKS`] others.
    #[error("too many blocked users")]
    TooManyBlocks,
    /// Nobody reports what they wrote themselves.
    #[error("the reporter's own message")]
    OwnMessage,
    /// The user has as many open reports as one may have.
    #[error("too many open reports")]
    TooManyReports,
    /// Somebody must own the place.
    #[error("the last owner")]
    LastOwner,
    /// No such report, or it has been closed.
    #[error("no such report")]
    UnknownReport,
}

/// A password to be set.
#[derive(Clone, Debug)]
pub(crate) struct NewPassword {
    pub hash: PasswordHash,
    /// Whether the server comes with it.
    pub ownership: OwnerGrant,
}

/// A user to be created, member of the Lobby from the start.
#[derive(Debug)]
pub(crate) struct NewUser {
    pub user: User,
    pub key: NicknameKey,
    /// `None` for a plain client, whose name is given back when its socket closes, and for a user made on the host.
    pub session: Option<NewSession>,
    /// `None` for a user made on the host.
    pub address: Option<ClientAddr>,
    /// What lets them in; `None` if nothing needs to.
    pub invite: Option<InviteKey>,
    /// `None` for a guest.
    pub password: Option<NewPassword>,
    /// How many nicknames guests of one address may have at a time.
    pub names_per_address: Option<u32>,
}

/// A command that becomes an event.
#[derive(Debug)]
pub(crate) struct NewEvent {
    pub author: User,
    pub id: CommandId,
    pub conversation: ConversationId,
    pub change: EventKind,
    /// By which rule messages of others may be deleted; `None`: they may not.
    pub others: Option<RoleCheck>,
}

impl NewEvent {
    /// An event about the author's own things.
    pub(crate) fn of_author(author: User, id: CommandId, conversation: ConversationId, change: EventKind) -> Self {
        Self { author, id, conversation, change, others: None }
    }
}

/// Who is to be answered, by a number that means nothing to the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ReplyTo(pub u64);

/// Where a command's event is in the log; the first one's, if the command was repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct EventPosition {
    pub conversation: ConversationId,
    pub seq: Seq,
    pub at: Timestamp,
}

/// A direct to be found or begun.
#[derive(Debug)]
pub(crate) struct OpenDirect {
    pub opener: User,
    pub whom: Whom,
}

/// The other user of a direct.
#[derive(Clone, Debug)]
pub(crate) enum Whom {
    /// Whoever has this nickname now.
    Named(NicknameKey),
    /// This very user, whatever they are called.
    User(UserId),
}

/// Who is meant.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FoundUser {
    pub id: UserId,
    /// Whoever asks has a direct with them already.
    pub has_direct: bool,
}

/// What a connection begins with, in one snapshot.
#[derive(Debug)]
pub(crate) struct Beginning {
    /// The first of the user's conversations.
    pub list: ConversationList,
    /// Those further down in the list that were asked for.
    pub further: Vec<Conversation>,
    /// All that the user hears, in the order of their ids.
    pub memberships: Vec<ConversationId>,
    /// Whom the user has blocked.
    pub blocks: Vec<User>,
}

/// Where a list of directs goes on: behind this place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ListPlace {
    /// By the time of the newest message, in minutes; less than 0 with somebody who has gone for good.
    pub minute: i64,
    pub conversation: ConversationId,
}

impl fmt::Display for ListPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.minute, self.conversation)
    }
}

impl FromStr for ListPlace {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (minute, conversation) = text.split_once('.').ok_or(())?;
        Ok(Self { minute: minute.parse().map_err(drop)?, conversation: conversation.parse().map_err(drop)? })
    }
}

/// How many users somebody can block.
pub(crate) const MAX_BLOCKS: u32 = 200;

/// A direct that is there now.
#[derive(Debug)]
pub(crate) struct OpenedDirect {
    pub conversation: ConversationId,
    /// The other user.
    pub with: UserId,
    /// When it was begun.
    pub at: Timestamp,
    /// Resolves when its users' connections have been told: an ack must come after that.
    pub announced: oneshot::Receiver<()>,
}

/// A room that the user is in now.
#[derive(Debug)]
pub(crate) struct Joined {
    /// Since when.
    pub at: Timestamp,
    /// Resolves when the user's connections have been told: an ack must come after that.
    pub announced: oneshot::Receiver<()>,
}

/// Which messages of a conversation to fetch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Window {
    /// The newest.
    Newest,
    /// The newest of those before.
    Before(Seq),
    /// The oldest of those after.
    After(Seq),
}

/// Which messages whoever owns the machine looks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lookup {
    /// Those of a conversation.
    In(ConversationId),
    /// Those of a user, in all conversations that the user is in.
    Of(UserId),
}

/// A message, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Placed {
    pub conversation: ConversationId,
    /// Without its reactions.
    pub message: Message,
}

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
    async fn end_session_of(&self, user: UserId, session: SessionId) -> Result<Option<EndedSession>, StoreError>;

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
    async fn renew_password(&self, user: UserId, before: PasswordHash, after: PasswordHash)
    -> Result<bool, StoreError>;

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
    /// left in the log goes by [`Store::erase_some`].
    async fn delete_account(&self, deletion: DeleteAccount) -> Result<(), StoreError>;

    /// Takes a bit more of deleted accounts out of the log: their names, and messages if they were to go. Gives whether
    /// there is more to do.
    async fn erase_some(&self) -> Result<bool, StoreError>;

    /// Keeps what the server's clock says, so that it goes on from there after a restart.
    async fn keep_clock(&self) -> Result<(), StoreError>;

    /// Ends what is over.
    async fn expire(&self, expiry: ExpiryPolicy) -> Result<Expired, StoreError>;

    /// At most `limit` conversations in which something was written before, and not yet looked at by
    /// [`Self::expire_messages`].
    async fn due_for_retention(&self, before: Timestamp, limit: u32) -> Result<Vec<ConversationId>, StoreError>;

    /// Deletes a bounded number of a conversation's guests' messages from before, by events of the house. Says whether there
    /// may be more.
    async fn expire_messages(&self, conversation: ConversationId, before: Timestamp) -> Result<bool, StoreError>;

    /// Gives a plain client's nickname back and takes it out of the rooms.
    async fn release(&self, user: UserId) -> Result<(), StoreError>;

    /// Queues an event. When this returns, its place in the order is settled; that it is durable, or refused, is told to
    /// the asker through the feed, behind the event itself.
    ///
    /// Messages are edited by their authors alone, and deleted by them and whoever [`NewEvent::others`] allows.
    async fn submit(&self, event: NewEvent, asker: ReplyTo) -> Result<(), StoreError>;

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
    async fn invite(&self, invite: NewInvite) -> Result<Timestamp, StoreError>;

    /// Ends an invite, on behalf of `actor` or of the host. `false` if there was none.
    async fn revoke_invite(&self, actor: Option<UserId>, rule: RoleCheck, id: InviteId) -> Result<bool, StoreError>;

    /// Tells the moderators of a message that the reporter can read. Repeated while it is open, it changes nothing.
    async fn report(&self, report: NewReport) -> Result<(), StoreError>;

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

    /// What a connection of the user begins with; `None` if the session has ended. Of the conversations in `asked_for`,
    /// those that stand in the user's list are told, wherever they stand.
    async fn beginning(
        &self,
        user: UserId,
        session: SessionId,
        asked_for: Vec<ConversationId>,
    ) -> Result<Option<Beginning>, StoreError>;

    /// The user's conversations: rooms, and at most `limit` directs, those with the latest events first; or the directs
    /// behind that place.
    async fn conversations(
        &self,
        user: UserId,
        before: Option<ListPlace>,
        limit: u32,
    ) -> Result<ConversationList, StoreError>;

    /// One of them.
    async fn conversation(&self, user: UserId, id: ConversationId) -> Result<Conversation, StoreError>;

    /// Takes a direct out of a user's list.
    async fn hide(&self, user: UserId, direct: ConversationId) -> Result<(), StoreError>;

    /// Lets a user hear nothing of another one.
    async fn block(&self, user: UserId, other: UserId) -> Result<(), StoreError>;

    /// Ends that, if it was so.
    async fn unblock(&self, user: UserId, other: UserId) -> Result<(), StoreError>;

    /// Whom a user has blocked.
    async fn blocks(&self, user: UserId) -> Result<Vec<User>, StoreError>;

    /// Who is meant, for somebody who wants to open a direct; `None` if there is nobody.
    async fn find_user(&self, opener: UserId, whom: Whom) -> Result<Option<FoundUser>, StoreError>;

    /// At most `limit` messages, of at most so many bytes but one at least, in one snapshot.
    async fn messages(
        &self,
        reader: UserId,
        conversation: ConversationId,
        window: Window,
        limit: u32,
        bytes: usize,
    ) -> Result<MessagesPage, StoreError>;

    /// At most `limit` messages, the newest first, whoever may read them: for the host.
    async fn look_up(&self, lookup: Lookup, limit: u32) -> Result<Vec<Placed>, StoreError>;

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
    async fn is_open(&self, invite: InviteKey) -> Result<bool, StoreError>;

    /// Invites that still let somebody in.
    async fn invites(&self) -> Result<Vec<Invite>, StoreError>;

    /// At most `limit` entries of the audit log, the newest of those before `before` first.
    async fn audit(&self, before: Option<u64>, limit: u32) -> Result<AuditPage, StoreError>;

    /// At most `limit` open reports, the one that has waited longest first, without those about messages of `reader`.
    async fn reports(&self, reader: Option<UserId>, limit: u32) -> Result<ReportList, StoreError>;

    /// How many there are of them.
    async fn count_reports(&self, reader: UserId) -> Result<u64, StoreError>;

    /// Whether reading works and writing could.
    async fn check(&self) -> Result<(), StoreError>;

    /// Finishes what is queued, then closes. Later writes are [`StoreError::Unavailable`].
    async fn close(&self);
}
