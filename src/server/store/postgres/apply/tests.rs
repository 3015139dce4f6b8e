//! What is gathered, and in which order the statements come.

use crate::{
    domain::{
        Body, CommandId, ConversationId, Event, EventKind, Nickname, Role, Seq, SessionId, Timestamp, User, UserId,
    },
    server::{
        rules::{Entry, ListKey, Mutation, NewUserRow},
        store::{
            commit_log::Position,
            postgres::apply::{Script, bulks, sql},
        },
    },
};

const AT: Timestamp = Timestamp(1_000);

fn user() -> UserId {
    UserId::generate()
}

fn room() -> ConversationId {
    ConversationId::generate()
}

fn event(conversation: ConversationId, seq: u64, kind: EventKind) -> Mutation {
    let author = User::guest(user(), Nickname::from_trusted("ann".into()));
    let id = CommandId::of_position(Seq(seq));
    Mutation::AppendEvent(Event { conversation, seq: Seq(seq), at: AT, author, id, kind })
}

fn text() -> Body {
    Body::parse("hello").expect("a text")
}

fn message(conversation: ConversationId, seq: u64) -> Mutation {
    event(conversation, seq, EventKind::message(text()))
}

fn read(conversation: ConversationId, user: UserId, seq: u64) -> Mutation {
    Mutation::AdvanceReadMark { conversation, user, seq: Seq(seq) }
}

fn list(conversation: ConversationId, user: UserId, key: i64) -> Mutation {
    Mutation::SetListed { conversation, user, listed: Some(ListKey(key)) }
}

fn add_member(conversation: ConversationId, user: UserId) -> Mutation {
    Mutation::AddMember { conversation, user, role: Role::Member, read_seq: Seq(0), joined_at: AT, listed: None }
}

fn remove_member(conversation: ConversationId, user: UserId) -> Mutation {
    Mutation::RemoveMember { conversation, user }
}

fn create_user(id: UserId) -> Mutation {
    let nickname = Nickname::from_trusted("ann".into());
    let key = nickname.key();
    Mutation::CreateUser(NewUserRow { id, nickname, key, created_at: AT, address: None, invited: false })
}

fn edit(conversation: ConversationId, message: u64, revision: u64) -> [Mutation; 2] {
    let (seq, revision) = (Seq(message), Seq(revision));
    [
        event(conversation, revision.0, EventKind::edit(seq, text())),
        Mutation::SetText { conversation, seq, revision, body: text(), mentions: Vec::new(), edited_at: AT },
    ]
}

fn delete(conversation: ConversationId, message: u64, revision: u64) -> [Mutation; 3] {
    let (seq, revision) = (Seq(message), Seq(revision));
    [
        event(conversation, revision.0, EventKind::Deletion { seq }),
        Mutation::MarkDeleted { conversation, seq, revision },
        Mutation::EraseTexts { conversation, seq, before: revision },
    ]
}

/// A script of these mutations, with positions from 1.
fn script(mutations: &[Mutation]) -> Script {
    let mut script = Script::default();
    for (mutation, position) in mutations.iter().zip(1..) {
        script.apply(mutation, Position(position), AT);
    }
    script
}

fn texts(mutations: &[Mutation]) -> Vec<&'static str> {
    script(mutations).take().iter().map(|statement| statement.sql()).collect()
}

/// The statements with their parameters, as texts.
fn shown(mutations: &[Mutation]) -> Vec<String> {
    script(mutations).take().iter().map(|statement| format!("{statement:?}")).collect()
}

#[test]
fn what_comes_in_large_numbers_is_one_statement_of_each_kind() {
    let (lobby, direct, ann, ben) = (room(), room(), user(), user());
    let listed = Mutation::Log(Entry::Listed { user: ann, conversation: direct });
    let touch = |session| Mutation::TouchSession { session, at: AT };
    let mutations = [
        message(lobby, 1),
        read(lobby, ann, 1),
        listed.clone(),
        message(direct, 1),
        list(direct, ben, 5),
        touch(SessionId::generate()),
        read(direct, ben, 1),
        message(lobby, 2),
        list(direct, ann, 5),
        touch(SessionId::generate()),
        listed,
    ];
    let expected = [
        bulks::INSERT_EVENTS,
        bulks::INSERT_ENTRIES,
        bulks::ADVANCE_READ_MARKS,
        bulks::SET_LIST_KEYS,
        bulks::TOUCH_SESSIONS,
    ];
    assert_eq!(texts(&mutations), expected);
}

