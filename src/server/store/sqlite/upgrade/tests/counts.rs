//! Version 25, which counted members and unread messages each time.

use std::{path::Path, sync::Arc};

use rusqlite::Connection;
use tempfile::TempDir;

use crate::{
    domain::{Body, CommandId, Conversation, EventKind, Nickname, Seq, User, UserId},
    server::{
        rules::{CreateUser, MemberSetting, NewPassword, OwnerGrant, PasswordHash, SendEvent, SetConversation},
        store::{
            Store,
            clock_source::SystemClock,
            sqlite::{
                sqlite_store::SqliteStore,
                upgrade::{tests::old_store::rows, upgrade},
                verify,
            },
        },
    },
};

/// What is new in version 26, undone.
const BACK_TO_25: &str = "
    DROP INDEX notices;
    DROP INDEX deleted_messages;
    ALTER TABLE conversations DROP COLUMN member_count;
    ALTER TABLE members DROP COLUMN set_back_at;
    PRAGMA user_version = 25;";

fn open(folder: &Path) -> Arc<dyn Store> {
    Arc::new(SqliteStore::open(folder, None, Arc::new(SystemClock)).expect("a store").0)
}

async fn sign_up(store: &dyn Store, name: &str) -> User {
    let user = User::guest(UserId::generate(), Nickname::parse(name).expect("a nickname"));
    let key = user.nickname.key();
    // A guest without a session would be gone after a restart.
    let password = Some(NewPassword { hash: PasswordHash("hash".into()), ownership: OwnerGrant::Never });
    let (session, address, invite) = (None, None, None);
    let command =
        CreateUser { user: user.clone(), key, session, address, invite, password, max_names_per_address: None };
    store.execute(command).await.expect("a user");
    user
}

async fn say(store: &dyn Store, author: &User) {
    let kind = EventKind::message(Body::from_trusted("hello".into()));
    let (author, conversation) = (author.clone(), store.lobby());
    let event = SendEvent { author, id: CommandId::generate(), conversation, kind, reply_to: None };
    store.execute(event).await.expect("a member may write");
}

async fn lobby_of(store: &dyn Store, user: &User) -> Conversation {
    let list = store.conversations(user.id, None, 1).await.expect("a list");
    list.conversations.into_iter().next().expect("the Lobby")
}

#[tokio::test]
async fn a_store_of_version_25_counts_the_same_afterwards() {
    let folder = TempDir::new().expect("a folder");
    let store = open(folder.path());
    let (ada, bob) = (sign_up(&*store, "Ada").await, sign_up(&*store, "Bob").await);
    for author in [&ada, &bob, &ada, &bob] {
        say(&*store, author).await;
    }
    // Her own message after the mark is not unread.
    let set = SetConversation { user: ada.id, conversation: store.lobby(), setting: MemberSetting::UnreadFrom(Seq(2)) };
    store.execute(set).await.expect("a member may");
    let before = (lobby_of(&*store, &ada).await, lobby_of(&*store, &bob).await);
    assert_eq!((before.0.unread, before.1.unread), (2, 0));
    store.close().await;
    let path = folder.path().join("teahouse.db");
    let db = Connection::open(&path).expect("a database");
    db.execute_batch(BACK_TO_25).expect("the tables of version 25");
    drop(db);

    upgrade(&path).expect("an upgrade");
    let db = Connection::open(&path).expect("a database");
    assert_eq!(rows(&db, "SELECT member_count FROM conversations"), ["2"]);
    assert_eq!(rows(&db, "SELECT set_back_at > 0 FROM members ORDER BY user"), ["1", "0"]);
    drop(db);
    let findings = verify(folder.path(), &mut |_, _| {}).expect("a verification");
    assert!(findings.is_empty(), "{findings}");
    let store = open(folder.path());
    assert_eq!((lobby_of(&*store, &ada).await, lobby_of(&*store, &bob).await), before);
    store.close().await;
}
