//! A store that lies: it replies to a message, edit or reaction before the commit. For testing the fault harness only.
//!
//! It wraps another store and its feed. Everything else stays the same, so the harness in `benches/faults` can notice the lie
//! only by what gets lost.

use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::{mpsc, watch};

use crate::{
    domain::{
        AuditPage, ChangesPage, Conversation, ConversationId, ConversationList, DirectoryPage, DirectoryRoom, Epoch,
        Event, EventKind, Invite, MemberPage, MentionPage, MessageHistory, MessagesPage, NicknameKey, PinnedMessages,
        ReportList, Sanction, Seq, SessionEnd, SessionId, SessionInfo, ThreadPage, Timestamp, User, UserId,
    },
    server::{
        rules::{BannedNetwork, Context, Facts, FactsError, InviteKey, Mutation, SessionKey, UserRef},
        store::{
            accounts::{Account, Accounts, Session, Sessions},
            commit_log::{CommitEntry, CommitLog, Position},
            conversations::{ConnectionSnapshot, ConversationLists, FoundUser, ListSortKey},
            error::StoreError,
            feed::{CommitFeed, Delivery},
            history::{FoundMessage, History, HistoryWindow, MessageLookup},
            job::Job,
            message_changes::MessageChanges,
            moderation::ModerationRecords,
            read_marks::ReadMarksHold,
            rooms::{DirectoryQuery, MemberSortKey, Rooms},
            store_trait::{ClaimKey, Lifecycle, Store, Writes},
            threads::{CompletionUsers, Threads, ToldSortKey},
        },
    },
};

/// How many commits and early replies may wait for delivery.
const FEED_CAPACITY: usize = 1_024;

/// The lying store.
struct EarlyAckStore {
    inner: Arc<dyn Store>,
    feed: mpsc::WeakSender<Vec<Delivery>>,
}

/// Makes a store lie. Must be called within a Tokio runtime.
pub(crate) fn acknowledge_early(inner: Arc<dyn Store>, mut honest: CommitFeed) -> (Arc<dyn Store>, CommitFeed) {
    let (sender, feed) = mpsc::channel(FEED_CAPACITY);
    let store = EarlyAckStore { inner, feed: sender.downgrade() };
    // Ends with either feed.
    tokio::spawn(async move {
        while let Some(deliveries) = honest.recv().await {
            if sender.send(deliveries).await.is_err() {
                break;
            }
        }
    });
    (Arc::new(store), feed)
}

/// A job that is finished as soon as it is decided, if it sends something.
struct LyingJob {
    /// `None` after the lie.
    inner: Option<Box<dyn Job>>,
    feed: mpsc::WeakSender<Vec<Delivery>>,
}

impl Job for LyingJob {
    fn decide(&mut self, facts: &mut dyn Facts, context: &mut Context<'_>) -> Result<Vec<Mutation>, FactsError> {
        let Some(inner) = &mut self.inner else { return Ok(Vec::new()) };
        let mutations = inner.decide(facts, context)?;
        if mutations.iter().any(sends) {
            let mut deliveries = Vec::new();
            if let Some(inner) = self.inner.take() {
                inner.finish(true, &mut deliveries);
            }
            // A reply that finds no room in the feed is lost. The harness sends far less.
            if let Some(feed) = self.feed.upgrade() {
                let _ = feed.try_send(deliveries);
            }
        }
        Ok(mutations)
    }

    fn rehearse(&mut self, facts: &mut dyn Facts, context: &mut Context<'_>) -> Result<(), FactsError> {
        self.inner.as_mut().map_or(Ok(()), |inner| inner.rehearse(facts, context))
    }

    fn takes_room(&self) -> bool {
        self.inner.as_ref().is_some_and(|inner| inner.takes_room())
    }

    fn refuse(&mut self, error: StoreError) {
        if let Some(inner) = &mut self.inner {
            inner.refuse(error);
        }
    }

    fn finish(self: Box<Self>, is_committed: bool, deliveries: &mut Vec<Delivery>) {
        if let Some(inner) = self.inner {
            inner.finish(is_committed, deliveries);
        }
    }
}

fn sends(mutation: &Mutation) -> bool {
    matches!(
        mutation,
        Mutation::AppendEvent(Event {
            kind: EventKind::Message { .. } | EventKind::Edit { .. } | EventKind::Reaction { .. },
            ..
        })
    )
}

#[async_trait]
impl Writes for EarlyAckStore {
    async fn enqueue(&self, job: Box<dyn Job>) -> Result<(), StoreError> {
        self.inner.enqueue(Box::new(LyingJob { inner: Some(job), feed: self.feed.clone() })).await
    }

    fn mark_read(&self, user: UserId, conversation: ConversationId, seq: Seq) {
        self.inner.mark_read(user, conversation, seq);
    }

    fn hold_read_marks(&self, user: UserId, conversation: ConversationId) -> ReadMarksHold {
        self.inner.hold_read_marks(user, conversation)
    }
}

#[async_trait]
impl Lifecycle for EarlyAckStore {
    fn epoch(&self) -> Epoch {
        self.inner.epoch()
    }

    fn lobby(&self) -> ConversationId {
        self.inner.lobby()
    }

    async fn check_health(&self) -> Result<(), StoreError> {
        self.inner.check_health().await
    }

