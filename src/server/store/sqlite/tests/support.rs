//! A store in a temporary folder, and users in it.

use tempfile::TempDir;

use crate::{
    domain::{Body, CommandId, EventKind, Nickname, SessionId, User, UserId},
    server::store::{
        accounts::{NewPassword, NewSession, NewUser, OwnerGrant, PasswordHash, SessionKey},
        commits::CommitFeed,
        events::NewEvent,
        sqlite::sqlite_store::SqliteStore,
        store_trait::Store as _,
    },
};

pub(super) fn open(folder: &TempDir) -> (SqliteStore, CommitFeed) {
    SqliteStore::open(folder.path(), None).expect("a store")
}

/// A user whom no store knows yet.
pub(super) fn user(name: &str) -> User {
    User::guest(UserId::generate(), Nickname::parse(name).expect(name))
}

pub(super) fn new_session(id: SessionId, key: u8) -> NewSession {
    NewSession { key: SessionKey([key; 32]), id, agent: String::new(), used: true, address: None }
}

pub(super) fn new_user(user: &User, session: Option<NewSession>) -> NewUser {
    NewUser {
        user: user.clone(),
        key: user.nickname.key(),
        session,
        address: None,
        invite: None,
        password: None,
        max_names_per_address: None,
    }
}

/// Creates a guest with a session.
pub(super) async fn guest(store: &SqliteStore, name: &str) -> User {
    let user = user(name);
    let session = new_session(SessionId::generate(), 7);
    store.create_user(new_user(&user, Some(session))).await.expect("a guest");
    user
}

/// Creates a guest without a session, as the simple protocol does.
pub(super) async fn guest_without_session(store: &SqliteStore, name: &str) -> User {
    let user = user(name);
    store.create_user(new_user(&user, None)).await.expect("a guest");
    user
}

/// Creates a registered user with a session.
pub(super) async fn registered(store: &SqliteStore, name: &str, hash: &PasswordHash) -> (User, SessionId) {
    let (user, session) = (user(name), SessionId::generate());
    let password = Some(NewPassword { hash: hash.clone(), ownership: OwnerGrant::Never });
    let new = NewUser { password, ..new_user(&user, Some(new_session(session, 8))) };
    store.create_user(new).await.expect("a user");
    (user, session)
}

/// A message to the Lobby.
pub(super) fn message(store: &SqliteStore, author: &User, body: &str) -> NewEvent {
    let body = Body::from_trusted(body.to_owned());
    let (author, id, conversation) = (author.clone(), CommandId::generate(), store.lobby());
    NewEvent::new(author, id, conversation, EventKind::Message { body })
}

/// Discards the commits, so that the writer does not wait for a listener.
pub(super) async fn drain(mut feed: CommitFeed) {
    while feed.recv().await.is_some() {}
}
