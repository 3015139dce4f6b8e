//! What can't be seen from outside the server.

use futures_util::future::join_all;
use tempfile::TempDir;

use super::{
    super::{Committed, NewEvent, NewUser, Store as _, StoreError, Window},
    *,
};
use crate::{
    domain::{Body, CommandId, Millis, Nickname, User},
    protocol::Change,
};

fn open(folder: &TempDir) -> (SqliteStore, Feed) {
    SqliteStore::open(folder.path()).expect("a store")
}

fn user(name: &str) -> User {
    User::guest(UserId::generate(), Nickname::parse(name).expect(name))
}

async fn guest(store: &SqliteStore, name: &str) -> User {
    let user = user(name);
    let session = NewSession { key: SessionKey([7; 32]), id: SessionId::generate(), agent: String::new() };
    let (key, session) = (user.nickname.key(), Some(session));
    store
        .create_user(NewUser { user: user.clone(), key, session, address: None, invite: None, password: None })
        .await
        .expect("a guest");
    user
}

fn message(store: &SqliteStore, author: &User, body: &str) -> NewEvent {
    let body = Body::from_trusted(body.to_owned());
    let (author, id, conversation) = (author.clone(), CommandId::generate(), store.lobby());
    NewEvent::of_author(author, id, conversation, Change::Message { body })
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
    assert_eq!(store.check().await, Ok(()));

    // Nothing of it is there: the same command can be sent again.
    let again = NewEvent { id, ..message(&store, &ming, "small") };
    let appended = store.append(again).await.expect("queued").await.expect("room for a small one");
    assert_eq!(appended.seq, Seq(1));
    let page = store.messages(ming.id, store.lobby(), Window::Newest, 10).await.expect("a page");
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
    let future = Millis(Millis::now().0 + 1_000_000);
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
        .create_user(NewUser { user: ling_comes, key, session: None, address: None, invite: None, password: None })
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
                Committed::Read { user, seq, .. } => (user, seq),
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
    assert_eq!(store.check().await, Err(StoreError::Unavailable));
    // The data is free for the next one.
    open(&folder).0.close().await;
}

#[test]
fn data_of_a_newer_program_is_left_alone() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("teahouse.db");
    let db = Connection::open(path).expect("a database");
    db.execute_batch("PRAGMA user_version = 999").expect("a version");
    let error = SqliteStore::open(folder.path()).expect_err("a refusal");
    assert!(matches!(error, OpenError::NewerData { found: 999, .. }), "{error}");
}
