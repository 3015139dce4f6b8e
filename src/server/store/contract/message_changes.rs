//! What became of messages: pins, earlier texts, changes.

use crate::{
    domain::{Emoji, EventKind, Message, Seq},
    server::{
        rules::Refusal,
        store::{
            StoreError,
            contract::store_test::{StoreTest, body},
        },
    },
};

fn edit(seq: u64, text: &str) -> EventKind {
    EventKind::edit(Seq(seq), body(text))
}

fn reaction(seq: u64) -> EventKind {
    EventKind::Reaction { seq: Seq(seq), emoji: Emoji::parse("🍵").expect("an emoji"), on: true }
}

pub(super) async fn pinned_messages_are_read_with_the_newest_pin_first(mut test: StoreTest) {
    let (ada, bob, stranger) = (test.guest("Ada").await, test.guest("Bob").await, test.guest("Eve").await);
    let direct = test.direct(&ada, &bob).await;
    for text in ["one", "two", "three", "four"] {
        test.say(&ada, direct, text).await.expect("a member may write");
    }
    for (seq, on) in [(3, true), (1, true), (4, true), (3, true), (4, false)] {
        test.change(&bob, direct, EventKind::Pin { seq: Seq(seq), on }).await.expect("a member may");
    }
    test.change(&ada, direct, reaction(1)).await.expect("a member may");
    test.reopen().await;
    let pinned = test.store.pinned_messages(ada.id, direct).await.expect("a member may read");
    let shown = |message: &Message| (message.seq.0, message.pinned, message.revision.0, message.reactions.len());
    let messages: Vec<_> = pinned.messages.iter().map(shown).collect();
    assert_eq!((messages, pinned.as_of), (vec![(1, true, 10, 1), (3, true, 8, 0)], Seq(10)));
    let page = test.messages(&ada, direct).await;
    assert_eq!(page.iter().map(|message| message.pinned).collect::<Vec<_>>(), [true, false, true, false]);
    test.change(&ada, direct, EventKind::Deletion { seq: Seq(1) }).await.expect("an author may");
    let pinned = test.store.pinned_messages(ada.id, direct).await.expect("a member may read");
    assert_eq!(pinned.messages.iter().map(|message| message.seq.0).collect::<Vec<_>>(), [3]);
    assert_eq!(test.store.pinned_messages(stranger.id, direct).await, Err(Refusal::NotMember.into()));
}

pub(super) async fn the_texts_of_a_message_are_read_until_it_is_deleted(mut test: StoreTest) {
    let (ada, bob, lobby) = (test.guest("Ada").await, test.guest("Bob").await, test.lobby);
    test.say(&ada, lobby, "first").await.expect("a member may write");
    test.say(&bob, lobby, "another").await.expect("a member may write");
    for kind in [edit(1, "second"), reaction(1), edit(1, "third")] {
        test.clock.turn(1);
        test.change(&ada, lobby, kind).await.expect("an author may");
    }
    test.reopen().await;
    let texts = async |test: &StoreTest, seq| {
        let history = test.store.message_history(bob.id, lobby, Seq(seq)).await?;
        Ok::<_, StoreError>(history.versions.iter().map(|version| version.body.as_str().to_owned()).collect::<Vec<_>>())
    };
    assert_eq!(texts(&test, 1).await, Ok(["first", "second", "third"].map(str::to_owned).to_vec()));
    assert_eq!(texts(&test, 2).await, Ok(vec!["another".to_owned()]));
    let history = test.store.message_history(bob.id, lobby, Seq(1)).await.expect("a message");
    assert_eq!(history.versions[2].at, test.messages(&bob, lobby).await[0].edited_at.expect("it is edited"));
    assert!(history.versions.is_sorted_by_key(|version| version.at));
    for seq in [0, 3, 9] {
        assert_eq!(texts(&test, seq).await, Err(Refusal::UnknownMessage.into()), "{seq}");
    }
    test.change(&ada, lobby, EventKind::Deletion { seq: Seq(1) }).await.expect("an author may");
    assert_eq!(texts(&test, 1).await, Err(Refusal::UnknownMessage.into()));
    let direct = test.direct(&ada, &bob).await;
    assert_eq!(test.store.message_history(bob.id, direct, Seq(1)).await, Err(Refusal::NotMember.into()));
}

pub(super) async fn changes_of_earlier_messages_are_read(mut test: StoreTest) {
    let (ada, bob, stranger) = (test.guest("Ada").await, test.guest("Bob").await, test.guest("Eve").await);
    let direct = test.direct(&ada, &bob).await;
    for text in ["one", "two", "three"] {
        test.say(&ada, direct, text).await.expect("a member may write");
    }
    // From 4 on.
    for kind in [edit(1, "one!"), reaction(2), reaction(3), EventKind::Deletion { seq: Seq(2) }, edit(3, "three!")] {
        test.change(&ada, direct, kind).await.expect("an author may");
    }
    test.change(&bob, direct, EventKind::Pin { seq: Seq(1), on: true }).await.expect("a member may");
    let changes = async |after, limit, bytes| {
        let page = test.store.changes(ada.id, direct, Seq(after), limit, bytes).await.expect("a member may read");
        assert_eq!(page.as_of, Seq(9));
        (page.events.iter().map(|event| event.seq.0).collect::<Vec<_>>(), page.more)
    };
    for (after, limit, bytes, expected) in [
        (2, 100, usize::MAX, (vec![4, 5, 7, 9], false)),
        (3, 100, usize::MAX, (vec![4, 5, 6, 7, 8, 9], false)),
        (3, 6, usize::MAX, (vec![4, 5, 6, 7, 8, 9], false)),
        (3, 2, usize::MAX, (vec![4, 5], true)),
        (3, 100, 0, (vec![4], true)),
        (1, 100, usize::MAX, (vec![4, 9], false)),
        (6, 100, usize::MAX, (vec![7, 8, 9], false)),
        (0, 100, usize::MAX, (vec![], false)),
        (9, 100, usize::MAX, (vec![], false)),
    ] {
        assert_eq!(changes(after, limit, bytes).await, expected, "after {after}, {limit}, {bytes}");
    }
    let refused = test.store.changes(stranger.id, direct, Seq(0), 1, 1).await;
    assert_eq!(refused, Err(Refusal::NotMember.into()));
}
