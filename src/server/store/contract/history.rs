//! Reading messages and events: pages, limits, and what is left of what was edited and deleted.

use crate::{
    domain::{ConversationId, Emoji, EventKind, MAX_REACTIONS, Message, Role, Seq, User},
    server::{
        rules::{DeleteMessage, Ids as _, ModerationAction, Refusal},
        store::{
            HistoryWindow, MessageLookup, StoreError,
            contract::store_test::{StoreTest, body},
        },
    },
};

/// A room with nine messages of four bytes.
async fn room_with_messages(test: &mut StoreTest) -> (User, ConversationId) {
    let (ada, lobby) = (test.guest("Ada").await, test.lobby);
    for number in 1..=9 {
        test.say(&ada, lobby, &format!("no {number}")).await.expect("a member may write");
    }
    (ada, lobby)
}

fn seqs(messages: &[Message]) -> Vec<u64> {
    messages.iter().map(|message| message.seq.0).collect()
}

pub(super) async fn a_page_has_at_most_as_many_messages_and_bytes_as_asked_for(mut test: StoreTest) {
    let (ada, lobby) = room_with_messages(&mut test).await;
    let all = usize::MAX;
    for (window, limit, bytes, expected, more) in [
        (HistoryWindow::Newest, 3, all, vec![7, 8, 9], true),
        (HistoryWindow::Newest, 9, all, (1..=9).collect(), false),
        (HistoryWindow::Before(Seq(4)), 2, all, vec![2, 3], true),
        (HistoryWindow::Before(Seq(4)), 3, all, vec![1, 2, 3], false),
        (HistoryWindow::Before(Seq(1)), 3, all, vec![], false),
        (HistoryWindow::After(Seq(6)), 2, all, vec![7, 8], true),
        (HistoryWindow::After(Seq(6)), 3, all, vec![7, 8, 9], false),
        (HistoryWindow::After(Seq(9)), 3, all, vec![], false),
        (HistoryWindow::Newest, 9, 11, vec![8, 9], true),
        (HistoryWindow::After(Seq(0)), 9, 12, vec![1, 2, 3], true),
        // A page has one message at least.
        (HistoryWindow::Newest, 9, 0, vec![9], true),
        (HistoryWindow::After(Seq(8)), 9, 0, vec![9], false),
    ] {
        let page = test.store.messages(ada.id, lobby, window, limit, bytes).await.expect("a member may read");
        assert_eq!(
            (seqs(&page.messages), page.more, page.as_of),
            (expected, more, Seq(9)),
            "{window:?} {limit} {bytes}"
        );
    }
    let stranger = test.guest("Bob").await;
    let direct = test.direct(&ada, &stranger).await;
    let unseen = test.store.messages(stranger.id, direct, HistoryWindow::Newest, 9, all).await;
    assert_eq!(unseen, Err(Refusal::NotMember.into()), "nothing was said there yet");
}

pub(super) async fn events_are_resumed_within_limits(mut test: StoreTest) {
    let (_, lobby) = room_with_messages(&mut test).await;
    let read = async |after, up_to, limit, bytes| {
        let events = test.store.events(lobby, Seq(after), Seq(up_to), limit, bytes).await.expect("events");
        events.into_iter().map(|event| event.seq.0).collect::<Vec<_>>()
    };
    assert_eq!(read(0, 100, 100, usize::MAX).await, (1..=9).collect::<Vec<_>>());
    assert_eq!(read(3, 5, 100, usize::MAX).await, [4, 5]);
    assert_eq!(read(3, 100, 2, usize::MAX).await, [4, 5]);
    assert_eq!(read(3, 100, 100, 100).await, [4, 5]);
    assert_eq!(read(3, 100, 100, 0).await, [4]);
    assert_eq!(read(9, 100, 100, 100).await, [0; 0]);
}

