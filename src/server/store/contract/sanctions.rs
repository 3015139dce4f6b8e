//! Who may do what: mutes, bans, roles, blocks, invites.

use std::collections::HashSet;

use crate::{
    domain::{CommandId, EventKind, KeptMessages, Role, Seq},
    server::{
        rules::{
            BanNetwork, BeginSession, BlockUser, CreateInvite, CreateUser, DeleteAccount, DeletionAuthorization,
            Expire, JoinRoom, Moderate, ModerationAction, PasswordHash, Refusal, RevokeInvite, UnbanNetwork,
            UnblockUser,
        },
        store::contract::store_test::{StoreTest, body},
    },
};

pub(super) async fn a_muted_user_writes_nothing_until_the_mute_ends(mut test: StoreTest) {
    let (ada, bob, lobby) = (test.guest("Ada").await, test.guest("Bob").await, test.lobby);
    let seq = test.say(&ada, lobby, "before").await.expect("not muted yet");
    let direct = test.direct(&ada, &bob).await;
    let until = Some(test.in_minutes(10));
    test.moderate(None, &ada, Some(lobby), ModerationAction::Mute(until)).await.expect("the operator may");
    let muted = Err(Refusal::Muted { until });
    assert_eq!(test.say(&ada, lobby, "during").await, muted);
    assert_eq!(test.change(&ada, lobby, EventKind::edit(seq, body("during"))).await, muted);
    assert_eq!(test.store.may_write(ada.id, lobby).await, Ok(false));
    // The room's mute forbids no directs.
    assert_eq!(test.say(&ada, direct, "hello").await, Ok(Seq(1)));
    test.reopen().await;
    assert_eq!(test.say(&ada, lobby, "during").await, muted);
    // What she said before she may delete.
    test.change(&ada, lobby, EventKind::Deletion { seq }).await.expect("deletions are not muted");
    test.clock.turn(10);
    assert_eq!(test.store.sanctions().await, Ok(Vec::new()));
    test.say(&ada, lobby, "after").await.expect("the mute is over");
}

pub(super) async fn a_banned_user_stays_out(mut test: StoreTest) {
    let (ada, lobby) = (test.registered("Ada", Role::Member).await, test.lobby);
    let (session, verified) = (test.new_session(), PasswordHash("Ada".into()));
    let begin = BeginSession { user: ada.id, verified, session };
    test.moderate(None, &ada, Some(lobby), ModerationAction::Ban(None)).await.expect("the operator may");
    assert_eq!(test.list(&ada).await, []);
    let join = JoinRoom { user: ada.clone(), id: CommandId::generate(), room: lobby };
    assert_eq!(test.run(join.clone()).await, Err(Refusal::Banned { until: None }));
    test.moderate(None, &ada, None, ModerationAction::Ban(None)).await.expect("the operator may");
    assert_eq!(test.store.sessions(ada.id).await, Ok(Vec::new()));
    assert_eq!(test.run(begin.clone()).await, Err(Refusal::Banned { until: None }));
    test.moderate(None, &ada, None, ModerationAction::Unban).await.expect("the operator may");
    assert_eq!(test.run(begin).await, Ok(()));
    test.moderate(None, &ada, Some(lobby), ModerationAction::Unban).await.expect("the operator may");
    test.run(join).await.expect("the ban was lifted");
    assert_eq!(test.list(&ada).await, [lobby]);
}

pub(super) async fn new_guests_inherit_a_sanction_by_nickname_and_by_address(mut test: StoreTest) {
    let lobby = test.lobby;
    let first = test.guest_from("Ada", "192.0.2.1").await.expect("a free nickname");
    test.moderate(None, &first, Some(lobby), ModerationAction::Mute(None)).await.expect("the operator may");
    test.moderate(None, &first, None, ModerationAction::Remove).await.expect("the operator may");
    let by_address = test.guest_from("Carol", "192.0.2.1").await.expect("she is muted only");
    assert_eq!(test.say(&by_address, lobby, "hello").await, Err(Refusal::Muted { until: None }));
    // The nickname of a guest who was removed is kept free for a while.
    let until = Some(test.in_minutes(10));
    assert_eq!(test.guest_from("ADA", "192.0.2.2").await, Err(Refusal::Banned { until }));
    test.clock.turn(10);
    let by_name = test.guest_from("ADA", "192.0.2.2").await.expect("ten minutes have passed");
    assert_eq!(test.say(&by_name, lobby, "hello").await, Err(Refusal::Muted { until: None }));
    let other = test.guest_from("Bob", "192.0.2.3").await.expect("a free nickname");
    test.say(&other, lobby, "hello").await.expect("nothing in common");
    // With the first mute end those that were inherited.
    test.moderate(None, &first, Some(lobby), ModerationAction::Unmute).await.expect("the operator may");
    test.say(&by_address, lobby, "hello").await.expect("unmuted");
    test.say(&by_name, lobby, "hello").await.expect("unmuted");
    // Nobody inherits it any more.
    let late = test.guest_from("Dave", "192.0.2.1").await.expect("a free nickname");
    test.say(&late, lobby, "hello").await.expect("nothing to inherit");
}

