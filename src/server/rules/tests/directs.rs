//! Directs in the lists of their two users, as messages, blocks and departures change them.

use crate::{
    domain::{Body, CommandId, ConversationId, EventKind, Seq, User},
    server::rules::{
        BlockUser, DeleteMessage, EndGuests, Entry, HideDirect, ListKey, Mutation, OpenDirect, Refusal,
        ReleaseNickname, SanctionKind, SanctionScope, SendEvent, UnblockUser, UserRef,
        tests::scene::{Logged, Scene, refused},
    },
};

/// Two guests, Ann and Ben.
fn two_guests() -> (Scene, User, User) {
    let mut it = Scene::new();
    let (ann, ben) = (it.guest("Ann", "192.0.2.1"), it.guest("Ben", "192.0.2.2"));
    (it, ann, ben)
}

/// Opens the direct of two users in the list of the first.
fn open(it: &mut Scene, opener: &User, other: &User) -> ConversationId {
    it.run(OpenDirect { opener: opener.id, target: UserRef::Id(other.id) }).conversation
}

/// A direct in which Ann has written to Ben.
fn used_direct() -> (Scene, User, User, ConversationId) {
    let (mut it, ann, ben) = two_guests();
    let direct = open(&mut it, &ann, &ben);
    it.run(message(&ann, direct));
    (it, ann, ben, direct)
}

fn list_key(it: &Scene, direct: ConversationId, user: &User) -> Option<ListKey> {
    it.state.members[&(direct, user.id)].listed
}

fn has_read(it: &Scene, direct: ConversationId, user: &User) -> Seq {
    it.state.members[&(direct, user.id)].read_seq
}

fn minute(it: &Scene) -> ListKey {
    ListKey::of(it.now.machine)
}

/// The entries that the last decision adds to the commit log; `None` for an event.
fn logged(it: &Scene) -> Vec<Option<Entry>> {
    let logged = it.logged().into_iter();
    logged.map(|logged| if let Logged::Entry(entry) = logged { Some(entry) } else { None }).collect()
}

fn send(author: &User, conversation: ConversationId, kind: EventKind) -> SendEvent {
    SendEvent { author: author.clone(), id: CommandId::generate(), conversation, kind, reply_to: None }
}

fn message(author: &User, conversation: ConversationId) -> SendEvent {
    send(author, conversation, EventKind::message(Body::parse("hello").expect("a text")))
}

fn deletion(author: &User, conversation: ConversationId, seq: u64) -> SendEvent {
    send(author, conversation, EventKind::Deletion { seq: Seq(seq) })
}

fn listed(user: &User, conversation: ConversationId) -> Entry {
    Entry::Listed { user: user.id, conversation }
}

fn unlisted(user: &User, conversation: ConversationId) -> Entry {
    Entry::Unlisted { user: user.id, conversation }
}

#[test]
fn the_other_user_sees_a_direct_just_before_its_first_message() {
    let (mut it, ann, ben) = two_guests();
    let direct = open(&mut it, &ann, &ben);
    assert_eq!((list_key(&it, direct, &ann), list_key(&it, direct, &ben)), (Some(minute(&it)), None));
    it.run(message(&ann, direct));
    assert_eq!(logged(&it), [Some(listed(&ben, direct)), None]);
    assert_eq!(list_key(&it, direct, &ben), Some(minute(&it)));
}

#[test]
fn a_message_changes_the_lists_once_a_minute() {
    let (mut it, ann, _, direct) = used_direct();
    it.run(message(&ann, direct));
    assert_eq!(it.mutations.len(), 2, "the event and the read mark");
    it.pass(60_000);
    let at = it.run(message(&ann, direct)).at;
    assert_eq!(it.mutations.len(), 4, "both lists as well");
    assert_eq!(list_key(&it, direct, &ann), Some(minute(&it)));
    it.now.machine.0 -= 60_000;
    assert_eq!(it.run(message(&ann, direct)).at, at, "the time of a conversation does not go back");
    assert_eq!(it.mutations.len(), 2);
}

