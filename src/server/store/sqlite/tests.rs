//! What can't be seen from outside the server.

use std::{
    collections::{HashMap, HashSet},
    fs,
    time::Duration,
};

use futures_util::future::join_all;
use rusqlite::Connection;
use tempfile::TempDir;

use crate::{
    domain::{
        Body, CommandId, ConversationId, EventKind, KeptMessages, Nickname, Seq, SessionId, Timestamp, User, UserId,
    },
    server::store::{
        account_deletion::{DeleteAccount, DeletionAuthorization},
        accounts::{NewPassword, NewSession, NewUser, OwnerGrant, PasswordHash, SessionKey},
        commits::{CommitFeed, Committed},
        directs::{OpenDirect, UserRef},
        error::StoreError,
        events::{EventPosition, HistoryWindow, NewEvent, ReplyTo},
        expiry::{Expired, ExpiryPolicy, Retention},
        sqlite::{
            error::OpenError,
            open::{DATABASE, open_reader, open_writer, take_folder},
            sqlite_store::SqliteStore,
            tables::staging::Staging,
            writer::job::{Applied, Write},
        },
        store_trait::Store as _,
    },
};

fn open(folder: &TempDir) -> (SqliteStore, CommitFeed) {
    SqliteStore::open(folder.path(), None).expect("a store")
}

fn user(name: &str) -> User {
    User::guest(UserId::generate(), Nickname::parse(name).expect(name))
}

async fn guest(store: &SqliteStore, name: &str) -> User {
    let user = user(name);
    let session = NewSession {
        key: SessionKey([7; 32]),
        id: SessionId::generate(),
        agent: String::new(),
        used: true,
        address: None,
    };
    let (key, session) = (user.nickname.key(), Some(session));
    store
        .create_user(NewUser {
            user: user.clone(),
            key,
            session,
            address: None,
            invite: None,
            password: None,
            max_names_per_address: None,
        })
        .await
        .expect("a guest");
    user
}

/// Somebody with a password, and the session that it was set in.
async fn registered(store: &SqliteStore, name: &str, password: &PasswordHash) -> (User, SessionId) {
    let (user, session) = (user(name), SessionId::generate());
    let begun = NewSession { key: SessionKey([8; 32]), id: session, agent: String::new(), used: true, address: None };
    let password = Some(NewPassword { hash: password.clone(), ownership: OwnerGrant::Never });
    let (key, session_of) = (user.nickname.key(), Some(begun));
    let new = NewUser {
        user: user.clone(),
        key,
        session: session_of,
        address: None,
        invite: None,
        password,
        max_names_per_address: None,
    };
    store.create_user(new).await.expect("a user");
    (user, session)
}

fn message(store: &SqliteStore, author: &User, body: &str) -> NewEvent {
    let body = Body::from_trusted(body.to_owned());
    let (author, id, conversation) = (author.clone(), CommandId::generate(), store.lobby());
    NewEvent::new(author, id, conversation, EventKind::Message { body })
}

#[tokio::test]
async fn a_password_that_was_replaced_while_it_was_compared_opens_nothing() {
    let folder = TempDir::new().expect("a folder");
    let (store, _feed) = open(&folder);
    let (old, new) = (PasswordHash("old".into()), PasswordHash("new".into()));
    let (ming, session) = registered(&store, "小明", &old).await;
    let replaced = NewPassword { hash: new.clone(), ownership: OwnerGrant::Never };
    assert_eq!(store.set_password(ming.id, replaced.clone(), None).await, Ok(vec![session]));
    let begun = |byte| NewSession {
        key: SessionKey([byte; 32]),
        id: SessionId::generate(),
        agent: String::new(),
        used: true,
        address: None,
    };
    assert_eq!(store.begin_session(ming.id, old, begun(1)).await, Err(StoreError::WrongPassword));
    assert_eq!(store.begin_session(ming.id, new, begun(2)).await, Ok(()));
    // Nor does a session that has ended set another one.
    assert_eq!(store.set_password(ming.id, replaced, Some(session)).await, Err(StoreError::UnknownUser));
}

/// Takes what is told, so that the writer does not wait for somebody who does.
async fn drain(mut feed: CommitFeed) {
    while feed.recv().await.is_some() {}
}