pub(super) async fn a_ban_of_the_whole_address_ends_its_guests(mut test: StoreTest) {
    let subject = test.guest_from("Ada", "192.0.2.1").await.expect("a free nickname");
    let neighbour = test.guest_from("Bob", "192.0.2.1").await.expect("a free nickname");
    let stranger = test.guest_from("Carol", "192.0.2.2").await.expect("a free nickname");
    let (id, action) = (test.ids.uuid(), ModerationAction::Ban(None));
    let id = CommandId::from_uuid(id);
    let (addresses, whole_address) = (Vec::new(), true);
    test.run(Moderate { actor: None, id, room: None, subject: subject.id, action, addresses, whole_address })
        .await
        .expect("the operator may");
    for (user, is_gone) in [(&subject, true), (&neighbour, true), (&stranger, false)] {
        assert_eq!(test.store.is_gone(user.id).await, Ok(is_gone), "{}", user.nickname.as_str());
    }
    assert_eq!(test.guest_from("Dave", "192.0.2.1").await, Err(Refusal::Banned { until: None }));
}

pub(super) async fn a_banned_network_lets_nobody_new_in(mut test: StoreTest) {
    let guest = test.guest_from("Ada", "192.0.2.1").await.expect("a free nickname");
    let (network, until) = ("192.0.2.0/24".parse().expect("a network"), Some(test.in_minutes(60)));
    assert_eq!(test.run(BanNetwork { network, until }).await, Ok(1));
    assert_eq!(test.store.is_gone(guest.id).await, Ok(true));
    assert_eq!(test.guest_from("Bob", "192.0.2.200").await, Err(Refusal::Banned { until }));
    assert_eq!(test.store.banned_networks().await.map(|networks| networks.len()), Ok(1));
    test.clock.turn(60);
    assert_eq!(test.store.banned_networks().await, Ok(Vec::new()));
    test.guest_from("Bob", "192.0.2.200").await.expect("the ban is over");
    assert_eq!(test.run(UnbanNetwork(network)).await, Ok(true));
    assert_eq!(test.run(UnbanNetwork(network)).await, Ok(false));
}

pub(super) async fn roles_decide_at_the_moment_of_the_decision(mut test: StoreTest) {
    let (owner, moderator) = (test.registered("Ada", Role::Owner).await, test.registered("Bob", Role::Moderator).await);
    let (member, lobby) = (test.guest("Carol").await, test.lobby);
    let mute = ModerationAction::Mute(None);
    for (actor, subject) in [(&member, &moderator), (&moderator, &owner), (&moderator, &moderator), (&owner, &owner)] {
        assert_eq!(test.moderate(Some(actor), subject, Some(lobby), mute).await, Err(Refusal::NotAllowed));
    }
    let appoint = ModerationAction::Appoint(Role::Moderator);
    assert_eq!(test.moderate(Some(&owner), &member, None, appoint).await, Err(Refusal::NotRegistered));
    test.moderate(Some(&moderator), &member, Some(lobby), mute).await.expect("a moderator may");
    // The connection still knows the former role.
    test.moderate(Some(&owner), &moderator, None, ModerationAction::Appoint(Role::Member)).await.expect("an owner may");
    let unmute = test.moderate(Some(&moderator), &member, Some(lobby), ModerationAction::Unmute).await;
    assert_eq!(unmute, Err(Refusal::NotAllowed));
    // Notices say who did what to whom.
    assert_eq!(test.messages(&owner, lobby).await.iter().filter(|message| message.notice.is_some()).count(), 4);
}

pub(super) async fn the_last_owner_stays(mut test: StoreTest) {
    let owner = test.registered("Ada", Role::Owner).await;
    let authorization = DeletionAuthorization::Password(PasswordHash("Ada".into()));
    let delete = DeleteAccount { user: owner.id, authorization, messages: KeptMessages::Keep };
    assert_eq!(test.run(delete.clone()).await, Err(Refusal::LastOwner));
    test.registered("Bob", Role::Owner).await;
    assert_eq!(test.run(delete).await, Ok(()));
    assert_eq!(test.store.has_owner().await, Ok(true));
}