#[test]
fn a_blocked_author_does_not_reach_the_list_of_the_user_who_blocks() {
    let (mut it, ann, ben, direct) = used_direct();
    it.run(BlockUser { user: ben.id, other: ann.id });
    let block = Some(Entry::Block { user: ben.id, other: ann.id, on: true });
    assert_eq!(logged(&it), [Some(unlisted(&ben, direct)), block]);
    it.run(message(&ann, direct));
    assert_eq!(logged(&it), [None]);
    assert_eq!(it.try_run(message(&ben, direct)), refused(Refusal::Blocked));
    it.run(UnblockUser { user: ben.id, other: ann.id });
    assert_eq!(has_read(&it, direct, &ben), Seq(2), "what was written in the meantime is not unread");
    it.run(message(&ann, direct));
    assert_eq!(logged(&it), [Some(listed(&ben, direct)), None]);
}

#[test]
fn a_hidden_direct_is_read_and_comes_back_with_a_message_of_either_user() {
    let (mut it, ann, ben, direct) = used_direct();
    for author in [&ann, &ben] {
        it.run(HideDirect { user: ben.id, direct });
        assert_eq!(logged(&it), [Some(unlisted(&ben, direct))]);
        assert_eq!(has_read(&it, direct, &ben), it.state.conversations[&direct].last_seq());
        it.run(message(author, direct));
        assert_eq!(logged(&it), [Some(listed(&ben, direct)), None]);
    }
}

#[test]
fn a_repeated_command_gets_the_first_position_even_when_its_author_may_no_longer_write() {
    let (mut it, ann, _, direct) = used_direct();
    let command = message(&ann, direct);
    let first = it.run(command.clone());
    let (scope, kind) = (SanctionScope::SERVER, SanctionKind::Mute);
    let mute = Mutation::SetSanction { user: ann.id, scope, kind, until: None, origin: None };
    it.state.apply(&mute, it.now.machine);
    assert_eq!(it.run(command), first);
    assert_eq!(it.mutations.len(), 0);
    assert_eq!(it.try_run(message(&ann, direct)), refused(Refusal::Muted { until: None }));
    it.run(deletion(&ann, direct, 1));
}

#[test]
fn a_direct_of_a_user_who_leaves_goes_to_the_end_of_the_list_and_takes_no_more_messages() {
    let (mut it, ann, ben, direct) = used_direct();
    it.run(ReleaseNickname(ann.id));
    assert_eq!(logged(&it), [Some(Entry::NicknameReleased { user: ann.id }), Some(listed(&ben, direct))]);
    let at_the_end = Some(minute(&it).of_gone_companion());
    assert_eq!(list_key(&it, direct, &ben), at_the_end);
    it.run(ReleaseNickname(ann.id));
    assert_eq!(it.mutations.len(), 0);
    assert_eq!(it.try_run(message(&ben, direct)), refused(Refusal::UserGone));
    // Opening it again after hiding it does not move it up.
    it.run(HideDirect { user: ben.id, direct });
    open(&mut it, &ben, &ann);
    assert_eq!(list_key(&it, direct, &ben), at_the_end);
}

#[test]
fn a_direct_of_a_gone_user_leaves_the_list_with_its_last_message() {
    let (mut it, ann, ben, direct) = used_direct();
    it.run(message(&ben, direct));
    it.run(ReleaseNickname(ann.id));
    it.run(deletion(&ben, direct, 2));
    assert_eq!(logged(&it), [None]);
    assert_eq!(it.try_run(deletion(&ben, direct, 1)), refused(Refusal::NotAuthor));
    it.run(DeleteMessage { id: CommandId::generate(), conversation: direct, seq: Seq(1) });
    assert_eq!(logged(&it), [None, Some(unlisted(&ben, direct))]);
    assert_eq!(has_read(&it, direct, &ben), Seq(4), "the deletions count as read");
}

#[test]
fn two_guests_who_leave_in_one_decision_leave_their_unused_direct_once() {
    let (mut it, ann, ben) = two_guests();
    let direct = open(&mut it, &ann, &ben);
    it.run(EndGuests);
    assert_eq!(logged(&it).iter().filter(|entry| **entry == Some(Entry::DirectDeleted { direct })).count(), 1);
    assert!(!it.state.conversations.contains_key(&direct));
}

#[test]
fn two_guests_who_leave_in_one_decision_leave_their_direct_at_the_end_of_both_lists() {
    let (mut it, ann, ben, direct) = used_direct();
    it.run(EndGuests);
    for user in [&ann, &ben] {
        assert_eq!(list_key(&it, direct, user), Some(minute(&it).of_gone_companion()));
        assert!(logged(&it).contains(&Some(listed(user, direct))));
    }
}
