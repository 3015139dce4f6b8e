//! What holds whatever happens.

use proptest::prelude::*;

use crate::{
    domain::{ConversationId, EventKind, Posting, Role, UserId, Visibility},
    server::rules::{
        command::Command as _,
        context::Context,
        messages::SendEvent,
        mutation::Mutation,
        tests::{
            any_command::AnyCommand,
            clock::CountedIds,
            logged_sanctions::LoggedSanctions,
            step::{Step, history, on_histories},
            world::World,
        },
        values::RoomSetting,
    },
};

fn role_in(world: &World, user: UserId) -> Role {
    world.state.users.get(&user).map_or(Role::Member, |user| user.role)
}

/// The higher one of the roles on the server and in a room.
fn rank_in(world: &World, room: Option<ConversationId>, user: UserId) -> Role {
    let in_room = room.and_then(|room| world.state.members.get(&(room, user)));
    in_room.map_or(Role::Member, |member| member.role).max(role_in(world, user))
}

fn owners(world: &World, room: ConversationId) -> usize {
    let members = world.state.members.iter().filter(|((conversation, _), _)| *conversation == room);
    members.filter(|(_, member)| member.role == Role::Owner).count()
}

fn is_member(world: &World, room: ConversationId, user: UserId) -> bool {
    world.state.members.contains_key(&(room, user))
}