pub(super) async fn a_block_keeps_a_direct_out_of_the_list(mut test: StoreTest) {
    let (ada, bob) = (test.guest("Ada").await, test.guest("Bob").await);
    let direct = test.direct(&ada, &bob).await;
    test.say(&bob, direct, "hello").await.expect("a member may write");
    let (user, other) = (ada.id, bob.id);
    assert_eq!(test.run(BlockUser { user, other }).await, Ok(()));
    assert_eq!(test.store.blocks(ada.id).await, Ok(vec![bob.clone()]));
    assert_eq!(test.say(&ada, direct, "hello").await, Err(Refusal::Blocked));
    // The other user does not find out.
    assert_eq!(test.say(&bob, direct, "are you there?").await, Ok(Seq(2)));
    assert_eq!(test.list(&ada).await, [test.lobby]);
    assert_eq!(test.run(UnblockUser { user, other }).await, Ok(()));
    test.say(&bob, direct, "hello?").await.expect("a member may write");
    assert_eq!(test.list(&ada).await, [test.lobby, direct]);
    // What was said meanwhile is there, and is not unread.
    assert_eq!(test.texts(&ada, direct).await.len(), 3);
    assert_eq!(test.view(&ada, direct).await.unread, 1);
}

pub(super) async fn an_invite_lets_in_as_many_as_it_says(mut test: StoreTest) {
    let owner = test.registered("Ada", Role::Owner).await;
    let (id, key, actor) = (test.ids.invite(), test.ids.invite_key(), Some(owner.id));
    let invite = CreateInvite { id, key, actor, expires_at: Some(test.in_minutes(60)), max_uses: Some(1) };
    let created_at = test.run(invite.clone()).await.expect("an owner may");
    assert_eq!(created_at, test.now());
    assert_eq!(test.store.invite_is_valid(key).await, Ok(true));
    let sign_up = |test: &mut StoreTest, name| CreateUser { invite: Some(key), ..test.sign_up(name) };
    // A refused sign-up does not use the invite up.
    let taken = sign_up(&mut test, "ada");
    assert!(matches!(test.run(taken).await, Err(Refusal::NicknameTaken { .. })));
    let (first, second) = (sign_up(&mut test, "Bob"), sign_up(&mut test, "Carol"));
    assert_eq!(test.run(first).await, Ok(Role::Member));
    assert_eq!(test.run(second).await, Err(Refusal::InvalidInvite));
    assert_eq!(test.store.invites().await, Ok(Vec::new()));
    assert_eq!(test.store.uninvited_guests().await, Ok(0));
    // Time ends one, and its maker another.
    let (id, key) = (test.ids.invite(), test.ids.invite_key());
    test.run(CreateInvite { id, key, max_uses: None, ..invite }).await.expect("an owner may");
    test.clock.turn(59);
    assert_eq!(test.store.invite_is_valid(key).await, Ok(true));
    test.clock.turn(1);
    assert_eq!(test.store.invite_is_valid(key).await, Ok(false));
    assert_eq!(test.run(RevokeInvite { actor, id }).await, Ok(true));
    assert_eq!(test.run(RevokeInvite { actor, id }).await, Ok(false));
}

pub(super) async fn an_address_has_so_many_guests(mut test: StoreTest) {
    let limited = |test: &mut StoreTest, name, address: &str| {
        let address = Some(address.parse().expect("an address"));
        CreateUser { address, max_names_per_address: Some(1), ..test.sign_up(name) }
    };
    let names = ["Ada", "Bob", "Carol"];
    let [first, second, third] = names.map(|name| limited(&mut test, name, "192.0.2.1"));
    assert_eq!(test.run(first.clone()).await, Ok(Role::Member));
    assert_eq!(test.run(second.clone()).await, Err(Refusal::TooManyGuests));
    // Housekeeping forgets the addresses of guests who are gone, and no others.
    test.clock.turn(1);
    let online_users = HashSet::from([first.user.id]);
    test.run(Expire { online_users, ..test.expiry(0) }).await.expect("housekeeping");
    assert_eq!(test.run(second).await, Err(Refusal::TooManyGuests));
    test.moderate(None, &first.user, None, ModerationAction::Remove).await.expect("the operator may");
    assert_eq!(test.run(third).await, Ok(Role::Member));
}
