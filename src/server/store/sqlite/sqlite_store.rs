//! [`SqliteStore`] implements the [`Store`] trait: it turns each method into a command for the writer or a query for a
//! reader.

use std::{
    fs::File,
    path::Path,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};

use async_trait::async_trait;
use ipnet::IpNet;
use rusqlite::Connection;
use tokio::{sync::mpsc, task::spawn_blocking};

#[cfg(feature = "early-ack")]
use crate::server::store::{commits::Committed, sqlite::early_ack};
use crate::{
    domain::{
        self, AuditPage, CommandId, Conversation, ConversationId, ConversationList, Epoch, Event, Invite, InviteId,
        MessagesPage, NicknameKey, ReportList, Role, Sanction, Seq, SessionId, SessionInfo, Timestamp, User, UserId,
    },
    server::{
        byte_size::ByteSize,
        clock,
        store::{
            account_deletion::DeleteAccount,
            accounts::{Account, NewPassword, NewSession, NewUser, PasswordHash, Session, SessionKey, SessionsEnded},
            commits::CommitFeed,
            conversations::{ConnectionSnapshot, Joined, ListSortKey},
            directs::{FoundUser, OpenDirect, OpenedDirect, UserRef},
            error::StoreError,
            events::{EventPosition, FoundMessage, HistoryWindow, MessageLookup, NewEvent, ReplyTo},
            expiry::{Expired, ExpiryPolicy},
            invites::{InviteKey, NewInvite},
            moderation::{BannedNetwork, Moderation, RoleCheck},
            receipt::Receipt,
            reports::{HandleReport, NewReport},
            sqlite::{
                commands::{
                    BeginSession, BlockUser, CreateUser, DeleteMessage, EndGuests, EndSession, EndSessions, EraseBatch,
                    ExpireMessages, ExpireReports, HideDirect, JoinRoom, Moderate, ReleaseNickname,
                    ReplacePasswordHash, RevokeInvite, SaveClock, SetPassword, SubmittedEvent, TouchSession,
                    UnbanNetwork, UnblockUser, find_user,
                },
                error::OpenError,
                open::{DATABASE, Identity, lock_folder, open_writer},
                queries::{accounts, conversations, history, moderation},
                quota::Quota,
                readers::Readers,
                tables::{
                    invites::invite_is_valid, networks::banned_networks, read_marks::ReadMarks, sanctions::may_write,
                    users::has_owner,
                },
                wal_checkpoints::{Checkpoints, WriteCounters},
                writer::{
                    commit_loop::{SharedState, Writer},
                    job::{Job, Write, job_with_receipt},
                    queue::{QueueReceiver, WriteQueue},
                    read_barrier::{BarrierOutcome, barrier_read},
                },
            },
            store_trait::Store,
        },
    },
};

/// How many commits may wait for delivery. Then the writer waits.
const FEED_CAPACITY: usize = 64;

/// How long after the last commit staged messages are flushed. While the server is busy with its connections, the writer
/// often pauses for a few milliseconds, and flushing then would cost more.
const FLUSH_DELAY: Duration = Duration::from_millis(100);

/// A store in a SQLite database.
#[derive(Debug)]
pub(crate) struct SqliteStore {
    identity: Identity,
    queue: Arc<WriteQueue>,
    read_marks: Arc<ReadMarks>,
    readers: Readers,
    /// Whether some acknowledged messages are only staged, so that reads need the read barrier.
    has_staged: Arc<AtomicBool>,
    #[cfg(feature = "early-ack")]
    feed: mpsc::WeakSender<Vec<Committed>>,
    /// `None` after [`Store::close`].
    running: Mutex<Option<Running>>,
}

/// What [`Store::close`] ends.
#[derive(Debug)]
struct Running {
    writer: JoinHandle<()>,
    checkpoints: Checkpoints,
    /// Keeps other processes away from the data.
    _lock: File,
}

impl SqliteStore {
    /// Opens the store in `folder`, which is created if it does not exist. `quota` limits the disk space of the folder.
    pub(crate) fn open(folder: &Path, quota: Option<ByteSize>) -> Result<(Self, CommitFeed), OpenError> {
        let lock = lock_folder(folder)?;
        let path = folder.join(DATABASE);
        let (db, identity) = open_writer(&path)?;
        let quota = quota.map(|limit| Quota::new(folder, limit.bytes()));
        Self::start_with(lock, &path, db, identity, FLUSH_DELAY, quota)
    }

    #[cfg(test)]
    pub(super) fn start(
        lock: File,
        path: &Path,
        db: Connection,
        identity: Identity,
    ) -> Result<(Self, CommitFeed), OpenError> {
        Self::start_with(lock, path, db, identity, FLUSH_DELAY, None)
    }

