//! [`SqliteStore`] implements the traits of a store: writing goes to the writer's queue, and each method that reads is a query
//! on a reader thread.

use std::{
    fs::File,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    thread::JoinHandle,
};

use async_trait::async_trait;
use rusqlite::Connection;
use tokio::{
    sync::{mpsc, oneshot, watch},
    task::spawn_blocking,
};

use crate::{
    domain::{
        AuditPage, ChangesPage, Conversation, ConversationId, ConversationList, DirectoryPage, DirectoryRoom, Epoch,
        Event, Invite, MemberPage, MentionPage, MessageHistory, MessagesPage, NicknameKey, PinnedMessages, ReportList,
        Sanction, Seq, SessionEnd, SessionId, SessionInfo, ThreadPage, Timestamp, User, UserId,
    },
    server::{
        byte_size::ByteSize,
        rules::{BannedNetwork, InviteKey, ReleaseNickname, SessionKey, UserRef},
        store::{
            accounts::{Account, Accounts, Session, Sessions},
            clock_source::ClockSource,
            commit_log::{CommitEntry, CommitLog, Position},
            conversations::{ConnectionSnapshot, ConversationLists, FoundUser, ListSortKey},
            error::StoreError,
            feed::CommitFeed,
            history::{FoundMessage, History, HistoryWindow, MessageLookup},
            job::{Job, job_with_receipt},
            message_changes::MessageChanges,
            moderation::ModerationRecords,
            read_marks::{ReadMark, ReadMarks, ReadMarksHold},
            rooms::{DirectoryQuery, MemberSortKey, Rooms},
            sqlite::{
                error::OpenError,
                open::{DATABASE, Identity, lock_folder, open_writer, sessionless_guests},
                queries::{accounts, conversations, history, log, message_changes, moderation, rooms, threads},
                quota::Quota,
                readers::Readers,
                wal_checkpoints::{Checkpoints, WriteCounters},
                writer::commit_loop::{SharedState, Writer},
            },
            store_trait::{Lifecycle, Writes},
            threads::{CompletionUsers, Threads, ToldSortKey},
            write_queue::{QueueReceiver, Work, WriteQueue},
        },
    },
};

/// How many commits may wait for delivery.
const FEED_CAPACITY: usize = 64;

/// A store in a SQLite database.
#[derive(Debug)]
pub(crate) struct SqliteStore {
    identity: Identity,
    clock: Arc<dyn ClockSource>,
    queue: Arc<WriteQueue>,
    read_marks: Arc<ReadMarks>,
    readers: Readers,
    log_head: watch::Receiver<Position>,
    /// `None` after [`Lifecycle::close`].
    running: Mutex<Option<Running>>,
}

/// What [`Lifecycle::close`] ends.
#[derive(Debug)]
struct Running {
    writer: JoinHandle<()>,
    checkpoints: Checkpoints,
    /// Keeps other processes away from the data.
    _lock: File,
}

impl SqliteStore {
    /// Opens the store in `folder`, which is created if it does not exist. `quota` limits the disk space of the folder.
    pub(crate) fn open(
        folder: &Path,
        quota: Option<ByteSize>,
        clock: Arc<dyn ClockSource>,
    ) -> Result<(Self, CommitFeed), OpenError> {
        let lock = lock_folder(folder)?;
        let path = folder.join(DATABASE);
        let (db, identity) = open_writer(&path, &*clock)?;
        let quota = quota.map(|limit| Quota::new(folder, limit.bytes()));
        Self::start(lock, &path, db, identity, quota, clock)
    }

    /// Starts the threads.
    pub(super) fn start(
        lock: File,
        path: &Path,
        db: Connection,
        identity: Identity,
        quota: Option<Quota>,
        clock: Arc<dyn ClockSource>,
    ) -> Result<(Self, CommitFeed), OpenError> {
        let queue = WriteQueue::new();
        let read_marks = Arc::new(ReadMarks::default());
        let (sender, feed) = mpsc::channel(FEED_CAPACITY);
        let (head, log_head) = watch::channel(Position::START);
        let counters = Arc::new(WriteCounters::default());
        let checkpoints = Checkpoints::start(path, Arc::clone(&counters))?;
        let shared = SharedState {
            read_marks: Arc::clone(&read_marks),
            feed: sender,
            head,
            counters,
            request_checkpoint: checkpoints.requests(),
            quota,
            clock: Arc::clone(&clock),
            lobby: identity.lobby,
        };
        let leftover = sessionless_guests(&db)?.into_iter().map(|guest| job_with_receipt(ReleaseNickname(guest)).0);
        let leftover = leftover.collect();
        let writer = Writer::new(db, QueueReceiver(Arc::clone(&queue)), shared).start(leftover)?;
        let running = Mutex::new(Some(Running { writer, checkpoints, _lock: lock }));
        let readers = Readers::new(path);
        Ok((Self { identity, clock, queue, read_marks, readers, log_head, running }, feed))
    }