#[tokio::test]
async fn what_a_deleted_account_has_left_is_removed_bit_by_bit_and_after_a_restart() {
    let folder = TempDir::new().expect("a folder");
    let (store, feed) = open(&folder);
    tokio::spawn(drain(feed));
    let ming = guest(&store, "小明").await;
    for number in 0..150 {
        let said = store.append(message(&store, &ming, &format!("secret {number}"))).await.expect("queued");
        said.await.expect("durable");
    }
    let deletion =
        DeleteAccount { user: ming.id, authorization: DeletionAuthorization::Guest, messages: KeptMessages::Delete };
    store.delete_account(deletion).await.expect("deleted");
    let count = |text: &str| {
        let db = open_reader(&folder.path().join(DATABASE)).expect("a database");
        let select = "SELECT count(*) FROM events WHERE instr(payload, ?1)";
        db.query_row(select, [text], |row| row.get::<_, u32>(0)).expect("a count")
    };
    assert_eq!(store.erase_batch().await, Ok(true));
    assert_eq!(count("secret"), 50, "so many at once");
    store.close().await;
    drop(store);

    let (store, feed) = open(&folder);
    tokio::spawn(drain(feed));
    while store.erase_batch().await.expect("a disk") {}
    assert_eq!((count("secret"), count("deletion")), (0, 150));
    assert_eq!(store.user(ming.id).await.expect("a user").map(|user| user.nickname), Some(Nickname::former()));
}

#[tokio::test]
async fn a_name_that_a_plain_client_could_not_give_back_is_free_a_little_later() {
    let folder = TempDir::new().expect("a folder");
    let (store, _feed) = open(&folder);
    let (gone, here, new) = (user("gone"), user("here"), user("new"));
    for user in [&gone, &here, &new] {
        let (user, key) = (user.clone(), user.nickname.key());
        let visitor = NewUser {
            user,
            key,
            session: None,
            address: None,
            invite: None,
            password: None,
            max_names_per_address: None,
        };
        store.create_user(visitor).await.expect("a visitor");
    }
    let other = Connection::open(folder.path().join(DATABASE)).expect("a connection");
    other.execute("UPDATE users SET created_at = 1000 WHERE nickname <> 'new'", []).expect("an update");
    let (never, here) = (Timestamp(0), HashSet::from([here.id]));
    let expiry = ExpiryPolicy {
        connected_sessions: HashSet::new(),
        touch_cutoff: never,
        online_users: here,
        guest_cutoff: never,
        session_cutoff: never,
        idle_cutoff: never,
        ended_session_cutoff: never,
        unused_guest_cutoff: never,
        retention: Retention::default(),
    };
    assert_eq!(store.expire(expiry).await, Ok(Expired { guests: 1, sessions: vec![] }));
    assert_eq!(store.account(gone.nickname.key()).await, Ok(None));
}

#[tokio::test]
async fn a_full_disk_refuses_a_write_and_the_store_goes_on() {
    let folder = TempDir::new().expect("a folder");
    let lock = take_folder(folder.path()).expect("the folder");
    let path = folder.path().join("teahouse.db");
    let (db, identity) = open_writer(&path).expect("a database");
    let pages: i64 = db.pragma_query_value(None, "page_count", |row| row.get(0)).expect("a count");
    // Room for a few small rows.
    db.query_row(&format!("PRAGMA max_page_count = {}", pages + 4), [], |_| Ok(())).expect("a limit");
    let (store, _feed) = SqliteStore::start(lock, &path, db, identity).expect("a store");

    let ming = guest(&store, "小明").await;
    let too_big = message(&store, &ming, &"x".repeat(1_000_000));
    let id = too_big.id;
    assert_eq!(store.append(too_big).await.expect("queued").await, Err(StoreError::Unavailable));
    assert_eq!(store.check_health().await, Ok(()));

    // Nothing of it is there: the same command can be sent again.
    let again = NewEvent { id, ..message(&store, &ming, "small") };
    let appended = store.append(again).await.expect("queued").await.expect("room for a small one");
    assert_eq!(appended.seq, Seq(1));
    let page = store.messages(ming.id, store.lobby(), HistoryWindow::Newest, 10, usize::MAX).await.expect("a page");
    assert_eq!(page.messages.len(), 1);
    store.close().await;
}

