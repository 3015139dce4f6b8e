//! A store of version 20 with many events.

use std::path::Path;

use rusqlite::{Connection, Transaction, params};
use uuid::Uuid;

use crate::{
    domain::{Body, CommandId, ConversationId, Emoji, EventKind, Seq, Timestamp, UserId},
    server::store::sqlite::upgrade::tests::old_store::create,
};

/// How large it is.
pub(super) struct Size {
    pub(super) users: u64,
    pub(super) conversations: u64,
    pub(super) events: u64,
}

/// The next event of a conversation, and the messages that are not deleted, of which some get changes.
#[derive(Default)]
struct Log {
    last: u64,
    messages: Vec<(u64, u64)>,
}

/// Writes a store whose conversations are busy all at once: messages, edits, reactions and deletions.
pub(super) fn create_store(path: &Path, size: &Size) {
    let mut db = create(path, 20);
    db.pragma_update(None, "synchronous", "OFF").expect("a setting");
    let transaction = db.transaction().expect("a transaction");
    create_users(&transaction, size);
    let mut logs: Vec<Log> = (0..size.conversations).map(|_| Log::default()).collect();
    for number in 0..size.events {
        let random = splash(number);
        let conversation = random % size.conversations;
        add_event(&transaction, size, conversation, &mut logs[index(conversation)], number, random >> 20);
    }
    transaction.commit().expect("a commit");
    db.pragma_update(None, "journal_mode", "DELETE").expect("a journal mode");
}

fn create_users(db: &Transaction<'_>, size: &Size) {
    for number in 0..size.users {
        db.prepare_cached("INSERT INTO users (id, nickname, nickname_key, created_at) VALUES (?1, ?2, ?2, ?3)")
            .and_then(|mut insert| insert.execute(params![user(number), format!("user{number}"), Timestamp(number)]))
            .expect("a user");
    }
    for number in 0..size.conversations {
        // The first is the Lobby, and the others are directs of different pairs.
        let users = [number % size.users, (number % size.users + 1 + number / size.users) % size.users];
        let mut pair = users.map(user);
        pair.sort();
        let pair = (number > 0).then_some(pair);
        db.prepare_cached(
            "INSERT INTO conversations (id, kind, name, direct_low, direct_high, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )
        .and_then(|mut insert| {
            let (kind, name) = if number == 0 { ("room", Some("Lobby")) } else { ("direct", None) };
            let pair = (pair.map(|pair| pair[0]), pair.map(|pair| pair[1]));
            insert.execute(params![conversation(number), kind, name, pair.0, pair.1, Timestamp(number)])
        })
        .expect("a conversation");
        let members = if number == 0 { (0..size.users).collect() } else { users.to_vec() };
        for member in members {
            db.prepare_cached(
                "INSERT INTO members (conversation, user, read_seq, joined_at, listed) VALUES (?1, ?2, 0, 1, ?3)",
            )
            .and_then(|mut insert| {
                insert.execute(params![conversation(number), user(member), if number == 0 { i64::MAX } else { 1 }])
            })
            .expect("a member");
        }
    }
    db.execute("INSERT INTO meta (only, epoch, lobby) VALUES (1, ?1, ?2)", params![conversation(9), conversation(0)])
        .expect("an identity");
}

fn add_event(db: &Transaction<'_>, size: &Size, number: u64, log: &mut Log, event: u64, random: u64) {
    let id = conversation(number);
    let seq = log.last + 1;
    log.last = seq;
    // A message in two events of three is new; the others change one of the last messages.
    let changed = log.messages.len().checked_sub(1 + index(random % 8)).filter(|_| random % 100 < 35);
    let at = Timestamp(1_000 + event / 3);
    let (author, kind) = match changed.map(|place| (place, log.messages[place])) {
        None => {
            let author = if number == 0 { random % size.users } else { number % size.users };
            log.messages.push((seq, author));
            execute(
                db,
                "UPDATE members SET read_seq = ?3 WHERE conversation = ?1 AND user = ?2",
                (id, user(author), Seq(seq)),
            );
            (author, EventKind::message(text(random)))
        }
        Some((_, (target, author))) if random % 100 < 10 => {
            erase(db, id, Seq(target));
            execute(
                db,
                "INSERT INTO states (conversation, seq, revision, body, edited_at) VALUES (?1, ?2, ?3, ?4, ?5)
                     ON CONFLICT DO UPDATE SET revision = ?3, body = ?4, edited_at = ?5",
                params![id, Seq(target), Seq(seq), text(random), at],
            );
            (author, EventKind::edit(Seq(target), text(random)))
        }
        Some((place, (target, author))) if random % 100 < 14 => {
            log.messages.remove(place);
            erase(db, id, Seq(target));
            execute(
                db,
                "INSERT INTO states (conversation, seq, revision, body, edited_at, deleted) VALUES (?1, ?2, ?3, '', NULL, 1)
                     ON CONFLICT DO UPDATE SET revision = ?3, body = '', edited_at = NULL, deleted = 1",
                params![id, Seq(target), Seq(seq)],
            );
            execute(db, "DELETE FROM reactions WHERE conversation = ?1 AND message = ?2", (id, Seq(target)));
            (author, EventKind::Deletion { seq: Seq(target) })
        }
        Some((_, (target, author))) => {
            let emoji = Emoji::from_trusted(["🍵", "👍", "❤\u{fe0f}"][index(random / 100 % 3)].to_owned());
            execute(
                db,
                "INSERT INTO states (conversation, seq, revision) VALUES (?1, ?2, ?3)
                     ON CONFLICT DO UPDATE SET revision = ?3",
                (id, Seq(target), Seq(seq)),
            );
            execute(
                db,
                "INSERT INTO reactions (conversation, message, emoji, user, seq) VALUES (?1, ?2, ?3, ?4, ?5)
                     ON CONFLICT DO NOTHING",
                params![id, Seq(target), emoji, user(author), Seq(seq)],
            );
            (author, EventKind::Reaction { seq: Seq(target), emoji, on: true })
        }
    };
    let command = CommandId::from_uuid(Uuid::from_u128((u128::from(event) << 64) + u128::from(splash(event + 1))));
    execute(
        db,
        "INSERT INTO events (conversation, seq, at, author, command_id, payload, target) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![id, Seq(seq), at, user(author), command, serde_json::to_string(&kind).expect("JSON"), kind.target()],
    );
}

/// Removes the former texts of a message.
fn erase(db: &Transaction<'_>, id: ConversationId, seq: Seq) {
    execute(
        db,
        "UPDATE events SET payload = json_replace(payload, '$.body', '') WHERE conversation = ?1 AND (seq = ?2 OR target = ?2)",
        (id, seq),
    );
}

fn execute(db: &Connection, sql: &str, params: impl rusqlite::Params) {
    db.prepare_cached(sql).and_then(|mut statement| statement.execute(params)).expect(sql);
}

fn text(random: u64) -> Body {
    Body::from_trusted("a cup of tea, ".repeat(1 + index(random % 8)))
}

fn user(number: u64) -> UserId {
    UserId::from_uuid(Uuid::from_u128(1 << 100 | u128::from(number)))
}

fn conversation(number: u64) -> ConversationId {
    ConversationId::from_uuid(Uuid::from_u128(2 << 100 | u128::from(number)))
}

fn index(number: u64) -> usize {
    usize::try_from(number).expect("a small number")
}

/// A number that looks random: the finalizer of `SplitMix64`.
pub(super) fn splash(number: u64) -> u64 {
    let mixed = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
