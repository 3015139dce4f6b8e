//! Users and their sessions, from signing up to the deletion of an account.

use crate::{
    domain::{ConversationKind, EndReason, EventKind, KeptMessages, NicknameKey, Role, User, UserId},
    server::{
        rules::{
            BeginSession, DeleteAccount, DeletionAuthorization, EndGuests, EndSession, EraseBatch, NewPassword,
            OwnerGrant, PasswordHash, Refusal, ReplacePasswordHash, SetPassword,
        },
        store::contract::store_test::StoreTest,
    },
};

fn key(user: &User) -> NicknameKey {
    user.nickname.key()
}

pub(super) async fn a_nickname_has_one_holder(mut test: StoreTest) {
    let ada = test.guest("Ada").await;
    let again = test.sign_up("ÁDA");
    assert_eq!(test.run(again).await, Ok(Role::Member), "another letter");
    let same = test.sign_up("aDa");
    let Err(Refusal::NicknameTaken { suggestion: Some(free) }) = test.run(same).await else { panic!("it is taken") };
    assert_eq!(free.as_str(), "aDa2");
    let account = test.store.account(key(&ada)).await.expect("an answer").expect("a holder");
    assert_eq!((account.me.id, account.me.nickname.as_str(), account.password), (ada.id, "Ada", None));
    assert_eq!(test.store.user(ada.id).await, Ok(Some(ada)));
    assert_eq!(test.store.user(UserId::SYSTEM).await, Ok(None));
}

pub(super) async fn users_are_found_by_a_part_of_the_nickname(mut test: StoreTest) {
    for name in ["Lebanon", "Ada", "banana", "小明"] {
        test.guest(name).await;
    }
    let find = async |part: &str, limit| {
        let found = test.store.find_users(part.into(), limit).await.expect("users");
        found.into_iter().map(|user| user.nickname.as_str().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(find("BAN", 9).await, ["banana", "Lebanon"], "those that begin with it come first");
    assert_eq!(find("ban", 1).await, ["banana"]);
    assert_eq!(find("明", 9).await, ["小明"]);
    assert_eq!(find("zzz", 9).await, [""; 0]);
    assert_eq!(test.store.users().await.map(|users| users.len()), Ok(4));
}

pub(super) async fn a_new_password_ends_all_other_sessions(mut test: StoreTest) {
    let guest = test.sign_up("Ada");
    test.run(guest.clone()).await.expect("a free nickname");
    let (user, first) = (guest.user.id, guest.session.expect("a session"));
    let password = |hash: &str, ownership| NewPassword { hash: PasswordHash(hash.into()), ownership };
    let set = SetPassword { user, password: password("one", OwnerGrant::IfUnowned), keep: Some(first.id) };
    assert_eq!(test.run(set).await, Ok(0));
    assert_eq!(test.store.has_owner().await, Ok(true));
    let second = test.new_session();
    let begin = |hash: &str| BeginSession { user, verified: PasswordHash(hash.into()), session: second.clone() };
    assert_eq!(test.run(begin("two")).await, Err(Refusal::WrongPassword));
    assert_eq!(test.run(begin("one")).await, Ok(()));
    let set = SetPassword { user, password: password("two", OwnerGrant::Never), keep: Some(second.id) };
    assert_eq!(test.run(set).await, Ok(1));
    assert_eq!(test.store.session(first.key).await, Ok(None));
    let end = test.store.session_end(first.key).await.expect("an answer").expect("it ended lately");
    assert_eq!((end.reason, end.registered), (EndReason::PasswordChanged, true));
    // Only one of two who hash it anew at the same time succeeds.
    let (before, after) = (PasswordHash("two".into()), PasswordHash("three".into()));
    let replace = ReplacePasswordHash { user, before, after };
    assert_eq!(test.run(replace.clone()).await, Ok(true));
    assert_eq!(test.run(replace).await, Ok(false));
}

pub(super) async fn a_guest_signs_out_for_good(mut test: StoreTest) {
    let guest = test.sign_up("Ada");
    test.run(guest.clone()).await.expect("a free nickname");
    let session = guest.session.expect("a session");
    let found = test.store.session(session.key).await.expect("an answer").expect("a session");
    assert_eq!((found.id, found.me.id, found.used), (session.id, guest.user.id, true));
    assert_eq!(test.run(EndSession::ByKey(session.key)).await, Ok(Some(guest.user.id)));
    assert_eq!(test.run(EndSession::ByKey(session.key)).await, Ok(None));
    assert_eq!(test.store.account(key(&guest.user)).await, Ok(None));
    assert_eq!(test.store.session_end(session.key).await, Ok(None), "its own browser knows");
    // The nickname stays where it was used.
    assert_eq!(test.store.user(guest.user.id).await, Ok(Some(guest.user)));
    assert_eq!(test.run(EndGuests).await, Ok(0));
}

pub(super) async fn a_deleted_account_becomes_a_former_user(mut test: StoreTest) {
    let (ada, bob) = (test.registered("Ada", Role::Member).await, test.guest("Bob").await);
    let (lobby, direct) = (test.lobby, test.direct(&ada, &bob).await);
    for conversation in [lobby, direct] {
        test.say(&ada, conversation, "hello").await.expect("a member may write");
    }
    let delete = |hash: &str, messages| DeleteAccount {
        user: ada.id,
        authorization: DeletionAuthorization::Password(PasswordHash(hash.into())),
        messages,
    };
    assert_eq!(test.run(delete("wrong", KeptMessages::Delete)).await, Err(Refusal::WrongPassword));
    assert_eq!(test.run(delete("Ada", KeptMessages::Delete)).await, Ok(()));
    assert_eq!(test.run(delete("Ada", KeptMessages::Delete)).await, Err(Refusal::UnknownUser));
    assert_eq!(test.store.account(key(&ada)).await, Ok(None));
    assert_eq!(test.store.sessions(ada.id).await, Ok(Vec::new()));
    let former = test.store.user(ada.id).await.expect("an answer").expect("the row stays");
    assert!(former.nickname.is_former() && !former.registered);
    let messages = test.messages(&bob, direct).await;
    assert_eq!(messages[0].author, former);
    let last = test.events(direct).await.pop().expect("an event");
    assert_eq!((last.kind, last.author), (EventKind::AccountDeleted, former));
    let ConversationKind::Direct { with } = test.view(&bob, direct).await.kind else { panic!("it is a direct") };
    assert!(with.gone);
    // The messages go a batch at a time.
    while test.run(EraseBatch).await == Ok(true) {}
    assert_eq!(test.texts(&bob, lobby).await, [""]);
    // A direct without any message is of no use to the user who stays.
    assert_eq!(test.list(&bob).await, [lobby]);
}

pub(super) async fn a_deleted_account_may_leave_its_messages(mut test: StoreTest) {
    let (ada, bob, lobby) = (test.guest("Ada").await, test.guest("Bob").await, test.lobby);
    test.say(&ada, lobby, "hello").await.expect("a member may write");
    let (authorization, messages) = (DeletionAuthorization::Guest, KeptMessages::Keep);
    test.run(DeleteAccount { user: ada.id, authorization, messages }).await.expect("a guest may");
    while test.run(EraseBatch).await == Ok(true) {}
    assert_eq!(test.texts(&bob, lobby).await, ["hello"]);
    test.guest("Ada").await;
}
