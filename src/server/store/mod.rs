//! What lasts: users, sessions, conversations and their events.
//!
//! [`Store`] is all that the rest of the server knows of it. What it promises: an answer to a write means that the write
//! is committed and synced; a conversation's events get `seq` 1, 2, 3 … in commit order; a command of the same author and
//! id is carried out once. Committed news also leave through a [`Feed`], in commit order, for delivery.

mod feed;
mod receipt;
mod sqlite;

use std::fmt;

use async_trait::async_trait;
use tokio::sync::oneshot;

use crate::{
    domain::{
        CommandId, Conversation, ConversationId, Epoch, Me, Millis, Nickname, NicknameKey, Seq, SessionId, User, UserId,
    },
    protocol::{Change, Event, MessagesPage, SessionInfo},
};

pub(crate) use feed::{Committed, Feed};
pub(crate) use receipt::Receipt;
pub use sqlite::OpenError;
pub(crate) use sqlite::SqliteStore;

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
}

/// A session that is known by its token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Session {
    pub id: SessionId,
    pub me: Me,
    pub seen_at: Millis,
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
    pub me: Me,
    /// `None` for a guest.
    pub password: Option<PasswordHash>,
}

/// What the store refuses or cannot do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum StoreError {
    /// Full disk, I/O error, or it is closing. Nothing happened; the log says why.
    #[error("the store is not available")]
    Unavailable,
    /// Another user has this name or one that looks like it.
    #[error("the nickname is taken")]
    NicknameTaken {
        /// A free one, if one was found.
        suggestion: Option<Nickname>,
    },
    /// Nobody has this name now.
    #[error("nobody has this nickname")]
    UnknownUser,
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
}

/// A guest to be created, member of the Lobby from the start.
#[derive(Debug)]
pub(crate) struct NewGuest {
    pub user: User,
    pub key: NicknameKey,
    /// `None` for a plain client: its name is given back when its socket closes.
    pub session: Option<NewSession>,
}

/// A command that becomes an event.
#[derive(Debug)]
pub(crate) struct NewEvent {
    pub author: User,
    pub id: CommandId,
    pub conversation: ConversationId,
    pub change: Change,
}

/// Where a command's event is in the log; the first one's, if the command was repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Appended {
    pub conversation: ConversationId,
    pub seq: Seq,
    pub at: Millis,
}

/// A direct to be found or begun.
#[derive(Debug)]
pub(crate) struct OpenDirect {
    pub opener: User,
    /// The other user's.
    pub key: NicknameKey,
}

/// A direct that is there now.
#[derive(Debug)]
pub(crate) struct OpenedDirect {
    pub conversation: ConversationId,
    /// When it was begun.
    pub at: Millis,
    /// Resolves when its users' connections have been told: an ack must come after that.
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

/// Keeps everything that must survive a restart.
#[async_trait]
pub(crate) trait Store: Send + Sync + 'static {
    /// The history that all positions belong to.
    fn epoch(&self) -> Epoch;

    /// The room that everyone is in.
    fn lobby(&self) -> ConversationId;

    /// Creates a guest, in the Lobby, who has read all that is there.
    async fn create_guest(&self, guest: NewGuest) -> Result<(), StoreError>;

    /// Forgets the session; a guest without one gives the nickname back. `None` if there was no such session.
    async fn end_session(&self, session: SessionKey) -> Result<Option<EndedSession>, StoreError>;

    /// The same for one of a user's sessions, by its name.
    async fn end_session_of(&self, user: UserId, session: SessionId) -> Result<Option<EndedSession>, StoreError>;

    /// Begins another session of a user.
    async fn begin_session(&self, user: UserId, session: NewSession) -> Result<(), StoreError>;

    /// Notes that a session is in use.
    async fn see_session(&self, session: SessionId) -> Result<(), StoreError>;

    /// Gives a user a password, or another one, and ends all sessions but `keep`. Gives those that ended.
    async fn set_password(
        &self,
        user: UserId,
        password: PasswordHash,
        keep: SessionId,
    ) -> Result<Vec<SessionId>, StoreError>;

    /// Guests who were not seen since `before`, but for `except`, give their nicknames back. Gives who they were.
    async fn expire_guests(&self, before: Millis, except: Vec<UserId>) -> Result<Vec<UserId>, StoreError>;

    /// Gives a plain client's nickname back and takes it out of the rooms.
    async fn release(&self, user: UserId) -> Result<(), StoreError>;

    /// Queues an event: messages are edited and deleted by their authors alone. When this returns, its place in the order is settled; the receipt tells when it is durable.
    async fn append(&self, event: NewEvent) -> Result<Receipt<Appended>, StoreError>;

    /// Queues the finding or beginning of a direct.
    async fn open_direct(&self, direct: OpenDirect) -> Result<Receipt<OpenedDirect>, StoreError>;

    /// Notes that the user has read up to `seq`. Unanswered: marks gather, the furthest wins, and a mark beyond the end
    /// means the end. What it changed is told through the feed.
    fn mark_read(&self, user: UserId, conversation: ConversationId, seq: Seq);

    /// Whose session this is.
    async fn session(&self, session: SessionKey) -> Result<Option<Session>, StoreError>;

    /// A user's sessions, the one that was used last first.
    async fn sessions(&self, user: UserId) -> Result<Vec<SessionInfo>, StoreError>;

    /// Whoever has this nickname.
    async fn account(&self, nickname: NicknameKey) -> Result<Option<Account>, StoreError>;

    /// The conversations that the user is in.
    async fn memberships(&self, user: UserId) -> Result<Vec<ConversationId>, StoreError>;

    /// The same as the user sees them, in one snapshot; `None` for a user who gave the nickname back.
    async fn conversations(&self, user: UserId) -> Result<Option<Vec<Conversation>>, StoreError>;

    /// At most `limit` messages, in one snapshot.
    async fn messages(
        &self,
        reader: UserId,
        conversation: ConversationId,
        window: Window,
        limit: u32,
    ) -> Result<MessagesPage, StoreError>;

    /// At most `limit` events after `after` up to `up_to`, ascending.
    async fn events(
        &self,
        conversation: ConversationId,
        after: Seq,
        up_to: Seq,
        limit: u32,
    ) -> Result<Vec<Event>, StoreError>;

    /// Whether reading works and writing could.
    async fn check(&self) -> Result<(), StoreError>;

    /// Finishes what is queued, then closes. Later writes are [`StoreError::Unavailable`].
    async fn close(&self);
}
