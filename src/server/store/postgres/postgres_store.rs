//! [`PostgresStore`] implements the traits of a store: writing goes to the queue of the node's writer, and each method that reads
//! is a query on a connection of the pool.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
};

use async_trait::async_trait;
use tokio::{
    sync::{mpsc, oneshot, watch},
    task::spawn_blocking,
};
use tokio_postgres::Client;
use tokio_util::task::AbortOnDropHandle;
use uuid::Uuid;

use crate::{
    domain::{
        AuditPage, ChangesPage, Conversation, ConversationId, ConversationList, DirectoryPage, DirectoryRoom, Epoch,
        Event, Invite, MemberPage, MentionPage, MessageHistory, MessagesPage, NicknameKey, PinnedMessages, ReportList,
        Sanction, Seq, SessionEnd, SessionId, SessionInfo, ThreadPage, Timestamp, User, UserId,
    },
    server::{
        clock::uptime,
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
            postgres::{
                claims::SharedClaims,
                connect::Database,
                error::PostgresOpenError,
                listener::Listener,
                migrations::{MIGRATIONS, Migration, StoreIdentity, migrate},
                pool::Pool,
                reads::{accounts, conversations, history, log, message_changes, moderation, rooms, threads},
                writer::commit_loop::{NodeState, NodeWriter},
            },
            read_marks::{ReadMark, ReadMarks, ReadMarksHold},
            rooms::{DirectoryQuery, MemberSortKey, Rooms},
            store_trait::{ClaimKey, Lifecycle, Writes},
            threads::{CompletionUsers, Threads, ToldSortKey},
            write_queue::{QueueReceiver, Work, WriteQueue},
        },
    },
};

/// How many commits may wait for delivery.
const FEED_CAPACITY: usize = 64;

/// The oldest version of PostgreSQL, as `server_version_num` has it.
const MIN_VERSION: i32 = 15_00_00;

/// A store in a PostgreSQL database, as one node sees it.
#[derive(Debug)]
pub(crate) struct PostgresStore {
    identity: StoreIdentity,
    clock: Arc<dyn ClockSource>,
    queue: Arc<WriteQueue>,
    read_marks: Arc<ReadMarks>,
    pool: Arc<Pool>,
    claims: SharedClaims,
    log_head: watch::Receiver<Position>,
    foreign_head: watch::Receiver<Position>,
    is_writing: Arc<AtomicBool>,
    is_reachable: Arc<AtomicBool>,
    /// `None` after [`Lifecycle::close`].
    running: Mutex<Option<RunningNode>>,
}

/// What [`Lifecycle::close`] ends.
#[derive(Debug)]
struct RunningNode {
    writer: JoinHandle<()>,
    _listener: AbortOnDropHandle<()>,
}

impl PostgresStore {
    /// Opens the store, after creating its tables or bringing them to the version of this program.
    pub(crate) async fn open(
        database: Database,
        clock: Arc<dyn ClockSource>,
    ) -> Result<(Self, CommitFeed), PostgresOpenError> {
        Self::open_with(database, clock, MIGRATIONS).await
    }

