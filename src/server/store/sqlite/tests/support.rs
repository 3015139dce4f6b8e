//! A store in a temporary folder, and users in it.

use std::sync::Arc;

use tempfile::TempDir;

use crate::{
    domain::{Body, CommandId, EventKind, Nickname, SessionId, User, UserId},
    server::{
        rules::{CreateUser, NewSession, SendEvent, SessionKey},
        store::{
            clock_source::SystemClock, feed::CommitFeed, history::HistoryWindow, sqlite::sqlite_store::SqliteStore,
            store_trait::Store,
        },
    },
};

pub(super) fn open(folder: &TempDir) -> (Box<dyn Store>, CommitFeed) {
    let (store, feed) = SqliteStore::open(folder.path(), None, Arc::new(SystemClock)).expect("a store");
    (Box::new(store), feed)
}

/// A user whom no store knows yet.
pub(super) fn user(name: &str) -> User {
    User::guest(UserId::generate(), Nickname::parse(name).expect(name))
}

/// Creates a guest with a session.
pub(super) async fn guest(store: &dyn Store, name: &str) -> User {
    let (user, id) = (user(name), SessionId::generate());
    let mut key = [0; 32];
    key[..16].copy_from_slice(id.as_uuid().as_bytes());
    create(
        store,
        &user,
        Some(NewSession { key: SessionKey(key), id, agent: String::new(), used: true, address: None }),
    )
    .await;
    user
}

/// Creates a guest without a session, as the simple protocol does.
pub(super) async fn guest_without_session(store: &dyn Store, name: &str) -> User {
    let user = user(name);
    create(store, &user, None).await;
    user
}

async fn create(store: &dyn Store, user: &User, session: Option<NewSession>) {
    let command = CreateUser {
        user: user.clone(),
        key: user.nickname.key(),
        session,
        address: None,
        invite: None,
        password: None,
        max_names_per_address: None,
    };
    store.execute(command).await.expect("a guest");
}

/// Something that a user sends to the Lobby.
pub(super) fn event(store: &dyn Store, author: &User, kind: EventKind) -> SendEvent {
    SendEvent { author: author.clone(), id: CommandId::generate(), conversation: store.lobby(), kind, reply_to: None }
}

/// A message to the Lobby.
pub(super) fn message(store: &dyn Store, author: &User, body: &str) -> SendEvent {
    event(store, author, EventKind::message(Body::from_trusted(body.to_owned())))
}

/// The texts in the Lobby.
pub(super) async fn texts(store: &dyn Store, reader: &User) -> Vec<String> {
    let page = store.messages(reader.id, store.lobby(), HistoryWindow::Newest, 100, usize::MAX).await.expect("a page");
    page.messages.iter().map(|message| message.body.as_str().to_owned()).collect()
}
