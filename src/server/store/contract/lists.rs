//! Users' lists of conversations: what is in them, their order, unread counts.

use crate::{
    domain::{CommandId, ConversationId, ConversationKind, Emoji, EventKind, MAX_UNREAD, Seq, Timestamp, User},
    server::{
        rules::{BlockUser, Entry, HideDirect, JoinRoom, ModerationAction, Refusal, UserRef},
        store::{
            Change, Delivery, ListSortKey,
            contract::store_test::{StoreTest, event_of},
        },
    },
};

/// A guest with directs with as many others, whose messages are a minute apart.
async fn guest_with_directs(test: &mut StoreTest, count: usize) -> (User, Vec<(User, ConversationId)>) {
    let reader = test.guest("Reader").await;
    let mut directs = Vec::new();
    for number in 0..count {
        let other = test.guest(&format!("Friend {number}")).await;
        let direct = test.direct(&other, &reader).await;
        test.clock.turn(1);
        test.say(&other, direct, "hello").await.expect("a member may write");
        directs.push((other, direct));
    }
    (reader, directs)
}

pub(super) async fn rooms_come_first_and_then_the_newest_directs(mut test: StoreTest) {
    let (reader, directs) = guest_with_directs(&mut test, 4).await;
    let [a, b, c, d] = [0, 1, 2, 3].map(|number: usize| directs[number].1);
    assert_eq!(test.list(&reader).await, [test.lobby, d, c, b, a]);
    test.clock.turn(1);
    test.say(&reader, b, "hello").await.expect("a member may write");
    assert_eq!(test.list(&reader).await, [test.lobby, b, d, c, a]);
    // Those whose other user has gone come last.
    test.moderate(None, &directs[3].0, None, ModerationAction::Remove).await.expect("the operator may");
    assert_eq!(test.list(&reader).await, [test.lobby, b, c, a, d]);
    let ConversationKind::Direct { with } = test.view(&reader, d).await.kind else { panic!("it is a direct") };
    assert!(with.gone);
    assert_eq!(test.say(&reader, d, "hello?").await, Err(Refusal::UserGone));
}

pub(super) async fn a_list_is_read_in_pages(mut test: StoreTest) {
    let (reader, directs) = guest_with_directs(&mut test, 5).await;
    let mut expected: Vec<_> = directs.iter().map(|(_, direct)| *direct).collect();
    expected.reverse();
    let (mut found, mut before) = (Vec::new(), None::<ListSortKey>);
    loop {
        let page = test.store.conversations(reader.id, before, 2).await.expect("a page");
        let is_first = before.is_none();
        assert_eq!(page.conversations.len(), if is_first { 3 } else { 2.min(5 - found.len()) });
        found.extend(page.conversations.iter().map(|listed| listed.id).filter(|id| *id != test.lobby));
        let Some(older) = page.older else { break };
        before = Some(older.parse().expect("a cursor"));
    }
    assert_eq!(found, expected);
    assert_eq!(test.store.memberships(reader.id).await.map(|all| all.len()), Ok(6));
}

pub(super) async fn unread_messages_are_those_of_others_after_the_read_mark(mut test: StoreTest) {
    let (ada, bob, carol) = (test.guest("Ada").await, test.guest("Bob").await, test.guest("Carol").await);
    let lobby = test.lobby;
    test.say(&ada, lobby, "mine").await.expect("a member may write");
    assert_eq!(test.view(&ada, lobby).await.unread, 0);
    let seq = test.say(&bob, lobby, "one").await.expect("a member may write");
    test.say(&bob, lobby, "two").await.expect("a member may write");
    test.say(&carol, lobby, "three").await.expect("a member may write");
    test.moderate(None, &carol, Some(lobby), ModerationAction::Mute(None)).await.expect("the operator may");
    assert_eq!(test.view(&ada, lobby).await.unread, 3, "a notice is no message");
    test.change(&bob, lobby, EventKind::Deletion { seq }).await.expect("an author may");
    assert_eq!(test.view(&ada, lobby).await.unread, 2);
    test.run(BlockUser { user: ada.id, other: carol.id }).await.expect("a new block");
    assert_eq!(test.view(&ada, lobby).await.unread, 1);
    // New users have nothing unread.
    let newcomer = test.guest("Dave").await;
    assert_eq!(test.view(&newcomer, lobby).await.unread, 0);
}

