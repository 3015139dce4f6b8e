//! The [`Store`] on SQLite.

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
        ByteSize, clock,
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
                open::{DATABASE, Identity, open_writer, take_folder},
                queries::{accounts, conversations, history, moderation},
                quota::Quota,
                readers::Readers,
                tables::{
                    invites::invite_is_valid, networks::banned_networks, read_marks::ReadMarks, sanctions::may_write,
                    users::has_owner,
                },
                wal_checkpoints::{Checkpoints, Done},
                writer::{
                    commit_loop::{Shared, Writer},
                    job::{self, Job, Write},
                    queue::{WriteQueue, WriterEnd},
                    read_barrier::{self, Found},
                },
            },
            store_trait::Store,
        },
    },
};

/// How many commits' news may wait for delivery; then the writer waits.
const FEED: usize = 64;

/// How long after the last commit the journal is emptied: a server that is busy with its connections is quiet here for
/// some milliseconds at a time.
const PAUSE: Duration = Duration::from_millis(100);

/// The SQLite store.
#[derive(Debug)]
pub(crate) struct SqliteStore {
    identity: Identity,
    orders: Arc<WriteQueue>,
    reads: Arc<ReadMarks>,
    readers: Readers,
    /// The tables do not have all that was told.
    is_behind: Arc<AtomicBool>,
    #[cfg(feature = "early-ack")]
    news: mpsc::WeakSender<Vec<Committed>>,
    /// What [`Store::close`] ends.
    running: Mutex<Option<Running>>,
}

#[derive(Debug)]
struct Running {
    writer: JoinHandle<()>,
    checkpoints: Checkpoints,
    /// Keeps other processes away from the data.
    _lock: File,
}

impl SqliteStore {
    /// Opens the store in `folder`, which is created if need be and may take so much of the disk; its news come through the
    /// feed.
    pub(crate) fn open(folder: &Path, quota: Option<ByteSize>) -> Result<(Self, CommitFeed), OpenError> {
        let lock = take_folder(folder)?;
        let path = folder.join(DATABASE);
        let (db, identity) = open_writer(&path)?;
        let quota = quota.map(|most| Quota::new(folder, most.bytes()));
        Self::start_with(lock, &path, db, identity, PAUSE, quota)
    }

    #[cfg(test)]
    pub(super) fn start(
        lock: File,
        path: &Path,
        db: Connection,
        identity: Identity,
    ) -> Result<(Self, CommitFeed), OpenError> {
        Self::start_with(lock, path, db, identity, PAUSE, None)
    }

    /// `pause`: how long after the last commit the journal is emptied.
    pub(super) fn start_with(
        lock: File,
        path: &Path,
        db: Connection,
        identity: Identity,
        pause: Duration,
        quota: Option<Quota>,
    ) -> Result<(Self, CommitFeed), OpenError> {
        let readers = Readers::new(path);
        let orders = WriteQueue::new();
        let (news, feed) = mpsc::channel(FEED);
        let reads = Arc::new(ReadMarks::default());
        let done = Arc::new(Done::default());
        #[cfg(feature = "early-ack")]
        let early_news = news.downgrade();
        let checkpoints = Checkpoints::start(path, Arc::clone(&done))?;
        let is_behind = Arc::new(AtomicBool::new(false));
        let shared = Shared {
            reads: Arc::clone(&reads),
            feed: news,
            done,
            checkpoints: checkpoints.nudges(),
            is_behind: Arc::clone(&is_behind),
            quota,
        };
        let writer = Writer::new(db, WriterEnd(Arc::clone(&orders)), shared, pause).start()?;
        let running = Mutex::new(Some(Running { writer, checkpoints, _lock: lock }));
        let store = Self {
            identity,
            orders,
            reads,
            readers,
            is_behind,
            #[cfg(feature = "early-ack")]
            news: early_news,
            running,
        };
        Ok((store, feed))
    }

    /// Queues a change; the receipt tells when it is durable.
    pub(super) async fn write<W: Write>(&self, write: W) -> Result<Receipt<W::Done>, StoreError> {
        let (job, receipt) = job::pending(write);
        self.queue(job).await?;
        Ok(receipt)
    }

    /// Reads where all that was told is to be found, though the tables may not have it yet.
    async fn read<T: Send + 'static>(
        &self,
        read: impl Fn(&Connection) -> Result<T, StoreError> + Clone + Send + 'static,
    ) -> Result<T, StoreError> {
        if self.is_behind.load(Ordering::SeqCst) {
            let (job, found) = read_barrier::read_behind(read.clone());
            self.queue(job).await?;
            match found.await {
                Ok(Found::InTables) => {}
                Ok(Found::Here(outcome)) => return outcome,
                Err(_ended) => return Err(StoreError::Unavailable),
            }
        }
        self.readers.read(read).await
    }

    async fn queue(&self, job: Box<dyn Job>) -> Result<(), StoreError> {
        self.orders.put(job).await.map_err(|error| {
            tracing::error!(%error, "the store's writer takes no more");
            StoreError::Unavailable
        })
    }
}

impl Drop for SqliteStore {
    fn drop(&mut self) {
        self.orders.end();
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
        let job = early_ack::job(event, reply_to, self.news.clone());
        #[cfg(not(feature = "early-ack"))]
        let job = SubmittedEvent::with_reply_to(event, reply_to);
        self.queue(job).await
    }

    async fn append(&self, event: NewEvent) -> Result<Receipt<EventPosition>, StoreError> {
        let (job, receipt) = SubmittedEvent::with_receipt(event);
        self.queue(job).await?;
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
        self.reads.add(user, conversation, seq);
        self.orders.save_marks();
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
        if self.orders.have_ended() {
            return Err(StoreError::Unavailable);
        }
        self.readers.read(|db| Ok(db.query_row("SELECT 1 FROM meta", [], |_| Ok(()))?)).await
    }

    async fn close(&self) {
        // Nothing else breaks this mutex than a panic in the line below.
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(running) = running else { return };
        self.orders.end();
        let ended = spawn_blocking(move || {
            if running.writer.join().is_err() {
                tracing::error!("the store's writer panicked");
            }
            running.checkpoints.stop();
        });
        if let Err(error) = ended.await {
            tracing::error!(%error, "the store did not close well");
        }
    }
}
