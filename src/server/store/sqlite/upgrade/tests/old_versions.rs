//! Stores of versions before 20.

use rusqlite::params;
use uuid::Uuid;

use crate::{
    domain::{Body, CommandId, ConversationId, EventKind, ModerationNotice, Scope, Seq, Timestamp, UserId},
    server::store::sqlite::upgrade::{
        migrations::MIGRATIONS,
        staging::StagedMessage,
        tests::{
            old_store::{OldStore, id},
            staged_rows::encode_row,
        },
    },
};

/// A store of that version with a Lobby, which has the id 2, and three users, who have the ids 16, 17 and 18.
fn store_with_lobby(version: usize) -> OldStore {
    let store = OldStore::new(version);
    let (lobby, epoch) = (id(2), id(3));
    store.execute(&format!(
        "INSERT INTO conversations (id, kind, name, created_at) VALUES ({lobby}, 'room', 'Lobby', 1);
         INSERT INTO meta (only, epoch, lobby) VALUES (1, {epoch}, {lobby});"
    ));
    let kind = if version < 3 { ", kind" } else { "" };
    let guest = if version < 3 { ", 'guest'" } else { "" };
    for (user, nickname) in [(0x10, "Ming"), (0x11, "Ling"), (0x12, "Bo")] {
        let user = id(user);
        let columns = "INSERT INTO users (id, nickname, nickname_key, created_at";
        store.execute(&format!("{columns}{kind}) VALUES ({user}, '{nickname}', lower('{nickname}'), 1{guest})"));
        store.execute(&format!(
            "INSERT INTO members (conversation, user, read_seq, joined_at) VALUES ({lobby}, {user}, 0, 1)"
        ));
    }
    store
}

impl OldStore {
    fn add_event(&self, seq: u64, author: u128, target: Option<u64>, payload: &str) {
        let command = Uuid::from_u128(u128::from(100 + seq));
        self.db
            .execute(
                "INSERT INTO events (conversation, seq, at, author, command_id, payload, target)
                   VALUES (?1, ?2, 8, ?3, ?4, ?5, ?6)",
                params![
                    ConversationId::from_uuid(Uuid::from_u128(2)),
                    Seq(seq),
                    UserId::from_uuid(Uuid::from_u128(author)),
                    CommandId::from_uuid(command),
                    payload,
                    target.map(Seq)
                ],
            )
            .expect("an event");
    }
}

#[test]
fn a_store_of_the_first_version_is_upgraded() {
    let store = OldStore::new(1);
    let (lobby, ming) = (id(2), id(0x10));
    store.execute(&format!(
        r#"INSERT INTO users (id, nickname, nickname_key, kind, created_at) VALUES ({ming}, 'Ming', 'ming', 'guest', 5);
           INSERT INTO sessions (token_hash, user, created_at) VALUES (zeroblob(32), {ming}, 6);
           INSERT INTO conversations (id, kind, name, created_at, last_seq, last_at) VALUES ({lobby}, 'room', 'Lobby', 1, 1, 8);
           INSERT INTO meta (only, epoch, lobby) VALUES (1, {epoch}, {lobby});
           INSERT INTO members (conversation, user, read_seq, joined_at) VALUES ({lobby}, {ming}, 1, 5);
           INSERT INTO events (conversation, seq, at, author, command_id, payload)
             VALUES ({lobby}, 1, 8, {ming}, {command}, '{{"kind":"message","body":"hi"}}');
           INSERT INTO messages (conversation, seq, id, at, author, body, revision)
             VALUES ({lobby}, 1, {command}, 8, {ming}, 'hi', 1);"#,
        epoch = id(3),
        command = id(0x0a),
    ));

    let new = store.upgrade();
    assert_eq!(new.rows("SELECT number, id, nickname FROM users"), ["1  Teahouse", "2 10 Ming"]);
    assert_eq!(new.rows("SELECT conversation, seq, id, at, author, body FROM messages"), ["1 1 a 8 2 hi"]);
    assert_eq!(new.rows("SELECT user, created_at, seen_at, used FROM sessions"), ["2 6 6 1"]);
    assert_eq!(new.rows("SELECT member_count FROM conversations"), ["1"]);
    assert_eq!(new.rows("SELECT epoch, lobby, audit_since FROM meta"), ["3 1 0"]);
    assert_eq!(new.rows("SELECT conversation, user, read_seq FROM members"), ["1 2 1"]);
}

