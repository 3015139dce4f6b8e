//! Commands, one at a time or a few in one commit.

use std::collections::HashSet;

use futures_util::future::join_all;
use rusqlite::Connection;
use tempfile::TempDir;

use crate::{
    domain::{KeptMessages, Nickname, Seq, SessionId, Timestamp},
    server::store::{
        account_deletion::{DeleteAccount, DeletionAuthorization},
        accounts::{NewPassword, OwnerGrant, PasswordHash},
        commits::Committed,
        error::StoreError,
        events::{HistoryWindow, NewEvent},
        expiry::{Expired, ExpiryPolicy, Retention},
        sqlite::{
            error::OpenError,
            open::{DATABASE, lock_folder, open_reader, open_writer},
            sqlite_store::SqliteStore,
            tests::support::{drain, guest, guest_without_session, message, new_session, open, registered, user},
        },
        store_trait::Store as _,
    },
};

#[tokio::test]
async fn a_password_replaced_during_the_comparison_begins_no_session() {
    let folder = TempDir::new().expect("a folder");
    let (store, _feed) = open(&folder);
    let (old, new) = (PasswordHash("old".into()), PasswordHash("new".into()));
    let (ming, session) = registered(&store, "小明", &old).await;
    let replacement = NewPassword { hash: new.clone(), ownership: OwnerGrant::Never };
    let ended = store.set_password(ming.id, replacement.clone(), None).await.map(|ended| ended.result);
    assert_eq!(ended, Ok(1));
    let begun = |key| new_session(SessionId::generate(), key);
    assert_eq!(store.begin_session(ming.id, old, begun(1)).await, Err(StoreError::WrongPassword));
    assert_eq!(store.begin_session(ming.id, new, begun(2)).await, Ok(()));
    // A session that has ended cannot set a password either.
    let refused = store.set_password(ming.id, replacement, Some(session)).await.map(drop);
    assert_eq!(refused, Err(StoreError::UnknownUser));
}