    /// Starts the threads. `flush_delay` is for tests; see [`FLUSH_DELAY`].
    pub(super) fn start_with(
        lock: File,
        path: &Path,
        db: Connection,
        identity: Identity,
        flush_delay: Duration,
        quota: Option<Quota>,
    ) -> Result<(Self, CommitFeed), OpenError> {
        let readers = Readers::new(path);
        let queue = WriteQueue::new();
        let (sender, feed) = mpsc::channel(FEED_CAPACITY);
        let read_marks = Arc::new(ReadMarks::default());
        let counters = Arc::new(WriteCounters::default());
        #[cfg(feature = "early-ack")]
        let weak_sender = sender.downgrade();
        let checkpoints = Checkpoints::start(path, Arc::clone(&counters))?;
        let has_staged = Arc::new(AtomicBool::new(false));
        let shared = SharedState {
            read_marks: Arc::clone(&read_marks),
            feed: sender,
            counters,
            request_checkpoint: checkpoints.requests(),
            has_staged: Arc::clone(&has_staged),
            quota,
        };
        let writer = Writer::new(db, QueueReceiver(Arc::clone(&queue)), shared, flush_delay).start()?;
        let running = Mutex::new(Some(Running { writer, checkpoints, _lock: lock }));
        let store = Self {
            identity,
            queue,
            read_marks,
            readers,
            has_staged,
            #[cfg(feature = "early-ack")]
            feed: weak_sender,
            running,
        };
        Ok((store, feed))
    }

    /// Queues a command.
    pub(super) async fn write<W: Write>(&self, write: W) -> Result<Receipt<W::Output>, StoreError> {
        let (job, receipt) = job_with_receipt(write);
        self.push(job).await?;
        Ok(receipt)
    }