#[tokio::test]
async fn a_refused_write_takes_nobody_with_it() {
    let folder = TempDir::new().expect("a folder");
    let (store, mut feed) = open(&folder);
    let ming = guest(&store, "小明").await;
    let stranger = user("stranger");
    let mut receipts = Vec::new();
    for number in 0..9 {
        let author = if number % 3 == 1 { &stranger } else { &ming };
        receipts.push(store.append(message(&store, author, &number.to_string())).await.expect("queued"));
    }
    let seqs: Vec<_> = join_all(receipts).await.into_iter().map(|result| result.map(|done| done.seq.0)).collect();
    let refused = || Err(StoreError::NotMember);
    assert_eq!(seqs, [Ok(1), refused(), Ok(2), Ok(3), refused(), Ok(4), Ok(5), refused(), Ok(6)]);
    store.close().await;
    // What the feed told, after the store has closed, is all that was committed, in that order.
    let mut told = Vec::new();
    while let Some(commit) = feed.recv().await {
        told.extend(commit.into_iter().map(|news| match news {
            Committed::Event(event) => event.seq.0,
            other => panic!("unexpected {other:?}"),
        }));
    }
    assert_eq!(told, [1, 2, 3, 4, 5, 6]);
}

#[tokio::test]
async fn times_never_go_back_though_the_clock_does() {
    let folder = TempDir::new().expect("a folder");
    let (store, _feed) = open(&folder);
    let ming = guest(&store, "小明").await;
    store.append(message(&store, &ming, "before")).await.expect("queued").await.expect("a place");
    store.close().await;
    let future = Timestamp(Timestamp::now().0 + 1_000_000);
    let other = Connection::open(folder.path().join("teahouse.db")).expect("a connection");
    other.execute("UPDATE events SET at = ?1", [future]).expect("a later time");
    let (store, _feed) = open(&folder);
    let appended = store.append(message(&store, &ming, "hi")).await.expect("queued").await.expect("a place");
    assert_eq!(appended.at, future);
    store.close().await;
}

#[tokio::test]
async fn only_the_furthest_read_mark_counts_and_only_a_member_s() {
    let folder = TempDir::new().expect("a folder");
    let (store, mut feed) = open(&folder);
    let (ming, stranger) = (guest(&store, "小明").await, user("stranger"));
    let lobby = store.lobby();
    let ling = user("阿玲");
    let (key, ling_comes) = (ling.nickname.key(), ling.clone());
    store
        .create_user(NewUser {
            user: ling_comes,
            key,
            session: None,
            address: None,
            invite: None,
            password: None,
            max_names_per_address: None,
        })
        .await
        .expect("another guest");
    for number in 0..10 {
        store.append(message(&store, &ling, &number.to_string())).await.expect("queued").await.expect("a place");
    }
    store.mark_read(stranger.id, lobby, Seq(3));
    for seq in [2, 7, 4] {
        store.mark_read(ming.id, lobby, Seq(seq));
    }
    let mut furthest = Seq::ZERO;
    while furthest < Seq(7) {
        for news in feed.recv().await.expect("news") {
            let (user, seq) = match news {
                Committed::MarkedRead { user, seq, .. } => (user, seq),
                Committed::Event(_) => continue,
                other => panic!("unexpected {other:?}"),
            };
            assert_eq!(user, ming.id);
            assert!(seq > furthest, "never backwards");
            furthest = seq;
        }
    }
    store.close().await;
}

#[tokio::test]
async fn a_closed_store_refuses_and_does_not_hang() {
    let folder = TempDir::new().expect("a folder");
    let (store, _feed) = open(&folder);
    let ming = guest(&store, "小明").await;
    store.close().await;
    store.close().await;
    assert_eq!(store.append(message(&store, &ming, "hi")).await.err(), Some(StoreError::Unavailable));
    assert_eq!(store.check_health().await, Err(StoreError::Unavailable));
    // The data is free for the next one.
    open(&folder).0.close().await;
}

