//! What members set of a conversation: muted, pinned, and read marks that go back.

use crate::{
    domain::{CommandId, ConversationId, Seq, User},
    server::{
        rules::{
            DeleteAccount, DeletionAuthorization, Entry, HideDirect, JoinRoom, MemberSetting, ModerationAction,
            Refusal, SetConversation,
        },
        store::{Change, StoreError, contract::store_test::StoreTest},
    },
};

async fn set(
    test: &StoreTest,
    user: &User,
    conversation: ConversationId,
    setting: MemberSetting,
) -> Result<(), StoreError> {
    let command = SetConversation { user: user.id, conversation, setting };
    test.store.set_conversation(command).await?.await.map(drop)
}

pub(super) async fn a_muted_and_pinned_conversation_stays_so_until_it_is_taken_back(mut test: StoreTest) {
    let (ada, bob, lobby) = (test.guest("Ada").await, test.guest("Bob").await, test.lobby);
    let muted = MemberSetting::Muted(true);
    set(&test, &ada, lobby, muted).await.expect("a member may");
    set(&test, &ada, lobby, MemberSetting::Pinned(true)).await.expect("a member may");
    let settings = async |test: &StoreTest, user: &User| {
        let view = test.view(user, lobby).await;
        (view.muted, view.pinned)
    };
    assert_eq!((settings(&test, &ada).await, settings(&test, &bob).await), ((true, true), (false, false)));
    let entry = Change::Entry(Entry::ConversationSet { user: ada.id, conversation: lobby, setting: muted });
    assert!(test.log().await.iter().any(|logged| logged.change == entry));
    test.reopen().await;
    assert_eq!(settings(&test, &ada).await, (true, true));
    set(&test, &ada, lobby, MemberSetting::Muted(false)).await.expect("a member may");
    assert_eq!(settings(&test, &ada).await, (false, true));

    let stranger = test.guest("Eve").await;
    let direct = test.direct(&ada, &bob).await;
    assert_eq!(set(&test, &stranger, direct, muted).await, Err(Refusal::NotMember.into()));
    assert_eq!(set(&test, &bob, direct, muted).await, Err(Refusal::NotMember.into()), "it is not in the list yet");
}

pub(super) async fn a_pinned_direct_comes_first_and_stays_there(mut test: StoreTest) {
    let reader = test.guest("Reader").await;
    let mut directs = Vec::new();
    for name in ["Ada", "Bob", "Carol"] {
        let other = test.guest(name).await;
        let direct = test.direct(&other, &reader).await;
        test.clock.turn(1);
        test.say(&other, direct, "hello").await.expect("a member may write");
        directs.push((other, direct));
    }
    let [ada, bob, carol] = [0, 1, 2].map(|index: usize| directs[index].1);
    let lobby = test.lobby;
    set(&test, &reader, ada, MemberSetting::Pinned(true)).await.expect("a member may");
    assert_eq!(test.list(&reader).await, [lobby, ada, carol, bob]);
    let first = test.store.conversations(reader.id, None, 1).await.expect("a page");
    assert_eq!(first.conversations[1].id, ada, "it is on the first page");
    test.clock.turn(1);
    test.say(&directs[1].0, bob, "news").await.expect("a member may write");
    assert_eq!(test.list(&reader).await, [lobby, ada, bob, carol]);
    set(&test, &reader, carol, MemberSetting::Pinned(true)).await.expect("a member may");
    assert_eq!(test.list(&reader).await, [lobby, carol, ada, bob], "the newest message decides among them");
    test.clock.turn(1);
    test.say(&directs[0].0, ada, "me, too").await.expect("a member may write");
    assert_eq!(test.list(&reader).await, [lobby, ada, carol, bob]);
    set(&test, &reader, carol, MemberSetting::Pinned(false)).await.expect("a member may");
    assert_eq!(test.list(&reader).await, [lobby, ada, bob, carol]);
    // Hidden, it is pinned no more.
    test.run(HideDirect { user: reader.id, direct: ada }).await.expect("a direct");
    test.clock.turn(1);
    test.say(&directs[1].0, bob, "and more").await.expect("a member may write");
    test.say(&directs[0].0, ada, "still there?").await.expect("a member may write");
    test.clock.turn(1);
    test.say(&directs[1].0, bob, "at last").await.expect("a member may write");
    assert_eq!(test.list(&reader).await, [lobby, bob, ada, carol]);
    assert!(!test.view(&reader, ada).await.pinned);
    // One whose other user has gone for good is below all others, pinned or not.
    set(&test, &reader, bob, MemberSetting::Pinned(true)).await.expect("a member may");
    test.moderate(None, &directs[1].0, None, ModerationAction::Remove).await.expect("the operator may");
    assert_eq!(test.list(&reader).await, [lobby, ada, carol, bob]);
}

