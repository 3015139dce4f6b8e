//! What every reply promises: committed, in one order, once.

use crate::{
    domain::{EventKind, Seq, User},
    server::{
        rules::{Entry, EventPosition, Ids as _, OpenDirect, Refusal, SendEvent, UserRef},
        store::{
            Change, Delivery, Position, ReplyTo, StoreError,
            contract::store_test::{StoreTest, body, event_of, message},
        },
    },
};

pub(super) async fn a_repeated_command_gets_the_first_reply_again(mut test: StoreTest) {
    let (ada, bob, lobby) = (test.guest("Ada").await, test.guest("Bob").await, test.lobby);
    let id = test.ids.command();
    let first = SendEvent { author: ada.clone(), id, conversation: lobby, kind: message("once"), reply_to: None };
    let position = test.run(first.clone()).await.expect("a member may write");
    test.say(&bob, lobby, "in between").await.expect("a member may write");
    assert_eq!(test.run(first.clone()).await, Ok(position));
    test.reopen().await;
    // Whatever the repeated command says.
    let direct = test.direct(&ada, &bob).await;
    let again = SendEvent { conversation: direct, kind: message("twice"), ..first.clone() };
    assert_eq!(test.run(again).await, Ok(position));
    // Somebody else may have made the same id.
    let other = SendEvent { author: bob.clone(), kind: message("mine"), ..first };
    assert_eq!(test.run(other).await.map(|position| position.seq), Ok(Seq(3)));
    assert_eq!(test.texts(&ada, lobby).await, ["once", "in between", "mine"]);
}

pub(super) async fn seqs_and_positions_have_no_holes_and_the_feed_has_the_order_of_the_log(mut test: StoreTest) {
    let (ada, bob) = (test.guest("Ada").await, test.guest("Bob").await);
    let (lobby, direct) = (test.lobby, test.direct(&ada, &bob).await);
    for round in 0..5 {
        for (author, conversation) in [(&ada, lobby), (&bob, direct), (&ada, direct)] {
            test.say(author, conversation, &format!("message {round}")).await.expect("a member may write");
        }
        let unknown = EventKind::Deletion { seq: Seq(1_000) };
        test.change(&bob, lobby, unknown).await.expect_err("there is no such message");
    }
    let log = test.log().await;
    let positions: Vec<u64> = log.iter().map(|entry| entry.position.0).collect();
    assert_eq!(positions, (1..=log.len() as u64).collect::<Vec<_>>());
    for conversation in [lobby, direct] {
        let events = log.iter().filter_map(event_of).filter(|event| event.conversation == conversation);
        let events: Vec<_> = events.cloned().collect();
        let seqs: Vec<u64> = events.iter().map(|event| event.seq.0).collect();
        assert_eq!(seqs, (1..=seqs.len() as u64).collect::<Vec<_>>());
        assert_eq!(test.events(conversation).await, events);
    }
    assert_eq!(test.delivered_entries().await, log);
}

pub(super) async fn a_reply_comes_behind_its_event(mut test: StoreTest) {
    let (ada, lobby) = (test.guest("Ada").await, test.lobby);
    test.deliveries().await;
    let (id, refused) = (test.ids.command(), test.ids.command());
    let event = SendEvent { author: ada.clone(), id, conversation: lobby, kind: message("hello"), reply_to: None };
    let unknown = EventKind::Deletion { seq: Seq(9) };
    test.store.submit(event.clone(), ReplyTo(1)).await.expect("an open store");
    test.store
        .submit(SendEvent { id: refused, kind: unknown, ..event.clone() }, ReplyTo(2))
        .await
        .expect("an open store");
    test.store.submit(event, ReplyTo(3)).await.expect("an open store");
    let deliveries = test.deliveries().await;
    let [Delivery::Entry(entry), first, second, third] = &deliveries[..] else { panic!("{deliveries:?}") };
    let event = event_of(entry).expect("an event");
    let position = EventPosition { conversation: lobby, seq: event.seq, at: event.at };
    let is_reply = |delivery: &Delivery, number, expected: Result<EventPosition, StoreError>| matches!(delivery, Delivery::Reply { to, outcome, .. } if *to == ReplyTo(number) && *outcome == expected);
    assert!(is_reply(first, 1, Ok(position)), "{first:?}");
    assert!(is_reply(second, 2, Err(Refusal::UnknownMessage.into())), "{second:?}");
    // A repeat adds nothing to the log.
    assert!(is_reply(third, 3, Ok(position)), "{third:?}");
}

pub(super) async fn a_conversation_is_told_of_before_its_first_message(mut test: StoreTest) {
    let (ada, bob) = (test.guest("Ada").await, test.guest("Bob").await);
    let direct = test.direct(&ada, &bob).await;
    test.deliveries().await;
    test.say(&ada, direct, "hello").await.expect("a member may write");
    let deliveries = test.deliveries().await;
    let [Delivery::Listed(listed, view), Delivery::Entry(message), Delivery::Delivered(_)] = &deliveries[..] else {
        panic!("{deliveries:?}")
    };
    assert_eq!(listed.change, Change::Entry(Entry::Listed { user: bob.id, conversation: direct }));
    // As it is at this point of the order.
    assert_eq!((view.id, view.last_seq, view.unread), (direct, Seq::ZERO, 0));
    assert_eq!(event_of(message).map(|event| event.seq), Some(Seq(1)));
}