#[test]
fn data_of_a_newer_program_is_left_alone() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("teahouse.db");
    let db = Connection::open(path).expect("a database");
    db.execute_batch("PRAGMA user_version = 999").expect("a version");
    let error = SqliteStore::open(folder.path(), None).expect_err("a refusal");
    assert!(matches!(error, OpenError::NewerData { found: 999, .. }), "{error}");
}

/// How many talks are busy at once in the tests below: enough for the journal.
const TALKS: usize = 20;

/// A store whose journal is emptied only when somebody needs it to be, and busy talks of two.
struct Busy {
    folder: TempDir,
    store: SqliteStore,
    feed: CommitFeed,
    /// Who writes where.
    talks: Vec<(User, ConversationId)>,
    /// Who listens there.
    listeners: Vec<User>,
}

impl Busy {
    async fn new() -> Self {
        Self::on_disk_of(1_000_000).await
    }

    /// With so many pages of disk at most.
    async fn on_disk_of(pages: u32) -> Self {
        let folder = TempDir::new().expect("a folder");
        let lock = take_folder(folder.path()).expect("the folder");
        let path = folder.path().join("teahouse.db");
        let (db, identity) = open_writer(&path).expect("a database");
        db.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(())).expect("a limit");
        let (store, feed) =
            SqliteStore::start_with(lock, &path, db, identity, Duration::from_hours(1), None).expect("a store");
        let mut busy = Self { folder, store, feed, talks: Vec::new(), listeners: Vec::new() };
        for number in 0..TALKS {
            let (ming, ling) =
                (busy.comes(&format!("Ming {number}")).await, busy.comes(&format!("Ling {number}")).await);
            // From both sides, so that the first message changes no list.
            let opening = OpenDirect { opener: ling.clone(), target: UserRef::Id(ming.id) };
            busy.store.open_direct(opening).await.expect("queued").await.expect("a direct");
            let opening = OpenDirect { opener: ming.clone(), target: UserRef::Nickname(ling.nickname.key()) };
            let direct = busy.store.open_direct(opening).await.expect("queued").await.expect("a direct");
            busy.talks.push((ming, direct.conversation));
            busy.listeners.push(ling);
        }
        busy
    }

    async fn comes(&self, name: &str) -> User {
        let user = user(name);
        let new = NewUser {
            user: user.clone(),
            key: user.nickname.key(),
            session: None,
            address: None,
            invite: None,
            password: None,
            max_names_per_address: None,
        };
        self.store.create_user(new).await.expect("a user");
        user
    }

    /// Everybody writes this at once. Gives what is to be answered.
    async fn all_write(&mut self, body: &str) -> Vec<CommandId> {
        let ids: Vec<_> = self.talks.iter().map(|_| CommandId::generate()).collect();
        self.all_send(&ids, body).await;
        ids
    }

    async fn all_send(&self, ids: &[CommandId], body: &str) {
        for ((author, conversation), id) in self.talks.iter().zip(ids) {
            let kind = EventKind::Message { body: Body::from_trusted(body.to_owned()) };
            let event = NewEvent::new(author.clone(), *id, *conversation, kind);
            self.store.submit(event, ReplyTo(0)).await.expect("queued");
        }
    }

    /// Waits until all of these are answered.
    async fn outcomes(&mut self, ids: &[CommandId]) -> HashMap<CommandId, Result<EventPosition, StoreError>> {
        let mut outcomes = HashMap::new();
        while !ids.iter().all(|id| outcomes.contains_key(id)) {
            for news in self.feed.recv().await.expect("news") {
                if let Committed::Reply { id, outcome, .. } = news {
                    outcomes.insert(id, outcome);
                }
            }
        }
        outcomes
    }

    /// The same, where all are to be well.
    async fn answers(&mut self, ids: &[CommandId]) -> HashMap<CommandId, EventPosition> {
        let outcomes = self.outcomes(ids).await;
        outcomes.into_iter().map(|(id, outcome)| (id, outcome.expect("a place"))).collect()
    }

    fn count(&self, table: &str) -> usize {
        let db = open_reader(&self.folder.path().join("teahouse.db")).expect("a connection");
        let count = db.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get::<_, u32>(0));
        count.expect("a count") as usize
    }

    /// How many messages are in the journal alone.
    fn waiting(&self) -> usize {
        let db = open_reader(&self.folder.path().join("teahouse.db")).expect("a connection");
        Staging::load(&db).expect("a journal").len()
    }

    async fn bodies(&self, talk: usize) -> Vec<String> {
        let (reader, conversation) = &self.talks[talk];
        let page = self
            .store
            .messages(reader.id, *conversation, HistoryWindow::Newest, 100, usize::MAX)
            .await
            .expect("a page");
        page.messages.iter().map(|message| message.body.as_str().to_owned()).collect()
    }
}

