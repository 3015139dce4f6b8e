//! A store with something of everything passes. Each damage, done by hand to a copy, is found.

use std::{fs, path::Path, sync::Arc};

use rusqlite::Connection;
use tempfile::TempDir;

use crate::{
    domain::{
        Body, ClientAddr, CommandId, ConversationId, Emoji, EventKind, InviteId, KeptMessages, Nickname, RoomCreation,
        RoomName, RoomTopic, Seq, SessionId, Timestamp, User, UserId, Visibility,
    },
    server::{
        rules::{
            AddMember, BlockUser, CreateInvite, CreateRoom, CreateUser, DeleteAccount, DeletionAuthorization,
            EraseBatch, InviteKey, MemberSetting, Moderate, ModerationAction, NewPassword, NewSession, OpenDirect,
            OwnerGrant, PasswordHash, ReleaseNickname, SendEvent, SessionKey, SetConversation, UserRef,
        },
        store::{
            clock_source::SystemClock,
            feed::CommitFeed,
            sqlite::{open::DATABASE, sqlite_store::SqliteStore, verify::verify},
            store_trait::Store,
        },
    },
};

/// Each damage: what it is, and the SQL that does it. Foreign keys are off meanwhile.
const DAMAGES: [(&str, &str); 37] = [
    ("position", "DELETE FROM entries WHERE position = 3"),
    ("seq", "UPDATE events SET seq = 1000 WHERE position = (SELECT max(position) FROM events)"),
    ("event", "DELETE FROM events WHERE target IS NOT NULL AND target > 0"),
    ("time", "UPDATE events SET at = 1 WHERE position = (SELECT max(position) FROM events)"),
    (
        "command",
        "DROP INDEX commands; UPDATE events SET (command_id, author) = (SELECT command_id, author FROM events ORDER BY position LIMIT 1)
          WHERE position = (SELECT max(position) FROM events WHERE target IS NULL)",
    ),
    ("a text in the projection", "UPDATE states SET body = 'something else' WHERE edited_at IS NOT NULL"),
    ("a lost edit", "DELETE FROM states WHERE edited_at IS NOT NULL"),
    ("a message that came back", "UPDATE states SET deleted = 0 WHERE deleted"),
    ("a state without a change", "INSERT INTO states (conversation, seq, revision) VALUES (2, 1, 1)"),
    (
        "the text of a deleted message",
        "UPDATE events SET payload = json_set(payload, '$.body', 'secret')
          WHERE (conversation, seq) IN (SELECT conversation, seq FROM states WHERE deleted)",
    ),
    (
        "an earlier text of a deleted message",
        "UPDATE events SET payload = json_set(payload, '$.body', 'secret') WHERE payload ->> '$.kind' = 'edit'
            AND (conversation, target) IN (SELECT conversation, seq FROM states WHERE deleted)",
    ),
    ("a lost pin", "DELETE FROM pins"),
    ("another place of a pin", "UPDATE pins SET seq = seq + 1"),
    ("a muted conversation", "UPDATE member_settings SET muted = 0"),
    ("a pinned conversation", "UPDATE member_settings SET pinned = 1"),
    ("a lost reaction", "DELETE FROM reactions"),
    ("a reaction of nobody", "INSERT INTO reactions SELECT conversation, message, '🐉', user, seq FROM reactions LIMIT 1"),
    ("a read mark beyond the end", "UPDATE members SET read_seq = 1000"),
    ("a read mark before the own message", "UPDATE members SET read_seq = 0"),
    ("a read mark that forgets that it was set back", "UPDATE members SET set_back_at = 0"),
    ("the number of a room's members", "UPDATE conversations SET member_count = member_count + 1 WHERE number > 1"),
    ("a lost member", "DELETE FROM members WHERE conversation = 1 AND user = (SELECT max(user) FROM members WHERE conversation = 1)"),
    ("a member who never joined", "INSERT INTO members SELECT 1, number, 0, 0, 9223372036854775807, 0 FROM users WHERE id = zeroblob(16)"),
    ("a direct in no list", "UPDATE members SET listed = NULL WHERE conversation <> 1"),
    ("a role", "UPDATE users SET role = 'moderator' WHERE role = 'member'"),
    ("a nickname that came back", "UPDATE users SET nickname_key = 'back' || number WHERE nickname_key IS NULL AND number > 1"),
    ("a lifted sanction", "DELETE FROM sanctions"),
    ("a longer sanction", "UPDATE sanctions SET until = 1"),
    ("a lost block", "DELETE FROM blocks"),
    ("an invite that is valid again", "UPDATE invites SET uses = 0"),
    ("a row that refers to nothing", "UPDATE sessions SET user = 999"),
    ("a topic", "UPDATE rooms SET topic = 'something else' WHERE conversation > 1"),
    ("a room that everybody sees", "UPDATE rooms SET visibility = 'public' WHERE visibility = 'private'"),
    ("the name of a room", "UPDATE conversations SET name = 'Other' WHERE name = 'Tea'"),
    ("a role in a room", "DELETE FROM room_roles"),
    ("what is set of a room", "DELETE FROM rooms WHERE conversation > 1"),
    ("a trigger", "DROP TRIGGER audit_is_not_changed"),
];

