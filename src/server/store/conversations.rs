//! Reading users' lists of conversations.

use std::{cmp::Reverse, fmt, str::FromStr};

use async_trait::async_trait;

use crate::{
    domain::{Conversation, ConversationId, ConversationKind, ConversationList, SessionId, User, UserId},
    server::{rules::UserRef, store::error::StoreError},
};

/// How many directs a [`ConnectionSnapshot`] lists.
pub(super) const LISTED_AT_ONCE: u32 = 100;

/// Sorts the directs of a page: the stored sort keys are exact to the minute only.
pub(super) fn direct_order(listed: &Conversation) -> impl Ord + use<> {
    let is_gone = matches!(&listed.kind, ConversationKind::Direct { with } if with.gone);
    (is_gone, !listed.pinned, Reverse((listed.last_message_at, listed.id)))
}

/// What a new connection needs to know, read from one snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ConnectionSnapshot {
    /// The first page of the user's list of conversations.
    pub list: ConversationList,
    /// Conversations that the client asked for and that are not on that page.
    pub requested_conversations: Vec<Conversation>,
    /// All conversations whose events the connection receives, sorted by id.
    pub memberships: Vec<ConversationId>,
    /// The users whom the user has blocked.
    pub blocks: Vec<User>,
}

/// The sort key of a direct in a user's list. The next page starts behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ListSortKey {
    /// The time of the newest message, in minutes since the Unix epoch. It is negative if the other user is gone for
    /// good, so that those directs come last, and very large for pinned ones, which come first.
    pub minute: i64,
    /// Breaks ties.
    pub conversation: ConversationId,
}

impl fmt::Display for ListSortKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.minute, self.conversation)
    }
}

impl FromStr for ListSortKey {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (minute, conversation) = text.split_once('.').ok_or(())?;
        Ok(Self { minute: minute.parse().map_err(drop)?, conversation: conversation.parse().map_err(drop)? })
    }
}

/// The user whom a [`UserRef`] means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FoundUser {
    pub id: UserId,
    /// Whether the opener already has a direct with this user.
    pub has_direct: bool,
}

/// Reading conversations. Each method reads from one snapshot.
#[async_trait]
pub(crate) trait ConversationLists: Send + Sync {
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

    /// A page of the user's list. The first page has all rooms and at most `limit` directs, pinned ones and then those with the
    /// newest messages first; the page behind `before` has at most `limit` directs.
    async fn conversations(
        &self,
        user: UserId,
        before: Option<ListSortKey>,
        limit: u32,
    ) -> Result<ConversationList, StoreError>;

    /// One conversation of the user's list.
    ///
    /// # Errors
    /// [`Refusal::NotMember`](crate::server::rules::Refusal::NotMember) if it is not in the list.
    async fn conversation(&self, user: UserId, id: ConversationId) -> Result<Conversation, StoreError>;

    /// Finds the user with whom `opener` wants to open a direct.
    async fn find_user(&self, opener: UserId, target: UserRef) -> Result<Option<FoundUser>, StoreError>;

    /// The users whom a user has blocked, the first block first.
    async fn blocks(&self, user: UserId) -> Result<Vec<User>, StoreError>;

    /// Whether no sanction keeps a member of the conversation from writing there.
    async fn may_write(&self, user: UserId, conversation: ConversationId) -> Result<bool, StoreError>;
}