#[tokio::test]
async fn what_was_answered_from_the_journal_is_there_after_a_kill() {
    let mut busy = Busy::new().await;
    for body in ["one", "two"] {
        let ids = busy.all_write(body).await;
        busy.answers(&ids).await;
    }
    assert_eq!((busy.waiting(), busy.count("events")), (2 * TALKS, 0), "nothing is in the tables yet");
    // What the disk has at this moment.
    let after_kill = TempDir::new().expect("a folder");
    for file in ["teahouse.db", "teahouse.db-wal"] {
        fs::copy(busy.folder.path().join(file), after_kill.path().join(file)).expect("a copy");
    }
    let (store, _feed) = open(&after_kill);
    for (reader, conversation) in &busy.talks {
        let page =
            store.messages(reader.id, *conversation, HistoryWindow::Newest, 100, usize::MAX).await.expect("a page");
        let bodies: Vec<_> = page.messages.iter().map(|message| (message.seq.0, message.body.as_str())).collect();
        assert_eq!(bodies, [(1, "one"), (2, "two")]);
    }
    store.close().await;
    busy.store.close().await;
    assert_eq!((busy.waiting(), busy.count("events")), (0, 2 * TALKS), "closing moves all to the tables");
}

#[tokio::test]
async fn whoever_reads_finds_what_was_told_from_the_journal() {
    let mut busy = Busy::new().await;
    let ids = busy.all_write("hi").await;
    busy.answers(&ids).await;
    assert_eq!(busy.count("events"), 0);
    assert_eq!(busy.bodies(3).await, ["hi"]);

    let ids = busy.all_write("ho").await;
    busy.answers(&ids).await;
    let conversation = busy.talks[5].1;
    let events = busy.store.events(conversation, Seq::ZERO, Seq(9), 9, usize::MAX).await.expect("events");
    assert_eq!(events.len(), 2);
    busy.store.close().await;
}

#[tokio::test]
async fn a_command_that_waits_in_the_journal_is_not_done_again() {
    let mut busy = Busy::new().await;
    let ids = busy.all_write("once").await;
    let first = busy.answers(&ids).await;
    assert_eq!(busy.waiting(), TALKS);
    busy.all_send(&ids, "twice").await;
    assert_eq!(busy.answers(&ids).await, first);
    // Nor one that waited there, and is in the tables by now.
    assert_eq!(busy.bodies(0).await, ["once"]);
    busy.all_send(&ids, "three times").await;
    assert_eq!(busy.answers(&ids).await, first);
    for talk in 0..TALKS {
        assert_eq!(busy.bodies(talk).await, ["once"]);
    }
    busy.store.close().await;
}

#[tokio::test]
async fn a_command_from_before_a_restart_is_not_done_again() {
    let mut busy = Busy::new().await;
    let ids = busy.all_write("once").await;
    let first = busy.answers(&ids).await;
    busy.store.close().await;
    (busy.store, busy.feed) = open(&busy.folder);
    // The greatest that there is, and one that is less.
    busy.all_send(&ids, "twice").await;
    assert_eq!(busy.answers(&ids).await, first);
    busy.store.close().await;
}