    async fn share_claim(&self, claim: ClaimKey) -> Result<(), StoreError> {
        self.inner.share_claim(claim).await
    }

    async fn is_shared_claim(&self, claim: ClaimKey) -> Result<bool, StoreError> {
        self.inner.is_shared_claim(claim).await
    }

    async fn close(&self) {
        self.inner.close().await;
    }
}

#[async_trait]
impl CommitLog for EarlyAckStore {
    async fn log_after(&self, after: Position, limit: u32, bytes: usize) -> Result<Vec<CommitEntry>, StoreError> {
        self.inner.log_after(after, limit, bytes).await
    }

    fn log_head(&self) -> watch::Receiver<Position> {
        self.inner.log_head()
    }

    fn foreign_head(&self) -> Option<watch::Receiver<Position>> {
        self.inner.foreign_head()
    }

    async fn consumer_position(&self, name: &'static str) -> Result<Position, StoreError> {
        self.inner.consumer_position(name).await
    }

    async fn save_consumer_position(&self, name: &'static str, position: Position) -> Result<(), StoreError> {
        self.inner.save_consumer_position(name, position).await
    }
}

/// Implements traits for reading by calling the wrapped store.
macro_rules! delegate {
    ($($trait:ident { $(fn $method:ident($($argument:ident: $type:ty),*) -> $output:ty;)* })*) => {$(
        #[async_trait]
        impl $trait for EarlyAckStore {
            $(async fn $method(&self, $($argument: $type),*) -> Result<$output, StoreError> {
                self.inner.$method($($argument),*).await
            })*
        }
    )*};
}

delegate! {
    Accounts {
        fn account(nickname: NicknameKey) -> Option<Account>;
        fn user(user: UserId) -> Option<User>;
        fn is_gone(user: UserId) -> bool;
        fn find_users(part: String, limit: u32) -> Vec<User>;
        fn users() -> Vec<User>;
        fn has_owner() -> bool;
        fn uninvited_guests() -> u32;
        fn invite_is_valid(invite: InviteKey) -> bool;
    }
    Sessions {
        fn session(session: SessionKey) -> Option<Session>;
        fn session_end(session: SessionKey) -> Option<SessionEnd>;
        fn sessions(user: UserId) -> Vec<SessionInfo>;
    }
    ConversationLists {
        fn memberships(user: UserId) -> Vec<ConversationId>;
        fn connection_snapshot(
            user: UserId,
            session: SessionId,
            requested: Vec<ConversationId>
        ) -> Option<ConnectionSnapshot>;
        fn conversations(user: UserId, before: Option<ListSortKey>, limit: u32) -> ConversationList;
        fn conversation(user: UserId, id: ConversationId) -> Conversation;
        fn find_user(opener: UserId, target: UserRef) -> Option<FoundUser>;
        fn blocks(user: UserId) -> Vec<User>;
        fn may_write(user: UserId, conversation: ConversationId) -> bool;
    }
    Rooms {
        fn directory(reader: UserId, query: DirectoryQuery) -> DirectoryPage;
        fn directory_room(reader: UserId, room: ConversationId) -> Option<DirectoryRoom>;
        fn members(
            reader: UserId,
            room: ConversationId,
            after: Option<MemberSortKey>,
            limit: u32
        ) -> MemberPage;
    }
    History {
        fn messages(
            reader: UserId,
            conversation: ConversationId,
            window: HistoryWindow,
            limit: u32,
            bytes: usize
        ) -> MessagesPage;
        fn find_messages(lookup: MessageLookup, limit: u32) -> Vec<FoundMessage>;
        fn events(conversation: ConversationId, after: Seq, up_to: Seq, limit: u32, bytes: usize) -> Vec<Event>;
        fn due_for_retention(before: Timestamp, limit: u32) -> Vec<ConversationId>;
    }
    Threads {
        fn messages_at(reader: UserId, conversation: ConversationId, seqs: Vec<Seq>, bytes: usize) -> MessagesPage;
        fn thread(
            reader: UserId,
            conversation: ConversationId,
            thread: Seq,
            window: HistoryWindow,
            limit: u32,
            bytes: usize
        ) -> ThreadPage;
        fn mentions(reader: UserId, before: Option<ToldSortKey>, limit: u32, bytes: usize) -> MentionPage;
        fn completion_users(
            reader: UserId,
            conversation: ConversationId,
            prefix: Option<NicknameKey>,
            limit: u32
        ) -> CompletionUsers;
    }
    MessageChanges {
        fn pinned_messages(reader: UserId, conversation: ConversationId) -> PinnedMessages;
        fn message_history(reader: UserId, conversation: ConversationId, seq: Seq) -> MessageHistory;
        fn changes(
            reader: UserId,
            conversation: ConversationId,
            after: Seq,
            limit: u32,
            bytes: usize
        ) -> ChangesPage;
    }
    ModerationRecords {
        fn sanctions() -> Vec<Sanction>;
        fn banned_networks() -> Vec<BannedNetwork>;
        fn invites() -> Vec<Invite>;
        fn reports(reader: Option<UserId>, limit: u32) -> ReportList;
        fn count_reports(reader: UserId) -> u64;
        fn audit_page(before: Option<u64>, limit: u32) -> AuditPage;
    }
}
