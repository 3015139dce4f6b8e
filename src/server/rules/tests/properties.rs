//! What holds whatever happens.

use proptest::prelude::*;

use crate::{
    domain::{EventKind, Role, UserId},
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
    },
};

fn role_in(world: &World, user: UserId) -> Role {
    world.state.users.get(&user).map_or(Role::Member, |user| user.role)
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
                    let (actor, subject) = (role_in(&before, actor.id), role_in(&before, moderated.subject));
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
                    let may = role_in(&before, author.id) >= Role::Moderator && content.users.is_none();
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