#[tokio::test]
async fn whatever_else_is_written_finds_the_journal_in_the_tables() {
    let mut busy = Busy::new().await;
    let ids = busy.all_write("hi").await;
    busy.answers(&ids).await;
    let (ming, conversation) = busy.talks[7].clone();
    let edit = EventKind::Edit { seq: Seq(1), body: Body::from_trusted("hello".to_owned()) };
    let edit = NewEvent::new(ming.clone(), CommandId::generate(), conversation, edit);
    busy.store.append(edit).await.expect("queued").await.expect("a place");
    assert_eq!(busy.bodies(7).await, ["hello"]);

    let ids = busy.all_write("ho").await;
    busy.answers(&ids).await;
    // One alone goes to the tables at once, and stands behind what its talk has in the journal.
    let kind = EventKind::Message { body: Body::from_trusted("alone".to_owned()) };
    let alone = NewEvent::new(ming, CommandId::generate(), conversation, kind);
    let id = alone.id;
    busy.store.submit(alone, ReplyTo(0)).await.expect("queued");
    assert_eq!(busy.answers(&[id]).await[&id].seq, Seq(4));
    assert_eq!(busy.count("events"), TALKS + 3, "no other talk's has moved");
    assert_eq!(busy.bodies(7).await, ["hello", "ho", "alone"]);
    busy.store.close().await;
}

#[tokio::test]
async fn a_full_disk_takes_nothing_from_the_journal() {
    let mut busy = Busy::on_disk_of(120).await;
    let before = busy.all_write("before").await;
    let first = busy.answers(&before).await;
    let ids = busy.all_write(&"x".repeat(50_000)).await;
    let outcomes = busy.outcomes(&ids).await;
    assert!(outcomes.values().all(|outcome| *outcome == Err(StoreError::Unavailable)), "{outcomes:?}");
    assert_eq!(busy.waiting(), TALKS);
    // What waits there is still known.
    busy.all_send(&before, "again").await;
    assert_eq!(busy.answers(&before).await, first);
    // The same commands, with less to say.
    busy.all_send(&ids, "after").await;
    let answers = busy.answers(&ids).await;
    assert!(answers.values().all(|place| place.seq == Seq(2)), "{answers:?}");
    for talk in 0..TALKS {
        assert_eq!(busy.bodies(talk).await, ["before", "after"]);
    }
    busy.store.close().await;
}

/// A change that comes to nothing when it is committed, as on a full disk.
struct Impossible;

impl Write for Impossible {
    type Done = ();

    fn apply(&self, db: &Connection) -> Result<Applied<()>, StoreError> {
        db.execute_batch(
            "PRAGMA defer_foreign_keys = ON;
             INSERT INTO members (conversation, user, read_seq, joined_at) VALUES (x'00', x'00', 0, 0);",
        )?;
        Ok(Applied { done: (), news: None })
    }
}

#[tokio::test]
async fn what_was_told_can_be_read_though_nothing_can_be_written() {
    let mut busy = Busy::new().await;
    let ids = busy.all_write("hi").await;
    busy.answers(&ids).await;
    // Queued in one turn, and so in one commit.
    let impossible = async { busy.store.write(Impossible).await.expect("queued").await };
    let (refused, bodies) = tokio::join!(impossible, busy.bodies(4));
    assert_eq!((refused, bodies), (Err(StoreError::Unavailable), vec!["hi".to_owned()]));
    assert_eq!((busy.waiting(), busy.count("events")), (TALKS, 0), "that commit has failed");
    busy.store.close().await;
}

#[tokio::test]
async fn a_read_mark_counts_what_is_in_the_journal() {
    let mut busy = Busy::new().await;
    let ids = busy.all_write("hi").await;
    busy.answers(&ids).await;
    let (author, conversation) = busy.talks[2].clone();
    let listener = busy.listeners[2].id;
    busy.store.mark_read(listener, conversation, Seq(1));
    let read = loop {
        let news = busy.feed.recv().await.expect("news");
        if let Some(Committed::MarkedRead { user, seq, .. }) =
            news.into_iter().find(|news| matches!(news, Committed::MarkedRead { .. }))
        {
            break (user, seq);
        }
    };
    assert_eq!(read, (listener, Seq(1)));
    let db = open_reader(&busy.folder.path().join("teahouse.db")).expect("a connection");
    let mark = "SELECT read_seq FROM members WHERE conversation = ?1 AND user = ?2";
    let seq: Seq = db.query_row(mark, rusqlite::params![conversation, author.id], |row| row.get(0)).expect("a mark");
    assert_eq!(seq, Seq(1), "whoever writes has seen what is above");
    busy.store.close().await;
}