    /// Opens the store as a program that knows these migrations.
    pub(super) async fn open_with(
        database: Database,
        clock: Arc<dyn ClockSource>,
        migrations: &[Migration],
    ) -> Result<(Self, CommitFeed), PostgresOpenError> {
        let (mut client, driver) = database.connect().await?;
        let driving = AbortOnDropHandle::new(tokio::spawn(async move { drop(driver.await) }));
        check_server(&client).await?;
        follow_clock(&client, &*clock).await?;
        let identity = migrate(&mut client, migrations, &*clock).await?;
        resume_clock(&client, &*clock).await?;
        let leftover = leftover_guests(&client).await?;
        let head: Position = client.query_one("SELECT position FROM log", &[]).await?.try_get(0)?;
        drop((client, driving));

        let (queue, read_marks) = (WriteQueue::new(), Arc::new(ReadMarks::default()));
        let (sender, feed) = mpsc::channel(FEED_CAPACITY);
        let (head, log_head) = watch::channel(head);
        let head = Arc::new(head);
        let (foreign, foreign_head) = watch::channel(*log_head.borrow());
        let (is_writing, is_reachable) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicBool::new(true)));
        let writer = Uuid::now_v7();
        let listener = Listener {
            database: database.clone(),
            writer,
            head: Arc::clone(&head),
            foreign_head: foreign,
            feed: sender.clone(),
            is_reachable: Arc::clone(&is_reachable),
        };
        let pool = Arc::new(Pool::new(&database, log_head.clone()));
        let shared = NodeState {
            writer,
            read_marks: Arc::clone(&read_marks),
            feed: sender,
            head,
            pool: Arc::clone(&pool),
            is_writing: Arc::clone(&is_writing),
            clock: Arc::clone(&clock),
            lobby: identity.lobby,
        };
        let claims = SharedClaims::new(database.clone());
        let writer = NodeWriter::start(database, QueueReceiver(Arc::clone(&queue)), shared);
        let writer = writer.map_err(PostgresOpenError::Thread)?;
        // Before anybody else has the store.
        for guest in leftover {
            if let Err(error) = queue.push(Work::Job(job_with_receipt(ReleaseNickname(guest)).0)).await {
                tracing::warn!(%error, "the nickname of a guest who is gone was not released");
            }
        }
        let listener = AbortOnDropHandle::new(tokio::spawn(listener.run()));
        let running = Mutex::new(Some(RunningNode { writer, _listener: listener }));
        let store = Self {
            identity,
            clock,
            queue,
            read_marks,
            pool,
            claims,
            log_head,
            foreign_head,
            is_writing,
            is_reachable,
            running,
        };
        Ok((store, feed))
    }

    async fn push(&self, work: Work) -> Result<(), StoreError> {
        self.queue.push(work).await.map_err(|error| {
            tracing::error!(%error, "the store's writer accepts no more commands");
            StoreError::Unavailable
        })
    }
}

/// Checks what the tables need of the server and of the database.
async fn check_server(client: &Client) -> Result<(), PostgresOpenError> {
    let select = "SELECT current_setting('server_version_num')::int, current_setting('server_version'),
        current_setting('server_encoding'), current_setting('fsync') = 'on'";
    let row = client.query_one(select, &[]).await?;
    let (number, version, encoding): (i32, String, String) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
    if number < MIN_VERSION {
        return Err(PostgresOpenError::OldPostgres(version));
    }
    if encoding != "UTF8" {
        return Err(PostgresOpenError::Encoding(encoding));
    }
    if !row.try_get::<_, bool>(3)? {
        tracing::warn!("this PostgreSQL does not sync the disk (fsync = off): what is acknowledged can be lost");
    }
    Ok(())
}

/// Makes the database's clock that of this node, before anything is stored or decided by it.
async fn follow_clock(client: &Client, clock: &dyn ClockSource) -> Result<(), tokio_postgres::Error> {
    let asked = uptime();
    let row = client.query_one("SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint", &[]).await?;
    clock.follow_database(row.try_get(0)?, asked);
    Ok(())
}

/// Lets the server's clock continue from the time that was last saved, if there is one.
async fn resume_clock(client: &Client, clock: &dyn ClockSource) -> Result<(), tokio_postgres::Error> {
    let select = "SELECT ran_at, (SELECT ahead FROM clock_offsets ORDER BY since DESC LIMIT 1) FROM meta";
    let row = client.query_one(select, &[]).await?;
    if let Some(ran_at) = row.try_get::<_, Option<Timestamp>>(0)? {
        clock.resume(ran_at, row.try_get(1)?);
    }
    Ok(())
}