#[tokio::test]
async fn a_deleted_account_is_erased_in_batches_and_after_a_restart() {
    let folder = TempDir::new().expect("a folder");
    let (store, feed) = open(&folder);
    tokio::spawn(drain(feed));
    let ming = guest(&store, "小明").await;
    for number in 0..150 {
        let receipt = store.append(message(&store, &ming, &format!("secret {number}"))).await.expect("queued");
        receipt.await.expect("durable");
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
    assert_eq!(count("secret"), 50, "a batch deletes 100 messages");
    store.close().await;
    drop(store);

    let (store, feed) = open(&folder);
    tokio::spawn(drain(feed));
    while store.erase_batch().await.expect("a batch") {}
    assert_eq!((count("secret"), count("deletion")), (0, 150));
    assert_eq!(store.user(ming.id).await.expect("a user").map(|user| user.nickname), Some(Nickname::former()));
}

#[tokio::test]
async fn nicknames_that_were_not_released_on_disconnect_expire() {
    let folder = TempDir::new().expect("a folder");
    let (store, _feed) = open(&folder);
    let disconnected = guest_without_session(&store, "disconnected").await;
    let online = guest_without_session(&store, "online").await;
    guest_without_session(&store, "new").await;
    let other = Connection::open(folder.path().join(DATABASE)).expect("a connection");
    other.execute("UPDATE users SET created_at = 1000 WHERE nickname <> 'new'", []).expect("an update");
    let never = Timestamp(0);
    let expiry = ExpiryPolicy {
        connected_sessions: HashSet::new(),
        touch_cutoff: never,
        online_users: HashSet::from([online.id]),
        guest_cutoff: never,
        session_cutoff: never,
        idle_cutoff: never,
        ended_session_cutoff: never,
        unused_guest_cutoff: never,
        retention: Retention::default(),
    };
    assert_eq!(store.expire(expiry).await, Ok(Expired { guests: 1, sessions: vec![] }));
    assert_eq!(store.account(disconnected.nickname.key()).await, Ok(None));
}

#[tokio::test]
async fn a_full_disk_refuses_a_write_and_the_store_goes_on() {
    let folder = TempDir::new().expect("a folder");
    let lock = lock_folder(folder.path()).expect("the folder");
    let path = folder.path().join(DATABASE);
    let (db, identity) = open_writer(&path).expect("a database");
    let pages: i64 = db.pragma_query_value(None, "page_count", |row| row.get(0)).expect("a count");
    // Enough for a few small rows.
    db.pragma_update_and_check(None, "max_page_count", pages + 4, |_| Ok(())).expect("a limit");
    let (store, _feed) = SqliteStore::start(lock, &path, db, identity).expect("a store");

    let ming = guest(&store, "小明").await;
    let too_big = message(&store, &ming, &"x".repeat(1_000_000));
    let id = too_big.id;
    assert_eq!(store.append(too_big).await.expect("queued").await, Err(StoreError::Unavailable));
    assert_eq!(store.check_health().await, Ok(()));

    // Nothing was written, so the same command can be sent again.
    let retry = NewEvent { id, ..message(&store, &ming, "small") };
    let position = store.append(retry).await.expect("queued").await.expect("enough space for a small one");
    assert_eq!(position.seq, Seq(1));
    let page = store.messages(ming.id, store.lobby(), HistoryWindow::Newest, 10, usize::MAX).await.expect("a page");
    assert_eq!(page.messages.len(), 1);
    store.close().await;
}

#[tokio::test]
async fn a_refused_write_does_not_fail_the_others_of_its_commit() {
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
    // The store is closed, so the feed ends. It has announced everything that was committed, in order.
    let mut announced = Vec::new();
    while let Some(commit) = feed.recv().await {
        announced.extend(commit.into_iter().map(|change| match change {
            Committed::Event(event) => event.seq.0,
            other => panic!("unexpected {other:?}"),
        }));
    }
    assert_eq!(announced, [1, 2, 3, 4, 5, 6]);
}

#[tokio::test]
async fn times_never_go_back_even_if_the_clock_does() {
    let folder = TempDir::new().expect("a folder");
    let (store, _feed) = open(&folder);
    let ming = guest(&store, "小明").await;
    store.append(message(&store, &ming, "before")).await.expect("queued").await.expect("a position");
    store.close().await;
    let future = Timestamp(Timestamp::now().0 + 1_000_000);
    let other = Connection::open(folder.path().join(DATABASE)).expect("a connection");
    other.execute("UPDATE events SET at = ?1", [future]).expect("an update");
    let (store, _feed) = open(&folder);
    let position = store.append(message(&store, &ming, "hi")).await.expect("queued").await.expect("a position");
    assert_eq!(position.at, future);
    store.close().await;
}

#[tokio::test]
async fn read_marks_move_forward_only_and_belong_to_members_only() {
    let folder = TempDir::new().expect("a folder");
    let (store, mut feed) = open(&folder);
    let (ming, stranger) = (guest(&store, "小明").await, user("stranger"));
    let lobby = store.lobby();
    let ling = guest_without_session(&store, "阿玲").await;
    for number in 0..10 {
        store.append(message(&store, &ling, &number.to_string())).await.expect("queued").await.expect("a position");
    }
    store.mark_read(stranger.id, lobby, Seq(3));
    for seq in [2, 7, 4] {
        store.mark_read(ming.id, lobby, Seq(seq));
    }
    let mut furthest = Seq::ZERO;
    while furthest < Seq(7) {
        for change in feed.recv().await.expect("a commit") {
            let (user, seq) = match change {
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
    // Another process can open the data now.
    open(&folder).0.close().await;
}

#[test]
fn data_of_a_newer_program_is_left_alone() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join(DATABASE);
    let db = Connection::open(path).expect("a database");
    db.execute_batch("PRAGMA user_version = 999").expect("a version");
    let error = SqliteStore::open(folder.path(), None).expect_err("a refusal");
    assert!(matches!(error, OpenError::NewerData { found: 999, .. }), "{error}");
}