/// From before migration 5, when conversations and messages had their positions too.
#[test]
fn messages_that_were_stored_beside_the_log_are_taken_over() {
    let store = OldStore::new(4);
    let (lobby, ming) = (id(2), id(0x10));
    store.execute(&format!(
        r#"INSERT INTO users (id, nickname, nickname_key, created_at) VALUES ({ming}, 'Ming', 'ming', 1);
           INSERT INTO conversations (id, kind, name, created_at, last_seq, last_at) VALUES ({lobby}, 'room', 'Lobby', 1, 3, 9);
           INSERT INTO meta (only, epoch, lobby) VALUES (1, {epoch}, {lobby});
           INSERT INTO members (conversation, user, read_seq, joined_at) VALUES ({lobby}, {ming}, 3, 1);
           INSERT INTO events (conversation, seq, at, author, command_id, payload, target)
             VALUES ({lobby}, 1, 8, {ming}, {hi}, '{{"kind":"message","body":"hi"}}', NULL),
                    ({lobby}, 2, 9, {ming}, {hey}, '{{"kind":"edit","seq":1,"body":"hey"}}', 1),
                    ({lobby}, 3, 9, {ming}, {ho}, '{{"kind":"message","body":"ho"}}', NULL);
           INSERT INTO messages (conversation, seq, id, at, author, body, revision, edited_at)
             VALUES ({lobby}, 1, {hi}, 8, {ming}, 'hey', 2, 9), ({lobby}, 3, {ho}, 9, {ming}, 'ho', 3, NULL);
           INSERT INTO reactions (conversation, message, emoji, user, seq) VALUES ({lobby}, 1, '🍵', {ming}, 2);"#,
        epoch = id(3),
        hi = id(0x0a),
        hey = id(0x0b),
        ho = id(0x0c),
    ));

    let new = store.upgrade();
    assert_eq!(
        new.rows("SELECT seq, id, body, revision, edited_at, deleted FROM messages"),
        ["1 a hey 2 9 0", "3 c ho 3 NULL 0"]
    );
    assert_eq!(new.value::<u32>("SELECT count(*) FROM events"), 3);
    assert_eq!(new.value::<u32>("SELECT count(*) FROM events WHERE instr(payload, '\"hi\"')"), 0, "it was edited away");
    assert_eq!(new.rows("SELECT conversation, message, emoji, user, seq FROM reactions"), ["1 1 🍵 2 2"]);
    let twice = new.db.execute(
        "INSERT INTO events (position, conversation, seq, at, author, command_id, payload)
         SELECT 99, conversation, 4, at, author, command_id, payload FROM events WHERE seq = 1",
        [],
    );
    assert!(twice.is_err(), "a command id is still unique");
}