    /// Runs a query that must see every acknowledged event, even those that are only staged. Queries that do not depend on
    /// events can use the readers directly.
    async fn read<T: Send + 'static>(
        &self,
        query: impl Fn(&Connection) -> Result<T, StoreError> + Clone + Send + 'static,
    ) -> Result<T, StoreError> {
        if self.has_staged.load(Ordering::SeqCst) {
            let (job, outcome) = barrier_read(query.clone());
            self.push(job).await?;
            match outcome.await {
                Ok(BarrierOutcome::Flushed) => {}
                Ok(BarrierOutcome::Found(found)) => return found,
                Err(_closed) => return Err(StoreError::Unavailable),
            }
        }
        self.readers.read(query).await
    }

    async fn push(&self, job: Box<dyn Job>) -> Result<(), StoreError> {
        self.queue.push(job).await.map_err(|error| {
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
impl Store for SqliteStore {
    fn epoch(&self) -> Epoch {
        self.identity.epoch
    }

    fn lobby(&self) -> ConversationId {
        self.identity.lobby
    }

    async fn create_user(&self, user: NewUser) -> Result<Role, StoreError> {
        self.write(CreateUser { user, lobby: self.identity.lobby }).await?.await
    }

    async fn end_session(&self, session: SessionKey) -> Result<Option<SessionsEnded<UserId>>, StoreError> {
        self.write(EndSession::ByKey(session)).await?.await
    }

    async fn end_session_by_id(
        &self,
        user: UserId,
        session: SessionId,
    ) -> Result<Option<SessionsEnded<UserId>>, StoreError> {
        self.write(EndSession::ById(user, session)).await?.await
    }

    async fn begin_session(&self, user: UserId, verified: PasswordHash, session: NewSession) -> Result<(), StoreError> {
        self.write(BeginSession { user, verified, session }).await?.await
    }

    async fn touch_session(&self, session: SessionId) -> Result<(), StoreError> {
        self.write(TouchSession(session)).await?.await
    }

    async fn set_password(
        &self,
        user: UserId,
        password: NewPassword,
        keep: Option<SessionId>,
    ) -> Result<SessionsEnded<usize>, StoreError> {
        self.write(SetPassword { user, password, keep }).await?.await
    }

    async fn replace_password_hash(
        &self,
        user: UserId,
        before: PasswordHash,
        after: PasswordHash,
    ) -> Result<bool, StoreError> {
        self.write(ReplacePasswordHash { user, before, after }).await?.await
    }

    async fn end_sessions(&self, user: UserId) -> Result<SessionsEnded<usize>, StoreError> {
        self.write(EndSessions(user)).await?.await
    }

    async fn end_guests(&self) -> Result<SessionsEnded<usize>, StoreError> {
        self.write(EndGuests).await?.await
    }

    async fn ban_network(&self, banned: BannedNetwork) -> Result<SessionsEnded<usize>, StoreError> {
        self.write(banned).await?.await
    }

    async fn unban_network(&self, network: IpNet) -> Result<bool, StoreError> {
        self.write(UnbanNetwork(network)).await?.await
    }

    async fn banned_networks(&self) -> Result<Vec<BannedNetwork>, StoreError> {
        let mut networks = self.readers.read(banned_networks).await?;
        networks.iter_mut().for_each(|network| network.until = network.until.map(clock::shown));
        Ok(networks)
    }

    async fn uninvited_guests(&self) -> Result<u32, StoreError> {
        self.readers.read(accounts::uninvited_guests).await
    }

    async fn delete_account(&self, deletion: DeleteAccount) -> Result<SessionsEnded<()>, StoreError> {
        self.write(deletion).await?.await
    }

    async fn erase_batch(&self) -> Result<bool, StoreError> {
        self.write(EraseBatch).await?.await
    }

    async fn save_clock(&self) -> Result<(), StoreError> {
        self.write(SaveClock).await?.await
    }

    async fn expire(&self, expiry: ExpiryPolicy) -> Result<Expired, StoreError> {
        self.write(expiry).await?.await
    }

    async fn due_for_retention(&self, before: Timestamp, limit: u32) -> Result<Vec<ConversationId>, StoreError> {
        self.readers.read(move |db| history::due_for_retention(db, before, limit)).await
    }

    async fn expire_messages(&self, conversation: ConversationId, before: Timestamp) -> Result<bool, StoreError> {
        self.write(ExpireMessages { conversation, before }).await?.await
    }

    async fn release_nickname(&self, user: UserId) -> Result<(), StoreError> {
        self.write(ReleaseNickname(user)).await?.await
    }

    async fn submit(&self, event: NewEvent, reply_to: ReplyTo) -> Result<(), StoreError> {
        #[cfg(feature = "early-ack")]
        let job = early_ack::job(event, reply_to, self.feed.clone());
        #[cfg(not(feature = "early-ack"))]
        let job = SubmittedEvent::with_reply_to(event, reply_to);
        self.push(job).await
    }

    async fn append(&self, event: NewEvent) -> Result<Receipt<EventPosition>, StoreError> {
        let (job, receipt) = SubmittedEvent::with_receipt(event);
        self.push(job).await?;
        Ok(receipt)
    }

    async fn open_direct(&self, direct: OpenDirect) -> Result<Receipt<OpenedDirect>, StoreError> {
        self.write(direct).await
    }

    async fn moderate(&self, moderation: Moderation) -> Result<Receipt<EventPosition>, StoreError> {
        self.write(Moderate { moderation, lobby: self.identity.lobby }).await
    }

    async fn delete_message(
        &self,
        id: CommandId,
        conversation: ConversationId,
        seq: Seq,
    ) -> Result<Receipt<EventPosition>, StoreError> {
        self.write(DeleteMessage { id, conversation, seq }).await
    }

    async fn join(&self, user: UserId, room: ConversationId) -> Result<Receipt<Joined>, StoreError> {
        self.write(JoinRoom { user, room }).await
    }

    async fn create_invite(&self, invite: NewInvite) -> Result<Timestamp, StoreError> {
        self.write(invite).await?.await
    }

    async fn revoke_invite(
        &self,
        actor: Option<UserId>,
        role_check: RoleCheck,
        id: InviteId,
    ) -> Result<bool, StoreError> {
        self.write(RevokeInvite { actor, role_check, id }).await?.await
    }

    async fn report_message(&self, report: NewReport) -> Result<(), StoreError> {
        self.write(report).await?.await
    }

    async fn handle_report(&self, handling: HandleReport) -> Result<(), StoreError> {
        self.write(handling).await?.await
    }

    async fn expire_reports(&self, before: Timestamp) -> Result<usize, StoreError> {
        self.write(ExpireReports(before)).await?.await
    }

    fn mark_read(&self, user: UserId, conversation: ConversationId, seq: Seq) {
        self.read_marks.add(user, conversation, seq);
        self.queue.notify_read_marks();
    }

    async fn session(&self, session: SessionKey) -> Result<Option<Session>, StoreError> {
        self.readers.read(move |db| accounts::session(db, session)).await
    }

    async fn session_end(&self, session: SessionKey) -> Result<Option<domain::SessionEnd>, StoreError> {
        self.readers.read(move |db| accounts::session_end(db, session)).await
    }

    async fn sessions(&self, user: UserId) -> Result<Vec<SessionInfo>, StoreError> {
        self.readers.read(move |db| accounts::sessions(db, user)).await
    }

    async fn account(&self, nickname: NicknameKey) -> Result<Option<Account>, StoreError> {
        self.readers.read(move |db| accounts::account(db, &nickname)).await
    }

    async fn memberships(&self, user: UserId) -> Result<Vec<ConversationId>, StoreError> {
        self.readers.read(move |db| conversations::memberships(db, user)).await
    }

    async fn connection_snapshot(
        &self,
        user: UserId,
        session: SessionId,
        requested: Vec<ConversationId>,
    ) -> Result<Option<ConnectionSnapshot>, StoreError> {
        self.read(move |db| conversations::connection_snapshot(db, user, session, &requested)).await
    }

    async fn conversations(
        &self,
        user: UserId,
        before: Option<ListSortKey>,
        limit: u32,
    ) -> Result<ConversationList, StoreError> {
        self.read(move |db| conversations::conversations(db, user, before, limit)).await
    }

    async fn conversation(&self, user: UserId, id: ConversationId) -> Result<Conversation, StoreError> {
        self.read(move |db| conversations::conversation_of(db, user, id)).await
    }

    async fn hide_direct(&self, user: UserId, direct: ConversationId) -> Result<(), StoreError> {
        self.write(HideDirect { user, direct }).await?.await
    }

    async fn block(&self, user: UserId, other: UserId) -> Result<(), StoreError> {
        self.write(BlockUser { user, other }).await?.await
    }

    async fn unblock(&self, user: UserId, other: UserId) -> Result<(), StoreError> {
        self.write(UnblockUser { user, other }).await?.await
    }

    async fn blocks(&self, user: UserId) -> Result<Vec<User>, StoreError> {
        self.readers.read(move |db| conversations::blocks(db, user)).await
    }

    async fn find_user(&self, opener: UserId, target: UserRef) -> Result<Option<FoundUser>, StoreError> {
        self.readers.read(move |db| find_user(db, opener, &target)).await
    }

    async fn messages(
        &self,
        reader: UserId,
        conversation: ConversationId,
        window: HistoryWindow,
        limit: u32,
        bytes: usize,
    ) -> Result<MessagesPage, StoreError> {
        self.read(move |db| history::messages(db, reader, conversation, window, limit, bytes)).await
    }

    async fn find_messages(&self, lookup: MessageLookup, limit: u32) -> Result<Vec<FoundMessage>, StoreError> {
        self.read(move |db| history::find_messages(db, lookup, limit)).await
    }

    async fn events(
        &self,
        conversation: ConversationId,
        after: Seq,
        up_to: Seq,
        limit: u32,
        bytes: usize,
    ) -> Result<Vec<Event>, StoreError> {
        self.read(move |db| history::events(db, conversation, after, up_to, limit, bytes)).await
    }

    async fn may_write(&self, user: UserId, conversation: ConversationId) -> Result<bool, StoreError> {
        self.readers.read(move |db| may_write(db, user, conversation)).await
    }

    async fn is_gone(&self, user: UserId) -> Result<bool, StoreError> {
        self.readers.read(move |db| accounts::is_gone(db, user)).await
    }

    async fn user(&self, user: UserId) -> Result<Option<User>, StoreError> {
        self.readers
            .read(move |db| accounts::user_of(db, user))
            .await
            .map(|user| user.filter(|user| user.id != UserId::SYSTEM))
    }

    async fn find_users(&self, part: String, limit: u32) -> Result<Vec<User>, StoreError> {
        self.readers.read(move |db| accounts::find_users(db, &part, limit)).await
    }

    async fn users(&self) -> Result<Vec<User>, StoreError> {
        self.readers.read(accounts::users).await
    }

    async fn has_owner(&self) -> Result<bool, StoreError> {
        self.readers.read(has_owner).await
    }

    async fn sanctions(&self) -> Result<Vec<Sanction>, StoreError> {
        self.readers.read(moderation::sanctions).await
    }

    async fn invite_is_valid(&self, invite: InviteKey) -> Result<bool, StoreError> {
        self.readers.read(move |db| invite_is_valid(db, invite)).await
    }

    async fn invites(&self) -> Result<Vec<Invite>, StoreError> {
        self.readers.read(moderation::invites).await
    }

    async fn audit_page(&self, before: Option<u64>, limit: u32) -> Result<AuditPage, StoreError> {
        self.readers.read(move |db| moderation::audit_page(db, before, limit)).await
    }

    async fn reports(&self, reader: Option<UserId>, limit: u32) -> Result<ReportList, StoreError> {
        self.readers.read(move |db| moderation::reports(db, reader, limit)).await
    }

    async fn count_reports(&self, reader: UserId) -> Result<u64, StoreError> {
        self.readers.read(move |db| moderation::count_reports(db, Some(reader))).await
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
