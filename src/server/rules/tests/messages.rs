//! Who may change a message, and what the change removes.

use std::collections::BTreeSet;

use crate::{
    domain::{Body, CommandId, ConversationId, Emoji, EventKind, MAX_PINS, MAX_REACTIONS, Role, Seq, Timestamp, User},
    server::rules::{
        DeleteMessage, ExpireMessages, JoinRoom, MessageListener, Mutation, OpenDirect, Refusal, SendEvent, UserRef,
        tests::scene::{Scene, refused},
    },
};

fn send(author: &User, conversation: ConversationId, kind: EventKind) -> SendEvent {
    SendEvent { author: author.clone(), id: CommandId::generate(), conversation, kind, reply_to: None }
}

fn deletion(author: &User, conversation: ConversationId, seq: Seq) -> SendEvent {
    send(author, conversation, EventKind::Deletion { seq })
}

fn edit(author: &User, conversation: ConversationId, seq: Seq, text: &str) -> SendEvent {
    send(author, conversation, EventKind::edit(seq, Body::parse(text).expect("a text")))
}

fn audited(it: &Scene) -> bool {
    it.mutations.iter().any(|mutation| matches!(mutation, Mutation::Audit(row) if row.action == "delete_message"))
}

#[test]
fn moderators_delete_messages_of_others_in_rooms_and_the_operator_everywhere() {
    let mut it = Scene::new();
    let (ann, ben) = (it.guest("Ann", "192.0.2.1"), it.guest("Ben", "192.0.2.2"));
    let moderator = it.registered("Mo", Role::Moderator);
    let lobby = it.lobby;
    let seq = it.write(&ann, lobby, "hello").seq;
    assert_eq!(it.try_run(deletion(&ben, lobby, seq)), refused(Refusal::NotAuthor));
    assert_eq!(it.try_run(edit(&moderator, lobby, seq, "other")), refused(Refusal::NotAuthor));
    it.run(deletion(&moderator, lobby, seq));
    assert!(audited(&it));
    assert_eq!(it.try_run(deletion(&ann, lobby, seq)), refused(Refusal::UnknownMessage));

    let direct = it.run(OpenDirect { opener: ann.id, target: UserRef::Id(moderator.id) }).conversation;
    let seq = it.write(&ann, direct, "hello").seq;
    assert_eq!(it.try_run(deletion(&ben, direct, seq)), refused(Refusal::NotMember));
    assert_eq!(it.try_run(deletion(&moderator, direct, seq)), refused(Refusal::NotAuthor));
    it.run(DeleteMessage { id: CommandId::generate(), conversation: direct, seq });
    assert!(audited(&it));
}

#[test]
fn the_role_counts_that_a_moderator_has_now() {
    let mut it = Scene::new();
    let (ann, moderator) = (it.guest("Ann", "192.0.2.1"), it.registered("Mo", Role::Moderator));
    let (lobby, seq) = (it.lobby, it.write(&ann, it.lobby, "hello").seq);
    it.state.apply(&Mutation::SetRole { user: moderator.id, role: Role::Member }, it.now.machine);
    assert_eq!(it.try_run(deletion(&moderator, lobby, seq)), refused(Refusal::NotAuthor));
}

#[test]
fn an_author_s_deletion_leaves_nothing_of_the_text_and_its_edits() {
    let mut it = Scene::new();
    let (ann, lobby) = (it.guest("Ann", "192.0.2.1"), it.lobby);
    let seq = it.write(&ann, lobby, "first secret").seq;
    it.run(edit(&ann, lobby, seq, "second secret"));
    assert!(format!("{:?}", it.state).contains("first secret"), "those who answered it can still see it");
    it.run(deletion(&ann, lobby, seq));
    assert!(!audited(&it));
    assert!(!format!("{:?}", it.state).contains("secret"));
}

#[test]
fn a_message_takes_a_limited_number_of_different_reactions() {
    let mut it = Scene::new();
    let (ann, lobby) = (it.guest("Ann", "192.0.2.1"), it.lobby);
    let seq = it.write(&ann, lobby, "hello").seq;
    let react = |index: usize| {
        let emoji = Emoji::from_stored(format!("emoji {index}"));
        send(&ann, lobby, EventKind::Reaction { seq, emoji, on: true })
    };
    for index in 0..MAX_REACTIONS {
        it.run(react(index));
    }
    assert_eq!(it.try_run(react(MAX_REACTIONS)), refused(Refusal::TooManyReactions));
    it.run(react(0));
}