pub(super) async fn unread_messages_are_counted_up_to_a_limit_whatever_lies_between(mut test: StoreTest) {
    let (ada, bob, dave) = (test.guest("Ada").await, test.guest("Bob").await, test.guest("Dave").await);
    let lobby = test.lobby;
    let limit = u64::from(MAX_UNREAD);
    let unread = async |test: &StoreTest| test.view(&ada, lobby).await.unread;
    // As many other events as messages: reactions, deletions, and notices.
    for round in 0..limit / 10 {
        for _ in 0..8 {
            test.say(&bob, lobby, "hello").await.expect("a member may write");
        }
        let newest = test.say(&bob, lobby, "hello").await.expect("a member may write");
        for on in [true, false].into_iter().cycle().take(8) {
            let emoji = Emoji::parse("🍵").expect("an emoji");
            test.change(&bob, lobby, EventKind::Reaction { seq: newest, emoji, on }).await.expect("a reaction");
        }
        if round % 10 == 0 {
            test.change(&bob, lobby, EventKind::Deletion { seq: newest }).await.expect("the own message");
            let action = if round % 20 == 0 { ModerationAction::Mute(None) } else { ModerationAction::Unmute };
            test.moderate(None, &dave, Some(lobby), action).await.expect("the operator may");
        }
        test.deliveries().await;
    }
    let deleted = limit / 100;
    assert_eq!(u64::from(unread(&test).await), limit / 10 * 9 - deleted);
    for _ in 0..limit / 10 + deleted - 1 {
        test.say(&bob, lobby, "hello").await.expect("a member may write");
    }
    assert_eq!(u64::from(unread(&test).await), limit - 1);
    for _ in 0..2 {
        test.say(&bob, lobby, "hello").await.expect("a member may write");
        assert_eq!(u64::from(unread(&test).await), limit);
    }
    let carol = test.guest("Carol").await;
    test.run(BlockUser { user: ada.id, other: carol.id }).await.expect("a block");
    test.say(&carol, lobby, "hello").await.expect("a member may write");
    test.store.mark_read(ada.id, lobby, Seq(3));
    test.reopen().await;
    assert_eq!(u64::from(unread(&test).await), limit - 2, "without what a blocked user wrote");
}

pub(super) async fn a_read_mark_moves_forward_only_and_not_beyond_the_end(mut test: StoreTest) {
    let (ada, bob, lobby) = (test.guest("Ada").await, test.guest("Bob").await, test.lobby);
    for text in ["one", "two", "three"] {
        test.say(&bob, lobby, text).await.expect("a member may write");
    }
    for (mark, expected) in [(2, 2), (1, 2), (900, 3)] {
        test.store.mark_read(ada.id, lobby, Seq(mark));
        while test.view(&ada, lobby).await.read_seq != Seq(expected) {
            let marked = test.feed.recv().await.expect("an open feed");
            assert!(!marked.is_empty());
        }
    }
    assert_eq!(test.view(&ada, lobby).await.unread, 0);
    test.reopen().await;
    assert_eq!(test.view(&ada, lobby).await.read_seq, Seq(3));
}

pub(super) async fn a_moved_read_mark_is_announced_and_not_logged(mut test: StoreTest) {
    let (ada, bob, lobby) = (test.guest("Ada").await, test.guest("Bob").await, test.lobby);
    let seq = test.say(&bob, lobby, "hello").await.expect("a member may write");
    let log = test.log().await;
    test.store.mark_read(ada.id, lobby, seq);
    loop {
        let commit = test.feed.recv().await.expect("an open feed");
        if let [Delivery::MarkedRead { user, conversation, seq: marked }] = commit[..] {
            assert_eq!((user, conversation, marked), (ada.id, lobby, seq));
            break;
        }
    }
    assert_eq!(test.log().await, log);
}

pub(super) async fn a_hidden_direct_comes_back_with_the_next_message(mut test: StoreTest) {
    let (ada, bob) = (test.guest("Ada").await, test.guest("Bob").await);
    let direct = test.direct(&ada, &bob).await;
    assert_eq!(test.list(&bob).await, [test.lobby], "nothing was said yet");
    test.say(&ada, direct, "hello").await.expect("a member may write");
    assert_eq!(test.list(&bob).await, [test.lobby, direct]);
    assert_eq!(test.run(HideDirect { user: bob.id, direct }).await, Ok(()));
    assert_eq!(test.list(&bob).await, [test.lobby]);
    let room = HideDirect { user: bob.id, direct: test.lobby };
    assert_eq!(test.run(room).await, Err(Refusal::NotDirect));
    test.say(&ada, direct, "are you there?").await.expect("a member may write");
    assert_eq!(test.view(&bob, direct).await.unread, 1);
    let found = test.store.find_user(ada.id, UserRef::Nickname(bob.nickname.key())).await.expect("an answer");
    assert_eq!(found.map(|found| (found.id, found.has_direct)), Some((bob.id, true)));
}