#[tokio::test]
async fn each_damage_is_found_and_an_intact_store_passes() {
    let folder = TempDir::new().expect("a folder");
    fill(folder.path()).await;
    let found = verify(folder.path(), &mut |_, _| {}).expect("a verification");
    assert!(found.is_empty(), "{found}");
    let damaged = folder.path().join("damaged.db");
    for (name, damage) in DAMAGES {
        fs::copy(folder.path().join(DATABASE), &damaged).expect("a copy");
        let db = Connection::open(&damaged).expect("the copy");
        db.execute_batch(&format!("PRAGMA foreign_keys = OFF; {damage}")).expect(name);
        assert!(db.changes() > 0 || damage.contains("DROP"), "{name}: nothing is damaged");
        drop(db);
        let found = verify(&damaged, &mut |_, _| {}).expect("a verification");
        assert!(!found.is_empty(), "{name} was not found");
    }
}

#[tokio::test]
async fn a_damaged_page_is_found() {
    let folder = TempDir::new().expect("a folder");
    fill(folder.path()).await;
    let file = folder.path().join(DATABASE);
    let mut bytes = fs::read(&file).expect("the database");
    // The first page has the schema. Every other page loses its header.
    bytes.chunks_mut(4_096).skip(1).for_each(|page| page[..8].fill(0xff));
    fs::write(&file, bytes).expect("the damage");
    let found = verify(&file, &mut |_, _| {});
    assert!(found.is_err() || found.is_ok_and(|found| !found.is_empty()));
}

#[tokio::test]
async fn a_store_can_be_verified_while_it_is_open() {
    let folder = TempDir::new().expect("a folder");
    let (store, _feed) = open(folder.path());
    let ming = sign_up(&*store, "小明", 1, None).await;
    send(&*store, &ming, store.lobby(), message("hi")).await;
    let found = verify(folder.path(), &mut |_, _| {}).expect("a verification");
    assert!(found.is_empty(), "{found}");
    store.close().await;
}

fn open(folder: &Path) -> (Arc<dyn Store>, CommitFeed) {
    let (store, feed) = SqliteStore::open(folder, None, Arc::new(SystemClock)).expect("a store");
    (Arc::new(store), feed)
}

fn message(text: &str) -> EventKind {
    EventKind::message(Body::from_trusted(text.to_owned()))
}

async fn send(store: &dyn Store, author: &User, conversation: ConversationId, kind: EventKind) -> Seq {
    let event = SendEvent { author: author.clone(), id: CommandId::generate(), conversation, kind, reply_to: None };
    store.execute(event).await.expect("sent").seq
}