#[test]
fn moderators_pin_messages_in_rooms_and_both_users_do_in_a_direct() {
    let mut it = Scene::new();
    let (ann, moderator) = (it.guest("Ann", "192.0.2.1"), it.registered("Mo", Role::Moderator));
    let lobby = it.lobby;
    let seq = it.write(&ann, lobby, "hello").seq;
    let pin = |author: &User, conversation, seq, on| send(author, conversation, EventKind::Pin { seq, on });
    assert_eq!(it.try_run(pin(&ann, lobby, seq, true)), refused(Refusal::NotAllowed));
    it.run(pin(&moderator, lobby, seq, true));
    assert_eq!(it.try_run(pin(&ann, lobby, seq, false)), refused(Refusal::NotAllowed));
    assert!(it.state.conversations[&lobby].pins.contains_key(&seq));
    it.run(deletion(&ann, lobby, seq));
    assert!(it.state.conversations[&lobby].pins.is_empty(), "a deletion ends it");
    assert_eq!(it.try_run(pin(&moderator, lobby, seq, true)), refused(Refusal::UnknownMessage));

    let direct = it.run(OpenDirect { opener: ann.id, target: UserRef::Id(moderator.id) }).conversation;
    let seq = it.write(&ann, direct, "hello").seq;
    it.run(pin(&moderator, direct, seq, true));
    it.run(pin(&ann, direct, seq, false));
    assert!(it.state.conversations[&direct].pins.is_empty());
}

#[test]
fn a_conversation_takes_a_limited_number_of_pins() {
    let mut it = Scene::new();
    let (moderator, lobby) = (it.registered("Mo", Role::Moderator), it.lobby);
    let pin = |seq, on| send(&moderator, lobby, EventKind::Pin { seq, on });
    let mut newest = Seq::ZERO;
    for _ in 0..MAX_PINS {
        newest = it.write(&moderator, lobby, "hello").seq;
        it.run(pin(newest, true));
    }
    let one_more = it.write(&moderator, lobby, "hello").seq;
    assert_eq!(it.try_run(pin(one_more, true)), refused(Refusal::TooManyPins));
    it.run(pin(newest, true));
    it.run(pin(newest, false));
    it.run(pin(one_more, true));
}

#[test]
fn members_cannot_send_what_only_the_server_says() {
    let mut it = Scene::new();
    let (ann, lobby) = (it.guest("Ann", "192.0.2.1"), it.lobby);
    for kind in [EventKind::AccountDeleted, EventKind::Other] {
        assert_eq!(it.try_run(send(&ann, lobby, kind)), refused(Refusal::NotAllowed));
    }
}

#[test]
fn retention_deletes_the_messages_of_guests_only() {
    let mut it = Scene::new();
    let (ann, rita, lobby) = (it.guest("Ann", "192.0.2.1"), it.registered("Rita", Role::Member), it.lobby);
    let (guests, registered) = (it.write(&ann, lobby, "hello").seq, it.write(&rita, lobby, "hello").seq);
    it.pass(1_000);
    let young = it.write(&ann, lobby, "hello").seq;
    let before = Timestamp(it.now.server.0);
    assert!(it.run(ExpireMessages { conversation: lobby, before }));
    assert!(!it.run(ExpireMessages { conversation: lobby, before }));
    let room = &it.state.conversations[&lobby];
    assert_eq!([guests, registered, young].map(|seq| room.is_deleted(seq)), [true, false, false]);
}

/// Editing tells those whom the message mentions or who take part in its thread, and are members now, whether or not the text
/// mentions anybody.
#[test]
fn an_edit_tells_participants_of_a_thread_who_have_come_back() {
    let mut it = Scene::new();
    let (ann, ben) = (it.guest("Ann", "192.0.2.1"), it.guest("Ben", "192.0.2.2"));
    let room = it.lobby;
    let thread = it.write(&ann, room, "a question").seq;
    let reply = EventKind::message(Body::parse("an answer").expect("a text"));
    let reply = it.run(SendEvent { reply_to: Some(thread), ..send(&ben, room, reply) }).seq;
    let told = |it: &Scene| it.state.conversations[&room].listeners.get(&reply).cloned().unwrap_or_default();
    assert_eq!(told(&it), BTreeSet::from([MessageListener::User(ann.id)]));

    it.state.apply(&Mutation::RemoveMember { conversation: room, user: ann.id }, it.now.machine);
    assert_eq!(told(&it), BTreeSet::new());
    it.run(edit(&ben, room, reply, "an answer, corrected"));
    assert_eq!(told(&it), BTreeSet::new());
    it.run(JoinRoom { user: ann.clone(), id: CommandId::generate(), room });
    it.run(edit(&ben, room, reply, "an answer, corrected again"));
    assert_eq!(told(&it), BTreeSet::from([MessageListener::User(ann.id)]));
}