/// Guests who hold a nickname without a session, if no other node runs: clients of the simple protocol whose node was killed.
/// They cannot come back. Whether other nodes run is known unless PostgreSQL has emptied the table of nodes after a crash. The
/// leader finds later who is left, see server/bus.
async fn leftover_guests(client: &Client) -> Result<Vec<UserId>, tokio_postgres::Error> {
    let select = "SELECT id FROM users
          WHERE nickname_key IS NOT NULL AND password IS NULL AND number NOT IN (SELECT user_number FROM sessions)
           AND EXISTS (SELECT 1 FROM nodes)
           AND NOT EXISTS (SELECT 1 FROM nodes WHERE beat > clock_timestamp() - interval '1 minute')
          ORDER BY number";
    client.query(select, &[]).await?.iter().map(|row| row.try_get(0)).collect()
}

impl Drop for PostgresStore {
    fn drop(&mut self) {
        self.queue.close();
    }
}

#[async_trait]
impl Writes for PostgresStore {
    async fn enqueue(&self, job: Box<dyn Job>) -> Result<(), StoreError> {
        self.push(Work::Job(job)).await
    }

    fn mark_read(&self, user: UserId, conversation: ConversationId, seq: Seq) {
        let known = *self.log_head.borrow();
        self.read_marks.add(ReadMark { user, conversation, seq, known });
        self.queue.notify_read_marks();
    }

    fn hold_read_marks(&self, user: UserId, conversation: ConversationId) -> ReadMarksHold {
        self.read_marks.hold(user, conversation)
    }
}

#[async_trait]
impl Lifecycle for PostgresStore {
    fn epoch(&self) -> Epoch {
        self.identity.epoch
    }

    fn lobby(&self) -> ConversationId {
        self.identity.lobby
    }

    async fn check_health(&self) -> Result<(), StoreError> {
        let is_well = |flag: &AtomicBool| flag.load(Ordering::Relaxed);
        if self.queue.is_closed() || !is_well(&self.is_writing) || !is_well(&self.is_reachable) {
            return Err(StoreError::Unavailable);
        }
        log::log_position(&self.pool).await.map(drop)
    }

    async fn share_claim(&self, claim: ClaimKey) -> Result<(), StoreError> {
        self.claims.share(claim).await
    }

    async fn is_shared_claim(&self, claim: ClaimKey) -> Result<bool, StoreError> {
        self.claims.knows(&self.pool, claim).await
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
        });
        if let Err(error) = ended.await {
            tracing::error!(%error, "the store did not close properly");
        }
    }
}

#[async_trait]
impl CommitLog for PostgresStore {
    async fn log_after(&self, after: Position, limit: u32, bytes: usize) -> Result<Vec<CommitEntry>, StoreError> {
        log::log_after(&self.pool, after, limit, bytes).await
    }

    fn log_head(&self) -> watch::Receiver<Position> {
        self.log_head.clone()
    }

    fn foreign_head(&self) -> Option<watch::Receiver<Position>> {
        Some(self.foreign_head.clone())
    }

    async fn consumer_position(&self, name: &'static str) -> Result<Position, StoreError> {
        log::consumer_position(&self.pool, name).await
    }

    async fn save_consumer_position(&self, name: &'static str, position: Position) -> Result<(), StoreError> {
        let (reply, outcome) = oneshot::channel();
        self.push(Work::SaveConsumer { name, position, reply }).await?;
        outcome.await.unwrap_or(Err(StoreError::Unavailable))
    }
}

/// Implements a trait by queries: behind each method stands a function on the pool. With `now`, it also gets the present moment.
macro_rules! queries {
    ($($trait:ident {$(
        $query:path $([$now:ident])?: fn $name:ident($($arg:ident: $type:ty),*) -> $output:ty;
    )*})*) => {$(
        #[async_trait]
        impl $trait for PostgresStore {$(
            async fn $name(&self, $($arg: $type),*) -> Result<$output, StoreError> {
                $(let $now = self.clock.now();)?
                $query(&self.pool, $($arg,)* $($now)?).await
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
