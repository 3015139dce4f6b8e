//! Folding events into the messages that they change.
//!
//! The server does the same in its tables; a test checks that both give the same messages.

use crate::domain::{Body, Emoji, Event, EventKind, Mention, Message, Reaction, Timestamp, User, UserId};

/// Folds an event into the message that it changes, unless that was done before. The events of one conversation must come
/// in order.
pub(super) fn fold(message: &mut Message, event: &Event) {
    if message.revision < event.seq {
        message.revision = event.seq;
        apply_change(message, &event.author, event.at, &event.kind);
    }
}

/// Applies a change to a message without advancing its revision, as for a change that is not in the log yet.
pub fn apply_change(message: &mut Message, author: &User, at: Timestamp, kind: &EventKind) {
    if kind.reply().is_some_and(|reply| reply.thread == message.seq) {
        message.replies += 1;
    }
    if message.deleted {
        return;
    }
    match kind {
        EventKind::Message { .. }
        | EventKind::Notice(_)
        | EventKind::Room(_)
        | EventKind::AccountDeleted
        | EventKind::Other => {}
        EventKind::Edit { body, mentions, .. } => {
            message.body = body.clone();
            message.mentions.clone_from(mentions);
            message.edited_at = Some(at);
        }
        EventKind::Deletion { .. } => {
            message.body = Body::deleted();
            message.mentions = Vec::new();
            message.pinned = false;
            message.edited_at = None;
            message.deleted = true;
            message.reactions = Vec::new();
        }
        EventKind::Pin { on, .. } => message.pinned = *on,
        EventKind::Reaction { emoji, on: true, .. } => add_reaction(&mut message.reactions, emoji, author),
        EventKind::Reaction { emoji, on: false, .. } => remove_reaction(&mut message.reactions, emoji, author.id),
    }
}

/// Replaces a user in a message, as its author, in its mentions, reactions and notice, by their newest version.
pub(super) fn update_user(message: &mut Message, user: &User) {
    let reactions = message.reactions.iter_mut().flat_map(|reaction| &mut reaction.users);
    let mentioned = message.mentions.iter_mut().filter_map(Mention::user_mut);
    for found in reactions.chain(mentioned).chain([&mut message.author]).filter(|found| found.id == user.id) {
        *found = user.clone();
    }
    if let Some(found) = message.noticed_user_mut().filter(|found| found.id == user.id) {
        *found = user.clone();
    }
}

fn add_reaction(reactions: &mut Vec<Reaction>, emoji: &Emoji, user: &User) {
    match reactions.binary_search_by(|reaction| reaction.emoji.cmp(emoji)) {
        Ok(index) => {
            let users = &mut reactions[index].users;
            if !users.iter().any(|other| other.id == user.id) {
                users.push(user.clone());
            }
        }
        Err(index) => reactions.insert(index, Reaction { emoji: emoji.clone(), users: vec![user.clone()] }),
    }
}

fn remove_reaction(reactions: &mut Vec<Reaction>, emoji: &Emoji, user: UserId) {
    if let Ok(index) = reactions.binary_search_by(|reaction| reaction.emoji.cmp(emoji)) {
        reactions[index].users.retain(|other| other.id != user);
        if reactions[index].users.is_empty() {
            reactions.remove(index);
        }
    }
}