pub(super) async fn a_refused_command_leaves_nothing(mut test: StoreTest) {
    let (ada, bob) = (test.guest("Ada").await, test.guest("Bob").await);
    let before = test.log().await;
    assert_eq!(test.direct_refused(&ada).await, Some(Refusal::SelfDirect));
    let taken = test.sign_up("ADA");
    assert!(matches!(test.run(taken.clone()).await, Err(Refusal::NicknameTaken { suggestion: Some(_) })));
    let edit = EventKind::edit(Seq(1), body("hello"));
    assert_eq!(test.change(&bob, test.lobby, edit).await, Err(Refusal::UnknownMessage));
    assert_eq!(test.log().await, before);
    assert_eq!(test.store.user(taken.user.id).await, Ok(None));
    assert_eq!(test.store.session(taken.session.expect("a session").key).await, Ok(None));
}

impl StoreTest {
    /// A direct with oneself.
    async fn direct_refused(&self, user: &User) -> Option<Refusal> {
        self.run(OpenDirect { opener: user.id, target: UserRef::Id(user.id) }).await.err()
    }
}

pub(super) async fn what_was_committed_is_there_after_a_restart(mut test: StoreTest) {
    let (ada, bob, lobby) = (test.guest("Ada").await, test.guest("Bob").await, test.lobby);
    let direct = test.direct(&ada, &bob).await;
    for text in ["one", "two"] {
        test.say(&ada, direct, text).await.expect("a member may write");
        test.say(&bob, lobby, text).await.expect("a member may write");
    }
    let (epoch, log) = (test.store.epoch(), test.log().await);
    let (list, texts) = (test.store.conversations(bob.id, None, 9).await, test.texts(&bob, direct).await);
    test.reopen().await;
    assert_eq!((test.store.epoch(), test.store.lobby()), (epoch, lobby));
    assert_eq!(test.log().await, log);
    assert_eq!(test.store.conversations(bob.id, None, 9).await, list);
    assert_eq!(test.texts(&bob, direct).await, texts);
    // Numbers go on where they stopped.
    assert_eq!(test.say(&ada, direct, "three").await, Ok(Seq(3)));
    assert_eq!(test.log().await.last().map(|entry| entry.position), Some(Position(log.len() as u64 + 1)));
}

pub(super) async fn a_guest_without_a_session_is_gone_after_a_restart(mut test: StoreTest) {
    let (mut simple, page) = (test.sign_up("Ada"), test.sign_up("Bob"));
    simple.session = None;
    test.run(simple.clone()).await.expect("a free nickname");
    test.run(page.clone()).await.expect("a free nickname");
    test.reopen().await;
    // The log tells of it.
    let released = Entry::NicknameReleased { user: simple.user.id };
    test.deliveries().await;
    assert_eq!(test.log().await.last().map(|entry| entry.change.clone()), Some(Change::Entry(released)));
    assert_eq!(test.store.is_gone(simple.user.id).await, Ok(true));
    assert_eq!(test.store.is_gone(page.user.id).await, Ok(false));
    assert_eq!(test.guest("Ada").await.nickname.as_str(), "Ada");
}

pub(super) async fn times_in_a_conversation_never_go_back(mut test: StoreTest) {
    let (ada, lobby) = (test.guest("Ada").await, test.lobby);
    test.say(&ada, lobby, "before").await.expect("a member may write");
    test.clock.set_machine_ahead(-5);
    test.say(&ada, lobby, "after").await.expect("a member may write");
    let events = test.events(lobby).await;
    assert_eq!(events[0].at, events[1].at);
}

pub(super) async fn the_head_of_the_log_wakes_those_who_wait(mut test: StoreTest) {
    let mut head = test.store.log_head();
    let ada = test.guest("Ada").await;
    head.changed().await.expect("an open store");
    let before = *head.borrow_and_update();
    assert_eq!(before, Position(test.log().await.len() as u64));
    test.say(&ada, test.lobby, "hello").await.expect("a member may write");
    head.changed().await.expect("an open store");
    assert_eq!(*head.borrow_and_update(), before.next());
    assert_eq!(*test.store.log_head().borrow(), before.next());
}

pub(super) async fn a_closed_store_takes_no_commands(mut test: StoreTest) {
    let ada = test.guest("Ada").await;
    test.store.close().await;
    let open = OpenDirect { opener: ada.id, target: UserRef::Id(ada.id) };
    assert_eq!(test.store.execute(open).await, Err(StoreError::Unavailable));
    assert_eq!(test.store.check_health().await, Err(StoreError::Unavailable));
}