    async fn push(&self, work: Work) -> Result<(), StoreError> {
        self.queue.push(work).await.map_err(|error| {
            tracing::error!(%error, "the store's writer accepts no more commands");
            StoreError::Unavailable
        })
    }
}

impl Drop for SqliteStore {
    fn drop(&mut self) {
        self.queue.close();
    }
}

#[async_trait]
impl Writes for SqliteStore {
    async fn enqueue(&self, job: Box<dyn Job>) -> Result<(), StoreError> {
        self.push(Work::Job(job)).await
    }

    fn mark_read(&self, user: UserId, conversation: ConversationId, seq: Seq) {
        // One node writes, so nobody asks what was known.
        self.read_marks.add(ReadMark { user, conversation, seq, known: Position::START });
        self.queue.notify_read_marks();
    }

    fn hold_read_marks(&self, user: UserId, conversation: ConversationId) -> ReadMarksHold {
        self.read_marks.hold(user, conversation)
    }
}

#[async_trait]
impl Lifecycle for SqliteStore {
    fn epoch(&self) -> Epoch {
        self.identity.epoch
    }

    fn lobby(&self) -> ConversationId {
        self.identity.lobby
    }

    async fn check_health(&self) -> Result<(), StoreError> {
        if self.queue.is_closed() {
            return Err(StoreError::Unavailable);
        }
        self.readers.read(|db| Ok(db.query_row("SELECT 1 FROM meta", [], |_| Ok(()))?)).await
    }

    async fn close(&self) {
        // Nothing can panic while this mutex is locked.
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(running) = running else { return };
        self.queue.close();
        let ended = spawn_blocking(move || {
            if running.writer.join().is_err() {
                tracing::error!("the store's writer panicked");
            }
            running.checkpoints.stop();
        });
        if let Err(error) = ended.await {
            tracing::error!(%error, "the store did not close properly");
        }
    }
}

#[async_trait]
impl CommitLog for SqliteStore {
    async fn log_after(&self, after: Position, limit: u32, bytes: usize) -> Result<Vec<CommitEntry>, StoreError> {
        self.readers.read(move |db| log::log_after(db, after, limit, bytes)).await
    }

    fn log_head(&self) -> watch::Receiver<Position> {
        self.log_head.clone()
    }

    async fn consumer_position(&self, name: &'static str) -> Result<Position, StoreError> {
        self.readers.read(move |db| log::consumer_position(db, name)).await
    }

    async fn save_consumer_position(&self, name: &'static str, position: Position) -> Result<(), StoreError> {
        let (reply, outcome) = oneshot::channel();
        self.push(Work::SaveConsumer { name, position, reply }).await?;
        outcome.await.unwrap_or(Err(StoreError::Unavailable))
    }
}

/// Implements a trait by queries: behind each method stands the function that a reader thread runs. With `now`, it also gets
/// the present moment.
macro_rules! queries {
    ($($trait:ident {$(
        $query:path $([$now:ident])?: fn $name:ident($($arg:ident: $type:ty),*) -> $output:ty;
    )*})*) => {$(
        #[async_trait]
        impl $trait for SqliteStore {$(
            async fn $name(&self, $($arg: $type),*) -> Result<$output, StoreError> {
                $(let $now = self.clock.now();)?
                self.readers.read(move |db| $query(db, $($arg,)* $($now)?)).await
            }
        )*}
    )*};
}