pub(super) async fn an_unused_direct_goes_with_one_of_its_users(mut test: StoreTest) {
    let (ada, bob) = (test.guest("Ada").await, test.guest("Bob").await);
    let direct = test.direct(&ada, &bob).await;
    test.moderate(None, &bob, None, ModerationAction::Remove).await.expect("the operator may");
    assert_eq!(test.list(&ada).await, [test.lobby]);
    assert_eq!(test.store.conversation(ada.id, direct).await, Err(Refusal::NotMember.into()));
    let deleted = Change::Entry(Entry::DirectDeleted { direct });
    assert!(test.log().await.iter().any(|entry| entry.change == deleted));
}

pub(super) async fn those_whose_list_a_leaving_user_is_high_up_in_are_told_first(mut test: StoreTest) {
    let leaver = test.guest("Leaver").await;
    let mut others = Vec::new();
    for name in ["Ada", "Bob", "Carol"] {
        let other = test.guest(name).await;
        let direct = test.direct(&leaver, &other).await;
        others.push((other.id, direct));
    }
    for number in [1, 0, 2] {
        test.clock.turn(1);
        test.say(&leaver, others[number].1, "hello").await.expect("a member may write");
    }
    let before = *test.store.log_head().borrow();
    test.moderate(None, &leaver, None, ModerationAction::Remove).await.expect("the operator may");
    let log = test.store.log_after(before, 100, usize::MAX).await.expect("a log");
    let told: Vec<_> = log
        .into_iter()
        .filter_map(|entry| match entry.change {
            Change::Entry(Entry::Listed { user, conversation }) => Some((user, conversation)),
            _ => None,
        })
        .collect();
    assert_eq!(told, [others[2], others[0], others[1]]);
}

pub(super) async fn a_user_who_was_removed_from_a_room_can_join_again(mut test: StoreTest) {
    let (ada, bob, lobby) = (test.guest("Ada").await, test.guest("Bob").await, test.lobby);
    test.moderate(None, &ada, Some(lobby), ModerationAction::Remove).await.expect("the operator may");
    assert_eq!(test.list(&ada).await, []);
    assert_eq!(test.say(&ada, lobby, "hello").await, Err(Refusal::NotMember));
    test.say(&bob, lobby, "meanwhile").await.expect("a member may write");
    let (user, id) = (ada.clone(), CommandId::generate());
    test.run(JoinRoom { user, id, room: lobby }).await.expect("she is not banned");
    assert_eq!(test.view(&ada, lobby).await.unread, 0);
    let ConversationKind::Room(room) = test.view(&bob, lobby).await.kind else { panic!("it is a room") };
    assert_eq!(room.member_count, 2);
}

pub(super) async fn reactions_do_not_move_a_direct(mut test: StoreTest) {
    let (reader, directs) = guest_with_directs(&mut test, 1).await;
    let (other, direct) = &directs[0];
    let said_at = test.events(*direct).await[0].at;
    for round in 0..60 {
        test.clock.turn(1);
        for on in [true, false] {
            let emoji = Emoji::parse("👍").expect("an emoji");
            let reaction = EventKind::Reaction { seq: Seq(1), emoji, on };
            test.change(other, *direct, reaction).await.expect("a member may react");
        }
        // The newest message is looked for among the last hundred events only.
        let expected = if round < 49 { said_at } else { test.now() };
        assert_eq!(test.view(&reader, *direct).await.last_message_at, expected, "round {round}");
    }
}

pub(super) async fn a_new_connection_learns_all_from_one_snapshot(mut test: StoreTest) {
    let (reader, directs) = guest_with_directs(&mut test, 102).await;
    let session = test.store.sessions(reader.id).await.expect("sessions")[0].id;
    let requested: Vec<_> = directs.iter().map(|(_, direct)| *direct).collect();
    let snapshot = test.store.connection_snapshot(reader.id, session, requested.clone()).await.expect("an answer");
    let snapshot = snapshot.expect("the session has not ended");
    assert_eq!(snapshot.list.conversations.len(), 101);
    assert_eq!(snapshot.memberships.len(), 103);
    // The two that the page has no place for.
    let further: Vec<_> = snapshot.requested_conversations.iter().map(|further| further.id).collect();
    assert_eq!(further, requested[..2]);
    let other = directs[0].0.id;
    assert_eq!(test.store.connection_snapshot(other, session, Vec::new()).await, Ok(None));
    assert!(test.log().await.iter().filter_map(event_of).all(|event| event.at > Timestamp(0)));
}