#[test]
fn entries_of_the_log_have_the_positions_they_are_given() {
    let lobby = room();
    let shown =
        shown(&[message(lobby, 7), Mutation::Log(Entry::Joined { user: user(), room: lobby }), message(lobby, 8)]);
    assert!(shown[0].contains("[Position(1), Position(3)]"), "{}", shown[0]);
    assert!(shown[1].contains("[Position(2)]"), "{}", shown[1]);
}

#[test]
fn the_furthest_read_mark_and_the_newest_list_key_of_a_member_win() {
    let (lobby, ann) = (room(), user());
    let shown = shown(&[read(lobby, ann, 2), list(lobby, ann, 9), read(lobby, ann, 1), list(lobby, ann, 8)]);
    assert!(shown[0].contains("[Seq(2)]"), "{}", shown[0]);
    assert!(shown[1].contains("[Some(ListKey(8))]"), "{}", shown[1]);
}

#[test]
fn other_mutations_keep_their_order_and_come_before_what_needs_them() {
    let (lobby, ann) = (room(), user());
    let mutations = [create_user(ann), add_member(lobby, ann), message(lobby, 1), create_user(user())];
    let expected = [sql::CREATE_USER, sql::ADD_MEMBER, sql::CREATE_USER, bulks::INSERT_EVENTS];
    assert_eq!(texts(&mutations), expected);
}

#[test]
fn a_new_member_keeps_no_read_mark_of_an_earlier_membership() {
    let (lobby, ann) = (room(), user());
    let texts = texts(&[read(lobby, ann, 3), list(lobby, ann, 5), remove_member(lobby, ann), add_member(lobby, ann)]);
    assert_eq!(texts[..2], [bulks::ADVANCE_READ_MARKS, bulks::SET_LIST_KEYS]);
    let removal = [sql::REMOVE_ROOM_ROLE, sql::REMOVE_MEMBER_LISTENERS, sql::REMOVE_MEMBER_MUTES, sql::REMOVE_MEMBER];
    assert_eq!(texts[2..], [&removal[..], &[sql::ADD_MEMBER]].concat());
}

#[test]
fn a_new_member_does_not_close_the_read_marks_of_others() {
    let (lobby, ann, ben) = (room(), user(), user());
    let expected = [sql::ADD_MEMBER, bulks::ADVANCE_READ_MARKS];
    assert_eq!(texts(&[read(lobby, ann, 3), add_member(lobby, ben), read(lobby, ben, 3)]), expected);
}

#[test]
fn a_deleted_account_loses_the_read_marks_before_it() {
    let (lobby, ann) = (room(), user());
    let texts = texts(&[read(lobby, ann, 3), Mutation::ClearAccount(ann)]);
    assert_eq!(texts[0], bulks::ADVANCE_READ_MARKS);
}

#[test]
fn an_erasure_reaches_the_texts_before_it() {
    let lobby = room();
    let [deleted, mark, erase] = delete(lobby, 1, 3);
    let of_deletion = [sql::REMOVE_REACTIONS, sql::REMOVE_LISTENERS, sql::REMOVE_PIN, sql::MARK_DELETED];
    let erasing = [sql::ERASE_TEXT, sql::ERASE_EDITS];
    // The message itself.
    let of_one = texts(&[message(lobby, 1), deleted.clone(), mark.clone(), erase.clone()]);
    assert_eq!(of_one, [&of_deletion[..], &[bulks::INSERT_EVENTS], &erasing].concat());
    // An edit.
    let [edited, set] = edit(lobby, 1, 2);
    let of_two = texts(&[edited, set, deleted, mark, erase]);
    assert_eq!(of_two, [&[sql::SET_TEXT], &of_deletion[..], &[bulks::INSERT_EVENTS], &erasing].concat());
}

#[test]
fn an_edit_of_an_old_message_does_not_close_the_events() {
    let (lobby, other) = (room(), room());
    let edits: Vec<Mutation> =
        [edit(lobby, 1, 8), edit(lobby, 2, 9), edit(other, 8, 9)].into_iter().flatten().collect();
    let texts = texts(&edits);
    assert_eq!(texts.iter().filter(|text| **text == bulks::INSERT_EVENTS).count(), 1);
    assert_eq!(texts.last(), Some(&bulks::INSERT_EVENTS));
}

#[test]
fn what_was_taken_does_not_come_again() {
    let lobby = room();
    let mut script = script(&[message(lobby, 1), add_member(lobby, user())]);
    assert_eq!(script.take().len(), 2);
    assert!(script.take().is_empty());
    script.apply(&message(lobby, 2), Position(3), AT);
    assert_eq!(script.take().len(), 1);
}
