//! Moderation: what others learn of it, and in which order.

use crate::{
    domain::{
        Action, CommandId, ConversationId, EndReason, EventKind, ModerationNotice, Role, RoomChange, Scope, User,
    },
    server::rules::{
        AddMember, Entry, JoinRoom, Moderate, ModerationAction, Refusal, SanctionKind, Undecided, UserRef,
        tests::scene::{Logged, Scene, client},
    },
};

fn act(actor: Option<&User>, room: Option<ConversationId>, subject: &User, action: ModerationAction) -> Moderate {
    let id = CommandId::generate();
    let (actor, subject) = (actor.cloned(), subject.id);
    Moderate { actor, id, room, subject, action, addresses: Vec::new(), whole_address: false }
}

fn notice(room: ConversationId, action: Action, user: &User, scope: Scope, role: Option<Role>) -> Logged {
    let notice = ModerationNotice { action, user: user.clone(), scope, until: None, role, not_member: false };
    Logged::Event(room, EventKind::Notice(notice))
}

#[test]
fn a_ban_is_announced_before_anybody_leaves_and_a_nickname_is_free_after_all_have_left() {
    let mut it = Scene::new();
    let moderator = it.registered("Mo", Role::Moderator);
    // The ban finds Ben by Ann's connection, not by where she signed up.
    let (ann, ben) = (it.guest("Ann", "192.0.2.1"), it.guest("Ben", "192.0.2.2"));
    let room = it.room(&moderator, &[&ann, &ben]);
    let ban = act(Some(&moderator), None, &ann, ModerationAction::Ban(None));
    it.run(Moderate { addresses: vec![client("192.0.2.2")], whole_address: true, ..ban });
    let closed =
        |user: &User| Logged::Entry(Entry::SessionEnded { user: user.id, session: None, reason: EndReason::Removed });
    let left = || Logged::Event(room, EventKind::Room(RoomChange::Left));
    let released = |user: &User| Logged::Entry(Entry::NicknameReleased { user: user.id });
    let (user, sanction) = (ann.id, SanctionKind::Ban);
    let expected = [
        notice(it.lobby, Action::Ban, &ann, Scope::Server, None),
        Logged::Entry(Entry::SanctionBegan { user, room: None, sanction, until: None, origin: None }),
        closed(&ann),
        closed(&ben),
        left(),
        released(&ann),
        left(),
        released(&ben),
    ];
    assert_eq!(it.logged(), expected);
}

#[test]
fn a_registered_user_who_is_removed_keeps_the_nickname() {
    let mut it = Scene::new();
    let ann = it.registered("Ann", Role::Member);
    it.run(act(None, None, &ann, ModerationAction::Remove));
    let left = Entry::SessionEnded { user: ann.id, session: None, reason: EndReason::Removed };
    assert_eq!(it.logged()[1..], [Logged::Entry(left)]);
    assert!(!it.state.users[&ann.id].is_gone());
}

#[test]
fn a_guest_s_nickname_is_nobody_s_for_a_while_after_a_removal() {
    let mut it = Scene::new();
    let ann = it.guest("Ann", "192.0.2.1");
    it.run(act(None, None, &ann, ModerationAction::Remove));
    let again = it.stranger("Ann", "192.0.2.1");
    assert!(matches!(it.try_run(again.clone()), Err(Undecided::Refused(Refusal::Banned { until: Some(_) }))));
    it.guest("Eve", "192.0.2.1");
    it.pass(10 * 60_000);
    it.run(again);
}

#[test]
fn only_a_member_can_be_removed_from_a_room() {
    let mut it = Scene::new();
    let (lobby, ann) = (it.lobby, it.guest("Ann", "192.0.2.1"));
    it.run(act(None, Some(lobby), &ann, ModerationAction::Remove));
    assert_eq!(
        it.logged(),
        [
            notice(lobby, Action::Remove, &ann, Scope::Room, None),
            Logged::Entry(Entry::Left { user: ann.id, room: lobby })
        ]
    );
    let again = it.try_run(act(None, Some(lobby), &ann, ModerationAction::Remove));
    assert_eq!(again, Err(Undecided::Refused(Refusal::UnknownUser)));
    // A ban keeps out those who are not there.
    it.run(act(None, Some(lobby), &ann, ModerationAction::Ban(None)));
    let began = Entry::SanctionBegan {
        user: ann.id,
        room: Some(lobby),
        sanction: SanctionKind::Ban,
        until: None,
        origin: None,
    };
    assert_eq!(it.logged()[1..], [Logged::Entry(began)]);
}

