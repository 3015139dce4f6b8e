//! The commit log and its consumers.

use crate::{
    domain::{EventKind, KeptMessages, Role},
    server::{
        rules::{DeleteAccount, DeletionAuthorization, EraseBatch, ModerationAction},
        store::{
            Change, Delivery, Position,
            contract::{
                dump::whole_log,
                store_test::{StoreTest, body, event_of},
            },
        },
    },
};

pub(super) async fn the_log_is_read_in_pages_by_rows_and_by_bytes(mut test: StoreTest) {
    let (ada, lobby) = (test.guest("Ada").await, test.lobby);
    for number in 0..20 {
        test.say(&ada, lobby, &"x".repeat(number * 50 + 1)).await.expect("a member may write");
    }
    let all = whole_log(&*test.store, 100_000, usize::MAX).await;
    for (limit, bytes) in [(1, usize::MAX), (7, usize::MAX), (1_000, 500), (1_000, 0)] {
        assert_eq!(whole_log(&*test.store, limit, bytes).await, all, "{limit} entries, {bytes} bytes");
    }
    assert_eq!(test.store.log_after(Position(3), 2, usize::MAX).await.map(|page| page.len()), Ok(2));
    assert_eq!(test.store.log_after(Position(3), 9, 0).await.map(|page| page.len()), Ok(1));
    let bounded = test.store.log_after(Position(3), 100_000, 1_000).await.expect("a page");
    assert!((2..12).contains(&bounded.len()), "about as many as fit into a thousand bytes: {}", bounded.len());
    let end = Position(all.len() as u64);
    assert_eq!(test.store.log_after(end, 9, 1_000).await, Ok(Vec::new()));
    assert_eq!(test.store.log_after(Position(u64::MAX), 9, 1_000).await, Ok(Vec::new()));
}

pub(super) async fn what_was_deleted_is_gone_from_the_log_with_all_its_earlier_texts(mut test: StoreTest) {
    let (ada, lobby) = (test.guest("Ada").await, test.lobby);
    let edited = test.say(&ada, lobby, "a first text").await.expect("a member may write");
    let deleted = test.say(&ada, lobby, "a secret").await.expect("a member may write");
    test.change(&ada, lobby, EventKind::edit(edited, body("a second text"))).await.expect("an author may");
    for text in ["another secret", "secret"] {
        test.change(&ada, lobby, EventKind::edit(deleted, body(text))).await.expect("an author may");
    }
    test.change(&ada, lobby, EventKind::Deletion { seq: deleted }).await.expect("an author may");
    test.reopen().await;
    let log = whole_log(&*test.store, 100, usize::MAX).await;
    assert!(log.iter().all(|entry| !entry.contains("secret")), "{log:#?}");
    for text in ["a first text", "a second text"] {
        assert!(log.iter().any(|entry| entry.contains(text)), "{log:#?}");
    }
    assert!(!format!("{:?}", test.events(lobby).await).contains("secret"));
}

pub(super) async fn a_deleted_account_leaves_no_name_in_the_log(mut test: StoreTest) {
    let (nickname, lobby) = ("Zaphod", test.lobby);
    let user = test.guest(nickname).await;
    let witness = test.registered("Bob", Role::Moderator).await;
    test.say(&user, lobby, "hello").await.expect("a member may write");
    test.moderate(Some(&witness), &user, Some(lobby), ModerationAction::Mute(None)).await.expect("a moderator may");
    let authorization = DeletionAuthorization::Guest;
    test.run(DeleteAccount { user: user.id, authorization, messages: KeptMessages::Delete })
        .await
        .expect("a guest may");
    while test.run(EraseBatch).await == Ok(true) {}
    test.reopen().await;
    let log = whole_log(&*test.store, 100, usize::MAX).await;
    assert!(log.iter().all(|entry| !entry.contains(nickname)), "{log:#?}");
    assert!(!format!("{:?}", test.messages(&witness, lobby).await).contains(nickname));
    assert!(log.iter().all(|entry| !entry.contains("hello")));
}

pub(super) async fn an_event_of_a_direct_is_marked_as_one(mut test: StoreTest) {
    let (ada, bob, lobby) = (test.guest("Ada").await, test.guest("Bob").await, test.lobby);
    let direct = test.direct(&ada, &bob).await;
    for conversation in [direct, lobby] {
        test.say(&ada, conversation, "hello").await.expect("a member may write");
    }
    for entry in test.log().await.iter().chain(&test.delivered_entries().await) {
        if let Change::Event { event, direct: is_direct } = &entry.change {
            assert_eq!(*is_direct, event.conversation == direct);
            assert_eq!(event_of(entry).map(|event| event.at), Some(entry.at));
        }
    }
}

pub(super) async fn a_consumer_s_position_is_kept_by_name_and_never_goes_back(mut test: StoreTest) {
    test.guest("Ada").await;
    assert_eq!(test.store.consumer_position("search").await, Ok(Position::START));
    for (saved, expected) in [(2, 2), (1, 2), (3, 3)] {
        assert_eq!(test.store.save_consumer_position("search", Position(saved)).await, Ok(()));
        assert_eq!(test.store.consumer_position("search").await, Ok(Position(expected)));
    }
    assert_eq!(test.store.save_consumer_position("push", Position(1)).await, Ok(()));
    test.reopen().await;
    assert_eq!(test.store.consumer_position("search").await, Ok(Position(3)));
    assert_eq!(test.store.consumer_position("push").await, Ok(Position(1)));
    assert_eq!(test.store.consumer_position("webhooks").await, Ok(Position::START));
}

pub(super) async fn a_slow_receiver_finds_in_the_log_what_the_feed_left_out(mut test: StoreTest) {
    let (ada, lobby) = (test.guest("Ada").await, test.lobby);
    test.deliveries().await;
    let before = *test.store.log_head().borrow();
    // More commits than the feed has room for, with nobody reading it.
    for number in 0..300 {
        test.say(&ada, lobby, &format!("message {number}")).await.expect("a member may write");
    }
    let read = test.store.log_after(before, 1_000, usize::MAX).await.expect("a log");
    assert_eq!(read.len(), 300);
    let mut delivered = Vec::new();
    while let Ok(commit) = test.feed.try_recv() {
        delivered.extend(commit);
    }
    let entries = delivered.iter().filter(|delivery| matches!(delivery, Delivery::Entry(_))).count();
    assert!((1..300).contains(&entries), "the feed is bounded: {entries}");
    // It goes on with the next commit, and has lost no reply.
    test.say(&ada, lobby, "the last one").await.expect("a member may write");
    delivered.extend(test.deliveries().await);
    let replies = delivered.iter().filter(|it| matches!(it, Delivery::Delivered(_))).count();
    assert_eq!(replies, 301);
}