/// A user with a session. The first one becomes the owner.
async fn sign_up(store: &dyn Store, name: &str, number: u8, invite: Option<InviteKey>) -> User {
    let user = User::guest(UserId::generate(), Nickname::parse(name).expect(name));
    let ownership = if number == 1 { OwnerGrant::Always } else { OwnerGrant::Never };
    let password = (number < 3).then(|| NewPassword { hash: PasswordHash("hash".into()), ownership });
    let session = NewSession {
        key: SessionKey([number; 32]),
        id: SessionId::generate(),
        agent: String::new(),
        used: true,
        address: None,
    };
    let address = Some(format!("192.0.2.{number}").parse::<ClientAddr>().expect("an address"));
    let key = user.nickname.key();
    let command = CreateUser {
        user: user.clone(),
        key,
        session: Some(session),
        address,
        invite,
        password,
        max_names_per_address: None,
    };
    store.execute(command).await.expect("a user");
    user
}

async fn moderate(store: &dyn Store, subject: &User, action: ModerationAction) {
    let command = Moderate {
        actor: None,
        id: CommandId::generate(),
        room: None,
        subject: subject.id,
        action,
        addresses: Vec::new(),
        whole_address: false,
    };
    store.execute(command).await.expect("moderated");
}

/// Fills a store with something of everything.
async fn fill(folder: &Path) {
    let (store, _feed) = open(folder);
    let (store, lobby) = (&*store, store.lobby());
    let (invite, key) = (InviteId::generate(), InviteKey([1; 32]));
    let created = CreateInvite { id: invite, key, actor: None, expires_at: None, max_uses: Some(5) };
    store.execute(created).await.expect("an invite");
    let ming = sign_up(store, "小明", 1, None).await;
    let ling = sign_up(store, "阿玲", 2, Some(key)).await;
    let zoe = sign_up(store, "Zoë", 3, None).await;
    let gone = sign_up(store, "gone", 4, None).await;
    let tea = Emoji::parse("🍵").expect("an emoji");
    let first = send(store, &ming, lobby, message("one")).await;
    let second = send(store, &ling, lobby, message("two")).await;
    let third = send(store, &zoe, lobby, message("three")).await;
    send(store, &ming, lobby, EventKind::edit(first, Body::from_trusted("edited".into()))).await;
    send(store, &ling, lobby, EventKind::edit(second, Body::from_trusted("two, edited".into()))).await;
    send(store, &ling, lobby, EventKind::Deletion { seq: second }).await;
    send(store, &ming, lobby, EventKind::Pin { seq: third, on: true }).await;
    let (muted, unread) = (MemberSetting::Muted(true), MemberSetting::UnreadFrom(third));
    for (user, setting) in [(&ling, muted), (&ling, unread), (&zoe, unread)] {
        let set = SetConversation { user: user.id, conversation: lobby, setting };
        store.execute(set).await.expect("a member may");
    }
    send(store, &ming, lobby, EventKind::Reaction { seq: third, emoji: tea, on: true }).await;
    for other in [&ling, &gone] {
        let opened = OpenDirect { opener: ming.id, target: UserRef::Id(other.id) };
        let direct = store.execute(opened).await.expect("a direct").conversation;
        send(store, &ming, direct, message("in private")).await;
    }
    store.execute(BlockUser { user: ming.id, other: zoe.id }).await.expect("a block");
    moderate(store, &zoe, ModerationAction::Mute(Some(Timestamp(u64::MAX >> 1)))).await;
    moderate(store, &ling, ModerationAction::Ban(None)).await;
    let room = CreateRoom {
        author: ming.clone(),
        id: CommandId::generate(),
        name: RoomName::parse("Tea").expect("a name"),
        topic: RoomTopic::parse("Cups").expect("a topic"),
        visibility: Visibility::Private,
        policy: RoomCreation::Registered,
    };
    let room = store.execute(room).await.expect("a room").room;
    let target = UserRef::Id(zoe.id);
    let added = AddMember { author: ming.clone(), id: CommandId::generate(), room, target };
    store.execute(added).await.expect("a member");
    store.execute(ReleaseNickname(gone.id)).await.expect("released");
    let leaving = sign_up(store, "leaving", 5, None).await;
    send(store, &leaving, lobby, message("before I go")).await;
    let (user, authorization) = (leaving.id, DeletionAuthorization::Guest);
    store.execute(DeleteAccount { user, authorization, messages: KeptMessages::Delete }).await.expect("deleted");
    while store.execute(EraseBatch).await.expect("a batch") {}
    store.close().await;
}