#[test]
fn the_notice_of_an_appointment_shows_the_new_role() {
    let mut it = Scene::new();
    let (lobby, ann) = (it.lobby, it.registered("Ann", Role::Member));
    let role = Role::Moderator;
    it.run(act(None, None, &ann, ModerationAction::Appoint(role)));
    let appointed = User { role, ..ann.clone() };
    let changed = Logged::Entry(Entry::RoleChanged { user: ann.id, role });
    assert_eq!(it.logged(), [notice(lobby, Action::Appoint, &appointed, Scope::Server, Some(role)), changed]);
    let guest = it.guest("Ben", "192.0.2.1");
    let refused = |it: &mut Scene, command| it.try_run(command).expect_err("a refusal");
    let appoint = ModerationAction::Appoint(role);
    assert_eq!(refused(&mut it, act(None, None, &guest, appoint)), Refusal::NotRegistered.into());
    assert_eq!(refused(&mut it, act(None, Some(lobby), &ann, appoint)), Refusal::NotAllowed.into());
}

#[test]
fn a_moderator_needs_the_role_and_the_membership_at_the_moment_of_the_decision() {
    let mut it = Scene::new();
    let (lobby, ann) = (it.lobby, it.guest("Ann", "192.0.2.1"));
    let moderator = it.registered("Mo", Role::Moderator);
    let mute = act(Some(&moderator), Some(lobby), &ann, ModerationAction::Mute(None));
    it.run(act(None, Some(lobby), &moderator, ModerationAction::Remove));
    assert_eq!(it.try_run(mute.clone()), Err(Refusal::NotMember.into()));
    let join = JoinRoom { user: moderator.clone(), id: CommandId::generate(), room: lobby };
    it.run(join);
    it.run(act(None, None, &moderator, ModerationAction::Appoint(Role::Member)));
    assert_eq!(it.try_run(mute), Err(Refusal::NotAllowed.into()), "although the command says otherwise");
}

#[test]
fn a_room_has_roles_of_its_own_which_end_with_the_membership() {
    let mut it = Scene::new();
    let (ann, ben, mo) =
        (it.registered("Ann", Role::Member), it.registered("Ben", Role::Member), it.registered("Mo", Role::Moderator));
    let room = it.room(&ann, &[]);
    let add = |author: &User, user: &User| AddMember {
        author: author.clone(),
        id: CommandId::generate(),
        room,
        target: UserRef::Id(user.id),
    };
    // A moderator of the server who is not in the room does not learn that it exists.
    let mute = act(Some(&mo), Some(room), &ann, ModerationAction::Mute(None));
    assert_eq!(it.try_run(mute), Err(Refusal::NotMember.into()));
    it.run(add(&ann, &ben));
    it.run(add(&ben, &mo));
    let remove = |actor: &User, user: &User| act(Some(actor), Some(room), user, ModerationAction::Remove);
    assert_eq!(it.try_run(remove(&ben, &mo)), Err(Refusal::NotAllowed.into()), "of the server");
    it.run(act(Some(&ann), Some(room), &ben, ModerationAction::Appoint(Role::Moderator)));
    assert_eq!(it.try_run(remove(&ben, &mo)), Err(Refusal::NotAllowed.into()), "an equal");
    assert_eq!(it.try_run(remove(&mo, &ann)), Err(Refusal::NotAllowed.into()), "the room's owner");
    it.run(remove(&ann, &ben));
    it.run(add(&ann, &ben));
    let role = it.state.members[&(room, ben.id)].role;
    assert_eq!(role, Role::Member);
}

#[test]
fn a_repeated_command_changes_nothing() {
    let mut it = Scene::new();
    let ann = it.guest("Ann", "192.0.2.1");
    let remove = act(None, None, &ann, ModerationAction::Remove);
    let first = it.run(remove.clone());
    assert_eq!(it.run(remove), first);
    assert!(it.mutations.is_empty());
}
