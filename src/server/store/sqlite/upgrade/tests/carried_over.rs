//! Everything that a store of version 20 holds is in the new one.

use crate::server::store::sqlite::{
    upgrade::tests::old_store::{NewStore, OldStore, id},
    verify::verify,
};

/// A store of version 20 with rows in every table. Users: 16 Ming, an owner; 17 Ling, a guest; 18 gone; 19 Bo, registered.
/// Conversations: 32 the Lobby, 33 another room, 48 the direct of Ming and Ling, 49 the one of Ling and the gone user.
/// Ids do not tell the order in which users and conversations were created.
fn full_store() -> OldStore {
    let store = OldStore::new(20);
    let (ming, ling, gone, bo) = (id(16), id(17), id(18), id(19));
    let (lobby, room, direct, left) = (id(32), id(33), id(48), id(49));
    store.execute(&format!(
        "INSERT INTO users (id, nickname, nickname_key, created_at, password, role, address, invited) VALUES
           ({ming}, 'Ming', 'ming', 40, 'hash', 'owner', NULL, 0), ({ling}, 'Ling', 'ling', 20, NULL, 'member', '192.0.2.1', 1),
           ({gone}, 'Gone', NULL, 10, NULL, 'member', NULL, 0), ({bo}, 'Bo', 'bo', 20, 'hash', 'moderator', NULL, 1);
         INSERT INTO sessions (token_hash, user, created_at, id, seen_at, agent, used, address) VALUES
           (x'{key:064x}', {ming}, 41, {session}, 42, 'Firefox', 1, '192.0.2.9');
         INSERT INTO ended_sessions (token_hash, user, reason, at) VALUES (x'{ended:064x}', {bo}, 'signed_out', 43);
         INSERT INTO conversations (id, kind, name, direct_low, direct_high, created_at, retained) VALUES
           ({lobby}, 'room', 'Lobby', NULL, NULL, 5, 1), ({room}, 'room', 'Tea', NULL, NULL, 7, 0),
           ({direct}, 'direct', NULL, {ming}, {ling}, 60, 0), ({left}, 'direct', NULL, {ling}, {gone}, 6, 0);
         INSERT INTO meta (only, epoch, lobby, audit_since, ran_at) VALUES (1, {epoch}, {lobby}, 3, 1000);
         INSERT INTO clock_offsets (since, ahead) VALUES (500, 70);
         INSERT INTO members (conversation, user, read_seq, joined_at, listed) VALUES
           ({lobby}, {ming}, 4, 40, {top}), ({lobby}, {ling}, 1, 20, {top}), ({lobby}, {bo}, 4, 20, {top}), ({room}, {bo}, 1, 21, {top}),
           ({direct}, {ming}, 1, 60, NULL), ({direct}, {ling}, 0, 60, 3), ({left}, {ling}, 1, 6, -1099511627773), ({left}, {gone}, 1, 6, 2);
         INSERT INTO blocks (user, blocked, at) VALUES ({ming}, {ling}, 61);
         INSERT INTO sanctions (user, scope, kind, until, origin) VALUES
           ({ling}, x'', 'mute', 2000, NULL), ({ling}, {lobby}, 'ban', NULL, {gone}), ({gone}, {lobby}, 'ban', NULL, NULL);
         INSERT INTO guest_marks (mark, user, scope, kind, until, since) VALUES
           ('name:ling', {ling}, x'', 'mute', 2000, 50), ('address:192.0.2.1', {gone}, {lobby}, 'ban', NULL, 0);
         INSERT INTO banned_networks (network, until) VALUES ('203.0.113.0/24', NULL), ('2001:db8::/48', 3000);
         INSERT INTO invites (id, token_hash, created_at, created_by, expires_at, most_uses, uses, revoked) VALUES
           ({invite}, x'0a', 11, {ming}, 4000, 5, 2, 0), ({revoked}, x'0b', 12, NULL, NULL, NULL, 0, 1);
         INSERT INTO audit (id, at, actor, action, subject, conversation, until, detail) VALUES
           (4, 70, {ming}, 'mute', {ling}, {lobby}, 2000, 'x'), (6, 71, NULL, 'role', {bo}, NULL, NULL, 'moderator');
         INSERT INTO reports (id, at, reporter, conversation, seq, author, reason, messages) VALUES
           (7, 80, {ling}, {lobby}, 1, {bo}, 'rude', '[{{}}]'), (9, 80, {ming}, {lobby}, 1, {bo}, 'rude', '[]');
         DELETE FROM reports WHERE id = 9;
         INSERT INTO erasures (user, conversation, done, last, messages) VALUES ({gone}, {left}, 0, 1, 1);",
        key = 1,
        ended = 2,
        session = id(64),
        epoch = id(3),
        invite = id(80),
        revoked = id(81),
        top = i64::MAX,
    ));
    // The Lobby: a message, its edit, a reaction, and a deleted message's end at the same time as others elsewhere.
    for (conversation, seq, at, author, target, payload) in [
        (&lobby, 1, 100, &bo, "NULL", r#"{"kind":"message","body":""}"#),
        (&lobby, 2, 100, &bo, "1", r#"{"kind":"edit","seq":1,"body":"tea"}"#),
        (&lobby, 3, 105, &ming, "1", r#"{"kind":"reaction","seq":1,"emoji":"🍵","on":true}"#),
        (&lobby, 4, 105, &bo, "NULL", r#"{"kind":"message","body":"more"}"#),
        (&room, 1, 100, &bo, "NULL", r#"{"kind":"message","body":"elsewhere"}"#),
        (&direct, 1, 104, &ming, "NULL", r#"{"kind":"message","body":"psst"}"#),
        (&left, 1, 90, &gone, "NULL", r#"{"kind":"message","body":""}"#),
        (&left, 2, 91, &id(0), "1", r#"{"kind":"deletion","seq":1}"#),
    ] {
        store.execute(&format!(
            "INSERT INTO events (conversation, seq, at, author, command_id, payload, target)
             VALUES ({conversation}, {seq}, {at}, {author}, randomblob(16), '{payload}', {target})"
        ));
    }
    store.execute(&format!(
        "INSERT INTO states (conversation, seq, revision, body, edited_at, deleted) VALUES
           ({lobby}, 1, 3, 'tea', 100, 0), ({left}, 1, 2, '', NULL, 1);
         INSERT INTO reactions (conversation, message, emoji, user, seq) VALUES ({lobby}, 1, '🍵', {ming}, 3);"
    ));
    store
}

fn upgraded() -> NewStore {
    full_store().upgrade()
}

#[test]
fn users_and_conversations_get_numbers_in_the_order_of_creation() {
    let new = upgraded();
    assert_eq!(
        new.rows("SELECT number, id, nickname, nickname_key, created_at, password, role, address, invited FROM users"),
        [
            "1  Teahouse NULL 0 ! owner NULL 0",
            "2 12 Gone NULL 10 NULL member NULL 0",
            "3 11 Ling ling 20 NULL member 192.0.2.1 1",
            "4 13 Bo bo 20 hash moderator NULL 1",
            "5 10 Ming ming 40 hash owner NULL 0",
        ]
    );
    assert_eq!(
        new.rows("SELECT number, id, kind, name, direct_low, direct_high, created_at, retained FROM conversations"),
        [
            "1 20 room Lobby NULL NULL 5 1",
            "2 31 direct NULL 2 3 6 0",
            "3 21 room Tea NULL NULL 7 0",
            "4 30 direct NULL 3 5 60 0",
        ]
    );
    assert_eq!(new.rows("SELECT epoch, lobby, audit_since, ran_at FROM meta"), ["3 1 3 1000"]);
    assert_eq!(new.rows("SELECT since, ahead FROM clock_offsets"), ["0 0", "500 70"]);
}

#[test]
fn sessions_members_and_blocks_are_carried_over() {
    let new = upgraded();
    assert_eq!(
        new.rows("SELECT token_hash, id, user, created_at, seen_at, agent, used, address FROM sessions"),
        ["1 40 5 41 42 Firefox 1 192.0.2.9"]
    );
    assert_eq!(new.rows("SELECT token_hash, user, reason, at FROM ended_sessions"), ["2 4 signed_out 43"]);
    let top = i64::MAX;
    assert_eq!(
        new.rows("SELECT conversation, user, read_seq, joined_at, listed FROM members"),
        [
            format!("1 3 1 20 {top}"),
            format!("1 4 4 20 {top}"),
            format!("1 5 4 40 {top}"),
            "2 2 1 6 2".to_owned(),
            "2 3 1 6 -1099511627773".to_owned(),
            format!("3 4 1 21 {top}"),
            "4 3 0 60 3".to_owned(),
            "4 5 1 60 NULL".to_owned(),
        ]
    );
    assert_eq!(new.rows("SELECT user, blocked, at FROM blocks"), ["5 3 61"]);
}

#[test]
fn moderation_is_carried_over() {
    let new = upgraded();
    assert_eq!(
        new.rows("SELECT user, scope, kind, until, origin FROM sanctions"),
        ["2 1 ban NULL NULL", "3 0 mute 2000 NULL", "3 1 ban NULL 2"]
    );
    assert_eq!(
        new.rows("SELECT mark, user, scope, kind, until, since FROM guest_marks"),
        ["address:192.0.2.1 2 1 ban NULL 0", "name:ling 3 0 mute 2000 50"]
    );
    assert_eq!(new.rows("SELECT network, until FROM banned_networks"), ["2001:db8::/48 3000", "203.0.113.0/24 NULL"]);
    assert_eq!(
        new.rows("SELECT id, token_hash, created_at, created_by, expires_at, max_uses, uses, revoked FROM invites"),
        ["50 a 11 5 4000 5 2 0", "51 b 12 NULL NULL NULL 0 1"]
    );
    assert_eq!(
        new.rows("SELECT id, at, actor, action, subject, conversation, until, detail FROM audit"),
        ["4 70 5 mute 3 1 2000 x", "6 71 NULL role 4 NULL NULL moderator"]
    );
    assert!(new.db.execute("DELETE FROM audit WHERE id = 4", []).is_err(), "the audit log only grows");
    assert_eq!(
        new.rows("SELECT id, at, reporter, conversation, seq, author, reason, messages FROM reports"),
        ["7 80 3 1 1 4 rude [{}]"]
    );
    new.db
        .execute_batch(
            "INSERT INTO reports (at, reporter, conversation, seq, author, reason, messages) VALUES (1, 3, 1, 2, 5, '', '')",
        )
        .expect("a report");
    assert_eq!(new.value::<u32>("SELECT max(id) FROM reports"), 10, "the id of a deleted report is not used again");
    assert_eq!(new.rows("SELECT user, conversation, done, last, messages FROM erasures"), ["2 2 0 1 1"]);
}

#[test]
fn events_get_positions_in_the_order_of_time_after_the_first_entries() {
    let new = upgraded();
    let first: u32 = new.value("SELECT max(position) + 1 FROM entries");
    let events =
        format!("SELECT position - {first}, conversation, seq, at, author, target FROM events ORDER BY position");
    assert_eq!(
        new.rows(&events),
        [
            "0 2 1 90 2 NULL",
            "1 2 2 91 1 1",
            "2 1 1 100 4 NULL",
            "3 1 2 100 4 1",
            "4 3 1 100 4 NULL",
            "5 4 1 104 5 NULL",
            "6 1 3 105 5 1",
            "7 1 4 105 4 NULL",
        ]
    );
    assert_eq!(
        new.rows("SELECT conversation, seq, body, revision, edited_at, deleted FROM messages ORDER BY 1, 2"),
        ["1 1 tea 3 100 0", "1 4 more 4 NULL 0", "2 1  2 NULL 1", "3 1 elsewhere 1 NULL 0", "4 1 psst 1 NULL 0"]
    );
    assert_eq!(new.rows("SELECT conversation, message, emoji, user, seq FROM reactions"), ["1 1 🍵 5 3"]);
}

#[test]
fn the_first_entries_of_the_log_describe_the_present_state() {
    let new = upgraded();
    let uuid = |number: u8| format!("00000000-0000-0000-0000-0000000000{number:02x}");
    let (ming, ling, gone, bo) = (uuid(16), uuid(17), uuid(18), uuid(19));
    let (lobby, room, direct, left) = (uuid(32), uuid(33), uuid(48), uuid(49));
    let (invite, revoked, system) = (uuid(80), uuid(81), uuid(0));
    // The server last ran at 1000 by its clock, when the machine's was 70 ahead.
    let expected = [
        format!(r#"10 {{"kind":"signed_up","user":"{gone}"}}"#),
        format!(r#"20 {{"kind":"signed_up","user":"{ling}"}}"#),
        format!(r#"20 {{"kind":"signed_up","user":"{bo}","registered":true}}"#),
        format!(r#"40 {{"kind":"signed_up","user":"{ming}","registered":true}}"#),
        format!(r#"1070 {{"kind":"role_changed","user":"{bo}","role":"moderator"}}"#),
        format!(r#"1070 {{"kind":"role_changed","user":"{ming}","role":"owner"}}"#),
        format!(r#"11 {{"kind":"invite_created","invite":"{invite}"}}"#),
        format!(r#"12 {{"kind":"invite_created","invite":"{revoked}"}}"#),
        format!(r#"1070 {{"kind":"invite_used","invite":"{invite}","user":"{system}"}}"#),
        format!(r#"1070 {{"kind":"invite_used","invite":"{invite}","user":"{system}"}}"#),
        format!(r#"1070 {{"kind":"invite_revoked","invite":"{revoked}"}}"#),
        format!(r#"6 {{"kind":"direct_created","direct":"{left}","users":["{gone}","{ling}"]}}"#),
        format!(r#"60 {{"kind":"direct_created","direct":"{direct}","users":["{ling}","{ming}"]}}"#),
        format!(r#"20 {{"kind":"joined","user":"{ling}","room":"{lobby}"}}"#),
        format!(r#"20 {{"kind":"joined","user":"{bo}","room":"{lobby}"}}"#),
        format!(r#"40 {{"kind":"joined","user":"{ming}","room":"{lobby}"}}"#),
        format!(r#"21 {{"kind":"joined","user":"{bo}","room":"{room}"}}"#),
        format!(r#"6 {{"kind":"listed","user":"{gone}","conversation":"{left}"}}"#),
        format!(r#"6 {{"kind":"listed","user":"{ling}","conversation":"{left}"}}"#),
        format!(r#"60 {{"kind":"listed","user":"{ling}","conversation":"{direct}"}}"#),
        format!(r#"61 {{"kind":"block","user":"{ming}","other":"{ling}","on":true}}"#),
        format!(
            r#"1070 {{"kind":"sanction_began","user":"{gone}","room":"{lobby}","sanction":"ban","until":null,"origin":null}}"#
        ),
        format!(
            r#"1070 {{"kind":"sanction_began","user":"{ling}","room":null,"sanction":"mute","until":2000,"origin":null}}"#
        ),
        format!(
            r#"1070 {{"kind":"sanction_began","user":"{ling}","room":"{lobby}","sanction":"ban","until":null,"origin":"{gone}"}}"#
        ),
        r#"1070 {"kind":"network_banned","network":"2001:db8::/48","until":3000}"#.to_owned(),
        r#"1070 {"kind":"network_banned","network":"203.0.113.0/24","until":null}"#.to_owned(),
        format!(r#"1070 {{"kind":"nickname_released","user":"{gone}"}}"#),
    ];
    let entries = new.rows("SELECT at, entry FROM entries ORDER BY position");
    assert_eq!(entries, expected);
    assert_eq!(new.rows("SELECT min(position), max(position) FROM entries"), [format!("1 {}", expected.len())]);
}

#[test]
fn an_upgraded_store_is_found_right() {
    let new = upgraded();
    let findings = verify(new.folder.path(), &mut |_, _| {}).expect("a verification");
    assert!(findings.is_empty(), "{findings}");
}