proptest! {
    #![proptest_config(on_histories(192))]

    /// No message, edit or reaction of a muted or banned user gets in, and no new session of a banned one.
    #[test]
    fn sanctions_hold(steps in history(120)) {
        let (mut world, mut sanctions) = (World::new(), LoggedSanctions::default());
        for step in &steps {
            let Some((command, mutations)) = world.take(step) else { continue };
            let now = world.now.server;
            match &command {
                // A repeated command changes nothing, and gets its first reply.
                AnyCommand::SendEvent(SendEvent { author, conversation, kind, .. }) if !mutations.is_empty() => {
                    let is_writing = !matches!(kind, EventKind::Deletion { .. });
                    let is_kept_out = sanctions.are_in_force(author.id, *conversation, now);
                    prop_assert!(!is_writing || !is_kept_out, "{command:?}");
                }
                AnyCommand::BeginSession(begun) => prop_assert!(!sanctions.keep_out(begun.user, now), "{command:?}"),
                _ => {}
            }
            for mutation in &mutations {
                if let Mutation::Log(entry) = mutation {
                    sanctions.follow(entry);
                }
            }
        }
    }

    /// Nobody acts upon somebody of an equal or higher role, whatever the connection says about the actor's.
    #[test]
    fn nobody_acts_upon_an_equal_or_a_superior(steps in history(120)) {
        let mut world = World::new();
        for step in &steps {
            let before = world.clone();
            let Some((command, mutations)) = world.take(step) else { continue };
            if mutations.is_empty() {
                continue;
            }
            match &command {
                AnyCommand::Moderate(moderated) => {
                    let Some(actor) = &moderated.actor else { continue };
                    let rank = |user| rank_in(&before, moderated.room, user);
                    let (actor, subject) = (rank(actor.id), rank(moderated.subject));
                    prop_assert!(actor > subject, "{command:?}: {actor:?} acts upon {subject:?}");
                }
                AnyCommand::HandleReport(handled) => {
                    let (Some(actor), Some(report)) = (&handled.actor, before.state.reports.get(&handled.report)) else {
                        continue;
                    };
                    let (role, author) = (role_in(&before, actor.id), role_in(&before, report.author));
                    prop_assert!(role == Role::Owner || role > author, "{command:?}: {role:?} judges {author:?}");
                    prop_assert_ne!(actor.id, report.author);
                }
                AnyCommand::SendEvent(SendEvent { author, conversation, kind: EventKind::Deletion { seq }, .. }) => {
                    let content = &before.state.conversations[conversation];
                    let is_own = content.event(*seq).is_some_and(|event| event.author == author.id);
                    let rank = rank_in(&before, Some(*conversation), author.id);
                    let may = rank >= Role::Moderator && content.users.is_none();
                    prop_assert!(is_own || may, "{command:?}");
                }
                AnyCommand::SendEvent(SendEvent { author, conversation, kind: EventKind::Edit { seq, .. }, .. }) => {
                    let edited = before.state.conversations[conversation].event(*seq);
                    prop_assert!(edited.is_some_and(|event| event.author == author.id), "{command:?}");
                }
                _ => {}
            }
        }
    }

    /// Whoever is not in a room changes nothing of it, and gets into a private one only if a member adds them. Nobody writes in
    /// an archived room, and only moderators where only moderators write. Guests create and join nothing.
    #[test]
    fn rooms_keep_what_is_set_of_them(steps in history(150)) {
        let mut world = World::new();
        for step in &steps {
            let before = world.clone();
            let Some((command, mutations)) = world.take(step) else { continue };
            let is_new = mutations.iter().any(|mutation| matches!(mutation, Mutation::AppendEvent(_)));
            if !is_new {
                continue;
            }
            let row = |room| before.state.conversations[&room].room.clone().expect("a room");
            let is_registered = |user| before.state.users[&user].password.is_some();
            match &command {
                AnyCommand::SendEvent(SendEvent { author, conversation, kind, .. }) => {
                    let Some(room) = before.state.conversations[conversation].room.clone() else { continue };
                    prop_assert!(is_member(&before, *conversation, author.id) || author.id == UserId::SYSTEM);
                    let is_writing = !matches!(kind, EventKind::Deletion { .. });
                    prop_assert!(!room.is_archived || !is_writing, "{command:?}");
                    let needs_moderator =
                        room.posting == Posting::Moderators && matches!(kind, EventKind::Message { .. });
                    if needs_moderator || matches!(kind, EventKind::Pin { .. }) {
                        prop_assert!(rank_in(&before, Some(*conversation), author.id) >= Role::Moderator, "{command:?}");
                    }
                }
                AnyCommand::CreateRoom(created) => prop_assert!(is_registered(created.author.id), "{command:?}"),
                AnyCommand::ChangeRoom(changed) => {
                    let rank = rank_in(&before, Some(changed.room), changed.author.id);
                    prop_assert!(is_member(&before, changed.room, changed.author.id), "{command:?}");
                    prop_assert!(rank >= Role::Moderator, "{command:?}");
                    let is_described = matches!(changed.setting, RoomSetting::Name(_) | RoomSetting::Topic(_));
                    prop_assert!(is_described || rank == Role::Owner, "{command:?}");
                }
                AnyCommand::JoinRoom(joined) => {
                    prop_assert_eq!(row(joined.room).visibility, Visibility::Public, "{:?}", command);
                    prop_assert!(is_registered(joined.user.id), "{command:?}");
                }
                AnyCommand::AddMember(added) => {
                    prop_assert!(is_member(&before, added.room, added.author.id), "{command:?}");
                    prop_assert!(!row(added.room).is_archived, "{command:?}");
                }
                AnyCommand::LeaveRoom(left) => {
                    let had_owner = owners(&before, left.room) > 0 && !row(left.room).is_archived;
                    prop_assert!(!had_owner || owners(&world, left.room) > 0, "{command:?}");
                    prop_assert_ne!(left.room, world.lobby);
                }
                AnyCommand::DeleteAccount(deleted) => {
                    for (room, user) in before.state.members.keys().filter(|(_, user)| *user != deleted.user) {
                        let had_owner = owners(&before, *room) > 0 && is_registered(*user);
                        prop_assert!(!had_owner || owners(&world, *room) > 0, "{command:?}");
                    }
                }
                AnyCommand::Moderate(moderated) => {
                    if let (Some(actor), Some(room)) = (&moderated.actor, moderated.room) {
                        prop_assert!(is_member(&before, room, actor.id), "{command:?}");
                    }
                }
                _ => {}
            }
        }
    }

    /// No two public rooms that are not archived have names that look alike.
    #[test]
    fn names_of_public_rooms_are_unique(steps in history(150)) {
        let mut world = World::new();
        for step in &steps {
            world.take(step);
            let rooms = world.state.conversations.values().filter_map(|row| row.room.as_ref());
            let public = rooms.filter(|room| room.visibility == Visibility::Public && !room.is_archived);
            let mut keys: Vec<_> = public.map(|room| room.name.key().as_str().to_owned()).collect();
            keys.sort();
            prop_assert!(keys.windows(2).all(|pair| pair[0] != pair[1]), "{keys:?}");
        }
    }

    /// A decision is a value: it changes nothing until its mutations are applied. The same facts lead to the same decision.
    #[test]
    fn deciding_changes_nothing(steps in history(60)) {
        let mut world = World::new();
        for step in &steps {
            if let Some(command) = world.clone().resolve(step) {
                let (mut facts, mut again) = (world.state.clone(), world.state.clone());
                let decide = |facts| {
                    let mut ids = CountedIds::new(2);
                    let mut context = Context { now: world.now, ids: &mut ids, lobby: world.lobby };
                    command.decide(facts, &mut context).map(|decision| format!("{decision:?}"))
                };
                prop_assert_eq!(decide(&mut facts), decide(&mut again));
                prop_assert!(facts == world.state, "{:?} changed something", command);
            }
            world.take(step);
        }
    }

    /// Mutations hold all that changes: applied again, from the beginning, they lead to the same state.
    #[test]
    fn a_state_is_its_folded_mutations(steps in history(120)) {
        let mut world = World::new();
        steps.iter().for_each(|step| drop(world.take(step)));
        let mut folded = world.beginning();
        for (mutation, at) in &world.mutations {
            folded.apply(mutation, *at);
        }
        prop_assert!(folded == world.state);
    }

    /// A server that had an owner keeps one, unless the operator takes the role away.
    #[test]
    fn owners_cannot_leave_a_server_without_an_owner(steps in history(120)) {
        let has_owner = |world: &World| {
            world.state.users.iter().any(|(id, user)| *id != UserId::SYSTEM && user.role == Role::Owner)
        };
        let mut world = World::new();
        for step in &steps {
            let had_owner = has_owner(&world);
            let is_operator = matches!(
                step,
                Step::Moderate { actor: None, .. } | Step::DeleteAccount { as_operator: true, .. }
            );
            world.take(step);
            prop_assert!(!had_owner || is_operator || has_owner(&world), "{step:?}");
        }
    }
}