pub(super) async fn a_read_mark_that_is_set_back_counts_from_there(mut test: StoreTest) {
    let (ada, bob, lobby) = (test.guest("Ada").await, test.guest("Bob").await, test.lobby);
    for author in [&bob, &bob, &ada, &bob] {
        test.say(author, lobby, "hello").await.expect("a member may write");
    }
    let read = async |test: &StoreTest| {
        let view = test.view(&ada, lobby).await;
        (view.read_seq, view.unread)
    };
    assert_eq!(read(&test).await, (Seq(3), 1));
    for (from, expected) in [(2, (Seq(1), 2)), (1, (Seq(0), 3)), (4, (Seq(3), 1)), (0, (Seq(0), 3)), (900, (Seq(4), 0))]
    {
        set(&test, &ada, lobby, MemberSetting::UnreadFrom(Seq(from))).await.expect("a member may");
        assert_eq!(read(&test).await, expected, "unread from {from}");
    }
    set(&test, &ada, lobby, MemberSetting::UnreadFrom(Seq(2))).await.expect("a member may");
    test.reopen().await;
    assert_eq!(read(&test).await, (Seq(1), 2));
    test.say(&ada, lobby, "I have read all of it").await.expect("a member may write");
    assert_eq!(read(&test).await, (Seq(5), 0));
}

pub(super) async fn read_marks_that_wait_do_not_undo_what_was_set_back(mut test: StoreTest) {
    let (ada, bob, lobby) = (test.guest("Ada").await, test.guest("Bob").await, test.lobby);
    for _ in 0..4 {
        test.say(&bob, lobby, "hello").await.expect("a member may write");
    }
    for round in 0..20 {
        test.store.mark_read(ada.id, lobby, Seq(4));
        set(&test, &ada, lobby, MemberSetting::UnreadFrom(Seq(2))).await.expect("a member may");
        // Whatever waited is saved with this.
        test.say(&bob, lobby, "more").await.expect("a member may write");
        assert_eq!(test.view(&ada, lobby).await.read_seq, Seq(1), "round {round}");
    }
    // One from afterwards counts, however soon it comes.
    let command = SetConversation { user: ada.id, conversation: lobby, setting: MemberSetting::UnreadFrom(Seq(2)) };
    let receipt = test.store.set_conversation(command).await.expect("an open store");
    test.store.mark_read(ada.id, lobby, Seq(3));
    receipt.await.expect("a member may");
    while test.view(&ada, lobby).await.read_seq != Seq(3) {
        assert!(!test.feed.recv().await.expect("an open feed").is_empty());
    }
}

pub(super) async fn who_comes_back_has_set_nothing(mut test: StoreTest) {
    let (ada, bob, lobby) = (test.guest("Ada").await, test.guest("Bob").await, test.lobby);
    for setting in [MemberSetting::Muted(true), MemberSetting::Pinned(true)] {
        set(&test, &ada, lobby, setting).await.expect("a member may");
        set(&test, &bob, lobby, setting).await.expect("a member may");
    }
    test.moderate(None, &ada, Some(lobby), ModerationAction::Remove).await.expect("the operator may");
    assert_eq!(set(&test, &ada, lobby, MemberSetting::Muted(false)).await, Err(Refusal::NotMember.into()));
    test.run(JoinRoom { user: ada.clone(), id: CommandId::generate(), room: lobby }).await.expect("she is not banned");
    let view = test.view(&ada, lobby).await;
    assert_eq!((view.muted, view.pinned), (false, false));
    let (authorization, messages) = (DeletionAuthorization::Guest, crate::domain::KeptMessages::Keep);
    test.run(DeleteAccount { user: bob.id, authorization, messages }).await.expect("a guest may");
}