/// From before migration 8, when the staging table had a message per row.
#[test]
fn the_oldest_staging_table_is_taken_over() {
    let store = store_with_lobby(7);
    store.add_event(1, 0x10, None, r#"{"kind":"message","body":"in both"}"#);
    for (seq, command, body) in [(1, 101, "in both"), (2, 102, r#"say "hi""#)] {
        store.execute(&format!(
            "INSERT INTO journal (conversation, seq, at, author, command_id, body)
             VALUES ({}, {seq}, 9, {}, {}, '{body}')",
            id(2),
            id(0x10),
            id(command)
        ));
    }
    assert_eq!(store.upgrade().rows("SELECT seq, body FROM messages"), ["1 in both", r#"2 say "hi""#]);
}

#[test]
fn staged_messages_are_taken_over() {
    for version in [8, 15, 20] {
        let store = store_with_lobby(version);
        store.add_event(1, 0x10, None, r#"{"kind":"message","body":"in the log"}"#);
        store.add_event(2, 0x10, None, r#"{"kind":"message","body":"in both"}"#);
        let staged = |seq: u64, author: u128, body: &str| StagedMessage {
            conversation: ConversationId::from_uuid(Uuid::from_u128(2)),
            seq: Seq(seq),
            at: Timestamp(9),
            author: UserId::from_uuid(Uuid::from_u128(author)),
            id: CommandId::from_uuid(Uuid::from_u128(u128::from(100 + seq))),
            body: Body::from_trusted(body.to_owned()),
        };
        for row in [&[staged(2, 0x10, "in both"), staged(3, 0x11, "茶\n\"3\"")][..], &[staged(4, 0x12, "4")]] {
            store.db.execute("INSERT INTO journal (posts) VALUES (?1)", [encode_row(row)]).expect("a row");
        }

        let new = store.upgrade();
        assert_eq!(
            new.rows("SELECT seq, author, at, id, body FROM messages"),
            ["1 2 8 65 in the log", "2 2 8 66 in both", "3 3 9 67 茶\n\"3\"", "4 4 9 68 4"]
        );
        assert_eq!(new.rows("SELECT user, read_seq FROM members"), ["2 0", "3 3", "4 4"]);
    }
}

/// From before migration 19, when each spelling of an emoji was a different reaction.
#[test]
fn different_spellings_of_an_emoji_become_one_reaction() {
    let store = store_with_lobby(16);
    for seq in 1..=3 {
        store.add_event(seq, 0x10, None, r#"{"kind":"message","body":"hi"}"#);
    }
    store.execute(&format!("INSERT INTO states (conversation, seq, revision, deleted) VALUES ({}, 3, 15, 1)", id(2)));
    let heart = "❤\u{fe0f}";
    // Message 1 has a heart in each spelling; on message 2 one is removed in the other spelling; message 3 is deleted.
    for (seq, author, target, emoji, is_on) in [
        (4, 0x10, 1, "❤", true),
        (5, 0x11, 1, heart, true),
        (6, 0x10, 1, heart, true),
        (7, 0x12, 1, "👍\u{200d}", true),
        (8, 0x10, 2, "❤", true),
        (9, 0x10, 2, heart, true),
        (10, 0x10, 2, heart, false),
        (11, 0x11, 2, heart, false),
        (12, 0x11, 2, "❤\u{fe0e}", true),
        (13, 0x12, 3, "❤", true),
        (14, 0x11, 1, "🇽🇽", true),
    ] {
        let payload = format!(r#"{{"kind":"reaction","seq":{target},"emoji":"{emoji}","on":{is_on}}}"#);
        store.add_event(seq, author, Some(target), &payload);
        if is_on && target == 1 {
            let (lobby, author) = (id(2), id(author));
            store.execute(&format!("INSERT INTO reactions VALUES ({lobby}, {target}, '{emoji}', {author}, {seq})"));
        }
    }

    let new = store.upgrade();
    assert_eq!(
        new.rows("SELECT message, emoji, user, seq FROM reactions ORDER BY message, emoji, seq"),
        [
            format!("1 {heart} 2 4"),
            format!("1 {heart} 3 5"),
            "1 🇽🇽 3 14".to_owned(),
            "1 👍 4 7".to_owned(),
            format!("2 {heart} 3 12"),
        ]
    );
    let in_log = format!("SELECT count(*) FROM events WHERE payload ->> '$.emoji' = '{heart}'");
    assert_eq!(new.value::<u32>(&in_log), 9, "the log has the normal spelling, too");
    assert_eq!(new.rows("SELECT epoch FROM meta"), [""], "clients that have folded the log must start again");
}

/// Version 20 renamed the scope `house` to `server`.
#[test]
fn notices_for_the_whole_server_get_the_new_name_of_their_scope() {
    let store = store_with_lobby(19);
    let user = r#"{"id":"01a208dc-6c63-75f0-9cfb-10f62827688d","nickname":"Ling"}"#;
    let notice = |scope: &str| format!(r#"{{"kind":"notice","action":"mute","user":{user},"scope":"{scope}"}}"#);
    let quoted = r#"{"kind":"message","body":"{\"scope\":\"house\"}"}"#.to_owned();
    for (seq, payload) in [(1, notice("house")), (2, notice("room")), (3, quoted.clone())] {
        store.add_event(seq, 0x10, None, &payload);
    }
    let payloads = [notice("server"), notice("room"), quoted];
    store.execute(MIGRATIONS[19]);
    store.execute(MIGRATIONS[19]);
    let new = store.upgrade();
    assert_eq!(new.rows("SELECT payload FROM events ORDER BY seq"), payloads, "the same step again changes nothing");
    let read: EventKind = serde_json::from_str(&payloads[0]).expect("a notice");
    assert!(matches!(read, EventKind::Notice(ModerationNotice { scope: Scope::Server, .. })));
}