pub(super) async fn a_message_is_read_as_it_is_now(mut test: StoreTest) {
    let (ada, bob, lobby) = (test.guest("Ada").await, test.guest("Bob").await, test.lobby);
    let seq = test.say(&ada, lobby, "first").await.expect("a member may write");
    test.clock.turn(1);
    let not_author = test.change(&bob, lobby, EventKind::edit(seq, body("mine"))).await;
    assert_eq!(not_author, Err(Refusal::NotAuthor));
    test.change(&ada, lobby, EventKind::edit(seq, body("second"))).await.expect("an author may");
    let react = |emoji, on| EventKind::Reaction { seq, emoji: Emoji::parse(emoji).expect("an emoji"), on };
    for (user, emoji, on) in [(&bob, "🍵", true), (&ada, "🍵", true), (&ada, "👍", true), (&bob, "🍵", true)] {
        test.change(user, lobby, react(emoji, on)).await.expect("a member may react");
    }
    let [message] = &test.messages(&ada, lobby).await[..] else { panic!("there is one message") };
    assert_eq!((message.body.as_str(), message.revision, message.edited_at), ("second", Seq(6), Some(test.now())));
    let reactions: Vec<_> = message.reactions.iter().map(|it| (it.emoji.as_str(), it.users.len())).collect();
    assert_eq!(reactions, [("🍵", 2), ("👍", 1)]);
    // Who reacted first comes first, and a second time changes nothing.
    assert_eq!(message.reactions[0].users, [bob.clone(), ada.clone()]);
    test.change(&bob, lobby, react("🍵", false)).await.expect("a member may react");
    test.change(&ada, lobby, EventKind::Deletion { seq }).await.expect("an author may");
    let [message] = &test.messages(&ada, lobby).await[..] else { panic!("a tombstone is left") };
    assert!(message.deleted && message.body.as_str().is_empty() && message.reactions.is_empty());
    assert_eq!((message.edited_at, message.revision), (None, Seq(8)));
    assert_eq!(test.change(&ada, lobby, react("👍", true)).await, Err(Refusal::UnknownMessage));
}

pub(super) async fn a_message_has_so_many_different_reactions(mut test: StoreTest) {
    let (ada, bob, lobby) = (test.guest("Ada").await, test.guest("Bob").await, test.lobby);
    let seq = test.say(&ada, lobby, "hello").await.expect("a member may write");
    let emoji: Vec<Emoji> = ('😀'..='😔').map(|emoji| Emoji::parse(&emoji.to_string()).expect("an emoji")).collect();
    let react = |emoji: &Emoji| EventKind::Reaction { seq, emoji: emoji.clone(), on: true };
    for emoji in &emoji[..MAX_REACTIONS] {
        test.change(&ada, lobby, react(emoji)).await.expect("not too many yet");
    }
    let next = &emoji[MAX_REACTIONS];
    assert_eq!(test.change(&bob, lobby, react(next)).await, Err(Refusal::TooManyReactions));
    test.change(&bob, lobby, react(&emoji[0])).await.expect("not a new one");
}

pub(super) async fn the_operator_finds_messages(mut test: StoreTest) {
    let (ada, lobby) = room_with_messages(&mut test).await;
    let bob = test.guest("Bob").await;
    test.say(&bob, lobby, "hello").await.expect("a member may write");
    let direct = test.direct(&ada, &bob).await;
    test.clock.turn(1);
    test.say(&ada, direct, "between us").await.expect("a member may write");
    let find = async |lookup, limit| {
        let found = test.store.find_messages(lookup, limit).await.expect("messages");
        found.into_iter().map(|found| found.message.body.as_str().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(find(MessageLookup::InConversation(lobby), 2).await, ["hello", "no 9"]);
    assert_eq!(find(MessageLookup::ByAuthor(ada.id), 1).await, ["between us"]);
    assert_eq!(find(MessageLookup::ByAuthor(ada.id), 100).await.len(), 10);
}

pub(super) async fn only_the_operator_and_moderators_delete_what_others_said(mut test: StoreTest) {
    let (ada, lobby) = room_with_messages(&mut test).await;
    let bob = test.registered("Bob", Role::Member).await;
    let deletion = |seq| EventKind::Deletion { seq: Seq(seq) };
    assert_eq!(test.change(&bob, lobby, deletion(1)).await, Err(Refusal::NotAuthor));
    let appoint = ModerationAction::Appoint(Role::Moderator);
    test.moderate(None, &bob, None, appoint).await.expect("the operator may");
    test.change(&bob, lobby, deletion(1)).await.expect("a moderator may");
    let direct = test.direct(&bob, &ada).await;
    test.say(&ada, direct, "between us").await.expect("a member may write");
    assert_eq!(test.change(&bob, direct, deletion(1)).await, Err(Refusal::NotAuthor), "not in directs");
    let id = test.ids.command();
    let delete = DeleteMessage { id, conversation: direct, seq: Seq(1) };
    test.run(delete).await.expect("the operator may");
    assert_eq!(test.texts(&bob, direct).await, [""]);
    // Both are in the audit log, the newest first.
    let audit = test.store.audit_page(None, 2).await.expect("a page");
    assert!(audit.entries.iter().any(|entry| entry.action == "delete_message" && entry.actor.is_none()));
    assert!(audit.more);
    assert_eq!(test.store.check_health().await, Ok::<(), StoreError>(()));
}