queries! {
    Accounts {
        accounts::account: fn account(nickname: NicknameKey) -> Option<Account>;
        accounts::user: fn user(user: UserId) -> Option<User>;
        accounts::is_gone: fn is_gone(user: UserId) -> bool;
        accounts::find_users: fn find_users(part: String, limit: u32) -> Vec<User>;
        accounts::users: fn users() -> Vec<User>;
        accounts::has_owner: fn has_owner() -> bool;
        accounts::uninvited_guests: fn uninvited_guests() -> u32;
        moderation::invite_is_valid [now]: fn invite_is_valid(invite: InviteKey) -> bool;
    }

    Sessions {
        accounts::session: fn session(session: SessionKey) -> Option<Session>;
        accounts::session_end: fn session_end(session: SessionKey) -> Option<SessionEnd>;
        accounts::sessions [now]: fn sessions(user: UserId) -> Vec<SessionInfo>;
    }

    ConversationLists {
        conversations::memberships: fn memberships(user: UserId) -> Vec<ConversationId>;
        conversations::connection_snapshot: fn connection_snapshot(
            user: UserId, session: SessionId, requested: Vec<ConversationId>
        ) -> Option<ConnectionSnapshot>;
        conversations::conversations: fn conversations(
            user: UserId, before: Option<ListSortKey>, limit: u32
        ) -> ConversationList;
        conversations::conversation_of: fn conversation(user: UserId, id: ConversationId) -> Conversation;
        conversations::find_user: fn find_user(opener: UserId, target: UserRef) -> Option<FoundUser>;
        conversations::blocks: fn blocks(user: UserId) -> Vec<User>;
        moderation::may_write [now]: fn may_write(user: UserId, conversation: ConversationId) -> bool;
    }

    Rooms {
        rooms::directory: fn directory(reader: UserId, query: DirectoryQuery) -> DirectoryPage;
        rooms::directory_room: fn directory_room(reader: UserId, room: ConversationId) -> Option<DirectoryRoom>;
        rooms::members: fn members(
            reader: UserId, room: ConversationId, after: Option<MemberSortKey>, limit: u32
        ) -> MemberPage;
    }

    History {
        history::messages: fn messages(
            reader: UserId, conversation: ConversationId, window: HistoryWindow, limit: u32, bytes: usize
        ) -> MessagesPage;
        history::find_messages: fn find_messages(lookup: MessageLookup, limit: u32) -> Vec<FoundMessage>;
        history::events: fn events(
            conversation: ConversationId, after: Seq, up_to: Seq, limit: u32, bytes: usize
        ) -> Vec<Event>;
        history::due_for_retention: fn due_for_retention(before: Timestamp, limit: u32) -> Vec<ConversationId>;
    }

    Threads {
        threads::messages_at: fn messages_at(
            reader: UserId, conversation: ConversationId, seqs: Vec<Seq>, bytes: usize
        ) -> MessagesPage;
        threads::thread: fn thread(
            reader: UserId, conversation: ConversationId, thread: Seq, window: HistoryWindow, limit: u32, bytes: usize
        ) -> ThreadPage;
        threads::mentions: fn mentions(
            reader: UserId, before: Option<ToldSortKey>, limit: u32, bytes: usize
        ) -> MentionPage;
        threads::completion_users: fn completion_users(
            reader: UserId, conversation: ConversationId, prefix: Option<NicknameKey>, limit: u32
        ) -> CompletionUsers;
    }

    MessageChanges {
        message_changes::pinned_messages: fn pinned_messages(
            reader: UserId, conversation: ConversationId
        ) -> PinnedMessages;
        message_changes::message_history: fn message_history(
            reader: UserId, conversation: ConversationId, seq: Seq
        ) -> MessageHistory;
        message_changes::changes: fn changes(
            reader: UserId, conversation: ConversationId, after: Seq, limit: u32, bytes: usize
        ) -> ChangesPage;
    }

    ModerationRecords {
        moderation::sanctions [now]: fn sanctions() -> Vec<Sanction>;
        moderation::banned_networks [now]: fn banned_networks() -> Vec<BannedNetwork>;
        moderation::invites [now]: fn invites() -> Vec<Invite>;
        moderation::reports: fn reports(reader: Option<UserId>, limit: u32) -> ReportList;
        moderation::count_reports: fn count_reports(reader: UserId) -> u64;
        moderation::audit_page: fn audit_page(before: Option<u64>, limit: u32) -> AuditPage;
    }
}
