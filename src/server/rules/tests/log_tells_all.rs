//! Whoever follows the commit log knows what the store knows: messages, reactions, memberships, lists, roles, sanctions.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use crate::{
    domain::{ConversationId, EventKind, Role, Seq, UserId},
    server::{
        rules::tests::{
            folded_log::{FoldedLog, FoldedMessage, FoldedRoom, places},
            logged_sanctions::{LoggedEnd, LoggedSanctions},
            step::{history, on_histories},
            world::World,
        },
        store::{
            Position,
            memory::{ConversationRow, EventRow, MemberRow, RoomRow, State},
        },
    },
};

/// The same as [`FoldedLog`] says, from the state.
fn known(state: &State) -> FoldedLog {
    let users = || state.users.iter().filter(|(id, _)| **id != UserId::SYSTEM).map(|(id, user)| (*id, user));
    let conversations = || state.conversations.iter().map(|(id, row)| (*id, row));
    let is_room = |id| state.conversations[id].users.is_none();
    let messages = conversations()
        .flat_map(|(id, row)| row.messages().map(move |(seq, event)| ((id, seq), message(row, seq, event))));
    FoldedLog {
        last: conversations().map(|(id, row)| (id, row.last_seq())).filter(|(_, last)| *last > Seq::ZERO).collect(),
        messages: messages.collect(),
        directs: conversations().filter_map(|(id, row)| Some((id, row.users?.into_iter().collect()))).collect(),
        members: state.members.keys().filter(|(conversation, _)| is_room(conversation)).copied().collect(),
        rooms: conversations()
            .filter_map(|(id, row)| Some((id, room(id == state.lobby, row.room.as_ref()?)?)))
            .collect(),
        room_roles: state
            .members
            .iter()
            .filter(|(_, member)| member.role != Role::Member)
            .map(|(membership, member)| (*membership, member.role))
            .collect(),
        lists: users()
            .flat_map(|(id, _)| state.memberships_of(id).into_iter().map(move |listed| (id, listed)))
            .collect(),
        listeners: conversations()
            .flat_map(|(id, row)| row.listeners.iter().map(move |(seq, listeners)| (id, *seq, listeners)))
            .flat_map(|(id, seq, listeners)| listeners.iter().map(move |listener| (id, seq, *listener)))
            .collect(),
        participants: BTreeMap::new(),
        deleted: BTreeSet::new(),
        muted_threads: conversations()
            .flat_map(|(id, row)| row.muted_threads.iter().map(move |(thread, user)| (id, *thread, *user)))
            .collect(),
        muted: members(state, |member| member.is_muted),
        pinned: members(state, |member| member.is_pinned),
        blocks: state.blocks.keys().copied().collect(),
        users: users().map(|(id, user)| (id, user.is_gone())).collect(),
        roles: users().map(|(id, user)| (id, user.role)).filter(|(_, role)| *role != Role::Member).collect(),
        sanctions: sanctions(state),
        invites: state.invites.iter().map(|(id, invite)| (*id, (invite.uses, invite.is_revoked))).collect(),
    }
}

fn members(state: &State, is_set: fn(&MemberRow) -> bool) -> BTreeSet<(UserId, ConversationId)> {
    let members = state.members.iter().filter(|(_, member)| is_set(member));
    members.map(|((conversation, user), _)| (*user, *conversation)).collect()
}

fn room(is_lobby: bool, row: &RoomRow) -> Option<FoldedRoom> {
    let RoomRow { name, topic, visibility, posting, is_archived } = row.clone();
    let room = FoldedRoom { name: (!is_lobby).then_some(name), topic, visibility, posting, is_archived };
    Some(room).filter(|room| *room != FoldedRoom::default())
}

fn sanctions(state: &State) -> LoggedSanctions {
    let sanctions = state.sanctions.iter().map(|((user, scope, kind), row)| {
        ((*user, scope.0, *kind), LoggedEnd { until: row.until, origin: row.origin })
    });
    LoggedSanctions(sanctions.collect())
}

fn message(row: &ConversationRow, seq: Seq, event: &EventRow) -> FoldedMessage {
    let state = row.states.get(&seq);
    let mut reactions: Vec<_> = row.reactions.iter().filter(|((message, ..), _)| *message == seq).collect();
    reactions.sort_by_key(|(_, added)| **added);
    let original =
        if let EventKind::Message { body, .. } = &event.kind { Some(body.as_str().to_owned()) } else { None };
    FoldedMessage {
        author: event.author,
        id: event.id,
        at: event.at,
        text: state.and_then(|state| state.body.as_ref()).map(|body| body.as_str().to_owned()).or(original),
        mentions: places(row.mentions(seq)),
        replies: state.map_or(0, |state| state.replies),
        revision: state.map_or(seq, |state| state.revision),
        edited_at: state.and_then(|state| state.edited_at),
        is_deleted: row.is_deleted(seq),
        pinned_by: row.pins.get(&seq).copied(),
        reactions: reactions.into_iter().map(|((_, emoji, user), _)| (emoji.clone(), *user)).collect(),
    }
}

proptest! {
    #![proptest_config(on_histories(256))]

    #[test]
    fn the_folded_log_equals_the_state(steps in history(150)) {
        let mut world = World::new();
        steps.iter().for_each(|step| drop(world.take(step)));
        let log = world.state.log_entries(Position::START, u32::MAX, usize::MAX);
        prop_assert_eq!(FoldedLog::of(&log), known(&world.state));
    }
}
